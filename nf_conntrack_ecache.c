// SPDX-License-Identifier: GPL-2.0
/*
 * Events of an entry: collected while a packet passes, sent afterwards, and
 * never forgotten when a listener refuses.  At most one sender works on an
 * entry at a time (NF_CT_UNSENT_BUSY); who comes meanwhile leaves its events
 * to that one, nobody waits.  So the order of one connection's events is NEW,
 * changes, DESTROY, without a lock.  The notifier pointer is RCU.  Expectations
 * go the same way, with NEW and DESTROY only, sent at once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_extend.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_pending.h"
#include "nf_conntrack_trace.h"
#include "nf_ct_expect_life.h"

#define NF_CT_EVENTS_OFF	0
#define NF_CT_EVENTS_DEFAULT	2

/* How often a sender goes on with what others left to it */
#define NF_CT_SEND_ROUNDS	4

#define NF_CT_DESTROY_EVENT	BIT(IPCT_DESTROY)

/* ---- whose turn it is ---- */

/* Add @events; become the sender and take all of them, or return 0. */
static u32 nf_ct_unsent_claim(u32 *word, u32 events)
{
	u32 old = READ_ONCE(*word);
	u32 new, mine;

	do {
		mine = 0;
		if (old & NF_CT_UNSENT_DONE)
			return 0;
		new = old | events;
		if (!(old & NF_CT_UNSENT_BUSY)) {
			mine = new & NF_CT_UNSENT_EVENTS;
			if (!mine)
				return 0;
			new = (new & ~NF_CT_UNSENT_EVENTS) | NF_CT_UNSENT_BUSY;
		}
	} while (!try_cmpxchg(word, &old, new));
	return mine;
}

/* Stop being the sender; @back was not sent. Returns what is unsent now. */
static u32 nf_ct_unsent_release(u32 *word, u32 back, bool done)
{
	u32 old = READ_ONCE(*word);
	u32 new;

	do {
		new = (old & ~NF_CT_UNSENT_BUSY) | back;
		if (done)
			new = (new & (NF_CT_UNSENT_LISTED | NF_CT_UNSENT_DYING)) |
			      NF_CT_UNSENT_DONE;
	} while (!try_cmpxchg(word, &old, new));
	return new & NF_CT_UNSENT_EVENTS;
}

/* Leave @events to the one who has the entry, who then looks for more. */
static void nf_ct_unsent_leave(u32 *word, u32 events)
{
	u32 old = READ_ONCE(*word);

	while (!try_cmpxchg(word, &old, old | events))
		;
}

/*
 * Something of the entry is on the list already: add @events and let the list
 * send all of it.  A try now would fill the socket before those that wait
 * longer, and cost every packet of a connection a message that is thrown away.
 */
static bool nf_ct_unsent_join(u32 *word, u32 events)
{
	u32 old = READ_ONCE(*word);

	do {
		if (!(old & NF_CT_UNSENT_LISTED))
			return false;
		if (old & NF_CT_UNSENT_DONE)
			return true;
	} while (!try_cmpxchg(word, &old, old | events));
	return true;
}

/* ---- sending ---- */

static int nf_ct_notify_connection(const struct nf_ct_event_notifier *notify,
				   const struct nf_ct_unsent_item *item,
				   u32 events, u32 portid, int report)
{
	const struct nf_ct_event event = {
		.ct	= item->ct,
		.portid	= portid,
		.report	= report,
	};

	return notify->ct_event(events, &event);
}

/* One event at a time */
static int nf_ct_notify_expectation(const struct nf_ct_event_notifier *notify,
				    const struct nf_ct_unsent_item *item,
				    u32 events, u32 portid, int report)
{
	const struct nf_ct_expect_event event = {
		.item.portid	= portid,
		.item.report	= report,
		.life		= item->life,
	};

	return notify->exp_event(events & NF_CT_DESTROY_EVENT ? BIT(IPEXP_DESTROY) :
								BIT(IPEXP_NEW),
				 &event.item);
}

