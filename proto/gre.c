// SPDX-License-Identifier: GPL-2.0
/*
 * GRE.  Plain GRE is one flow for two addresses.  That of PPTP (RFC 2637) has a
 * call ID for each direction, and a packet has the receiver's only; the other
 * one comes from a keymap, which the PPTP helper adds, one for each call.  Two hash
 * tables for all namespaces have the keymaps, by what a packet shows and by control
 * connection: readers hold RCU, writers nf_ct_gre_keymap_lock.
 */
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_pptp.h>
#include <linux/netfilter/nf_conntrack_proto_gre.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/rhashtable.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/gre.h>
#include <net/netfilter/ipv4/nf_conntrack_ipv4.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/pptp.h>

#include "proto.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"

static const unsigned int nf_ct_gre_defaults[GRE_CT_MAX] = {
	[GRE_CT_UNREPLIED]	= 30 * HZ,
	[GRE_CT_REPLIED]	= 180 * HZ,
};

/* Of the PPTP header, all that a tuple needs: up to and with the call ID */
#define PPTP_GRE_HEAD		offsetofend(struct pptp_gre_header, call_id)

/* So many calls of a control connection may be up at once */
#define NF_CT_GRE_CALLS_MAX	16

/**
 * struct nf_ct_gre_key - by what packets find a call ID
 * @net: namespace
 * @tuple: of the packets; the call ID of their sender and the direction are 0
 */
struct nf_ct_gre_key {
	const struct net		*net;
	struct nf_conntrack_tuple	tuple;
};

/**
 * struct nf_ct_gre_owner - by what a control connection finds its call IDs
 * @ct: the control connection; never followed, its end removes the call IDs
 * @dir: direction
 */
struct nf_ct_gre_owner {
	const struct nf_conn	*ct;
	unsigned long		dir;
};

/**
 * struct nf_ct_gre_call - a call ID that a control connection has announced
 * @km: the call ID, in the kernel's form; @km.list is a ring of all with one key,
 *	the oldest of which is in nf_ct_gre_by_key
 * @key: see there
 * @owner: see there
 * @key_node: in nf_ct_gre_by_key
 * @owner_node: in nf_ct_gre_by_owner
 */
struct nf_ct_gre_call {
	struct nf_ct_gre_keymap	km;
	struct nf_ct_gre_key	key;
	struct nf_ct_gre_owner	owner;
	struct rhash_head	key_node;
	struct rhlist_head	owner_node;
};

static const struct rhashtable_params nf_ct_gre_key_params = {
	.key_len		= sizeof(struct nf_ct_gre_key),
	.key_offset		= offsetof(struct nf_ct_gre_call, key),
	.head_offset		= offsetof(struct nf_ct_gre_call, key_node),
	.automatic_shrinking	= true,
};

static const struct rhashtable_params nf_ct_gre_owner_params = {
	.key_len		= sizeof(struct nf_ct_gre_owner),
	.key_offset		= offsetof(struct nf_ct_gre_call, owner),
	.head_offset		= offsetof(struct nf_ct_gre_call, owner_node),
	.automatic_shrinking	= true,
};

static struct rhashtable nf_ct_gre_by_key;
static struct rhltable nf_ct_gre_by_owner;

static DEFINE_SPINLOCK(nf_ct_gre_keymap_lock);

static struct nf_ct_gre_key nf_ct_gre_key(const struct net *net,
					  const struct nf_conntrack_tuple *t)
{
	struct nf_ct_gre_key key = { .net = net, .tuple = *t };

	key.tuple.src.u.all = 0;
	key.tuple.dst.dir = 0;
	return key;
}

/* Call ID of the sender of @t, 0 if no control connection has announced it */
static __be16 nf_ct_gre_keymap_lookup(struct net *net,
				      const struct nf_conntrack_tuple *t)
{
	const struct nf_ct_gre_key key = nf_ct_gre_key(net, t);
	const struct nf_ct_gre_call *call;

	call = rhashtable_lookup(&nf_ct_gre_by_key, &key, nf_ct_gre_key_params);
	return call ? call->km.tuple.src.u.gre.key : 0;
}

