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
#define NF_CT_SEND_ROUNDS	8

/* ---- sending ---- */

/* Hand one message to the notifier: of a connection, or one event of an expectation. */
static int nf_ct_notify(const struct nf_ct_unsent_item *item, u32 events,
			u32 portid, enum nf_ct_event_report report,
			struct nf_ct_delivery *d)
{
	const struct nf_ct_connection_event connection = {
		.item		= { .ct = item->ct, .portid = portid, .report = report },
		.delivery	= d,
	};
	const struct nf_ct_expect_event expectation = {
		.item		= { .portid = portid, .report = report },
		.life		= item->life,
		.delivery	= d,
	};
	u32 which = events & NF_CT_DESTROY_EVENT ? IPEXP_DESTROY : IPEXP_NEW;
	const struct nf_ct_event_notifier *notify;
	int ret = NF_CT_EVENT_NOBODY;

	rcu_read_lock();
	notify = rcu_dereference(item->net->ct.nf_conntrack_event_cb);
	if (notify && item->ct)
		ret = notify->ct_event(events, &connection.item);
	else if (notify)
		ret = notify->exp_event(BIT(which), &expectation.item);
	rcu_read_unlock();

	/* a notifier that knows no slots, or a listener without one */
	if (ret < 0 && !d->lack)
		d->lack = BIT(d->only >= 0 ? d->only : NF_CT_LISTENER_SHARED);
	return ret;
}

/* What a listener lacks that has not got @events */
static enum nf_ct_unsent_set nf_ct_events_set(u32 events)
{
	if (events & NF_CT_DESTROY_EVENT)
		return NF_CT_LACK_END;
	return events & NF_CT_BIRTH_EVENTS ? NF_CT_LACK_BIRTH : NF_CT_LACK_CHANGE;
}

/* Send one message to all listeners that do not lack an earlier one. */
static int nf_ct_send_message(const struct nf_ct_unsent_item *item, u32 events,
			      u32 portid, enum nf_ct_event_report report)
{
	struct nf_ct_delivery d = {
		.skip	= nf_ct_unsent_lacking(item),
		.only	= -1,
	};
	int ret;

	ret = nf_ct_notify(item, events, portid, report, &d);
	if (ret == NF_CT_EVENT_HELD)
		return ret;
	if (ret == NF_CT_EVENT_DELIVERED)
		nf_conntrack_count_delivered(item->net, false);
	if (d.lack) {
		if (item->ct)
			trace_nf_ct_event_refused(item->ct, events, ret);
		nf_ct_unsent_lack(item, nf_ct_events_set(events), d.lack, events);
	}
	return ret;
}

/* Send what was taken from the cache, the destroy event last and by itself. */
static int nf_ct_send_taken(const struct nf_ct_unsent_item *item, u32 mine,
			    u32 portid, enum nf_ct_event_report report)
{
	u32 end = mine & NF_CT_DESTROY_EVENT;
	u32 part = mine & ~end;
	int ret = NF_CT_EVENT_NOBODY, last;

	if (part) {
		/* @portid is that of the destroy event, if there is one */
		ret = nf_ct_send_message(item, part, end ? 0 : portid,
					 end ? NF_CT_REPORT_NO : report);
		if (ret == NF_CT_EVENT_HELD && end)
			nf_ct_unsent_note(item, end);
		if (ret == NF_CT_EVENT_HELD)
			return ret;
	}
	if (!end)
		return ret;

	last = nf_ct_send_message(item, end, portid, report);
	/* one of the two has reached a listener, unless both answers are NOBODY */
	return last == NF_CT_EVENT_NOBODY ? ret : last;
}

/* The netlink port that made or ended the item, if @events say that */
static u32 nf_ct_unsent_portid(const struct nf_ct_unsent_item *item, u32 events)
{
	if (!(events & (NF_CT_DESTROY_EVENT | NF_CT_BIRTH_EVENTS)))
		return 0;
	return item->ct ? READ_ONCE(nf_ct_ecache_find(item->ct)->portid) :
			  READ_ONCE(item->life->portid);
}

/* Another CPU sends the events of the item, and does not know who wants an echo. */
static void nf_ct_send_echo(const struct nf_ct_unsent_item *item, u32 events,
			    u32 portid)
{
	struct nf_ct_delivery d = { .only = -1 };

	nf_ct_notify(item, events, portid, NF_CT_REPORT_ECHO_ONLY, &d);
}

/**
 * nf_ct_unsent_send - send events of an item to all listeners
 * @item:   item
 * @events: events to add to those that are noted
 * @portid: netlink port that caused them, or 0
 * @report: whether that port wants its copy
 *
 * A reliable listener that has no room gets them later from event/resend.c.
 *
 * Context: softirq safe.
 * Return: NF_CT_EVENT_DELIVERED when all is out, or another CPU sends it;
 * NF_CT_EVENT_NOBODY when no listener heard it; NF_CT_EVENT_HELD when it is in a
 * batch; -EAGAIN when some listener lacks an event, and a list holds a reference.
 *
 * DIFF: events-reliable: stock forgets a refused NEW or change.
 */
