#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# UDP, UDP-Lite, ICMP and ICMPv6, packet by packet, over IPv4 and IPv6: when a
# flow is replied, a stream, assured; which ICMP types start a flow; errors and
# what they are related to, through NAT too; everything malformed is invalid.
# The packets and the expectations are in prog/udp_icmp.py.
#
# SMOKE
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
modprobe nf_nat
rawnet_verdicts python3 /payload/bin/udp_icmp.py
finish
