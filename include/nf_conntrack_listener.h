/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reliable listeners of a namespace: each has a *slot*, and a queue of the items
 * (connections and expectations) of which it lacks an event.  A slot is a bit in
 * the sets that an item keeps, see nf_conntrack_unsent.h.  The last slot is shared
 * by listeners that cannot have one of their own.
 */
#ifndef _NF_CONNTRACK_LISTENER_H
#define _NF_CONNTRACK_LISTENER_H

#include <linux/bits.h>
#include <linux/hrtimer.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "nf_conntrack_pace.h"

struct net;
struct nf_conntrack_unsent;
struct nf_ct_unsent_item;
struct sock;

#define NF_CT_LISTENERS		16
#define NF_CT_LISTENER_SHARED	(NF_CT_LISTENERS - 1)

/**
 * struct nf_conntrack_listener - one reliable listener, or those that share a slot
 * @u:         the namespace's; with @slot never changes
 * @slot:      its number: the bit that stands for it in the sets of an item
 * @net:       namespace of its socket; with @portid the key, never followed
 * @portid:    netlink port, 0: the slot is free
 * @leaving:   the socket has been closed: drop its queue, then free the slot
 * @given_up:  the listener has held back too much: it is a plain one until its
 *             socket is empty
 * @losing:    since something waits for it, an event for it was given up
 * @untold:    it has not been told of either by ENOBUFS
 * @jammed:    the socket refused although it had room: it takes nothing before it
 *             is empty.  A hint, written by the CPU that sends.
 * @rescan:    an item could not be queued for lack of memory: search the lists
 * @searching: the worker does so; guarded by xa_lock
 * @serving:   bit 0: the worker, or the CPU on which the listener reads, sends it
 *             what waits; only that CPU takes items off the queue
 * @again:     another CPU wanted to do so meanwhile: look once more
 * @sk:        its socket, with a reference, while its reads are watched; slots_lock
 * @wq:        where the socket announces reads; with @sk
 * @wait:      the entry there
 * @refill:    sends what waits, on the CPU on which the listener has just read
 * @queue:     items by position; xa_lock, with BH off, guards it, @head and @tail
 * @head:      position of the first item
 * @tail:      position behind the last item
 * @pace:      how fast it takes events; worker, and the CPU that queues an item
 * @not_before: when to try again, nanoseconds; the CPU that has @serving
 * @charge:    bytes that its socket was charged with for the last message
 * @delivered: events that it took, counted without a lock: roughly right
 * @refused:   messages that its socket refused, the same
 * @lost:      events that were given up, the same
 */
struct nf_conntrack_listener {
	struct nf_conntrack_unsent *u;
	unsigned int		slot;
	const struct net	*net;
	u32			portid;
	bool			leaving;
	bool			given_up;
	bool			losing;
	bool			untold;
	bool			jammed;
	bool			rescan;
	bool			searching;
	bool			again;
	unsigned long		serving;
	struct sock		*sk;
	wait_queue_head_t	*wq;
	wait_queue_entry_t	wait;
	struct hrtimer		refill;
	struct xarray		queue;
	unsigned long		head;
	unsigned long		tail;
	struct nf_conntrack_pace pace;
	u64			not_before;
	unsigned int		charge;
	unsigned int		delivered;
	unsigned int		refused;
	unsigned int		lost;
};

/**
 * struct nf_conntrack_listener_stats - what users see of a listener
 * @portid:    netlink port, 0 for the shared slot
 * @pending:   items that wait for it
 * @delivered: events that it took
 * @refused:   messages that its socket refused
 * @lost:      events that were given up
 * @stalled:   milliseconds since it last took an event, while items wait
 */
struct nf_conntrack_listener_stats {
	u32		portid;
	unsigned int	pending;
	unsigned int	delivered;
	unsigned int	refused;
	unsigned int	lost;
	u64		stalled;
};

/* For ctnetlink */
struct nf_conntrack_listener *
nf_conntrack_listener_of(struct net *net, const struct net *home, u32 portid);
void nf_conntrack_listener_watch(struct nf_conntrack_listener *l, struct sock *sk,
				 wait_queue_head_t *wq);
void nf_conntrack_listener_gone(struct net *net, const struct net *home, u32 portid);
void nf_conntrack_count_refused(struct net *net, struct nf_conntrack_listener *l);

/* For those who queue and send */
bool nf_conntrack_listener_push(struct nf_conntrack_listener *l,
				const struct nf_ct_unsent_item *item);
bool nf_conntrack_listener_search(struct nf_conntrack_listener *l);
void nf_conntrack_listener_found(struct nf_conntrack_listener *l,
				 const struct nf_ct_unsent_item *item);
void nf_conntrack_listener_searched(struct nf_conntrack_listener *l);
bool nf_conntrack_listener_first(struct nf_conntrack_listener *l,
				 struct nf_ct_unsent_item *item);
void nf_conntrack_listener_shift(struct nf_conntrack_listener *l);
bool nf_conntrack_listener_loses(struct nf_conntrack_listener *l);
bool nf_conntrack_listener_idle(const struct nf_conntrack_listener *l);
unsigned int nf_conntrack_listener_pending(const struct nf_conntrack_listener *l);
void nf_conntrack_listener_free(struct nf_conntrack_listener *l);
bool nf_conntrack_listener_watched(const struct nf_conntrack_listener *l);
void nf_conntrack_listeners_forget(struct net *net);
void nf_conntrack_listeners_init(struct nf_conntrack_unsent *u);
void nf_conntrack_listeners_fini(struct nf_conntrack_listener *slots);

/* For users; false: the slot is free */
bool nf_conntrack_listener_stats(struct net *net, unsigned int slot,
				 struct nf_conntrack_listener_stats *st);

#endif /* _NF_CONNTRACK_LISTENER_H */
