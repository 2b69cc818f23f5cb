#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A program that reads the table while it fills, empties and is resized finds each flow
# that lives all the time, and finds it once. The table grows and shrinks by itself, and
# does not age: under a steady load its buckets keep to one line.
#
# TIMEOUT: 240
# DEBUGTIMEOUT: 1800
# MEM: 4096

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

LONG=1000
STEADY=800
FLOWS=50000
LIFETIMES=$(sized 35 8)
# of them while the table is read
READ=$(sized 6 2)
if is_debug || [ "$(scaled 1)" -gt 3 ]; then
	FLOWS=20000
fi
TABLE=/proc/net/stat/nf_conntrack_table
TRACING=/sys/kernel/tracing

buckets()
{
	sysctl -n net.netfilter.nf_conntrack_buckets
}

table()
{
	awk -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { print $c }' $TABLE
}

found()
{
	sed -n "s/.*\\<$2=\\([0-9]*\\).*/\\1/p" "/tmp/$1"
}

resize_for_ever()
{
	local n

	while :; do
		for n in 1024 131072 4096 32768 2048 65536; do
			sysctl -qw net.netfilter.nf_conntrack_buckets=$n || echo "buckets=$n failed"
			sleep 0.2
		done
	done
}

# Flows come and go, in this namespace and another, while the table is read.
churn()
{
	local i

	for i in 1 2 3 4 5; do
		ns n flows udp 198.18.100.0 5000 $(((i - 1) * FLOWS / 5)) $((FLOWS / 5))
		ns m flows udp 198.18.1.0 4000 0 1000
		ns m conntrack -F 2>/dev/null
		ns n conntrack -D -p udp --orig-port-src 5000 --orig-port-dst $((20000 + i)) 2>/dev/null | wc -l
	done
}

# Count the walks through the table, and the namespaces that end
probes_begin()
{
	mountpoint -q $TRACING || mount -t tracefs tracefs $TRACING 2>/dev/null
	printf '%s\n' 'p:nfct/walk nf_conntrack_walk_placed' 'p:nfct/end nf_conntrack_flush_net' \
		>$TRACING/kprobe_events 2>/dev/null && echo 1 >$TRACING/events/nfct/enable
}

hits()
{
	awk -v name="$1" '$1 == name { print $2 }' $TRACING/kprobe_profile
}

probes_end()
{
	echo 0 >$TRACING/events/nfct/enable
	echo >$TRACING/kprobe_events
}

# start_reader KIND FLOWS
start_reader()
{
	nsenter --net=/run/netns/n -- tabledump "$1" 198.18.1.0 4000 "$2" >"/tmp/$1" 2>&1 &
	must wait_for "grep -q ready /tmp/$1"
}

send_for_ever()
{
	while :; do
		ns n flows udp 198.18.1.0 4000 0 $STEADY
	done
}

# Groups of 200 flows come and go, four of them at a time: lifetimes $1 to $2 - 1.
age()
{
	local i

	for ((i = $1 * 4; i < $2 * 4; i++)); do
		((i < 4)) || ns n conntrack -D -p udp --orig-port-src $((5000 + i - 4)) >/dev/null 2>&1
		ns n flows udp 198.18.100.0 $((5000 + i)) 0 200
	done
}

# judge KIND LABEL
judge()
{
	note "$2: $(tail -n 1 "/tmp/$1")"
	cmp_num "$2: rounds" "$(found "$1" rounds)" -ge 1
	if is_ours; then
		is "$2: no flow missed" "$(found "$1" missed)" 0
		is "$2: no flow twice" "$(found "$1" twice)" 0
	fi
}

must modprobe nf_conntrack_netlink
sysctl -qw net.netfilter.nf_conntrack_max=$((FLOWS * 3)) net.netfilter.nf_conntrack_buckets=1024
must flow_net n
must flow_net m
ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1200

# --- it grows and shrinks by itself ---
ns n flows udp 198.18.1.0 4000 0 $LONG >/tmp/made
if is_ours; then
	is 'the floor is what was asked for' "$(table floor)" 1024
	grown=$(table grown)
	ns n flows udp 198.18.100.0 5000 0 $((FLOWS / 2)) >/tmp/made
	check 'grows by itself' wait_for '[ "$(table grown)" -gt "$grown" ]'
	check 'holds every slot in few overflow lines' wait_for '[ "$(table overflow)" -lt "$((FLOWS / 20))" ]'
	note "$(cat $TABLE)"
	shrunk=$(table shrunk)
	ns n conntrack -F 2>/dev/null
	check 'shrinks by itself' wait_for '[ "$(table shrunk)" -gt "$shrunk" ]' 20
	check 'to its floor' wait_for '[ "$(table buckets)" = 1024 ]' 20
	note "$(cat $TABLE)"
