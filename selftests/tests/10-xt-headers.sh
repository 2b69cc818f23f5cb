#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Matches and targets of what a packet says of itself, where one packet is not enough: real
# connections whose options are changed, checksums that are still to be computed, packets to
# groups and to all, interfaces without Ethernet, the nft back end, replacement and removal
# under traffic. Single packets are in xt-targets and xt-matches-*.
#
# TIMEOUT: 400

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh

MODULES='xt_tcpudp xt_multiport xt_sctp xt_dccp xt_esp xt_dscp xt_DSCP xt_hl xt_HL xt_iprange
	xt_mac xt_tcpmss xt_TCPMSS xt_TCPOPTSTRIP xt_string xt_u32 xt_comment xt_pkttype xt_realm'
V4=10.0.2.2 V6=fd00:2::2

# $1: namespace, $2: 4 or 6; the arguments of iptables follow
tables()
{
	local name=$1 tool=iptables

	[ "$2" = 4 ] || tool=ip6tables
	shift 2
	ns "$name" "$tool-legacy" -w "$@"
}

# Packets that the first rule of a chain has counted. $1: namespace, $2: family, $3: table,
# $4: chain
hits()
{
	tables "$1" "$2" -t "$3" -vxnL "$4" | awk 'NR == 3 { print $1 }'
}

flush()
{
	local name table

	for name in c r s; do
		for table in raw mangle filter; do
			tables "$name" 4 -t "$table" -F
			tables "$name" 6 -t "$table" -F
		done
	done
}

# --- connections --------------------------------------------------------------

serve()
{
	head -c 300000 /dev/urandom >/tmp/sent
	nsenter --net=/run/netns/s socat -u TCP6-LISTEN:80,fork,reuseaddr,ipv6only=0 \
		CREATE:/tmp/got &
	SERVER=$!
	wait_for 'ns s ss -Hltn sport = :80 | grep -q .'
}

# Does a file go from c to s?
transfer()
{
	rm -f /tmp/got
	ns c timeout "$(scaled 10)" socat -u -T 5 OPEN:/tmp/sent "TCP:$1:80,connect-timeout=3" || return
	wait_for 'cmp -s /tmp/sent /tmp/got' 5
}

# The options of a connection are changed on its way, or where its checksum is still to be
# computed. $1: family, $2: address, $3: the default of the largest segment
connections()
{
	local family=$1 to=$2 unsaid=$3

	must tables r "$family" -t mangle -A FORWARD -p tcp --syn -j TCPMSS --set-mss 800
	must tables r "$family" -t mangle -A POSTROUTING -p tcp --syn -m tcpmss --mss 800
	check "IPv$family: TCPMSS on the way" transfer "$to"
	is "IPv$family: the server is told 800" "$(hits r "$family" mangle POSTROUTING)" 1
	flush

	must tables r "$family" -t mangle -A PREROUTING -p tcp -j TCPOPTSTRIP \
		--strip-options mss,wscale,timestamp,sack-permitted
	must tables r "$family" -t mangle -A FORWARD -p tcp --syn -m tcp ! --tcp-option 2
	check "IPv$family: TCPOPTSTRIP on the way" transfer "$to"
	is "IPv$family: the option is gone" "$(hits r "$family" mangle FORWARD)" 1
	flush

	must tables c "$family" -t mangle -A OUTPUT -p tcp --syn -j TCPMSS --set-mss 700
	must tables r "$family" -t mangle -A FORWARD -p tcp --syn -m tcpmss --mss 700
	check "IPv$family: TCPMSS where the connection begins" transfer "$to"
	is "IPv$family: the router sees 700" "$(hits r "$family" mangle FORWARD)" 1
	flush

	must tables c "$family" -t mangle -A OUTPUT -p tcp --syn -j TCPOPTSTRIP --strip-options mss
	must tables c "$family" -t mangle -A OUTPUT -p tcp --syn -j TCPOPTSTRIP --strip-options timestamp
	must tables c "$family" -t mangle -A POSTROUTING -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu
	must tables r "$family" -t mangle -A FORWARD -p tcp --syn -m tcpmss --mss "$unsaid"
	check "IPv$family: an option is added where the connection begins" transfer "$to"
	is "IPv$family: the router sees $unsaid" "$(hits r "$family" mangle FORWARD)" 1
	flush
}

