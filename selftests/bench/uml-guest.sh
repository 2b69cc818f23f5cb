#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Process 1 of a user-mode Linux guest: mounts what it needs over the host's
# read-only root, loads the modules of $NFCT_TREE, runs $NFCT_SCENARIO and
# prints "RESULT metric parameter value unit" lines. The environment comes from
# the kernel command line.
set -euo pipefail

PATH=/usr/sbin:/usr/bin:/sbin:/bin
tools=$NFCT_TOOLS
sizes=${NFCT_SIZES:-5,64,320,1000}
# shellcheck source=selftests/bench/packets.sh
. "${0%/*}/packets.sh"

halt_now() {
	busybox poweroff -f
	sleep 60
}

fail() {
	echo "GUEST-FAILED $*"
	dmesg | tail -n 30
	halt_now
}

mounts() {
	local release

	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mount -t tmpfs tmpfs /tmp
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /lib/modules
	release=$(uname -r)
	mkdir "/lib/modules/$release"
	mount --bind "$NFCT_TREE/lib/modules/$release" "/lib/modules/$release"
}

# --- scenarios: one function each, named in $NFCT_SCENARIO ---

scenario_flows() {
	local addrs label

	for addrs in ${sizes//,/ }; do
		label=${addrs}k
		ct_load
		establish_flows "$addrs"
		result buckets "$label" "$(cat $ct/nf_conntrack_buckets)" buckets
		lookups "$addrs" "$label"
		setups "$addrs" "$label"
		bulk "$addrs" "$label"
		ct_unload
	done
}

bulk() {
	local label=$2 line

	[ "$1" -ge 300 ] || return 0
	line=$("$tools/ctnl" dump)
	result dump "$label" "$(value seconds "$line")" s
	result dump_each "$label" \
		"$(over "$(value seconds "$line")e9" "$(value entries "$line")")" ns
	line=$("$tools/ctnl" flush)
	result flush "$label" "$(value seconds "$line")" s
	[ "$(ct_count)" = 0 ] || result flush_left "$label" "$(ct_count)" flows
}

# The same figures when 52,468 flows have come, and when they have been replaced for some
# lifetimes. The table has no reason to change its size meanwhile.
scenario_aged() {
	local lifetimes=${NFCT_LIFETIMES:-35}

	ct_load
	groups_live 0 1
	aged_figures fresh 0
	groups_live 1 "$lifetimes"
	aged_figures "${lifetimes}lives" $((lifetimes - 1))
	ct_unload
}

# aged_figures LABEL LIFETIME
aged_figures() {
	local label=$1 base=$((clients + $2 * 4 * group_addrs)) i

	result aged_flows "$label" "$(ct_count)" flows
	[ ! -e /proc/net/stat/nf_conntrack_table ] ||
		result aged_overflow "$label" "$(awk 'NR == 2 { print $4 }' \
			/proc/net/stat/nf_conntrack_table)" lines
	lookups $((4 * group_addrs)) "$label" aged_lookup $base
	for ((i = 0; i < repeats; i++)); do
		setup_run aged_setup 52 "$label"
		# these go, the others have marks
		"$tools/ctnl" flush 0 >/dev/null
	done
}

slab_bytes() {
	awk -v re="$1" 'NR > 2 && $1 ~ re { n += $15 * $6 * 4096 }
		END { printf "%.0f\n", n }' /proc/slabinfo
}

# All pages, the table included, with and without what a monitor would turn on.
scenario_memory() {
	memory_with "${sizes##*,}" 0 "${sizes##*,}k"
	memory_with "${sizes##*,}" 1 "${sizes##*,}k+acct"
}

memory_with() {
	local addrs=$1 acct=$2 label=$3 flows free0 free1 slab0 slab1

	flows=$((addrs * ports))
	ct_load
	create_flows 1
	ct_unload
	free0=$(free_bytes)
	slab0=$(slab_bytes .)
	ct_load
	echo "$acct" >$ct/nf_conntrack_acct
	create_flows "$addrs"
	free1=$(free_bytes)
	slab1=$(slab_bytes .)
	result memory_all "$label" "$(over $((free0 - free1)) $flows)" bytes
	result memory_slabs "$label" "$(over $((slab1 - slab0)) $flows)" bytes
	result memory_entry_slab "$label" \
		"$(over "$(slab_bytes nf_conntrack)" $flows)" bytes
	ct_unload
}

# Namespaces without entries end, one after the other, beside few entries and many.
scenario_netns() {
	local addrs i

	for addrs in 1 100; do
		ct_load
		create_flows $addrs
		for ((i = 0; i < repeats; i++)); do
			result netns_end "${addrs}k" "$(over \
				"$(value ns "$("$tools/nsend" 20 $cpu_clock)")" 1000)" us
		done
		ct_unload
	done
}

scenario_proc() {
	local addrs=${NFCT_PROC_SIZE:-200} line

	ct_load
	create_flows "$addrs"
	line=$("$tools/ctnl" read /proc/net/nf_conntrack)
	result proc_read "${addrs}k" "$(value seconds "$line")" s
	result proc_lines "${addrs}k" "$(value lines "$line")" lines
	ct_unload
}

# When a listener gets to see an event depends on the guest's one CPU as well:
# its time of arrival is not counted, but that it arrives is.
scenario_late() {
	local addrs=${NFCT_LATE_SIZE:-200} label what line flows reader watcher

	label=${addrs}k
	flows=$((addrs * ports))
	ct_load
	echo 10 >$ct/nf_conntrack_udp_timeout
	echo 1 >$ct/nf_conntrack_timestamp
	"$tools/evlisten" -g 4 -b 800000000 -i 60 -D $flows \
		>/tmp/listener &
	reader=$!
	"$tools/ctwatch" $flows 10 400 >/tmp/watch &
	watcher=$!
	while ! grep -q ready /tmp/listener /tmp/watch; do sleep 0.05; done
	create_flows "$addrs"
	wait $watcher || fail "$(cat /tmp/watch)"
	wait $reader || true
	line=$(tail -n 1 /tmp/watch)
	for what in p50 p99 max; do
		result "late_removal_$what" "$label" "$(value $what "$line")" s
	done
	result late_burst "$label" "$(value burst "$line")" of_1
	line=$(tail -n 1 /tmp/listener)
	result late_events "$label" "$(value destroy "$line")" events
	ct_unload
}

trap 'fail "line $LINENO"' ERR
mounts
insmod "$tools/cputime.ko"
"$tools/ctnl" seed
net_up
result started - "$(modinfo -n nf_conntrack | sed 's,.*/lib/modules/[^/]*/,,')" -
for scenario in ${NFCT_SCENARIO//,/ }; do
	"scenario_$scenario"
done
result finished - "$NFCT_SCENARIO" -
halt_now
