#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The SANE helper: scanimage fetches images of saned's test device through a gateway that
# accepts only what is related, with and without NAT, IPv4 and IPv6; what is expected of
# messages that are right, wrong, split and cut; ports, the log, events, and its removal
# under traffic.
#
# TIMEOUT: 500

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh

STOCK=/lib/modules/$(uname -r)/kernel/net/netfilter/nf_conntrack_sane.ko
V4=10.0.2.2 V6='[fd00:2::2]'

configure()
{
	mkdir -p /tmp/saned /tmp/scanimage /tmp/local
	echo test | tee /tmp/saned/dll.conf >/tmp/local/dll.conf
	printf '%s\n' 10.0.0.0/16 '[fd00:1::]/64' '[fd00:2::]/64' >/tmp/saned/saned.conf
	echo net >/tmp/scanimage/dll.conf
	echo 'connect_timeout = 5' >/tmp/scanimage/net.conf
	SANE_CONFIG_DIR=/tmp/local scan_to /tmp/image test:0 && [ -s /tmp/image ]
}

scan_to()
{
	timeout -k 1 "$(scaled "${3:-30}")" scanimage -d "$2" --resolution 50 >"$1"
}

# Succeeds if the image comes. $1: server, $2: seconds
scan()
{
	rm -f /tmp/got
	ns c env SANE_CONFIG_DIR=/tmp/scanimage bash -c "$(declare -f scan_to scaled is_debug)
		scan_to /tmp/got 'net:$1:test:0' ${2:-30}" </dev/null
	cmp -s /tmp/got /tmp/image
}

saned_start()
{
	nsenter --net=/run/netns/s env SANE_CONFIG_DIR=/tmp/saned saned -l -e >/tmp/saned.log 2>&1 &
	SERVER=$!
	wait_for 'ns s ss -Hltn sport = :6566 | grep -q .' 30
}

must modprobe -a nf_conntrack_netlink nf_conntrack_sane
must topology
must policy tcp 6566
must configure
must saned_start
refute 'without the helper: no image' scan $V4 6
must helper_rules -A sane tcp 6566
check 'plain: IPv4' scan $V4
check 'plain: IPv6' scan "$V6"
must masquerade -A
check 'NAT: IPv4' scan $V4
check 'NAT: IPv6' scan "$V6"
must masquerade -D

# --- events, removal under traffic ---
if is_ours; then
	hear_expectations
	for round in 1 2 3 4 5 6; do
		scan $V4 || not_ok "scan $round"
	done
	heard_expectations
	cmp_num 'events: one expectation for each scan' "$MADE" -eq 6

	(while :; do scan $V4; done) >/dev/null 2>&1 &
	traffic=$!
	removed_under_traffic nf_conntrack_sane sane tcp 6566
	stop $traffic
fi
stop "$SERVER"

# --- ports ---
several_ports sane tcp 6566 7000 sane-7000

# --- bytes ---
# helperwire.py knows by a datagram that all before it have passed
must ns r iptables -A FORWARD -p udp --dport 2000 -j ACCEPT
verdicts python3 /payload/bin/sanewire.py table
if is_ours; then
	sysctl -qw net.netfilter.nf_log_all_netns=1
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=6
	# the same ports again
	ns r conntrack -F 2>/dev/null
	must python3 /payload/bin/sanewire.py table >/dev/null
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=0
	check 'the log names the rule' sh -c "dmesg | grep -qF 'nf_ct_proto_6: sane: port is not 1024 to 65535'"
fi

# --- the same bytes through the stock module ---
if is_ours && [ -e "$STOCK" ]; then
	ns r conntrack -F 2>/dev/null
	check 'our module: split, cut, changed' python3 /payload/bin/sanewire.py record /tmp/ours
	must helper_rules -D sane tcp 6566
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_sane
	check 'the stock module on our conntrack' insmod "$STOCK"
	must helper_rules -A sane tcp 6566
	check 'stock module: split, cut, changed' python3 /payload/bin/sanewire.py record /tmp/stock
	verdicts python3 /payload/bin/sanewire.py compare /tmp/ours /tmp/stock
	must helper_rules -D sane tcp 6566
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_sane
fi
finish