# --- checksums that the card has a part in ---

# Targets that change packets from c to s before they are routed. $1: what is special with
# these packets, $2: family, $3: address
altered()
{
	local state=$1 family=$2 to=$3 hops='TTL --ttl-dec 2' rule

	[ "$family" = 4 ] || hops='HL --hl-dec 2'
	for rule in '-j DSCP --set-dscp 10' '-j TOS --set-tos 0x31/0xf1' "-j $hops" \
		'--syn -j TCPMSS --set-mss 700' '-j TCPOPTSTRIP --strip-options timestamp,sack-permitted'; do
		# shellcheck disable=SC2086  # several words
		must tables r "$family" -t mangle -A PREROUTING -p tcp $rule
		check "IPv$family, $state: $rule" transfer "$to"
		cmp_num "IPv$family, $state: packets" "$(hits r "$family" mangle PREROUTING)" -gt 0
		flush
	done
	must tables r "$family" -t mangle -A PREROUTING -p tcp --syn -j TCPOPTSTRIP --strip-options mss
	must tables r "$family" -t mangle -A PREROUTING -p tcp --syn -j TCPMSS --set-mss 500
	must tables r "$family" -t mangle -A FORWARD -p tcp --syn -m tcpmss --mss 500
	check "IPv$family, $state: an option more" transfer "$to"
	is "IPv$family, $state: an option more: packets" "$(hits r "$family" mangle FORWARD)" 1
	flush
}

# c leaves checksums and segments to its card, which is none, and so does r: then r's kernel
# has to do it.
sums_to_be_computed()
{
	must ns c ethtool -K eth0 tx on gso on tso on
	must ns r ethtool -K eth2 tx off gso off tso off
	altered 'checksum to be computed' 4 $V4
	altered 'checksum to be computed' 6 "[$V6]"
	must ns c ethtool -K eth0 tx off gso off tso off
}

# Cards may tell the sum of a packet's bytes, which has to remain true. No device of the
# guest does so, but the module xtsum.
sums_of_cards()
{
	local seen=/sys/module/xtsum/parameters

	must insmod /payload/bin/xtsum.ko
	altered 'sum of a card' 4 $V4
	is 'IPv4: sums of cards that are wrong now' "$(cat $seen/wrong)" 0
	altered 'sum of a card' 6 "[$V6]"
	is 'IPv6: sums of cards that are wrong now' "$(cat $seen/wrong)" 0
	cmp_num 'sums of cards' "$(cat $seen/checked)" -gt 100
	must rmmod xtsum
}

# --- link layer ------------------------------------------------------------------

# $1: what, $2: family, $3: type of packet, $4: namespace that pings, $5: address, $6: the
# address of the sender, $7: its interface
of_type()
{
	must tables r "$2" -t raw -A PREROUTING -s "$6" -m pkttype --pkt-type "$3"
	must tables r "$2" -t raw -A PREROUTING -s "$6" -m pkttype ! --pkt-type "$3" -j DROP
	ns "$4" ping -c 1 -W 1 -b -I "$7" "$5" >/dev/null 2>&1
	is "pkttype: $1" "$(hits r "$2" raw PREROUTING)" 1
	flush
}

link_layer()
{
	local own

	own=$(ns r ip -6 -o address show dev eth1 scope link | awk '{ sub("/.*", "", $4); print $4 }')
	of_type 'to all' 4 broadcast c 10.0.1.255 10.0.1.2 eth0
	of_type 'to a group' 4 multicast c 224.0.0.1 10.0.1.2 eth0
	of_type 'to all, the copy for this host' 4 broadcast r 10.0.1.255 10.0.1.1 eth1
	of_type 'to a group, the copy for this host' 4 multicast r 224.0.0.1 10.0.1.1 eth1
	of_type 'to a group of IPv6' 6 multicast c ff02::1 "$(ns c ip -6 -o address show dev eth0 \
		scope link | awk '{ sub("/.*", "", $4); print $4 }')" eth0
	of_type 'to a group of IPv6, the copy for this host' 6 multicast r ff02::1 "$own" eth1

	must tables r 4 -t raw -A PREROUTING -i lo -m mac ! --mac-source 02:00:00:00:00:01 -j DROP
	check 'mac: no address, no match' ns r ping -c 1 127.0.0.1
	is 'mac: no address, nothing is counted' "$(hits r 4 raw PREROUTING)" 0
	flush
}

