#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Labels of connections that are older than the first rule with labels: set by netlink,
# by iptables and by nft.
#
# TIMEOUT: 120

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

ask()
{
	ns c peer.py ask 10.0.2.2 "$@"
}

# The labels of the entry that port $1 made
labels()
{
	ns r conntrack -L -o labels 2>/dev/null | grep "sport=$1 " | sed -n 's/.*labels=\([^ ]*\).*/\1/p'
}

# DIFF: what ours does and stock refuses
late()
{
	if is_ours; then
		is "DIFF $1" "$2" "$3"
	else
		is "DIFF $1" "$2" ''
	fi
}

must topology
# a slow guest takes longer than half a minute between a packet and a look
ns r sysctl -qw net.netfilter.nf_conntrack_udp_timeout=200 net.netfilter.nf_conntrack_udp_timeout_stream=250
must modprobe -a nf_conntrack_netlink
nsenter --net=/run/netns/s peer.py serve 10.0.2.2 2>/tmp/serve.err &
must wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 30
mkdir -p /etc/xtables
# iptables and conntrack read one file, nft the other
printf '5 blue\n100 green\n' | tee /etc/xtables/connlabel.conf >/etc/connlabel.conf

# --- netlink, without any rule ---
is 'netlink: answered' "$(ask 3001 7001)" 1
must listen r /tmp/events
ns r conntrack -U -f ipv4 -p udp --orig-port-src 3001 --label-add blue >/tmp/out 2>&1
note "$(cat /tmp/out)"
late 'netlink: the label is set' "$(labels 3001)" blue
if is_ours; then
	check 'netlink: and reported' wait_for 'grep -q "UPDATE.*sport=3001 " /tmp/events'
fi
stop "$LISTENER"
is 'netlink: the connection goes on' "$(ask 3001 7001)" 1

# --- iptables ---
is 'iptables: answered' "$(ask 3002 7002)" 1
check 'iptables: rules' ns r iptables-restore <<-'EOT'
	*filter
	-A FORWARD -p udp -m connlabel --label green -m comment --comment labelled
	-A FORWARD -p udp --dport 7002 -m connlabel --label green --set
	COMMIT
EOT
is 'iptables: answered again' "$(ask 3002 7002 2)" 2
late 'iptables: the label is set' "$(labels 3002)" green
matched=$(ns r iptables-save -c | sed -n 's/^\[\([0-9]*\):.* --comment labelled.*/\1/p')
is 'iptables: and matched' "$matched" "$(if is_ours; then echo 3; else echo 0; fi)"
is 'iptables: a new connection' "$(ask 3003 7002 2)" 2
is 'iptables: a new connection gets it' "$(labels 3003)" green
ns r iptables -F FORWARD

# --- nft: the rules above are gone, so that this is the first one ---
is 'nft: answered' "$(ask 3004 7004)" 1
check 'nft: rules' ns r nft -f - <<-'EOT'
	table ip t {
		chain f {
			type filter hook forward priority 0
			udp dport 7004 ct label set blue
			ct label blue counter
		}
	}
EOT
is 'nft: answered again' "$(ask 3004 7004 2)" 2
late 'nft: the label is set' "$(labels 3004)" blue
ns r nft delete table ip t

# --- every entry that has room, while packets use them ---
ns r conntrack -F >/dev/null 2>&1
flows=$(sized 2000 500)
ns c flows udp 10.0.2.2 8000 0 "$flows" >/dev/null
nsenter --net=/run/netns/c -- sh -c "while :; do flows udp 10.0.2.2 8000 0 $flows; done" >/dev/null 2>&1 &
traffic=$!
ns r iptables -A FORWARD -p udp -m connlabel --label blue --set
if is_ours; then
	must wait_for "[ \"\$(ns r conntrack -L -o labels 2>/dev/null | grep -c labels=blue)\" = $flows ]" 60
fi
note "$(ns r conntrack -L -o labels 2>/dev/null | grep -c labels=blue) of $(ctcount r) have the label"
stop "$traffic"
is 'no entry has lost its label' "$(ns r conntrack -L -o labels 2>/dev/null | grep -c labels=blue)" \
	"$(if is_ours; then echo "$flows"; else echo 0; fi)"
ns r iptables -F FORWARD

# --- what netlink makes ---
ns r conntrack -F >/dev/null 2>&1
ns r conntrack -I -p udp -s 10.0.1.9 -d 10.0.2.9 --sport 4000 --dport 1 -t 100 --label-add green >/dev/null 2>&1
late 'a connection made with a label' "$(labels 4000)" green

# --- without room ---
ns r sysctl -qw net.netfilter.nf_conntrack_acct=1
is 'counters: answered' "$(ask 3005 7005)" 1
ns r conntrack -U -f ipv4 -p udp --orig-port-src 3005 --label-add blue >/dev/null 2>&1
is 'counters leave no room for labels' "$(labels 3005)" ''
ns r nft add table ip t '{ chain f { type filter hook forward priority 0; ct label set blue; }; }'
is 'counters: answered again' "$(ask 3006 7006 2)" 2
is 'counters: a connection younger than the rule has both' "$(labels 3006)" blue
ns r nft delete table ip t

finish
