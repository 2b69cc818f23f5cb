// SPDX-License-Identifier: GPL-2.0
/*
 * What ICMP and ICMPv6 have in common: a query makes a flow that its identifier
 * names, and an error belongs to the flow of the packet that it quotes.  What
 * differs is in struct nf_ct_icmp_family.  No private state in entries, no locks.
 */
#include <linux/icmp.h>
#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "icmp.h"

/**
 * nf_ct_icmp_role - what a message type is good for
 * @family: ICMP or ICMPv6
 * @type: the type
 *
 * Return: NF_CT_ICMP_NONE for a type that the family does not list.
 */
enum nf_ct_icmp_role nf_ct_icmp_role(const struct nf_ct_icmp_family *family,
				     u8 type)
{
	/* That of a type before the first wraps, and lies far behind the end. */
	unsigned int i = type - family->first_type;

	return i < family->n_types ? family->types[i].role : NF_CT_ICMP_NONE;
}

/* Can a flow have @type in one direction and its peer in the other? */
static bool nf_ct_icmp_is_paired(const struct nf_ct_icmp_family *family, u8 type)
{
	enum nf_ct_icmp_role role = nf_ct_icmp_role(family, type);

	return role == NF_CT_ICMP_QUERY || role == NF_CT_ICMP_ANSWER;
}

/**
 * nf_ct_icmp_read_tuple - identifier, type and code of a message
 * @skb: the packet
 * @dataoff: offset of the ICMP or ICMPv6 header
 * @tuple: where they go
 *
 * They have the same places in both headers (RFC 792, RFC 4443 4.1).
 *
 * Return: false when the header is not complete.
 */
bool nf_ct_icmp_read_tuple(const struct sk_buff *skb, unsigned int dataoff,
			   struct nf_conntrack_tuple *tuple)
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
 * nf_ct_icmp_invert - protocol part of the reply of @orig
 * @family: ICMP or ICMPv6
 * @tuple: where it goes
 * @orig: tuple of a query or of an answer
 *
 * Return: false when messages of this type have no counterpart.
 */
bool nf_ct_icmp_invert(const struct nf_ct_icmp_family *family,
		       struct nf_conntrack_tuple *tuple,
		       const struct nf_conntrack_tuple *orig)
{
	u8 type = orig->dst.u.icmp.type;

	if (!nf_ct_icmp_is_paired(family, type))
		return false;

	tuple->src.u.icmp.id = orig->src.u.icmp.id;
	tuple->dst.u.icmp.type = family->types[type - family->first_type].peer;
	tuple->dst.u.icmp.code = orig->dst.u.icmp.code;
	return true;
}

/**
 * nf_ct_icmp_packet - follow a query or an answer
 * @family: ICMP or ICMPv6
 * @ct: entry of the message, perhaps unconfirmed
 * @skb: the packet
 * @ctinfo: direction and state of @skb in @ct
 * @state: hook
 * @dflt: the namespace's timeout
 *
 * An answer does not end the flow: duplicated answers are common, and a destroy
 * event for each echo would be too many.
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT, or NF_CT_PACKET_INVALID when nothing can start like this.
 */
int nf_ct_icmp_packet(const struct nf_ct_icmp_family *family,
		      struct nf_conn *ct, struct sk_buff *skb,
		      enum ip_conntrack_info ctinfo,
		      const struct nf_hook_state *state,
		      const unsigned int *dflt)
{
	u8 type;

	/* ICMP inside IPv6 and ICMPv6 inside IPv4 are no messages. */
	if (state->pf != family->pf)
		return NF_CT_PACKET_INVALID;

	/* Netlink can make an entry that begins with an answer. */
	type = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)->dst.u.icmp.type;
	if ((family->query_only || !nf_ct_is_confirmed(ct)) &&
	    nf_ct_icmp_role(family, type) != NF_CT_ICMP_QUERY) {
		nf_ct_l4proto_log_invalid(skb, ct, state,
					  "%s type %u starts no flow",
					  family->name, type);
		return NF_CT_PACKET_INVALID;
	}

	nf_ct_refresh_acct(ct, ctinfo, skb, *nf_ct_timeouts_of(ct, dflt));
	return NF_ACCEPT;
}

/* --- errors --------------------------------------------------------------------- */

/**
 * nf_ct_icmp_invalid - log why a message is invalid
 * @family: ICMP or ICMPv6
 * @skb: the packet
 * @state: hook
 * @why: what is wrong with it
 *
 * Return: NF_CT_PACKET_INVALID.
 */
int nf_ct_icmp_invalid(const struct nf_ct_icmp_family *family,
		       const struct sk_buff *skb,
		       const struct nf_hook_state *state, const char *why)
{
	nf_l4proto_log_invalid(skb, state, family->l4proto, "%s %s",
			       family->name, why);
	return NF_CT_PACKET_INVALID;
}

/**
 * nf_ct_icmp_flaw - what is wrong with the header of a message
 * @family: ICMP or ICMPv6
 * @skb: the packet; may be pulled
 * @dataoff: offset of the header
 * @state: hook
 * @type: type of the message, if the header is complete
 *
 * Return: the reason, or NULL.
 */
