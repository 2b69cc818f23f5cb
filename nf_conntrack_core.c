// SPDX-License-Identifier: GPL-2.0
/*
 * The life of one entry: allocated (early drop makes room), refreshed, deleted,
 * freed; and templates.  An entry is owned by references: one of the table while
 * it stands there, one of each packet, of each connection that it is master of,
 * of the list of undelivered events.  The CPU that sets IPS_DYING takes the entry
 * out of the table and drops the table's reference.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hash.h>
#include <linux/percpu.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_conntrack_timestamp.h>
#include <net/netns/hash.h>

#include "nf_conntrack_deadline.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_conntrack_table.h"
#include "nf_conntrack_trace.h"
#include "nf_conntrack_unsent.h"
#include "nf_ct_ext.h"
#include "nf_ct_helper.h"
#include "nf_ct_rules.h"

/* Buckets that early drop searches for an entry to give up */
#define NF_CT_EARLY_DROP_BUCKETS	8
/* Entries that it looks at */
#define NF_CT_EARLY_DROP_ENTRIES	16

static struct kmem_cache *nf_conntrack_cachep __read_mostly;

/**
 * struct nf_ct_ending - what nf_ct_delete() is told and asked beside its arguments
 * @ct:    the entry, or NULL: nothing
 * @hash:  nf_ct_hash() of both directions, or NULL: not known
 * @ended: result: the entry was alive, and this call has ended it
 *
 * Tracing programs attach to nf_ct_delete(), and its arguments are the kernel's: so
 * every end goes through it, and more passes by the CPU.  With BH disabled.
 */
struct nf_ct_ending {
	const struct nf_conn	*ct;
	const u32		*hash;
	bool			ended;
};

static DEFINE_PER_CPU(struct nf_ct_ending, nf_ct_ending);

/* ---- early drop ---- */

/* Where a CPU looks for an entry to give up: each time elsewhere, and in the end
 * everywhere
 */
static DEFINE_PER_CPU(u32, nf_ct_early_drop_place);

/* End one entry of a full namespace, of those that stand in a few buckets. */
static bool nf_conntrack_early_drop(struct net *net)
{
	u32 place = this_cpu_add_return(nf_ct_early_drop_place, GOLDEN_RATIO_32);
	struct nf_conn *ct;
	bool gone;

	ct = nf_conntrack_walk_near(net, place, NF_CT_EARLY_DROP_BUCKETS,
				    NF_CT_EARLY_DROP_ENTRIES);
	if (!ct)
		return false;
	trace_nf_ct_early_drop(ct);
	local_bh_disable();
	/* false when another CPU has just ended it */
	gone = nf_ct_delete_at(ct, NULL, 0, 0);
	local_bh_enable();
	if (gone)
		NF_CT_STAT_INC_ATOMIC(net, early_drop);
	nf_ct_put(ct);
	return gone;
}

/* ---- allocation ---- */

static bool nf_conntrack_full(unsigned int count)
{
	unsigned int max = READ_ONCE(nf_conntrack_max);

	return max && count > max;
}

/* Too many entries: make room, or log why the packet is dropped. */
static bool nf_conntrack_make_room(struct net *net)
{
	unsigned int unsent;

	/* DIFF: early-drop: it makes room even if the destroy event has to wait */
	if (nf_conntrack_early_drop(net))
		return true;
	unsent = nf_conntrack_unsent_count(net);
	/* DIFF: table-full-log: says how many entries wait for a listener */
	if (unsent)
		net_warn_ratelimited("nf_conntrack: table full, dropping packet (%u entries wait for an event listener)\n",
				     unsent);
	else
		nf_ct_warn_table_full(net);
	return false;
}

/**
 * nf_conntrack_alloc - a new, unconfirmed entry
 * @net:  namespace
 * @zone: zone, copied
 * @orig: key of the original direction
 * @repl: key of the reply direction
 * @gfp:  allocation flags
 *
 * The reference count is 0: the caller sets it when the entry is complete, or
 * gives the entry back to nf_conntrack_free().
 *
 * Context: any that @gfp allows.
 * Return: entry or ERR_PTR(-ENOMEM), also when the namespace is full.
 */
