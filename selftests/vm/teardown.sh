#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Sourced by guest-init when the script has ended: removes everything a test may
# have left, unloads the conntrack stack and reports through problem() what the
# kernel complained about, what did not go away and what leaked.

# shellcheck source=selftests/vm/slab.sh
. /payload/slab.sh

# Lines of the kernel log that fail a run.
COMPLAINTS='\bBUG:|BUG at |WARNING:|Oops|KASAN|UBSAN:|KCSAN:|general protection|kernel panic'
COMPLAINTS+='|possible circular locking|INFO: possible|possible recursive locking|INFO: inconsistent lock'
COMPLAINTS+='|inconsistent lock state|bad unlock balance|held lock freed|INFO: trying to register'
COMPLAINTS+='|suspicious RCU|suspicious rcu_dereference|refcount_t:|percpu ref|ODEBUG:'
COMPLAINTS+='|unreferenced object|scheduling while atomic|sleeping function called'
COMPLAINTS+='|blocked for more than|soft lockup|hard LOCKUP|self-detected stall|detected stalls'
COMPLAINTS+='|rcu_sched kthread|Objects remaining|still has objects|cut here|unregister_netdevice: waiting'
COMPLAINTS+='|list_(add|del) corruption|bad page|page allocation failure|Unknown symbol|disagrees about version'
COMPLAINTS+='|sysctl table check failed|duplicate sysctl|sysfs: cannot create duplicate|nf_conntrack: .*leak'

# Where lockdep finds fault with the kernel itself, whose modules are all loaded
# unchanged: rules looked up under the commit mutex, a namespace's failed set-up,
# Open vSwitch's limits and timeout policies read when they are configured.
KNOWN_RCU='^[^ ]*(net/netfilter/nf_tables_api|net/ipv4/fib_frontend|net/openvswitch/conntrack)[.]c:[0-9]+ '

# Patterns of complaints that the script has provoked on purpose (allow_log).
ALLOWED_LOG=/run/nfct-allowed-log

# Taint bits of modules built outside the tree (12) and not signed (13).
TAINT_ALLOWED=$((1 << 12 | 1 << 13))

