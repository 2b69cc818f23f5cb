#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nft_ct: every key it reads and sets, its objects (timeout, helper, expectation)
# and what becomes of entries when an object goes; nft_connlimit; SYNPROXY by nft
# and by iptables.
#
# TIMEOUT: 240

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/gateway.sh
. /payload/data/gateway.sh

gateway
must modprobe -a nf_conntrack_ftp nf_conntrack_tftp
printf '5 blue\n100 green\n' >/etc/connlabel.conf
mkdir -p /etc/xtables
cp /etc/connlabel.conf /etc/xtables/
ns r sysctl -qw net.netfilter.nf_conntrack_acct=1

# --- keys that are read: name, match, packets of six that it fits ---
KEYS='
new          1  ct state new
established  5  ct state established
untracked    0  ct state untracked
original     3  ct direction original
reply        3  ct direction reply
dnat         6  ct status dnat
snat         0  ct status snat
seen         5  ct status seen-reply
confirmed    5  ct status confirmed
expected     0  ct status expected
family       6  ct l3proto ipv4
protocol     6  ct original protocol udp
src          6  ct original ip saddr 10.0.1.2
dst          6  ct original ip daddr 10.0.1.1
rsrc         6  ct reply ip saddr 10.0.2.2
rdst         6  ct reply ip daddr 10.0.1.2
sport        6  meta l4proto udp ct original proto-src 4001
dport        6  meta l4proto udp ct original proto-dst 8000
rsport       6  meta l4proto udp ct reply proto-src 9000
rdport       6  meta l4proto udp ct reply proto-dst 4001
total        1  ct packets 4
asked        2  ct original packets 3
replied      1  ct reply packets 3
bytes        3  ct bytes > 140
obytes       2  ct original bytes 96
average      1  ct avgpkt 32
oaverage     6  ct original avgpkt 32
zone         6  ct zone 0
nomark       0  ct mark 0
mark         6  ct mark 0x21
highmark     6  ct mark and 0x20 == 0x20
label        5  ct label blue
nolabel      0  ct label green
helper       0  ct helper "ftp"
'

key_rules()
{
	local name count match

	echo 'table inet t {'
	while read -r name count match; do
		[ -z "$name" ] || echo "counter k_$name { }"
	done <<<"$KEYS"
	echo 'chain first { type filter hook forward priority -10
		ct state new ct mark set 0x21
		ct direction reply ct label set blue
	}'
	echo 'chain f { type filter hook forward priority 0'
	while read -r name count match; do
		[ -z "$name" ] || echo "$match counter name k_$name"
	done <<<"$KEYS"
	echo '}
	chain pre {
		type nat hook prerouting priority -100
		ip daddr 10.0.1.1 udp dport 8000 dnat ip to 10.0.2.2:9000
	}
	}'
}

check 'keys: rules' ns r nft -f <(key_rules)
is 'keys: answered' "$(ask -q -c 3 udp 10.0.1.2 4001 10.0.1.1 8000)" 3
ns r nft list counters >/tmp/counters
while read -r name count match; do
	[ -n "$name" ] || continue
	got=$(grep -A1 "counter k_$name {" /tmp/counters | sed -n 's/.*packets \([0-9]*\).*/\1/p')
	is "key: $match" "$got" "$count"
done <<<"$KEYS"
id=$(ns r conntrack -L -o id 2>/dev/null | sed -n 's/.*sport=4001.* id=\([0-9]*\).*/\1/p')
ns r nft "add counter inet t k_id; add rule inet t f ct id $id counter name k_id"
is 'keys: once more' "$(ask -q udp 10.0.1.2 4001 10.0.1.1 8000)" 1
is 'key: ct id' "$(hits k_id)" 2
ns r nft delete table inet t

