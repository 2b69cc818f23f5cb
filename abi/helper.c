// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of the helper registry.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_OVS
#include <linux/vmalloc.h>
#endif
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_log.h>
#ifdef NF_CT_HAVE_OVS
#include <net/ip.h>
#endif

EXPORT_SYMBOL_GPL(nf_ct_helper_hash);
EXPORT_SYMBOL_GPL(nf_ct_helper_hsize);
EXPORT_SYMBOL_GPL(__nf_conntrack_helper_find);
EXPORT_SYMBOL_GPL(nf_conntrack_helper_try_module_get);
EXPORT_SYMBOL_GPL(nf_conntrack_helper_put);
EXPORT_SYMBOL_GPL(nf_nat_helper_try_module_get);
EXPORT_SYMBOL_GPL(nf_nat_helper_put);
EXPORT_SYMBOL_GPL(nf_ct_helper_ext_add);
EXPORT_SYMBOL_GPL(__nf_ct_try_assign_helper);
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_register);
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_unregister);
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_find_by_name);
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_find_by_symbol);
EXPORT_SYMBOL_GPL(nf_ct_helper_log);
EXPORT_SYMBOL_GPL(nf_conntrack_helper_register);
EXPORT_SYMBOL_GPL(nf_conntrack_helper_unregister);
EXPORT_SYMBOL_GPL(nf_ct_helper_init);
EXPORT_SYMBOL_GPL(nf_conntrack_helpers_register);
EXPORT_SYMBOL_GPL(nf_conntrack_helpers_unregister);
EXPORT_SYMBOL_GPL(nf_nat_helper_register);
EXPORT_SYMBOL_GPL(nf_nat_helper_unregister);

#ifdef NF_CT_HAVE_HELPER_REFS
EXPORT_SYMBOL_GPL(__nf_conntrack_helper_register);
EXPORT_SYMBOL_GPL(nf_conntrack_helper_release);
#endif
#ifdef NF_CT_HAVE_EXPECTFN_DESTROY
EXPORT_SYMBOL_GPL(nf_ct_helper_expectfn_destroy);
#endif
