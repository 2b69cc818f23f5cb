#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Listeners that do unusual things: join groups without a port, ask for echoes that
# they have no room for, come in large numbers, miss only changes, and stay while
# nf_conntrack_netlink or the namespace they listen to goes away.
#
# PROMISE
# TIMEOUT: 300

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/listeners.sh
. /payload/data/listeners.sh

LARGE=33554432

none_left()
{
	check "$1: no entry is left" wait_for '[ "$(ctcount n)" = 0 ]' 20
}

# --- a socket without a port hears nothing, and harms nobody ---
no_port()
{
	rm -f /tmp/unbound
	ns n python3 /payload/bin/oddlisten.py unbound 4 >/tmp/unbound 2>&1 &
	unbound=$!
	check 'no port: it has joined' wait_for 'grep -q ready /tmp/unbound'
	listeners_start n no-port -T "$(scaled 30)" 'name=a reliable rcvbuf=2048 expect=100' \
		"name=plain rcvbuf=$LARGE expect=100"
	make_flows 100
	flush
	listeners_end 30
	wait $unbound
	whole no-port a 100
	whole no-port plain 100
	is 'no port: it hears nothing' "$(grep heard /tmp/unbound)" heard=0
	none_left no-port
}

# --- an echo that its own listener has no room for comes as an event, later ---
full_requester()
{
	local batch port=4200

	for batch in 0 3776; do
		is_stock && [ $batch != 0 ] && continue
		is_stock || ns n sysctl -qw net.netfilter.nf_conntrack_events_batch=$batch
		make_flows 60 $port
		is "full requester, batch $batch: hears of each delete" \
			"$(ns n python3 /payload/bin/oddlisten.py deletes $port 60)" destroyed=60
		none_left "full requester, batch $batch"
		port=$((port + 1))
	done
	is_stock || ns n sysctl -qw net.netfilter.nf_conntrack_events_batch=0
}

# --- more listeners than one round serves ---
many()
{
	local -a specs=()
	local i bad

	for i in {1..40}; do
		specs+=("name=p$i rcvbuf=$LARGE expect=100")
	done
	listeners_start n many -T "$(scaled 40)" 'name=a reliable rcvbuf=2048 expect=100' \
		"${specs[@]}" 'name=z reliable rcvbuf=2048 expect=100'
	make_flows 100
	flush
	listeners_end 45 >/dev/null
	whole many a 100
	whole many z 100
	bad=$(grep '^p[0-9]' /tmp/many |
		grep -cv ' new=100 update=0 destroy=100 copies=0 disorder=0 ')
	is 'many: 40 plain listeners hear each event once' "$bad $(grep -c '^p[0-9]' /tmp/many)" '0 40'
	none_left many
}

# --- what one listener has got, another still lacks: changes ---
changes()
{
	listeners_start n changes -T "$(scaled 40)" 'name=a reliable rcvbuf=2048' \
		'name=b reliable rcvbuf=2048 stop-at=3s resume-at=8s'
	make_flows 50
	check 'changes: both know the flows' wait_for '[ "$(told changes b new)" = 50 ]' 3
	sleep 3.5
	make_marked 7 50
	check 'changes: one has them' wait_for '[ "$(told changes a update)" = 50 ]' 20
	# each lacks the last one at most: changes merge
	make_marked 8 50
	check 'changes: and the next' wait_for '[ "$(told changes a update)" = 100 ]' 20
	check 'changes: the other gets them when it is back' \
		wait_for '[ "$(told changes b update)" -ge 50 ]' 20
	flush
	none_left changes
	listeners_end
	whole changes a 50
	whole changes b 50
}

# --- nf_conntrack_netlink goes and comes again beside a listener that lags ---
reload()
{
	local round

	listeners_start n reload -T "$(scaled 60)" 'name=a reliable rcvbuf=2048 duty=200ms/1s'
	for round in 1 2 3; do
		ns n flows udp 198.18.1.0 4000 $((round * 200)) 200 >/dev/null
		flush
		check "reload: unload, round $round" rmmod nf_conntrack_netlink
		check "reload: no entry waits any more, round $round" \
			wait_for '[ "$(ctcount n)" = 0 ]' 20
		# it reads what is left while nobody watches
		sleep 1
		check "reload: load, round $round" modprobe nf_conntrack_netlink
	done
	ns n flows udp 198.18.1.0 4900 0 50 >/dev/null
	flush
	# in stretches of 200 ms
	none_left reload
	cmp_num 'reload: it goes on listening' "$(told reload a destroy)" -ge 50
	listeners_end
	is 'reload: in order' "$(told reload a disorder)" 0
}

# --- the namespace that a listener elsewhere listens to goes away ---
namespace_ends()
{
	ip netns add home
	flow_net gone
	ns home ip netns set gone auto
	ns home ip netns set n auto
	listeners_start home ends -T "$(scaled 60)" 'name=a reliable all-nsid rcvbuf=2048 stop-at=0s resume-at=4s'
	ns gone flows udp 198.18.1.0 4000 0 200 >/dev/null
	ns gone conntrack -F 2>/dev/null
	ns n flows udp 198.18.1.0 5000 0 200 >/dev/null
	ip netns delete gone
	# n, home, and the one that netns_left has just deleted
	check 'namespace ends: at once' wait_for 'netns_left 3' 20
	flush
	none_left 'namespace ends'
	check 'namespace ends: the other one is heard to its end' \
		wait_for '[ "$(told ends a destroy)" -ge 200 ]' 20
	listeners_end
	is 'namespace ends: in order' "$(told ends a disorder)" 0
}

flow_begin n 40000
# nothing ends by itself, on a slow machine neither
ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1200
no_port
full_requester
many
changes
reload
namespace_ends
finish
