// SPDX-License-Identifier: GPL-2.0
/*
 * The target "TCPOPTSTRIP": puts padding (NOP) in the place of options of a TCP header.  For
 * the table mangle; without state.
 */
#include <linux/netfilter/xt_TCPOPTSTRIP.h>

#include "xt_extension.h"
#include "xt_tcp_header.h"

static void tcpoptstrip_tg_pad(struct tcphdr *th, const struct xt_tcpoptstrip_target_info *info)
{
	struct xt_tcp_option option;
	struct nf_ct_cursor options;
	u8 *bytes = (u8 *)(th + 1);

	nf_ct_cursor_init(&options, bytes, th->doff * 4 - sizeof(*th));
	/* DIFF: tcp-options-end */
	while (xt_tcp_option_next(&options, &option)) {
		if (tcpoptstrip_test_bit(info->strip_bmap, option.kind))
			memset(bytes + option.at, TCPOPT_NOP,
			       nf_ct_cursor_offset(&options) - option.at);
	}
}

static unsigned int tcpoptstrip_tg(struct sk_buff *skb, const struct xt_action_param *par)
{
	struct tcphdr *th;
	__wsum old;

	if (par->fragoff)
		return XT_CONTINUE;
	th = xt_tcp_header_write(skb, par->thoff);
	if (!th)
		return NF_DROP;
	old = xt_tcp_header_sum(th);
	tcpoptstrip_tg_pad(th, par->targinfo);
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
