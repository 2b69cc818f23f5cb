// SPDX-License-Identifier: GPL-2.0
/*
 * What userspace is told of expectations: struct nf_ct_expect_life, its
 * references, and the limits that an untold end counts against.  The
 * expectation's pointer to its life, and what of a life follows the
 * expectation, are guarded by nf_conntrack_expect_lock; counters are atomic.
 */
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_pending.h"
#include "nf_ct_expect_life.h"
#include "nf_ct_ext.h"

static struct kmem_cache *nf_ct_expect_life_cachep __read_mostly;
static siphash_aligned_key_t nf_ct_expect_id_secret;
static u64 nf_ct_expect_lives;		/* so far; nf_conntrack_expect_lock */

/* ---- limits ---- */

/*
 * How many ends of a master's expectations are untold stands in its helper
 * extension, where the kernel's struct leaves four bytes between the counters
 * and the helper's own data.
 */
static atomic_t *nf_ct_expect_debt(const struct nf_conn_help *help)
{
	static_assert(offsetofend(struct nf_conn_help, expecting) % sizeof(atomic_t) == 0);
	static_assert(offsetofend(struct nf_conn_help, expecting) + sizeof(atomic_t) <=
		      offsetof(struct nf_conn_help, data));

	return (atomic_t *)((char *)help + offsetofend(struct nf_conn_help, expecting));
}

unsigned int nf_ct_expect_owed_by(const struct nf_conn_help *master_help)
{
	return atomic_read(nf_ct_expect_debt(master_help));
}

unsigned int nf_ct_expect_owed(const struct net *net)
{
	return atomic_read(&nf_conntrack_pernet(net)->expect_owed);
}

/* Its end could not be told: until then it counts as if it were linked. */
static void nf_ct_expect_life_count(struct nf_ct_expect_life *life,
				    struct nf_conn *master)
{
	lockdep_nfct_expect_lock_held();

	life->counted = true;
	atomic_inc(&nf_conntrack_pernet(life->net)->expect_owed);

	/* a master that is being destroyed will announce nothing more */
	if (!refcount_inc_not_zero(&master->ct_general.use))
		return;
	life->debtor = master;
	atomic_inc(nf_ct_expect_debt(nf_ct_ext_peek(master, NF_CT_EXT_HELPER)));
}

static void nf_ct_expect_life_settle(struct rcu_head *head)
{
	struct nf_ct_expect_life *life =
		container_of(head, struct nf_ct_expect_life, rcu);
	struct nf_conn *master = life->debtor;

	kmem_cache_free(nf_ct_expect_life_cachep, life);
	/* the lock: the area of an unconfirmed master may move */
	spin_lock_bh(&nf_conntrack_expect_lock);
	atomic_dec(nf_ct_expect_debt(nf_ct_ext_peek(master, NF_CT_EXT_HELPER)));
	spin_unlock_bh(&nf_conntrack_expect_lock);
	nf_ct_put(master);
}

/* ---- references ---- */

struct nf_ct_expect_life *nf_ct_expect_life_alloc(void)
{
	struct nf_ct_expect_life *life;

	life = kmem_cache_zalloc(nf_ct_expect_life_cachep, GFP_ATOMIC);
	if (life)
		refcount_set(&life->use, 1);

	return life;
}

/**
 * nf_ct_expect_life_put - drop a reference
 * @life: life
 *
 * Context: any but hard interrupt, also with nf_conntrack_expect_lock held.
 */
void nf_ct_expect_life_put(struct nf_ct_expect_life *life)
{
	if (!refcount_dec_and_test(&life->use))
		return;

	if (life->counted)
		atomic_dec(&nf_conntrack_pernet(life->net)->expect_owed);
	/* the last reference on a master removes its expectations: not with the
	 * lock held, which the caller may
	 */
	if (life->debtor)
		call_rcu(&life->rcu, nf_ct_expect_life_settle);
	else
		kmem_cache_free(nf_ct_expect_life_cachep, life);
}

