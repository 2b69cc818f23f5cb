// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of events, timeout policies and labels.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_labels.h>

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
EXPORT_SYMBOL_GPL(nf_ct_timeout_hook);
EXPORT_SYMBOL_GPL(nf_ct_untimeout);
EXPORT_SYMBOL_GPL(nf_ct_set_timeout);
EXPORT_SYMBOL_GPL(nf_ct_destroy_timeout);
#endif

#ifdef CONFIG_NF_CONNTRACK_EVENTS
EXPORT_SYMBOL_GPL(nf_conn_pernet_ecache);
EXPORT_SYMBOL_GPL(nf_conntrack_eventmask_report);
EXPORT_SYMBOL_GPL(nf_ct_deliver_cached_events);
EXPORT_SYMBOL_GPL(nf_conntrack_register_notifier);
EXPORT_SYMBOL_GPL(nf_conntrack_unregister_notifier);
EXPORT_SYMBOL_GPL(nf_ct_ecache_ext_add);
#endif

#ifdef CONFIG_NF_CONNTRACK_LABELS
EXPORT_SYMBOL_GPL(nf_connlabels_replace);
EXPORT_SYMBOL_GPL(nf_connlabels_get);
EXPORT_SYMBOL_GPL(nf_connlabels_put);
#endif
