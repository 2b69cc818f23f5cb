// SPDX-License-Identifier: GPL-2.0
/*
 * Undelivered events: the word and the cache of each item, and the per-CPU lists of
 * items of which some listener lacks an event.  Each CPU's lists have a lock; only the
 * lock of a listener's queue is taken inside.  A list holds a reference on each of its
 * items.
 *
 * The states of a word, and which CPU may do what.  "Note" adds an event to the cache;
 * "claim" makes the CPU the sender of all that is noted; "reclaim" makes the worker
 * the sender of what one listener lacks.
 *
 *   state          meaning                   note   claim            reclaim
 *   ------------   -----------------------   ----   --------------   -------------
 *   idle (0)       nothing to send           yes    sender           -
 *   BUSY           one CPU sends, or a       yes    no: the sender   later
 *                  batch holds the event            looks again
 *   LISTED         some listener lacks an    yes    sender; skips    sender
 *                  event                            that listener
 *   DONE           the destroy event was     no     no               sender
 *                  sent
 *
 * DONE comes with LISTED as long as some listener lacks an event.  Only the CPU that
 * has BUSY empties the cache of noted events, changes the sets, and puts the item on
 * its list or takes it off.  When it gives BUSY back it looks at the cache once more,
 * so that an event that was noted meanwhile is sent, too.  A listener that lacks an
 * event of the item gets no later one before it: the events of one item reach each
 * listener in the order birth, changes, end, and no CPU waits for another one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_conntrack_unsent.h"
#include "nf_ct_expect_life.h"

/* Items that a dump or a search looks at under a list's lock */
#define NF_CT_DYING_STEPS	512

/**
 * struct nf_conntrack_unsent_cpu - one CPU's lists
 * @lock:  guards @list, @walks, @stats.missed, @stats.dying and @stats.expects
 * @list:  by kind, oldest first; connections whose deadlines are this CPU's and
 *         expectations that began there, so that an item's list is always the same
 * @walks: struct nf_conntrack_dying of the dumps that read the list of connections
 * @stats: counters; those not under @lock are written by this CPU only
 */
struct nf_conntrack_unsent_cpu {
	spinlock_t			lock;
	struct list_head		list[NF_CT_UNSENT_KINDS];
	struct list_head		walks;
	struct nf_conntrack_event_stats	stats;
};

/* ---- the word and the cache ---- */

static unsigned int nf_ct_unsent_shift(enum nf_ct_unsent_set set)
{
	return 16 * (set + 1);
}

/* Clear, then set bits of the cache; returns what it was */
static unsigned long nf_ct_unsent_update(const struct nf_ct_unsent_item *item,
					 unsigned long clear, unsigned long set)
{
	unsigned long old = READ_ONCE(*item->cache);

	while (!try_cmpxchg(item->cache, &old, (old & ~clear) | set))
		;
	return old;
}

/* Only the CPU that has BUSY changes the rest of the word; others look at it. */
static void nf_ct_unsent_word(const struct nf_ct_unsent_item *item, u32 clear, u32 set)
{
	u32 old = READ_ONCE(*item->word);

	while (!try_cmpxchg(item->word, &old, (old & ~clear) | set))
		;
}

/**
 * nf_ct_unsent_fresh - has an event been noted that no CPU has sent?
 * @item: item
 *
 * Return: true when the cache has one that a rule selected.
 */
bool nf_ct_unsent_fresh(const struct nf_ct_unsent_item *item)
{
	return READ_ONCE(*item->cache) & item->mask;
}

static bool nf_ct_unsent_try_busy(const struct nf_ct_unsent_item *item, u32 unless)
{
	u32 old = READ_ONCE(*item->word);
	u32 new;

	do {
		new = old & unless ? old : old | NF_CT_UNSENT_BUSY;
	} while (!try_cmpxchg(item->word, &old, new));
	return !(old & unless);
}

/**
 * nf_ct_unsent_note - leave events to the sender
 * @item:   item
 * @events: events
 */
void nf_ct_unsent_note(const struct nf_ct_unsent_item *item, u32 events)
{
	nf_ct_unsent_update(item, 0, events & NF_CT_UNSENT_EVENTS);
}

