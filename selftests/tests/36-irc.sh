#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The IRC helper: clients on a real server open connections to each other (DCC) through a
# gateway that accepts only what is related, with and without NAT; odd requests over real
# connections; what is expected of bytes that are right, wrong, split and cut; parameters,
# the log, events, and its removal under traffic.
#
# TIMEOUT: 600

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh

STOCK=/lib/modules/$(uname -r)/kernel/net/netfilter/nf_conntrack_irc.ko
S4=10.0.2.2

# the helper is one of IPv4
both_families()
{
	iptables "$@"
}

# --- a real server, real clients ---

ngircd_start()
{
	cat >/tmp/ngircd.conf <<-EOT
		[Global]
			Name = irc.test
			Info = test
			Listen = $S4
			Ports = 6667
			MotdPhrase = hello
		[Limits]
			MaxConnectionsIP = 0
			MaxPenaltyTime = 0
		[Options]
			DNS = no
			Ident = no
			PAM = no
	EOT
	nsenter --net=/run/netns/s ngircd -n -f /tmp/ngircd.conf >/tmp/ngircd.log 2>&1 &
	SERVER=$!
	wait_for 'ns s ss -Hltn sport = :6667 | grep -q .' 30
}

bob_start()
{
	nsenter --net=/run/netns/s python3 /payload/bin/irctalk.py bob "$S4" >/tmp/bob 2>&1 &
	BOB=$!
	wait_for 'grep -q ready /tmp/bob' 30
}

alice()
{
	ns c timeout "$(scaled 30)" python3 /payload/bin/irctalk.py alice $S4 "$1" 2>&1 | tail -n 1
}

