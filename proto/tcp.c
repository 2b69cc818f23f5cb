// SPDX-License-Identifier: GPL-2.0
/*
 * The TCP tracker: the state of a connection, as seen in the middle of its path,
 * where segments may be missed, repeated or forged.  A table gives the next
 * state.  If the end hosts may be in another state than the entry, a segment
 * that does not fit passes and is noted, and the answer to it decides.
 * ct->proto.tcp is guarded by ct->lock; callers hold RCU.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_synproxy.h>

#include "nf_conntrack_deadline.h"
#include "proto.h"
#include "tcp.h"
#include "nf_conntrack_internal.h"

/*
 * From the flags of a header to what it asks for, plus one.  Zero: the flags
 * make no sense together.  PSH, ECE and CWR say nothing here and are masked out.
 */
#define NF_CT_TCP_FLAGS		(TCPHDR_FIN | TCPHDR_SYN | TCPHDR_RST | \
				 TCPHDR_ACK | TCPHDR_URG)

static const u8 nf_ct_tcp_kinds[NF_CT_TCP_FLAGS + 1] = {
	[TCPHDR_SYN]				= 1 + NF_CT_TCP_SYN,
	[TCPHDR_SYN | TCPHDR_URG]		= 1 + NF_CT_TCP_SYN,
	[TCPHDR_SYN | TCPHDR_ACK]		= 1 + NF_CT_TCP_SYNACK,
	[TCPHDR_ACK]				= 1 + NF_CT_TCP_ACK,
	[TCPHDR_ACK | TCPHDR_URG]		= 1 + NF_CT_TCP_ACK,
	[TCPHDR_ACK | TCPHDR_FIN]		= 1 + NF_CT_TCP_FIN,
	[TCPHDR_ACK | TCPHDR_FIN | TCPHDR_URG]	= 1 + NF_CT_TCP_FIN,
	[TCPHDR_RST]				= 1 + NF_CT_TCP_RST,
	[TCPHDR_RST | TCPHDR_ACK]		= 1 + NF_CT_TCP_RST,
};

static const char *const nf_ct_tcp_kind_names[] = {
	[NF_CT_TCP_SYN]		= "SYN",
	[NF_CT_TCP_SYNACK]	= "SYN/ACK",
	[NF_CT_TCP_FIN]		= "FIN",
	[NF_CT_TCP_ACK]		= "ACK",
	[NF_CT_TCP_RST]		= "RST",
};

/*
 * The state machine: one word for each direction and kind of segment, with four
 * bits for each old state.  A state is that of the connection, not of one host:
 * FIN_WAIT is "one FIN was sent", CLOSE_WAIT "and acknowledged", LAST_ACK "both
 * hosts have sent one", TIME_WAIT "and both are acknowledged".
 *
 * xx: invalid.  ig: ignored; the end hosts may be in another state than the
 * entry, so the segment passes, is noted, and the answer decides.
 */
enum {
	TO_no = TCP_CONNTRACK_NONE,
	TO_ss = TCP_CONNTRACK_SYN_SENT,
	TO_sr = TCP_CONNTRACK_SYN_RECV,
	TO_es = TCP_CONNTRACK_ESTABLISHED,
	TO_fw = TCP_CONNTRACK_FIN_WAIT,
	TO_cw = TCP_CONNTRACK_CLOSE_WAIT,
	TO_la = TCP_CONNTRACK_LAST_ACK,
	TO_tw = TCP_CONNTRACK_TIME_WAIT,
	TO_cl = TCP_CONNTRACK_CLOSE,
	TO_s2 = TCP_CONNTRACK_SYN_SENT2,
	TO_xx = TCP_CONNTRACK_MAX,
	TO_ig = TCP_CONNTRACK_IGNORE,
};

#define FROM(old, new)	((u64)TO_##new << (4 * TO_##old))
#define ROW(a, b, c, d, e, f, g, h, i, j)				\
	(FROM(no, a) | FROM(ss, b) | FROM(sr, c) | FROM(es, d) |	\
	 FROM(fw, e) | FROM(cw, f) | FROM(la, g) | FROM(tw, h) |	\
	 FROM(cl, i) | FROM(s2, j))

