# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Requests by netlink: create, change, delete, flush by filter, dump. Operations: requests.

work_requests()
{
	local file=$TORTURE/requests.last

	if ! ns r anyrequests -s $((RANDOM * 32768 + RANDOM)) -t 2 >"$file" 2>&1; then
		complain "$(tail -n 1 "$file")"
	fi
	cat "$file" >>"$TORTURE/requests.all"
	done_ "$(torture_figure "$file" requests)"
}
