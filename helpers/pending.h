/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of a stream that a segment has left unfinished: their text, for the segment
 * that brings the rest, or how often they were refused.  A slot for each of a few
 * connections and directions; two that share one forget each other, which costs no more
 * than what a message that came in pieces has announced.
 *
 * The lock of a slot guards all of it.  An entry is known by its address and its sequence
 * numbers, for a minute: it needs no reference, and its end no notice.  For one file of a
 * module: the functions are its own.
 */
#ifndef _NF_CT_PENDING_H
#define _NF_CT_PENDING_H

#include <linux/bits.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <net/netfilter/nf_conntrack.h>

#define NF_CT_PENDING_BITS	6
#define NF_CT_PENDING_SLOTS	BIT(NF_CT_PENDING_BITS)
#define NF_CT_PENDING_FRESH	(60 * HZ)

/* A message may be refused so often */
#define NF_CT_PENDING_REFUSALS	16

/**
 * struct nf_ct_pending - an unfinished message
 * @lock:    of all below
 * @ct:      entry of its connection, or NULL; not to be followed
 * @since:   jiffies
 * @begin:   sequence number of its first byte, host byte order
 * @end:     that behind its last byte so far
 * @refused: how often a segment of it was
 * @text:    what lies between, from the heap; NULL if it is refused
 */
struct nf_ct_pending {
	spinlock_t		lock;	/* of all below */
	const struct nf_conn	*ct;
	unsigned long		since;
	u32			begin;
	u32			end;
	u8			refused;
	u8			*text;
};

/**
 * struct nf_ct_pending_set - those of a helper
 * @max:     longest text that is kept, in bytes
 * @blocked: what follows a message that is refused is refused up to here, in bytes
 * @slot:    by connection and direction
 */
struct nf_ct_pending_set {
	u32			max;
	u32			blocked;
	struct nf_ct_pending	slot[NF_CT_PENDING_SLOTS][IP_CT_DIR_MAX];
};

static inline struct nf_ct_pending *nf_ct_pending_slot(struct nf_ct_pending_set *set,
						       const struct nf_conn *ct, u8 dir)
{
	return &set->slot[hash_ptr(ct, NF_CT_PENDING_BITS)][dir];
}

/* Is the slot the connection's?  Asked without the lock, it need not be any more. */
static inline bool nf_ct_pending_is(const struct nf_ct_pending *slot,
				    const struct nf_conn *ct)
{
	return READ_ONCE(slot->ct) == ct &&
	       time_before(jiffies, READ_ONCE(slot->since) + NF_CT_PENDING_FRESH);
}

static inline void nf_ct_pending_clear(struct nf_ct_pending *slot)
{
	WRITE_ONCE(slot->ct, NULL);
	kfree(slot->text);
	slot->text = NULL;
}

static inline void nf_ct_pending_fill(struct nf_ct_pending *slot, const struct nf_conn *ct,
				      u32 begin, u32 end)
{
	nf_ct_pending_clear(slot);
	WRITE_ONCE(slot->ct, ct);
	WRITE_ONCE(slot->since, jiffies);
	slot->begin = begin;
	slot->end = end;
	slot->refused = 0;
}

/**
 * nf_ct_pending_init - before the helper is registered
 * @set: its messages
 *
 * Context: the module's init.
 */
static inline void nf_ct_pending_init(struct nf_ct_pending_set *set)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(set->slot); i++) {
		spin_lock_init(&set->slot[i][IP_CT_DIR_ORIGINAL].lock);
		spin_lock_init(&set->slot[i][IP_CT_DIR_REPLY].lock);
	}
}

/**
 * nf_ct_pending_exit - after the helper is unregistered
 * @set: its messages
 *
 * Context: the module's init or exit; no packet comes any more.
 */
static inline void nf_ct_pending_exit(struct nf_ct_pending_set *set)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(set->slot); i++) {
		nf_ct_pending_clear(&set->slot[i][IP_CT_DIR_ORIGINAL]);
		nf_ct_pending_clear(&set->slot[i][IP_CT_DIR_REPLY]);
	}
}

/**
 * nf_ct_pending_keep - keep the text of an unfinished message
 * @set:   the helper's
 * @ct:    entry of the connection
 * @dir:   direction of the message
 * @begin: sequence number of its first byte, host byte order
 * @text:  the message so far
 * @len:   its length; one of more than @set->max bytes is not kept
 *
 * Context: any but hard interrupt.  Without memory nothing is kept.
 */
static inline void nf_ct_pending_keep(struct nf_ct_pending_set *set,
				      const struct nf_conn *ct, u8 dir, u32 begin,
				      const void *text, u32 len)
{
	struct nf_ct_pending *slot = nf_ct_pending_slot(set, ct, dir);
	u8 *copy;

	if (len > set->max)
		return;
	copy = kmemdup(text, len, GFP_ATOMIC | __GFP_NOWARN);
	if (!copy)
		return;

	spin_lock_bh(&slot->lock);
	nf_ct_pending_fill(slot, ct, begin, begin + len);
	slot->text = copy;
	spin_unlock_bh(&slot->lock);
}

