/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The connection table: 64-byte buckets of tagged pointers, addressed by the
 * top bits of a keyed 32-bit hash.  nf_conntrack_locks[] guards it, one lock
 * for each value of the top ten bits, so the lock of an entry does not change
 * when the table is resized.  Readers take RCU only.
 *
 * Lock order: two table locks in index order, then a deadline wheel's lock,
 * never the other way round; event list locks are leaves.
 */
#ifndef _NF_CONNTRACK_TABLE_H
#define _NF_CONNTRACK_TABLE_H

#include <linux/types.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_zones.h>

/**
 * struct nf_conntrack_walk - a place in the table that survives any resize
 * @place: place of the last entry that was returned
 * @after: its address, to tell apart entries of one place
 * @begun: false before the first entry
 * @done:  nothing is left
 * @clashing: also entries that clashed and stand in the table with their reply
 *         only (IPS_NAT_CLASH); lists for users leave them out
 *
 * Entries are visited in the order (place, address).  A place is the bits of the hash of
 * the original tuple that the table knows without a look at the entry, whatever its size
 * is; the others are 0.  Zero it to start.  May be copied; holds no reference.
 */
struct nf_conntrack_walk {
	u32		place;
	bool		begun;
	bool		done;
	bool		clashing;
	unsigned long	after;
};

/* What one step of a walk returns at most */
#define NF_CT_WALK_MAX	64U

/* walk.c */
unsigned int nf_conntrack_walk_next(struct net *net,
				    struct nf_conntrack_walk *walk,
				    struct nf_conn **batch, unsigned int max);
unsigned int nf_conntrack_walk_placed(struct net *net,
				      struct nf_conntrack_walk *walk,
				      struct nf_conn **batch, u32 *place,
				      unsigned int max);
void nf_conntrack_walk_back(struct nf_conntrack_walk *walk,
			    const struct nf_conn *ct);
struct nf_conn *nf_conntrack_walk_near(const struct net *net, u32 hash,
				       unsigned int buckets, unsigned int looks);

/* iterate.c */
void nf_conntrack_flush_net(struct net *net);

/* base/hash.c */
u32 nf_conntrack_hash_tuple(const struct net *net,
			    const struct nf_conntrack_tuple *tuple,
			    u16 zone_id);

/* Where one direction of @ct stands, or will stand.  Not kept in the entry: eight
 * bytes less are one page in twenty saved, and few paths need it.
 */
static inline u32 nf_ct_hash(const struct nf_conn *ct,
			     enum ip_conntrack_dir dir)
{
	return nf_conntrack_hash_tuple(nf_ct_net(ct), nf_ct_tuple(ct, dir),
				       nf_ct_zone_id(nf_ct_zone(ct), dir));
}

/* table.c */
struct nf_conntrack_tuple_hash *
nf_conntrack_table_find(struct net *net, const struct nf_conntrack_tuple *tuple,
			const struct nf_conntrack_zone *zone, u32 hash);

/* The bucket of @hash will be needed soon; under RCU. */
void nf_conntrack_table_prefetch(u32 hash);

void nf_conntrack_table_lock2(u32 h1, u32 h2) __acquires(nf_conntrack_locks);
void nf_conntrack_table_unlock2(u32 h1, u32 h2) __releases(nf_conntrack_locks);
/* Both with the locks of the hashes involved held */
struct nf_conntrack_tuple_hash *
nf_conntrack_table_peek(struct net *net, const struct nf_conntrack_tuple *tuple,
			const struct nf_conntrack_zone *zone, u32 hash);
int nf_conntrack_table_insert(struct nf_conn *ct, const u32 hash[IP_CT_DIR_MAX]);
void nf_conntrack_table_remove(struct nf_conn *ct, const u32 hash[IP_CT_DIR_MAX]);

struct nf_conntrack_table_stats {
	unsigned int	buckets;	/* lines of the current table */
	unsigned int	floor;		/* lines the table never shrinks below */
	unsigned int	slots;		/* slots in use */
	unsigned int	overflow;	/* extra lines */
	unsigned int	grown;		/* doublings since load */
	unsigned int	shrunk;		/* halvings since load */
};

/* table.c and resize.c: each fills in what it knows */
void nf_conntrack_table_stats(struct nf_conntrack_table_stats *st);
void nf_conntrack_resize_stats(struct nf_conntrack_table_stats *st);

#endif /* _NF_CONNTRACK_TABLE_H */
