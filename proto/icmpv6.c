// SPDX-License-Identifier: GPL-2.0
/*
 * ICMPv6: which message types there are, and what is checked before any tracking.
 * Errors and redirects belong to the flow of the packet that they quote;
 * discovery of neighbours, listeners and multicast routers is not tracked.  Flows
 * and errors are in icmp_common.c.  No locks.
 */
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "icmp.h"

#define NF_CT_ICMPV6_TIMEOUT	(30 * HZ)

/* Options of a redirect that are looked through for the quoted packet */
#define NF_CT_REDIRECT_OPTIONS	8

/* Bytes of a redirected header option before the quoted packet (RFC 4861 4.6.3) */
#define NF_CT_REDIRECT_QUOTE	8

/* RFC 4286 10: types that the kernel's header does not have */
#define NF_CT_MRDISC_SOLICITATION	152
#define NF_CT_MRDISC_TERMINATION	153

#define INFO(type)		((type) - ICMPV6_INFOMSG_MASK)

/* Informational messages; below them every type is an error (RFC 4443 2.1) */
static const struct nf_ct_icmp_type nf_ct_icmpv6_types[] = {
	/* RFC 4443 section 4, echo */
	[INFO(ICMPV6_ECHO_REQUEST)] = { NF_CT_ICMP_QUERY, ICMPV6_ECHO_REPLY },
	[INFO(ICMPV6_ECHO_REPLY)] = { NF_CT_ICMP_ANSWER, ICMPV6_ECHO_REQUEST },
	/* RFC 4620, node information */
	[INFO(ICMPV6_NI_QUERY)] = { NF_CT_ICMP_QUERY, ICMPV6_NI_REPLY },
	[INFO(ICMPV6_NI_REPLY)] = { NF_CT_ICMP_ANSWER, ICMPV6_NI_QUERY },
	/* RFC 2710 and 3810, multicast listener discovery */
	[INFO(ICMPV6_MGM_QUERY)] = { NF_CT_ICMP_LINK },
	[INFO(ICMPV6_MGM_REPORT)] = { NF_CT_ICMP_LINK },
	[INFO(ICMPV6_MGM_REDUCTION)] = { NF_CT_ICMP_LINK },
	[INFO(ICMPV6_MLD2_REPORT)] = { NF_CT_ICMP_LINK },
	/* RFC 4286 section 3 to 5, multicast router discovery.
	 *
	 * DIFF: icmpv6-mrdisc: for the stock module these are invalid
	 */
	[INFO(ICMPV6_MRDISC_ADV)] = { NF_CT_ICMP_LINK },
	[INFO(NF_CT_MRDISC_SOLICITATION)] = { NF_CT_ICMP_LINK },
	[INFO(NF_CT_MRDISC_TERMINATION)] = { NF_CT_ICMP_LINK },
	/* RFC 4861 section 4, neighbour discovery */
	[INFO(NDISC_ROUTER_SOLICITATION)] = { NF_CT_ICMP_LINK },
	[INFO(NDISC_ROUTER_ADVERTISEMENT)] = { NF_CT_ICMP_LINK },
	[INFO(NDISC_NEIGHBOUR_SOLICITATION)] = { NF_CT_ICMP_LINK },
	[INFO(NDISC_NEIGHBOUR_ADVERTISEMENT)] = { NF_CT_ICMP_LINK },
	[INFO(NDISC_REDIRECT)] = { NF_CT_ICMP_REDIRECT },
};

static const struct nf_ct_icmp_family nf_ct_icmpv6 = {
	.name		= "ICMPv6",
	.pf		= NFPROTO_IPV6,
	.l4proto	= IPPROTO_ICMPV6,
	.first_type	= ICMPV6_INFOMSG_MASK,
	.n_types	= ARRAY_SIZE(nf_ct_icmpv6_types),
	.types		= nf_ct_icmpv6_types,
	NF_CT_ICMP_ATTR_NUMBERS(ICMPV6)
};

/**
 * icmpv6_pkt_to_tuple - nf_ct_icmp_read_tuple() for ICMPv6
 * @skb: the packet
 * @dataoff: offset of the ICMPv6 header
 * @net: unused
 * @tuple: where identifier, type and code go
 *
 * Return: false when the header is not complete.
 */
bool icmpv6_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
			 struct net *net, struct nf_conntrack_tuple *tuple)
{
	return nf_ct_icmp_read_tuple(skb, dataoff, tuple);
}

/**
 * nf_conntrack_invert_icmpv6_tuple - nf_ct_icmp_invert() for ICMPv6
 * @tuple: where the reply's part goes
 * @orig: tuple of a query or of an answer
 *
 * Return: false when messages of this type have no counterpart.
 */
bool nf_conntrack_invert_icmpv6_tuple(struct nf_conntrack_tuple *tuple,
				      const struct nf_conntrack_tuple *orig)
{
	return nf_ct_icmp_invert(&nf_ct_icmpv6, tuple, orig);
}

/**
 * nf_conntrack_icmpv6_packet - nf_ct_icmp_packet() for ICMPv6
 * @ct: entry of the message, perhaps unconfirmed
 * @skb: the packet
 * @ctinfo: direction and state of @skb in @ct
 * @state: hook
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT, or NF_CT_PACKET_INVALID when nothing can start like this.
 */
