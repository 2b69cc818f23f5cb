// SPDX-License-Identifier: GPL-2.0
/*
 * Entries whose events a reliable listener refused: kept by reference on
 * per-CPU lists of their namespace and tried again at the listener's pace.
 * Each list has a lock, a leaf.  One work item per namespace sends; a
 * high-resolution timer starts it again after a refusal.
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

/*
 * The wait after a refusal is a random part of one sixteenth of the time
 * since the listener last took something: short enough to keep a slow reader
 * busy (a 2,048-byte buffer is empty after two milliseconds), long enough not
 * to hammer on one that sleeps.  The grace time bounds it: a thirty-second of
 * it, so that a reader which recovers is served within half a second.
 */
#define NF_CT_RESEND_SHARE	16
#define NF_CT_RESEND_MIN_NS	(100 * NSEC_PER_USEC)
#define NF_CT_RESEND_GRACE	32

/* Entries that are tried before others get the CPU */
#define NF_CT_RESEND_BUDGET	64

#define NF_CT_RESEND_SCHEDULED	0	/* bit: work or timer is on its way */
#define NF_CT_RESEND_KICKED	1	/* bit: do not wait after a refusal */

/**
 * struct nf_ct_unsent - one CPU's list
 * @lock:  guards @list, @stats.missed and @stats.dying
 * @list:  entries, oldest first, each with a reference; those whose deadlines
 *         are this CPU's, so that an entry's list is always the same
 * @stats: counters; those not under @lock are written by this CPU only
 */
struct nf_ct_unsent {
	spinlock_t			lock; /* a leaf */
	struct list_head		list;
	struct nf_conntrack_event_stats	stats;
};

/**
 * struct nf_conntrack_resend - a namespace's unsent events
 * @net:     namespace
 * @unsent:  lists
 * @waiting: entries on all of them
 * @last_ok: when the listener last took something, or the wait began;
 *           written by the worker and when the first entry arrives
 * @state:   NF_CT_RESEND_ bits
 * @next:    list that the worker looks at next; worker only
 * @timer:   ends a wait
 * @work:    sends
 */
struct nf_conntrack_resend {
	struct net			*net;
	struct nf_ct_unsent __percpu	*unsent;
	atomic_t			waiting;
	ktime_t				last_ok;
	unsigned long			state;
	int				next;
	struct hrtimer			timer;
	struct work_struct		work;
};

static struct nf_conntrack_resend *nf_conntrack_resend(const struct net *net)
{
	return nf_conntrack_pernet(net)->resend;
}

/* The hash chain node of the reply direction is ours: see nf_ct_entry.h */
static struct list_head *nf_ct_unsent_node(struct nf_conn *ct)
{
	BUILD_BUG_ON(sizeof(struct list_head) !=
		     sizeof(struct hlist_nulls_node));
	return (struct list_head *)&ct->tuplehash[IP_CT_DIR_REPLY].hnnode;
}

static struct nf_conn *nf_ct_unsent_first(struct nf_ct_unsent *u)
{
	struct nf_conntrack_tuple_hash *h;

	if (list_empty(&u->list))
		return NULL;
	h = (struct nf_conntrack_tuple_hash *)
		((char *)u->list.next -
		 offsetof(struct nf_conntrack_tuple_hash, hnnode));
	return container_of(h, struct nf_conn, tuplehash[IP_CT_DIR_REPLY]);
}

static struct nf_ct_unsent *nf_ct_unsent_of(const struct nf_conntrack_resend *r,
					    const struct nf_conn *ct)
{
	return per_cpu_ptr(r->unsent, nf_ct_entry_cpu(nf_ct_entry(ct)));
}

/* ---- scheduling ---- */

static void nf_conntrack_resend_soon(struct nf_conntrack_resend *r)
{
	if (!test_and_set_bit(NF_CT_RESEND_SCHEDULED, &r->state)) {
		r->last_ok = ktime_get();
		hrtimer_start(&r->timer, ns_to_ktime(NF_CT_RESEND_MIN_NS),
			      HRTIMER_MODE_REL_SOFT);
	}
}

