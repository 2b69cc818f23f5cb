#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# nfnetlink_queue shows the connection of a packet, and changes it with the
# verdict.
#
# TIMEOUT: 120

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

modprobe -a nf_conntrack_netlink nfnetlink_queue
topology
ns r sysctl -qw net.netfilter.nf_conntrack_acct=1
ns r nft -f - <<'EOT'
table inet q {
	chain f {
		type filter hook forward priority 10
		ip protocol icmp queue num 5
	}
}
EOT

# Packets $1 of one ping through the queue, with changes $2...
queue()
{
	local packets=$1 pid
	shift

	ns r ctqueue 5 "$packets" "$@" >/tmp/queue 2>&1 &
	pid=$!
	wait_for 'grep -q ready /tmp/queue'
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

finish
