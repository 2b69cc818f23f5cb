/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reliable events: what the core, the resend machine and ctnetlink agree on.
 *
 * nf_ct_event_notifier.ct_event() returns an enum nf_ct_event_result, or a
 * negative errno: a reliable listener refused the event, or there was no memory.
 * What no slot of a listener stands for, a negative errno, is tried again later.
 * For one entry at most one call is under way or held at any time.  The same is
 * true of exp_event(), which gets a struct nf_ct_expect_event, never returns
 * NF_CT_EVENT_HELD, and may be called with nf_conntrack_expect_lock held.
 *
 * Calls with NF_CT_REPORT_ECHO_ONLY are the exception: they may come at any
 * time, since the answer to a request is outside the order of events.
 */
#ifndef _NF_CONNTRACK_EVENTS_H
#define _NF_CONNTRACK_EVENTS_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/workqueue.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>

/**
 * enum nf_ct_event_result - what a notifier did with an event
 * @NF_CT_EVENT_DELIVERED: no reliable listener refused it
 * @NF_CT_EVENT_HELD:      it waits in a batch.  The notifier has taken a
 *                         reference on the entry and calls
 *                         nf_ct_event_complete() exactly once
 * @NF_CT_EVENT_NOBODY:    there is no listener: the event is forgotten
 */
enum nf_ct_event_result {
	NF_CT_EVENT_DELIVERED	= 0,
	NF_CT_EVENT_HELD	= 1,
	NF_CT_EVENT_NOBODY	= 2,
};

/**
 * enum nf_ct_event_report - nf_ct_event.report and nf_exp_event.report
 * @NF_CT_REPORT_NO:        listeners only
 * @NF_CT_REPORT_YES:       the port that caused the event gets a copy, too.
 *                          This value and the one before are nlmsg_report()'s
 * @NF_CT_REPORT_ECHO_ONLY: that port only, because another CPU sends the event
 *                          to the listeners.  A lost copy is not an error
 */
enum nf_ct_event_report {
	NF_CT_REPORT_NO		= 0,
	NF_CT_REPORT_YES	= 1,
	NF_CT_REPORT_ECHO_ONLY	= 2,
};

/**
 * struct nf_ct_delivery - to which listeners an event goes, and which got it
 * @skip: slots that must not get it, because they lack an earlier event of the item
 * @only: slot that gets it, and no other listener does; -1: all listeners
 * @lack: result: slots of reliable listeners that want it and have not got it
 */
struct nf_ct_delivery {
	u16	skip;
	s8	only;
	u16	lack;
};

/**
 * struct nf_ct_connection_event - what nf_ct_event_notifier.ct_event() gets
 * @item:     the kernel's own struct
 * @delivery: to whom
 */
struct nf_ct_connection_event {
	struct nf_ct_event	item;
	struct nf_ct_delivery	*delivery;
};

/**
 * struct nf_conntrack_event_stats - per CPU and namespace, counted by its writer
 * @delivered: events a notifier took, resends included
 * @refused:   attempts that a listener refused
 * @resent:    events delivered by a later attempt
 * @batches:   datagrams that held more than one event
 * @missed:    entries put on a list with an undelivered change, minus those taken
 *             off (sum over CPUs)
 * @dying:     the same for entries whose destroy event is undelivered
 * @expects:   the same for expectations with an undelivered event
 * @lost:      messages that the socket of a plain listener refused
 */
struct nf_conntrack_event_stats {
	unsigned int	delivered;
	unsigned int	refused;
	unsigned int	resent;
	unsigned int	batches;
	int		missed;
	int		dying;
	int		expects;
	unsigned int	lost;
};

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/* Result of a held event: slots that lack it.  Softirq safe; drops the reference. */
void nf_ct_event_complete(struct nf_conn *ct, unsigned int events, u16 lack);
/* A listener has left: try everything again now. */
void nf_conntrack_events_kick(struct net *net);
/* Send or give up all that waits; on return nothing of @net waits.  May sleep. */
void nf_conntrack_events_drain(struct net *net);

/**
 * struct nf_conntrack_dying - a place among entries whose destroy event is undelivered
 * @link: with the other places on the same CPU's list
 * @at:   what comes next there; NULL: not begun, and @link is on no list
 * @cpu:  whose list
 *
 * Zeroes to begin with.  Guarded by that list's lock; one user at a time calls
 * next and end.
 */
struct nf_conntrack_dying {
	struct list_head	link;
	struct list_head	*at;
	unsigned int		cpu;
};

/* The next up to @max of them, referenced; 0 at the end.  May sleep. */
unsigned int nf_conntrack_dying_next(struct net *net, struct nf_conntrack_dying *d,
				     struct nf_conn **batch, unsigned int max);
void nf_conntrack_dying_end(struct net *net, struct nf_conntrack_dying *d);
void nf_conntrack_events_sum(struct net *net, int cpu,
			     struct nf_conntrack_event_stats *out);
void nf_conntrack_events_count_batch(struct net *net);
void nf_conntrack_count_lost(struct net *net);
#else
static inline void nf_conntrack_events_drain(struct net *net) {}
#endif

#endif /* _NF_CONNTRACK_EVENTS_H */
