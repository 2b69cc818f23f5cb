# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Packet measurements that guests of both kinds use; sourced. The caller sets
# $tools (folder of the C programs) and defines fail().
#
# Packets enter on in0 and leave on out0, both dummies. A nanosecond figure is
# always the difference between the same packets with and without conntrack's
# hooks: table "use" holds the one rule that makes the kernel register them.

: "${tools:?}"
packets=${NFCT_PACKETS:-1000000}
repeats=${NFCT_REPEATS:-3}
ports=1009			# prime: stepping through both visits every pair
first_port=20000
server=198.18.0.1		# behind out0
clients=$((10 << 24 | 128 << 16))	# 10.128.0.0, behind in0
strangers=$((10 << 24 | 192 << 16))	# 10.192.0.0, flows not seen before
ct=/proc/sys/net/netfilter
cpu_clock=/proc/nfct_cputime

result() { echo "RESULT $*"; }
minus() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f\n", a - b }'; }
over() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f\n", a / b }'; }
dotted() {
	echo "$(($1 >> 24)).$(($1 >> 16 & 255)).$(($1 >> 8 & 255)).$(($1 & 255))"
}

# value KEY LINE: the number behind KEY= in a tool's output.
value() {
	local pair

	for pair in $2; do
		[ "${pair%%=*}" != "$1" ] || { echo "${pair#*=}"; return 0; }
	done
	return 1
}

net_up() {
	local d

	modprobe dummy numdummies=0
	modprobe pktgen
	for d in in0 out0; do
		ip link add "$d" type dummy
		ip link set "$d" up
	done
	ip link set lo up
	ip addr add 10.1.0.1/24 dev in0
	ip addr add 10.2.0.1/24 dev out0
	ip neigh add 10.1.0.2 lladdr 02:00:00:00:01:02 nud permanent dev in0
	ip neigh add 10.2.0.2 lladdr 02:00:00:00:02:02 nud permanent dev out0
	ip route add 10.128.0.0/9 via 10.1.0.2
	ip route add 198.18.0.0/15 via 10.2.0.2
	sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		net.ipv4.conf.default.rp_filter=0
	nft 'table ip sink {
		chain pre { type filter hook prerouting priority -100; }
	}'
}

drop_on() { nft add rule ip sink pre drop; }
drop_off() { nft flush chain ip sink pre; }

hooks_on() {
	nft 'table ip use {
		chain late {
			type filter hook postrouting priority 0;
			ip saddr 255.255.255.255 ct state new
		}
	}'
}

# The hooks go when the rule is released, which a work item does.
hooks_off() {
	nft delete table ip use
	sleep 0.3
}

ct_load() {
	modprobe nf_conntrack
	modprobe nft_ct
	modprobe -q nf_conntrack_netlink || true
	echo 3000000 >$ct/nf_conntrack_max
	echo 100000 >$ct/nf_conntrack_udp_timeout
	echo 100000 >$ct/nf_conntrack_udp_timeout_stream
	hooks_on
}

# Removing the modules is a flush, and brings the table back to its first size.
# One by one: modprobe -r would take nf_tables along, and our rules with it.
ct_unload() {
	local module

	hooks_off
	for module in nf_conntrack_netlink nft_ct nf_conntrack; do
		[ ! -e /sys/module/$module ] || rmmod $module ||
			fail "$module cannot be removed"
	done
}

ct_count() { cat $ct/nf_conntrack_count; }

mem_free() { awk '$1 == "MemFree:" { printf "%.0f\n", $2 * 1024 }' /proc/meminfo; }

# The kernel gives memory back in the background: this waits until no more comes.
free_bytes() {
	local before now i

	sync
	echo 3 >/proc/sys/vm/drop_caches
	now=$(mem_free)
	for ((i = 0; i < 20; i++)); do
		sleep 1
		before=$now
		now=$(mem_free)
		[ "$now" -gt "$before" ] || break
	done
	echo "$now"
}

pg() { echo "$2" >"/proc/net/pktgen/$1"; }

# pg_run DEV COUNT COMMAND...: COUNT packets into DEV; prints ns for each, of
# processor time in user-mode Linux (see cputime/), else of pktgen's clock.
pg_run() {
	local dev=$1 count=$2 mac command before after

	shift 2
	mac=$(cat "/sys/class/net/$dev/address")
	pg kpktgend_0 rem_device_all
	pg kpktgend_0 "add_device $dev"
	for command in "count $count" 'clone_skb 0' 'pkt_size 60' 'delay 0' \
		'xmit_mode netif_receive' 'flag NO_TIMESTAMP' \
		"dst_mac $mac" "$@"; do
		pg "$dev" "$command"
	done
	[ ! -e $cpu_clock ] || read -r before <$cpu_clock
	echo start >/proc/net/pktgen/pgctrl
	if [ -e $cpu_clock ]; then
		read -r after <$cpu_clock
		over $((after - before)) "$count"
	else
		sed -n 's/^Result: OK: \([0-9]*\).*/\1000/p' \
			"/proc/net/pktgen/$dev" | { read -r us; over "$us" "$count"; }
	fi
}

