// SPDX-License-Identifier: GPL-2.0
/*
 * Media of SIP: expectations of the streams that a session description announces, and
 * their end.  What it keeps is in sip_calls.c; nf_conntrack_expect_lock guards the list of
 * a connection's expectations, which is walked here.
 */
#include <linux/netfilter.h>
#include <net/dst.h>
#include <net/flow.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>

#include "sip.h"
#include "sip_calls.h"
#include "sip_sdp.h"

static_assert((int)SIP_EXPECT_AUDIO + NF_CT_SIP_IMAGE == (int)SIP_EXPECT_IMAGE);

/**
 * struct sip_stream - one stream of a message, while it is made known
 * @media: what is said of it
 * @shift: how much longer the message has become before this stream
 * @from:  where it may come from, NULL for anywhere
 * @addr:  where it goes; behind NAT's work, what the message says of it
 * @port:  its port
 * @rtcp:  that of its control stream (RTCP)
 */
struct sip_stream {
	const struct nf_ct_sip_media	*media;
	unsigned int			shift;
	const union nf_inet_addr	*from;
	union nf_inet_addr		addr;
	u16				port;
	u16				rtcp;
};

enum sip_place {
	SIP_PLACE_NEW,		/* to be expected */
	SIP_PLACE_KNOWN,	/* another connection expects it */
	SIP_PLACE_DIRECT,	/* so does one behind the same NAT: its own address is used */
};

/* --- the end ----------------------------------------------------------------- */

static struct nf_ct_sip_call sip_call_of(const struct nf_ct_sip_msg *m)
{
	struct nf_ct_cursor c = nf_ct_sip_cursor(m);
	struct nf_ct_cursor id;

	nf_ct_cursor_seek(&c, m->head.call.begin);
	id = nf_ct_cursor_take(&c, m->head.call.len);
	return (struct nf_ct_sip_call){
		.id	= nf_ct_sip_calls_id(nf_ct_cursor_bytes(&id), nf_ct_cursor_left(&id)),
		.cseq	= m->head.cseq,
	};
}

typedef bool sip_select(const struct nf_ct_sip_call *call, const struct nf_ct_sip_call *of);

static bool sip_is_call(const struct nf_ct_sip_call *call, const struct nf_ct_sip_call *of)
{
	return call->id == of->id;
}

static bool sip_is_other_request(const struct nf_ct_sip_call *call,
				 const struct nf_ct_sip_call *of)
{
	return call->id == of->id && call->cseq != of->cseq;
}

static bool sip_is_request(const struct nf_ct_sip_call *call,
			   const struct nf_ct_sip_call *of)
{
	return call->id == of->id && call->cseq == of->cseq;
}

/* Media of other calls of the connection stay.
 * DIFF: sip-calls
 */
