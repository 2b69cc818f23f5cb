// SPDX-License-Identifier: GPL-2.0
/*
 * Expectations over netlink.  The subsystem exists, so that programs which ask
 * for it find it, but its messages are not there yet.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "ctnetlink.h"

/**
 * ctnetlink_expect_unsupported - new, get and delete of subsystem 2
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes, not used
 *
 * DIFF: the kernel's own module has these messages.
 *
 * Context: Any.
 * Return: -EOPNOTSUPP.
 */
int ctnetlink_expect_unsupported(struct sk_buff *skb,
				 const struct nfnl_info *info,
				 const struct nlattr *const cda[])
{
	NL_SET_ERR_MSG(info->extack,
		       "expectation messages are not implemented yet");
	return -EOPNOTSUPP;
}
