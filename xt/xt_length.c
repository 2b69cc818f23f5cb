// SPDX-License-Identifier: GPL-2.0
/*
 * The match "length": the length of a packet, from its IP header on, is in a range of bytes
 * or outside of it.  For all hooks; without state.
 */

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter/xt_length.h>

#include "xt_extension.h"
#include "xt_transport.h"

static bool length_mt_in(u32 len, const struct xt_length_info *info)
{
	/* a number above 1 matches always, as on stock */
	return xt_in_range(len, info->min, info->max, false) != info->invert;
}

static bool length_mt4(const struct sk_buff *skb, struct xt_action_param *par)
{
	return length_mt_in(skb_ip_totlen(skb), par->matchinfo);
}

static bool length_mt6(const struct sk_buff *skb, struct xt_action_param *par)
{
	u32 len = sizeof(struct ipv6hdr) + skb_ipv6_payload_len(skb);

	return length_mt_in(len, par->matchinfo);
}

static struct xt_match length_mt[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4,
	       .name = "length", .match = length_mt4,
	       .matchsize = sizeof(struct xt_length_info)),
	XT_ROW(NFPROTO_IPV6,
	       .name = "length", .match = length_mt6,
	       .matchsize = sizeof(struct xt_length_info)),
};

XT_MODULE_MATCHES(length_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: packet length (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_length");
MODULE_ALIAS("ip6t_length");
