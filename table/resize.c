// SPDX-License-Identifier: GPL-2.0
/*
 * The size of the connection table: growing, shrinking, and the floor that a
 * user sets.  One work item does all of it; nf_conntrack_resize_mutex admits
 * one resize at a time.  Buckets move one by one under their table lock (see
 * table/table.c); readers follow the MOVED flag and never wait.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "nf_conntrack_bucket.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"

#define NF_CT_GROW_PERCENT	65
#define NF_CT_SHRINK_PERCENT	15
/* How often an idle table is looked at for shrinking, only while it is large */
#define NF_CT_SHRINK_INTERVAL	(10 * HZ)
/* The largest size that the kernel lets a user set */
#define NF_CT_HEADS_MAX		(INT_MAX / sizeof(void *))
/* Buckets of the kernel's own table that one of our lines has room for */
#define NF_CT_LINE_HEADS	(sizeof(struct nf_ct_line) / sizeof(void *))

/* Buckets that move in one hold of their lock, and overflow lines at hand for them */
#define NF_CT_MOVE_BATCH	8UL
#define NF_CT_MOVE_SPARES	4U

/* How many buckets of @t one lock guards */
#define NF_CT_LOCK_BUCKETS(t)	(1UL << ((t)->bits - NF_CT_TABLE_MIN_BITS))

static DEFINE_MUTEX(nf_conntrack_resize_mutex);
static bool nf_conntrack_resize_stopped;

/* log2 of the smallest table; doublings and halvings so far; under the mutex */
static unsigned int nf_conntrack_floor_bits = NF_CT_TABLE_MIN_BITS;
static unsigned int nf_conntrack_grown, nf_conntrack_shrunk;

/**
 * struct nf_ct_spares - overflow lines at hand while a bucket moves
 * @line: zeroed lines, linked by their next
 * @n:    how many
 *
 * Filled where sleeping is allowed, so that a move cannot fail half way.
 */
struct nf_ct_spares {
	struct nf_ct_line __rcu	*line;
	unsigned int		n;
};

static struct nf_ct_line *nf_ct_spares_take(void *arg)
{
	struct nf_ct_spares *s = arg;
	struct nf_ct_line *line = rcu_dereference_protected(s->line, true);

	if (!line)
		return NULL;
	s->n--;
	s->line = line->next;
	RCU_INIT_POINTER(line->next, NULL);
	return line;
}

static void nf_ct_spares_fill(struct nf_ct_spares *s, unsigned int want)
{
	struct nf_ct_line *line;

	for (; s->n < want; s->n++) {
		line = nf_ct_line_alloc(GFP_KERNEL | __GFP_NOFAIL);
		line->next = s->line;
		RCU_INIT_POINTER(s->line, line);
	}
}

static void nf_ct_spares_drain(struct nf_ct_spares *s)
{
	struct nf_ct_line *line;

	while ((line = nf_ct_spares_take(s)))
		nf_ct_line_free(line);
}

/* ---- generations ---- */

static void nf_conntrack_table_free_work(struct work_struct *work)
{
	nf_conntrack_table_free(container_of(to_rcu_work(work),
					     struct nf_conntrack_table, free));
}

static struct nf_conntrack_table *nf_conntrack_table_current(void)
{
	return rcu_dereference_protected(nf_conntrack_table,
					 lockdep_is_held(&nf_conntrack_resize_mutex));
}

static s64 nf_conntrack_table_slots(unsigned int bits, unsigned int percent)
{
	return (s64)(NF_CT_LINE_SLOTS << bits) * percent / 100;
}

/* ---- moving ---- */

/**
 * struct nf_ct_move - the move of all buckets from one generation to another
 * @from:   where they are
 * @to:     where they go
 * @bucket: the next one's index in @from
 * @half:   which bit of a slot tells into which of two buckets of @to its entry goes;
 *          negative when a bucket does not become two, or the slots do not tell
 * @spares: overflow lines for @to
 */
struct nf_ct_move {
	struct nf_conntrack_table	*from;
	struct nf_conntrack_table	*to;
	unsigned long			bucket;
	int				half;
	struct nf_ct_spares		spares;
};

