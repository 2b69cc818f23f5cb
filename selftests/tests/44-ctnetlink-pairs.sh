#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A request over netlink with two faults: the answer tells the same one as stock
# (prog/ctpairs.c).
#
# TIMEOUT: 120

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

must modprobe -a nf_conntrack_netlink nf_conntrack_ftp nf_nat
ip netns add n

verdicts ns n ctpairs "$(modset)"

finish
