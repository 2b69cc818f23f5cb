// SPDX-License-Identifier: GPL-2.0
/*
 * The match "quota": packets until the rule has seen so many bytes.  For all hooks.  A rule
 * has one number, which CPUs lower by compare-and-exchange.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_quota.h>

#include "xt_extension.h"
#include "xt_rule_state.h"

struct xt_quota_priv {
	atomic64_t	left;
};

/* The first packet that is too long ends the quota: shorter ones do not pass after it. */
static bool quota_mt_take(struct xt_quota_priv *priv, u64 bytes)
{
	u64 left = atomic64_read(&priv->left), rest;

	do {
		rest = left >= bytes ? left - bytes : 0;
		if (!left && bytes)
			return false;
	} while (!atomic64_try_cmpxchg(&priv->left, (s64 *)&left, rest));
	return left >= bytes;
}

static bool quota_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_quota_info *info = par->matchinfo;

	return quota_mt_take(info->master, skb->len) != !!(info->flags & XT_QUOTA_INVERT);
}

static int quota_mt_check(const struct xt_mtchk_param *par)
{
	struct xt_quota_info *info = par->matchinfo;

	if (info->flags & ~XT_QUOTA_MASK)
		return xt_refuse(-EINVAL, "unknown flags %#x", info->flags);
	info->master = xt_rule_state_new(sizeof(*info->master));
	if (!info->master)
		return -ENOMEM;
	atomic64_set(&info->master->left, info->quota);
	return 0;
}

static void quota_mt_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_quota_info *info = par->matchinfo;

	xt_rule_state_free(info->master);
}

static struct xt_match quota_mts[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "quota", .match = quota_mt,
	       .checkentry = quota_mt_check, .destroy = quota_mt_destroy,
	       .matchsize = sizeof(struct xt_quota_info),
	       .usersize = offsetof(struct xt_quota_info, master)),
};

XT_MODULE_MATCHES(quota_mts);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: number of bytes (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_quota");
MODULE_ALIAS("ip6t_quota");
