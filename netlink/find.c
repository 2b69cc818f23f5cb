// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the entry that a request names.  The caller gets a reference on it, and
 * drops it.
 */
#include "ctnetlink.h"

/**
 * ctnetlink_find_entry - look up a tuple
 * @net: namespace
 * @zone: zone
 * @tuple: tuple of either direction
 *
 * Context: Any up to softirq.
 * Return: The entry, with a reference, or NULL.
 */
struct nf_conn *ctnetlink_find_entry(struct net *net,
				     const struct nf_conntrack_zone *zone,
				     const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_tuple_hash *h;

	h = nf_conntrack_find_get(net, zone, tuple);
	return h ? nf_ct_tuplehash_to_ctrack(h) : NULL;
}

/**
 * ctnetlink_find - look up what CTA_TUPLE_ORIG or CTA_TUPLE_REPLY names
 * @info: the request
 * @cda: its attributes; CTA_TUPLE_REPLY counts only without CTA_TUPLE_ORIG
 *
 * Context: Process context.
 * Return: The entry, with a reference; or an ERR_PTR: -EINVAL without a tuple,
 * -ENOENT without an entry, else what is wrong with the attributes.
 */
struct nf_conn *ctnetlink_find(const struct nfnl_info *info,
			       const struct nlattr *const cda[])
{
	const struct nlattr *attr = cda[CTA_TUPLE_ORIG] ?: cda[CTA_TUPLE_REPLY];
	enum ip_conntrack_dir dir = cda[CTA_TUPLE_ORIG] ? IP_CT_DIR_ORIGINAL :
							  IP_CT_DIR_REPLY;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone zone;
	struct nf_conn *ct;
	int err;

	err = ctnetlink_decode_zone(cda[CTA_ZONE], &zone, info->extack) ?:
	      ctnetlink_require(attr, NULL, "a tuple is required",
				info->extack) ?:
	      ctnetlink_decode_tuple(attr, dir, ctnetlink_family(info, attr),
				     NF_CT_TUPLE_WHOLE, &zone, &tuple,
				     info->extack);
	if (err)
		return ERR_PTR(err);

	ct = ctnetlink_find_entry(info->net, &zone, &tuple);
	if (!ct) {
		NL_SET_ERR_MSG(info->extack, "no such connection");
		return ERR_PTR(-ENOENT);
	}
	return ct;
}

/**
 * ctnetlink_find_master - look up the master connection that a request names
 * @info: the request
 * @attr: tuple of the master
 * @l3num: family of the request
 * @zone: zone of the master
 * @tuple: result: @attr decoded
 *
 * Context: Any up to softirq.
 * Return: The entry, with a reference; or an ERR_PTR: -ENOENT without an entry,
 * else what is wrong with @attr.
 */
struct nf_conn *ctnetlink_find_master(const struct nfnl_info *info,
				      const struct nlattr *attr, u8 l3num,
				      const struct nf_conntrack_zone *zone,
				      struct nf_conntrack_tuple *tuple)
{
	struct nf_conn *ct;
	int err;

	err = ctnetlink_decode_tuple(attr, IP_CT_DIR_ORIGINAL, l3num,
				     NF_CT_TUPLE_WHOLE, NULL, tuple,
				     info->extack);
	if (err)
		return ERR_PTR(err);

	ct = ctnetlink_find_entry(info->net, zone, tuple);
	if (!ct) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "there is no such master connection");
		return ERR_PTR(-ENOENT);
	}
	return ct;
}