struct nf_conn *nf_conntrack_alloc(struct net *net,
				   const struct nf_conntrack_zone *zone,
				   const struct nf_conntrack_tuple *orig,
				   const struct nf_conntrack_tuple *repl,
				   gfp_t gfp)
{
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);
	struct nf_ct_entry *entry;
	struct nf_conn *ct;

	if (unlikely(nf_conntrack_full(atomic_inc_return(&cnet->count))) &&
	    !nf_conntrack_make_room(net))
		goto uncount;

	/* no __GFP_ZERO: a reader may still look at the entry that was freed */
	entry = kmem_cache_alloc(nf_conntrack_cachep, gfp);
	if (!entry)
		goto uncount;

	ct = &entry->ct;
	spin_lock_init(&ct->lock);
	ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple = *orig;
	ct->tuplehash[IP_CT_DIR_ORIGINAL].hnnode.pprev = NULL;
	ct->tuplehash[IP_CT_DIR_REPLY].tuple = *repl;
	ct->tuplehash[IP_CT_DIR_REPLY].hnnode.pprev = NULL;
	ct->status = (unsigned long)raw_smp_processor_id() << NF_CT_STATUS_CPU_SHIFT;
	WRITE_ONCE(ct->timeout, 0);
	write_pnet(&ct->ct_net, net);
	memset_after(ct, 0, ct_net);
	nf_ct_zone_add(ct, zone);
	/* a count of 0, as in a freed object: no reader gets a reference */
	refcount_set(&ct->ct_general.use, 0);
	trace_nf_ct_new(ct);
	return ct;

uncount:
	atomic_dec(&cnet->count);
	return ERR_PTR(-ENOMEM);
}

/*
 * nf_nat links the entries that it has seen into a hash of its own.  When it is
 * unloaded, it walks our table to find them, clears nf_nat_hook, waits for a grace
 * period and frees that hash.  An entry whose destroy event is undelivered is not in
 * our table: so it leaves both at once, in one read side of RCU.
 *
 * @nat is the hook as it was while the entry was in our table still.  NULL: the walk
 * was over by then, and has unlinked the entry.  Otherwise nf_nat waits for us.
 */
static void nf_ct_forget_nat(struct nf_conn *ct, const struct nf_nat_hook *nat)
{
#if IS_ENABLED(CONFIG_NF_NAT)
	if (!nat || !test_bit(IPS_SRC_NAT_DONE_BIT, &ct->status))
		return;
	/* an event that is sent meanwhile shows one of the two bits */
	set_bit(NF_CT_STATUS_WAS_NAT, &ct->status);
	/* nf_nat's clean-up does the same: the CPU that clears the bit unlinks */
	if (test_and_clear_bit(IPS_SRC_NAT_DONE_BIT, &ct->status))
		nat->remove_nat_bysrc(ct);
#endif
}

/* Under RCU */
static const struct nf_nat_hook *nf_ct_nat_hook(void)
{
#if IS_ENABLED(CONFIG_NF_NAT)
	return rcu_dereference(nf_nat_hook);
#else
	return NULL;
#endif
}

static void nf_ct_drop_extensions(struct nf_conn *ct)
{
	/* the helper of a template is held by its rule */
	if (!nf_ct_is_template(ct))
		nf_ct_helper_drop(ct);
	nf_ct_timeout_release(ct);
	nf_ct_ext_free(ct);
}

/**
 * nf_conntrack_free - free an entry without references
 * @ct: entry with a reference count of 0
 *
 * Context: softirq safe. RCU readers may go on looking at the object.
 */
