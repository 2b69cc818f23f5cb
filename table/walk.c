// SPDX-License-Identifier: GPL-2.0
/*
 * Walks through the connection table: every entry that lives throughout is
 * visited once, in the order (place of its first direction, address), whatever
 * happens to the table's size meanwhile.  Takes RCU only; what a walk returns
 * is held by reference.
 */
#include <linux/sched.h>
#include <linux/string.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "nf_conntrack_bucket.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_table.h"

/* Where a walk meets an entry with this hash: see struct nf_conntrack_walk */
static u32 nf_ct_walk_place(u32 hash)
{
	return hash & ~NF_CT_PLACE_REST;
}

/**
 * struct nf_ct_gather - entries collected from one place after the other, in walk order
 * @batch: result, each with a reference
 * @place: result: nf_ct_walk_place() of each
 * @base:  where the entries of the places that are looked at begin in it
 * @n:     where they end
 * @max:   how many may be collected
 * @more:  something of these places did not fit
 */
struct nf_ct_gather {
	struct nf_conn	**batch;
	u32		*place;
	unsigned int	base;
	unsigned int	n;
	unsigned int	max;
	bool		more;
};

/**
 * struct nf_ct_walk_bucket - a bucket on the way of a walk
 * @line:  its first line
 * @head:  head word of that
 * @begin: the first hash value that belongs to it
 * @from:  the first hash value that is looked for
 * @to:    the last one
 * @begun: the walk may have returned entries of it
 */
struct nf_ct_walk_bucket {
	struct nf_ct_line	*line;
	u64			head;
	u32			begin;
	u32			from;
	u32			to;
	bool			begun;
};

/* Does @ct come before the entry at @i? */
static bool nf_ct_gather_before(const struct nf_ct_gather *g, unsigned int i,
				const struct nf_conn *ct, u32 place)
{
	return place < g->place[i] || (place == g->place[i] && ct < g->batch[i]);
}

/* Sorted insertion; takes over the caller's reference on @ct. */
static void nf_ct_gather_add(struct nf_ct_gather *g, struct nf_conn *ct, u32 place)
{
	unsigned int i = g->n;

	while (i > g->base && nf_ct_gather_before(g, i - 1, ct, place))
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
		memmove(&g->place[i + 1], &g->place[i],
			(g->n - i) * sizeof(*g->place));
	}
	g->batch[i] = ct;
	g->place[i] = place;
	g->n++;
	return;
drop:
	nf_ct_put(ct);
}

/* Has the walk returned what comes before this, or this itself? */
static bool nf_ct_walk_passed(const struct nf_conntrack_walk *walk, u32 place,
			      const struct nf_conn *ct)
{
	return place < walk->place ||
	       (place == walk->place && (unsigned long)ct <= walk->after);
}

/*
 * The place of an entry is told by bucket and slot.  The object may be freed and used
 * again at any moment.  A reference that was taken while the slot holds it is one on
 * what stands here, as long as nf_ct_gather_bucket() finds that nothing has moved.
 */
static void nf_ct_gather_slot(struct nf_ct_gather *g, const unsigned long *at,
			      unsigned long slot, const struct nf_ct_walk_bucket *b,
			      const struct nf_conntrack_walk *walk, struct net *net)
{
	struct nf_conn *ct = nf_ct_slot_ct(slot);
	u32 place;

	/* the slots of the other direction end here, without a reference */
	if (nf_ct_slot_dir(slot) != nf_ct_walk_dir(ct))
		return;
	place = nf_ct_walk_place(b->begin | nf_ct_slot_hash_bits(slot));
	if (place < b->from || place > b->to ||
	    (b->begun && nf_ct_walk_passed(walk, place, ct)))
		return;
	if ((net && !net_eq(nf_ct_net(ct), net)) ||
	    !refcount_inc_not_zero(&ct->ct_general.use))
		return;
	/* as in nf_ct_slot_get() */
	smp_acquire__after_ctrl_dep();
	if (nf_ct_slot_entered(ct) && READ_ONCE(*at) == slot &&
	    nf_ct_slot_dir(slot) == nf_ct_walk_dir(ct) &&
	    (!net || net_eq(nf_ct_net(ct), net)))
		nf_ct_gather_add(g, ct, place);
	else
		nf_ct_put(ct);
}

