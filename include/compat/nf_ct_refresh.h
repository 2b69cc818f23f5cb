/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A helper knows better than the tracker how long its entry is to live.  Since 6.12
 * nf_ct_refresh() does not take the packet.
 */
#ifndef _NF_CT_REFRESH_H
#define _NF_CT_REFRESH_H

#include <linux/minmax.h>
#include <net/netfilter/nf_conntrack.h>

#include "nf_ct_probed.h"

/* Let @ct live for so many seconds from now on, at most what the clock can express: more
 * would be a time in the past.
 * DIFF: helper-timeout-range
 */
static inline void nf_ct_refresh_seconds(struct nf_conn *ct, const struct sk_buff *skb,
					 unsigned int seconds)
{
	u32 extra = min_t(u64, (u64)seconds * HZ, INT_MAX);

#ifdef NF_CT_HAVE_REFRESH_BYTES
	nf_ct_refresh(ct, extra);
#else
	nf_ct_refresh(ct, skb, extra);
#endif
}

#endif /* _NF_CT_REFRESH_H */
