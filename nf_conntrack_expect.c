// SPDX-License-Identifier: GPL-2.0
/*
 * Expectations: connections that a helper has announced.  One that is inserted
 * stands in a hash table by the destination it waits for and in the list of its
 * master; nf_conntrack_expect_lock guards both, and the counters of master and
 * namespace.  Lookups need RCU only.
 *
 * References: the table holds one on the expectation.  What listeners are shown of
 * it is a struct nf_ct_expect_life (expect/life.c), which outlives the expectation
 * while an event is undelivered.  An expectation holds no reference
 * on its master, which removes its expectations before it goes, under the lock:
 * so ->master may be followed with the lock held while the expectation is
 * linked, and never under RCU alone.  Readers use the copies of namespace, zone
 * and helper in the expectation.
 *
 * Nothing runs while nothing is due: one work item waits for the earliest
 * deadline.  Until it has run, an expired expectation counts as absent.
 *
 * DIFF: expect-expiry: stock removes an expired expectation some time later.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/once.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/netns/hash.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_ct_expect.h"
#include "nf_ct_expect_life.h"
#include "nf_ct_ext.h"
#include "nf_ct_probed.h"

/* The work item runs at most this often; deadlines within are served together */
#define NF_CT_EXPECT_REAP_SPACING	(HZ / 8)
/* Expectations of each hash bucket that are unlinked with the lock held once */
#define NF_CT_EXPECT_REAP_BATCH		64

/* What an expectation is filed under */
struct nf_ct_expect_key {
	union nf_inet_addr	addr;
	u32			net;
	__be16			port;
	u8			l3num;
	u8			protonum;
} __aligned(SIPHASH_ALIGNMENT);

static void nf_ct_expect_reap(struct work_struct *work);

unsigned int nf_ct_expect_hsize __read_mostly;
unsigned int nf_ct_expect_max __read_mostly;
struct hlist_head *nf_ct_expect_hash __read_mostly;

static struct kmem_cache *nf_ct_expect_cachep __read_mostly;
static siphash_aligned_key_t nf_ct_expect_secret;

/* When the work item has to run; guarded by nf_conntrack_expect_lock */
static DECLARE_DELAYED_WORK(nf_ct_expect_reaper, nf_ct_expect_reap);
static bool nf_ct_expect_armed;
static u32 nf_ct_expect_due;

module_param_named(expect_hashsize, nf_ct_expect_hsize, uint, 0400);

static struct hlist_head *nf_ct_expect_bucket(const struct net *net,
					      const struct nf_conntrack_tuple *tuple)
{
	struct nf_ct_expect_key key = {
		.addr		= tuple->dst.u3,
		.net		= net_hash_mix(net),
		.port		= tuple->dst.u.all,
		.l3num		= tuple->src.l3num,
		.protonum	= tuple->dst.protonum,
	};
	u32 hash;

	BUILD_BUG_ON(sizeof(key) != 24);	/* no hole may reach the hash */

	get_random_once(&nf_ct_expect_secret, sizeof(nf_ct_expect_secret));
	hash = siphash(&key, sizeof(key), &nf_ct_expect_secret);

	return &nf_ct_expect_hash[reciprocal_scale(hash, nf_ct_expect_hsize)];
}

/* The master's list and counters are our own: usable whatever the generation */
static struct nf_conn_help *nf_ct_expect_master(const struct nf_conntrack_expect *exp)
{
	return nf_ct_ext_peek(exp->master, NF_CT_EXT_HELPER);
}

static bool nf_ct_expect_linked(const struct nf_conntrack_expect *exp)
{
	return !hlist_unhashed(&exp->lnode);
}

static bool nf_ct_expect_in_zone(const struct nf_conntrack_expect *a,
				 const struct nf_conntrack_expect *b)
{
	return net_eq(read_pnet(&a->net), read_pnet(&b->net)) &&
	       nf_ct_exp_zone_equal_any(a, nf_ct_zone(b->master));
}

