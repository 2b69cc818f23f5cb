// SPDX-License-Identifier: GPL-2.0
/*
 * Packets of H.323: finds the messages in them, one behind the other in a TCP segment, and
 * says what is wrong.  It owns what is known of a message whose head has come in a segment
 * of its own (struct nf_ct_h323_state); the entry's lock guards that.
 */
#include <linux/tcp.h>
#include <linux/udp.h>

#include "h323.h"
#include "nf_ct_helper_rule.h"

/* --- the log ------------------------------------------------------------------- */

/* Under nf_conntrack_log_invalid: the packet passes, and nothing is expected. */
__cold void nf_ct_h323_log(const struct nf_ct_h323_packet *p, const char *rule)
{
	nf_ct_helper_log_rule(p->skb, p->ct, p->name, rule);
}

/* It is said why a packet is dropped, whatever the setting. */
__cold bool nf_ct_h323_refuse(const struct nf_ct_h323_packet *p, const char *why)
{
	nf_ct_helper_log(p->skb, p->ct, "%s", why);
	return false;
}

/* --- packets ------------------------------------------------------------------- */

/* False if the entry has no room for what we know of it */
bool nf_ct_h323_open(struct nf_ct_h323_packet *p, struct sk_buff *skb, struct nf_conn *ct,
		     enum ip_conntrack_info ctinfo, unsigned int protoff, const char *name)
{
	bool nat = nf_ct_l3num(ct) == NFPROTO_IPV4 && ct->status & IPS_NAT_MASK;

	*p = (struct nf_ct_h323_packet){
		.skb	 = skb,
		.ct	 = ct,
		.state	 = nfct_help_data(ct),
		.nat	 = nat ? rcu_dereference(nfct_h323_nat_hook) : NULL,
		.name	 = name,
		.protoff = protoff,
		.ctinfo	 = ctinfo,
		.dir	 = CTINFO2DIR(ctinfo),
	};
	return p->state;
}

/* Have the packet's data from @offset on in one piece, as far as they are read.  Their
 * length, 0 if there are none, negative without memory.
 */
static int packet_pull(const struct nf_ct_h323_packet *p, unsigned int offset)
{
	unsigned int len;

	if (p->skb->len <= offset)
		return 0;
	len = min_t(unsigned int, p->skb->len - offset, NF_CT_H323_READ_MAX);
	return pskb_may_pull(p->skb, offset + len) ? len : -ENOMEM;
}

/* --- messages in TCP ----------------------------------------------------------- */

static void packet_note_head(const struct nf_ct_h323_packet *p, u32 seq, u16 len)
{
	spin_lock_bh(&p->ct->lock);
	p->state->master.tpkt_len[p->dir] = len;
	p->state->seq[p->dir] = seq;
	spin_unlock_bh(&p->ct->lock);
}

/* Length of the message that begins at @seq because its head has come before; else 0.
 * DIFF: h323-head-alone
 */
static u16 packet_after_head(const struct nf_ct_h323_packet *p, u32 seq)
{
	u16 len;

	spin_lock_bh(&p->ct->lock);
	len = p->state->seq[p->dir] == seq ? p->state->master.tpkt_len[p->dir] : 0;
	spin_unlock_bh(&p->ct->lock);
	return len;
}

/* Go to the next message of a segment.  Its length, 0 if there is no whole one. */
static u16 packet_next(const struct nf_ct_h323_packet *p, struct nf_ct_cursor *at, u32 seq)
{
	u16 len;

	if (!nf_ct_cursor_offset(at)) {
		len = packet_after_head(p, seq);
		if (len)
			return len <= nf_ct_cursor_left(at) ? len : 0;
	}
	switch (nf_ct_h323_read_tpkt(at, &len)) {
	case NF_CT_H323_FRAME_WHOLE:
		return len;
	case NF_CT_H323_FRAME_HEAD:
		packet_note_head(p, seq + nf_ct_cursor_offset(at), len);
		break;
	case NF_CT_H323_FRAME_PART:
		nf_ct_h323_log(p, "message that is not in one segment");
		break;
	case NF_CT_H323_FRAME_NONE:
		break;
	}
	return 0;
}

/* Each message among the @all octets of data at @offset; rewriting may move them. */
static int packet_messages(struct nf_ct_h323_packet *p, unsigned int offset, u32 all, u32 seq,
			   nf_ct_h323_message_fn *message)
{
	struct nf_ct_cursor at, c;
	u32 done = 0;
	u16 len;

	while (done < all) {
		nf_ct_cursor_init(&at, p->skb->data + offset, all);
		nf_ct_cursor_seek(&at, done);
		len = packet_next(p, &at, seq);
		if (!len)
			break;
		p->dataoff = nf_ct_cursor_offset(&at);
		p->data = p->skb->data + offset + p->dataoff;
		done = p->dataoff + len;
		nf_ct_cursor_init(&c, p->data, len);
		if (!message(p, &c))
			return NF_DROP;
	}
	return NF_ACCEPT;
}

/**
 * nf_ct_h323_inspect_tcp - look at each message of a segment
 * @p:       the packet
 * @message: what is done with each; false drops the packet
 *
 * Return: the verdict.
 */
int nf_ct_h323_inspect_tcp(struct nf_ct_h323_packet *p, nf_ct_h323_message_fn *message)
{
	struct tcphdr room, *th = skb_header_pointer(p->skb, p->protoff, sizeof(room), &room);
	struct nf_ct_made made;
	unsigned int offset;
	u32 seq;
	int all;

	if (!th || (p->ctinfo != IP_CT_ESTABLISHED && p->ctinfo != IP_CT_ESTABLISHED_REPLY))
		return NF_ACCEPT;
	offset = p->protoff + th->doff * 4;
	seq = ntohl(th->seq);
	/* th is void from here on */
	all = packet_pull(p, offset);
	nf_ct_made_begin(&made);
	p->made = &made;
	if (all >= 0)
		return nf_ct_made_end(&made, packet_messages(p, offset, all, seq, message));
	nf_ct_h323_refuse(p, "no memory to read it");
	return NF_DROP;
}

/* The same for a datagram, which is one message */
int nf_ct_h323_inspect_udp(struct nf_ct_h323_packet *p, nf_ct_h323_message_fn *message)
{
	unsigned int offset = p->protoff + sizeof(struct udphdr);
	int all = packet_pull(p, offset);
	struct nf_ct_made made;
	struct nf_ct_cursor c;

	if (!all)
		return NF_ACCEPT;
	if (all < 0) {
		nf_ct_h323_refuse(p, "no memory to read it");
		return NF_DROP;
	}
	p->data = p->skb->data + offset;
	nf_ct_cursor_init(&c, p->data, all);
	nf_ct_made_begin(&made);
	p->made = &made;
	return nf_ct_made_end(&made, message(p, &c) ? NF_ACCEPT : NF_DROP);
}
