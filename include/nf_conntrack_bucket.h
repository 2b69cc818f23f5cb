/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory layout of the connection table, shared by the files of table/ only.
 */
#ifndef _NF_CONNTRACK_BUCKET_H
#define _NF_CONNTRACK_BUCKET_H

#include <linux/cache.h>
#include <linux/percpu_counter.h>
#include <linux/prefetch.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "nf_ct_entry.h"
#include "nf_conntrack_table.h"

#ifndef CONFIG_64BIT
#error "the connection table needs a 64-bit kernel"
#endif

#define NF_CT_LINE_SLOTS	6
#define NF_CT_TABLE_MIN_BITS	10	/* one bucket per lock at least */
#define NF_CT_TABLE_MAX_BITS	24	/* the low 8 hash bits are the tag */
/* DIFF: chain-limit: the longest chain that an insertion makes */
#define NF_CT_CHAIN_LINES	32

/* Bytes 0 and 1 of nf_ct_line.head; bytes 2 to 7 hold the tags of slots 0 to 5.  The
 * first line of a bucket counts how often an entry has come nearer in its chain.
 */
#define NF_CT_LINE_MOVED	1ULL
#define NF_CT_LINE_SHIFT	2ULL
#define NF_CT_LINE_SHIFTS	0xfffeULL
#define NF_CT_LINE_TAGS		(~0xffffULL)
#define NF_CT_TAG_SHIFT(slot)	(16 + 8 * (slot))
#define NF_CT_TAG_BYTES		0x0101010101010000ULL

/* A slot holds the address of an entry, which is a multiple of eight, with the direction
 * in bit 0.  In the bits that are the same in all such addresses it keeps some bits of
 * the hash: two below, and seven on top, where the bits of a kernel address are equal.
 * They follow the bits that choose the bucket in the smallest table: so a larger table
 * is filled, and a walk finds its order, without a look at the entries.
 */
#define NF_CT_SLOT_LOW_BITS	2
#if defined(CONFIG_PPC64) || defined(CONFIG_KASAN_SW_TAGS) || \
	defined(CONFIG_KASAN_HW_TAGS)
#define NF_CT_SLOT_TOP_BITS	0	/* addresses begin with 0xc, or with a tag */
#else
#define NF_CT_SLOT_TOP_BITS	7	/* five levels of page tables use the others */
#endif
#define NF_CT_SLOT_HASH_BITS	(NF_CT_SLOT_LOW_BITS + NF_CT_SLOT_TOP_BITS)
/* Bits of the hash that bucket and slot tell, from the topmost on */
#define NF_CT_SLOT_KNOWN_BITS	(NF_CT_TABLE_MIN_BITS + NF_CT_SLOT_HASH_BITS)
#define NF_CT_SLOT_HASH_SHIFT	(32 - NF_CT_SLOT_KNOWN_BITS)
/* The other bits: a place, where walks meet an entry, is a hash without them */
#define NF_CT_PLACE_REST	(U32_MAX >> NF_CT_SLOT_KNOWN_BITS)

/**
 * struct nf_ct_line - one cache line of the table
 * @head: flags and tags, always read as one word; a tag of 0 is a free slot.
 *        Published with release after the slot it describes.
 * @slot: entry address, direction and bits of the hash, see nf_ct_slot_of()
 * @next: overflow line or NULL
 *
 * All lines of a chain but the last are full, and the last overflow line has an entry.
 * Written under the table lock of its hash prefix, read under RCU.
 */
struct nf_ct_line {
	u64			head;
	unsigned long		slot[NF_CT_LINE_SLOTS];
	struct nf_ct_line __rcu	*next;
} __aligned(64);

/**
 * struct nf_conntrack_table - one generation of the table
 * @bits: log2 of the number of buckets
 * @line: the buckets
 * @next: generation that moved buckets went to; set before any bucket moves
 * @free: frees this generation after a grace period
 */
struct nf_conntrack_table {
	unsigned int		bits;
	struct nf_ct_line	*line;
	struct nf_conntrack_table	*next;
	struct rcu_work		free;
};

extern struct nf_conntrack_table __rcu *nf_conntrack_table;
extern struct percpu_counter nf_conntrack_slots;
extern s64 nf_conntrack_grow_at;
extern struct delayed_work nf_conntrack_resize_work;
extern unsigned long nf_conntrack_resize_asked;

static inline u8 nf_ct_hash_tag(u32 hash)
{
	return (u8)hash ?: 1;
}

static inline spinlock_t *nf_ct_hash_lock(u32 hash)
{
	BUILD_BUG_ON(CONNTRACK_LOCKS != 1 << NF_CT_TABLE_MIN_BITS);
	return &nf_conntrack_locks[hash >> (32 - NF_CT_TABLE_MIN_BITS)];
}

static inline u32 nf_ct_bucket_index(const struct nf_conntrack_table *t, u32 hash)
{
	return hash >> (32 - t->bits);
}

/* First and last hash value that fall into the bucket of @hash */
static inline u32 nf_ct_bucket_begin(const struct nf_conntrack_table *t, u32 hash)
{
	return hash & ~(U32_MAX >> t->bits);
}

static inline u32 nf_ct_bucket_end(const struct nf_conntrack_table *t, u32 hash)
{
	return hash | (U32_MAX >> t->bits);
}

/* Slots of a head word whose tag is @tag, as bit 7 of each tag byte.  May also
 * name a slot above a true match; the CPU that follows the pointer compares tuples.
 */
