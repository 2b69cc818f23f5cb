#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Matches and targets of iptables: packets that a rule must match, and such that it must
# not, for each option of each of them (data/xt/NAME.cases; prog/xtcase.py explains these).
#
# TIMEOUT: 900

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

# Nothing but the packets of the cases passes the router: its neighbours have no addresses,
# and connection tracking is off as long as no rule needs it.
router()
{
	local name

	for name in c r s; do
		ip netns add "$name" || return
		ns "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	done
	ip -batch - <<-'EOT' || return
		link add eth0 address 02:00:00:00:00:02 netns c type veth peer name eth1 address 02:00:00:00:00:01 netns r
		link add eth0 address 02:00:00:00:00:03 netns s type veth peer name eth2 netns r
	EOT
	lib_router || return
	for name in c s; do
		ns "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
		ns "$name" ip link set eth0 arp off up || return
	done
	ns r ip -batch - <<-'EOT' || return
		neighbour replace 10.0.1.2 lladdr 02:00:00:00:00:02 dev eth1
		neighbour replace fd00:1::2 lladdr 02:00:00:00:00:02 dev eth1
		neighbour replace 10.0.2.2 lladdr 02:00:00:00:00:03 dev eth2
		neighbour replace fd00:2::2 lladdr 02:00:00:00:00:03 dev eth2
	EOT
	ns r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv4.conf.all.rp_filter=0
}

# The kernel's own modules have no version of their own.
module_is_right()
{
	local version=/sys/module/xt_$1/version

	if is_ours; then
		[ -e "$version" ]
	else
		[ ! -e "$version" ]
	fi
}

must router
for file in /payload/data/xt/*.cases; do
	name=$(basename "$file" .cases)
	must modprobe "xt_$name"
	note "$(modinfo -n "xt_$name")"
	check "$name: the module is of the set $(modset)" module_is_right "$name"
	verdicts python3 /payload/bin/xtcase.py "$file"
done
finish
