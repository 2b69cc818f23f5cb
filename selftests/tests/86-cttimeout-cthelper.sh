#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Timeout policies and user space helpers by netlink, and iptables' matches and
# targets about connections: connlimit, connbytes, conntrack, CT; templates whose
# rule goes while a packet waits in a queue; a VRF.
#
# TIMEOUT: 240

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/gateway.sh
. /payload/data/gateway.sh

left()
{
	entries "$@" | awk '{ print $3; exit }'
}

expected()
{
	ns r conntrack -L expect 2>/dev/null
}

gateway
must modprobe -a nfnetlink_cttimeout nfnetlink_queue
ns r sysctl -qw net.netfilter.nf_conntrack_acct=1

# --- timeout policies ---
check 'policy: UDP' ns r nfct add timeout slow inet udp unreplied 4000 replied 5000
check 'policy: TCP' ns r nfct add timeout patient inet tcp established 3000 close 100
check 'policy: ICMP' ns r nfct add timeout echo inet icmp timeout 2500
check 'policy: SCTP' ns r nfct add timeout assoc inet sctp established 2000
! has_protocol dccp || check 'policy: DCCP' ns r nfct add timeout dccp inet dccp open 2000
check 'policy: GRE' ns r nfct add timeout gre inet gre unreplied 50 replied 60
check 'policy: any other' ns r nfct add timeout any inet generic timeout 1500
check 'policy: IPv6' ns r nfct add timeout slow6 inet6 udp unreplied 4000 replied 5000
refute 'policy: no second of that name' ns r nfct add timeout slow inet tcp established 3000
is 'policy: list' "$(ns r nfct list timeout | grep -c '^\.')" "$(has_protocol dccp && echo 8 || echo 7)"
check 'policy: read back' grep -qi 'unreplied = 4000' <(ns r nfct get timeout slow | tr -d '\t')
note "$(ns r nfct get timeout patient | tr '\n' ' ')"
check 'policy: defaults are filled in' grep -qi 'syn_sent = 120' <(ns r nfct get timeout patient | tr -d '\t')
check 'policy: defaults of TCP' grep -qi 'established = 432000' <(ns r nfct default-get timeout inet tcp | tr -d '\t')
check 'policy: new default of UDP' ns r nfct default-set timeout inet udp replied 777
is 'policy: it is the sysctl' "$(ns r sysctl -n net.netfilter.nf_conntrack_udp_timeout_stream)" 777
check 'policy: rules' ns r iptables-legacy-restore <<-'EOT'
	*raw
	-A PREROUTING -p udp --dport 9000 -j CT --timeout slow
	-A PREROUTING -p tcp --dport 9000 -j CT --timeout patient
	-A PREROUTING -p icmp -j CT --timeout echo
	-A PREROUTING -p 253 -j CT --timeout any
	COMMIT
EOT
check 'policy: rule, IPv6' ns r ip6tables-legacy -t raw -A PREROUTING -p udp --dport 9000 -j CT --timeout slow6
is 'policy: UDP, answered' "$(ask -q udp 10.0.1.2 4001 10.0.2.2 9000)" 1
cmp_num 'policy: UDP' "$(left -p udp --orig-port-src 4001)" -gt 3500
is 'policy: UDP, unreplied' "$(ask -w 100 udp 10.0.1.2 4002 10.0.2.77 9000)" none
seconds=$(left -p udp --orig-port-src 4002)
cmp_num 'policy: UDP, unreplied, seconds' "$seconds" -gt 3500
is 'policy: IPv6, answered' "$(ask -q udp fd00:1::2 4001 fd00:2::2 9000)" 1
cmp_num 'policy: IPv6' "$(left -f ipv6 -p udp)" -gt 3500
talk_open -r tcp 10.0.1.2 4003 10.0.2.2 9000
is 'policy: TCP' "$(talk)" '10.0.1.2 4003'
cmp_num 'policy: TCP established' "$(left -p tcp --orig-port-src 4003)" -gt 2500
ns c ping -qc 1 -W 2 10.0.2.2 >/dev/null
cmp_num 'policy: ICMP' "$(left -p icmp)" -gt 2000
ns c python3 - <<-'EOT'
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 253)
	s.sendto(b'any protocol', ('10.0.2.2', 0))
