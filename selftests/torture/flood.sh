#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Floods that fill the table of a router, in the guest, for stock and ours: connections
# that are there go on, a new one to the router itself gets in, memory has a limit, and a
# reliable listener hears all or is told. Then somebody who chooses all tuples, but does
# not know the key. Figures are "report flood-KIND KEY VALUE".
#
# Usage: flood.sh SECONDS    of each flood

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/torture/torture.sh
. /payload/torture/torture.sh

SECONDS_OF_FLOOD=${1:-10}
MAX=4096
COUNT=20000

# On stock only a figure: it has made no promise
promise()
{
	if is_ours; then
		"$@"
	else
		note "stock: $2: got ${3:-}, ours: ${*:4}"
	fi
}

background()
{
	nsenter --net="/run/netns/$1" -- "${@:2}" >/tmp/background 2>&1 &
}

begin()
{
	torture_begin 1
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=0
	torture_timeouts 60 600
	sysctl -qw net.netfilter.nf_conntrack_max=$MAX net.netfilter.nf_conntrack_buckets=$MAX
	background s underflood.py serve 10.0.2.2 80
	background r underflood.py serve 10.0.1.1 22
	must wait_for 'ns s ss -Htln | grep -q :80 && ns r ss -Htln | grep -q :22' 60
	background c underflood.py talk /tmp/talk 10.0.2.2 80 5
	must wait_for '[ "$(torture_figure /tmp/talk least)" -ge 3 ]' 60
	must wait_for '[ "$(ns r conntrack -L -p tcp 2>/dev/null | grep -c "dport=80 .*ASSURED")" = 5 ]' 60
	# its table is full in no time on stock: it is a plain one there
	nsenter --net=/run/netns/r -- oracle -R -b 33554432 -n judge -f $TORTURE/figures/judge \
		-v $TORTURE/faults >/tmp/judge 2>&1 &
	echo $! >$TORTURE/listeners/judge
	must wait_for 'grep -q ready /tmp/judge' 60
}

# under_flood KIND
under_flood()
{
	local trips most=0 now sender ms

	trips=$(torture_figure /tmp/talk least)
	flood "$1" "$SECONDS_OF_FLOOD" >"/tmp/flood.$1" &
	sender=$!
	wait_for "[ \"\$(ctcount r)\" -ge $((MAX * 9 / 10)) ]" 30
	# a short flood may be over before the connection below is made
	most=$(ctcount r)
	ms=$(ns c underflood.py connect 10.0.1.1 22 60 2>&1)
	while kill -0 $sender 2>/dev/null; do
		now=$(ctcount r)
		[ "$now" -le "$most" ] || most=$now
		sleep 0.2
	done
	wait $sender
	note "report flood-$1 sent $(torture_figure "/tmp/flood.$1" sent)"
	note "report flood-$1 passed $(torture_figure "/tmp/flood.$1" passed)"
	note "report flood-$1 passed_per_second $(torture_figure "/tmp/flood.$1" per_second)"
	note "report flood-$1 new_connection_ms $ms"
	note "report flood-$1 most_entries $most"
	note "report flood-$1 dropped $(stat_sum r nf_conntrack drop) early_drop $(stat_sum r nf_conntrack early_drop)"
	promise cmp_num "$1: the table was full" "$most" -ge $((MAX * 9 / 10))
	promise cmp_num "$1: its size, and what waits, have a limit" "$most" -le $((2 * MAX + 100))
	promise cmp_num "$1: a new connection to the router gets in" "${ms//[!0-9]/x}" -ge 0
	promise check "$1: connections that were there go on" \
		wait_for "[ \"\$(torture_figure /tmp/talk least)\" -gt $((trips + 3)) ]" 60
	promise is "$1: none has ended" "$(torture_figure /tmp/talk broken)" 0
}

# tuples KIND: COUNT entries of this kind in a table of that many slots, twice
tuples()
{
	ns r conntrack -F 2>/dev/null
	wait_for '[ "$(ctcount r)" -lt 100 ]' 60
	flood_once "$1"
	note "report tuples-$1 entries $(ctcount r)"
	note "report tuples-$1 packets_per_second $(torture_figure "/tmp/flood.$1" per_second)"
	is_stock || note "report tuples-$1 overflow $(torture_table overflow)"
}

flood_once()
{
	flood "$1" $COUNT >"/tmp/flood.$1"
	# once more, now that each has an entry: lookups
	flood "$1" $COUNT >"/tmp/flood.$1"
}

listener_judged()
{
	torture_tell USR1
	ns r conntrack -F 2>/dev/null
	wait_for '[ "$(ctcount r)" -lt 100 ]' 60
	is_stock || check 'the listener has all' wait_for '[ "$(waiting r)" = 0 ]' 120
	note "report listener new $(torture_figure $TORTURE/figures/judge new) destroy $(torture_figure $TORTURE/figures/judge destroy) judged $(torture_figure $TORTURE/figures/judge judged) lost $(torture_lost 2>/dev/null) faults $(torture_figure $TORTURE/figures/judge faults)"
	is_ours || return 0
	if [ "$(torture_lost)" -gt 0 ]; then
		ok 'the listener was too slow, and the loss is counted'
	else
		torture_faults 'a reliable listener beside floods'
	fi
}

allow_log 'giving up events of others'
begin
for kind in syn udp icmp; do
	under_flood $kind
done
listener_judged
stop "$(cat $TORTURE/listeners/judge)"
sysctl -qw net.netfilter.nf_conntrack_max=65536 net.netfilter.nf_conntrack_buckets=32768
sleep 1
tuples spread
spread=$(torture_table overflow 2>/dev/null)
tuples collide
is_stock || cmp_num 'tuples that an attacker chooses: no longer tuples than others' \
	"$(torture_table overflow)" -le $((spread * 2 + 50))
note "report memory kernel_kib $(awk '/^Slab:/ { print $2 }' /proc/meminfo)"
finish
