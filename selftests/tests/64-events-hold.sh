#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How much, and how long, a listener may hold back, as the administrator says; who
# holds back is visible; more reliable listeners than there are slots lose nothing.
# A table full of unanswered connections lets new ones in, whoever listens how slowly.
#
# PROMISE
# TIMEOUT: 240

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh
# shellcheck source=selftests/data/listeners.sh
. /payload/data/listeners.sh

FILE=/proc/net/stat/nf_conntrack_listeners
STOPPED='name=a reliable rcvbuf=2048 stopped'

# Column $1 of the listeners' file, summed over the listeners
column()
{
	ns n awk -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) col = i; next }
		{ sum += $col } END { print sum + 0 }' $FILE
}

# As many flows as $2 end while the listener of test $1 reads nothing
hold_back()
{
	listeners_start n "$1" -T "$(scaled 60)" "$STOPPED"
	make_flows "$2"
	flush
}

let_go()
{
	listeners_end
	check "$1: no entry is left" wait_for '[ "$(ctcount n)" = 0 ]' 20
	check "$1: its slot is free" wait_for '[ "$(column pending)" = 0 ]' 20
}

no_limit()
{
	hold_back no-limit 200
	cmp_num 'no-limit: entries wait' "$(ctcount n)" -ge 150
	cmp_num 'no-limit: and are shown' "$(column pending)" -ge 150
	check 'no-limit: so is since when' wait_for '[ "$(column stalled_ms)" -ge 500 ]'
	is 'no-limit: none is given up' "$(column lost)" 0
	let_go no-limit
}

limited_number()
{
	ns n sysctl -qw net.netfilter.nf_conntrack_events_hold_max=100
	hold_back number 400
	check 'number: the entries are let go' wait_for '[ "$(ctcount n)" = 0 ]' 20
	cmp_num 'number: what was given up is counted' "$(column lost)" -ge 100
	check 'number: and logged' sh -c 'dmesg | grep "holds back the events of"'
	ns n sysctl -qw net.netfilter.nf_conntrack_events_hold_max=0
	let_go number
}

limited_time()
{
	ns n sysctl -qw net.netfilter.nf_conntrack_events_hold_time="$(scaled 3)"
	hold_back time 100
	cmp_num 'time: entries wait' "$(ctcount n)" -ge 50
	check 'time: after a few seconds they are let go' wait_for '[ "$(ctcount n)" = 0 ]' 20
	cmp_num 'time: what was given up is counted' "$(column lost)" -ge 50
	ns n sysctl -qw net.netfilter.nf_conntrack_events_hold_time=0
	let_go 'time'
}

# Fifteen have a slot of their own; the others share one, and may read copies
crowd()
{
	local i
	local -a all=()

	for i in $(seq 20); do
		all+=("name=l$i reliable rcvbuf=4096 pause=1ms expect=100")
	done
	listeners_start n crowd -T "$(scaled 60)" "${all[@]}"
	make_flows 100
	flush
	listeners_end 60
	for i in $(seq 20); do
		is "crowd: l$i: every NEW and DESTROY" \
			"$(told crowd "l$i" new) $(told crowd "l$i" destroy) $(told crowd "l$i" disorder)" '100 100 0'
	done
	check 'crowd: no entry is left' wait_for '[ "$(ctcount n)" = 0 ]' 20
}

# flood NAME WORD...: a full table beside a listener that is behind, and a good one
flood()
{
	local tag=$1 max=1000 more=4000 sent
	shift

	sysctl -qw net.netfilter.nf_conntrack_max=$max
	dmesg -C
	listeners_start n "$tag" -T "$(scaled 120)" "name=a reliable $*" \
		'name=b reliable rcvbuf=16777216'
	ns n flows udp 198.18.1.0 4000 0 $max >/tmp/made
	is "$tag: the table is full" "$(ctcount n)" $max
	ns n flows udp 198.18.1.0 5000 0 $more >/tmp/made
	note "$tag: $(cat /tmp/made), count=$(ctcount n) early_drop=$(ct_stat n early_drop)"
	sent=$(sed 's/sent=\([0-9]*\).*/\1/' /tmp/made)
	cmp_num "$tag: new connections get in" "$sent" -ge $((more * 9 / 10))
	cmp_num "$tag: the table has its limit" "$(ns n conntrack -L 2>/dev/null | wc -l)" -le $max
	cmp_num "$tag: what waits has one, too" "$(ctcount n)" -le $((2 * max + 100))
	cmp_num "$tag: what was given up is counted" "$(column lost)" -ge 1
	check "$tag: and logged" sh -c 'dmesg | grep "connections wait for a listener: giving up"'
	sysctl -qw net.netfilter.nf_conntrack_max=65536
	flush
	check "$tag: the other listener hears all" wait_for '[ "$(told '"$tag"' b destroy)" = '$((max + sent))' ]' 20
	whole "$tag" b $((max + sent))
	listeners_end
	check "$tag: no entry is left" wait_for '[ "$(ctcount n)" = 0 ]' 20
}

allow_log 'holds back the events of'
allow_log 'giving up events of others'
must modprobe nf_conntrack_netlink
must flow_net n
no_limit
limited_number
limited_time
crowd
# no entry ends by itself, and the table has long buckets: early drop looks at a few
echo 1024 >/sys/module/nf_conntrack/parameters/hashsize
ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3000
flood stopped rcvbuf=2048 stopped
# slower than the flood is made on any kernel, the debug kernel too
flood slow rcvbuf=2048 pause=50ms
is 'slow: it is told' "$(told slow a enobufs)" 1
finish
