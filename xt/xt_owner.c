// SPDX-License-Identifier: GPL-2.0
/*
 * The match "owner": is there a local socket that sends a packet, and which user and group
 * opened it?  For OUTPUT and POSTROUTING; without state.  The file of the socket is read
 * under RCU, without a lock: see owner_mt_cred().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/netfilter/xt_owner.h>
#include <net/inet_sock.h>

#include "xt_extension.h"

/* What a rule can ask for; XT_OWNER_SUPPL_GROUPS only widens the question for the group */
#define OWNER_MT_QUESTIONS	(XT_OWNER_UID | XT_OWNER_GID | XT_OWNER_SOCKET)

/* The socket as user space has it, or NULL.  That of another namespace is none: its
 * numbers of users mean something else.
 */
static struct socket *owner_mt_socket(const struct sock *sk, const struct net *net)
{
	if (!sk || !sk_fullsock(sk) || !net_eq(sock_net(sk), net))
		return NULL;
	return READ_ONCE(sk->sk_socket);
}

/*
 * Who opened the socket, or NULL.  The memory of the socket, the file and the credentials
 * stays for an RCU period; but a file that was closed may be another's by now, with
 * other credentials.  So they count only if the socket still has them afterwards: close()
 * takes it away from @sk (sock_orphan()) before it frees the file.
 */
static const struct cred *owner_mt_cred(const struct sock *sk, const struct socket *socket)
{
	const struct file *file = READ_ONCE(socket->file);
	const struct cred *cred;

	if (!file)
		return NULL;
	cred = READ_ONCE(file->f_cred);
	/* cred before sk_socket: what a later owner of the file wrote comes after close() */
	smp_rmb();
	return READ_ONCE(sk->sk_socket) == socket ? cred : NULL;
}

static bool owner_mt_uid(const struct cred *cred, const struct xt_owner_match_info *info,
			 struct user_namespace *ns)
{
	kuid_t first = make_kuid(ns, info->uid_min), last = make_kuid(ns, info->uid_max);

	return uid_gte(cred->fsuid, first) && uid_lte(cred->fsuid, last);
}

static bool owner_mt_gid(const struct cred *cred, const struct xt_owner_match_info *info,
			 struct user_namespace *ns)
{
	kgid_t first = make_kgid(ns, info->gid_min), last = make_kgid(ns, info->gid_max);
	const struct group_info *groups = cred->group_info;
	int i;

	if (gid_gte(cred->fsgid, first) && gid_lte(cred->fsgid, last))
		return true;
	if (!(info->match & XT_OWNER_SUPPL_GROUPS) || !groups)
		return false;
	for (i = 0; i < groups->ngroups; i++) {
		if (gid_gte(groups->gid[i], first) && gid_lte(groups->gid[i], last))
			return true;
	}
	return false;
}

/* Which of the questions have the answer yes for a socket?  XT_OWNER_* */
static u8 owner_mt_facts(const struct sock *sk, const struct socket *socket,
			 const struct xt_owner_match_info *info)
{
	struct user_namespace *ns = sock_net(sk)->user_ns;
	u8 facts = XT_OWNER_SOCKET;
	const struct cred *cred;

	if (!(info->match & (XT_OWNER_UID | XT_OWNER_GID)))
		return facts;
	cred = owner_mt_cred(sk, socket);
	/* a socket of the kernel has no file */
	if (!cred)
		return facts;
	if (info->match & XT_OWNER_UID && owner_mt_uid(cred, info, ns))
		facts |= XT_OWNER_UID;
	if (info->match & XT_OWNER_GID && owner_mt_gid(cred, info, ns))
		facts |= XT_OWNER_GID;
	return facts;
}

static bool owner_mt_test(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_owner_match_info *info = par->matchinfo;
	const struct sock *sk = skb_to_full_sk(skb);
	u8 asked = info->match & OWNER_MT_QUESTIONS;
	const struct socket *socket;

	socket = owner_mt_socket(sk, xt_net(par));
	/* nobody is not this user: without a socket all that is inverted matches */
	if (!socket)
		return info->match == info->invert;
	return ((owner_mt_facts(sk, socket, info) ^ info->invert) & asked) == asked;
}

/* The ids of the rule are numbers of the user namespace that owns the network, and are to
 * mean the same in it as for who inserts the rule.
 */
static int owner_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_owner_match_info *info = par->matchinfo;
	struct user_namespace *ns = par->net->user_ns;

	if (info->match & ~XT_OWNER_MASK)
		return xt_refuse(-EINVAL, "unknown flags 0x%x", info->match & ~XT_OWNER_MASK);
	if (info->match & (XT_OWNER_UID | XT_OWNER_GID) && current_user_ns() != ns)
		return xt_refuse(-EINVAL, "ids need the user namespace of the network");
	if (info->match & XT_OWNER_UID &&
	    (info->uid_min > info->uid_max || !uid_valid(make_kuid(ns, info->uid_min)) ||
	     !uid_valid(make_kuid(ns, info->uid_max))))
		return xt_refuse(-EINVAL, "no range of users: %u-%u", info->uid_min, info->uid_max);
	if (info->match & XT_OWNER_GID &&
	    (info->gid_min > info->gid_max || !gid_valid(make_kgid(ns, info->gid_min)) ||
	     !gid_valid(make_kgid(ns, info->gid_max))))
		return xt_refuse(-EINVAL, "no range of groups: %u-%u",
				 info->gid_min, info->gid_max);
	return 0;
}

static struct xt_match owner_mt[] __read_mostly = {
	XT_BOTH(.name = "owner", .revision = 1,
		.match = owner_mt_test, .checkentry = owner_mt_check,
		.matchsize = sizeof(struct xt_owner_match_info),
		.hooks = 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING),
};

XT_MODULE_MATCHES(owner_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: owner of the sending socket (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_owner");
MODULE_ALIAS("ip6t_owner");
