// SPDX-License-Identifier: GPL-2.0
/*
 * Slots of reliable listeners, and their queues.  nf_conntrack_unsent.slots_lock
 * guards which slot belongs to which listener; a slot is read without it, because
 * slots stay where they are while the namespace lives.  Each queue has its own lock
 * (that of the xarray), which is a leaf.
 *
 * A queue holds pointers without references: an item that is in a queue has the
 * slot's bit in one of its sets, and a list holds a reference on the item as long as
 * one of its sets has a bit: event/unsent.c.
 */
#include <linux/ktime.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/xarray.h>
#include <net/sock.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_listener.h"
#include "nf_conntrack_unsent.h"
#include "nf_ct_expect_life.h"

/* The xarray's tag of a pointer to an expectation's life; connections have 0 */
#define NF_CT_QUEUE_LIFE	1

/* ---- slots ---- */

static bool nf_conntrack_listener_is(const struct nf_conntrack_listener *l,
				     const struct net *home, u32 portid)
{
	/* first the port: what is read after it belongs to its listener, or a later one */
	return smp_load_acquire(&l->portid) == portid && READ_ONCE(l->net) == home &&
	       !READ_ONCE(l->leaving);
}

static struct nf_conntrack_listener *
nf_conntrack_listener_find(struct nf_conntrack_unsent *u, const struct net *home,
			   u32 portid)
{
	unsigned int i;

	for (i = 0; i < NF_CT_LISTENER_SHARED; i++) {
		if (nf_conntrack_listener_is(&u->slots[i], home, portid))
			return &u->slots[i];
	}
	return NULL;
}

static struct nf_conntrack_listener *
nf_conntrack_listener_take(struct nf_conntrack_unsent *u, const struct net *home,
			   u32 portid)
{
	struct nf_conntrack_listener *l;
	unsigned int i;

	lockdep_assert_held(&u->slots_lock);
	for (i = 0; i < NF_CT_LISTENER_SHARED; i++) {
		l = &u->slots[i];
		/* a CPU may just have queued something for the last owner */
		if (l->portid || !nf_conntrack_listener_idle(l))
			continue;
		l->leaving = false;
		l->given_up = false;
		l->untold = false;
		l->losing = false;
		l->jammed = false;
		l->charge = 0;
		l->delivered = 0;
		l->refused = 0;
		l->lost = 0;
		l->not_before = 0;
		memset(&l->pace, 0, sizeof(l->pace));
		WRITE_ONCE(l->net, home);
		/* pairs with nf_conntrack_listener_is(): the port comes last */
		smp_store_release(&l->portid, portid);
		return l;
	}
	return &u->slots[NF_CT_LISTENER_SHARED];
}

/**
 * nf_conntrack_listener_of - the slot of a reliable listener
 * @net:    namespace whose events it hears
 * @home:   namespace of its socket
 * @portid: its netlink port
 *
 * Context: softirq safe.
 * Return: its slot, new perhaps; the shared one when all others are taken.
 */
struct nf_conntrack_listener *
nf_conntrack_listener_of(struct net *net, const struct net *home, u32 portid)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);
	struct nf_conntrack_listener *l;

	l = nf_conntrack_listener_find(u, home, portid);
	if (likely(l))
		return l;

	spin_lock_bh(&u->slots_lock);
	l = nf_conntrack_listener_find(u, home, portid);
	if (!l)
		l = nf_conntrack_listener_take(u, home, portid);
	spin_unlock_bh(&u->slots_lock);
	return l;
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_listener_of);

/* ---- watching its reads ---- */

/**
 * nf_conntrack_listener_watch - be told when the listener reads
 * @l:  listener with a slot of its own
 * @sk: its socket, which is open
 * @wq: where the socket announces that it has been read from
 *
 * From now on the CPU on which the listener reads sends it what waits, see
 * event/resend.c.  The caller excludes that the socket is closed meanwhile.
 *
 * Context: softirq safe.
 */
void nf_conntrack_listener_watch(struct nf_conntrack_listener *l, struct sock *sk,
				 wait_queue_head_t *wq)
{
	if (READ_ONCE(l->sk))
		return;
	spin_lock_bh(&l->u->slots_lock);
	if (!l->sk) {
		sock_hold(sk);
		l->wq = wq;
		WRITE_ONCE(l->sk, sk);
		add_wait_queue(wq, &l->wait);
	}
	spin_unlock_bh(&l->u->slots_lock);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_listener_watch);

/**
 * nf_conntrack_listener_watched - does a read of the listener's set things going?
 * @l: listener
 *
 * Return: whether its reads are watched.
 */
bool nf_conntrack_listener_watched(const struct nf_conntrack_listener *l)
{
	return READ_ONCE(l->sk);
}

/* After this no read of the socket uses @l. */
static void nf_conntrack_listener_unwatch(struct nf_conntrack_listener *l)
{
	struct sock *sk = l->sk;

	lockdep_assert_held(&l->u->slots_lock);
	if (!sk)
		return;
	remove_wait_queue(l->wq, &l->wait);
	WRITE_ONCE(l->sk, NULL);
	sock_put(sk);
}

