/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules that look for sockets need whole packets: they hold the defragmentation of their
 * namespace and family, from the check of the rule until it is destroyed.  The count of
 * users is nf_defrag_ipv4's and nf_defrag_ipv6's.
 */
#ifndef _XT_DEFRAG_H
#define _XT_DEFRAG_H

#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "xt_extension.h"

/**
 * xt_defrag_get - have fragments put together before the rules see them
 * @net:    namespace of the rule
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Context: sleeps.
 * Return: 0, and xt_defrag_put() has to follow; or a negative errno, which the log explains
 */
static inline int xt_defrag_get(struct net *net, u8 family)
{
	int err = family == NFPROTO_IPV6 ? nf_defrag_ipv6_enable(net) : nf_defrag_ipv4_enable(net);

	if (err)
		return xt_refuse(err, "fragments cannot be put together (family %u, error %d)",
				 family, err);
	return 0;
}

/**
 * xt_defrag_put - the end of what xt_defrag_get() began
 * @net:    the same namespace
 * @family: the same family
 */
static inline void xt_defrag_put(struct net *net, u8 family)
{
	if (family == NFPROTO_IPV6)
		nf_defrag_ipv6_disable(net);
	else
		nf_defrag_ipv4_disable(net);
}

#endif /* _XT_DEFRAG_H */