/**
 * nf_ct_unsent_claim - note events, and become the sender
 * @item:   item
 * @events: events to note, perhaps none
 *
 * A full barrier lies between noting and looking for BUSY, also when the answer is
 * false: it pairs with nf_ct_unsent_release(), which gives BUSY back and then looks
 * at the cache.
 *
 * Return: false when another CPU or a batch is the sender, and sends @events, too; or
 * when the destroy event was sent.
 */
bool nf_ct_unsent_claim(const struct nf_ct_unsent_item *item, u32 events)
{
	if (events)
		nf_ct_unsent_note(item, events);
	return nf_ct_unsent_try_busy(item, NF_CT_UNSENT_BUSY | NF_CT_UNSENT_DONE);
}

/**
 * nf_ct_unsent_reclaim - become the sender of what a listener lacks
 * @item: item that is listed
 *
 * Return: false when another CPU or a batch is the sender.
 */
bool nf_ct_unsent_reclaim(const struct nf_ct_unsent_item *item)
{
	return nf_ct_unsent_try_busy(item, NF_CT_UNSENT_BUSY);
}

/**
 * nf_ct_unsent_take - take the noted events out of the cache
 * @item: item that the caller has claimed
 *
 * Return: those of them that a rule selected, now the caller's to send.
 */
u32 nf_ct_unsent_take(const struct nf_ct_unsent_item *item)
{
	return nf_ct_unsent_update(item, NF_CT_UNSENT_EVENTS, 0) & item->mask;
}

/**
 * nf_ct_unsent_release - stop being the sender
 * @item: item that the caller has claimed
 * @done: the destroy event was sent
 *
 * Return: whether an event has been noted meanwhile, which nobody sends.
 */
bool nf_ct_unsent_release(const struct nf_ct_unsent_item *item, bool done)
{
	nf_ct_unsent_word(item, NF_CT_UNSENT_BUSY, done ? NF_CT_UNSENT_DONE : 0);
	return !(READ_ONCE(*item->word) & NF_CT_UNSENT_DONE) &&
	       nf_ct_unsent_fresh(item);
}

/**
 * nf_ct_unsent_set - which listeners lack something of an item
 * @item: item
 * @set:  what
 *
 * Return: bits of slots.
 */
u16 nf_ct_unsent_set(const struct nf_ct_unsent_item *item, enum nf_ct_unsent_set set)
{
	return READ_ONCE(*item->cache) >> nf_ct_unsent_shift(set);
}

/**
 * nf_ct_unsent_lacking - which listeners lack anything of an item
 * @item: item
 *
 * Return: bits of slots.
 */
u16 nf_ct_unsent_lacking(const struct nf_ct_unsent_item *item)
{
	unsigned long cache = READ_ONCE(*item->cache);

	return cache >> nf_ct_unsent_shift(NF_CT_LACK_BIRTH) |
	       cache >> nf_ct_unsent_shift(NF_CT_LACK_CHANGE) |
	       cache >> nf_ct_unsent_shift(NF_CT_LACK_END);
}

/* ---- items ---- */

static struct list_head *nf_ct_unsent_node(const struct nf_ct_unsent_item *item)
{
	if (!item->ct)
		return &item->life->unsent;
	return nf_ct_entry_unsent_node(item->ct);
}

static struct nf_ct_unsent_item nf_ct_unsent_node_item(struct list_head *node,
						       enum nf_ct_unsent_kind kind)
{
	struct nf_ct_expect_life *life;
	struct nf_conn *ct;

	if (kind == NF_CT_UNSENT_CONNECTION) {
		ct = nf_ct_entry_of_unsent_node(node);
		return nf_ct_unsent_connection(ct, nf_ct_ecache_find(ct));
	}
	life = list_entry(node, struct nf_ct_expect_life, unsent);
	return nf_ct_unsent_expectation(life);
}

/**
 * nf_ct_unsent_get - take a reference
 * @item: item on which there is one
 */
