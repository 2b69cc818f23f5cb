#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# IPVS with connection tracking, CLUSTERIP, and both ways to track on a bridge:
# nf_conntrack_bridge (nft's bridge family) and br_netfilter; copies of a packet
# that goes to several ports before its connection is confirmed.
#
# TIMEOUT: 240

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/gateway.sh
. /payload/data/gateway.sh

gateway

# --- IPVS ---
ipvs()
{
	ns r ipvsadm "$@"
}

must modprobe -a ip_vs ip_vs_rr xt_ipvs nf_conntrack_ftp
nsenter --net=/run/netns/s peer.py serve-ftp 10.0.2.2 2>/tmp/serve.err &
ns s ip address add 10.0.2.3/24 dev eth0
ns s ip address add fd00:2::3/64 dev eth0 nodad
ns r sysctl -qw net.ipv4.vs.conntrack=1
check 'ipvs: service' sh -c 'nsenter --net=/run/netns/r ipvsadm -R' <<-'EOT'
	-A -u 10.0.1.1:8000 -s rr
	-a -u 10.0.1.1:8000 -r 10.0.2.2:9000 -m
	-a -u 10.0.1.1:8000 -r 10.0.2.3:9000 -m
	-A -t 10.0.1.1:8000 -s rr
	-a -t 10.0.1.1:8000 -r 10.0.2.2:9000 -m
	-a -t 10.0.1.1:8000 -r 10.0.2.3:9000 -m
	-A -u [fd00:1::1]:8000 -s rr
	-a -u [fd00:1::1]:8000 -r [fd00:2::2]:9000 -m
EOT
is 'ipvs: UDP' "$(ask -c 2 udp 10.0.1.2 4001 10.0.1.1 8000)" $'10.0.1.2 4001\n10.0.1.2 4001'
is 'ipvs: UDP again' "$(ask udp 10.0.1.2 4002 10.0.1.1 8000)" '10.0.1.2 4002'
note "$(entries -p udp)"
check 'ipvs: entry knows the real server' grep -qE 'dst=10.0.1.1 sport=4001 dport=8000 .*src=10.0.2.[23] dst=10.0.1.2 sport=9000' <(entries -p udp)
is 'ipvs: both servers' "$(entries -p udp | sed 's/.*src=\(10.0.2.[23]\) .*/\1/' | sort -u | wc -l)" 2
is 'ipvs: TCP' "$(ask -q -c 3 tcp 10.0.1.2 4003 10.0.1.1 8000)" 3
check 'ipvs: TCP entry' grep -qE 'dst=10.0.1.1 sport=4003 dport=8000 .*src=10.0.2.[23] .*ASSURED' <(entries -p tcp)
is 'ipvs: IPv6' "$(ask udp fd00:1::2 4004 fd00:1::1 8000)" 'fd00:1::2 4004'
check 'ipvs: IPv6 entry' grep -q 'src=fd00:2::2 dst=fd00:1::2 sport=9000' <(entries -f ipv6 -p udp)
is 'ipvs: many' "$(many tcp 10.0.1.2 4100 10.0.1.1 8000 60)" 'answered=60 addresses=1 ports=60 low=4100 high=4159'
ns r iptables-legacy -t nat -A POSTROUTING -m ipvs --vaddr 10.0.1.1/32 --vport 8000 -j MASQUERADE
is 'ipvs: with the source translated too' "$(ask udp 10.0.1.2 4005 10.0.1.1 8000)" '10.0.2.1 4005'
ns r iptables-legacy -t nat -F
must modprobe ip_vs_ftp
must wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 30
ipvs -A -t 10.0.1.1:21 -s rr
ipvs -a -t 10.0.1.1:21 -r 10.0.2.2:21 -m
is 'ipvs: FTP' "$(ns c peer.py passive 10.0.1.1 2 | grep -c '226 done data')" 2
is 'ipvs: FTP, active' "$(ns c peer.py active 10.0.1.1 1 | grep -c 'echo True')" 1
ns r sysctl -qw net.ipv4.vs.conntrack=0
is 'ipvs: without tracking' "$(ask -q udp 10.0.1.2 4006 10.0.1.1 8000)" 1
is 'ipvs: no translated entry then' "$(entry 4006 | grep -c 'src=10.0.2')" 0
ipvs -C
flush
note "ipvs: used by $(lsmod | awk '$1 ~ /^(ip_vs|xt_ipvs)/ { printf "%s %s %s; ", $1, $3, $4 }')"

