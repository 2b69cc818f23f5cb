// SPDX-License-Identifier: GPL-2.0
/*
 * The connection table: finding, inserting and removing entries, and the memory
 * of one generation of it.  nf_conntrack_locks[] (one lock for each value of the
 * hash's top ten bits, see include/nf_conntrack_table.h) guards every bucket;
 * lookups hold RCU only.  An entry may come nearer in its chain while a reader goes
 * along it: a reader that finds nothing asks nf_ct_bucket_shifted().
 */
#include <linux/percpu_counter.h>
#include <linux/prefetch.h>
#include <linux/slab.h>

#include "nf_conntrack_bucket.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_conntrack_table.h"

struct nf_conntrack_table __rcu *nf_conntrack_table __read_mostly;
struct percpu_counter nf_conntrack_slots;
s64 nf_conntrack_grow_at __read_mostly;

/* The work of table/resize.c, which an insertion queues when the table is too full.
 * Bit 0 of asked: it is queued.
 */
struct delayed_work nf_conntrack_resize_work;
unsigned long nf_conntrack_resize_asked;

/* ---- keys ---- */

/* The zone counts for the direction that is looked at, on both sides. */
static bool nf_ct_key_equal(const struct nf_conntrack_tuple_hash *h,
			    const struct nf_conntrack_tuple *tuple,
			    const struct nf_conntrack_zone *zone,
			    const struct net *net)
{
	const struct nf_conn *ct = nf_ct_tuplehash_to_ctrack(h);

	return nf_ct_tuple_equal(&h->tuple, tuple) &&
	       nf_ct_zone_equal(ct, zone, NF_CT_DIRECTION(h)) &&
	       net_eq(nf_ct_net(ct), net);
}

static struct nf_conntrack_tuple_hash *nf_ct_slot_hash(unsigned long slot)
{
	return &nf_ct_slot_ct(slot)->tuplehash[nf_ct_slot_dir(slot)];
}

/*
 * The one way from a slot to a reference.  The object may be freed and used
 * again at any moment (SLAB_TYPESAFE_BY_RCU): take the reference, then look
 * once more whether this still is the connection that was asked for.
 */
static struct nf_conntrack_tuple_hash *
nf_ct_slot_get(unsigned long slot, const struct net *net,
	       const struct nf_conntrack_tuple *tuple,
	       const struct nf_conntrack_zone *zone)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn *ct;

	if (!slot)
		return NULL;

	h = nf_ct_slot_hash(slot);
	if (!nf_ct_key_equal(h, tuple, zone, net))
		return NULL;

	ct = nf_ct_slot_ct(slot);
	if (!refcount_inc_not_zero(&ct->ct_general.use))
		return NULL;

	/* pairs with the barrier before the refcount_set() of a new entry */
	smp_acquire__after_ctrl_dep();
	/* in this order: NAT may change the key of an entry that is not confirmed */
	if (likely(nf_ct_slot_entered(ct) && nf_ct_key_equal(h, tuple, zone, net)))
		return h;

	nf_ct_put(ct);
	return NULL;
}

/* ---- readers ---- */

/* First line and head word of the bucket that holds @hash now */
static struct nf_ct_line *nf_ct_bucket_rcu(u32 hash, u64 *head)
{
	struct nf_conntrack_table *t = rcu_dereference(nf_conntrack_table);
	struct nf_ct_line *line;

	for (;;) {
		line = &t->line[nf_ct_bucket_index(t, hash)];
		/* pairs with the release in nf_ct_line_add() and in the mover:
		 * MOVED makes t->next and everything in it visible
		 */
		*head = smp_load_acquire(&line->head);
		if (likely(!(*head & NF_CT_LINE_MOVED)))
			return line;
		t = t->next;
	}
}

/* A hint: the bucket may be another one by the time it is used.  RCU. */
void nf_conntrack_table_prefetch(u32 hash)
{
	const struct nf_conntrack_table *t = rcu_dereference(nf_conntrack_table);

	prefetchw(&t->line[nf_ct_bucket_index(t, hash)]);
}

/**
 * nf_conntrack_table_find - look a tuple up
 * @net:   namespace
 * @tuple: tuple, both directions are searched
 * @zone:  the packet's zone
 * @hash:  nf_conntrack_hash_tuple() of these, for one direction of @zone
 *
 * Context: RCU read side, softirq safe, takes no lock.
 * Return: the matching direction of an entry on which a reference was taken, or
 * NULL.  The entry may be dying or past its deadline: see packet/find.c.
 */
struct nf_conntrack_tuple_hash *
nf_conntrack_table_find(struct net *net, const struct nf_conntrack_tuple *tuple,
			const struct nf_conntrack_zone *zone, u32 hash)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_ct_line *first, *line;
	u8 tag = nf_ct_hash_tag(hash);
	u64 begun, head, match;
	unsigned long slot;

