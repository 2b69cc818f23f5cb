/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unsent events: what nf_conntrack_ecache.c (sending) and
 * nf_conntrack_resend.c (keeping and trying again) share.
 *
 * nf_conntrack_ecache.missed is one word per entry that only changes by
 * cmpxchg: the events that no listener has got yet, and who works on them.
 */
#ifndef _NF_CONNTRACK_PENDING_H
#define _NF_CONNTRACK_PENDING_H

#include <net/netfilter/nf_conntrack_ecache.h>

#include "nf_conntrack_events.h"

#define NF_CT_UNSENT_EVENTS	0x0000ffffU
#define NF_CT_UNSENT_BUSY	0x80000000U /* one sender at a time: the order */
#define NF_CT_UNSENT_LISTED	0x40000000U /* on a list, which has a reference */
#define NF_CT_UNSENT_DONE	0x20000000U /* DESTROY is out, nothing may follow */
#define NF_CT_UNSENT_DYING	0x10000000U /* listed, and counted as dying */

/* Put a refused entry on this CPU's list and see that it is tried again. */
void nf_ct_unsent_queue(struct nf_conn *ct, struct nf_conntrack_ecache *e);
/* Try what is unsent of @ct once: 0, NF_CT_EVENT_HELD or negative. */
int nf_ct_unsent_try(struct nf_conn *ct, struct nf_conntrack_ecache *e);

void nf_ct_count_delivered(struct net *net, bool again);
void nf_ct_count_refused(struct net *net);

#endif /* _NF_CONNTRACK_PENDING_H */
