// SPDX-License-Identifier: GPL-2.0
/*
 * Tuples: read from packets, and inverted.  No state, no locks.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_packet.h"

/* ---- reading ---- */

/* Protocol and offset of the transport header; -1 for later fragments and junk.  What
 * an ICMP error quotes may have any length of header.
 */
static int nf_ct_l4_offset4(const struct sk_buff *skb, unsigned int nhoff,
			    u8 *protonum)
{
	const struct iphdr *iph;
	struct iphdr buf;
	int off;

	iph = skb_header_pointer(skb, nhoff, sizeof(buf), &buf);
	if (!iph)
		return -1;
	/* fragments have been put together before this hook */
	if (iph->frag_off & htons(IP_OFFSET))
		return -1;

	off = nhoff + iph->ihl * 4;
	if (off > skb->len)
		return -1;
	*protonum = iph->protocol;
	return off;
}

static int nf_ct_l4_offset6(const struct sk_buff *skb, unsigned int nhoff,
			    u8 *protonum)
{
#if IS_ENABLED(CONFIG_IPV6)
	const struct ipv6hdr *ip6;
	struct ipv6hdr buf;
	__be16 frag_off;
	u8 nexthdr;
	int off;

	ip6 = skb_header_pointer(skb, nhoff, sizeof(buf), &buf);
	if (!ip6)
		return -1;
	nexthdr = ip6->nexthdr;
	off = ipv6_skip_exthdr(skb, nhoff + sizeof(buf), &nexthdr, &frag_off);
	if (off < 0 || frag_off & htons(~0x7))
		return -1;
	*protonum = nexthdr;
	return off;
#else
	return -1;
#endif
}

int nf_ct_l4_offset(const struct sk_buff *skb, unsigned int nhoff, u8 l3num,
		    u8 *protonum)
{
	if (l3num == NFPROTO_IPV4)
		return nf_ct_l4_offset4(skb, nhoff, protonum);
	if (l3num == NFPROTO_IPV6)
		return nf_ct_l4_offset6(skb, nhoff, protonum);
	return -1;
}

static bool nf_ct_tuple_addresses(const struct sk_buff *skb, unsigned int nhoff,
				  struct nf_conntrack_tuple *tuple)
{
	const struct ipv6hdr *ip6;
	const struct iphdr *ip4;
	union {
		struct iphdr	v4;
		struct ipv6hdr	v6;
	} buf;

	switch (tuple->src.l3num) {
	case NFPROTO_IPV4:
		ip4 = skb_header_pointer(skb, nhoff, sizeof(buf.v4), &buf.v4);
		if (!ip4)
			return false;
		tuple->src.u3.ip = ip4->saddr;
		tuple->dst.u3.ip = ip4->daddr;
		return true;
	case NFPROTO_IPV6:
		ip6 = skb_header_pointer(skb, nhoff, sizeof(buf.v6), &buf.v6);
		if (!ip6)
			return false;
		tuple->src.u3.in6 = ip6->saddr;
		tuple->dst.u3.in6 = ip6->daddr;
		return true;
	}
	return false;
}

static bool nf_ct_tuple_ports(const struct sk_buff *skb, unsigned int dataoff,
			      struct nf_conntrack_tuple *tuple)
{
	const __be16 *port;
	__be16 buf[2];

	port = skb_header_pointer(skb, dataoff, sizeof(buf), buf);
	if (!port)
		return false;
	tuple->src.u.all = port[0];
	tuple->dst.u.all = port[1];
	return true;
}

/**
 * nf_ct_tuple_from_packet - the key of a packet
 * @skb:      packet
 * @nhoff:    offset of its network header
 * @dataoff:  offset of its transport header
 * @l3num:    NFPROTO_IPV4 or NFPROTO_IPV6
 * @protonum: transport protocol
 * @net:      namespace, for protocols whose keys depend on it
 * @tuple:    result, wholly written
 *
 * Return: false when the headers are too short or not to be tracked.
 */
bool nf_ct_tuple_from_packet(const struct sk_buff *skb, unsigned int nhoff,
			     unsigned int dataoff, u16 l3num, u8 protonum,
			     struct net *net, struct nf_conntrack_tuple *tuple)
{
	memset(tuple, 0, sizeof(*tuple));
	tuple->src.l3num = l3num;
	tuple->dst.protonum = protonum;
	tuple->dst.dir = IP_CT_DIR_ORIGINAL;
	if (!nf_ct_tuple_addresses(skb, nhoff, tuple))
		return false;

	switch (protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
#ifdef CONFIG_NF_CT_PROTO_UDPLITE
	case IPPROTO_UDPLITE:
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	case IPPROTO_SCTP:
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	case IPPROTO_DCCP:
#endif
		return nf_ct_tuple_ports(skb, dataoff, tuple);
	case IPPROTO_ICMP:
		return icmp_pkt_to_tuple(skb, dataoff, net, tuple);
#if IS_ENABLED(CONFIG_IPV6)
	case IPPROTO_ICMPV6:
		return icmpv6_pkt_to_tuple(skb, dataoff, net, tuple);
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	case IPPROTO_GRE:
		return gre_pkt_to_tuple(skb, dataoff, net, tuple);
#endif
	}
	return true;
}

/**
 * nf_ct_get_tuplepr - the key of the packet that begins at an offset
 * @skb:   packet
 * @nhoff: offset of a network header, also an inner one
 * @l3num: NFPROTO_IPV4 or NFPROTO_IPV6
 * @net:   namespace
 * @tuple: result
 *
 * Context: any.
 * Return: false when there is no complete key.
 */
bool nf_ct_get_tuplepr(const struct sk_buff *skb, unsigned int nhoff,
		       u_int16_t l3num, struct net *net,
		       struct nf_conntrack_tuple *tuple)
{
	u8 protonum;
	int off;

	off = nf_ct_l4_offset(skb, nhoff, l3num, &protonum);
	if (off <= 0)
		return false;
	return nf_ct_tuple_from_packet(skb, nhoff, off, l3num, protonum, net,
				       tuple);
}

/**
 * nf_ct_invert_tuple - the key of packets in the other direction
 * @inverse: result, wholly written
 * @orig:    key
 *
 * Context: any.
 * Return: false for ICMP types that have no answer.
 */
bool nf_ct_invert_tuple(struct nf_conntrack_tuple *inverse,
			const struct nf_conntrack_tuple *orig)
{
	*inverse = (struct nf_conntrack_tuple) {
		.src.u3		= orig->dst.u3,
		.src.l3num	= orig->src.l3num,
		.dst.u3		= orig->src.u3,
		.dst.protonum	= orig->dst.protonum,
		.dst.dir	= !orig->dst.dir,
	};

	if (orig->dst.protonum == IPPROTO_ICMP)
		return nf_conntrack_invert_icmp_tuple(inverse, orig);
#if IS_ENABLED(CONFIG_IPV6)
	if (orig->dst.protonum == IPPROTO_ICMPV6)
		return nf_conntrack_invert_icmpv6_tuple(inverse, orig);
#endif
	inverse->src.u.all = orig->dst.u.all;
	inverse->dst.u.all = orig->src.u.all;
	return true;
}
