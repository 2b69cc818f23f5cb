// SPDX-License-Identifier: GPL-2.0
/*
 * The match "rateest": the rate that an estimator of the target RATEEST has measured is
 * above, below or at a value or that of another estimator.  For all hooks.  A rule holds
 * its estimators; their rates are read under RCU.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_rateest.h>
#include <net/netfilter/xt_rateest.h>

#include "xt_extension.h"

#define RATEEST_MT_OTHER	(XT_RATEEST_MATCH_ABS | XT_RATEEST_MATCH_REL)
#define RATEEST_MT_UNITS	(XT_RATEEST_MATCH_BPS | XT_RATEEST_MATCH_PPS)

/* What @base has left above what was measured */
static u64 rateest_mt_delta(u64 base, u64 measured)
{
	return base > measured ? base - measured : 0;
}

/* Always inline: it is little more than a call, and each packet comes here */
static __always_inline struct gnet_stats_rate_est64
rateest_mt_measure(struct xt_rateest *est, u16 flags, u32 bps, u32 pps)
{
	struct gnet_stats_rate_est64 rate = {};

	gen_estimator_read(&est->rate_est, &rate);
	if (flags & XT_RATEEST_MATCH_DELTA) {
		rate.bps = rateest_mt_delta(bps, rate.bps);
		rate.pps = rateest_mt_delta(pps, rate.pps);
	}
	return rate;
}

static bool rateest_mt_compare(u64 one, u64 other, u16 mode)
{
	switch (mode) {
	case XT_RATEEST_MATCH_LT:
		return one < other;
	case XT_RATEEST_MATCH_GT:
		return one > other;
	default:
		return one == other;
	}
}

static bool rateest_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_rateest_match_info *info = par->matchinfo;
	struct gnet_stats_rate_est64 one, other = { info->bps2, info->pps2 };
	bool hit = true;

	one = rateest_mt_measure(info->est1, info->flags, info->bps1, info->pps1);
	if (info->flags & XT_RATEEST_MATCH_REL)
		other = rateest_mt_measure(info->est2, info->flags, info->bps2, info->pps2);

	if (info->flags & XT_RATEEST_MATCH_BPS)
		hit &= rateest_mt_compare(one.bps, other.bps, info->mode);
	if (info->flags & XT_RATEEST_MATCH_PPS)
		hit &= rateest_mt_compare(one.pps, other.pps, info->mode);
	return hit != !!(info->flags & XT_RATEEST_MATCH_INVERT);
}

/* The estimator of a name that comes from a user, and that need not have an end */
static int rateest_mt_get(struct net *net, const char *name, struct xt_rateest **est)
{
	if (strnlen(name, IFNAMSIZ) == IFNAMSIZ)
		return xt_refuse(-ENAMETOOLONG, "the name of an estimator has no end");
	*est = xt_rateest_lookup(net, name);
	if (!*est)
		return xt_refuse(-ENOENT, "no rule with the target RATEEST has estimator %s",
				 name);
	return 0;
}

static int rateest_mt_check(const struct xt_mtchk_param *par)
{
	struct xt_rateest_match_info *info = par->matchinfo;
	int err;

	if (hweight16(info->flags & RATEEST_MT_OTHER) != 1 ||
	    !(info->flags & RATEEST_MT_UNITS))
		return xt_refuse(-EINVAL, "flags %#x: one thing to compare with, by bits or packets",
				 info->flags);
	if (info->mode < XT_RATEEST_MATCH_EQ || info->mode > XT_RATEEST_MATCH_GT)
		return xt_refuse(-EINVAL, "unknown comparison %u", info->mode);

	err = rateest_mt_get(par->net, info->name1, &info->est1);
	if (err)
		return err;
	info->est2 = NULL;
	if (info->flags & XT_RATEEST_MATCH_REL)
		err = rateest_mt_get(par->net, info->name2, &info->est2);
	if (err)
		xt_rateest_put(par->net, info->est1);
	return err;
}

static void rateest_mt_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_rateest_match_info *info = par->matchinfo;

	if (info->est2)
		xt_rateest_put(par->net, info->est2);
	xt_rateest_put(par->net, info->est1);
}

static struct xt_match rateest_mts[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "rateest", .match = rateest_mt,
	       .checkentry = rateest_mt_check, .destroy = rateest_mt_destroy,
	       .matchsize = sizeof(struct xt_rateest_match_info),
	       .usersize = offsetof(struct xt_rateest_match_info, est1)),
};

XT_MODULE_MATCHES(rateest_mts);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: measured rate (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_rateest");
MODULE_ALIAS("ip6t_rateest");
