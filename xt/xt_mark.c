// SPDX-License-Identifier: GPL-2.0
/*
 * The match "mark" and the target "MARK": the mark of a packet.  For all hooks; without
 * state.
 */

#include <linux/netfilter/xt_mark.h>

#include "xt_extension.h"

static bool mark_mt_equals(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_mark_mtinfo1 *info = par->matchinfo;

	return ((skb->mark & info->mask) == info->mark) != info->invert;
}

static unsigned int mark_tg_change(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_mark_tginfo2 *info = par->targinfo;

	skb->mark &= ~info->mask;
	skb->mark ^= info->mark;
	return XT_CONTINUE;
}

static struct xt_match mark_mt[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "mark", .revision = 1, .match = mark_mt_equals,
	       .matchsize = sizeof(struct xt_mark_mtinfo1)),
};

#define MARK_TG								\
	.name = "MARK", .revision = 2, .target = mark_tg_change,	\
	.targetsize = sizeof(struct xt_mark_tginfo2)

static struct xt_target mark_tg[] __read_mostly = {
	XT_BOTH(MARK_TG),
	XT_ROW(NFPROTO_ARP, MARK_TG),
};

XT_MODULE_BOTH(mark_mt, mark_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match and target: packet mark (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_mark");
MODULE_ALIAS("ip6t_mark");
MODULE_ALIAS("ipt_MARK");
MODULE_ALIAS("ip6t_MARK");
MODULE_ALIAS("arpt_MARK");
