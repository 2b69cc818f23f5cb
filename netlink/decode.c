// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the attributes of a request: policies, zones, tuples and the small nests.
 * Nothing here touches an entry, so there is no lock.  Every error names the
 * attribute that is wrong in extack.
 *
 * DIFF: error-texts: few errors have a text on stock.
 */
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_labels.h>

#include "ctnetlink.h"

#define OF_TYPE(kind)		{ .type = kind }
#define AT_LEAST(bytes)		{ .type = NLA_UNSPEC, .len = bytes }
#define AT_MOST(bytes)		{ .type = NLA_BINARY, .len = bytes }

/* Top level of every request of subsystem 1 */
const struct nla_policy ctnetlink_policy[CTA_MAX + 1] = {
	/* which entry */
	[CTA_ZONE] = OF_TYPE(NLA_U16),
	[CTA_TUPLE_ORIG] = OF_TYPE(NLA_NESTED),
	[CTA_TUPLE_REPLY] = OF_TYPE(NLA_NESTED),
	[CTA_TUPLE_MASTER] = OF_TYPE(NLA_NESTED),
	[CTA_ID] = OF_TYPE(NLA_U32),
	[CTA_FILTER] = OF_TYPE(NLA_NESTED),
	[CTA_STATUS_MASK] = OF_TYPE(NLA_U32),
	[CTA_MARK_MASK] = OF_TYPE(NLA_U32),
	/* what to set */
	[CTA_STATUS] = OF_TYPE(NLA_U32),
	[CTA_TIMEOUT] = OF_TYPE(NLA_U32),
	[CTA_MARK] = OF_TYPE(NLA_U32),
	[CTA_HELP] = OF_TYPE(NLA_NESTED),
	[CTA_PROTOINFO] = OF_TYPE(NLA_NESTED),
	[CTA_NAT_SRC] = OF_TYPE(NLA_NESTED),
	[CTA_NAT_DST] = OF_TYPE(NLA_NESTED),
	[CTA_SEQ_ADJ_ORIG] = OF_TYPE(NLA_NESTED),
	[CTA_SEQ_ADJ_REPLY] = OF_TYPE(NLA_NESTED),
	[CTA_LABELS] = AT_MOST(NF_CT_LABELS_MAX_SIZE),
	[CTA_LABELS_MASK] = AT_MOST(NF_CT_LABELS_MAX_SIZE),
	/* told, never asked for */
	[CTA_TIMESTAMP_EVENT] = OF_TYPE(NLA_REJECT),
};

static const struct nla_policy ctnetlink_tuple_policy[CTA_TUPLE_MAX + 1] = {
	[CTA_TUPLE_IP] = OF_TYPE(NLA_NESTED),
	[CTA_TUPLE_PROTO] = OF_TYPE(NLA_NESTED),
	[CTA_TUPLE_ZONE] = OF_TYPE(NLA_U16),
};

static const struct nla_policy ctnetlink_address_policy[CTA_IP_MAX + 1] = {
	[CTA_IP_V4_SRC] = OF_TYPE(NLA_U32),
	[CTA_IP_V4_DST] = OF_TYPE(NLA_U32),
	[CTA_IP_V6_SRC] = AT_LEAST(sizeof(struct in6_addr)),
	[CTA_IP_V6_DST] = AT_LEAST(sizeof(struct in6_addr)),
};

static const struct nla_policy ctnetlink_transport_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_NUM] = OF_TYPE(NLA_U8),
};

static const struct nla_policy ctnetlink_help_policy[CTA_HELP_MAX + 1] = {
	[CTA_HELP_NAME] = {
		.type	= NLA_NUL_STRING,
		.len	= NF_CT_HELPER_NAME_LEN - 1,
	},
};

/* CTA_SEQ_ADJ_* and CTA_SYNPROXY are nests of three numbers each */
#define WORDS_MAX	3

static const struct nla_policy ctnetlink_words_policy[WORDS_MAX + 1] = {
	[1] = OF_TYPE(NLA_U32),
	[2] = OF_TYPE(NLA_U32),
	[3] = OF_TYPE(NLA_U32),
};

