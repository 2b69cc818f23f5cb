/* SPDX-License-Identifier: GPL-2.0 */
/* Since 6.7 the rules that want labels are counted by an atomic */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_LABELS_H
#define _NF_CT_COMPAT_NF_CONNTRACK_LABELS_H

#include_next <net/netfilter/nf_conntrack_labels.h>

#include "nf_ct_probed.h"

/* Callers hold one lock.  The count before a rule came, or before it went */
static inline int nf_ct_labels_used_add(struct net *net, int rules)
{
#ifdef NF_CT_HAVE_LABELS_ATOMIC
	return atomic_fetch_add(rules, &net->ct.labels_used);
#else
	int before = net->ct.labels_used;

	net->ct.labels_used = before + rules;
	return before;
#endif
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_LABELS_H */
