// SPDX-License-Identifier: GPL-2.0
/*
 * The target "NFQUEUE": a packet waits for the verdict of the program that has a queue.  A
 * rule may have several queues: both directions of a connection go to the same, or each CPU
 * has its own.  For all hooks; without state but a random number.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/net.h>
#include <linux/netfilter/xt_NFQUEUE.h>
#include <net/netfilter/nf_queue.h>

#include "xt_extension.h"

/* Nobody outside can tell which queue a connection gets; the first rule draws it */
static u32 nfqueue_tg_secret __read_mostly;

/* Revision 2 has a flag only, "bypass"; revision 3 has given it its first bit. */
static_assert(sizeof(struct xt_NFQ_info_v2) == sizeof(struct xt_NFQ_info_v3));
static_assert(offsetof(struct xt_NFQ_info_v2, bypass) ==
	      offsetof(struct xt_NFQ_info_v3, flags));

static u32 nfqueue_tg_by_hash(const struct sk_buff *skb, const struct xt_action_param *par,
			      u16 first, u16 total)
{
	return total > 1 ? nfqueue_hash(skb, first, total, xt_family(par), nfqueue_tg_secret) :
			   first;
}

static unsigned int nfqueue_tg0(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_NFQ_info *info = par->targinfo;

	return NF_QUEUE_NR(info->queuenum);
}

static unsigned int nfqueue_tg1(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_NFQ_info_v1 *info = par->targinfo;

	return NF_QUEUE_NR(nfqueue_tg_by_hash(skb, par, info->queuenum, info->queues_total));
}

static unsigned int nfqueue_tg_flags(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_NFQ_info_v3 *info = par->targinfo;
	unsigned int verdict;

	if (info->flags & NFQ_FLAG_CPU_FANOUT)
		verdict = NF_QUEUE_NR(info->queuenum +
				      raw_smp_processor_id() % info->queues_total);
	else
		verdict = NF_QUEUE_NR(nfqueue_tg_by_hash(skb, par, info->queuenum,
							 info->queues_total));
	/* nobody listens: the packet goes on */
	if (info->flags & NFQ_FLAG_BYPASS)
		verdict |= NF_VERDICT_FLAG_QUEUE_BYPASS;
	return verdict;
}

static int nfqueue_tg_check_queues(u16 first, u16 total)
{
	if (!total)
		return xt_refuse(-EINVAL, "a rule needs a queue");
	if (first + total - 1 > U16_MAX)
		return xt_refuse(-ERANGE, "queues %u to %u: the last possible one is %u", first,
				 first + total - 1, U16_MAX);
	get_random_once(&nfqueue_tg_secret, sizeof(nfqueue_tg_secret));
	return 0;
}

static int nfqueue_tg1_check(const struct xt_tgchk_param *par)
{
	const struct xt_NFQ_info_v1 *info = par->targinfo;

	return nfqueue_tg_check_queues(info->queuenum, info->queues_total);
}

static int nfqueue_tg2_check(const struct xt_tgchk_param *par)
{
	const struct xt_NFQ_info_v2 *info = par->targinfo;
	int err = nfqueue_tg_check_queues(info->queuenum, info->queues_total);

	if (!err && info->bypass > 1)
		err = xt_refuse(-EINVAL, "bypass is 0 or 1, not %u", info->bypass);
	return err;
}

static int nfqueue_tg3_check(const struct xt_tgchk_param *par)
{
	const struct xt_NFQ_info_v3 *info = par->targinfo;
	int err = nfqueue_tg_check_queues(info->queuenum, info->queues_total);

	if (!err && info->flags & ~NFQ_FLAG_MASK)
		err = xt_refuse(-EINVAL, "unknown flags %#x", info->flags & ~NFQ_FLAG_MASK);
	return err;
}

#define NFQUEUE_TG(number, what, ...)					\
	XT_ROW(NFPROTO_UNSPEC,						\
	       .name = "NFQUEUE", .revision = (number), .target = (what), ##__VA_ARGS__)

static struct xt_target nfqueue_tg[] __read_mostly = {
	NFQUEUE_TG(0, nfqueue_tg0, .targetsize = sizeof(struct xt_NFQ_info)),
	NFQUEUE_TG(1, nfqueue_tg1, .targetsize = sizeof(struct xt_NFQ_info_v1),
		   .checkentry = nfqueue_tg1_check),
	NFQUEUE_TG(2, nfqueue_tg_flags, .targetsize = sizeof(struct xt_NFQ_info_v2),
		   .checkentry = nfqueue_tg2_check),
	NFQUEUE_TG(3, nfqueue_tg_flags, .targetsize = sizeof(struct xt_NFQ_info_v3),
		   .checkentry = nfqueue_tg3_check),
};

XT_MODULE_TARGETS(nfqueue_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: packets to programs that decide (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_NFQUEUE");
MODULE_ALIAS("ip6t_NFQUEUE");
MODULE_ALIAS("arpt_NFQUEUE");
