# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Helpers, NAT and what rules need come and go; one that is in use stays. Operations:
# modules loaded or removed.

TORTURE_MODULES=(nf_conntrack_ftp nf_nat_ftp nf_conntrack_tftp nf_nat_tftp nf_conntrack_irc
	nf_nat_irc nf_conntrack_sip nf_nat_sip nf_conntrack_pptp nf_nat_pptp nf_conntrack_amanda
	nf_nat_amanda nf_conntrack_h323 nf_conntrack_sane nf_conntrack_netbios_ns nf_conntrack_snmp
	nft_chain_nat nft_masq nft_nat iptable_nat xt_MASQUERADE xt_nat nf_nat nft_ct xt_CT
	xt_conntrack xt_connmark nfnetlink_cttimeout)

work_modules()
{
	local name=${TORTURE_MODULES[RANDOM % ${#TORTURE_MODULES[@]}]}

	if ((RANDOM % 2)); then
		modprobe -q "$name"
		done_ 1
	elif rmmod "$name" 2>/dev/null; then
		done_ 1
	fi
	sleep "0.$((RANDOM % 4))"
}
