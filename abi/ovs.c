// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of what Open vSwitch and act_ct share.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/ipv6_frag.h>
#include <net/ip.h>
#include <linux/netfilter_ipv6.h>

EXPORT_SYMBOL_GPL(nf_ct_helper);
EXPORT_SYMBOL_GPL(nf_ct_add_helper);
EXPORT_SYMBOL_GPL(nf_ct_skb_network_trim);
EXPORT_SYMBOL_GPL(nf_ct_handle_fragments);