/* From 2^@from to 2^@to buckets: does each become two, and do the slots tell which? */
static bool nf_conntrack_bits_split(unsigned int from, unsigned int to)
{
	return to == from + 1 && to <= NF_CT_SLOT_KNOWN_BITS;
}

/* First hash of bucket number @bucket of @t */
static u32 nf_ct_bucket_hash(const struct nf_conntrack_table *t, unsigned long bucket)
{
	return bucket << (32 - t->bits);
}

/*
 * Copy a bucket of one line into the two that it becomes: each entry stays where it
 * stands in the line.
 */
static void nf_ct_line_split(const struct nf_ct_line *line, struct nf_ct_line *two,
			     unsigned int half)
{
	u64 tags = line->head & NF_CT_LINE_TAGS;
	u64 second = 0;
	int i;

	for (i = 0; i < NF_CT_LINE_SLOTS; i++) {
		unsigned long slot = line->slot[i];
		/* all ones for the second bucket: the bit as a sign, all along */
		unsigned long mask = (long)(slot << (BITS_PER_LONG - 1 - half)) >>
				     (BITS_PER_LONG - 1);

		two[1].slot[i] = slot & mask;
		two[0].slot[i] = slot & ~mask;
		/* the byte of the last slot is on top in the end, as its tag */
		second = second >> 8 | (u64)mask << 56;
	}
	two[0].head = tags & ~second;
	two[1].head = tags & second;
	RCU_INIT_POINTER(two[0].next, NULL);
	RCU_INIT_POINTER(two[1].next, NULL);
}

/**
 * struct nf_ct_filling - a bucket that is being filled; no reader can reach it yet
 * @line: its last line
 * @n:    entries in that line
 */
struct nf_ct_filling {
	struct nf_ct_line	*line;
	unsigned int		n;
};

static void nf_ct_filling_begin(struct nf_ct_filling *f, struct nf_ct_line *line)
{
	*line = (struct nf_ct_line){};
	f->line = line;
	f->n = 0;
}

static void nf_ct_filling_add(struct nf_ct_filling *f, unsigned long slot, u64 tag,
			      struct nf_ct_spares *spares)
{
	struct nf_ct_line *line = f->line;

	if (unlikely(f->n == NF_CT_LINE_SLOTS)) {
		line = nf_ct_spares_take(spares);
		nf_ct_lines_count(1);
		RCU_INIT_POINTER(f->line->next, line);
		f->line = line;
		f->n = 0;
	}
	line->slot[f->n] = slot;
	line->head |= tag << NF_CT_TAG_SHIFT(f->n);
	f->n++;
}

/* Copy a bucket of several lines into the two that it becomes. */
static void nf_ct_chain_split(struct nf_ct_move *m, struct nf_ct_line *line,
			      struct nf_ct_line *two)
{
	struct nf_ct_filling f[2];
	unsigned long slot;
	unsigned int i;
	u64 match;

	nf_ct_filling_begin(&f[0], &two[0]);
	nf_ct_filling_begin(&f[1], &two[1]);
	for (; line; line = rcu_dereference_protected(line->next, true)) {
		for (match = nf_ct_head_used(line->head); match; match &= match - 1) {
			i = nf_ct_match_slot(match);
			slot = line->slot[i];
			nf_ct_filling_add(&f[slot >> m->half & 1], slot,
					  line->head >> NF_CT_TAG_SHIFT(i) & 0xff,
					  &m->spares);
		}
	}
}

/* Copy a bucket with @more lines after its first into the two that it becomes. */
static void nf_ct_bucket_split(struct nf_ct_move *m, struct nf_ct_line *first,
			       unsigned int more)
{
	struct nf_ct_line *two = &m->to->line[2 * m->bucket];

	if (more)
		nf_ct_chain_split(m, first, two);
	else
		nf_ct_line_split(first, two, m->half);
}

/* Does a bucket of @from, with what the slots tell, say where in @to each entry goes? */
static bool nf_ct_slots_tell(const struct nf_conntrack_table *from,
			     const struct nf_conntrack_table *to)
{
	return to->bits <= max_t(unsigned int, from->bits, NF_CT_SLOT_KNOWN_BITS);
}

