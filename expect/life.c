// SPDX-License-Identifier: GPL-2.0
/*
 * What userspace learns of expectations: struct nf_ct_expect_life, and its references.
 * The expectation's pointer to its life, and what of a life follows the expectation,
 * are guarded by nf_conntrack_expect_lock.
 */
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_ct_expect_life.h"
#include "nf_ct_ext.h"

static struct kmem_cache *nf_ct_expect_life_cachep __read_mostly;
static siphash_aligned_key_t nf_ct_expect_id_secret;
static u64 nf_ct_expect_lives;		/* so far; nf_conntrack_expect_lock */

/* ---- references ---- */

/**
 * nf_ct_expect_life_alloc - a life with one reference, not started
 *
 * Context: any; does not sleep.
 * Return: zeroed life, or NULL.
 */
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
	if (refcount_dec_and_test(&life->use))
		kmem_cache_free(nf_ct_expect_life_cachep, life);
}

NF_CT_EXPORT_PRIVATE(nf_ct_expect_life_put);

/* ---- beginning and end ---- */

/**
 * nf_ct_expect_life_sync - copy what may have changed since the start
 * @exp: linked expectation
 */
void nf_ct_expect_life_sync(const struct nf_conntrack_expect *exp)
{
	struct nf_ct_expect_life *life = nf_ct_expectation(exp)->life;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	WRITE_ONCE(life->timeout, READ_ONCE(nf_ct_exp_deadline(exp)));
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
	lockdep_assert_held(&nf_conntrack_expect_lock);

	BUILD_BUG_ON(sizeof(life->helper) != sizeof(helper->name));

	life->seq = ++nf_ct_expect_lives;
	life->cpu = raw_smp_processor_id();
	life->net = read_pnet(&exp->net);
	life->expmask = nf_ct_expect_mask_of(exp->master);
	life->class = exp->class;
	life->tuple = exp->tuple;
	life->mask = exp->mask;
	life->master = exp->master->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	life->expectfn = exp->expectfn;
	if (helper)
		memcpy(life->helper, helper->name, sizeof(life->helper));
#if IS_ENABLED(CONFIG_NF_NAT)
	life->saved_addr = exp->saved_addr;
	life->saved_proto = exp->saved_proto;
	life->dir = exp->dir;
#endif
	nf_ct_expectation(exp)->life = life;
	nf_ct_expect_life_sync(exp);
}

/**
 * nf_ct_expect_life_end - the expectation has been unlinked
 * @exp: expectation
 */
void nf_ct_expect_life_end(struct nf_conntrack_expect *exp)
{
	struct nf_ct_expect_life *life = nf_ct_expectation(exp)->life;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	nf_ct_expectation(exp)->life = NULL;
	nf_ct_expect_life_put(life);
}

/* ---- looking ---- */

/**
 * nf_ct_expect_life_id - what programs know an expectation by
 * @life: its life
 *
 * DIFF: expect-id: another ID each time, not one made from the address.
 *
 * Context: any.
 * Return: CTA_EXPECT_ID, opaque.
 */
u32 nf_ct_expect_life_id(const struct nf_ct_expect_life *life)
{
	get_random_once(&nf_ct_expect_id_secret, sizeof(nf_ct_expect_id_secret));
	return siphash_1u64(life->seq, &nf_ct_expect_id_secret);
}

NF_CT_EXPORT_PRIVATE(nf_ct_expect_life_id);

/**
 * nf_ct_expect_life_hold - bring the life up to date and take a reference
 * @exp: linked expectation; nf_conntrack_expect_lock held
 *
 * Return: its life, for nf_ct_expect_life_put().
 */
struct nf_ct_expect_life *
nf_ct_expect_life_hold(const struct nf_conntrack_expect *exp)
{
	struct nf_ct_expect_life *life = nf_ct_expectation(exp)->life;

	nf_ct_expect_life_sync(exp);
	refcount_inc(&life->use);
	return life;
}

/**
 * nf_ct_expect_life_get - the life of an expectation, up to date
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

/**
 * nf_ct_expect_life_init - memory for lives
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_ct_expect_life_init(void)
{
	nf_ct_expect_life_cachep = KMEM_CACHE(nf_ct_expect_life, 0);

	return nf_ct_expect_life_cachep ? 0 : -ENOMEM;
}

/**
 * nf_ct_expect_life_fini - no expectation is left
 *
 * Context: process, sleeps.
 */
void nf_ct_expect_life_fini(void)
{
	kmem_cache_destroy(nf_ct_expect_life_cachep);
}