again:
	line = first = nf_ct_bucket_rcu(hash, &head);
	begun = head;
	do {
		for (match = nf_ct_head_match(head, tag); match;
		     match &= match - 1) {
			slot = READ_ONCE(line->slot[nf_ct_match_slot(match)]);
			nf_ct_slot_prefetch(slot);
			h = nf_ct_slot_get(slot, net, tuple, zone);
			if (h)
				return h;
		}
		line = rcu_dereference(line->next);
		if (likely(!line))
			break;
		/* as in nf_ct_bucket_rcu() */
		head = smp_load_acquire(&line->head);
	} while (1);

	if (unlikely(nf_ct_bucket_shifted(first, begun)))
		goto again;
	return NULL;
}

/* ---- writers ---- */

/* Locks of two hashes, lower index first, BH disabled. */
void nf_conntrack_table_lock2(u32 h1, u32 h2) __acquires(nf_conntrack_locks)
{
	spinlock_t *a = nf_ct_hash_lock(min(h1, h2));
	spinlock_t *b = nf_ct_hash_lock(max(h1, h2));

	spin_lock_bh(a);
	if (a != b)
		spin_lock_nested(b, SINGLE_DEPTH_NESTING);
	else
		__acquire(b);
	/* two locks or one: for sparse, one context */
	__release(b);
}

void nf_conntrack_table_unlock2(u32 h1, u32 h2) __releases(nf_conntrack_locks)
{
	spinlock_t *a = nf_ct_hash_lock(min(h1, h2));
	spinlock_t *b = nf_ct_hash_lock(max(h1, h2));

	__acquire(b);
	if (a != b)
		spin_unlock(b);
	else
		__release(b);
	spin_unlock_bh(a);
}

struct nf_ct_line *nf_ct_bucket_locked(u32 hash)
{
	struct nf_conntrack_table *t;
	struct nf_ct_line *line;

	lockdep_assert_held(nf_ct_hash_lock(hash));
	t = rcu_dereference_check(nf_conntrack_table, true);
	for (;;) {
		line = &t->line[nf_ct_bucket_index(t, hash)];
		if (likely(!(line->head & NF_CT_LINE_MOVED)))
			return line;
		t = t->next;
	}
}

static struct nf_ct_line *nf_ct_line_next(struct nf_ct_line *line, u32 hash)
{
	return rcu_dereference_protected(line->next,
					 lockdep_is_held(nf_ct_hash_lock(hash)));
}

static int nf_ct_line_free_slot(u64 head)
{
	u64 match = nf_ct_head_match(head, 0);

	return match ? nf_ct_match_slot(match) : -1;
}

/**
 * nf_ct_line_add - put one direction of an entry into a chain
 * @line:  first line of the bucket
 * @hash:  its hash
 * @slot:  nf_ct_slot_of()
 * @limit: lines that the chain may have
 * @spare: returns a zeroed line when all are full, or NULL
 * @arg:   for @spare
 *
 * Context: table lock of @hash held.
 * Return: 0, -ENOSPC when the chain is too long, -ENOMEM.
 */
int nf_ct_line_add(struct nf_ct_line *line, u32 hash, unsigned long slot,
		   unsigned int limit,
		   struct nf_ct_line *(*spare)(void *arg), void *arg)
{
	u64 tag = nf_ct_hash_tag(hash);
	struct nf_ct_line *next;
	unsigned int lines = 1;
	int i;

	while ((i = nf_ct_line_free_slot(line->head)) < 0) {
		next = nf_ct_line_next(line, hash);
		if (!next) {
			if (lines >= limit)
				return -ENOSPC;
			next = spare(arg);
			if (!next)
				return -ENOMEM;
			nf_ct_lines_count(1);
			next->slot[0] = slot;
			next->head = tag << NF_CT_TAG_SHIFT(0);
			rcu_assign_pointer(line->next, next);
			return 0;
		}
		line = next;
		lines++;
	}

	WRITE_ONCE(line->slot[i], slot);
	/* a reader that sees the tag must see the slot: nf_ct_bucket_rcu() */
	smp_store_release(&line->head, line->head | tag << NF_CT_TAG_SHIFT(i));
	return 0;
}

static struct nf_ct_line *nf_ct_line_atomic(void *unused)
{
	return nf_ct_line_alloc(GFP_ATOMIC | __GFP_NOWARN);
}

static void nf_ct_slot_clear(struct nf_ct_line *line, unsigned int i)
{
	WRITE_ONCE(line->head, line->head & ~(0xffULL << NF_CT_TAG_SHIFT(i)));
	WRITE_ONCE(line->slot[i], 0);
}

static u64 nf_ct_head_count_shift(u64 head)
{
	return (head & ~NF_CT_LINE_SHIFTS) |
	       ((head + NF_CT_LINE_SHIFT) & NF_CT_LINE_SHIFTS);
}

