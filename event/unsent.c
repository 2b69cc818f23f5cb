// SPDX-License-Identifier: GPL-2.0
/*
 * Undelivered events: the word of each item, and the per-CPU lists of items that wait
 * for a listener, one list for each kind.  Each CPU's lists have a lock, which is
 * a leaf.  A list holds a reference on each of its items.
 *
 * The states of a word, and which CPU may do what.  "Claim" adds events and makes
 * the CPU the sender; "join" adds events to an item that is listed; "leave" adds
 * events to an item that is BUSY; "pop" takes an item off its list, for the worker.
 *
 *   state          meaning               claim     join     leave    pop
 *   ------------   -------------------   -------   ------   ------   ------------
 *   idle (0)       nothing to send       sender    no       no       -
 *   BUSY           one CPU sends, or a   adds      no       adds     -
 *                  batch holds the       only
 *                  event
 *   LISTED         waits on a list       sender,   adds     no       worker, then
 *                                        for echo  only              claims
 *                                        or retry
 *   BUSY, LISTED   an attempt is under   adds      adds     adds     worker, adds
 *                  way, the list will    only      only              only
 *                  be looked at again
 *   DONE           the destroy event is  refused   nothing  adds     unlists
 *                  out                             to do    only
 *
 * Release (by the sender) gives BUSY back, with the events that were not sent, and
 * sets DONE after the destroy event.  Only the sender empties what packets have noted
 * (nf_conntrack_ecache.cache).  So the events of one item go out in the order NEW,
 * changes, DESTROY, and no CPU waits for another one.
 */
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

/* Entries that a dump looks at under a list's lock */
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
	spinlock_t			lock; /* a leaf */
	struct list_head		list[NF_CT_UNSENT_KINDS];
	struct list_head		walks;
	struct nf_conntrack_event_stats	stats;
};

/* ---- the word ---- */

/**
 * nf_ct_unsent_fresh - have packets noted changes that a listener may want?
 * @item: item
 *
 * While no program listens, changes stay in the cache for a later listener.
 *
 * Return: whether there are such changes.
 */
bool nf_ct_unsent_fresh(const struct nf_ct_unsent_item *item)
{
	const struct nf_conntrack_ecache *e = item->ecache;

	return e && READ_ONCE(e->cache) & e->ctmask &&
	       READ_ONCE(nf_ctnetlink_has_listener);
}

/**
 * nf_ct_unsent_claim - add events, and become the sender
 * @item:   item
 * @events: events to add, perhaps none
 * @mine:   result: all undelivered events and fresh changes, perhaps none; now the
 *          caller's to send
 *
 * A CPU that gets false has made a full barrier after its change of the cache,
 * unless the item is DONE: pairs with nf_ct_unsent_release() and
 * nf_ct_unsent_unlist(), after which the sender looks at the cache again.
 *
 * Return: false when another CPU or a batch is the sender, and sends @events too.
 */
bool nf_ct_unsent_claim(const struct nf_ct_unsent_item *item, u32 events, u32 *mine)
{
	u32 old = READ_ONCE(*item->word);
	u32 new;

	do {
		if (old & NF_CT_UNSENT_DONE)
			return false;
		new = old | events;
		*mine = 0;
		if (!(old & NF_CT_UNSENT_BUSY)) {
			*mine = new & NF_CT_UNSENT_EVENTS;
			new = (new & ~NF_CT_UNSENT_EVENTS) | NF_CT_UNSENT_BUSY;
		}
	} while (!try_cmpxchg(item->word, &old, new));
	if (old & NF_CT_UNSENT_BUSY)
		return false;

	if (nf_ct_unsent_fresh(item))
		*mine |= xchg(&item->ecache->cache, 0) & item->ecache->ctmask;
	return true;
}

/**
 * nf_ct_unsent_release - stop being the sender
 * @item: item that the caller has claimed
 * @back: events that were not sent
 * @done: the destroy event is out
 *
 * Return: whether something is undelivered now.
 */