static_assert(WORDS_MAX == CTA_SEQADJ_MAX && WORDS_MAX == CTA_SYNPROXY_MAX);

/* What NL_SET_ERR_MSG_ATTR() does, which takes no variable for @text */
static void ctnetlink_set_message(struct netlink_ext_ack *extack,
				  const char *text, const struct nlattr *attr)
{
	do_trace_netlink_extack(text);
	if (!extack)
		return;

	extack->_msg = text;
	if (attr) {
		extack->bad_attr = attr;
		extack->policy = NULL;
	}
}

/**
 * ctnetlink_require - check that a request has an attribute
 * @attr: the attribute, or NULL
 * @nest: the nest that should have it, named in @extack; NULL: the top level
 * @text: error message, a constant
 * @extack: for the error message, may be NULL
 *
 * Return: 0, or -EINVAL when @attr is NULL.
 */
int ctnetlink_require(const struct nlattr *attr, const struct nlattr *nest,
		      const char *text, struct netlink_ext_ack *extack)
{
	if (attr)
		return 0;

	ctnetlink_set_message(extack, text, nest);
	return -EINVAL;
}

/**
 * ctnetlink_explain - find the error message that belongs to an error
 * @err: 0 or a negative errno
 * @row: errors and their messages; the last row has neither
 * @extack: for the error message, may be NULL
 */
void ctnetlink_explain(int err, const struct ctnetlink_error *row,
		       struct netlink_ext_ack *extack)
{
	for (; row->err; row++) {
		if (row->err == err)
			ctnetlink_set_message(extack, row->text, NULL);
	}
}

/**
 * ctnetlink_decode_zone - read the zone of a request
 * @attr: CTA_ZONE or CTA_TUPLE_ZONE, NULL for the default zone
 * @zone: result, valid for both directions
 * @extack: for the error message
 *
 * Return: 0, or -EOPNOTSUPP on a kernel without zones.
 */
int ctnetlink_decode_zone(const struct nlattr *attr,
			  struct nf_conntrack_zone *zone,
			  struct netlink_ext_ack *extack)
{
	nf_ct_zone_init(zone, NF_CT_DEFAULT_ZONE_ID, NF_CT_DEFAULT_ZONE_DIR, 0);
	if (!attr)
		return 0;

	if (!IS_ENABLED(CONFIG_NF_CONNTRACK_ZONES)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "this kernel has no conntrack zones");
		return -EOPNOTSUPP;
	}
	zone->id = ntohs(nla_get_be16(attr));
	return 0;
}

/**
 * struct ctnetlink_address_slot - where an address attribute goes in a tuple
 * @l3num:  family
 * @len:    length of the address; 0 ends the table
 * @attr:   the attribute
 * @member: bit of enum nf_ct_tuple_member
 * @offset: offset of the address in the tuple
 */
struct ctnetlink_address_slot {
	u8	l3num;
	u8	len;
	u16	attr;
	u32	member;
	size_t	offset;
};

#define ADDRESS(family, type, attribute, side, bit) {			\
	.l3num	= family,						\
	.len	= sizeof(struct type),					\
	.attr	= attribute,						\
	.member	= bit,							\
	.offset	= offsetof(struct nf_conntrack_tuple, side.u3),		\
}

static const struct ctnetlink_address_slot ctnetlink_address_slots[] = {
	ADDRESS(NFPROTO_IPV4, in_addr, CTA_IP_V4_SRC, src, NF_CT_TUPLE_SRC_ADDR),
	ADDRESS(NFPROTO_IPV4, in_addr, CTA_IP_V4_DST, dst, NF_CT_TUPLE_DST_ADDR),
	ADDRESS(NFPROTO_IPV6, in6_addr, CTA_IP_V6_SRC, src, NF_CT_TUPLE_SRC_ADDR),
	ADDRESS(NFPROTO_IPV6, in6_addr, CTA_IP_V6_DST, dst, NF_CT_TUPLE_DST_ADDR),
	{ }
};

static int ctnetlink_decode_addresses(const struct nlattr *attr, u32 members,
				      struct nf_conntrack_tuple *tuple,
				      struct netlink_ext_ack *extack)
{
	const struct ctnetlink_address_slot *slot;
	struct nlattr *tb[CTA_IP_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_IP_MAX, attr,
					  ctnetlink_address_policy, extack);
	if (err)
		return err;