flush_rules()
{
	local cmd table

	ip -all netns delete
	for cmd in iptables-legacy ip6tables-legacy; do
		while read -r table; do
			$cmd -t "$table" -F
			$cmd -t "$table" -X
		done <"/proc/net/${cmd%%tables*}_tables_names"
	done
	nft flush ruleset
	[ -e /proc/net/ip_vs ] && ipvsadm -C
	for table in $(ip -o link | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p'); do
		[ "$table" = lo ] || ip link delete "$table"
		tc qdisc delete dev "$table" root
		tc qdisc delete dev "$table" clsact
	done
	conntrack -F
} >/dev/null 2>&1

conntrack_slabs()
{
	local dir

	for dir in /sys/kernel/slab/nf_conntrack* /sys/kernel/slab/nf_ct*; do
		[ -d "$dir" ] && echo "${dir##*/}"
	done
}

# Entries go after a grace period or two; give them 10 seconds. Overflow lines
# are a part of the table and go with it.
check_slabs_empty()
{
	local slab n tries

	for slab in $(conntrack_slabs); do
		[ "$slab" != nf_conntrack_line ] || continue
		for ((tries = 0; tries < 50; tries++)); do
			n=$(slab_used "$slab")
			[ "$n" = 0 ] && break
			sleep 0.2
			((tries % 10 == 9)) && conntrack -F >/dev/null 2>&1
		done
		[ "$n" = 0 ] || problem "$n objects stay in slab $slab"
	done
}

# Modules that hang on nf_conntrack and that nothing uses, or nf_conntrack.
unloadable()
{
	local -A seen=()
	local -a queue=(nf_conntrack)
	local name holder

	while ((${#queue[@]})); do
		name=${queue[0]}
		queue=("${queue[@]:1}")
		[ -z "${seen[$name]:-}" ] || continue
		seen[$name]=1
		for holder in /sys/module/"$name"/holders/*; do
			[ -e "$holder" ] && queue+=("${holder##*/}")
		done
		[ "$(cat "/sys/module/$name/refcnt" 2>/dev/null)" = 0 ] && echo "$name"
	done
}

unload_stack()
{
	local name progress=1 tries

	for ((tries = 0; tries < 20; tries++)); do
		progress=0
		for name in $(unloadable); do
			rmmod "$name" 2>/dev/null && progress=1
		done
		[ -d /sys/module/nf_conntrack ] || return 0
		# A netns or a socket may still be on its way out.
		((progress)) || sleep 0.3
	done
	problem "nf_conntrack cannot be unloaded, used by:$(lsmod | awk '$1 == "nf_conntrack" { print " " $3 " " $4 }')"
	return 1
}

# Where the stack's modules lie, to read bare addresses with.
module_addresses()
{
	local name address

	for name in $(lsmod | awk 'NR > 1 { print $1 }'); do
		read -r address <"/sys/module/$name/sections/.text" &&
			echo "$address $name"
	done 2>/dev/null
}

# kmemleak's report without what the kernel itself leaks: the name of a slab cache
# whose folder in /sys could not be filled for lack of memory.
unreferenced_objects()
{
	awk '
		function flush_block() {
			if (block !~ /sysfs_slab_add/)
				printf "%s", block
			block = ""
		}
		/^unreferenced object/ { flush_block() }
		{ block = block $0 "\n" }
		END { flush_block() }' "$1"
}

# Looks once, after the unload: what only the modules' data still held shows then
# as well. The traces are bare addresses, since the names went with the modules.
check_kmemleak()
{
	local file=/sys/kernel/debug/kmemleak log line

	[ -e "$file" ] || return 0
	# Objects younger than 5 s are not reported, nor those that a first scan
	# finds changed.
	sleep 6
	echo scan >"$file"
	echo scan >"$file"
	log=$(unreferenced_objects "$file")
	grep -qE '\] 0x[0-9a-f]{16}$|\[(nf_|nfnetlink|nft_|xt_|ip_vs|act_ct|openvswitch)' <<<"$log" || return 0
	problem "kmemleak: $(grep -c '^unreferenced object' <<<"$log") objects"
	printf '# kmemleak, modules were at:\n'
	printf '%s\n' "$1" "$log" | head -n 300 | while IFS= read -r line; do
		echo "#   $line"
	done
}

# The kernel log, without the first two lines of KNOWN_RCU reports.
kernel_log()
{
	dmesg | awk -v known="$KNOWN_RCU" '
		/WARNING: suspicious RCU usage/ { head = $0; next }
		head != "" && / [^ ]*\.c:[0-9]+ / {
			text = $0
			sub(/^\[ *[0-9.]+\] /, "", text)
			known_one = text ~ known
			if (!known_one)
				print head
			head = ""
			# the line names the place, and is a complaint by itself
			if (known_one)
				next
		}
		{ print }
		END { if (head != "") print head }'
}

# KCSAN's reports of races in which none of our modules takes part are left out.
ours_of_races()
{
	local line name

	while read -r line; do
		if [[ $line != *'KCSAN: data-race in '* ]]; then
			echo "$line"
			continue
		fi
		for name in $(grep -oE '\[[A-Za-z0-9_]+\]' <<<"${line#*data-race}" | tr -d '[]'); do
			[ -e "/lib/modules/$(uname -r)/updates/$name.ko" ] || continue
			echo "$line"
			break
		done
	done
}

check_kernel_log()
{
	local line

	touch "$ALLOWED_LOG"
	while read -r line; do
		problem "kernel log: $line"
	done < <(kernel_log | grep -E "$COMPLAINTS" | grep -vE -f "$ALLOWED_LOG" |
		ours_of_races | head -n 10)
}

check_taint()
{
	local taint

	taint=$(cat /proc/sys/kernel/tainted)
	((taint & ~TAINT_ALLOWED)) && problem "kernel is tainted: $taint"
	return 0
}

teardown()
{
	local slab addresses

	flush_rules
	check_slabs_empty
	addresses=$(module_addresses)
	if unload_stack; then
		sleep 0.1
		for slab in $(conntrack_slabs); do
			problem "slab $slab outlives nf_conntrack"
		done
		check_kmemleak "$addresses"
	fi
	check_kernel_log
	check_taint
}
