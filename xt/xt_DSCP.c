// SPDX-License-Identifier: GPL-2.0
/*
 * The targets "DSCP" and "TOS": set the class of service of a packet, its upper six bits or
 * any bits of the byte.  For the table mangle; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_DSCP.h>

#include "xt_extension.h"
#include "xt_ip_header.h"

/* A packet that has the class already is not copied */
static unsigned int dscp_tg_apply(struct sk_buff *skb, const struct xt_action_param *par, u8 class)
{
	u8 family = par->target->family;

	if (class == xt_ip_class(skb, family))
		return XT_CONTINUE;
	if (!xt_ip_header_write(skb, family))
		return NF_DROP;
	xt_ip_set_class(skb, family, class);
	return XT_CONTINUE;
}

static unsigned int dscp_tg(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_DSCP_info *info = par->targinfo;
	u8 ecn = xt_ip_class(skb, par->target->family) & ~XT_DSCP_MASK;

	return dscp_tg_apply(skb, par, info->dscp << XT_DSCP_SHIFT | ecn);
}

static int dscp_tg_check(const struct xt_tgchk_param *par)
{
	const struct xt_DSCP_info *info = par->targinfo;

	if (info->dscp > XT_DSCP_MAX)
		return xt_refuse(-EDOM, "class %u is more than %u", info->dscp, XT_DSCP_MAX);
	return 0;
}

static unsigned int tos_tg(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_tos_target_info *info = par->targinfo;
	u8 kept = xt_ip_class(skb, par->target->family) & ~info->tos_mask;

	return dscp_tg_apply(skb, par, kept ^ info->tos_value);
}

static struct xt_target dscp_tg_rows[] __read_mostly = {
	XT_BOTH(.name = "DSCP", .table = "mangle",
		.target = dscp_tg, .checkentry = dscp_tg_check,
		.targetsize = sizeof(struct xt_DSCP_info)),
	XT_BOTH(.name = "TOS", .revision = 1, .table = "mangle", .target = tos_tg,
		.targetsize = sizeof(struct xt_tos_target_info)),
};

XT_MODULE_TARGETS(dscp_tg_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: set the class of service (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_DSCP");
MODULE_ALIAS("ip6t_DSCP");
MODULE_ALIAS("ipt_TOS");
MODULE_ALIAS("ip6t_TOS");