/*
 * The hash of what stands in a slot; @head: of its line.  With @tell only as many bits of
 * it as a move needs: those of @bucket, which is the first hash of its bucket, of the
 * slot, and the tag.  Then the entry is not touched.
 */
static u32 nf_ct_slot_hash_value(u64 head, unsigned int i, unsigned long slot,
				 u32 bucket, bool tell)
{
	if (tell)
		return bucket | nf_ct_slot_hash_bits(slot) |
		       (u8)(head >> NF_CT_TAG_SHIFT(i));
	return nf_ct_hash(nf_ct_slot_ct(slot), nf_ct_slot_dir(slot));
}

/* Add the entries of a bucket, which begins with @hash, to where they belong. */
static void nf_ct_chain_scatter(struct nf_ct_move *m, struct nf_ct_line *line, u32 hash)
{
	bool tell = nf_ct_slots_tell(m->from, m->to);
	u64 match;

	for (; line; line = rcu_dereference_protected(line->next, true)) {
		for (match = nf_ct_head_used(line->head); match; match &= match - 1) {
			unsigned int i = nf_ct_match_slot(match);
			u32 h = nf_ct_slot_hash_value(line->head, i, line->slot[i],
						      hash, tell);

			nf_ct_line_add(&m->to->line[nf_ct_bucket_index(m->to, h)], h,
				       line->slot[i], UINT_MAX,
				       nf_ct_spares_take, &m->spares);
		}
	}
}

/* Overflow lines that the move of a bucket may need */
static unsigned int nf_ct_move_lines(const struct nf_ct_move *m,
				     const struct nf_ct_line *first)
{
	const struct nf_ct_line *line = first;
	/* what does not fit into the first lines of two buckets is one line less */
	unsigned int lines = m->half < 0;

	while ((line = rcu_dereference_protected(line->next, true)))
		lines++;
	return lines;
}

/*
 * Copy the next bucket and mark it moved.  Returns 0, or the number of spare lines that
 * it may need when there are fewer; nothing has moved then.
 */
static unsigned int nf_ct_move_bucket(struct nf_ct_move *m)
{
	struct nf_ct_line *first = &m->from->line[m->bucket];
	unsigned int lines = nf_ct_move_lines(m, first);

	if (unlikely(lines > m->spares.n))
		return lines;
	if (m->half < 0)
		nf_ct_chain_scatter(m, first, nf_ct_bucket_hash(m->from, m->bucket));
	else
		nf_ct_bucket_split(m, first, lines);
	/* pairs with the acquire in nf_ct_bucket_rcu() */
	smp_store_release(&first->head, first->head | NF_CT_LINE_MOVED);
	m->bucket++;
	return 0;
}

/* Move a few buckets of one lock.  Returns as nf_ct_move_bucket(). */
static unsigned int nf_ct_move_some(struct nf_ct_move *m)
{
	/* the buckets of a lock are 2^n in number, and neighbours */
	unsigned long end = min(m->bucket + NF_CT_MOVE_BATCH,
				(m->bucket | (NF_CT_LOCK_BUCKETS(m->from) - 1)) + 1);
	spinlock_t *lock = nf_ct_hash_lock(nf_ct_bucket_hash(m->from, m->bucket));
	unsigned int lack = 0;

	spin_lock_bh(lock);
	while (m->bucket < end && !lack)
		lack = nf_ct_move_bucket(m);
	spin_unlock_bh(lock);
	return lack;
}

static void nf_conntrack_table_move(struct nf_conntrack_table *from,
				    struct nf_conntrack_table *to)
{
	struct nf_ct_move m = { .from = from, .to = to, .half = -1 };
	unsigned int lack = 0;

	if (nf_conntrack_bits_split(from->bits, to->bits))
		m.half = nf_ct_slot_hash_bit(to->bits);
	while (m.bucket < 1UL << from->bits) {
		nf_ct_spares_fill(&m.spares, max(lack, NF_CT_MOVE_SPARES));
		lack = nf_ct_move_some(&m);
		cond_resched();
	}
	nf_ct_spares_drain(&m.spares);
}