/* All calls of a control connection, for rhl_for_each_entry_rcu(); RCU */
static struct rhlist_head *nf_ct_gre_calls_of(const struct nf_conn *ct,
					      unsigned int dir)
{
	const struct nf_ct_gre_owner owner = { .ct = ct, .dir = dir };

	lockdep_assert_held(&nf_ct_gre_keymap_lock);
	return rhltable_lookup(&nf_ct_gre_by_owner, &owner, nf_ct_gre_owner_params);
}

/* Another control connection may have announced the same: packets get the call ID
 * of the oldest one.  The others wait for its end in the ring.
 */
static int nf_ct_gre_call_publish(struct nf_ct_gre_call *call)
{
	struct nf_ct_gre_call *first;

	lockdep_assert_held(&nf_ct_gre_keymap_lock);
	first = rhashtable_lookup_fast(&nf_ct_gre_by_key, &call->key,
				       nf_ct_gre_key_params);
	if (first) {
		list_add_tail(&call->km.list, &first->km.list);
		return 0;
	}
	INIT_LIST_HEAD(&call->km.list);
	return rhashtable_insert_fast(&nf_ct_gre_by_key, &call->key_node,
				      nf_ct_gre_key_params);
}

static int nf_ct_gre_call_add(struct nf_ct_gre_call *call)
{
	int err;

	err = rhltable_insert(&nf_ct_gre_by_owner, &call->owner_node,
			      nf_ct_gre_owner_params);
	if (err)
		return err;

	err = nf_ct_gre_call_publish(call);
	if (err)
		rhltable_remove(&nf_ct_gre_by_owner, &call->owner_node,
				nf_ct_gre_owner_params);
	return err;
}

static void nf_ct_gre_call_remove(struct nf_ct_gre_call *call)
{
	struct nf_ct_gre_call *first, *next;

	lockdep_assert_held(&nf_ct_gre_keymap_lock);
	next = list_next_entry(call, km.list);
	first = rhashtable_lookup_fast(&nf_ct_gre_by_key, &call->key,
				       nf_ct_gre_key_params);
	if (next == call)
		rhashtable_remove_fast(&nf_ct_gre_by_key, &call->key_node,
				       nf_ct_gre_key_params);
	else if (first == call)
		rhashtable_replace_fast(&nf_ct_gre_by_key, &call->key_node,
					&next->key_node, nf_ct_gre_key_params);
	list_del(&call->km.list);
	rhltable_remove(&nf_ct_gre_by_owner, &call->owner_node, nf_ct_gre_owner_params);
	kfree_rcu(call, km.rcu);
}

/* A receiver that @ct has announced already is a retransmission.
 * DIFF: pptp-several
 */
static int nf_ct_gre_call_check(const struct nf_conn *ct,
				const struct nf_ct_gre_call *call)
{
	const struct nf_ct_gre_call *old;
	struct rhlist_head *pos;
	unsigned int n = 0;

	/* the CPU that has set the bit removes the call IDs, under the lock */
	if (nf_ct_is_dying(ct))
		return -ENOENT;

	rhl_for_each_entry_rcu(old, pos, nf_ct_gre_calls_of(ct, call->owner.dir),
			       owner_node) {
		if (!memcmp(&old->key, &call->key, sizeof(call->key)))
			return -EALREADY;
		n++;
	}
	return n < NF_CT_GRE_CALLS_MAX ? 0 : -EEXIST;
}

/* Add the call ID of one direction, whose GRE packets will have the tuple @t.  The
 * pointers to keymaps in the helper's data stay unused: another helper may have the
 * same place for something else.  -EALREADY: as nf_ct_gre_call_check().
 */
static int nf_ct_gre_announce(struct nf_conn *ct, enum ip_conntrack_dir dir,
			      const struct nf_conntrack_tuple *t)
{
	struct nf_ct_gre_call *call;
	int err;

	/* nf_ct_destroy() removes call IDs of entries with a helper only */
	if (!nf_ct_has_ext(ct, NF_CT_EXT_HELPER))
		return -EINVAL;

	call = kzalloc(sizeof(*call), GFP_ATOMIC);
	if (!call)
		return -ENOMEM;
	call->km.tuple = *t;
	call->key = nf_ct_gre_key(nf_ct_net(ct), t);
	call->owner.ct = ct;
	call->owner.dir = dir;

	rcu_read_lock();
	spin_lock_bh(&nf_ct_gre_keymap_lock);
	err = nf_ct_gre_call_check(ct, call);
	if (!err)
		err = nf_ct_gre_call_add(call);
	spin_unlock_bh(&nf_ct_gre_keymap_lock);
	rcu_read_unlock();

	if (err)
		kfree(call);
	return err;
}

