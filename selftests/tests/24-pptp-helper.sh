#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The PPTP helper: calls of clients and servers, of both sides and several at once, over a
# gateway that accepts only what is related, with and without NAT; messages that are cut,
# wrong and out of order; the log, events, and its removal under traffic. The guest's kernel
# has no PPP, so that control messages and GRE packets come from prog/pptpcalls.py.
#
# TIMEOUT: 600

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh

STOCK=/lib/modules/$(uname -r)/kernel/net/netfilter/nf_conntrack_pptp.ko

# PPTP is for IPv4 only
helper_rules()
{
	ns r iptables -t raw "$1" PREROUTING -p "$3" --dport "$4" -j CT --helper "$2"
}

calls()
{
	timeout "$(scaled 150)" python3 /payload/bin/pptpcalls.py "$@"
}

wire()
{
	timeout "$(scaled 200)" python3 /payload/bin/pptpwire.py "$@"
}

must modprobe -a nf_conntrack_netlink nf_conntrack_pptp nf_nat_pptp
must topology
must ns c ip addr add 10.0.1.3/24 dev eth0
must policy tcp 1723
must ns r iptables -A FORWARD -p udp --dport 2000 -j ACCEPT
# what is no call's is for the gateway itself behind NAT: it would make an entry
must ns r iptables -A INPUT -p gre -j DROP
is 'without the helper: no call passes' "$(calls one | grep -c '^ok.*call: the client begins')" 0
must helper_rules -A pptp tcp 1723
verdicts calls rows plain
must masquerade -A
verdicts calls rows NAT
must masquerade -D

# --- messages that break a rule ---
if is_ours; then
	sysctl -qw net.netfilter.nf_log_all_netns=1
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=6
	verdicts calls bad
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=0
	for rule in 'message cut off' 'header cut off' 'message shorter than its type' \
		'type of message unknown' 'end of no call' 'settings of no call' \
		'reply to no call' 'connection of no call' 'call without a session' \
		'reply to no request' 'too many calls at once'; do
		check "the log names the rule: $rule" sh -c "dmesg | grep -q 'nf_ct_proto_6: pptp: $rule'"
	done

	# --- events ---
	must masquerade -A
	hear_expectations
	note "$(calls many 4 "$(scaled 10)")"
	heard_expectations
	cmp_num 'events: two expectations for each call' "$MADE" -ge 24
	is 'events: nothing twice' "$(heard events again)" 0

	# --- removal under traffic ---
	calls many 4 "$(scaled 120)" >/tmp/traffic 2>&1 &
	traffic=$!
	for round in 1 2 3 4 5; do
		sleep 1
		must helper_rules -D pptp tcp 1723
		must rmmod nf_nat_pptp
		check "removed under traffic, with NAT, $round" rmmod nf_conntrack_pptp
		must modprobe -a nf_conntrack_pptp nf_nat_pptp
		must helper_rules -A pptp tcp 1723
	done
	must rmmod nf_nat_pptp
	must masquerade -D
	removed_under_traffic nf_conntrack_pptp pptp tcp 1723
	check 'the traffic goes on' kill -0 $traffic
	stop $traffic
fi

# --- the same bytes through the stock module ---
if is_ours && [ -e "$STOCK" ]; then
	ns r conntrack -F 2>/dev/null
	check 'our module: split, cut, changed' wire record /tmp/ours
	must helper_rules -D pptp tcp 1723
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_pptp
	check 'the stock module on our conntrack' insmod "$STOCK"
	must helper_rules -A pptp tcp 1723
	check 'stock module: split, cut, changed' wire record /tmp/stock
	verdicts wire compare /tmp/ours /tmp/stock
	must helper_rules -D pptp tcp 1723
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_pptp
fi
finish
