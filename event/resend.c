// SPDX-License-Identifier: GPL-2.0
/*
 * Connections and expectations whose events a reliable listener refused: kept
 * by reference on per-CPU lists of their namespace, one list of each kind, and
 * tried again at the listener's pace.  Each CPU's lists have a lock, a leaf.
 * One work item per namespace sends; a high-resolution timer starts it again
 * after a refusal.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_pending.h"
#include "nf_ct_expect_life.h"

/*
 * The wait after a refusal is a random part of one sixteenth of the time
 * since the listener last took something: short enough to keep a slow reader
 * busy (a 2,048-byte buffer is empty after two milliseconds), long enough not
 * to hammer on one that sleeps.  The grace time bounds it: a thirty-second of
 * it, so that a reader which recovers is served within half a second.
 *
 * A socket that has refused takes nothing until it is empty.  How long that took
 * the last time is the best guess: most of it passes before the next try, since
 * each try that fails costs a message, and others in the group see a repeat.  The
 * guess falls at once, and grows by a quarter at most: a listener that was slow once
 * does not pay for it.
 */
#define NF_CT_RESEND_SHARE	16
#define NF_CT_RESEND_MIN_NS	(100 * NSEC_PER_USEC)
#define NF_CT_RESEND_GRACE	32

/* Entries that are tried before others get the CPU */
#define NF_CT_RESEND_BUDGET	64

#define NF_CT_RESEND_SCHEDULED	0	/* bit: work or timer is on its way */
#define NF_CT_RESEND_KICKED	1	/* bit: do not wait after a refusal */
#define NF_CT_RESEND_REFUSED	2	/* bit: a batch was, the worker does not know */
#define NF_CT_RESEND_STALLED	3	/* bit: the last batch was refused */

/* Entries looked at under a list's lock when a dump walks it */
#define NF_CT_DYING_STEPS	512

/**
 * struct nf_ct_unsent - one CPU's lists
 * @lock:  guards @list, @walks, @stats.missed, @stats.dying and @stats.expects
 * @list:  by kind, oldest first, each with a reference; connections whose
 *         deadlines are this CPU's and expectations that began there, so that
 *         an item's list is always the same
 * @walks: struct nf_conntrack_dying of those who read the list of connections
 * @stats: counters; those not under @lock are written by this CPU only
 */
struct nf_ct_unsent {
	spinlock_t			lock; /* a leaf */
	struct list_head		list[NF_CT_UNSENT_KINDS];
	struct list_head		walks;
	struct nf_conntrack_event_stats	stats;
};

/**
 * struct nf_conntrack_resend - a namespace's unsent events
 * @net:     namespace
 * @unsent:  lists
 * @waiting: items on all of them, by kind
 * @last_ok: when a listener last took one of a kind, or the wait began;
 *           written by the worker and when the first item arrives
 * @pause:   nanoseconds that a listener is expected to need after a refusal; a
 *           guess, worker only but for results of batches
 * @waits:   since a listener last took one, the same
 * @state:   NF_CT_RESEND_ bits
 * @next:    list that the worker looked at last; worker only
 * @timer:   ends a wait
 * @work:    sends
 */
struct nf_conntrack_resend {
	struct net			*net;
	struct nf_ct_unsent __percpu	*unsent;
	atomic_t			waiting[NF_CT_UNSENT_KINDS];
	ktime_t				last_ok[NF_CT_UNSENT_KINDS];
	u64				pause[NF_CT_UNSENT_KINDS];
	unsigned int			waits[NF_CT_UNSENT_KINDS];
	unsigned long			state;
	int				next;
	struct hrtimer			timer;
	struct work_struct		work;
};

static struct nf_conntrack_resend *nf_conntrack_resend(const struct net *net)
{
	return nf_conntrack_pernet(net)->resend;
}

/* ---- items ---- */

static enum nf_ct_unsent_kind nf_ct_unsent_kind(const struct nf_ct_unsent_item *item)
{
	return item->ct ? NF_CT_UNSENT_CONNECTION : NF_CT_UNSENT_EXPECTATION;
}