NF_CT_EXPORT_PRIVATE(nf_ct_expect_life_put);

/* ---- beginning and end ---- */

static void nf_ct_expect_life_sync(const struct nf_conntrack_expect *exp)
{
	struct nf_ct_expect_life *life = nf_ct_expectation(exp)->life;

	lockdep_nfct_expect_lock_held();

	WRITE_ONCE(life->timeout, READ_ONCE(exp->timeout));
	WRITE_ONCE(life->flags, exp->flags & NF_CT_EXPECT_MASK);
}

static u16 nf_ct_expect_mask_of(const struct nf_conn *master)
{
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	const struct nf_conntrack_ecache *e = nf_ct_ecache_find(master);

	return e ? e->expmask : 0;
#else
	return 0;
#endif
}

/**
 * nf_ct_expect_life_start - the expectation is about to be linked
 * @exp:    expectation, filled in
 * @life:   fresh from nf_ct_expect_life_alloc(); the expectation owns it now
 * @helper: the master's helper, or NULL
 */
void nf_ct_expect_life_start(struct nf_conntrack_expect *exp,
			     struct nf_ct_expect_life *life,
			     const struct nf_conntrack_helper *helper)
{
	lockdep_nfct_expect_lock_held();

	get_random_once(&nf_ct_expect_id_secret, sizeof(nf_ct_expect_id_secret));
	life->seq = ++nf_ct_expect_lives;
	life->id = siphash_1u64(life->seq, &nf_ct_expect_id_secret);
	life->cpu = raw_smp_processor_id();
	life->net = read_pnet(&exp->net);
	life->expmask = nf_ct_expect_mask_of(exp->master);
	life->class = exp->class;
	life->tuple = exp->tuple;
	life->mask = exp->mask;
	life->master = exp->master->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	life->expectfn = exp->expectfn;
	if (helper)
		strscpy(life->helper, helper->name, sizeof(life->helper));
#if IS_ENABLED(CONFIG_NF_NAT)
	life->saved_addr = exp->saved_addr;
	life->saved_proto = exp->saved_proto;
	life->dir = exp->dir;
#endif
	nf_ct_expectation(exp)->life = life;
	nf_ct_expect_life_sync(exp);
}

/**
 * nf_ct_expect_life_end - the expectation has been unlinked: tell it
 * @exp:    expectation
 * @portid: netlink port of who asked for it
 * @report: whether that one wants to hear of it
 */
void nf_ct_expect_life_end(struct nf_conntrack_expect *exp, u32 portid, int report)
{
	struct nf_ct_expect_life *life = nf_ct_expectation(exp)->life;

	nf_ct_expect_life_sync(exp);
	nf_ct_expect_event_report(IPEXP_DESTROY, exp, portid, report);
	if (nf_ct_expect_life_waits(life))
		nf_ct_expect_life_count(life, exp->master);

	nf_ct_expectation(exp)->life = NULL;
	nf_ct_expect_life_put(life);
}

/* ---- looking ---- */

static struct nf_ct_expect_life *
nf_ct_expect_life_hold(const struct nf_conntrack_expect *exp)
{
	struct nf_ct_expect_life *life = nf_ct_expectation(exp)->life;

	nf_ct_expect_life_sync(exp);
	refcount_inc(&life->use);
	return life;
}

/**
 * nf_ct_expect_life_get - what can be told of an expectation now
 * @exp: expectation that the caller has a reference on
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 * Return: its life, for nf_ct_expect_life_put(), or NULL when it is unlinked.
 */
struct nf_ct_expect_life *nf_ct_expect_life_get(struct nf_conntrack_expect *exp)
{
	struct nf_ct_expect_life *life = NULL;

