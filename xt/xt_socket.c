// SPDX-License-Identifier: GPL-2.0
/*
 * The match "socket": a local socket waits for a packet, be it a connection or a listener.
 * For PREROUTING and INPUT; without state of its own.  Revisions 1 to 3 keep packets
 * whole in the namespace of the rule; revision 0 has never done so.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_socket.h>
#include <net/inet_sock.h>
#include <net/netfilter/nf_socket.h>
#include <net/tcp.h>

#include "xt_defrag.h"

/* The socket that the packet has already, or with a reference the one that would get it */
static struct sock *socket_mt_find(const struct sk_buff *skb, const struct xt_action_param *par)
{
	struct net *net = xt_net(par);

	if (skb->sk && net_eq(sock_net(skb->sk), net))
		return skb->sk;
	return xt_family(par) == NFPROTO_IPV6 ? nf_sk_lookup_slow_v6(net, skb, xt_in(par)) :
						nf_sk_lookup_slow_v4(net, skb, xt_in(par));
}

/* Does the socket take packets for every address?  A small socket, of a connection that
 * begins or has ended, is of one address only.
 */
static bool socket_mt_wildcard(const struct sock *sk, u8 family)
{
	if (!sk_fullsock(sk))
		return false;
	return family == NFPROTO_IPV6 ? ipv6_addr_any(&sk->sk_v6_rcv_saddr) :
					!inet_sk(sk)->inet_rcv_saddr;
}

static bool socket_mt_fits(const struct sock *sk, u8 family, u8 flags)
{
	if (!(flags & XT_SOCKET_NOWILDCARD) && socket_mt_wildcard(sk, family))
		return false;
	return !(flags & XT_SOCKET_TRANSPARENT) || inet_sk_transparent(sk);
}

static bool socket_mt_with(const struct sk_buff *skb, const struct xt_action_param *par, u8 flags)
{
	struct sock *sk = socket_mt_find(skb, par);
	bool fits;

	if (!sk)
		return false;
	fits = socket_mt_fits(sk, xt_family(par), flags);
	/* the one match that changes a packet */
	if (fits && flags & XT_SOCKET_RESTORESKMARK && sk_fullsock(sk))
		((struct sk_buff *)skb)->mark = READ_ONCE(sk->sk_mark);
	if (sk != skb->sk)
		sock_gen_put(sk);
	return fits;
}

static bool socket_mt0(const struct sk_buff *skb, struct xt_action_param *par)
{
	return socket_mt_with(skb, par, 0);
}

/* The revisions differ in the flags that they know, not in the structure. */
static bool socket_mt_test(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_socket_mtinfo3 *info = par->matchinfo;

	return socket_mt_with(skb, par, info->flags);
}

/* DIFF: defrag-refused: a rule that is refused holds nothing. */
static int socket_mt_check(const struct xt_mtchk_param *par)
{
	static const u8 known[] = { 0, XT_SOCKET_FLAGS_V1, XT_SOCKET_FLAGS_V2, XT_SOCKET_FLAGS_V3 };
	const struct xt_socket_mtinfo3 *info = par->matchinfo;
	u8 unknown = info->flags & ~known[par->match->revision];

	if (unknown)
		return xt_refuse(-EINVAL, "unknown flags 0x%x", unknown);
	return xt_defrag_get(par->net, par->family);
}

static void socket_mt_destroy(const struct xt_mtdtor_param *par)
{
	xt_defrag_put(par->net, par->family);
}

#define SOCKET_MT_HOOKS	.hooks = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN

#define SOCKET_MT(number, type)						\
	.name = "socket", .revision = (number), .match = socket_mt_test,	\
	.checkentry = socket_mt_check, .destroy = socket_mt_destroy,	\
	.matchsize = sizeof(type), SOCKET_MT_HOOKS

static struct xt_match socket_mt[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4,
	       .name = "socket", .match = socket_mt0, SOCKET_MT_HOOKS),
	XT_BOTH(SOCKET_MT(1, struct xt_socket_mtinfo1)),
	XT_BOTH(SOCKET_MT(2, struct xt_socket_mtinfo2)),
	XT_BOTH(SOCKET_MT(3, struct xt_socket_mtinfo3)),
};

XT_MODULE_MATCHES(socket_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: local socket of a packet (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_socket");
MODULE_ALIAS("ip6t_socket");