# --- keys that are set ---
check 'set: rules' rules <<-'EOT'
	table inet t {
		counter untracked { }
		chain raw {
			type filter hook prerouting priority -300
			udp dport 9001 notrack
			udp sport 9001 notrack
			udp dport 9002 ct zone set 7
			udp sport 9002 ct zone set 7
			meta l4proto udp ct state untracked counter name untracked
		}
		chain pre {
			type filter hook prerouting priority -150
			udp dport 9003 ct event set destroy
			udp dport 9000 ct mark set ct mark or 0x100
			udp dport 9000 ct direction original ct label set green
		}
	}
EOT
must listen r /tmp/events -p udp
is 'set: mark, label: answered' "$(ask -q -c 2 udp 10.0.1.2 4010 10.0.2.2 9000)" 2
check 'set: mark' grep -q 'mark=256 ' <(entry 4010)
check 'set: label' grep -q 'labels=green' <(entry 4010 -o labels)
is 'set: notrack: answered' "$(ask -q -c 2 udp 10.0.1.2 4011 10.0.2.2 9001)" 2
is 'set: notrack: no entry' "$(entry 4011)" ''
is 'set: notrack: the state' "$(hits untracked)" 4
is 'set: zone: answered' "$(ask -q udp 10.0.1.2 4012 10.0.2.2 9002)" 1
check 'set: zone' grep -q 'zone=7' <(entry 4012)
is 'set: events: answered' "$(ask -q -c 2 udp 10.0.1.2 4013 10.0.2.2 9003)" 2
flush
check 'set: events: DESTROY' wait_for 'grep -q "DESTROY.*sport=4013" /tmp/events'
is 'set: events: that only' "$(grep -c sport=4013 /tmp/events)" 1
check 'set: events of another: NEW first' grep -q 'NEW.*sport=4010' <(grep -m1 sport=4010 /tmp/events)
stop "$LISTENER"
ns r nft delete table inet t

# --- timeout objects ---
check 'timeout: rules' rules <<-'EOT'
	table inet t {
		ct timeout slow {
			protocol udp
			l3proto ip
			policy = { unreplied : 4000, replied : 5000 }
		}
		ct timeout slow6 {
			protocol udp
			l3proto ip6
			policy = { unreplied : 4000, replied : 5000 }
		}
		ct timeout patient {
			protocol tcp
			l3proto ip
			policy = { established : 3000, close : 100 }
		}
		chain pre {
			type filter hook prerouting priority -150
			udp dport 9000 ct timeout set "slow"
			ip6 nexthdr udp udp dport 9001 ct timeout set "slow6"
			tcp dport 9000 ct timeout set "patient"
		}
	}
EOT
left()
{
	entries "$@" | awk '{ print $3; exit }'
}

is 'timeout: answered' "$(ask -q udp 10.0.1.2 4020 10.0.2.2 9000)" 1
cmp_num 'timeout: replied' "$(left -p udp --orig-port-src 4020)" -gt 3500
is 'timeout: unreplied' "$(ask -w 100 udp 10.0.1.2 4021 10.0.2.77 9000)" none
seconds=$(left -p udp --orig-port-src 4021)
cmp_num 'timeout: unreplied, seconds' "$seconds" -gt 3500
cmp_num 'timeout: unreplied, not more' "$seconds" -le 4000
is 'timeout: IPv6' "$(ask -q udp fd00:1::2 4022 fd00:2::2 9001)" 1
cmp_num 'timeout: IPv6, seconds' "$(ns r conntrack -f ipv6 -L -p udp 2>/dev/null | awk '/sport=4022/ { print $3 }')" -gt 3500
talk_open -r tcp 10.0.1.2 4023 10.0.2.2 9000
is 'timeout: TCP' "$(talk)" '10.0.1.2 4023'
seconds=$(left -p tcp --orig-port-src 4023)
cmp_num 'timeout: TCP established' "$seconds" -gt 2500
cmp_num 'timeout: TCP established, not the default' "$seconds" -le 3000
check 'timeout: used objects are kept' sh -c '! nsenter --net=/run/netns/r nft delete ct timeout inet t slow'
ns r nft flush chain inet t pre
check 'timeout: unused ones go' ns r nft 'delete ct timeout inet t slow; delete ct timeout inet t patient'
# entries of a policy that went: the usual timeouts from now on
is 'timeout: afterwards' "$(ask -q udp 10.0.1.2 4020 10.0.2.2 9000)" 1
cmp_num 'timeout: afterwards, seconds' "$(left -p udp --orig-port-src 4020)" -le 700
is 'timeout: TCP goes on' "$(talk)" '10.0.1.2 4023'
cmp_num 'timeout: TCP has the usual ones' "$(left -p tcp --orig-port-src 4023)" -gt 100000
talk_close
ns r nft delete table inet t
flush

