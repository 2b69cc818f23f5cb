#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nf_nat: what iptables and nft rules make of a connection, what it leaves in the
# entry, what happens when the ports run out, errors about translated packets,
# helpers, and what nf_nat takes out of the table.
#
# TIMEOUT: 240

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/gateway.sh
. /payload/data/gateway.sh

reload()
{
	flush
	ns r nft -f - <<-EOT
		table inet nat
		delete table inet nat
		table inet nat {
			chain pre {
				type nat hook prerouting priority -100
				${1:-}
			}
			chain post {
				type nat hook postrouting priority 100
				${2:-}
			}
		}
	EOT
}

gateway
must modprobe nf_nat_ftp
nsenter --net=/run/netns/s peer.py serve 10.0.2.2 2>/tmp/serve.err &
ns c ip -batch - <<-'EOT'
	address add 10.0.1.3/24 dev eth0
	address add fd00:1::3/64 dev eth0 nodad
EOT
ns r ip -batch - <<-'EOT'
	address add 10.0.2.50/32 dev eth2
	address add 10.0.2.51/32 dev eth2
	address add 10.0.2.52/32 dev eth2
	address add 10.0.2.53/32 dev eth2
	address add fd00:2::50/128 dev eth2 nodad preferred_lft 0
EOT
ns s ip address add 10.0.2.99/24 dev eth0

# --- iptables ---
check 'iptables: rules' ns r iptables-legacy-restore <<-'EOT'
	*nat
	-A PREROUTING -d 10.0.1.1 -p udp --dport 8000 -j DNAT --to-destination 10.0.2.2:9000
	-A PREROUTING -d 10.0.1.1 -p tcp --dport 8000 -j DNAT --to-destination 10.0.2.2:9000
	-A PREROUTING -p udp --dport 8001 -j REDIRECT --to-ports 9001
	-A PREROUTING -d 10.0.9.0/24 -j NETMAP --to 10.0.2.0/24
	-A POSTROUTING -p udp -o eth2 --dport 9001 -j SNAT --to-source 10.0.2.50
	-A POSTROUTING -p udp -o eth2 --dport 9002 -j MASQUERADE
	-A POSTROUTING -p udp -o eth2 --dport 9003 -j MASQUERADE --to-ports 6000-6003
	COMMIT
EOT
is 'iptables: SNAT' "$(ask udp 10.0.1.2 4001 10.0.2.2 9001)" '10.0.2.50 4001'
note "$(entries -p udp --orig-port-src 4001)"
check 'iptables: SNAT in the entry' grep -q 'src=10.0.1.2 dst=10.0.2.2 sport=4001 dport=9001 .*src=10.0.2.2 dst=10.0.2.50 sport=9001 dport=4001' \
	<(entries --src-nat)
is 'iptables: an untranslated one is not among them' "$(ask udp 10.0.1.2 4002 10.0.2.2 9000; entries --src-nat | grep -c sport=4002)" \
	$'10.0.1.2 4002\n0'
is 'iptables: DNAT' "$(ask udp 10.0.1.2 4003 10.0.1.1 8000)" '10.0.1.2 4003'
check 'iptables: DNAT in the entry' grep -q 'dst=10.0.1.1 sport=4003 dport=8000 .*src=10.0.2.2 dst=10.0.1.2 sport=9000 dport=4003' \
	<(entries --dst-nat)
is 'iptables: DNAT of TCP' "$(ask tcp 10.0.1.2 4004 10.0.1.1 8000)" '10.0.1.2 4004'
is 'iptables: REDIRECT' "$(ask udp 10.0.1.2 4005 10.0.2.99 8001)" '10.0.1.2 4005'
check 'iptables: REDIRECT in the entry' grep -q 'dst=10.0.2.99 sport=4005 dport=8001 .*src=10.0.1.1 dst=10.0.1.2 sport=9001' \
	<(entries --dst-nat)
