#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs in a QEMU guest of selftests/vm: qemu-guest.sh SCENARIO FLOWS. Prints
# "RESULT metric parameter value unit" lines.
#   events  a reliable listener with a 2,048-byte buffer, then a flush
#   cpus    new connections from one and from two CPUs
#   icount  instructions per packet (boot.sh --icount: a nanosecond is one)
set -euo pipefail

tools=/payload/bin
scenario=$1
flows=$2
NFCT_REPEATS=1
NFCT_PACKETS=20000
# shellcheck source=selftests/bench/packets.sh
. "${0%/*}/packets.sh"

fail() {
	echo "GUEST-FAILED $*"
	exit 1
}

# One reader, FLOWS new flows, a flush; given up after some minutes.
listen_and_flush() {
	local label=$1 pid line i

	shift
	"$tools/ctlisten" -R -b 2048 -g 5 -i 20 -D "$flows" "$@" \
		>/tmp/listener &
	pid=$!
	while ! grep -q ready /tmp/listener; do sleep 0.1; done
	echo "# $label: $("$tools/udpnew" 198.18.0.1 "$flows")"
	sleep 1
	echo "# $label: flush $("$tools/ctnl" flush)"
	for ((i = 0; i < 400; i++)); do
		kill -0 $pid 2>/dev/null || break
		sleep 1
	done
	kill $pid 2>/dev/null || true
	wait $pid || true
	line=$(tail -n 1 /tmp/listener)
	echo "# $label: $line"
	result events_new "$label" "$(value new "$line")" events
	result events_destroy "$label" "$(value destroy "$line")" events
	result events_rate "$label" "$(value destroy_per_s "$line")" per_s
	if [ $# -gt 0 ]; then
		result events_pace "$label" "$(value own_pace "$line")" per_s
		result events_share "$label" "$(over \
			"$(value destroy_per_s "$line")" \
			"$(value own_pace "$line")")" of_1
	fi
	result events_disorder "$label" $(($(value twice "$line") +
		$(value late_new "$line"))) events
	result events_unannounced "$label" "$(value early "$line")" events
	sleep 3
}

scenario_events() {
	ct_load
	listen_and_flush nopause
	listen_and_flush pause -p 500
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
}

net_up
"scenario_$scenario"
result finished - "$scenario" -
