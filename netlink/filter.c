// SPDX-License-Identifier: GPL-2.0
/*
 * Decides which entries a dump shows and a flush deletes.  A filter is built and
 * checked once for each request.  It does not change afterwards, so it has no lock.
 */
#include <linux/in.h>
#include <linux/slab.h>

#include "ctnetlink.h"

struct ctnetlink_masked {
	u32	value;
	u32	mask;
};

/**
 * struct ctnetlink_filter - conditions, all of which must hold
 * @family:  L3 number, 0: any
 * @by_zone: compare @zone with the zone of either direction
 * @zone:    from CTA_ZONE, or from a tuple when @members selects it
 * @mark:    (mark & mask) == value
 * @status:  (status & mask) == value
 * @members: which members of @tuple count, per direction
 * @tuple:   the tuples to compare with
 */
struct ctnetlink_filter {
	u8				family;
	bool				by_zone;
	struct nf_conntrack_zone	zone;
	struct ctnetlink_masked		mark;
	struct ctnetlink_masked		status;
	u32				members[IP_CT_DIR_MAX];
	struct nf_conntrack_tuple	tuple[IP_CT_DIR_MAX];
};

static const struct nla_policy ctnetlink_filter_policy[CTA_FILTER_MAX + 1] = {
	[CTA_FILTER_ORIG_FLAGS]	 = NLA_POLICY_MASK(NLA_U32,
						   NF_CT_TUPLE_FILTER_MASK),
	[CTA_FILTER_REPLY_FLAGS] = NLA_POLICY_MASK(NLA_U32,
						   NF_CT_TUPLE_FILTER_MASK),
};

/* A member of a tuple: where it is, and which protocols have it */
struct ctnetlink_filter_member {
	u32	bit;
	u8	offset;
	u8	len;
	u8	proto[2];	/* IPPROTO_IP (0): all */
};

#define MEMBER(flag, path, ...) {					\
	.bit	= flag,							\
	.offset	= offsetof(struct nf_conntrack_tuple, path),		\
	.len	= sizeof_field(struct nf_conntrack_tuple, path),	\
	.proto	= { __VA_ARGS__ },					\
}

static const struct ctnetlink_filter_member ctnetlink_filter_members[] = {
	MEMBER(NF_CT_TUPLE_SRC_ADDR, src.u3, 0),
	MEMBER(NF_CT_TUPLE_DST_ADDR, dst.u3, 0),
	MEMBER(NF_CT_TUPLE_PROTO, dst.protonum, 0),
	/* stock compares the ports of these two protocols only */
	MEMBER(NF_CT_TUPLE_SRC_PORT, src.u.all, IPPROTO_TCP, IPPROTO_UDP),
	MEMBER(NF_CT_TUPLE_DST_PORT, dst.u.all, IPPROTO_TCP, IPPROTO_UDP),
	MEMBER(NF_CT_TUPLE_ICMP_TYPE, dst.u.icmp.type, IPPROTO_ICMP),
	MEMBER(NF_CT_TUPLE_ICMP_CODE, dst.u.icmp.code, IPPROTO_ICMP),
	MEMBER(NF_CT_TUPLE_ICMP_ID, src.u.icmp.id, IPPROTO_ICMP),
	MEMBER(NF_CT_TUPLE_ICMPV6_TYPE, dst.u.icmp.type, IPPROTO_ICMPV6),
	MEMBER(NF_CT_TUPLE_ICMPV6_CODE, dst.u.icmp.code, IPPROTO_ICMPV6),
	MEMBER(NF_CT_TUPLE_ICMPV6_ID, src.u.icmp.id, IPPROTO_ICMPV6),
	{ }
};

static bool
ctnetlink_filter_member_applies(const struct ctnetlink_filter_member *member,
				u8 protonum)
{
	return !member->proto[0] || member->proto[0] == protonum ||
	       (member->proto[1] && member->proto[1] == protonum);
}

/*
 * DIFF: filter-ipv6: stock 6.1 compares IPv6 addresses the wrong way round: it leaves
 * out the entries that match.  Here, as from 6.12 on, a filter shows them.
 */