void nf_conntrack_free(struct nf_conn *ct)
{
	struct nf_conntrack_net *cnet = nf_ct_pernet(nf_ct_net(ct));

	WARN_ON(refcount_read(&ct->ct_general.use) != 0);
	/* an entry that was never confirmed */
	if (unlikely(test_bit(IPS_SRC_NAT_DONE_BIT, &ct->status))) {
		rcu_read_lock();
		nf_ct_forget_nat(ct, nf_ct_nat_hook());
		rcu_read_unlock();
	}
	nf_ct_drop_extensions(ct);
	kmem_cache_free(nf_conntrack_cachep, ct);
	/* the end of a namespace reads 0, and then frees what entries point to */
	smp_mb__before_atomic();
	atomic_dec(&cnet->count);
}

/**
 * nf_ct_tmpl_alloc - a template, for rules to attach to packets
 * @net:   namespace
 * @zone:  zone, copied
 * @flags: allocation flags
 *
 * Return: template with one reference, or NULL.
 */
struct nf_conn *nf_ct_tmpl_alloc(struct net *net,
				 const struct nf_conntrack_zone *zone,
				 gfp_t flags)
{
	struct nf_ct_entry *entry = kzalloc(sizeof(*entry), flags);
	struct nf_conn *tmpl;

	BUILD_BUG_ON(ARCH_KMALLOC_MINALIGN <= NFCT_INFOMASK);
	if (!entry)
		return NULL;

	tmpl = &entry->ct;
	tmpl->status = IPS_TEMPLATE;
	write_pnet(&tmpl->ct_net, net);
	nf_ct_zone_add(tmpl, zone);
	refcount_set(&tmpl->ct_general.use, 1);
	return tmpl;
}

/**
 * nf_ct_tmpl_free - free a template
 * @tmpl: template without references
 */
void nf_ct_tmpl_free(struct nf_conn *tmpl)
{
	nf_ct_drop_extensions(tmpl);
	kfree(nf_ct_entry(tmpl));
}

#ifdef CONFIG_NF_CT_PROTO_GRE
/* Is the end of @ct that of a PPTP call?  When @ct has lost a clash, or was dropped, the
 * call goes on with another entry.
 * DIFF: gre-clash: stock takes each entry for the call.
 */
static bool nf_ct_ends_call(const struct nf_conn *ct)
{
	return ct->master && nf_ct_protonum(ct) == IPPROTO_GRE &&
	       nf_ct_is_confirmed(ct) &&
	       !test_bit(IPS_NAT_CLASH_BIT, &ct->status);
}
#endif

/* Free one entry; returns its master, whose reference is now the caller's. */
static struct nf_conn *nf_ct_destroy_one(struct nf_conn *ct)
{
	struct nf_conn *master = ct->master;

#ifdef CONFIG_NF_CT_PROTO_GRE
	if (nf_ct_ends_call(ct))
		nf_ct_gre_keymap_end(ct, master);
#endif
	if (unlikely(nf_ct_has_ext(ct, NF_CT_EXT_HELPER))) {
		/* its helper may have gone without being called */
		if (IS_ENABLED(CONFIG_NF_CT_PROTO_GRE))
			nf_ct_gre_keymap_destroy(ct);
		/* an entry that was never confirmed may have made expectations */
		nf_ct_remove_expectations(ct);
	}
	nf_conntrack_free(ct);
	return master;
}

/**
 * nf_ct_destroy - the last reference is gone
 * @nfct: first member of a template or an entry
 *
 * Masters may form a chain of any length (netlink): a loop, no recursion.
 *
 * Context: softirq safe.
 */
void nf_ct_destroy(struct nf_conntrack *nfct)
{
	struct nf_conn *ct = nf_ct_to_nf_conn(nfct);

	WARN_ON(refcount_read(&nfct->use) != 0);
	if (unlikely(nf_ct_is_template(ct))) {
		nf_ct_tmpl_free(ct);
		return;
	}
	do {
		ct = nf_ct_destroy_one(ct);
	} while (ct && refcount_dec_and_test(&ct->ct_general.use));
}

/* ---- deletion ---- */

