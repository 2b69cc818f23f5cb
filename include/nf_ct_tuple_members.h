/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The members of a tuple that a CTA_FILTER of ctnetlink can select.  Userspace
 * sets these bits in CTA_FILTER_ORIG_FLAGS and CTA_FILTER_REPLY_FLAGS, and
 * nf_conntrack_l4proto.nlattr_to_tuple() gets them as its flags.
 */
#ifndef _NF_CT_TUPLE_MEMBERS_H
#define _NF_CT_TUPLE_MEMBERS_H

#include <linux/bits.h>

enum nf_ct_tuple_member {
	NF_CT_TUPLE_SRC_ADDR	= BIT(0),
	NF_CT_TUPLE_DST_ADDR	= BIT(1),
	NF_CT_TUPLE_ZONE	= BIT(2),
	NF_CT_TUPLE_PROTO	= BIT(3),
	NF_CT_TUPLE_SRC_PORT	= BIT(4),
	NF_CT_TUPLE_DST_PORT	= BIT(5),
	NF_CT_TUPLE_ICMP_TYPE	= BIT(6),
	NF_CT_TUPLE_ICMP_CODE	= BIT(7),
	NF_CT_TUPLE_ICMP_ID	= BIT(8),
	NF_CT_TUPLE_ICMPV6_TYPE	= BIT(9),
	NF_CT_TUPLE_ICMPV6_CODE	= BIT(10),
	NF_CT_TUPLE_ICMPV6_ID	= BIT(11),
};

/* What a filter may select */
#define NF_CT_TUPLE_FILTER_MASK	GENMASK(11, 0)
/* A tuple outside a filter: every member is required */
#define NF_CT_TUPLE_WHOLE	(~0U)

#endif /* _NF_CT_TUPLE_MEMBERS_H */
