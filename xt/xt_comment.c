// SPDX-License-Identifier: GPL-2.0
/*
 * The match "comment": words for people that a rule carries; it matches each packet.  For
 * all hooks; without state.
 */
#include <linux/netfilter/xt_comment.h>

#include "xt_extension.h"

static bool comment_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	return true;
}

static struct xt_match comment_mt_rows[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "comment", .match = comment_mt,
	       .matchsize = sizeof(struct xt_comment_info)),
};

XT_MODULE_MATCHES(comment_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: a comment (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_comment");
MODULE_ALIAS("ip6t_comment");
