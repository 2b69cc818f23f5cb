// SPDX-License-Identifier: GPL-2.0
/*
 * ICMPv6.  Queries make flows, errors belong to the flow of the packet they
 * quote, and so do redirects; neighbour and listener discovery is not tracked
 * at all.  No private state in entries, no locks.
 */
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv6.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/ipv6.h>
#include <net/ndisc.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "proto.h"

#define ICMPV6_DEFAULT_TIMEOUT	(30 * HZ)

/* Options of a redirect that are looked through for the quoted packet */
#define REDIRECT_OPTIONS_MAX	8

/* The part of a redirected header option before the quoted packet (RFC 4861 4.6.3) */
#define REDIRECT_QUOTE_OFFSET	8

enum icmpv6_role {
	ICMPV6_ROLE_NONE,	/* not tracked: no flow can start or go on */
	ICMPV6_ROLE_QUERY,	/* starts a flow, answered by its peer type */
	ICMPV6_ROLE_ANSWER,	/* only ever the reply of a flow */
	ICMPV6_ROLE_LINK,	/* talk among neighbours: untracked */
	ICMPV6_ROLE_REDIRECT,	/* quotes a packet in an option */
};

#define INFO(type)		((type) - ICMPV6_INFOMSG_MASK)

/* Informational messages; below them every type is an error (RFC 4443 2.1) */
static const struct icmpv6_type {
	u8 role;
	u8 peer;
} icmpv6_types[] = {
	/* RFC 4443 section 4, echo */
	[INFO(ICMPV6_ECHO_REQUEST)] = { ICMPV6_ROLE_QUERY, ICMPV6_ECHO_REPLY },
	[INFO(ICMPV6_ECHO_REPLY)] = { ICMPV6_ROLE_ANSWER, ICMPV6_ECHO_REQUEST },
	/* RFC 4620, node information */
	[INFO(ICMPV6_NI_QUERY)] = { ICMPV6_ROLE_QUERY, ICMPV6_NI_REPLY },
	[INFO(ICMPV6_NI_REPLY)] = { ICMPV6_ROLE_ANSWER, ICMPV6_NI_QUERY },
	/* RFC 2710 and 3810, multicast listener discovery */
	[INFO(ICMPV6_MGM_QUERY)] = { ICMPV6_ROLE_LINK },
	[INFO(ICMPV6_MGM_REPORT)] = { ICMPV6_ROLE_LINK },
	[INFO(ICMPV6_MGM_REDUCTION)] = { ICMPV6_ROLE_LINK },
	[INFO(ICMPV6_MLD2_REPORT)] = { ICMPV6_ROLE_LINK },
	/* RFC 4861 section 4, neighbour discovery */
	[INFO(NDISC_ROUTER_SOLICITATION)] = { ICMPV6_ROLE_LINK },
	[INFO(NDISC_ROUTER_ADVERTISEMENT)] = { ICMPV6_ROLE_LINK },
	[INFO(NDISC_NEIGHBOUR_SOLICITATION)] = { ICMPV6_ROLE_LINK },
	[INFO(NDISC_NEIGHBOUR_ADVERTISEMENT)] = { ICMPV6_ROLE_LINK },
	[INFO(NDISC_REDIRECT)] = { ICMPV6_ROLE_REDIRECT },
};

static const struct icmpv6_type *icmpv6_type_of(u8 type)
{
	static const struct icmpv6_type other = { ICMPV6_ROLE_NONE };
	unsigned int i = INFO(type);

	/* The index of an error wraps, and lies far behind the end */
	return i < ARRAY_SIZE(icmpv6_types) ? &icmpv6_types[i] : &other;
}

/* Can a flow have @type in one direction and its peer in the other? */
static bool icmpv6_is_paired(u8 type)
{
	u8 role = icmpv6_type_of(type)->role;

	return role == ICMPV6_ROLE_QUERY || role == ICMPV6_ROLE_ANSWER;
}

/**
 * icmpv6_pkt_to_tuple - identifier, type and code of an ICMPv6 message
 * @skb: the packet
 * @dataoff: offset of the ICMPv6 header
 * @net: unused
 * @tuple: where they go
 *
 * Return: false when the header is not complete.
 */
bool icmpv6_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
			 struct net *net, struct nf_conntrack_tuple *tuple)
{
	const struct icmp6hdr *ih;
	struct icmp6hdr buf;