fi

# --- 52 % of the slots in use for many lifetimes: no resize, entries change places ---
ns n conntrack -F 2>/dev/null
ns n flows udp 198.18.1.0 4000 0 $STEADY >/tmp/made
clashes=$(($(ct_stat n clashres) + $(ct_stat n insert_failed)))
start_reader netlink $STEADY
netlink=$!
start_reader proc $STEADY
proc=$!
send_for_ever >/tmp/sent &
sender=$!
age 0 "$READ" >/tmp/age
stop $sender
stop $netlink
stop $proc
age "$READ" "$LIFETIMES" >>/tmp/age
is 'aged table: every flow was made' "$(grep -cv 'sent=200 refused=0' /tmp/age)" 0
is 'aged table: no packet missed its entry' "$(($(ct_stat n clashres) + $(ct_stat n insert_failed) - clashes))" 0
judge netlink 'aged table, netlink'
judge proc 'aged table, proc'
if is_ours; then
	is 'aged table: the size has not changed' "$(table buckets)" 1024
	cmp_num 'aged table: few overflow lines' "$(table overflow)" -lt 128
	note "$(cat $TABLE)"
fi

ns n conntrack -F 2>/dev/null
if is_ours; then
	check 'an empty table has no overflow lines' wait_for '[ "$(table overflow)" = 0 ]'
fi
ns n flows udp 198.18.1.0 4000 0 $LONG >/tmp/made
is 'all flows there' "$(ctcount n)" $LONG

# --- the end of a namespace that has none of them ---
if is_ours && ! probes_begin; then
	skip 'the end of namespaces without entries' 'this kernel has no probes'
elif is_ours; then
	for i in 1 2 3; do
		must ip netns add empty
		must ip netns delete empty
	done
	check 'namespaces without entries have ended' wait_for '[ "$(hits end)" -ge 3 ]' 30
	is 'their end walks through no table' "$(hits walk)" 0
	ns n conntrack -L >/dev/null 2>&1
	cmp_num 'a walk would be noticed' "$(hits walk)" -ge 1
	probes_end
fi

# --- read while everything changes ---
start_reader netlink $LONG
netlink=$!
start_reader proc $LONG
proc=$!
resize_for_ever >/tmp/resize 2>&1 &
resizer=$!
churn >/tmp/churn
stop $resizer
stop $netlink
stop $proc
is 'every resize was granted' "$(cat /tmp/resize)" ''
judge netlink netlink
judge proc proc
note "entries: $(ctcount n)"

# --- so many buckets that they and the slots do not tell all of them apart ---
# 2^20 and 2^21 lines; a place stands in several of them then
very_large()
{
	local n

	start_reader netlink $LONG
	netlink=$!
	for n in $(sized '8388608 2048 16777216 4194304 8388608' '8388608'); do
		check "very large table: $n buckets" sysctl -qw net.netfilter.nf_conntrack_buckets="$n"
	done
	total=$(ctcount n)
	is 'very large table: conntrack -L shows every entry' \
		"$(ns n conntrack -L 2>/dev/null | wc -l)" "$total"
	stop $netlink
	judge netlink 'very large table'
	ns m flows udp 198.18.1.0 4000 0 1000 >/tmp/made
	ns m conntrack -F 2>/dev/null
	is 'very large table: a flush ends every entry' "$(ns m conntrack -L 2>/dev/null | wc -l)" 0
	is 'very large table: and no other' "$(ctcount n)" "$total"
	check 'very large table: back' sysctl -qw net.netfilter.nf_conntrack_buckets=16384
}
is_stock || very_large

# --- at rest, tools and counters agree ---
sysctl -qw net.netfilter.nf_conntrack_buckets=16384
cmp_num 'buckets' "$(buckets)" -ge 16384
total=$(ctcount n)
is 'conntrack -L shows every entry' "$(ns n conntrack -L 2>/dev/null | wc -l)" "$total"
is 'conntrack -C' "$(ns n conntrack -C)" "$total"
if is_ours; then
	is '/proc/net/nf_conntrack shows every entry' "$(ns n cat /proc/net/nf_conntrack | wc -l)" "$total"
fi
ns n conntrack -F 2>/dev/null
is 'all gone' "$(ns n conntrack -L 2>/dev/null | wc -l)" 0
check 'none counted' wait_for '[ "$(ctcount n)" = 0 ] && [ "$(ctcount m)" = 0 ]'
finish