/* Is a packet with this tuple what @exp waits for? */
static bool nf_ct_expect_awaits(const struct nf_conntrack_expect *exp,
				const struct net *net,
				const struct nf_conntrack_zone *zone,
				const struct nf_conntrack_tuple *tuple)
{
	return nf_ct_tuple_mask_cmp(tuple, &exp->tuple, &exp->mask) &&
	       net_eq(read_pnet(&exp->net), net) &&
	       nf_ct_exp_zone_equal_any(exp, zone) && !nf_ct_exp_is_expired(exp);
}

/* Do both wait for exactly the same? */
static bool nf_ct_expect_same(const struct nf_conntrack_expect *a,
			      const struct nf_conntrack_expect *b)
{
	return nf_ct_tuple_mask_equal(&a->mask, &b->mask) &&
	       nf_ct_tuple_equal(&a->tuple, &b->tuple) && nf_ct_expect_in_zone(a, b);
}

/* Is there any packet that both wait for?  Then they agree in every bit that
 * both masks select.
 */
static bool nf_ct_expect_overlap(const struct nf_conntrack_expect *a,
				 const struct nf_conntrack_expect *b)
{
	struct nf_conntrack_tuple_mask both;

	nf_inet_addr_mask(&a->mask.src.u3, &both.src.u3, &b->mask.src.u3);
	both.src.u.all = a->mask.src.u.all & b->mask.src.u.all;

	return nf_ct_tuple_mask_cmp(&a->tuple, &b->tuple, &both) &&
	       nf_ct_expect_in_zone(a, b);
}

/* See to it that the work item runs at jiffies32 @when, or earlier */
static void nf_ct_expect_arm(u32 when)
{
	s32 delay = when - nfct_time_stamp;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	if (nf_ct_expect_armed && (s32)(nf_ct_expect_due - when) <= 0)
		return;

	nf_ct_expect_armed = true;
	nf_ct_expect_due = when;
	mod_delayed_work(system_power_efficient_wq, &nf_ct_expect_reaper,
			 max_t(s32, delay, NF_CT_EXPECT_REAP_SPACING));
}

static void nf_ct_expect_free_rcu(struct rcu_head *head)
{
	kmem_cache_free(nf_ct_expect_cachep,
			container_of(head, struct nf_ct_expectation, exp.rcu));
}

/* Unlink those of one bucket that have expired, at most a batch, and lower
 * *@next to the earliest deadline of the others.  True when some are left over.
 */
static bool nf_ct_expect_reap_bucket(struct hlist_head *bucket, u32 *next, bool *any)
{
	unsigned int budget = NF_CT_EXPECT_REAP_BATCH;
	struct nf_conntrack_expect *exp;
	struct hlist_node *tmp;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	hlist_for_each_entry_safe(exp, tmp, bucket, hnode) {
		u32 when = READ_ONCE(nf_ct_exp_deadline(exp));

		if (nf_ct_exp_is_expired(exp)) {
			if (!budget--)
				return true;
			nf_ct_unlink_expect(exp);
			continue;
		}
		if (!*any || (s32)(when - *next) < 0)
			*next = when;
		*any = true;
	}

	return false;
}

