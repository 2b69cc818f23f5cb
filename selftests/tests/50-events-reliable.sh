#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A reliable listener gets every event, in order, however small its buffer and
# long its pauses: NEW, UPDATE and DESTROY of many UDP flows and TCP connections,
# with and without batches, alone and beside a plain listener.
#
# PROMISE
# TIMEOUT: 300

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

FLOWS=$(sized 20000 5000)
TCPS=$(sized 500 200)
LIMIT=60

# Makes FLOWS flows and destroys them while "$@" listens.
flush_after_flows()
{
	local tag=$1 count=$2
	shift 2

	check "$tag: listener" hear n "$tag" -R -D "$count" "$@" || return
	ns n flows udp 198.18.1.0 4000 0 "$count" >/tmp/made
	note "$tag: $(cat /tmp/made), then waiting: $(waiting n 2>&1)"
	ns n conntrack -F 2>/dev/null
	wait_for "! kill -0 $LISTENER" $LIMIT
	# leaves time for events that must not come
	stop "$LISTENER"
	note "$tag: $(tail -n 1 "/tmp/$tag") $(cat "/tmp/$tag.err")"
}

nothing_waits()
{
	check "$1: nothing waits" wait_for '[ "$(waiting n)" = 0 ]'
	is "$1: no entry is left" "$(ctcount n)" 0
}

one_listener()
{
	local tag=$1 count=$2
	shift 2

	flush_after_flows "$tag" "$count" "$@"
	complete "$tag" "$count"
	is "$tag: nothing twice" "$(heard "$tag" again)" 0
	is_stock || nothing_waits "$tag"
}

flow_begin n $((FLOWS * 3))

one_listener fast "$FLOWS" -b 2048
one_listener pause $((FLOWS / 4)) -b 2048 -p 500
one_listener no-enobufs $((FLOWS / 8)) -b 2048 -N
one_listener no-enobufs-pause $((FLOWS / 8)) -b 2048 -N -p 500

if is_ours; then
	cmp_num 'hardly an attempt is refused: room is looked at' "$(event_stat n refused)" -le $((FLOWS / 20))
	cmp_num 'resends were counted' "$(event_stat n resent)" -gt 0
	ns n sysctl -qw net.netfilter.nf_conntrack_events_batch=3776
	one_listener batch $((FLOWS / 4)) -b 8192 -p 500
	cmp_num 'batch: several events in a datagram' "$(heard batch most)" -gt 1
	cmp_num 'batches were counted' "$(event_stat n batches)" -gt 0
	one_listener batch-tiny-buffer $((FLOWS / 8)) -b 2048 -p 500
	ns n sysctl -qw net.netfilter.nf_conntrack_events_batch=0
fi

# --- one CPU makes connections, the other deletes them: NEW comes before DESTROY ---
made_and_flushed()
{
	local tag=$1 count=$2
	shift 2

	check "$tag: listener" hear n "$tag" -R -D "$count" "$@" || return
	taskset -c 0 nsenter --net=/run/netns/n -- flows udp 198.18.1.0 4000 0 "$count" >/tmp/made &
	maker=$!
	while kill -0 $maker 2>/dev/null; do
		taskset -c 1 nsenter --net=/run/netns/n -- conntrack -F 2>/dev/null
	done
	wait $maker
	ns n conntrack -F 2>/dev/null
	wait_for "! kill -0 $LISTENER" $LIMIT
	stop "$LISTENER"
	note "$tag: $(tail -n 1 "/tmp/$tag") $(cat "/tmp/$tag.err")"
	complete "$tag" "$count"
}

made_and_flushed race "$FLOWS" -b 33554432
made_and_flushed race-slow $((FLOWS / 4)) -b 2048

# --- a connection on the ports of one whose destroy event still waits ---
reconnect()
{
	python3 - <<-'PY'
		import ctypes, os, socket, struct, sys
		ctypes.CDLL(None).setns(os.open('/run/netns/n', os.O_RDONLY), 0)
		def resent():
		    rows = [line.split() for line in open('/proc/thread-self/net/snmp') if line.startswith('Tcp:')]
		    return int(dict(zip(*rows))['RetransSegs'])
		server = socket.create_server(('127.0.0.1', 8090))
		before = resent()
		for i in range(3):
		    s = socket.socket()
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		    # a reset instead of TIME_WAIT
		    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
		    s.bind(('127.0.0.1', 8091))
		    s.connect(('127.0.0.1', 8090))
		    server.accept()[0].close()
		    s.close()
		print('sent again:', resent() - before)
	PY
}

check 'reused ports: listener' hear n ports -R -b 2048
kill -STOP "$LISTENER"
ns n flows udp 198.18.1.0 4000 0 50 >/tmp/made
is_stock || cmp_num 'reused ports: the listener is behind' "$(waiting n)" -ge 1
is 'reused ports: no SYN is lost' "$(reconnect)" 'sent again: 0'
ns n conntrack -F 2>/dev/null
kill -CONT "$LISTENER"
is_stock || nothing_waits 'reused ports'
stop "$LISTENER"
note "ports: $(tail -n 1 /tmp/ports)"
complete ports 53

# --- a slow reliable listener beside a fast plain one ---
count=$((FLOWS / 8))
check 'plain: listener' hear n plain -b 33554432
plain=$LISTENER
flush_after_flows beside $count -b 2048 -p 500
complete beside $count
# the plain one may get an event twice: what is sent again goes to both
wait_for '[ "$(ctcount n)" = 0 ]'
sleep 1
stop "$plain"
note "plain: $(tail -n 1 /tmp/plain)"
complete plain $count

# --- state changes: the last state in an event is the last state of the entry ---
ns n sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=300
for how in close abort; do
	tag=tcp-$how
	check "$tag: listener" hear n $tag -R -b 2048 -p 500
	ns n flows tcp 8080 "$TCPS" $how >/tmp/made
	note "$tag: $(cat /tmp/made)"
	is "$tag: connections" "$(cat /tmp/made)" "made=$TCPS"
	is_stock || wait_for '[ "$(waiting n)" = 0 ]' $LIMIT
	kill -USR1 "$LISTENER"
	check "$tag: compared with a dump" wait_for "grep -q compared /tmp/$tag" 30
	ns n conntrack -F 2>/dev/null
	wait_for '[ "$(ctcount n)" = 0 ]' $LIMIT
	sleep 1
	stop "$LISTENER"
	note "$tag: $(tail -n 1 /tmp/$tag) $(cat /tmp/$tag.err)"
	complete $tag "$TCPS"
	is "$tag: entries compared" "$(heard $tag dumped)" "$TCPS"
	is "$tag: the last state told is the last state" "$(heard $tag stale)" 0
	is "$tag: none without an event" "$(heard $tag unknown)" 0
	is_stock || nothing_waits $tag
done

finish
