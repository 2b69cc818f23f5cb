/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One tracked connection in memory: the kernel's struct nf_conn followed by
 * our own trailer, in one slab object (SLAB_TYPESAFE_BY_RCU).  Templates use
 * the same layout, from kmalloc.  Two list nodes that the kernel reserves
 * inside struct nf_conn for hash chains are free here, because our table
 * keeps pointers only:
 *   tuplehash[ORIGINAL].hnnode  links a confirmed entry into a deadline slot
 *   tuplehash[REPLY].hnnode     links it into a list of unsent events
 */
#ifndef _NF_CT_ENTRY_H
#define _NF_CT_ENTRY_H

#include <linux/cache.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_extend.h>
#include <net/netfilter/nf_conntrack_timeout.h>

/* Header of struct nf_ct_ext (16), counters (32), event cache (20 in use), NAT (8) */
#define NF_CT_EXT_INLINE	76

/**
 * struct nf_ct_entry - a connection and what only this module knows of it
 * @ct:    what every other module sees; first member, so pointers convert
 * @ext:   room for the first extensions; @ct.ext points here until they outgrow it.
 *         Written only while the entry is unconfirmed, by its single owner.
 * @armed: jiffies32 at which the deadline slot of the entry fires; never later
 *         than @ct.timeout wants.  Guarded by the lock of the entry's wheel.
 *         Before confirmation: nf_ct_hash() of the original direction.
 *
 * With 328 bytes, and 8 for SLUB, 24 entries fit two pages; four bytes more make
 * that 23.  So a few of our bits stand in ct->status, see below.
 */
struct nf_ct_entry {
	struct nf_conn	ct;
	u8		ext[NF_CT_EXT_INLINE] __aligned(8);
	u32		armed;
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
 * The upper half of ct->status is ours: user space and other modules know 16
 * bits of it.  There, one bit per extension says that the entry has it, so
 * that a packet's way need not touch the extension area's cache line to learn
 * that there is nothing to do.  Set by nf_ct_ext_add(), never cleared.
 */
#define NF_CT_STATUS_EXT_SHIFT	32
/* IPS_SRC_NAT_DONE was set when the entry left the table; nf_nat knows it no more */
#define NF_CT_STATUS_WAS_NAT	48
/* The entry was in a flow table when it was armed last; under its wheel's lock */
#define NF_CT_STATUS_OFFLOADED	49
/* The CPU that made it, in the bits from here on: fixed at allocation */
#define NF_CT_STATUS_CPU_SHIFT	50

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
bool nf_ct_ext_commit(struct nf_conn *ct);

#endif /* _NF_CT_ENTRY_H */
