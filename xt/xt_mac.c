// SPDX-License-Identifier: GPL-2.0
/*
 * The match "mac": the Ethernet address that a packet came from.  In PREROUTING, INPUT and
 * FORWARD; without state.
 */
#include <linux/etherdevice.h>
#include <linux/if_arp.h>
#include <linux/netfilter/xt_mac.h>

#include "xt_extension.h"

/* Did the packet come with an Ethernet header that is still in front of it? */
static bool mac_mt_ethernet(const struct sk_buff *skb)
{
	return skb->dev && skb->dev->type == ARPHRD_ETHER && skb_mac_header_was_set(skb) &&
	       skb_mac_header(skb) >= skb->head && skb_mac_header(skb) + ETH_HLEN <= skb->data;
}

/* A packet without an address matches neither a rule nor its inversion */
static bool mac_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_mac_info *info = par->matchinfo;

	return mac_mt_ethernet(skb) &&
	       ether_addr_equal(eth_hdr(skb)->h_source, info->srcaddr) != info->invert;
}

#define MAC_MT_HOOKS							\
	(1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD)

static struct xt_match mac_mt_rows[] __read_mostly = {
	XT_BOTH(.name = "mac", .match = mac_mt, .hooks = MAC_MT_HOOKS,
		.matchsize = sizeof(struct xt_mac_info)),
};

XT_MODULE_MATCHES(mac_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: source Ethernet address (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_mac");
MODULE_ALIAS("ip6t_mac");