/**
 * nf_conntrack_listener_gone - a socket has been closed
 * @net:    namespace whose events it may have heard
 * @home:   namespace of the socket
 * @portid: its netlink port
 *
 * What waits for it is dropped: call nf_conntrack_events_kick() next.
 *
 * Context: any.
 */
void nf_conntrack_listener_gone(struct net *net, const struct net *home, u32 portid)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);
	struct nf_conntrack_listener *l;

	spin_lock_bh(&u->slots_lock);
	l = nf_conntrack_listener_find(u, home, portid);
	if (l)
		nf_conntrack_listener_unwatch(l);
	if (l && nf_conntrack_listener_idle(l))
		nf_conntrack_listener_free(l);
	else if (l)
		WRITE_ONCE(l->leaving, true);
	spin_unlock_bh(&u->slots_lock);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_listener_gone);

/**
 * nf_conntrack_listener_free - nothing waits for a listener that has left
 * @l: listener; of the shared slot, all that share it
 *
 * Context: slots_lock held.
 */
void nf_conntrack_listener_free(struct nf_conntrack_listener *l)
{
	WRITE_ONCE(l->leaving, false);
	WRITE_ONCE(l->given_up, false);
	WRITE_ONCE(l->portid, 0);
}

/**
 * nf_conntrack_listeners_forget - free the slots for which nothing waits
 * @net: namespace that has no notifier any more, and is not told of closed sockets
 *
 * Context: process.
 */
void nf_conntrack_listeners_forget(struct net *net)
{
	struct nf_conntrack_unsent *u = nf_conntrack_unsent(net);
	unsigned int i;

	spin_lock_bh(&u->slots_lock);
	for (i = 0; i < NF_CT_LISTENERS; i++) {
		nf_conntrack_listener_unwatch(&u->slots[i]);
		if (nf_conntrack_listener_idle(&u->slots[i]))
			nf_conntrack_listener_free(&u->slots[i]);
	}
	spin_unlock_bh(&u->slots_lock);
}

/* ---- queues ---- */

static void *nf_conntrack_queue_pointer(const struct nf_ct_unsent_item *item)
{
	return item->ct ? (void *)item->ct :
			  xa_tag_pointer(item->life, NF_CT_QUEUE_LIFE);
}

static struct nf_ct_unsent_item nf_conntrack_queue_item(void *p)
{
	struct nf_conn *ct = p;

	if (xa_pointer_tag(p) == NF_CT_QUEUE_LIFE)
		return nf_ct_unsent_expectation(xa_untag_pointer(p));
	return nf_ct_unsent_connection(ct, nf_ct_ecache_find(ct));
}

static void nf_conntrack_listener_store(struct nf_conntrack_listener *l,
					const struct nf_ct_unsent_item *item)
{
	if (xa_err(__xa_store(&l->queue, l->tail, nf_conntrack_queue_pointer(item),
			      GFP_ATOMIC | __GFP_NOWARN)))
		WRITE_ONCE(l->rescan, true);
	else
		WRITE_ONCE(l->tail, l->tail + 1);
}

/**
 * nf_conntrack_listener_push - an item waits for a listener
 * @l:     listener
 * @item:  item that the caller has claimed; one of its sets has the listener's bit
 *
 * Without memory, and while a search goes on, the item is left to a later search.
 *
 * Context: softirq safe.
 * Return: whether nothing has waited for the listener before.
 */
bool nf_conntrack_listener_push(struct nf_conntrack_listener *l,
				const struct nf_ct_unsent_item *item)
{
	bool first;

	xa_lock_bh(&l->queue);
	first = nf_conntrack_listener_idle(l);
	if (first) {
		nf_conntrack_pace_start(&l->pace, ktime_get_ns());
		WRITE_ONCE(l->losing, false);
	}
	if (l->searching)
		WRITE_ONCE(l->rescan, true);
	else
		nf_conntrack_listener_store(l, item);
	xa_unlock_bh(&l->queue);
	return first;
}

/**
 * nf_conntrack_listener_search - begin to look for what could not be queued
 * @l: listener
 *
 * Until the end of the search nothing else is queued, so that no item gets into
 * the queue twice.
 *
 * Context: process; worker only.
 * Return: false when the queue is not empty, or nothing is missing.
 */
bool nf_conntrack_listener_search(struct nf_conntrack_listener *l)
{
	xa_lock_bh(&l->queue);
	l->searching = l->head == l->tail && l->rescan;
	if (l->searching)
		WRITE_ONCE(l->rescan, false);
	xa_unlock_bh(&l->queue);
	return l->searching;
}

/**
 * nf_conntrack_listener_found - a search has found an item
 * @l:    listener
 * @item: item, or NULL: there is more, but not now
 *
 * Context: process; worker only.
 */