bool nf_ct_unsent_release(const struct nf_ct_unsent_item *item, u32 back, bool done)
{
	u32 old = READ_ONCE(*item->word);
	u32 new;

	do {
		new = (old & ~NF_CT_UNSENT_BUSY) | back;
		if (done)
			new = (new & (NF_CT_UNSENT_LISTED | NF_CT_UNSENT_DYING)) |
			      NF_CT_UNSENT_DONE;
	} while (!try_cmpxchg(item->word, &old, new));
	return new & NF_CT_UNSENT_EVENTS || (!done && nf_ct_unsent_fresh(item));
}

/**
 * nf_ct_unsent_leave - leave events to the batch that is the sender
 * @item:   item
 * @events: events
 *
 * Return: false when the batch has been released meanwhile: the caller has to
 * queue the item.
 */
bool nf_ct_unsent_leave(const struct nf_ct_unsent_item *item, u32 events)
{
	u32 old = READ_ONCE(*item->word);

	while (!try_cmpxchg(item->word, &old, old | events))
		;
	return old & NF_CT_UNSENT_BUSY;
}

/**
 * nf_ct_unsent_join - add events to an item that is on a list
 * @item:   item
 * @events: events; with none, too, this is a full barrier: nf_ct_unsent_claim()
 *
 * An attempt by the caller would fill the socket before those items that wait
 * longer, and cost each packet of the connection a message that is thrown away.
 *
 * Return: false when the item is not listed.
 */
bool nf_ct_unsent_join(const struct nf_ct_unsent_item *item, u32 events)
{
	u32 old = READ_ONCE(*item->word);

	do {
		if (!(old & NF_CT_UNSENT_LISTED))
			return false;
		if (old & NF_CT_UNSENT_DONE)
			return true;
	} while (!try_cmpxchg(item->word, &old, old | events));
	return true;
}

/**
 * nf_ct_unsent_any - is something of the item undelivered, or being sent?
 * @item: item
 *
 * Return: whether something is.
 */
