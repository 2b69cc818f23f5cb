/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The H.323 helper: refreshing an entry, whose arguments differ (6.12 on without the
 * packet), and giving an expectation another deadline.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_H323_H
#define _NF_CT_COMPAT_NF_CONNTRACK_H323_H

#include_next <linux/netfilter/nf_conntrack_h323.h>

#include "nf_ct_probed.h"

static inline void nf_ct_h323_refresh(struct nf_conn *ct, const struct sk_buff *skb,
				      u32 extra_jiffies)
{
#ifdef NF_CT_HAVE_REFRESH_BYTES
	nf_ct_refresh(ct, extra_jiffies);
#else
	nf_ct_refresh(ct, skb, extra_jiffies);
#endif
}

/* The expectation waits from now on for so long.  nf_conntrack_expect_lock */
static inline void nf_ct_h323_prolong(struct nf_conntrack_expect *exp, u32 extra_jiffies)
{
#ifdef NF_CT_HAVE_EXP_IS_EXPIRED
	WRITE_ONCE(exp->timeout, nfct_time_stamp + extra_jiffies);
#else
	/* the timer runs on the kernel's own nf_conntrack only */
	if (!mod_timer_pending(&exp->timeout, jiffies + extra_jiffies))
		WRITE_ONCE(exp->timeout.expires, nfct_time_stamp + extra_jiffies);
#endif
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_H323_H */
