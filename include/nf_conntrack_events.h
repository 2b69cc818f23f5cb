/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reliable events: what the core, the resend machine and ctnetlink agree on.
 *
 * nf_ct_event_notifier.ct_event() returns
 *   0                delivered
 *   NF_CT_EVENT_NOBODY no program listens: forget the event
 *   NF_CT_EVENT_HELD it is in a batch; the notifier has taken a reference
 *                    on the entry, and calls nf_ct_event_complete() exactly once
 *   < 0              refused: a reliable listener did not take it (or no memory)
 * For one entry at most one call is under way or held at any time.  The same is
 * true of exp_event(), which gets a struct nf_ct_expect_event, holds nothing,
 * and may be called with nf_conntrack_expect_lock held.
 *
 * Their report is NF_CT_EVENT_ECHO when another CPU sends the event to the
 * listeners: then only the port gets a copy, and the result does not matter.  Such a
 * call may come at any time: the answer to a request is outside of the order.
 */
#ifndef _NF_CONNTRACK_EVENTS_H
#define _NF_CONNTRACK_EVENTS_H

#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/workqueue.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#define NF_CT_EVENT_HELD	1
#define NF_CT_EVENT_NOBODY	2

/* 0 and 1 are those of nlmsg_report() */
#define NF_CT_EVENT_ECHO	2

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
 */
struct nf_conntrack_event_stats {
	unsigned int	delivered;
	unsigned int	refused;
	unsigned int	resent;
	unsigned int	batches;
	int		missed;
	int		dying;
	int		expects;
};

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/* Result of a held event: @err 0 or negative.  Softirq safe; drops the reference. */
void nf_ct_event_complete(struct nf_conn *ct, unsigned int events, int err);
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
#else
static inline void nf_conntrack_events_drain(struct net *net) {}
#endif

#endif /* _NF_CONNTRACK_EVENTS_H */