	ih = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!ih)
		return false;

	tuple->src.u.icmp.id = ih->icmp6_identifier;
	tuple->dst.u.icmp.type = ih->icmp6_type;
	tuple->dst.u.icmp.code = ih->icmp6_code;
	return true;
}

/**
 * nf_conntrack_invert_icmpv6_tuple - protocol part of the reply of @orig
 * @tuple: where it goes
 * @orig: tuple of a query or of an answer
 *
 * Return: false when messages of this type have no counterpart.
 */
bool nf_conntrack_invert_icmpv6_tuple(struct nf_conntrack_tuple *tuple,
				      const struct nf_conntrack_tuple *orig)
{
	u8 type = orig->dst.u.icmp.type;

	if (!icmpv6_is_paired(type))
		return false;

	tuple->dst.u.icmp.code = orig->dst.u.icmp.code;
	tuple->dst.u.icmp.type = icmpv6_type_of(type)->peer;
	tuple->src.u.icmp.id = orig->src.u.icmp.id;
	return true;
}

/**
 * nf_conntrack_icmpv6_packet - follow an ICMPv6 query or answer
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
	const unsigned int *timeout;
	u8 type;

	/* ICMPv6 inside IPv4 is nonsense */
	if (state->pf != NFPROTO_IPV6)
		return NF_CT_PACKET_INVALID;

	type = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.u.icmp.type;
	if (!nf_ct_is_confirmed(ct) &&
	    icmpv6_type_of(type)->role != ICMPV6_ROLE_QUERY) {
		nf_ct_l4proto_log_invalid(skb, ct, state,
					  "ICMPv6 type %u starts no flow", type);
		return NF_CT_PACKET_INVALID;
	}

	timeout = nf_ct_timeouts_of(ct, &nf_icmpv6_pernet(state->net)->timeout);
	nf_ct_refresh_acct(ct, ctinfo, skb, *timeout);
	return NF_ACCEPT;
}

static int icmpv6_invalid(const struct sk_buff *skb,
			  const struct nf_hook_state *state, const char *why)
{
	nf_l4proto_log_invalid(skb, state, IPPROTO_ICMPV6, "%s", why);
	return NF_CT_PACKET_INVALID;
}

/* Track @skb by the packet that it quotes at @quote. */
static int icmpv6_relate(struct nf_conn *tmpl, struct sk_buff *skb,
			 unsigned int quote, const struct nf_hook_state *state)
{
	union nf_inet_addr sent_to = { .in6 = ipv6_hdr(skb)->daddr };

	return nf_conntrack_inet_error(tmpl, skb, quote, state, IPPROTO_ICMPV6,
				       &sent_to);
}

/* Offset of the packet that a redirect quotes: 0 when it quotes none, negative
 * when its options are malformed (RFC 4861 4.6 and 8.1).
 *
 * DIFF: the stock module knows the quoted packet only as the first option.
 */
static int icmpv6_redirect_quote(const struct sk_buff *skb, unsigned int offset)
{
	unsigned int i;

	for (i = 0; i < REDIRECT_OPTIONS_MAX; i++) {
		const struct nd_opt_hdr *opt;
		struct nd_opt_hdr buf;

		opt = skb_header_pointer(skb, offset, sizeof(buf), &buf);
		if (!opt)
			return i ? 0 : -EINVAL;
		if (!opt->nd_opt_len)
			return -EINVAL;
		if (opt->nd_opt_type == ND_OPT_REDIRECT_HDR)
			return offset + REDIRECT_QUOTE_OFFSET;
		offset += opt->nd_opt_len * 8;
	}
	return 0;
}

static int icmpv6_redirect(struct nf_conn *tmpl, struct sk_buff *skb,
			   unsigned int dataoff,
			   const struct nf_hook_state *state)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const struct rd_msg *rd;
	struct rd_msg buf;
	int quote;

	rd = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!rd)
		return icmpv6_invalid(skb, state, "redirect incomplete");
	if (rd->icmph.icmp6_code)
		return NF_ACCEPT;

	/* RFC 4861 8.1: from a router of this link, not forwarded by anyone */
	if (ip6h->hop_limit != 255 ||
	    !(ipv6_addr_type(&ip6h->saddr) & IPV6_ADDR_LINKLOCAL))
		return icmpv6_invalid(skb, state, "redirect not from this link");

	quote = icmpv6_redirect_quote(skb, dataoff + sizeof(*rd));
	if (quote < 0)
		return icmpv6_invalid(skb, state, "redirect options malformed");
	return quote ? icmpv6_relate(tmpl, skb, quote, state) : NF_ACCEPT;
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
 * packet of one, and is marked untracked if it is talk among neighbours.
 * NF_CT_PACKET_INVALID: malformed, or an error about no known flow.
 */
