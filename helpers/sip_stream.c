// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of SIP in a TCP connection: Content-Length says where one ends (RFC 3261 18.3).
 * Empty lines between them keep the connection alive (RFC 5626 3.5.1).  A message may come
 * in several segments; pending.h keeps what has come so far, with the locks for that.
 */
#include <linux/slab.h>

#include "pending.h"
#include "sip.h"

/* So many messages of a segment are looked at */
#define SIP_MESSAGES_MAX	64

/* With the text that was kept so much of a segment is looked at, in bytes */
#define SIP_GO_ON_MAX		32768

/* Messages that a segment has left unfinished; of their texts 2 MiB together at the most */
static struct nf_ct_pending_set sip_unfinished = {
	.max		= 16384,
	.blocked	= 16384,
};

enum sip_piece {
	SIP_PIECE_MESSAGE,
	SIP_PIECE_UNFINISHED,
	SIP_PIECE_OTHER,	/* no message of SIP, or one without a known end */
	SIP_PIECE_END,
};

/**
 * struct sip_reading - a place in the data of a segment
 * @left:   bytes from here on, as they came
 * @len:    length of the message here
 * @bad:    the message breaks a rule
 * @head:   what its head says
 */
struct sip_reading {
	u32			left;
	u32			len;
	bool			bad;
	struct nf_ct_sip_head	head;
};

/* --- pieces ------------------------------------------------------------------ */

/* Where does a message with a whole head end? */
static enum sip_piece sip_measure(struct sip_reading *r)
{
	const struct nf_ct_sip_head *head = &r->head;

	if (!head->body || head->body > NF_CT_SIP_MESSAGE_MAX)
		return SIP_PIECE_OTHER;
	if (head->length > NF_CT_SIP_MESSAGE_MAX - head->body) {
		r->head.rule = "Content-Length: no number, or message too long";
		return SIP_PIECE_OTHER;
	}
	r->len = head->body + head->length;
	return r->len <= r->left ? SIP_PIECE_MESSAGE : SIP_PIECE_UNFINISHED;
}

/* What comes next? */
static enum sip_piece sip_look_at(const struct nf_ct_cursor *c, struct sip_reading *r)
{
	struct nf_ct_cursor message;

	r->left = nf_ct_cursor_left(c);
	if (!r->left)
		return SIP_PIECE_END;
	nf_ct_cursor_init(&message, nf_ct_cursor_bytes(c), r->left);
	switch (nf_ct_sip_read(&message, &r->head)) {
	case NF_CT_SIP_NOTHING:
		return SIP_PIECE_OTHER;
	case NF_CT_SIP_UNFINISHED:
		return r->left <= NF_CT_SIP_MESSAGE_MAX ? SIP_PIECE_UNFINISHED :
							  SIP_PIECE_OTHER;
	case NF_CT_SIP_BAD:
		r->bad = true;
		return sip_measure(r);
	case NF_CT_SIP_MESSAGE:
		r->bad = false;
		return sip_measure(r);
	}
	return SIP_PIECE_OTHER;
}

/* With NAT a message must be in one packet to be rewritten: if its beginning is at the end
 * of this one, nothing of the packet is taken, so that the sender puts it together.
 * DIFF: sip-split
 */
static bool sip_refuses(const struct nf_ct_sip_msg *m, u32 seq)
{
	struct nf_ct_cursor c = nf_ct_sip_cursor(m);
	enum sip_piece piece = SIP_PIECE_MESSAGE;
	struct sip_reading r;
	unsigned int n;

	for (n = 0; n < SIP_MESSAGES_MAX && piece == SIP_PIECE_MESSAGE; n++) {
		nf_ct_cursor_skip_any(&c, "\r\n");
		piece = sip_look_at(&c, &r);
		if (piece == SIP_PIECE_MESSAGE)
			nf_ct_cursor_skip(&c, r.len);
	}
	return piece == SIP_PIECE_UNFINISHED &&
	       nf_ct_pending_refuses(&sip_unfinished, m->ct, m->dir,
				     seq + nf_ct_cursor_offset(&c), seq + m->datalen);
}

/* --- segments ---------------------------------------------------------------- */

/* Go on to what is @n bytes ahead, of @left */
static void sip_advance(struct nf_ct_sip_msg *m, u32 n, u32 left)
{
	m->dptr += n;
	m->dataoff += n;
	m->datalen = left - n;
}

/* Pass over empty lines.
 * DIFF: sip-keep-alive
 */
static void sip_skip_empty(struct nf_ct_sip_msg *m)
{
	struct nf_ct_cursor c = nf_ct_sip_cursor(m);

	sip_advance(m, nf_ct_cursor_skip_any(&c, "\r\n"), m->datalen);
}

