#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# PPTP: the call IDs that the kernel's helper announces (GRE keymaps), their ends, and
# the timeouts of GRE. The messages, packets and their results are in prog/pptp.py.
#
# TIMEOUT: 240

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

must topology
must modprobe nf_conntrack_pptp
check 'rule that attaches the helper' ns r iptables -t raw -A PREROUTING -p tcp --dport 1723 -j CT --helper pptp
verdicts python3 /payload/bin/pptp.py "$(modset)"
finish
