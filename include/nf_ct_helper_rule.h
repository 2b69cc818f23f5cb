/* SPDX-License-Identifier: GPL-2.0 */
/* What helpers say about a packet that breaks a rule of their protocol. */
#ifndef _NF_CT_HELPER_RULE_H
#define _NF_CT_HELPER_RULE_H

#include <net/netfilter/nf_conntrack_l4proto.h>

/**
 * nf_ct_helper_log_rule - name the rule that a packet breaks
 * @skb:    packet; it passes, and nothing is expected
 * @ct:     its entry
 * @helper: name of the helper
 * @rule:   the rule, in words
 *
 * Only under nf_conntrack_log_invalid.
 */
static inline void nf_ct_helper_log_rule(const struct sk_buff *skb, const struct nf_conn *ct,
					 const char *helper, const char *rule)
{
	const struct nf_hook_state state = {
		.hook	= NF_INET_POST_ROUTING,
		.pf	= nf_ct_l3num(ct),
		.net	= nf_ct_net(ct),
	};

	nf_ct_l4proto_log_invalid(skb, ct, &state, "%s: %s", helper, rule);
}

#endif /* _NF_CT_HELPER_RULE_H */
