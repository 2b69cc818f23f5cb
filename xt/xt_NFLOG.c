// SPDX-License-Identifier: GPL-2.0
/*
 * The target "NFLOG": a packet goes to the programs that listen to a group of nfnetlink_log.
 * For all hooks; without state, the rule holds the logger.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_NFLOG.h>

#include "xt_logger.h"

static unsigned int nflog_tg_send(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_nflog_info *info = par->targinfo;
	const struct nf_loginfo how = {
		.type			= NF_LOG_TYPE_ULOG,
		.u.ulog.copy_len	= info->len,
		.u.ulog.group		= info->group,
		.u.ulog.qthreshold	= info->threshold,
		.u.ulog.flags		= info->flags & XT_NFLOG_F_COPY_LEN ?
					  NF_LOG_F_COPY_LEN : 0,
	};

	nf_log_packet(xt_net(par), xt_family(par), xt_hooknum(par), skb, xt_in(par),
		      xt_out(par), &how, "%s", info->prefix);
	return XT_CONTINUE;
}

static int nflog_tg_check(const struct xt_tgchk_param *par)
{
	const struct xt_nflog_info *info = par->targinfo;

	if (info->flags & ~XT_NFLOG_MASK)
		return xt_refuse(-EINVAL, "unknown flags %#x", info->flags & ~XT_NFLOG_MASK);
	/* the end of the text may come earlier: that of the field counts, as on stock */
	if (info->prefix[sizeof(info->prefix) - 1])
		return xt_refuse(-EINVAL, "a prefix has %zu characters at most",
				 sizeof(info->prefix) - 1);
	return xt_logger_get(par, NF_LOG_TYPE_ULOG, "nfnetlink_log");
}

static void nflog_tg_destroy(const struct xt_tgdtor_param *par)
{
	nf_logger_put(par->family, NF_LOG_TYPE_ULOG);
}

static struct xt_target nflog_tg[] __read_mostly = {
	XT_BOTH(.name = "NFLOG", .target = nflog_tg_send,
		.targetsize = sizeof(struct xt_nflog_info),
		.checkentry = nflog_tg_check, .destroy = nflog_tg_destroy),
};

XT_MODULE_TARGETS(nflog_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: packets to programs that log (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_NFLOG");
MODULE_ALIAS("ip6t_NFLOG");
MODULE_SOFTDEP("pre: nfnetlink_log");
