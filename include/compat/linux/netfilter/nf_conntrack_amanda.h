/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The NAT counterpart of the Amanda helper.  Since 7.x its hook is an RCU pointer that gets
 * the entry, too; before, it is a plain pointer, which is written and read as one.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_AMANDA_H
#define _NF_CT_COMPAT_NF_CONNTRACK_AMANDA_H

#include_next <linux/netfilter/nf_conntrack_amanda.h>

#include "nf_ct_probed.h"

#ifndef NF_CT_HAVE_HELPER_REFS
typedef unsigned int nf_nat_amanda_hook_fn(struct sk_buff *skb,
					   enum ip_conntrack_info ctinfo,
					   unsigned int protoff, unsigned int matchoff,
					   unsigned int matchlen,
					   struct nf_conntrack_expect *exp);
#endif

/* NULL while nf_nat_amanda is not there.  RCU bounds the use of the answer. */
static inline nf_nat_amanda_hook_fn *nf_ct_amanda_nat(void)
{
	return rcu_dereference_raw(nf_nat_amanda_hook);
}

static inline unsigned int
nf_ct_amanda_call_nat(nf_nat_amanda_hook_fn *nat, struct sk_buff *skb, struct nf_conn *ct,
		      enum ip_conntrack_info ctinfo, unsigned int protoff,
		      unsigned int matchoff, unsigned int matchlen,
		      struct nf_conntrack_expect *exp)
{
#ifdef NF_CT_HAVE_HELPER_REFS
	return nat(skb, ct, ctinfo, protoff, matchoff, matchlen, exp);
#else
	return nat(skb, ctinfo, protoff, matchoff, matchlen, exp);
#endif
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_AMANDA_H */
