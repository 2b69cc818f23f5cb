// SPDX-License-Identifier: GPL-2.0
/*
 * The connection table: finding, inserting, removing and visiting entries.
 * nf_conntrack_locks[] (one lock per value of the hash's top ten bits, see
 * include/nf_conntrack_table.h) guards every bucket; lookups and walks hold
 * RCU only.  An entry never moves within a generation of the table, so a
 * reader that has seen a bucket's flags needs no second look.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/percpu_counter.h>
#include <linux/prefetch.h>
#include <linux/slab.h>

#include "nf_conntrack_bucket.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_table.h"
#include "nf_conntrack_trace.h"

#define NF_CT_EVICT_BUCKETS	16

__cacheline_aligned_in_smp spinlock_t nf_conntrack_locks[CONNTRACK_LOCKS];

/* Kept for their symbols: the kernel's own hash chains do not exist here. */
struct hlist_nulls_head *nf_conntrack_hash __read_mostly;

struct nf_ct_table __rcu *nf_conntrack_table __read_mostly;
struct kmem_cache *nf_ct_line_cachep __read_mostly;
struct percpu_counter nf_conntrack_slots;
atomic_t nf_conntrack_overflow = ATOMIC_INIT(0);
s64 nf_conntrack_grow_at __read_mostly;

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

/* The direction by which an entry is visited: the one that is always there */
static enum ip_conntrack_dir nf_ct_walk_dir(const struct nf_conn *ct)
{
	return ct->status & IPS_NAT_CLASH ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL;
}

static u32 nf_ct_walk_hash(const struct nf_conn *ct)
{
	return nf_ct_hash(ct, nf_ct_walk_dir(ct));
}

static struct nf_conntrack_tuple_hash *nf_ct_slot_hash(unsigned long slot)
{
	return &nf_ct_slot_ct(slot)->tuplehash[slot & 1];
}

/* The four cache lines that a hit will touch, fetched side by side */
static void nf_ct_slot_prefetch(unsigned long slot)
{
	const char *p = (const char *)nf_ct_slot_ct(slot);

	prefetch(p);
	prefetch(p + 64);
	prefetch(p + 128);
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

	/* pairs with the refcount_set() that ends nf_conntrack_alloc() and confirm */
	smp_acquire__after_ctrl_dep();
	if (likely(nf_ct_key_equal(h, tuple, zone, net) &&
		   nf_ct_is_confirmed(ct) && !nf_ct_is_dying(ct)))
		return h;

	nf_ct_put(ct);
	return NULL;
}

/* An entry past its deadline is absent; one in a flow table is pushed on. */
static bool nf_ct_found_alive(struct nf_conn *ct)
{
	if (likely(!nf_ct_is_expired(ct)))
		return true;
	if (test_bit(IPS_OFFLOAD_BIT, &ct->status)) {
		nf_ct_offload_timeout(ct);
		return true;
	}
	if (nf_ct_should_gc(ct))
		nf_ct_kill(ct);
	nf_ct_put(ct);
	return false;
}

/* ---- readers ---- */

/* First line and head word of the bucket that holds @hash now */
static struct nf_ct_line *nf_ct_bucket_rcu(u32 hash, u64 *head)
{
	struct nf_ct_table *t = rcu_dereference(nf_conntrack_table);
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

/* A hint: the bucket may be another one by the time it is used. */
void nf_conntrack_table_prefetch(u32 hash)
{
	const struct nf_ct_table *t;

	rcu_read_lock();
	t = rcu_dereference(nf_conntrack_table);
	prefetchw(&t->line[nf_ct_bucket_index(t, hash)]);
	rcu_read_unlock();
}

/**
 * nf_conntrack_table_find - look a tuple up
 * @net:   namespace
 * @tuple: key, both directions are searched
 * @zone:  the packet's zone
 * @hash:  nf_conntrack_hash_tuple() of these, for one direction of @zone
 *
 * Context: RCU read side, softirq safe, takes no lock unless it meets an
 * expired entry, which it removes.
 * Return: the matching direction of an entry on which a reference was taken,
 * or NULL.
 */
struct nf_conntrack_tuple_hash *
nf_conntrack_table_find(struct net *net, const struct nf_conntrack_tuple *tuple,
			const struct nf_conntrack_zone *zone, u32 hash)
{
	struct nf_conntrack_tuple_hash *h;
	u8 tag = nf_ct_hash_tag(hash);
	struct nf_ct_line *line;
	unsigned long slot;
	u64 head, match;

	line = nf_ct_bucket_rcu(hash, &head);
	do {
		for (match = nf_ct_head_match(head, tag); match;
		     match &= match - 1) {
			slot = READ_ONCE(line->slot[nf_ct_match_slot(match)]);
			nf_ct_slot_prefetch(slot);
			h = nf_ct_slot_get(slot, net, tuple, zone);
			if (h && nf_ct_found_alive(nf_ct_slot_ct(slot)))
				return h;
		}
		line = rcu_dereference(line->next);
		if (likely(!line))
			return NULL;
		/* as in nf_ct_bucket_rcu() */
		head = smp_load_acquire(&line->head);
	} while (1);
}

/* ---- writers ---- */

void nf_conntrack_lock(spinlock_t *lock) __acquires(lock)
{
	spin_lock(lock);
}

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
	struct nf_ct_table *t;
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
			atomic_inc(&nf_conntrack_overflow);
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
	return kmem_cache_zalloc(nf_ct_line_cachep, GFP_ATOMIC | __GFP_NOWARN);
}

