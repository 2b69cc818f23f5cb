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

/*
 * Copy the bucket that begins with @hash into @to and mark it moved.  Returns 0, or the
 * number of spare lines that it may need when there are fewer; nothing has moved then.
 */
static unsigned int nf_ct_bucket_move(struct nf_conntrack_table *from,
				      struct nf_conntrack_table *to, u32 hash,
				      struct nf_ct_spares *spares)
{
	struct nf_ct_line *first = &from->line[nf_ct_bucket_index(from, hash)];
	bool tell = nf_ct_slots_tell(from, to);
	struct nf_ct_line *line;
	unsigned int lines = 0;
	int i;

	for (line = first; line; line = rcu_dereference_protected(line->next, true))
		lines++;
	if (lines > spares->n)
		return lines;

	for (line = first; line; line = rcu_dereference_protected(line->next, true)) {
		for (i = 0; i < NF_CT_LINE_SLOTS; i++) {
			u32 h;

			if (!line->slot[i])
				continue;
			h = nf_ct_slot_hash_value(line->head, i, line->slot[i],
						  hash, tell);
			nf_ct_line_add(&to->line[nf_ct_bucket_index(to, h)], h,
				       line->slot[i], UINT_MAX,
				       nf_ct_spares_take, spares);
		}
	}
	/* pairs with the acquire in nf_ct_bucket_rcu() */
	smp_store_release(&first->head, first->head | NF_CT_LINE_MOVED);
	return 0;
}

static void nf_conntrack_table_move(struct nf_conntrack_table *from,
				    struct nf_conntrack_table *to)
{
	u32 step = U32_MAX >> from->bits;
	struct nf_ct_spares spares = {};
	unsigned int lack = 1;
	u32 hash = 0;

	for (;;) {
		nf_ct_spares_fill(&spares, max(lack, 4U));
		spin_lock_bh(nf_ct_hash_lock(hash));
		lack = nf_ct_bucket_move(from, to, hash, &spares);
		spin_unlock_bh(nf_ct_hash_lock(hash));
		if (lack)
			continue;
		if ((hash | step) == U32_MAX)
			break;
		hash = (hash | step) + 1;
		cond_resched();
	}
	nf_ct_spares_drain(&spares);
}

/* Replace the table by one of 2^@bits buckets. */
static int nf_conntrack_resize_to(unsigned int bits)
{
	struct nf_conntrack_table *old = nf_conntrack_table_current();
	struct nf_conntrack_table *new;

	if (bits == old->bits)
		return 0;
	new = nf_conntrack_table_alloc(bits);
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
	while (!(t = nf_conntrack_table_alloc(bits)) && bits > NF_CT_TABLE_MIN_BITS)
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
