// SPDX-License-Identifier: GPL-2.0
/*
 * The hash of a tuple: its place in the table.  No state but the key, which is
 * drawn once and never changes; no locks.
 */
#include <linux/once.h>
#include <linux/siphash.h>
#include <net/netns/hash.h>

#include "nf_conntrack_table.h"

static hsiphash_key_t nf_conntrack_hash_key __read_mostly;

/**
 * nf_conntrack_hash_tuple - where a tuple lives in the table
 * @net:     namespace
 * @tuple:   tuple
 * @zone_id: zone number that counts for the tuple's direction
 *
 * Keyed, over everything that nf_conntrack_table_find() compares.  An IPv4
 * tuple is four words, a quarter of the work of an IPv6 tuple.
 *
 * Context: any.
 * Return: 32 bits, the topmost of which choose the bucket.
 */
u32 nf_conntrack_hash_tuple(const struct net *net,
			    const struct nf_conntrack_tuple *tuple,
			    u16 zone_id)
{
	u32 ports = (__force u32)tuple->src.u.all << 16 |
		    (__force u32)tuple->dst.u.all;
	u32 rest = (u32)zone_id << 16 | tuple->dst.protonum << 8 |
		   tuple->src.l3num;
	struct {
		union nf_inet_addr src, dst;
		u32 ports, rest;
	} key __aligned(HSIPHASH_ALIGNMENT);

	get_random_once(&nf_conntrack_hash_key, sizeof(nf_conntrack_hash_key));

	rest ^= net_hash_mix(net);
	if (tuple->src.l3num == NFPROTO_IPV4)
		return hsiphash_4u32((__force u32)tuple->src.u3.ip,
				     (__force u32)tuple->dst.u3.ip,
				     ports, rest, &nf_conntrack_hash_key);

	key.src = tuple->src.u3;
	key.dst = tuple->dst.u3;
	key.ports = ports;
	key.rest = rest;
	return hsiphash(&key, sizeof(key), &nf_conntrack_hash_key);
}
