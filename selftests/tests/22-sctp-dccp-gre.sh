#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SCTP, DCCP, GRE and protocols without a tracker, packet by packet, over IPv4
# and IPv6; and the timeout policies of all of them (nfnetlink_cttimeout). The
# packets and the expectations are in prog/other_protos.py.
#
# TIMEOUT: 300

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

# Verdicts of a program, one a line, as subtests.
rawnet_verdicts()
{
	local line done=''

	while IFS= read -r line; do
		case "$line" in
		'ok '*) ok "${line#ok }" ;;
		'not ok '*' # '*)
			line=${line#not ok }
			not_ok "${line%% # *}" "${line#* # }"
			;;
		'not ok '*) not_ok "${line#not ok }" ;;
		done) done=yes ;;
		*) note "$line" ;;
		esac
	done < <("$@" 2>&1)
	[ -n "$done" ] || not_ok "$1 came to its end"
}

topology
rawnet_verdicts python3 /payload/bin/other_protos.py
finish
