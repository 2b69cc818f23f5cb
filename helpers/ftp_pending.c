// SPDX-License-Identifier: GPL-2.0
/*
 * Lines that a segment has left unfinished: their text, for the segment that brings the
 * rest, or how often they were refused.  A slot for each of a few connections and
 * directions, in static memory; two that share one forget each other, which costs no more
 * than a data connection of a client that writes its commands in pieces.
 *
 * The lock of a slot guards all of it.  An entry is known by its address and its sequence
 * numbers, for a minute: it needs no reference, and its end no notice.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <net/netfilter/nf_conntrack.h>

#include "ftp_pending.h"

#define FTP_SLOT_BITS	5
#define FTP_FRESH	(60 * HZ)

/* A line may be refused so often */
#define FTP_REFUSALS	16

/* What follows a line that is refused is refused up to here, in bytes */
#define FTP_BLOCKED	1024

/* @begin and @end are sequence numbers, as the sender counts; what lies between is the
 * line so far, and in @text unless the line is @refused.
 */
struct ftp_pending {
	spinlock_t		lock;	/* of all below */
	const struct nf_conn	*ct;
	unsigned long		since;
	u32			begin;
	u32			end;
	u8			refused;
	u8			text[NF_CT_FTP_PENDING_MAX];
};

static struct ftp_pending ftp_slots[1 << FTP_SLOT_BITS][IP_CT_DIR_MAX];

static struct ftp_pending *ftp_slot(const struct nf_conn *ct, u8 dir)
{
	return &ftp_slots[hash_ptr(ct, FTP_SLOT_BITS)][dir];
}

/* Is the slot the connection's?  Asked without the lock, it need not be any more. */
static bool ftp_slot_is(const struct ftp_pending *slot, const struct nf_conn *ct)
{
	return READ_ONCE(slot->ct) == ct &&
	       time_before(jiffies, READ_ONCE(slot->since) + FTP_FRESH);
}

static void ftp_slot_fill(struct ftp_pending *slot, const struct nf_conn *ct, u32 begin,
			  u32 end)
{
	WRITE_ONCE(slot->ct, ct);
	WRITE_ONCE(slot->since, jiffies);
	slot->begin = begin;
	slot->end = end;
	slot->refused = 0;
}

/**
 * nf_ct_ftp_pending_init - before the helper is registered
 *
 * Context: the module's init.
 */
void nf_ct_ftp_pending_init(void)
{
	unsigned int i, dir;

	for (i = 0; i < ARRAY_SIZE(ftp_slots); i++) {
		for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
			spin_lock_init(&ftp_slots[i][dir].lock);
	}
}

/**
 * nf_ct_ftp_pending_keep - keep the text of an unfinished line
 * @ct:    entry of the control connection
 * @dir:   direction of the line
 * @begin: sequence number of its first byte, host byte order
 * @text:  the line so far
 * @len:   its length; a line of more than NF_CT_FTP_PENDING_MAX bytes is not kept
 *
 * Context: any but hard interrupt.
 */
void nf_ct_ftp_pending_keep(const struct nf_conn *ct, u8 dir, u32 begin,
			    const u8 *text, u32 len)
{
	struct ftp_pending *slot = ftp_slot(ct, dir);

	if (len > sizeof(slot->text))
		return;

	spin_lock_bh(&slot->lock);
	ftp_slot_fill(slot, ct, begin, begin + len);
	memcpy(slot->text, text, len);
	spin_unlock_bh(&slot->lock);
}

/**
 * nf_ct_ftp_pending_has - can there be an unfinished line?
 * @ct:  entry of the control connection
 * @dir: direction
 *
 * Context: any.
 * Return: false if there is none; true need not be true any more.
 */
bool nf_ct_ftp_pending_has(const struct nf_conn *ct, u8 dir)
{
	return ftp_slot_is(ftp_slot(ct, dir), ct);
}

