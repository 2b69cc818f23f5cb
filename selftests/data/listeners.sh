# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests that run several listeners at once with
# prog/listeners; has the functions of data/flows.sh, too.
#
#   listeners_start NAME TAG ARG..  start "listeners ARG.." in a namespace, return when
#                             all have subscribed; lines in /tmp/TAG.now at any time
#   listeners_mark            figures of time and speed begin now
#   listeners_end [SECONDS]   wait until it ends by itself, else end it; note its lines
#   told TAG NAME KEY         a figure of one listener, now or at its end
#   whole TAG NAME N          subtest: N NEW, N DESTROY, in order
#   single TAG NAME           subtest: at most one event of ten came twice
#   prompt TAG NAME SECONDS   subtest: complete so long after the mark
#   limit N                   N, more where the clock is that of a busy host
#   at_pace TAG NAME PERCENT  subtest: that much of its own pace, at least
#   below WHAT VALUE LIMIT    subtest: a number with decimals is below another
#   make_flows N [PORT]       N UDP flows from a port in namespace n
#   make_marked MARK N        the same by packets that set a mark: N changes, if it is another
#   flush                     delete all connections of namespace n

# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

LISTENERS='' LISTENERS_TAG=''

limit()
{
	if [ -n "${NFCT_ICOUNT:-}" ]; then
		echo "$1"
	else
		scaled "$1"
	fi
}

listeners_start()
{
	local name=$1
	LISTENERS_TAG=$2
	shift 2

	rm -f "/tmp/$LISTENERS_TAG" "/tmp/$LISTENERS_TAG.now"
	nsenter --net="/run/netns/$name" -- listeners -s "/tmp/$LISTENERS_TAG.now" "$@" \
		>"/tmp/$LISTENERS_TAG" 2>"/tmp/$LISTENERS_TAG.err" &
	LISTENERS=$!
	check "$LISTENERS_TAG: listeners" wait_for "grep -q ready /tmp/$LISTENERS_TAG" 30
}

listeners_mark()
{
	kill -USR1 "$LISTENERS"
}

# shellcheck disable=SC2120  # the argument is optional
listeners_end()
{
	[ -z "${1:-}" ] || wait_for "! kill -0 $LISTENERS" "$1"
	stop "$LISTENERS"
	# the line up to the times is the same for all that are well
	note "$(grep -v ready "/tmp/$LISTENERS_TAG")"
	[ ! -s "/tmp/$LISTENERS_TAG.err" ] || note "$(cat "/tmp/$LISTENERS_TAG.err")"
}

told()
{
	local file=/tmp/$1

	grep -qs "^$2 " "$file" || file=/tmp/$1.now
	sed -n "s/^$2 .*\\b$3=\\([^ ]*\\).*/\\1/p" "$file" 2>/dev/null
}

whole()
{
	is "$1: $2: every NEW and DESTROY, in order" \
		"$(told "$1" "$2" new) $(told "$1" "$2" destroy) $(told "$1" "$2" disorder) $(told "$1" "$2" headless)" \
		"$3 $3 0 0"
}

single()
{
	local copies all

	copies=$(told "$1" "$2" copies)
	all=$(($(told "$1" "$2" new) + $(told "$1" "$2" destroy)))
	cmp_num "$1: $2: at most 1.1 copies of each" $((${copies:-99999} * 10)) -le "$all"
}

# Has -1 as its value for "never".
below()
{
	if gawk -v v="${2:--1}" -v limit="$3" 'BEGIN { exit !(v >= 0 && v < limit) }'; then
		ok "$1"
		return
	fi
	not_ok "$1" "got '$2', expected less than $3"
}

prompt()
{
	below "$1: $2: complete within $3 s" "$(told "$1" "$2" 'done')" "$(limit "$3")"
}

at_pace()
{
	if is_debug; then
		skip "$1: $2: $3 % of its own pace" 'the kernel itself is too slow'
		return
	fi
	cmp_num "$1: $2: $3 % of its own pace" "$(told "$1" "$2" share)" -ge "$3"
}

make_flows()
{
	ns n flows udp 198.18.1.0 "${2:-4000}" 0 "$1" >/tmp/made
}

# Not by conntrack -U: it reads the acknowledgement of the entry before as that of this
# one, and gives up when a second has begun between the two, on stock as well.
make_marked()
{
	ns n nft "add table ip change
		add chain ip change out { type filter hook output priority 0; }
		add rule ip change out ct mark set $1"
	make_flows "$2"
	ns n nft delete table ip change
}

flush()
{
	ns n conntrack -F 2>/dev/null
}
