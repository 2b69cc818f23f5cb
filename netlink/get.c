// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about entries that exist: show one, set its counters to zero, delete
 * one, delete all that match.  The nfnetlink mutex of the subsystem is held.
 */
#include <linux/slab.h>

#include "ctnetlink.h"

static struct sk_buff *ctnetlink_get_answer(struct ctnetlink_msg *m)
{
	struct sk_buff *skb;

	/* if the entry grows between measuring and writing, try with a page */
	skb = nlmsg_new(ctnetlink_msg_size(m), GFP_KERNEL);
	if (skb && !ctnetlink_msg_put(skb, m))
		return skb;

	nlmsg_free(skb);
	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (skb && !ctnetlink_msg_put(skb, m))
		return skb;

	nlmsg_free(skb);
	return NULL;
}

/**
 * ctnetlink_get - IPCTNL_MSG_CT_GET and IPCTNL_MSG_CT_GET_CTRZERO
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ctnetlink_get(struct sk_buff *skb, const struct nfnl_info *info,
		  const struct nlattr *const cda[])
{
	u8 type = NFNL_MSG_TYPE(info->nlh->nlmsg_type);
	struct ctnetlink_msg m = {
		.kind	= CTNETLINK_DUMP,
		.type	= IPCTNL_MSG_CT_NEW,
		.portid	= NETLINK_CB(skb).portid,
		.seq	= info->nlh->nlmsg_seq,
		.zero	= type == IPCTNL_MSG_CT_GET_CTRZERO,
	};
	struct sk_buff *answer;
	int err = -ENOMEM;

	if (info->nlh->nlmsg_flags & NLM_F_DUMP)
		return ctnetlink_dump_table(skb, info, cda);

	m.ct = ctnetlink_find(info, cda);
	if (IS_ERR(m.ct))
		return PTR_ERR(m.ct);

	answer = ctnetlink_get_answer(&m);
	if (answer)
		err = nfnetlink_unicast(answer, info->net, m.portid);
	if (err)
		ctnetlink_counters_return(&m);
	nf_ct_put(m.ct);
	return err;
}

static int ctnetlink_flush_match(struct nf_conn *ct, void *filter)
{
	return ctnetlink_filter_match(filter, ct);
}

static int ctnetlink_flush(struct sk_buff *skb, const struct nfnl_info *info,
			   const struct nlattr *const cda[])
{
	struct ctnetlink_filter *filter;
	struct nf_ct_iter_data iter = {
		.net	= info->net,
		.portid	= NETLINK_CB(skb).portid,
		.report	= nlmsg_report(info->nlh),
	};
	u8 family = 0;

	/* programs that send version 0 may leave the family unset or wrong, but
	 * tuples have one
	 */
	if (info->nfmsg->version || cda[CTA_FILTER])
		family = info->nfmsg->nfgen_family;

	filter = ctnetlink_filter_alloc(family, cda, info->extack);
	if (IS_ERR(filter))
		return PTR_ERR(filter);

	iter.data = filter;
	nf_ct_iterate_cleanup_net(ctnetlink_flush_match, &iter);
	kfree(filter);
	return 0;
}

/**
 * ctnetlink_delete - IPCTNL_MSG_CT_DELETE
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes; without a tuple, or with CTA_FILTER, all entries that
 *       match are deleted
 *
 * DIFF: flush-filter: stock 6.1 takes the tuple of a filter for that of one entry.
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ctnetlink_delete(struct sk_buff *skb, const struct nfnl_info *info,
		     const struct nlattr *const cda[])
{
	struct nf_conntrack_zone zone;
	struct nf_conn *ct;
	int err = 0;

	if (cda[CTA_FILTER] || (!cda[CTA_TUPLE_ORIG] && !cda[CTA_TUPLE_REPLY]))
		return ctnetlink_decode_zone(cda[CTA_ZONE], &zone, info->extack) ?:
		       ctnetlink_flush(skb, info, cda);

	ct = ctnetlink_find(info, cda);
	if (IS_ERR(ct))
		return PTR_ERR(ct);

	if (cda[CTA_ID] &&
	    nla_get_be32(cda[CTA_ID]) != (__force __be32)nf_ct_get_id(ct)) {
		NL_SET_ERR_MSG_ATTR(info->extack, cda[CTA_ID],
				    "another connection has this tuple now");
		err = -ENOENT;
	} else {
		nf_ct_delete(ct, NETLINK_CB(skb).portid,
			     nlmsg_report(info->nlh));
	}
	nf_ct_put(ct);
	return err;
}