static const u64 nf_ct_tcp_rows[IP_CT_DIR_MAX][NF_CT_TCP_KINDS] = {
	/*   old state:    no  ss  sr  es  fw  cw  la  tw  cl  s2 */
	[IP_CT_DIR_ORIGINAL] = {
	/*
	 * RFC 9293 3.5: opens a connection, perhaps again.  In the middle of
	 * one the client may have restarted; the server knows (3.5.1, RFC 5961
	 * 4), so ig.  After the end: 3.6.1, a new connection.
	 */
	[NF_CT_TCP_SYN]    = ROW(ss, ss, ig, ig, ig, ig, ig, ss, ss, s2),
	/* 3.5 figure 7: the client got a SYN, too: a simultaneous open */
	[NF_CT_TCP_SYNACK] = ROW(xx, xx, sr, xx, xx, xx, xx, xx, xx, sr),
	/* 3.6: first and second FIN; not before the peer has answered */
	[NF_CT_TCP_FIN]    = ROW(xx, xx, fw, fw, la, la, la, tw, cl, xx),
	/*
	 * no: of a connection that exists already, if tcp_loose allows to pick
	 * it up.  ss, s2: nothing to acknowledge yet.  sr: 3.5 figure 6, third
	 * segment.  fw, la: 3.6, the FIN is acknowledged.
	 */
	[NF_CT_TCP_ACK]    = ROW(es, xx, es, es, cw, cw, tw, tw, cl, xx),
	/* 3.5.3: ends every connection; see nf_ct_tcp_judge_reset() */
	[NF_CT_TCP_RST]    = ROW(xx, cl, cl, cl, cl, cl, cl, cl, cl, cl),
	},
	[IP_CT_DIR_REPLY] = {
	/*
	 * 3.5 figure 7: both hosts open at once.  tw: 3.6.1, the server opens a
	 * new connection with the same ports.
	 */
	[NF_CT_TCP_SYN]    = ROW(xx, s2, xx, xx, xx, xx, xx, ss, xx, s2),
	/*
	 * 3.5 figure 6, second segment.  Later: repeated, or the answer to a
	 * SYN that was ignored.
	 */
	[NF_CT_TCP_SYNACK] = ROW(xx, sr, ig, ig, ig, ig, ig, ig, ig, sr),
	/* 3.6: as in the other direction */
	[NF_CT_TCP_FIN]    = ROW(xx, xx, fw, fw, la, la, la, tw, cl, xx),
	/*
	 * ss, s2: 3.5.1, the server still has an older connection with these
	 * ports.  sr: repeated, or the end of a simultaneous open.
	 */
	[NF_CT_TCP_ACK]    = ROW(xx, ig, sr, es, cw, cw, tw, tw, cl, ig),
	/* 3.5.3: ss: connection refused; otherwise as in the other direction */
	[NF_CT_TCP_RST]    = ROW(xx, cl, cl, cl, cl, cl, cl, cl, cl, cl),
	},
};

/* Seconds.  Slot 0 is what every new entry starts with. */
static const unsigned int nf_ct_tcp_default_timeouts[] = {
	[TCP_CONNTRACK_NONE]		= 120,
	[TCP_CONNTRACK_SYN_SENT]	= 120,
	[TCP_CONNTRACK_SYN_SENT2]	= 120,
	[TCP_CONNTRACK_SYN_RECV]	= 60,
	[TCP_CONNTRACK_ESTABLISHED]	= 5 * 24 * 60 * 60,
	[TCP_CONNTRACK_FIN_WAIT]	= 120,
	[TCP_CONNTRACK_CLOSE_WAIT]	= 60,
	[TCP_CONNTRACK_LAST_ACK]	= 30,
	[TCP_CONNTRACK_TIME_WAIT]	= 120,
	[TCP_CONNTRACK_CLOSE]		= 10,
	/* RFC 9293 3.8.3: R2, when a host gives up, is at least 100 s */
	[TCP_CONNTRACK_RETRANS]		= 300,
	[TCP_CONNTRACK_UNACK]		= 300,
};

static u8 nf_ct_tcp_next(enum ip_conntrack_dir dir, u8 kind, u8 state)
{
	return nf_ct_tcp_rows[dir][kind] >> (4 * state) & 0xf;
}

