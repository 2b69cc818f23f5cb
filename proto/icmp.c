// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP for IPv4.  A query makes a flow that its identifier names; an error
 * belongs to the flow of the packet it quotes.  Also owns the lookup of quoted
 * packets, which ICMPv6 uses too.  No private state in entries, no locks.
 */
#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "proto.h"

#define ICMP_DEFAULT_TIMEOUT	(30 * HZ)

enum icmp_role {
	ICMP_ROLE_NONE,		/* not tracked: no flow can start or go on */
	ICMP_ROLE_QUERY,	/* starts a flow, answered by its peer type */
	ICMP_ROLE_ANSWER,	/* only ever the reply of a flow */
	ICMP_ROLE_ERROR,	/* quotes a packet of another flow */
};

static const struct icmp_type {
	u8 role;
	u8 peer;
} icmp_types[NR_ICMP_TYPES + 1] = {
	/* RFC 792, Echo or Echo Reply Message */
	[ICMP_ECHO]		= { ICMP_ROLE_QUERY,	ICMP_ECHOREPLY },
	[ICMP_ECHOREPLY]	= { ICMP_ROLE_ANSWER,	ICMP_ECHO },
	/* RFC 792, Timestamp or Timestamp Reply Message */
	[ICMP_TIMESTAMP]	= { ICMP_ROLE_QUERY,	ICMP_TIMESTAMPREPLY },
	[ICMP_TIMESTAMPREPLY]	= { ICMP_ROLE_ANSWER,	ICMP_TIMESTAMP },
	/* RFC 792, Information Request or Information Reply Message */
	[ICMP_INFO_REQUEST]	= { ICMP_ROLE_QUERY,	ICMP_INFO_REPLY },
	[ICMP_INFO_REPLY]	= { ICMP_ROLE_ANSWER,	ICMP_INFO_REQUEST },
	/* RFC 950, appendix I: Address Mask ICMP */
	[ICMP_ADDRESS]		= { ICMP_ROLE_QUERY,	ICMP_ADDRESSREPLY },
	[ICMP_ADDRESSREPLY]	= { ICMP_ROLE_ANSWER,	ICMP_ADDRESS },
	/* RFC 792 and 1122 3.2.2: messages that return an IP header and 8 bytes */
	[ICMP_DEST_UNREACH]	= { ICMP_ROLE_ERROR },
	[ICMP_SOURCE_QUENCH]	= { ICMP_ROLE_ERROR },
	[ICMP_REDIRECT]		= { ICMP_ROLE_ERROR },
	[ICMP_TIME_EXCEEDED]	= { ICMP_ROLE_ERROR },
	[ICMP_PARAMETERPROB]	= { ICMP_ROLE_ERROR },
};

static enum icmp_role icmp_role_of(u8 type)
{
	return type < ARRAY_SIZE(icmp_types) ? icmp_types[type].role :
					       ICMP_ROLE_NONE;
}

/* Can a flow have @type in one direction and its peer in the other? */
static bool icmp_is_paired(u8 type)
{
	enum icmp_role role = icmp_role_of(type);

	return role == ICMP_ROLE_QUERY || role == ICMP_ROLE_ANSWER;
}

/**
 * icmp_pkt_to_tuple - identifier, type and code of an ICMP message
 * @skb: the packet
 * @dataoff: offset of the ICMP header
 * @net: unused
 * @tuple: where they go
 *
 * Return: false when the header is not complete.
 */
bool icmp_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		       struct net *net, struct nf_conntrack_tuple *tuple)
{
	const struct icmphdr *ih;
	struct icmphdr buf;

	ih = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!ih)
		return false;

	tuple->src.u.icmp.id = ih->un.echo.id;
	tuple->dst.u.icmp.type = ih->type;
	tuple->dst.u.icmp.code = ih->code;
	return true;
}

/**
 * nf_conntrack_invert_icmp_tuple - protocol part of the reply of @orig
 * @tuple: where it goes
 * @orig: tuple of a query or of an answer
 *
 * Return: false when messages of this type have no counterpart.
 */
bool nf_conntrack_invert_icmp_tuple(struct nf_conntrack_tuple *tuple,
				    const struct nf_conntrack_tuple *orig)
{
	u8 type = orig->dst.u.icmp.type;

	if (!icmp_is_paired(type))
		return false;

	tuple->dst.u.icmp.code = orig->dst.u.icmp.code;
	tuple->dst.u.icmp.type = icmp_types[type].peer;
	tuple->src.u.icmp.id = orig->src.u.icmp.id;
	return true;
}

