# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Matches and targets of iptables: what a rule costs each packet. Sourced by qemu-guest.sh,
# after packets.sh.
#
# The same UDP packets of established flows pass the chain PREROUTING of table mangle,
# first with an empty rule, then with the one that is measured; then they are dropped.

# name: rule; the packets are IPv4, UDP, 60 bytes, from 10.128.0.0/22 to port 9
XT_RULES='
CLASSIFY: mangle POSTROUTING -j CLASSIFY --set-class 1:1
cluster: -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 7
comment: -m comment --comment bench
connbytes: -m connbytes --connbytes 1000: --connbytes-dir both --connbytes-mode packets
connlimit: -m connlimit --connlimit-above 100
connmark: -m connmark --mark 1
CONNMARK: -j CONNMARK --save-mark
conntrack: -m conntrack --ctstate ESTABLISHED --ctproto udp
dscp: -m dscp --dscp 5
DSCP: -j DSCP --set-dscp 5
tos: -m tos --tos 4
TOS: -j TOS --set-tos 4
hashlimit: -m hashlimit --hashlimit-upto 1000/s --hashlimit-mode srcip --hashlimit-name b
helper: -m helper --helper ftp
ttl: -m ttl --ttl-lt 5
TTL: -j TTL --ttl-dec 1
iprange: -m iprange --src-range 10.128.0.0-10.128.0.2
length: -m length --length 28:100
limit: -m limit --limit 1000/s
mac: -m mac --mac-source 02:00:00:00:00:09
mark: -m mark --mark 5/7
MARK: -j MARK --set-mark 5
multiport: -p udp -m multiport --dports 1,2,3,4:8,9
NOTRACK: raw PREROUTING -j CT --notrack
physdev: -m physdev --physdev-in eth7
pkttype: -m pkttype --pkt-type multicast
policy: -m policy --dir in --pol none
quota: -m quota --quota 100000000000
rateest: -m rateest --rateest e --rateest-lt --rateest-bps 1mbit
RATEEST: -j RATEEST --rateest-name e --rateest-interval 250ms --rateest-ewmalog 500ms
realm: mangle FORWARD -m realm --realm 5
recent: -m recent --set --name b
socket: -m socket
state: -m state --state ESTABLISHED
statistic-random: -m statistic --mode random --probability 0.5
statistic-nth: -m statistic --mode nth --every 7
string: -m string --algo bm --string gateway
udp: -p udp -m udp --dport 1:9
time: -m time --timestart 00:00 --timestop 23:00
u32: -m u32 --u32 0&0xffff=0x1:0x200&&0>>22&0x3c@0>>16=1
'

: "${tools:?}" "${clients:?}"
xt_packets=4000

# xt_run RULE...: instructions for each packet
xt_run() {
	iptables-legacy -t "$1" -F
	iptables-legacy -t "$1" -A "$2" "${@:3}"
	random_flows "$clients" 4 $xt_packets
	iptables-legacy -t "$1" -F
}

# xt_rule NAME: its words, the table and the chain first
xt_rule() {
	local name rest

	while IFS=: read -r name rest; do
		[ "$name" = "$1" ] || continue
		case $rest in
		' mangle '*|' raw '*) echo "$rest" ;;
		*) echo "mangle PREROUTING$rest" ;;
		esac
	done <<<"$XT_RULES"
}

scenario_xt() {
	local name empty with
	local -a rule

	modprobe xt_RATEEST 2>/dev/null || true
	ct_load
	create_flows 4
	every_answer "$clients" 4 >/dev/null
	# behind the chain PREROUTING of table mangle; what is measured elsewhere is not dropped
	while IFS=: read -r name _; do
		[ -n "$name" ] || continue
		read -ra rule <<<"$(xt_rule "$name")"
		[ "${rule[1]}" != PREROUTING ] || drop_on
		[ "$name" != rateest ] || iptables-legacy -t raw -A OUTPUT -j RATEEST \
			--rateest-name e --rateest-interval 250ms --rateest-ewmalog 500ms
		empty=$(xt_run "${rule[0]}" "${rule[1]}")
		if with=$(xt_run "${rule[@]}" 2>/tmp/refused) && [ ! -s /tmp/refused ]; then
			result xt_icount "$name" "$(minus "$with" "$empty")" instructions
		else
			echo "# $name: $(cat /tmp/refused)"
		fi
		[ "$name" != rateest ] || iptables-legacy -t raw -F
		drop_off
	done <<<"$XT_RULES"
}

# Two CPUs send through the same rule.
scenario_xtcpus() {
	local name line
	local -a rule

	ct_load
	for _ in 1 2 3; do
		for name in none hashlimit recent statistic-random statistic-nth limit quota; do
			rule=()
			[ $name = none ] || read -ra rule <<<"$(xt_rule $name)"
			iptables-legacy -t mangle -F
			iptables-legacy -t mangle -A OUTPUT "${rule[@]:2}"
			line=$("$tools/udpnew" -t 2 198.18.0.1 50000)
			result xt_cpus_rate "$name" "$(value per_second "$line")" per_s
			"$tools/ctnl" flush >/dev/null
		done
	done
	iptables-legacy -t mangle -F
}
