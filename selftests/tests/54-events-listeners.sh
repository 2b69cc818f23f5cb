#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Listeners are independent: one that is stopped, slow, or reads now and then
# neither withholds events from others nor makes them read copies.  What waited for
# one that leaves is released at once.
#
# PROMISE
# TIMED
# TIMEOUT: 300

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/listeners.sh
. /payload/data/listeners.sh

LARGE=33554432
FLOWS=$(sized 2000 500)

all_gone()
{
	check "$1: no entry is left" wait_for '[ "$(ctcount n)" = 0 ]' 20
}

# Listener $2 is complete long before $3, which takes its time; on stock that one never
# has all.
not_held()
{
	local slow

	slow=$(told "$1" "$3" 'done')
	if is_stock || is_debug; then
		skip "$1: $2: complete long before $3" 'it loses events on stock; the debug kernel is slower still'
		return
	fi
	below "$1: $2: complete long before $3" "$(told "$1" "$2" 'done')" \
		"$(gawk -v slow="$slow" 'BEGIN { print slow * 0.6 }')"
}

# --- one that never reads: the others hear everything while it is there ---
beside_stopped()
{
	local name

	listeners_start n stopped -T "$(scaled 8)" \
		'name=stopped reliable rcvbuf=2048 stopped' \
		"name=healthy reliable rcvbuf=$LARGE expect=$FLOWS" \
		"name=plain rcvbuf=$LARGE expect=$FLOWS"
	make_flows "$FLOWS"
	listeners_mark
	flush
	listeners_end 15
	for name in healthy plain; do
		whole stopped $name "$FLOWS"
		single stopped $name
	done
	all_gone stopped
}

# --- one that never reads, and connections that go on: the others hear no repeats ---
repeats()
{
	local name i

	listeners_start n repeats -T "$(scaled 20)" \
		'name=stopped reliable rcvbuf=2048 stopped' \
		"name=healthy reliable rcvbuf=$LARGE expect=50" \
		"name=plain rcvbuf=$LARGE expect=50"
	for ((i = 1; i <= 40; i++)); do
		if ((i % 10)); then
			make_flows 50
		else
			make_marked $i 50
		fi
	done
	flush
	listeners_end 20
	for name in healthy plain; do
		whole repeats $name 50
		is "repeats: $name: no event comes again" "$(told repeats $name copies)" 0
		is "repeats: $name: each change once" "$(told repeats $name update)" 200
	done
	all_gone repeats
}

# --- a slow reliable one: a plain one is no later than on stock ---
beside_slow()
{
	local count=$((FLOWS * 3 / 4)) seconds

	seconds=$(scaled 20)
	# there the slow one never has all
	is_stock && seconds=15
	listeners_start n slow -T "$seconds" \
		"name=slow reliable rcvbuf=2048 pause=1100us expect=$count" \
		"name=plain rcvbuf=$LARGE expect=$count"
	make_flows $count
	listeners_mark
	flush
	listeners_end 25
	whole slow plain $count
	single slow plain
	not_held slow plain slow
	is_stock || whole slow slow $count
	is_stock || single slow slow
	all_gone slow
}

# --- two that empty their sockets in turn: all within two rounds ---
in_turn()
{
	local name

	listeners_start n turn -T 40 \
		'name=even reliable rcvbuf=2048 empty-every=6s expect=20' \
		'name=odd reliable rcvbuf=2048 empty-every=6s phase=3s expect=20'
	make_flows 20
	listeners_mark
	flush
	listeners_end 45
	for name in even odd; do
		whole turn $name 20
		single turn $name
		prompt turn $name 13
	done
	all_gone turn
}

# --- nine at once: each has its own groups, buffer and pace ---
crowd()
{
	local count=$((FLOWS / 2)) name

	listeners_start n crowd -T "$(scaled 20)" \
		"name=large reliable rcvbuf=$LARGE expect=$count" \
		"name=tiny reliable rcvbuf=2048 pause=200us expect=$count" \
		"name=deaf reliable noenobufs rcvbuf=8192 pause=500us expect=$count" \
		'name=ends reliable groups=destroy rcvbuf=4096 pause=1000us' \
		'name=births reliable groups=new rcvbuf=4096 pause=1500us' \
		"name=nap reliable duty=200ms/1s pause=100us expect=$count" \
		"name=visitor reliable empty-every=2s expect=$count" \
		"name=slow reliable pause=2000us expect=$count" \
		'name=stopped reliable stopped' \
		"name=plain rcvbuf=$LARGE expect=$count"
	make_flows $count
	listeners_mark
	flush
	listeners_end 25
	for name in large tiny deaf nap visitor slow plain; do
		whole crowd $name $count
		single crowd $name
	done
	is 'crowd: births: every NEW' "$(told crowd births new) $(told crowd births destroy)" "$count 0"
	is 'crowd: ends: every DESTROY' "$(told crowd ends new) $(told crowd ends destroy)" "0 $count"
	single crowd births
	single crowd ends
	not_held crowd large slow
	not_held crowd plain slow
	for name in tiny deaf ends births nap slow; do
		# 90 with two or three readers (events-pace); ten share two processors
		at_pace crowd $name 75
	done
	all_gone crowd
}

# --- what waited for one that leaves ---
# $1: tag, $2: namespace it listens from; the rest are words
leaver()
{
	local tag=$1 from=$2
	shift 2

	listeners_start "$from" "$tag" -T "$(scaled 30)" \
		"name=leaver reliable rcvbuf=2048 stopped leave-at=$(scaled 8)s count-in=/run/netns/n $*"
	make_flows "$FLOWS"
	flush
	is_stock || cmp_num "$tag: events wait" "$(waiting n)" -ge $((FLOWS - 20))
	wait_for "[ \"\$(told $tag leaver released)\" != -1.0 ]" 30
	listeners_end
	if is_debug; then
		skip "$tag: entries are released within 50 ms" 'the kernel itself is too slow'
		return
	fi
	below "$tag: entries are released within 50 ms" "$(told "$tag" leaver released)" "$(limit 50)"
}

leaving()
{
	leaver close n leave=close
	leaver drop n leave=drop
	ip netns set n auto
	ip netns add watcher
	ns watcher ip netns set n auto
	leaver elsewhere watcher leave=close all-nsid
	leaver elsewhere-drop watcher leave=drop all-nsid
}

flow_begin n $((FLOWS * 20))
beside_stopped
repeats
beside_slow
in_turn
crowd
leaving
finish