/**
 * nf_conntrack_icmp_packet - follow an ICMP query or answer
 * @ct: entry of the message, perhaps unconfirmed
 * @skb: the packet
 * @ctinfo: direction and state of @skb in @ct
 * @state: hook
 *
 * An answer does not end the flow: duplicated answers are common, and one
 * DESTROY event for each echo would be too many.
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT, or NF_CT_PACKET_INVALID when nothing can start like this.
 */
int nf_conntrack_icmp_packet(struct nf_conn *ct, struct sk_buff *skb,
			     enum ip_conntrack_info ctinfo,
			     const struct nf_hook_state *state)
{
	const unsigned int *timeout;
	u8 type;

	/* ICMP inside IPv6 is nonsense */
	if (state->pf != NFPROTO_IPV4)
		return NF_CT_PACKET_INVALID;

	type = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.u.icmp.type;
	if (!nf_ct_is_confirmed(ct) && icmp_role_of(type) != ICMP_ROLE_QUERY) {
		nf_ct_l4proto_log_invalid(skb, ct, state,
					  "ICMP type %u starts no flow", type);
		return NF_CT_PACKET_INVALID;
	}

	timeout = nf_ct_timeouts_of(ct, &nf_icmp_pernet(state->net)->timeout);
	nf_ct_refresh_acct(ct, ctinfo, skb, *timeout);
	return NF_ACCEPT;
}

/* The address an error was sent to against the source of what it quotes. */
static void icmp_log_astray(const struct sk_buff *skb,
			    const struct nf_hook_state *state, u8 l4proto,
			    const union nf_inet_addr *sent_to,
			    const union nf_inet_addr *quoted)
{
	if (state->pf == NFPROTO_IPV4)
		nf_l4proto_log_invalid(skb, state, l4proto,
				       "error for %pI4 quotes a packet of %pI4",
				       &sent_to->ip, &quoted->ip);
	else
		nf_l4proto_log_invalid(skb, state, l4proto,
				       "error for %pI6 quotes a packet of %pI6",
				       &sent_to->ip6, &quoted->ip6);
}

/**
 * nf_conntrack_inet_error - give an ICMP error the entry of what it quotes
 * @tmpl: template of the packet or NULL; it decides the zone
 * @skb: the error
 * @dataoff: offset of the quoted IP header
 * @state: hook
 * @l4proto: protocol of the error, for the log
 * @outer_daddr: destination address of the error
 *
 * An error travels against the packet it quotes.  So the quoted tuple,
 * inverted, is the tuple of the direction the error goes in, and the error
 * must be addressed to where that direction ends: the sender of the quoted
 * packet, as seen on this side of any NAT.  Anything else is forged or lost.
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT with a referenced entry in @skb, or NF_CT_PACKET_INVALID.
 */
int nf_conntrack_inet_error(struct nf_conn *tmpl, struct sk_buff *skb,
			    unsigned int dataoff,
			    const struct nf_hook_state *state,
			    u8 l4proto, union nf_inet_addr *outer_daddr)
{
	struct nf_conntrack_tuple quoted, against;
	const union nf_inet_addr *target;
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_zone tmp;
	enum ip_conntrack_info info;

	/* The helpers may fill in only what the protocol has */
	memset(&quoted, 0, sizeof(quoted));
	memset(&against, 0, sizeof(against));
	if (!nf_ct_get_tuplepr(skb, dataoff, state->pf, state->net, &quoted) ||
	    !nf_ct_invert_tuple(&against, &quoted))
		return NF_CT_PACKET_INVALID;

	h = nf_conntrack_find_get(state->net, nf_ct_zone_tmpl(tmpl, skb, &tmp),
				  &against);
	if (!h)
		return NF_CT_PACKET_INVALID;

	target = &h->tuple.dst.u3;
	if (!nf_inet_addr_cmp(outer_daddr, target)) {
		icmp_log_astray(skb, state, l4proto, outer_daddr, target);
		nf_ct_put(nf_ct_tuplehash_to_ctrack(h));
		return NF_CT_PACKET_INVALID;
	}

	info = NF_CT_DIRECTION(h) == IP_CT_DIR_ORIGINAL ? IP_CT_RELATED :
							  IP_CT_RELATED_REPLY;
	nf_ct_set(skb, nf_ct_tuplehash_to_ctrack(h), info);
	return NF_ACCEPT;
}

