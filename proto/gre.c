// SPDX-License-Identifier: GPL-2.0
/*
 * GRE.  Plain GRE is one flow for two addresses.  That of PPTP (RFC 2637) has a
 * call ID for each direction, and a packet has the receiver's only; the other
 * one comes from a keymap, which the PPTP helper adds.  Each namespace has a list
 * of keymaps: readers hold RCU, writers nf_ct_gre_keymap_lock, which also guards
 * the helper's pointers to keymaps.
 */
#include <linux/jiffies.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_pptp.h>
#include <linux/netfilter/nf_conntrack_proto_gre.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/rculist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <net/gre.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/pptp.h>

#include "proto.h"
#include "nf_conntrack_internal.h"

static const unsigned int nf_ct_gre_defaults[GRE_CT_MAX] = {
	[GRE_CT_UNREPLIED]	= 30 * HZ,
	[GRE_CT_REPLIED]	= 180 * HZ,
};

/* Of the PPTP header, all that a tuple needs: up to and with the call ID */
#define PPTP_GRE_HEAD		offsetofend(struct pptp_gre_header, call_id)

static DEFINE_SPINLOCK(nf_ct_gre_keymap_lock);

/* Does @km describe packets from and to the addresses and call ID of @t? */
static bool nf_ct_gre_keymap_fits(const struct nf_ct_gre_keymap *km,
				  const struct nf_conntrack_tuple *t)
{
	return km->tuple.src.l3num == t->src.l3num &&
	       __nf_ct_tuple_dst_equal(&km->tuple, t) &&
	       nf_inet_addr_cmp(&km->tuple.src.u3, &t->src.u3);
}

/* Call ID of the sender of @t, 0 if no control connection has announced it */
static __be16 nf_ct_gre_keymap_lookup(struct net *net,
				      const struct nf_conntrack_tuple *t)
{
	struct nf_ct_gre_keymap *km;

	list_for_each_entry_rcu(km, &nf_gre_pernet(net)->keymap_list, list) {
		if (nf_ct_gre_keymap_fits(km, t))
			return km->tuple.src.u.gre.key;
	}
	return 0;
}

/**
 * nf_ct_gre_keymap_add - add the call ID of one direction
 * @ct: control connection; its helper's data point to the keymap
 * @dir: direction
 * @t: tuple that GRE packets of this direction will have
 *
 * Context: any up to softirq; takes nf_ct_gre_keymap_lock.
 * Return: 0, also when @ct has this keymap already (a retransmission);
 * -EEXIST when it has another; -ENOMEM; -EINVAL without helper data.
 */
int nf_ct_gre_keymap_add(struct nf_conn *ct, enum ip_conntrack_dir dir,
			 struct nf_conntrack_tuple *t)
{
	struct nf_gre_net *gn = nf_gre_pernet(nf_ct_net(ct));
	struct nf_conn_help *help = nfct_help(ct);
	struct nf_ct_gre_keymap *fresh, *old;
	struct nf_ct_pptp_master *info;

	if (!help)
		return -EINVAL;
	info = (void *)help->data;

	fresh = kmalloc(sizeof(*fresh), GFP_ATOMIC);
	if (!fresh)
		return -ENOMEM;
	fresh->tuple = *t;

	spin_lock_bh(&nf_ct_gre_keymap_lock);
	old = info->keymap[dir];
	if (!old) {
		info->keymap[dir] = fresh;
		list_add_tail_rcu(&fresh->list, &gn->keymap_list);
		spin_unlock_bh(&nf_ct_gre_keymap_lock);
		return 0;
	}

	if (nf_ct_gre_keymap_fits(old, t) &&
	    old->tuple.src.u.gre.key == t->src.u.gre.key)
		dir = IP_CT_DIR_MAX;
	spin_unlock_bh(&nf_ct_gre_keymap_lock);

	kfree(fresh);
	return dir == IP_CT_DIR_MAX ? 0 : -EEXIST;
}

static void nf_ct_gre_keymap_unlink(struct nf_ct_gre_keymap *km)
{
	lockdep_assert_held(&nf_ct_gre_keymap_lock);
	list_del_rcu(&km->list);
	kfree_rcu(km, rcu);
}

/* Forget the keymap at *@where, if it is one: the helper may be another, with
 * other data in the same place.
 * DIFF: gre-master: stock takes any helper's data for these pointers.
 */
static void nf_ct_gre_keymap_forget(struct nf_gre_net *gn,
				    struct nf_ct_gre_keymap **where)
{
	struct nf_ct_gre_keymap *km;

	lockdep_assert_held(&nf_ct_gre_keymap_lock);
	if (!*where)
		return;
	list_for_each_entry(km, &gn->keymap_list, list) {
		if (km != *where)
			continue;
		nf_ct_gre_keymap_unlink(km);
		*where = NULL;
		return;
	}
}

/**
 * nf_ct_gre_keymap_destroy - forget the call IDs of a control connection
 * @ct: the master of a GRE connection: the control connection, or another one
 *	that netlink or an expectation has chosen, with any helper or none
 *
 * Context: any up to softirq; takes nf_ct_gre_keymap_lock.
 */
void nf_ct_gre_keymap_destroy(struct nf_conn *ct)
{
	struct nf_gre_net *gn = nf_gre_pernet(nf_ct_net(ct));
	struct nf_conn_help *help = nfct_help(ct);
	struct nf_ct_pptp_master *info;
	unsigned int dir;

	if (!help)
		return;
	info = (void *)help->data;

	spin_lock_bh(&nf_ct_gre_keymap_lock);
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		nf_ct_gre_keymap_forget(gn, &info->keymap[dir]);
	spin_unlock_bh(&nf_ct_gre_keymap_lock);
}

/**
 * nf_ct_gre_keymap_flush - forget all call IDs of a namespace
 * @net: the namespace; no control connection of it may be left
 *
 * Context: any up to softirq; takes nf_ct_gre_keymap_lock.
 */
void nf_ct_gre_keymap_flush(struct net *net)
{
	struct nf_ct_gre_keymap *km, *next;

	spin_lock_bh(&nf_ct_gre_keymap_lock);
	list_for_each_entry_safe(km, next, &nf_gre_pernet(net)->keymap_list,
				 list)
		nf_ct_gre_keymap_unlink(km);
	spin_unlock_bh(&nf_ct_gre_keymap_lock);
}

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
 * nf_conntrack_gre_init_net - default timeouts and keymap of a new namespace
 * @net: the namespace
 *
 * Context: any; nothing else sees @net yet.
 */
void nf_conntrack_gre_init_net(struct net *net)
{
	struct nf_gre_net *gn = nf_gre_pernet(net);

	INIT_LIST_HEAD(&gn->keymap_list);
	memcpy(gn->timeouts, nf_ct_gre_defaults, sizeof(gn->timeouts));
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
