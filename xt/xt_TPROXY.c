// SPDX-License-Identifier: GPL-2.0
/*
 * The target "TPROXY": hands a packet of TCP or UDP that is not for this machine to a local
 * transparent socket, unchanged, and marks it so that routing delivers it here.  For
 * PREROUTING of the table mangle; packets are kept whole in the namespace of the rule.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_TPROXY.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <net/netfilter/nf_tproxy.h>
#include <net/udp.h>

#include "xt_defrag.h"

/* The connection of the packet, or else who listens where the rule says.  A connection that
 * has ended (TIME-WAIT) gives way to a listener if the packet opens a new one.
 */
static struct sock *tproxy_tg_socket4(struct net *net, struct sk_buff *skb,
				      const struct xt_tproxy_target_info_v1 *info,
				      const struct udphdr *ports)
{
	__be16 port = info->lport ?: ports->dest;
	const struct iphdr *ip = ip_hdr(skb);
	struct sock *sk;
	__be32 addr;

	sk = nf_tproxy_get_sock_v4(net, skb, ip->protocol, ip->saddr, ip->daddr, ports->source,
				   ports->dest, skb->dev, NF_TPROXY_LOOKUP_ESTABLISHED);
	if (sk && sk->sk_state != TCP_TIME_WAIT)
		return sk;
	addr = nf_tproxy_laddr4(skb, info->laddr.ip, ip->daddr);
	if (sk)
		return nf_tproxy_handle_time_wait4(net, skb, addr, port, sk);
	return nf_tproxy_get_sock_v4(net, skb, ip->protocol, ip->saddr, addr, ports->source,
				     port, skb->dev, NF_TPROXY_LOOKUP_LISTENER);
}

/* The same; the protocol of the packet and the place of its header are the caller's. */
static struct sock *tproxy_tg_socket6(struct net *net, struct sk_buff *skb, int proto, int off,
				      const struct xt_tproxy_target_info_v1 *info,
				      const struct udphdr *ports)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	__be16 port = info->lport ?: ports->dest;
	const struct in6_addr *addr;
	struct sock *sk;

	sk = nf_tproxy_get_sock_v6(net, skb, off, proto, &ip->saddr, &ip->daddr, ports->source,
				   ports->dest, skb->dev, NF_TPROXY_LOOKUP_ESTABLISHED);
	if (sk && sk->sk_state != TCP_TIME_WAIT)
		return sk;
	addr = nf_tproxy_laddr6(skb, &info->laddr.in6, &ip->daddr);
	if (sk)
		return nf_tproxy_handle_time_wait6(skb, proto, off, net, addr, port, sk);
	return nf_tproxy_get_sock_v6(net, skb, off, proto, &ip->saddr, addr, ports->source,
				     port, skb->dev, NF_TPROXY_LOOKUP_LISTENER);
}

/* Takes over the reference to @sk, which may be NULL. */
static unsigned int tproxy_tg_give(struct sk_buff *skb, struct sock *sk,
				   const struct xt_tproxy_target_info_v1 *info)
{
	if (!sk || !nf_tproxy_sk_is_transparent(sk))
		return NF_DROP;
	skb->mark &= ~info->mark_mask;
	skb->mark ^= info->mark_value;
	nf_tproxy_assign_sock(skb, sk);
	return NF_ACCEPT;
}

/* DIFF: tproxy-protocols: in nf_tables a rule that names TCP need not ask for it, and other
 * packets get here.
 */
static bool tproxy_tg_has_ports(int proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

/*
 * DIFF: tproxy-fragments: only the first fragment has ports.  Fragments come here when the
 * table raw, before defragmentation, has taken them from connection tracking.
 */
static unsigned int tproxy_tg_by4(struct sk_buff *skb, const struct xt_action_param *par,
				  const struct xt_tproxy_target_info_v1 *info)
{
	const struct udphdr *ports;
	struct udphdr room;

	if (par->fragoff || !tproxy_tg_has_ports(ip_hdr(skb)->protocol))
		return NF_DROP;
	ports = skb_header_pointer(skb, ip_hdrlen(skb), sizeof(room), &room);
	if (!ports)
		return NF_DROP;
	return tproxy_tg_give(skb, tproxy_tg_socket4(xt_net(par), skb, info, ports), info);
}

static unsigned int tproxy_tg4_v0(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_tproxy_target_info *old = par->targinfo;
	struct xt_tproxy_target_info_v1 info = {
		.mark_mask	= old->mark_mask,
		.mark_value	= old->mark_value,
		.laddr.ip	= old->laddr,
		.lport		= old->lport,
	};

	return tproxy_tg_by4(skb, par, &info);
}

static unsigned int tproxy_tg4_v1(struct sk_buff *skb, const struct xt_action_param *par)
{
	return tproxy_tg_by4(skb, par, par->targinfo);
}

static unsigned int tproxy_tg6_v1(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_tproxy_target_info_v1 *info = par->targinfo;
	const struct udphdr *ports;
	unsigned int off = 0;
	struct udphdr room;
	u16 fragment = 0;
	struct sock *sk;
	int proto;

	proto = ipv6_find_hdr(skb, &off, -1, &fragment, NULL);
	if (!tproxy_tg_has_ports(proto) || fragment)
		return NF_DROP;
	ports = skb_header_pointer(skb, off, sizeof(room), &room);
	if (!ports)
		return NF_DROP;
	sk = tproxy_tg_socket6(xt_net(par), skb, proto, off, info, ports);
	return tproxy_tg_give(skb, sk, info);
}

static int tproxy_tg_check(u16 proto, bool inverted)
{
	if (!inverted && tproxy_tg_has_ports(proto))
		return 0;
	return xt_refuse(-EINVAL, "the rule has to say -p tcp or -p udp");
}

static int tproxy_tg4_check(const struct xt_tgchk_param *par)
{
	const struct ipt_ip *ip = par->entryinfo;
	int err = tproxy_tg_check(ip->proto, ip->invflags & IPT_INV_PROTO);

	return err ?: xt_defrag_get(par->net, NFPROTO_IPV4);
}

static int tproxy_tg6_check(const struct xt_tgchk_param *par)
{
	const struct ip6t_ip6 *ip = par->entryinfo;
	int err = tproxy_tg_check(ip->proto, ip->invflags & IP6T_INV_PROTO);

	return err ?: xt_defrag_get(par->net, NFPROTO_IPV6);
}

static void tproxy_tg_destroy(const struct xt_tgdtor_param *par)
{
	xt_defrag_put(par->net, par->family);
}

#define TPROXY_TG(number, type)						\
	.name = "TPROXY", .revision = (number), .destroy = tproxy_tg_destroy, \
	.targetsize = sizeof(type), .table = "mangle", .hooks = 1 << NF_INET_PRE_ROUTING

static struct xt_target tproxy_tg[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4, TPROXY_TG(0, struct xt_tproxy_target_info),
	       .target = tproxy_tg4_v0, .checkentry = tproxy_tg4_check),
	XT_ROW(NFPROTO_IPV4, TPROXY_TG(1, struct xt_tproxy_target_info_v1),
	       .target = tproxy_tg4_v1, .checkentry = tproxy_tg4_check),
	XT_ROW(NFPROTO_IPV6, TPROXY_TG(1, struct xt_tproxy_target_info_v1),
	       .target = tproxy_tg6_v1, .checkentry = tproxy_tg6_check),
};

XT_MODULE_TARGETS(tproxy_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: transparent proxy (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_TPROXY");
MODULE_ALIAS("ip6t_TPROXY");
