#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Many flows without further packets end when their timeout is over: the destroy
# events are less than a second late, and do not come in one burst.
#
# PROMISE
# TIMED
# TIMEOUT: 240

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

FLOWS=$(sized 10000 2500)
TIMEOUT=3

# Is $1, seconds with three decimals, less than $2?
below()
{
	[ -n "$1" ] && gawk -v got="$1" -v limit="$2" 'BEGIN { exit !(got < limit) }'
}

flow_begin n $((FLOWS * 2))
ns n sysctl -qw net.netfilter.nf_conntrack_timestamp=1 net.netfilter.nf_conntrack_udp_timeout=$TIMEOUT

# A large buffer: the pace of the listener is not to be measured.
check 'listener' hear n late -R -b 33554432 -T $TIMEOUT -D "$FLOWS"
start=$SECONDS
ns n flows udp 198.18.1.0 4000 0 "$FLOWS" >/tmp/made
note "$(cat /tmp/made) in $((SECONDS - start)) s"
wait_for "! kill -0 $LISTENER" 90
stop "$LISTENER"
note "$(tail -n 1 /tmp/late)"

is 'DESTROY of every flow, in silence' "$(heard late destroy)" "$FLOWS"
is 'in order' "$(heard late disorder)" 0
is 'none before its time' "$(below "$(heard late late_min)" -0.05 && echo early)" ''
check 'p99 less than a second late' below "$(heard late late_p99)" "$(scaled 1)"
check 'none more than two seconds late' below "$(heard late late_max)" "$(scaled 2)"
cmp_num 'not in one burst: most percent within 100 ms' "$(heard late burst)" -le 50
is 'nothing is left' "$(ctcount n)" 0
finish