static int nf_ct_notify(const struct nf_ct_unsent_item *item, u32 events,
			u32 portid, int report)
{
	const struct nf_ct_event_notifier *notify;
	int ret = 0;

	rcu_read_lock();
	notify = rcu_dereference(item->net->ct.nf_conntrack_event_cb);
	if (notify && item->ct)
		ret = nf_ct_notify_connection(notify, item, events, portid, report);
	else if (notify)
		ret = nf_ct_notify_expectation(notify, item, events, portid, report);
	rcu_read_unlock();
	return ret;
}

/*
 * Send what was claimed, the news of its life before that of its death.
 * Returns the notifier's answer; @left is what has not been handed over.
 */
static int nf_ct_send_claimed(const struct nf_ct_unsent_item *item, u32 *left,
			      u32 portid, int report)
{
	u32 part = *left & ~NF_CT_DESTROY_EVENT;
	int ret;

	if (part) {
		/* the port belongs to whoever ended the connection */
		bool last = !(*left & NF_CT_DESTROY_EVENT);

		ret = nf_ct_notify(item, part, last ? portid : 0,
				   last ? report : 0);
		if (ret < 0)
			return ret;
		*left &= ~part;
		if (ret == NF_CT_EVENT_HELD)
			return ret;
	}
	if (!*left)
		return 0;

	ret = nf_ct_notify(item, NF_CT_DESTROY_EVENT, portid, report);
	if (ret >= 0)
		*left = 0;
	return ret;
}

/*
 * Try to send @events and whatever else is unsent.
 * Returns 0: all is out or somebody else sends it; NF_CT_EVENT_HELD: all is in
 * a batch; negative: it waits, the entry may not be freed yet.
 */
static int nf_ct_send(const struct nf_ct_unsent_item *item, u32 events,
		      u32 portid, int report, bool again)
{
	unsigned int round;
	u32 mine, left;
	bool done;
	int ret;

	if (!again && !report && nf_ct_unsent_join(item->word, events)) {
		/* from now on it counts as dying */
		if (events & NF_CT_DESTROY_EVENT)
			nf_ct_unsent_queue(item);
		return -EAGAIN;
	}

	for (round = 0; round < NF_CT_SEND_ROUNDS; round++) {
		mine = nf_ct_unsent_claim(item->word, events);
		if (!mine)
			return 0;
		events = 0;

		left = mine;
		ret = nf_ct_send_claimed(item, &left, portid, report);
		if (ret < 0) {
			nf_ct_count_refused(item->net);
			if (item->ct)
				trace_nf_ct_event_refused(item->ct, left, ret);
			nf_ct_unsent_release(item->word, left, false);
			nf_ct_unsent_queue(item);
			return ret;
		}
		if (ret == NF_CT_EVENT_HELD) {
			/* the entry stays ours until nf_ct_event_complete() */
			nf_ct_unsent_leave(item->word, left);
			return ret;
		}

		nf_ct_count_delivered(item->net, again);
		if (again && item->ct)
			trace_nf_ct_event_resent(item->ct, mine, 0);
		done = mine & NF_CT_DESTROY_EVENT;
		if (!nf_ct_unsent_release(item->word, 0, done))
			return 0;
	}
	/* others keep it busy: let the list do it */
	nf_ct_unsent_queue(item);
	return -EAGAIN;
}

/* The netlink port that ended it */
static u32 nf_ct_unsent_portid(const struct nf_ct_unsent_item *item)
{
	return item->ct ? READ_ONCE(nf_ct_ecache_find(item->ct)->portid) :
			  READ_ONCE(item->life->portid);
}

int nf_ct_unsent_try(const struct nf_ct_unsent_item *item)
{
	return nf_ct_send(item, 0, nf_ct_unsent_portid(item), 0, true);
}

/**
 * nf_ct_event_complete - a held event has been sent, or refused
 * @ct:     entry on which the holder took a reference; it ends here
 * @events: what was held
 * @err:    0 or negative
 *
 * Context: softirq safe; may call the notifier.
 */