/* Replace the table by one of 2^@bits buckets. */
static int nf_conntrack_resize_to(unsigned int bits)
{
	struct nf_conntrack_table *old = nf_conntrack_table_current();
	struct nf_conntrack_table *new;

	if (bits == old->bits)
		return 0;
	/* a split fills each bucket at once; else entries are added one by one */
	new = nf_conntrack_table_alloc(bits, !nf_conntrack_bits_split(old->bits, bits));
	if (!new)
		return -ENOMEM;

	/* published to readers by the MOVED flags that come after it */
	old->next = new;
	nf_conntrack_table_move(old, new);
	rcu_assign_pointer(nf_conntrack_table, new);
	WRITE_ONCE(nf_conntrack_grow_at,
		   nf_conntrack_table_slots(bits, NF_CT_GROW_PERCENT));
	if (bits > old->bits)
		nf_conntrack_grown++;
	else
		nf_conntrack_shrunk++;

	INIT_RCU_WORK(&old->free, nf_conntrack_table_free_work);
	queue_rcu_work(nf_conntrack_wq, &old->free);
	return 0;
}

/* ---- deciding ---- */

/* log2 of the lines that take the bytes of @heads of the kernel's buckets, or less */
static unsigned int nf_conntrack_bits_of(unsigned int heads)
{
	return clamp_t(unsigned int, ilog2(heads / NF_CT_LINE_HEADS),
		       NF_CT_TABLE_MIN_BITS, NF_CT_TABLE_MAX_BITS);
}

/* The size that @slots entries want, seen from a table of 2^@bits buckets */
static unsigned int nf_conntrack_wanted_bits(unsigned int bits, s64 slots)
{
	while (bits < NF_CT_TABLE_MAX_BITS &&
	       slots > nf_conntrack_table_slots(bits, NF_CT_GROW_PERCENT))
		bits++;
	while (bits > nf_conntrack_floor_bits &&
	       slots < nf_conntrack_table_slots(bits, NF_CT_SHRINK_PERCENT))
		bits--;
	return max(bits, nf_conntrack_floor_bits);
}

static void nf_conntrack_resize_worker(struct work_struct *work)
{
	unsigned int bits, want;
	s64 slots;

	mutex_lock(&nf_conntrack_resize_mutex);
	bits = nf_conntrack_table_current()->bits;
	slots = percpu_counter_sum_positive(&nf_conntrack_slots);
	want = nf_conntrack_wanted_bits(bits, slots);
	if (nf_conntrack_resize_to(want)) {
		/* no memory: keep what there is, ask again at twice the load */
		WRITE_ONCE(nf_conntrack_grow_at, 2 * slots);
		want = bits;
	}
	clear_bit(0, &nf_conntrack_resize_asked);
	/* no timer while there is nothing to shrink */
	if (want > nf_conntrack_floor_bits && !nf_conntrack_resize_stopped)
		queue_delayed_work(nf_conntrack_wq, &nf_conntrack_resize_work,
				   NF_CT_SHRINK_INTERVAL);
	mutex_unlock(&nf_conntrack_resize_mutex);
}

/**
 * nf_conntrack_resize_stats - what the resizer has done so far
 * @st: result; the members that the table knows are left alone
 *
 * Context: any.
 */
void nf_conntrack_resize_stats(struct nf_conntrack_table_stats *st)
{
	st->floor = 1U << READ_ONCE(nf_conntrack_floor_bits);
	st->grown = READ_ONCE(nf_conntrack_grown);
	st->shrunk = READ_ONCE(nf_conntrack_shrunk);
}

/**
 * nf_conntrack_hash_resize - set the floor of the table
 * @hashsize: buckets of the kernel's table; rounded up to whole pages as the kernel does
 *
 * From now on the table never has fewer bytes than these buckets; it still grows by
 * itself.
 *
 * Context: process, sleeps.
 * Return: 0, -EINVAL for 0, -ENOMEM with the old table
 * and the old floor in place.
 */