int nf_ct_unsent_send(const struct nf_ct_unsent_item *item, u32 events,
		      u32 portid, enum nf_ct_event_report report)
{
	int ret, sum = NF_CT_EVENT_NOBODY;
	const u32 own = events;
	unsigned int round;
	u32 mine;

	for (round = 0; round < NF_CT_SEND_ROUNDS; round++) {
		if (!nf_ct_unsent_claim(item, events)) {
			if (report)
				nf_ct_send_echo(item, own, portid);
			return NF_CT_EVENT_DELIVERED;
		}
		events = 0;
		mine = nf_ct_unsent_take(item);
		/* events that other CPUs have noted have other ports */
		if (mine & ~own && !report)
			portid = nf_ct_unsent_portid(item, mine);
		ret = mine ? nf_ct_send_taken(item, mine, portid, report) :
			     NF_CT_EVENT_NOBODY;
		/* the batch is the sender until nf_ct_event_complete() */
		if (ret == NF_CT_EVENT_HELD)
			return ret;
		if (ret != NF_CT_EVENT_NOBODY)
			sum = NF_CT_EVENT_DELIVERED;
		if (round == NF_CT_SEND_ROUNDS - 1)
			/* others note events all the time: the worker goes on */
			nf_ct_unsent_lack(item, NF_CT_LACK_CHANGE,
					  BIT(NF_CT_LISTENER_SHARED), 0);
		if (!nf_ct_unsent_release(item, mine & NF_CT_DESTROY_EVENT))
			break;
		/* an echo is for the first round only */
		report = NF_CT_REPORT_NO;
	}
	return nf_ct_unsent_lacking(item) ? -EAGAIN : sum;
}

/* What a listener lacks of the item and gets next, as events; 0: nothing */
static u32 nf_ct_lacked_events(const struct nf_ct_unsent_item *item, u16 slot,
			       enum nf_ct_unsent_set set)
{
	u32 events = READ_ONCE(*item->word) & NF_CT_UNSENT_EVENTS;

	if (!(nf_ct_unsent_set(item, set) & slot))
		return 0;
	switch (set) {
	case NF_CT_LACK_BIRTH:
		/* with the changes since then */
		return events & ~NF_CT_DESTROY_EVENT;
	case NF_CT_LACK_CHANGE:
		return events & ~(NF_CT_DESTROY_EVENT | NF_CT_BIRTH_EVENTS);
	default:
		return NF_CT_DESTROY_EVENT;
	}
}

/* Send the next message that @slot lacks.  False: its listener has no room. */
static bool nf_ct_send_lacked(const struct nf_ct_unsent_item *item, unsigned int slot,
			      enum nf_ct_unsent_set set, bool *unlisted)
{
	struct nf_ct_delivery d = { .only = slot };
	u32 events = nf_ct_lacked_events(item, BIT(slot), set);
	int ret = NF_CT_EVENT_NOBODY;

	if (events)
		ret = nf_ct_notify(item, events, nf_ct_unsent_portid(item, events),
				   NF_CT_REPORT_NO, &d);
	if (d.lack)
		return false;

	if (ret == NF_CT_EVENT_DELIVERED) {
		nf_conntrack_count_delivered(item->net, true);
		if (item->ct)
			trace_nf_ct_event_resent(item->ct, events, 0);
	}
	/* the message of the birth told the changes, too */
	if (set == NF_CT_LACK_BIRTH)
		nf_ct_unsent_got(item, NF_CT_LACK_CHANGE, BIT(slot));
	*unlisted |= nf_ct_unsent_got(item, set, BIT(slot));
	return true;
}

/*
 * Stop being the sender of an item of a listener's queue.  @unlisted: the list's reference
 * is the caller's.  If not, another listener lacks something, and the CPU that serves that
 * one can take the item off its list as soon as BUSY is given back: so the caller has a
 * reference of its own.  Drops both.
 */
static void nf_ct_unsent_finish(const struct nf_ct_unsent_item *item, bool unlisted)
{
	if (nf_ct_unsent_release(item, false))
		nf_ct_unsent_send(item, 0, 0, NF_CT_REPORT_NO);
	/* if it has been listed again meanwhile, that is another reference */
	if (unlisted)
		nf_ct_unsent_put(item);
	nf_ct_unsent_put(item);
}

/**
 * nf_ct_unsent_send_to - send a listener what it lacks of an item
 * @item: first item of its queue
 * @slot: its slot
 *
 * Context: softirq safe; the CPU that serves the listener.
 * Return: NF_CT_SENT_ALL, NF_CT_SENT_REFUSED when the listener has no room,
 * NF_CT_SENT_BUSY when another CPU is the sender now.  After the first of them
 * @item may be gone.
 */
