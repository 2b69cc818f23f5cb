/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Up to Debian's 6.1.0-53 the timeout of an expectation is a timer. Modules that have
 * no helper's policy write its expiry before they hand the expectation over: we keep
 * the deadline there, and never start the timer. Up to 6.1.0-50 there is one helper
 * only, the one to assign.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_EXPECT_H
#define _NF_CT_COMPAT_NF_CONNTRACK_EXPECT_H

#include_next <net/netfilter/nf_conntrack_expect.h>

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_EXP_IS_EXPIRED
#define nf_ct_exp_deadline(exp)		((exp)->timeout)
#else
#define nf_ct_exp_deadline(exp)		((exp)->timeout.expires)
#define NF_CT_EXPECT_DEAD		0x8

static inline bool nf_ct_exp_is_expired(const struct nf_conntrack_expect *exp)
{
	return READ_ONCE(exp->flags) & NF_CT_EXPECT_DEAD ||
	       (s32)(READ_ONCE(exp->timeout.expires) - nfct_time_stamp) <= 0;
}
#endif

#ifdef NF_CT_HAVE_ASSIGN_HELPER
#define nf_ct_exp_assigned(exp)		((exp)->assign_helper)
#else
#define nf_ct_exp_assigned(exp)		((exp)->helper)
#endif

/* 7.x keeps what events need of the master; other modules read it */
static inline void nf_ct_exp_set_master(struct nf_conntrack_expect *exp, u16 events)
{
#ifdef NF_CT_HAVE_MASTER_TUPLE
	exp->master_tuple = exp->master->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	exp->event_mask = events;
#endif
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_EXPECT_H */
