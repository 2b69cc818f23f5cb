// SPDX-License-Identifier: GPL-2.0
/*
 * The target "CLASSIFY": the priority of a packet, by which a queueing discipline puts it
 * into a class.  In the hooks that a packet passes on its way out; without state.
 */

#include <linux/netfilter_arp.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/netfilter/xt_CLASSIFY.h>

#include "xt_extension.h"

static unsigned int classify_tg_set(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_classify_target_info *info = par->targinfo;

	skb->priority = info->priority;
	return XT_CONTINUE;
}

#define CLASSIFY_TG(where)						\
	.name = "CLASSIFY", .target = classify_tg_set, .hooks = (where),	\
	.targetsize = sizeof(struct xt_classify_target_info)

#define CLASSIFY_TG_INET						\
	CLASSIFY_TG(BIT(NF_INET_FORWARD) | BIT(NF_INET_LOCAL_OUT) | BIT(NF_INET_POST_ROUTING))

static struct xt_target classify_tg[] __read_mostly = {
	XT_BOTH(CLASSIFY_TG_INET),
	XT_ROW(NFPROTO_ARP, CLASSIFY_TG(BIT(NF_ARP_OUT) | BIT(NF_ARP_FORWARD))),
};

XT_MODULE_TARGETS(classify_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: class of queueing disciplines (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_CLASSIFY");
MODULE_ALIAS("ip6t_CLASSIFY");
MODULE_ALIAS("arpt_CLASSIFY");