static u64 nf_conntrack_resend_delay(const struct nf_conntrack_resend *r)
{
	u64 grace = jiffies_to_nsecs(nf_conntrack_pernet(r->net)->events_retry);
	u64 stall = ktime_to_ns(ktime_sub(ktime_get(), r->last_ok));
	u64 window;

	window = min(div_u64(stall, NF_CT_RESEND_SHARE),
		     div_u64(grace, NF_CT_RESEND_GRACE));
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

/* The list's reference becomes the caller's; the LISTED bit stays. */
static struct nf_conn *nf_ct_unsent_pop(struct nf_conntrack_resend *r)
{
	struct nf_ct_unsent *u;
	struct nf_conn *ct;
	int i;

	for (i = 0; i < nr_cpu_ids; i++) {
		r->next = (r->next + 1) % nr_cpu_ids;
		if (!cpu_possible(r->next))
			continue;
		u = per_cpu_ptr(r->unsent, r->next);
		spin_lock_bh(&u->lock);
		ct = nf_ct_unsent_first(u);
		if (ct)
			list_del(nf_ct_unsent_node(ct));
		spin_unlock_bh(&u->lock);
		if (ct) {
			atomic_dec(&r->waiting);
			return ct;
		}
	}
	return NULL;
}

/* Count what two values of nf_conntrack_ecache.missed say about the lists. */
static void nf_ct_unsent_count(struct nf_ct_unsent *u, u32 old, u32 new)
{
	int listed = !!(new & NF_CT_UNSENT_LISTED) - !!(old & NF_CT_UNSENT_LISTED);
	int dying = !!(new & NF_CT_UNSENT_DYING) - !!(old & NF_CT_UNSENT_DYING);

	lockdep_assert_held(&u->lock);
	u->stats.dying += dying;
	u->stats.missed += listed - dying;
}

static void nf_ct_unsent_push(struct nf_conntrack_resend *r,
			      struct nf_ct_unsent *u, struct nf_conn *ct,
			      bool front)
{
	lockdep_assert_held(&u->lock);
	atomic_inc(&r->waiting);
	if (front)
		list_add(nf_ct_unsent_node(ct), &u->list);
	else
		list_add_tail(nf_ct_unsent_node(ct), &u->list);
}

void nf_ct_unsent_queue(struct nf_conn *ct, struct nf_conntrack_ecache *e)
{
	struct nf_conntrack_resend *r = nf_conntrack_resend(nf_ct_net(ct));
	struct nf_ct_unsent *u = nf_ct_unsent_of(r, ct);
	u32 old = READ_ONCE(e->missed);
	u32 new;

	spin_lock_bh(&u->lock);
	do {
		new = old | NF_CT_UNSENT_LISTED;
		if (old & BIT(IPCT_DESTROY))
			new |= NF_CT_UNSENT_DYING;
	} while (!try_cmpxchg(&e->missed, &old, new));
	nf_ct_unsent_count(u, old, new);
	if (!(old & NF_CT_UNSENT_LISTED)) {
		nf_conntrack_get(&ct->ct_general);
		nf_ct_unsent_push(r, u, ct, false);
	}
	spin_unlock_bh(&u->lock);
	nf_conntrack_resend_soon(r);
}

/*
 * Take a popped entry off for good, unless something is unsent again.  A
 * sender that is busy with it now lists it anew if it has to.
 */
static bool nf_ct_unsent_unlist(struct nf_conntrack_resend *r,
				struct nf_conn *ct,
				struct nf_conntrack_ecache *e)
{
	struct nf_ct_unsent *u = nf_ct_unsent_of(r, ct);
	u32 old = READ_ONCE(e->missed);
	bool off = true;
	u32 new;

	spin_lock_bh(&u->lock);
	do {
		new = old & ~(NF_CT_UNSENT_LISTED | NF_CT_UNSENT_DYING);
		if (old & NF_CT_UNSENT_EVENTS && !(old & NF_CT_UNSENT_BUSY)) {
			nf_ct_unsent_push(r, u, ct, false);
			off = false;
			break;
		}
	} while (!try_cmpxchg(&e->missed, &old, new));
	if (off)
		nf_ct_unsent_count(u, old, new);
	spin_unlock_bh(&u->lock);
	return off;
}

/* Try an entry that was popped; nobody lists it meanwhile. */
static int nf_ct_unsent_retry(struct nf_conntrack_resend *r, struct nf_conn *ct)
{
	struct nf_conntrack_ecache *e = nf_ct_ecache_find(ct);
	struct nf_ct_unsent *u = nf_ct_unsent_of(r, ct);
	int ret;

	ret = nf_ct_unsent_try(ct, e);
	if (ret < 0) {
		spin_lock_bh(&u->lock);
		nf_ct_unsent_push(r, u, ct, true);
		spin_unlock_bh(&u->lock);
		return ret;
	}
	if (nf_ct_unsent_unlist(r, ct, e))
		nf_ct_put(ct);
	return 0;
}

/* ---- the worker ---- */

static void nf_conntrack_resend_wait(struct nf_conntrack_resend *r)
{
	if (test_and_clear_bit(NF_CT_RESEND_KICKED, &r->state)) {
		queue_work(nf_conntrack_wq, &r->work);
		return;
	}
	hrtimer_start(&r->timer, ns_to_ktime(nf_conntrack_resend_delay(r)),
		      HRTIMER_MODE_REL_SOFT);
}

static void nf_conntrack_resend_worker(struct work_struct *work)
{
	struct nf_conntrack_resend *r =
		container_of(work, struct nf_conntrack_resend, work);
	unsigned int n = 0;
	struct nf_conn *ct;

	for (;;) {
		ct = nf_ct_unsent_pop(r);
		if (!ct) {
			clear_bit(NF_CT_RESEND_SCHEDULED, &r->state);
			/* pairs with test_and_set_bit() after nf_ct_unsent_push() */
			smp_mb__after_atomic();
			if (!atomic_read(&r->waiting) ||
			    test_and_set_bit(NF_CT_RESEND_SCHEDULED, &r->state))
				return;
			continue;
		}
		if (nf_ct_unsent_retry(r, ct) < 0) {
			nf_conntrack_resend_wait(r);
			return;
		}
		r->last_ok = ktime_get();
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

	if (!atomic_read(&r->waiting))
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

	while (atomic_read(&r->waiting)) {
		/* without a notifier every try succeeds */
		if (!test_and_set_bit(NF_CT_RESEND_SCHEDULED, &r->state) ||
		    hrtimer_cancel(&r->timer))
			queue_work(nf_conntrack_wq, &r->work);
		flush_work(&r->work);
		cond_resched();
	}
}

/* ---- looking ---- */

unsigned int nf_conntrack_events_unsent(struct net *net)
{
	return atomic_read(&nf_conntrack_resend(net)->waiting);
}

/* Position: CPU in the upper half, number of entries seen there in the lower */
unsigned int nf_conntrack_dying_next(struct net *net, unsigned long *pos,
				     struct nf_conn **batch, unsigned int max)
{
	struct nf_conntrack_resend *r = nf_conntrack_resend(net);
	unsigned int cpu = *pos >> 32, seen = (u32)*pos;
	unsigned int n = 0;

	for (; cpu < nr_cpu_ids && !n; cpu++, seen = 0) {
		struct nf_ct_unsent *u;
		struct list_head *node;
		unsigned int i = 0;

		if (!cpu_possible(cpu))
			continue;
		u = per_cpu_ptr(r->unsent, cpu);
		spin_lock_bh(&u->lock);
		list_for_each(node, &u->list) {
			struct nf_conn *ct;

			if (n == max)
				break;
			if (i++ < seen)
				continue;
			seen++;
			ct = container_of((struct hlist_nulls_node *)node,
					  struct nf_conn,
					  tuplehash[IP_CT_DIR_REPLY].hnnode);
			if (!nf_ct_is_dying(ct))
				continue;
			nf_conntrack_get(&ct->ct_general);
			batch[n++] = ct;
		}
		spin_unlock_bh(&u->lock);
		if (n == max)
			break;
	}
	*pos = (unsigned long)cpu << 32 | seen;
	return n;
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_dying_next);

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
		INIT_LIST_HEAD(&u->list);
	}
	r->net = net;
	INIT_WORK(&r->work, nf_conntrack_resend_worker);
	hrtimer_init(&r->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	r->timer.function = nf_conntrack_resend_timer;
	nf_conntrack_pernet(net)->resend = r;
	return 0;
}

/* Nothing waits and no entry is left. */
void nf_conntrack_resend_pernet_fini(struct net *net)
{
	struct nf_conntrack_resend *r = nf_conntrack_resend(net);

	hrtimer_cancel(&r->timer);
	cancel_work_sync(&r->work);
	free_percpu(r->unsent);
	kfree(r);
	nf_conntrack_pernet(net)->resend = NULL;
}