static void sip_media_remove(const struct nf_ct_sip_msg *m, sip_select *selects)
{
	struct nf_ct_sip_call of = sip_call_of(m), call;
	struct nf_conn_help *help = nfct_help(m->ct);
	struct nf_conntrack_expect *exp;
	struct hlist_node *next;

	if (!help)
		return;
	spin_lock_bh(&nf_conntrack_expect_lock);
	hlist_for_each_entry_safe(exp, next, &help->expectations, lnode) {
		if (exp->class != SIP_EXPECT_SIGNALLING &&
		    nf_ct_sip_calls_find(m->ct, exp->tuple.dst.u.udp.port, &call) &&
		    selects(&call, &of))
			nf_ct_sip_remove(exp);
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

/**
 * nf_ct_sip_media_end - a call ends: its media are no longer expected
 * @m: message
 */
void nf_ct_sip_media_end(const struct nf_ct_sip_msg *m)
{
	sip_media_remove(m, sip_is_call);
}

/**
 * nf_ct_sip_media_renew - a call begins, or changes: what was said before is void
 * @m: message; when it comes again, what it has said stays
 */
void nf_ct_sip_media_renew(const struct nf_ct_sip_msg *m)
{
	sip_media_remove(m, sip_is_other_request);
}

/**
 * nf_ct_sip_media_refused - a request is refused: what it has said is void
 * @m: the answer
 */
void nf_ct_sip_media_refused(const struct nf_ct_sip_msg *m)
{
	sip_media_remove(m, sip_is_request);
}

/* --- where streams go -------------------------------------------------------- */

/* Does the media's host lie where the packet goes?  Then its streams do not pass here. */
static bool sip_is_beyond(const struct nf_ct_sip_msg *m, const union nf_inet_addr *addr)
{
	struct net_device *dev = skb_dst(m->skb) ? skb_dst(m->skb)->dev : NULL;
	struct dst_entry *dst = NULL;
	struct flowi fl = { };
	bool beyond;

	if (!dev)
		return false;
	if (nf_ct_l3num(m->ct) == NFPROTO_IPV4)
		fl.u.ip4.daddr = addr->ip;
	else
		fl.u.ip6.daddr = addr->in6;
	nf_route(dev_net(dev), &dst, &fl, false, nf_ct_l3num(m->ct));
	if (!dst)
		return false;
	beyond = dst->dev == dev;
	dst_release(dst);
	return beyond;
}

/* Is the stream one to be expected, and from where?  With sip_direct_media the sides send
 * to each other themselves.
 */
static bool sip_stream_counts(const struct nf_ct_sip_msg *m, struct sip_stream *s)
{
	const struct nf_conntrack_tuple_hash *hash = m->ct->tuplehash;

	s->from = NULL;
	if (READ_ONCE(nf_ct_sip_direct_media)) {
		s->from = &hash[!m->dir].tuple.src.u3;
		return nf_inet_addr_cmp(&s->addr, &hash[m->dir].tuple.src.u3);
	}
	return !READ_ONCE(nf_ct_sip_external_media) || !sip_is_beyond(m, &s->addr);
}

/* The same stream can be announced on several connections, when a call goes to several
 * telephones.  If NAT has moved it for one, and does so for this one, too, both sides are
 * behind the same NAT and reach each other without it: then *@addr and *@port are its own.
 */
static enum sip_place sip_look(const struct nf_ct_sip_msg *m, const struct sip_stream *s,
			       union nf_inet_addr *addr, u16 *port)
{
	const struct nf_conntrack_helper *own = rcu_dereference(nfct_help(m->ct)->helper);
	struct nf_conntrack_tuple tuple = {
		.src.l3num	= nf_ct_l3num(m->ct),
		.dst.u3		= *addr,
		.dst.u.udp.port	= htons(*port),
		.dst.protonum	= IPPROTO_UDP,
	};
	enum sip_place place = SIP_PLACE_NEW;
	struct nf_conntrack_expect *exp;
	__be16 own_port;

	if (s->from)
		tuple.src.u3 = *s->from;
	/* the lock keeps the other master there */
	spin_lock_bh(&nf_conntrack_expect_lock);
	exp = __nf_ct_expect_find(nf_ct_net(m->ct), nf_ct_zone(m->ct), &tuple);
	if (exp && exp->master != m->ct && nf_ct_exp_creator(exp) == own &&
	    exp->class == SIP_EXPECT_AUDIO + s->media->kind) {
		place = SIP_PLACE_KNOWN;
		if (m->nat && nf_ct_sip_moved(exp, addr, &own_port)) {
			place = SIP_PLACE_DIRECT;
			*port = ntohs(own_port);
		}
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);
	return place;
}

/* Without a=rtcp the ports are a pair, the even one for the stream (RFC 3550 11).  With it
 * they are what the sender says.
 */
static void sip_stream_ports(struct sip_stream *s)
{
	if (s->media->rtcp)
		return;
	s->port &= ~1;
	s->rtcp = s->port + 1;
}

/* --- expectations ------------------------------------------------------------ */

/* Two media of one message may have the same port; and other connections, the same
 * stream.  It counts as expected.
 */
static bool sip_expect_one(struct nf_conntrack_expect *exp, bool *made)
{
	int err = nf_ct_expect_related(exp, NF_CT_EXP_F_SKIP_MASTER);

	*made = !err;
	return !err || err == -EALREADY;
}

static int sip_expect_both(const struct nf_ct_sip_msg *m, struct nf_conntrack_expect *rtp,
			   struct nf_conntrack_expect *rtcp)
{
	bool first, second;

	if (sip_expect_one(rtp, &first)) {
		if (sip_expect_one(rtcp, &second))
			return NF_ACCEPT;
		if (first)
			nf_ct_unexpect_related(rtp);
	}
	return nf_ct_sip_drop(m, "no room for the expectation");
}

/* The message says @port at a place that has moved by @grown so far */
static int sip_tell(struct nf_ct_sip_msg *m, const struct nf_ct_sip_place *at, u32 grown,
		    u16 port)
{
	return m->nat->sdp_port(m->skb, m->protoff, m->dataoff, &m->dptr, &m->datalen,
				at->begin + grown, at->len, port);
}

static int sip_expect_by_nat(struct nf_ct_sip_msg *m, struct sip_stream *s,
			     struct nf_conntrack_expect *rtp,
			     struct nf_conntrack_expect *rtcp)
{
	unsigned int before = m->datalen;
	int verdict;

	verdict = m->nat->sdp_media(m->skb, m->protoff, m->dataoff, &m->dptr, &m->datalen,
				    rtp, rtcp, s->media->port_at.begin + s->shift,
				    s->media->port_at.len, &s->addr);
	if (verdict != NF_ACCEPT || !s->media->rtcp)
		return verdict;
	/* The control stream is beside the stream itself now.  The address that may stand
	 * in a=rtcp is that of c=, which need not be said (RFC 3605 2.1).
	 */
	return sip_tell(m, &s->media->rtcp_at, s->shift + m->datalen - before,
			ntohs(rtcp->tuple.dst.u.udp.port));
}

static int sip_expect_pair(struct nf_ct_sip_msg *m, struct sip_stream *s, bool by_nat,
			   const struct nf_ct_sip_call *call,
			   struct nf_conntrack_expect *rtp,
			   struct nf_conntrack_expect *rtcp)
{
	__be16 port = htons(s->port), control = htons(s->rtcp);
	u8 class = SIP_EXPECT_AUDIO + s->media->kind;
	int verdict;

	nf_ct_expect_init(rtp, class, nf_ct_l3num(m->ct), s->from, &s->addr, IPPROTO_UDP,
			  NULL, &port);
	nf_ct_expect_init(rtcp, class, nf_ct_l3num(m->ct), s->from, &s->addr, IPPROTO_UDP,
			  NULL, &control);
	nf_ct_made_note(m->made, rtp);
	nf_ct_made_note(m->made, rtcp);
	verdict = by_nat ? sip_expect_by_nat(m, s, rtp, rtcp) : sip_expect_both(m, rtp, rtcp);
	if (verdict != NF_ACCEPT)
		return verdict;
	nf_ct_sip_calls_note(m->ct, rtp->tuple.dst.u.udp.port, call);
	nf_ct_sip_calls_note(m->ct, rtcp->tuple.dst.u.udp.port, call);
	return NF_ACCEPT;
}

static int sip_expect(struct nf_ct_sip_msg *m, struct sip_stream *s, bool by_nat,
		      const struct nf_ct_sip_call *call)
{
	struct nf_conntrack_expect *rtp = nf_ct_expect_alloc(m->ct), *rtcp;
	int verdict;

	if (!rtp)
		return nf_ct_sip_drop(m, "no memory for the expectation");
	rtcp = nf_ct_expect_alloc(m->ct);
	if (rtcp) {
		verdict = sip_expect_pair(m, s, by_nat, call, rtp, rtcp);
		nf_ct_expect_put(rtcp);
	} else {
		verdict = nf_ct_sip_drop(m, "no memory for the expectation");
	}
	nf_ct_expect_put(rtp);
	return verdict;
}

/* --- messages ---------------------------------------------------------------- */

/* Both sides are behind the same NAT: the message says the stream's own ports, which are
 * expected as well, in case their packets pass here.
 */
static int sip_stream_direct(struct nf_ct_sip_msg *m, struct sip_stream *s,
			     const struct nf_ct_sip_call *call)
{
	union nf_inet_addr moved = nf_ct_sip_addr(s->media->addr), addr = s->addr;
	unsigned int before = m->datalen;
	u16 port = s->port;
	int verdict;

	if (s->media->rtcp)
		sip_look(m, s, &moved, &s->rtcp);
	sip_stream_ports(s);
	verdict = sip_tell(m, &s->media->port_at, s->shift, s->port);
	if (verdict == NF_ACCEPT && s->media->rtcp)
		verdict = sip_tell(m, &s->media->rtcp_at,
				   s->shift + m->datalen - before, s->rtcp);
	if (verdict != NF_ACCEPT || sip_look(m, s, &addr, &port) != SIP_PLACE_NEW)
		return verdict;
	return sip_expect(m, s, false, call);
}

/* Make a stream known, and let the message say where it is to be sent */
static int sip_stream_known(struct nf_ct_sip_msg *m, struct sip_stream *s,
			    const struct nf_ct_sip_call *call)
{
	if (!sip_stream_counts(m, s))
		return NF_ACCEPT;
	switch (sip_look(m, s, &s->addr, &s->port)) {
	case SIP_PLACE_KNOWN:
		return NF_ACCEPT;
	case SIP_PLACE_DIRECT:
		return sip_stream_direct(m, s, call);
	case SIP_PLACE_NEW:
		break;
	}
	sip_stream_ports(s);
	return sip_expect(m, s, m->nat, call);
}

/* nf_nat_sip says "drop" when it finds no Content-Length to set, which a datagram need not
 * have.  If the description says the address now, all is done.
 * DIFF: sip-no-length
 */
static int sip_rewritten(const struct nf_ct_sip_msg *m, int verdict, u32 from,
			 const union nf_inet_addr *addr)
{
	struct nf_ct_cursor c = nf_ct_sip_cursor(m), value;
	struct nf_ct_sip_place place;
	u8 now[16];

	if (verdict == NF_ACCEPT || m->head.has_length)
		return verdict;
	nf_ct_cursor_seek(&c, from);
	if (nf_ct_sip_sdp_line(&c, 'c', 'm', &value) &&
	    nf_ct_sip_sdp_addr(&value, nf_ct_sip_family(m), &place, now) &&
	    !memcmp(now, addr, sizeof(now)))
		return NF_ACCEPT;
	return verdict;
}

/* One stream; *@shift changes with the message's length */
static int sip_stream(struct nf_ct_sip_msg *m, struct sip_stream *s,
		      const struct nf_ct_sip_call *call)
{
	unsigned int before = m->datalen, at;
	int verdict;

	s->addr = nf_ct_sip_addr(s->media->addr);
	s->port = s->media->port;
	s->rtcp = s->media->rtcp;
	at = s->media->port_at.begin + s->shift;
	verdict = sip_stream_known(m, s, call);
	if (verdict == NF_ACCEPT && m->nat && s->media->own_addr) {
		verdict = m->nat->sdp_addr(m->skb, m->protoff, m->dataoff, &m->dptr,
					   &m->datalen, at, SDP_HDR_CONNECTION,
					   SDP_HDR_MEDIA, &s->addr);
		verdict = sip_rewritten(m, verdict, at, &s->addr);
	}
	s->shift += m->datalen - before;
	return verdict;
}

/**
 * nf_ct_sip_media - expect the media that a message announces
 * @m: message; NAT rewrites what it says of them
 *
 * Without media there is nothing to say of the session, either.
 *
 * Return: NF_ACCEPT, or NF_DROP if that is not possible.
 */
int nf_ct_sip_media(struct nf_ct_sip_msg *m)
{
	struct nf_ct_cursor c = nf_ct_sip_cursor(m);
	struct nf_ct_sip_session session;
	struct nf_ct_sip_call call;
	union nf_inet_addr common;
	struct sip_stream s = { };
	bool has_common = false;
	int verdict;
	u32 i;

	if (!nf_ct_sip_sdp_read(&c, nf_ct_sip_family(m), &session))
		return NF_ACCEPT;
	if (session.rule)
		nf_ct_sip_log(m, session.rule);
	call = sip_call_of(m);
	for (i = 0; i < session.n; i++) {
		s.media = &session.media[i];
		verdict = sip_stream(m, &s, &call);
		if (verdict != NF_ACCEPT)
			return verdict;
		/* of the media that the session's address counts for */
		if (!has_common || !s.media->own_addr)
			common = s.addr;
		has_common |= !s.media->own_addr;
	}
	if (!m->nat || !session.n)
		return NF_ACCEPT;
	verdict = m->nat->sdp_session(m->skb, m->protoff, m->dataoff, &m->dptr, &m->datalen,
				      session.begin, &common);
	return sip_rewritten(m, verdict, session.begin, &common);
}
