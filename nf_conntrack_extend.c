// SPDX-License-Identifier: GPL-2.0
/*
 * The extension area of an entry: optional parts such as counters, NAT state or
 * a helper.  It starts inside the entry and moves to a block of its own only
 * when it outgrows that room.  Extensions are added by the single owner of an
 * unconfirmed entry, so nothing here takes a lock but for two things.  The list of
 * an entry's expectations begins in its area, and other CPUs unlink from it.  Once
 * the entry is confirmed its area does not move; what still fits into its room can
 * be added with ct->lock held, while CPUs read the area without a lock.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <net/netfilter/nf_conntrack_act_ct.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_synproxy.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_nat.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_timestamp.h>
#include <net/netfilter/nf_conntrack_timeout.h>

#include "nf_conntrack_internal.h"
#include "nf_ct_entry.h"
#include "nf_ct_ext.h"

/* Offsets and the length are single bytes */
#define NF_CT_EXT_LEN_MAX	U8_MAX

struct nf_ct_ext_type {
	u8	size;
	u8	align;
};

#define NF_CT_EXT_TYPE(_struct) { sizeof(_struct), __alignof__(_struct) }
static const struct nf_ct_ext_type nf_ct_ext_types[NF_CT_EXT_NUM] = {
	[NF_CT_EXT_HELPER]	= NF_CT_EXT_TYPE(struct nf_conn_help),
#if IS_ENABLED(CONFIG_NF_NAT)
	[NF_CT_EXT_NAT]		= NF_CT_EXT_TYPE(struct nf_conn_nat),
#endif
	[NF_CT_EXT_SEQADJ]	= NF_CT_EXT_TYPE(struct nf_conn_seqadj),
	[NF_CT_EXT_ACCT]	= NF_CT_EXT_TYPE(struct nf_conn_acct),
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	[NF_CT_EXT_ECACHE]	= { NF_CT_ECACHE_SIZE,
				    __alignof__(struct nf_conntrack_ecache) },
#endif
#ifdef CONFIG_NF_CONNTRACK_TIMESTAMP
	[NF_CT_EXT_TSTAMP]	= NF_CT_EXT_TYPE(struct nf_conn_tstamp),
#endif
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	[NF_CT_EXT_TIMEOUT]	= NF_CT_EXT_TYPE(struct nf_conn_timeout),
#endif
#ifdef CONFIG_NF_CONNTRACK_LABELS
	[NF_CT_EXT_LABELS]	= NF_CT_EXT_TYPE(struct nf_conn_labels),
#endif
#if IS_ENABLED(CONFIG_NETFILTER_SYNPROXY)
	[NF_CT_EXT_SYNPROXY]	= NF_CT_EXT_TYPE(struct nf_conn_synproxy),
#endif
#if IS_ENABLED(CONFIG_NET_ACT_CT)
	[NF_CT_EXT_ACT_CT]	= NF_CT_EXT_TYPE(struct nf_conn_act_ct_ext),
#endif
};

/* Every extension at once, each with the largest padding: an upper bound */
struct nf_ct_ext_all {
	u8				head[sizeof(struct nf_ct_ext)];
	struct nf_conn_help		help __aligned(8);
	struct nf_conn_nat		nat __aligned(8);
	struct nf_conn_seqadj		seqadj __aligned(8);
	struct nf_conn_acct		acct __aligned(8);
	struct nf_conntrack_ecache	ecache __aligned(8);
	struct nf_conn_tstamp		tstamp __aligned(8);
	struct nf_conn_timeout		timeout __aligned(8);
	struct nf_conn_labels		labels __aligned(8);
	struct nf_conn_synproxy		synproxy __aligned(8);
	struct nf_conn_act_ct_ext	act_ct __aligned(8);
};

static_assert(sizeof(struct nf_ct_ext_all) <= NF_CT_EXT_LEN_MAX);

/* Never 0, which stands for "confirmed, any generation" in an area */
atomic_t nf_conntrack_ext_genid __read_mostly = ATOMIC_INIT(1);

/* Bytes behind ct->ext.  A separate block is only ever left for a larger one,
 * so its size follows from the length in use.
 */
static unsigned int nf_ct_ext_block(unsigned int len)
{
	if (len <= 128)
		return 128;
	if (len <= 192)
		return 192;
	return 256;
}

static unsigned int nf_ct_ext_room(const struct nf_conn *ct)
{
	if (!ct->ext || nf_ct_ext_is_inline(ct))
		return NF_CT_EXT_INLINE;

	return nf_ct_ext_block(ct->ext->len);
}