static void nf_ct_expect_reap(struct work_struct *work)
{
	bool any = false, more;
	unsigned int i;
	u32 next = 0;

	/* From here on a new expectation arms the work item for itself */
	spin_lock_bh(&nf_conntrack_expect_lock);
	nf_ct_expect_armed = false;
	spin_unlock_bh(&nf_conntrack_expect_lock);

	for (i = 0; i < nf_ct_expect_hsize; i++) {
		while (!hlist_empty(&nf_ct_expect_hash[i])) {
			spin_lock_bh(&nf_conntrack_expect_lock);
			more = nf_ct_expect_reap_bucket(&nf_ct_expect_hash[i],
							&next, &any);
			spin_unlock_bh(&nf_conntrack_expect_lock);
			if (!more)
				break;
		}
		cond_resched();
	}

	if (!any)
		return;

	spin_lock_bh(&nf_conntrack_expect_lock);
	nf_ct_expect_arm(next);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

/* How many of @class the master may have at once */
static unsigned int nf_ct_expect_limit(const struct nf_conntrack_helper *helper,
				       unsigned int class)
{
	unsigned int limit = 0;

	if (helper)
		limit = helper->expect_policy[class].max_expected;

	/* DIFF: expect-class-limit: the counters of the master are single bytes, so 0
	 * does not mean "unlimited"
	 */
	return limit ? min_t(unsigned int, limit, NF_CT_EXPECT_MAX_CNT)
		     : NF_CT_EXPECT_MAX_CNT;
}

/* Bring the expectations of one class below @limit: the expired ones go, else
 * the oldest, which stands last in the list.
 */
static void nf_ct_expect_make_room(struct nf_conn_help *help, unsigned int class,
				   unsigned int limit)
{
	struct nf_conntrack_expect *exp, *oldest = NULL;
	struct hlist_node *tmp;

	hlist_for_each_entry_safe(exp, tmp, &help->expectations, lnode) {
		if (nf_ct_exp_is_expired(exp))
			nf_ct_unlink_expect(exp);
		else if (exp->class == class)
			oldest = exp;
	}

	if (oldest && help->expecting[class] >= limit)
		nf_ct_unlink_expect(oldest);
}

/* Compare with what the table holds already; the same expectation of the same
 * master gives way, as an expired one does.
 */
static int nf_ct_expect_check_table(const struct nf_conntrack_expect *new,
				    unsigned int flags)
{
	struct nf_conntrack_expect *exp;
	struct hlist_node *tmp;

	hlist_for_each_entry_safe(exp, tmp,
				  nf_ct_expect_bucket(read_pnet(&new->net), &new->tuple),
				  hnode) {
		bool comparable = (flags & NF_CT_EXP_F_SKIP_MASTER) ||
				  exp->master == new->master;

		if (!nf_ct_expect_overlap(exp, new))
			continue;
		if (nf_ct_exp_is_expired(exp)) {
			nf_ct_unlink_expect(exp);
			continue;
		}
		if (!comparable || !nf_ct_expect_same(exp, new))
			return -EBUSY;
		if (exp->class != new->class || exp->master != new->master)
			return -EALREADY;

		nf_ct_unlink_expect(exp);
		break;
	}

	return 0;
}

/* A helper that is being unregistered gets no new expectations */
static bool nf_ct_expect_helper_alive(struct nf_conntrack_helper *helper)
{
	return !helper || nf_ct_helper_is_live(helper);
}

/* Destroy events that a listener lacks do not count: traffic comes before logging */
static int nf_ct_expect_check_full(struct net *net, unsigned int others)
{
	if (nf_ct_pernet(net)->expect_count + others < nf_ct_expect_max)
		return 0;

	net_warn_ratelimited("expectation table full\n");
	return -EMFILE;
}

/* May @new be inserted, after @first of the same caller, which may be NULL?  Makes room
 * for it where a limit allows that.
 */
static int nf_ct_expect_check(const struct nf_conntrack_expect *new,
			      const struct nf_conntrack_expect *first,
			      struct nf_conn_help *help,
			      const struct nf_conntrack_helper *helper,
			      unsigned int flags)
{
	struct net *net = read_pnet(&new->net);
	unsigned int limit, others = 0;
	int err;

	if (new->class >= NF_CT_MAX_EXPECT_CLASSES ||
	    (helper && new->class > helper->expect_class_max))
		return -EINVAL;

	err = nf_ct_expect_check_table(new, flags);
	if (err)
		return err;

	if (first && nf_ct_expect_overlap(first, new))
		return -EBUSY;
	if (first && first->master == new->master && first->class == new->class)
		others = 1;

	limit = nf_ct_expect_limit(helper, new->class);
	if (limit <= others)
		return -EMFILE;
	limit -= others;
	if (help->expecting[new->class] >= limit)
		nf_ct_expect_make_room(help, new->class, limit);
	if (help->expecting[new->class] >= limit)
		return -EMFILE;

	return nf_ct_expect_check_full(net, !!first);
}

/* Jiffies of @seconds.
 * DIFF: expect-timeout-range: more than INT_MAX would be a time in the past, as it is
 * on stock.
 */
static u32 nf_ct_expect_jiffies(u32 seconds)
{
	return min_t(u64, (u64)seconds * HZ, INT_MAX);
}

/* Where @exp is to be inserted, and whether it may be: after @first or NULL */
static int nf_ct_expect_admit(const struct nf_conntrack_expect *exp,
			      const struct nf_conntrack_expect *first,
			      unsigned int flags)
{
	struct nf_conntrack_helper *helper;
	struct nf_conn_help *help;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	/* A dying master has removed its expectations, or will after us */
	help = nfct_help(exp->master);
	if (!help || nf_ct_is_dying(exp->master))
		return -ESHUTDOWN;

	helper = rcu_dereference(help->helper);
	if (!nf_ct_expect_helper_alive(helper) ||
	    !nf_ct_expect_helper_alive(rcu_dereference(nf_ct_exp_assigned(exp))))
		return -ESHUTDOWN;

	/* The code that unregisters it visits the table afterwards */
	if (flags & NF_CT_EXP_F_NAMED_FN &&
	    !nf_ct_helper_expectfn_find_by_symbol(exp->expectfn))
		return -ESHUTDOWN;

	return nf_ct_expect_check(exp, first, help, helper, flags);
}

/* @exp has been admitted under the same lock; @life becomes its own */
static void nf_ct_expect_link(struct nf_conntrack_expect *exp,
			      struct nf_ct_expect_life *life)
{
	struct nf_conn_help *help = nfct_help(exp->master);
	struct nf_conntrack_helper *helper = rcu_dereference(help->helper);
	struct net *net = read_pnet(&exp->net);
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);

	/* Without a helper the timeout is the caller's; also with that of nft's rules on
	 * 7.x, which has none of its own
	 */
	if (helper && helper->expect_policy[exp->class].timeout)
		WRITE_ONCE(nf_ct_exp_deadline(exp),
			   nfct_time_stamp +
			   nf_ct_expect_jiffies(helper->expect_policy[exp->class].timeout));
	nf_ct_exp_set_creator(exp, helper);
	exp->flags &= ~NF_CT_EXPECT_DEAD;
	nf_ct_expect_life_start(exp, life, helper);
	nf_ct_exp_set_master(exp, life->expmask);

	refcount_inc(&exp->use);
	hlist_add_head_rcu(&exp->lnode, &help->expectations);
	help->expecting[exp->class]++;
	hlist_add_head_rcu(&exp->hnode, nf_ct_expect_bucket(net, &exp->tuple));
	WRITE_ONCE(cnet->expect_count, cnet->expect_count + 1);
	NF_CT_STAT_INC_ATOMIC(net, expect_create);

	nf_ct_expect_arm(nf_ct_exp_deadline(exp));
}

