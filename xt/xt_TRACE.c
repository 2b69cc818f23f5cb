// SPDX-License-Identifier: GPL-2.0
/*
 * The target "TRACE": each rule that the packet meets from here on is logged by the tables.
 * In the table raw; without state, the rule holds the logger.
 */

#include "xt_logger.h"

static unsigned int trace_tg_mark(struct sk_buff *skb, const struct xt_action_param *par)
{
	skb->nf_trace = true;
	return XT_CONTINUE;
}

static int trace_tg_check(const struct xt_tgchk_param *par)
{
	return xt_logger_get(par, NF_LOG_TYPE_LOG, NULL);
}

static void trace_tg_destroy(const struct xt_tgdtor_param *par)
{
	nf_logger_put(par->family, NF_LOG_TYPE_LOG);
}

static struct xt_target trace_tg[] __read_mostly = {
	XT_BOTH(.name = "TRACE", .target = trace_tg_mark, .table = "raw",
		.checkentry = trace_tg_check, .destroy = trace_tg_destroy),
};

XT_MODULE_TARGETS(trace_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: log the way of a packet (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_TRACE");
MODULE_ALIAS("ip6t_TRACE");
MODULE_SOFTDEP("pre: nf_log_syslog");