bool nf_ct_unsent_any(const struct nf_ct_unsent_item *item)
{
	u32 word = READ_ONCE(*item->word);

	return word & (NF_CT_UNSENT_EVENTS | NF_CT_UNSENT_BUSY | NF_CT_UNSENT_LISTED) &&
	       !(word & NF_CT_UNSENT_DONE);
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

static void nf_ct_unsent_get(const struct nf_ct_unsent_item *item)
{
	if (item->ct)
		nf_conntrack_get(&item->ct->ct_general);
	else
		refcount_inc(&item->life->use);
}

/**
 * nf_ct_unsent_put - drop the reference that a list had
 * @item: item that was popped and unlisted
 */
void nf_ct_unsent_put(const struct nf_ct_unsent_item *item)
{
	if (item->ct)
		nf_ct_put(item->ct);
	else
		nf_ct_expect_life_put(item->life);
}

static struct nf_conntrack_unsent_cpu *
nf_ct_unsent_home(const struct nf_ct_unsent_item *item)
{
	unsigned int cpu = item->ct ? nf_ct_entry_cpu(nf_ct_entry(item->ct)) :
				      item->life->cpu;

	return per_cpu_ptr(nf_conntrack_unsent(item->net)->cpu, cpu);
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

static void nf_ct_unsent_link(struct nf_conntrack_unsent_cpu *c,
			      const struct nf_ct_unsent_item *item, bool front)
{
	enum nf_ct_unsent_kind kind = nf_ct_unsent_kind(item);

	lockdep_assert_held(&c->lock);
	atomic_inc(&nf_conntrack_unsent(item->net)->waiting[kind]);
	if (front)
		list_add(nf_ct_unsent_node(item), &c->list[kind]);
	else
		list_add_tail(nf_ct_unsent_node(item), &c->list[kind]);
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

/* See that the worker runs soon, unless it is on its way. */
static void nf_conntrack_unsent_wake(struct nf_conntrack_unsent *u)
{
	if (!test_and_set_bit(NF_CT_UNSENT_SCHEDULED, &u->state))
		hrtimer_start(&u->timer, ns_to_ktime(NF_CT_PACE_WAIT_MIN),
			      HRTIMER_MODE_REL_SOFT);
}

/**
 * nf_ct_unsent_queue - put an item on its list, and see that it is tried again
 * @item: item; one that is listed already is only counted anew
 *
 * Context: softirq safe.
 */
void nf_ct_unsent_queue(const struct nf_ct_unsent_item *item)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(item->net);
	struct nf_conntrack_unsent_cpu *c = nf_ct_unsent_home(item);
	enum nf_ct_unsent_kind kind = nf_ct_unsent_kind(item);
	u32 old = READ_ONCE(*item->word);
	u32 new;

	spin_lock_bh(&c->lock);
	do {
		new = old | NF_CT_UNSENT_LISTED;
		if (old & NF_CT_DESTROY_EVENT)
			new |= NF_CT_UNSENT_DYING;
	} while (!try_cmpxchg(item->word, &old, new));
	nf_ct_unsent_recount(c, item, old, new);
	if (!(old & NF_CT_UNSENT_LISTED)) {
		/* the first of its kind: its wait begins now, unless all the
		 * others were in a batch and have come back
		 */
		if (!atomic_read(&u->waiting[kind]) &&
		    !test_bit(NF_CT_UNSENT_STALLED, &u->state))
			nf_conntrack_pace_start(&u->pace[kind], ktime_get_ns());
		nf_ct_unsent_get(item);
		nf_ct_unsent_link(c, item, false);
	}
	spin_unlock_bh(&c->lock);
	nf_conntrack_unsent_wake(u);
}

/**
 * nf_ct_unsent_put_back - a popped item was refused again
 * @item: item; it is the next one again
 *
 * Context: process or softirq; worker only.
 */
void nf_ct_unsent_put_back(const struct nf_ct_unsent_item *item)
{
	struct nf_conntrack_unsent_cpu *c = nf_ct_unsent_home(item);

	spin_lock_bh(&c->lock);
	nf_ct_unsent_link(c, item, true);
	spin_unlock_bh(&c->lock);
}

/**
 * nf_ct_unsent_unlist - a popped item leaves its list for good
 * @item: item
 *
 * A CPU that is busy with the item now lists it anew if it has to.
 *
 * Context: process or softirq; worker only.
 * Return: false when something is undelivered again, and the item is back on its list;
 * true when the list's reference is the caller's to drop.
 */
bool nf_ct_unsent_unlist(const struct nf_ct_unsent_item *item)
{
	struct nf_conntrack_unsent_cpu *c = nf_ct_unsent_home(item);
	u32 old = READ_ONCE(*item->word);
	bool off = true;
	u32 new;

	spin_lock_bh(&c->lock);
	do {
		new = old & ~(NF_CT_UNSENT_LISTED | NF_CT_UNSENT_DYING);
		if (old & NF_CT_UNSENT_EVENTS && !(old & NF_CT_UNSENT_BUSY)) {
			nf_ct_unsent_link(c, item, false);
			off = false;
			break;
		}
	} while (!try_cmpxchg(item->word, &old, new));
	if (off)
		nf_ct_unsent_recount(c, item, old, new);
	spin_unlock_bh(&c->lock);

	/* a CPU that saw LISTED has left what is fresh to us: nf_ct_unsent_join() */
	if (off && !(new & NF_CT_UNSENT_DONE) && nf_ct_unsent_fresh(item))
		nf_ct_unsent_queue(item);
	return off;
}

/* The first of one list, which the caller takes over */
static bool nf_conntrack_unsent_pop_cpu(struct nf_conntrack_unsent *u,
					struct nf_conntrack_unsent_cpu *c,
					enum nf_ct_unsent_kind kind,
					struct nf_ct_unsent_item *item)
{
	struct list_head *node = NULL;

	spin_lock_bh(&c->lock);
	if (!list_empty(&c->list[kind])) {
		node = c->list[kind].next;
		nf_ct_unsent_unlink(c, node);
		atomic_dec(&u->waiting[kind]);
	}
	spin_unlock_bh(&c->lock);

	if (node)
		*item = nf_ct_unsent_node_item(node, kind);
	return node;
}

/**
 * nf_conntrack_unsent_pop - take the next item off its list
 * @u:       the namespace's
 * @refused: kinds to leave alone, as bits
 * @item:    result; the list's reference becomes the caller's, LISTED stays set
 *
 * Context: process; worker only.
 * Return: false when no item of another kind waits.
 */
bool nf_conntrack_unsent_pop(struct nf_conntrack_unsent *u, unsigned long refused,
			     struct nf_ct_unsent_item *item)
{
	unsigned int kind, cpu;
	int i;

	for (i = 0; i < nr_cpu_ids * NF_CT_UNSENT_KINDS; i++) {
		u->next = (u->next + 1) % (nr_cpu_ids * NF_CT_UNSENT_KINDS);
		kind = u->next % NF_CT_UNSENT_KINDS;
		cpu = u->next / NF_CT_UNSENT_KINDS;
		if (test_bit(kind, &refused) || !cpu_possible(cpu))
			continue;
		if (nf_conntrack_unsent_pop_cpu(u, per_cpu_ptr(u->cpu, cpu), kind,
						item))
			return true;
	}
	return false;
}

/**
 * nf_conntrack_unsent_idle - is nothing of the namespace listed?
 * @u: the namespace's
 *
 * Return: whether all lists are empty.
 */
bool nf_conntrack_unsent_idle(const struct nf_conntrack_unsent *u)
{
	unsigned int kind;

	for (kind = 0; kind < NF_CT_UNSENT_KINDS; kind++) {
		if (atomic_read(&u->waiting[kind]))
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
	return atomic_read(&nf_conntrack_unsent(net)->waiting[NF_CT_UNSENT_CONNECTION]);
}

/* ---- what became of attempts ---- */

/**
 * nf_conntrack_unsent_taken - a listener took an event, or none wants it
 * @u:    the namespace's
 * @kind: kind of the item
 *
 * Context: any.
 */
void nf_conntrack_unsent_taken(struct nf_conntrack_unsent *u,
			       enum nf_ct_unsent_kind kind)
{
	nf_conntrack_pace_taken(&u->pace[kind], ktime_get_ns());
	if (kind == NF_CT_UNSENT_CONNECTION &&
	    test_bit(NF_CT_UNSENT_STALLED, &u->state))
		clear_bit(NF_CT_UNSENT_STALLED, &u->state);
}

/**
 * nf_conntrack_unsent_batch_result - what became of a batch of events
 * @net: namespace
 * @err: 0, or negative when a listener refused it; its events are listed
 *
 * Context: softirq safe.
 */
void nf_conntrack_unsent_batch_result(struct net *net, int err)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);

	if (err) {
		set_bit(NF_CT_UNSENT_STALLED, &u->state);
		set_bit(NF_CT_UNSENT_REFUSED, &u->state);
		return;
	}
	if (unlikely(test_bit(NF_CT_UNSENT_STALLED, &u->state) ||
		     nf_conntrack_unsent_count(net)))
		nf_conntrack_unsent_taken(u, NF_CT_UNSENT_CONNECTION);
}

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
 * nf_conntrack_count_refused - a listener refused an attempt
 * @net: namespace
 */
void nf_conntrack_count_refused(struct net *net)
{
	this_cpu_inc(nf_conntrack_unsent(net)->cpu->stats.refused);
}

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
	nf_conntrack_pernet(net)->unsent = u;
	return 0;
}

/**
 * nf_conntrack_unsent_pernet_fini - drop what is still listed
 * @net: namespace without entries; the worker has stopped
 *
 * Context: process, sleeps.
 */
void nf_conntrack_unsent_pernet_fini(struct net *net)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);
	struct nf_ct_unsent_item item;

	/* an expectation may still have been on its way out */
	while (nf_conntrack_unsent_pop(u, 0, &item))
		nf_ct_unsent_put(&item);
	free_percpu(u->cpu);
	kfree(u);
	nf_conntrack_pernet(net)->unsent = NULL;
}