static void nf_ct_slot_remove(u32 hash, unsigned long slot)
{
	struct nf_ct_line *line = nf_ct_bucket_locked(hash);
	int i;

	for (; line; line = nf_ct_line_next(line, hash)) {
		for (i = 0; i < NF_CT_LINE_SLOTS; i++) {
			if (line->slot[i] != slot)
				continue;
			WRITE_ONCE(line->head, line->head &
				   ~(0xffULL << NF_CT_TAG_SHIFT(i)));
			WRITE_ONCE(line->slot[i], 0);
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
				     nf_ct_slot_of(ct, dir), NF_CT_CHAIN_LINES,
				     nf_ct_line_atomic, NULL);
		if (err)
			goto remove;
	}

	percpu_counter_add_batch(&nf_conntrack_slots, IP_CT_DIR_MAX, 256);
	if (percpu_counter_read(&nf_conntrack_slots) >
	    READ_ONCE(nf_conntrack_grow_at))
		nf_conntrack_resize_kick();
	return 0;

remove:
	while (--dir >= first)
		nf_ct_slot_remove(hash[dir], nf_ct_slot_of(ct, dir));
	return err;
}

/**
 * nf_conntrack_table_remove - take both directions of an entry out
 * @ct:   in the table
 * @hash: nf_ct_hash() of both directions
 *
 * Context: both table locks held. Readers may still hold or take references
 * until the next grace period; they see IPS_DYING, which the caller has set.
 */
void nf_conntrack_table_remove(struct nf_conn *ct, const u32 hash[IP_CT_DIR_MAX])
{
	int dir;

	for (dir = nf_ct_walk_dir(ct); dir < IP_CT_DIR_MAX; dir++)
		nf_ct_slot_remove(hash[dir], nf_ct_slot_of(ct, dir));
	percpu_counter_add_batch(&nf_conntrack_slots, -IP_CT_DIR_MAX, 256);
}

/* ---- walks ---- */

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
 * @hash:  nf_ct_walk_hash() of each
 * @base:  where this bucket's entries begin in it
 * @n:     where they end
 * @max:   how many may be collected
 * @more:  something of this bucket did not fit
 */
struct nf_ct_gather {
	struct nf_conn	**batch;
	u32		hash[NF_CT_WALK_MAX];
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
	/* the slot was reused for an entry that stands elsewhere in the bucket */
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
	memmove(&g->batch[i + 1], &g->batch[i],
		(g->n - i) * sizeof(*g->batch));
	memmove(&g->hash[i + 1], &g->hash[i], (g->n - i) * sizeof(*g->hash));
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

	if (!slot || (!walk->clashing && (slot & 1) != IP_CT_DIR_ORIGINAL))
		return;
	if (net && !net_eq(nf_ct_net(ct), net))
		return;
	if (!refcount_inc_not_zero(&ct->ct_general.use))
		return;
	/* as in nf_ct_slot_get(): what counts is what it is now */
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

/* A walk touches all of what a line points to: fetch that side by side */
static void nf_ct_gather_prefetch(const struct nf_ct_line *line)
{
	unsigned long slot;
	int i;

	for (i = 0; i < NF_CT_LINE_SLOTS; i++) {
		slot = READ_ONCE(line->slot[i]);
		if (slot && (slot & 1) == IP_CT_DIR_ORIGINAL)
			nf_ct_slot_prefetch(slot);
	}
}

/* Collect the bucket at @from; returns the last hash value that was covered. */
static u32 nf_ct_gather_bucket(struct nf_ct_gather *g, u32 from,
			       const struct nf_conntrack_walk *walk,
			       struct net *net)
{
	struct nf_ct_line *line;
	struct nf_ct_table *t;
	u32 to = U32_MAX;
	int i;

	rcu_read_lock();
	t = rcu_dereference(nf_conntrack_table);
	for (;;) {
		/* never past the end of the smallest bucket on the way: while the
		 * table shrinks, the neighbour may not have moved yet
		 */
		to = min(to, nf_ct_bucket_end(t, from));
		line = &t->line[nf_ct_bucket_index(t, from)];
		/* as in nf_ct_bucket_rcu() */
		if (!(smp_load_acquire(&line->head) & NF_CT_LINE_MOVED))
			break;
		t = t->next;
	}
	g->base = g->n;
	for (; line; line = rcu_dereference(line->next)) {
		nf_ct_gather_prefetch(line);
		for (i = 0; i < NF_CT_LINE_SLOTS; i++)
			nf_ct_gather_slot(g, READ_ONCE(line->slot[i]), walk,
					  net, from, to);
	}
	rcu_read_unlock();
	return to;
}

unsigned int nf_conntrack_walk_next(struct net *net,
				    struct nf_conntrack_walk *walk,
				    struct nf_conn **batch, unsigned int max)
{
	struct nf_ct_gather g;
	unsigned int buckets = 0;
	u32 from, to;

