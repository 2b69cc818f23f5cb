// SPDX-License-Identifier: GPL-2.0
/*
 * The matches "ttl" (IPv4) and "hl" (IPv6): how many hops a packet may still go.  For all
 * hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter_ipv4/ipt_ttl.h>
#include <linux/netfilter_ipv6/ip6t_hl.h>

#include "xt_extension.h"
#include "xt_ip_header.h"

/* Both families have the same numbers for the same comparisons */
static_assert((int)IPT_TTL_EQ == (int)IP6T_HL_EQ && (int)IPT_TTL_NE == (int)IP6T_HL_NE &&
	      (int)IPT_TTL_LT == (int)IP6T_HL_LT && (int)IPT_TTL_GT == (int)IP6T_HL_GT);

static bool hl_mt_compare(u8 hops, u8 mode, u8 than)
{
	switch (mode) {
	case IPT_TTL_EQ:
		return hops == than;
	case IPT_TTL_NE:
		return hops != than;
	case IPT_TTL_LT:
		return hops < than;
	case IPT_TTL_GT:
		return hops > than;
	}
	return false;
}

static bool hl_mt4(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct ipt_ttl_info *info = par->matchinfo;

	return hl_mt_compare(xt_ip_hops(skb, NFPROTO_IPV4), info->mode, info->ttl);
}

static bool hl_mt6(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct ip6t_hl_info *info = par->matchinfo;

	return hl_mt_compare(xt_ip_hops(skb, NFPROTO_IPV6), info->mode, info->hop_limit);
}

static int hl_mt_check_mode(u8 mode)
{
	if (mode > IPT_TTL_GT)
		return xt_refuse(-EINVAL, "unknown comparison %u", mode);
	return 0;
}

static int hl_mt4_check(const struct xt_mtchk_param *par)
{
	const struct ipt_ttl_info *info = par->matchinfo;

	return hl_mt_check_mode(info->mode);
}

static int hl_mt6_check(const struct xt_mtchk_param *par)
{
	const struct ip6t_hl_info *info = par->matchinfo;

	return hl_mt_check_mode(info->mode);
}

static struct xt_match hl_mt_rows[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4,
	       .name = "ttl", .match = hl_mt4, .checkentry = hl_mt4_check,
	       .matchsize = sizeof(struct ipt_ttl_info)),
	XT_ROW(NFPROTO_IPV6,
	       .name = "hl", .match = hl_mt6, .checkentry = hl_mt6_check,
	       .matchsize = sizeof(struct ip6t_hl_info)),
};

XT_MODULE_MATCHES(hl_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: time to live, hop limit (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_ttl");
MODULE_ALIAS("ip6t_hl");