void nf_ct_event_complete(struct nf_conn *ct, unsigned int events, int err)
{
	const struct nf_ct_unsent_item item =
		nf_ct_unsent_connection(ct, nf_ct_ecache_find(ct));
	bool done = !err && events & NF_CT_DESTROY_EVENT;

	if (err)
		nf_ct_count_refused(item.net);
	else
		nf_ct_count_delivered(item.net, false);

	if (nf_ct_unsent_release(item.word, err ? events & NF_CT_UNSENT_EVENTS : 0,
				 done))
		nf_ct_unsent_queue(&item);
	nf_ct_put(ct);
}

NF_CT_EXPORT_PRIVATE(nf_ct_event_complete);

/**
 * nf_ct_deliver_cached_events - send what a packet has changed
 * @ct: entry
 *
 * Context: netfilter hook, after the packet's last hook; softirq safe.
 */
void nf_ct_deliver_cached_events(struct nf_conn *ct)
{
	struct nf_conntrack_ecache *e = nf_ct_ecache_find(ct);
	struct nf_ct_unsent_item item;
	u32 events = 0;

	if (!e || !nf_ct_is_confirmed(ct))
		return;
	if (READ_ONCE(e->cache)) {
		/* nobody listens anywhere: keep the changes, not the birth */
		if (!READ_ONCE(nf_ctnetlink_has_listener))
			return;
		events = xchg(&e->cache, 0) & e->ctmask;
	}
	if (!events && likely(!(READ_ONCE(e->missed) & NF_CT_UNSENT_EVENTS)))
		return;
	item = nf_ct_unsent_connection(ct, e);
	nf_ct_send(&item, events, 0, 0, false);
}

/**
 * nf_conntrack_eventmask_report - send events at once
 * @events: bits of enum ip_conntrack_events
 * @ct:     entry
 * @portid: netlink port that caused them, or 0
 * @report: that port wants them, too
 *
 * Context: softirq safe.
 * Return: 0 or positive when they are out (or in a batch), negative when they
 * wait; then a list holds a reference on @ct.
 */
int nf_conntrack_eventmask_report(unsigned int events, struct nf_conn *ct,
				  u32 portid, int report)
{
	struct nf_conntrack_ecache *e = nf_ct_ecache_find(ct);
	struct nf_ct_unsent_item item;
	int ret;

	if (!e || !nf_ct_is_confirmed(ct))
		return 0;
	if (!rcu_access_pointer(nf_ct_net(ct)->ct.nf_conntrack_event_cb))
		return 0;
	/* nobody listens anywhere, nobody asked, nothing waits; who begins to
	 * listen now shall not hear what follows the end
	 */
	if (!READ_ONCE(nf_ctnetlink_has_listener) && !report &&
	    !cmpxchg(&e->missed, 0, events & NF_CT_DESTROY_EVENT ?
				    NF_CT_UNSENT_DONE : 0))
		return 0;

	/* what the last packets changed comes before the end */
	if (events & NF_CT_DESTROY_EVENT) {
		if (READ_ONCE(e->cache) && READ_ONCE(nf_ctnetlink_has_listener))
			events |= xchg(&e->cache, 0);
		/* for a later try */
		if (portid)
			WRITE_ONCE(e->portid, portid);
	}
	events &= e->ctmask;
	if (!events)
		return 0;

	item = nf_ct_unsent_connection(ct, e);
	ret = nf_ct_send(&item, events, portid, report, false);
	/* another CPU has the entry: it, or the list after it, sends the rest */
	if (!ret && events & NF_CT_DESTROY_EVENT &&
	    !(READ_ONCE(e->missed) & NF_CT_UNSENT_DONE))
		ret = -EINPROGRESS;
	return ret;
}

/* ---- expectations ---- */

/**
 * nf_ct_expect_event_report - send an expectation's event
 * @event:  NEW or DESTROY
 * @exp:    expectation, linked or just unlinked
 * @portid: netlink port that caused it, or 0
 * @report: that port wants it, too
 *
 * When a reliable listener refuses, a list holds a reference on the life.
 *
 * Context: softirq safe; nf_conntrack_expect_lock held.
 */
