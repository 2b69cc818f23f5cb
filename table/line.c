// SPDX-License-Identifier: GPL-2.0
/*
 * Overflow lines of the connection table: their memory.  A line that a bucket needs
 * no more may still have readers, which stand in it or have seen the pointer to it.
 * It is retired: it goes to a list, and the list is freed after a grace period.
 */
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "nf_conntrack_bucket.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"

static struct kmem_cache *nf_ct_line_cachep __read_mostly;
static atomic_t nf_ct_lines_chained = ATOMIC_INIT(0);

/**
 * struct nf_ct_retired - lines that are out of their chains
 * @lock:    guards the rest; a leaf, inside a table lock
 * @fresh:   lines since the grace period that is under way has begun
 * @waiting: lines for which it is, or NULL: none is under way
 * @free:    frees @waiting after it
 *
 * The lists are linked by nf_ct_line.next.  A reader that stands in a retired line so
 * comes to other retired lines, which are all empty.  It reached the first one before
 * that line was retired, hence before the grace period of that line's list began, and
 * all of the list live until that grace period ends.
 */
static struct nf_ct_retired {
	spinlock_t		lock;
	struct nf_ct_line	*fresh;
	struct nf_ct_line	*waiting;
	struct rcu_work		free;
} nf_ct_retired;

/**
 * nf_ct_line_alloc - memory for an overflow line
 * @gfp: allocation flags
 *
 * Context: any that @gfp allows.
 * Return: an empty line, or NULL.
 */
struct nf_ct_line *nf_ct_line_alloc(gfp_t gfp)
{
	return kmem_cache_zalloc(nf_ct_line_cachep, gfp);
}

/**
 * nf_ct_line_free - give back a line that no reader can reach
 * @line: line
 *
 * Context: any.
 */
void nf_ct_line_free(struct nf_ct_line *line)
{
	kmem_cache_free(nf_ct_line_cachep, line);
}

/**
 * nf_ct_lines_count - lines have joined chains or left them
 * @n: how many, negative for left
 *
 * Context: any.
 */
void nf_ct_lines_count(int n)
{
	atomic_add(n, &nf_ct_lines_chained);
}

/**
 * nf_ct_lines_in_use - how many overflow lines there are in chains
 *
 * Return: the number.
 */
unsigned int nf_ct_lines_in_use(void)
{
	return atomic_read(&nf_ct_lines_chained);
}

/* Begin a grace period for all lines that have none yet. */
static void nf_ct_retired_start(struct nf_ct_retired *r)
{
	lockdep_assert_held(&r->lock);
	r->waiting = r->fresh;
	r->fresh = NULL;
	if (r->waiting)
		queue_rcu_work(nf_conntrack_wq, &r->free);
}

/**
 * nf_ct_line_retire - free a line once no reader can be in it
 * @line: empty line, just taken out of its chain; no line comes behind it
 *
 * Context: softirq safe, table locks may be held.
 */
void nf_ct_line_retire(struct nf_ct_line *line)
{
	struct nf_ct_retired *r = &nf_ct_retired;

	nf_ct_lines_count(-1);
	spin_lock_bh(&r->lock);
	rcu_assign_pointer(line->next, r->fresh);
	r->fresh = line;
	if (!r->waiting)
		nf_ct_retired_start(r);
	spin_unlock_bh(&r->lock);
}

static void nf_ct_retired_work(struct work_struct *work)
{
	struct nf_ct_retired *r = container_of(to_rcu_work(work),
					       struct nf_ct_retired, free);
	struct nf_ct_line *line, *next;
	unsigned int n = 0;

	/* no other CPU changes it while it is not NULL */
	for (line = READ_ONCE(r->waiting); line; line = next) {
		next = rcu_dereference_protected(line->next, true);
		nf_ct_line_free(line);
		if (!(++n & 0xff))
			cond_resched();
	}
	spin_lock_bh(&r->lock);
	nf_ct_retired_start(r);
	spin_unlock_bh(&r->lock);
}

/**
 * nf_ct_lines_flush - wait until all retired lines have been freed
 *
 * Context: process, sleeps; no line is retired meanwhile.
 */
void nf_ct_lines_flush(void)
{
	/* a run of the work may begin another grace period */
	while (flush_rcu_work(&nf_ct_retired.free))
		;
}

/**
 * nf_ct_lines_init - no line yet
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_ct_lines_init(void)
{
	BUILD_BUG_ON(sizeof(struct nf_ct_line) != 64);

	spin_lock_init(&nf_ct_retired.lock);
	INIT_RCU_WORK(&nf_ct_retired.free, nf_ct_retired_work);
	nf_ct_line_cachep = kmem_cache_create("nf_conntrack_line",
					      sizeof(struct nf_ct_line), 64,
					      0, NULL);
	return nf_ct_line_cachep ? 0 : -ENOMEM;
}

/**
 * nf_ct_lines_fini - all lines have been freed
 *
 * Context: process, sleeps.
 */
void nf_ct_lines_fini(void)
{
	kmem_cache_destroy(nf_ct_line_cachep);
}
