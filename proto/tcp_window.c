// SPDX-License-Identifier: GPL-2.0
/*
 * The TCP window: which sequence and acknowledgment numbers each side of a
 * connection may use next.  After Guido van Rooij, "Real Stateful TCP Packet
 * Filtering in IP Filter", with window scaling (RFC 7323), SACK (RFC 2018) and
 * sequence numbers that NAT has moved.  Guarded by ct->lock.
 */
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_seqadj.h>

#include "nf_ct_cursor_skb.h"
#include "tcp.h"

/* The data offset field counts up to fifteen words, five are the header. */
#define NF_CT_TCP_OPTIONS_MAX	40

/*
 * How far an acknowledgment may lag behind what the peer has sent, unless the
 * window is larger still.  The paper's value: a full unscaled window and a bit.
 */
#define NF_CT_TCP_ACK_LAG	66000U

/* Why a segment does not fit. */
enum nf_ct_tcp_misfit {
	NF_CT_TCP_FITS,
	NF_CT_TCP_OVERSHOOTS,
	NF_CT_TCP_SEQ_HIGH,
	NF_CT_TCP_ACK_HIGH,
	NF_CT_TCP_SEQ_LOW,
	NF_CT_TCP_ACK_LOW,
};

/*
 * What is below the window is old: the network may deliver it late, and its
 * receiver answers it with an ACK that must pass.  What is above the window
 * cannot come from a host that received the segments of the other.
 */
static const struct {
	const char		*why;
	enum nf_ct_tcp_action	action;
} nf_ct_tcp_misfits[] = {
	[NF_CT_TCP_OVERSHOOTS]	= { "more data than the window, by bytes",
				    NF_CT_TCP_IGNORE },
	[NF_CT_TCP_SEQ_HIGH]	= { "sequence beyond window end",
				    NF_CT_TCP_INVALID },
	[NF_CT_TCP_ACK_HIGH]	= { "acknowledges unsent data, beyond",
				    NF_CT_TCP_INVALID },
	[NF_CT_TCP_SEQ_LOW]	= { "old data, ends before",
				    NF_CT_TCP_IGNORE },
	[NF_CT_TCP_ACK_LOW]	= { "old acknowledgment, before",
				    NF_CT_TCP_IGNORE },
};

/* A segment in its connection, with the numbers that its receiver counts in */
struct nf_ct_tcp_claim {
	struct ip_ct_tcp_state	*sender;
	struct ip_ct_tcp_state	*receiver;
	u32			seq;
	u32			end;
	u32			ack;
	u32			sack;	/* end of the highest SACK block, or ack */
};

/* The options of @seg, perhaps none; @room has NF_CT_TCP_OPTIONS_MAX bytes. */
static void nf_ct_tcp_options(const struct nf_ct_tcp_seg *seg, u8 *room,
			      struct nf_ct_cursor *opts)
{
	u32 len = seg->th->doff * 4 - sizeof(struct tcphdr);

	nf_ct_cursor_skb(opts, seg->skb, seg->optoff, len, room);
}

/**
 * nf_ct_tcp_read_options - note what a SYN offers
 * @seg:  a segment with SYN
 * @peer: its sender; scale and flags are overwritten if there are options,
 *        except that a liberal side stays liberal
 *
 * Context: ct->lock held, or @peer is private.
 */
void nf_ct_tcp_read_options(const struct nf_ct_tcp_seg *seg,
			    struct ip_ct_tcp_state *peer)
{
	u8 room[NF_CT_TCP_OPTIONS_MAX];
	struct nf_ct_cursor opts, body;
	u32 len;
	u8 kind;

	nf_ct_tcp_options(seg, room, &opts);
	if (!nf_ct_cursor_left(&opts))
		return;

	peer->flags &= IP_CT_TCP_FLAG_BE_LIBERAL;
	peer->td_scale = 0;

	while (nf_ct_cursor_tcp_option(&opts, &kind, &body)) {
		len = nf_ct_cursor_left(&body);
		if (kind == TCPOPT_SACK_PERM && len == 0) {
			peer->flags |= IP_CT_TCP_FLAG_SACK_PERM;
		} else if (kind == TCPOPT_WINDOW && len == 1) {
			peer->flags |= IP_CT_TCP_FLAG_WINDOW_SCALE;
			peer->td_scale = min_t(u8, nf_ct_cursor_u8(&body),
					       TCP_MAX_WSCALE);
		}
	}
}

