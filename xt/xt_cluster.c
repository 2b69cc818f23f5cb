// SPDX-License-Identifier: GPL-2.0
/*
 * The match "cluster": of several nodes that see the same packets, is this the one for the
 * connection?  The source of a connection, or of the one that has caused it, is hashed to
 * the number of a node.  All nodes have to agree, also those with the kernel's own module:
 * the hash is part of the interface.  For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/jhash.h>
#include <linux/netfilter/xt_cluster.h>
#include <net/ipv6.h>

#include "xt_track.h"

/* Of an IPv6 address the first 32 bits are hashed: the kernel's module does so, and a cluster
 * may have nodes with either.
 */
static u32 cluster_mt_hash(const struct nf_conn *ct, u32 seed)
{
	return jhash_1word(ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple.src.u3.all[0], seed);
}

static bool cluster_mt_to_group(const struct sk_buff *skb, u8 family)
{
	return family == NFPROTO_IPV4 ? ipv4_is_multicast(ip_hdr(skb)->daddr) :
					ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr);
}

/* Nodes may share a multicast address of the link layer.  What comes to it for a single
 * host would not be taken by TCP: say that it is for us.
 */
static void cluster_mt_take(const struct sk_buff *skb, u8 family)
{
	if (skb->pkt_type == PACKET_MULTICAST && !cluster_mt_to_group(skb, family))
		((struct sk_buff *)skb)->pkt_type = PACKET_HOST;
}

static bool cluster_mt_ours(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_cluster_match_info *info = par->matchinfo;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;
	u32 node;

	cluster_mt_take(skb, xt_family(par));
	ct = nf_ct_get(skb, &ctinfo);
	/* a template has no source yet */
	if (!ct || nf_ct_is_template(ct))
		return false;
	node = reciprocal_scale(cluster_mt_hash(ct->master ?: ct, info->hash_seed),
				info->total_nodes);
	return !!(info->node_mask & BIT(node)) != !!(info->flags & XT_CLUSTER_F_INV);
}

static int cluster_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_cluster_match_info *info = par->matchinfo;

	if (info->total_nodes > XT_CLUSTER_NODES_MAX)
		return xt_refuse(-EINVAL, "%u nodes are more than %u", info->total_nodes,
				 XT_CLUSTER_NODES_MAX);
	if (info->node_mask >= BIT_ULL(info->total_nodes))
		return xt_refuse(-EDOM, "the mask %#x has nodes that are not among the %u",
				 info->node_mask, info->total_nodes);
	return xt_track_get(par->net, par->family);
}

static struct xt_match cluster_mt[] __read_mostly = {
	XT_BOTH(.name = "cluster", .match = cluster_mt_ours,
		.matchsize = sizeof(struct xt_cluster_match_info),
		.checkentry = cluster_mt_check, .destroy = xt_track_mt_destroy),
};

XT_MODULE_MATCHES(cluster_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: node of a cluster (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_cluster");
MODULE_ALIAS("ip6t_cluster");
