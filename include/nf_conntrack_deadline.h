/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deadlines: per-CPU timing wheels that hold every confirmed entry at a time
 * not later than ct->timeout.  ct->timeout is the truth, and any code may write
 * it; only when it moves to an earlier time, the wheel has to be called.
 */
#ifndef _NF_CONNTRACK_DEADLINE_H
#define _NF_CONNTRACK_DEADLINE_H

#include <net/netfilter/nf_conntrack.h>

/* Arm a freshly confirmed entry; BH disabled, table locks may be held. */
void nf_ct_deadline_arm(struct nf_conn *ct);
/* Forget it; the caller has set IPS_DYING. */
void nf_ct_deadline_disarm(struct nf_conn *ct);
/* ct->timeout of a confirmed entry has become shorter: fire earlier if needed. */
void nf_ct_deadline_shrunk(struct nf_conn *ct);
/* Set a new deadline of a confirmed entry, jiffies from now. Any context up to softirq. */
void nf_ct_deadline_set(struct nf_conn *ct, u32 jiffies_from_now);

#endif /* _NF_CONNTRACK_DEADLINE_H */