/* Give a bare entry an empty area.  Templates live as long as their rule and
 * hold references on the helper and the policy that they name, so what they
 * carry never goes stale.
 * DIFF: template-keeps-helper: stock loses it when any helper is unloaded.
 */
static void nf_ct_ext_begin(struct nf_conn *ct)
{
	struct nf_ct_ext *ext = (struct nf_ct_ext *)nf_ct_entry(ct)->ext;

	memset(ext, 0, sizeof(*ext));
	ext->len = sizeof(*ext);
	if (!nf_ct_is_template(ct))
		*nf_ct_ext_generation(ext) = atomic_read(&nf_conntrack_ext_genid);
	ct->ext = ext;
}

/* Rules make expectations of unconfirmed entries, too: then the head of their list
 * moves along, and the number of expectations whose destroy event is undelivered.
 * DIFF: expect-list-moves: stock leaves the list with a pointer to freed memory.
 */
static void nf_ct_ext_copy(struct nf_conn *ct, struct nf_ct_ext *new)
{
	struct nf_conn_help *help = nf_ct_ext_peek(ct, NF_CT_EXT_HELPER);
	struct nf_conn_help *moved;

	if (likely(!help)) {
		memcpy(new, ct->ext, ct->ext->len);
		ct->ext = new;
		return;
	}

	spin_lock_bh(&nf_conntrack_expect_lock);
	memcpy(new, ct->ext, ct->ext->len);
	moved = (void *)new + new->offset[NF_CT_EXT_HELPER];
	hlist_move_list(&help->expectations, &moved->expectations);
	/* the next CPU that takes the lock reaches the list by its master */
	ct->ext = new;
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

/* Move the area to a block that holds @len bytes; the old one stays on failure */
static bool nf_ct_ext_move(struct nf_conn *ct, unsigned int len, gfp_t gfp)
{
	struct nf_ct_ext *old = ct->ext, *new;

	new = kmalloc(nf_ct_ext_block(len), gfp);
	if (!new)
		return false;

	nf_ct_ext_copy(ct, new);
	if ((void *)old != (void *)nf_ct_entry(ct)->ext)
		kfree(old);

	return true;
}

/**
 * nf_ct_ext_bump_genid - make the extensions of every unconfirmed entry stale
 *
 * For code about to free something that extensions point to without a
 * reference: entries in the table can be visited, unconfirmed ones cannot.
 *
 * Context: any.
 */
void nf_ct_ext_bump_genid(void)
{
	/* A wrap must not hand out 0 */
	if (!atomic_inc_return(&nf_conntrack_ext_genid))
		atomic_inc(&nf_conntrack_ext_genid);
}

/**
 * nf_ct_ext_valid - may the extensions still be used?
 * @ext: area of an entry, or NULL
 *
 * Context: any.
 * Return: true for a confirmed entry, a template, the current generation, NULL.
 */
bool nf_ct_ext_valid(const struct nf_ct_ext *ext)
{
	unsigned int id;

	if (!ext)
		return true;

	id = READ_ONCE(*nf_ct_ext_generation(ext));
	return !id || id == atomic_read(&nf_conntrack_ext_genid);
}
NF_CT_EXPORT_PRIVATE(nf_ct_ext_valid);

/**
 * nf_ct_ext_commit - the entry is being confirmed: its extensions are final
 * @ct: entry that clashes with no other one
 *
 * nf_ct_iterate_destroy() changes the generation, waits for a grace period and walks
 * the table afterwards.  The caller has seen nf_ct_ext_valid() since BH were turned
 * off: so either it has seen the new generation, or that walk sees the entry.
 *
 * Context: BH off since nf_ct_ext_valid() was true.
 * Return: the generation, for nf_ct_ext_revert().
 */
unsigned int nf_ct_ext_commit(struct nf_conn *ct)
{
	unsigned int id = 0;

	if (ct->ext) {
		id = *nf_ct_ext_generation(ct->ext);
		WRITE_ONCE(*nf_ct_ext_generation(ct->ext), 0);
	}
	return id;
}

/**
 * nf_ct_ext_revert - the entry did not get into the table
 * @ct: entry
 * @id: what nf_ct_ext_commit() has returned
 *
 * No walk finds the entry, and its packet may have a clone that comes here later: so
 * its extensions can go stale again.
 *
 * Context: as nf_ct_ext_commit().
 */
void nf_ct_ext_revert(struct nf_conn *ct, unsigned int id)
{
	if (ct->ext)
		WRITE_ONCE(*nf_ct_ext_generation(ct->ext), id);
}

/**
 * nf_ct_ext_free - release the extension area
 * @ct: entry or template without users
 *
 * What extensions refer to has been released by then: nf_ct_timeout_release().
 *
 * Context: any, does not sleep.
 */
void nf_ct_ext_free(struct nf_conn *ct)
{
	if (!ct->ext)
		return;

	if (!nf_ct_ext_is_inline(ct))
		kfree(ct->ext);
	ct->ext = NULL;
}

#ifdef NF_CT_HAVE_EXT_GENID
/**
 * __nf_ct_ext_find - find an extension of an entry that is not confirmed yet
 * @ext: its area
 * @id:  extension
 *
 * Context: any.
 * Return: the extension, or NULL if it is absent or stale.
 */
void *__nf_ct_ext_find(const struct nf_ct_ext *ext, u8 id)
{
	if (!__nf_ct_ext_exist(ext, id) || !nf_ct_ext_valid(ext))
		return NULL;

	return (void *)ext + ext->offset[id];
}
#endif

/**
 * nf_ct_ext_add - give an unconfirmed entry or a template one more extension
 * @ct:  entry, owned by the caller
 * @id:  extension
 * @gfp: how to allocate when the area has to grow
 *
 * Pointers to the extensions that @ct had before may become invalid.
 *
 * Context: sleeps only if @gfp allows it.
 * Return: the zeroed extension; NULL if @ct has it already, its area is stale
 *	   or memory is short.
 */
void *nf_ct_ext_add(struct nf_conn *ct, enum nf_ct_ext_id id, gfp_t gfp)
{
	const struct nf_ct_ext_type *type = &nf_ct_ext_types[id];
	unsigned int start, end;

	/* Others read the area of a confirmed entry: it must not move.  Users reach
	 * this: Open vSwitch asks for labels when it gets an older connection.
	 * DIFF: extension-late: stock warns and moves it
	 */
	if (nf_ct_is_confirmed(ct) && !nf_ct_is_template(ct))
		return NULL;

	if (!ct->ext)
		nf_ct_ext_begin(ct);
	if (__nf_ct_ext_exist(ct->ext, id) || !nf_ct_ext_valid(ct->ext))
		return NULL;

	start = ALIGN(ct->ext->len, type->align);
	end = start + type->size;
	if (end > nf_ct_ext_room(ct) && !nf_ct_ext_move(ct, end, gfp))
		return NULL;

	memset((void *)ct->ext + start, 0, type->size);
	ct->ext->offset[id] = start;
	ct->ext->len = end;
	set_bit(NF_CT_STATUS_EXT_SHIFT + id, &ct->status);

	return (void *)ct->ext + start;
}

static void nf_ct_ext_publish(struct nf_conn *ct, enum nf_ct_ext_id id,
			      unsigned int start)
{
	const struct nf_ct_ext_type *type = &nf_ct_ext_types[id];
	struct nf_ct_ext *ext = ct->ext;

	memset((void *)ext + start, 0, type->size);
	ext->len = start + type->size;
	/* a reader that finds the offset finds the zeroes, too: its loads depend on
	 * each other
	 */
	smp_store_release(&ext->offset[id], start);
	set_bit(NF_CT_STATUS_EXT_SHIFT + id, &ct->status);
}

/**
 * nf_ct_ext_add_late - give an entry an extension after its confirmation, if it fits
 * @ct: entry, referenced by the caller
 * @id: extension: one that holds nothing which must be released
 *
 * The area of a confirmed entry does not move, so there is place only for what fits
 * behind the extensions that it has.  Other CPUs may read the area meanwhile.  An
 * unconfirmed entry gets nothing.
 *
 * Context: any but hard interrupt; takes ct->lock.
 * Return: the extension, or NULL when there is no room.
 */
void *nf_ct_ext_add_late(struct nf_conn *ct, enum nf_ct_ext_id id)
{
	const struct nf_ct_ext_type *type = &nf_ct_ext_types[id];
	unsigned int start;
	void *found;

	/* its owner may be adding extensions right now */
	if (!nf_ct_is_confirmed(ct))
		return NULL;

	spin_lock_bh(&ct->lock);
	if (!ct->ext) {
		struct nf_ct_ext *ext = (struct nf_ct_ext *)nf_ct_entry(ct)->ext;

		/* generation 0: confirmed */
		memset(ext, 0, sizeof(*ext));
		ext->len = sizeof(*ext);
		smp_store_release(&ct->ext, ext);
	}
	start = ALIGN(ct->ext->len, type->align);
	if (!__nf_ct_ext_exist(ct->ext, id) &&
	    start + type->size <= nf_ct_ext_room(ct))
		nf_ct_ext_publish(ct, id, start);
	found = nf_ct_ext_find(ct, id);
	spin_unlock_bh(&ct->lock);

	return found;
}
