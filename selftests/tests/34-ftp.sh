#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The FTP helper: clients and servers of Debian transfer files through a gateway that
# accepts only what is related, with and without NAT; odd commands over real connections;
# what is expected of bytes that are right, wrong, split and cut; ports, the log, events,
# and its removal under traffic.
#
# TIMEOUT: 600

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh
# shellcheck source=selftests/data/ftp.sh
. /payload/data/ftp.sh

STOCK=/lib/modules/$(uname -r)/kernel/net/netfilter/nf_conntrack_ftp.ko
V4=10.0.2.2 V6='[fd00:2::2]'

# --- real clients and servers ---

get()
{
	rm -f /tmp/got
	ns c timeout "$(scaled 20)" "$@"
	cmp -s /tmp/got /srv/ftp/file
}

fetch()
{
	get curl -sgS -o /tmp/got --connect-timeout "$(scaled 5)" "$@"
}

lftp_get()
{
	get lftp -c "set net:timeout 5; set net:max-retries 1; set ftp:passive-mode $1; get ftp://$2/file -o /tmp/got"
}

# $1: server, $2: with NAT or without
transfers()
{
	check "$1, $2: EPSV" fetch "ftp://$V4/file"
	check "$1, $2: PASV" fetch --disable-epsv "ftp://$V4/file"
	check "$1, $2: EPRT" fetch -P - "ftp://$V4/file"
	check "$1, $2: PORT" fetch -P - --disable-eprt "ftp://$V4/file"
	check "$1, $2: EPSV, IPv6" fetch "ftp://$V6/file"
	check "$1, $2: EPRT, IPv6" fetch -P - "ftp://$V6/file"
	check "$1, $2: lftp, passive" lftp_get on $V4
	check "$1, $2: lftp, active" lftp_get off $V4
}

must modprobe -a nf_conntrack_netlink nf_conntrack_ftp nf_nat_ftp
must topology
must ftp_files
must policy tcp 21
must vsftpd_start
refute 'without the helper: no passive transfer' fetch --connect-timeout 2 -m 5 "ftp://$V4/file"
refute 'without the helper: no active transfer' fetch -P - -m 5 "ftp://$V4/file"
must helper_rules -A ftp tcp 21
transfers vsftpd plain
must masquerade -A
transfers vsftpd NAT
ftp_stop
must pureftpd_start
transfers pure-ftpd NAT
must masquerade -D
transfers pure-ftpd plain
if command -v proftpd >/dev/null; then
	ftp_stop
	must proftpd_start
	transfers proftpd plain
	must masquerade -A
	transfers proftpd NAT
	must masquerade -D
else
	skip proftpd "the guest's image does not have it"
fi

# the server is behind the gateway
must ns r iptables -t nat -A PREROUTING -p tcp -d 10.0.1.1 --dport 21 -j DNAT --to-destination $V4
check 'server behind NAT: PASV' fetch --disable-epsv ftp://10.0.1.1/file
check 'server behind NAT: EPSV' fetch ftp://10.0.1.1/file
check 'server behind NAT: PORT' fetch -P - --disable-eprt ftp://10.0.1.1/file
ns r iptables -t nat -F
ftp_stop

# --- odd commands over real connections ---

odd()
{
	ns c timeout "$(scaled 60)" python3 /payload/bin/ftpodd.py "$@"
}

# $1: plain or NAT. What stock does with these is noted.
odd_commands()
{
	local case name

	for case in pipelined split split_slow split_end letters twice; do
		name="$1: $case"
		if is_stock; then
			# each of the others takes its time to fail as well
			[ $case != split ] || note "$name: $(odd $case $V4 21 2>&1)"
		elif [ "$1-$case" = NAT-split_slow ] || [ "$1-$case" = NAT-letters ]; then
			# what is gone cannot be rewritten any more, but nothing hangs
			got=$(odd $case $V4 21 2>&1)
			is "DIFF: $name: the connection goes on ($got)" "${got#* }" 'goes on'
		else
			is "DIFF: $name" "$(odd $case $V4 21 2>&1)" 'data goes on'
		fi
	done
	for case in '227 Entering Passive Mode (%s).' '227 Entering Passive Mode %s' \
		'229 Extended (|||%d|)' '227 =%s'; do
		is "$1: PASV $case" "$(odd answer $V4 21 "PASV $case")" 'data goes on'
	done
}

nsenter --net=/run/netns/s python3 /payload/bin/ftpodd.py serve $V4 21 2>/tmp/odd.err &
SERVER=$!
must ftp_listens
odd_commands plain
must masquerade -A
odd_commands NAT
must masquerade -D