	spin_lock_bh(&nf_conntrack_expect_lock);
	if (nf_ct_expectation(exp)->life)
		life = nf_ct_expect_life_hold(exp);
	spin_unlock_bh(&nf_conntrack_expect_lock);

	return life;
}

NF_CT_EXPORT_PRIVATE(nf_ct_expect_life_get);

/* Has a walk at @walk still to come to @exp? */
static bool nf_ct_expect_walk_wants(const struct nf_ct_expect_walk *walk,
				    const struct nf_conntrack_expect *exp)
{
	if (walk->before && nf_ct_expectation(exp)->life->seq >= walk->before)
		return false;

	return !nf_ct_exp_is_expired(exp);
}

static unsigned int nf_ct_expect_walk_bucket(const struct net *net,
					     const struct nf_ct_expect_walk *walk,
					     struct nf_ct_expect_life **batch,
					     unsigned int max)
{
	struct nf_conntrack_expect *exp;
	unsigned int n = 0;

	spin_lock_bh(&nf_conntrack_expect_lock);
	hlist_for_each_entry(exp, &nf_ct_expect_hash[walk->bucket], hnode) {
		if (n == max)
			break;
		if (net_eq(read_pnet(&exp->net), net) &&
		    nf_ct_expect_walk_wants(walk, exp))
			batch[n++] = nf_ct_expect_life_hold(exp);
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);

	return n;
}

/**
 * nf_ct_expect_walk_next - the next expectations of a namespace
 * @net:   namespace
 * @walk:  place, all zero to begin; @walk->before has to be set to the @seq of
 *         the last one that the caller is done with
 * @batch: result
 * @max:   room in @batch
 *
 * One that is linked throughout the walk is seen once.
 *
 * Context: process; takes nf_conntrack_expect_lock.
 * Return: how many, 0 at the end.
 */
unsigned int nf_ct_expect_walk_next(struct net *net, struct nf_ct_expect_walk *walk,
				    struct nf_ct_expect_life **batch,
				    unsigned int max)
{
	unsigned int n;

	for (; walk->bucket < nf_ct_expect_hsize; walk->bucket++, walk->before = 0) {
		if (hlist_empty(&nf_ct_expect_hash[walk->bucket]))
			continue;
		n = nf_ct_expect_walk_bucket(net, walk, batch, max);
		if (n)
			return n;
		cond_resched();
	}

	return 0;
}

NF_CT_EXPORT_PRIVATE(nf_ct_expect_walk_next);

/**
 * nf_ct_expect_walk_master - the next expectations of one master
 * @master: master that the caller has a reference on
 * @walk:   as for nf_ct_expect_walk_next(), without a bucket
 * @batch:  result
 * @max:    room in @batch
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 * Return: how many, 0 at the end.
 */
unsigned int nf_ct_expect_walk_master(struct nf_conn *master,
				      struct nf_ct_expect_walk *walk,
				      struct nf_ct_expect_life **batch,
				      unsigned int max)
{
	struct nf_conn_help *help = nf_ct_ext_peek(master, NF_CT_EXT_HELPER);
	struct nf_conntrack_expect *exp;
	unsigned int n = 0;

	if (!help)
		return 0;

	spin_lock_bh(&nf_conntrack_expect_lock);
	hlist_for_each_entry(exp, &help->expectations, lnode) {
		if (n == max)
			break;
		if (nf_ct_expect_walk_wants(walk, exp))
			batch[n++] = nf_ct_expect_life_hold(exp);
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);

	return n;
}

NF_CT_EXPORT_PRIVATE(nf_ct_expect_walk_master);

int nf_ct_expect_life_init(void)
{
	nf_ct_expect_life_cachep = KMEM_CACHE(nf_ct_expect_life, 0);

	return nf_ct_expect_life_cachep ? 0 : -ENOMEM;
}

/* After an rcu_barrier() of the caller */
void nf_ct_expect_life_fini(void)
{
	kmem_cache_destroy(nf_ct_expect_life_cachep);
}
