#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The Amanda helper: a backup server fetches data from the ports that a client names, through
# a gateway that accepts only what is related, with and without NAT (the exchanges are made
# by a program, in place of Amanda); replies that are right, wrong and cut; more connections
# than there is room for; parameters, the log, events, and its removal under traffic.
#
# TIMEOUT: 400

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh

STOCK=/lib/modules/$(uname -r)/kernel/net/netfilter/nf_conntrack_amanda.ko
PARAMETERS=/sys/module/nf_conntrack_amanda/parameters
V4=10.0.2.2 V6=fd00:2::2

wire()
{
	python3 /payload/bin/amandawire.py "$@"
}

serve()
{
	nsenter --net=/run/netns/s python3 /payload/bin/amandawire.py serve "$@" 2>/tmp/serve.err &
	SERVER=$!
	wait_for '[ "$(ns s ss -Hlun sport = :10080 | wc -l)" = 2 ]' 30
}

# The processes of the server are all in s.
serve_stop()
{
	local pids

	mapfile -t pids < <(ip netns pids s)
	kill "${pids[@]}"
	wait "$SERVER" 2>/dev/null
	wait_for '[ -z "$(ip netns pids s)" ]' 10
}

fetch()
{
	ns c timeout "$(scaled 60)" python3 /payload/bin/amandawire.py fetch "$@"
}

# Seconds that the entry of port $1 has
left()
{
	ns r conntrack -L -p udp --orig-port-src "$1" 2>/dev/null | awk '{ print $3 }'
}

must modprobe -a nf_conntrack_netlink nf_conntrack_amanda nf_nat_amanda
must topology
must policy udp 10080
must serve
is 'without the helper: no data' "$(fetch $V4 1)" 'fetched=0 of 3'
ns r conntrack -F 2>/dev/null
must helper_rules -A amanda udp 10080
is 'plain' "$(fetch $V4 3)" 'fetched=9 of 9'
is 'plain, IPv6' "$(fetch $V6 3)" 'fetched=9 of 9'
must masquerade -A
is 'NAT' "$(fetch $V4 3)" 'fetched=9 of 9'
is 'NAT, IPv6' "$(fetch $V6 3)" 'fetched=9 of 9'
must serve_stop

# --- NAT that has to choose other ports ---
must serve 11001
note "masquerade: $(ns c python3 /payload/bin/amandawire.py clash $V4)"
must masquerade -D
must ns r iptables -t nat -A PREROUTING -p udp -d 10.0.1.1 --dport 10080 -j DNAT --to-destination $V4
is 'client behind NAT' "$(fetch 10.0.1.1 3)" 'fetched=9 of 9'
ns r conntrack -F 2>/dev/null
got=$(ns c python3 /payload/bin/amandawire.py clash 10.0.1.1)
note "$got"
is 'client behind NAT: ports that are taken' "$(grep -o 'data of [0-9]*' <<<"$got" | sort | uniq -c | tr -s '\n ' ' ')" \
	' 2 data of 11001 2 data of 11002 2 data of 11003 '
ns r iptables -t nat -F
must serve_stop

# it holds the helper
must rmmod nf_nat_amanda
ns r conntrack -F 2>/dev/null

# --- replies ---
verdicts wire table
verdicts wire room

# --- parameters ---
cmp_num 'after a reply the entry lives for 300 s' "$(left 3001)" -ge 200
is 'master_timeout' "$(cat $PARAMETERS/master_timeout)" 300
must sh -c "echo 1000 >$PARAMETERS/master_timeout"
must wire room >/dev/null
cmp_num 'another master_timeout' "$(left 3001)" -ge 800
must sh -c "echo 4294967295 >$PARAMETERS/master_timeout"
wire room >/dev/null 2>&1
if is_ours; then
	cmp_num 'DIFF: the longest master_timeout' "$(left 3001)" -ge 2000000
else
	note "the longest master_timeout: $(left 3001)"
fi
must sh -c "echo 300 >$PARAMETERS/master_timeout"
must helper_rules -D amanda udp 10080
ns r conntrack -F 2>/dev/null
must wait_for 'rmmod nf_conntrack_amanda'
check 'another algorithm' modprobe nf_conntrack_amanda ts_algo=bm master_timeout=200
is 'the algorithm' "$(cat $PARAMETERS/ts_algo)" bm
is 'its master_timeout' "$(cat $PARAMETERS/master_timeout)" 200
must rmmod nf_conntrack_amanda
if is_ours; then
	check 'DIFF: an algorithm that nobody knows' modprobe nf_conntrack_amanda ts_algo=none
	must rmmod nf_conntrack_amanda
else
	refute 'DIFF: an algorithm that nobody knows' modprobe nf_conntrack_amanda ts_algo=none
fi
must modprobe nf_conntrack_amanda
must helper_rules -A amanda udp 10080

if is_ours; then
	# --- the log ---
	sysctl -qw net.netfilter.nf_log_all_netns=1
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=17
	wire table >/dev/null
	wire room >/dev/null
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=0
	for rule in 'no port behind a word' 'port below 1024' 'a word twice' 'line without an end'; do
		check "the log names the rule: $rule" sh -c "dmesg | grep -q 'nf_ct_proto_17: amanda: CONNECT: $rule'"
	done

	# --- events ---
	must serve
	hear_expectations
	is 'exchanges' "$(fetch $V4 20)" 'fetched=60 of 60'
	heard_expectations
	cmp_num 'events: one expectation for each connection' "$MADE" -ge 60

	# --- removal under traffic ---
	(while :; do fetch $V4 5; done) >/dev/null 2>&1 &
	traffic=$!
	removed_under_traffic nf_conntrack_amanda amanda udp 10080
	stop $traffic
	must serve_stop
fi

# --- the same bytes through the stock module ---
if is_ours && [ -e "$STOCK" ]; then
	ns r conntrack -F 2>/dev/null
	check 'our module: cut, changed' wire record /tmp/ours
	must helper_rules -D amanda udp 10080
	ns r conntrack -F 2>/dev/null
	must wait_for 'rmmod nf_conntrack_amanda'
	must modprobe ts_kmp
	check 'the stock module on our conntrack' insmod "$STOCK"
	must helper_rules -A amanda udp 10080
	check 'stock module: cut, changed' wire record /tmp/stock
	verdicts wire compare /tmp/ours /tmp/stock
	must helper_rules -D amanda udp 10080
	ns r conntrack -F 2>/dev/null
	must wait_for 'rmmod nf_conntrack_amanda'
fi
finish