EOT
cmp_num 'policy: any other protocol' "$(entries | awk '/^unknown  253/ { print $3 }')" -gt 1000
# nfnetlink_cttimeout decides whether a rule keeps its policy; it is only noted.
ns r nfct delete timeout echo >/tmp/nfct 2>&1
note "deleted while a rule uses it: status $?, $(cat /tmp/nfct), left $(ns r nfct list timeout | grep -c '^\.')"
ns r nfct add timeout echo inet icmp timeout 2500 2>/dev/null
check 'policy: changed while in use' ns r nfct add timeout other inet udp replied 9000
ns r iptables-legacy -t raw -F
check 'policy: unused ones go' sh -c 'for t in slow patient echo any other; do nsenter --net=/run/netns/r nfct delete timeout $t || exit 1; done'
is 'policy: talk goes on' "$(talk)" '10.0.1.2 4003'
cmp_num 'policy: the usual timeout again' "$(left -p tcp --orig-port-src 4003)" -gt 100000
talk_close
is 'policy: afterwards' "$(ask -q udp 10.0.1.2 4001 10.0.2.2 9000)" 1
cmp_num 'policy: afterwards, seconds' "$(left -f ipv4 -p udp --orig-port-src 4001)" -le 777
ns r ip6tables-legacy -t raw -F
refute 'policy: no rule with an unknown one' ns r iptables-legacy -t raw -A PREROUTING -p tcp --dport 9001 -j CT --timeout nobody
ns r nfct add timeout kept inet udp replied 5000
ns r iptables-legacy -t raw -A PREROUTING -p udp --dport 9001 -j CT --timeout kept
refute 'policy: no rule with the wrong protocol' ns r iptables-legacy -t raw -A PREROUTING -p tcp --dport 9001 -j CT --timeout kept
ns r iptables-legacy -t raw -F
ns r sysctl -qw net.netfilter.nf_conntrack_udp_timeout_stream=600
flush

# --- a helper in user space ---
nsenter --net=/run/netns/s peer.py serve-ftp 10.0.2.2 2>/tmp/serve.err &
cat >/tmp/helper.conf <<-'EOT'
	Helper {
		Type ftp inet tcp {
			QueueNum 0
			QueueLen 10240
			Policy ftp {
				ExpectMax 1
				ExpectTimeout 300
			}
		}
	}
	General {
		HashSize 1024
		HashLimit 8192
		LogFile /tmp/helper.log
		LockFile /tmp/helper.lock
		UNIX {
			Path /tmp/helper.ctl
		}
		NetlinkBufferSize 2097152
		NetlinkBufferSizeMaxGrowth 8388608
	}
EOT
must modprobe nfnetlink_cthelper
check 'helper: registered' ns r nfct add helper ftp inet tcp
check 'helper: list' grep -q ftp <(ns r nfct list helper)
note "$(ns r nfct list helper | tr '\n' ' ')"
check 'helper: conntrackd' ns r conntrackd -d -C /tmp/helper.conf
wait_for 'ns r conntrackd -C /tmp/helper.conf -s' 20
check 'helper: rule' ns r iptables-legacy -t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp
ns r iptables-legacy -A FORWARD -p tcp -m conntrack --ctstate RELATED -m comment --comment related
must wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 30
PEER_PAUSE=$(scaled 2) nsenter --net=/run/netns/c peer.py passive 10.0.2.2 1 >/tmp/passive 2>&1 &
client=$!
check 'helper: it expects' wait_for 'expected | grep -q "dst=10.0.2.2 .*helper=ftp"' 30
note "$(expected)"
wait $client
is 'helper: passive' "$(sed -n 2p /tmp/passive)" '226 done data 0'
is 'helper: used up' "$(expected)" ''
is 'helper: active' "$(ns c peer.py active 10.0.2.2 2)" $'data 0 from 10.0.2.2\necho True\ndata 1 from 10.0.2.2\necho True'
cmp_num 'helper: RELATED' "$(ns r iptables-legacy -vxnL FORWARD | awk '/related/ { print $1 }')" -ge 2
check 'helper: shown' grep -q helper=ftp <(entries -p tcp --orig-port-dst 21)
ns r ip address add 10.0.2.222/32 dev eth2
ns r iptables-legacy -t nat -A POSTROUTING -o eth2 -j SNAT --to-source 10.0.2.222
# conntrackd's FTP helper gets through one such round, with the kernel's own
# modules as well, and the packet may have been sent twice on a busy host.
note "helper: active, translated: $(ns c timeout "$(scaled 10)" peer.py active 10.0.2.2 1)"
ns r iptables-legacy -t nat -F
ns r conntrackd -C /tmp/helper.conf -k >/dev/null 2>&1
# on 7.x an entry keeps a copy of its helper
kernel_is_at_least 7 || refute 'helper: used, it stays' ns r nfct delete helper ftp inet tcp
ns r iptables-legacy -t raw -F
flush
check 'helper: unused, it goes' wait_for 'ns r nfct delete helper ftp inet tcp || ! ns r nfct list helper | grep -q ftp' 10
is 'helper: gone' "$(ns r nfct list helper | grep -c ftp)" 0
ns r iptables-legacy -F

