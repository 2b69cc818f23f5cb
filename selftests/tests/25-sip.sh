#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The SIP helper: sipp's clients and servers call through a gateway that accepts only what
# is related, with and without NAT, and media go through; a telephone registers at kamailio;
# messages that are right, wrong, cut and in pieces; ports, the log, events, and its removal
# under traffic.
#
# TIMEOUT: 600

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh
# shellcheck source=selftests/data/sip.sh
. /payload/data/sip.sh

STOCK=/lib/modules/$(uname -r)/kernel/net/netfilter/nf_conntrack_sip.ko
WIRE=/payload/bin/sipwire.py

# $1: name, $2: transport, $3: client, $4: server, $5: where the client's media are sent
call()
{
	must server_start '-sn uas' "$2" "$4"
	client_start '-sn uac' "$2" "$3" "$4" -d 9000
	sleep 1.5
	is "$1: media of the client and of the server" "$(media "$5" "$4")" 'back back '
	check "$1: the call ends well" wait "$CLIENT"
	stop "$SERVER"
	ns r conntrack -F 2>/dev/null
}

must modprobe -a nf_conntrack_netlink nf_conntrack_sip nf_nat_sip
must sip_net

is 'without the helper: no media' "$(must server_start '-sn uas' u1 10.0.2.2; python3 $WIRE echo c 10.0.2.2 7000; stop "$SERVER")" 'nothing '
must sip_rules -A
call 'UDP, plain' u1 10.0.1.2 10.0.2.2 10.0.1.2
call 'TCP, plain' t1 10.0.1.2 10.0.2.2 10.0.1.2
call 'UDP, IPv6' u1 fd00:1::2 fd00:2::2 fd00:1::2
must masquerade -A
call 'UDP, NAT' u1 10.0.1.2 10.0.2.2 10.0.2.1
call 'TCP, NAT' t1 10.0.1.2 10.0.2.2 10.0.2.1
verdicts python3 $WIRE nat

# --- a registrar ---
cat >/tmp/kamailio.cfg <<'CFG'
listen=udp:10.0.2.2:5060
auto_aliases=no
disable_tcp=yes
children=1
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
request_route {
	if (is_method("REGISTER")) { save("location"); exit; }
	if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
	t_relay();
}
CFG
nsenter --net=/run/netns/s kamailio -DD -E -f /tmp/kamailio.cfg -L /usr/lib/x86_64-linux-gnu/kamailio/modules >/tmp/kamailio.log 2>&1 &
SERVER=$!
if wait_for 'ns s ss -Hlun sport = :5060 | grep -q .' 30; then
	is 'kamailio, NAT: registered and called' "$(python3 $WIRE phone 10.0.2.2 one | tr '\n' ' ')" 'SIP/2.0 200 OK INVITE '
	must masquerade -D
	ns r conntrack -F 2>/dev/null
	is 'kamailio, plain: registered and called' "$(python3 $WIRE phone 10.0.2.2 two | tr '\n' ' ')" 'SIP/2.0 200 OK INVITE '
else
	not_ok "kamailio starts: $(tail -n 3 /tmp/kamailio.log)"
	must masquerade -D
fi
stop $SERVER
wait_for '! ns s ss -Hlun sport = :5060 | grep -q .' 30
ns r conntrack -F 2>/dev/null

# --- the same bytes through the stock module, with NAT ---
compared()
{
	must masquerade -A
	check 'our module: cut, changed' python3 $WIRE record /tmp/ours
	must sip_rules -D
	ns r conntrack -F 2>/dev/null
	must rmmod nf_nat_sip nf_conntrack_sip
	check 'the stock module on our conntrack' insmod "$STOCK"
	must modprobe nf_nat_sip
	must sip_rules -A
	check 'stock module: cut, changed' python3 $WIRE record /tmp/stock
	verdicts python3 $WIRE compare /tmp/ours /tmp/stock
	must masquerade -D
	must sip_rules -D
	ns r conntrack -F 2>/dev/null
	must rmmod nf_nat_sip nf_conntrack_sip
	must modprobe -a nf_conntrack_sip
	must sip_rules -A
}
if is_ours && [ -e "$STOCK" ]; then
	compared
else
	must rmmod nf_nat_sip
fi

# --- messages ---
verdicts python3 $WIRE table
verdicts python3 $WIRE tcp
if is_ours; then
	sysctl -qw net.netfilter.nf_log_all_netns=1
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=17
	must python3 $WIRE table >/dev/null
	ns r sysctl -qw net.netfilter.nf_conntrack_log_invalid=0
	for rule in 'no CSeq' 'CSeq: no number' 'm=: port below 1024' 'm=: port is no number' \
		'm=: no address' 'Contact: bad port'; do
		check "the log names the rule: $rule" sh -c "dmesg | grep -q 'nf_ct_proto_17: sip: $rule'"
	done

	# --- events, removal under traffic ---
	hear_expectations
	is 'calls' "$(python3 $WIRE calls 50)" 'called=50 of 50'
	heard_expectations
	cmp_num 'events: four expectations for each call' "$MADE" -ge 200

	python3 $WIRE calls 100000 >/dev/null 2>&1 &
	traffic=$!
	for round in 1 2 3 4 5; do
		sleep 0.5
		must sip_rules -D
		check "removed under traffic, $round" rmmod nf_conntrack_sip
		must modprobe nf_conntrack_sip
		must sip_rules -A
	done
	stop $traffic
fi

# --- ports ---
if modinfo -F parm nf_conntrack_sip | grep -q '^ports:'; then
	must sip_rules -D
	ns r conntrack -F 2>/dev/null
	must rmmod nf_conntrack_sip
	check 'several ports' modprobe nf_conntrack_sip ports=5060,5080 sip_timeout=100
	is 'the ports' "$(cat /sys/module/nf_conntrack_sip/parameters/ports)" 5060,5080
	check 'helper of another port' helper_rules -A sip-1 udp 5080
	must helper_rules -D sip-1 udp 5080
	ns r conntrack -F 2>/dev/null
fi
finish
