/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One tracked connection in memory: the kernel's struct nf_conn followed by our own
 * trailer, in one slab object (SLAB_TYPESAFE_BY_RCU).  Templates use the same
 * layout, from kmalloc.  Everything that is packed into corners stands in this
 * header: the room for extensions, the member with two meanings, the list nodes
 * that we borrow from struct nf_conn, and the bits in the upper half of ct->status.
 */
#ifndef _NF_CT_ENTRY_H
#define _NF_CT_ENTRY_H

#include <linux/align.h>
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/list.h>
#include <linux/list_nulls.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_extend.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_nat.h>

/* The event cache without the padding at its end, where a smaller extension fits */
#define NF_CT_ECACHE_SIZE	offsetofend(struct nf_conntrack_ecache, portid)

static_assert(ALIGN(NF_CT_ECACHE_SIZE, __alignof__(struct nf_conntrack_ecache)) ==
	      sizeof(struct nf_conntrack_ecache));

/* What a usual connection has, in the order in which it gets it: the room inside
 * the entry is meant for that.
 */
struct nf_ct_ext_usual {
	u8			head[sizeof(struct nf_ct_ext)];
	struct nf_conn_acct	acct __aligned(8);
	u8			ecache[NF_CT_ECACHE_SIZE] __aligned(8);
	struct nf_conn_nat	nat;
};

#define NF_CT_EXT_INLINE	offsetofend(struct nf_ct_ext_usual, nat)

/**
 * struct nf_ct_entry - a connection and what only this module knows of it
 * @ct:    what every other module sees; first member, so pointers convert
 * @ext:   room for the first extensions; @ct.ext points here until they outgrow it.
 *         Written while the entry is unconfirmed, by its single owner; afterwards
 *         only by nf_ct_ext_add_late().
 * @hash:  before confirmation: nf_ct_hash() of the original direction.
 *         Written when the entry is made, by the CPU that has its packet.
 * @armed: after confirmation: jiffies32 at which the deadline slot of the entry
 *         fires; never later than @ct.timeout wants.  Guarded by the lock of the
 *         entry's wheel.
 *
 * On 6.1 the entry has 328 bytes, and SLUB adds 8: 24 entries fit two pages.  Four
 * bytes more make that 23, so a few of our bits stand in ct->status, see below.
 */
struct nf_ct_entry {
	struct nf_conn	ct;
	u8		ext[NF_CT_EXT_INLINE] __aligned(8);
	union {
		u32	hash;
		u32	armed;
	};
};

static inline struct nf_ct_entry *nf_ct_entry(const struct nf_conn *ct)
{
	return container_of(ct, struct nf_ct_entry, ct);
}

static inline bool nf_ct_ext_is_inline(const struct nf_conn *ct)
{
	return (const void *)ct->ext == (const void *)nf_ct_entry(ct)->ext;
}

/*
 * Two list nodes that the kernel reserves inside struct nf_conn for hash chains are
 * free, because our table keeps pointers only.  That of the original direction
 * links a confirmed entry into a deadline slot; that of the reply direction links
 * it into a list of undelivered events.
 */
static inline struct hlist_nulls_node *nf_ct_entry_wheel_node(struct nf_conn *ct)
{
	return &ct->tuplehash[IP_CT_DIR_ORIGINAL].hnnode;
}

static inline struct nf_ct_entry *
nf_ct_entry_of_wheel_node(struct hlist_nulls_node *node)
{
	return container_of(node, struct nf_ct_entry,
			    ct.tuplehash[IP_CT_DIR_ORIGINAL].hnnode);
}

static inline struct list_head *nf_ct_entry_unsent_node(struct nf_conn *ct)
{
	static_assert(sizeof(struct list_head) == sizeof(struct hlist_nulls_node));

	return (struct list_head *)&ct->tuplehash[IP_CT_DIR_REPLY].hnnode;
}

static inline struct nf_conn *nf_ct_entry_of_unsent_node(struct list_head *node)
{
	return container_of((struct hlist_nulls_node *)node, struct nf_conn,
			    tuplehash[IP_CT_DIR_REPLY].hnnode);
}

/*
 * The upper half of ct->status is ours: user space and other modules know the bits
 * below __IPS_MAX_BIT.
 */
/* From here on one bit for each extension says that the entry has it, so that a
 * packet need not touch the extension area's cache line to learn that there is
 * nothing to do.  Set by nf_ct_ext_add(), never cleared.
 */
#define NF_CT_STATUS_EXT_SHIFT	32
/* IPS_SRC_NAT_DONE was set when the entry left the table; nf_nat knows it no more */
#define NF_CT_STATUS_WAS_NAT	48
/* The entry was in a flow table when it was armed last; under its wheel's lock */
#define NF_CT_STATUS_OFFLOADED	49
/* The CPU that made the entry, in the bits from here on: fixed at allocation */
#define NF_CT_STATUS_CPU_SHIFT	50

static_assert(__IPS_MAX_BIT <= NF_CT_STATUS_EXT_SHIFT);
static_assert(NF_CT_STATUS_EXT_SHIFT + NF_CT_EXT_NUM <= NF_CT_STATUS_WAS_NAT);
static_assert(NF_CT_STATUS_WAS_NAT < NF_CT_STATUS_OFFLOADED);
static_assert(NF_CT_STATUS_OFFLOADED < NF_CT_STATUS_CPU_SHIFT);

/* The CPU whose wheel and lists the entry belongs to, for its whole life */
static inline unsigned int nf_ct_entry_cpu(const struct nf_ct_entry *entry)
{
	return READ_ONCE(entry->ct.status) >> NF_CT_STATUS_CPU_SHIFT;
}

static inline bool nf_ct_has_ext(const struct nf_conn *ct, enum nf_ct_ext_id id)
{
	return test_bit(NF_CT_STATUS_EXT_SHIFT + id, &ct->status);
}

/* Timeouts of a policy that a rule has attached, or NULL.  RCU. */
static inline unsigned int *nf_ct_policy_timeouts(const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	if (unlikely(nf_ct_has_ext(ct, NF_CT_EXT_TIMEOUT)))
		return nf_ct_timeout_lookup(ct);
#endif
	return NULL;
}

/* nf_conntrack_extend.c */
void nf_ct_ext_free(struct nf_conn *ct);
bool nf_ct_ext_valid(const struct nf_ct_ext *ext);
unsigned int nf_ct_ext_commit(struct nf_conn *ct);
void nf_ct_ext_revert(struct nf_conn *ct, unsigned int id);
void *nf_ct_ext_add_late(struct nf_conn *ct, enum nf_ct_ext_id id);

#endif /* _NF_CT_ENTRY_H */
