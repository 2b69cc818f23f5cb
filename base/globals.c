// SPDX-License-Identifier: GPL-2.0
/*
 * What belongs to all namespaces and to no layer in particular: the number of our
 * per-namespace area, the work queue, the locks that several layers take, the
 * limits that users set.  Each datum says below who writes it.
 */
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"

/* Heads of hash chains that fit a page; table sizes are rounded up to it */
#define NF_CT_HEADS_PER_PAGE	(PAGE_SIZE / sizeof(struct hlist_nulls_head))

/* Written by register_pernet_subsys(), constant while a namespace has our area */
unsigned int nf_conntrack_net_id __read_mostly;
NF_CT_EXPORT_PRIVATE(nf_conntrack_net_id);

/* Unbound: resizes, deadlines, resends.  Set while the module loads. */
struct workqueue_struct *nf_conntrack_wq __read_mostly;

/* Written by the resizer under its mutex: table/resize.c */
unsigned int nf_conntrack_htable_size __read_mostly;
/* Written by the sysctl and by the resizer's set-up */
unsigned int nf_conntrack_max __read_mostly;

/* The kernel's own chains do not exist here: always NULL, kept for the symbol.
 * DIFF: internal-symbols
 */
struct hlist_nulls_head *nf_conntrack_hash __read_mostly;

/* The table: one lock for each value of the top ten bits of a hash */
__cacheline_aligned_in_smp spinlock_t nf_conntrack_locks[CONNTRACK_LOCKS];

/* Expectations, their masters' lists, and set-up functions by name */
spinlock_t nf_conntrack_expect_lock __cacheline_aligned_in_smp =
	__SPIN_LOCK_UNLOCKED(nf_conntrack_expect_lock);

/* While nf_conntrack_netlink is not there, nobody has joined a group; also where it cannot
 * find the list of a kernel
 */
const struct hlist_head nf_conntrack_no_subscribers;

/* Sockets of all namespaces that have joined a group of NETLINK_NETFILTER.  Set by
 * ctnetlink; only whether there is one is looked at, without a lock.
 */
const struct hlist_head *nf_conntrack_subscribers __read_mostly =
	&nf_conntrack_no_subscribers;

/* The notifier of nf_conntrack_netlink; namespaces that have another one */
const struct nf_ct_event_notifier *nf_conntrack_own_notifier __read_mostly;
NF_CT_EXPORT_PRIVATE(nf_conntrack_own_notifier);
atomic_t nf_conntrack_foreign_notifiers __read_mostly = ATOMIC_INIT(0);

/**
 * nf_conntrack_set_subscribers - where to look for listeners
 * @head: list of sockets, or NULL: there is none
 *
 * Context: process.
 */
void nf_conntrack_set_subscribers(const struct hlist_head *head)
{
	WRITE_ONCE(nf_conntrack_subscribers, head ?: &nf_conntrack_no_subscribers);
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_set_subscribers);

/**
 * nf_conntrack_lock - take one of nf_conntrack_locks
 * @lock: which one
 *
 * Kept for its symbol; our own code locks by hash, see table/table.c.
 *
 * Context: BH disabled.
 */
void nf_conntrack_lock(spinlock_t *lock) __acquires(lock)
{
	spin_lock(lock);
}

/**
 * nf_conntrack_count - number of entries of a namespace
 * @net: the namespace
 *
 * Entries whose destroy event a listener has not got yet are counted.
 *
 * Context: any.
 * Return: their number.
 */
u32 nf_conntrack_count(const struct net *net)
{
	return atomic_read(&nf_ct_pernet(net)->count);
}

/**
 * nf_conntrack_round_heads - the size that a hash table of the kernel would have
 * @n: number of chains that is asked for
 *
 * Context: any.
 * Return: @n rounded up to whole pages; @n is at most UINT_MAX less one page.
 */
unsigned int nf_conntrack_round_heads(unsigned int n)
{
	return roundup(n, NF_CT_HEADS_PER_PAGE);
}

/**
 * nf_ct_alloc_hashtable - allocate the heads of a hash table
 * @sizep: number of heads; rounded up to whole pages
 * @nulls: heads are struct hlist_nulls_head, not struct hlist_head
 *
 * Context: process, sleeps.
 * Return: initialised heads for kvfree(), or NULL.
 */
void *nf_ct_alloc_hashtable(unsigned int *sizep, int nulls)
{
	struct hlist_nulls_head *head;
	unsigned int i, n;

	BUILD_BUG_ON(sizeof(struct hlist_nulls_head) !=
		     sizeof(struct hlist_head));
	if (*sizep > UINT_MAX / sizeof(*head) - NF_CT_HEADS_PER_PAGE)
		return NULL;

	n = nf_conntrack_round_heads(*sizep);
	head = kvcalloc(n, sizeof(*head), GFP_KERNEL);
	if (head && nulls) {
		for (i = 0; i < n; i++)
			INIT_HLIST_NULLS_HEAD(&head[i], i);
	}
	*sizep = n;
	return head;
}

/**
 * nf_conntrack_globals_init - locks and work queue
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_globals_init(void)
{
	int i;

	for (i = 0; i < CONNTRACK_LOCKS; i++)
		spin_lock_init(&nf_conntrack_locks[i]);

	nf_conntrack_wq = alloc_workqueue("nf_conntrack", WQ_UNBOUND, 0);
	return nf_conntrack_wq ? 0 : -ENOMEM;
}

/**
 * nf_conntrack_globals_fini - nothing is queued any more
 *
 * Context: process, sleeps.
 */
void nf_conntrack_globals_fini(void)
{
	destroy_workqueue(nf_conntrack_wq);
}
