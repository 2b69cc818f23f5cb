// SPDX-License-Identifier: GPL-2.0
/*
 * Walks through the connection table: every entry that lives throughout is
 * visited once, in the order (hash of its first direction, address), whatever
 * happens to the table's size meanwhile.  Takes RCU only; what a walk returns
 * is held by reference.
 */
#include <linux/sched.h>
#include <linux/string.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "nf_conntrack_bucket.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_table.h"

static u32 nf_ct_walk_hash(const struct nf_conn *ct)
{
	return nf_ct_hash(ct, nf_ct_walk_dir(ct));
}

static bool nf_ct_walk_passed(const struct nf_conntrack_walk *walk, u32 hash,
			      unsigned long addr)
{
	if (!walk->begun)
		return false;
	return hash < walk->hash || (hash == walk->hash && addr <= walk->after);
}

/**
 * struct nf_ct_gather - entries collected from one bucket, in walk order
 * @batch: the caller's array
 * @hash:  nf_ct_walk_hash() of each, likewise
 * @base:  where this bucket's entries begin in it
 * @n:     where they end
 * @max:   how many may be collected
 * @more:  something of this bucket did not fit
 */
struct nf_ct_gather {
	struct nf_conn	**batch;
	u32		*hash;
	unsigned int	base;
	unsigned int	n;
	unsigned int	max;
	bool		more;
};

/* Does @ct come before the entry at @i? */
static bool nf_ct_gather_before(const struct nf_ct_gather *g, unsigned int i,
				const struct nf_conn *ct, u32 hash)
{
	return hash < g->hash[i] || (hash == g->hash[i] && ct < g->batch[i]);
}

/* Sorted insertion; takes over the caller's reference on @ct. */
static void nf_ct_gather_add(struct nf_ct_gather *g, struct nf_conn *ct,
			     u32 hash)
{
	unsigned int i = g->n;

	while (i > g->base && nf_ct_gather_before(g, i - 1, ct, hash))
		i--;
	/* found in another slot already: it changed its place, or the slot was reused */
	if (i > g->base && g->batch[i - 1] == ct)
		goto drop;
	if (i == g->max) {
		g->more = true;
		goto drop;
	}
	if (g->n == g->max) {
		g->more = true;
		nf_ct_put(g->batch[--g->n]);
	}
	if (i < g->n) {
		memmove(&g->batch[i + 1], &g->batch[i],
			(g->n - i) * sizeof(*g->batch));
		memmove(&g->hash[i + 1], &g->hash[i],
			(g->n - i) * sizeof(*g->hash));
	}
	g->batch[i] = ct;
	g->hash[i] = hash;
	g->n++;
	return;
drop:
	nf_ct_put(ct);
}

static void nf_ct_gather_slot(struct nf_ct_gather *g, unsigned long slot,
			      const struct nf_conntrack_walk *walk,
			      struct net *net, u32 from, u32 to)
{
	struct nf_conn *ct = nf_ct_slot_ct(slot);
	u32 hash;

	if (net && !net_eq(nf_ct_net(ct), net))
		return;
	if (!refcount_inc_not_zero(&ct->ct_general.use))
		return;
	/* as in nf_ct_slot_get(): look again, the object may have been reused */
	smp_acquire__after_ctrl_dep();
	hash = nf_ct_walk_hash(ct);
	if (!nf_ct_is_confirmed(ct) || (slot & 1) != nf_ct_walk_dir(ct) ||
	    hash < from || hash > to ||
	    nf_ct_walk_passed(walk, hash, (unsigned long)ct) ||
	    (net && !net_eq(nf_ct_net(ct), net))) {
		nf_ct_put(ct);
		return;
	}
	nf_ct_gather_add(g, ct, hash);
}

/* The slots of a line that a walk looks at.  It touches each of these entries, so all
 * are prefetched.
 */
static unsigned int nf_ct_gather_pick(const struct nf_ct_line *line, u64 head,
				      bool clashing, unsigned long *pick)
{
	unsigned int n = 0;
	unsigned long slot;
	u64 used;

	for (used = nf_ct_head_used(head); used; used &= used - 1) {
		slot = READ_ONCE(line->slot[nf_ct_match_slot(used)]);
		/* empty by now, or the other direction */
		if (!slot || (!clashing && (slot & 1) != IP_CT_DIR_ORIGINAL))
			continue;
		nf_ct_slot_prefetch(slot);
		pick[n++] = slot;
	}
	return n;
}

