// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP for IPv4: which message types there are, and what is checked before any
 * tracking.  Flows and errors are in icmp_common.c.  No locks.
 */
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "icmp.h"

#define NF_CT_ICMP_TIMEOUT	(30 * HZ)

static const struct nf_ct_icmp_type nf_ct_icmp_types[NR_ICMP_TYPES + 1] = {
	/* RFC 792, Echo or Echo Reply Message */
	[ICMP_ECHO]		= { NF_CT_ICMP_QUERY,	ICMP_ECHOREPLY },
	[ICMP_ECHOREPLY]	= { NF_CT_ICMP_ANSWER,	ICMP_ECHO },
	/* RFC 792, Timestamp or Timestamp Reply Message */
	[ICMP_TIMESTAMP]	= { NF_CT_ICMP_QUERY,	ICMP_TIMESTAMPREPLY },
	[ICMP_TIMESTAMPREPLY]	= { NF_CT_ICMP_ANSWER,	ICMP_TIMESTAMP },
	/* RFC 792, Information Request or Information Reply Message */
	[ICMP_INFO_REQUEST]	= { NF_CT_ICMP_QUERY,	ICMP_INFO_REPLY },
	[ICMP_INFO_REPLY]	= { NF_CT_ICMP_ANSWER,	ICMP_INFO_REQUEST },
	/* RFC 950, appendix I: Address Mask ICMP */
	[ICMP_ADDRESS]		= { NF_CT_ICMP_QUERY,	ICMP_ADDRESSREPLY },
	[ICMP_ADDRESSREPLY]	= { NF_CT_ICMP_ANSWER,	ICMP_ADDRESS },
	/* RFC 792 and 1122 3.2.2: messages that return an IP header and 8 bytes */
	[ICMP_DEST_UNREACH]	= { NF_CT_ICMP_ERROR },
	[ICMP_SOURCE_QUENCH]	= { NF_CT_ICMP_ERROR },
	[ICMP_REDIRECT]		= { NF_CT_ICMP_ERROR },
	[ICMP_TIME_EXCEEDED]	= { NF_CT_ICMP_ERROR },
	[ICMP_PARAMETERPROB]	= { NF_CT_ICMP_ERROR },
};

static const struct nf_ct_icmp_family nf_ct_icmp = {
	.name		= "ICMP",
	.pf		= NFPROTO_IPV4,
	.l4proto	= IPPROTO_ICMP,
	.query_only	= true,
	.first_type	= 0,
	.n_types	= ARRAY_SIZE(nf_ct_icmp_types),
	.types		= nf_ct_icmp_types,
	NF_CT_ICMP_ATTR_NUMBERS(ICMP)
};

/**
 * icmp_pkt_to_tuple - nf_ct_icmp_read_tuple() for ICMP
 * @skb: the packet
 * @dataoff: offset of the ICMP header
 * @net: unused
 * @tuple: where identifier, type and code go
 *
 * Return: false when the header is not complete.
 */
bool icmp_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		       struct net *net, struct nf_conntrack_tuple *tuple)
{
	return nf_ct_icmp_read_tuple(skb, dataoff, tuple);
}

/**
 * nf_conntrack_invert_icmp_tuple - nf_ct_icmp_invert() for ICMP
 * @tuple: where the reply's part goes
 * @orig: tuple of a query or of an answer
 *
 * Return: false when messages of this type have no counterpart.
 */
bool nf_conntrack_invert_icmp_tuple(struct nf_conntrack_tuple *tuple,
				    const struct nf_conntrack_tuple *orig)
{
	return nf_ct_icmp_invert(&nf_ct_icmp, tuple, orig);
}

/**
 * nf_conntrack_icmp_packet - nf_ct_icmp_packet() for ICMP
 * @ct: entry of the message, perhaps unconfirmed
 * @skb: the packet
 * @ctinfo: direction and state of @skb in @ct
 * @state: hook
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT, or NF_CT_PACKET_INVALID when nothing can start like this.
 */
int nf_conntrack_icmp_packet(struct nf_conn *ct, struct sk_buff *skb,
			     enum ip_conntrack_info ctinfo,
			     const struct nf_hook_state *state)
{
	return nf_ct_icmp_packet(&nf_ct_icmp, ct, skb, ctinfo, state,
				 &nf_icmp_pernet(state->net)->timeout);
}

/**
 * nf_conntrack_icmpv4_error - look at an ICMP message before any tracking
 * @tmpl: template of the packet or NULL
 * @skb: the packet
 * @dataoff: offset of the ICMP header
 * @state: hook
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT: the message is sound, and @skb has an entry if it was an
 * error; NF_CT_PACKET_INVALID: malformed, or an error about no known flow.
 */
int nf_conntrack_icmpv4_error(struct nf_conn *tmpl, struct sk_buff *skb,
			      unsigned int dataoff,
			      const struct nf_hook_state *state)
{
	union nf_inet_addr sent_to = {};
	const char *flaw;
	u8 type;

	flaw = nf_ct_icmp_flaw(&nf_ct_icmp, skb, dataoff, state, &type);
	/* RFC 1122 3.2.2: their receiver discards unknown types. */
	if (!flaw && type > NR_ICMP_TYPES)
		flaw = "type unknown";
	if (flaw)
		return nf_ct_icmp_invalid(&nf_ct_icmp, skb, state, flaw);

	if (nf_ct_icmp_role(&nf_ct_icmp, type) != NF_CT_ICMP_ERROR)
		return NF_ACCEPT;

	sent_to.ip = ip_hdr(skb)->daddr;
	return nf_conntrack_inet_error(tmpl, skb,
				       dataoff + sizeof(struct icmphdr), state,
				       IPPROTO_ICMP, &sent_to);
}

NF_CT_DEFINE_ICMP_ATTRS(icmp, ICMP)

NF_CT_DEFINE_TIMEOUTS(icmp, &nf_icmp_pernet(net)->timeout, 1,
		      CTA_TIMEOUT_ICMP_MAX);

/**
 * nf_conntrack_icmp_init_net - default timeout of a new namespace
 * @net: the namespace
 *
 * Context: any; nothing else sees @net yet.
 */
void nf_conntrack_icmp_init_net(struct net *net)
{
	nf_icmp_pernet(net)->timeout = NF_CT_ICMP_TIMEOUT;
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_icmp = {
	.l4proto		= IPPROTO_ICMP,
	/* DIFF: icmp-clash: the stock module drops the packet of the second CPU */
	.allow_clash		= true,
	NF_CT_ICMP_ATTRS(icmp)
	NF_CT_TIMEOUT_ATTRS(icmp)
};
