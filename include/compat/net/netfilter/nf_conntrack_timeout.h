/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Up to Debian's 6.1.0-53 extensions own no reference on their timeout policy, which
 * is taken out of all entries before it goes.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_TIMEOUT_H
#define _NF_CT_COMPAT_NF_CONNTRACK_TIMEOUT_H

#include_next <net/netfilter/nf_conntrack_timeout.h>

#include "nf_ct_probed.h"

/* Drop the reference that an extension has owned */
static inline void nf_ct_timeout_drop(struct nf_ct_timeout *timeout)
{
#ifdef NF_CT_HAVE_TIMEOUT_REFCNT
	if (timeout && refcount_dec_and_test(&timeout->refcnt))
		kfree_rcu(timeout, rcu);
#endif
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_TIMEOUT_H */
