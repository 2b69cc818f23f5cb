// SPDX-License-Identifier: GPL-2.0
/*
 * The match "state": what a packet is to its connection: new, established, related,
 * untracked or invalid.  For all hooks; without state of its own.
 */

#include <linux/netfilter/xt_state.h>

#include "xt_track.h"

static bool state_mt_has(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_state_info *info = par->matchinfo;
	enum ip_conntrack_info ctinfo;

	if (nf_ct_get(skb, &ctinfo))
		return info->statemask & XT_STATE_BIT(ctinfo);
	return info->statemask & (ctinfo == IP_CT_UNTRACKED ? XT_STATE_UNTRACKED :
							      XT_STATE_INVALID);
}

static struct xt_match state_mt[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "state", .match = state_mt_has,
	       .matchsize = sizeof(struct xt_state_info),
	       .checkentry = xt_track_mt_check, .destroy = xt_track_mt_destroy),
};

XT_MODULE_MATCHES(state_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: state of connections (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_state");
MODULE_ALIAS("ip6t_state");