is 'iptables: NETMAP' "$(ask udp 10.0.1.2 4006 10.0.9.2 9000; ask udp 10.0.1.2 4006 10.0.9.99 9000)" $'10.0.1.2 4006\n10.0.1.2 4006'
is 'iptables: MASQUERADE' "$(ask udp 10.0.1.2 4007 10.0.2.2 9002)" '10.0.2.1 4007'
answer=$(ask udp 10.0.1.2 4008 10.0.2.2 9003)
check 'iptables: MASQUERADE to ports' grep -qE '^10\.0\.2\.1 600[0-3]$' <<<"$answer"
# A connection that began before the rule keeps its addresses.
is 'iptables: no rule for old connections' "$(
	ask udp 10.0.1.2 4009 10.0.2.2 9000
	ns r iptables-legacy -t nat -A POSTROUTING -p udp --dport 9000 -j SNAT --to-source 10.0.2.51
	ask udp 10.0.1.2 4009 10.0.2.2 9000
	ask udp 10.0.1.2 4010 10.0.2.2 9000)" $'10.0.1.2 4009\n10.0.1.2 4009\n10.0.2.51 4010'

# --- masqueraded entries go with the address or the device, others stay ---
masqueraded()
{
	entries | grep -c 'dst=10.0.2.1 .*dport=4007'
}

is 'masquerade: before' "$(masqueraded)" 1
ns r ip address add 10.0.2.77/24 dev eth2
is 'masquerade: another address changes nothing' "$(masqueraded)" 1
before=$(ctcount r)
ns r ip address del 10.0.2.1/24 dev eth2
check 'masquerade: the address is gone, and what used it' wait_for '[ "$(masqueraded)" = 0 ]'
check 'masquerade: SNAT stays' grep -q sport=4001 <(entries --src-nat)
cmp_num 'masquerade: no other entry went' "$(ctcount r)" -ge $((before - 3))
ns r ip address add 10.0.2.1/24 dev eth2
check 'masquerade: again' grep -qE '^10\.0\.2\.(1|77) 4011$' <<<"$(ask udp 10.0.1.2 4011 10.0.2.2 9002)"
ns r ip link set eth2 down
check 'masquerade: the link is down' wait_for '[ "$(entries -p udp --orig-port-src 4011 | wc -l)" = 0 ]'
check 'masquerade: SNAT stays again' grep -q sport=4001 <(entries --src-nat)
ns r ip link set eth2 up
ns r ip address del 10.0.2.77/24 dev eth2
ns r ip -6 address add fd00:2::1/64 dev eth2 nodad
ns r ip -6 address replace fd00:2::50/128 dev eth2 nodad preferred_lft 0
ns r iptables-legacy -t nat -F
wait_for '[ "$(ask -w 500 udp 10.0.1.2 0 10.0.2.2 9000)" != none ]' 20

# --- nft, both families ---
# Sets make nf_tables of the debug kernel complain about itself.
prefix='dnat ip prefix to ip daddr map { 10.0.9.0/24 : 10.0.2.0/24 }'
if is_debug; then
	prefix='ip daddr 10.0.9.99 dnat ip to 10.0.2.99'
fi
check 'nft: rules' reload '
	ip daddr 10.0.1.1 udp dport 8000 dnat ip to 10.0.2.2:9000
	ip6 daddr fd00:1::1 udp dport 8000 dnat ip6 to [fd00:2::2]:9000
	udp dport 8001 redirect to :9001
	'"$prefix" '
	oif eth2 udp dport 9001 snat ip to 10.0.2.50
	oif eth2 udp dport 9001 snat ip6 to fd00:2::50
	oif eth2 udp dport 9002 masquerade
	oif eth2 udp dport 9003 masquerade to :6000-6003 random'
