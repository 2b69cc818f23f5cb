// SPDX-License-Identifier: GPL-2.0-only
/*
 * getsockopt(SO_ORIGINAL_DST): the destination that a connection had before NAT
 * redirected it to this socket.  The addresses of the socket are read under its
 * lock.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/uaccess.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"

/**
 * struct nf_ct_sock_view - what the answer needs of a socket
 * @tuple:    tuple of the packets that the socket sends
 * @flowinfo: IPv6 flow label
 * @oif:      interface that the socket is bound to, or 0
 */
struct nf_ct_sock_view {
	struct nf_conntrack_tuple	tuple;
	__be32				flowinfo;
	int				oif;
};

static void nf_ct_sock_addresses(const struct sock *sk,
				 struct nf_ct_sock_view *view)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (view->tuple.src.l3num == AF_INET6) {
		view->tuple.src.u3.in6 = sk->sk_v6_rcv_saddr;
		view->tuple.dst.u3.in6 = sk->sk_v6_daddr;
		view->flowinfo = inet6_sk(sk)->flow_label & IPV6_FLOWINFO_MASK;
		return;
	}
#endif
	view->tuple.src.u3.ip = inet_sk(sk)->inet_rcv_saddr;
	view->tuple.dst.u3.ip = inet_sk(sk)->inet_daddr;
}

/* Fill @view, of which src.l3num is set and the rest zero. */
static void nf_ct_sock_look(struct sock *sk, struct nf_ct_sock_view *view)
{
	lock_sock(sk);
	nf_ct_sock_addresses(sk, view);
	view->tuple.dst.protonum = sk->sk_protocol;
	view->tuple.src.u.all = inet_sk(sk)->inet_sport;
	view->tuple.dst.u.all = inet_sk(sk)->inet_dport;
	view->oif = sk->sk_bound_dev_if;
	release_sock(sk);
}

/* Fill @view, and replace its tuple by the original one of the connection.  @given
 * bytes are there for an answer of @needed.  Only the default zone is searched:
 * a socket has no other.
 */
static int nf_ct_sock_original(struct sock *sk, int given, size_t needed,
			       struct nf_ct_sock_view *view)
{
	const struct nf_conntrack_tuple_hash *found;
	struct nf_conn *ct;

	/* Other protocols have no peer, or no ports at the usual place. */
	if (sk->sk_protocol != IPPROTO_TCP && sk->sk_protocol != IPPROTO_SCTP)
		return -ENOPROTOOPT;
	if (given < 0 || (size_t)given < needed)
		return -EINVAL;

	nf_ct_sock_look(sk, view);
	found = nf_conntrack_find_get(sock_net(sk), &nf_ct_zone_dflt,
				      &view->tuple);
	if (!found)
		return -ENOENT;

	ct = nf_ct_tuplehash_to_ctrack(found);
	view->tuple = *nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	nf_ct_put(ct);
	return 0;
}

static int nf_ct_sock_get_dst4(struct sock *sk, int optval, void __user *user,
			       int *len)
{
	struct nf_ct_sock_view view = { .tuple.src.l3num = AF_INET };
	struct sockaddr_in dst = { .sin_family = AF_INET };
	int err;

	err = nf_ct_sock_original(sk, *len, sizeof(dst), &view);
	if (err)
		return err;

	dst.sin_port = view.tuple.dst.u.all;
	dst.sin_addr = view.tuple.dst.u3.in;
	return copy_to_user(user, &dst, sizeof(dst)) ? -EFAULT : 0;
}

static struct nf_sockopt_ops nf_ct_sockopt_dst4 = {
	.pf		= PF_INET,
	.get_optmin	= SO_ORIGINAL_DST,
	.get_optmax	= SO_ORIGINAL_DST + 1,
	.get		= nf_ct_sock_get_dst4,
	.owner		= THIS_MODULE,
};

#if IS_ENABLED(CONFIG_IPV6)
static int nf_ct_sock_get_dst6(struct sock *sk, int optval, void __user *user,
			       int *len)
{
	struct nf_ct_sock_view view = { .tuple.src.l3num = AF_INET6 };
	struct sockaddr_in6 dst = { .sin6_family = AF_INET6 };
	int err;

	err = nf_ct_sock_original(sk, *len, sizeof(dst), &view);
	if (err)
		return err;

	dst.sin6_port = view.tuple.dst.u.all;
	dst.sin6_addr = view.tuple.dst.u3.in6;
	dst.sin6_flowinfo = view.flowinfo;
	dst.sin6_scope_id = ipv6_iface_scope_id(&dst.sin6_addr, view.oif);
	return copy_to_user(user, &dst, sizeof(dst)) ? -EFAULT : 0;
}

static struct nf_sockopt_ops nf_ct_sockopt_dst6 = {
	.pf		= NFPROTO_IPV6,
	.get_optmin	= IP6T_SO_ORIGINAL_DST,
	.get_optmax	= IP6T_SO_ORIGINAL_DST + 1,
	.get		= nf_ct_sock_get_dst6,
	.owner		= THIS_MODULE,
};
#endif

static struct nf_sockopt_ops *const nf_ct_sockopts[] = {
	&nf_ct_sockopt_dst4,
#if IS_ENABLED(CONFIG_IPV6)
	&nf_ct_sockopt_dst6,
#endif
};

/**
 * nf_conntrack_sockopt_init - offer SO_ORIGINAL_DST to sockets
 *
 * Context: process, may sleep.
 * Return: 0, or an error with nothing registered.
 */
int nf_conntrack_sockopt_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(nf_ct_sockopts); i++) {
		err = nf_register_sockopt(nf_ct_sockopts[i]);
		if (err)
			goto unwind;
	}
	return 0;

unwind:
	while (i--)
		nf_unregister_sockopt(nf_ct_sockopts[i]);
	return err;
}

/**
 * nf_conntrack_sockopt_fini - withdraw SO_ORIGINAL_DST
 *
 * Context: process, sleeps until the last user is out.
 */
void nf_conntrack_sockopt_fini(void)
{
	unsigned int i = ARRAY_SIZE(nf_ct_sockopts);

	while (i--)
		nf_unregister_sockopt(nf_ct_sockopts[i]);
}
