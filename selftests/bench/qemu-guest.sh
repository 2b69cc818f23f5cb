#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs in a QEMU guest of selftests/vm: qemu-guest.sh SCENARIO FLOWS. Prints
# "RESULT metric parameter value unit" lines.
#   events  a reliable listener with a 2,048-byte buffer, then a flush
#   expect  the same for expectations
#   listeners  1, 2, 4 and 8 reliable listeners of mixed pace at once
#   cpus    new connections from one and from two CPUs
#   table   memory of an empty table whose size a user has set
#   icount  instructions per packet (boot.sh --icount: a nanosecond is one), also per
#           packet that a full table refuses, and per entry of a dump and a flush
#   xt      instructions per packet of each match and target (boot.sh --icount)
#   xtframes  the same for those that look at other packets than UDP over IPv4
#   helpers instructions per control packet of each helper (boot.sh --icount)
#   xtcpus  packets that two CPUs send through one rule
set -euo pipefail

tools=/payload/bin
scenario=$1
flows=$2
NFCT_REPEATS=1
NFCT_PACKETS=20000
# shellcheck source=selftests/bench/packets.sh
. "${0%/*}/packets.sh"
# shellcheck source=selftests/bench/xt.sh
. "${0%/*}/xt.sh"
# shellcheck source=selftests/data/helper.sh
. "${0%/*}/helper.sh"
# shellcheck source=selftests/bench/helpers.sh
. "${0%/*}/helpers.sh"

fail() {
	echo "GUEST-FAILED $*"
	exit 1
}

# hear ARG...: a reliable reader with a small buffer; its pid is in $reader.
hear() {
	"$tools/evlisten" -R -b 2048 -i 20 "$@" >/tmp/listener &
	reader=$!
	while ! grep -q ready /tmp/listener; do sleep 0.1; done
}

# heard KIND LABEL: what it has received, after some minutes at most.
heard() {
	local kind=$1 label=$2 line i

	for ((i = 0; i < 400; i++)); do
		kill -0 "$reader" 2>/dev/null || break
		sleep 1
	done
	kill "$reader" 2>/dev/null || true
	wait "$reader" || true
	line=$(tail -n 1 /tmp/listener)
	echo "# $kind $label: $line"
	result "${kind}_new" "$label" "$(value new "$line")" events
	result "${kind}_destroy" "$label" "$(value destroy "$line")" events
	result "${kind}_rate" "$label" "$(value rate "$line")" per_s
	if [ "$label" != nopause ]; then
		result "${kind}_pace" "$label" "$(value pace "$line")" per_s
		result "${kind}_share" "$label" "$(over \
			"$(value rate "$line")" "$(value pace "$line")")" of_1
	fi
	result "${kind}_disorder" "$label" $(($(value again "$line") +
		$(value disorder "$line"))) events
	result "${kind}_unannounced" "$label" "$(value headless "$line")" events
	sleep 3
}

# FLOWS new flows, then a flush.
listen_and_flush() {
	local label=$1

	shift
	hear -g 5 -D "$flows" "$@"
	echo "# $label: $("$tools/udpnew" 198.18.0.1 "$flows")"
	sleep 1
	echo "# $label: flush $("$tools/ctnl" flush)"
	heard events "$label"
}

scenario_events() {
	ct_load
	listen_and_flush nopause
	listen_and_flush pause -p 500
}

# A fifth of FLOWS expectations (10,000) by rules, then by FTP sessions of 200
# PASV each, where every answer's expectation replaces the one before.
scenario_expect() {
	local count=$((flows / 5)) addr

	# shellcheck source=selftests/data/expect.sh
	. "${0%/*}/expect.sh"
	ct_load
	modprobe nf_conntrack_ftp
	echo $((count * 2)) >$ct/nf_conntrack_expect_max
	ip address add 127.0.0.1/8 dev lo 2>/dev/null || true
	expectation_rules 1000 >/tmp/rules
	nft -f /tmp/rules
	hear -g 0x28 -p 500 -D $count
	for ((addr = 1; addr <= count / 1000; addr++)); do
		"$tools/flows" udp 198.18.$addr.0 4000 0 1000
	done
	"$tools/ctnl" flush
	heard expect rule

	ftp_rules | nft -f -
	python3 "$tools/ftpmany.py" serve 127.0.0.1 &
	sleep 1
	hear -g 0x28 -p 500 -D $count
	echo "# ftp: answers $(python3 "$tools/ftpmany.py" ask 127.0.0.1 $((count / 200)) 200)"
	"$tools/ctnl" flush
	heard expect ftp
	kill %python3
}

# A reliable listener each: buffer, pace, and habits of its own
LISTENERS=(
	'rcvbuf=33554432'
	'rcvbuf=2048 pause=500us'
	'rcvbuf=2048 noenobufs pause=1000us'
	'rcvbuf=2048'
	'rcvbuf=8192 pause=100us duty=200ms/1s'
	'rcvbuf=4096 noenobufs pause=200us'
	'rcvbuf=65536 pause=300us'
	'rcvbuf=2048 pause=2000us'
)

# key KEY NAME: a figure of one listener's line
key() { sed -n "s/^$2 .*\\b$1=\\([^ ]*\\).*/\\1/p" /tmp/listeners; }

