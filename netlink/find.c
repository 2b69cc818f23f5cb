// SPDX-License-Identifier: GPL-2.0
/*
 * The entry that a request is about.  The reference taken here is the
 * caller's to drop.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "ctnetlink.h"

/**
 * ctnetlink_find - look up what CTA_TUPLE_ORIG or CTA_TUPLE_REPLY names
 * @info: the request
 * @cda: its attributes; the reply tuple counts only without an original one
 *
 * Context: Process context.
 * Return: The entry, with a reference; or an ERR_PTR: -EINVAL without a tuple,
 * -ENOENT without an entry, else what is wrong with the attributes.
 */
struct nf_conn *ctnetlink_find(const struct nfnl_info *info,
			       const struct nlattr *const cda[])
{
	bool orig = cda[CTA_TUPLE_ORIG];
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone zone;
	int err;

	err = ctnetlink_decode_zone(cda[CTA_ZONE], &zone, info->extack);
	if (err)
		return ERR_PTR(err);

	if (!orig && !cda[CTA_TUPLE_REPLY]) {
		NL_SET_ERR_MSG(info->extack, "a tuple is required");
		return ERR_PTR(-EINVAL);
	}
	err = ctnetlink_decode_tuple(cda[orig ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY],
				     orig ? IP_CT_DIR_ORIGINAL : IP_CT_DIR_REPLY,
				     info->nfmsg->nfgen_family,
				     NF_CT_TUPLE_WHOLE, &zone, &tuple,
				     info->extack);
	if (err)
		return ERR_PTR(err);

	h = nf_conntrack_find_get(info->net, &zone, &tuple);
	if (!h) {
		NL_SET_ERR_MSG(info->extack, "no such connection");
		return ERR_PTR(-ENOENT);
	}
	return nf_ct_tuplehash_to_ctrack(h);
}
