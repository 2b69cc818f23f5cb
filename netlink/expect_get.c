// SPDX-License-Identifier: GPL-2.0
/*
 * Requests about expectations that exist: show one, delete one, delete those
 * of a helper, delete all.  The nfnetlink mutex of the subsystem is held.  The core
 * takes nf_conntrack_expect_lock in each of its functions.
 */
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "ctnetlink.h"

/* Is @attr the ID of this expectation, or of an earlier one with the same tuple? */
static int ctnetlink_expect_check_id(const struct nf_ct_expect_life *life,
				     const struct nlattr *attr,
				     struct netlink_ext_ack *extack)
{
	if (!attr || nla_get_be32(attr) == (__force __be32)nf_ct_expect_life_id(life))
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "another expectation has this tuple now");
	return -ENOENT;
}

/*
 * Find the expectation that the tuple @attr names.  Returns it with a reference,
 * and another reference on its @life; or an ERR_PTR.
 */
static struct nf_conntrack_expect *
ctnetlink_expect_find(const struct nfnl_info *info,
		      const struct nlattr *const cda[],
		      const struct nlattr *attr,
		      struct nf_ct_expect_life **life)
{
	struct nf_conntrack_expect *exp;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone zone;
	int err;

	err = ctnetlink_decode_zone(cda[CTA_EXPECT_ZONE], &zone, info->extack) ?:
	      ctnetlink_decode_tuple(attr, IP_CT_DIR_ORIGINAL,
				     ctnetlink_family(info, attr),
				     NF_CT_TUPLE_WHOLE, NULL, &tuple,
				     info->extack);
	if (err)
		return ERR_PTR(err);

	exp = nf_ct_expect_find_get(info->net, &zone, &tuple);
	*life = exp ? nf_ct_expect_life_get(exp) : NULL;
	if (*life) {
		err = ctnetlink_expect_check_id(*life, cda[CTA_EXPECT_ID],
						info->extack);
		if (!err)
			return exp;
		nf_ct_expect_life_put(*life);
	} else {
		NL_SET_ERR_MSG(info->extack, "no such expectation");
		err = -ENOENT;
	}
	if (exp)
		nf_ct_expect_put(exp);
	return ERR_PTR(err);
}

static struct sk_buff *
ctnetlink_expect_get_answer(const struct ctnetlink_expect_msg *m)
{
	struct sk_buff *skb;

	rcu_read_lock();
	skb = nlmsg_new(ctnetlink_expect_size(m), GFP_ATOMIC);
	if (skb && ctnetlink_expect_put(skb, m)) {
		nlmsg_free(skb);
		skb = NULL;
	}
	rcu_read_unlock();
	return skb;
}

/**
 * ctnetlink_expect_get - IPCTNL_MSG_EXP_GET
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes; without CTA_EXPECT_TUPLE, CTA_EXPECT_MASTER is the tuple
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ctnetlink_expect_get(struct sk_buff *skb, const struct nfnl_info *info,
			 const struct nlattr *const cda[])
{
	struct ctnetlink_expect_msg m = {
		.type	= IPCTNL_MSG_EXP_NEW,
		.flags	= NETLINK_CB(skb).portid ? NLM_F_MULTI : 0,
		.portid	= NETLINK_CB(skb).portid,
		.seq	= info->nlh->nlmsg_seq,
	};
	struct nf_conntrack_expect *exp;
	struct nf_ct_expect_life *life;
	const struct nlattr *attr;
	struct sk_buff *answer;
	int err;

	if (info->nlh->nlmsg_flags & NLM_F_DUMP)
		return ctnetlink_expect_dump(skb, info, cda);

	attr = cda[CTA_EXPECT_TUPLE] ?: cda[CTA_EXPECT_MASTER];
	err = ctnetlink_require(attr, NULL, "a tuple is required", info->extack);
	if (err)
		return err;

	exp = ctnetlink_expect_find(info, cda, attr, &life);
	if (IS_ERR(exp))
		return PTR_ERR(exp);

	m.life = life;
	answer = ctnetlink_expect_get_answer(&m);
	nf_ct_expect_life_put(life);
	nf_ct_expect_put(exp);
	if (!answer) {
		NL_SET_ERR_MSG(info->extack, "no memory for the answer");
		return -ENOMEM;
	}
	return nfnetlink_unicast(answer, info->net, m.portid);
}

static int ctnetlink_expect_delete_one(struct sk_buff *skb,
				       const struct nfnl_info *info,
				       const struct nlattr *const cda[])
{
	struct nf_conntrack_expect *exp;
	struct nf_ct_expect_life *life;
	int err = 0;

	exp = ctnetlink_expect_find(info, cda, cda[CTA_EXPECT_TUPLE], &life);
	if (IS_ERR(exp))
		return PTR_ERR(exp);

	if (!nf_ct_expect_remove_report(exp, NETLINK_CB(skb).portid,
					nlmsg_report(info->nlh))) {
		NL_SET_ERR_MSG(info->extack, "the expectation has just gone");
		err = -ENOENT;
	}
	nf_ct_expect_life_put(life);
	nf_ct_expect_put(exp);
	return err;
}

static bool ctnetlink_expect_is_of_helper(struct nf_conntrack_expect *exp,
					  void *name)
{
	return !strcmp(nf_ct_expectation(exp)->life->helper, name);
}

static bool ctnetlink_expect_is_any(struct nf_conntrack_expect *exp, void *data)
{
	return true;
}

/**
 * ctnetlink_expect_delete - IPCTNL_MSG_EXP_DELETE
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes: a tuple, or the name of a helper; without both, all
 *       expectations are deleted
 *
 * Context: Process context.
 * Return: 0 or a negative errno.
 */
int ctnetlink_expect_delete(struct sk_buff *skb, const struct nfnl_info *info,
			    const struct nlattr *const cda[])
{
	const struct nlattr *name = cda[CTA_EXPECT_HELP_NAME];

	if (cda[CTA_EXPECT_TUPLE])
		return ctnetlink_expect_delete_one(skb, info, cda);

	nf_ct_expect_iterate_net(info->net,
				 name ? ctnetlink_expect_is_of_helper :
					ctnetlink_expect_is_any,
				 name ? nla_data(name) : NULL,
				 NETLINK_CB(skb).portid,
				 nlmsg_report(info->nlh));
	return 0;
}