void nf_conntrack_listener_found(struct nf_conntrack_listener *l,
				 const struct nf_ct_unsent_item *item)
{
	xa_lock_bh(&l->queue);
	if (item)
		nf_conntrack_listener_store(l, item);
	else
		WRITE_ONCE(l->rescan, true);
	xa_unlock_bh(&l->queue);
}

/**
 * nf_conntrack_listener_searched - the search is over
 * @l: listener
 *
 * Context: process; worker only.
 */
void nf_conntrack_listener_searched(struct nf_conntrack_listener *l)
{
	xa_lock_bh(&l->queue);
	l->searching = false;
	xa_unlock_bh(&l->queue);
}

/**
 * nf_conntrack_listener_first - the next item that a listener gets
 * @l:    listener
 * @item: result; it stays in the queue
 *
 * Context: softirq safe; the CPU that has @l->serving.
 * Return: false when the queue is empty.
 */
bool nf_conntrack_listener_first(struct nf_conntrack_listener *l,
				 struct nf_ct_unsent_item *item)
{
	void *p = NULL;

	xa_lock_bh(&l->queue);
	if (l->head != l->tail)
		p = xa_load(&l->queue, l->head);
	xa_unlock_bh(&l->queue);

	if (p)
		*item = nf_conntrack_queue_item(p);
	return p;
}

/**
 * nf_conntrack_listener_shift - the first item leaves the queue
 * @l: listener whose queue is not empty
 *
 * The item itself is not looked at: it may be gone.
 *
 * Context: softirq safe; the CPU that has @l->serving.
 */
void nf_conntrack_listener_shift(struct nf_conntrack_listener *l)
{
	xa_lock_bh(&l->queue);
	__xa_erase(&l->queue, l->head);
	WRITE_ONCE(l->head, l->head + 1);
	xa_unlock_bh(&l->queue);
}

/**
 * nf_conntrack_listener_pending - how many items wait for a listener
 * @l: listener
 *
 * Return: their number, without those that a search has still to find.
 */
unsigned int nf_conntrack_listener_pending(const struct nf_conntrack_listener *l)
{
	return READ_ONCE(l->tail) - READ_ONCE(l->head);
}

/**
 * nf_conntrack_listener_idle - does nothing wait for a listener?
 * @l: listener
 *
 * Return: true when its queue is empty and no search is due.
 */
bool nf_conntrack_listener_idle(const struct nf_conntrack_listener *l)
{
	return !nf_conntrack_listener_pending(l) && !READ_ONCE(l->rescan);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_listener_idle);

/* ---- counters ---- */

/**
 * nf_conntrack_listener_loses - an event for a listener is given up
 * @l: listener for which much waits
 *
 * It is told of that once, until nothing waits for it any more.
 *
 * Context: softirq safe.
 * Return: whether this is the first one since then.
 */
bool nf_conntrack_listener_loses(struct nf_conntrack_listener *l)
{
	WRITE_ONCE(l->lost, l->lost + 1);
	if (READ_ONCE(l->losing))
		return false;
	WRITE_ONCE(l->losing, true);
	WRITE_ONCE(l->untold, true);
	return true;
}

/**
 * nf_conntrack_listener_stats - what users see of a listener
 * @net:  namespace
 * @slot: slot
 * @st:   result
 *
 * Context: process.
 * Return: false when the slot is free.
 */
bool nf_conntrack_listener_stats(struct net *net, unsigned int slot,
				 struct nf_conntrack_listener_stats *st)
{
	const struct nf_conntrack_listener *l = &nf_conntrack_unsent(net)->slots[slot];
	u64 now = ktime_get_ns(), taken = READ_ONCE(l->pace.taken);

	*st = (struct nf_conntrack_listener_stats) {
		.portid		= READ_ONCE(l->portid),
		.pending	= nf_conntrack_listener_pending(l),
		.delivered	= READ_ONCE(l->delivered),
		.refused	= READ_ONCE(l->refused),
		.lost		= READ_ONCE(l->lost),
	};
	if (st->pending && now > taken)
		st->stalled = div_u64(now - taken, NSEC_PER_MSEC);
	return st->portid || st->pending;
}

/* ---- set-up ---- */

/**
 * nf_conntrack_listeners_init - free slots with empty queues
 * @u: the namespace's, whose slots are zeroed
 */
void nf_conntrack_listeners_init(struct nf_conntrack_unsent *u)
{
	unsigned int i;

	for (i = 0; i < NF_CT_LISTENERS; i++) {
		u->slots[i].u = u;
		u->slots[i].slot = i;
		xa_init_flags(&u->slots[i].queue, XA_FLAGS_LOCK_BH);
	}
}

/**
 * nf_conntrack_listeners_fini - release the memory of the queues
 * @slots: NF_CT_LISTENERS of them
 */
void nf_conntrack_listeners_fini(struct nf_conntrack_listener *slots)
{
	unsigned int i;

	for (i = 0; i < NF_CT_LISTENERS; i++)
		xa_destroy(&slots[i].queue);
}