/* States in which the connection has little left to do */
static bool nf_ct_tcp_is_closing(const struct nf_conn *ct)
{
	u8 state = READ_ONCE(ct->proto.tcp.state);

	return state >= TCP_CONNTRACK_FIN_WAIT && state <= TCP_CONNTRACK_CLOSE;
}

static const unsigned int *nf_ct_tcp_timeouts(const struct nf_conn *ct)
{
	return nf_ct_timeouts_of(ct, nf_tcp_pernet(nf_ct_net(ct))->timeouts);
}

/* Decode a segment, and check what needs no entry: NULL, or what is wrong. */
static const char *nf_ct_tcp_decode(struct nf_ct_tcp_seg *seg,
				    struct sk_buff *skb, unsigned int dataoff,
				    const struct nf_hook_state *state)
{
	const struct tcphdr *th = seg->th;
	unsigned int hlen = th->doff * 4;
	unsigned int len = skb->len - dataoff;
	u8 kind;

	if (hlen < sizeof(*th) || hlen > len)
		return "header length is wrong";
	if (nf_ct_checksum_wanted(state) &&
	    nf_checksum(skb, state->hook, dataoff, IPPROTO_TCP, state->pf))
		return "checksum is wrong";

	kind = nf_ct_tcp_kinds[tcp_flag_byte(th) & NF_CT_TCP_FLAGS];
	if (!kind)
		return "no such combination of flags";

	seg->skb = skb;
	seg->optoff = dataoff + sizeof(*th);
	seg->seq = ntohl(th->seq);
	seg->end = seg->seq + len - hlen + th->syn + th->fin;
	seg->ack = ntohl(th->ack_seq);
	seg->win = ntohs(th->window);
	seg->kind = kind - 1;
	return NULL;
}

/* First segment of an entry that is not confirmed: no other CPU can find it. */
static bool nf_ct_tcp_begin(struct nf_conn *ct, const struct nf_ct_tcp_seg *seg)
{
	const struct nf_tcp_net *tn = nf_tcp_pernet(nf_ct_net(ct));
	struct ip_ct_tcp *tcp = &ct->proto.tcp;

	switch (nf_ct_tcp_next(IP_CT_DIR_ORIGINAL, seg->kind, TO_no)) {
	case TCP_CONNTRACK_SYN_SENT:
		memset(tcp, 0, sizeof(*tcp));
		nf_ct_tcp_window_open(tcp, seg);
		break;
	case TCP_CONNTRACK_ESTABLISHED:
		if (!tn->tcp_loose)
			return false;
		memset(tcp, 0, sizeof(*tcp));
		nf_ct_tcp_window_pickup(tcp, seg);
		break;
	default:
		return false;
	}

	tcp->last_index = NF_CT_TCP_NOTHING;
	return true;
}

/*
 * The server acknowledges a SYN that was ignored and noted: both hosts agree, so
 * the old connection has ended without being seen here.
 */
static void nf_ct_tcp_resync(struct ip_ct_tcp *tcp,
			     const struct nf_ct_tcp_seg *seg,
			     struct nf_ct_tcp_step *step)
{
	struct ip_ct_tcp_state *client = &tcp->seen[tcp->last_dir];
	struct ip_ct_tcp_state *server = &tcp->seen[seg->dir];

	tcp->last_flags &= ~IP_CT_EXP_CHALLENGE_ACK;
	client->flags = tcp->last_flags;
	client->td_scale = tcp->last_wscale;
	client->td_end = tcp->last_end;
	client->td_maxend = tcp->last_end;
	client->td_maxwin = max_t(u32, tcp->last_win, 1);
	*server = (struct ip_ct_tcp_state) {
		/* a helper has called nf_ct_set_tcp_be_liberal() */
		.flags = server->flags & IP_CT_TCP_FLAG_BE_LIBERAL,
	};

	step->from = TCP_CONNTRACK_SYN_SENT;
	step->to = TCP_CONNTRACK_SYN_RECV;
}

