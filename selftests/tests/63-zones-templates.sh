#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What rules do to entries: zones, no tracking, chosen events, timeout policies,
# labels, marks, helpers with address translation, flow tables; and the extensions
# that sysctls add.
#
# TIMEOUT: 240

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh

EXPECT=/proc/net/nf_conntrack_expect

ask()
{
	ns c peer.py ask 10.0.2.2 "$@"
}

# The entry that port $1 made, as /proc shows it
line()
{
	ns r grep "sport=$1 " /proc/net/nf_conntrack
}

has()
{
	local name=$1 port=$2 word=$3

	if line "$port" | grep -qE -- "$word"; then
		ok "$name"
	else
		not_ok "$name" "$(line "$port")"
	fi
}

has_not()
{
	local name=$1 port=$2 word=$3

	if line "$port" | grep -qE -- "$word"; then
		not_ok "$name" "$(line "$port")"
	else
		ok "$name"
	fi
}

# Packets that rule with comment $1 has seen
packets()
{
	ns r iptables-save -c | sed -n "s/^\\[\\([0-9]*\\):.* --comment $1.*/\\1/p"
}

# Packets that the entries of source port 4000 have counted
counted()
{
	ns r conntrack -L "$@" 2>/dev/null | grep 'sport=4000 ' | grep -o 'packets=[0-9]*' |
		awk -F= '{ sum += $2 } END { print sum + 0 }'
}

seconds_left()
{
	line "$1" | awk '{ print $5 }'
}

must topology
# a slow guest takes longer than half a minute between a packet and a look
ns r sysctl -qw net.netfilter.nf_conntrack_udp_timeout=200 net.netfilter.nf_conntrack_udp_timeout_stream=250
must modprobe -a nf_conntrack_netlink nf_conntrack_ftp nf_nat_ftp
nsenter --net=/run/netns/s peer.py serve 10.0.2.2 2>/tmp/serve.err &
must wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 30
mkdir -p /etc/xtables
# iptables and conntrack read one file, nft the other
printf '5 blue\n100 green\n' | tee /etc/xtables/connlabel.conf >/etc/connlabel.conf

# --- zones, templates, marks: one rule set, one port each ---
check 'rules' ns r iptables-restore <<-'EOT'
	*raw
	-A PREROUTING -p udp --dport 7001 -j CT --zone 5
	-A PREROUTING -p udp --sport 7001 -j CT --zone 5
	-A PREROUTING -p udp --dport 7002 -j CT --zone-orig 6
	-A PREROUTING -p udp --dport 7003 -j CT --notrack
	-A PREROUTING -p udp --sport 7003 -j NOTRACK
	-A PREROUTING -p udp --dport 7004 -j CT --ctevents destroy
	-A PREROUTING -p tcp --dport 21 -j CT --helper ftp
	COMMIT
	*mangle
	-A PREROUTING -j CONNMARK --restore-mark
	-A FORWARD -p udp --dport 7005 -m mark --mark 9 -m comment --comment restored
	-A FORWARD -p udp --dport 7005 -j MARK --set-mark 9
	-A FORWARD -p udp --dport 7005 -j CONNMARK --save-mark
	COMMIT
	*filter
	-A FORWARD -p udp --dport 7003 -m conntrack --ctstate UNTRACKED -m comment --comment untracked
	-A FORWARD -p udp --dport 7006 -m connlabel --label blue -m comment --comment labelled
	-A FORWARD -p udp --dport 7006 -m connlabel --label blue --set
	-A FORWARD -p tcp -m conntrack --ctstate RELATED -m comment --comment related
	-A FORWARD -p tcp -m helper --helper ftp -m comment --comment helped
	COMMIT
EOT
check 'nft rules' ns r nft -f - <<-'EOT'
	table ip t {
		ct timeout slow {
			protocol udp
			l3proto ip
			policy = { unreplied : 400, replied : 500 }
		}
		chain raw {
			type filter hook prerouting priority -300
			udp dport 7007 ct zone set 7
			udp sport 7007 ct zone set 7
		}
		chain pre {
			type filter hook prerouting priority -150
			udp dport 7008 ct timeout set "slow"
			udp dport 7009 ct mark set 0x10
			udp dport 7009 ct label set green
		}
	}
EOT

