// SPDX-License-Identifier: GPL-2.0
/*
 * Confirmation: an entry whose first packet has passed all hooks enters the
 * table, or gives way to an entry of the same flow that another CPU has entered
 * first.  Guarded by the table locks of both directions; IPS_CONFIRMED is set
 * under them, after insertion: a CPU that sees the bit finds the entry.
 */
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_timestamp.h>

#include "nf_conntrack_deadline.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_table.h"
#include "nf_conntrack_trace.h"

/* How long an entry that has lost a clash stays, for packets of the reply direction */
#define NF_CT_CLASH_TTL		HZ

/**
 * struct nf_ct_newcomer - an entry on its way into the table
 * @ct:   itself
 * @skb:  packet that carries it, NULL for one that netlink made
 * @info: the packet's place in the connection
 * @hash: nf_ct_hash() of both directions
 */
struct nf_ct_newcomer {
	struct nf_conn		*ct;
	struct sk_buff		*skb;
	enum ip_conntrack_info	info;
	u32			hash[IP_CT_DIR_MAX];
};

static void nf_ct_newcomer_lock(struct nf_ct_newcomer *new)
	__acquires(nf_conntrack_locks)
{
	const struct nf_conn *ct = new->ct;

	/* the hash by which the packet's flow was looked up */
	new->hash[IP_CT_DIR_ORIGINAL] = new->skb ?
			READ_ONCE(nf_ct_entry(ct)->hash) :
			nf_ct_hash(ct, IP_CT_DIR_ORIGINAL);
	new->hash[IP_CT_DIR_REPLY] = nf_ct_hash(ct, IP_CT_DIR_REPLY);
	nf_conntrack_table_lock2(new->hash[0], new->hash[1]);
}

static void nf_ct_newcomer_unlock(const struct nf_ct_newcomer *new)
	__releases(nf_conntrack_locks)
{
	nf_conntrack_table_unlock2(new->hash[0], new->hash[1]);
}

static struct nf_conntrack_tuple_hash *
nf_ct_peek_own(const struct nf_ct_newcomer *new, enum ip_conntrack_dir dir)
{
	const struct nf_conn *ct = new->ct;

	return nf_conntrack_table_peek(nf_ct_net(ct), nf_ct_tuple(ct, dir),
				       nf_ct_zone(ct), new->hash[dir]);
}

/* An entry in the table with one of our keys: another CPU was first */
static struct nf_conntrack_tuple_hash *
nf_ct_find_clash(const struct nf_ct_newcomer *new)
{
	struct nf_conntrack_tuple_hash *h;

	h = nf_ct_peek_own(new, IP_CT_DIR_ORIGINAL);
	return h ?: nf_ct_peek_own(new, IP_CT_DIR_REPLY);
}

static void nf_ct_start_clock(struct nf_conn *ct)
{
	struct nf_conn_tstamp *tstamp = nf_conn_tstamp_find(ct);

	if (tstamp && !tstamp->start)
		tstamp->start = ktime_get_real_ns();
}

/* Tracing programs attach to this name, and take the first argument for an entry that
 * is new: as in the stock module, each one comes here, also when nobody listens.
 */
static noinline __noclone int __nf_conntrack_hash_insert(struct nf_conn *ct,
							 unsigned int hash,
							 unsigned int reply_hash)
{
	const u32 at[] = {
		[IP_CT_DIR_ORIGINAL]	= hash,
		[IP_CT_DIR_REPLY]	= reply_hash,
	};

	return nf_conntrack_table_insert(ct, at);
}

/*
 * Publish: the timeout starts now, the table takes a reference.  NEW is noted
 * before another CPU can find the entry, so that no CPU reports a change of the
 * connection before NEW.
 */