/* A SYN that is ignored: note its options in case the server accepts it. */
static void nf_ct_tcp_note_offer(struct ip_ct_tcp *tcp,
				 const struct nf_ct_tcp_seg *seg, u8 state)
{
	struct ip_ct_tcp_state offer = { };

	nf_ct_tcp_read_options(seg, &offer);
	tcp->last_flags = offer.flags;
	tcp->last_wscale = offer.td_scale;

	/* RFC 5961 4: the server may answer with an ACK of old data, which
	 * looks like the last one of a closing connection
	 */
	if (state == TCP_CONNTRACK_LAST_ACK)
		tcp->last_flags |= IP_CT_EXP_CHALLENGE_ACK;
}

/* A segment that is ignored, unless it shows that the entry is out of date. */
static enum nf_ct_tcp_action nf_ct_tcp_judge_odd(struct ip_ct_tcp *tcp,
						 const struct nf_ct_tcp_seg *seg,
						 struct nf_ct_tcp_step *step)
{
	if (seg->kind == NF_CT_TCP_SYNACK &&
	    tcp->last_index == NF_CT_TCP_SYN && tcp->last_dir != seg->dir &&
	    tcp->last_end == seg->ack) {
		nf_ct_tcp_resync(tcp, seg, step);
		return NF_CT_TCP_CHECK;
	}

	tcp->last_index = seg->kind;
	tcp->last_dir = seg->dir;
	tcp->last_seq = seg->seq;
	tcp->last_end = seg->end;
	tcp->last_win = seg->win;

	if (seg->kind == NF_CT_TCP_SYN && seg->dir == IP_CT_DIR_ORIGINAL)
		nf_ct_tcp_note_offer(tcp, seg, step->from);

	/* if this is a challenge ACK, the client's reset has its number */
	if (seg->kind == NF_CT_TCP_ACK && seg->dir == IP_CT_DIR_REPLY &&
	    step->from == TCP_CONNTRACK_SYN_SENT)
		tcp->last_ack = seg->ack;

	step->why = "out of step, ignored";
	return NF_CT_TCP_IGNORE;
}

/* A SYN after the end: does it open a new connection, or is the end not certain? */
static enum nf_ct_tcp_action nf_ct_tcp_judge_syn(struct ip_ct_tcp *tcp,
						 const struct nf_ct_tcp_seg *seg,
						 struct nf_ct_tcp_step *step)
{
	u8 flags = tcp->seen[0].flags | tcp->seen[1].flags;

	if (step->from < TCP_CONNTRACK_TIME_WAIT)
		return NF_CT_TCP_CHECK;

	/* RFC 9293 3.6.1 wants a larger sequence number: the end host checks
	 * that.  A connection that was reset has ended for the side that sent
	 * the reset.
	 */
	if (flags & IP_CT_TCP_FLAG_CLOSE_INIT)
		return NF_CT_TCP_REOPEN;
	if (tcp->last_index == NF_CT_TCP_RST && tcp->last_dir == seg->dir)
		return NF_CT_TCP_REOPEN;

	return nf_ct_tcp_judge_odd(tcp, seg, step);
}

/* No such transition.  There is one exception, for SYNPROXY. */
static enum nf_ct_tcp_action
nf_ct_tcp_judge_impossible(const struct nf_conn *ct,
			   const struct nf_ct_tcp_seg *seg,
			   struct nf_ct_tcp_step *step)
{
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;
	u32 isn = tcp->seen[IP_CT_DIR_ORIGINAL].td_end - 1;

	/* The client is connected to the proxy and sends keepalives, while the
	 * proxy's SYN to the server, or the answer, was lost.  On this packet
	 * the proxy sends its SYN again.
	 */
	if (step->from == TCP_CONNTRACK_SYN_SENT &&
	    seg->kind == NF_CT_TCP_ACK && seg->dir == IP_CT_DIR_ORIGINAL &&
	    tcp->last_dir == IP_CT_DIR_ORIGINAL && seg->seq == isn &&
	    nfct_synproxy(ct))
		return NF_CT_TCP_IGNORE;

	step->why = "not possible in this state";
	return NF_CT_TCP_INVALID;
}

/* Does this ACK acknowledge the FIN, or does it answer a SYN that was ignored? */
static enum nf_ct_tcp_action
nf_ct_tcp_judge_last_ack(struct ip_ct_tcp *tcp, const struct nf_ct_tcp_seg *seg,
			 struct nf_ct_tcp_step *step)
{
	if (step->from != TCP_CONNTRACK_LAST_ACK ||
	    seg->kind != NF_CT_TCP_ACK ||
	    tcp->last_index != NF_CT_TCP_SYN || tcp->last_dir == seg->dir ||
	    !(tcp->last_flags & IP_CT_EXP_CHALLENGE_ACK))
		return NF_CT_TCP_CHECK;