static void nf_ct_gather_line(struct nf_ct_gather *g, const struct nf_ct_line *line,
			      u64 head, const struct nf_conntrack_walk *walk,
			      struct net *net, u32 from, u32 to)
{
	unsigned long pick[NF_CT_LINE_SLOTS];
	unsigned int i, n;

	n = nf_ct_gather_pick(line, head, walk->clashing, pick);
	for (i = 0; i < n; i++)
		nf_ct_gather_slot(g, pick[i], walk, net, from, to);
}

/* Give back what was collected of the bucket. */
static void nf_ct_gather_forget(struct nf_ct_gather *g)
{
	while (g->n > g->base)
		nf_ct_put(g->batch[--g->n]);
	g->more = false;
}

/*
 * First line and head word of the bucket that holds @from now.  @to: the last hash value
 * for which it does, but no more than it was.
 */
static struct nf_ct_line *nf_ct_walk_bucket(u32 from, u32 *to, u64 *head)
{
	struct nf_conntrack_table *t = rcu_dereference(nf_conntrack_table);
	struct nf_ct_line *line;

	for (;;) {
		/* never past the end of the smallest bucket on the way: while the
		 * table shrinks, the neighbour may not have moved yet
		 */
		*to = min(*to, nf_ct_bucket_end(t, from));
		line = &t->line[nf_ct_bucket_index(t, from)];
		/* as in nf_ct_bucket_rcu() */
		*head = smp_load_acquire(&line->head);
		if (!(*head & NF_CT_LINE_MOVED))
			return line;
		t = t->next;
	}
}

/* Collect the bucket at @from; returns the last hash value that was covered.  RCU. */
static u32 nf_ct_gather_bucket(struct nf_ct_gather *g, u32 from,
			       const struct nf_conntrack_walk *walk,
			       struct net *net)
{
	struct nf_ct_line *first, *line;
	u32 to = U32_MAX;
	u64 begun, head;

	g->base = g->n;
again:
	first = nf_ct_walk_bucket(from, &to, &begun);
	line = first;
	head = begun;
	for (;;) {
		nf_ct_gather_line(g, line, head, walk, net, from, to);
		line = rcu_dereference(line->next);
		if (likely(!line))
			break;
		/* as in nf_ct_bucket_rcu() */
		head = smp_load_acquire(&line->head);
	}
	if (unlikely(nf_ct_bucket_shifted(first, begun))) {
		nf_ct_gather_forget(g);
		goto again;
	}
	return to;
}

/**
 * nf_conntrack_walk_hashed - the next entries of a walk, and their hashes
 * @net:   namespace, or NULL for all
 * @walk:  place in the table, all zero to begin
 * @batch: result, each with a reference that the caller drops
 * @hash:  result: where each stands, by its direction nf_ct_walk_dir()
 * @max:   room in both
 *
 * Dying and expired entries are included: the caller decides.
 *
 * Context: process, may sleep.
 * Return: how many, 0 at the end.
 */