# Each pair of a client's address and port once, the last address included, into
# device $1. $2 and $3 are src and dst: the side of the client and of the server.
every_pair() {
	local dev=$1 client=$2 peer=$3 base=$4 addrs=$5

	pg_run "$dev" $((addrs * ports)) "${client}_min $(dotted "$base")" \
		"${client}_max $(dotted $((base + addrs - 1)))" \
		"${peer}_min $server" "${peer}_max $server" \
		"udp_${client}_min $first_port" \
		"udp_${client}_max $((first_port + ports))" \
		"udp_${peer}_min 9" "udp_${peer}_max 9"
}

every_flow() {
	every_pair in0 src dst "$@"
}

every_answer() {
	every_pair out0 dst src "$@"
}

# Random ranges exclude the last address.
random_flows() {
	local base=$1 addrs=$2 count=$3

	pg_run in0 "$count" 'flag IPSRC_RND' 'flag UDPSRC_RND' \
		"src_min $(dotted "$base")" "src_max $(dotted $((base + addrs)))" \
		"dst_min $server" "dst_max $server" \
		"udp_src_min $first_port" "udp_src_max $((first_port + ports))" \
		'udp_dst_min 9' 'udp_dst_max 9'
}

# One flow in a thousand may be missing: the stock table refuses an entry when
# its chain has grown too long.
create_flows() {
	local addrs=$1 want=$(($1 * ports))

	every_flow $clients "$addrs" >/dev/null
	[ "$(ct_count)" -ge $((want - want / 1000)) ] ||
		fail "$(ct_count) of $want flows"
}

# Both directions seen, and old enough (two seconds) to count as streams.
establish_flows() {
	local addrs=$1

	create_flows "$addrs"
	every_answer $clients "$addrs" >/dev/null
	sleep 2.2
	drop_on
	every_flow $clients "$addrs" >/dev/null
	drop_off
}

# lookups ADDRS LABEL [METRIC FIRST-ADDRESS]
lookups() {
	local addrs=$1 label=$2 metric=${3:-lookup} base=${4:-$clients} on off i

	drop_on
	for ((i = 0; i < repeats; i++)); do
		on=$(random_flows "$base" "$addrs" "$packets")
		hooks_off
		off=$(random_flows "$base" "$addrs" "$packets")
		hooks_on
		result "$metric" "$label" "$(minus "$on" "$off")" ns
		result "${metric}_without" "$label" "$off" ns
	done
	drop_off
}

# --- a steady load: groups of flows that come and go, a mark for each ---

group_addrs=13		# four groups: 52,468 flows

# group_create N: the flows of group N, with mark N % 4 + 1
group_create() {
	nft "table ip steady {
		chain pre { type filter hook prerouting priority -150; }
	}
	flush chain ip steady pre
	add rule ip steady pre ct mark set $(($1 % 4 + 1))"
	every_flow $((clients + $1 * group_addrs)) $group_addrs >/dev/null
}

# Lifetimes $1 to $2 of a table in which four groups live at a time.
groups_live() {
	local n

	for ((n = $1 * 4; n < $2 * 4; n++)); do
		"$tools/ctnl" flush $((n % 4 + 1)) >/dev/null
		group_create $n
	done
	nft delete table ip steady
}

# How many new addresses (of 1009 flows each) one set-up measurement uses.
setup_addrs() { [ "$1" -lt 300 ] && echo 5 || echo 20; }

# New flows go to a small table as often as to a large one, so that the figure
# belongs to the size in its name: a small table is made afresh each time.
setup_again() {
	[ "$1" -lt 300 ] || return 0
	ct_unload
	ct_load
	create_flows "$1"
	every_answer $clients "$1" >/dev/null
}

# setup_run METRIC ADDRS LABEL: without conntrack, then with it.
setup_run() {
	local metric=$1 label=$3 n off on

	n=$(setup_addrs "$2")
	strangers=$((strangers + 256))
	hooks_off
	off=$(every_flow $strangers "$n")
	hooks_on
	on=$(every_flow $strangers "$n")
	result "$metric" "$label" "$(minus "$on" "$off")" ns
	[ "$metric" != setup ] || result setup_without "$label" "$off" ns
}

# A listener that holds a large buffer and reads nothing meanwhile: what is
# measured is the kernel's part, not the reader's share of the one CPU.
setup_with_listener() {
	local pid

	"$tools/evlisten" -g 7 -b 400000000 -w 3600 >/tmp/listener &
	pid=$!
	while ! grep -q ready /tmp/listener; do sleep 0.05; done
	setup_run setup_listener "$@"
	kill "$pid"
	wait "$pid" || true
}

setups() {
	local i

	for ((i = 0; i < repeats; i++)); do
		setup_again "$1"
		setup_run setup "$@"
		setup_again "$1"
		setup_with_listener "$@"
		setup_again "$1"
		echo 1 >$ct/nf_conntrack_acct
		setup_run setup_acct "$@"
		echo 0 >$ct/nf_conntrack_acct
	done
}