# --- connlimit ---
check 'connlimit: rules' ns r iptables-legacy-restore <<-'EOT'
	*filter
	-A FORWARD -p tcp --syn --dport 9000 -m connlimit --connlimit-above 5 --connlimit-mask 32 -j REJECT --reject-with tcp-reset
	-A FORWARD -p tcp --syn --dport 9001 -m connlimit --connlimit-upto 4 --connlimit-daddr -j ACCEPT
	-A FORWARD -p tcp --syn --dport 9001 -j REJECT --reject-with tcp-reset
	-A FORWARD -p tcp --syn --dport 9002 -m connlimit --connlimit-above 300 --connlimit-saddr -j REJECT --reject-with tcp-reset
	COMMIT
EOT
ns c ip address add 10.0.1.3/24 dev eth0
holds 'connlimit: five of eight' 5 -r tcp 10.0.1.2 4100 10.0.2.2 9000 8
is 'connlimit: another address' "$(ask tcp 10.0.1.3 4110 10.0.2.2 9000)" '10.0.1.3 4110'
stop "$HOLDER"
check 'connlimit: room again' wait_for '[ "$(ask tcp 10.0.1.2 0 10.0.2.2 9000)" != refused ]'
holds 'connlimit: up to four' 4 -r tcp 10.0.1.2 4120 10.0.2.2 9001 8
stop "$HOLDER"
# connlimit collects while entries come and go, and while the table is flushed
(for _ in 1 2 3 4 5 6; do
	flush
	sleep 0.3
done) &
flusher=$!
for n in 1 2 3; do
	many -r -w 300 tcp 10.0.1.2 $((5000 + 1000 * n)) 10.0.2.2 9002 250
done >/tmp/load
wait $flusher
note "$(cat /tmp/load)"
flush
holds 'connlimit: after all that, still 300' 300 -r tcp 10.0.1.2 9100 10.0.2.2 9002 310
stop "$HOLDER"
ns r iptables-legacy -F
flush

# --- matches: name, packets of six that it fits, match ---
MATCHES='
new         1  conntrack --ctstate NEW
established 5  conntrack --ctstate ESTABLISHED
notnew      5  conntrack ! --ctstate NEW
dnat        6  conntrack --ctstate DNAT
snat        0  conntrack --ctstate SNAT
protocol    6  conntrack --ctproto udp
osrc        6  conntrack --ctorigsrc 10.0.1.0/24
odst        6  conntrack --ctorigdst 10.0.1.1
rsrc        6  conntrack --ctreplsrc 10.0.2.2
rdst        6  conntrack --ctrepldst 10.0.1.2
notodst     0  conntrack ! --ctorigdst 10.0.1.1
osport      6  conntrack --ctproto udp --ctorigsrcport 4200
odport      6  conntrack --ctproto udp --ctorigdstport 8000:8001
rsport      6  conntrack --ctproto udp --ctreplsrcport 9000
rdport      6  conntrack --ctproto udp --ctrepldstport 4200
seen        5  conntrack --ctstatus SEEN_REPLY
notseen     1  conntrack ! --ctstatus SEEN_REPLY
confirmed   5  conntrack --ctstatus CONFIRMED
expected    0  conntrack --ctstatus EXPECTED
nothing     0  conntrack --ctstatus NONE
expire      5  conntrack --ctstate ESTABLISHED --ctexpire 500:700
noexpire    0  conntrack --ctexpire 1:100
original    3  conntrack --ctdir ORIGINAL
reply       3  conntrack --ctdir REPLY
state       5  state --state ESTABLISHED
packets     3  connbytes --connbytes 4: --connbytes-dir both --connbytes-mode packets
opackets    4  connbytes --connbytes 2:9 --connbytes-dir original --connbytes-mode packets
rpackets    3  connbytes --connbytes 2: --connbytes-dir reply --connbytes-mode packets
bytes       3  connbytes --connbytes 130: --connbytes-dir both --connbytes-mode bytes
average     1  connbytes --connbytes 0:33 --connbytes-dir both --connbytes-mode avgpkt
notbytes    3  connbytes ! --connbytes 130: --connbytes-dir both --connbytes-mode bytes
mark        5  connmark --mark 0x21
markmask    5  connmark --mark 0x20/0xf0
label       5  connlabel --label blue
'

