/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink attributes that the trackers share: the members of a tuple, and the
 * timeouts of a policy (nf_conntrack_nlattr.c).
 */
#ifndef _NF_CT_NLATTR_H
#define _NF_CT_NLATTR_H

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/types.h>

struct nla_policy;
struct nlattr;

/*
 * Members of a tuple, as CTA_FILTER's ORIG_FLAGS and REPLY_FLAGS select them.
 * A tuple outside a filter needs all members that its protocol has.
 */
#define NF_CT_TUPLE_SRC_IP	BIT(0)
#define NF_CT_TUPLE_DST_IP	BIT(1)
#define NF_CT_TUPLE_ZONE	BIT(2)
#define NF_CT_TUPLE_PROTO	BIT(3)
#define NF_CT_TUPLE_SRC_PORT	BIT(4)
#define NF_CT_TUPLE_DST_PORT	BIT(5)
#define NF_CT_TUPLE_ICMP_TYPE	BIT(6)
#define NF_CT_TUPLE_ICMP_CODE	BIT(7)
#define NF_CT_TUPLE_ICMP_ID	BIT(8)
#define NF_CT_TUPLE_ICMPV6_TYPE	BIT(9)
#define NF_CT_TUPLE_ICMPV6_CODE	BIT(10)
#define NF_CT_TUPLE_ICMPV6_ID	BIT(11)

/* 1: read @attr; 0: its member is not selected; -EINVAL: it is, but absent. */
static inline int nf_ct_nlattr_selected(const struct nlattr *attr,
					bool selected)
{
	if (!selected)
		return 0;
	return attr ? 1 : -EINVAL;
}

/* For every tracker: each CTA_TIMEOUT_* attribute is a number of seconds. */
extern const struct nla_policy nf_ct_timeout_nla_policy[];

#endif /* _NF_CT_NLATTR_H */