/* The slots of a line that a walk looks at.  It touches each of these entries, so all
 * are prefetched.
 */
static unsigned int nf_ct_gather_pick(const struct nf_ct_line *line, u64 head,
				      bool clashing, const unsigned long **at,
				      unsigned long *pick)
{
	unsigned int n = 0;
	unsigned long slot;
	u64 used;

	for (used = nf_ct_head_used(head); used; used &= used - 1) {
		at[n] = &line->slot[nf_ct_match_slot(used)];
		slot = READ_ONCE(*at[n]);
		/* empty by now, or the other direction */
		if (!slot ||
		    (!clashing && nf_ct_slot_dir(slot) != IP_CT_DIR_ORIGINAL))
			continue;
		nf_ct_slot_prefetch(slot);
		pick[n++] = slot;
	}
	return n;
}

static void nf_ct_gather_line(struct nf_ct_gather *g, const struct nf_ct_line *line,
			      u64 head, const struct nf_ct_walk_bucket *b,
			      const struct nf_conntrack_walk *walk, struct net *net)
{
	const unsigned long *at[NF_CT_LINE_SLOTS];
	unsigned long pick[NF_CT_LINE_SLOTS];
	unsigned int i, n;

	n = nf_ct_gather_pick(line, head, walk->clashing, at, pick);
	for (i = 0; i < n; i++)
		nf_ct_gather_slot(g, at[i], pick[i], b, walk, net);
}

/* Give back what was collected of the places that are looked at. */
static void nf_ct_gather_forget(struct nf_ct_gather *g)
{
	while (g->n > g->base)
		nf_ct_put(g->batch[--g->n]);
	g->more = false;
}

/* The bucket that holds @b->from now.  Lowers @b->to to the last hash value for which it
 * does.
 */
static void nf_ct_walk_bucket(struct nf_ct_walk_bucket *b)
{
	struct nf_conntrack_table *t = rcu_dereference(nf_conntrack_table);

	for (;;) {
		/* never past the end of the smallest bucket on the way: while the
		 * table shrinks, the neighbour may not have moved yet
		 */
		b->to = min(b->to, nf_ct_bucket_end(t, b->from));
		b->begin = nf_ct_bucket_begin(t, b->from);
		b->line = &t->line[nf_ct_bucket_index(t, b->from)];
		/* as in nf_ct_bucket_rcu() */
		b->head = smp_load_acquire(&b->line->head);
		if (!(b->head & NF_CT_LINE_MOVED))
			return;
		t = t->next;
	}
}

/*
 * Collect one bucket.  Returns false when an entry has changed its place meanwhile, or
 * all have: then they may have been passed over, and the slots of this generation no
 * longer tell that an entry has left.
 */
static bool nf_ct_gather_bucket(struct nf_ct_gather *g,
				const struct nf_ct_walk_bucket *b,
				const struct nf_conntrack_walk *walk, struct net *net)
{
	struct nf_ct_line *line = b->line;
	u64 head = b->head;

	for (;;) {
		nf_ct_gather_line(g, line, head, b, walk, net);
		line = rcu_dereference(line->next);
		if (likely(!line))
			return !nf_ct_bucket_shifted(b->line, b->head);
		/* as in nf_ct_bucket_rcu() */
		head = smp_load_acquire(&line->head);
	}
}

/*
 * Collect the places that stand in one bucket, from @from on; or one place, whose entries
 * stand in several buckets of a very large table.  Returns the last hash value that was
 * covered.  RCU.
 */