int nf_conntrack_icmpv6_error(struct nf_conn *tmpl, struct sk_buff *skb,
			      unsigned int dataoff,
			      const struct nf_hook_state *state)
{
	const struct icmp6hdr *ih;
	struct icmp6hdr buf;
	u8 type;

	ih = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!ih)
		return icmpv6_invalid(skb, state, "ICMPv6 header incomplete");
	type = ih->icmp6_type;

	/* May pull the header: ih is not valid any more */
	if (nf_ct_checksum_wanted(state) &&
	    nf_ip6_checksum(skb, state->hook, dataoff, IPPROTO_ICMPV6))
		return icmpv6_invalid(skb, state, "ICMPv6 checksum wrong");

	if (!(type & ICMPV6_INFOMSG_MASK))
		return icmpv6_relate(tmpl, skb, dataoff + sizeof(*ih), state);

	switch (icmpv6_type_of(type)->role) {
	case ICMPV6_ROLE_LINK:
		nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
		return NF_ACCEPT;
	case ICMPV6_ROLE_REDIRECT:
		return icmpv6_redirect(tmpl, skb, dataoff, state);
	default:
		return NF_ACCEPT;
	}
}

#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
static const struct nla_policy icmpv6_tuple_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_ICMPV6_ID]	= { .type = NLA_U16 },
	[CTA_PROTO_ICMPV6_TYPE]	= { .type = NLA_U8 },
	[CTA_PROTO_ICMPV6_CODE]	= { .type = NLA_U8 },
};

static unsigned int icmpv6_tuple_nla_size(void)
{
	return nla_total_size(sizeof(u16)) + 2 * nla_total_size(sizeof(u8));
}

static int icmpv6_tuple_dump(struct sk_buff *skb,
			     const struct nf_conntrack_tuple *t)
{
	if (nla_put_be16(skb, CTA_PROTO_ICMPV6_ID, t->src.u.icmp.id))
		return -EMSGSIZE;
	if (nla_put_u8(skb, CTA_PROTO_ICMPV6_TYPE, t->dst.u.icmp.type))
		return -EMSGSIZE;
	if (nla_put_u8(skb, CTA_PROTO_ICMPV6_CODE, t->dst.u.icmp.code))
		return -EMSGSIZE;
	return 0;
}

static int icmpv6_tuple_parse(struct nlattr *tb[], struct nf_conntrack_tuple *t,
			      u32 wanted)
{
	if (wanted & NF_CT_TUPLE_ICMPV6_TYPE) {
		if (!tb[CTA_PROTO_ICMPV6_TYPE])
			return -EINVAL;
		t->dst.u.icmp.type = nla_get_u8(tb[CTA_PROTO_ICMPV6_TYPE]);
		if (!icmpv6_is_paired(t->dst.u.icmp.type))
			return -EINVAL;
	}

	if (wanted & NF_CT_TUPLE_ICMPV6_CODE) {
		if (!tb[CTA_PROTO_ICMPV6_CODE])
			return -EINVAL;
		t->dst.u.icmp.code = nla_get_u8(tb[CTA_PROTO_ICMPV6_CODE]);
	}

	if (wanted & NF_CT_TUPLE_ICMPV6_ID) {
		if (!tb[CTA_PROTO_ICMPV6_ID])
			return -EINVAL;
		t->src.u.icmp.id = nla_get_be16(tb[CTA_PROTO_ICMPV6_ID]);
	}
	return 0;
}
#endif /* CONFIG_NF_CT_NETLINK */

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
	nf_icmpv6_pernet(net)->timeout = ICMPV6_DEFAULT_TIMEOUT;
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_icmpv6 = {
	.l4proto = IPPROTO_ICMPV6,
#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
	.nla_policy = icmpv6_tuple_policy,
	.nlattr_tuple_size = icmpv6_tuple_nla_size,
	.nlattr_to_tuple = icmpv6_tuple_parse,
	.tuple_to_nlattr = icmpv6_tuple_dump,
#endif
	NF_CT_TIMEOUT_ATTRS(icmpv6)
};
