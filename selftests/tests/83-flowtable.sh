#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Flow tables: a connection that was handed over stays in the table of connections,
# although conntrack sees none of its packets; it comes back with the right state and
# timeout, and causes NEW and DESTROY like any other.
#
# TIMEOUT: 240

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/gateway.sh
. /payload/data/gateway.sh

flow_rules()
{
	flush
	rules <<-EOT
		table inet t
		delete table inet t
		table inet t {
			counter seen { }
			flowtable f {
				hook ingress priority 0
				devices = { eth1, eth2 }
				counter
			}
			chain f {
				type filter hook forward priority 0
				ct state established flow add @f
				counter name seen
			}
			chain pre {
				type nat hook prerouting priority -100
				ip daddr 10.0.1.1 dnat ip to 10.0.2.2
			}
			chain post {
				type nat hook postrouting priority 100
				udp dport 9001 oifname eth2 masquerade
			}
		}
	EOT
}

offloaded()
{
	entries "$@" | grep -c OFFLOAD
}

tcp_entry()
{
	entries -p tcp --orig-port-src "$1"
}

left()
{
	awk '{ print $3; exit }'
}

gateway
ns r sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_flowtable_udp_timeout=600 \
	net.netfilter.nf_flowtable_tcp_timeout=600
check 'rules' flow_rules
must listen r /tmp/events -b 4194304

KEEPS='the flow table of 7.x keeps a connection that is closing, with the stock module, too'

# --- TCP, until FIN ---
talk_open tcp 10.0.1.2 4000 10.0.2.2 9000
is 'TCP: first words' "$(talk; talk)" $'10.0.1.2 4000\n10.0.1.2 4000'
check 'TCP: handed over' wait_for 'tcp_entry 4000 | grep -q OFFLOAD'
note "$(tcp_entry 4000)"
before=$(hits seen)
for _ in 1 2 3 4 5; do
	talk
done >/tmp/said
is 'TCP: goes on' "$(grep -c '10.0.1.2 4000' /tmp/said)" 5
is 'TCP: past the chain' "$(hits seen)" "$before"
counted=$(tcp_entry 4000 | sed -n 's/.* packets=\([0-9]*\).*packets=.*/\1/p')
cmp_num 'TCP: the flow table counts for it' "$counted" -ge 8
talk_close
if kernel_is_at_least 7; then
	skip 'TCP: FIN brings it back' "$KEEPS"
else
	check 'TCP: FIN brings it back' wait_for '! tcp_entry 4000 | grep -q OFFLOAD'
	check 'TCP: closing' wait_for 'tcp_entry 4000 | grep -qE "(FIN_WAIT|CLOSE_WAIT|LAST_ACK|TIME_WAIT|CLOSE) "'
	note "$(tcp_entry 4000)"
	cmp_num 'TCP: with the timeout of that state' "$(tcp_entry 4000 | left)" -le 120
fi

# --- TCP, until RST ---
talk_open -r tcp 10.0.1.2 4001 10.0.2.2 9000
is 'RST: first words' "$(talk; talk)" $'10.0.1.2 4001\n10.0.1.2 4001'
check 'RST: handed over' wait_for 'tcp_entry 4001 | grep -q OFFLOAD'
talk_close
if kernel_is_at_least 7; then
	skip 'RST: it comes back' "$KEEPS"
else
	check 'RST: it comes back' wait_for '! tcp_entry 4001 | grep -q OFFLOAD'
	note "$(tcp_entry 4001)"
	seconds=$(tcp_entry 4001 | left)
	cmp_num 'RST: it will not stay' "${seconds:-0}" -le 120
	check 'RST: and ends' wait_for '[ -z "$(tcp_entry 4001)" ]' 30
	check 'RST: DESTROY' wait_for 'grep -q "DESTROY.*sport=4001" /tmp/events'
fi

# --- the flow table goes, the connections stay ---
talk_open -r tcp 10.0.1.2 4002 10.0.2.2 9000
is 'no more table: first words' "$(talk; talk)" $'10.0.1.2 4002\n10.0.1.2 4002'
check 'no more table: handed over' wait_for 'tcp_entry 4002 | grep -q OFFLOAD'
ns r nft 'delete table inet t'
check 'no more table: it comes back' wait_for '! tcp_entry 4002 | grep -q OFFLOAD'
note "$(tcp_entry 4002)"
check 'no more table: still established' grep -q ESTABLISHED <(tcp_entry 4002)
cmp_num 'no more table: timeout' "$(tcp_entry 4002 | left)" -gt 200
is 'no more table: goes on' "$(talk)" '10.0.1.2 4002'
cmp_num 'no more table: the usual timeout again' "$(tcp_entry 4002 | left)" -gt 100000
talk_close

# --- both addresses translated, IPv6; ICMP is not handed over ---
check 'rules again' flow_rules
is 'translated' "$(ask -c 4 udp 10.0.1.2 4003 10.0.1.1 9001)" \
	$'10.0.2.1 4003\n10.0.2.1 4003\n10.0.2.1 4003\n10.0.2.1 4003'