is 'nft: snat' "$(ask udp 10.0.1.2 4101 10.0.2.2 9001)" '10.0.2.50 4101'
is 'nft: snat, IPv6' "$(ask udp fd00:1::2 4101 fd00:2::2 9001)" 'fd00:2::50 4101'
is 'nft: dnat' "$(ask udp 10.0.1.2 4102 10.0.1.1 8000)" '10.0.1.2 4102'
is 'nft: dnat, IPv6' "$(ask udp fd00:1::2 4102 fd00:1::1 8000)" 'fd00:1::2 4102'
is 'nft: redirect' "$(ask udp 10.0.1.2 4103 10.0.2.99 8001)" '10.0.1.2 4103'
is 'nft: redirect, IPv6' "$(ask udp fd00:1::2 4103 fd00:2::99 8001)" 'fd00:1::2 4103'
is 'nft: prefix' "$(ask udp 10.0.1.2 4104 10.0.9.99 9000)" '10.0.1.2 4104'
is 'nft: masquerade' "$(ask udp 10.0.1.2 4105 10.0.2.2 9002)" '10.0.2.1 4105'
is 'nft: masquerade, IPv6' "$(ask udp fd00:1::2 4105 fd00:2::2 9002)" 'fd00:2::1 4105'
check 'nft: masquerade to random ports' grep -qE '^10\.0\.2\.1 600[0-3]$' <<<"$(ask udp 10.0.1.2 4106 10.0.2.2 9003)"
is 'nft: all translated' "$(entries --any-nat | wc -l) $(entries -f ipv6 --any-nat | wc -l)" '10 4'
ns r ip -6 address del fd00:2::1/64 dev eth2
check 'nft: IPv6 masquerade goes with the address' wait_for '! entries -f ipv6 | grep -q sport=4105'
check 'nft: IPv6 snat stays' grep -q sport=4101 <(entries -f ipv6)
ns r ip -6 address add fd00:2::1/64 dev eth2 nodad

# --- ranges ---
reload '' 'oif eth2 udp dport 9000 snat ip to 10.0.2.50-10.0.2.53
	oif eth2 udp dport 9001 snat ip to 10.0.2.50-10.0.2.53 persistent
	oif eth2 udp dport 9002 snat ip to 10.0.2.50:5000-5009
	oif eth2 udp dport 9003 snat ip to 10.0.2.50:5000-5999 random
	oif eth2 tcp dport 9003 snat ip to 10.0.2.50 fully-random'
answer=$(many udp 10.0.1.2 4200 10.0.2.2 9000 8)
is 'range: answers' "$(field answered "$answer")" 8
# persistent: the address depends on the address of the client only
answer=$(many udp 10.0.1.2 4200 10.0.2.2 9001 8)
is 'range, persistent: one address' "$(field answered "$answer") $(field addresses "$answer")" '8 1'
first=$(ask udp 10.0.1.2 4208 10.0.2.2 9001)
second=$(ask udp 10.0.1.2 4208 10.0.2.99 9001)
is 'range, persistent: for every destination' "${first% *}" "${second% *}"
answer=$(many tcp 10.0.1.2 4200 10.0.2.2 9003 20)
note "$answer"
is 'random ports: all answered, all different' "$(field answered "$answer") $(field ports "$answer")" '20 20'
is 'random ports: not the own ones' "$([ "$(field low "$answer")" = 4200 ] && [ "$(field high "$answer")" = 4219 ] || echo others)" others
answer=$(many udp 10.0.1.2 4200 10.0.2.2 9003 20)
note "$answer"
is 'random in a range: answers' "$(field answered "$answer") $(field ports "$answer")" '20 20'
cmp_num 'random in a range: low' "$(field low "$answer")" -ge 5000
cmp_num 'random in a range: high' "$(field high "$answer")" -le 5999

# --- ten ports, twenty connections ---
answer=$(many -w 400 udp 10.0.1.2 4300 10.0.2.2 9002 20)
note "$answer"
is 'exhausted: ten get through, on ten ports' "$answer" 'answered=10 addresses=1 ports=10 low=5000 high=5009'
is 'exhausted: ten entries' "$(entries -p udp --orig-port-dst 9002 | wc -l)" 10
is 'exhausted: another destination has its own ports' "$(many udp 10.0.1.2 4320 10.0.2.99 9002 10)" \
	'answered=10 addresses=1 ports=10 low=5000 high=5009'
