/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The helper of an entry, for those who call it.  An entry that is not in the table can
 * have lost it: nf_ct_iterate_destroy() declares its extensions void, which not every
 * kernel's nfct_help() looks at.
 */
#ifndef _NF_CT_HELPER_H
#define _NF_CT_HELPER_H

#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "nf_ct_entry.h"
#include "nf_ct_ext.h"

/* NULL for none.  RCU bounds the use of the answer. */
static inline struct nf_conntrack_helper *nf_ct_helper_of(const struct nf_conn *ct)
{
	const struct nf_conn_help *help;

	if (!nf_ct_has_ext(ct, NF_CT_EXT_HELPER))
		return NULL;
	help = nfct_help(ct);
	if (!help || !nf_ct_ext_valid(ct->ext))
		return NULL;
	return rcu_dereference(help->helper);
}

/* Have it look at a packet, under RCU.  Returns a verdict. */
static inline int nf_ct_helper_call(const struct nf_conntrack_helper *helper,
				    struct sk_buff *skb, unsigned int protoff,
				    struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	nf_ct_helper_fn *inspect = nf_ct_helper_inspects(helper);

	return inspect ? inspect(skb, protoff, ct, ctinfo) : NF_ACCEPT;
}

/* The entry ends, and nobody else has it: let go of its helper */
static inline void nf_ct_helper_drop(struct nf_conn *ct)
{
	struct nf_conn_help *help;

	if (likely(!nf_ct_has_ext(ct, NF_CT_EXT_HELPER)))
		return;
	help = nf_ct_ext_peek(ct, NF_CT_EXT_HELPER);
	rcu_read_lock();
	if (help)
		nf_ct_helper_assign(help, NULL);
	rcu_read_unlock();
}

#endif /* _NF_CT_HELPER_H */