	tcp->last_flags &= ~IP_CT_EXP_CHALLENGE_ACK;
	step->why = "challenge ACK, ignored";
	return NF_CT_TCP_IGNORE;
}

/*
 * RFC 5961 3: a reset must hit the next expected number exactly, or its
 * receiver only answers with a challenge ACK.  Returns false if it is forged
 * or too old; clears *@exact if the connection may survive it.
 */
static bool nf_ct_tcp_reset_credible(const struct nf_conn *ct,
				     const struct nf_ct_tcp_seg *seg,
				     bool *exact)
{
	const struct nf_tcp_net *tn = nf_tcp_pernet(nf_ct_net(ct));
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;
	u32 expected = tcp->seen[!seg->dir].td_maxack;
	bool settled = nf_conntrack_tcp_established(ct);

	/* most likely the answer to a SYN that was ignored */
	if (!seg->seq && !settled)
		return true;

	if (before(seg->seq, expected) && !tn->tcp_ignore_invalid_rst)
		return false;

	/* data and reset in one go, the data not yet acknowledged */
	*exact = !settled || seg->seq == expected ||
		 (tcp->last_index == NF_CT_TCP_ACK &&
		  tcp->last_dir == seg->dir && tcp->last_end == seg->seq);
	return true;
}

/* Does the reset answer a segment that was ignored? */
static bool nf_ct_tcp_reset_answers(const struct nf_conn *ct,
				    const struct nf_ct_tcp_seg *seg, u8 state)
{
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;

	if (seg->ack == tcp->last_end) {
		/* the server knows nothing of a connection */
		if (tcp->last_index == NF_CT_TCP_SYN &&
		    tcp->last_dir != seg->dir &&
		    test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
			return true;
		/* half open: the client knows nothing of it */
		if (tcp->last_index == NF_CT_TCP_ACK &&
		    !test_bit(IPS_ASSURED_BIT, &ct->status))
			return true;
	}

	/* RFC 5961 4: the client answers a challenge ACK */
	return state == TCP_CONNTRACK_SYN_SENT &&
	       tcp->last_index == NF_CT_TCP_ACK &&
	       tcp->last_dir == IP_CT_DIR_REPLY && tcp->last_ack == seg->seq;
}

static enum nf_ct_tcp_action
nf_ct_tcp_judge_reset(const struct nf_conn *ct, const struct nf_ct_tcp_seg *seg,
		      struct nf_ct_tcp_step *step)
{
	const struct ip_ct_tcp *tcp = &ct->proto.tcp;
	bool exact = true;

	if (seg->kind != NF_CT_TCP_RST)
		return NF_CT_TCP_CHECK;

	/* The ports may be in use again, with other sequence numbers: those
	 * known here say nothing.
	 */
	if (nf_ct_tcp_is_closing(ct))
		return NF_CT_TCP_TAKE;

	/* after a SYN that was ignored the expected number is not known */
	if (tcp->last_index != NF_CT_TCP_SYN &&
	    tcp->seen[!seg->dir].flags & IP_CT_TCP_FLAG_MAXACK_SET) {
		if (!nf_ct_tcp_reset_credible(ct, seg, &exact)) {
			step->why = "reset is too old";
			return NF_CT_TCP_INVALID;
		}
		if (exact)
			return NF_CT_TCP_CHECK;
		step->to = step->from;
		/* flow tables leave windows that are to be learnt anew */
		step->blind = !tcp->seen[seg->dir].td_maxwin;
	}

	if (nf_ct_tcp_reset_answers(ct, seg, step->from))
		return NF_CT_TCP_TAKE;
	return NF_CT_TCP_CHECK;
}

/* What else decides on the transition that the table gives? */
static enum nf_ct_tcp_action nf_ct_tcp_judge(struct nf_conn *ct,
					     const struct nf_ct_tcp_seg *seg,
					     struct nf_ct_tcp_step *step)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;

	switch (step->to) {
	case TCP_CONNTRACK_SYN_SENT:
		return nf_ct_tcp_judge_syn(tcp, seg, step);
	case TCP_CONNTRACK_IGNORE:
		return nf_ct_tcp_judge_odd(tcp, seg, step);
	case TCP_CONNTRACK_MAX:
		return nf_ct_tcp_judge_impossible(ct, seg, step);
	case TCP_CONNTRACK_TIME_WAIT:
		return nf_ct_tcp_judge_last_ack(tcp, seg, step);
	case TCP_CONNTRACK_CLOSE:
		return nf_ct_tcp_judge_reset(ct, seg, step);
	case TCP_CONNTRACK_SYN_SENT2:
		tcp->last_flags |= IP_CT_TCP_SIMULTANEOUS_OPEN;
		break;
	case TCP_CONNTRACK_SYN_RECV:
		/* RFC 9293 3.5 figure 7: the last step of the opening */
		if (seg->kind == NF_CT_TCP_ACK && seg->dir == IP_CT_DIR_REPLY &&
		    tcp->last_flags & IP_CT_TCP_SIMULTANEOUS_OPEN)
			step->to = TCP_CONNTRACK_ESTABLISHED;
		break;
	}
	return NF_CT_TCP_CHECK;
}

