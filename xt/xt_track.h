/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules that need connection tracking hold its hooks in their namespace, from the check
 * of the rule until it is destroyed.  The count of users is nf_conntrack's.
 */
#ifndef _XT_TRACK_H
#define _XT_TRACK_H

#include <net/netfilter/nf_conntrack.h>

#include "xt_extension.h"

/**
 * xt_track_get - turn connection tracking on for a rule
 * @net:    namespace of the rule
 * @family: its family; NFPROTO_INET for both IPv4 and IPv6
 *
 * Context: sleeps.
 * Return: 0, and xt_track_put() has to follow; or a negative errno,
 * which the log explains
 */
static inline int xt_track_get(struct net *net, u8 family)
{
	int err = nf_ct_netns_get(net, family);

	if (err)
		return xt_refuse(err, "connection tracking cannot be turned on (family %u, error %d)",
				 family, err);
	return 0;
}

/**
 * xt_track_put - the end of what xt_track_get() began
 * @net:    the same namespace
 * @family: the same family
 */
static inline void xt_track_put(struct net *net, u8 family)
{
	nf_ct_netns_put(net, family);
}

/* The check and the end of a match that needs nothing else */
static inline int xt_track_mt_check(const struct xt_mtchk_param *par)
{
	return xt_track_get(par->net, par->family);
}

static inline void xt_track_mt_destroy(const struct xt_mtdtor_param *par)
{
	xt_track_put(par->net, par->family);
}

#endif /* _XT_TRACK_H */
