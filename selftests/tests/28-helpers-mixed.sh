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
# shellcheck source=selftests/vm/teardown.sh
. /payload/teardown.sh

MODULES=/lib/modules/$(uname -r)
STOCK=$MODULES/kernel/net/netfilter
ASIDE=/tmp/ours

# what the unloading of all modules finds fault with
problem()
{
	not_ok "$*"
}

related()
{
	timeout "$(scaled 30)" ip netns exec r python3 /payload/bin/helperpath.py related "$@"
}

# $1: file of a module, which modprobe would not take
insert()
{
	local name

	for name in $(modinfo -F depends "$1" | tr ',' ' '); do
		[ -e "/sys/module/$name" ] || modprobe "$name" || return
	done
	insmod "$1"
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

# $1: what is tested, $2: folder of the modules, none for those that modprobe takes
all_helpers()
{
	local name

	for name in $HELPERS; do
		if [ -z "${2:-}" ]; then
			must modprobe "nf_conntrack_$name"
		else
			check "$1 $name: loads" insert "$2/nf_conntrack_$name.ko"*
		fi
		exchanges "$1 $name" "$name"
	done
}

must modprobe nf_conntrack_netlink
must control_net
all_helpers "$(modset)"
if is_ours; then
	all_helpers "on our nf_conntrack, stock's" "$STOCK"

	flush_rules
	must unload_stack
	mv "$MODULES/updates" "$ASIDE"
	must depmod -a
	must modprobe nf_conntrack_netlink
	refute "stock's nf_conntrack is loaded" [ -e /sys/module/nf_conntrack/version ]
	must control_net
	all_helpers "on stock's nf_conntrack, our" "$ASIDE"
fi
finish