/* What is wrong with an ICMP message as such, or NULL; *@type is its type */
static const char *icmp_flaw(struct sk_buff *skb, unsigned int dataoff,
			     const struct nf_hook_state *state, u8 *type)
{
	const struct icmphdr *ih;
	struct icmphdr buf;

	ih = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!ih)
		return "ICMP header incomplete";
	*type = ih->type;

	if (nf_ct_checksum_wanted(state) &&
	    nf_ip_checksum(skb, state->hook, dataoff, IPPROTO_ICMP))
		return "ICMP checksum wrong";

	/* RFC 1122 3.2.2: unknown types are discarded by their receiver */
	if (*type > NR_ICMP_TYPES)
		return "ICMP type unknown";
	return NULL;
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

	flaw = icmp_flaw(skb, dataoff, state, &type);
	if (flaw) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_ICMP, "%s", flaw);
		return NF_CT_PACKET_INVALID;
	}

	if (icmp_role_of(type) != ICMP_ROLE_ERROR)
		return NF_ACCEPT;

	sent_to.ip = ip_hdr(skb)->daddr;
	return nf_conntrack_inet_error(tmpl, skb,
				       dataoff + sizeof(struct icmphdr), state,
				       IPPROTO_ICMP, &sent_to);
}

#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
static const struct nla_policy icmp_tuple_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_ICMP_ID]	= { .type = NLA_U16 },
	[CTA_PROTO_ICMP_TYPE]	= { .type = NLA_U8 },
	[CTA_PROTO_ICMP_CODE]	= { .type = NLA_U8 },
};

static unsigned int icmp_tuple_nla_size(void)
{
	return nla_total_size(sizeof(u16)) + 2 * nla_total_size(sizeof(u8));
}

static int icmp_tuple_dump(struct sk_buff *skb,
			   const struct nf_conntrack_tuple *t)
{
	if (nla_put_be16(skb, CTA_PROTO_ICMP_ID, t->src.u.icmp.id))
		return -EMSGSIZE;
	if (nla_put_u8(skb, CTA_PROTO_ICMP_TYPE, t->dst.u.icmp.type))
		return -EMSGSIZE;
	if (nla_put_u8(skb, CTA_PROTO_ICMP_CODE, t->dst.u.icmp.code))
		return -EMSGSIZE;
	return 0;
}

static int icmp_tuple_parse(struct nlattr *tb[], struct nf_conntrack_tuple *t,
			    u32 wanted)
{
	if (wanted & NF_CT_TUPLE_ICMP_TYPE) {
		if (!tb[CTA_PROTO_ICMP_TYPE])
			return -EINVAL;
		t->dst.u.icmp.type = nla_get_u8(tb[CTA_PROTO_ICMP_TYPE]);
		if (!icmp_is_paired(t->dst.u.icmp.type))
			return -EINVAL;
	}

	if (wanted & NF_CT_TUPLE_ICMP_CODE) {
		if (!tb[CTA_PROTO_ICMP_CODE])
			return -EINVAL;
		t->dst.u.icmp.code = nla_get_u8(tb[CTA_PROTO_ICMP_CODE]);
	}

	if (wanted & NF_CT_TUPLE_ICMP_ID) {
		if (!tb[CTA_PROTO_ICMP_ID])
			return -EINVAL;
		t->src.u.icmp.id = nla_get_be16(tb[CTA_PROTO_ICMP_ID]);
	}
	return 0;
}
#endif /* CONFIG_NF_CT_NETLINK */

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
	nf_icmp_pernet(net)->timeout = ICMP_DEFAULT_TIMEOUT;
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_icmp = {
	.l4proto = IPPROTO_ICMP,
#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
	.nla_policy = icmp_tuple_policy,
	.nlattr_tuple_size = icmp_tuple_nla_size,
	.nlattr_to_tuple = icmp_tuple_parse,
	.tuple_to_nlattr = icmp_tuple_dump,
#endif
	NF_CT_TIMEOUT_ATTRS(icmp)
};
