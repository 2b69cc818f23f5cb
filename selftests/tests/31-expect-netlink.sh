#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Expectations over netlink: requests, attributes, filters, errors and events as
# prog/ctexpect.c knows them from the stock module; the same with conntrack(8).
#
# TIMEOUT: 240

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

# Lines "ok NAME" and "not ok NAME: WHY" become subtests.
report()
{
	local line

	while IFS= read -r line; do
		case "$line" in
		'ok '*) ok "${line#ok }" ;;
		'not ok '*) not_ok "${line#not ok }" ;;
		*) note "$line" ;;
		esac
	done
}

modprobe -a nf_conntrack_netlink nf_conntrack_ftp nf_conntrack_sip nf_nat
sysctl -qw net.netfilter.nf_conntrack_expect_max=2000
ip netns add n

ns n ctexpect "$(modset)" >/tmp/results 2>&1
status=$?
report </tmp/results
is 'the program has run to its end' "$status" 0

finish