static void nf_ct_stop_clock(struct nf_conn *ct)
{
	struct nf_conn_tstamp *tstamp = nf_conn_tstamp_find(ct);
	s32 late;

	if (!tstamp)
		return;
	/* the connection ended at its deadline, not when the CPU got to it */
	late = nfct_time_stamp - READ_ONCE(ct->timeout);
	tstamp->stop = ktime_get_real_ns();
	if (late > 0)
		tstamp->stop -= jiffies_to_nsecs(late);
}

static void nf_ct_unlink(struct nf_conn *ct, const u32 hash[IP_CT_DIR_MAX])
{
	const struct nf_nat_hook *nat;

	if (unlikely(nf_ct_has_ext(ct, NF_CT_EXT_HELPER))) {
		nf_ct_helper_destroy(ct);
		nf_ct_remove_expectations(ct);
	}

	rcu_read_lock();
	/* before it leaves the table: nf_ct_forget_nat() */
	nat = nf_ct_nat_hook();
	nf_conntrack_table_lock2(hash[0], hash[1]);
	nf_conntrack_table_remove(ct, hash);
	nf_conntrack_table_unlock2(hash[0], hash[1]);
	nf_ct_forget_nat(ct, nat);
	rcu_read_unlock();

	nf_ct_deadline_disarm(ct);
}

/*
 * Whether a dying entry is in the table.  Its packet may have a clone that is
 * being confirmed on another CPU: that CPU looks for IPS_DYING and sets
 * IPS_CONFIRMED under this lock.  So either it gives up, or we see the bit.
 */
static bool nf_ct_has_entered(struct nf_conn *ct)
{
	u32 hash;
	bool in;

	if (likely(nf_ct_is_confirmed(ct)))
		return true;
	hash = nf_ct_hash(ct, IP_CT_DIR_ORIGINAL);
	nf_conntrack_table_lock2(hash, hash);
	in = nf_ct_is_confirmed(ct);
	nf_conntrack_table_unlock2(hash, hash);
	return in;
}

/* Whether the caller of nf_ct_delete() has said where @ct stands.  It is told that this
 * call ends it.
 */
static bool nf_ct_ending_place(const struct nf_conn *ct, u32 hash[IP_CT_DIR_MAX])
{
	struct nf_ct_ending *e = get_cpu_ptr(&nf_ct_ending);
	bool known = false;

	if (e->ct == ct) {
		e->ended = true;
		known = e->hash;
		if (known)
			memcpy(hash, e->hash, sizeof(*hash) * IP_CT_DIR_MAX);
	}
	put_cpu_ptr(&nf_ct_ending);
	return known;
}

/* End an entry whose IPS_DYING the caller has set.  True: it has left the table, and
 * no listener lacks its destroy event.
 */
static bool nf_ct_end(struct nf_conn *ct, u32 portid, int report)
{
	u32 hash[IP_CT_DIR_MAX];
	bool sent;

	if (!nf_ct_ending_place(ct, hash)) {
		/* never was in the table, and never will be */
		if (unlikely(!nf_ct_has_entered(ct)))
			return true;
		/* its keys are final by now */
		hash[IP_CT_DIR_ORIGINAL] = nf_ct_hash(ct, IP_CT_DIR_ORIGINAL);
		hash[IP_CT_DIR_REPLY] = nf_ct_hash(ct, IP_CT_DIR_REPLY);
	}
	nf_ct_stop_clock(ct);
	trace_nf_ct_destroy(ct);
	sent = nf_conntrack_event_report(IPCT_DESTROY, ct, portid, report) >= 0;
	nf_ct_unlink(ct, hash);
	nf_ct_put(ct);
	return sent;
}

/**
 * nf_ct_delete - end a confirmed connection
 * @ct:     entry; the caller holds a reference of its own
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants the event, too
 *
 * The entry leaves the table at once.  When a reliable listener refuses the
 * destroy event, the list of undelivered events keeps the entry.
 *
 * Context: softirq safe, no table lock held.
 * Return: true when the entry is gone; false when another CPU ends it, or its
 * destroy event is undelivered.
 */