is 'exhausted: still none' "$(ask -w 300 udp 10.0.1.2 4340 10.0.2.2 9002)" none
ns r conntrack -D -p udp --reply-port-dst 5004 -d 10.0.2.2 >/dev/null 2>&1
is 'exhausted: a port that became free is found' "$(ask udp 10.0.1.2 4341 10.0.2.2 9002)" '10.0.2.50 5004'
is 'exhausted: and is used up again' "$(ask -w 300 udp 10.0.1.2 4342 10.0.2.2 9002)" none

reload '' 'oif eth2 tcp dport 9002 snat ip to 10.0.2.50:5000-5009'
hold -r tcp 10.0.1.2 4300 10.0.2.2 9002 10
is 'TCP: ten connections' "$(cat /tmp/held)" 'answered=10 addresses=1 ports=10 low=5000 high=5009'
is 'TCP: the eleventh' "$(ask -w 300 tcp 10.0.1.2 4310 10.0.2.2 9002)" none
stop "$HOLDER"
# Resets leave entries in CLOSE, which go after ten seconds.
is 'TCP: states after the reset' "$(entries -p tcp --state ESTABLISHED | wc -l)" 0
ns r conntrack -D -p tcp --state CLOSE >/dev/null 2>&1
is 'TCP: afterwards' "$(ask tcp 10.0.1.2 4311 10.0.2.2 9002 | cut -d' ' -f1)" 10.0.2.50

# --- two clients with one port ---
reload '' 'oif eth2 masquerade'
is 'same port: the first' "$(ask udp 10.0.1.2 4400 10.0.2.2 9000)" '10.0.2.1 4400'
answer=$(ask udp 10.0.1.3 4400 10.0.2.2 9000)
check 'same port: the second gets another' grep -qE '^10\.0\.2\.1 [0-9]+$' <<<"$answer"
refute 'same port: not the same' test "$answer" = '10.0.2.1 4400'
is 'same port: and keeps it for other destinations' "$(ask udp 10.0.1.3 4400 10.0.2.99 9000)" "$answer"
is 'same port: both are right later' "$(ask udp 10.0.1.2 4400 10.0.2.2 9000; ask udp 10.0.1.3 4400 10.0.2.2 9000)" $'10.0.2.1 4400\n'"$answer"
check 'echo: first client' ns c ping -qc 2 -i 0.2 -e 77 -I 10.0.1.2 10.0.2.2
check 'echo: second client, same ID' ns c ping -qc 2 -i 0.2 -e 77 -I 10.0.1.3 10.0.2.2
is 'echo: two IDs outside' "$(entries -p icmp | sed 's/.* id=//; s/ .*//' | sort -u | wc -l)" 2
check 'echo: IPv6' ns c ping -qc 2 -i 0.2 -e 77 -I fd00:1::2 fd00:2::2
check 'echo: IPv6, second client' ns c ping -qc 2 -i 0.2 -e 77 -I fd00:1::3 fd00:2::2

# --- errors about translated packets ---
is 'error: UDP, source translated' "$(ask udp 10.0.1.2 4500 10.0.2.2 9)" refused
is 'error: UDP, IPv6' "$(ask udp fd00:1::2 4500 fd00:2::2 9)" refused
is 'error: TCP reset' "$(ask tcp 10.0.1.2 4501 10.0.2.2 9)" refused
is 'error: about a fragmented original' "$(ask -s 4000 udp 10.0.1.2 4502 10.0.2.2 9)" refused
is 'error: about a fragmented original, IPv6' "$(ask -s 4000 udp fd00:1::2 4502 fd00:2::2 9)" refused
is 'fragments get through' "$(ask -s 4000 udp 10.0.1.2 4503 10.0.2.2 9000)" '10.0.2.1 4503'
is 'fragments get through, IPv6' "$(ask -s 4000 udp fd00:1::2 4503 fd00:2::2 9000)" 'fd00:2::1 4503'
reload 'ip daddr 10.0.1.1 udp dport 8009 dnat ip to 10.0.2.2:9
	ip6 daddr fd00:1::1 udp dport 8009 dnat ip6 to [fd00:2::2]:9
	ip daddr 10.0.1.1 icmp type echo-request dnat ip to 10.0.2.2
	ip daddr 10.0.1.1 tcp dport 8009 dnat ip to 10.0.2.2:9' 'oif eth2 masquerade'
