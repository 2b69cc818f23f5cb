/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way of a packet: its transport header, its tuple, its connection.  Shared by
 * the files of packet/, by the trackers and by what adjusts sequence numbers.
 */
#ifndef _NF_CONNTRACK_PACKET_H
#define _NF_CONNTRACK_PACKET_H

#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_zones.h>

/* packet/tuple.c */
bool nf_ct_tuple_from_packet(const struct sk_buff *skb, unsigned int nhoff,
			     unsigned int dataoff, u16 l3num, u8 protonum,
			     struct net *net, struct nf_conntrack_tuple *tuple);
/* Offset of the transport header and its protocol, or negative: not to be tracked */
int nf_ct_l4_offset(const struct sk_buff *skb, unsigned int nhoff, u8 l3num,
		    u8 *protonum);

/* packet/find.c */
struct nf_conntrack_tuple_hash *
nf_conntrack_find(struct net *net, const struct nf_conntrack_zone *zone,
		  const struct nf_conntrack_tuple *tuple, u32 *hash);

#endif /* _NF_CONNTRACK_PACKET_H */