static int nf_ct_publish(const struct nf_ct_newcomer *new, unsigned int refs)
{
	const struct nf_conn_help *help = NULL;
	struct nf_conn *ct = new->ct;
	unsigned int generation;
	u32 ttl = ct->timeout;
	int err;

	generation = nf_ct_ext_commit(ct);

	if (nf_ct_has_ext(ct, NF_CT_EXT_HELPER))
		help = nfct_help(ct);
	if (help && rcu_access_pointer(help->helper))
		nf_ct_event_note(IPCT_HELPER, ct);
	nf_ct_event_note(ct->master ? IPCT_RELATED : IPCT_NEW, ct);

	WRITE_ONCE(ct->timeout, nfct_time_stamp + ttl);
	nf_ct_start_clock(ct);
	err = __nf_conntrack_hash_insert(ct, new->hash[IP_CT_DIR_ORIGINAL],
					 new->hash[IP_CT_DIR_REPLY]);
	if (err) {
		WRITE_ONCE(ct->timeout, ttl);
		nf_ct_ext_revert(ct, generation);
		return err;
	}
	if (refs) {
		/* made by netlink: no CPU could take a reference so far */
		smp_wmb();
		refcount_set(&ct->ct_general.use, refs);
	} else {
		nf_conntrack_get(&ct->ct_general);
	}
	/* pairs with nf_ct_should_gc() and the lookup: the deadline is set */
	smp_mb__before_atomic();
	set_bit(IPS_CONFIRMED_BIT, &ct->status);
	/* arming overwrites the hash, which is in the same member.  Another CPU that
	 * confirms a clone of the packet may read it in nf_ct_newcomer_lock() and
	 * take wrong locks: it sees the bit and goes no further
	 */
	smp_mb__after_atomic();
	nf_ct_deadline_arm(ct);
	trace_nf_ct_confirm(ct);
	return 0;
}

/* ---- clashes ---- */

static bool nf_ct_same_flow(const struct nf_conn *a, const struct nf_conn *b,
			    bool mirrored)
{
	int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		enum ip_conntrack_dir other = mirrored ? !dir : dir;

		if (!nf_ct_tuple_equal(nf_ct_tuple(a, dir),
				       nf_ct_tuple(b, other)) ||
		    nf_ct_zone_id(nf_ct_zone(a), dir) !=
		    nf_ct_zone_id(nf_ct_zone(b), other))
			return false;
	}
	return net_eq(nf_ct_net(a), nf_ct_net(b));
}

/* The winner gets what the loser has counted. */
static void nf_ct_acct_hand_over(struct nf_conn *winner,
				 enum ip_conntrack_info info,
				 const struct nf_conn *loser)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(loser);
	const struct nf_conn_counter *c;

	if (!acct)
		return;
	c = &acct->counter[IP_CT_DIR_ORIGINAL];
	/* one packet so far, and its bytes fit 32 bits */
	nf_ct_acct_add(winner, CTINFO2DIR(info), atomic64_read(&c->packets),
		       atomic64_read(&c->bytes));
}

/*
 * Let the packet continue with @winner; the caller that unlocks drops the loser.  A
 * winner that is dying or expired serves as well, as in packet/find.c: no other entry
 * can stand beside it.
 */
static int nf_ct_merge(const struct nf_ct_newcomer *loser,
		       struct nf_conn *winner, enum ip_conntrack_info info)
{
	/* the table's reference keeps it alive under the lock */
	nf_conntrack_get(&winner->ct_general);
	nf_ct_acct_hand_over(winner, info, loser->ct);
	nf_ct_set(loser->skb, winner, info);
	if (info == IP_CT_ESTABLISHED_REPLY &&
	    !test_and_set_bit(IPS_SEEN_REPLY_BIT, &winner->status))
		nf_ct_event_note(IPCT_REPLY, winner);
	return NF_ACCEPT;
}

/*
 * Same original key, other reply key: NAT chose differently on two CPUs.  The
 * loser's answers must still find their way back, so it stands in the table
 * for NF_CT_CLASH_TTL with its reply key only.
 *
 * DIFF: events-of-clash-loser: it reports NEW and a destroy event; stock is silent.
 */
static int nf_ct_keep_reply(const struct nf_ct_newcomer *loser)
{
	struct nf_conn *ct = loser->ct;

	if (nf_ct_peek_own(loser, IP_CT_DIR_REPLY))
		return NF_DROP;

	/* atomic: another CPU may set IPS_DYING, see nf_ct_has_entered() */
	set_bit(IPS_FIXED_TIMEOUT_BIT, &ct->status);
	set_bit(IPS_NAT_CLASH_BIT, &ct->status);
	ct->timeout = NF_CT_CLASH_TTL;
	return nf_ct_publish(loser, 0) ? NF_DROP : NF_ACCEPT;
}

static int nf_ct_resolve_clash(const struct nf_ct_newcomer *loser,
			       struct nf_conntrack_tuple_hash *h)
{
	struct nf_conn *winner = nf_ct_tuplehash_to_ctrack(h);
	struct net *net = nf_ct_net(winner);
	int ret;

	trace_nf_ct_clash(loser->ct);
	if (!nf_ct_l4proto_find(nf_ct_protonum(winner))->allow_clash)
		goto lost;

