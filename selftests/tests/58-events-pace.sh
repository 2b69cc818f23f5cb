#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A reliable listener is served as fast as it reads, alone or beside others of any
# pace, with any buffer, whether it reads all the time or only now and then.
# How fast that can be: events-fast.
#
# PROMISE
# TIMED
# TIMEOUT: 600

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/listeners.sh
. /payload/data/listeners.sh

FLOWS=$(sized 2000 500)

# Flows that all end at once; the listeners have $2 seconds to hear of them
burst()
{
	local count=$1 limit=$2 tag=$3
	shift 3

	listeners_start n "$tag" -T "$(scaled "$limit")" "$@"
	make_flows "$count"
	listeners_mark
	flush
	listeners_end $((limit + 5))
	# on stock the next one would meet what is left
	wait_for '[ "$(ctcount n)" = 0 ]' 20
}

served()
{
	whole "$1" "$2" "$3"
	single "$1" "$2"
	at_pace "$1" "$2" "$4"
}

# --- one, two, three readers of about 1,000 a second ---
readers()
{
	local -a specs=()
	local pause spec

	for pause in 900 1000 1100; do
		specs+=("name=p$pause reliable rcvbuf=2048 pause=${pause}us expect=$FLOWS")
		burst "$FLOWS" 30 readers-${#specs[@]} "${specs[@]}"
		is_stock && continue
		for spec in "${specs[@]}"; do
			spec=${spec#name=}
			served readers-${#specs[@]} "${spec%% *}" "$FLOWS" 90
		done
	done
}

# --- awake a tenth of the time ---
naps()
{
	local count=$((FLOWS / 4)) name

	burst $count 30 nap "name=a reliable rcvbuf=2048 pause=900us duty=100ms/1s expect=$count"
	burst $count 30 nap-fast "name=a reliable rcvbuf=8192 duty=100ms/1s expect=$count"
	burst $count 40 long-nap "name=a reliable rcvbuf=2048 pause=900us duty=500ms/5s expect=$count"
	is_stock && return
	for name in nap long-nap; do
		served $name a $count 90
		below "$name: more comes within 20 ms of its return" "$(told $name a back)" "$(limit 20)"
	done
	whole nap-fast a $count
	below 'nap-fast: more comes within 20 ms of its return' "$(told nap-fast a back)" "$(limit 20)"
}

# --- NETLINK_NO_ENOBUFS: takes a message as soon as it has read one ---
no_enobufs()
{
	local before

	is_stock || before=$(event_stat n refused)
	burst "$FLOWS" 30 noenobufs "name=a reliable noenobufs rcvbuf=2048 pause=900us expect=$FLOWS"
	is_stock && return
	served noenobufs a "$FLOWS" 90
	cmp_num 'noenobufs: less than one refusal per event' $(($(event_stat n refused) - before)) -lt $((FLOWS * 2))
}

# --- a burst, then a load of a third of what they can take ---
# 400 events a second until the file is gone
steady_load()
{
	local n=0

	touch /tmp/loading
	while [ -e /tmp/loading ]; do
		ns n flows udp 198.19.1.0 4001 $((n * 20)) 20 >/dev/null
		n=$((n + 1))
		sleep 0.09
	done
}

backlog()
{
	local count=$((FLOWS * 5 / 2)) after

	ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1
	listeners_start n backlog -T 150 'name=a reliable pause=700us' 'name=b reliable pause=900us'
	make_flows $count
	listeners_mark
	flush
	steady_load &
	load=$!
	after=$(ctcount n)
	is_stock || after=$(waiting n)
	note "backlog when the load begins: $after"
	# a load of 400 entries keeps some waiting at any time; a backlog that grows, or
	# stays, never gets down to a tenth of the burst
	is_stock || check 'backlog: drains under load' \
		wait_for "[ \"\$(waiting n)\" -le $((count / 10)) ]" 60
	is_stock && check 'backlog: drains under load' wait_for '[ "$(ctcount n)" -le 600 ]' 60
	note "entries: $(ctcount n), waiting: $(waiting n 2>&1)"
	rm -f /tmp/loading
	wait $load
	sleep 3
	listeners_end
	is_stock || single backlog a
	is_stock || single backlog b
	ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=30
	flush
	wait_for '[ "$(ctcount n)" = 0 ]' 20
}

# Ticks of the processor that all but user programs have used
system_ticks()
{
	awk '$1 == "cpu" { print $4 + $7 + $8 }' /proc/stat
}

# --- the shortest grace time, set by anybody who is root of a namespace ---
no_grace()
{
	local refused ticks idle

	is_stock && return
	ns n sysctl -qw net.netfilter.nf_conntrack_events_retry_timeout=0
	idle=$(system_ticks)
	sleep 4
	idle=$(($(system_ticks) - idle))
	listeners_start n nograce -T 30 'name=a reliable rcvbuf=2048 stopped'
	make_flows 200
	flush
	sleep 1
	refused=$(event_stat n refused) ticks=$(system_ticks)
	sleep 4
	refused=$(($(event_stat n refused) - refused)) ticks=$(($(system_ticks) - ticks))
	note "in 4 s $refused attempts, $ticks ticks of 10 ms, without a listener $idle"
	cmp_num 'nograce: attempts in 4 s' "$refused" -le 1000
	if is_debug; then
		skip 'nograce: processor time' 'the kernel itself is too slow'
	else
		cmp_num 'nograce: processor time, ticks of 10 ms' "$ticks" -le $((idle + 40))
	fi
	listeners_end
	ns n sysctl -qw net.netfilter.nf_conntrack_events_retry_timeout=15
	wait_for '[ "$(ctcount n)" = 0 ]' 20
}

flow_begin n $((FLOWS * 20))
readers
naps
no_enobufs
backlog
no_grace
finish