is 'zone: answered' "$(ask 3001 7001)" 1
has 'zone: both directions' 3001 'zone=5 '
has_not 'zone: the answer is in it' 3001 UNREPLIED
is 'zone: conntrack -L -w 5' "$(ns r conntrack -L -w 5 2>/dev/null | grep -c sport=3001)" 1
is 'zone: conntrack -L -w 4' "$(ns r conntrack -L -w 4 2>/dev/null | grep -c sport=3001)" 0
is 'zone, original direction: answered' "$(ask 3002 7002)" 1
has 'zone, original direction' 3002 'zone-orig=6 '
has_not 'zone, original direction: the answer belongs to it' 3002 UNREPLIED
is 'nft zone: answered' "$(ask 3007 7007)" 1
has 'nft zone' 3007 'zone=7 '
# the same tuple in two zones is two flows
is 'one tuple, two zones' "$(ask 3001 7001 && ns r iptables -t raw -F PREROUTING 2>&1 &&
	ask 3001 7001)" $'1\n1'
is 'one tuple, two zones: two entries' "$(line 3001 | grep -c dport=7001)" 2
# Stock forgets the events of a rule that was made while there was no listener.
must listen r /tmp/events
ns r iptables-restore --table raw <<-'EOT'
	*raw
	-A PREROUTING -p udp --dport 7003 -j CT --notrack
	-A PREROUTING -p udp --sport 7003 -j NOTRACK
	-A PREROUTING -p udp --dport 7004 -j CT --ctevents destroy
	-A PREROUTING -p tcp --dport 21 -j CT --helper ftp
	COMMIT
EOT

is 'no tracking: answered' "$(ask 3003 7003)" 1
is 'no tracking: no entry' "$(line 3003)" ''
is 'no tracking: the state is UNTRACKED' "$(packets untracked)" 1

is 'chosen events: answered' "$(ask 3004 7004)" 1
ns r conntrack -D -p udp --orig-port-src 3004 >/dev/null 2>&1
check 'chosen events: DESTROY' wait_for 'grep -q "\[DESTROY\].*sport=3004" /tmp/events'
is 'chosen events: nothing else' "$(grep -c 'sport=3004' /tmp/events)" 1
stop "$LISTENER"

is 'mark: answered' "$(ask 3005 7005 2)" 2
has 'mark: saved' 3005 'mark=9 '
is 'mark: restored for the second packet' "$(packets restored)" 1
is 'label: answered' "$(ask 3006 7006 2)" 2
is 'label: matched by the second packet' "$(packets labelled)" 1
is 'label: conntrack -L -l' "$(ns r conntrack -L -l blue 2>/dev/null | grep -c sport=3006)" 1
is 'timeout policy: answered' "$(ask 3008 7008)" 1
cmp_num 'timeout policy' "$(seconds_left 3008)" -gt 300
is 'nft mark and label: answered' "$(ask 3009 7009)" 1
has 'nft mark' 3009 'mark=16 '
is 'nft label' "$(ns r conntrack -L -o labels 2>/dev/null | grep sport=3009 | grep -c labels=green)" 1

# two tenants may have the same addresses
ns r iptables -t nat -A POSTROUTING -p udp --dport 7015 -j MASQUERADE
is 'overlap: answered' "$(ask 3021 7015)" 1
ns r iptables -t raw -A PREROUTING -p udp --dport 7015 -j CT --zone-orig 6
is 'overlap: a tenant with the same addresses is answered' "$(ask 3021 7015)" 1
is 'overlap: in an entry of its own' "$(line 3021 | grep -c 'sport=3021 dport=7015')" 2
is 'overlap: in its zone' "$(line 3021 | grep 'sport=3021 dport=7015' | grep -c 'zone-orig=6 ')" 1

# --- extensions that sysctls add ---
has_not 'no counters by default' 3009 packets=
ns r sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1
is 'counters: answered' "$(ask 3010 7010 3)" 3
has 'counters: both directions' 3010 'packets=3 bytes=108 .*packets=3 bytes=108 '
has 'age' 3010 'delta-time=[0-9]+ '
is 'creation time' "$(ns r conntrack -L -o ktimestamp 2>/dev/null | grep sport=3010 | grep -c start=)" 1
# answers that the program's socket has no room for
left=$(ns r ctzero 10.0.1.2 10.0.2.2 3010 7010)
if is_ours; then
	is 'DIFF zero: a refused answer leaves the counters' "${left% *}" 3
