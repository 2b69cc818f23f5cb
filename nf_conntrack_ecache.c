// SPDX-License-Identifier: GPL-2.0
/*
 * Events of an entry: noted while a packet passes, sent afterwards, and kept when a
 * listener refuses.  At most one CPU sends for an entry at a time; another CPU
 * leaves its events to the sender: event/unsent.c has the rules, and the order of
 * one connection's events, NEW, changes, DESTROY, needs no lock.  The notifier
 * pointer is RCU.  Expectations go the same way, with NEW and DESTROY only.
 */
#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_extend.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_conntrack_trace.h"
#include "nf_conntrack_unsent.h"
#include "nf_ct_expect_life.h"

#define NF_CT_EVENTS_OFF	0
#define NF_CT_EVENTS_DEFAULT	2

/* How often a sender goes on with what other CPUs left to it */
#define NF_CT_SEND_ROUNDS	4

#define NF_CT_BIRTH_EVENTS	(BIT(IPCT_NEW) | BIT(IPCT_RELATED))

/* ---- sending ---- */

static int nf_ct_notify_connection(const struct nf_ct_event_notifier *notify,
				   const struct nf_ct_unsent_item *item,
				   u32 events, u32 portid,
				   enum nf_ct_event_report report)
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
				    u32 events, u32 portid,
				    enum nf_ct_event_report report)
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
			u32 portid, enum nf_ct_event_report report)
{
	const struct nf_ct_event_notifier *notify;
	int ret = NF_CT_EVENT_NOBODY;

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
 * Send what was claimed, the destroy event last and in a message of its own.
 * Returns the notifier's answer; @left is what has not been handed over.
 */
static int nf_ct_send_claimed(const struct nf_ct_unsent_item *item, u32 *left,
			      u32 portid, enum nf_ct_event_report report)
{
	u32 part = *left & ~NF_CT_DESTROY_EVENT;
	int ret = NF_CT_EVENT_NOBODY, last;

	if (part) {
		/* @portid is that of the destroy event, if there is one */
		bool only = part == *left;

		ret = nf_ct_notify(item, part, only ? portid : 0,
				   only ? report : NF_CT_REPORT_NO);
		if (ret < 0)
			return ret;
		*left &= ~part;
		if (ret == NF_CT_EVENT_HELD)
			return ret;
	}
	if (!*left)
		return ret;

	last = nf_ct_notify(item, NF_CT_DESTROY_EVENT, portid, report);
	if (last >= 0)
		*left = 0;
	/* one of the two has reached a listener, unless both answers are NOBODY */
	return last == NF_CT_EVENT_NOBODY ? ret : last;
}

/* The netlink port that made or ended the item, if @events say that */
static u32 nf_ct_unsent_portid(const struct nf_ct_unsent_item *item, u32 events)
{
	if (!(events & (NF_CT_DESTROY_EVENT | NF_CT_BIRTH_EVENTS)))
		return 0;
	return item->ecache ? READ_ONCE(item->ecache->portid) :
			      READ_ONCE(item->life->portid);
}

static int nf_ct_send_refused(const struct nf_ct_unsent_item *item, u32 left,
			      int err)
{
	nf_conntrack_count_refused(item->net);
	if (item->ct)
		trace_nf_ct_event_refused(item->ct, left, err);
	nf_ct_unsent_release(item, left, false);
	nf_ct_unsent_queue(item);
	return err;
}

static void nf_ct_send_taken(const struct nf_ct_unsent_item *item, u32 events,
			     bool again)
{
	nf_conntrack_count_delivered(item->net, again);
	if (again && item->ct)
		trace_nf_ct_event_resent(item->ct, events, 0);
}

/**
 * nf_ct_unsent_send - try to send events of an item
 * @item:   item
 * @events: events to add to what is undelivered
 * @portid: netlink port that caused them, or 0
 * @report: that port wants its copy
 * @again:  the item was on a list
 *
 * Context: softirq safe.
 * Return: 0 when all is out, or another CPU sends it; NF_CT_EVENT_NOBODY when
 * nothing was sent, or no listener heard it; NF_CT_EVENT_HELD when all is in a
 * batch; negative when it waits and a list holds a reference.
 *
 * DIFF: events-reliable: stock forgets a refused NEW or change.
 */
int nf_ct_unsent_send(const struct nf_ct_unsent_item *item, u32 events,
		      u32 portid, enum nf_ct_event_report report,
		      bool again)
{
	const u32 own = events;
	int ret, sum = NF_CT_EVENT_NOBODY;
	unsigned int round;
	u32 mine, left;

	if (!again && !report && nf_ct_unsent_join(item, events)) {
		/* from now on it counts as dying */
		if (events & NF_CT_DESTROY_EVENT)
			nf_ct_unsent_queue(item);
		return -EAGAIN;
	}

	for (round = 0; round < NF_CT_SEND_ROUNDS; round++) {
		if (!nf_ct_unsent_claim(item, events, &mine)) {
			/* the sender does not know that @portid wants a copy */
			if (report)
				nf_ct_notify(item, own, portid,
					     NF_CT_REPORT_ECHO_ONLY);
			return NF_CT_EVENT_DELIVERED;
		}
		events = 0;

		/* events that other CPUs have left have other ports */
		if (mine & ~own && !report)
			portid = nf_ct_unsent_portid(item, mine);
		left = mine;
		ret = nf_ct_send_claimed(item, &left, portid, report);
		if (ret < 0)
			return nf_ct_send_refused(item, left, ret);
		if (ret == NF_CT_EVENT_HELD) {
			/* the entry stays ours until nf_ct_event_complete(),
			 * which may be through already
			 */
			if (left && !nf_ct_unsent_leave(item, left))
				nf_ct_unsent_queue(item);
			return ret;
		}

		if (ret != NF_CT_EVENT_NOBODY) {
			nf_ct_send_taken(item, mine, again);
			sum = NF_CT_EVENT_DELIVERED;
		}
		if (!nf_ct_unsent_release(item, 0, mine & NF_CT_DESTROY_EVENT))
			return sum;
		/* an echo is for the first round only */
		report = NF_CT_REPORT_NO;
	}
	/* other CPUs add events all the time: the worker sends the rest */
	nf_ct_unsent_queue(item);
	return -EAGAIN;
}

/**
 * nf_ct_unsent_try - try to send what is undelivered of an item that was popped
 * @item: item
 *
 * Context: process.
 * Return: as nf_ct_unsent_send().
 */
int nf_ct_unsent_try(const struct nf_ct_unsent_item *item)
{
	return nf_ct_unsent_send(item, 0, 0, NF_CT_REPORT_NO, true);
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
		nf_conntrack_count_refused(item.net);
	else
		nf_conntrack_count_delivered(item.net, false);

	if (nf_ct_unsent_release(&item, err ? events & NF_CT_UNSENT_EVENTS : 0,
				 done))
		nf_ct_unsent_queue(&item);
	nf_conntrack_unsent_batch_result(item.net, err);
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

	if (!e || !nf_ct_is_confirmed(ct))
		return;
	item = nf_ct_unsent_connection(ct, e);
	/* while no program listens, changes stay for a later listener */
	if (nf_ct_unsent_fresh(&item) ||
	    unlikely(READ_ONCE(e->missed) & NF_CT_UNSENT_EVENTS))
		nf_ct_unsent_send(&item, 0, 0, NF_CT_REPORT_NO, false);
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
	/* no program listens, no port wants a copy, nothing is undelivered.  A
	 * listener that comes now gets nothing that follows the destroy event
	 */
	if (!READ_ONCE(nf_ctnetlink_has_listener) && !report &&
	    !cmpxchg(&e->missed, 0, events & NF_CT_DESTROY_EVENT ?
				    NF_CT_UNSENT_DONE : 0))
		return 0;

	/* for a later attempt; until now it was the port that made the entry */
	if (events & NF_CT_DESTROY_EVENT)
		WRITE_ONCE(e->portid, portid);
	events &= e->ctmask;
	item = nf_ct_unsent_connection(ct, e);
	if (!events && !nf_ct_unsent_fresh(&item))
		return 0;

	ret = nf_ct_unsent_send(&item, events, portid, report, false);
	/* another CPU is the sender: it, or the worker after it, sends the rest */
	if (!ret && events & NF_CT_DESTROY_EVENT &&
	    !(READ_ONCE(e->missed) & NF_CT_UNSENT_DONE))
		ret = -EINPROGRESS;
	return ret;
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
	/* the pointer is not declared const; no code writes through it */
	rcu_assign_pointer(net->ct.nf_conntrack_event_cb,
			   (struct nf_ct_event_notifier *)new);
}

/**
 * nf_conntrack_unregister_notifier - disconnect ctnetlink
 * @net: namespace
 *
 * Context: any. The callbacks may still run until a grace period is over; after it
 * nf_conntrack_events_drain() gives up what waits.
 */
void nf_conntrack_unregister_notifier(struct net *net)
{
	RCU_INIT_POINTER(net->ct.nf_conntrack_event_cb, NULL);
}

/**
 * nf_ct_ecache_ext_add - prepare an entry for events
 * @ct:      unconfirmed entry
 * @ctmask:  events a rule selected, 0 for none in particular
 * @expmask: the same for expectations
 * @gfp:     allocation flags
 *
 * DIFF: events-before-listener: with nf_conntrack_events=2 stock skips this while
 * no program listens, and such entries never report.  Here it costs no memory, so
 * they report as soon as a program listens.
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
 * Kept for its symbol: the list is empty, see event/unsent.c.
 *
 * Return: that place.
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