static unsigned int nf_ct_tcp_timeout(const struct ip_ct_tcp *tcp,
				      const struct nf_tcp_net *tn,
				      const unsigned int *timeouts, u8 kind,
				      bool blind)
{
	unsigned int retrans = READ_ONCE(timeouts[TCP_CONNTRACK_RETRANS]);
	unsigned int unack = READ_ONCE(timeouts[TCP_CONNTRACK_UNACK]);
	unsigned int timeout = READ_ONCE(timeouts[tcp->state]);
	u8 flags = tcp->seen[0].flags | tcp->seen[1].flags;

	if (tcp->retrans >= tn->tcp_max_retrans && timeout > retrans)
		return retrans;
	/* DIFF: tcp-reset-timeout: the receiver answers a reset that is not exact
	 * (RFC 5961 3), and the connection may go on
	 */
	if (unlikely(kind == NF_CT_TCP_RST)) {
		if (tcp->state != TCP_CONNTRACK_ESTABLISHED)
			return timeout;
		return min(timeout, blind ? READ_ONCE(timeouts[TCP_CONNTRACK_CLOSE]) :
					    unack);
	}
	if (flags & IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED && timeout > unack)
		return unack;
	/* the window is closed: its probes keep the entry alive */
	if (!tcp->last_win && timeout > retrans)
		return retrans;
	return timeout;
}

static void nf_ct_tcp_take(struct nf_conn *ct, const struct nf_ct_tcp_seg *seg,
			   struct nf_ct_tcp_step *step)
{
	const struct nf_tcp_net *tn = nf_tcp_pernet(nf_ct_net(ct));
	const unsigned int *timeouts = nf_ct_tcp_timeouts(ct);
	struct ip_ct_tcp *tcp = &ct->proto.tcp;

	tcp->last_index = seg->kind;
	tcp->last_dir = seg->dir;

	if (step->to == TCP_CONNTRACK_FIN_WAIT && step->from != step->to)
		tcp->seen[seg->dir].flags |= IP_CT_TCP_FLAG_CLOSE_INIT;
	WRITE_ONCE(tcp->state, step->to);

	step->timeout = nf_ct_tcp_timeout(tcp, tn, timeouts, seg->kind, step->blind);
	step->unack = READ_ONCE(timeouts[TCP_CONNTRACK_UNACK]);
}

/*
 * A FIN or RST that does not fit: if the other side has sent one, too, then the
 * connection ends and only the numbers known here are wrong.  The entry must not
 * stay for days.
 */
static void nf_ct_tcp_note_misfit(struct nf_conn *ct,
				  const struct nf_ct_tcp_seg *seg,
				  struct nf_ct_tcp_step *step)
{
	struct ip_ct_tcp *tcp = &ct->proto.tcp;
	unsigned long left;