int nf_conntrack_icmpv6_packet(struct nf_conn *ct, struct sk_buff *skb,
			       enum ip_conntrack_info ctinfo,
			       const struct nf_hook_state *state)
{
	return nf_ct_icmp_packet(&nf_ct_icmpv6, ct, skb, ctinfo, state,
				 &nf_icmpv6_pernet(state->net)->timeout);
}

static int nf_ct_icmpv6_invalid(const struct sk_buff *skb,
				const struct nf_hook_state *state,
				const char *why)
{
	return nf_ct_icmp_invalid(&nf_ct_icmpv6, skb, state, why);
}

/* Give @skb the entry of the packet that it quotes at @quote. */
static int nf_ct_icmpv6_relate(struct nf_conn *tmpl, struct sk_buff *skb,
			       unsigned int quote,
			       const struct nf_hook_state *state)
{
	union nf_inet_addr sent_to = { .in6 = ipv6_hdr(skb)->daddr };

	return nf_conntrack_inet_error(tmpl, skb, quote, state, IPPROTO_ICMPV6,
				       &sent_to);
}

/* Offset of the packet that a redirect quotes: 0 when it quotes none, negative
 * when its options are malformed (RFC 4861 4.6 and 8.1).
 *
 * DIFF: icmpv6-redirect: the stock module finds the quoted packet in the first option only.
 */
static int nf_ct_icmpv6_redirect_quote(const struct sk_buff *skb,
				       unsigned int offset)
{
	unsigned int i;

	for (i = 0; i < NF_CT_REDIRECT_OPTIONS; i++) {
		const struct nd_opt_hdr *opt;
		struct nd_opt_hdr buf;

		opt = skb_header_pointer(skb, offset, sizeof(buf), &buf);
		if (!opt)
			return i ? 0 : -EINVAL;
		if (!opt->nd_opt_len)
			return -EINVAL;
		if (opt->nd_opt_type == ND_OPT_REDIRECT_HDR)
			return offset + NF_CT_REDIRECT_QUOTE;
		offset += opt->nd_opt_len * 8;
	}
	return 0;
}

static int nf_ct_icmpv6_redirect(struct nf_conn *tmpl, struct sk_buff *skb,
				 unsigned int dataoff,
				 const struct nf_hook_state *state)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const struct rd_msg *rd;
	struct rd_msg buf;
	int quote;

	rd = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!rd)
		return nf_ct_icmpv6_invalid(skb, state, "redirect incomplete");
	if (rd->icmph.icmp6_code)
		return NF_ACCEPT;

	/* RFC 4861 8.1: from a router of this link, and not forwarded */
	if (ip6h->hop_limit != 255 ||
	    !(ipv6_addr_type(&ip6h->saddr) & IPV6_ADDR_LINKLOCAL))
		return nf_ct_icmpv6_invalid(skb, state,
					    "redirect not from this link");

	quote = nf_ct_icmpv6_redirect_quote(skb, dataoff + sizeof(*rd));
	if (quote < 0)
		return nf_ct_icmpv6_invalid(skb, state,
					    "redirect options malformed");
	return quote ? nf_ct_icmpv6_relate(tmpl, skb, quote, state) : NF_ACCEPT;
}

/**
 * nf_conntrack_icmpv6_error - look at an ICMPv6 message before any tracking
 * @tmpl: template of the packet or NULL
 * @skb: the packet
 * @dataoff: offset of the ICMPv6 header
 * @state: hook
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT: the message is sound; @skb has an entry if it quotes a
 * packet of one, and is marked untracked if it is discovery of the link.
 * NF_CT_PACKET_INVALID: malformed, or an error about no known flow.
 */
int nf_conntrack_icmpv6_error(struct nf_conn *tmpl, struct sk_buff *skb,
			      unsigned int dataoff,
			      const struct nf_hook_state *state)
{
	const char *flaw;
	u8 type;

	flaw = nf_ct_icmp_flaw(&nf_ct_icmpv6, skb, dataoff, state, &type);
	if (flaw)
		return nf_ct_icmpv6_invalid(skb, state, flaw);

	if (!(type & ICMPV6_INFOMSG_MASK))
		return nf_ct_icmpv6_relate(tmpl, skb,
					   dataoff + sizeof(struct icmp6hdr),
					   state);

	switch (nf_ct_icmp_role(&nf_ct_icmpv6, type)) {
	case NF_CT_ICMP_LINK:
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
		return NF_ACCEPT;
	case NF_CT_ICMP_REDIRECT:
		return nf_ct_icmpv6_redirect(tmpl, skb, dataoff, state);
	default:
		return NF_ACCEPT;
	}
}

NF_CT_DEFINE_ICMP_ATTRS(icmpv6, ICMPV6)

NF_CT_DEFINE_TIMEOUTS(icmpv6, &nf_icmpv6_pernet(net)->timeout, 1,
		      CTA_TIMEOUT_ICMPV6_MAX);

/**
 * nf_conntrack_icmpv6_init_net - default timeout of a new namespace
 * @net: the namespace
 *
 * Context: any; nothing else sees @net yet.
 */
void nf_conntrack_icmpv6_init_net(struct net *net)
{
	nf_icmpv6_pernet(net)->timeout = NF_CT_ICMPV6_TIMEOUT;
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_icmpv6 = {
	.l4proto		= IPPROTO_ICMPV6,
	.allow_clash		= true,
	NF_CT_ICMP_ATTRS(icmpv6)
	NF_CT_TIMEOUT_ATTRS(icmpv6)
};
