// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of the life of an entry, its way through the table, and the netlink form
 * of ports.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <linux/vmalloc.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/ip.h>

#include "nf_ct_probed.h"

EXPORT_SYMBOL_GPL(nf_conntrack_locks);
EXPORT_SYMBOL_GPL(nf_conntrack_expect_lock);
EXPORT_SYMBOL_GPL(nf_conntrack_hash);
EXPORT_SYMBOL_GPL(nf_conntrack_lock);
EXPORT_SYMBOL_GPL(nf_conntrack_htable_size);
EXPORT_SYMBOL_GPL(nf_conntrack_max);
EXPORT_SYMBOL_GPL(nf_ct_get_tuplepr);
EXPORT_SYMBOL_GPL(nf_ct_invert_tuple);
EXPORT_SYMBOL_GPL(nf_ct_get_id);
EXPORT_SYMBOL_GPL(nf_ct_tmpl_alloc);
EXPORT_SYMBOL_GPL(nf_ct_tmpl_free);
EXPORT_SYMBOL(nf_ct_destroy);
EXPORT_SYMBOL_GPL(nf_ct_delete);
EXPORT_SYMBOL_GPL(nf_conntrack_find_get);
EXPORT_SYMBOL_GPL(nf_conntrack_hash_check_insert);
EXPORT_SYMBOL_GPL(nf_ct_acct_add);
EXPORT_SYMBOL_GPL(__nf_conntrack_confirm);
EXPORT_SYMBOL_GPL(nf_conntrack_tuple_taken);
EXPORT_SYMBOL_GPL(nf_conntrack_alloc);
EXPORT_SYMBOL_GPL(nf_conntrack_free);
EXPORT_SYMBOL_GPL(nf_conntrack_in);
#ifdef NF_CT_HAVE_L3PROTO_GET
EXPORT_SYMBOL_GPL(nf_conntrack_alter_reply);
#endif
EXPORT_SYMBOL_GPL(__nf_ct_refresh_acct);
EXPORT_SYMBOL_GPL(nf_ct_kill_acct);
EXPORT_SYMBOL_GPL(nf_ct_iterate_cleanup_net);
EXPORT_SYMBOL_GPL(nf_ct_iterate_destroy);
EXPORT_SYMBOL_GPL(nf_ct_alloc_hashtable);
EXPORT_SYMBOL_GPL(__nf_ct_change_timeout);
EXPORT_SYMBOL_GPL(__nf_ct_change_status);
EXPORT_SYMBOL_GPL(nf_ct_change_status_common);

#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
EXPORT_SYMBOL_GPL(nf_ct_port_tuple_to_nlattr);
EXPORT_SYMBOL_GPL(nf_ct_port_nla_policy);
EXPORT_SYMBOL_GPL(nf_ct_port_nlattr_to_tuple);
EXPORT_SYMBOL_GPL(nf_ct_port_nlattr_tuple_size);
#endif
