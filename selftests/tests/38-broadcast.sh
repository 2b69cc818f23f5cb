#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The helpers of NetBIOS names and of SNMP, and what they share: a host that lets in only
# what is related gets the answers to its broadcast questions, of Samba's nmbd and of two
# SNMP agents; from whom they are expected, and for how long; SNMP through NAT; our modules
# together with stock's; events, and removal under traffic.
#
# TIMEOUT: 400

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh

STOCK=/lib/modules/$(uname -r)/kernel/net/netfilter
ALL=10.9.0.255 BOTH='10.9.0.2:161 10.9.0.3:161'

# Namespaces a, b and r on the ports of a switch in w. r has more addresses.
lan_port()
{
	ip link add "$2" netns "$1" type veth peer name "$1" netns w &&
		ns w ip link set dev "$1" master switch up &&
		ns "$1" ip link set lo up &&
		ns "$1" ip address add "$3/24" brd + dev "$2" &&
		ns "$1" ip link set dev "$2" up
}

lan()
{
	ip netns add w && ip netns add a && ip netns add b || return
	ns w ip link add switch type bridge && ns w ip link set dev switch up || return
	lan_port r eth9 10.9.0.1 && lan_port a eth0 10.9.0.2 && lan_port b eth0 10.9.0.3 || return
	ns r ip -batch - <<-'EOT'
		address add 10.8.0.1/16 brd + dev eth9
		address add 10.7.0.1/24 brd 10.7.0.99 dev eth9
		address add 10.6.0.1/24 dev eth9
		route add 10.5.0.0/24 via 10.9.0.2 dev eth9
	EOT
	ns b ip address add 10.5.0.3/32 dev eth0
}

input_policy()
{
	ns r iptables -P INPUT DROP && ns r iptables -A INPUT -i lo -j ACCEPT &&
		ns r iptables -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
}

# $1: action, $2: helper, $3: port
own_rule()
{
	ns r iptables -t raw "$1" OUTPUT -p udp --dport "$3" -j CT --helper "$2"
}

wire()
{
	python3 /payload/bin/bcastwire.py "$@"
}

ask()
{
	ns r python3 /payload/bin/bcastwire.py ask $ALL 161 "$@"
}

# $1: name, $2: port to ask from, $3: port to ask, $4: seconds that the entry and the
# expectation have at the most. A slow guest may take some of them.
lives()
{
	local left

	mapfile -t left < <(wire lives "$2" $ALL "$3")
	note "$1: ${left[*]}"
	cmp_num "$1: the entry lives for $4 s" "${left[0]:-0}" -le "$4"
	cmp_num "$1: for no less" "${left[0]:-0}" -ge $(($4 - 1 - $4 / 10))
	cmp_num "$1: answers are expected for $4 s" "${left[1]:-0}" -le "$4"
	cmp_num "$1: for no less, too" "${left[1]:-0}" -ge $(($4 - 1 - $4 / 10))
}

nmbd_start()
{
	mkdir -p /tmp/nmbd /run/samba
	cat >/tmp/nmbd.conf <<-'EOT'
		[global]
		netbios name = ALPHA
		workgroup = TEST
		interfaces = 10.9.0.2/24
		bind interfaces only = yes
		lock directory = /tmp/nmbd
		state directory = /tmp/nmbd
		cache directory = /tmp/nmbd
		pid directory = /tmp/nmbd
		private dir = /tmp/nmbd
		ncalrpc dir = /tmp/nmbd/rpc
		log file = /tmp/nmbd/log
	EOT
	printf '[global]\nlock directory = /tmp/nmbd\n' >/tmp/lookup.conf
	nsenter --net=/run/netns/a nmbd -F --no-process-group -s /tmp/nmbd.conf >/tmp/nmbd.log 2>&1 &
	NMBD=$!
	wait_for 'ns b nmblookup -s /tmp/lookup.conf -B $ALL ALPHA | grep -q "^10.9.0.2 ALPHA"' 60
}

lookup()
{
	ns r timeout "$(scaled 20)" nmblookup -s /tmp/lookup.conf -B "$ALL" ALPHA | grep -q "^10.9.0.2 ALPHA"
}

snmpd_start()
{
	echo 'rocommunity public' >/tmp/snmpd.conf
	SNMP_PERSISTENT_DIR=/tmp/snmp nsenter --net=/run/netns/a \
		snmpd -f -C -c /tmp/snmpd.conf -Lf /tmp/snmpd.log udp:161 >/dev/null 2>&1 &
	SNMPD=$!
	wait_for 'ns a ss -Hlun sport = :161 | grep -q .' 30
}

# That of Debian gets questions that are sent to a broadcast address, and fails to send the
# answer ("Failure in sendto"): these are answered by a program of ours.
agents_start()
{
	local name

	AGENTS=()
	for name in a b; do
		nsenter --net="/run/netns/$name" python3 /payload/bin/bcastwire.py agent &
		AGENTS+=($!)
		wait_for "ns $name ss -Hlun sport = :161 | grep -q ." 30 || return
	done
}

