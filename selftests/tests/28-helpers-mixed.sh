#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each helper, with and without NAT, in one exchange: what it expects is related, and nothing
# else passes. Then each helper of stock on our nf_conntrack, and each of ours on stock's,
# with stock's nf_nat modules on top. The packets are made by prog/helperpath.py.
#
# TIMEOUT: 600

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh
# shellcheck source=selftests/data/mix.sh
. /payload/data/mix.sh

related()
{
	timeout "$(scaled 30)" ip netns exec r python3 /payload/bin/helperpath.py related "$@"
}

# $1: what is tested, $2: name of a helper; its module is loaded
exchanges()
{
	local nat
	nat=$(nat_of "$2")

	must control_rules -A "$2"
	verdicts -p "$1" related plain "$2"
	if [ -n "$nat" ]; then
		must modprobe "$nat"
		must control_nat -A
		ns r conntrack -F 2>/dev/null
		verdicts -p "$1, NAT" related NAT "$2"
		must control_nat -D
	fi
	must control_rules -D "$2"
	ns r conntrack -F 2>/dev/null
	# shellcheck disable=SC2086  # it may be none
	must removed $nat "nf_conntrack_$2"
	[ ! -e /sys/module/nf_conntrack_broadcast ] || must removed nf_conntrack_broadcast
}

# $1: what is tested, $2: set of nf_conntrack, $3: set of the helpers
all_helpers()
{
	local name

	must modprobe nf_conntrack_netlink
	is "$1: nf_conntrack" "$(loaded_set nf_conntrack)" "$2"
	must control_net
	for name in $HELPERS; do
		must modprobe "nf_conntrack_$name"
		is "$1 $name" "$(loaded_set "nf_conntrack_$name")" "$3"
		exchanges "$1 $name" "$name"
	done
	flush_rules
}

all_helpers "$(modset)" "$(modset)" "$(modset)"
if is_ours; then
	names="nf_conntrack_(broadcast|${HELPERS// /|})"
	must mix "!$names"
	all_helpers "on our nf_conntrack, stock's" ours stock
	must mix "$names"
	all_helpers "on stock's nf_conntrack, our" stock ours
	must mix '.*'
	must modprobe nf_conntrack
fi
finish
