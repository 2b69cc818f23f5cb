// SPDX-License-Identifier: GPL-2.0
/*
 * Walks through expectations, for dumps: of a namespace, or of one master.  A
 * walk's place is the number of the life that it returned last, so an expectation
 * that is linked throughout is seen once.  Takes nf_conntrack_expect_lock for one
 * bucket at a time.
 */
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "nf_conntrack_internal.h"
#include "nf_ct_expect_life.h"
#include "nf_ct_ext.h"

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
