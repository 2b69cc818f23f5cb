/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels for matches and targets.
 *
 * Since 7.x (NF_CT_HAVE_XT_CHECK_HOOKS) the table asks an extension apart from the rest
 * whether the hooks that reach a rule are right, also when nf_tables uses it: a row says
 * XT_CHECK_HOOKS(function).  Before, the check of the rule calls that function itself, as
 * xt_check_hooks_here(function, par), which is 0 on newer kernels.
 *
 * Since 6.4 (NF_CT_HAVE_TCPUDP_ICMP) xt_tcpudp has the matches of ICMP, with their aliases;
 * before, ip_tables and ip6_tables have them.
 *
 * A row with state whose size differs for 32-bit users says XT_COMPAT32(size, from, to).
 */
#ifndef _NF_CT_XT_H
#define _NF_CT_XT_H

#include <linux/netfilter/x_tables.h>

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_XT_CHECK_HOOKS
#define XT_CHECK_HOOKS(function)	.check_hooks = (function)
#define xt_check_hooks_here(function, par)	({ (void)(par); 0; })
#else
/* Between commas there has to be a member: one that the registration sets */
#define XT_CHECK_HOOKS(function)	.list.next = NULL
#define xt_check_hooks_here(function, par)	((function)(par))
#endif

#ifdef NF_CT_HAVE_TCPUDP_ICMP
#define XT_TCPUDP_ICMP(...)	__VA_ARGS__
#else
#define XT_TCPUDP_ICMP(...)
#endif

#ifdef CONFIG_NETFILTER_XTABLES_COMPAT
#define XT_COMPAT32(size, from, to)					\
	.compatsize = (size), .compat_from_user = (from), .compat_to_user = (to)
#else
#define XT_COMPAT32(size, from, to)	.list.prev = NULL
#endif

#endif /* _NF_CT_XT_H */
