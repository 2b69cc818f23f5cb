// SPDX-License-Identifier: GPL-2.0
/*
 * Sends each reliable listener what it lacks, at its own pace.  A worker for each
 * namespace fills the listeners' sockets in turn.  From then on each listener's own
 * reads set the pace: the CPU on which it has read half of what was there refills its
 * socket.  The worker looks now and then, and alone where reads cannot be watched;
 * then event/pace.c finds how long to wait.  nf_conntrack_listener.serving guards
 * which CPU serves a listener; lists and queues have their own locks.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/workqueue.h>
#include <net/sock.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_conntrack_unsent.h"

/* Items of one queue that are tried before the next queue's turn */
#define NF_CT_RESEND_BUDGET	64
/* A listener's room can be seen without a message, so look often; nanoseconds */
#define NF_CT_RESEND_LOOK	(12 * NSEC_PER_MSEC)
/* Until the next search for what a queue had no memory for; nanoseconds */
#define NF_CT_RESEND_SEARCH	NSEC_PER_MSEC
/* A wait shorter than this is not worth a sleep; nanoseconds */
#define NF_CT_RESEND_SPIN	(10 * NSEC_PER_USEC)
/* A shorter wait is slept in the worker, without the timer; nanoseconds */
#define NF_CT_RESEND_NAP	(300 * NSEC_PER_USEC)

static enum hrtimer_restart nf_conntrack_resend_timer(struct hrtimer *timer)
{
	struct nf_conntrack_unsent *u =
		container_of(timer, struct nf_conntrack_unsent, timer);

	queue_work(nf_conntrack_wq, &u->work);
	return HRTIMER_NORESTART;
}

/* ---- which CPU serves a listener ---- */

#define NF_CT_SERVING	0

static bool nf_conntrack_resend_try(struct nf_conntrack_listener *l)
{
	return !test_and_set_bit_lock(NF_CT_SERVING, &l->serving);
}

/* Begin to serve.  False: another CPU does, and will look once more. */
static bool nf_conntrack_resend_begin(struct nf_conntrack_listener *l)
{
	if (likely(nf_conntrack_resend_try(l)))
		return true;
	WRITE_ONCE(l->again, true);
	/* pairs with nf_conntrack_resend_end(): it sees @again, or this CPU the bit */
	smp_mb();
	return nf_conntrack_resend_try(l);
}

static void nf_conntrack_resend_end(struct nf_conntrack_listener *l)
{
	clear_bit_unlock(NF_CT_SERVING, &l->serving);
	smp_mb__after_atomic();
	if (READ_ONCE(l->again)) {
		WRITE_ONCE(l->again, false);
		WRITE_ONCE(l->not_before, 0);
	}
}

/* ---- one queue ---- */

/* The listener has no room: when will it be looked at again? */
static void nf_conntrack_resend_wait(struct nf_conntrack_unsent *u, unsigned int slot)
{
	u64 limit = jiffies_to_nsecs(READ_ONCE(nf_conntrack_pernet(u->net)->events_retry));
	struct nf_conntrack_listener *l = &u->slots[slot];
	u64 least = NF_CT_PACE_WAIT_MIN;
	u64 now = ktime_get_ns();

	/* its next read sets things going; or it may leave the group */
	if (nf_conntrack_listener_watched(l)) {
		WRITE_ONCE(l->not_before, now + NF_CT_RESEND_LOOK);
		return;
	}
	/* the room of listeners that share a slot cannot be seen */
	if (slot != NF_CT_LISTENER_SHARED) {
		least = NF_CT_PACE_LOOK_MIN;
		limit = min_t(u64, limit, NF_CT_RESEND_LOOK);
	}
	nf_conntrack_pace_refused(&l->pace);
	WRITE_ONCE(l->not_before, now + nf_conntrack_pace_wait(&l->pace, now, least,
							       limit,
							       get_random_u32()));
}

/* Does the listener hold back more, or longer, than the administrator allows? */
static bool nf_conntrack_resend_too_much(const struct nf_conntrack_unsent *u,
					 const struct nf_conntrack_listener *l)
{
	const struct nf_conntrack_pernet *pn = nf_conntrack_pernet(u->net);
	unsigned int time = READ_ONCE(pn->hold_time);
	unsigned int max = READ_ONCE(pn->hold_max);

	if (max && nf_conntrack_listener_pending(l) > max)
		return true;
	return time && ktime_get_ns() > READ_ONCE(l->pace.taken) +
					jiffies_to_nsecs(time);
}

