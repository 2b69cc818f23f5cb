/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers.  Where an expectation does not name the one that created it, its master does.
 *
 * Since 7.x (NF_CT_HAVE_HELPER_REFS) each entry owns a reference on its helper, which
 * stays in memory after its module has left: then its function pointer is NULL, and only
 * its name may be used.  A helper has no ports there.  Before, unregistering takes the
 * helper out of all entries, and nothing in it is NULL.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_HELPER_H
#define _NF_CT_COMPAT_NF_CONNTRACK_HELPER_H

#include_next <net/netfilter/nf_conntrack_helper.h>

#include "nf_ct_probed.h"

typedef int nf_ct_helper_fn(struct sk_buff *skb, unsigned int protoff,
			    struct nf_conn *ct, enum ip_conntrack_info ctinfo);

#ifdef NF_CT_HAVE_HELPER_REFS
#define nf_ct_helper_l3(helper)		((helper)->nfproto)
#define nf_ct_helper_l4(helper)		((helper)->l4proto)
#define nf_ct_helper_refs(helper)	((helper)->ct_refcnt)

#define nf_ct_helper_has_policy(helper)	true

/* What it calls for a packet; NULL once it is unregistered.  RCU. */
static inline nf_ct_helper_fn *
nf_ct_helper_inspects(const struct nf_conntrack_helper *helper)
{
	return rcu_dereference_raw(helper->help);
}

/* May something new point to it?  nf_conntrack_expect_lock */
static inline bool nf_ct_helper_is_live(const struct nf_conntrack_helper *helper)
{
	return nf_ct_helper_inspects(helper);
}

static inline bool nf_ct_helper_same_port(const struct nf_conntrack_helper *a,
					  const struct nf_conntrack_helper *b)
{
	return false;
}

static inline void nf_ct_helper_unref(struct nf_conntrack_helper *helper)
{
	if (helper && refcount_dec_and_test(&helper->ct_refcnt))
		kfree_rcu(helper, rcu);
}

/* The only writer of the entry's helper gives it another one, or NULL.  RCU. */
static inline void nf_ct_helper_assign(struct nf_conn_help *help,
				       struct nf_conntrack_helper *helper)
{
	if (helper && !refcount_inc_not_zero(&helper->ct_refcnt))
		helper = NULL;
	nf_ct_helper_unref(unrcu_pointer(xchg(&help->helper,
					      RCU_INITIALIZER(helper))));
}
#else
#define nf_ct_helper_l3(helper)		((helper)->tuple.src.l3num)
#define nf_ct_helper_l4(helper)		((helper)->tuple.dst.protonum)
#define nf_ct_helper_refs(helper)	((helper)->refcnt)
#define nf_ct_helper_has_policy(helper)	((helper)->expect_policy)

static inline nf_ct_helper_fn *
nf_ct_helper_inspects(const struct nf_conntrack_helper *helper)
{
	return helper->help;
}

static inline bool nf_ct_helper_is_live(const struct nf_conntrack_helper *helper)
{
	return refcount_read(&helper->refcnt);
}

static inline bool nf_ct_helper_same_port(const struct nf_conntrack_helper *a,
					  const struct nf_conntrack_helper *b)
{
	return a->tuple.src.u.all == b->tuple.src.u.all;
}

/* The last reference may go with it: its owner frees it */
static inline void nf_ct_helper_unref(struct nf_conntrack_helper *helper)
{
	refcount_dec(&helper->refcnt);
}

static inline void nf_ct_helper_assign(struct nf_conn_help *help,
				       struct nf_conntrack_helper *helper)
{
	rcu_assign_pointer(help->helper, helper);
}
#endif

/* May an entry that has left the table still show its helper?  RCU. */
bool nf_ct_helper_is_known(const struct nf_conntrack_helper *helper);

static inline bool nf_ct_helper_stays(const struct nf_conntrack_helper *helper)
{
#ifdef NF_CT_HAVE_HELPER_REFS
	return true;
#else
	return nf_ct_helper_is_known(helper);
#endif
}

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
