/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The NAT counterpart of the SNMP helper, nf_nat_snmp_basic.  Since 7.x its hook is an RCU
 * pointer; before, it is a plain pointer, which is written and read as one.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_SNMP_H
#define _NF_CT_COMPAT_NF_CONNTRACK_SNMP_H

#include_next <linux/netfilter/nf_conntrack_snmp.h>

typedef int nf_ct_snmp_nat_fn(struct sk_buff *skb, unsigned int protoff,
			      struct nf_conn *ct, enum ip_conntrack_info ctinfo);

/* NULL while nf_nat_snmp_basic is not there.  RCU bounds the use of the answer. */
static inline nf_ct_snmp_nat_fn *nf_ct_snmp_nat(void)
{
	return rcu_dereference_raw(nf_nat_snmp_hook);
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_SNMP_H */