enum nf_ct_sent nf_ct_unsent_send_to(const struct nf_ct_unsent_item *item,
				     unsigned int slot)
{
	enum nf_ct_unsent_set set;
	bool unlisted = false;
	bool all = true;

	if (!nf_ct_unsent_reclaim(item))
		return NF_CT_SENT_BUSY;
	nf_ct_unsent_get(item);
	for (set = 0; set < NF_CT_LACK_SETS && all; set++) {
		if (nf_ct_unsent_set(item, set) & BIT(slot))
			all = nf_ct_send_lacked(item, slot, set, &unlisted);
	}
	nf_ct_unsent_finish(item, unlisted);
	return all ? NF_CT_SENT_ALL : NF_CT_SENT_REFUSED;
}

/**
 * nf_ct_unsent_drop - a listener does not want what it lacks of an item
 * @item: first item of its queue
 * @slot: its slot
 *
 * Context: softirq safe; the CPU that serves the listener.
 * Return: false when another CPU is the sender now; else @item may be gone.
 */
bool nf_ct_unsent_drop(const struct nf_ct_unsent_item *item, unsigned int slot)
{
	enum nf_ct_unsent_set set;
	bool unlisted = false;

	if (!nf_ct_unsent_reclaim(item))
		return false;
	nf_ct_unsent_get(item);
	for (set = 0; set < NF_CT_LACK_SETS; set++)
		unlisted |= nf_ct_unsent_got(item, set, BIT(slot));
	nf_ct_unsent_finish(item, unlisted);
	return true;
}

/**
 * nf_ct_event_complete - a held event has been sent
 * @ct:     entry on which the holder took a reference; it ends here
 * @events: what was held
 * @lack:   slots of the listeners that have not got it
 *
 * Context: softirq safe; may call the notifier.
 */
void nf_ct_event_complete(struct nf_conn *ct, unsigned int events, u16 lack)
{
	const struct nf_ct_unsent_item item =
		nf_ct_unsent_connection(ct, nf_ct_ecache_find(ct));

	if (lack)
		nf_ct_unsent_lack(&item, nf_ct_events_set(events), lack, events);
	else
		nf_conntrack_count_delivered(item.net, false);
	if (nf_ct_unsent_release(&item, events & NF_CT_DESTROY_EVENT))
		nf_ct_unsent_send(&item, 0, 0, NF_CT_REPORT_NO);
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
	/* nf_conntrack_netlink is being loaded, and will ask for what is noted */
	if (!rcu_access_pointer(nf_ct_net(ct)->ct.nf_conntrack_event_cb))
		return;
	item = nf_ct_unsent_connection(ct, e);
	if (nf_ct_unsent_fresh(&item))
		nf_ct_unsent_send(&item, 0, 0, NF_CT_REPORT_NO);
}

/* No listener hears @events, and none that comes later shall hear of what was. */
static bool nf_ct_event_unheard(struct nf_conn *ct, struct nf_conntrack_ecache *e,
				u32 events)
{
	u32 done = events & NF_CT_DESTROY_EVENT ? NF_CT_UNSENT_DONE : 0;
	struct nf_ct_unsent_item item;

	if (nf_conntrack_listening() || cmpxchg(&e->missed, 0, done))
		return false;
	/* as a rule nothing was noted while no listener was there */
	if (unlikely(READ_ONCE(e->cache) & NF_CT_UNSENT_EVENTS)) {
		item = nf_ct_unsent_connection(ct, e);
		nf_ct_unsent_take(&item);
	}
	return true;
}

/**
 * nf_conntrack_eventmask_report - send events at once
 * @events: bits of enum ip_conntrack_events
 * @ct:     entry
 * @portid: netlink port that caused them, or 0
 * @report: that port wants them, too
 *
 * Context: softirq safe.
 * Return: 0 or positive when they are out (or in a batch), negative when some
 * listener lacks one; then a list holds a reference on @ct.
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
	if (!report && nf_ct_event_unheard(ct, e, events))
		return 0;
	item = nf_ct_unsent_connection(ct, e);

	/* for a later attempt; until now it was the port that made the entry */
	if (events & NF_CT_DESTROY_EVENT)
		WRITE_ONCE(e->portid, portid);
	events &= e->ctmask;
	if (!events && !nf_ct_unsent_fresh(&item))
		return 0;
	nf_ct_event_time_renew(e);

	ret = nf_ct_unsent_send(&item, events, portid, report);
	/* another CPU is the sender, and sends the rest */
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
	if (new != nf_conntrack_own_notifier)
		atomic_inc(&nf_conntrack_foreign_notifiers);
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
	const struct nf_ct_event_notifier *old =
		rcu_access_pointer(net->ct.nf_conntrack_event_cb);

	if (old && old != nf_conntrack_own_notifier)
		atomic_dec(&nf_conntrack_foreign_notifiers);
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
	if (READ_ONCE(nf_ct_net(ct)->ct.sysctl_tstamp))
		nf_ct_event_time_start(e);
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