/* The name of the process whose ID is the listener's port, as is usual */
static void nf_conntrack_listener_name(const struct nf_conntrack_listener *l,
				       char name[TASK_COMM_LEN])
{
	struct task_struct *task;

	strscpy(name, "unknown", TASK_COMM_LEN);
	rcu_read_lock();
	task = pid_task(find_pid_ns(READ_ONCE(l->portid), &init_pid_ns), PIDTYPE_TGID);
	if (task)
		strscpy(name, task->comm, TASK_COMM_LEN);
	rcu_read_unlock();
}

static void nf_conntrack_resend_give_up(struct nf_conntrack_unsent *u,
					struct nf_conntrack_listener *l)
{
	char name[TASK_COMM_LEN];

	nf_conntrack_listener_name(l, name);
	net_warn_ratelimited("listener %u (%s) holds back the events of %u connections: giving them up\n",
			     l->portid, name, nf_conntrack_listener_pending(l));
	WRITE_ONCE(l->untold, true);
	WRITE_ONCE(l->given_up, true);
}

/* Drop what a listener does not want any more.  True: nothing is left. */
static bool nf_conntrack_resend_discard(struct nf_conntrack_unsent *u,
					unsigned int slot)
{
	struct nf_conntrack_listener *l = &u->slots[slot];
	unsigned int budget = NF_CT_RESEND_BUDGET;
	struct nf_ct_unsent_item item;

	nf_conntrack_unsent_search(u, slot);
	while (budget-- && nf_conntrack_listener_first(l, &item)) {
		if (!nf_ct_unsent_drop(&item, slot)) {
			l->not_before = ktime_get_ns() + NF_CT_PACE_WAIT_MIN;
			break;
		}
		nf_conntrack_listener_shift(l);
		WRITE_ONCE(l->lost, l->lost + 1);
	}
	if (!nf_conntrack_listener_pending(l))
		l->not_before = ktime_get_ns() + NF_CT_RESEND_SEARCH;
	return nf_conntrack_listener_idle(l);
}

/* A listener of its own is relied on again when its socket is empty, which ctnetlink
 * sees; those that share a slot, when nothing waits for them any more.
 */
static void nf_conntrack_resend_lapse(struct nf_conntrack_unsent *u, unsigned int slot)
{
	if (nf_conntrack_resend_discard(u, slot) && slot == NF_CT_LISTENER_SHARED)
		WRITE_ONCE(u->slots[slot].given_up, false);
}

static void nf_conntrack_resend_leave(struct nf_conntrack_unsent *u, unsigned int slot)
{
	if (!nf_conntrack_resend_discard(u, slot))
		return;
	spin_lock_bh(&u->slots_lock);
	if (nf_conntrack_listener_idle(&u->slots[slot]))
		nf_conntrack_listener_free(&u->slots[slot]);
	spin_unlock_bh(&u->slots_lock);
}

/* Send from one queue until it is empty, has no room, or the budget is used up.
 * Return: what became of the last attempt
 */
static enum nf_ct_sent nf_conntrack_resend_some(struct nf_conntrack_unsent *u,
						unsigned int slot)
{
	struct nf_conntrack_listener *l = &u->slots[slot];
	unsigned int budget = NF_CT_RESEND_BUDGET;
	struct nf_ct_unsent_item item;

	while (budget-- && nf_conntrack_listener_first(l, &item)) {
		switch (nf_ct_unsent_send_to(&item, slot)) {
		case NF_CT_SENT_ALL:
			nf_conntrack_listener_shift(l);
			nf_conntrack_pace_taken(&l->pace, ktime_get_ns());
			break;
		case NF_CT_SENT_REFUSED:
			nf_conntrack_resend_wait(u, slot);
			if (nf_conntrack_resend_too_much(u, l))
				nf_conntrack_resend_give_up(u, l);
			return NF_CT_SENT_REFUSED;
		case NF_CT_SENT_BUSY:
			/* another CPU, or a batch, sends for this item: a moment */
			WRITE_ONCE(l->not_before, ktime_get_ns() + NF_CT_PACE_WAIT_MIN);
			return NF_CT_SENT_BUSY;
		}
	}
	return NF_CT_SENT_ALL;
}

static void nf_conntrack_resend_queue(struct nf_conntrack_unsent *u, unsigned int slot)
{
	struct nf_conntrack_listener *l = &u->slots[slot];

	nf_conntrack_unsent_search(u, slot);
	/* still no memory for the queue, or other CPUs are busy: a moment */
	if (!nf_conntrack_listener_pending(l))
		l->not_before = ktime_get_ns() + NF_CT_RESEND_SEARCH;
	nf_conntrack_resend_some(u, slot);
}

