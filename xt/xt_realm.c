// SPDX-License-Identifier: GPL-2.0
/*
 * The match "realm": the realm of the route that a packet takes.  In all hooks behind
 * routing, IPv4 only; without state.
 */
#include <linux/netfilter/xt_realm.h>
#include <linux/netfilter_ipv4.h>
#include <net/dst.h>

#include "xt_extension.h"

static bool realm_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_realm_info *info = par->matchinfo;

	return ((dst_tclassid(skb) & info->mask) == info->id) != info->invert;
}

#define REALM_MT_HOOKS							\
	(1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD |			\
	 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING)

static struct xt_match realm_mt_rows[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4,
	       .name = "realm", .match = realm_mt, .hooks = REALM_MT_HOOKS,
	       .matchsize = sizeof(struct xt_realm_info)),
};

XT_MODULE_MATCHES(realm_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: realm of the route (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_realm");
