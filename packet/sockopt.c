// SPDX-License-Identifier: GPL-2.0-only
/*
 * getsockopt(SO_ORIGINAL_DST): where a connection that was redirected to this
 * socket wanted to go.  The addresses of the socket are read under its lock.
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

/* Protocols whose sockets have one peer, and ports at the usual place */
static bool nf_ct_sock_has_peer(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP ||
	       sk->sk_protocol == IPPROTO_SCTP;
}

static bool nf_ct_sock_too_short(int given, size_t needed)
{
	return given < 0 || (size_t)given < needed;
}

/*
 * Fills @wanted with the original tuple of the connection whose packets leave
 * the socket as @local.  Only the default zone: a socket knows of no other.
 */
static int nf_ct_sock_original(struct sock *sk,
			       const struct nf_conntrack_tuple *local,
			       struct nf_conntrack_tuple *wanted)
{
	const struct nf_conntrack_tuple_hash *found;
	struct nf_conn *ct;

	found = nf_conntrack_find_get(sock_net(sk), &nf_ct_zone_dflt, local);
	if (!found)
		return -ENOENT;

	ct = nf_ct_tuplehash_to_ctrack(found);
	*wanted = *nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	nf_ct_put(ct);
	return 0;
}

static int nf_ct_sock_get_dst4(struct sock *sk, int optval, void __user *user,
			       int *len)
{
	struct nf_conntrack_tuple local = { .src.l3num = AF_INET };
	struct sockaddr_in dst = { .sin_family = AF_INET };
	const struct inet_sock *inet = inet_sk(sk);
	struct nf_conntrack_tuple wanted;
	int err;

	if (!nf_ct_sock_has_peer(sk))
		return -ENOPROTOOPT;
	if (nf_ct_sock_too_short(*len, sizeof(dst)))
		return -EINVAL;

	lock_sock(sk);
	local.dst.protonum = sk->sk_protocol;
	local.src.u3.ip = inet->inet_rcv_saddr;
	local.src.u.all = inet->inet_sport;
	local.dst.u3.ip = inet->inet_daddr;
	local.dst.u.all = inet->inet_dport;
	release_sock(sk);

	err = nf_ct_sock_original(sk, &local, &wanted);
	if (err)
		return err;

	dst.sin_port = wanted.dst.u.all;
	dst.sin_addr = wanted.dst.u3.in;
	return copy_to_user(user, &dst, sizeof(dst)) ? -EFAULT : 0;
}

static struct nf_sockopt_ops original_dst4 = {
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
	struct nf_conntrack_tuple local = { .src.l3num = AF_INET6 };
	struct sockaddr_in6 dst = { .sin6_family = AF_INET6 };
	const struct ipv6_pinfo *np = inet6_sk(sk);
	const struct inet_sock *inet = inet_sk(sk);
	struct nf_conntrack_tuple wanted;
	int oif, err;

	if (!nf_ct_sock_has_peer(sk))
		return -ENOPROTOOPT;
	if (nf_ct_sock_too_short(*len, sizeof(dst)))
		return -EINVAL;

	lock_sock(sk);
	local.dst.protonum = sk->sk_protocol;
	local.src.u3.in6 = sk->sk_v6_rcv_saddr;
	local.src.u.all = inet->inet_sport;
	local.dst.u3.in6 = sk->sk_v6_daddr;
	local.dst.u.all = inet->inet_dport;
	dst.sin6_flowinfo = np->flow_label & IPV6_FLOWINFO_MASK;
	oif = sk->sk_bound_dev_if;
	release_sock(sk);

	err = nf_ct_sock_original(sk, &local, &wanted);
	if (err)
		return err;

	dst.sin6_port = wanted.dst.u.all;
	dst.sin6_addr = wanted.dst.u3.in6;
	dst.sin6_scope_id = ipv6_iface_scope_id(&dst.sin6_addr, oif);
	return copy_to_user(user, &dst, sizeof(dst)) ? -EFAULT : 0;
}

static struct nf_sockopt_ops original_dst6 = {
	.pf		= NFPROTO_IPV6,
	.get_optmin	= IP6T_SO_ORIGINAL_DST,
	.get_optmax	= IP6T_SO_ORIGINAL_DST + 1,
	.get		= nf_ct_sock_get_dst6,
	.owner		= THIS_MODULE,
};
#endif

static struct nf_sockopt_ops *const nf_ct_sockopts[] = {
	&original_dst4,
#if IS_ENABLED(CONFIG_IPV6)
	&original_dst6,
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
