// SPDX-License-Identifier: GPL-2.0
/*
 * The match "tcpmss": the largest segment that a TCP packet announces is in a range or
 * outside of it; one that announces none is outside.  For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_tcpmss.h>

#include "xt_extension.h"
#include "xt_tcp_header.h"
#include "xt_transport.h"

static __always_inline bool tcpmss_mt_in(struct nf_ct_cursor *options,
					 const struct xt_tcpmss_match_info *info)
{
	struct xt_tcp_option option;
	struct nf_ct_cursor number;
	u16 mss;

	/* DIFF: tcp-options-end */
	while (xt_tcp_option_next(options, &option)) {
		if (!xt_tcp_option_mss(&option))
			continue;
		number = nf_ct_cursor_part(options, option.at + 2, option.at + option.len);
		mss = nf_ct_cursor_be16(&number);
		return xt_in_range(mss, info->mss_min, info->mss_max, false);
	}
	return false;
}

static bool tcpmss_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_tcpmss_match_info *info = par->matchinfo;
	u8 room[XT_TCP_OPTIONS_MAX];
	struct nf_ct_cursor options;
	const struct tcphdr *th;
	struct tcphdr header;

	/* DIFF: tcpmss-fragment */
	th = xt_transport_header(skb, par, sizeof(header), &header);
	if (!th || !xt_tcp_options_read(skb, par, th, room, &options))
		return false;
	return tcpmss_mt_in(&options, info) != !!info->invert;
}

/* DIFF: tcpmss-range */
static int tcpmss_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_tcpmss_match_info *info = par->matchinfo;

	if (info->mss_min > info->mss_max)
		return xt_refuse(-EINVAL, "the range %u:%u is upside down",
				 info->mss_min, info->mss_max);
	if (info->invert > 1)
		return xt_refuse(-EINVAL, "inversion is %u, not 0 or 1", info->invert);
	return 0;
}

static struct xt_match tcpmss_mt_rows[] __read_mostly = {
	XT_BOTH(.name = "tcpmss", .proto = IPPROTO_TCP,
		.match = tcpmss_mt, .checkentry = tcpmss_mt_check,
		.matchsize = sizeof(struct xt_tcpmss_match_info)),
};

XT_MODULE_MATCHES(tcpmss_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: largest segment of TCP (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_tcpmss");
MODULE_ALIAS("ip6t_tcpmss");
