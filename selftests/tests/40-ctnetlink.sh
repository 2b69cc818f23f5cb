#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connections over netlink: requests, filters, errors, attribute order and
# events, as the stock module has them (prog/ctnetlink.c).
#
# SMOKE
# TIMEOUT: 180

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

must modprobe -a nf_conntrack_netlink nf_conntrack_ftp
ip netns add n

verdicts ns n ctnetlink "$(modset)"

finish
