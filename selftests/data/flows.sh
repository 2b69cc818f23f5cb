# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests that make connections with prog/flows.
#
#   flow_net NAME        namespace that tracks what it sends; 198.18.0.0/15 goes
#                        to a device that swallows it
#   flow_begin NAME [MAX]  flow_net with nf_conntrack_netlink loaded and MAX entries
#                        allowed: the set-up of most of them
#   table_full WHAT TEXT   subtest: the kernel log has TEXT and tells that entries wait
#                        for a listener
#   netns_left N         whether at most N namespaces are left beside the first

flow_net()
{
	ip netns add "$1" && ns "$1" ip -batch - <<-'EOT' || return
		link set lo up
		link add swallow type dummy
		address add 198.18.0.1/15 dev swallow
		link set swallow up
	EOT
	ns "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 || return
	ns "$1" nft -f - <<-'EOT'
		table inet nfct_track {
			chain track {
				type filter hook output priority 0
				ct state invalid counter
			}
		}
	EOT
}

flow_begin()
{
	must modprobe nf_conntrack_netlink
	[ $# = 1 ] || sysctl -qw net.netfilter.nf_conntrack_max="$2"
	must flow_net "$1"
}

table_full()
{
	check "$1" sh -c "dmesg | grep '$2' | grep -q 'wait for an event listener'"
	note "$(dmesg | grep -m 1 'table full')"
}

# The kernel frees the namespaces that ended last when the next one ends.
netns_left()
{
	ip netns add last && ip netns delete last
	[ "$(slab_used net_namespace)" -le $(($1 + 1)) ]
}
