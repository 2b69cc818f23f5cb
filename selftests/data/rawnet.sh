# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For tests that are written on prog/rawnet.py; sourced after lib.sh.

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