noinline bool nf_ct_delete(struct nf_conn *ct, u32 portid, int report)
{
	if (test_and_set_bit(IPS_DYING_BIT, &ct->status))
		return false;
	return nf_ct_end(ct, portid, report);
}

/**
 * nf_ct_delete_at - end a confirmed connection whose place may be known
 * @ct:     entry in the table, as for nf_ct_delete()
 * @hash:   nf_ct_hash() of both directions, or NULL
 * @portid: as for nf_ct_delete()
 * @report: likewise
 *
 * Context: BH disabled, no table lock held.
 * Return: true when this call has ended it, also if its destroy event waits.
 */
bool nf_ct_delete_at(struct nf_conn *ct, const u32 *hash, u32 portid, int report)
{
	struct nf_ct_ending *e = this_cpu_ptr(&nf_ct_ending);

	e->hash = hash;
	e->ended = false;
	e->ct = ct;
	nf_ct_delete(ct, portid, report);
	e->ct = NULL;
	return e->ended;
}

/* ---- use ---- */

static __always_inline void nf_ct_seen(struct nf_conn *ct,
				       enum ip_conntrack_info ctinfo,
				       u32 extra_jiffies, unsigned int bytes)
{
	if (!test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status)) {
		if (nf_ct_is_confirmed(ct))
			nf_ct_deadline_set(ct, extra_jiffies);
		else
			/* counts from confirmation on */
			WRITE_ONCE(ct->timeout, extra_jiffies);
	}
	if (bytes && nf_ct_has_ext(ct, NF_CT_EXT_ACCT))
		nf_ct_acct_update(ct, CTINFO2DIR(ctinfo), bytes);
}

#ifdef NF_CT_HAVE_REFRESH_BYTES
/**
 * __nf_ct_refresh_acct - a packet was seen
 * @ct:            entry
 * @ctinfo:        the packet's direction, for accounting
 * @extra_jiffies: time to live from now on
 * @bytes:         to count, with one packet; 0: count nothing
 *
 * Context: softirq safe.
 */
void __nf_ct_refresh_acct(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			  u32 extra_jiffies, unsigned int bytes)
{
	nf_ct_seen(ct, ctinfo, extra_jiffies, bytes);
}
#else
/**
 * __nf_ct_refresh_acct - a packet was seen
 * @ct:            entry
 * @ctinfo:        the packet's direction, for accounting
 * @skb:           packet
 * @extra_jiffies: time to live from now on
 * @do_acct:       count packet and bytes
 *
 * Context: softirq safe.
 */
void __nf_ct_refresh_acct(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			  const struct sk_buff *skb, u32 extra_jiffies,
			  bool do_acct)
{
	nf_ct_seen(ct, ctinfo, extra_jiffies, do_acct ? skb->len : 0);
}
#endif

/**
 * nf_ct_kill_acct - count a packet and end its connection
 * @ct:     entry
 * @ctinfo: direction
 * @skb:    packet
 *
 * Return: as nf_ct_delete().
 */
bool nf_ct_kill_acct(struct nf_conn *ct, enum ip_conntrack_info ctinfo,
		     const struct sk_buff *skb)
{
	nf_ct_acct_update(ct, CTINFO2DIR(ctinfo), skb->len);
	return nf_ct_delete(ct, 0, 0);
}

#ifdef NF_CT_HAVE_L3PROTO_GET
/**
 * nf_conntrack_alter_reply - NAT has chosen the reply direction's key
 * @ct:       unconfirmed entry
 * @newreply: key
 *
 * A clone of the packet may have been confirmed by another CPU meanwhile: the key of an
 * entry in the table stays, since the entry is found by it.
 */
void nf_conntrack_alter_reply(struct nf_conn *ct,
			      const struct nf_conntrack_tuple *newreply)
{
	if (!nf_ct_is_confirmed(ct))
		ct->tuplehash[IP_CT_DIR_REPLY].tuple = *newreply;
}
#endif

/**
 * nf_ct_get_id - number of an entry that user space sees
 * @ct: entry
 *
 * Keyed, so that it does not give away the address; the same for the life of
 * the entry.
 *
 * Context: any.
 * Return: the number.
 */