const char *nf_ct_icmp_flaw(const struct nf_ct_icmp_family *family,
			    struct sk_buff *skb, unsigned int dataoff,
			    const struct nf_hook_state *state, u8 *type)
{
	const struct icmphdr *ih;
	struct icmphdr buf;

	ih = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!ih)
		return "header incomplete";
	*type = ih->type;

	if (nf_ct_checksum_wanted(state) &&
	    nf_checksum(skb, state->hook, dataoff, family->l4proto, family->pf))
		return "checksum wrong";
	return NULL;
}

/* The error went to @sent_to, while the packet it quotes came from @quoted. */
static void nf_ct_icmp_log_astray(const struct sk_buff *skb,
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
 * An error travels against the direction of the packet that it quotes.  So the
 * quoted tuple, inverted, is the tuple of the direction of the error, and the
 * error must have the destination of that direction: the sender of the quoted
 * packet, as seen on this side of NAT.  Any other error is forged or misrouted.
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT with a referenced entry in @skb, or NF_CT_PACKET_INVALID.
 */
int nf_conntrack_inet_error(struct nf_conn *tmpl, struct sk_buff *skb,
			    unsigned int dataoff,
			    const struct nf_hook_state *state,
			    u8 l4proto, union nf_inet_addr *outer_daddr)
{
	struct nf_conntrack_tuple quoted, inverse;
	struct nf_conntrack_tuple_hash *h;
	const union nf_inet_addr *target;
	struct nf_conntrack_zone tmp;
	enum ip_conntrack_info info;

	if (!nf_ct_get_tuplepr(skb, dataoff, state->pf, state->net, &quoted) ||
	    !nf_ct_invert_tuple(&inverse, &quoted))
		return NF_CT_PACKET_INVALID;

	h = nf_conntrack_find_get(state->net, nf_ct_zone_tmpl(tmpl, skb, &tmp),
				  &inverse);
	if (!h)
		return NF_CT_PACKET_INVALID;

	target = &h->tuple.dst.u3;
	if (!nf_inet_addr_cmp(outer_daddr, target)) {
		nf_ct_icmp_log_astray(skb, state, l4proto, outer_daddr, target);
		nf_ct_put(nf_ct_tuplehash_to_ctrack(h));
		return NF_CT_PACKET_INVALID;
	}

	info = NF_CT_DIRECTION(h) == IP_CT_DIR_ORIGINAL ? IP_CT_RELATED :
							  IP_CT_RELATED_REPLY;
	nf_ct_set(skb, nf_ct_tuplehash_to_ctrack(h), info);
	return NF_ACCEPT;
}

/* --- netlink -------------------------------------------------------------------- */

#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
/**
 * nf_ct_icmp_nlattr_size - room that the members of one tuple need
 *
 * Return: bytes.
 */
unsigned int nf_ct_icmp_nlattr_size(void)
{
	return nla_total_size(sizeof(u16)) + 2 * nla_total_size(sizeof(u8));
}

/**
 * nf_ct_icmp_tuple_dump - append identifier, type and code of a tuple
 * @family: ICMP or ICMPv6
 * @skb: message
 * @t: tuple
 *
 * Return: 0, or -EMSGSIZE when the message is full.
 */
int nf_ct_icmp_tuple_dump(const struct nf_ct_icmp_family *family,
			  struct sk_buff *skb,
			  const struct nf_conntrack_tuple *t)
{
	if (nla_put_be16(skb, family->attr_id, t->src.u.icmp.id) ||
	    nla_put_u8(skb, family->attr_type, t->dst.u.icmp.type) ||
	    nla_put_u8(skb, family->attr_code, t->dst.u.icmp.code))
		return -EMSGSIZE;
	return 0;
}

/**
 * nf_ct_icmp_tuple_parse - read identifier, type and code of a tuple
 * @family: ICMP or ICMPv6
 * @tb: parsed CTA_PROTO_* attributes
 * @t: where to put them
 * @wanted: NF_CT_TUPLE_*, the members that the caller selects
 *
 * Return: 0, or -EINVAL when a selected one is absent, or the type can make no
 * flow.
 */
int nf_ct_icmp_tuple_parse(const struct nf_ct_icmp_family *family,
			   struct nlattr *tb[], struct nf_conntrack_tuple *t,
			   u32 wanted)
{
	int id, type, code;

	id = nf_ct_nlattr_selected(tb[family->attr_id],
				   wanted & family->select_id);
	type = nf_ct_nlattr_selected(tb[family->attr_type],
				     wanted & family->select_type);
	code = nf_ct_nlattr_selected(tb[family->attr_code],
				     wanted & family->select_code);
	if (id < 0 || type < 0 || code < 0)
		return -EINVAL;

	if (id)
		t->src.u.icmp.id = nla_get_be16(tb[family->attr_id]);
	if (type)
		t->dst.u.icmp.type = nla_get_u8(tb[family->attr_type]);
	if (code)
		t->dst.u.icmp.code = nla_get_u8(tb[family->attr_code]);
	if (type && !nf_ct_icmp_is_paired(family, t->dst.u.icmp.type))
		return -EINVAL;
	return 0;
}
#endif /* CONFIG_NF_CT_NETLINK */
