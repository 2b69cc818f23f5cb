// SPDX-License-Identifier: GPL-2.0
/*
 * The targets "TTL" (IPv4) and "HL" (IPv6): set, raise or lower how many hops a packet may
 * still go, from 0 to 255.  For the table mangle; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter_ipv4/ipt_TTL.h>
#include <linux/netfilter_ipv6/ip6t_HL.h>

#include "xt_extension.h"
#include "xt_ip_header.h"

/* Both families have the same numbers for the same changes */
static_assert((int)IPT_TTL_SET == (int)IP6T_HL_SET && (int)IPT_TTL_INC == (int)IP6T_HL_INC &&
	      (int)IPT_TTL_DEC == (int)IP6T_HL_DEC);

static u8 hl_tg_changed(u8 hops, u8 mode, u8 by)
{
	switch (mode) {
	case IPT_TTL_SET:
		return by;
	case IPT_TTL_INC:
		return min(hops + by, 255);
	case IPT_TTL_DEC:
		return max(hops - by, 0);
	}
	return hops;
}

/* Always inline: the family is known then */
static __always_inline unsigned int hl_tg_apply(struct sk_buff *skb, u8 family, u8 mode, u8 by)
{
	u8 was, hops;

	if (!xt_ip_header_write(skb, family))
		return NF_DROP;
	was = xt_ip_hops(skb, family);
	hops = hl_tg_changed(was, mode, by);
	if (hops != was)
		xt_ip_set_hops(skb, family, hops);
	return XT_CONTINUE;
}

static unsigned int hl_tg4(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct ipt_TTL_info *info = par->targinfo;

	return hl_tg_apply(skb, NFPROTO_IPV4, info->mode, info->ttl);
}

static unsigned int hl_tg6(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct ip6t_HL_info *info = par->targinfo;

	return hl_tg_apply(skb, NFPROTO_IPV6, info->mode, info->hop_limit);
}

static int hl_tg_check(u8 mode, u8 by)
{
	if (mode > IPT_TTL_MAXMODE)
		return xt_refuse(-EINVAL, "unknown change %u", mode);
	if (mode != IPT_TTL_SET && !by)
		return xt_refuse(-EINVAL, "a change by 0 changes nothing");
	return 0;
}

static int hl_tg4_check(const struct xt_tgchk_param *par)
{
	const struct ipt_TTL_info *info = par->targinfo;

	return hl_tg_check(info->mode, info->ttl);
}

static int hl_tg6_check(const struct xt_tgchk_param *par)
{
	const struct ip6t_HL_info *info = par->targinfo;

	return hl_tg_check(info->mode, info->hop_limit);
}

static struct xt_target hl_tg_rows[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4,
	       .name = "TTL", .table = "mangle", .target = hl_tg4, .checkentry = hl_tg4_check,
	       .targetsize = sizeof(struct ipt_TTL_info)),
	XT_ROW(NFPROTO_IPV6,
	       .name = "HL", .table = "mangle", .target = hl_tg6, .checkentry = hl_tg6_check,
	       .targetsize = sizeof(struct ip6t_HL_info)),
};

XT_MODULE_TARGETS(hl_tg_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: change time to live, hop limit (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_TTL");
MODULE_ALIAS("ip6t_HL");