/**
 * nf_ct_ftp_pending_take - get the text of the line that a segment goes on with
 * @ct:   entry of the control connection
 * @dir:  direction
 * @seq:  sequence number of the segment's first byte, host byte order
 * @len:  length of its data
 * @text: result: the line so far, no longer kept
 * @end:  result: offset in the segment where the line goes on
 *
 * A segment that repeats the line from its beginning needs no text.
 *
 * Context: any but hard interrupt.
 * Return: length of the text, 0 if there is none.
 */
u32 nf_ct_ftp_pending_take(const struct nf_conn *ct, u8 dir, u32 seq, u32 len,
			   u8 text[NF_CT_FTP_PENDING_MAX], u32 *end)
{
	struct ftp_pending *slot = ftp_slot(ct, dir);
	u32 have = 0;

	spin_lock_bh(&slot->lock);
	/* in sequence numbers, which wrap */
	if (ftp_slot_is(slot, ct) && !slot->refused && slot->end - seq < len &&
	    slot->begin - seq >= len) {
		have = slot->end - slot->begin;
		*end = slot->end - seq;
		memcpy(text, slot->text, have);
		WRITE_ONCE(slot->ct, NULL);
	}
	spin_unlock_bh(&slot->lock);
	return have;
}

/**
 * nf_ct_ftp_pending_refuses - is an unfinished line to be sent again in one piece?
 * @ct:    entry of the control connection
 * @dir:   direction of the line
 * @begin: sequence number of its first byte, host byte order
 * @end:   that behind its last byte so far
 *
 * A sender that repeats the same piece has no other way to send it.
 *
 * Context: any but hard interrupt.
 * Return: true to drop the segment, a few times for each line.
 */
bool nf_ct_ftp_pending_refuses(const struct nf_conn *ct, u8 dir, u32 begin, u32 end)
{
	struct ftp_pending *slot = ftp_slot(ct, dir);
	bool refuses;

	spin_lock_bh(&slot->lock);
	if (!ftp_slot_is(slot, ct) || slot->begin != begin)
		ftp_slot_fill(slot, ct, begin, begin);
	if (slot->end == end)
		slot->refused = FTP_REFUSALS;
	refuses = slot->refused < FTP_REFUSALS;
	if (refuses)
		slot->refused++;
	slot->end = end;
	spin_unlock_bh(&slot->lock);
	return refuses;
}

/**
 * nf_ct_ftp_pending_blocks - does a segment follow a line that is refused?
 * @ct:  entry of the control connection
 * @dir: direction
 * @seq: sequence number of the segment's first byte, host byte order
 *
 * The receiver would confirm it (RFC 2018), and then the sender would repeat what was
 * refused just as it was.
 *
 * Context: any but hard interrupt.
 * Return: true to drop the segment, a few times for each line.
 */
bool nf_ct_ftp_pending_blocks(const struct nf_conn *ct, u8 dir, u32 seq)
{
	struct ftp_pending *slot = ftp_slot(ct, dir);
	bool blocks;

	if (!ftp_slot_is(slot, ct))
		return false;

	spin_lock_bh(&slot->lock);
	blocks = ftp_slot_is(slot, ct) && slot->refused &&
		 slot->refused < FTP_REFUSALS && seq - slot->begin - 1 < FTP_BLOCKED;
	if (blocks)
		slot->refused++;
	spin_unlock_bh(&slot->lock);
	return blocks;
}

/**
 * nf_ct_ftp_pending_forget - no line is unfinished any more
 * @ct:  entry of the control connection
 * @dir: direction
 *
 * Context: any but hard interrupt.
 */
void nf_ct_ftp_pending_forget(const struct nf_conn *ct, u8 dir)
{
	struct ftp_pending *slot = ftp_slot(ct, dir);

	if (!ftp_slot_is(slot, ct))
		return;

	spin_lock_bh(&slot->lock);
	if (slot->ct == ct)
		WRITE_ONCE(slot->ct, NULL);
	spin_unlock_bh(&slot->lock);
}
