// SPDX-License-Identifier: GPL-2.0
/*
 * What the helpers of protocols with broadcast questions share: any host of the subnet may
 * answer a question that a program of this host has sent to all of them.  No state, no
 * locks of its own; addresses of devices are read under RCU, which packets hold.
 */
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/route.h>
#include <net/sock.h>

#include "nf_ct_refresh.h"

/* A socket may keep its packet on the way into another namespace: that one forwards it. */
static bool broadcast_is_own(const struct sk_buff *skb, const struct nf_conn *ct)
{
	return skb->sk && net_eq(sock_net(skb->sk), nf_ct_net(ct));
}

/* Is it the address to which all hosts of the subnet listen?
 * DIFF: broadcast-not-named
 */
static bool broadcast_is_to(const struct in_ifaddr *ifa, __be32 daddr)
{
	if (ifa->ifa_broadcast)
		return daddr == ifa->ifa_broadcast;
	return ifa->ifa_prefixlen < 31 && daddr == (ifa->ifa_address | ~ifa->ifa_mask);
}

/* Mask of the subnet to which a packet is broadcast, 0 if it is not */
static __be32 broadcast_mask(const struct sk_buff *skb)
{
	const struct rtable *route = skb_rtable(skb);
	const struct in_device *dev;
	const struct in_ifaddr *ifa;

	if (!route || !(route->rt_flags & RTCF_BROADCAST))
		return 0;
	dev = __in_dev_get_rcu(route->dst.dev);
	if (!dev)
		return 0;
	in_dev_for_each_ifa_rcu(ifa, dev) {
		if (broadcast_is_to(ifa, ip_hdr(skb)->daddr))
			return ifa->ifa_mask;
	}
	return 0;
}

/* As the answer to a question, but from any address of the subnet, and any number of them.
 * DIFF: broadcast-port
 */
static void broadcast_expect(struct nf_conn *ct, __be32 mask)
{
	const struct nf_conntrack_tuple *answer = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	struct nf_conntrack_expect *exp = nf_ct_expect_alloc(ct);

	if (!exp)
		return;
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, NFPROTO_IPV4, &answer->src.u3,
			  &answer->dst.u3, answer->dst.protonum, &answer->src.u.all,
			  &answer->dst.u.all);
	exp->mask.src.u3.ip = mask;
	exp->flags = NF_CT_EXPECT_PERMANENT;
	nf_ct_expect_related(exp, 0);
	nf_ct_expect_put(exp);
}

/**
 * nf_conntrack_broadcast_help - expect the answers to a broadcast question
 * @skb:     packet that leaves
 * @ct:      its entry
 * @ctinfo:  its place in the connection
 * @timeout: seconds in which answers may come; the entry lives as long
 *
 * A question whose answers cannot be expected passes all the same.
 *
 * Context: a helper's, RCU.
 * Return: NF_ACCEPT.
 */
int nf_conntrack_broadcast_help(struct sk_buff *skb, struct nf_conn *ct,
				enum ip_conntrack_info ctinfo, unsigned int timeout)
{
	__be32 mask;

	if (!timeout || CTINFO2DIR(ctinfo) != IP_CT_DIR_ORIGINAL ||
	    nf_ct_l3num(ct) != NFPROTO_IPV4 || !broadcast_is_own(skb, ct))
		return NF_ACCEPT;

	mask = broadcast_mask(skb);
	if (mask) {
		broadcast_expect(ct, mask);
		nf_ct_refresh_seconds(ct, skb, timeout);
	}
	return NF_ACCEPT;
}

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Broadcast connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