/* The highest sequence number that @seg has acknowledged in any way. */
static u32 nf_ct_tcp_sack_edge(const struct nf_ct_tcp_seg *seg)
{
	u8 room[NF_CT_TCP_OPTIONS_MAX];
	struct nf_ct_cursor opts, body;
	u32 best = seg->ack;
	u32 edge;
	u8 kind;

	nf_ct_tcp_options(seg, room, &opts);
	while (nf_ct_cursor_tcp_option(&opts, &kind, &body)) {
		if (!nf_ct_cursor_tcp_sack(kind, &body))
			continue;
		while (nf_ct_cursor_left(&body)) {
			nf_ct_cursor_skip(&body, sizeof(edge));
			edge = nf_ct_cursor_be32(&body);
			if (after(edge, best))
				best = edge;
		}
		break;
	}
	return best;
}

/**
 * nf_ct_tcp_window_open - a SYN begins a connection
 * @tcp: zeroed state of an entry that is not confirmed
 * @seg: the SYN
 */
void nf_ct_tcp_window_open(struct ip_ct_tcp *tcp,
			   const struct nf_ct_tcp_seg *seg)
{
	struct ip_ct_tcp_state *client = &tcp->seen[IP_CT_DIR_ORIGINAL];

	client->td_end = seg->end;
	client->td_maxend = seg->end;
	client->td_maxwin = max_t(u32, seg->win, 1);
	nf_ct_tcp_read_options(seg, client);
}

/**
 * nf_ct_tcp_window_pickup - begin to track a connection that exists already
 * @tcp: zeroed state of an entry that is not confirmed
 * @seg: the first segment of it that is seen
 *
 * The options of the SYNs are not known, so both sides are assumed to use SACK,
 * and windows may be larger than the segments say.
 */
void nf_ct_tcp_window_pickup(struct ip_ct_tcp *tcp,
			     const struct nf_ct_tcp_seg *seg)
{
	struct ip_ct_tcp_state *client = &tcp->seen[IP_CT_DIR_ORIGINAL];
	const u8 flags = IP_CT_TCP_FLAG_BE_LIBERAL | IP_CT_TCP_FLAG_SACK_PERM;

	client->td_end = seg->end;
	client->td_maxwin = max_t(u32, seg->win, 1);
	client->td_maxend = seg->end + client->td_maxwin;
	client->flags = flags;
	tcp->seen[IP_CT_DIR_REPLY].flags = flags;
}

/* First SYN or SYN/ACK of a side, or a newer one that takes its place. */
static void nf_ct_tcp_window_syn(const struct nf_ct_tcp_seg *seg,
				 struct ip_ct_tcp_state *sender,
				 struct ip_ct_tcp_state *receiver)
{
	sender->td_end = seg->end;
	sender->td_maxend = seg->end;
	sender->td_maxwin = max_t(u32, seg->win, 1);
	nf_ct_tcp_read_options(seg, sender);

	/* RFC 7323 2.2: scaled in both directions or in none.  The answer
	 * decides; a client that repeats its SYN has not received it yet.
	 */
	if (seg->dir == IP_CT_DIR_REPLY &&
	    !(sender->flags & receiver->flags & IP_CT_TCP_FLAG_WINDOW_SCALE)) {
		sender->td_scale = 0;
		receiver->td_scale = 0;
	}
}

/* First segment from this side, and no SYN: derive the window from it. */
static void nf_ct_tcp_window_derive(const struct nf_ct_tcp_seg *seg,
				    const struct nf_ct_tcp_claim *claim)
{
	struct ip_ct_tcp_state *receiver = claim->receiver;
	struct ip_ct_tcp_state *sender = claim->sender;
	u32 win = (u32)seg->win << sender->td_scale;

	sender->td_end = claim->end;
	sender->td_maxwin = max_t(u32, win, 1);
	sender->td_maxend = claim->end + sender->td_maxwin;

	if (!receiver->td_maxwin) {
		/* not seen either: it has sent what is acknowledged here */
		receiver->td_end = claim->sack;
		receiver->td_maxend = claim->sack;
	} else if (claim->sack == receiver->td_end + 1) {
		/* answer to a keepalive, which is one byte short of the data */
		receiver->td_end++;
	}
}

