/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What user space sees differently on 7.x while no interface tells it.  All of it came
 * with or before the reference counts of helpers, by which we know such a kernel.
 */
#ifndef _NF_CT_COMPAT_RULES_H
#define _NF_CT_COMPAT_RULES_H

#include <linux/net.h>
#include <net/net_namespace.h>

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_HELPER_REFS
/* nf_conntrack_max = 0 does not mean "no limit": it is refused */
#define NF_CT_MAX_KIND		NF_CT_LIMIT_NONZERO
#define NF_CT_HELPER_DROPS	"helper %s dropping packet: %pV "
#else
#define NF_CT_MAX_KIND		NF_CT_LIMIT
#define NF_CT_HELPER_DROPS	"nf_ct_%s: dropping packet: %pV "
#endif

static inline void nf_ct_warn_table_full(const struct net *net)
{
#ifdef NF_CT_HAVE_HELPER_REFS
	if (!net_eq(net, &init_net)) {
		net_warn_ratelimited("nf_conntrack: table full in netns %u, dropping packet\n",
				     net->ns.inum);
		return;
	}
#endif
	net_warn_ratelimited("nf_conntrack: table full, dropping packet\n");
}

#endif /* _NF_CT_COMPAT_RULES_H */
