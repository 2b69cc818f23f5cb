/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unsent events: what nf_conntrack_ecache.c (sending) and
 * event/resend.c (keeping and trying again) share.
 *
 * nf_conntrack_ecache.missed is one word per entry that only changes by
 * cmpxchg: the events that no listener has got yet, and who works on them.
 * nf_ct_expect_life.missed is the same for an expectation, with IPCT_NEW and
 * IPCT_DESTROY for its two events.
 */
#ifndef _NF_CONNTRACK_PENDING_H
#define _NF_CONNTRACK_PENDING_H

#include <net/netfilter/nf_conntrack_ecache.h>

#include "nf_conntrack_events.h"
#include "nf_ct_expect_life.h"

#define NF_CT_UNSENT_EVENTS	0x0000ffffU
#define NF_CT_UNSENT_BUSY	0x80000000U /* one sender at a time: the order */
#define NF_CT_UNSENT_LISTED	0x40000000U /* on a list, which has a reference */
#define NF_CT_UNSENT_DONE	0x20000000U /* DESTROY is out, nothing may follow */
#define NF_CT_UNSENT_DYING	0x10000000U /* listed, and counted as dying */

enum nf_ct_unsent_kind {
	NF_CT_UNSENT_CONNECTION,
	NF_CT_UNSENT_EXPECTATION,
	NF_CT_UNSENT_KINDS
};

/**
 * struct nf_ct_unsent_item - what has events: a connection or an expectation
 * @net:  its namespace
 * @word: its word of unsent events
 * @ct:   the connection, or NULL
 * @ecache: what its packets note, or NULL
 * @life: the expectation, or NULL
 */
struct nf_ct_unsent_item {
	struct net			*net;
	u32				*word;
	struct nf_conn			*ct;
	struct nf_conntrack_ecache	*ecache;
	struct nf_ct_expect_life	*life;
};

static inline struct nf_ct_unsent_item
nf_ct_unsent_connection(struct nf_conn *ct, struct nf_conntrack_ecache *e)
{
	return (struct nf_ct_unsent_item) {
		.net	= nf_ct_net(ct),
		.word	= &e->missed,
		.ct	= ct,
		.ecache	= e,
	};
}

static inline struct nf_ct_unsent_item
nf_ct_unsent_expectation(struct nf_ct_expect_life *life)
{
	return (struct nf_ct_unsent_item) {
		.net	= life->net,
		.word	= &life->missed,
		.life	= life,
	};
}

/* Put a refused item on its list and see that it is tried again. */
void nf_ct_unsent_queue(const struct nf_ct_unsent_item *item);
/* Try what is unsent of @item once: see nf_ct_send(). */
int nf_ct_unsent_try(const struct nf_ct_unsent_item *item);
/* Changes that packets have noted, and somebody may hear of? */
bool nf_ct_unsent_fresh(const struct nf_ct_unsent_item *item);
/* What became of a batch: 0, or negative when a listener has refused it. */
void nf_ct_unsent_answer(struct net *net, int err);

void nf_ct_count_delivered(struct net *net, bool again);
void nf_ct_count_refused(struct net *net);

/* Is something of the expectation still to be sent? */
#ifdef CONFIG_NF_CONNTRACK_EVENTS
bool nf_ct_expect_life_waits(const struct nf_ct_expect_life *life);
#else
static inline bool nf_ct_expect_life_waits(const struct nf_ct_expect_life *life)
{
	return false;
}
#endif

#endif /* _NF_CONNTRACK_PENDING_H */