void nf_ct_unsent_get(const struct nf_ct_unsent_item *item)
{
	if (item->ct)
		nf_conntrack_get(&item->ct->ct_general);
	else
		refcount_inc(&item->life->use);
}

/**
 * nf_ct_unsent_put - drop the reference that a list had, or the caller
 * @item: item
 */
void nf_ct_unsent_put(const struct nf_ct_unsent_item *item)
{
	if (item->ct)
		nf_ct_put(item->ct);
	else
		nf_ct_expect_life_put(item->life);
}

static struct nf_conntrack_unsent_cpu *
nf_ct_unsent_home(const struct nf_conntrack_unsent *u,
		  const struct nf_ct_unsent_item *item)
{
	unsigned int cpu = item->ct ? nf_ct_entry_cpu(nf_ct_entry(item->ct)) :
				      item->life->cpu;

	return per_cpu_ptr(u->cpu, cpu);
}

/* ---- lists ---- */

/* Count what two values of an item's word say about the lists. */
static void nf_ct_unsent_recount(struct nf_conntrack_unsent_cpu *c,
				 const struct nf_ct_unsent_item *item, u32 old, u32 new)
{
	int listed = !!(new & NF_CT_UNSENT_LISTED) - !!(old & NF_CT_UNSENT_LISTED);
	int dying = !!(new & NF_CT_UNSENT_DYING) - !!(old & NF_CT_UNSENT_DYING);

	lockdep_assert_held(&c->lock);
	if (!item->ct) {
		c->stats.expects += listed;
		return;
	}
	c->stats.dying += dying;
	c->stats.missed += listed - dying;
}

/* Put the item on its list if it is not there, and count it anew. */
static void nf_ct_unsent_list(struct nf_conntrack_unsent *u,
			      const struct nf_ct_unsent_item *item, u32 state)
{
	struct nf_conntrack_unsent_cpu *c = nf_ct_unsent_home(u, item);
	enum nf_ct_unsent_kind kind = nf_ct_unsent_kind(item);
	u32 old;

	spin_lock_bh(&c->lock);
	old = READ_ONCE(*item->word);
	nf_ct_unsent_word(item, 0, state);
	nf_ct_unsent_recount(c, item, old, old | state);
	if (!(old & NF_CT_UNSENT_LISTED)) {
		nf_ct_unsent_get(item);
		list_add_tail(nf_ct_unsent_node(item), &c->list[kind]);
		atomic_inc(&u->listed[kind]);
	}
	spin_unlock_bh(&c->lock);
}

/* An item leaves a list: a dump that was about to look at it goes on behind it. */
static void nf_ct_unsent_unlink(struct nf_conntrack_unsent_cpu *c,
				struct list_head *node)
{
	struct nf_conntrack_dying *d;

	lockdep_assert_held(&c->lock);
	list_for_each_entry(d, &c->walks, link) {
		if (d->at == node)
			d->at = node->next;
	}
	list_del(node);
}

/* Take the item off its list; the list's reference is the caller's. */
static void nf_ct_unsent_unlist(const struct nf_ct_unsent_item *item)
{
	const u32 state = NF_CT_UNSENT_LISTED | NF_CT_UNSENT_DYING;
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(item->net);
	struct nf_conntrack_unsent_cpu *c = nf_ct_unsent_home(u, item);
	u32 old;

	spin_lock_bh(&c->lock);
	old = READ_ONCE(*item->word);
	nf_ct_unsent_word(item, state, 0);
	nf_ct_unsent_recount(c, item, old, old & ~state);
	nf_ct_unsent_unlink(c, nf_ct_unsent_node(item));
	atomic_dec(&u->listed[nf_ct_unsent_kind(item)]);
	spin_unlock_bh(&c->lock);
}

/**
 * nf_conntrack_unsent_wake - see that the worker runs soon
 * @u:     the namespace's
 * @first: something waits for a listener for which nothing has waited: the worker
 *         may be asleep until another listener's turn, or about to sleep
 *
 * Context: softirq safe.
 */