/**
 * nf_ct_unlink_expect_report - take an expectation out of the table
 * @exp:    expectation; nothing happens if it is out already
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants the event, too
 *
 * Context: nf_conntrack_expect_lock held.
 */
void nf_ct_unlink_expect_report(struct nf_conntrack_expect *exp,
				u32 portid, int report)
{
	struct net *net = nf_ct_exp_net(exp);
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);
	struct nf_conn_help *help;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	if (!nf_ct_expect_linked(exp))
		return;

	/* A CPU that has found it under RCU sees that it is gone */
	WRITE_ONCE(exp->flags, exp->flags | NF_CT_EXPECT_DEAD);
	hlist_del_rcu(&exp->hnode);
	hlist_del_init_rcu(&exp->lnode);
	WRITE_ONCE(cnet->expect_count, cnet->expect_count - 1);

	help = nf_ct_expect_master(exp);
	if (!WARN_ON_ONCE(!help))
		help->expecting[exp->class]--;

	nf_ct_expect_withdraw(exp, portid, report);
	NF_CT_STAT_INC_ATOMIC(net, expect_delete);
	nf_ct_expect_put(exp);
}

/**
 * __nf_ct_expect_find - find the expectation that waits for a tuple
 * @net:   namespace
 * @zone:  zone
 * @tuple: tuple of a packet
 *
 * Context: RCU, which also bounds the use of the answer.
 * Return: an expectation that has not expired, or NULL.
 */
