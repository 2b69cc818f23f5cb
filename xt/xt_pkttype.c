// SPDX-License-Identifier: GPL-2.0
/*
 * The match "pkttype": whether the link layer sent a packet to this host, to a group, to all
 * or to another host.  For all hooks; without state.
 */
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter/xt_pkttype.h>
#include <net/ipv6.h>

#include "xt_extension.h"

/* A copy that this host sent to itself (PACKET_LOOPBACK) went to a group or to all: its
 * address says which.
 */
static int pkttype_mt_of_copy(const struct sk_buff *skb, u8 family)
{
	bool group = false;

	if (family == NFPROTO_IPV4)
		group = ipv4_is_multicast(ip_hdr(skb)->daddr);
	else if (family == NFPROTO_IPV6)
		group = ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
	return group ? PACKET_MULTICAST : PACKET_BROADCAST;
}

static bool pkttype_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_pkttype_info *info = par->matchinfo;
	int type = skb->pkt_type;

	if (type == PACKET_LOOPBACK)
		type = pkttype_mt_of_copy(skb, xt_family(par));
	return (type == info->pkttype) != info->invert;
}

static struct xt_match pkttype_mt_rows[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "pkttype", .match = pkttype_mt,
	       .matchsize = sizeof(struct xt_pkttype_info)),
};

XT_MODULE_MATCHES(pkttype_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: unicast, broadcast or multicast (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_pkttype");
MODULE_ALIAS("ip6t_pkttype");
