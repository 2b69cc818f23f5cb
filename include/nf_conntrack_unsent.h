/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Undelivered events: those that a reliable listener has not got yet.  Identifiers
 * say "unsent" for short.  This header is shared by the files that keep them
 * (event/unsent.c, event/listener.c), send them (nf_conntrack_ecache.c,
 * expect/event.c) and send them again (event/resend.c).
 *
 * An *item* is what has events: a connection or an expectation.  Each item has
 *
 * - a *word* of 32 bits: the events that some listener lacks, as bits of enum
 *   ip_conntrack_events, and the state of the item.  nf_conntrack_ecache.missed is the
 *   word of a connection, nf_ct_expect_life.word that of an expectation, which uses
 *   IPCT_NEW and IPCT_DESTROY only.
 * - a *cache* of 64 bits: in the lowest 16 the events that no CPU has sent yet (packets
 *   note them there), above them three *sets* of 16 bits, one bit for each listener's
 *   slot: which listeners lack the birth of the item, which lack a change, which lack
 *   its end.  nf_conntrack_ecache.cache is that of a connection, of which the kernel
 *   uses the lowest 16 bits only.
 *
 * Both change by compare-and-exchange only.
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
#include "nf_conntrack_listener.h"
#include "nf_ct_expect_life.h"

#define NF_CT_UNSENT_EVENTS	0x0000ffffU
#define NF_CT_UNSENT_BUSY	0x80000000U /* one CPU, or a batch, sends for the item */
#define NF_CT_UNSENT_LISTED	0x40000000U /* on a list, which has a reference */
#define NF_CT_UNSENT_DONE	0x20000000U /* the destroy event was sent: nothing follows */
#define NF_CT_UNSENT_DYING	0x10000000U /* listed, and counted as dying */

#define NF_CT_DESTROY_EVENT	BIT(IPCT_DESTROY)
#define NF_CT_BIRTH_EVENTS	(BIT(IPCT_NEW) | BIT(IPCT_RELATED))

/* What a listener may lack of an item, in the order in which it has to get it */
enum nf_ct_unsent_set {
	NF_CT_LACK_BIRTH,
	NF_CT_LACK_CHANGE,
	NF_CT_LACK_END,
	NF_CT_LACK_SETS
};

enum nf_ct_unsent_kind {
	NF_CT_UNSENT_CONNECTION,
	NF_CT_UNSENT_EXPECTATION,
	NF_CT_UNSENT_KINDS
};

/**
 * struct nf_ct_unsent_item - what has events: a connection or an expectation
 * @net:   its namespace
 * @word:  its word
 * @cache: its cache
 * @mask:  events that a rule selected
 * @ct:    the connection, or NULL
 * @life:  the expectation, or NULL
 */
struct nf_ct_unsent_item {
	struct net			*net;
	u32				*word;
	unsigned long			*cache;
	u16				mask;
	struct nf_conn			*ct;
	struct nf_ct_expect_life	*life;
};

/* What became of an attempt to send a listener what it lacks of an item */
enum nf_ct_sent {
	NF_CT_SENT_ALL,
	NF_CT_SENT_REFUSED,
	NF_CT_SENT_BUSY,
};

struct nf_conntrack_unsent_cpu;

/* Bits of nf_conntrack_unsent.state */
enum nf_conntrack_unsent_state {
	NF_CT_UNSENT_SCHEDULED,	/* the work or the timer is on its way */
	NF_CT_UNSENT_KICKED,	/* a listener has left: look at once */
	NF_CT_UNSENT_FIRST,	/* a queue is empty no more since the last round began */
};

/**
 * struct nf_conntrack_unsent - the undelivered events of a namespace
 * @net:     namespace
 * @cpu:     lists of items
 * @listed:  items on all of them, by kind
 * @slots_lock: guards which slot is whose; a leaf
 * @slots:   reliable listeners
 * @state:   bits of enum nf_conntrack_unsent_state
 * @timer:   ends a wait
 * @work:    sends; event/resend.c
 */
struct nf_conntrack_unsent {
	struct net			*net;
	struct nf_conntrack_unsent_cpu __percpu *cpu;
	atomic_t			listed[NF_CT_UNSENT_KINDS];
	spinlock_t			slots_lock; /* a leaf */
	struct nf_conntrack_listener	slots[NF_CT_LISTENERS];
	unsigned long			state;
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
		.cache	= &e->cache,
		.mask	= e->ctmask,
		.ct	= ct,
	};
}

static inline struct nf_ct_unsent_item
nf_ct_unsent_expectation(struct nf_ct_expect_life *life)
{
	return (struct nf_ct_unsent_item) {
		.net	= life->net,
		.word	= &life->word,
		.cache	= &life->cache,
		.mask	= U16_MAX,
		.life	= life,
	};
}

static inline enum nf_ct_unsent_kind
nf_ct_unsent_kind(const struct nf_ct_unsent_item *item)
{
	return item->ct ? NF_CT_UNSENT_CONNECTION : NF_CT_UNSENT_EXPECTATION;
}

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/* The word and the cache of one item; event/unsent.c has the table of states */
bool nf_ct_unsent_fresh(const struct nf_ct_unsent_item *item);
bool nf_ct_unsent_claim(const struct nf_ct_unsent_item *item, u32 events);
bool nf_ct_unsent_reclaim(const struct nf_ct_unsent_item *item);
void nf_ct_unsent_note(const struct nf_ct_unsent_item *item, u32 events);
u32 nf_ct_unsent_take(const struct nf_ct_unsent_item *item);
bool nf_ct_unsent_release(const struct nf_ct_unsent_item *item, bool done);
u16 nf_ct_unsent_set(const struct nf_ct_unsent_item *item, enum nf_ct_unsent_set set);
u16 nf_ct_unsent_lacking(const struct nf_ct_unsent_item *item);
void nf_ct_unsent_lack(const struct nf_ct_unsent_item *item,
		       enum nf_ct_unsent_set set, u16 slots, u32 events);
bool nf_ct_unsent_got(const struct nf_ct_unsent_item *item,
		      enum nf_ct_unsent_set set, u16 slots);
void nf_ct_unsent_get(const struct nf_ct_unsent_item *item);
void nf_ct_unsent_put(const struct nf_ct_unsent_item *item);

/* A search of the lists for what a queue had no memory for */
void nf_conntrack_unsent_search(struct nf_conntrack_unsent *u, unsigned int slot);
bool nf_conntrack_unsent_idle(const struct nf_conntrack_unsent *u);
void nf_conntrack_unsent_wake(struct nf_conntrack_unsent *u, bool first);

/* Counters */
void nf_conntrack_count_delivered(struct net *net, bool again);

/* Entries of @net that are listed */
unsigned int nf_conntrack_unsent_count(const struct net *net);

/* nf_conntrack_ecache.c: attempts to send */
int nf_ct_unsent_send(const struct nf_ct_unsent_item *item, u32 events, u32 portid,
		      enum nf_ct_event_report report);
enum nf_ct_sent nf_ct_unsent_send_to(const struct nf_ct_unsent_item *item,
				     unsigned int slot);
bool nf_ct_unsent_drop(const struct nf_ct_unsent_item *item, unsigned int slot);
#else
static inline unsigned int nf_conntrack_unsent_count(const struct net *net) { return 0; }
#endif

#endif /* _NF_CONNTRACK_UNSENT_H */