# --- CLUSTERIP ---
if modprobe ipt_CLUSTERIP 2>/dev/null; then
	allow_log 'ipt_CLUSTERIP is deprecated'
	ns r ip address add 10.0.1.100/24 dev eth1
	check 'CLUSTERIP: rule' ns r iptables-legacy -A INPUT -d 10.0.1.100 -i eth1 -j CLUSTERIP --new --hashmode sourceip \
		--clustermac 01:00:5e:00:01:20 --total-nodes 1 --local-node 1
	ns c ip neighbour replace 10.0.1.100 lladdr 01:00:5e:00:01:20 dev eth0
	is 'CLUSTERIP: ours' "$(ask -q -c 2 udp 10.0.1.2 4010 10.0.1.100 9000)" 2
	check 'CLUSTERIP: node stays away' ns r sh -c 'echo -1 >/proc/thread-self/net/ipt_CLUSTERIP/10.0.1.100'
	is 'CLUSTERIP: nobody answers' "$(ask -w 300 udp 10.0.1.2 4011 10.0.1.100 9000)" none
	ns r iptables-legacy -F
	ns r ip address del 10.0.1.100/24 dev eth1
else
	skip 'CLUSTERIP' 'no such module'
fi
ip netns delete r

# --- three stations on a bridge ---
# A datagram to everybody; prints how many of the others got it
everybody()
{
	local name

	for name in y z; do
		ns $name timeout "$(scaled 4)" socat -u "UDP4-RECV:7777,reuseaddr,ip-add-membership=239.6.6.6:eth0" - >/tmp/got.$name &
	done
	wait_for 'ns y ss -Hlun sport = :7777 | grep -q . && ns z ss -Hlun sport = :7777 | grep -q .' 20
	for _ in 1 2 3; do
		ns x sh -c "echo hello | socat -u - UDP4-DATAGRAM:$1:7777,broadcast,ip-multicast-if=10.6.0.1,bind=10.6.0.1:$2"
	done
	wait_for 'grep -q hello /tmp/got.y && grep -q hello /tmp/got.z' 4
	pkill -f UDP4-RECV
	cat /tmp/got.y /tmp/got.z | sort | uniq -c | awk '{ print $1 }'
}

on_bridge()
{
	ns bridge conntrack -L "$@" 2>/dev/null
}

stations bridge x y z
serve y
wait_for '[ "$(ns x who ask -w 300 udp 10.6.0.1 0 10.6.0.2 9000)" != none ]' 20
must modprobe nf_conntrack_bridge
check 'bridge: rules' ns bridge nft -f - <<-'EOT'
	table bridge t {
		counter new { }
		counter established { }
		counter related { }
		counter untracked { }
		chain raw {
			type filter hook prerouting priority -300
			udp dport 9001 notrack
			udp sport 9001 notrack
		}
		chain f {
			type filter hook forward priority 0
			udp dport 9002 ct state new drop
			meta l4proto udp ct state new counter name new
			meta l4proto udp ct state established counter name established
			meta l4proto icmp ct state related counter name related
			meta l4proto udp ct state untracked counter name untracked
			ct state invalid drop
		}
	}