struct nf_conntrack_expect *
__nf_ct_expect_find(struct net *net, const struct nf_conntrack_zone *zone,
		    const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_expect *exp;

	if (!READ_ONCE(nf_ct_pernet(net)->expect_count))
		return NULL;

	hlist_for_each_entry_rcu(exp, nf_ct_expect_bucket(net, tuple), hnode,
				 lockdep_is_held(&nf_conntrack_expect_lock)) {
		if (nf_ct_expect_awaits(exp, net, zone, tuple))
			return exp;
	}

	return NULL;
}

/**
 * nf_ct_expect_find_get - as __nf_ct_expect_find(), with a reference
 * @net:   namespace
 * @zone:  zone
 * @tuple: tuple of a packet
 *
 * Context: any.
 * Return: an expectation to give to nf_ct_expect_put(), or NULL.
 */
struct nf_conntrack_expect *
nf_ct_expect_find_get(struct net *net, const struct nf_conntrack_zone *zone,
		      const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_expect *exp;

	rcu_read_lock();
	exp = __nf_ct_expect_find(net, zone, tuple);
	if (exp && !refcount_inc_not_zero(&exp->use))
		exp = NULL;
	rcu_read_unlock();

	return exp;
}

/**
 * nf_ct_find_expectation - claim the expectation that a new connection fulfils
 * @net:    namespace
 * @zone:   zone
 * @tuple:  original tuple of the new connection
 * @unlink: take it out of the table, unless it is permanent
 *
 * Context: nf_conntrack_expect_lock held.
 * Return: an expectation with a reference for the caller and another one on its
 *	   master, which is confirmed and not dying; or NULL.
 */
struct nf_conntrack_expect *
nf_ct_find_expectation(struct net *net, const struct nf_conntrack_zone *zone,
		       const struct nf_conntrack_tuple *tuple, bool unlink)
{
	struct nf_conntrack_expect *exp;
	struct nf_conn *master;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	if (!nf_ct_pernet(net)->expect_count)
		return NULL;

	hlist_for_each_entry(exp, nf_ct_expect_bucket(net, tuple), hnode) {
		if (!(exp->flags & NF_CT_EXPECT_INACTIVE) &&
		    nf_ct_expect_awaits(exp, net, zone, tuple))
			goto found;
	}
	return NULL;

found:
	/* While the master is unconfirmed, the packet that announces the connection
	 * has not left yet.  A dying master gets no more connections.
	 */
	master = exp->master;
	if (!nf_ct_is_confirmed(master) || nf_ct_is_dying(master) ||
	    !refcount_inc_not_zero(&master->ct_general.use))
		return NULL;

	refcount_inc(&exp->use);
	if (unlink && !(exp->flags & NF_CT_EXPECT_PERMANENT))
		nf_ct_unlink_expect(exp);

	return exp;
}

