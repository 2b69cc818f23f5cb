// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of labels.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_labels.h>

#ifdef CONFIG_NF_CONNTRACK_LABELS
EXPORT_SYMBOL_GPL(nf_connlabels_replace);
EXPORT_SYMBOL_GPL(nf_connlabels_get);
EXPORT_SYMBOL_GPL(nf_connlabels_put);
#endif
