// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: what the NAT counterpart of the H.323 helper uses.  The hook is written by
 * nf_nat_h323, and read under RCU.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but the exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <linux/netfilter_ipv6.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <linux/netfilter/nf_conntrack_h323.h>

const struct nfct_h323_nat_hooks __rcu *nfct_h323_nat_hook __read_mostly;
EXPORT_SYMBOL_GPL(nfct_h323_nat_hook);

/* h323_address.c */
EXPORT_SYMBOL_GPL(get_h225_addr);