void nf_conntrack_unsent_wake(struct nf_conntrack_unsent *u, bool first)
{
	if (first) {
		/* a round that clears the bit sees what has been queued */
		smp_mb__before_atomic();
		set_bit(NF_CT_UNSENT_FIRST, &u->state);
	}
	/* a full barrier, then the look at the timer: nf_conntrack_resend_sleep() */
	if (!test_and_set_bit(NF_CT_UNSENT_SCHEDULED, &u->state) ||
	    (first && hrtimer_try_to_cancel(&u->timer) == 1))
		hrtimer_start(&u->timer, ns_to_ktime(NF_CT_PACE_WAIT_MIN),
			      HRTIMER_MODE_REL_SOFT);
}

/*
 * What waits has a bound of its own.  A connection that waits counts against
 * nf_conntrack_max as well, but a full namespace still lets new ones in for those that
 * it ends; an expectation that waits counts against nothing that traffic needs.
 */
static bool nf_ct_unsent_too_many(const struct nf_conntrack_unsent *u,
				  const struct nf_ct_unsent_item *item)
{
	unsigned int listed = atomic_read(&u->listed[nf_ct_unsent_kind(item)]);
	unsigned int max = READ_ONCE(nf_conntrack_max);

	return max && listed >= max &&
	       !(READ_ONCE(*item->word) & NF_CT_UNSENT_LISTED);
}

/*
 * The listeners among @slots that lose an event, because too much waits.  One that
 * holds back less than its share of the bound is not to blame, and loses nothing: so
 * at most twice as much waits, however many listeners there are.
 */
static u16 nf_ct_unsent_losers(const struct nf_conntrack_unsent *u,
			       const struct nf_ct_unsent_item *item, unsigned long slots)
{
	unsigned int share = READ_ONCE(nf_conntrack_max) / NF_CT_LISTENERS;
	const struct nf_conntrack_listener *l;
	unsigned int slot;
	u16 losers = 0;

	if (likely(!nf_ct_unsent_too_many(u, item)))
		return 0;
	for_each_set_bit(slot, &slots, NF_CT_LISTENERS) {
		l = &u->slots[slot];
		/* what its queue has no memory for is not counted */
		if (nf_conntrack_listener_pending(l) >= share || READ_ONCE(l->rescan))
			losers |= BIT(slot);
	}
	return losers;
}

/* The log says so once for each listener that falls behind: no other message of the
 * network, of which there may be many now, shall suppress that one.
 */
static void nf_ct_unsent_give_up(const struct nf_ct_unsent_item *item,
				 unsigned long slots)
{
	struct nf_conntrack_listener *l;
	unsigned int slot;

	for_each_set_bit(slot, &slots, NF_CT_LISTENERS) {
		l = &nf_conntrack_unsent(item->net)->slots[slot];
		if (nf_conntrack_listener_loses(l))
			pr_warn_ratelimited("%u %s wait for a listener: giving up events of others for listener %u\n",
					    READ_ONCE(nf_conntrack_max),
					    item->ct ? "connections" : "expectations",
					    READ_ONCE(l->portid));
	}
}

/**
 * nf_ct_unsent_lack - listeners have not got an event
 * @item:   item that the caller has claimed
 * @set:    what kind of event
 * @slots:  which listeners, as bits; not 0
 * @events: the event
 *
 * DIFF: events-given-up: beyond nf_conntrack_max connections or expectations that wait,
 * the events of others are given up, counted and logged.
 *
 * Context: softirq safe.
 */
void nf_ct_unsent_lack(const struct nf_ct_unsent_item *item,
		       enum nf_ct_unsent_set set, u16 slots, u32 events)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(item->net);
	u32 state = NF_CT_UNSENT_LISTED;
	unsigned long fresh;
	unsigned int slot;
	bool first = false;
	u16 losers = 0;

	/* without an event, the item is only listed for the worker to go on with it */
	if (events)
		losers = nf_ct_unsent_losers(u, item, slots);
	if (unlikely(losers))
		nf_ct_unsent_give_up(item, losers);
	slots &= ~losers;
	if (!slots)
		return;
	fresh = slots & ~nf_ct_unsent_lacking(item);
	if (set == NF_CT_LACK_END)
		state |= NF_CT_UNSENT_DYING;
	nf_ct_unsent_update(item, 0, (unsigned long)slots << nf_ct_unsent_shift(set));
	nf_ct_unsent_list(u, item, state | (events & NF_CT_UNSENT_EVENTS));
	/* the bit and the list's reference come first: the worker may be quick */
	for_each_set_bit(slot, &fresh, NF_CT_LISTENERS)
		first |= nf_conntrack_listener_push(&u->slots[slot], item);
	nf_conntrack_unsent_wake(u, first);
}

