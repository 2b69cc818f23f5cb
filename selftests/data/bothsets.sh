# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by tests that run stock's modules and ours one after the other
# in a guest of ours.
#
#   load_set stock|ours    unload conntrack and what uses it, load the set's nf_conntrack
#                          and nf_conntrack_netlink
#   has_both               there are two sets: a guest of ours, not the debug kernel

has_both()
{
	is_ours && ! is_debug
}

# What hangs on nf_conntrack, users first; a namespace may be on its way out.
lib_unload_all()
{
	local name tries

	for ((tries = 0; tries < 200; tries++)); do
		for name in $(lsmod | awk '/^(nf|xt_|ip6?t|ip6?_tables)/ && $3 == 0 { print $1 }'); do
			rmmod "$name" 2>/dev/null
		done
		[ -d /sys/module/nf_conntrack ] || return 0
		sleep 0.1
	done
	lsmod | grep ^nf >&2
	return 1
}

load_set()
{
	local dir

	dir=/lib/modules/$(uname -r)/kernel/net/netfilter
	lib_unload_all || return
	if [ "$1" = stock ] && is_ours; then
		modprobe -a nf_defrag_ipv4 nf_defrag_ipv6 nfnetlink || return
		insmod "$dir"/nf_conntrack.ko* && insmod "$dir"/nf_conntrack_netlink.ko* || return
		[ ! -e /sys/module/nf_conntrack/version ]
		return
	fi
	modprobe nf_conntrack && modprobe nf_conntrack_netlink
}
