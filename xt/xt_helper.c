// SPDX-License-Identifier: GPL-2.0
/*
 * The match "helper": packets of a connection that a helper has expected, by the name of
 * that helper or of any.  For all hooks; without state, the helper is read under RCU.
 */

#include <linux/netfilter/xt_helper.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "xt_track.h"

/* The helper of the connection that has caused this one */
static const struct nf_conntrack_helper *helper_mt_origin(const struct sk_buff *skb)
{
	const struct nf_conn_help *help;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	help = ct && ct->master ? nfct_help(ct->master) : NULL;
	return help ? rcu_dereference(help->helper) : NULL;
}

/* "ftp-2121" means the helper "ftp" as well: a rule may name the port, which only helpers
 * at other ports than the usual one have in their name.  No name means any helper.
 */
static bool helper_mt_named(const struct nf_conntrack_helper *helper, const char *wanted)
{
	return !*wanted || !strncmp(helper->name, wanted, strlen(helper->name));
}

static bool helper_mt_expected(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct nf_conntrack_helper *helper = helper_mt_origin(skb);
	const struct xt_helper_info *info = par->matchinfo;

	return (helper && helper_mt_named(helper, info->name)) != !!info->invert;
}

static int helper_mt_check(const struct xt_mtchk_param *par)
{
	struct xt_helper_info *info = par->matchinfo;

	info->name[sizeof(info->name) - 1] = '\0';
	return xt_track_get(par->net, par->family);
}

static struct xt_match helper_mt[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "helper", .match = helper_mt_expected,
	       .matchsize = sizeof(struct xt_helper_info),
	       .checkentry = helper_mt_check, .destroy = xt_track_mt_destroy),
};

XT_MODULE_MATCHES(helper_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: helper that has expected a connection (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_helper");
MODULE_ALIAS("ip6t_helper");
