// SPDX-License-Identifier: GPL-2.0
/*
 * The match "iprange": source and destination address are in ranges of addresses or outside
 * of them.  For all hooks; without state.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter/xt_iprange.h>
#include <net/ipv6.h>

#include "xt_extension.h"

static bool iprange_mt_in4(__be32 address, const union nf_inet_addr *first,
			   const union nf_inet_addr *last)
{
	return ntohl(address) >= ntohl(first->ip) && ntohl(address) <= ntohl(last->ip);
}

static bool iprange_mt4(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_iprange_mtinfo *info = par->matchinfo;
	const struct iphdr *ip = ip_hdr(skb);

	if (info->flags & IPRANGE_SRC &&
	    iprange_mt_in4(ip->saddr, &info->src_min, &info->src_max) ==
	    !!(info->flags & IPRANGE_SRC_INV))
		return false;
	return !(info->flags & IPRANGE_DST) ||
	       iprange_mt_in4(ip->daddr, &info->dst_min, &info->dst_max) !=
	       !!(info->flags & IPRANGE_DST_INV);
}

static bool iprange_mt_in6(const struct in6_addr *address, const union nf_inet_addr *first,
			   const union nf_inet_addr *last)
{
	return ipv6_addr_cmp(address, &first->in6) >= 0 && ipv6_addr_cmp(address, &last->in6) <= 0;
}

static bool iprange_mt6(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_iprange_mtinfo *info = par->matchinfo;
	const struct ipv6hdr *ip = ipv6_hdr(skb);

	if (info->flags & IPRANGE_SRC &&
	    iprange_mt_in6(&ip->saddr, &info->src_min, &info->src_max) ==
	    !!(info->flags & IPRANGE_SRC_INV))
		return false;
	return !(info->flags & IPRANGE_DST) ||
	       iprange_mt_in6(&ip->daddr, &info->dst_min, &info->dst_max) !=
	       !!(info->flags & IPRANGE_DST_INV);
}

static struct xt_match iprange_mt_rows[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4,
	       .name = "iprange", .revision = 1, .match = iprange_mt4,
	       .matchsize = sizeof(struct xt_iprange_mtinfo)),
	XT_ROW(NFPROTO_IPV6,
	       .name = "iprange", .revision = 1, .match = iprange_mt6,
	       .matchsize = sizeof(struct xt_iprange_mtinfo)),
};

XT_MODULE_MATCHES(iprange_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: ranges of addresses (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_iprange");
MODULE_ALIAS("ip6t_iprange");
