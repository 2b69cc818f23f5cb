# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Eight listeners with books of their own, most of them reliable. The first two only read;
# the others stall and change their groups by their seed, and one of them after the other
# is killed and followed by another. Operations: listeners.

TORTURE_SEATS=${TORTURE_SEATS:-8}
declare -A seat_name=() seat_pid=()
born=0

# sit SEAT
sit()
{
	local name
	local -a how=()

	born=$((born + 1))
	name=l$1-$born
	[ $(($1 % 4)) = 3 ] || how+=(-R)
	how+=(-b $((2048 << RANDOM % 10)))
	[ "$1" -le 1 ] || how+=(-S $((RANDOM * 32768 + RANDOM + 1)))
	nsenter --net=/run/netns/r -- oracle "${how[@]}" -n "$name" \
		-f "$TORTURE/figures/$name" -v "$TORTURE/faults" >"$TORTURE/$name.out" 2>&1 &
	seat_name[$1]=$name seat_pid[$1]=$!
	until grep -qs ready "$TORTURE/$name.out"; do
		kill -0 "${seat_pid[$1]}" 2>/dev/null || break
		sleep 0.05
	done
	echo "${seat_pid[$1]}" >"$TORTURE/listeners/$name"
	done_ 1
}

# leave SEAT SIGNAL
leave()
{
	rm -f "$TORTURE/listeners/${seat_name[$1]}"
	kill "-$2" "${seat_pid[$1]}"
	wait "${seat_pid[$1]}" 2>/dev/null
}

begin_listeners()
{
	local seat

	for ((seat = 0; seat < TORTURE_SEATS; seat++)); do
		sit $seat
	done
}

work_listeners()
{
	local seat

	if [ "$TORTURE_SEATS" -gt 2 ] && [ $((RANDOM % 4)) = 0 ]; then
		seat=$((2 + RANDOM % (TORTURE_SEATS - 2)))
		leave $seat KILL
		sit $seat
	fi
	sleep 0.5
}