is 'error: both translated' "$(ask udp 10.0.1.2 4510 10.0.1.1 8009)" refused
is 'error: both translated, IPv6' "$(ask udp fd00:1::2 4510 fd00:1::1 8009)" refused
is 'error: both translated, fragmented' "$(ask -s 4000 udp 10.0.1.2 4511 10.0.1.1 8009)" refused
is 'error: both translated, TCP' "$(ask tcp 10.0.1.2 4512 10.0.1.1 8009)" refused
check 'error: the router itself, time exceeded' grep -qi 'from 10.0.1.1.*exceeded' <(ns c ping -c 1 -W 2 -t 1 10.0.2.2)
check 'echo to a translated address' grep -q 'from 10.0.1.1' <(ns c ping -c 1 -W 2 10.0.1.1)
verdicts nat_errors.py

# --- helpers whose payload grows or shrinks ---
ns r ip address add 192.168.100.200/32 dev eth2
ns s ip route add 192.168.100.200/32 via 10.0.2.1
reload 'ip daddr 10.0.1.1 tcp dport 2121 dnat ip to 10.0.2.2:21
	tcp dport 21 ip daddr 10.0.2.2 return' 'oif eth2 snat ip to 192.168.100.200'
ns r nft -f - <<-'EOT'
	table ip helper {
		ct helper ftp {
			type "ftp" protocol tcp
		}
		chain pre {
			type filter hook prerouting priority 0
			tcp dport 21 ct helper set "ftp"
		}
	}
EOT
must wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 30
is 'FTP: active, the address grows' "$(ns c peer.py active 10.0.2.2 3)" \
	$'data 0 from 10.0.2.2\necho True\ndata 1 from 10.0.2.2\necho True\ndata 2 from 10.0.2.2\necho True'
check 'FTP: data connections were RELATED and translated' grep -q 'src=10.0.2.2 dst=192.168.100.200 .*src=10.0.1.2 dst=10.0.2.2' \
	<(entries -p tcp)
is 'FTP: passive' "$(ns c peer.py passive 10.0.2.2 2 | grep -c '226 done data')" 2
is 'FTP: nothing expected any more' "$(ns r cat /proc/net/nf_conntrack_expect)" ''

# --- nf_nat goes, and takes what it has translated ---
reload '' 'oif eth2 udp dport 9001 snat ip to 10.0.2.50'
is 'unload: translated' "$(ask udp 10.0.1.2 4600 10.0.2.2 9001)" '10.0.2.50 4600'
is 'unload: not translated' "$(ask udp 10.0.1.2 4601 10.0.2.2 9000)" '10.0.1.2 4601'
ns r nft delete table inet nat
ns r iptables-legacy -t nat -X
check 'unload: nf_nat' sh -c 'for i in 1 2 3; do
		rmmod iptable_nat nft_chain_nat nft_redir nft_masq nft_nat xt_nat xt_MASQUERADE xt_REDIRECT xt_NETMAP nf_nat_ftp 2>/dev/null
		rmmod nf_nat && exit 0
		sleep 0.5
	done; lsmod | grep nf_nat; exit 1'
is 'unload: no translated entry is left' "$(entries -p udp --orig-port-src 4600 | wc -l)" 0
is 'unload: the other one is' "$(entries -p udp --orig-port-src 4601 | wc -l)" 1
is 'unload: packets pass as they are' "$(ask udp 10.0.1.2 4600 10.0.2.2 9001)" '10.0.1.2 4600'

finish