/* Set up the windows if need be; false if the segment needs no further check. */
static bool nf_ct_tcp_window_prepare(const struct ip_ct_tcp *tcp,
				     const struct nf_ct_tcp_seg *seg,
				     const struct nf_ct_tcp_claim *claim)
{
	struct ip_ct_tcp_state *receiver = claim->receiver;
	struct ip_ct_tcp_state *sender = claim->sender;
	bool first = !sender->td_maxwin;

	if (!seg->th->syn) {
		if (first)
			nf_ct_tcp_window_derive(seg, claim);
		return true;
	}

	if (first) {
		nf_ct_tcp_window_syn(seg, sender, receiver);
		/* without ACK, a simultaneous open: nothing to compare */
		return seg->th->ack;
	}

	/* RFC 9293 3.4.3: a host that starts again uses larger numbers */
	if ((tcp->state == TCP_CONNTRACK_SYN_SENT ||
	     tcp->state == TCP_CONNTRACK_SYN_RECV) &&
	    after(claim->end, sender->td_end)) {
		nf_ct_tcp_window_syn(seg, sender, receiver);
		return seg->th->ack || seg->dir == IP_CT_DIR_ORIGINAL;
	}
	return true;
}

/* Fill in numbers that the segment does not have, or has as zero. */
static void nf_ct_tcp_fill_in(const struct ip_ct_tcp *tcp,
			      const struct nf_ct_tcp_seg *seg,
			      struct nf_ct_tcp_claim *claim)
{
	const struct tcphdr *th = seg->th;

	/* some stacks set ACK in a reset and leave the number at zero */
	if (!th->ack || (th->rst && !claim->ack)) {
		claim->ack = claim->receiver->td_end;
		claim->sack = claim->ack;
	}

	/* RFC 9293 3.10.7.1: the reset that answers a SYN has sequence zero */
	if (th->rst && !claim->seq && tcp->state == TCP_CONNTRACK_SYN_SENT) {
		claim->seq = claim->sender->td_end;
		claim->end = claim->seq;
	}
}

/* Lowest acknowledgment that the sender may send */
static u32 nf_ct_tcp_ack_floor(const struct nf_ct_tcp_claim *claim)
{
	return claim->receiver->td_end -
	       max(claim->sender->td_maxwin, NF_CT_TCP_ACK_LAG) - 1;
}

/*
 * Some hosts send a few bytes more than the window allows.  If the ruleset
 * accepts them and the peer acknowledges them, every later segment would be out
 * of bounds; so they count if everything else is right.
 */
static bool nf_ct_tcp_overshoot(const struct nf_ct_tcp_claim *claim)
{
	const struct ip_ct_tcp_state *receiver = claim->receiver;
	const struct ip_ct_tcp_state *sender = claim->sender;

	return receiver->td_maxwin &&
	       claim->end - sender->td_maxend + 1 <= receiver->td_maxwin &&
	       after(claim->end, sender->td_end - receiver->td_maxwin - 1) &&
	       before(claim->sack, receiver->td_end + 1) &&
	       after(claim->sack, nf_ct_tcp_ack_floor(claim));
}

/* The four bounds of the paper; *@limit is the bound that is exceeded. */
static enum nf_ct_tcp_misfit
nf_ct_tcp_bounds(const struct nf_ct_tcp_claim *claim, u32 *limit)
{
	const struct ip_ct_tcp_state *receiver = claim->receiver;
	const struct ip_ct_tcp_state *sender = claim->sender;

	*limit = sender->td_maxend + 1;
	if (!before(claim->seq, *limit)) {
		if (!nf_ct_tcp_overshoot(claim))
			return NF_CT_TCP_SEQ_HIGH;
		*limit = claim->end - sender->td_maxend + 1;
		return NF_CT_TCP_OVERSHOOTS;
	}

	*limit = receiver->td_end + 1;
	if (!before(claim->sack, *limit))
		return NF_CT_TCP_ACK_HIGH;

	*limit = sender->td_end - receiver->td_maxwin - 1;
	if (receiver->td_maxwin && !after(claim->end, *limit))
		return NF_CT_TCP_SEQ_LOW;

	*limit = nf_ct_tcp_ack_floor(claim);
	if (!after(claim->sack, *limit))
		return NF_CT_TCP_ACK_LOW;

	return NF_CT_TCP_FITS;
}

static enum nf_ct_tcp_action
nf_ct_tcp_reject(const struct nf_conn *ct, const struct nf_ct_tcp_claim *claim,
		 enum nf_ct_tcp_misfit misfit, struct nf_ct_tcp_step *step)
{
	struct ip_ct_tcp_state *sender = claim->sender;

	if (misfit == NF_CT_TCP_OVERSHOOTS) {
		sender->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
		sender->td_end = claim->end;
	}

	if (sender->flags & IP_CT_TCP_FLAG_BE_LIBERAL ||
	    nf_tcp_pernet(nf_ct_net(ct))->tcp_be_liberal)
		return NF_CT_TCP_TAKE;