/* The hash chain node of the reply direction is ours: see nf_ct_entry.h */
static struct list_head *nf_ct_unsent_node(const struct nf_ct_unsent_item *item)
{
	BUILD_BUG_ON(sizeof(struct list_head) !=
		     sizeof(struct hlist_nulls_node));
	if (!item->ct)
		return &item->life->unsent;
	return (struct list_head *)&item->ct->tuplehash[IP_CT_DIR_REPLY].hnnode;
}

static struct nf_conn *nf_ct_unsent_node_ct(struct list_head *node)
{
	return container_of((struct hlist_nulls_node *)node, struct nf_conn,
			    tuplehash[IP_CT_DIR_REPLY].hnnode);
}

static struct nf_ct_unsent_item nf_ct_unsent_node_item(struct list_head *node,
						       enum nf_ct_unsent_kind kind)
{
	struct nf_ct_expect_life *life;
	struct nf_conn *ct;

	if (kind == NF_CT_UNSENT_CONNECTION) {
		ct = nf_ct_unsent_node_ct(node);
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

static void nf_ct_unsent_put(const struct nf_ct_unsent_item *item)
{
	if (item->ct)
		nf_ct_put(item->ct);
	else
		nf_ct_expect_life_put(item->life);
}

static struct nf_ct_unsent *nf_ct_unsent_of(const struct nf_conntrack_resend *r,
					    const struct nf_ct_unsent_item *item)
{
	unsigned int cpu = item->ct ? nf_ct_entry_cpu(nf_ct_entry(item->ct)) :
				      item->life->cpu;

	return per_cpu_ptr(r->unsent, cpu);
}

static bool nf_conntrack_resend_idle(const struct nf_conntrack_resend *r)
{
	unsigned int kind;

	for (kind = 0; kind < NF_CT_UNSENT_KINDS; kind++) {
		if (atomic_read(&r->waiting[kind]))
			return false;
	}
	return true;
}

/* ---- scheduling ---- */

static void nf_conntrack_resend_soon(struct nf_conntrack_resend *r)
{
	if (!test_and_set_bit(NF_CT_RESEND_SCHEDULED, &r->state))
		hrtimer_start(&r->timer, ns_to_ktime(NF_CT_RESEND_MIN_NS),
			      HRTIMER_MODE_REL_SOFT);
}

/* The time since a listener took something, of those of the kinds @refused */
static u64 nf_conntrack_resend_stall(const struct nf_conntrack_resend *r,
				     unsigned long refused)
{
	ktime_t last = 0;
	unsigned int kind;

	for_each_set_bit(kind, &refused, NF_CT_UNSENT_KINDS)
		last = max(last, READ_ONCE(r->last_ok[kind]));
	return ktime_to_ns(ktime_sub(ktime_get(), last));
}

/* The first one that was taken after a refusal, at @now: how long did it last? */
static void nf_conntrack_resend_learn(struct nf_conntrack_resend *r,
				      enum nf_ct_unsent_kind kind, ktime_t now)
{
	u64 took = ktime_to_ns(ktime_sub(now, READ_ONCE(r->last_ok[kind])));
	u64 last = READ_ONCE(r->pause[kind]);
	u64 most = max_t(u64, last + last / 4, 2 * NF_CT_RESEND_MIN_NS);

	/* the first wait was enough: it may have been ready long before */
	if (READ_ONCE(r->waits[kind]) == 1)
		took /= 2;
	WRITE_ONCE(r->pause[kind], min(took, most));
	WRITE_ONCE(r->waits[kind], 0);
}

/* A listener has taken one of this kind, or nobody wants it. */
static void nf_conntrack_resend_progress(struct nf_conntrack_resend *r,
					 enum nf_ct_unsent_kind kind)
{
	ktime_t now = ktime_get();

	if (READ_ONCE(r->waits[kind]))
		nf_conntrack_resend_learn(r, kind, now);
	WRITE_ONCE(r->last_ok[kind], now);
	if (kind == NF_CT_UNSENT_CONNECTION &&
	    test_bit(NF_CT_RESEND_STALLED, &r->state))
		clear_bit(NF_CT_RESEND_STALLED, &r->state);
}

/* How long after a refusal the first of the kinds @refused should be taken */
static u64 nf_conntrack_resend_guess(const struct nf_conntrack_resend *r,
				     unsigned long refused)
{
	unsigned int kind;
	u64 pause = U64_MAX;

	for_each_set_bit(kind, &refused, NF_CT_UNSENT_KINDS)
		pause = min(pause, READ_ONCE(r->pause[kind]));
	return pause - pause / 8;
}

static u64 nf_conntrack_resend_delay(const struct nf_conntrack_resend *r,
				     unsigned long refused)
{
	u64 grace = jiffies_to_nsecs(nf_conntrack_pernet(r->net)->events_retry);
	u64 guess = nf_conntrack_resend_guess(r, refused);
	u64 stall = nf_conntrack_resend_stall(r, refused);
	u64 bound = div_u64(grace, NF_CT_RESEND_GRACE);
	u64 window;

	if (stall + NF_CT_RESEND_MIN_NS < guess)
		return min(guess - stall, max_t(u64, bound, NF_CT_RESEND_MIN_NS));

	window = min(div_u64(stall, NF_CT_RESEND_SHARE), bound);
	window = clamp_t(u64, window, NF_CT_RESEND_MIN_NS, U32_MAX);
	/* between half of it and all of it */
	return window / 2 + get_random_u32_below(window / 2 + 1);
}

static enum hrtimer_restart nf_conntrack_resend_timer(struct hrtimer *timer)
{
	struct nf_conntrack_resend *r =
		container_of(timer, struct nf_conntrack_resend, timer);

	queue_work(nf_conntrack_wq, &r->work);
	return HRTIMER_NORESTART;
}

/* ---- lists ---- */

/* An item leaves a list: who was about to look at it goes on behind it. */
static void nf_ct_unsent_take(struct nf_ct_unsent *u, struct list_head *node)
{
	struct nf_conntrack_dying *d;

	lockdep_assert_held(&u->lock);
	list_for_each_entry(d, &u->walks, link) {
		if (d->at == node)
			d->at = node->next;
	}
	list_del(node);
}

/* The first of a CPU's list, which the caller takes over */
static bool nf_ct_unsent_pop_cpu(struct nf_conntrack_resend *r,
				 struct nf_ct_unsent *u,
				 enum nf_ct_unsent_kind kind,
				 struct nf_ct_unsent_item *item)
{
	struct list_head *node = NULL;

	spin_lock_bh(&u->lock);
	if (!list_empty(&u->list[kind])) {
		node = u->list[kind].next;
		nf_ct_unsent_take(u, node);
		atomic_dec(&r->waiting[kind]);
	}
	spin_unlock_bh(&u->lock);

	if (node)
		*item = nf_ct_unsent_node_item(node, kind);
	return node;
}

/*
 * The next item whose kind is not among @refused, if any.  The list's reference
 * becomes the caller's; the LISTED bit stays.
 */
static bool nf_ct_unsent_pop(struct nf_conntrack_resend *r, unsigned long refused,
			     struct nf_ct_unsent_item *item)
{
	unsigned int kind;
	int i;

	for (i = 0; i < nr_cpu_ids * NF_CT_UNSENT_KINDS; i++) {
		r->next = (r->next + 1) % (nr_cpu_ids * NF_CT_UNSENT_KINDS);
		kind = r->next % NF_CT_UNSENT_KINDS;
		if (test_bit(kind, &refused) ||
		    !cpu_possible(r->next / NF_CT_UNSENT_KINDS))
			continue;
		if (nf_ct_unsent_pop_cpu(r, per_cpu_ptr(r->unsent,
							r->next / NF_CT_UNSENT_KINDS),
					 kind, item))
			return true;
	}
	return false;
}

/* Count what two values of an item's word say about the lists. */
static void nf_ct_unsent_count(struct nf_ct_unsent *u,
			       const struct nf_ct_unsent_item *item, u32 old, u32 new)
{
	int listed = !!(new & NF_CT_UNSENT_LISTED) - !!(old & NF_CT_UNSENT_LISTED);
	int dying = !!(new & NF_CT_UNSENT_DYING) - !!(old & NF_CT_UNSENT_DYING);

	lockdep_assert_held(&u->lock);
	if (!item->ct) {
		u->stats.expects += listed;
		return;
	}
	u->stats.dying += dying;
	u->stats.missed += listed - dying;
}

static void nf_ct_unsent_push(struct nf_conntrack_resend *r,
			      struct nf_ct_unsent *u,
			      const struct nf_ct_unsent_item *item, bool front)
{
	enum nf_ct_unsent_kind kind = nf_ct_unsent_kind(item);

	lockdep_assert_held(&u->lock);
	atomic_inc(&r->waiting[kind]);
	if (front)
		list_add(nf_ct_unsent_node(item), &u->list[kind]);
	else
		list_add_tail(nf_ct_unsent_node(item), &u->list[kind]);
}

void nf_ct_unsent_queue(const struct nf_ct_unsent_item *item)
{
	struct nf_conntrack_resend *r = nf_conntrack_resend(item->net);
	enum nf_ct_unsent_kind kind = nf_ct_unsent_kind(item);
	struct nf_ct_unsent *u = nf_ct_unsent_of(r, item);
	u32 old = READ_ONCE(*item->word);
	u32 new;

	spin_lock_bh(&u->lock);
	do {
		new = old | NF_CT_UNSENT_LISTED;
		if (old & BIT(IPCT_DESTROY))
			new |= NF_CT_UNSENT_DYING;
	} while (!try_cmpxchg(item->word, &old, new));
	nf_ct_unsent_count(u, item, old, new);
	if (!(old & NF_CT_UNSENT_LISTED)) {
		/* the first of its kind: its wait begins now, unless all the
		 * others were in a batch and have come back
		 */
		if (!atomic_read(&r->waiting[kind]) &&
		    !test_bit(NF_CT_RESEND_STALLED, &r->state))
			WRITE_ONCE(r->last_ok[kind], ktime_get());
		nf_ct_unsent_get(item);
		nf_ct_unsent_push(r, u, item, false);
	}
	spin_unlock_bh(&u->lock);
	nf_conntrack_resend_soon(r);
}

/*
 * Take a popped item off for good, unless something is unsent again.  A
 * sender that is busy with it now lists it anew if it has to.
 */
static bool nf_ct_unsent_unlist(struct nf_conntrack_resend *r,
				const struct nf_ct_unsent_item *item)
{
	struct nf_ct_unsent *u = nf_ct_unsent_of(r, item);
	u32 old = READ_ONCE(*item->word);
	bool off = true;
	u32 new;

	spin_lock_bh(&u->lock);
	do {
		new = old & ~(NF_CT_UNSENT_LISTED | NF_CT_UNSENT_DYING);
		if (old & NF_CT_UNSENT_EVENTS && !(old & NF_CT_UNSENT_BUSY)) {
			nf_ct_unsent_push(r, u, item, false);
			off = false;
			break;
		}
	} while (!try_cmpxchg(item->word, &old, new));
	if (off)
		nf_ct_unsent_count(u, item, old, new);
	spin_unlock_bh(&u->lock);

	/* whoever saw LISTED has left what is fresh to us: nf_ct_unsent_join() */
	if (off && !(new & NF_CT_UNSENT_DONE) && nf_ct_unsent_fresh(item))
		nf_ct_unsent_queue(item);
	return off;
}

/* Try an item that was popped; nobody lists it meanwhile. */
static int nf_ct_unsent_retry(struct nf_conntrack_resend *r,
			      const struct nf_ct_unsent_item *item)
{
	struct nf_ct_unsent *u = nf_ct_unsent_of(r, item);
	int ret;

	ret = nf_ct_unsent_try(item);
	if (ret < 0) {
		spin_lock_bh(&u->lock);
		nf_ct_unsent_push(r, u, item, true);
		spin_unlock_bh(&u->lock);
		return ret;
	}
	if (nf_ct_unsent_unlist(r, item))
		nf_ct_unsent_put(item);
	return ret;
}

/**
 * nf_ct_unsent_answer - what became of a batch of events
 * @net: namespace
 * @err: 0, or negative when a listener has refused it; its events are on the list
 *
 * Context: softirq safe.
 */
void nf_ct_unsent_answer(struct net *net, int err)
{
	struct nf_conntrack_resend *r = nf_conntrack_resend(net);

	if (err) {
		set_bit(NF_CT_RESEND_STALLED, &r->state);
		set_bit(NF_CT_RESEND_REFUSED, &r->state);
		return;
	}
	if (unlikely(test_bit(NF_CT_RESEND_STALLED, &r->state) ||
		     atomic_read(&r->waiting[NF_CT_UNSENT_CONNECTION])))
		nf_conntrack_resend_progress(r, NF_CT_UNSENT_CONNECTION);
}

/* ---- the worker ---- */

static void nf_conntrack_resend_wait(struct nf_conntrack_resend *r,
				     unsigned long refused)
{
	unsigned int kind;

	for_each_set_bit(kind, &refused, NF_CT_UNSENT_KINDS)
		WRITE_ONCE(r->waits[kind], READ_ONCE(r->waits[kind]) + 1);
	if (test_and_clear_bit(NF_CT_RESEND_KICKED, &r->state)) {
		queue_work(nf_conntrack_wq, &r->work);
		return;
	}
	hrtimer_start(&r->timer,
		      ns_to_ktime(nf_conntrack_resend_delay(r, refused)),
		      HRTIMER_MODE_REL_SOFT);
}

/* Nothing is left, it seems: may the worker go? */
static bool nf_conntrack_resend_finish(struct nf_conntrack_resend *r)
{
	clear_bit(NF_CT_RESEND_SCHEDULED, &r->state);
	/* pairs with test_and_set_bit() after nf_ct_unsent_push() */
	smp_mb__after_atomic();
	return nf_conntrack_resend_idle(r) ||
	       test_and_set_bit(NF_CT_RESEND_SCHEDULED, &r->state);
}

/* A listener that refuses one kind need not keep those of the other waiting */
static void nf_conntrack_resend_worker(struct work_struct *work)
{
	struct nf_conntrack_resend *r =
		container_of(work, struct nf_conntrack_resend, work);
	struct nf_ct_unsent_item item;
	enum nf_ct_unsent_kind kind;
	unsigned long refused = 0;
	unsigned int n = 0;
	int ret;

	for (;;) {
		if (test_bit(NF_CT_RESEND_REFUSED, &r->state) &&
		    test_and_clear_bit(NF_CT_RESEND_REFUSED, &r->state))
			__set_bit(NF_CT_UNSENT_CONNECTION, &refused);
		if (!nf_ct_unsent_pop(r, refused, &item)) {
			if (refused) {
				nf_conntrack_resend_wait(r, refused);
				return;
			}
			if (nf_conntrack_resend_finish(r))
				return;
			continue;
		}
		kind = nf_ct_unsent_kind(&item);
		ret = nf_ct_unsent_retry(r, &item);
		if (ret < 0)
			__set_bit(kind, &refused);
		else if (ret != NF_CT_EVENT_HELD)
			nf_conntrack_resend_progress(r, kind);
		if (++n % NF_CT_RESEND_BUDGET == 0)
			cond_resched();
	}
}

/**
 * nf_conntrack_events_kick - try everything again now
 * @net: namespace, one of whose listeners has left
 *
 * Context: any.
 */
void nf_conntrack_events_kick(struct net *net)
{
	struct nf_conntrack_resend *r = nf_conntrack_resend(net);

	if (nf_conntrack_resend_idle(r))
		return;
	set_bit(NF_CT_RESEND_KICKED, &r->state);
	/* a worker that runs sees the bit; a timer that ticks is passed over */
	if (hrtimer_try_to_cancel(&r->timer) == 1)
		queue_work(nf_conntrack_wq, &r->work);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_events_kick);

/**
 * nf_conntrack_events_drain - give up everything that waits
 * @net: namespace without a notifier
 *
 * Context: process, sleeps.
 */
void nf_conntrack_events_drain(struct net *net)
{
	struct nf_conntrack_resend *r = nf_conntrack_resend(net);

	while (!nf_conntrack_resend_idle(r)) {
		/* without a notifier every try succeeds */
		if (!test_and_set_bit(NF_CT_RESEND_SCHEDULED, &r->state) ||
		    hrtimer_cancel(&r->timer))
			queue_work(nf_conntrack_wq, &r->work);
		flush_work(&r->work);
		cond_resched();
	}
	/* the last one is off the list before it has been tried */
	flush_work(&r->work);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_events_drain);

/* ---- looking ---- */

unsigned int nf_conntrack_events_unsent(struct net *net)
{
	return atomic_read(&nf_conntrack_resend(net)->waiting[NF_CT_UNSENT_CONNECTION]);
}

/* Up to @max dying entries of one CPU's list.  True: look there again. */
static bool nf_conntrack_dying_cpu(struct nf_ct_unsent *u,
				   struct nf_conntrack_dying *d,
				   struct nf_conn **batch, unsigned int *n,
				   unsigned int max)
{
	struct list_head *list = &u->list[NF_CT_UNSENT_CONNECTION];
	unsigned int steps = 0;
	struct nf_conn *ct;
	bool more;

	spin_lock_bh(&u->lock);
	if (!d->at) {
		d->at = list->next;
		list_add(&d->link, &u->walks);
	}
	for (; d->at != list && *n < max && steps < NF_CT_DYING_STEPS; steps++) {
		ct = nf_ct_unsent_node_ct(d->at);
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
	spin_unlock_bh(&u->lock);
	return more;
}

unsigned int nf_conntrack_dying_next(struct net *net, struct nf_conntrack_dying *d,
				     struct nf_conn **batch, unsigned int max)
{
	struct nf_conntrack_resend *r = nf_conntrack_resend(net);
	unsigned int n = 0;

	while (d->cpu < nr_cpu_ids && n < max) {
		if (!cpu_possible(d->cpu) ||
		    !nf_conntrack_dying_cpu(per_cpu_ptr(r->unsent, d->cpu), d,
					    batch, &n, max))
			d->cpu++;
		cond_resched();
	}
	return n;
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_dying_next);

void nf_conntrack_dying_end(struct net *net, struct nf_conntrack_dying *d)
{
	struct nf_ct_unsent *u;

	if (!d->at)
		return;
	u = per_cpu_ptr(nf_conntrack_resend(net)->unsent, d->cpu);
	spin_lock_bh(&u->lock);
	list_del(&d->link);
	d->at = NULL;
	spin_unlock_bh(&u->lock);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_dying_end);

void nf_conntrack_events_sum(struct net *net, int cpu,
			     struct nf_conntrack_event_stats *out)
{
	*out = per_cpu_ptr(nf_conntrack_resend(net)->unsent, cpu)->stats;
}

void nf_ct_count_delivered(struct net *net, bool again)
{
	struct nf_ct_unsent __percpu *u = nf_conntrack_resend(net)->unsent;

	this_cpu_inc(u->stats.delivered);
	if (again)
		this_cpu_inc(u->stats.resent);
}

void nf_ct_count_refused(struct net *net)
{
	this_cpu_inc(nf_conntrack_resend(net)->unsent->stats.refused);
}

void nf_conntrack_events_count_batch(struct net *net)
{
	this_cpu_inc(nf_conntrack_resend(net)->unsent->stats.batches);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_events_count_batch);

/* ---- namespaces ---- */

int nf_conntrack_resend_pernet_init(struct net *net)
{
	struct nf_conntrack_resend *r;
	unsigned int kind;
	int cpu;

	r = kzalloc(sizeof(*r), GFP_KERNEL);
	if (!r)
		return -ENOMEM;
	r->unsent = alloc_percpu(struct nf_ct_unsent);
	if (!r->unsent) {
		kfree(r);
		return -ENOMEM;
	}

	for_each_possible_cpu(cpu) {
		struct nf_ct_unsent *u = per_cpu_ptr(r->unsent, cpu);

		spin_lock_init(&u->lock);
		INIT_LIST_HEAD(&u->walks);
		for (kind = 0; kind < NF_CT_UNSENT_KINDS; kind++)
			INIT_LIST_HEAD(&u->list[kind]);
	}
	r->net = net;
	INIT_WORK(&r->work, nf_conntrack_resend_worker);
	hrtimer_init(&r->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	r->timer.function = nf_conntrack_resend_timer;
	nf_conntrack_pernet(net)->resend = r;
	return 0;
}

/* No entry and no notifier is left; an expectation may still be on its way out. */
void nf_conntrack_resend_pernet_fini(struct net *net)
{
	struct nf_conntrack_resend *r = nf_conntrack_resend(net);
	struct nf_ct_unsent_item item;

	/* the worker starts the timer, not before it has put back what it had */
	cancel_work_sync(&r->work);
	hrtimer_cancel(&r->timer);
	cancel_work_sync(&r->work);
	while (nf_ct_unsent_pop(r, 0, &item))
		nf_ct_unsent_put(&item);
	free_percpu(r->unsent);
	kfree(r);
	nf_conntrack_pernet(net)->resend = NULL;
}