EOT
bridge_hits()
{
	ns bridge nft list counter bridge t "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}

is 'bridge: answered' "$(ns x who ask -q -c 2 udp 10.6.0.1 4001 10.6.0.2 9000)" 2
note "$(on_bridge)"
check 'bridge: entry' grep -q 'src=10.6.0.1 dst=10.6.0.2 sport=4001' <(on_bridge -p udp)
is 'bridge: states' "$(bridge_hits new) $(bridge_hits established)" '1 3'
is 'bridge: TCP' "$(ns x who ask -q -c 2 tcp 10.6.0.1 4002 10.6.0.2 9000)" 2
is 'bridge: IPv6' "$(ns x who ask -q udp fd06::1 4003 fd06::2 9000)" 1
check 'bridge: IPv6 entry' grep -q sport=4003 <(on_bridge -f ipv6 -p udp)
is 'bridge: fragments' "$(ns x who ask -s 4000 udp 10.6.0.1 4004 10.6.0.2 9000)" '10.6.0.1 4004'
is 'bridge: fragments, IPv6' "$(ns x who ask -s 4000 udp fd06::1 4004 fd06::2 9000)" 'fd06::1 4004'
is 'bridge: an error' "$(ns x who ask udp 10.6.0.1 4005 10.6.0.2 9)" refused
cmp_num 'bridge: is related' "$(bridge_hits related)" -ge 1
is 'bridge: untracked' "$(ns x who ask -q udp 10.6.0.1 4006 10.6.0.2 9001)" 1
is 'bridge: untracked: the state' "$(bridge_hits untracked)" 2
is 'bridge: untracked: no entry' "$(on_bridge -p udp --orig-port-src 4006 | wc -l)" 0
is 'bridge: dropped' "$(ns x who ask -w 300 udp 10.6.0.1 4007 10.6.0.2 9002)" none
is 'bridge: dropped: no entry' "$(on_bridge -p udp --orig-port-src 4007 | wc -l)" 0
is 'bridge: multicast reaches all' "$(everybody 239.6.6.6 4008)" 6
is 'bridge: multicast: one entry' "$(on_bridge -p udp --orig-port-src 4008 | wc -l)" 1
is 'bridge: broadcast reaches all' "$(everybody 10.6.0.255 4009)" 6
is 'bridge: broadcast: one entry' "$(on_bridge -p udp --orig-port-src 4009 | wc -l)" 1
is 'bridge: the bridge itself' "$(ns bridge who ask udp 10.6.0.9 4010 10.6.0.2 9000)" '10.6.0.9 4010'
ns bridge nft delete table bridge t
ns bridge conntrack -F 2>/dev/null
check 'bridge: unloads' wait_for 'rmmod nf_conntrack_bridge || ! lsmod | grep -q nf_conntrack_bridge' 10

# --- the same through the hooks of IP ---
must modprobe -a br_netfilter xt_physdev
ns bridge sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
check 'br_netfilter: rules' ns bridge iptables-legacy-restore <<-'EOT'
	*nat
	-A PREROUTING -p udp --dport 8000 -j DNAT --to-destination 10.6.0.2:9000
	-A POSTROUTING -m physdev --physdev-is-bridged -p udp --dport 9003 -j SNAT --to-source 10.6.0.3
	COMMIT
	*filter
	-A FORWARD -m physdev --physdev-is-bridged -m conntrack --ctstate INVALID -j DROP
	-A FORWARD -m physdev --physdev-is-bridged -m conntrack --ctstate ESTABLISHED -m comment --comment m_established
	COMMIT
EOT
is 'br_netfilter: answered' "$(ns x who ask -q -c 2 udp 10.6.0.1 4101 10.6.0.2 9000)" 2
check 'br_netfilter: entry' grep -q sport=4101 <(on_bridge -p udp)
cmp_num 'br_netfilter: state' "$(ns bridge iptables-legacy -vxnL FORWARD | awk '/m_established/ { print $1 }')" -ge 3
is 'br_netfilter: TCP' "$(ns x who ask -q -c 2 tcp 10.6.0.1 4102 10.6.0.2 9000)" 2
is 'br_netfilter: IPv6' "$(ns x who ask -q udp fd06::1 4103 fd06::2 9000)" 1
is 'br_netfilter: fragments' "$(ns x who ask -s 4000 udp 10.6.0.1 4104 10.6.0.2 9000)" '10.6.0.1 4104'
is 'br_netfilter: fragments, IPv6' "$(ns x who ask -s 4000 udp fd06::1 4104 fd06::2 9000)" 'fd06::1 4104'
is 'br_netfilter: destination translated' "$(ns x who ask udp 10.6.0.1 4105 10.6.0.3 8000)" '10.6.0.1 4105'
is 'br_netfilter: an error' "$(ns x who ask udp 10.6.0.1 4106 10.6.0.2 9)" refused
is 'br_netfilter: multicast reaches all' "$(everybody 239.6.6.6 4107)" 6
is 'br_netfilter: multicast: one entry' "$(on_bridge -p udp --orig-port-src 4107 | wc -l)" 1
is 'br_netfilter: broadcast reaches all' "$(everybody 10.6.0.255 4108)" 6
is 'br_netfilter: broadcast: one entry' "$(on_bridge -p udp --orig-port-src 4108 | wc -l)" 1

# Each copy waits in a queue before any of them is confirmed.
must modprobe nfnetlink_queue
ns bridge iptables-legacy -I FORWARD -p udp --dport 7777 -j NFQUEUE --queue-num 3 --queue-bypass
ns bridge ctqueue 3 6 >/tmp/queue 2>&1 &
queue=$!
must wait_for 'grep -q ready /tmp/queue'
answer=$(everybody 239.6.6.6 4109)
note "through the queue: $answer of 6"
cmp_num 'br_netfilter: multicast through a queue' "${answer:-0}" -ge 3
is 'br_netfilter: multicast through a queue: one entry' "$(on_bridge -p udp --orig-port-src 4109 | wc -l)" 1
stop $queue
ns bridge iptables-legacy -F
ns bridge iptables-legacy -t nat -F

finish