/* Forget the call IDs of one direction whose GRE packets have one of two tuples, or all */
static void nf_ct_gre_forget(const struct nf_conn *ct, enum ip_conntrack_dir dir,
			     const struct nf_conntrack_tuple *one,
			     const struct nf_conntrack_tuple *other)
{
	struct rhlist_head *pos, *next;
	struct nf_ct_gre_call *call;

	rcu_read_lock();
	spin_lock_bh(&nf_ct_gre_keymap_lock);
	/* what is removed stays readable: RCU */
	for (pos = nf_ct_gre_calls_of(ct, dir); pos; pos = next) {
		next = rcu_dereference_raw(pos->next);
		call = container_of(pos, struct nf_ct_gre_call, owner_node);
		if (!one || nf_ct_tuple_equal(&call->km.tuple, one) ||
		    nf_ct_tuple_equal(&call->km.tuple, other))
			nf_ct_gre_call_remove(call);
	}
	spin_unlock_bh(&nf_ct_gre_keymap_lock);
	rcu_read_unlock();
}

#ifdef NF_CT_HAVE_PPTP_DESTROY
/**
 * nf_ct_gre_keymap_add - add the call IDs of both directions, or none
 * @ct: control connection
 * @orig: tuple that GRE packets of the original direction will have
 * @repl: the same for the reply direction
 *
 * Context: any up to softirq; takes nf_ct_gre_keymap_lock.
 * Return: true, also when @ct has announced the same already.
 */
bool nf_ct_gre_keymap_add(struct nf_conn *ct, const struct nf_conntrack_tuple *orig,
			  const struct nf_conntrack_tuple *repl)
{
	int first, second;

	first = nf_ct_gre_announce(ct, IP_CT_DIR_ORIGINAL, orig);
	if (first && first != -EALREADY)
		return false;

	second = nf_ct_gre_announce(ct, IP_CT_DIR_REPLY, repl);
	if (!second || second == -EALREADY)
		return true;
	if (!first)
		nf_ct_gre_forget(ct, IP_CT_DIR_ORIGINAL, orig, orig);
	return false;
}
#else
/**
 * nf_ct_gre_keymap_add - add the call ID of one direction
 * @ct: control connection
 * @dir: direction
 * @t: tuple that GRE packets of this direction will have
 *
 * Context: any up to softirq; takes nf_ct_gre_keymap_lock.
 * Return: 0, also when @ct has announced the receiver of @t for @dir already;
 * -EEXIST when it has announced NF_CT_GRE_CALLS_MAX others; -ENOENT when it is dying;
 * -ENOMEM and other errors when there is no room; -EINVAL without a helper.
 */
int nf_ct_gre_keymap_add(struct nf_conn *ct, enum ip_conntrack_dir dir,
			 struct nf_conntrack_tuple *t)
{
	int err = nf_ct_gre_announce(ct, dir, t);

	return err == -EALREADY ? 0 : err;
}
#endif

/**
 * nf_ct_gre_keymap_destroy - forget the call IDs of a control connection
 * @ct: the control connection, or any other entry, with any helper or none
 *
 * DIFF: gre-master: stock takes any helper's data for pointers to call IDs.
 * DIFF: gre-keymap-owner: on stock only the helper and the end of a GRE connection
 * come here.
 *
 * Context: any up to softirq; takes nf_ct_gre_keymap_lock.
 */
void nf_ct_gre_keymap_destroy(struct nf_conn *ct)
{
	unsigned int dir;

	/* a call ID that another CPU is adding goes with the last reference */
	if (!atomic_read(&nf_ct_gre_by_owner.ht.nelems))
		return;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		nf_ct_gre_forget(ct, dir, NULL, NULL);
}

/**
 * nf_ct_gre_keymap_end - forget the call IDs of a GRE connection
 * @ct:  the GRE connection
 * @master: its control connection, or any other entry, with any helper or none
 *
 * DIFF: pptp-several: stock forgets those of all calls of the control connection.
 *
 * Context: any up to softirq; takes nf_ct_gre_keymap_lock.
 */
