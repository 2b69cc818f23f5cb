#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The TFTP helper: clients and servers of Debian transfer files through a gateway that
# accepts only what is related, with and without NAT; requests that are right, wrong and
# cut, repeats, two sessions; ports, events, and its removal under traffic.
#
# TIMEOUT: 400

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh

V4=10.0.2.2 V6=fd00:2::2

server_start()
{
	nsenter --net=/run/netns/s "$@" >/tmp/server.log 2>&1 &
	SERVER=$!
	wait_for 'ns s ss -Hlun sport = :69 | grep -q .' 30
}

# A child of in.tftpd whose client is gone sends again for 63 s, and has the port, too.
server_stop()
{
	stop "$SERVER"
	pkill -x in.tftpd || true
	wait_for '! ns s ss -Hlun sport = :69 | grep -q .' 60
}

# Succeeds if the command gets the file.
get()
{
	rm -f /tmp/got
	ns c timeout "$(scaled 15)" "$@" </dev/null
	cmp -s /tmp/got /srv/tftp/file
}

put()
{
	rm -f /srv/tftp/new
	ns c timeout "$(scaled 15)" "$@" </dev/null
	wait_for 'cmp -s /srv/tftp/new /srv/tftp/file' 5
}

# $1: server, $2: with NAT or without
transfers()
{
	check "$1, $2: tftp" get tftp $V4 -m octet -c get file /tmp/got
	check "$1, $2: atftp" get atftp -g -r file -l /tmp/got $V4
	check "$1, $2: atftp, options" get atftp --option 'blksize 1024' --option 'tsize 0' -g -r file -l /tmp/got $V4
	check "$1, $2: tftp, IPv6" get tftp $V6 -m octet -c get file /tmp/got
}

must modprobe -a nf_conntrack_netlink nf_conntrack_tftp nf_nat_tftp
must topology
mkdir -p /srv/tftp
head -c 40000 /dev/urandom >/srv/tftp/file
chmod -R a+rwX /srv/tftp
must policy udp 69
must server_start in.tftpd -L -c -s /srv/tftp
refute 'without the helper: no transfer' get timeout 4 tftp $V4 -m octet -c get file /tmp/got
must helper_rules -A tftp udp 69
transfers tftpd-hpa plain
check 'tftpd-hpa: upload' put tftp $V4 -m octet -c put /srv/tftp/file new
must masquerade -A
transfers tftpd-hpa NAT
check 'tftpd-hpa, NAT: upload' put tftp $V4 -m octet -c put /srv/tftp/file new
must server_stop
must server_start dnsmasq -d -p 0 --enable-tftp --tftp-root=/srv/tftp
transfers dnsmasq NAT
must masquerade -D
transfers dnsmasq plain
must ns r iptables -t nat -A PREROUTING -p udp -d 10.0.1.1 --dport 69 -j DNAT --to-destination $V4
check 'server behind NAT' get tftp 10.0.1.1 -m octet -c get file /tmp/got
ns r iptables -t nat -F
must server_stop

# it holds the helper
must rmmod nf_nat_tftp

# --- ports ---
several_ports tftp udp 69 6969 tftp-1

# --- datagrams ---
verdicts python3 /payload/bin/tftpwire.py
if is_ours; then
	sysctl -qw net.netfilter.nf_log_all_netns=1
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=17
	must python3 /payload/bin/tftpwire.py >/dev/null
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=0
	for rule in 'request without the name of a file' 'request without a mode'; do
		check "the log names the rule: $rule" sh -c "dmesg | grep -q 'nf_ct_proto_17: tftp: $rule'"
	done

	# --- events, removal under traffic ---
	must server_start in.tftpd -L -s /srv/tftp
	hear_expectations
	for round in 1 2 3 4 5 6 7 8; do
		get tftp $V4 -m octet -c get file /tmp/got || not_ok "transfer $round"
	done
	heard_expectations
	cmp_num 'events: one expectation for each transfer' "$MADE" -ge 8

	(while :; do get tftp $V4 -m octet -c get file /tmp/got; done) >/dev/null 2>&1 &
	traffic=$!
	removed_under_traffic nf_conntrack_tftp tftp udp 69
	stop $traffic
	must server_stop
fi
finish
