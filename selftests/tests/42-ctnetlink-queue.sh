#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A program behind nfnetlink_queue sees the connection of each packet; with its verdict
# it changes the connection, and adds an expectation to it.
#
# TIMEOUT: 120

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

must modprobe -a nf_conntrack_netlink nfnetlink_queue
must topology
ns r sysctl -qw net.netfilter.nf_conntrack_acct=1
ns r nft -f - <<'EOT'
table inet q {
	chain f {
		type filter hook forward priority 10
		ip protocol icmp queue num 5
	}
}
EOT

# $1 packets of one ping through the queue, with the changes $2...
queue()
{
	local packets=$1 pid
	shift

	ns r ctqueue 5 "$packets" "$@" >/tmp/queue 2>&1 &
	pid=$!
	must wait_for 'grep -q ready /tmp/queue'
	ns c ping -qc 1 -W 3 10.0.2.2 >/dev/null
	wait "$pid"
}

line()
{
	sed -n "$(($1 + 1))p" /tmp/queue
}

shown()
{
	ns r conntrack -L -p icmp 2>/dev/null
}

queue 2 mark 0x21
is 'first packet' "$(line 1)" 'attributes 1 2 12 3 7 9 10 8 info 2'
is 'its answer' "$(line 2)" 'attributes 1 2 12 3 7 9 10 8 info 3'
check 'the mark is set' grep -q 'mark=33' <(shown)

ns r conntrack -F >/dev/null 2>&1
queue 2 timeout 500
seconds=$(shown | awk '{ print $3 }')
cmp_num 'the timeout is set' "$seconds" -gt 400

ns r conntrack -F >/dev/null 2>&1
queue 2 status 0x40a mark 7
check 'status bits are set' grep -q 'mark=7' <(shown)

ns r conntrack -F >/dev/null 2>&1
queue 2 status 0x2 mark 9
check 'status: unchangeable bits do no harm' grep -q 'mark=9' <(shown)

# --- expectations ---
must modprobe -a nf_conntrack_tftp nf_conntrack_sip nf_conntrack_ftp
ns r iptables -t raw -A PREROUTING -p udp --dport 69 -j CT --helper tftp
ns r nft add rule inet q f udp dport 69 queue num 5

# One datagram of the client's source port $1 through the queue, with $2...
expecting()
{
	local sport=$1 pid
	shift

	ns r ctqueue 5 1 "$@" >/tmp/queue 2>&1 &
	pid=$!
	must wait_for 'grep -q ready /tmp/queue'
	ns c sh -c "echo x | socat -t 0 - UDP:10.0.2.2:69,sourceport=$sport" 2>/dev/null
	wait "$pid"
	wait_for "ip netns exec r conntrack -L -p udp --orig-port-src $sport 2>/dev/null | grep -q udp" 3
	ns r conntrack -L expect >/tmp/expected 2>/dev/null
}

# IPS_HELPER is 0x2000
must ns r nft -f - <<-'EOT'
	table ip marked {
		chain post {
			type filter hook postrouting priority 0
			udp dport 7777-7778 ct status & 0x2000 == 0x2000 counter
		}
	}
EOT

expecting 5000 expect 7777
note "$(cat /tmp/expected)"
check 'an expectation comes with a verdict' grep -qE 'proto=17 src=10.0.2.2 dst=10.0.1.2 sport=0 dport=7777 .*master-src=10.0.1.2 master-dst=10.0.2.2 sport=5000 dport=69 .*helper=tftp' /tmp/expected
ns s sh -c 'echo x | socat -t 0 - UDP:10.0.1.2:7777,sourceport=5001' 2>/dev/null
wait_for 'ip netns exec r conntrack -L -p udp --orig-port-src 5001 2>/dev/null | grep -q udp' 3
refute 'its connection has no helper' sh -c 'ip netns exec r conntrack -L -p udp --orig-port-src 5001 2>/dev/null | grep helper='
is 'it is used up' "$(ns r conntrack -L expect 2>/dev/null)" ''

# the name is looked up for the address family and protocol of what is expected
expecting 5002 expect 7778 helper sip
check 'one that names a helper' grep -q 'dport=7778 .*helper=tftp' /tmp/expected
ns s sh -c 'echo x | socat -t 0 - UDP:10.0.1.2:7778,sourceport=5003' 2>/dev/null
wait_for 'ip netns exec r conntrack -L -p udp --orig-port-src 5003 2>/dev/null | grep -q udp' 3
note "$(ns r conntrack -L -p udp --orig-port-src 5003 2>/dev/null)"
check 'its connection gets the helper' sh -c 'ip netns exec r conntrack -L -p udp --orig-port-src 5003 2>/dev/null | grep -q helper=sip'
is 'its status says so, that of the other does not' "$(ns r nft list table ip marked | sed -n 's/.*packets \([0-9]*\).*/\1/p')" 1
expecting 5004 expect 7779 helper nix
is 'one that names no helper is not made' "$(cat /tmp/expected)" ''

# The masters are UDP: a helper that is written for one protocol must not run on
# connections of the other.
expecting 5006 expect 7780 proto 6 helper ftp
check 'a helper of the expected protocol, which is not the master'"'"'s' \
	grep -qE 'proto=6 .*dport=7780 ' /tmp/expected
nsenter --net=/run/netns/c -- socat -u TCP-LISTEN:7780,reuseaddr OPEN:/dev/null 2>/dev/null &
server=$!
must wait_for 'ns c ss -Hltn sport = :7780 | grep -q .'
ns s sh -c 'echo x | socat -t 0 - TCP:10.0.1.2:7780,sourceport=5007' 2>/dev/null
wait $server
note "$(ns r conntrack -L -p tcp --orig-port-src 5007 2>/dev/null)"
check 'its connection gets it' sh -c 'ip netns exec r conntrack -L -p tcp --orig-port-src 5007 2>/dev/null | grep -q helper=ftp'
expecting 5008 expect 7781 proto 6 helper tftp
is 'a helper of the master'"'"'s protocol, which is not the expected one: not made' "$(cat /tmp/expected)" ''
expecting 5009 expect 7782 helper ftp
is 'a helper of neither protocol: not made' "$(cat /tmp/expected)" ''

if is_ours; then
	expecting 5005 expect 1
	is 'DIFF: one without a mask is not made' "$(cat /tmp/expected)" ''
fi

finish
