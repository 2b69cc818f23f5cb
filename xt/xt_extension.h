/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the modules of matches and targets have in common: the rows of a registration, init
 * and exit, and how a rule is refused.  No state and no locks.
 *
 * A module has a table of its matches, one of its targets, or both, and says once
 * XT_MODULE_MATCHES(table), XT_MODULE_TARGETS(table) or XT_MODULE_BOTH(matches, targets).
 */
#ifndef _XT_EXTENSION_H
#define _XT_EXTENSION_H

#include <linux/module.h>
#include <linux/netfilter/x_tables.h>

#include "nf_ct_xt.h"

/* A row of a table of matches or targets: the rest of it are its members. */
#define XT_ROW(of, ...)		{ .family = (of), .me = THIS_MODULE, __VA_ARGS__ }

/* The same row for IPv4 and for IPv6 */
#define XT_BOTH(...)							\
	XT_ROW(NFPROTO_IPV4, __VA_ARGS__), XT_ROW(NFPROTO_IPV6, __VA_ARGS__)

#define XT_MODULE_MATCHES(table)					\
static int __init xt_module_start(void)					\
{									\
	return xt_register_matches(table, ARRAY_SIZE(table));		\
}									\
static void __exit xt_module_end(void)					\
{									\
	xt_unregister_matches(table, ARRAY_SIZE(table));		\
}									\
module_init(xt_module_start);						\
module_exit(xt_module_end)

#define XT_MODULE_TARGETS(table)					\
static int __init xt_module_start(void)					\
{									\
	return xt_register_targets(table, ARRAY_SIZE(table));		\
}									\
static void __exit xt_module_end(void)					\
{									\
	xt_unregister_targets(table, ARRAY_SIZE(table));		\
}									\
module_init(xt_module_start);						\
module_exit(xt_module_end)

#define XT_MODULE_BOTH(matches, targets)				\
static int __init xt_module_start(void)					\
{									\
	int err = xt_register_targets(targets, ARRAY_SIZE(targets));	\
									\
	if (err)							\
		return err;						\
	err = xt_register_matches(matches, ARRAY_SIZE(matches));	\
	if (err)							\
		xt_unregister_targets(targets, ARRAY_SIZE(targets));	\
	return err;							\
}									\
static void __exit xt_module_end(void)					\
{									\
	xt_unregister_matches(matches, ARRAY_SIZE(matches));		\
	xt_unregister_targets(targets, ARRAY_SIZE(targets));		\
}									\
module_init(xt_module_start);						\
module_exit(xt_module_end)

/**
 * xt_refuse - refuse a rule, and tell the user why
 * @err: what the check of the rule returns, a negative errno
 * @fmt: the reason, in words that a person can act on; its arguments follow
 *
 * The kernel log gets one line, at a limited rate: any user of a user namespace can
 * insert rules.  Context: may sleep, as the checks of rules.  Return: @err
 */
#define xt_refuse(err, fmt, ...) ({					\
	pr_info_ratelimited(fmt "\n", ##__VA_ARGS__);			\
	(err);								\
})

#endif /* _XT_EXTENSION_H */