/* The events that no listener lacks.  The message of a birth tells the changes, too. */
static u32 nf_ct_unsent_unwanted(const struct nf_ct_unsent_item *item)
{
	bool birth = nf_ct_unsent_set(item, NF_CT_LACK_BIRTH);
	u32 events = 0;

	if (!birth)
		events |= NF_CT_BIRTH_EVENTS;
	if (!birth && !nf_ct_unsent_set(item, NF_CT_LACK_CHANGE))
		events |= NF_CT_UNSENT_EVENTS & ~(NF_CT_BIRTH_EVENTS |
						  NF_CT_DESTROY_EVENT);
	if (!nf_ct_unsent_set(item, NF_CT_LACK_END))
		events |= NF_CT_DESTROY_EVENT;
	return events;
}

/**
 * nf_ct_unsent_got - listeners have got an event, or no longer want it
 * @item:  item that the caller has claimed
 * @set:   what kind of event
 * @slots: which listeners, as bits
 *
 * Context: softirq safe.
 * Return: true when no listener lacks anything: the item is off its list, and the
 * list's reference is the caller's to drop after nf_ct_unsent_release().
 */
bool nf_ct_unsent_got(const struct nf_ct_unsent_item *item,
		      enum nf_ct_unsent_set set, u16 slots)
{
	nf_ct_unsent_update(item, (unsigned long)slots << nf_ct_unsent_shift(set), 0);
	nf_ct_unsent_word(item, nf_ct_unsent_unwanted(item), 0);
	if (nf_ct_unsent_lacking(item) || !(READ_ONCE(*item->word) & NF_CT_UNSENT_LISTED))
		return false;

	nf_ct_unsent_unlist(item);
	return true;
}

/*
 * Does @slot lack something of an item that is not in its queue?  While a search goes
 * on, no item gets into the queue but by the search.  A CPU that has BUSY may be
 * between setting the bit and queueing: leave its items to a later search.
 */
static bool nf_ct_unsent_missing(const struct nf_ct_unsent_item *item,
				 unsigned int slot, bool *later)
{
	if (!(nf_ct_unsent_lacking(item) & BIT(slot)))
		return false;
	/* BUSY is set before the bit, and given back after queueing */
	smp_rmb();
	if (!(READ_ONCE(*item->word) & NF_CT_UNSENT_BUSY))
		return true;
	*later = true;
	return false;
}

/* Up to a number of steps in one list.  True: there is more. */
static bool nf_conntrack_unsent_search_some(struct nf_conntrack_listener *l,
					    struct nf_conntrack_unsent_cpu *c,
					    enum nf_ct_unsent_kind kind,
					    unsigned int slot,
					    struct nf_conntrack_dying *d)
{
	struct list_head *node, *list = &c->list[kind];
	struct nf_ct_unsent_item item;
	unsigned int steps = 0;
	bool later = false;
	bool more;

	spin_lock_bh(&c->lock);
	if (!d->at) {
		d->at = list->next;
		list_add(&d->link, &c->walks);
	}
	for (; d->at != list && steps < NF_CT_DYING_STEPS; steps++) {
		node = d->at;
		d->at = node->next;
		item = nf_ct_unsent_node_item(node, kind);
		if (nf_ct_unsent_missing(&item, slot, &later))
			nf_conntrack_listener_found(l, &item);
	}
	more = d->at != list;
	if (!more)
		list_del(&d->link);
	spin_unlock_bh(&c->lock);
	if (later)
		nf_conntrack_listener_found(l, NULL);
	return more;
}