# The longest time, in ms, for which a listener has taken nothing while events wait
watch_oldest() {
	local file=/proc/net/stat/nf_conntrack_listeners oldest=0 now

	[ -e $file ] || return 0
	while [ -e /tmp/watching ]; do
		now=$(awk 'NR > 1 && $NF > max { max = $NF } END { print max + 0 }' $file)
		[ "$now" -le "$oldest" ] || oldest=$now
		echo "$oldest" >/tmp/oldest
		sleep 0.2
	done
}

# listen_at_once N FLOWS
listen_at_once() {
	local n=$1 count=$2 i pid watcher label
	local -a specs=()

	for ((i = 0; i < n; i++)); do
		specs+=("name=l$((i + 1)) reliable expect=$count ${LISTENERS[i]}")
	done
	"$tools/listeners" -T 60 "${specs[@]}" >/tmp/listeners &
	pid=$!
	while ! grep -q ready /tmp/listeners; do sleep 0.1; done
	echo 0 >/tmp/oldest
	touch /tmp/watching
	watch_oldest &
	watcher=$!
	"$tools/udpnew" 198.18.0.1 "$count" >/dev/null
	kill -USR1 $pid
	"$tools/ctnl" flush >/dev/null
	wait $pid || true
	rm /tmp/watching
	wait $watcher
	echo "# $n listeners: $(cat /tmp/listeners)"
	for ((i = 1; i <= n; i++)); do
		label=${n}/$i
		result listeners_destroy "$label" "$(key destroy l$i)" events
		result listeners_rate "$label" "$(key rate l$i)" per_s
		result listeners_share "$label" "$(key share l$i)" percent
		result listeners_copies "$label" "$(key copies l$i)" events
	done
	[ ! -e /proc/net/stat/nf_conntrack_listeners ] ||
		result listeners_oldest "$n" "$(cat /tmp/oldest)" ms
}

scenario_listeners() {
	local n

	ct_load
	for n in 1 2 4 8; do
		listen_at_once $n $((flows / 25))
		# stock still tries to end those that a listener has not heard of
		"$tools/ctnl" flush >/dev/null
		sleep 5
	done
}

scenario_cpus() {
	local threads i line

	ct_load
	for ((i = 0; i < 3; i++)); do
		for threads in 1 2; do
			line=$("$tools/udpnew" -t $threads 198.18.0.1 100000)
			result cpus_rate "${threads}cpu" \
				"$(value per_second "$line")" per_s
			"$tools/ctnl" flush >/dev/null
		done
	done
}

scenario_table() {
	table_memory 1048576 1M
	table_memory 4194304 4M
}

# table_memory BUCKETS LABEL: of the module and its table. What stays behind a module for
# ever is there before.
table_memory() {
	local free

	modprobe nf_conntrack hashsize="$1"
	rmmod nf_conntrack
	free=$(free_bytes)
	modprobe nf_conntrack hashsize="$1"
	result memory_set "$2" "$(over $((free - $(free_bytes))) 1048576)" MB
	rmmod nf_conntrack
}

scenario_icount() {
	local off on

	ct_load
	create_flows 5
	every_answer $clients 5 >/dev/null
	drop_on
	on=$(random_flows $clients 5 "$packets")
	hooks_off
	off=$(random_flows $clients 5 "$packets")
	drop_off
	result icount_lookup 5k "$(minus "$on" "$off")" instructions
	off=$(every_flow $strangers 5)
	hooks_on
	on=$(every_flow $strangers 5)
	result icount_setup 5k "$(minus "$on" "$off")" instructions
	icount_full
	icount_many 5 64 320
}

# A table of established flows is full: each packet of another flow is dropped. As many
# buckets as flows, which is the default limit.
icount_full() {
	local off on

	"$tools/ctnl" flush >/dev/null
	echo $((5 * ports)) >$ct/nf_conntrack_buckets
	establish_flows 5
	ct_count >$ct/nf_conntrack_max
	# the kernel's log is not what is measured
	dmesg -n 1
	drop_on
	hooks_off
	off=$(every_flow $strangers 5)
	hooks_on
	on=$(every_flow $strangers 5)
	drop_off
	[ "$(ct_count)" = "$(cat $ct/nf_conntrack_max)" ] || fail "$(ct_count) flows"
	result icount_full 5k "$(minus "$on" "$off")" instructions
}

# As many flows as given, in thousands, into an empty table, which may grow; then all at
# once.
icount_many() {
	local off on addrs flows

	for addrs; do
		ct_unload
		ct_load
		hooks_off
		off=$(every_flow $clients 5)
		hooks_on
		on=$(every_flow $clients "$addrs")
		result icount_new "${addrs}k" "$(minus "$on" "$off")" instructions
		flows=$(ct_count)
		result icount_dump "${addrs}k" "$(over \
			"$(value seconds "$("$tools/ctnl" dump)")e9" "$flows")" instructions
		result icount_flush "${addrs}k" "$(over \
			"$(value seconds "$("$tools/ctnl" flush)")e9" "$flows")" instructions
	done
}

net_up
"scenario_$scenario"
result finished - "$scenario" -