# --- helper and expectation objects ---
check 'helper: rules' rules <<-'EOT'
	table inet t {
		ct helper tftp {
			type "tftp" protocol udp
			l3proto ip
		}
		ct expectation side {
			protocol udp
			dport 9002
			timeout 1h
			size 3
			l3proto ip
		}
		counter helped { }
		counter related { }
		chain f {
			type filter hook forward priority 0
			udp dport 69 ct helper set "tftp"
			ct helper "tftp" counter name helped
			udp dport 9001 ct state new ct expectation set "side"
			udp dport 9002 ct state related counter name related
		}
	}
EOT
expected()
{
	ns r conntrack -L expect 2>/dev/null | wc -l
}

# a read request: opcode 1, then a name
ns c sh -c 'printf "\0\1file\0octet\0" | socat -t 0 - UDP:10.0.2.2:69,sourceport=4030' 2>/dev/null
check 'helper: attached' grep -q helper=tftp <(entry 4030)
is 'helper: expects' "$(expected)" 1
ns c sh -c 'printf "\0\1more\0octet\0" | socat -t 0 - UDP:10.0.2.2:69,sourceport=4030' 2>/dev/null
is 'helper: what it expected comes' "$(ns s who ask udp 10.0.2.2 5030 10.0.1.2 4030)" refused
cmp_num 'helper: match' "$(hits helped)" -ge 1
is 'expectation: answered' "$(ask -q udp 10.0.1.2 4031 10.0.2.2 9001)" 1
is 'expectation: there' "$(ns r conntrack -L expect 2>/dev/null | grep -c 'dport=9002')" 1
note "$(ns r conntrack -L expect 2>/dev/null)"
is 'expectation: fits from any port' "$(ns s who ask udp 10.0.2.2 5031 10.0.1.2 9002)" refused
cmp_num 'expectation: RELATED' "$(hits related)" -ge 1
is 'expectation: used up' "$(ns r conntrack -L expect 2>/dev/null | grep -c 'dport=9002')" 0
ns r conntrack -D -p udp --orig-port-src 4030 >/dev/null 2>&1
is 'helper: expectations go with the connection' "$(expected)" 0
check 'objects: all go with the table' ns r nft delete table inet t

# Packets of the rule with the comment $1
counted()
{
	ns r nft list ruleset | awk -v what="\"$1\"" '$NF == what { for (i = 1; i < NF; i++) if ($i == "packets") print $(i + 1) }'
}

# --- the last of all priorities: IPv6 is confirmed before it, IPv4 is not ---
check 'last priority: rules' rules <<-'EOT'
	table inet t {
		chain in {
			type filter hook input priority 2147483647
			meta nfproto ipv6 udp dport 9999 ct status confirmed counter comment "v6"
			meta nfproto ipv4 udp dport 9999 ct status confirmed counter comment "v4"
		}
	}
EOT
ns c sh -c 'echo x | socat -t 0 - UDP6:[fd00:1::1]:9999; echo x | socat -t 0 - UDP:10.0.1.1:9999' 2>/dev/null
is 'last priority: a confirmed entry, IPv6' "$(counted v6)" 1
is 'last priority: IPv4' "$(counted v4)" 0
ns r nft delete table inet t
flush

# --- connlimit ---
check 'limit: rules' rules <<-'EOT'
	table inet t {
		chain f {
			type filter hook forward priority 0
			tcp dport 9000 ct state new ct count over 5 reject with tcp reset
			tcp dport 9001 ct state new ct count 3 counter drop
		}
	}