static void nf_conntrack_unsent_search_list(struct nf_conntrack_listener *l,
					    struct nf_conntrack_unsent_cpu *c,
					    enum nf_ct_unsent_kind kind,
					    unsigned int slot)
{
	struct nf_conntrack_dying d = {};

	/* an item that is listed later is queued after that, which asks for another
	 * search: see nf_conntrack_listener_push()
	 */
	if (list_empty(&c->list[kind]))
		return;
	while (nf_conntrack_unsent_search_some(l, c, kind, slot, &d))
		cond_resched();
}

/**
 * nf_conntrack_unsent_search - find what a queue had no memory for
 * @u:    the namespace's
 * @slot: slot whose queue is empty
 *
 * Context: process; worker only.
 */
void nf_conntrack_unsent_search(struct nf_conntrack_unsent *u, unsigned int slot)
{
	struct nf_conntrack_listener *l = &u->slots[slot];
	enum nf_ct_unsent_kind kind;
	int cpu;

	if (!nf_conntrack_listener_search(l))
		return;
	for_each_possible_cpu(cpu) {
		for (kind = 0; kind < NF_CT_UNSENT_KINDS; kind++)
			nf_conntrack_unsent_search_list(l, per_cpu_ptr(u->cpu, cpu),
							kind, slot);
		cond_resched();
	}
	nf_conntrack_listener_searched(l);
}

/**
 * nf_conntrack_unsent_idle - is nothing of the namespace undelivered?
 * @u: the namespace's
 *
 * Context: any.
 * Return: true when no item is listed.
 */
bool nf_conntrack_unsent_idle(const struct nf_conntrack_unsent *u)
{
	unsigned int kind;

	for (kind = 0; kind < NF_CT_UNSENT_KINDS; kind++) {
		if (atomic_read(&u->listed[kind]))
			return false;
	}
	return true;
}

/**
 * nf_conntrack_unsent_count - how many entries are listed
 * @net: namespace
 *
 * Return: their number.
 */
unsigned int nf_conntrack_unsent_count(const struct net *net)
{
	return atomic_read(&nf_conntrack_unsent(net)->listed[NF_CT_UNSENT_CONNECTION]);
}

/* ---- counters ---- */

/**
 * nf_conntrack_count_delivered - an event was delivered
 * @net:   namespace
 * @again: by a later attempt
 */
void nf_conntrack_count_delivered(struct net *net, bool again)
{
	struct nf_conntrack_unsent_cpu __percpu *c = nf_conntrack_unsent(net)->cpu;

	this_cpu_inc(c->stats.delivered);
	if (again)
		this_cpu_inc(c->stats.resent);
}

/**
 * nf_conntrack_count_refused - a listener's socket refused a message
 * @net: namespace
 * @l:   listener
 */
void nf_conntrack_count_refused(struct net *net, struct nf_conntrack_listener *l)
{
	WRITE_ONCE(l->refused, l->refused + 1);
	this_cpu_inc(nf_conntrack_unsent(net)->cpu->stats.refused);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_count_refused);

/**
 * nf_conntrack_count_lost - a plain listener has lost an event
 * @net: namespace
 */
void nf_conntrack_count_lost(struct net *net)
{
	this_cpu_inc(nf_conntrack_unsent(net)->cpu->stats.lost);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_count_lost);

/**
 * nf_conntrack_events_count_batch - a datagram held more than one event
 * @net: namespace
 */
void nf_conntrack_events_count_batch(struct net *net)
{
	this_cpu_inc(nf_conntrack_unsent(net)->cpu->stats.batches);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_events_count_batch);

/**
 * nf_conntrack_events_sum - the counters of one CPU
 * @net: namespace
 * @cpu: CPU
 * @out: result
 */
void nf_conntrack_events_sum(struct net *net, int cpu,
			     struct nf_conntrack_event_stats *out)
{
	*out = per_cpu_ptr(nf_conntrack_unsent(net)->cpu, cpu)->stats;
}

/* ---- dumps of dying entries ---- */