# irssi sends the file /tmp/irssi/$1 to bob
irssi_sends()
{
	local client status=0

	rm -rf /tmp/irssi /tmp/got
	mkdir /tmp/irssi
	head -c 30000 /dev/urandom >"/tmp/irssi/$1"
	cat >/tmp/irssi/config <<-EOT
		servers = ( { address = "$S4"; chatnet = "t"; port = "6667"; autoconnect = "yes"; } );
		chatnets = { t = { type = "IRC"; nick = "carol"; autosendcmd = "/dcc send bob \"/tmp/irssi/$1\""; }; };
		settings = { core = { real_name = "x"; user_name = "x"; nick = "carol"; }; };
	EOT
	[ -p /tmp/irssi.in ] || mkfifo /tmp/irssi.in
	nsenter --net=/run/netns/c env TERM=vt100 HOME=/tmp script -qfc \
		'stty rows 25 cols 80; exec irssi --home=/tmp/irssi' /tmp/irssi.out 0<>/tmp/irssi.in >/dev/null 2>&1 &
	client=$!
	wait_for "cmp -s /tmp/got '/tmp/irssi/$1'" "${2:-20}" || status=1
	[ "$status" = 0 ] || [ $# -gt 1 ] || note "irssi: $(tr -cd '[:print:]\n' </tmp/irssi.out | tail -c 300 | tr '\n' '|')"
	stop "$client"
	return "$status"
}

# $1: plain or NAT
requests()
{
	local kind

	is "$1: SEND" "$(alice 'DCC SEND file %a %p 50')" data
	for kind in CHAT MOVE TSEND SCHAT; do
		is "$1: $kind" "$(alice "DCC $kind chat %a %p")" data
	done
	if is_ours; then
		# its NOTICE before the request can be in the same segment
		check "DIFF: $1: irssi sends a file" irssi_sends file
		is "DIFF: $1: file name with blanks" "$(alice 'DCC SEND "my own file" %a %p 50')" data
		check "DIFF: $1: irssi sends a file with blanks in its name" irssi_sends 'my own file'
	else
		note "$1: irssi sends a file: $(irssi_sends file && echo comes || echo does not come)"
	fi
}

must modprobe -a nf_conntrack_netlink nf_conntrack_irc nf_nat_irc
must topology
must policy tcp 6667
must ngircd_start
must bob_start
is 'without the helper: nothing comes' "$(alice 'DCC CHAT chat %a %p')" nothing
refute 'without the helper: irssi sends no file' irssi_sends file 5
must helper_rules -A irc tcp 6667
requests plain
must masquerade -A
requests NAT
must masquerade -D
stop "$BOB"
stop "$SERVER"

# --- odd requests over real connections ---

odd()
{
	ns c timeout "$(scaled 60)" python3 /payload/bin/irctalk.py "$1" $S4 6667 2>&1 | tail -n 1
}

nsenter --net=/run/netns/s python3 /payload/bin/irctalk.py serve $S4 6667 2>/tmp/serve.err &
SERVER=$!
must wait_for 'ns s ss -Hltn sport = :6667 | grep -q .' 30

# $1: plain or NAT, $2: case, $3: what comes, $4: what comes with stock, if it is not the same
odd_is()
{
	if is_stock || [ $# -lt 4 ]; then
		is "$1: $2" "$(odd "$2")" "${4:-$3}"
	else
		is "DIFF: $1: $2" "$(odd "$2")" "$3"
	fi
}

odd_is plain one '1 of 1 10.0.1.2 goes on'
odd_is plain second '1 of 1 10.0.1.2 goes on' '0 of 1 10.0.1.2 goes on'
odd_is plain two '2 of 2 10.0.1.2 goes on' '1 of 2 10.0.1.2 goes on'
odd_is plain split '0 of 1 10.0.1.2 goes on'
odd_is plain public '0 of 1 10.0.2.1 goes on'
odd_is plain foreign '0 of 1 10.0.9.9 goes on'
odd_is plain reverse '0 of 1 10.0.1.2 goes on'
must masquerade -A
odd_is NAT one '1 of 1 10.0.2.1 goes on'
odd_is NAT second '1 of 1 10.0.2.1 goes on' '0 of 1 10.0.1.2 goes on'
odd_is NAT two '1 of 2 10.0.2.1 goes on'
odd_is NAT split '0 of 1 10.0.1.2 goes on'
odd_is NAT public '1 of 1 10.0.2.1 goes on'
odd_is NAT foreign '0 of 1 10.0.9.9 goes on'
odd_is NAT reverse '0 of 1 10.0.1.2 goes on'
must masquerade -D

# it holds the helper
must rmmod nf_nat_irc

# --- events ---
if is_ours; then
	hear_expectations
	is 'requests' "$(ns c python3 /payload/bin/irctalk.py many $S4 6667 200)" 'done=200 of 200'
	heard_expectations
	cmp_num 'events: one expectation for each request' "$MADE" -ge 200
	is 'events: nothing twice' "$(heard events again)" 0

	# --- removal under traffic ---
	(while :; do ns c python3 /payload/bin/irctalk.py many $S4 6667 500; done) >/tmp/traffic 2>&1 &
	traffic=$!
	removed_under_traffic nf_conntrack_irc irc tcp 6667
	stop $traffic
fi
stop "$SERVER"

# ircwire.py knows by a datagram that all before it have passed
must ns r iptables -A FORWARD -p udp --dport 2000 -j ACCEPT

# --- parameters ---
must helper_rules -D irc tcp 6667
ns r conntrack -F 2>/dev/null
must rmmod nf_conntrack_irc
for bad in 0 256; do
	refute "max_dcc_channels=$bad" modprobe nf_conntrack_irc max_dcc_channels=$bad
done
if modinfo -F parm nf_conntrack_irc | grep -q '^ports:'; then
	check 'several ports' modprobe nf_conntrack_irc ports=6667,6668 max_dcc_channels=1 dcc_timeout=77
	is 'the ports' "$(cat /sys/module/nf_conntrack_irc/parameters/ports)" 6667,6668
	check 'helper of another port' helper_rules -A irc-1 tcp 6668
	must helper_rules -D irc-1 tcp 6668
else
	must modprobe nf_conntrack_irc max_dcc_channels=1 dcc_timeout=77
fi
must helper_rules -A irc tcp 6667
must python3 /payload/bin/ircwire.py two
check 'one channel: the second takes the place of the first, for its time' \
	sh -c 'ip netns exec r conntrack -L expect 2>/dev/null | grep -Eq "^7[0-7] .* dport=2050 "'
is 'one channel: one expectation' "$(ns r cat /proc/net/nf_conntrack_expect | wc -l)" 1
must helper_rules -D irc tcp 6667
ns r conntrack -F 2>/dev/null
must rmmod nf_conntrack_irc
must modprobe nf_conntrack_irc
must helper_rules -A irc tcp 6667

# --- bytes ---
verdicts python3 /payload/bin/ircwire.py table
if is_ours; then
	sysctl -qw net.netfilter.nf_log_all_netns=1
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=6
	# the same ports again
	ns r conntrack -F 2>/dev/null
	must python3 /payload/bin/ircwire.py table >/dev/null
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=0
	for rule in 'no name' 'address is no number below 2^32' 'port is no number of 0 to 65535' \
		'text behind the port' 'port below 1024' 'address of another host'; do
		check "the log names the rule: $rule" sh -c "dmesg | grep -qF 'nf_ct_proto_6: irc: DCC: $rule'"
	done
fi

# --- the same bytes through the stock module ---
if is_ours && [ -e "$STOCK" ]; then
	ns r conntrack -F 2>/dev/null
	check 'our module: split, cut, changed' python3 /payload/bin/ircwire.py record /tmp/ours
	must helper_rules -D irc tcp 6667
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_irc
	check 'the stock module on our conntrack' insmod "$STOCK"
	must helper_rules -A irc tcp 6667
	check 'stock module: split, cut, changed' python3 /payload/bin/ircwire.py record /tmp/stock
	verdicts python3 /payload/bin/ircwire.py compare /tmp/ours /tmp/stock
	must helper_rules -D irc tcp 6667
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_irc
fi
finish