	step->why = nf_ct_tcp_misfits[misfit].why;
	return nf_ct_tcp_misfits[misfit].action;
}

static void nf_ct_tcp_slide_sender(const struct nf_ct_tcp_seg *seg,
				   const struct nf_ct_tcp_claim *claim, u32 win)
{
	struct ip_ct_tcp_state *sender = claim->sender;

	sender->td_maxwin = max(sender->td_maxwin,
				win + (claim->sack - claim->ack));

	if (after(claim->end, sender->td_end)) {
		sender->td_end = claim->end;
		sender->flags |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
	}

	if (seg->th->ack &&
	    (!(sender->flags & IP_CT_TCP_FLAG_MAXACK_SET) ||
	     after(claim->ack, sender->td_maxack))) {
		sender->flags |= IP_CT_TCP_FLAG_MAXACK_SET;
		sender->td_maxack = claim->ack;
	}
}

static void nf_ct_tcp_slide_receiver(const struct nf_ct_tcp_claim *claim,
				     u32 win)
{
	struct ip_ct_tcp_state *receiver = claim->receiver;
	u32 beyond = claim->end - claim->sender->td_maxend;
	u32 edge = claim->sack + win;

	if (receiver->td_maxwin && after(claim->end, claim->sender->td_maxend))
		receiver->td_maxwin += beyond;

	/* a closed window still takes a probe of one byte */
	if (after(edge, receiver->td_maxend - 1))
		receiver->td_maxend = win ? edge : edge + 1;

	if (claim->ack == receiver->td_end)
		receiver->flags &= ~IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
}

/* The same ACK again and again: its sender receives no answer. */
static void nf_ct_tcp_note_repeat(struct ip_ct_tcp *tcp,
				  const struct nf_ct_tcp_seg *seg,
				  const struct nf_ct_tcp_claim *claim)
{
	if (tcp->last_dir == seg->dir && tcp->last_win == seg->win &&
	    tcp->last_seq == claim->seq && tcp->last_ack == claim->ack &&
	    tcp->last_end == claim->end) {
		tcp->retrans++;
		return;
	}

	tcp->last_ack = claim->ack;
	tcp->last_seq = claim->seq;
	tcp->last_end = claim->end;
	tcp->last_win = seg->win;
	tcp->last_dir = seg->dir;
	tcp->retrans = 0;
}

/**
 * nf_ct_tcp_window - does a segment fit into the windows of its connection?
 * @ct:   the connection; both windows advance if the segment fits
 * @seg:  the segment
 * @step: reason and bound are set if it does not
 *
 * Context: ct->lock and RCU held.
 * Return: NF_CT_TCP_TAKE, NF_CT_TCP_IGNORE or NF_CT_TCP_INVALID.
 */
enum nf_ct_tcp_action nf_ct_tcp_window(struct nf_conn *ct,
				       const struct nf_ct_tcp_seg *seg,
				       struct nf_ct_tcp_step *step)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	struct nf_ct_tcp_claim claim = {
		.sender		= &tcp->seen[seg->dir],
		.receiver	= &tcp->seen[!seg->dir],
		.seq		= seg->seq,
		.end		= seg->end,
		.ack		= seg->ack,
		.sack		= seg->ack,
	};
	enum nf_ct_tcp_misfit misfit;
	u32 win = seg->win;
	u32 moved;

	lockdep_assert_held(&ct->lock);

	if (claim.receiver->flags & IP_CT_TCP_FLAG_SACK_PERM)
		claim.sack = nf_ct_tcp_sack_edge(seg);

	/* what NAT has added to the peer's numbers is in the answers, too */
	moved = nf_ct_seq_offset(ct, !seg->dir, claim.ack - 1);
	claim.ack -= moved;
	claim.sack -= moved;

	if (!nf_ct_tcp_window_prepare(tcp, seg, &claim))
		return NF_CT_TCP_TAKE;
	nf_ct_tcp_fill_in(tcp, seg, &claim);

	misfit = nf_ct_tcp_bounds(&claim, &step->limit);
	if (misfit != NF_CT_TCP_FITS)
		return nf_ct_tcp_reject(ct, &claim, misfit, step);

	/* RFC 7323 2.2: the window in a SYN is never scaled */
	if (!seg->th->syn)
		win <<= claim.sender->td_scale;

	nf_ct_tcp_slide_sender(seg, &claim, win);
	nf_ct_tcp_slide_receiver(&claim, win);
	if (seg->kind == NF_CT_TCP_ACK)
		nf_ct_tcp_note_repeat(tcp, seg, &claim);
	return NF_CT_TCP_TAKE;
}
