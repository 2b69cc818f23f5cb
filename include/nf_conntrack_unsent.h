/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Undelivered events, "unsent" in names: those that no listener has got yet.  This
 * header is shared by the files that note them (event/unsent.c), send them
 * (nf_conntrack_ecache.c, expect/event.c) and send them again (event/resend.c).
 *
 * An *item* is what has events: a connection or an expectation.  Each item has one
 * 32-bit *word*: the events that are undelivered, as bits of enum ip_conntrack_events,
 * and what is done with them.  nf_conntrack_ecache.missed is the word of a connection,
 * nf_ct_expect_life.missed that of an expectation, which uses IPCT_NEW and
 * IPCT_DESTROY only.  A word changes by cmpxchg only.
 */
#ifndef _NF_CONNTRACK_UNSENT_H
#define _NF_CONNTRACK_UNSENT_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/workqueue.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "nf_conntrack_events.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_pace.h"
#include "nf_ct_expect_life.h"

#define NF_CT_UNSENT_EVENTS	0x0000ffffU
#define NF_CT_UNSENT_BUSY	0x80000000U /* one CPU, or a batch, sends for the item */
#define NF_CT_UNSENT_LISTED	0x40000000U /* on a list, which has a reference */
#define NF_CT_UNSENT_DONE	0x20000000U /* the destroy event is out: nothing follows */
#define NF_CT_UNSENT_DYING	0x10000000U /* listed, and counted as dying */

#define NF_CT_DESTROY_EVENT	BIT(IPCT_DESTROY)

enum nf_ct_unsent_kind {
	NF_CT_UNSENT_CONNECTION,
	NF_CT_UNSENT_EXPECTATION,
	NF_CT_UNSENT_KINDS
};

/**
 * struct nf_ct_unsent_item - what has events: a connection or an expectation
 * @net:  its namespace
 * @word: its word
 * @ct:   the connection, or NULL
 * @ecache: where packets note changes of the connection, or NULL
 * @life: the expectation, or NULL
 */
struct nf_ct_unsent_item {
	struct net			*net;
	u32				*word;
	struct nf_conn			*ct;
	struct nf_conntrack_ecache	*ecache;
	struct nf_ct_expect_life	*life;
};

struct nf_conntrack_unsent_cpu;

/* Bits of nf_conntrack_unsent.state */
enum nf_conntrack_unsent_state {
	NF_CT_UNSENT_SCHEDULED,	/* the work or the timer is on its way */
	NF_CT_UNSENT_KICKED,	/* do not wait after a refusal */
	NF_CT_UNSENT_REFUSED,	/* a batch was refused, and the worker has not seen it */
	NF_CT_UNSENT_STALLED,	/* the last batch was refused */
};

/**
 * struct nf_conntrack_unsent - the undelivered events of a namespace
 * @net:     namespace
 * @cpu:     lists of items
 * @waiting: items on all of them, by kind
 * @pace:    of the listeners, by kind
 * @state:   bits of enum nf_conntrack_unsent_state
 * @next:    list that the worker looked at last; worker only
 * @timer:   ends a wait
 * @work:    sends; event/resend.c
 */
struct nf_conntrack_unsent {
	struct net			*net;
	struct nf_conntrack_unsent_cpu __percpu *cpu;
	atomic_t			waiting[NF_CT_UNSENT_KINDS];
	struct nf_conntrack_pace	pace[NF_CT_UNSENT_KINDS];
	unsigned long			state;
	int				next;
	struct hrtimer			timer;
	struct work_struct		work;
};

static inline struct nf_conntrack_unsent *nf_conntrack_unsent(const struct net *net)
{
	return nf_conntrack_pernet(net)->unsent;
}

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

static inline enum nf_ct_unsent_kind
nf_ct_unsent_kind(const struct nf_ct_unsent_item *item)
{
	return item->ct ? NF_CT_UNSENT_CONNECTION : NF_CT_UNSENT_EXPECTATION;
}

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/* The word of one item; event/unsent.c has the table of its states */
bool nf_ct_unsent_fresh(const struct nf_ct_unsent_item *item);
bool nf_ct_unsent_claim(const struct nf_ct_unsent_item *item, u32 events, u32 *mine);
bool nf_ct_unsent_release(const struct nf_ct_unsent_item *item, u32 back, bool done);
bool nf_ct_unsent_leave(const struct nf_ct_unsent_item *item, u32 events);
bool nf_ct_unsent_join(const struct nf_ct_unsent_item *item, u32 events);
bool nf_ct_unsent_any(const struct nf_ct_unsent_item *item);

/* Lists */
void nf_ct_unsent_queue(const struct nf_ct_unsent_item *item);
bool nf_ct_unsent_unlist(const struct nf_ct_unsent_item *item);
void nf_ct_unsent_put_back(const struct nf_ct_unsent_item *item);
void nf_ct_unsent_put(const struct nf_ct_unsent_item *item);
bool nf_conntrack_unsent_pop(struct nf_conntrack_unsent *u, unsigned long refused,
			     struct nf_ct_unsent_item *item);
bool nf_conntrack_unsent_idle(const struct nf_conntrack_unsent *u);

/* Pace and counters */
void nf_conntrack_unsent_taken(struct nf_conntrack_unsent *u,
			       enum nf_ct_unsent_kind kind);
void nf_conntrack_unsent_batch_result(struct net *net, int err);
void nf_conntrack_count_delivered(struct net *net, bool again);
void nf_conntrack_count_refused(struct net *net);

/* Entries of @net that are listed */
unsigned int nf_conntrack_unsent_count(const struct net *net);

/* nf_conntrack_ecache.c: attempts to send */
int nf_ct_unsent_send(const struct nf_ct_unsent_item *item, u32 events, u32 portid,
		      enum nf_ct_event_report report, bool again);
int nf_ct_unsent_try(const struct nf_ct_unsent_item *item);
#else
static inline bool nf_ct_unsent_any(const struct nf_ct_unsent_item *item) { return false; }
static inline unsigned int nf_conntrack_unsent_count(const struct net *net) { return 0; }
#endif

#endif /* _NF_CONNTRACK_UNSENT_H */