/* ---- on the CPU on which a listener reads ---- */

static enum hrtimer_restart nf_conntrack_resend_refill(struct hrtimer *timer)
{
	struct nf_conntrack_listener *l =
		container_of(timer, struct nf_conntrack_listener, refill);
	enum nf_ct_sent sent;

	/* what else there is to do for it takes time, and is the worker's */
	if (READ_ONCE(l->leaving) || READ_ONCE(l->given_up))
		return HRTIMER_NORESTART;
	if (!nf_conntrack_resend_begin(l))
		return HRTIMER_NORESTART;
	sent = nf_conntrack_resend_some(l->u, l->slot);
	nf_conntrack_resend_end(l);
	/* Another CPU sends for the item, or one that this softirq has interrupted, which
	 * must get on.  The listener may have nothing left to read, so no read would call
	 * again: the worker does it.
	 */
	if (sent == NF_CT_SENT_BUSY)
		nf_conntrack_events_kick(l->u->net);
	return HRTIMER_NORESTART;
}

/*
 * The listener has read a message; called by netlink with interrupts off.  The timer
 * only leads from here to a softirq of this CPU, in which messages can be sent.
 */
static int nf_conntrack_resend_read(struct wait_queue_entry *wait, unsigned int mode,
				    int flags, void *key)
{
	struct nf_conntrack_listener *l =
		container_of(wait, struct nf_conntrack_listener, wait);
	/* the entry is on the socket's queue, so that the socket is there */
	const struct sock *sk = READ_ONCE(l->sk);

	if (!nf_conntrack_listener_pending(l))
		return 0;
	if (atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf) / 2)
		return 0;
	if (!hrtimer_is_queued(&l->refill))
		hrtimer_start(&l->refill, 0, HRTIMER_MODE_REL_SOFT);
	return 0;
}

/* ---- all queues ---- */

static void nf_conntrack_resend_slot(struct nf_conntrack_unsent *u, unsigned int slot)
{
	struct nf_conntrack_listener *l = &u->slots[slot];

	if (!nf_conntrack_resend_begin(l)) {
		WRITE_ONCE(l->not_before, ktime_get_ns() + NF_CT_PACE_WAIT_MIN);
		return;
	}
	if (READ_ONCE(l->leaving))
		nf_conntrack_resend_leave(u, slot);
	else if (READ_ONCE(l->given_up))
		nf_conntrack_resend_lapse(u, slot);
	else
		nf_conntrack_resend_queue(u, slot);
	nf_conntrack_resend_end(l);
}

/* One round; returns when the next one is due, U64_MAX: nothing waits. */
static u64 nf_conntrack_resend_round(struct nf_conntrack_unsent *u)
{
	bool kicked = test_and_clear_bit(NF_CT_UNSENT_KICKED, &u->state);
	struct nf_conntrack_listener *l;
	u64 next = U64_MAX;
	unsigned int slot;

	clear_bit(NF_CT_UNSENT_FIRST, &u->state);
	/* what is queued before the bit is set again is seen below */
	smp_mb__after_atomic();
	for (slot = 0; slot < NF_CT_LISTENERS; slot++) {
		l = &u->slots[slot];
		if (nf_conntrack_listener_idle(l) && !READ_ONCE(l->leaving)) {
			WRITE_ONCE(l->not_before, 0);
			continue;
		}
		if (kicked || ktime_get_ns() >= READ_ONCE(l->not_before))
			nf_conntrack_resend_slot(u, slot);
		if (!nf_conntrack_listener_idle(l))
			next = min(next, READ_ONCE(l->not_before));
		cond_resched();
	}
	return next;
}

static bool nf_conntrack_resend_idle(const struct nf_conntrack_unsent *u)
{
	unsigned int slot;

	for (slot = 0; slot < NF_CT_LISTENERS; slot++) {
		if (!nf_conntrack_listener_idle(&u->slots[slot]))
			return false;
	}
	return true;
}

/* Nothing waits, it seems: may the worker go? */
static bool nf_conntrack_resend_finish(struct nf_conntrack_unsent *u)
{
	clear_bit(NF_CT_UNSENT_SCHEDULED, &u->state);
	/* pairs with test_and_set_bit() in nf_conntrack_unsent_wake(), after queueing */
	smp_mb__after_atomic();
	return nf_conntrack_resend_idle(u) ||
	       test_and_set_bit(NF_CT_UNSENT_SCHEDULED, &u->state);
}

