// SPDX-License-Identifier: GPL-2.0
/*
 * Sends what is listed as undelivered: one work item for each namespace.  While a
 * listener takes events, the worker goes on at once; after a refusal it waits as
 * event/pace.c says, and a high-resolution timer starts it again.  No lock of its
 * own: the lists have theirs, and at most one worker runs for a namespace.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/workqueue.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_conntrack_unsent.h"

/* Items that are tried before other tasks get the CPU */
#define NF_CT_RESEND_BUDGET	64

static enum hrtimer_restart nf_conntrack_resend_timer(struct hrtimer *timer)
{
	struct nf_conntrack_unsent *u =
		container_of(timer, struct nf_conntrack_unsent, timer);

	queue_work(nf_conntrack_wq, &u->work);
	return HRTIMER_NORESTART;
}

/* How long to wait for the first of the kinds @refused */
static u64 nf_conntrack_resend_delay(const struct nf_conntrack_unsent *u,
				     unsigned long refused)
{
	u64 limit = jiffies_to_nsecs(nf_conntrack_pernet(u->net)->events_retry);
	u64 now = ktime_get_ns();
	u64 wait = U64_MAX;
	unsigned int kind;

	for_each_set_bit(kind, &refused, NF_CT_UNSENT_KINDS)
		wait = min(wait, nf_conntrack_pace_wait(&u->pace[kind], now, limit,
							get_random_u32()));
	return wait;
}

static void nf_conntrack_resend_wait(struct nf_conntrack_unsent *u,
				     unsigned long refused)
{
	unsigned int kind;

	for_each_set_bit(kind, &refused, NF_CT_UNSENT_KINDS)
		nf_conntrack_pace_refused(&u->pace[kind]);
	if (test_and_clear_bit(NF_CT_UNSENT_KICKED, &u->state)) {
		queue_work(nf_conntrack_wq, &u->work);
		return;
	}
	hrtimer_start(&u->timer, ns_to_ktime(nf_conntrack_resend_delay(u, refused)),
		      HRTIMER_MODE_REL_SOFT);
}

/* Nothing is left, it seems: may the worker go? */
static bool nf_conntrack_resend_finish(struct nf_conntrack_unsent *u)
{
	clear_bit(NF_CT_UNSENT_SCHEDULED, &u->state);
	/* pairs with test_and_set_bit() in nf_conntrack_unsent_wake() */
	smp_mb__after_atomic();
	return nf_conntrack_unsent_idle(u) ||
	       test_and_set_bit(NF_CT_UNSENT_SCHEDULED, &u->state);
}

/* Try an item that was popped; no CPU lists it meanwhile.
 *
 * DIFF: events-twice: netlink sends to the whole group, so a listener that has taken
 * the event at an earlier attempt gets it again.
 */
static int nf_conntrack_resend_one(const struct nf_ct_unsent_item *item)
{
	int ret = nf_ct_unsent_try(item);

	if (ret < 0) {
		nf_ct_unsent_put_back(item);
		return ret;
	}
	if (nf_ct_unsent_unlist(item))
		nf_ct_unsent_put(item);
	return ret;
}

/* A batch that was refused since the worker looked last counts as a refusal. */
static void nf_conntrack_resend_note_batch(struct nf_conntrack_unsent *u,
					   unsigned long *refused)
{
	if (test_bit(NF_CT_UNSENT_REFUSED, &u->state) &&
	    test_and_clear_bit(NF_CT_UNSENT_REFUSED, &u->state))
		__set_bit(NF_CT_UNSENT_CONNECTION, refused);
}

/* A listener that refuses one kind need not keep items of the other kind waiting. */
static void nf_conntrack_resend_worker(struct work_struct *work)
{
	struct nf_conntrack_unsent *u =
		container_of(work, struct nf_conntrack_unsent, work);
	struct nf_ct_unsent_item item;
	enum nf_ct_unsent_kind kind;
	unsigned long refused = 0;
	unsigned int n = 0;
	int ret;

	for (;;) {
		nf_conntrack_resend_note_batch(u, &refused);
		if (!nf_conntrack_unsent_pop(u, refused, &item)) {
			if (refused) {
				nf_conntrack_resend_wait(u, refused);
				return;
			}
			if (nf_conntrack_resend_finish(u))
				return;
			continue;
		}
		kind = nf_ct_unsent_kind(&item);
		ret = nf_conntrack_resend_one(&item);
		if (ret < 0)
			__set_bit(kind, &refused);
		else if (ret != NF_CT_EVENT_HELD)
			nf_conntrack_unsent_taken(u, kind);
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
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);

	if (nf_conntrack_unsent_idle(u))
		return;
	set_bit(NF_CT_UNSENT_KICKED, &u->state);
	/* a worker that runs sees the bit; a timer that ticks is cut short */
	if (hrtimer_try_to_cancel(&u->timer) == 1)
		queue_work(nf_conntrack_wq, &u->work);
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
		if (!test_and_set_bit(NF_CT_UNSENT_SCHEDULED, &u->state) ||
		    hrtimer_cancel(&u->timer))
			queue_work(nf_conntrack_wq, &u->work);
		flush_work(&u->work);
		cond_resched();
	}
	/* the last item is off its list before it has been tried */
	flush_work(&u->work);
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

	INIT_WORK(&u->work, nf_conntrack_resend_worker);
	hrtimer_init(&u->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	u->timer.function = nf_conntrack_resend_timer;
}

/**
 * nf_conntrack_resend_pernet_fini - stop the worker
 * @net: namespace without entries and without a notifier
 *
 * Context: process, sleeps.
 */
void nf_conntrack_resend_pernet_fini(struct net *net)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);

	/* the worker starts the timer, not before it has put back what it had */
	cancel_work_sync(&u->work);
	hrtimer_cancel(&u->timer);
	cancel_work_sync(&u->work);
}
