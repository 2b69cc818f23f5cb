/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The NAT counterpart of the TFTP helper.  Since 7.x its hook is an RCU pointer that gets
 * the entry, too; before, it is a plain pointer, which is written and read as one.  7.x
 * has no constant for the usual port.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_TFTP_H
#define _NF_CT_COMPAT_NF_CONNTRACK_TFTP_H

#include_next <linux/netfilter/nf_conntrack_tftp.h>

#include "nf_ct_probed.h"

#ifndef TFTP_PORT
#define TFTP_PORT	69
#endif

#ifndef NF_CT_HAVE_HELPER_REFS
typedef unsigned int nf_nat_tftp_hook_fn(struct sk_buff *skb,
					 enum ip_conntrack_info ctinfo,
					 struct nf_conntrack_expect *exp);
#endif

/* NULL while nf_nat_tftp is not there.  RCU bounds the use of the answer. */
static inline nf_nat_tftp_hook_fn *nf_ct_tftp_nat(void)
{
	return rcu_dereference_raw(nf_nat_tftp_hook);
}

static inline unsigned int
nf_ct_tftp_call_nat(nf_nat_tftp_hook_fn *nat, struct sk_buff *skb, struct nf_conn *ct,
		    enum ip_conntrack_info ctinfo, struct nf_conntrack_expect *exp)
{
#ifdef NF_CT_HAVE_HELPER_REFS
	return nat(skb, ct, ctinfo, exp);
#else
	return nat(skb, ctinfo, exp);
#endif
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_TFTP_H */
