// SPDX-License-Identifier: GPL-2.0
/*
 * The matches "dscp" and "tos": the class of service of a packet, its upper six bits or any
 * bits of the byte.  For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_dscp.h>

#include "xt_extension.h"
#include "xt_ip_header.h"

/* Always inline: the family is known then */
static __always_inline bool dscp_mt_is(const struct sk_buff *skb, u8 family,
				       const struct xt_dscp_info *info)
{
	u8 dscp = xt_ip_class(skb, family) >> XT_DSCP_SHIFT;

	return (dscp == info->dscp) != !!info->invert;
}

static bool dscp_mt4(const struct sk_buff *skb, struct xt_action_param *par)
{
	return dscp_mt_is(skb, NFPROTO_IPV4, par->matchinfo);
}

static bool dscp_mt6(const struct sk_buff *skb, struct xt_action_param *par)
{
	return dscp_mt_is(skb, NFPROTO_IPV6, par->matchinfo);
}

static int dscp_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_dscp_info *info = par->matchinfo;

	if (info->dscp > XT_DSCP_MAX)
		return xt_refuse(-EDOM, "class %u is more than %u", info->dscp, XT_DSCP_MAX);
	return 0;
}

static bool tos_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_tos_match_info *info = par->matchinfo;
	u8 tos = xt_ip_class(skb, par->match->family);

	return ((tos & info->tos_mask) == info->tos_value) != !!info->invert;
}

static int tos_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_tos_match_info *info = par->matchinfo;

	/* DIFF: tos-invert */
	if (info->invert > 1)
		return xt_refuse(-EINVAL, "inversion is %u, not 0 or 1", info->invert);
	return 0;
}

static struct xt_match dscp_mt_rows[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4,
	       .name = "dscp", .match = dscp_mt4, .checkentry = dscp_mt_check,
	       .matchsize = sizeof(struct xt_dscp_info)),
	XT_ROW(NFPROTO_IPV6,
	       .name = "dscp", .match = dscp_mt6, .checkentry = dscp_mt_check,
	       .matchsize = sizeof(struct xt_dscp_info)),
	XT_BOTH(.name = "tos", .revision = 1,
		.match = tos_mt, .checkentry = tos_mt_check,
		.matchsize = sizeof(struct xt_tos_match_info)),
};

XT_MODULE_MATCHES(dscp_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: class of service, DSCP or TOS (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_dscp");
MODULE_ALIAS("ip6t_dscp");
MODULE_ALIAS("ipt_tos");
MODULE_ALIAS("ip6t_tos");