/**
 * nf_ct_pending_has - can there be an unfinished message?
 * @set: the helper's
 * @ct:  entry of the connection
 * @dir: direction
 *
 * Context: any.
 * Return: false if there is none; true need not be true any more.
 */
static inline bool nf_ct_pending_has(struct nf_ct_pending_set *set,
				     const struct nf_conn *ct, u8 dir)
{
	return nf_ct_pending_is(nf_ct_pending_slot(set, ct, dir), ct);
}

/* Does a segment go on with the message?  In sequence numbers, which wrap */
static inline bool nf_ct_pending_goes_on(const struct nf_ct_pending *slot, u32 seq, u32 len)
{
	return slot->text && slot->end - seq < len && slot->begin - seq >= len;
}

/**
 * nf_ct_pending_take - get the text of the message that a segment goes on with
 * @set:   the helper's
 * @ct:    entry of the connection
 * @dir:   direction
 * @seq:   sequence number of the segment's first byte, host byte order
 * @len:   length of its data
 * @begin: result: that of the message's first byte
 * @have:  result: length of the text
 *
 * A segment that repeats the message from its beginning needs no text.
 *
 * Context: any but hard interrupt.
 * Return: the text, no longer kept, for the caller to kfree(); NULL if there is none.
 */
static inline u8 *nf_ct_pending_take(struct nf_ct_pending_set *set,
				     const struct nf_conn *ct, u8 dir, u32 seq, u32 len,
				     u32 *begin, u32 *have)
{
	struct nf_ct_pending *slot = nf_ct_pending_slot(set, ct, dir);
	u8 *text = NULL;

	if (!nf_ct_pending_is(slot, ct))
		return NULL;

	spin_lock_bh(&slot->lock);
	if (nf_ct_pending_is(slot, ct) && nf_ct_pending_goes_on(slot, seq, len)) {
		*begin = slot->begin;
		*have = slot->end - slot->begin;
		text = slot->text;
		slot->text = NULL;
		nf_ct_pending_clear(slot);
	}
	spin_unlock_bh(&slot->lock);
	return text;
}

/**
 * nf_ct_pending_refuses - is an unfinished message to be sent again in one piece?
 * @set:   the helper's
 * @ct:    entry of the connection
 * @dir:   direction of the message
 * @begin: sequence number of its first byte, host byte order
 * @end:   that behind its last byte so far
 *
 * A sender that repeats the same piece has no other way to send it.
 *
 * Context: any but hard interrupt.
 * Return: true to drop the segment, a few times for each message.
 */
static inline bool nf_ct_pending_refuses(struct nf_ct_pending_set *set,
					 const struct nf_conn *ct, u8 dir, u32 begin,
					 u32 end)
{
	struct nf_ct_pending *slot = nf_ct_pending_slot(set, ct, dir);
	bool refuses;

	spin_lock_bh(&slot->lock);
	if (!nf_ct_pending_is(slot, ct) || slot->begin != begin)
		nf_ct_pending_fill(slot, ct, begin, begin);
	if (slot->end == end)
		slot->refused = NF_CT_PENDING_REFUSALS;
	refuses = slot->refused < NF_CT_PENDING_REFUSALS;
	if (refuses)
		slot->refused++;
	slot->end = end;
	spin_unlock_bh(&slot->lock);
	return refuses;
}

/**
 * nf_ct_pending_blocks - does a segment follow a message that is refused?
 * @set: the helper's
 * @ct:  entry of the connection
 * @dir: direction
 * @seq: sequence number of the segment's first byte, host byte order
 *
 * The receiver would confirm it (RFC 2018), and then the sender would repeat what was
 * refused just as it was.
 *
 * Context: any but hard interrupt.
 * Return: true to drop the segment, a few times for each message.
 */
static inline bool nf_ct_pending_blocks(struct nf_ct_pending_set *set,
					const struct nf_conn *ct, u8 dir, u32 seq)
{
	struct nf_ct_pending *slot = nf_ct_pending_slot(set, ct, dir);
	bool blocks;

	if (!nf_ct_pending_is(slot, ct))
		return false;

	spin_lock_bh(&slot->lock);
	blocks = nf_ct_pending_is(slot, ct) && slot->refused &&
		 slot->refused < NF_CT_PENDING_REFUSALS &&
		 seq - slot->begin - 1 < set->blocked;
	if (blocks)
		slot->refused++;
	spin_unlock_bh(&slot->lock);
	return blocks;
}

/**
 * nf_ct_pending_forget - no message is unfinished any more
 * @set: the helper's
 * @ct:  entry of the connection
 * @dir: direction
 *
 * Context: any but hard interrupt.
 */
static inline void nf_ct_pending_forget(struct nf_ct_pending_set *set,
					const struct nf_conn *ct, u8 dir)
{
	struct nf_ct_pending *slot = nf_ct_pending_slot(set, ct, dir);

	if (!nf_ct_pending_is(slot, ct))
		return;

	spin_lock_bh(&slot->lock);
	if (slot->ct == ct)
		nf_ct_pending_clear(slot);
	spin_unlock_bh(&slot->lock);
}

#endif /* _NF_CT_PENDING_H */