u32 nf_ct_get_id(const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *orig = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	static siphash_aligned_key_t key __read_mostly;

	get_random_once(&key, sizeof(key));
	return siphash_3u64((unsigned long)ct,
			    (unsigned long)ct->master ^ net_hash_mix(nf_ct_net(ct)),
			    siphash(orig, sizeof(*orig), &key), &key);
}

/* ---- what user space may change ---- */

/**
 * __nf_ct_change_timeout - set the time to live of an entry
 * @ct:          entry
 * @cta_timeout: jiffies, larger values count as INT_MAX
 *
 * Return: 0, -EPERM for a fixed timeout, -ETIME when the entry is dying.
 */
int __nf_ct_change_timeout(struct nf_conn *ct, u64 cta_timeout)
{
	u32 ttl = min_t(u64, cta_timeout, INT_MAX);

	if (test_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status))
		return -EPERM;

	if (nf_ct_is_confirmed(ct))
		nf_ct_deadline_set(ct, ttl);
	else
		WRITE_ONCE(ct->timeout, ttl);
	return test_bit(IPS_DYING_BIT, &ct->status) ? -ETIME : 0;
}

/**
 * __nf_ct_change_status - set and clear status bits
 * @ct:  entry
 * @on:  bits to set
 * @off: bits to clear
 *
 * Bits that user space may not change are left alone.
 */
void __nf_ct_change_status(struct nf_conn *ct, unsigned long on,
			   unsigned long off)
{
	const unsigned long fixed = IPS_UNCHANGEABLE_MASK;
	unsigned int bit;

	on &= ~fixed;
	off &= ~fixed;
	for_each_set_bit(bit, &on, __IPS_MAX_BIT)
		set_bit(bit, &ct->status);
	for_each_set_bit(bit, &off, __IPS_MAX_BIT)
		clear_bit(bit, &ct->status);
}

/**
 * nf_ct_change_status_common - status as a netlink request gives it
 * @ct:     entry
 * @status: all bits that are to be set
 *
 * Return: 0, or -EBUSY for a change that is not possible.
 */
int nf_ct_change_status_common(struct nf_conn *ct, unsigned int status)
{
	unsigned long differ = READ_ONCE(ct->status) ^ status;

	if (differ & (IPS_EXPECTED | IPS_CONFIRMED | IPS_DYING))
		return -EBUSY;
	/* these can be set, not unset */
	if (differ & ~(unsigned long)status & (IPS_SEEN_REPLY | IPS_ASSURED))
		return -EBUSY;

	__nf_ct_change_status(ct, status, 0);
	return 0;
}

/**
 * nf_conntrack_core_init - memory for entries
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_core_init(void)
{
	/* nothing but the trailer's own members, and no hole but at their end */
	BUILD_BUG_ON(sizeof(struct nf_ct_entry) - sizeof(struct nf_conn) !=
		     ALIGN(NF_CT_EXT_INLINE + sizeof(u32),
			   __alignof__(struct nf_ct_entry)));
	BUILD_BUG_ON(ilog2(CONFIG_NR_CPUS) >=
		     BITS_PER_LONG - NF_CT_STATUS_CPU_SHIFT);

	/* DIFF: slab-caches: larger objects than stock's, with the extensions.
	 * Not aligned to cache lines: with 384 bytes instead of 336 no lookup was faster,
	 * among a million entries neither, and each entry takes 14 % more memory.
	 */
	nf_conntrack_cachep = kmem_cache_create("nf_conntrack",
						sizeof(struct nf_ct_entry),
						NFCT_INFOMASK + 1,
						SLAB_TYPESAFE_BY_RCU, NULL);
	return nf_conntrack_cachep ? 0 : -ENOMEM;
}

/**
 * nf_conntrack_core_fini - no entry is left
 *
 * Context: process, sleeps until the last objects' grace period is over.
 */
void nf_conntrack_core_fini(void)
{
	kmem_cache_destroy(nf_conntrack_cachep);
}
