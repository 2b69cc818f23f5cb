// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of timeout policies.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <linux/vmalloc.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_timeout.h>

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
EXPORT_SYMBOL_GPL(nf_ct_timeout_hook);
EXPORT_SYMBOL_GPL(nf_ct_untimeout);
EXPORT_SYMBOL_GPL(nf_ct_set_timeout);
EXPORT_SYMBOL_GPL(nf_ct_destroy_timeout);
#endif
