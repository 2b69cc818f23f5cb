#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Timeouts that change: by sysctl for new flows, by conntrack -U to longer and
# shorter, by a TCP connection's state. What has expired is in no list and found
# by no lookup.
#
# TIMEOUT: 180

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

udp=(-p udp -s 198.18.0.1 -d 198.18.1.0 --orig-port-src 4000 --orig-port-dst)

# Seconds that the flow to port $1 has; nothing without such a flow.
left()
{
	ns n conntrack -L "${udp[@]}" "$1" 2>/dev/null | awk '{ print $3 }'
}

flow()
{
	ns n flows udp 198.18.1.0 4000 "$1" 1 >/dev/null
}

lookup()
{
	ns n conntrack -G -p udp -s 198.18.0.1 -d 198.18.1.0 --sport 4000 --dport "$1"
}

between()
{
	local name=$1 got=$2 low=$3 high=$4

	if [ -n "$got" ] && ((low <= got && got <= high)); then
		ok "$name"
	else
		not_ok "$name" "got '$got', expected $low to $high"
	fi
}

flow_begin n

# --- sysctl: new flows only ---
flow 1
ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=300
flow 2
between 'sysctl: an old flow keeps its timeout' "$(left 20001)" 1 30
between 'sysctl: a new flow has the new one' "$(left 20002)" 200 300
flow 1
between 'sysctl: a packet brings the new one' "$(left 20001)" 200 300

# --- conntrack -U ---
for n in 3 4 5; do
	flow $n
done
ns n conntrack -U "${udp[@]}" 20003 -t 900 >/dev/null 2>&1
between 'update: longer' "$(left 20003)" 800 900
must listen n /tmp/events
soon=$(scaled 2)
ns n conntrack -U "${udp[@]}" 20004 -t "$soon" >/dev/null 2>&1
ns n conntrack -U "${udp[@]}" 20005 -t "$soon" >/dev/null 2>&1
ns n conntrack -U "${udp[@]}" 20005 -t 900 >/dev/null 2>&1
between 'update: shorter, then longer' "$(left 20005)" 800 900
sleep "$soon.5"
is 'shorter: not in a dump' "$(left 20004)" ''
refute 'shorter: not found' lookup 20004
refute 'shorter: not in /proc' ns n grep -q dport=20004 /proc/net/nf_conntrack
check 'longer: still found' lookup 20003
check 'shorter, then longer: still found' lookup 20005
if is_ours; then
	check 'shorter: DESTROY is prompt' wait_for 'grep -q "\[DESTROY\].*dport=20004" /tmp/events' 1
fi
flow 4
between 'shorter: the same packet makes a new flow' "$(left 20004)" 200 300
check 'shorter: which is announced' wait_for 'grep -q "\[NEW\].*dport=20004" /tmp/events'
stop "$LISTENER"

# --- many become shorter at once, deadlines days away ---
ns n sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=2 \
	net.netfilter.nf_conntrack_tcp_timeout_time_wait=2
nsenter --net=/run/netns/n flows tcp 8080 50 open >/tmp/tcp &
tcp=$!
must wait_for 'grep -q made /tmp/tcp' 30
between 'TCP: established ones have days' \
	"$(ns n conntrack -L -p tcp --orig-port-dst 8080 2>/dev/null | awk 'NR == 1 { print $3 }')" 431000 432000
ns n flows tcp 8081 50 close >/tmp/closed
ns n flows tcp 8082 50 abort >/tmp/aborted
sleep 2.5
is 'TCP: closed ones are gone' "$(ns n conntrack -L -p tcp --orig-port-dst 8081 2>/dev/null | wc -l)" 0
is 'TCP: reset ones are gone' "$(ns n conntrack -L -p tcp --orig-port-dst 8082 2>/dev/null | wc -l)" 0
is 'TCP: open ones are there' "$(ns n conntrack -L -p tcp --orig-port-dst 8080 2>/dev/null | wc -l)" 50
if is_ours; then
	check 'TCP: the entries are freed' wait_for '[ "$(ctcount n)" -le 56 ]' 2
fi
stop "$tcp"
check 'TCP: all are gone' wait_for '[ "$(ns n conntrack -L -p tcp 2>/dev/null | wc -l)" = 0 ]' 20

# --- a timeout beyond what any level of a wheel holds ---
ns n conntrack -U "${udp[@]}" 20003 -t 1000000 >/dev/null 2>&1
between 'very long' "$(left 20003)" 999000 1000000
finish