	if (nf_ct_same_flow(winner, loser->ct, true))
		/* DIFF: clash-crossing: both ends spoke first, so this is the answer */
		ret = nf_ct_merge(loser, winner, IP_CT_ESTABLISHED_REPLY);
	else if (nf_ct_same_flow(winner, loser->ct, false))
		ret = nf_ct_merge(loser, winner, loser->info);
	else
		/* DIFF: clash-merge: also when the winner is not translated */
		ret = nf_ct_keep_reply(loser);
	if (ret == NF_ACCEPT) {
		NF_CT_STAT_INC_ATOMIC(net, clash_resolve);
		return ret;
	}
lost:
	NF_CT_STAT_INC_ATOMIC(net, drop);
	NF_CT_STAT_INC_ATOMIC(net, insert_failed);
	return NF_DROP;
}

/* ---- packets ---- */

static int nf_ct_confirm_failed(struct net *net, int err)
{
	if (err == -ENOSPC)
		NF_CT_STAT_INC_ATOMIC(net, chaintoolong);
	NF_CT_STAT_INC_ATOMIC(net, insert_failed);
	return NF_DROP;
}

static int nf_ct_confirm_locked(const struct nf_ct_newcomer *new)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn *ct = new->ct;
	int err;

	/* a clone of the packet was first: bridges clone unconfirmed packets */
	if (unlikely(nf_ct_is_confirmed(ct)))
		return NF_DROP;
	/* a module that its extensions point to is being removed, or the entry
	 * was killed before it got here.  BH are off, so that synchronize_net()
	 * in nf_ct_iterate_destroy() waits for the end of this function: the walk
	 * that follows finds the entry, if it gets into the table
	 */
	if (unlikely(!nf_ct_ext_valid(ct->ext) || nf_ct_is_dying(ct)))
		return nf_ct_confirm_failed(nf_ct_net(ct), 0);

	h = nf_ct_find_clash(new);
	if (unlikely(h))
		return nf_ct_resolve_clash(new, h);

	err = nf_ct_publish(new, 0);
	return err ? nf_ct_confirm_failed(nf_ct_net(ct), err) : NF_ACCEPT;
}

/**
 * __nf_conntrack_confirm - enter a packet's connection into the table
 * @skb: packet that leaves the last hook
 *
 * Context: netfilter hook, RCU held, softirq safe.
 * Return: NF_ACCEPT, perhaps with another entry attached; NF_DROP.
 */
int __nf_conntrack_confirm(struct sk_buff *skb)
{
	struct nf_ct_newcomer new = { .skb = skb };
	int ret;

	new.ct = nf_ct_get(skb, &new.info);
	/* the answer of a REJECT rule carries the entry, too */
	if (CTINFO2DIR(new.info) != IP_CT_DIR_ORIGINAL)
		return NF_ACCEPT;
	if (unlikely(nf_ct_is_confirmed(new.ct)))
		return NF_DROP;

	nf_ct_newcomer_lock(&new);
	ret = nf_ct_confirm_locked(&new);
	nf_ct_newcomer_unlock(&new);

	/* merged: this was the packet's reference on the loser */
	if (unlikely(skb_nfct(skb) != &new.ct->ct_general))
		nf_ct_put(new.ct);
	return ret;
}

/**
 * nf_conntrack_hash_check_insert - enter a connection that netlink made
 * @ct: unconfirmed entry, reference count 0, @ct->timeout relative
 *
 * Context: process.
 * Return: 0 with two references, the table's and the caller's; -EEXIST,
 * -ENOSPC, -ENOMEM or -EAGAIN (extensions are void) with the entry as it was.
 */
int nf_conntrack_hash_check_insert(struct nf_conn *ct)
{
	struct nf_ct_newcomer new = { .ct = ct };
	struct net *net = nf_ct_net(ct);
	int err;

	nf_ct_newcomer_lock(&new);
	if (!nf_ct_ext_valid(ct->ext))
		err = -EAGAIN;
	else if (nf_ct_find_clash(&new))
		err = -EEXIST;
	else
		err = nf_ct_publish(&new, 2);
	nf_ct_newcomer_unlock(&new);

	if (!err) {
		NF_CT_STAT_INC_ATOMIC(net, insert);
		return 0;
	}
	if (err == -ENOSPC)
		NF_CT_STAT_INC_ATOMIC(net, chaintoolong);
	NF_CT_STAT_INC_ATOMIC(net, insert_failed);
	return err;
}