	if (walk->done)
		return 0;

	g.batch = batch;
	g.n = 0;
	g.max = min(max, NF_CT_WALK_MAX);
	g.more = false;
	from = walk->begun ? walk->hash : 0;
	for (;;) {
		to = nf_ct_gather_bucket(&g, from, walk, net);
		if (g.more || g.n == g.max)
			break;
		if (to == U32_MAX) {
			walk->done = true;
			break;
		}
		from = to + 1;
		if (!(++buckets & 0x3f))
			cond_resched();
	}
	if (g.n) {
		walk->begun = true;
		walk->after = (unsigned long)batch[g.n - 1];
		walk->hash = g.hash[g.n - 1];
	}
	return g.n;
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_walk_next);

void nf_conntrack_walk_back(struct nf_conntrack_walk *walk,
			    const struct nf_conn *ct)
{
	walk->hash = nf_ct_walk_hash(ct);
	walk->after = (unsigned long)ct - 1;
	walk->begun = true;
	walk->done = false;
}

NF_CT_EXPORT_PRIVATE(nf_conntrack_walk_back);

/* ---- eviction ---- */

/* May @ct make room for a new connection?  Not answered yet, or closing. */
static bool nf_ct_evictable(const struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4;

	if (test_bit(IPS_OFFLOAD_BIT, &ct->status))
		return false;
	if (!test_bit(IPS_ASSURED_BIT, &ct->status))
		return true;
	l4 = nf_ct_l4proto_find(nf_ct_protonum(ct));
	return l4->can_early_drop && l4->can_early_drop(ct);
}

/**
 * nf_conntrack_table_evict - remove one entry near @hash to make room
 * @net:  namespace that is full
 * @hash: where to look; a few buckets from there on
 *
 * Context: softirq safe.
 * Return: true when an entry is gone for good, its DESTROY delivered.
 */
bool nf_conntrack_table_evict(struct net *net, u32 hash)
{
	const struct nf_conntrack_walk begin = {};
	struct nf_conn *batch[16];
	unsigned int i, n;
	bool gone = false;

	for (n = 0; n < NF_CT_EVICT_BUCKETS && !gone; n++) {
		struct nf_ct_gather g = {
			.batch = batch,
			.max = ARRAY_SIZE(batch),
		};
		struct nf_ct_table *t;

		rcu_read_lock();
		t = rcu_dereference(nf_conntrack_table);
		hash &= ~(U32_MAX >> t->bits);
		rcu_read_unlock();

		hash = nf_ct_gather_bucket(&g, hash, &begin, net) + 1;
		for (i = 0; i < g.n; i++) {
			if (!gone && !nf_ct_is_dying(batch[i]) &&
			    nf_ct_evictable(batch[i])) {
				trace_nf_ct_early_drop(batch[i]);
				gone = nf_ct_delete(batch[i], 0, 0);
			}
			nf_ct_put(batch[i]);
		}
	}
	if (gone)
		NF_CT_STAT_INC_ATOMIC(net, early_drop);
	return gone;
}

void nf_conntrack_table_stats(struct nf_conntrack_table_stats *st)
{
	struct nf_ct_table *t;

	rcu_read_lock();
	t = rcu_dereference(nf_conntrack_table);
	st->buckets = 1U << t->bits;
	rcu_read_unlock();
	st->slots = percpu_counter_sum_positive(&nf_conntrack_slots);
	st->overflow = atomic_read(&nf_conntrack_overflow);
	nf_conntrack_resize_stats(st);
}

int nf_conntrack_table_init(void)
{
	int i, err;

	BUILD_BUG_ON(sizeof(struct nf_ct_line) != 64);
	BUILD_BUG_ON(sizeof(struct nf_conntrack_walk) > 24);

	for (i = 0; i < CONNTRACK_LOCKS; i++)
		spin_lock_init(&nf_conntrack_locks[i]);

	nf_ct_line_cachep = kmem_cache_create("nf_conntrack_line",
					      sizeof(struct nf_ct_line), 64,
					      0, NULL);
	if (!nf_ct_line_cachep)
		return -ENOMEM;

	err = percpu_counter_init(&nf_conntrack_slots, 0, GFP_KERNEL);
	if (err)
		goto destroy_cache;

	err = nf_conntrack_resize_init();
	if (err)
		goto destroy_counter;
	return 0;

destroy_counter:
	percpu_counter_destroy(&nf_conntrack_slots);
destroy_cache:
	kmem_cache_destroy(nf_ct_line_cachep);
	return err;
}

void nf_conntrack_table_fini(void)
{
	nf_conntrack_resize_fini();
	percpu_counter_destroy(&nf_conntrack_slots);
	kmem_cache_destroy(nf_ct_line_cachep);
}