void nf_ct_gre_keymap_end(const struct nf_conn *ct, const struct nf_conn *master)
{
	unsigned int dir;

	if (!atomic_read(&nf_ct_gre_by_owner.ht.nelems))
		return;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		nf_ct_gre_forget(master, dir, nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL),
				 nf_ct_tuple(ct, IP_CT_DIR_REPLY));
}

#ifdef NF_CT_HAVE_PPTP_DESTROY
/* End the GRE connection of one direction, or what is expected in its place */
static void nf_ct_gre_end_call(const struct nf_conn *ct, enum ip_conntrack_dir dir,
			       __be16 sender, __be16 receiver)
{
	struct nf_conntrack_tuple t = *nf_ct_tuple(ct, dir);
	const struct nf_conntrack_zone *zone = nf_ct_zone(ct);
	struct net *net = nf_ct_net(ct);
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_expect *exp;

	t.dst.protonum = IPPROTO_GRE;
	t.src.u.gre.key = sender;
	t.dst.u.gre.key = receiver;

	h = nf_conntrack_find_get(net, zone, &t);
	if (h) {
		nf_ct_kill(nf_ct_tuplehash_to_ctrack(h));
		nf_ct_put(nf_ct_tuplehash_to_ctrack(h));
		return;
	}
	exp = nf_ct_expect_find_get(net, zone, &t);
	if (exp) {
		nf_ct_unexpect_related(exp);
		nf_ct_expect_put(exp);
	}
}

/**
 * gre_pptp_destroy_siblings - a PPTP control connection ends, and its calls with it
 * @ct: the control connection, whose helper has been PPTP's
 *
 * The helper's destructor, here because connections outlive the helper's module.
 *
 * Context: any up to softirq, under RCU; takes nf_ct_gre_keymap_lock.
 */
void gre_pptp_destroy_siblings(struct nf_conn *ct)
{
	const struct nf_ct_pptp_master *pptp = nfct_help_data(ct);

	nf_ct_gre_keymap_destroy(ct);
	if (!pptp)
		return;
	nf_ct_gre_end_call(ct, IP_CT_DIR_ORIGINAL, pptp->pns_call_id,
			   pptp->pac_call_id);
	nf_ct_gre_end_call(ct, IP_CT_DIR_REPLY, pptp->pac_call_id, pptp->pns_call_id);
}
#endif

/**
 * gre_pkt_to_tuple - call IDs of a GRE packet
 * @skb: the packet
 * @dataoff: offset of the GRE header
 * @net: namespace, for the keymap
 * @tuple: where they go; its addresses and protocol are set already
 *
 * Packets of any version but PPTP's have no keys: the tunnel is the flow.
 *
 * Context: under RCU.
 * Return: false for PPTP packets that carry no PPP.
 */
bool gre_pkt_to_tuple(const struct sk_buff *skb, unsigned int dataoff,
		      struct net *net, struct nf_conntrack_tuple *tuple)
{
	const struct pptp_gre_header *ph;
	const struct gre_base_hdr *gh;
	struct pptp_gre_header buf;

	tuple->src.u.gre.key = 0;
	tuple->dst.u.gre.key = 0;

	gh = skb_header_pointer(skb, dataoff, sizeof(*gh), &buf);
	if (!gh || (gh->flags & GRE_VERSION) != GRE_VERSION_1)
		return true;

	ph = skb_header_pointer(skb, dataoff, PPTP_GRE_HEAD, &buf);
	if (!ph)
		return true;
	if (ph->gre_hd.protocol != GRE_PROTO_PPP)
		return false;

	tuple->dst.u.gre.key = ph->call_id;
	tuple->src.u.gre.key = nf_ct_gre_keymap_lookup(net, tuple);
	return true;
}

/* What is wrong with a GRE header (RFC 2784, RFC 2637 4.1), or NULL.
 *
 * DIFF: gre-header: the stock module takes a header that is cut off for plain GRE.
 */
static const char *nf_ct_gre_flaw(const struct sk_buff *skb,
				  unsigned int dataoff)
{
	unsigned int room = skb->len - dataoff;
	const struct gre_base_hdr *gh;
	struct gre_base_hdr buf;

	gh = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!gh)
		return "GRE header incomplete";
	if ((gh->flags & GRE_VERSION) == GRE_VERSION_1 && room < PPTP_GRE_HEAD)
		return "GRE header of PPTP incomplete";
	return NULL;
}

