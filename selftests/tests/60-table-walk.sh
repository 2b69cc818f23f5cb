#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A program that reads the table while it fills, empties and is resized finds each flow
# that lives all the time, and finds it once. The table grows and shrinks by itself.
#
# TIMEOUT: 240
# MEM: 4096

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

LONG=1000
FLOWS=50000
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
	printf '%s\n' 'p:nfct/walk nf_conntrack_walk_next' 'p:nfct/end nf_conntrack_flush_net' \
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

start_reader()
{
	nsenter --net=/run/netns/n -- tabledump "$1" 198.18.1.0 4000 $LONG >"/tmp/$1" 2>&1 &
	must wait_for "grep -q ready /tmp/$1"
}

judge()
{
	note "$1: $(tail -n 1 "/tmp/$1")"
	cmp_num "$1: rounds" "$(found "$1" rounds)" -ge 1
	if is_ours; then
		is "$1: no flow missed" "$(found "$1" missed)" 0
		is "$1: no flow twice" "$(found "$1" twice)" 0
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
	ns n flows udp 198.18.1.0 4000 0 $LONG >/tmp/made
fi
is 'all flows there' "$(ctcount n)" $LONG

# --- the end of a namespace that has none of them ---
if is_ours && probes_begin; then
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
start_reader netlink
netlink=$!
start_reader proc
proc=$!
resize_for_ever >/tmp/resize 2>&1 &
resizer=$!
churn >/tmp/churn
stop $resizer
stop $netlink
stop $proc
is 'every resize was granted' "$(cat /tmp/resize)" ''
judge netlink
judge proc
note "entries: $(ctcount n)"

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