/* Up to @max dying entries of one CPU's list.  True: look there again. */
static bool nf_conntrack_dying_cpu(struct nf_conntrack_unsent_cpu *c,
				   struct nf_conntrack_dying *d,
				   struct nf_conn **batch, unsigned int *n,
				   unsigned int max)
{
	struct list_head *list = &c->list[NF_CT_UNSENT_CONNECTION];
	unsigned int steps = 0;
	struct nf_conn *ct;
	bool more;

	/* most CPUs have none: leave their locks alone */
	if (!d->at && list_empty(list))
		return false;

	spin_lock_bh(&c->lock);
	if (!d->at) {
		d->at = list->next;
		list_add(&d->link, &c->walks);
	}
	for (; d->at != list && *n < max && steps < NF_CT_DYING_STEPS; steps++) {
		ct = nf_ct_entry_of_unsent_node(d->at);
		d->at = d->at->next;
		if (!nf_ct_is_dying(ct))
			continue;
		nf_conntrack_get(&ct->ct_general);
		batch[(*n)++] = ct;
	}
	more = d->at != list;
	if (!more) {
		list_del(&d->link);
		d->at = NULL;
	}
	spin_unlock_bh(&c->lock);
	return more;
}

/**
 * nf_conntrack_dying_next - the next entries whose destroy event is undelivered
 * @net:   namespace
 * @d:     place, all zero to begin
 * @batch: result, each with a reference
 * @max:   room in @batch
 *
 * Context: process, may sleep.
 * Return: how many, 0 at the end.
 */
unsigned int nf_conntrack_dying_next(struct net *net, struct nf_conntrack_dying *d,
				     struct nf_conn **batch, unsigned int max)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);
	unsigned int n = 0;

	while (d->cpu < nr_cpu_ids && n < max) {
		if (!cpu_possible(d->cpu) ||
		    !nf_conntrack_dying_cpu(per_cpu_ptr(u->cpu, d->cpu), d, batch,
					    &n, max))
			d->cpu++;
		cond_resched();
	}
	return n;
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_dying_next);

/**
 * nf_conntrack_dying_end - stop a dump early
 * @net: namespace
 * @d:   place, perhaps at the end already
 *
 * Context: process.
 */
void nf_conntrack_dying_end(struct net *net, struct nf_conntrack_dying *d)
{
	struct nf_conntrack_unsent_cpu *c;

	if (!d->at)
		return;
	c = per_cpu_ptr(nf_conntrack_unsent(net)->cpu, d->cpu);
	spin_lock_bh(&c->lock);
	list_del(&d->link);
	d->at = NULL;
	spin_unlock_bh(&c->lock);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_dying_end);

/* ---- namespaces ---- */

/**
 * nf_conntrack_unsent_pernet_init - empty lists
 * @net: namespace
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_unsent_pernet_init(struct net *net)
{
	struct nf_conntrack_unsent *u;
	unsigned int kind;
	int cpu;

	u = kzalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		return -ENOMEM;
	u->cpu = alloc_percpu(struct nf_conntrack_unsent_cpu);
	if (!u->cpu) {
		kfree(u);
		return -ENOMEM;
	}

	for_each_possible_cpu(cpu) {
		struct nf_conntrack_unsent_cpu *c = per_cpu_ptr(u->cpu, cpu);

		spin_lock_init(&c->lock);
		INIT_LIST_HEAD(&c->walks);
		for (kind = 0; kind < NF_CT_UNSENT_KINDS; kind++)
			INIT_LIST_HEAD(&c->list[kind]);
	}
	u->net = net;
	spin_lock_init(&u->slots_lock);
	nf_conntrack_listeners_init(u);
	nf_conntrack_pernet(net)->unsent = u;
	return 0;
}

/**
 * nf_conntrack_unsent_pernet_fini - free the lists
 * @net: namespace without entries; nothing is listed
 *
 * Context: process, sleeps.
 */
void nf_conntrack_unsent_pernet_fini(struct net *net)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);

	nf_conntrack_listeners_fini(u->slots);
	free_percpu(u->cpu);
	kfree(u);
	nf_conntrack_pernet(net)->unsent = NULL;
}
