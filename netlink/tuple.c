// SPDX-License-Identifier: GPL-2.0
/*
 * Writes a tuple as netlink attributes.  Addresses and ports have a fixed length, so they
 * are laid out as structures and written in one step: every event and every entry of a
 * dump has two of them.  No state, no locks.
 */
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "ctnetlink.h"

/* An attribute, or a nest of some, of which one member of a structure is the header */
#define CTNETLINK_ATTR(_type, _len)					\
	{ .nla_type = (_type), .nla_len = (_len) }
#define CTNETLINK_NEST(_type, _len)					\
	CTNETLINK_ATTR((_type) | NLA_F_NESTED, _len)
#define CTNETLINK_VALUE(_type, _value)					\
	CTNETLINK_ATTR(_type, NLA_HDRLEN + sizeof(_value))

/* CTA_TUPLE_IP of each family */
struct ctnetlink_ipv4 {
	struct nlattr	nest;
	struct nlattr	src_attr;
	__be32		src;
	struct nlattr	dst_attr;
	__be32		dst;
};

struct ctnetlink_ipv6 {
	struct nlattr	nest;
	struct nlattr	src_attr;
	struct in6_addr	src;
	struct nlattr	dst_attr;
	struct in6_addr	dst;
};

/* CTA_TUPLE_PROTO of a protocol with ports; the padding is written, too */
struct ctnetlink_ports {
	struct nlattr	nest;
	struct nlattr	num_attr;
	u8		num;
	u8		num_pad[3];
	struct nlattr	src_attr;
	__be16		src;
	u8		src_pad[2];
	struct nlattr	dst_attr;
	__be16		dst;
	u8		dst_pad[2];
};

static_assert(sizeof(struct ctnetlink_ipv4) == 5 * NLA_ALIGNTO);
static_assert(sizeof(struct ctnetlink_ipv6) == 11 * NLA_ALIGNTO);
static_assert(sizeof(struct ctnetlink_ports) == 7 * NLA_ALIGNTO);

/**
 * ctnetlink_tuple_size - room that a tuple needs
 * @tuple: the tuple
 *
 * Context: Any.
 * Return: Upper bound in bytes, without a zone.
 */
size_t ctnetlink_tuple_size(const struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_l4proto *l4proto;
	size_t addr, size;

	addr = tuple->src.l3num == NFPROTO_IPV4 ? sizeof(struct in_addr) :
						  sizeof(struct in6_addr);
	/* three nests: the tuple, its addresses, its ports */
	size = 3 * nla_total_size(0) + 2 * nla_total_size(addr) +
	       nla_total_size(sizeof(u8));

	l4proto = nf_ct_l4proto_find(tuple->dst.protonum);
	if (l4proto->nlattr_tuple_size)
		size += l4proto->nlattr_tuple_size();
	return size;
}

static int ctnetlink_ipv4_put(struct sk_buff *skb,
			      const struct nf_conntrack_tuple *tuple)
{
	struct ctnetlink_ipv4 *attr = ctnetlink_room(skb, sizeof(*attr));

	if (!attr)
		return -EMSGSIZE;
	*attr = (struct ctnetlink_ipv4) {
		.nest		= CTNETLINK_NEST(CTA_TUPLE_IP, sizeof(*attr)),
		.src_attr	= CTNETLINK_VALUE(CTA_IP_V4_SRC, attr->src),
		.src		= tuple->src.u3.ip,
		.dst_attr	= CTNETLINK_VALUE(CTA_IP_V4_DST, attr->dst),
		.dst		= tuple->dst.u3.ip,
	};
	return 0;
}

static int ctnetlink_ipv6_put(struct sk_buff *skb,
			      const struct nf_conntrack_tuple *tuple)
{
	struct ctnetlink_ipv6 *attr = ctnetlink_room(skb, sizeof(*attr));

	if (!attr)
		return -EMSGSIZE;
	*attr = (struct ctnetlink_ipv6) {
		.nest		= CTNETLINK_NEST(CTA_TUPLE_IP, sizeof(*attr)),
		.src_attr	= CTNETLINK_VALUE(CTA_IP_V6_SRC, attr->src),
		.src		= tuple->src.u3.in6,
		.dst_attr	= CTNETLINK_VALUE(CTA_IP_V6_DST, attr->dst),
		.dst		= tuple->dst.u3.in6,
	};
	return 0;
}

static int ctnetlink_addresses_put(struct sk_buff *skb,
				   const struct nf_conntrack_tuple *tuple)
{
	struct nlattr *nest;

	switch (tuple->src.l3num) {
	case NFPROTO_IPV4:
		return ctnetlink_ipv4_put(skb, tuple);
	case NFPROTO_IPV6:
		return ctnetlink_ipv6_put(skb, tuple);
	}

	nest = nla_nest_start(skb, CTA_TUPLE_IP);
	if (!nest)
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int ctnetlink_ports_put(struct sk_buff *skb,
			       const struct nf_conntrack_tuple *tuple)
{
	struct ctnetlink_ports *attr = ctnetlink_room(skb, sizeof(*attr));

	if (!attr)
		return -EMSGSIZE;
	*attr = (struct ctnetlink_ports) {
		.nest		= CTNETLINK_NEST(CTA_TUPLE_PROTO, sizeof(*attr)),
		.num_attr	= CTNETLINK_VALUE(CTA_PROTO_NUM, attr->num),
		.num		= tuple->dst.protonum,
		.src_attr	= CTNETLINK_VALUE(CTA_PROTO_SRC_PORT, attr->src),
		.src		= tuple->src.u.all,
		.dst_attr	= CTNETLINK_VALUE(CTA_PROTO_DST_PORT, attr->dst),
		.dst		= tuple->dst.u.all,
	};
	return 0;
}

static int ctnetlink_transport_put(struct sk_buff *skb,
				   const struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *nest;

	l4proto = nf_ct_l4proto_find(tuple->dst.protonum);
	if (l4proto->tuple_to_nlattr == nf_ct_port_tuple_to_nlattr)
		return ctnetlink_ports_put(skb, tuple);

	nest = nla_nest_start(skb, CTA_TUPLE_PROTO);
	if (!nest || nla_put_u8(skb, CTA_PROTO_NUM, tuple->dst.protonum))
		return -EMSGSIZE;
	if (l4proto->tuple_to_nlattr && l4proto->tuple_to_nlattr(skb, tuple))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

/**
 * ctnetlink_tuple_members_put - append what the nest of a tuple consists of
 * @skb: the message, inside the nest
 * @tuple: the tuple, or a mask; its protocol number decides which attributes
 *         stand for ports
 *
 * Context: Any.
 * Return: 0 or -EMSGSIZE; then the caller trims @skb.
 */
int ctnetlink_tuple_members_put(struct sk_buff *skb,
				const struct nf_conntrack_tuple *tuple)
{
	return ctnetlink_addresses_put(skb, tuple) ?:
	       ctnetlink_transport_put(skb, tuple);
}

/**
 * ctnetlink_tuple_put - append a tuple
 * @skb: the message
 * @type: attribute
 * @tuple: as in ctnetlink_tuple_members_put()
 *
 * Context: Any.
 * Return: 0 or -EMSGSIZE; then the caller trims @skb.
 */
int ctnetlink_tuple_put(struct sk_buff *skb, int type,
			const struct nf_conntrack_tuple *tuple)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || ctnetlink_tuple_members_put(skb, tuple))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}