# --- no memory for an expectation (debug kernel) ---
FAIL=/sys/kernel/debug/failslab
if is_ours && [ -e $FAIL/cache-filter ] && [ -e /sys/kernel/slab/nf_conntrack_expect/failslab ]; then
	must modprobe nf_log_syslog
	sysctl -qw net.netfilter.nf_log_all_netns=1
	echo 1 >/sys/kernel/slab/nf_conntrack_expect/failslab
	echo Y >$FAIL/cache-filter
	echo N >$FAIL/ignore-gfp-wait
	echo 0 >$FAIL/verbose
	echo -1 >$FAIL/times
	echo 100 >$FAIL/probability
	odd answer $V4 21 PASV >/tmp/starved 2>&1 &
	client=$!
	check 'no memory: the packet is dropped, the log says why' \
		wait_for 'dmesg | grep -q "dropping packet: no memory for the expectation"' 20
	is 'no memory: nothing is expected' "$(ns r cat /proc/net/nf_conntrack_expect)" ''
	echo 0 >$FAIL/probability
	wait $client
	is 'memory again: the packet comes again' "$(cat /tmp/starved)" 'data goes on'
fi
stop $SERVER

# it holds the helper
must rmmod nf_nat_ftp

# --- ports ---
if modinfo -F parm nf_conntrack_ftp | grep -q '^ports:'; then
	must helper_rules -D ftp tcp 21
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_ftp
	check 'several ports' modprobe nf_conntrack_ftp ports=21,21000 loose=1
	is 'the ports' "$(cat /sys/module/nf_conntrack_ftp/parameters/ports)" 21,21000
	check 'helper of another port' helper_rules -A ftp-21000 tcp 21000
	nsenter --net=/run/netns/s python3 /payload/bin/ftpodd.py serve $V4 21000 2>/tmp/odd.err &
	SERVER=$!
	must wait_for 'ns s ss -Hltn sport = :21000 | grep -q .' 30
	must ns r iptables -A FORWARD -p tcp --dport 21000 -j ACCEPT
	is 'another port' "$(odd answer $V4 21000 PASV)" 'data goes on'
	check 'the entry names it' sh -c 'ip netns exec r conntrack -L 2>/dev/null | grep -q helper=ftp-21000'
	stop $SERVER
	must helper_rules -D ftp-21000 tcp 21000
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_ftp
	refute 'nine ports' modprobe nf_conntrack_ftp ports=1,2,3,4,5,6,7,8,9
	must modprobe nf_conntrack_ftp
	must helper_rules -A ftp tcp 21
fi

# --- bytes ---
# helperwire.py knows by a datagram that all before it have passed
must ns r iptables -A FORWARD -p udp --dport 2000 -j ACCEPT
verdicts python3 /payload/bin/ftpwire.py table
if is_ours; then
	sysctl -qw net.netfilter.nf_log_all_netns=1
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=6
	must python3 /payload/bin/ftpwire.py table >/dev/null
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=0
	for rule in 'PORT: port below 1024' 'PORT: not six numbers' 'EPRT: port is no number' \
		'227: port below' '229: port below' 'address of another host' 'address of another family'; do
		check "the log names the rule: $rule" sh -c "dmesg | grep -q 'nf_ct_proto_6: ftp: $rule'"
	done
fi

# --- events ---
if is_ours; then
	for name in c s; do
		must ns $name nft delete table inet deaf
	done
	nsenter --net=/run/netns/s -- python3 /payload/bin/ftpdata.py serve $V4 &
	SERVER=$!
	must ftp_listens
	hear_expectations
	is 'transfers' "$(ns c python3 /payload/bin/ftpdata.py fetch $V4 10 20)" 'fetched=200 of 200'
	heard_expectations
	# an answer that TCP has sent twice is announced twice
	cmp_num 'events: one expectation for each transfer' "$MADE" -ge 200
	is 'events: nothing twice' "$(heard events again)" 0

	# --- removal under traffic ---
	nsenter --net=/run/netns/c -- python3 /payload/bin/ftpdata.py fetch $V4 40 50 >/tmp/traffic 2>&1 &
	traffic=$!
	removed_under_traffic nf_conntrack_ftp ftp tcp 21
	stop $traffic
	stop $SERVER
fi

# --- the same bytes through the stock module ---
if is_ours && [ -e "$STOCK" ]; then
	ns r conntrack -F 2>/dev/null
	check 'our module: split, cut, changed' python3 /payload/bin/ftpwire.py record /tmp/ours
	must helper_rules -D ftp tcp 21
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_ftp
	check 'the stock module on our conntrack' insmod "$STOCK"
	must helper_rules -A ftp tcp 21
	check 'stock module: split, cut, changed' python3 /payload/bin/ftpwire.py record /tmp/stock
	verdicts python3 /payload/bin/ftpwire.py compare /tmp/ours /tmp/stock
	must helper_rules -D ftp tcp 21
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_ftp
fi
finish