void nf_ct_expect_event_report(enum ip_conntrack_expect_events event,
			       struct nf_conntrack_expect *exp,
			       u32 portid, int report)
{
	struct nf_ct_expect_life *life = nf_ct_expectation(exp)->life;
	const struct nf_ct_unsent_item item = nf_ct_unsent_expectation(life);
	u32 events = event == IPEXP_NEW ? BIT(IPCT_NEW) : NF_CT_DESTROY_EVENT;

	lockdep_nfct_expect_lock_held();

	if (!(life->expmask & BIT(event)) ||
	    !rcu_access_pointer(item.net->ct.nf_conntrack_event_cb))
		return;
	/* for a later try */
	if (event == IPEXP_DESTROY)
		WRITE_ONCE(life->portid, portid);

	nf_ct_send(&item, events, portid, report, false);
}

bool nf_ct_expect_life_waits(const struct nf_ct_expect_life *life)
{
	u32 word = READ_ONCE(life->missed);

	return word & (NF_CT_UNSENT_EVENTS | NF_CT_UNSENT_BUSY | NF_CT_UNSENT_LISTED) &&
	       !(word & NF_CT_UNSENT_DONE);
}

/* ---- listeners and entries ---- */

/**
 * nf_conntrack_register_notifier - connect ctnetlink
 * @net: namespace
 * @new: callbacks
 */
void nf_conntrack_register_notifier(struct net *net,
				    const struct nf_ct_event_notifier *new)
{
	WARN_ON_ONCE(rcu_access_pointer(net->ct.nf_conntrack_event_cb));
	/* the pointer is not declared const; nobody writes through it */
	rcu_assign_pointer(net->ct.nf_conntrack_event_cb,
			   (struct nf_ct_event_notifier *)new);
}

/**
 * nf_conntrack_unregister_notifier - disconnect ctnetlink
 * @net: namespace
 *
 * Context: process, sleeps. On return no callback runs any more and nothing
 * waits to be sent.
 */
void nf_conntrack_unregister_notifier(struct net *net)
{
	RCU_INIT_POINTER(net->ct.nf_conntrack_event_cb, NULL);
	synchronize_net();
	nf_conntrack_events_drain(net);
}

/**
 * nf_ct_ecache_ext_add - prepare an entry for events
 * @ct:      unconfirmed entry
 * @ctmask:  events a rule selected, 0 for none in particular
 * @expmask: the same for expectations
 * @gfp:     allocation flags
 *
 * DIFF: with nf_conntrack_events=2 the kernel skips this while nobody listens,
 * and such entries stay silent for ever. Here it costs no memory, so they
 * report as soon as somebody listens.
 *
 * Return: false when out of memory.
 */
bool nf_ct_ecache_ext_add(struct nf_conn *ct, u16 ctmask, u16 expmask, gfp_t gfp)
{
	struct nf_conntrack_ecache *e;

	if (!ctmask && !expmask) {
		if (READ_ONCE(nf_ct_net(ct)->ct.sysctl_events) == NF_CT_EVENTS_OFF)
			return true;
		ctmask = U16_MAX;
		expmask = U16_MAX;
	}

	e = nf_ct_ext_add(ct, NF_CT_EXT_ECACHE, gfp);
	if (!e)
		return false;
	e->ctmask = ctmask;
	e->expmask = expmask;
	return true;
}

/**
 * nf_conn_pernet_ecache - the kernel's own place for undelivered entries
 * @net: namespace
 *
 * Kept for its symbol: the list is empty, see nf_conntrack_resend.c.
 */
struct nf_conntrack_net_ecache *nf_conn_pernet_ecache(const struct net *net)
{
	return &nf_ct_pernet(net)->ecache;
}

static void nf_conntrack_ecache_unused(struct work_struct *work)
{
}

void nf_conntrack_ecache_pernet_init(struct net *net)
{
	struct nf_conntrack_net_ecache *ecache = nf_conn_pernet_ecache(net);

	net->ct.sysctl_events = NF_CT_EVENTS_DEFAULT;
	spin_lock_init(&ecache->dying_lock);
	INIT_HLIST_NULLS_HEAD(&ecache->dying_list, 0);
	INIT_DELAYED_WORK(&ecache->dwork, nf_conntrack_ecache_unused);
}

void nf_conntrack_ecache_pernet_fini(struct net *net)
{
}