	for (slot = ctnetlink_address_slots; slot->len; slot++) {
		if (slot->l3num != tuple->src.l3num || !(slot->member & members))
			continue;
		err = ctnetlink_require(tb[slot->attr], attr,
					"an address of the tuple is missing",
					extack);
		if (err)
			return err;
		memcpy((void *)tuple + slot->offset, nla_data(tb[slot->attr]),
		       slot->len);
	}
	return 0;
}

static int ctnetlink_decode_transport(const struct nlattr *attr, u32 members,
				      struct nf_conntrack_tuple *tuple,
				      struct netlink_ext_ack *extack)
{
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *tb[CTA_PROTO_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_PROTO_MAX, attr,
					  ctnetlink_transport_policy, extack) ?:
	      ctnetlink_require(tb[CTA_PROTO_NUM], attr,
				"the protocol number of the tuple is missing",
				extack);
	if (err)
		return err;
	tuple->dst.protonum = nla_get_u8(tb[CTA_PROTO_NUM]);

	l4proto = nf_ct_l4proto_find(tuple->dst.protonum);
	if (!l4proto->nlattr_to_tuple)
		return 0;

	err = nla_validate_nested_deprecated(attr, CTA_PROTO_MAX,
					     l4proto->nla_policy, extack);
	if (err)
		return err;

	err = l4proto->nlattr_to_tuple(tb, tuple, members);
	if (err)
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "incomplete or impossible ports or ICMP fields in the tuple");
	return err;
}

/* A zone that counts for one direction: allowed once, and not with CTA_ZONE */
static int ctnetlink_decode_tuple_zone(const struct nlattr *attr,
				       enum ip_conntrack_dir dir,
				       struct nf_conntrack_zone *zone,
				       struct netlink_ext_ack *extack)
{
	int err;

	if (!zone) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "no zone can be given here");
		return -EINVAL;
	}
	if (zone->id != NF_CT_DEFAULT_ZONE_ID) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "more than one zone given");
		return -EINVAL;
	}

	err = ctnetlink_decode_zone(attr, zone, extack);
	if (!err)
		zone->dir = BIT(dir);
	return err;
}