/*
 * Move an entry from the last line of a chain to the free slot @i of @line.  A reader
 * may have passed @line already and may come to the last line when the entry has gone.
 * So the count in the first line changes before that: see nf_ct_bucket_shifted().  For
 * the reader to be deceived, the count would have to go round, 32,768 entries of one
 * bucket, while it goes along one chain.
 */
static void nf_ct_slot_shift(struct nf_ct_line *first, struct nf_ct_line *line,
			     unsigned int i, struct nf_ct_line *last)
{
	unsigned int from = (__fls(last->head & NF_CT_LINE_TAGS) - 16) / 8;
	u64 tag = last->head >> NF_CT_TAG_SHIFT(from) & 0xff;

	WRITE_ONCE(line->slot[i], last->slot[from]);
	/* as in nf_ct_line_add() */
	smp_store_release(&line->head, line->head | tag << NF_CT_TAG_SHIFT(i));
	/* a reader that sees the count sees the entry in its new place */
	smp_store_release(&first->head, nf_ct_head_count_shift(first->head));
	/* a reader that finds the old place empty sees the count */
	smp_wmb();
	nf_ct_slot_clear(last, from);
}

/* Slot @i of @line has become free: keep the chain of the bucket as short as may be. */
static void nf_ct_bucket_close_gap(struct nf_ct_line *first, struct nf_ct_line *line,
				   unsigned int i, u32 hash)
{
	struct nf_ct_line *before = NULL, *last = first, *next;

	while ((next = nf_ct_line_next(last, hash))) {
		before = last;
		last = next;
	}
	if (likely(!before))
		return;
	if (line != last)
		nf_ct_slot_shift(first, line, i, last);
	if (!(last->head & NF_CT_LINE_TAGS)) {
		RCU_INIT_POINTER(before->next, NULL);
		nf_ct_line_retire(last);
	}
}

/*
 * The hash of one direction of @ct, of which @known may be no more than the place that a
 * walk has met it at.  That is enough for every table but a very large one.
 */
static u32 nf_ct_hash_complete(const struct nf_conn *ct, int dir, u32 known)
{
	const struct nf_conntrack_table *t;

	lockdep_assert_held(nf_ct_hash_lock(known));
	if (likely(known & NF_CT_PLACE_REST))
		return known;
	/* a bucket of @known cannot move: its lock is held */
	for (t = rcu_dereference_check(nf_conntrack_table, true); t; t = t->next)
		if (unlikely(t->bits > NF_CT_SLOT_KNOWN_BITS))
			return nf_ct_hash(ct, dir);
	return known;
}

static void nf_ct_slot_remove(const struct nf_conn *ct, int dir, u32 known)
{
	u32 hash = nf_ct_hash_complete(ct, dir, known);
	struct nf_ct_line *first = nf_ct_bucket_locked(hash);
	unsigned long slot = nf_ct_slot_of(ct, dir, hash);
	struct nf_ct_line *line;
	int i;

	for (line = first; line; line = nf_ct_line_next(line, hash)) {
		for (i = 0; i < NF_CT_LINE_SLOTS; i++) {
			if (line->slot[i] != slot)
				continue;
			nf_ct_slot_clear(line, i);
			nf_ct_bucket_close_gap(first, line, i, hash);
			return;
		}
	}
	WARN_ON_ONCE(1);
}

/**
 * nf_conntrack_table_peek - look for a clash under the lock
 * @net:   namespace
 * @tuple: key
 * @zone:  zone
 * @hash:  of these, for the direction of @tuple
 *
 * Context: table lock of @hash held.
 * Return: the matching direction of an entry in the table, dying and expired
 * ones included, without a reference; or NULL.
 */
struct nf_conntrack_tuple_hash *
nf_conntrack_table_peek(struct net *net, const struct nf_conntrack_tuple *tuple,
			const struct nf_conntrack_zone *zone, u32 hash)
{
	struct nf_ct_line *line = nf_ct_bucket_locked(hash);
	struct nf_conntrack_tuple_hash *h;
	u8 tag = nf_ct_hash_tag(hash);
	u64 match;

	for (; line; line = nf_ct_line_next(line, hash)) {
		for (match = nf_ct_head_match(line->head, tag); match;
		     match &= match - 1) {
			unsigned long slot = line->slot[nf_ct_match_slot(match)];

			if (!slot)
				continue;
			h = nf_ct_slot_hash(slot);
			if (nf_ct_key_equal(h, tuple, zone, net))
				return h;
		}
	}
	return NULL;
}

/* Every insertion above the mark asks; asking once is enough. */
static void nf_conntrack_table_ask_growth(void)
{
	if (!test_bit(0, &nf_conntrack_resize_asked) &&
	    !test_and_set_bit(0, &nf_conntrack_resize_asked))
		mod_delayed_work(nf_conntrack_wq, &nf_conntrack_resize_work, 0);
}

