#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A reliable listener gets the changes and the destroy event of connections that are
# older than itself. A plain "conntrack -E" gets what it gets on stock.
#
# PROMISE
# TIMEOUT: 180

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

FLOWS=$(sized 2000 500)

lines()
{
	grep -c "\\[$1\\]" /tmp/plain
}

flow_begin n

# --- plain listeners, as on any kernel ---
check 'conntrack -E' listen n /tmp/plain
plain=$LISTENER
ns n flows udp 198.18.1.0 4000 0 20 >/tmp/made
check 'NEW of each' wait_for '[ "$(lines NEW)" = 20 ]'
ns n conntrack -D -p udp --orig-port-dst 20003 >/dev/null 2>&1
check 'DESTROY of the deleted one' wait_for 'grep -q "\[DESTROY\].*dport=20003" /tmp/plain'
ns n conntrack -U -p udp -s 198.18.0.1 -d 198.18.1.0 --orig-port-dst 20004 --mark 7 >/dev/null 2>&1
check 'UPDATE of the changed one' wait_for 'grep -q "\[UPDATE\].*dport=20004.*mark=7" /tmp/plain'
ns n conntrack -F 2>/dev/null
check 'DESTROY of each' wait_for '[ "$(lines DESTROY)" = 20 ]'
is 'no more than that' "$(lines NEW) $(lines UPDATE) $(lines DESTROY)" '20 1 20'
stop "$plain"

# --- no listener at first, then one ---
ns n flows udp 198.18.1.0 4001 0 "$FLOWS" >/tmp/made
ns n sysctl -qw net.netfilter.nf_conntrack_tcp_timeout_close=300
nsenter --net=/run/netns/n flows tcp 8080 20 open >/tmp/tcp &
tcp=$!
must wait_for 'grep -q made /tmp/tcp' 30
is 'entries made without a listener' "$(ctcount n)" $((FLOWS + 20))

check 'late listener' hear n late -R -b 2048
ns n conntrack -U -p udp -s 198.18.0.1 -d 198.18.1.0 --orig-port-src 4001 --orig-port-dst 20007 --mark 9 >/dev/null 2>&1
stop "$tcp"
check 'TCP connections are closed' \
	wait_for '[ "$(ns n conntrack -L -p tcp --state ESTABLISHED 2>/dev/null | wc -l)" = 0 ]'
kill -USR1 "$LISTENER"
check 'compared with a dump' wait_for 'grep -q compared /tmp/late' 30
ns n conntrack -F 2>/dev/null
check 'all are gone' wait_for '[ "$(ctcount n)" = 0 ]' 30
sleep 0.5
stop "$LISTENER"
note "late: $(tail -n 1 /tmp/late) $(cat /tmp/late.err)"

is 'no NEW' "$(heard late new)" 0
cmp_num 'updates' "$(heard late updates)" -ge 21
is 'DESTROY of every connection' "$(heard late destroy)" $((FLOWS + 20))
is 'in order' "$(heard late disorder)" 0
is 'what was told of TCP is true' "$(heard late stale)" 0

# --- a reliable listener goes, another one comes ---
check 'first listener' hear n first -R -b 2048
ns n flows udp 198.18.1.0 4002 0 100 >/tmp/made
wait_for '[ "$(waiting n)" = 0 ]'
stop "$LISTENER"
is 'first: NEW' "$(heard first new)" 100
check 'second listener' hear n second -R -b 2048
ns n conntrack -F 2>/dev/null
wait_for '[ "$(ctcount n)" = 0 ]' 30
sleep 0.5
stop "$LISTENER"
is 'second: DESTROY of what the first knew' "$(heard second destroy)" 100
finish
