/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netlink attributes that the trackers share: the members of a tuple, and the
 * timeouts of a policy (base/nlattr.c).
 */
#ifndef _NF_CT_NLATTR_H
#define _NF_CT_NLATTR_H

#include <linux/errno.h>
#include <linux/types.h>

#include "nf_ct_tuple_members.h"

struct nla_policy;
struct nlattr;

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
