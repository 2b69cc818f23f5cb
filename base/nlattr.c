// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink attributes that the trackers share: ports of a tuple, timeouts of a
 * policy.  No state, no locks.
 */
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_tuple.h>
#include <net/netlink.h>

#include "nf_ct_nlattr.h"

const struct nla_policy nf_ct_port_nla_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_SRC_PORT]	= { .type = NLA_U16 },
	[CTA_PROTO_DST_PORT]	= { .type = NLA_U16 },
};

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
/* TCP has the most. */
const struct nla_policy nf_ct_timeout_nla_policy[CTA_TIMEOUT_TCP_MAX + 1] = {
	[1 ... CTA_TIMEOUT_TCP_MAX] = { .type = NLA_U32 },
};
#endif

/**
 * nf_ct_port_tuple_to_nlattr - append the ports of a tuple
 * @skb:   message
 * @tuple: tuple
 *
 * Context: any.
 * Return: 0, or -1 when the message is full.
 */
int nf_ct_port_tuple_to_nlattr(struct sk_buff *skb,
			       const struct nf_conntrack_tuple *tuple)
{
	if (nla_put_be16(skb, CTA_PROTO_SRC_PORT, tuple->src.u.all))
		return -1;
	if (nla_put_be16(skb, CTA_PROTO_DST_PORT, tuple->dst.u.all))
		return -1;

	return 0;
}

/**
 * nf_ct_port_nlattr_to_tuple - read the ports of a tuple
 * @tb:    parsed CTA_PROTO_* attributes
 * @t:     where to put them
 * @flags: NF_CT_TUPLE_*, the members that the caller selects
 *
 * Context: any.
 * Return: 0, or -EINVAL when a selected one is absent.
 */
int nf_ct_port_nlattr_to_tuple(struct nlattr *tb[], struct nf_conntrack_tuple *t,
			       u_int32_t flags)
{
	int src, dst;

	src = nf_ct_nlattr_selected(tb[CTA_PROTO_SRC_PORT],
				    flags & NF_CT_TUPLE_SRC_PORT);
	dst = nf_ct_nlattr_selected(tb[CTA_PROTO_DST_PORT],
				    flags & NF_CT_TUPLE_DST_PORT);
	if (src < 0 || dst < 0)
		return -EINVAL;

	if (src)
		t->src.u.all = nla_get_be16(tb[CTA_PROTO_SRC_PORT]);
	if (dst)
		t->dst.u.all = nla_get_be16(tb[CTA_PROTO_DST_PORT]);
	return 0;
}

/**
 * nf_ct_port_nlattr_tuple_size - room that the ports of one tuple need
 *
 * Context: any.
 * Return: bytes.
 */
unsigned int nf_ct_port_nlattr_tuple_size(void)
{
	return 2 * nla_total_size(sizeof(__be16));
}