/* The family of a tuple's addresses; 0 if it has none, or of both */
static u8 ctnetlink_family_of_addresses(const struct nlattr *tuple)
{
	struct nlattr *tb[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1];
	bool four, six;

	if (nla_parse_nested_deprecated(tb, CTA_TUPLE_MAX, tuple,
					ctnetlink_tuple_policy, NULL) ||
	    !tb[CTA_TUPLE_IP] ||
	    nla_parse_nested_deprecated(ip, CTA_IP_MAX, tb[CTA_TUPLE_IP],
					ctnetlink_address_policy, NULL))
		return NFPROTO_UNSPEC;

	four = ip[CTA_IP_V4_SRC] || ip[CTA_IP_V4_DST];
	six = ip[CTA_IP_V6_SRC] || ip[CTA_IP_V6_DST];
	if (four == six)
		return NFPROTO_UNSPEC;
	return four ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

/**
 * ctnetlink_family - the family that the tuples of a request have
 * @info: the request
 * @tuple: its first tuple, or NULL
 *
 * DIFF: family-of-addresses: stock knows no family but that of the request's head.
 *
 * Context: Any.
 * Return: NFPROTO_*; NFPROTO_UNSPEC when neither the head nor the tuple tells, which
 * ctnetlink_decode_tuple() refuses.
 */
u8 ctnetlink_family(const struct nfnl_info *info, const struct nlattr *tuple)
{
	u8 family = info->nfmsg->nfgen_family;

	if (family == NFPROTO_UNSPEC && tuple)
		family = ctnetlink_family_of_addresses(tuple);
	return family;
}

/**
 * ctnetlink_decode_tuple - read a tuple, or the members that a filter selects
 * @attr: the nest, checked by the policy of the level above
 * @dir: direction that the tuple stands for
 * @l3num: family of the request, from ctnetlink_family()
 * @members: NF_CT_TUPLE_WHOLE, or a filter's selection
 * @zone: zone of the request; a zone in the tuple replaces it and counts for
 *        @dir only; NULL: the tuple may have no zone
 * @tuple: result
 * @extack: for the error message
 *
 * Return: 0, -EOPNOTSUPP for a family that is not tracked, -ERANGE or -EINVAL.
 */
int ctnetlink_decode_tuple(const struct nlattr *attr,
			   enum ip_conntrack_dir dir, u8 l3num, u32 members,
			   struct nf_conntrack_zone *zone,
			   struct nf_conntrack_tuple *tuple,
			   struct netlink_ext_ack *extack)
{
	const u32 addresses = NF_CT_TUPLE_SRC_ADDR | NF_CT_TUPLE_DST_ADDR;
	struct nlattr *tb[CTA_TUPLE_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_TUPLE_MAX, attr,
					  ctnetlink_tuple_policy, extack);
	if (err)
		return err;

	if (l3num != NFPROTO_IPV4 && l3num != NFPROTO_IPV6) {
		NL_SET_ERR_MSG(extack, "only IPv4 and IPv6 are tracked");
		return -EOPNOTSUPP;
	}

	memset(tuple, 0, sizeof(*tuple));
	tuple->src.l3num = l3num;
	tuple->dst.dir = dir;

	if (members & addresses) {
		err = ctnetlink_require(tb[CTA_TUPLE_IP], attr,
					"the tuple has no addresses", extack) ?:
		      ctnetlink_decode_addresses(tb[CTA_TUPLE_IP], members,
						 tuple, extack);
		if (err)
			return err;
	}

	if (members & NF_CT_TUPLE_PROTO) {
		err = ctnetlink_require(tb[CTA_TUPLE_PROTO], attr,
					"the tuple has no protocol", extack) ?:
		      ctnetlink_decode_transport(tb[CTA_TUPLE_PROTO], members,
						 tuple, extack);
		if (err)
			return err;
	} else if (members & ~(addresses | NF_CT_TUPLE_ZONE)) {
		NL_SET_ERR_MSG(extack,
			       "ports and ICMP fields need the protocol number too");
		return -EINVAL;
	}

	if (members & NF_CT_TUPLE_ZONE && tb[CTA_TUPLE_ZONE])
		return ctnetlink_decode_tuple_zone(tb[CTA_TUPLE_ZONE], dir,
						   zone, extack);
	return 0;
}

/**
 * ctnetlink_decode_words - read a nest of numbers, all of them required
 * @attr: CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY or CTA_SYNPROXY
 * @max: how many there must be, at most three
 * @words: result: words[0] is attribute 1, and so on
 * @extack: for the error message
 *
 * Return: 0, -ERANGE or -EINVAL.
 */
int ctnetlink_decode_words(const struct nlattr *attr, int max, u32 *words,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[WORDS_MAX + 1];
	int i, err;

	err = nla_parse_nested_deprecated(tb, max, attr, ctnetlink_words_policy,
					  extack);
	if (err)
		return err;

	for (i = 1; i <= max; i++) {
		err = ctnetlink_require(tb[i], attr,
					"one of the numbers is missing", extack);
		if (err)
			return err;
		words[i - 1] = ntohl(nla_get_be32(tb[i]));
	}
	return 0;
}

/**
 * ctnetlink_decode_help - read which helper a request names
 * @attr: CTA_HELP
 * @name: result, valid as long as the request
 * @info: result: the helper's private attribute, or NULL
 * @extack: for the error message
 *
 * Return: 0, -ERANGE or -EINVAL.
 */
int ctnetlink_decode_help(const struct nlattr *attr, const char **name,
			  struct nlattr **info, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[CTA_HELP_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_HELP_MAX, attr,
					  ctnetlink_help_policy, extack) ?:
	      ctnetlink_require(tb[CTA_HELP_NAME], attr,
				"the helper has no name", extack);
	if (err)
		return err;

	*name = nla_data(tb[CTA_HELP_NAME]);
	*info = tb[CTA_HELP_INFO];
	return 0;
}