/* Let the timer start the worker again.  False: there is something to do now. */
static bool nf_conntrack_resend_sleep(struct nf_conntrack_unsent *u, u64 wait)
{
	hrtimer_start(&u->timer, ns_to_ktime(wait), HRTIMER_MODE_REL_SOFT);
	/* another CPU sets a bit and then looks for a timer to cut short: it sees this
	 * one, or we see the bit
	 */
	smp_mb();
	if (!test_bit(NF_CT_UNSENT_KICKED, &u->state) &&
	    !test_bit(NF_CT_UNSENT_FIRST, &u->state))
		return true;
	return hrtimer_try_to_cancel(&u->timer) != 1;
}

static void nf_conntrack_resend_worker(struct work_struct *work)
{
	struct nf_conntrack_unsent *u =
		container_of(work, struct nf_conntrack_unsent, work);
	u64 next, now;

	for (;;) {
		next = nf_conntrack_resend_round(u);
		if (next == U64_MAX) {
			if (nf_conntrack_resend_finish(u))
				return;
			continue;
		}
		now = ktime_get_ns();
		if (next <= now || test_bit(NF_CT_UNSENT_KICKED, &u->state))
			continue;
		/* a quick reader of a small buffer: do not give up the CPU for long */
		if (next - now < NF_CT_RESEND_SPIN) {
			cpu_relax();
			continue;
		}
		if (next - now < NF_CT_RESEND_NAP) {
			usleep_range(div_u64(next - now, NSEC_PER_USEC) + 1,
				     div_u64(next - now, NSEC_PER_USEC) + 10);
			continue;
		}
		if (nf_conntrack_resend_sleep(u, next - now))
			return;
	}
}

/**
 * nf_conntrack_events_kick - look at all queues now
 * @net: namespace, one of whose listeners has left
 *
 * Context: any.
 */
void nf_conntrack_events_kick(struct net *net)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);

	if (nf_conntrack_unsent_idle(u))
		return;
	set_bit(NF_CT_UNSENT_KICKED, &u->state);
	/* a worker that runs sees the bit; a timer that ticks is cut short */
	smp_mb__after_atomic();
	if (hrtimer_try_to_cancel(&u->timer) == 1)
		queue_work(nf_conntrack_wq, &u->work);
	else
		nf_conntrack_unsent_wake(u, false);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_events_kick);

/**
 * nf_conntrack_events_drain - give up everything that is undelivered
 * @net: namespace without a notifier
 *
 * Context: process, sleeps.
 */
void nf_conntrack_events_drain(struct net *net)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);

	while (!nf_conntrack_unsent_idle(u)) {
		/* without a notifier every attempt succeeds */
		set_bit(NF_CT_UNSENT_KICKED, &u->state);
		if (!test_and_set_bit(NF_CT_UNSENT_SCHEDULED, &u->state) ||
		    hrtimer_cancel(&u->timer))
			queue_work(nf_conntrack_wq, &u->work);
		flush_work(&u->work);
		cond_resched();
	}
	flush_work(&u->work);
	nf_conntrack_listeners_forget(net);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_events_drain);

/**
 * nf_conntrack_resend_pernet_init - connect the worker to the lists
 * @net: namespace, whose lists are set up
 *
 * Context: process.
 */
void nf_conntrack_resend_pernet_init(struct net *net)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);
	struct nf_conntrack_listener *l;
	unsigned int slot;

	INIT_WORK(&u->work, nf_conntrack_resend_worker);
	hrtimer_setup(&u->timer, nf_conntrack_resend_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_SOFT);
	for (slot = 0; slot < NF_CT_LISTENERS; slot++) {
		l = &u->slots[slot];
		init_waitqueue_func_entry(&l->wait, nf_conntrack_resend_read);
		hrtimer_setup(&l->refill, nf_conntrack_resend_refill,
			      CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	}
}

/**
 * nf_conntrack_resend_pernet_fini - drop the rest, and stop the worker
 * @net: namespace without entries and without a notifier
 *
 * Context: process, sleeps.
 */
void nf_conntrack_resend_pernet_fini(struct net *net)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);
	unsigned int slot;

	/* an expectation may still have been on its way out */
	nf_conntrack_events_drain(net);
	/* no read is watched any more */
	for (slot = 0; slot < NF_CT_LISTENERS; slot++)
		hrtimer_cancel(&u->slots[slot].refill);
	cancel_work_sync(&u->work);
	hrtimer_cancel(&u->timer);
	cancel_work_sync(&u->work);
	hrtimer_cancel(&u->timer);
}
