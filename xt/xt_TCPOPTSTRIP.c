// SPDX-License-Identifier: GPL-2.0
/*
 * The target "TCPOPTSTRIP": puts padding (NOP) in the place of options of a TCP header.  For
 * the table mangle; without state.
 */
#include <linux/netfilter/xt_TCPOPTSTRIP.h>

#include "xt_extension.h"
#include "xt_tcp_header.h"

/* Find the next option that is to go, from where @options is */
static __always_inline bool
tcpoptstrip_tg_next(struct nf_ct_cursor *options, struct xt_tcp_option *option,
		    const struct xt_tcpoptstrip_target_info *info)
{
	/* DIFF: tcp-options-end */
	while (xt_tcp_option_next(options, option)) {
		if (tcpoptstrip_test_bit(info->strip_bmap, option->kind))
			return true;
	}
	return false;
}

static unsigned int tcpoptstrip_tg(struct sk_buff *skb, const struct xt_action_param *par)
{
	struct xt_tcp_option option;
	struct nf_ct_cursor options;
	struct tcphdr *th;
	__wsum old;
	u8 *bytes;

	if (par->fragoff)
		return XT_CONTINUE;
	th = xt_tcp_header_write(skb, par->thoff);
	if (!th)
		return NF_DROP;
	bytes = (u8 *)(th + 1);
	nf_ct_cursor_init(&options, bytes, th->doff * 4 - sizeof(*th));
	if (!tcpoptstrip_tg_next(&options, &option, par->targinfo))
		return XT_CONTINUE;
	old = xt_tcp_header_sum(th);
	do {
		memset(bytes + option.at, TCPOPT_NOP, option.len);
	} while (tcpoptstrip_tg_next(&options, &option, par->targinfo));
	xt_tcp_header_changed(skb, th, old);
	return XT_CONTINUE;
}

static struct xt_target tcpoptstrip_tg_rows[] __read_mostly = {
	XT_BOTH(.name = "TCPOPTSTRIP", .table = "mangle", .proto = IPPROTO_TCP,
		.target = tcpoptstrip_tg,
		.targetsize = sizeof(struct xt_tcpoptstrip_target_info)),
};

XT_MODULE_TARGETS(tcpoptstrip_tg_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: remove TCP options (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_TCPOPTSTRIP");
MODULE_ALIAS("ip6t_TCPOPTSTRIP");