static inline u64 nf_ct_head_match(u64 head, u8 tag)
{
	u64 diff = head ^ (NF_CT_TAG_BYTES * tag);

	return (diff - NF_CT_TAG_BYTES) & ~diff & (NF_CT_TAG_BYTES << 7);
}

/* Slots of a head word that are in use, likewise; names no other */
static inline u64 nf_ct_head_used(u64 head)
{
	u64 tags = head & NF_CT_LINE_TAGS;
	u64 low = NF_CT_TAG_BYTES * 0x7f;

	return (((tags & low) + low) | tags) & (NF_CT_TAG_BYTES << 7);
}

static inline unsigned int nf_ct_match_slot(u64 match)
{
	return (__ffs64(match) - 16) / 8;
}

/*
 * For a reader that has not found what it looked for: has an entry changed its place in
 * the bucket since @head, the head word of its first line, was read, or have all moved to
 * another generation?  An entry may have come to a line that the reader had passed
 * already: the reader has to begin anew.
 */
static inline bool nf_ct_bucket_shifted(const struct nf_ct_line *first, u64 head)
{
	/* pairs with the barrier in nf_ct_slot_shift() */
	smp_rmb();
	return (READ_ONCE(first->head) ^ head) &
	       (NF_CT_LINE_SHIFTS | NF_CT_LINE_MOVED);
}

static inline struct nf_conn *nf_ct_slot_ct(unsigned long slot)
{
	long addr = (slot & ~7UL) << NF_CT_SLOT_TOP_BITS;

	/* with its sign, so that the topmost bits are equal again */
	return (struct nf_conn *)(addr >> NF_CT_SLOT_TOP_BITS);
}

/*
 * For a reader that has just got a reference: has the entry been confirmed?  If so, the
 * reader sees all that was written before that: its keys are final, its deadline is set.
 * It may have come here by a slot whose last entry had the same address, so the slot
 * does not order that.
 */
static inline bool nf_ct_slot_entered(const struct nf_conn *ct)
{
	/* pairs with smp_mb__before_atomic() in nf_ct_publish() */
	return smp_load_acquire(&ct->status) & IPS_CONFIRMED;
}

static inline enum ip_conntrack_dir nf_ct_slot_dir(unsigned long slot)
{
	return slot & 1;
}

/* The slot of one direction of @ct; @hash: of this direction */
static inline unsigned long nf_ct_slot_of(const struct nf_conn *ct,
					  enum ip_conntrack_dir dir, u32 hash)
{
	unsigned long known = hash >> NF_CT_SLOT_HASH_SHIFT;
	unsigned long addr = (unsigned long)ct;

	addr = (addr << NF_CT_SLOT_TOP_BITS) >> NF_CT_SLOT_TOP_BITS;
	return addr | dir | (known & 3) << 1 |
	       ((known >> NF_CT_SLOT_LOW_BITS) << (63 - NF_CT_SLOT_TOP_BITS)) << 1;
}

/* The bits of the hash that @slot tells, in their places */
static inline u32 nf_ct_slot_hash_bits(unsigned long slot)
{
	u32 top = (slot >> 1) >> (63 - NF_CT_SLOT_TOP_BITS);

	return (top << NF_CT_SLOT_LOW_BITS | (slot >> 1 & 3)) << NF_CT_SLOT_HASH_SHIFT;
}

/* Which bit of a slot is bit number @nth of the hash, the topmost being number 1; one of
 * those that a slot keeps
 */
static inline unsigned int nf_ct_slot_hash_bit(unsigned int nth)
{
	unsigned int left = NF_CT_SLOT_KNOWN_BITS - nth;

	if (left < NF_CT_SLOT_LOW_BITS)
		return 1 + left;
	return 64 - NF_CT_SLOT_TOP_BITS + left - NF_CT_SLOT_LOW_BITS;
}

/* The direction by which an entry is visited: the one that is always in the table */
static inline enum ip_conntrack_dir nf_ct_walk_dir(const struct nf_conn *ct)
{
	return ct->status & IPS_NAT_CLASH ? IP_CT_DIR_REPLY : IP_CT_DIR_ORIGINAL;
}

/* Prefetch the three cache lines of an entry that a hit touches */
static inline void nf_ct_slot_prefetch(unsigned long slot)
{
	const char *p = (const char *)nf_ct_slot_ct(slot);

	prefetch(p);
	prefetch(p + 64);
	prefetch(p + 128);
}

/* line.c: the memory of overflow lines */
struct nf_ct_line *nf_ct_line_alloc(gfp_t gfp);
void nf_ct_line_free(struct nf_ct_line *line);
void nf_ct_line_retire(struct nf_ct_line *line);
void nf_ct_lines_count(int n);
unsigned int nf_ct_lines_in_use(void);
void nf_ct_lines_flush(void);

/* table.c: the first line of the bucket of @hash; its table lock is held */
struct nf_ct_line *nf_ct_bucket_locked(u32 hash);
int nf_ct_line_add(struct nf_ct_line *line, u32 hash, unsigned long slot,
		   unsigned int limit,
		   struct nf_ct_line *(*spare)(void *arg), void *arg);
struct nf_conntrack_table *nf_conntrack_table_alloc(unsigned int bits, bool zero);
void nf_conntrack_table_free(struct nf_conntrack_table *t);

#endif /* _NF_CONNTRACK_BUCKET_H */
