// SPDX-License-Identifier: GPL-2.0
/*
 * Finding the connection of a tuple.  The table returns what matches; here an
 * entry past its deadline counts as absent and is ended, and an entry in a flow
 * table gets more time.  No state; RCU only.
 *
 * An entry that another CPU is just ending is found while it stands in the table,
 * and its packet passes with it.  A new entry could not be confirmed beside it, so
 * the packet would be dropped; and the other CPU may need long, since it sends the
 * destroy event to all listeners before it takes the entry out.
 */
#include <linux/rcupdate.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_packet.h"
#include "nf_conntrack_table.h"

/*
 * How often one lookup may meet an expired entry.  This CPU ends each before it looks
 * again, and another one may confirm the same flow meanwhile.
 */
#define NF_CT_FIND_TRIES	4

/* An entry past its deadline: true when it may be used, else its reference is dropped. */
static noinline bool nf_ct_found_expired(struct nf_conn *ct)
{
	/* another CPU ends it, and may not have taken it out of the table yet */
	if (nf_ct_is_dying(ct))
		return true;
	if (nf_ct_offload_renew(ct))
		return true;
	if (nf_ct_should_gc(ct))
		nf_ct_kill(ct);
	nf_ct_put(ct);
	return false;
}

/* May the entry still be used?  If it may not, its reference has been dropped. */
static inline bool nf_ct_found_alive(struct nf_conn *ct)
{
	return likely(!nf_ct_is_expired(ct)) || nf_ct_found_expired(ct);
}

/* Look again, after an expired entry that was found has been ended. */
static noinline struct nf_conntrack_tuple_hash *
nf_conntrack_find_again(struct net *net, const struct nf_conntrack_zone *zone,
			const struct nf_conntrack_tuple *tuple, u32 hash)
{
	struct nf_conntrack_tuple_hash *h;
	unsigned int tries;

	for (tries = 1; tries < NF_CT_FIND_TRIES; tries++) {
		h = nf_conntrack_table_find(net, tuple, zone, hash);
		if (!h || nf_ct_found_alive(nf_ct_tuplehash_to_ctrack(h)))
			return h;
	}
	return NULL;
}

static __always_inline struct nf_conntrack_tuple_hash *
nf_conntrack_find_hash(struct net *net, const struct nf_conntrack_zone *zone,
		       const struct nf_conntrack_tuple *tuple, u32 hash)
{
	struct nf_conntrack_tuple_hash *h;

	h = nf_conntrack_table_find(net, tuple, zone, hash);
	if (likely(!h || nf_ct_found_alive(nf_ct_tuplehash_to_ctrack(h))))
		return h;
	return nf_conntrack_find_again(net, zone, tuple, hash);
}

/**
 * nf_conntrack_find - find the connection of a tuple, and its place
 * @net:   namespace
 * @zone:  the packet's zone
 * @tuple: tuple of either direction
 * @hash:  result: the hash of @tuple as an original direction
 *
 * Context: RCU, softirq safe.
 * Return: the direction that matches, with a reference on its entry, or NULL.
 */
struct nf_conntrack_tuple_hash *
nf_conntrack_find(struct net *net, const struct nf_conntrack_zone *zone,
		  const struct nf_conntrack_tuple *tuple, u32 *hash)
{
	u16 orig = nf_ct_zone_id(zone, IP_CT_DIR_ORIGINAL);
	u16 repl = nf_ct_zone_id(zone, IP_CT_DIR_REPLY);
	struct nf_conntrack_tuple_hash *h;

	*hash = nf_conntrack_hash_tuple(net, tuple, orig);
	h = nf_conntrack_find_hash(net, zone, tuple, *hash);
	/* the zone counts for one direction only: the other one has the default */
	if (!h && repl != orig)
		h = nf_conntrack_find_hash(net, zone, tuple,
					   nf_conntrack_hash_tuple(net, tuple,
								   repl));
	return h;
}

/**
 * nf_conntrack_find_get - find the connection of a tuple
 * @net:   namespace
 * @zone:  zone
 * @tuple: tuple of either direction
 *
 * Context: softirq safe.
 * Return: the direction that matches, with a reference on its entry, or NULL.
 */
struct nf_conntrack_tuple_hash *
nf_conntrack_find_get(struct net *net, const struct nf_conntrack_zone *zone,
		      const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_tuple_hash *h;
	u32 hash;

	rcu_read_lock();
	h = nf_conntrack_find(net, zone, tuple, &hash);
	rcu_read_unlock();
	return h;
}

/**
 * nf_conntrack_tuple_taken - is a reply tuple in use?
 * @tuple:             tuple that NAT would like to use
 * @ignored_conntrack: the entry it is for
 *
 * An entry with the same original tuple does not count: it is the same flow on
 * another CPU, and confirmation will merge the two.  A dying entry does count: its
 * tuple is free when it has left the table.
 *
 * Context: softirq safe.
 * Return: 1 when taken, else 0.
 */
int nf_conntrack_tuple_taken(const struct nf_conntrack_tuple *tuple,
			     const struct nf_conn *ignored_conntrack)
{
	const struct nf_conntrack_zone *zone = nf_ct_zone(ignored_conntrack);
	struct net *net = nf_ct_net(ignored_conntrack);
	u16 id = nf_ct_zone_id(zone, IP_CT_DIR_REPLY);
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn *ct;
	bool taken = false;

	rcu_read_lock();
	h = nf_conntrack_find_hash(net, zone, tuple,
				   nf_conntrack_hash_tuple(net, tuple, id));
	if (h) {
		ct = nf_ct_tuplehash_to_ctrack(h);
		taken = ct != ignored_conntrack &&
			!(nf_ct_tuple_equal(nf_ct_tuple(ignored_conntrack,
							IP_CT_DIR_ORIGINAL),
					    nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)) &&
			  nf_ct_zone_equal(ct, zone, IP_CT_DIR_ORIGINAL));
		nf_ct_put(ct);
	}
	rcu_read_unlock();
	if (taken)
		NF_CT_STAT_INC_ATOMIC(net, found);
	return taken;
}
