// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of events.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <linux/vmalloc.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#ifdef CONFIG_NF_CONNTRACK_EVENTS
EXPORT_SYMBOL_GPL(nf_conn_pernet_ecache);
EXPORT_SYMBOL_GPL(nf_conntrack_eventmask_report);
EXPORT_SYMBOL_GPL(nf_ct_deliver_cached_events);
EXPORT_SYMBOL_GPL(nf_conntrack_register_notifier);
EXPORT_SYMBOL_GPL(nf_conntrack_unregister_notifier);
EXPORT_SYMBOL_GPL(nf_ct_ecache_ext_add);
#endif