/**
 * nf_ct_remove_expectations - remove all expectations of a master
 * @ct: master, alive or on its way out
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 */
void nf_ct_remove_expectations(struct nf_conn *ct)
{
	struct nf_conn_help *help = nf_ct_ext_peek(ct, NF_CT_EXT_HELPER);
	struct nf_conntrack_expect *exp;
	struct hlist_node *tmp;

	if (!help)
		return;

	/* Look with the lock only: another CPU may be inserting one */
	spin_lock_bh(&nf_conntrack_expect_lock);
	hlist_for_each_entry_safe(exp, tmp, &help->expectations, lnode)
		nf_ct_unlink_expect(exp);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

#ifdef NF_CT_HAVE_REMOVE_EXPECT
/**
 * nf_ct_remove_expect - take an expectation out of the table, for other modules
 * @exp: expectation that is linked, or that the caller has a reference on
 *
 * Context: nf_conntrack_expect_lock held.
 * Return: whether it was in the table.
 */
bool nf_ct_remove_expect(struct nf_conntrack_expect *exp)
{
	bool linked = nf_ct_expect_linked(exp);

	nf_ct_unlink_expect(exp);
	return linked;
}
#endif

/**
 * nf_ct_unexpect_related - take back what nf_ct_expect_related() announced
 * @exp: expectation that the caller has a reference on
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 */
void nf_ct_unexpect_related(struct nf_conntrack_expect *exp)
{
	spin_lock_bh(&nf_conntrack_expect_lock);
	nf_ct_unlink_expect(exp);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

/**
 * nf_ct_expect_alloc - allocate an expectation
 * @me: master
 *
 * Context: any; does not sleep.
 * Return: an expectation to fill in and to give to nf_ct_expect_put(), or NULL.
 */
struct nf_conntrack_expect *nf_ct_expect_alloc(struct nf_conn *me)
{
	struct nf_ct_expectation *expectation;
	struct nf_conntrack_expect *exp;

	expectation = kmem_cache_zalloc(nf_ct_expect_cachep, GFP_ATOMIC);
	if (!expectation)
		return NULL;

	exp = &expectation->exp;
	exp->master = me;
	write_pnet(&exp->net, nf_ct_net(me));
#ifdef CONFIG_NF_CONNTRACK_ZONES
	exp->zone = *nf_ct_zone(me);
#endif
	/* Callers without a helper add their timeout to this */
	nf_ct_exp_deadline(exp) = nfct_time_stamp;
	refcount_set(&exp->use, 1);

	return exp;
}

/**
 * nf_ct_expect_init - say what an expectation waits for
 * @exp:    expectation, not inserted yet
 * @class:  class of the helper's policy
 * @family: AF_INET or AF_INET6
 * @saddr:  source address, NULL for any
 * @daddr:  destination address
 * @proto:  protocol
 * @src:    source port, NULL for any
 * @dst:    destination port
 *
 * Context: any.
 */
void nf_ct_expect_init(struct nf_conntrack_expect *exp, unsigned int class,
		       u8 family, const union nf_inet_addr *saddr,
		       const union nf_inet_addr *daddr, u8 proto,
		       const __be16 *src, const __be16 *dst)
{
	size_t len = family == AF_INET ? sizeof(saddr->ip) : sizeof(saddr->ip6);
	const struct nf_conn_help *help = nfct_help(exp->master);

	exp->flags = 0;
	exp->class = class;
	exp->expectfn = NULL;
	rcu_read_lock();
	nf_ct_exp_set_creator(exp, help ? rcu_dereference(help->helper) : NULL);
	rcu_read_unlock();
	RCU_INIT_POINTER(nf_ct_exp_assigned(exp), NULL);

	memset(&exp->tuple, 0, sizeof(exp->tuple));
	memset(&exp->mask, 0, sizeof(exp->mask));
	exp->tuple.src.l3num = family;
	exp->tuple.dst.protonum = proto;
	exp->tuple.dst.u.all = *dst;
	memcpy(&exp->tuple.dst.u3, daddr, len);

	if (saddr) {
		memcpy(&exp->tuple.src.u3, saddr, len);
		memset(&exp->mask.src.u3, 0xff, len);
	}
	if (src) {
		exp->tuple.src.u.all = *src;
		exp->mask.src.u.all = htons(0xffff);
	}

#if IS_ENABLED(CONFIG_NF_NAT)
	exp->saved_proto.all = 0;
	memset(&exp->saved_addr, 0, sizeof(exp->saved_addr));
#endif
}

/**
 * nf_ct_expect_put - drop a reference on an expectation
 * @exp: expectation
 *
 * Context: any.
 */
void nf_ct_expect_put(struct nf_conntrack_expect *exp)
{
	if (refcount_dec_and_test(&exp->use))
		call_rcu(&exp->rcu, nf_ct_expect_free_rcu);
}

/**
 * nf_ct_expect_related_report - insert an expectation
 * @expect: expectation, filled in; the caller keeps its reference
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants the event, too
 * @flags:  NF_CT_EXP_F_*
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 * Return: 0; -ESHUTDOWN when the master or a helper is on its way out, -EALREADY
 *	   when another master or class waits for the same, -EBUSY when one that
 *	   overlaps is there, -EMFILE when a limit is reached, -EINVAL for a class
 *	   that the helper does not have, -ENOMEM.
 */
int nf_ct_expect_related_report(struct nf_conntrack_expect *expect,
				u32 portid, int report, unsigned int flags)
{
	struct nf_ct_expect_life *life;
	int err;

	life = nf_ct_expect_life_alloc();
	if (!life)
		return -ENOMEM;

	rcu_read_lock();
	spin_lock_bh(&nf_conntrack_expect_lock);
	err = nf_ct_expect_admit(expect, NULL, flags);
	if (!err) {
		nf_ct_expect_link(expect, life);
		nf_ct_expect_announce(expect, portid, report);
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);
	rcu_read_unlock();
	if (err)
		nf_ct_expect_life_put(life);

	return err;
}

#ifdef NF_CT_HAVE_EXPECT_PAIR
static int nf_ct_expect_insert_pair(struct nf_conntrack_expect *const expect[2],
				    struct nf_ct_expect_life *const life[2],
				    unsigned int flags)
{
	unsigned int i;
	int err;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	err = nf_ct_expect_admit(expect[0], NULL, flags);
	if (!err)
		err = nf_ct_expect_admit(expect[1], expect[0], flags);
	if (err)
		return err;

	for (i = 0; i < 2; i++) {
		nf_ct_expect_link(expect[i], life[i]);
		nf_ct_expect_announce(expect[i], 0, 0);
	}
	return 0;
}

/**
 * nf_ct_expect_related_pair - insert two expectations, or none
 * @expect: both, such as those of RTP and RTCP; the caller keeps its references
 * @flags:  NF_CT_EXP_F_*
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 * Return: as nf_ct_expect_related_report(); -EBUSY also when they overlap.
 */
int nf_ct_expect_related_pair(struct nf_conntrack_expect *expect[],
			      unsigned int flags)
{
	struct nf_ct_expect_life *life[2];
	int err = -ENOMEM;

	life[0] = nf_ct_expect_life_alloc();
	life[1] = nf_ct_expect_life_alloc();
	if (!life[0] || !life[1])
		goto free;

	rcu_read_lock();
	spin_lock_bh(&nf_conntrack_expect_lock);
	err = nf_ct_expect_insert_pair(expect, life, flags);
	spin_unlock_bh(&nf_conntrack_expect_lock);
	rcu_read_unlock();
	if (!err)
		return 0;
free:
	if (life[0])
		nf_ct_expect_life_put(life[0]);
	if (life[1])
		nf_ct_expect_life_put(life[1]);
	return err;
}
#endif

/**
 * nf_ct_expect_set_timeout - let an expectation expire at another time
 * @exp:     expectation that the caller has a reference on
 * @seconds: from now on
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 * Return: 0, or -ETIME when it has just gone.
 */
int nf_ct_expect_set_timeout(struct nf_conntrack_expect *exp, u32 seconds)
{
	int err = -ETIME;

	spin_lock_bh(&nf_conntrack_expect_lock);
	if (nf_ct_expect_linked(exp)) {
		WRITE_ONCE(nf_ct_exp_deadline(exp),
			   nfct_time_stamp + nf_ct_expect_jiffies(seconds));
		nf_ct_expect_arm(nf_ct_exp_deadline(exp));
		err = 0;
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);

	return err;
}

NF_CT_EXPORT_PRIVATE(nf_ct_expect_set_timeout);

/**
 * nf_ct_expect_remove_report - remove one expectation on request
 * @exp:    expectation that the caller has a reference on
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants the event, too
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 * Return: false when it was out of the table already.
 */
bool nf_ct_expect_remove_report(struct nf_conntrack_expect *exp, u32 portid,
				int report)
{
	bool linked;

	spin_lock_bh(&nf_conntrack_expect_lock);
	linked = nf_ct_expect_linked(exp);
	nf_ct_unlink_expect_report(exp, portid, report);
	spin_unlock_bh(&nf_conntrack_expect_lock);

	return linked;
}

NF_CT_EXPORT_PRIVATE(nf_ct_expect_remove_report);

/* Unlink what @iter picks: of namespace @net, or of all when that is NULL */
static void nf_ct_expect_iterate(struct net *net,
				 bool (*iter)(struct nf_conntrack_expect *e, void *data),
				 void *data, u32 portid, int report)
{
	struct nf_conntrack_expect *exp;
	struct hlist_node *tmp;
	unsigned int i;

	for (i = 0; i < nf_ct_expect_hsize; i++) {
		if (hlist_empty(&nf_ct_expect_hash[i]))
			continue;

		spin_lock_bh(&nf_conntrack_expect_lock);
		hlist_for_each_entry_safe(exp, tmp, &nf_ct_expect_hash[i], hnode) {
			if (net && !net_eq(nf_ct_exp_net(exp), net))
				continue;
			if (iter(exp, data))
				nf_ct_unlink_expect_report(exp, portid, report);
		}
		spin_unlock_bh(&nf_conntrack_expect_lock);
	}
}

/**
 * nf_ct_expect_iterate_destroy - remove expectations of all namespaces
 * @iter: says which; called with nf_conntrack_expect_lock held
 * @data: for @iter
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 */
void nf_ct_expect_iterate_destroy(bool (*iter)(struct nf_conntrack_expect *e, void *data),
				  void *data)
{
	nf_ct_expect_iterate(NULL, iter, data, 0, 0);
}

/**
 * nf_ct_expect_iterate_net - remove expectations of one namespace
 * @net:    namespace
 * @iter:   says which; called with nf_conntrack_expect_lock held
 * @data:   for @iter
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants the event, too
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 */
void nf_ct_expect_iterate_net(struct net *net,
			      bool (*iter)(struct nf_conntrack_expect *e, void *data),
			      void *data, u32 portid, int report)
{
	nf_ct_expect_iterate(net, iter, data, portid, report);
}

#ifdef NF_CT_HAVE_EXPECTFN_DESTROY
static bool nf_ct_expect_uses_fn(struct nf_conntrack_expect *exp, void *data)
{
	const struct nf_ct_helper_expectfn *n = data;

	return exp->expectfn == n->expectfn;
}

/**
 * nf_ct_helper_expectfn_destroy - remove the expectations that use a function
 * @n: function, unregistered, which no new expectation gets
 *
 * On return no packet runs the function on behalf of an expectation.
 *
 * Context: process, sleeps.
 */
void nf_ct_helper_expectfn_destroy(const struct nf_ct_helper_expectfn *n)
{
	nf_ct_expect_iterate_destroy(nf_ct_expect_uses_fn, (void *)n);
	synchronize_rcu();
}
#endif

/**
 * nf_conntrack_expect_init - table of expectations, and memory for them
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_expect_init(void)
{
	if (!nf_ct_expect_hsize)
		nf_ct_expect_hsize = max(nf_conntrack_htable_size / 256, 1U);
	/* before the table is rounded up to whole pages */
	nf_ct_expect_max = 4 * nf_ct_expect_hsize;

	nf_ct_expect_hash = nf_ct_alloc_hashtable(&nf_ct_expect_hsize, 0);
	if (!nf_ct_expect_hash)
		return -ENOMEM;

	nf_ct_expect_cachep = kmem_cache_create("nf_conntrack_expect",
						sizeof(struct nf_ct_expectation),
						0, 0, NULL);
	if (!nf_ct_expect_cachep)
		goto free_hash;
	return 0;

free_hash:
	kvfree(nf_ct_expect_hash);
	return -ENOMEM;
}

/**
 * nf_conntrack_expect_fini - no expectation is left
 *
 * Context: process, sleeps.
 */
void nf_conntrack_expect_fini(void)
{
	cancel_delayed_work_sync(&nf_ct_expect_reaper);
	/* nf_ct_expect_free_rcu() of the last ones */
	rcu_barrier();
	kmem_cache_destroy(nf_ct_expect_cachep);
	kvfree(nf_ct_expect_hash);
}