/**
 * nf_conntrack_table_insert - publish both directions of an entry
 * @ct:   complete but for IPS_CONFIRMED. With IPS_NAT_CLASH only the reply
 *        direction is published.
 * @hash: nf_ct_hash() of both directions
 *
 * Context: both table locks held. The caller has looked for clashes.
 * Return: 0, or -ENOSPC (chain too long) or -ENOMEM with nothing inserted.
 */
int nf_conntrack_table_insert(struct nf_conn *ct, const u32 hash[IP_CT_DIR_MAX])
{
	int dir, err, first = nf_ct_walk_dir(ct);

	for (dir = first; dir < IP_CT_DIR_MAX; dir++) {
		err = nf_ct_line_add(nf_ct_bucket_locked(hash[dir]), hash[dir],
				     nf_ct_slot_of(ct, dir, hash[dir]),
				     NF_CT_CHAIN_LINES, nf_ct_line_atomic, NULL);
		if (err)
			goto remove;
	}

	percpu_counter_add_batch(&nf_conntrack_slots, IP_CT_DIR_MAX, 256);
	if (percpu_counter_read(&nf_conntrack_slots) >
	    READ_ONCE(nf_conntrack_grow_at))
		nf_conntrack_table_ask_growth();
	return 0;

remove:
	while (--dir >= first)
		nf_ct_slot_remove(ct, dir, hash[dir]);
	return err;
}

/**
 * nf_conntrack_table_remove - take both directions of an entry out
 * @ct:   in the table
 * @hash: nf_ct_hash() of both directions, or the place where a walk has met one
 *
 * Context: both table locks held. Readers may still hold or take references
 * until the next grace period; IPS_DYING, which the caller has set, tells them.
 */
void nf_conntrack_table_remove(struct nf_conn *ct, const u32 hash[IP_CT_DIR_MAX])
{
	int dir;

	for (dir = nf_ct_walk_dir(ct); dir < IP_CT_DIR_MAX; dir++)
		nf_ct_slot_remove(ct, dir, hash[dir]);
	percpu_counter_add_batch(&nf_conntrack_slots, -IP_CT_DIR_MAX, 256);
}

/* ---- generations ---- */

/**
 * nf_conntrack_table_alloc - memory for one generation
 * @bits: log2 of the number of buckets
 * @zero: empty buckets; else their memory is as it is, and the caller fills each one
 *        before a reader can reach it
 *
 * Context: process, sleeps.
 * Return: buckets, or NULL.
 */
struct nf_conntrack_table *nf_conntrack_table_alloc(unsigned int bits, bool zero)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	struct nf_conntrack_table *t;

	t = kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return NULL;
	/* whole pages, hence aligned to a line */
	t->line = kvmalloc_array(1UL << bits, sizeof(*t->line),
				 zero ? gfp | __GFP_ZERO : gfp);
	if (!t->line) {
		kfree(t);
		return NULL;
	}
	t->bits = bits;
	return t;
}

/**
 * nf_conntrack_table_free - give a generation back, with its overflow lines
 * @t: generation that no reader can reach
 *
 * Context: process, sleeps.
 */
void nf_conntrack_table_free(struct nf_conntrack_table *t)
{
	struct nf_ct_line *line, *next;
	unsigned long i;

	for (i = 0; i < 1UL << t->bits; i++) {
		line = rcu_dereference_protected(t->line[i].next, true);
		for (; line; line = next) {
			next = rcu_dereference_protected(line->next, true);
			nf_ct_line_free(line);
			nf_ct_lines_count(-1);
		}
		if (!(i & 0xfff))
			cond_resched();
	}
	kvfree(t->line);
	kfree(t);
}

/**
 * nf_conntrack_table_stats - how full the table is
 * @st: result; the members that the resizer knows are left alone
 *
 * Context: process.
 */
void nf_conntrack_table_stats(struct nf_conntrack_table_stats *st)
{
	struct nf_conntrack_table *t;

	rcu_read_lock();
	t = rcu_dereference(nf_conntrack_table);
	st->buckets = 1U << t->bits;
	rcu_read_unlock();
	st->slots = percpu_counter_sum_positive(&nf_conntrack_slots);
	st->overflow = nf_ct_lines_in_use();
}

/**
 * nf_conntrack_table_init - what all generations share
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_table_init(void)
{
	return percpu_counter_init(&nf_conntrack_slots, 0, GFP_KERNEL);
}

/**
 * nf_conntrack_table_fini - the last generation has been freed
 *
 * Context: process, sleeps.
 */
void nf_conntrack_table_fini(void)
{
	percpu_counter_destroy(&nf_conntrack_slots);
}