/* The message at the beginning of the data; *@grown is how much longer it has become */
static int sip_take_message(struct nf_ct_sip_msg *m, const struct sip_reading *r, s32 *grown)
{
	int verdict = NF_ACCEPT;

	m->datalen = r->len;
	m->head = r->head;
	if (r->bad)
		nf_ct_sip_log(m, r->head.rule);
	else
		verdict = nf_ct_sip_message(m);
	*grown += m->datalen - r->len;
	sip_advance(m, m->datalen, m->datalen + r->left - r->len);
	return verdict;
}

/* What is behind the last message, from sequence number @begin on */
static void sip_take_rest(const struct nf_ct_sip_msg *m, const struct sip_reading *r,
			  enum sip_piece piece, u32 begin)
{
	if (piece == SIP_PIECE_UNFINISHED && !m->nat) {
		nf_ct_pending_keep(&sip_unfinished, m->ct, m->dir, begin, m->dptr, m->datalen);
		return;
	}
	if (piece != SIP_PIECE_UNFINISHED)
		nf_ct_pending_forget(&sip_unfinished, m->ct, m->dir);
	if (piece == SIP_PIECE_OTHER && r->head.rule)
		nf_ct_sip_log(m, r->head.rule);
}

/* All that there is, which ends before sequence number @end */
static int sip_take_all(struct nf_ct_sip_msg *m, u32 end)
{
	enum sip_piece piece = SIP_PIECE_MESSAGE;
	int verdict = NF_ACCEPT;
	struct sip_reading r;
	struct nf_ct_cursor c;
	s32 grown = 0;
	unsigned int n;

	for (n = 0; n < SIP_MESSAGES_MAX && piece == SIP_PIECE_MESSAGE; n++) {
		sip_skip_empty(m);
		c = nf_ct_sip_cursor(m);
		piece = sip_look_at(&c, &r);
		if (piece == SIP_PIECE_MESSAGE)
			verdict = sip_take_message(m, &r, &grown);
		if (verdict != NF_ACCEPT)
			return verdict;
	}
	sip_take_rest(m, &r, piece, end - m->datalen);
	if (m->nat)
		m->nat->seq_adjust(m->skb, m->protoff, grown);
	return NF_ACCEPT;
}

/* The message that was unfinished goes on with this segment: it is put together and read.
 * Only without NAT, so that nothing has to be rewritten.  False if there is none.
 */
static bool sip_go_on(const struct nf_ct_sip_msg *m, u32 seq, int *verdict)
{
	struct nf_ct_cursor rest = nf_ct_sip_cursor(m);
	struct nf_ct_sip_msg whole = *m;
	u32 begin, have, more;
	u8 *text, *longer;

	text = nf_ct_pending_take(&sip_unfinished, m->ct, m->dir, seq, m->datalen, &begin,
				  &have);
	if (!text)
		return false;
	nf_ct_cursor_seek(&rest, begin + have - seq);
	more = min_t(u32, nf_ct_cursor_left(&rest), SIP_GO_ON_MAX - have);
	longer = krealloc(text, have + more, GFP_ATOMIC | __GFP_NOWARN);
	if (!longer) {
		kfree(text);
		return false;
	}
	nf_ct_cursor_copy(&rest, longer + have, more);
	whole.dptr = longer;
	whole.datalen = have + more;
	*verdict = sip_take_all(&whole, begin + have + more);
	kfree(longer);
	return true;
}

/**
 * nf_ct_sip_stream - look at the data of a segment
 * @m:   the data as if they were one message
 * @seq: sequence number of the first byte, host byte order
 *
 * Return: verdict of the packet.
 */
int nf_ct_sip_stream(struct nf_ct_sip_msg *m, u32 seq)
{
	int verdict;

	if (m->nat && nf_ct_pending_blocks(&sip_unfinished, m->ct, m->dir, seq))
		return nf_ct_sip_drop(m, "follows an unfinished message");
	if (m->nat && sip_refuses(m, seq))
		return nf_ct_sip_drop(m, "unfinished message, to be sent again in one piece");
	if (!m->nat && sip_go_on(m, seq, &verdict))
		return verdict;
	return sip_take_all(m, seq + m->datalen);
}

/* Before the helper is registered, and after it is unregistered */
void nf_ct_sip_stream_init(void)
{
	nf_ct_pending_init(&sip_unfinished);
}

void nf_ct_sip_stream_exit(void)
{
	nf_ct_pending_exit(&sip_unfinished);
}
