#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# UDP, UDP-Lite, ICMP and ICMPv6, packet by packet, over IPv4 and IPv6: when a
# flow is replied, a stream, assured; which ICMP types start a flow; what an error is
# related to, also through NAT; malformed packets are invalid. The packets and their
# results are in prog/udp_icmp.py.
#
# SMOKE
# TIMEOUT: 300

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

EVENTS=/tmp/events

must topology
must modprobe nf_nat
must listen r "$EVENTS" -p udp
verdicts python3 /payload/bin/udp_icmp.py
stop "$LISTENER"
check 'event: an answer' grep -q 'UPDATE.*udp .*sport=1000 dport=53 src=' "$EVENTS"
check 'event: a stream is assured' grep -q 'UPDATE.*udp .*ASSURED' "$EVENTS"
finish
