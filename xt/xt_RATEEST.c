// SPDX-License-Identifier: GPL-2.0
/*
 * The target "RATEEST": an estimator measures the rate of the packets that come here, for
 * the match "rateest".  For all hooks.  An estimator has a name in its namespace, and lives
 * as long as rules use it; the namespace's mutex guards names and users, the estimator's
 * lock its counters.
 *
 * The first five headers are ABI: the CRC of the two exports covers every type that is
 * complete there.  The list is frozen, order included.
 */
#include <linux/module.h>
#include <net/netlink.h>
#include <net/netns/generic.h>
#include <linux/netfilter/x_tables.h>
#include <net/netfilter/xt_rateest.h>

EXPORT_SYMBOL_GPL(xt_rateest_lookup);
EXPORT_SYMBOL_GPL(xt_rateest_put);

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gen_stats.h>
#include <linux/netfilter/xt_RATEEST.h>
#include <linux/slab.h>

#include "xt_extension.h"
#include "xt_named.h"

static unsigned int rateest_net_id __read_mostly;

struct rateest_net {
	struct mutex		lock;	/* of names and users */
	struct hlist_head	all;
};

static struct rateest_net *rateest_net(struct net *net)
{
	return net_generic(net, rateest_net_id);
}

/* Another rule uses the estimator of this name. */
static struct xt_rateest *rateest_get_locked(struct rateest_net *names, const char *name)
{
	struct xt_rateest *est;

	lockdep_assert_held(&names->lock);
	hlist_for_each_entry(est, &names->all, list) {
		if (!strncmp(est->name, name, sizeof(est->name))) {
			est->refcnt++;
			return est;
		}
	}
	return NULL;
}

/* Packets of other rules may still be reading the rate, under RCU. */
static void rateest_put_locked(struct xt_rateest *est)
{
	if (--est->refcnt)
		return;
	hlist_del(&est->list);
	gen_kill_estimator(&est->rate_est);
	kfree_rcu(est, rcu);
}

struct xt_rateest *xt_rateest_lookup(struct net *net, const char *name)
{
	struct rateest_net *names = rateest_net(net);
	struct xt_rateest *est;

	mutex_lock(&names->lock);
	est = rateest_get_locked(names, name);
	mutex_unlock(&names->lock);
	return est;
}

void xt_rateest_put(struct net *net, struct xt_rateest *est)
{
	struct rateest_net *names = rateest_net(net);

	mutex_lock(&names->lock);
	rateest_put_locked(est);
	mutex_unlock(&names->lock);
}

static unsigned int rateest_tg(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_rateest_target_info *info = par->targinfo;
	struct gnet_stats_basic_sync *stats = &info->est->bstats;

	spin_lock_bh(&info->est->lock);
	u64_stats_update_begin(&stats->syncp);
	u64_stats_add(&stats->bytes, skb->len);
	u64_stats_inc(&stats->packets);
	u64_stats_update_end(&stats->syncp);
	spin_unlock_bh(&info->est->lock);
	return XT_CONTINUE;
}

/* The kernel's estimator takes its parameters as a netlink attribute. */
static int rateest_tg_measure(struct xt_rateest *est)
{
	struct {
		struct nlattr		head;
		struct gnet_estimator	params;
	} option = {
		.head.nla_len = nla_attr_size(sizeof(option.params)),
		.head.nla_type = TCA_STATS_RATE_EST,
		.params = est->params,
	};

	return gen_new_estimator(&est->bstats, NULL, &est->rate_est, &est->lock, false,
				 &option.head);
}

static struct xt_rateest *rateest_tg_new(const struct xt_rateest_target_info *info)
{
	struct xt_rateest *est = kzalloc(sizeof(*est), GFP_KERNEL_ACCOUNT);
	int err;

	if (!est)
		return ERR_PTR(-ENOMEM);
	gnet_stats_basic_sync_init(&est->bstats);
	spin_lock_init(&est->lock);
	strscpy(est->name, info->name, sizeof(est->name));
	est->refcnt = 1;
	est->params.interval = info->interval;
	est->params.ewma_log = info->ewma_log;
	err = rateest_tg_measure(est);
	if (!err)
		return est;
	kfree(est);
	return ERR_PTR(xt_refuse(err, "no estimator with interval %d and ewmalog %u (error %d)",
				 info->interval, info->ewma_log, err));
}

/* An interval and a weight of 0, which iptables cannot say, are nobody's. */
static bool rateest_tg_agrees(const struct xt_rateest_target_info *info,
			      const struct xt_rateest *est)
{
	return (info->interval || info->ewma_log) &&
	       info->interval == est->params.interval &&
	       info->ewma_log == est->params.ewma_log;
}

static int rateest_tg_use(struct rateest_net *names, struct xt_rateest_target_info *info)
{
	struct xt_rateest *est = rateest_get_locked(names, info->name);

	if (est && !rateest_tg_agrees(info, est)) {
		rateest_put_locked(est);
		return xt_refuse(-EINVAL, "estimator %s has another interval or ewmalog",
				 info->name);
	}
	if (!est) {
		est = rateest_tg_new(info);
		if (IS_ERR(est))
			return PTR_ERR(est);
		hlist_add_head(&est->list, &names->all);
	}
	info->est = est;
	return 0;
}

static int rateest_tg_check(const struct xt_tgchk_param *par)
{
	struct xt_rateest_target_info *info = par->targinfo;
	struct rateest_net *names = rateest_net(par->net);
	int err;

	if (strnlen(info->name, sizeof(info->name)) == sizeof(info->name))
		return xt_refuse(-ENAMETOOLONG, "the name of an estimator has no end");
	mutex_lock(&names->lock);
	err = rateest_tg_use(names, info);
	mutex_unlock(&names->lock);
	return err;
}

static void rateest_tg_destroy(const struct xt_tgdtor_param *par)
{
	const struct xt_rateest_target_info *info = par->targinfo;

	xt_rateest_put(par->net, info->est);
}

static int __net_init rateest_net_init(struct net *net)
{
	struct rateest_net *names = rateest_net(net);

	mutex_init(&names->lock);
	INIT_HLIST_HEAD(&names->all);
	return 0;
}

static struct pernet_operations rateest_net_ops = {
	.init = rateest_net_init,
	.id = &rateest_net_id,
	.size = sizeof(struct rateest_net),
};

#define RATEEST_TG							\
	.name = "RATEEST", .target = rateest_tg,			\
	.checkentry = rateest_tg_check, .destroy = rateest_tg_destroy,	\
	.targetsize = sizeof(struct xt_rateest_target_info),		\
	.usersize = offsetof(struct xt_rateest_target_info, est)

static struct xt_target rateest_tgs[] __read_mostly = {
	XT_BOTH(RATEEST_TG),
};

XT_MODULE_NET(rateest_net_ops, targets, rateest_tgs);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: measure a rate (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_RATEEST");
MODULE_ALIAS("ip6t_RATEEST");
