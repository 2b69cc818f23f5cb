/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the SIP helper needs of the kernel and its NAT, where kernels and configurations
 * differ: how an expectation is removed and an entry refreshed, and what an expectation
 * keeps of a place that NAT has moved.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_SIP_H
#define _NF_CT_COMPAT_NF_CONNTRACK_SIP_H

#include_next <linux/netfilter/nf_conntrack_sip.h>

#include "nf_ct_probed.h"

/* NULL while nf_nat_sip is not there.  RCU bounds the use of the answer. */
static inline const struct nf_nat_sip_hooks *nf_ct_sip_nat(void)
{
	return rcu_dereference_raw(nf_nat_sip_hooks);
}

/* nf_conntrack_expect_lock */
static inline void nf_ct_sip_remove(struct nf_conntrack_expect *exp)
{
#ifdef NF_CT_HAVE_REMOVE_EXPECT
	nf_ct_remove_expect(exp);
#else
	nf_ct_unlink_expect(exp);
#endif
}

/* The entry lives at least @seconds more. */
static inline void nf_ct_sip_refresh(struct nf_conn *ct, const struct sk_buff *skb,
				     u32 seconds)
{
#ifdef NF_CT_HAVE_REFRESH_BYTES
	nf_ct_refresh(ct, min_t(u64, (u64)seconds * HZ, INT_MAX));
#else
	nf_ct_refresh(ct, skb, min_t(u64, (u64)seconds * HZ, INT_MAX));
#endif
}

/* Has NAT moved what is expected?  Then *@addr and *@port are where it goes in the end. */
static inline bool nf_ct_sip_moved(const struct nf_conntrack_expect *exp,
				   union nf_inet_addr *addr, __be16 *port)
{
#if IS_ENABLED(CONFIG_NF_NAT)
	if (!exp->saved_proto.udp.port ||
	    (nf_inet_addr_cmp(&exp->saved_addr, &exp->tuple.dst.u3) &&
	     exp->saved_proto.udp.port == exp->tuple.dst.u.udp.port))
		return false;
	*addr = exp->saved_addr;
	*port = exp->saved_proto.udp.port;
	return true;
#else
	return false;
#endif
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_SIP_H */