match_rules()
{
	local name count match

	echo '*nat'
	echo '-A PREROUTING -d 10.0.1.1 -p udp --dport 8000 -j DNAT --to-destination 10.0.2.2:9000'
	echo COMMIT
	echo '*filter'
	while read -r name count match; do
		[ -z "$name" ] || echo "-A FORWARD -p udp -m $match -m comment --comment m_$name"
	done <<<"$MATCHES"
	echo '-A FORWARD -p udp -j CONNMARK --set-mark 0x21/0xff'
	echo '-A FORWARD -p udp -m connlabel --label blue --set'
	echo COMMIT
}

mkdir -p /etc/xtables
printf '5 blue\n' | tee /etc/xtables/connlabel.conf >/etc/connlabel.conf
check 'match: rules' ns r iptables-legacy-restore <(match_rules)
is 'match: answered' "$(ask -q -c 3 udp 10.0.1.2 4200 10.0.1.1 8000)" 3
ns r iptables-legacy -vxnL FORWARD >/tmp/counters
while read -r name count match; do
	[ -z "$name" ] || is "match: $match" "$(awk -v name="m_$name" '$0 ~ name " " { print $1 }' /tmp/counters)" "$count"
done <<<"$MATCHES"
ns r iptables-legacy -F
ns r iptables-legacy -t nat -F
check 'match: rules, IPv6' ns r ip6tables-legacy-restore <<-'EOT'
	*filter
	-A FORWARD -p udp -m conntrack --ctstate ESTABLISHED --ctorigsrc fd00:1::/64 --ctrepldst fd00:1::2 --ctdir REPLY -m comment --comment m_reply
	COMMIT
EOT
is 'match: answered, IPv6' "$(ask -q -c 3 udp fd00:1::2 4201 fd00:2::2 9000)" 3
is 'match: IPv6' "$(ns r ip6tables-legacy -vxnL FORWARD | awk '/m_reply/ { print $1 }')" 3
ns r ip6tables-legacy -F

# --- zones by mark, and templates that packets in a queue hold ---
ns r iptables-legacy-restore <<-'EOT'
	*raw
	-A PREROUTING -p udp --dport 9001 -j MARK --set-mark 9
	-A PREROUTING -p udp --sport 9001 -j MARK --set-mark 9
	-A PREROUTING -p udp -m mark --mark 9 -j CT --zone mark
	-A PREROUTING -p udp --dport 9002 -j CT --zone 11
	-A PREROUTING -p udp --dport 9002 -j NFQUEUE --queue-num 7
	COMMIT
EOT
is 'zone by mark: answered' "$(ask -q udp 10.0.1.2 4300 10.0.2.2 9001)" 1
check 'zone by mark' grep -q 'zone=9' <(entry 4300)
ns r ctqueue 7 3 >/tmp/queue 2>&1 &
queue=$!
must wait_for 'grep -q ready /tmp/queue'
kill -STOP "$(pgrep -x ctqueue)"
for n in 1 2 3; do
	ask -q -w 4000 udp 10.0.1.2 $((4300 + n)) 10.0.2.2 9002 &
done >/tmp/asked
check 'template: packets wait' wait_for "[ \"\$(ns r awk '\$1 == 7 { print \$3 }' /proc/net/netfilter/nfnetlink_queue)\" = 3 ]"
check 'template: its rule goes' ns r iptables-legacy -t raw -F
kill -CONT "$(pgrep -x ctqueue)"
wait $queue
check 'template: the packets go on' wait_for '[ "$(entries -w 11 | wc -l)" = 3 ]'

# --- a VRF: the packet passes the hooks twice ---
flush
if modprobe vrf 2>/dev/null; then
	ns r ip -batch - <<-'EOT'
		link add red type vrf table 10
		link set red up
		link set eth1 master red
		link set eth2 master red
	EOT
	ns r ip address replace 10.0.2.222/32 dev eth2
	ns r iptables-legacy -t nat -A POSTROUTING -p udp --dport 9001 -o eth2 -j SNAT --to-source 10.0.2.222
	check 'VRF: answered' wait_for '[ "$(ask udp 10.0.1.2 4400 10.0.2.2 9000)" = "10.0.1.2 4400" ]' 20
	is 'VRF: one entry' "$(entry 4400 | wc -l)" 1
	is 'VRF: translated' "$(ask udp 10.0.1.2 4401 10.0.2.2 9001)" '10.0.2.222 4401'
	is 'VRF: translated, one entry' "$(entry 4401 | wc -l)" 1
	is 'VRF: the router itself' "$(ask udp 10.0.1.2 4402 10.0.2.2 9000)" '10.0.1.2 4402'
	ns r iptables-legacy -t nat -F
else
	skip 'VRF' 'no such module'
fi

finish
