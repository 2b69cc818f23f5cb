#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Connections over netlink: requests, filters, errors, attribute order and
# events, as prog/ctnetlink.c knows them from the stock module.
#
# SMOKE
# TIMEOUT: 180

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

modprobe -a nf_conntrack_netlink nf_conntrack_ftp
ip netns add n

ns n ctnetlink "$(modset)" >/tmp/results 2>&1
status=$?
report </tmp/results
is 'the program has run to its end' "$status" 0

finish
