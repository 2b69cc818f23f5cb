#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Batches do not change what a listener with a socket filter gets: a filter sees the
# first message of a datagram only.
#
# TIMEOUT: 180

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/listeners.sh
. /payload/data/listeners.sh

FLOWS=$(sized 400 100)

# TCP connections and UDP flows at the same time, then their ends
mixed_traffic()
{
	ns n flows tcp 8080 "$FLOWS" abort >/tmp/tcp &
	for ((i = 0; i < FLOWS / 20; i++)); do
		ns n flows udp 198.18.1.0 4000 $((i * 20)) 20
	done >/tmp/udp
	wait $!
	sleep 0.5
	flush
}

# $1: tag; the rest are listeners
run()
{
	local tag=$1
	shift

	listeners_start n "$tag" -T "$(scaled 20)" "$@"
	mixed_traffic
	listeners_end 25
	note "$(cat /tmp/tcp)"
}

got_its_own()
{
	is "$1: $2: every NEW and DESTROY of its kind" "$(told "$1" "$2" new) $(told "$1" "$2" destroy)" "$3 $3"
	is "$1: $2: nothing else" "$(told "$1" "$2" foreign)" 0
	is "$1: $2: in order" "$(told "$1" "$2" disorder) $(told "$1" "$2" headless)" '0 0'
}

both_kinds()
{
	run "$1" "name=tcp filter=tcp rcvbuf=33554432 $2 expect=$FLOWS" \
		"name=udp filter=udp rcvbuf=33554432 $2 expect=$FLOWS" \
		"name=all rcvbuf=33554432 $2 expect=$((FLOWS * 2))"
	got_its_own "$1" tcp "$FLOWS"
	got_its_own "$1" udp "$FLOWS"
	got_its_own "$1" all $((FLOWS * 2))
}

flow_begin n
ns n sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=300
both_kinds single ''
if is_ours; then
	ns n sysctl -qw net.netfilter.nf_conntrack_events_batch=3776
	both_kinds batch ''
	both_kinds batch-reliable reliable
	run without-filter 'name=all rcvbuf=33554432 reliable'
	cmp_num 'without a filter there are batches' "$(told without-filter all most)" -gt 1
fi
finish
