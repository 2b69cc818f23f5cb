#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# SCTP, DCCP, GRE and protocols without a tracker, packet by packet, over IPv4
# and IPv6; and the timeout policies of all of them (nfnetlink_cttimeout). The
# packets and their results are in prog/other_protos.py.
#
# TIMEOUT: 300

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

EVENTS=/tmp/events

# An update of protocol $1 that leads to state $2.
updated()
{
	grep -q "UPDATE.* $1 .* $2 src=" "$EVENTS"
}

must topology
must listen r "$EVENTS"
verdicts python3 /payload/bin/other_protos.py
stop "$LISTENER"
for state in COOKIE_WAIT COOKIE_ECHOED ESTABLISHED SHUTDOWN_SENT SHUTDOWN_RECD \
	SHUTDOWN_ACK_SENT CLOSED; do
	check "event: SCTP $state" updated sctp "$state"
done
for state in RESPOND PARTOPEN OPEN CLOSEREQ CLOSING TIMEWAIT; do
	! has_protocol dccp || check "event: DCCP $state" updated dccp "$state"
done
check 'event: GRE assured' grep -q 'UPDATE.* gre .*ASSURED' "$EVENTS"
finish