static u32 nf_ct_gather_places(struct nf_ct_gather *g, u32 from,
			       const struct nf_conntrack_walk *walk, struct net *net)
{
	struct nf_ct_walk_bucket b;
	u32 next = from;

	g->base = g->n;
	for (;;) {
		b.from = next;
		b.to = U32_MAX;
		nf_ct_walk_bucket(&b);
		/* what stands here has this place, or a later one */
		b.from = nf_ct_walk_place(next);
		b.begun = walk->begun && b.from <= walk->place;
		if (unlikely(!nf_ct_gather_bucket(g, &b, walk, net))) {
			nf_ct_gather_forget(g);
			next = from;
			continue;
		}
		next = b.to + 1;
		if (likely(!(next & NF_CT_PLACE_REST)))
			return b.to;
	}
}

/**
 * nf_conntrack_walk_placed - the next entries of a walk, and their places
 * @net:   namespace, or NULL for all
 * @walk:  place in the table, all zero to begin
 * @batch: result, each with a reference that the caller drops
 * @place: result: the place of each, by its direction nf_ct_walk_dir()
 * @max:   room in both
 *
 * Dying and expired entries are included: the caller decides.
 *
 * Context: process, may sleep.
 * Return: how many, 0 at the end.
 */
unsigned int nf_conntrack_walk_placed(struct net *net,
				      struct nf_conntrack_walk *walk,
				      struct nf_conn **batch, u32 *place,
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
	g.place = place;
	g.n = 0;
	g.max = max;
	g.more = false;
	from = walk->begun ? walk->place : 0;
	rcu_read_lock();
	for (;;) {
		to = nf_ct_gather_places(&g, from, walk, net);
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
		walk->place = place[g.n - 1];
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
 * Return: as nf_conntrack_walk_placed().
 */
unsigned int nf_conntrack_walk_next(struct net *net,
				    struct nf_conntrack_walk *walk,
				    struct nf_conn **batch, unsigned int max)
{
	u32 place[NF_CT_WALK_MAX];

	return nf_conntrack_walk_placed(net, walk, batch, place,
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
	walk->place = nf_ct_walk_place(nf_ct_hash(ct, nf_ct_walk_dir(ct)));
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
	if (nf_ct_slot_entered(ct) && nf_ct_near_may_go(ct) &&
	    net_eq(nf_ct_net(ct), net))
		return true;
	nf_ct_put(ct);
	return false;
}

/* One bucket of nf_conntrack_walk_near(); counts @looks down */
static struct nf_conn *nf_ct_near_bucket(const struct nf_ct_line *line,
					 const struct net *net, unsigned int *looks)
{
	unsigned long slot;
	struct nf_conn *ct;
	u64 used;

	for (; line; line = rcu_dereference(line->next)) {
		used = nf_ct_head_used(READ_ONCE(line->head));
		for (; used; used &= used - 1) {
			slot = READ_ONCE(line->slot[nf_ct_match_slot(used)]);
			ct = nf_ct_slot_ct(slot);
			/* most may not: first the one word that says so */
			if (ct && unlikely(nf_ct_near_may_go(ct)) &&
			    nf_ct_near_get(net, ct))
				return ct;
			if (!--*looks)
				return NULL;
		}
	}
	return NULL;
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
 * are here.  While the table is resized, the buckets of the old generation still name
 * their entries, some of which have ended since.  The entries do not depend on each
 * other, so a CPU that foresees that most of them may not go fetches several at a time.
 *
 * Context: softirq safe; bounded by @looks.
 * Return: an entry with a reference, or NULL.
 */
struct nf_conn *nf_conntrack_walk_near(const struct net *net, u32 hash,
				       unsigned int buckets, unsigned int looks)
{
	const struct nf_conntrack_table *t;
	struct nf_conn *ct = NULL;
	u32 i, last;

	rcu_read_lock();
	t = rcu_dereference(nf_conntrack_table);
	last = (1U << t->bits) - 1;
	for (i = nf_ct_bucket_index(t, hash); buckets && looks && !ct; buckets--)
		ct = nf_ct_near_bucket(&t->line[i++ & last], net, &looks);
	rcu_read_unlock();
	return ct;
}
