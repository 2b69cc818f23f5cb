/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the trackers of one folder share: when a checksum has to be looked at,
 * which timeouts apply to an entry, and the netlink form of a timeout policy.
 * No state, no locks.
 */
#ifndef _NF_CT_PROTO_H
#define _NF_CT_PROTO_H

#include <linux/kernel.h>
#include <linux/skbuff.h>
#include <linux/netfilter.h>
#include <net/netlink.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_timeout.h>

#include "nf_ct_entry.h"

/* What a tracker says of a packet that it cannot accept as valid */
#define NF_CT_PACKET_INVALID	(-NF_ACCEPT)

/* Only what arrives from outside is checked: our own output is right, or is
 * completed by the device after the hooks.
 */
static inline bool nf_ct_checksum_wanted(const struct nf_hook_state *state)
{
	return state->hook == NF_INET_PRE_ROUTING &&
	       READ_ONCE(state->net->ct.sysctl_checksum);
}

/* Timeouts of the policy attached to @ct, else those of the namespace. */
static inline const unsigned int *
nf_ct_timeouts_of(const struct nf_conn *ct, const unsigned int *dflt)
{
	const unsigned int *policy = nf_ct_policy_timeouts(ct);

	return policy ?: dflt;
}

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
/* Largest timeout that jiffies32 arithmetic tells from one in the past */
#define NF_CT_TIMEOUT_MAX_SECS	((u32)(INT_MAX / HZ))

/* Seconds of an attribute as jiffies.
 * DIFF: timeout-policy-range: stock lets large values wrap around.
 */
static inline unsigned int nf_ct_timeout_of(const struct nlattr *attr)
{
	return min(ntohl(nla_get_be32(attr)), NF_CT_TIMEOUT_MAX_SECS) * HZ;
}

/**
 * nf_ct_timeouts_parse - read a timeout policy from netlink attributes
 * @tb: attributes 1 to @max, already checked against the policy
 * @max: last attribute
 * @shift: attribute minus index in the array, 0 or 1
 * @dflt: timeouts of the namespace, @n of them
 * @n: length of both arrays
 * @data: policy to fill, or NULL to change the namespace's own timeouts
 *
 * Attributes that are absent keep the namespace's value.
 */
static inline void nf_ct_timeouts_parse(struct nlattr *const tb[],
					unsigned int max, unsigned int shift,
					unsigned int *dflt, unsigned int n,
					unsigned int *data)
{
	unsigned int i;

	if (data)
		memcpy(data, dflt, n * sizeof(*data));
	else
		data = dflt;

	for (i = 1; i <= max; i++) {
		if (tb[i] && i - shift < n)
			data[i - shift] = nf_ct_timeout_of(tb[i]);
	}
}

/* The reverse: attributes 1 to @max of the policy at @data. */
static inline int nf_ct_timeouts_dump(struct sk_buff *skb, unsigned int max,
				      unsigned int shift,
				      const unsigned int *data)
{
	unsigned int i;

	for (i = 1; i <= max; i++) {
		if (nla_put_be32(skb, i, htonl(data[i - shift] / HZ)))
			return -ENOSPC;
	}
	return 0;
}
#endif /* CONFIG_NF_CONNTRACK_TIMEOUT */

#endif /* _NF_CT_PROTO_H */
