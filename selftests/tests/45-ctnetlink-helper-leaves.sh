#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connections are made over netlink, with a helper and NAT, while another helper comes and
# goes: each of them is made (prog/ctleave.c).
#
# TIMEOUT: 120

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

must modprobe -a nf_conntrack_netlink nf_conntrack_ftp nf_nat nfnetlink_cthelper
ip netns add n
ns n ctleave "$(sized 300 40)" >/tmp/leave 2>&1
note "$(cat /tmp/leave)"
check 'each of them is made' grep -q ' failed 0$' /tmp/leave

finish
