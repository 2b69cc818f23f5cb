// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink attributes of a tuple whose protocol has ports.  Shared by the
 * protocols; owns nothing that changes.
 */
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_tuple.h>
#include <net/netlink.h>

#include "nf_ct_tuple_members.h"

const struct nla_policy nf_ct_port_nla_policy[CTA_PROTO_MAX + 1] = {
	[CTA_PROTO_SRC_PORT]	= { .type = NLA_U16 },
	[CTA_PROTO_DST_PORT]	= { .type = NLA_U16 },
};

/* Store the port of attribute @attr, if the caller selected it */
static int nf_ct_port_read(const struct nlattr *attr, bool selected, __be16 *port)
{
	if (!selected)
		return 0;
	if (!attr)
		return -EINVAL;

	*port = nla_get_be16(attr);
	return 0;
}

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
 * @flags: which ones the caller wants
 *
 * Context: any.
 * Return: 0, or -EINVAL when a wanted one is absent.
 */
int nf_ct_port_nlattr_to_tuple(struct nlattr *tb[], struct nf_conntrack_tuple *t,
			       u_int32_t flags)
{
	int err;

	err = nf_ct_port_read(tb[CTA_PROTO_SRC_PORT],
			      flags & NF_CT_TUPLE_SRC_PORT, &t->src.u.all);
	if (err)
		return err;

	return nf_ct_port_read(tb[CTA_PROTO_DST_PORT],
			       flags & NF_CT_TUPLE_DST_PORT, &t->dst.u.all);
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