EOT
holds 'limit: five of eight' 5 -r tcp 10.0.1.2 4040 10.0.2.2 9000 8
is 'limit: no sixth' "$(ask tcp 10.0.1.2 4050 10.0.2.2 9000)" refused
stop "$HOLDER"
check 'limit: room again when they are closed' wait_for '[ "$(ask tcp 10.0.1.2 0 10.0.2.2 9000)" != refused ]'
hold -r tcp 10.0.1.2 4060 10.0.2.2 9000 5
cmp_num 'limit: as before' "$(field answered "$(cat /tmp/held)")" -ge 4
ns r conntrack -D -p tcp --orig-port-src 4061 >/dev/null 2>&1
is 'limit: a deleted entry does not count' "$(ask tcp 10.0.1.2 4070 10.0.2.2 9000)" '10.0.1.2 4070'
stop "$HOLDER"
if is_debug; then
	skip 'limit: by address' 'sets complain on the debug kernel'
else
	check 'limit: by address, rules' rules <<-'EOT'
		table inet t2 {
			set s {
				type ipv4_addr
				size 1000
				flags dynamic
			}
			chain f {
				type filter hook forward priority 0
				tcp dport 9002 ct state new add @s { ip saddr ct count over 2 } reject with tcp reset
			}
		}
	EOT
	ns c ip address add 10.0.1.3/24 dev eth0
	holds 'limit: by address' 2 -r tcp 10.0.1.2 4080 10.0.2.2 9002 4
	is 'limit: another address has its own' "$(ask tcp 10.0.1.3 4084 10.0.2.2 9002)" '10.0.1.3 4084'
	stop "$HOLDER"
	ns r nft delete table inet t2
fi
ns r nft delete table inet t
flush

# --- SYNPROXY: the router answers, then splices two sequence spaces ---
ns r sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 net.ipv4.tcp_syncookies=1
synproxied()
{
	local kind=$1

	is "$kind: talk" "$(ask -c 3 tcp 10.0.1.2 4090 10.0.2.2 9000)" $'10.0.1.2 4090\n10.0.1.2 4090\n10.0.1.2 4090'
	note "$(entries -p tcp --orig-port-src 4090)"
	check "$kind: entry" grep -q '^tcp.*sport=4090.*ASSURED' <(entries -p tcp --orig-port-src 4090)
	is "$kind: IPv6" "$(ask -c 2 tcp fd00:1::2 4091 fd00:2::2 9000)" $'fd00:1::2 4091\nfd00:1::2 4091'
	is "$kind: many" "$(many tcp 10.0.1.2 4100 10.0.2.2 9000 50)" 'answered=50 addresses=1 ports=50 low=4100 high=4149'
	# The first SYN never reaches the server: a closed port still seems open.
	is "$kind: a closed port" "$(ask -w 500 tcp 10.0.1.2 4092 10.0.2.2 9)" reset
	flush
}

check 'synproxy: rules' rules <<-'EOT'
	table inet t {
		chain raw {
			type filter hook prerouting priority -300
			tcp dport 9000 tcp flags == syn notrack
			tcp dport 9 tcp flags == syn notrack
		}
		chain f {
			type filter hook forward priority 0
			tcp dport 9000 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
			tcp dport 9 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
			ct state invalid drop
		}
	}
EOT
synproxied 'synproxy'
ns r nft delete table inet t
for cmd in iptables-legacy ip6tables-legacy; do
	ns r $cmd-restore <<-'EOT'
		*raw
		-A PREROUTING -p tcp -m tcp --syn -j CT --notrack
		COMMIT
		*filter
		-A FORWARD -p tcp -m state --state INVALID,UNTRACKED -j SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460
		-A FORWARD -m state --state INVALID -j DROP
		COMMIT
	EOT
done
synproxied 'SYNPROXY'
cmp_num 'SYNPROXY: cookies' "$(stat_sum r synproxy cookie_valid)" -ge 100

finish
