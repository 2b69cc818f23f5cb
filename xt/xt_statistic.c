// SPDX-License-Identifier: GPL-2.0
/*
 * The match "statistic": a random share of the packets, or each nth.  For all hooks.  Each
 * nth: a rule has one counter, which all CPUs raise at once without waiting.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_statistic.h>
#include <linux/random.h>

#include "xt_extension.h"
#include "xt_rule_state.h"

struct xt_statistic_priv {
	atomic64_t	count;
};

/* A probability of 2^31 is certainty. */
static bool statistic_mt_random(const struct xt_statistic_info *info)
{
	return get_random_u32() >> 1 < info->u.random.probability;
}

/*
 * Of each @every + 1 packets the last; the rule may begin in the middle.  The CPU that has
 * the last takes a round off the counter: most packets need no division.  Until it has done
 * so, other CPUs count on into the next round.
 */
static bool statistic_mt_nth(const struct xt_statistic_info *info)
{
	u64 round = info->u.nth.every + 1ULL;
	u64 packet = atomic64_inc_return(&info->master->count);

	if (likely(packet < round) || packet % round)
		return false;
	atomic64_sub(round, &info->master->count);
	return true;
}

static bool statistic_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_statistic_info *info = par->matchinfo;
	bool hit = info->mode == XT_STATISTIC_MODE_NTH ? statistic_mt_nth(info) :
							 statistic_mt_random(info);

	return hit != !!(info->flags & XT_STATISTIC_INVERT);
}

static int statistic_mt_check(const struct xt_mtchk_param *par)
{
	struct xt_statistic_info *info = par->matchinfo;

	if (info->mode > XT_STATISTIC_MODE_MAX)
		return xt_refuse(-EINVAL, "unknown mode %u", info->mode);
	if (info->flags & ~XT_STATISTIC_MASK)
		return xt_refuse(-EINVAL, "unknown flags %#x", info->flags);
	info->master = xt_rule_state_new(sizeof(*info->master));
	if (!info->master)
		return -ENOMEM;
	atomic64_set(&info->master->count, info->u.nth.count);
	return 0;
}

static void statistic_mt_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_statistic_info *info = par->matchinfo;

	xt_rule_state_free(info->master);
}

static struct xt_match statistic_mts[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "statistic", .match = statistic_mt,
	       .checkentry = statistic_mt_check, .destroy = statistic_mt_destroy,
	       .matchsize = sizeof(struct xt_statistic_info),
	       .usersize = offsetof(struct xt_statistic_info, master)),
};

XT_MODULE_MATCHES(statistic_mts);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: random and each nth packet (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_statistic");
MODULE_ALIAS("ip6t_statistic");
