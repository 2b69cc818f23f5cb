// SPDX-License-Identifier: GPL-2.0
/*
 * The match "limit": packets up to a rate, with a burst.  For all hooks.  A rule has one
 * bucket (xt_rate.h); CPUs change it without a lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/log2.h>
#include <linux/netfilter/xt_limit.h>
#include <linux/uaccess.h>

#include "xt_extension.h"
#include "xt_rate.h"
#include "xt_rule_state.h"

/* Stock's unit: as many a jiffy that a day's still fit into 32 bits */
#define LIMIT_SECOND	(HZ * rounddown_pow_of_two(U32_MAX / (HZ * 60UL * 60 * 24)))

struct xt_limit_priv {
	struct xt_rate		rate;
	struct xt_rate_bucket	bucket;
};

static bool limit_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_rateinfo *info = par->matchinfo;

	return xt_rate_take(&info->master->bucket, &info->master->rate);
}

/* A time in stock's unit, with the overflows that decide which rules it refuses */
static u32 limit_mt_stock(u32 time)
{
	if (time > U32_MAX / LIMIT_SECOND)
		return time / XT_LIMIT_SCALE * LIMIT_SECOND;
	return time * LIMIT_SECOND / XT_LIMIT_SCALE;
}

/* DIFF: limit-burst: what stock accepts has the burst that the rule says */
static int limit_mt_check(const struct xt_mtchk_param *par)
{
	struct xt_rateinfo *info = par->matchinfo;
	struct xt_limit_priv *priv;

	if (!info->burst)
		return xt_refuse(-ERANGE, "a burst of 0 lets nothing through");
	if (limit_mt_stock(info->avg * info->burst) < limit_mt_stock(info->avg))
		return xt_refuse(-ERANGE, "rate too low or burst too high: %u/10000 s a packet, burst %u",
				 info->avg, info->burst);
	priv = xt_rule_state_new(sizeof(*priv));
	if (!priv)
		return -ENOMEM;
	xt_rate_set(&priv->rate, info->avg, XT_LIMIT_SCALE, info->burst);
	xt_rate_fill(&priv->bucket, &priv->rate);
	info->master = priv;
	return 0;
}

static void limit_mt_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_rateinfo *info = par->matchinfo;

	xt_rule_state_free(info->master);
}

/* struct xt_rateinfo of 32-bit users.  DIFF: limit-32-bit: only the rule is theirs */
struct limit_rateinfo32 {
	u32	avg;
	u32	burst;
	u32	kernel[5];
};

static void __maybe_unused limit_mt_from_user32(void *to, const void *from)
{
	const struct limit_rateinfo32 *user = from;

	*(struct xt_rateinfo *)to = (struct xt_rateinfo){
		.avg = user->avg, .burst = user->burst,
	};
}

static int __maybe_unused limit_mt_to_user32(void __user *to, const void *from)
{
	const struct xt_rateinfo *info = from;
	struct limit_rateinfo32 user = { .avg = info->avg, .burst = info->burst };

	return copy_to_user(to, &user, sizeof(user)) ? -EFAULT : 0;
}

static struct xt_match limit_mts[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "limit", .match = limit_mt,
	       .checkentry = limit_mt_check, .destroy = limit_mt_destroy,
	       .matchsize = sizeof(struct xt_rateinfo),
	       .usersize = offsetof(struct xt_rateinfo, prev),
	       XT_COMPAT32(sizeof(struct limit_rateinfo32),
			   limit_mt_from_user32, limit_mt_to_user32)),
};

XT_MODULE_MATCHES(limit_mts);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: rate of packets (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_limit");
MODULE_ALIAS("ip6t_limit");