unsigned int nf_conntrack_walk_hashed(struct net *net,
				      struct nf_conntrack_walk *walk,
				      struct nf_conn **batch, u32 *hash,
				      unsigned int max)
{
	unsigned int buckets = 0;
	struct nf_ct_gather g;
	u32 from, to;

	/* a dump keeps it in its netlink_callback */
	BUILD_BUG_ON(sizeof(struct nf_conntrack_walk) > 24);

	if (walk->done)
		return 0;

	g.batch = batch;
	g.hash = hash;
	g.n = 0;
	g.max = max;
	g.more = false;
	from = walk->begun ? walk->hash : 0;
	rcu_read_lock();
	for (;;) {
		to = nf_ct_gather_bucket(&g, from, walk, net);
		if (g.more || g.n == g.max)
			break;
		if (to == U32_MAX) {
			walk->done = true;
			break;
		}
		from = to + 1;
		if (!(++buckets & 0x3f)) {
			rcu_read_unlock();
			cond_resched();
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
	if (g.n) {
		walk->begun = true;
		walk->after = (unsigned long)batch[g.n - 1];
		walk->hash = g.hash[g.n - 1];
	}
	return g.n;
}

/**
 * nf_conntrack_walk_next - the next entries of a walk
 * @net:   namespace, or NULL for all
 * @walk:  place in the table, all zero to begin
 * @batch: result, each with a reference that the caller drops
 * @max:   room in @batch; more than NF_CT_WALK_MAX counts as that
 *
 * Context: process, may sleep.
 * Return: as nf_conntrack_walk_hashed().
 */
unsigned int nf_conntrack_walk_next(struct net *net,
				    struct nf_conntrack_walk *walk,
				    struct nf_conn **batch, unsigned int max)
{
	u32 hash[NF_CT_WALK_MAX];

	return nf_conntrack_walk_hashed(net, walk, batch, hash,
					min(max, NF_CT_WALK_MAX));
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_walk_next);

/**
 * nf_conntrack_walk_back - return an entry once more
 * @walk: place in the table
 * @ct:   entry that the walk has returned; it comes next
 */
void nf_conntrack_walk_back(struct nf_conntrack_walk *walk,
			    const struct nf_conn *ct)
{
	walk->hash = nf_ct_walk_hash(ct);
	walk->after = (unsigned long)ct - 1;
	walk->begun = true;
	walk->done = false;
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_walk_back);

/* May @ct make room for a new connection?  It is not answered yet, or closing. */
static bool nf_ct_near_may_go(const struct nf_conn *ct)
{
	unsigned long status = READ_ONCE(ct->status);
	const struct nf_conntrack_l4proto *l4;

	if (status & (IPS_OFFLOAD | IPS_DYING))
		return false;
	if (!(status & IPS_ASSURED))
		return true;
	l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));
	return l4->can_early_drop && l4->can_early_drop(ct);
}

/* Take a reference on an entry that may go. */
static bool nf_ct_near_get(const struct net *net, struct nf_conn *ct)
{
	if (!net_eq(nf_ct_net(ct), net) ||
	    !refcount_inc_not_zero(&ct->ct_general.use))
		return false;
	/* the object may have been reused: as in nf_ct_slot_get() */
	smp_acquire__after_ctrl_dep();
	if (nf_ct_near_may_go(ct) && net_eq(nf_ct_net(ct), net) &&
	    nf_ct_is_confirmed(ct))
		return true;
	nf_ct_put(ct);
	return false;
}

/* One bucket of nf_conntrack_walk_near(); counts @looks down */
static struct nf_conn *nf_ct_near_bucket(const struct nf_ct_line *line, u64 head,
					 const struct net *net, unsigned int *looks)
{
	unsigned long slot;
	struct nf_conn *ct;
	u64 used;

	for (;;) {
		for (used = nf_ct_head_used(head); used; used &= used - 1) {
			slot = READ_ONCE(line->slot[nf_ct_match_slot(used)]);
			ct = nf_ct_slot_ct(slot);
			/* most may not: first the one word that says so */
			if (ct && unlikely(nf_ct_near_may_go(ct)) &&
			    nf_ct_near_get(net, ct))
				return ct;
			if (!--*looks)
				return NULL;
		}
		line = rcu_dereference(line->next);
		if (!line)
			return NULL;
		head = READ_ONCE(line->head);
	}
}

/**
 * nf_conntrack_walk_near - an entry of some buckets that may make room
 * @net:     namespace
 * @hash:    a hash of the first bucket
 * @buckets: how many
 * @looks:   how many entries are looked at
 *
 * For a caller that needs some entry, not each of them: one that changes its place at
 * this moment may be passed over or come twice, and so may one of which both directions
 * are here.  The entries do not depend on each other, so a CPU that foresees that most
 * of them may not go fetches several at a time.
 *
 * Context: softirq safe; bounded by @looks.
 * Return: an entry with a reference, or NULL.
 */
struct nf_conn *nf_conntrack_walk_near(const struct net *net, u32 hash,
				       unsigned int buckets, unsigned int looks)
{
	const struct nf_ct_line *line;
	struct nf_conn *ct = NULL;
	u64 head;
	u32 to;

	rcu_read_lock();
	for (; buckets && looks && !ct; buckets--) {
		to = U32_MAX;
		line = nf_ct_walk_bucket(hash, &to, &head);
		ct = nf_ct_near_bucket(line, head, net, &looks);
		hash = to + 1;
	}
	rcu_read_unlock();
	return ct;
}