fi
is 'zero: so does a refused dump' "${left#* }" "${left% *}"
ns c peer.py ask 10.0.2.2 3010 7010 "$((3 - ${left#* }))" >/dev/null
is 'conntrack -Z reads and clears' "$(ns r conntrack -L -z 2>/dev/null | grep sport=3010 | grep -c packets=3)" 1
has 'counters: cleared' 3010 'packets=0 bytes=0 '
# a dump of many datagrams: an entry that did not fit into one keeps its counters
ns c flows udp 10.0.2.2 4000 0 700 >/dev/null
ns c flows udp 10.0.2.2 4000 0 350 >/dev/null
sum=$(counted -z)
if is_ours; then
	is 'DIFF conntrack -Z of many: the sum' "$sum" 1050
else
	# one is lost where a datagram ends
	cmp_num 'conntrack -Z of many: the sum' "$sum" -ge 1040
fi
is 'conntrack -Z of many: none is left' "$(counted)" 0
ns r conntrack -D -p udp --orig-port-src 4000 >/dev/null 2>&1
ns r sysctl -qw net.netfilter.nf_conntrack_acct=0 net.netfilter.nf_conntrack_timestamp=0

# --- a helper, and addresses in the payload that grow ---
PEER_PAUSE=$(scaled 1) nsenter --net=/run/netns/c peer.py passive 10.0.2.2 1 >/tmp/passive 2>&1 &
client=$!
check 'helper: expectation' wait_for "ns r grep -q 'dst=10.0.2.2 .*ftp' $EXPECT" 20
wait $client
is 'helper: passive transfer' "$(sed -n 2p /tmp/passive)" '226 done data 0'
is 'helper: expectation used up' "$(ns r cat $EXPECT)" ''
cmp_num 'helper: RELATED' "$(packets related)" -ge 1
cmp_num 'helper: match' "$(packets helped)" -ge 3
is 'helper: in conntrack -L' "$(ns r conntrack -L -p tcp --orig-port-dst 21 2>/dev/null | grep -c helper=ftp)" 1
ns r ip address add 10.0.2.222/32 dev eth2
ns r iptables -t nat -A POSTROUTING -s 10.0.1.2 -o eth2 -j SNAT --to-source 10.0.2.222
ns c peer.py active 10.0.2.2 3 >/tmp/active 2>&1
is 'translated: active transfers, later commands whole' "$(cat /tmp/active)" \
	$'data 0 from 10.0.2.2\necho True\ndata 1 from 10.0.2.2\necho True\ndata 2 from 10.0.2.2\necho True'
ns r iptables -t nat -F POSTROUTING

# --- flow tables ---
ns r sysctl -qw net.netfilter.nf_flowtable_udp_timeout=3 net.netfilter.nf_conntrack_udp_timeout_stream=4 \
	net.netfilter.nf_conntrack_udp_timeout=4
check 'flow table' ns r nft -f - <<-'EOT'
	table ip ft {
		flowtable f {
			hook ingress priority 0
			devices = { eth1, eth2 }
		}
		chain forward {
			type filter hook forward priority 0
			udp dport 7011 ct state established flow add @f
			udp dport 7011 counter
		}
	}
EOT
packets=$(scaled 40)
nsenter --net=/run/netns/c peer.py ask 10.0.2.2 3011 7011 "$packets" 0.2 >/tmp/flow &
client=$!
check 'flow table: the entry is handed over' wait_for "line 3011 | grep -q OFFLOAD" 20
note "$(line 3011)"
sleep 5
has 'flow table: it lives on while there is traffic' 3011 OFFLOAD
wait $client
is 'flow table: answers' "$(cat /tmp/flow)" "$packets"
cmp_num 'flow table: most packets went past the chain' \
	"$(ns r nft list table ip ft | sed -n 's/.*counter packets \([0-9]*\).*/\1/p')" -le 20
check 'flow table: the entry comes back or ends' wait_for "! line 3011 | grep -q OFFLOAD" 30
check 'flow table: and ends' wait_for '[ -z "$(line 3011)" ]' 30
ns r nft delete table ip ft
finish