static bool ctnetlink_filter_tuple_matches(u32 members,
					   const struct nf_conntrack_tuple *want,
					   const struct nf_conntrack_tuple *have)
{
	const struct ctnetlink_filter_member *member;

	for (member = ctnetlink_filter_members; member->bit; member++) {
		if (!(members & member->bit) ||
		    !ctnetlink_filter_member_applies(member, have->dst.protonum))
			continue;
		if (memcmp((const void *)want + member->offset,
			   (const void *)have + member->offset, member->len))
			return false;
	}
	return true;
}

/* --- building ----------------------------------------------------------- */

#ifdef CONFIG_NF_CONNTRACK_MARK
static int ctnetlink_filter_decode_mark(struct ctnetlink_masked *mark,
					const struct nlattr *const cda[],
					struct netlink_ext_ack *extack)
{
	if (!cda[CTA_MARK]) {
		if (!cda[CTA_MARK_MASK])
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, cda[CTA_MARK_MASK],
				    "a mark mask needs a mark");
		return -EINVAL;
	}

	mark->value = ntohl(nla_get_be32(cda[CTA_MARK]));
	mark->mask = cda[CTA_MARK_MASK] ?
		     ntohl(nla_get_be32(cda[CTA_MARK_MASK])) : ~0U;
	return 0;
}
#else
static int ctnetlink_filter_decode_mark(struct ctnetlink_masked *mark,
					const struct nlattr *const cda[],
					struct netlink_ext_ack *extack)
{
	if (!cda[CTA_MARK] && !cda[CTA_MARK_MASK])
		return 0;
	NL_SET_ERR_MSG(extack, "this kernel has no conntrack marks");
	return -EOPNOTSUPP;
}
#endif

static int ctnetlink_filter_decode_status(struct ctnetlink_masked *status,
					  const struct nlattr *const cda[],
					  struct netlink_ext_ack *extack)
{
	const struct nlattr *mask = cda[CTA_STATUS_MASK];

	if (!cda[CTA_STATUS]) {
		if (!mask)
			return 0;
		NL_SET_ERR_MSG_ATTR(extack, mask, "a status mask needs a status");
		return -EINVAL;
	}

	status->value = ntohl(nla_get_be32(cda[CTA_STATUS]));
	status->mask = mask ? ntohl(nla_get_be32(mask)) : status->value;
	if (status->mask)
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, mask ?: cda[CTA_STATUS],
			    "the status mask selects nothing");
	return -EINVAL;
}

static int ctnetlink_filter_decode_members(struct ctnetlink_filter *filter,
					   const struct nlattr *attr,
					   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[CTA_FILTER_MAX + 1];
	int err;

	err = nla_parse_nested(tb, CTA_FILTER_MAX, attr,
			       ctnetlink_filter_policy, extack);
	if (err)
		return err;

	if (tb[CTA_FILTER_ORIG_FLAGS])
		filter->members[IP_CT_DIR_ORIGINAL] =
			nla_get_u32(tb[CTA_FILTER_ORIG_FLAGS]);
	if (tb[CTA_FILTER_REPLY_FLAGS])
		filter->members[IP_CT_DIR_REPLY] =
			nla_get_u32(tb[CTA_FILTER_REPLY_FLAGS]);
	return 0;
}

static int ctnetlink_filter_decode_tuple(struct ctnetlink_filter *filter,
					 const struct nlattr *attr,
					 enum ip_conntrack_dir dir,
					 struct netlink_ext_ack *extack)
{
	if (!filter->members[dir])
		return 0;

	if (!attr) {
		NL_SET_ERR_MSG(extack,
			       "members of a tuple are selected, but there is no tuple");
		return -EINVAL;
	}
	return ctnetlink_decode_tuple(attr, dir, filter->family,
				      filter->members[dir], &filter->zone,
				      &filter->tuple[dir], extack);
}