	if (seg->kind != NF_CT_TCP_FIN && seg->kind != NF_CT_TCP_RST)
		return;
	if (!test_bit(IPS_ASSURED_BIT, &ct->status) ||
	    test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status))
		return;

	if (tcp->last_dir == seg->dir ||
	    (tcp->last_index != NF_CT_TCP_FIN &&
	     tcp->last_index != NF_CT_TCP_RST)) {
		tcp->last_index = seg->kind;
		tcp->last_dir = seg->dir;
		return;
	}

	left = nf_ct_expires(ct);
	step->timeout = READ_ONCE(nf_ct_tcp_timeouts(ct)[TCP_CONNTRACK_UNACK]);
	step->shorten = left >= 120 * HZ && left > step->timeout;
}

static enum nf_ct_tcp_action nf_ct_tcp_advance(struct nf_conn *ct,
					       const struct nf_ct_tcp_seg *seg,
					       struct nf_ct_tcp_step *step)
{
	enum nf_ct_tcp_action action;

	lockdep_assert_held(&ct->lock);

	step->from = ct->proto.tcp.state;
	step->to = nf_ct_tcp_next(seg->dir, seg->kind, step->from);

	action = nf_ct_tcp_judge(ct, seg, step);
	if (action == NF_CT_TCP_CHECK) {
		action = nf_ct_tcp_window(ct, seg, step);
		if (action == NF_CT_TCP_INVALID)
			nf_ct_tcp_note_misfit(ct, seg, step);
	}
	if (action == NF_CT_TCP_TAKE)
		nf_ct_tcp_take(ct, seg, step);
	return action;
}

/* A segment that is taken: events, IPS_ASSURED, timeout.  ct->lock is not held. */
static int nf_ct_tcp_finish(struct nf_conn *ct, struct sk_buff *skb,
			    enum ip_conntrack_info ctinfo,
			    const struct nf_ct_tcp_seg *seg,
			    const struct nf_ct_tcp_step *step)
{
	bool replied = test_bit(IPS_SEEN_REPLY_BIT, &ct->status);
	bool established = step->to == TCP_CONNTRACK_ESTABLISHED;
	unsigned int timeout = step->timeout;

	if (!replied && seg->kind == NF_CT_TCP_RST) {
		/* The server refuses: a client that tries all ports must not
		 * fill the table.  The destroy event tells all.
		 */
		nf_ct_kill_acct(ct, ctinfo, skb);
		return NF_ACCEPT;
	}

	if (step->from != step->to)
		nf_ct_event_note(IPCT_PROTOINFO, ct);

	/* Repeated SYNs must not keep an unanswered entry alive: its old NAT
	 * mapping would apply to every later attempt.
	 */
	if (!replied && seg->kind == NF_CT_TCP_SYN &&
	    step->from == TCP_CONNTRACK_SYN_SENT)
		return NF_ACCEPT;

	/* picked up, and only one side was seen so far */
	if (!replied && established)
		timeout = min(timeout, step->unack);

	/* handshake complete, or a picked up connection was answered */
	if (replied && established &&
	    (step->from == TCP_CONNTRACK_SYN_RECV ||
	     step->from == TCP_CONNTRACK_ESTABLISHED))
		nf_ct_set_assured(ct);

	nf_ct_refresh_acct(ct, ctinfo, skb, timeout);
	return NF_ACCEPT;
}

static bool nf_ct_tcp_can_early_drop(const struct nf_conn *ct)
{
	return nf_ct_tcp_is_closing(ct);
}

/**
 * nf_conntrack_tcp_packet - track one TCP segment
 * @ct:      its connection; initialised here if not confirmed yet
 * @skb:     the packet
 * @dataoff: offset of the TCP header
 * @ctinfo:  direction and kind of @ct
 * @state:   the hook
 *
 * Context: softirq or BH disabled, RCU held; takes ct->lock.
 * Return: NF_ACCEPT; NF_CT_PACKET_INVALID; -NF_DROP; or -NF_REPEAT: the entry was
 * deleted, look up again.
 */
