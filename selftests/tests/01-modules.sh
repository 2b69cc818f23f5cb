#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every module of Debian's kernel that links against nf_conntrack loads on the
# one that is loaded here, and unloads again.
#
# MODSET: stock ours
# SMOKE
# TIMEOUT: 180

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

MODULES='nf_conntrack_netlink nf_nat nft_ct nft_nat nft_masq nft_redir nft_chain_nat
	xt_conntrack xt_connmark xt_connlimit xt_connlabel xt_connbytes xt_state xt_helper xt_CT
	xt_nat xt_MASQUERADE xt_REDIRECT xt_NETMAP xt_cluster
	nf_flow_table nf_flow_table_inet nft_flow_offload nft_connlimit nf_conncount
	nfnetlink_queue nfnetlink_cttimeout nfnetlink_cthelper
	nf_conntrack_bridge nf_synproxy_core nft_synproxy xt_SYNPROXY
	nf_conntrack_ftp nf_nat_ftp nf_conntrack_sip nf_nat_sip nf_conntrack_tftp nf_nat_tftp
	nf_conntrack_irc nf_nat_irc nf_conntrack_amanda nf_nat_amanda nf_conntrack_h323
	nf_conntrack_pptp nf_nat_pptp nf_conntrack_snmp nf_nat_snmp_basic
	nf_conntrack_netbios_ns nf_conntrack_sane
	openvswitch act_ct act_ctinfo act_connmark sch_cake ip_vs'

# Whether module $1 exists for this kernel, built in or not.
known()
{
	modinfo "$1" >/dev/null 2>&1
}

loaded()
{
	[ -d "/sys/module/${1//-/_}" ]
}

for name in $MODULES; do
	if ! known "$name"; then
		skip "load $name" 'not in this kernel'
	elif check "load $name" modprobe "$name"; then
		loaded "$name" || note "$name is built in"
	fi
done

note "nf_conntrack is used by $(awk '$1 == "nf_conntrack" { print $3 " modules: " $4 }' /proc/modules)"

# Several passes, since a module may be held by one that is loaded after it.
for _ in 1 2 3 4 5 6; do
	for name in $MODULES; do
		! loaded "$name" || rmmod "$name" 2>/dev/null
	done
done
for name in $MODULES; do
	known "$name" || continue
	[ "$(modinfo -n "$name")" != '(builtin)' ] || continue
	refute "unload $name" loaded "$name"
done

# Its symbols fit, but it would walk stock's table, which does not exist here.
if [ "$(modset)" = ours ]; then
	allow_log 'does not belong to nf_conntrack'
	stock=/lib/modules/$(uname -r)/kernel/net/netfilter/nf_conntrack_netlink.ko
	modprobe nf_conntrack nfnetlink
	if [ -e "$stock" ]; then
		refute "the kernel's own nf_conntrack_netlink is refused" insmod "$stock"
		check 'and the log says why' sh -c 'dmesg | grep "nf_conntrack_netlink .*does not belong to"'
	else
		skip "the kernel's own nf_conntrack_netlink is refused" "it is not at $stock"
	fi
	check 'ours loads' modprobe nf_conntrack_netlink
	check 'the log says version and table size' bash -c "dmesg |
		grep -E 'nf_conntrack: reliable-conntrack [0-9.]+ for $(uname -r | sed "s|+|[+]|g"), [0-9]+ buckets, at most [0-9]+ connections'"
	rmmod nf_conntrack_netlink
fi

refute 'nothing says "Unknown symbol" or "disagrees"' \
	bash -c "dmesg | grep -E 'Unknown symbol|disagrees about version'"
finish