check 'translated: handed over' grep -q OFFLOAD <(entry 4003)
is 'IPv6' "$(ask -q -c 4 udp fd00:1::2 4003 fd00:2::2 9000)" 4
check 'IPv6: handed over' grep -q 'sport=4003.*OFFLOAD' <(entries -f ipv6)
check 'ICMP' ns c ping -qc 2 -i 0.2 10.0.2.2
is 'ICMP: not handed over' "$(offloaded -p icmp)" 0

# --- deleted by hand ---
ns r conntrack -D -p udp --orig-port-src 4003 >/dev/null 2>&1
check 'deleted: DESTROY' wait_for 'grep -q "DESTROY.*udp.*sport=4003" /tmp/events' 20
is 'deleted: a new one takes its place' "$(ask -q -c 3 udp 10.0.1.2 4003 10.0.1.1 9001)" 3

# --- out of sight for longer than its timeout ---
ns r sysctl -qw net.netfilter.nf_conntrack_udp_timeout=3 net.netfilter.nf_conntrack_udp_timeout_stream=3
flush
answer=$(many udp 10.0.1.2 4100 10.0.2.2 9000 300)
is 'many: answered' "$(field answered "$answer")" 300
# each needs a packet of an established connection: ask once more
answer=$(many udp 10.0.1.2 4100 10.0.2.2 9000 300)
is 'many: answered again' "$(field answered "$answer")" 300
cmp_num 'many: handed over' "$(offloaded -p udp)" -ge 290
sleep 12
cmp_num 'many: still there, long after the timeout' "$(offloaded -p udp)" -ge 290
answer=$(many udp 10.0.1.2 4100 10.0.2.2 9000 300)
is 'many: and still known' "$(field answered "$answer")" 300
is 'many: one NEW each' "$(grep -c 'NEW.*udp.*sport=4[123][0-9][0-9] dport=9000 \[UNREPLIED' /tmp/events)" 300
is 'many: no DESTROY' "$(grep -c 'DESTROY.*udp.* sport=4[123][0-9][0-9] dport=9000' /tmp/events)" 0
ns r nft 'delete table inet t'
check 'many: all come back' wait_for '[ "$(offloaded)" = 0 ]' 20
check 'many: and end' wait_for '[ "$(entries -p udp | wc -l)" = 0 ]' 30
destroyed()
{
	grep -c "DESTROY.*udp.* sport=4[123][0-9][0-9] dport=9000" /tmp/events
}

# Stock has sent 274 of 300.
if is_ours; then
	wait_for '[ "$(destroyed)" = 300 ] || grep -q ENOBUFS /tmp/events.err' 20
	# the listener is a plain one: on a busy machine it may lose some, and is told
	if grep -q ENOBUFS /tmp/events.err; then
		skip 'PROMISE: many: DESTROY for each' 'the plain listener has lost events'
	else
		is 'PROMISE: many: DESTROY for each' "$(destroyed)" 300
	fi
fi
note "DESTROY: $(destroyed) of 300, $(cat /tmp/events.err)"
ns r sysctl -qw net.netfilter.nf_conntrack_udp_timeout=600 net.netfilter.nf_conntrack_udp_timeout_stream=600

# --- idle flows come back by themselves ---
ns r sysctl -qw net.netfilter.nf_flowtable_udp_timeout=3
check 'idle: rules' flow_rules
is 'idle: answered' "$(ask -q -c 3 udp 10.0.1.2 4500 10.0.2.2 9000)" 3
check 'idle: handed over' grep -q OFFLOAD <(entry 4500)
check 'idle: comes back' wait_for '! entry 4500 | grep -q OFFLOAD' 20
note "$(entry 4500)"
seconds=$(entry 4500 | left)
cmp_num 'idle: with what is left' "$seconds" -gt 500
cmp_num 'idle: not more than that' "$seconds" -le 600
ns r sysctl -qw net.netfilter.nf_flowtable_udp_timeout=600

# --- a device or the namespace goes while flows are under way ---
is 'device: answered' "$(ask -q -c 3 udp 10.0.1.2 4501 10.0.2.2 9000)" 3
check 'device: handed over' grep -q OFFLOAD <(entry 4501)
ns r ip link set eth2 down
check 'device: flows of it come back' wait_for '! entry 4501 | grep -q OFFLOAD'
ns r ip link set eth2 up
ns r ip -6 address add fd00:2::1/64 dev eth2 nodad
check 'device: goes on' wait_for '[ "$(ask -w 500 udp 10.0.1.2 4501 10.0.2.2 9000)" = "10.0.1.2 4501" ]' 20
is 'namespace: answered' "$(ask -q -c 3 udp 10.0.1.2 4502 10.0.2.2 9000)" 3
check 'namespace: handed over' grep -q OFFLOAD <(entry 4502)
stop "$LISTENER"
pkill -x who
check 'namespace: goes with its flows' ip netns delete r
check 'namespace: nothing holds it' wait_for 'rmmod nft_flow_offload nf_flow_table_inet nf_flow_table || ! lsmod | grep -q nf_flow_table' 20

finish
