// SPDX-License-Identifier: GPL-2.0
/*
 * The match "connlimit": a client, or a server, or a network of them has more connections
 * than a limit.  For all hooks.  Each rule has a tree of what it has counted; the module
 * nf_conncount owns it, its locks and how it forgets connections that have ended.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter/xt_connlimit.h>
#include <net/netfilter/nf_conntrack_count.h>

#include "xt_extension.h"

/* What is counted together: a masked address and the zone behind it */
#define CONNLIMIT_MT_WORDS(family)	((family) == NFPROTO_IPV6 ? 4 : 1)
#define CONNLIMIT_MT_KEY		(4 + 1)

static const void *connlimit_mt_addr(const struct sk_buff *skb, u8 family, bool dst)
{
	if (family == NFPROTO_IPV6)
		return dst ? &ipv6_hdr(skb)->daddr : &ipv6_hdr(skb)->saddr;
	return dst ? &ip_hdr(skb)->daddr : &ip_hdr(skb)->saddr;
}

static void connlimit_mt_key(const struct sk_buff *skb, const struct xt_connlimit_info *info,
			     u8 family, u32 key[CONNLIMIT_MT_KEY])
{
	unsigned int words = CONNLIMIT_MT_WORDS(family), i;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;

	memcpy(key, connlimit_mt_addr(skb, family, info->flags & XT_CONNLIMIT_DADDR),
	       words * sizeof(*key));
	for (i = 0; i < words; i++)
		key[i] &= info->mask.all[i];
	ct = nf_ct_get(skb, &ctinfo);
	key[words] = ct ? nf_ct_zone(ct)->id : NF_CT_DEFAULT_ZONE_ID;
}

static bool connlimit_mt_above(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_connlimit_info *info = par->matchinfo;
	u32 key[CONNLIMIT_MT_KEY];
	unsigned int count;

	connlimit_mt_key(skb, info, xt_family(par), key);
	count = nf_conncount_count_skb(xt_net(par), skb, xt_family(par), info->data, key);
	if (!count) {
		/* not even this connection: memory is short, or it has no ports */
		par->hotdrop = true;
		return false;
	}
	return (count > info->limit) != !!(info->flags & XT_CONNLIMIT_INVERT);
}

static int connlimit_mt_check(const struct xt_mtchk_param *par)
{
	unsigned int words = CONNLIMIT_MT_WORDS(par->family) + 1;
	struct xt_connlimit_info *info = par->matchinfo;
	struct nf_conncount_data *data;

	data = nf_ct_conncount_init(par->net, par->family, words * sizeof(u32));
	if (IS_ERR(data))
		return xt_refuse(PTR_ERR(data), "no connections to count (family %u, error %ld)",
				 par->family, PTR_ERR(data));
	info->data = data;
	return 0;
}

static void connlimit_mt_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_connlimit_info *info = par->matchinfo;

	nf_ct_conncount_destroy(par->net, par->family, info->data);
}

static struct xt_match connlimit_mt[] __read_mostly = {
	XT_BOTH(.name = "connlimit", .revision = 1, .match = connlimit_mt_above,
		.matchsize = sizeof(struct xt_connlimit_info),
		.usersize = offsetof(struct xt_connlimit_info, data),
		.checkentry = connlimit_mt_check, .destroy = connlimit_mt_destroy),
};

XT_MODULE_MATCHES(connlimit_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: number of connections (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_connlimit");
MODULE_ALIAS("ip6t_connlimit");
