/* SPDX-License-Identifier: GPL-2.0 */
/* Where an expectation does not name the helper that created it, its master does */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_HELPER_H
#define _NF_CT_COMPAT_NF_CONNTRACK_HELPER_H

#include_next <net/netfilter/nf_conntrack_helper.h>

#include "nf_ct_probed.h"

/* For reading under RCU, or to compare only */
static inline struct nf_conntrack_helper *
nf_ct_exp_creator(const struct nf_conntrack_expect *exp)
{
#ifdef NF_CT_HAVE_ASSIGN_HELPER
	return rcu_dereference_raw(exp->helper);
#else
	const struct nf_conn_help *help = nfct_help(exp->master);

	return help ? rcu_dereference_raw(help->helper) : NULL;
#endif
}

static inline void nf_ct_exp_set_creator(struct nf_conntrack_expect *exp,
					 struct nf_conntrack_helper *helper)
{
#ifdef NF_CT_HAVE_ASSIGN_HELPER
	rcu_assign_pointer(exp->helper, helper);
#endif
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_HELPER_H */
