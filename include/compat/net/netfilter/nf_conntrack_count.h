/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Since 6.12 whoever counts connections turns connection tracking on; before, nf_conncount
 * does so, and needs the family for that.  Some of Debian's 6.1 count tuples, and the caller has
 * to find the one of a packet.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_COUNT_H
#define _NF_CT_COMPAT_NF_CONNTRACK_COUNT_H

#include_next <net/netfilter/nf_conntrack_count.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_CONNCOUNT_FAMILY
static inline struct nf_conncount_data *nf_ct_conncount_init(struct net *net, u8 family,
							     unsigned int keylen)
{
	return nf_conncount_init(net, family, keylen);
}

static inline void nf_ct_conncount_destroy(struct net *net, u8 family,
					   struct nf_conncount_data *data)
{
	nf_conncount_destroy(net, family, data);
}
#else
static inline struct nf_conncount_data *nf_ct_conncount_init(struct net *net, u8 family,
							     unsigned int keylen)
{
	int err = nf_ct_netns_get(net, family);
	struct nf_conncount_data *data;

	if (err)
		return ERR_PTR(err);
	data = nf_conncount_init(net, keylen);
	if (IS_ERR(data))
		nf_ct_netns_put(net, family);
	return data;
}

static inline void nf_ct_conncount_destroy(struct net *net, u8 family,
					   struct nf_conncount_data *data)
{
	nf_conncount_destroy(net, data);
	nf_ct_netns_put(net, family);
}
#endif

#ifndef NF_CT_HAVE_CONNCOUNT_SKB
/* Connections with the key, that of the packet among them; 0 it cannot be counted */
static inline unsigned int nf_conncount_count_skb(struct net *net, const struct sk_buff *skb,
						  u16 l3num, struct nf_conncount_data *data,
						  const u32 *key)
{
	struct nf_conntrack_tuple from_packet;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (ct)
		return nf_conncount_count(net, data, key,
					  &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple,
					  nf_ct_zone(ct));
	if (!nf_ct_get_tuplepr(skb, skb_network_offset(skb), l3num, net, &from_packet))
		return 0;
	return nf_conncount_count(net, data, key, &from_packet, &nf_ct_zone_dflt);
}
#endif

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_COUNT_H */
