#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Several events in one datagram, what a listener's socket is charged for one,
# and dumps while the table is resized.
#
# PROMISE
# TIMEOUT: 240

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

BATCH=/proc/sys/net/netfilter/nf_conntrack_events_batch
FLOWS=2000 LISTED=3000
# fewer on the debug kernel, which is slow
is_debug && FLOWS=300 LISTED=500

value()
{
	awk -v key="$1" '$1 == key { print $2 }' /tmp/result
}

# A run of ctbatch whose listener must have got everything.
run_complete()
{
	local name=$1
	shift

	ns n ctbatch run $FLOWS "$@" >/tmp/result 2>&1
	note "$name: $(tr '\n' ' ' </tmp/result)"
	is "$name: every NEW" "$(value new)" $FLOWS
	is "$name: every DESTROY" "$(value destroy)" $FLOWS
	is "$name: in order" "$(value disorder)" 0
}

# A change that is to be echoed comes back once.
echoed()
{
	ns n ctbatch echo >/tmp/result 2>&1 || note "$(cat /tmp/result)"
	is "$1" "$(value echoes)" 1
	ns n conntrack -F 2>/dev/null
}

must modprobe nf_conntrack_netlink
ip netns add n
ns n sysctl -qw net.netfilter.nf_conntrack_max=200000 2>/dev/null ||
	sysctl -qw net.netfilter.nf_conntrack_max=200000

# 256 bytes for the buffer and 512 for the message; since 6.3 the kernel takes 640 for
# any small message
small=768
! kernel_is_at_least 6.3 || small=896
ns n ctbatch charge >/tmp/result 2>&1
note "$(cat /tmp/result)"
cmp_num 'charge of NEW, IPv4 UDP' "$(value charge-new-udp4)" -le $small
cmp_num 'charge of NEW, IPv6 TCP' "$(value charge-new-tcp6)" -lt 1024
cmp_num 'charge of DESTROY, IPv4 TCP' "$(value charge-destroy-tcp4)" -le $small

echoed 'echo of a change'

run_complete 'one event per datagram' 0 0
is 'one event per datagram: no more' "$(value most)" 1
run_complete 'small buffer, slow reader' 2048 100

if is_ours; then
	for limit in 1000 3776; do
		echo $limit | ns n tee $BATCH >/dev/null
		run_complete "batches of $limit" 0 0
		cmp_num "batches of $limit: several events" "$(value most)" -gt 1
		cmp_num "batches of $limit: not larger" "$(value biggest)" -le $limit
	done
	cmp_num 'batches are counted' "$(event_stat n batches)" -gt 0
	# the entry's NEW is still in a batch; its change goes out with that
	echoed 'batches: echo of a change'
	run_complete 'batches, small buffer, slow reader' 2048 500
	is 'nothing waits on the missed list' "$(event_stat n missed)" 0
	is 'nothing waits on the dying list' "$(event_stat n dying)" 0

	# the destroy event of a connection whose change is still in a batch
	flow_net m
	echo 3776 | ns m tee $BATCH >/dev/null
	check 'refused connections: listener' hear m refused -R -b 16384
	made=$(ns m flows tcp 8080 $FLOWS abort)
	note "$made"
	sleep 1
	ns m conntrack -F 2>/dev/null
	check 'refused connections: nothing waits' wait_for '[ "$(waiting m)" = 0 ]' "$(scaled 20)"
	stop "$LISTENER"
	note "$(tail -n 1 /tmp/refused)"
	# a port that is used again gives the same tuple and ID once more, now and then
	again=$(heard refused again)
	cmp_num 'refused connections: NEW' $(($(heard refused new) + again / 2)) -ge $FLOWS
	is 'refused connections: as many DESTROY' "$(heard refused destroy)" "$(heard refused new)"
	# each such one is a NEW, its changes (three at most) and a DESTROY after the first
	cmp_num 'refused connections: in order' "$(heard refused disorder)" -le $((2 * again))
	is 'refused connections: none without NEW' "$(heard refused headless)" 0

	# a listener that does not read is not tried without pause
	check 'standstill: listener' hear m still -R -b 2048
	kill -STOP "$LISTENER"
	ns m flows udp 198.18.1.0 4000 0 500 >/dev/null
	sleep 3
	before=$(event_stat m refused)
	sleep 3
	tries=$(($(event_stat m refused) - before))
	cmp_num "standstill: attempts in three seconds" "$tries" -le 2000
	kill -CONT "$LISTENER"
	ns m conntrack -F 2>/dev/null
	check 'standstill: no event waits afterwards' wait_for '[ "$(waiting m)" = 0 ]' "$(scaled 20)"
	stop "$LISTENER"
	is 'standstill: every NEW and DESTROY' "$(heard still new) $(heard still destroy)" '500 500'

	refute 'a batch larger than a page' sh -c "echo 4000 | nsenter --net=/run/netns/n tee $BATCH"
	echo 0 | ns n tee $BATCH >/dev/null
	run_complete 'batches off again' 0 0
	is 'batches off again: one event per datagram' "$(value most)" 1
fi

# in the initial namespace, where the table can be resized
ctbatch dump $LISTED >/tmp/result 2>&1
note "dump: $(tr '\n' ' ' </tmp/result)"
is 'dumps during resizes miss nothing' "$(value missed)" 0
is 'dumps during resizes show nothing twice' "$(value twice)" 0

finish
