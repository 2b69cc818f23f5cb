// SPDX-License-Identifier: GPL-2.0
/*
 * Logical channels of H.245: media by RTP and RTCP, and data by T.120.  They come in
 * messages of H.245, also in those that call signalling carries, and in fast start.  No
 * state, no locks.
 */
#include "h323.h"

/* What is the same for both: the other side comes to where it reaches the one that speaks */
static struct nf_conntrack_expect *channel_expect(const struct nf_ct_h323_packet *p,
						  u8 protocol, __be16 port)
{
	const struct nf_conntrack_tuple *answer = nf_ct_h323_answer(p);

	return nf_ct_h323_expect_new(p, &answer->src.u3, &answer->dst.u3, protocol, port);
}

static int channel_expect_pair(struct nf_conntrack_expect *rtp,
			       struct nf_conntrack_expect *rtcp)
{
	int err = nf_ct_expect_related(rtp, 0);

	if (err)
		return err;
	err = nf_ct_expect_related(rtcp, 0);
	if (err)
		nf_ct_unexpect_related(rtp);
	return err;
}

static int channel_make_known(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item,
			      __be16 port, struct nf_conntrack_expect *rtp,
			      struct nf_conntrack_expect *rtcp)
{
	H245_TransportAddress taddr;

	if (!nf_ct_h323_translates(p))
		return channel_expect_pair(rtp, rtcp);
	nf_ct_h323_fill_h245(&taddr, item);
	return p->nat->nat_rtp_rtcp(p->skb, p->ct, p->ctinfo, p->protoff, &p->data,
				    p->dataoff, &taddr, port, port & ~htons(1), rtp, rtcp);
}

/* RTP has the even port, RTCP the next one (RFC 3550 11); either may be named. */
static bool channel_media(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item)
{
	struct nf_conntrack_expect *rtp, *rtcp;
	__be16 port;
	int err;

	if (!nf_ct_h323_own_address(p, item, &port))
		return true;
	rtp = channel_expect(p, IPPROTO_UDP, port & ~htons(1));
	if (!rtp)
		return false;
	rtcp = channel_expect(p, IPPROTO_UDP, port | htons(1));
	if (!rtcp) {
		nf_ct_expect_put(rtp);
		return false;
	}
	err = channel_make_known(p, item, port, rtp, rtcp);
	nf_ct_expect_put(rtcp);
	return nf_ct_h323_expect_put(p, rtp, err);
}

/* Several connections may come.  When the other side already may come there, because of
 * another call, nothing is missing.
 * DIFF: h323-shared-t120
 */
static bool channel_t120(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item)
{
	struct nf_conntrack_expect *exp;
	H245_TransportAddress taddr;
	__be16 port;
	int err;

	if (!nf_ct_h323_own_address(p, item, &port))
		return true;
	exp = channel_expect(p, IPPROTO_TCP, port);
	if (!exp)
		return false;
	exp->flags |= NF_CT_EXPECT_PERMANENT;
	if (nf_ct_h323_translates(p)) {
		nf_ct_h323_fill_h245(&taddr, item);
		err = p->nat->nat_t120(p->skb, p->ct, p->ctinfo, p->protoff, &p->data,
				       p->dataoff, &taddr, port, exp);
	} else {
		err = nf_ct_expect_related(exp, NF_CT_EXP_F_SKIP_MASTER);
	}
	return nf_ct_h323_expect_put(p, exp, err == -EALREADY ? 0 : err);
}

/**
 * nf_ct_h323_channel - expect what an address of a logical channel announces
 * @p:    the message
 * @item: the address; others do nothing
 *
 * Return: false if the packet is to be dropped.
 */
bool nf_ct_h323_channel(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item)
{
	switch (item->mark) {
	case NF_CT_H323_MEDIA:
	case NF_CT_H323_CONTROL:
		return channel_media(p, item);
	case NF_CT_H323_STACK:
	case NF_CT_H323_ACK_STACK:
		return channel_t120(p, item);
	default:
		return true;
	}
}

/* A message on a connection of H.245; false if its packet is to be dropped */
bool nf_ct_h323_h245_message(struct nf_ct_h323_packet *p, struct nf_ct_cursor *c)
{
	struct nf_ct_h323_found found;
	const char *rule;
	unsigned int i;

	if (!nf_ct_h323_read_h245(c, &found, &rule)) {
		nf_ct_h323_log(p, rule);
		return true;
	}
	for (i = 0; i < found.n; i++) {
		if (!nf_ct_h323_channel(p, &found.item[i]))
			return false;
	}
	return true;
}
