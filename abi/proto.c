// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of L4 trackers, hooks of a namespace, the bridge, messages on invalid packets.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_log.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_bridge.h>

EXPORT_SYMBOL_GPL(nf_ct_l4proto_find);
EXPORT_SYMBOL_GPL(nf_confirm);
EXPORT_SYMBOL_GPL(nf_ct_netns_get);
EXPORT_SYMBOL_GPL(nf_ct_netns_put);
EXPORT_SYMBOL_GPL(nf_ct_bridge_register);
EXPORT_SYMBOL_GPL(nf_ct_bridge_unregister);

#ifdef CONFIG_SYSCTL
EXPORT_SYMBOL_GPL(nf_l4proto_log_invalid);
EXPORT_SYMBOL_GPL(nf_ct_l4proto_log_invalid);
#endif
