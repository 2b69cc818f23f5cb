// SPDX-License-Identifier: GPL-2.0-only
/*
 * The registry of transport protocols: which tracker has which number, and what
 * each sets up in a new namespace.  Constant tables; no lock.
 */
#include <linux/in.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

static const struct nf_conntrack_l4proto *const
nf_ct_l4protos[IPPROTO_UDPLITE + 1] = {
	[IPPROTO_ICMP]		= &nf_conntrack_l4proto_icmp,
	[IPPROTO_TCP]		= &nf_conntrack_l4proto_tcp,
	[IPPROTO_UDP]		= &nf_conntrack_l4proto_udp,
#ifdef CONFIG_NF_CT_PROTO_DCCP
	[IPPROTO_DCCP]		= &nf_conntrack_l4proto_dccp,
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	[IPPROTO_GRE]		= &nf_conntrack_l4proto_gre,
#endif
#if IS_ENABLED(CONFIG_IPV6)
	[IPPROTO_ICMPV6]	= &nf_conntrack_l4proto_icmpv6,
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	[IPPROTO_SCTP]		= &nf_conntrack_l4proto_sctp,
#endif
#ifdef CONFIG_NF_CT_PROTO_UDPLITE
	[IPPROTO_UDPLITE]	= &nf_conntrack_l4proto_udplite,
#endif
};

/**
 * nf_ct_l4proto_find - the tracker of a transport protocol
 * @l4proto: protocol number
 *
 * Context: any.
 * Return: the tracker, never NULL: protocols without one get the generic one.
 */
const struct nf_conntrack_l4proto *nf_ct_l4proto_find(u8 l4proto)
{
	const struct nf_conntrack_l4proto *found = NULL;

	if (l4proto < ARRAY_SIZE(nf_ct_l4protos))
		found = nf_ct_l4protos[l4proto];

	return found ?: &nf_conntrack_l4proto_generic;
}

static void (*const nf_ct_l4proto_init_net[])(struct net *net) = {
	nf_conntrack_generic_init_net,
	nf_conntrack_icmp_init_net,
	nf_conntrack_tcp_init_net,
	nf_conntrack_udp_init_net,
#if IS_ENABLED(CONFIG_IPV6)
	nf_conntrack_icmpv6_init_net,
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	nf_conntrack_dccp_init_net,
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	nf_conntrack_gre_init_net,
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	nf_conntrack_sctp_init_net,
#endif
};

/**
 * nf_conntrack_proto_pernet_init - default timeouts and switches of the trackers
 * @net: the new namespace
 */
void nf_conntrack_proto_pernet_init(struct net *net)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nf_ct_l4proto_init_net); i++)
		nf_ct_l4proto_init_net[i](net);
}
