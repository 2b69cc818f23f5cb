/* SPDX-License-Identifier: GPL-2.0 */
/* On 7.x an entry keeps the time of its first event that is not sent, if it has times */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_ECACHE_H
#define _NF_CT_COMPAT_NF_CONNTRACK_ECACHE_H

#include_next <net/netfilter/nf_conntrack_ecache.h>

#include "nf_ct_probed.h"

#if defined(NF_CT_HAVE_EVENT_TIME) && defined(CONFIG_NF_CONNTRACK_TIMESTAMP)
/* Nanoseconds since 1970, 0: the entry has no times */
static inline u64 nf_ct_event_time(const struct nf_conntrack_ecache *e)
{
	return e ? local64_read(&e->timestamp) : 0;
}

/* From now on it has */
static inline void nf_ct_event_time_start(struct nf_conntrack_ecache *e)
{
	local64_set(&e->timestamp, ktime_get_real_ns());
}

static inline void nf_ct_event_time_renew(struct nf_conntrack_ecache *e)
{
	if (local64_read(&e->timestamp))
		nf_ct_event_time_start(e);
}
#else
static inline u64 nf_ct_event_time(const struct nf_conntrack_ecache *e)
{
	return 0;
}

static inline void nf_ct_event_time_start(struct nf_conntrack_ecache *e) {}
static inline void nf_ct_event_time_renew(struct nf_conntrack_ecache *e) {}
#endif

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_ECACHE_H */
