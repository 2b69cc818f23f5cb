/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the trackers of one folder share: when a checksum is looked at, which
 * timeouts apply to an entry, and the ends of struct nf_conntrack_l4proto that
 * say how ports, states and timeouts look in netlink and /proc.  No state, no
 * locks.
 */
#ifndef _NF_CT_PROTO_H
#define _NF_CT_PROTO_H

#include <linux/kernel.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <net/netlink.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>

#include "nf_conntrack_internal.h"
#include "nf_ct_entry.h"
#include "nf_ct_nlattr.h"

/* --- packets ------------------------------------------------------------------- */

/* What a tracker answers to a packet that it cannot accept as valid */
#define NF_CT_PACKET_INVALID	(-NF_ACCEPT)

/* Only packets that arrive from outside are checked: the checksum of our own is
 * right, or the device completes it after the hooks.
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

/* Set IPS_ASSURED, with its event.  Nearly always it is set already: the plain
 * test spares the atomic operation.
 */
static inline void nf_ct_set_assured(struct nf_conn *ct)
{
	if (!test_bit(IPS_ASSURED_BIT, &ct->status) &&
	    !test_and_set_bit(IPS_ASSURED_BIT, &ct->status))
		nf_ct_event_note(IPCT_ASSURED, ct);
}

/* --- ports ---------------------------------------------------------------------- */

/* Members of struct nf_conntrack_l4proto for a protocol with ports */
#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
#define NF_CT_PORT_ATTRS						\
	.nla_policy		= nf_ct_port_nla_policy,		\
	.nlattr_tuple_size	= nf_ct_port_nlattr_tuple_size,		\
	.nlattr_to_tuple	= nf_ct_port_nlattr_to_tuple,		\
	.tuple_to_nlattr	= nf_ct_port_tuple_to_nlattr,
#else
#define NF_CT_PORT_ATTRS
#endif

/* --- states --------------------------------------------------------------------- */

/* The state column of /proc/net/nf_conntrack; @names has @n states. */
static inline void nf_ct_print_state(struct seq_file *s,
				     const char *const names[], unsigned int n,
				     unsigned int state)
{
	if (state < n)
		seq_printf(s, "%s ", names[state]);
}

/* Parse the nest of one protocol inside CTA_PROTOINFO: 1, 0 if it is absent, or
 * an error.
 */
static inline int nf_ct_protoinfo_parse(struct nlattr *tb[], int max,
					const struct nlattr *nest,
					const struct nla_policy *policy)
{
	int err;

	if (!nest)
		return 0;
	err = nla_parse_nested_deprecated(tb, max, nest, policy, NULL);
	return err < 0 ? err : 1;
}

/* Close such a nest, or take it back if @full: the message has no room. */
static inline int nf_ct_protoinfo_end(struct sk_buff *skb, struct nlattr *nest,
				      bool full)
{
	if (full) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* --- timeouts ------------------------------------------------------------------- */

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
 * @tb: attributes 1 to @last, already checked against the policy
 * @last: last attribute
 * @dflt: timeouts of the namespace, @n of them
 * @n: length of both arrays
 * @data: policy to fill, or NULL to change the namespace's own timeouts
 *
 * If there are @n attributes, they are the timeouts from 0 on.  If there are
 * fewer, they are the timeouts from 1 on: timeout 0 is what a new entry starts
 * with, and is the same as timeout 1.  What has no attribute keeps the
 * namespace's value.
 */
static inline void nf_ct_timeouts_parse(struct nlattr *const tb[],
					unsigned int last, unsigned int *dflt,
					unsigned int n, unsigned int *data)
{
	unsigned int first = n > last;
	unsigned int i;

	if (data)
		memcpy(data, dflt, n * sizeof(*data));
	else
		data = dflt;

	for (i = 1; i <= last; i++) {
		if (tb[i])
			data[i - 1 + first] = nf_ct_timeout_of(tb[i]);
	}
	if (first)
		data[0] = data[1];
}

/* The reverse: put attributes 1 to @last of the @n timeouts at @data. */
static inline int nf_ct_timeouts_dump(struct sk_buff *skb, unsigned int last,
				      unsigned int n, const unsigned int *data)
{
	unsigned int first = n > last;
	unsigned int i;

	for (i = 1; i <= last; i++) {
		if (nla_put_be32(skb, i, htonl(data[i - 1 + first] / HZ)))
			return -ENOSPC;
	}
	return 0;
}

/**
 * NF_CT_DEFINE_TIMEOUTS - the timeout policies of a tracker
 * @name: name of the tracker
 * @dflt: timeouts of the namespace "net"
 * @n: number of timeouts in a policy
 * @last: last of the CTA_TIMEOUT_* attributes; see nf_ct_timeouts_parse()
 *
 * Defines what NF_CT_TIMEOUT_ATTRS() of the same name refers to.
 */
#define NF_CT_DEFINE_TIMEOUTS(name, dflt, n, last)			\
enum {									\
	nf_ct_##name##_timeouts_n = (n),				\
	nf_ct_##name##_timeouts_last = (last),				\
};									\
									\
static_assert((int)nf_ct_##name##_timeouts_last <=			\
	      (int)nf_ct_##name##_timeouts_n);				\
									\
static int nf_ct_##name##_timeout_parse(struct nlattr *tb[],		\
					struct net *net, void *data)	\
{									\
	nf_ct_timeouts_parse(tb, nf_ct_##name##_timeouts_last, dflt,	\
			     nf_ct_##name##_timeouts_n, data);		\
	return 0;							\
}									\
									\
static int nf_ct_##name##_timeout_dump(struct sk_buff *skb,		\
				       const void *data)		\
{									\
	return nf_ct_timeouts_dump(skb, nf_ct_##name##_timeouts_last,	\
				   nf_ct_##name##_timeouts_n, data);	\
}

/* Member of struct nf_conntrack_l4proto for a tracker with timeouts */
#define NF_CT_TIMEOUT_ATTRS(name)					\
	.ctnl_timeout = {						\
		.nla_policy	= nf_ct_timeout_nla_policy,		\
		.nlattr_max	= nf_ct_##name##_timeouts_last,		\
		.obj_size	= nf_ct_##name##_timeouts_n *		\
				  sizeof(unsigned int),			\
		.nlattr_to_obj	= nf_ct_##name##_timeout_parse,		\
		.obj_to_nlattr	= nf_ct_##name##_timeout_dump,		\
	},
#else
#define NF_CT_DEFINE_TIMEOUTS(name, dflt, n, last)
#define NF_CT_TIMEOUT_ATTRS(name)
#endif /* CONFIG_NF_CONNTRACK_TIMEOUT */

#endif /* _NF_CT_PROTO_H */