int nf_conntrack_tcp_packet(struct nf_conn *ct, struct sk_buff *skb,
			    unsigned int dataoff, enum ip_conntrack_info ctinfo,
			    const struct nf_hook_state *state)
{
	struct nf_ct_tcp_seg seg = { .dir = CTINFO2DIR(ctinfo) };
	struct nf_ct_tcp_step step = { };
	enum nf_ct_tcp_action action;
	struct tcphdr room;
	const char *wrong;

	seg.th = skb_header_pointer(skb, dataoff, sizeof(room), &room);
	if (!seg.th)
		return NF_CT_PACKET_INVALID;

	wrong = nf_ct_tcp_decode(&seg, skb, dataoff, state);
	if (wrong) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_TCP, "%s", wrong);
		return NF_CT_PACKET_INVALID;
	}

	if (!nf_ct_is_confirmed(ct) && !nf_ct_tcp_begin(ct, &seg))
		return NF_CT_PACKET_INVALID;

	spin_lock_bh(&ct->lock);
	action = nf_ct_tcp_advance(ct, &seg, &step);
	spin_unlock_bh(&ct->lock);

	if (likely(action == NF_CT_TCP_TAKE))
		return nf_ct_tcp_finish(ct, skb, ctinfo, &seg, &step);

	if (action == NF_CT_TCP_REOPEN) {
		/* another CPU ends it, and it may be in the table still: the client
		 * sends its SYN again
		 */
		if (nf_ct_is_dying(ct))
			return -NF_DROP;
		/* it leaves the table even if its destroy event has to wait */
		nf_ct_kill(ct);
		return -NF_REPEAT;
	}

	if (step.shorten)
		nf_ct_deadline_set(ct, step.timeout);
	if (step.why)
		nf_ct_l4proto_log_invalid(skb, ct, state, "%s %s (%u), %s",
					  nf_ct_tcp_kind_names[seg.kind],
					  step.why, step.limit,
					  nf_ct_tcp_state_names[step.from]);

	return action == NF_CT_TCP_IGNORE ? NF_ACCEPT : NF_CT_PACKET_INVALID;
}

/**
 * nf_conntrack_tcp_set_closing - this host has reset the connection
 * @ct: a connection whose segment a REJECT rule answered with a reset
 *
 * The reset has @ct attached, so that the tracker's hook does not look at it.  An
 * entry that is not confirmed yet will never be.  A client that goes on sending is
 * answered with more resets: they must not keep the entry alive.
 *
 * Context: any up to softirq; takes ct->lock.
 */
void nf_conntrack_tcp_set_closing(struct nf_conn *ct)
{
	const unsigned int *timeouts;
	u8 from;

	if (!nf_ct_is_confirmed(ct))
		return;

	spin_lock_bh(&ct->lock);
	from = ct->proto.tcp.state;
	WRITE_ONCE(ct->proto.tcp.state, TCP_CONNTRACK_CLOSE);
	spin_unlock_bh(&ct->lock);

	if (from == TCP_CONNTRACK_CLOSE ||
	    test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status))
		return;

	rcu_read_lock();
	timeouts = nf_ct_tcp_timeouts(ct);
	nf_ct_deadline_set(ct, READ_ONCE(timeouts[TCP_CONNTRACK_CLOSE]));
	rcu_read_unlock();

	nf_ct_event_note(IPCT_PROTOINFO, ct);
}

/**
 * nf_conntrack_tcp_init_net - defaults of a new namespace
 * @net: the namespace
 */
void nf_conntrack_tcp_init_net(struct net *net)
{
	struct nf_tcp_net *tn = nf_tcp_pernet(net);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nf_ct_tcp_default_timeouts); i++)
		tn->timeouts[i] = nf_ct_tcp_default_timeouts[i] * HZ;

	tn->tcp_loose = 1;
	tn->tcp_be_liberal = 0;
	tn->tcp_max_retrans = 3;
	tn->tcp_ignore_invalid_rst = 0;
#if IS_ENABLED(CONFIG_NF_FLOW_TABLE)
	tn->offload_timeout = 30 * HZ;
#endif
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_tcp = {
	.l4proto		= IPPROTO_TCP,
	.can_early_drop		= nf_ct_tcp_can_early_drop,
#ifdef CONFIG_NF_CONNTRACK_PROCFS
	.print_conntrack	= nf_ct_tcp_print,
#endif
#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
	.nlattr_size		= NF_CT_TCP_NLATTR_SIZE,
	.from_nlattr		= nf_ct_tcp_from_nlattr,
	.to_nlattr		= nf_ct_tcp_to_nlattr,
#endif
	NF_CT_PORT_ATTRS
	NF_CT_TIMEOUT_ATTRS(tcp)
};