unload()
{
	ns r conntrack -F 2>/dev/null
	removed "$@"
}

must modprobe -a nf_conntrack_netlink nf_conntrack_netbios_ns nf_conntrack_snmp
must topology
must lan
must input_policy

# --- real peers ---
must nmbd_start
must agents_start
refute 'without the helper: no name' lookup
is 'without the helper: no agent' "$(ask)" ''
must own_rule -A netbios-ns 137
must own_rule -A snmp 161
check 'a name is found' lookup
is 'agents are found' "$(ask)" "$BOTH"
is 'again' "$(ask)" "$BOTH"
stop "$NMBD"
stop "${AGENTS[@]}"
must snmpd_start
check 'snmpget, one host' ns r snmpget -v2c -c public -t 5 -r 1 udp:10.9.0.2 .1.3.6.1.2.1.1.5.0
stop "$SNMPD"
must agents_start

# --- who is expected ---
ns r conntrack -F 2>/dev/null
must own_rule -A snmp 1161
must ns r iptables -t raw -A PREROUTING -p udp --dport 161 -j CT --helper snmp
must ns r iptables -A INPUT -p udp --dport 161 -j ACCEPT
verdicts wire table
must ns r iptables -D INPUT -p udp --dport 161 -j ACCEPT
stop "${AGENTS[@]}"
verdicts wire strangers
must ns r iptables -t raw -F PREROUTING
must own_rule -D snmp 1161

# --- for how long ---
lives SNMP 4000 161 30
lives NetBIOS 4001 137 3
check 'then the entry is gone' wait_for '[ -z "$(ns r conntrack -L -p udp --orig-port-src 4001 2>/dev/null)" ]' 10
is 'and nothing is expected' "$(ns r conntrack -L expect 2>/dev/null | grep ' dport=4001 ')" ''
must own_rule -D netbios-ns 137
must own_rule -D snmp 161
must unload nf_conntrack_netbios_ns nf_conntrack_snmp
is 'nobody uses what they share' "$(awk '$1 == "nf_conntrack_broadcast" { print $3 }' /proc/modules)" 0
must modprobe nf_conntrack_netbios_ns timeout=100
must modprobe nf_conntrack_snmp timeout=200
is 'the parameters' "$(cat /sys/module/nf_conntrack_{netbios_ns,snmp}/parameters/timeout | xargs)" '100 200'
must own_rule -A netbios-ns 137
must own_rule -A snmp 161
lives 'SNMP, parameter' 4002 161 200
lives 'NetBIOS, parameter' 4003 137 100
must own_rule -D netbios-ns 137
must own_rule -D snmp 161

# --- SNMP through NAT ---
must modprobe nf_nat_snmp_basic
must ns r iptables -t raw -A PREROUTING -p udp --dport 161 -j CT --helper snmp
must masquerade -A
verdicts wire translate
must ns r iptables -t raw -F PREROUTING
must masquerade -D
# it holds the helper
must unload nf_nat_snmp_basic
must unload nf_conntrack_netbios_ns nf_conntrack_snmp nf_conntrack_broadcast

# --- together with stock's modules ---
must agents_start
if is_ours && [ -e "$STOCK/nf_conntrack_broadcast.ko" ]; then
	must insmod "$STOCK/nf_conntrack_broadcast.ko"
	check 'our helper, what is shared is of stock' modprobe nf_conntrack_snmp
	must own_rule -A snmp 161
	is 'agents are found by the two' "$(ask)" "$BOTH"
	must own_rule -D snmp 161
	must unload nf_conntrack_snmp nf_conntrack_broadcast
	must modprobe nf_conntrack_broadcast
	check 'helper of stock, what is shared is ours' insmod "$STOCK/nf_conntrack_snmp.ko"
	must own_rule -A snmp 161
	is 'agents are found by these two' "$(ask)" "$BOTH"
	must own_rule -D snmp 161
	must unload nf_conntrack_snmp nf_conntrack_broadcast
fi

# --- events, removal under traffic ---
if is_ours; then
	must modprobe nf_conntrack_snmp
	must own_rule -A snmp 161
	hear_expectations
	is 'questions' "$(ask 20 | sort | uniq -c | xargs)" "20 $BOTH"
	heard_expectations
	cmp_num 'events: one expectation for each question' "$MADE" -eq 20

	(while :; do ask 20; done) >/dev/null 2>&1 &
	traffic=$!
	for round in 1 2 3 4 5; do
		sleep 0.5
		must own_rule -D snmp 161
		check "removed under traffic, $round" removed nf_conntrack_snmp nf_conntrack_broadcast
		must modprobe nf_conntrack_snmp
		must own_rule -A snmp 161
	done
	stop $traffic
fi
stop "${AGENTS[@]}"
finish
