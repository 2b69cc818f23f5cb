#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The packet from which each helper makes an expectation, with and without NAT, when there is
# room for fewer than it announces; on the debug kernel also while the first, the second, ...
# allocation fails. It is dropped, or passes; where it is dropped nothing is expected. The
# packets are made by prog/helperpath.py.
#
# TIMEOUT: 300
# DEBUGTIMEOUT: 1000

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh
# shellcheck source=selftests/data/failslab.sh
. /payload/data/failslab.sh

ROOM=/proc/sys/net/netfilter/nf_conntrack_expect_max

path()
{
	timeout "$(scaled 100)" ip netns exec r python3 /payload/bin/helperpath.py "$@"
}

# $1: plain or NAT
starved()
{
	local room before

	read -r before <$ROOM
	for room in 1 2 3; do
		echo $room >$ROOM
		# shellcheck disable=SC2086  # names are words
		verdicts -p "$1, room for $room" path room "$1" $HELPERS
		ns r conntrack -F 2>/dev/null
	done
	echo "$before" >$ROOM
	# shellcheck disable=SC2086
	! has_failslab || verdicts -p "$1" path fail "$1" $HELPERS
	ns r conntrack -F 2>/dev/null
}

! has_failslab || failslab_set_up failslab

must modprobe nf_conntrack_netlink
must control_net
for name in $HELPERS; do
	must modprobe "nf_conntrack_$name"
	must control_rules -A "$name"
done
starved plain
for name in $HELPERS; do
	nat=$(nat_of "$name")
	[ -z "$nat" ] || must modprobe "$nat"
done
must control_nat -A
starved NAT
must control_nat -D
freed 'no expectation is left' nf_conntrack_expect 0
finish
