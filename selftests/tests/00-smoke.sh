#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The short test of everything: the modules load, a router tracks and translates
# traffic, a listener gets events. The guest checks that all modules unload.
#
# SMOKE
# TIMEOUT: 120
# DEBUGTIMEOUT: 900

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

EVENTS=/tmp/events

# Entries of router "r" that match all the words given.
entry()
{
	local out word

	out=$(ns r conntrack -L 2>/dev/null)
	for word in "$@"; do
		out=$(grep -F -- "$word" <<<"$out") || return 1
	done
	echo "$out"
}

event()
{
	wait_for "grep -qE '$1' $EVENTS"
}

start_servers()
{
	# Each answers with the address that the client seems to have.
	# shellcheck disable=SC2016
	ns s socat TCP-LISTEN:80,reuseaddr,fork 'SYSTEM:echo $SOCAT_PEERADDR' &
	# shellcheck disable=SC2016
	ns s socat TCP6-LISTEN:81,reuseaddr,fork 'SYSTEM:echo $SOCAT_PEERADDR' &
	nsenter --net=/run/netns/s -- who serve 5353 >/tmp/who 2>&1 &
	wait_for 'ns s ss -Hltn sport = :80 | grep -q . && grep -q ready /tmp/who &&
		ns s ss -Hltn sport = :81 | grep -q .' "$(scaled 10)"
}

# Sends a line to an address like /dev/tcp/10.0.2.2/80, which bash opens, and prints
# the line that comes back. "read" would take one byte at a time and so lose the rest
# of a datagram.
ask()
{
	# shellcheck disable=SC2016
	ns c bash -c 'exec 3<>"$1" && echo hello >&3 && timeout "$2" head -n 1 <&3' \
		ask "$1" "$(scaled 10)"
}

check 'nf_conntrack is loaded' test -d /sys/module/nf_conntrack
check 'nf_conntrack_netlink loads' modprobe nf_conntrack_netlink
check 'topology' topology
# On a slow kernel 30 seconds pass between two of the lines below.
ns r sysctl -qw net.netfilter.nf_conntrack_icmp_timeout=900 \
	net.netfilter.nf_conntrack_icmpv6_timeout=900 net.netfilter.nf_conntrack_udp_timeout=900 \
	net.netfilter.nf_conntrack_tcp_timeout_time_wait=900
check 'a listener starts' listen r "$EVENTS"

check 'ping through the router, IPv4' ns c ping -qc 2 -i 0.2 -W 30 10.0.2.2
check 'ping through the router, IPv6' ns c ping -qc 2 -i 0.2 -W 30 fd00:2::2
check 'the ping is in conntrack -L' entry icmp src=10.0.1.2 dst=10.0.2.2 type=8
check 'conntrack -L -f ipv6 knows the other' \
	bash -c "nsenter --net=/run/netns/r conntrack -L -f ipv6 2>/dev/null | grep -q 'icmpv6.*src=fd00:1::2'"
check 'NEW of the ping' event '\[NEW\] icmp .*src=10.0.1.2'
check 'NEW of the IPv6 ping' event '\[NEW\] icmpv6 .*src=fd00:1::2'

check 'servers start' start_servers
is 'TCP without NAT shows the client' "$(ask /dev/tcp/10.0.2.2/80)" 10.0.1.2
check 'masquerade rule' ns r iptables -t nat -A POSTROUTING -o eth2 -j MASQUERADE
is 'TCP with NAT shows the router' "$(ask /dev/tcp/10.0.2.2/80)" 10.0.2.1
is 'UDP with NAT shows the router' "$(ns c who ask -w "$(scaled 10000)" udp 10.0.1.2 4000 10.0.2.2 5353 | cut -d' ' -f1)" 10.0.2.1
check 'the TCP entry has the reply direction translated' entry tcp src=10.0.1.2 dport=80 dst=10.0.2.1
check 'the UDP entry has the reply direction translated' entry udp src=10.0.1.2 dport=5353 dst=10.0.2.1
check 'conntrack -D' ns r conntrack -D -p udp
check 'DESTROY of the deleted entry' event '\[DESTROY\] udp '
check 'TCP runs to TIME_WAIT' entry tcp TIME_WAIT '[ASSURED]'
is 'TCP over IPv6' "$(ask /dev/tcp/fd00:2::2/81)" '[fd00:0001:0000:0000:0000:0000:0000:0002]'
check 'UPDATE of the TCP connection' event '\[UPDATE\] tcp .*ESTABLISHED'

cmp_num 'entries are counted' "$(ctcount r)" -ge 3
check 'conntrack -F' ns r conntrack -F
is 'the table is empty' "$(ctcount r)" 0
check 'DESTROY of a flushed entry' event '\[DESTROY\] icmp '
stop "$LISTENER"
finish