int nf_conntrack_hash_resize(unsigned int hashsize)
{
	unsigned int floor, bits, want, size;
	s64 slots;
	int err;

	if (!hashsize)
		return -EINVAL;
	if (hashsize > NF_CT_HEADS_MAX)
		return -ENOMEM;

	size = nf_conntrack_round_heads(hashsize);
	bits = nf_conntrack_bits_of(size);

	mutex_lock(&nf_conntrack_resize_mutex);
	floor = nf_conntrack_floor_bits;
	nf_conntrack_floor_bits = bits;
	slots = percpu_counter_sum_positive(&nf_conntrack_slots);
	want = nf_conntrack_wanted_bits(bits, slots);
	err = nf_conntrack_resize_to(want);
	if (err)
		nf_conntrack_floor_bits = floor;
	else
		nf_conntrack_htable_size = size;
	/* the floor is lower than what is in use now: shrink when that ends */
	if (!err && want > bits && !nf_conntrack_resize_stopped)
		queue_delayed_work(nf_conntrack_wq, &nf_conntrack_resize_work,
				   NF_CT_SHRINK_INTERVAL);
	mutex_unlock(&nf_conntrack_resize_mutex);
	return err;
}

/* ---- life ---- */

/* The kernel's rule for a default: by memory, at most 256 Ki buckets */
static unsigned int nf_conntrack_default_buckets(void)
{
	unsigned long pages = totalram_pages();
	unsigned long size;

	if (pages > SZ_4G / PAGE_SIZE)
		size = 262144;
	else if (pages > SZ_1G / PAGE_SIZE)
		size = 65536;
	else
		size = max(pages * PAGE_SIZE / 16384 / sizeof(void *), 1024UL);
	return nf_conntrack_round_heads(size);
}

/**
 * nf_conntrack_resize_init - allocate the first generation of the table
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_resize_init(void)
{
	struct nf_conntrack_table *t;
	unsigned int factor = 1;
	unsigned int bits;

	nf_conntrack_resize_stopped = false;
	if (nf_conntrack_htable_size) {
		/* the user has set it: the floor; eight connections per bucket */
		nf_conntrack_htable_size =
			nf_conntrack_round_heads(min_t(unsigned int,
						       nf_conntrack_htable_size,
						       NF_CT_HEADS_MAX));
		factor = 8;
	} else {
		nf_conntrack_htable_size = nf_conntrack_default_buckets();
	}
	nf_conntrack_max = factor * nf_conntrack_htable_size;

	/* DIFF: table-size: the size is reported as on the stock kernel.  The table
	 * begins with as many bytes as the stock table has, and grows.  If the memory
	 * is missing: rather a small table than none.
	 */
	bits = nf_conntrack_bits_of(nf_conntrack_htable_size);
	while (!(t = nf_conntrack_table_alloc(bits, true)) && bits > NF_CT_TABLE_MIN_BITS)
		bits--;
	if (!t)
		return -ENOMEM;
	nf_conntrack_floor_bits = bits;
	INIT_DELAYED_WORK(&nf_conntrack_resize_work, nf_conntrack_resize_worker);
	WRITE_ONCE(nf_conntrack_grow_at,
		   nf_conntrack_table_slots(bits, NF_CT_GROW_PERCENT));
	rcu_assign_pointer(nf_conntrack_table, t);
	return 0;
}

/**
 * nf_conntrack_resize_fini - free all generations; no entry is left
 *
 * Context: process, sleeps.
 */
void nf_conntrack_resize_fini(void)
{
	mutex_lock(&nf_conntrack_resize_mutex);
	nf_conntrack_resize_stopped = true;
	mutex_unlock(&nf_conntrack_resize_mutex);
	cancel_delayed_work_sync(&nf_conntrack_resize_work);

	nf_ct_lines_flush();
	/* earlier generations: their grace periods, then their work */
	rcu_barrier();
	drain_workqueue(nf_conntrack_wq);
	nf_conntrack_table_free(rcu_dereference_protected(nf_conntrack_table, true));
	RCU_INIT_POINTER(nf_conntrack_table, NULL);
}
