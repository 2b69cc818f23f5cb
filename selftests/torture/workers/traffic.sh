# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Random packets through the router, a second or two at a time. Operations: packets.

work_traffic()
{
	anypackets -s $((RANDOM * 32768 + RANDOM)) -t 2 -r "${TORTURE_RATE:-1500}" \
		-n $((RANDOM % 40)) >"$TORTURE/traffic.last"
	cat "$TORTURE/traffic.last" >>"$TORTURE/traffic.all"
	done_ "$(torture_figure "$TORTURE/traffic.last" sent)"
}
