# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Matches and targets of iptables: what a rule costs each packet. Sourced by qemu-guest.sh,
# after packets.sh.
#
# The same packets pass the chain PREROUTING of table mangle, first when it is empty, then
# with the rule that is measured; behind it they are dropped. They are UDP packets of
# established flows, or one frame again and again where the rule wants another protocol.

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
recent-rcheck: -m recent --rcheck --rdest --name c
socket: -m socket
state: -m state --state ESTABLISHED
statistic-random: -m statistic --mode random --probability 0.5
statistic-nth: -m statistic --mode nth --every 7 --packet 0
string: -m string --algo bm --string gateway
udp: -p udp -m udp --dport 1:9
time: -m time --timestart 00:00 --timestop 23:00
u32: -m u32 --u32 0&0xffff=0x1:0x200&&0>>22&0x3c@0>>16=1
'

# The same for rules that want other packets, as the head of xtcase.py has them; "6" before
# the packet: IPv6
XT_FRAMES='
tcp; tcp flags=S; mangle PREROUTING -p tcp -m tcp --dport 1:100 --syn
tcp-option; tcp flags=S opts=020405b4; mangle PREROUTING -p tcp -m tcp --tcp-option 3
tcpmss; tcp flags=S opts=020405b4; mangle PREROUTING -p tcp -m tcpmss --mss 1400:1500
TCPMSS; tcp flags=S opts=01020405b4; mangle PREROUTING -p tcp --syn -j TCPMSS --set-mss 1300
TCPOPTSTRIP; tcp flags=S opts=020405b4; mangle PREROUTING -p tcp -j TCPOPTSTRIP --strip-options 8
osf; tcp flags=S opts=020405b4; mangle PREROUTING -p tcp -m osf --genre Linux
socket-tcp; tcp flags=S; mangle PREROUTING -p tcp -m socket
TPROXY; tcp flags=S; mangle PREROUTING -p tcp -j TPROXY --on-port 1
sctp; sctp chunks=0003001000000001000000000000000000000000; mangle PREROUTING -p sctp -m sctp --chunk-types any DATA
dccp; dccp type=0; mangle PREROUTING -p dccp -m dccp --dccp-types REQUEST
esp; esp spi=5; mangle PREROUTING -p esp -m esp --espspi 1:100
owner; udp len=20; mangle POSTROUTING -m owner --uid-owner 0
NFLOG; udp len=20; mangle PREROUTING -j NFLOG --nflog-group 5
NFQUEUE; udp len=20; mangle PREROUTING -j NFQUEUE --queue-num 1 --queue-bypass
LED; udp len=20; mangle PREROUTING -j LED --led-trigger-id bench
SECMARK; udp len=20; mangle PREROUTING -j SECMARK --selctx system_u:object_r:x_t:s0
CONNSECMARK; udp len=20; mangle PREROUTING -j CONNSECMARK --save
hl; 6 udp len=20; mangle PREROUTING -m hl --hl-lt 5
HL; 6 udp len=20; mangle PREROUTING -j HL --hl-dec 1
multiport6; 6 udp len=20 dport=9; mangle PREROUTING -p udp -m multiport --dports 1,2,3,4:8,9
'

: "${tools:?}" "${clients:?}"
xt_packets=20000
# of a rule in one chain, where the clock measures it
xt_copies=40

# xt_run RULE...: instructions for each packet
xt_run() {
	iptables-legacy -t "$1" -F
	[ $# = 2 ] || iptables-legacy -t "$1" -A "$2" "${@:3}"
	random_flows "$clients" 4 $xt_packets
	iptables-legacy -t "$1" -F
}

# xt_frames TOOL FRAME RULE...: the same, of one frame
xt_frames() {
	"$1" -t "$3" -F
	[ $# = 4 ] || "$1" -t "$3" -A "$4" "${@:5}"
	value ns "$("$tools/framesend" inject $xt_packets "$2")"
	"$1" -t "$3" -F
}

# The frames come in on "injected" and go to out0.
xt_frames_up() {
	ip -batch - <<-EOT
		link add inject type veth peer name injected address 02:00:00:00:00:01
		link set inject up
		link set injected up
		address add 10.0.1.1/24 dev injected
		address add fd00:1::1/64 dev injected nodad
		address add fd00:3::1/64 dev out0 nodad
		route add 10.0.2.0/24 via 10.2.0.2
		neighbour add fd00:3::2 lladdr 02:00:00:00:02:02 nud permanent dev out0
		route add fd00:2::/64 via fd00:3::2
	EOT
	sysctl -qw net.ipv4.conf.injected.rp_filter=0 net.ipv6.conf.all.forwarding=1
	nft 'table ip6 sink {
		chain pre { type filter hook prerouting priority -100; }
	}
	table ip6 use {
		chain late {
			type filter hook postrouting priority 0;
			ip6 saddr ::1 ct state new
		}
	}'
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
	# what comes first is slower
	random_flows "$clients" 4 $xt_packets >/dev/null
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

# "NAME; PACKET; RULE" becomes "NAME;IPTABLES;HEX;RULE"
xt_frames_made() {
	PYTHONPATH=/payload python3 -c '
import sys, xtcase
for line in sys.stdin.read().split("\n"):
    if line:
        name, packet, rule = line.split("; ")
        six = packet.startswith("6 ")
        print(name, "ip6tables-legacy" if six else "iptables-legacy",
              xtcase.Packet(packet[2 * six:], six).frame().hex(), rule, sep=";")
' <<<"$XT_FRAMES"
}

scenario_xtframes() {
	local name tool frame words empty with
	local -a rule

	ct_load
	xt_frames_up
	xt_frames_made >/tmp/frames
	while IFS=';' read -r name tool frame words; do
		read -ra rule <<<"$words"
		if [ "${rule[1]}" = PREROUTING ]; then
			drop_on
			nft add rule ip6 sink pre drop
		fi
		empty=$(xt_frames "$tool" "$frame" "${rule[@]:0:2}")
		if with=$(xt_frames "$tool" "$frame" "${rule[@]}" 2>/tmp/refused) &&
			[ ! -s /tmp/refused ]; then
			result xt_icount "$name" "$(minus "$with" "$empty")" instructions
		else
			echo "# $name: $(cat /tmp/refused)"
		fi
		drop_off
		nft flush chain ip6 sink pre
	done </tmp/frames
}

# cpus_rate RULE...: packets per second of two CPUs through xt_copies of the rule
cpus_rate() {
	local n

	iptables-legacy -t mangle -F
	for ((n = 0; $# && n < xt_copies; n++)); do
		iptables-legacy -t mangle -A OUTPUT "$@"
	done
	value per_second "$("$tools/udpnew" -t 2 198.18.0.1 40000)"
	"$tools/ctnl" flush >/dev/null
	iptables-legacy -t mangle -F
}

# Two CPUs send through the same rules: nanoseconds that a rule takes, of the clock.
scenario_xtcpus() {
	local name none with
	local -a rule

	ct_load
	cpus_rate >/dev/null
	for _ in 1 2; do
		for name in hashlimit recent recent-rcheck statistic-random statistic-nth limit quota; do
			read -ra rule <<<"$(xt_rule $name)"
			none=$(cpus_rate)
			with=$(cpus_rate "${rule[@]:2}")
			result xt_cpus_ns "$name" "$(awk -v w="$with" -v n="$none" -v c=$xt_copies \
				'BEGIN { printf "%.1f\n", (2e9 / w - 2e9 / n) / c }')" ns
		done
	done
}
