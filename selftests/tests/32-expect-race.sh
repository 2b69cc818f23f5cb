#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Expectations are made, changed, removed and dumped while their masters come and
# go, a reliable listener is slow, and its socket closes. Nothing may leak; with
# ours, each NEW has its DESTROY.
#
# TIMEOUT: 180

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

# the listener takes about 800 events a second: what is made has to reach it in time
SECS=3

must modprobe -a nf_conntrack_netlink nf_conntrack_sip
ip netns add n
idle=$(slab_used nf_conntrack)

check 'without a listener' ns n exprace $SECS
note "$(cat /tmp/lib.out)"
check 'listener' hear n race -g 0x28 -R -b 2048 -p 200
# this listener did not get the NEW of the expectations that are left
ns n conntrack -F expect >/dev/null 2>&1
ns n conntrack -F >/dev/null 2>&1
is_stock || wait_for '[ "$(waiting n)" = 0 ]' 30
check 'with a listener' ns n exprace $SECS
note "$(cat /tmp/lib.out)"
ns n conntrack -F >/dev/null 2>&1
is 'no expectation is left' "$(ns n conntrack -L expect 2>/dev/null)" ''
is_stock || check 'no event waits' wait_for '[ "$(waiting n)" = 0 ]' 90
sleep 1
stop "$LISTENER"
note "$(tail -n 1 /tmp/race)"
if is_ours; then
	cmp_num 'some were made' "$(heard race new)" -gt 0
	is 'each DESTROY follows its NEW' "$(heard race disorder)" 0
	is 'nothing twice' "$(heard race again)" 0
	is 'each has both' "$(heard race flows)" "$(heard race destroy)"
fi

check 'listener that goes' hear n gone -g 0x28 -R -b 2048 -p 5000
ns n exprace $SECS >/dev/null &
race=$!
sleep $((SECS / 2))
kill_listener
wait $race
ns n conntrack -F >/dev/null 2>&1
check 'no entry is left' wait_for '[ "$(ctcount n)" = 0 ]'
freed 'no object is left' nf_conntrack "$idle"
check 'the helper goes' rmmod nf_conntrack_sip
finish