static int ctnetlink_filter_decode(struct ctnetlink_filter *filter,
				   const struct nlattr *const cda[],
				   struct netlink_ext_ack *extack)
{
	int err;

	err = ctnetlink_filter_decode_mark(&filter->mark, cda, extack);
	if (!err)
		err = ctnetlink_filter_decode_status(&filter->status, cda,
						     extack);
	if (!err)
		err = ctnetlink_decode_zone(cda[CTA_ZONE], &filter->zone, extack);
	if (err || !cda[CTA_FILTER])
		return err;

	err = ctnetlink_filter_decode_members(filter, cda[CTA_FILTER], extack);
	if (!err)
		err = ctnetlink_filter_decode_tuple(filter, cda[CTA_TUPLE_ORIG],
						    IP_CT_DIR_ORIGINAL, extack);
	if (!err)
		err = ctnetlink_filter_decode_tuple(filter,
						    cda[CTA_TUPLE_REPLY],
						    IP_CT_DIR_REPLY, extack);
	return err;
}

/*
 * Does a request limit itself to some entries?
 *
 * DIFF: filter-zone: stock does not compare zones at all; here, as from 6.12 on,
 * CTA_ZONE alone is a filter, for dumps and for flushes.
 */
static bool ctnetlink_filter_wanted(u8 family, const struct nlattr *const cda[])
{
	return family || cda[CTA_MARK] || cda[CTA_STATUS] || cda[CTA_ZONE] ||
	       cda[CTA_FILTER];
}

/**
 * ctnetlink_filter_alloc - build the filter of a request, if it has one
 * @family: L3 number asked for, 0: any
 * @cda: attributes of the request
 * @extack: for the error message
 *
 * Context: May sleep.
 * Return: The filter, for kfree(); NULL when all entries are wanted; or an
 * ERR_PTR.
 */
struct ctnetlink_filter *
ctnetlink_filter_alloc(u8 family, const struct nlattr *const cda[],
		       struct netlink_ext_ack *extack)
{
	struct ctnetlink_filter *filter;
	int err;

	if (!ctnetlink_filter_wanted(family, cda))
		return NULL;

	filter = kzalloc(sizeof(*filter), GFP_KERNEL);
	if (!filter)
		return ERR_PTR(-ENOMEM);

	filter->family = family;
	filter->by_zone = cda[CTA_ZONE];
	err = ctnetlink_filter_decode(filter, cda, extack);
	if (err) {
		kfree(filter);
		return ERR_PTR(err);
	}
	return filter;
}

/* A zone that comes from a tuple of the filter counts for that direction only */
static bool ctnetlink_filter_zone_matches(const struct ctnetlink_filter *filter,
					  const struct nf_conn *ct)
{
	unsigned int dir;

	if (filter->by_zone)
		return nf_ct_zone_equal_any(ct, &filter->zone);

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		if (filter->members[dir] & NF_CT_TUPLE_ZONE &&
		    filter->zone.dir == BIT(dir) &&
		    !nf_ct_zone_equal(ct, &filter->zone, dir))
			return false;
	}
	return true;
}

/**
 * ctnetlink_filter_match - check whether an entry meets a filter
 * @filter: the conditions, NULL: none
 * @ct: the entry
 *
 * Context: Any.
 * Return: whether it is.
 */
bool ctnetlink_filter_match(const struct ctnetlink_filter *filter,
			    const struct nf_conn *ct)
{
	unsigned int dir;

	if (!filter)
		return true;
	if (filter->family && filter->family != nf_ct_l3num(ct))
		return false;
	if ((READ_ONCE(ct->status) & filter->status.mask) != filter->status.value)
		return false;
#ifdef CONFIG_NF_CONNTRACK_MARK
	if ((READ_ONCE(ct->mark) & filter->mark.mask) != filter->mark.value)
		return false;
#endif
	if (!ctnetlink_filter_zone_matches(filter, ct))
		return false;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		if (!ctnetlink_filter_tuple_matches(filter->members[dir],
						    &filter->tuple[dir],
						    nf_ct_tuple(ct, dir)))
			return false;
	}
	return true;
}