/* An entry keeps the timeouts of its first packet.  Those that the PPTP helper has
 * set are overwritten, as on stock: else no setting would have an effect on calls.
 */
static void nf_ct_gre_set_timeouts(struct nf_conn *ct)
{
	const unsigned int *timeouts;

	timeouts = nf_ct_timeouts_of(ct, nf_gre_pernet(nf_ct_net(ct))->timeouts);
	ct->proto.gre.timeout = timeouts[GRE_CT_UNREPLIED];
	ct->proto.gre.stream_timeout = timeouts[GRE_CT_REPLIED];
}

/**
 * nf_conntrack_gre_packet - follow a GRE packet
 * @ct: entry of the packet, perhaps unconfirmed
 * @skb: the packet
 * @dataoff: offset of the GRE header
 * @ctinfo: direction and state of @skb in @ct
 * @state: hook
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT, or NF_CT_PACKET_INVALID for a malformed header.
 */
int nf_conntrack_gre_packet(struct nf_conn *ct, struct sk_buff *skb,
			    unsigned int dataoff, enum ip_conntrack_info ctinfo,
			    const struct nf_hook_state *state)
{
	const char *flaw = nf_ct_gre_flaw(skb, dataoff);

	if (flaw) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_GRE, "%s", flaw);
		return NF_CT_PACKET_INVALID;
	}

	/* DIFF: gre-timeouts: an entry that ctnetlink has made has none on stock, so that
	 * its first packet ends it
	 */
	if (!nf_ct_is_confirmed(ct) || !ct->proto.gre.timeout)
		nf_ct_gre_set_timeouts(ct);

	if (!test_bit(IPS_SEEN_REPLY_BIT, &ct->status)) {
		nf_ct_refresh_acct(ct, ctinfo, skb, ct->proto.gre.timeout);
		return NF_ACCEPT;
	}

	nf_ct_refresh_acct(ct, ctinfo, skb, ct->proto.gre.stream_timeout);
	if (!test_bit(IPS_NAT_CLASH_BIT, &ct->status))
		nf_ct_set_assured(ct);
	return NF_ACCEPT;
}

#ifdef CONFIG_NF_CONNTRACK_PROCFS
static void nf_ct_gre_print(struct seq_file *s, struct nf_conn *ct)
{
	const struct nf_ct_gre *gre = &ct->proto.gre;

	seq_printf(s, "timeout=%u, stream_timeout=%u ",
		   gre->timeout / HZ, gre->stream_timeout / HZ);
}
#endif

NF_CT_DEFINE_TIMEOUTS(gre, nf_gre_pernet(net)->timeouts, GRE_CT_MAX,
		      CTA_TIMEOUT_GRE_MAX);

/**
 * nf_conntrack_gre_init_net - default timeouts of a new namespace
 * @net: the namespace
 *
 * Context: any; nothing else sees @net yet.
 */
void nf_conntrack_gre_init_net(struct net *net)
{
	struct nf_gre_net *gn = nf_gre_pernet(net);

	/* the kernel's list of keymaps stays empty */
	INIT_LIST_HEAD(&gn->keymap_list);
	memcpy(gn->timeouts, nf_ct_gre_defaults, sizeof(gn->timeouts));
}

/**
 * nf_conntrack_gre_init - memory for call IDs
 *
 * Context: process, sleeps.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_gre_init(void)
{
	int err = rhashtable_init(&nf_ct_gre_by_key, &nf_ct_gre_key_params);

	if (err)
		return err;
	err = rhltable_init(&nf_ct_gre_by_owner, &nf_ct_gre_owner_params);
	if (err)
		rhashtable_destroy(&nf_ct_gre_by_key);
	return err;
}

/**
 * nf_conntrack_gre_fini - no entry is left, and so no call ID
 *
 * Context: process, sleeps.
 */
void nf_conntrack_gre_fini(void)
{
	rhltable_destroy(&nf_ct_gre_by_owner);
	rhashtable_destroy(&nf_ct_gre_by_key);
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_gre = {
	.l4proto = IPPROTO_GRE,
	.allow_clash = true,	/* DIFF: gre-clash: not on stock */
#ifdef CONFIG_NF_CONNTRACK_PROCFS
	.print_conntrack = nf_ct_gre_print,
#endif
	NF_CT_PORT_ATTRS
	NF_CT_TIMEOUT_ATTRS(gre)
};
