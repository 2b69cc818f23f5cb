// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of expectations, GRE keys, the entry count and the printed tuple.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "nf_ct_probed.h"

EXPORT_SYMBOL_GPL(nf_conntrack_count);
EXPORT_SYMBOL_GPL(nf_ct_expect_hsize);
EXPORT_SYMBOL_GPL(nf_ct_expect_hash);
EXPORT_SYMBOL_GPL(nf_ct_unlink_expect_report);
EXPORT_SYMBOL_GPL(__nf_ct_expect_find);
EXPORT_SYMBOL_GPL(nf_ct_expect_find_get);
EXPORT_SYMBOL_GPL(nf_ct_remove_expectations);
EXPORT_SYMBOL_GPL(nf_ct_unexpect_related);
EXPORT_SYMBOL_GPL(nf_ct_expect_alloc);
EXPORT_SYMBOL_GPL(nf_ct_expect_init);
EXPORT_SYMBOL_GPL(nf_ct_expect_put);
EXPORT_SYMBOL_GPL(nf_ct_expect_related_report);
EXPORT_SYMBOL_GPL(nf_ct_expect_iterate_destroy);
EXPORT_SYMBOL_GPL(nf_ct_expect_iterate_net);

#ifdef NF_CT_HAVE_EXPECT_PAIR
EXPORT_SYMBOL_GPL(nf_ct_expect_related_pair);
#endif

#ifdef CONFIG_NF_CONNTRACK_PROCFS
EXPORT_SYMBOL_GPL(print_tuple);
#endif

#ifdef NF_CT_HAVE_REMOVE_EXPECT
EXPORT_SYMBOL_GPL(nf_ct_remove_expect);
#endif

#ifdef CONFIG_NF_CT_PROTO_GRE
EXPORT_SYMBOL_GPL(nf_ct_gre_keymap_add);
EXPORT_SYMBOL_GPL(nf_ct_gre_keymap_destroy);
#ifdef NF_CT_HAVE_PPTP_DESTROY
EXPORT_SYMBOL_GPL(gre_pptp_destroy_siblings);
#endif
#endif