# --- the nft back end ----------------------------------------------------------------

# The rule has to count a datagram from c to s. Arguments: the rule
nft_hits()
{
	ns r iptables-nft -t raw -F
	if ns r iptables-nft -t raw -A PREROUTING "$@"; then
		ns c bash -c "echo abcd >/dev/udp/$V4/53"
		wait_for 'ns r iptables-nft -t raw -vxnL PREROUTING |
			awk "NR == 3 { exit !\$1 }"' 3
	fi
}

nft_back_end()
{
	check 'nft: udp' nft_hits -p udp -m udp --dport 53
	check 'nft: multiport' nft_hits -p udp -m multiport --dports 1,50:53
	check 'nft: ttl' nft_hits -m ttl --ttl-eq 64
	check 'nft: dscp' nft_hits -m dscp --dscp 0
	check 'nft: tos' nft_hits -p udp -m tos --tos 0/0xff
	check 'nft: iprange' nft_hits -m iprange --src-range 10.0.1.1-10.0.1.3
	check 'nft: string' nft_hits -p udp -m string --algo bm --string abcd
	check 'nft: u32' nft_hits -p udp -m u32 --u32 '28=0x61626364'
	check 'nft: comment' nft_hits -p udp -m comment --comment words
	check 'nft: pkttype' nft_hits -p udp -m pkttype --pkt-type unicast
	ns r iptables-nft -t raw -F
	refute 'nft: TCPMSS knows no path in PREROUTING' ns r iptables-nft -t mangle -A PREROUTING \
		-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu
	refute 'nft: mac is not known in POSTROUTING' ns r iptables-nft -t mangle -A POSTROUTING \
		-m mac --mac-source 02:00:00:00:00:01
	must ns r iptables-nft -t mangle -A FORWARD -p tcp --syn -j TCPMSS --set-mss 800
	check 'nft: a connection with TCPMSS' transfer $V4
	ns r nft flush ruleset
}

# --- replacement and removal ------------------------------------------------------------

all_rules()
{
	cat <<-'EOT'
		*mangle
		-F
		-A FORWARD -p tcp -m tcp --tcp-option 8 -m multiport --ports 1:99 -m tcpmss --mss 1:2000
		-A FORWARD -p udp -m udp --sport 1: -m string --algo kmp --string xyz
		-A FORWARD -m dscp --dscp 1 -m u32 --u32 "0=1" -m comment --comment words
		-A FORWARD -m pkttype --pkt-type unicast -m mac ! --mac-source 02:00:00:00:00:01
		-A FORWARD -p sctp -m sctp --chunk-types any DATA
		-A FORWARD -p dccp -m dccp --dccp-option 2
		-A FORWARD -p esp -m esp --espspi 1
		-A FORWARD -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu
		-A FORWARD -p tcp -j TCPOPTSTRIP --strip-options md5
		-A FORWARD -j DSCP --set-dscp 3
		-A FORWARD -j TOS --set-tos 4/255
	EOT
}

replace()
{
	for _ in {1..10}; do
		{ all_rules; echo '-A FORWARD -j TTL --ttl-inc 1'; echo COMMIT; } |
			ns r iptables-legacy-restore -w || return
		{ all_rules; echo '-A FORWARD -j HL --hl-inc 1'; echo COMMIT; } |
			ns r ip6tables-legacy-restore -w || return
		tables r 4 -t mangle -F
		tables r 6 -t mangle -F
	done
}

# shellcheck disable=SC2086  # a list of names
remove_all()
{
	flush
	modprobe -ra $MODULES && ! lsmod | grep -Eq '^xt_(tcpudp|string|u32|TCPMSS) '
}

# shellcheck disable=SC2086
must modprobe -a $MODULES
must topology
must serve
must ns c ethtool -K eth0 tx off gso off tso off
connections 4 $V4 536
connections 6 "[$V6]" 1220
sums_to_be_computed
sums_of_cards
link_layer
nft_back_end
ns c ping -q -i 0.002 $V4 >/dev/null &
PINGS=$!
ns c ping -q -i 0.002 $V6 >/dev/null &
PINGS="$PINGS $!"
check 'rules are replaced under traffic' replace
check 'the modules are removed under traffic' remove_all
# shellcheck disable=SC2086
stop $PINGS
stop "$SERVER"
finish
