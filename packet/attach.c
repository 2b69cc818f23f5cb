// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel image asks of conntrack through nf_ct_hook: packets that
 * come back from user space, packets made in answer to others, the key of a
 * packet, the end of a connection that a local reject closes.  No state.
 */
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/nf_nat.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_packet.h"
#include "nf_conntrack_setup.h"
#include "nf_ct_helper.h"

#ifdef NF_CT_HAVE_MANIP_PKT
static bool nf_ct_requeued_tuple(struct net *net, const struct sk_buff *skb,
				 const struct nf_conn *ct,
				 struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_tuple *orig = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);

	if (!nf_ct_get_tuplepr(skb, skb_network_offset(skb), nf_ct_l3num(ct),
			       net, tuple))
		return false;

	/* the packet may have been rewritten; the entry knows what it was */
	if (ct->status & IPS_SRC_NAT) {
		tuple->src.u3 = orig->src.u3;
		tuple->src.u.all = orig->src.u.all;
	}
	if (ct->status & IPS_DST_NAT) {
		tuple->dst.u3 = orig->dst.u3;
		tuple->dst.u.all = orig->dst.u.all;
	}
	return true;
}

/* Translate @skb once more, now as @ct says.  @done: status of its former entry. */
static bool nf_ct_requeued_mangle(struct sk_buff *skb, struct nf_conn *ct,
				  unsigned long done)
{
#if IS_ENABLED(CONFIG_NF_NAT)
	const struct nf_nat_hook *nat = rcu_dereference(nf_nat_hook);

	if (!nat)
		return true;
	if (done & IPS_SRC_NAT &&
	    nat->manip_pkt(skb, ct, NF_NAT_MANIP_SRC,
			   IP_CT_DIR_ORIGINAL) == NF_DROP)
		return false;
	if (done & IPS_DST_NAT &&
	    nat->manip_pkt(skb, ct, NF_NAT_MANIP_DST,
			   IP_CT_DIR_ORIGINAL) == NF_DROP)
		return false;
#endif
	return true;
}

/* The packet was in user space, its entry is unconfirmed: has another entry of the
 * same flow been confirmed meanwhile?
 */
static int nf_ct_requeued_unconfirmed(struct net *net, struct sk_buff *skb,
				      struct nf_conn *ct,
				      enum ip_conntrack_info info)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple tuple;
	unsigned long done = ct->status;

	if (!nf_ct_requeued_tuple(net, skb, ct, &tuple))
		return -1;

	h = nf_conntrack_find_get(net, nf_ct_zone(ct), &tuple);
	if (!h)
		return 0;

	nf_ct_put(ct);
	ct = nf_ct_tuplehash_to_ctrack(h);
	nf_ct_set(skb, ct, info);
	return nf_ct_requeued_mangle(skb, ct, done) ? 0 : -1;
}
#else
/* NAT cannot be done again: confirmation tells a clash, as for other packets */
static int nf_ct_requeued_unconfirmed(struct net *net, struct sk_buff *skb,
				      struct nf_conn *ct,
				      enum ip_conntrack_info info)
{
	return 0;
}
#endif

/* Helpers in user space get their packets by queue: finish what they delayed. */
static int nf_ct_requeued_helper(struct net *net, struct sk_buff *skb,
				 struct nf_conn *ct,
				 enum ip_conntrack_info info)
{
	const struct nf_conntrack_helper *helper = nf_ct_helper_of(ct);
	u8 protonum;
	int off;

	/* unregistering takes a helper out of the entries in the table only */
	if (!helper || nf_ct_is_dying(ct) ||
	    !(helper->flags & NF_CT_HELPER_F_USERSPACE))
		return 0;

	off = nf_ct_l4_offset(skb, skb_network_offset(skb), nf_ct_l3num(ct),
			      &protonum);
	if (off < 0)
		return 0;

	if (test_bit(IPS_SEQ_ADJUST_BIT, &ct->status) &&
	    !nf_is_loopback_packet(skb) &&
	    !nf_ct_seq_adjust(skb, ct, info, off)) {
		NF_CT_STAT_INC_ATOMIC(net, drop);
		return -1;
	}
	return nf_conntrack_confirm(skb) == NF_DROP ? -1 : 0;
}

static int nf_ct_requeued(struct net *net, struct sk_buff *skb)
{
	enum ip_conntrack_info info;
	struct nf_conn *ct;
	int err;

	ct = nf_ct_get(skb, &info);
	if (!ct)
		return 0;
	if (!nf_ct_is_confirmed(ct)) {
		err = nf_ct_requeued_unconfirmed(net, skb, ct, info);
		if (err < 0)
			return err;
		ct = nf_ct_get(skb, &info);
	}
	return nf_ct_requeued_helper(net, skb, ct, info);
}

/* The answer means what nfnetlink_queue takes it for */
static int nf_conntrack_requeued(struct net *net, struct sk_buff *skb)
{
	int err = nf_ct_requeued(net, skb);

	return err < 0 ? NF_CT_REQUEUED_DROP : NF_CT_REQUEUED_PASS;
}

static bool nf_conntrack_skb_tuple(struct nf_conntrack_tuple *dst,
				   const struct sk_buff *skb)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple tuple;
	enum ip_conntrack_info info;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &info);
	if (ct) {
		*dst = *nf_ct_tuple(ct, CTINFO2DIR(info));
		return true;
	}

	if (!nf_ct_get_tuplepr(skb, skb_network_offset(skb), NFPROTO_IPV4,
			       dev_net(skb->dev), &tuple))
		return false;
	h = nf_conntrack_find_get(dev_net(skb->dev), &nf_ct_zone_dflt, &tuple);
	if (!h)
		return false;

	ct = nf_ct_tuplehash_to_ctrack(h);
	*dst = *nf_ct_tuple(ct, !NF_CT_DIRECTION(h));
	nf_ct_put(ct);
	return true;
}

/* @nskb was made because of @skb, and goes the other way. */
static void nf_conntrack_attach_related(struct sk_buff *nskb,
					const struct sk_buff *skb)
{
	enum ip_conntrack_info info;
	struct nf_conn *ct = nf_ct_get(skb, &info);
	bool reply = CTINFO2DIR(info) == IP_CT_DIR_REPLY;

	nf_ct_set(nskb, ct, reply ? IP_CT_RELATED : IP_CT_RELATED_REPLY);
	nf_conntrack_get(skb_nfct(nskb));
}

#ifdef NF_CT_HAVE_GET_ID
static u32 nf_conntrack_id(const struct nf_conntrack *nfct)
{
	return nf_ct_get_id(nf_ct_to_nf_conn(nfct));
}
#endif

static void nf_conntrack_set_closing(struct nf_conntrack *nfct)
{
	struct nf_conn *ct = nf_ct_to_nf_conn(nfct);

	if (nf_ct_protonum(ct) == IPPROTO_TCP)
		nf_conntrack_tcp_set_closing(ct);
}

static const struct nf_ct_hook nf_conntrack_hook = {
	.update		= nf_conntrack_requeued,
	.destroy	= nf_ct_destroy,
	.get_tuple_skb	= nf_conntrack_skb_tuple,
	.attach		= nf_conntrack_attach_related,
	.set_closing	= nf_conntrack_set_closing,
	.confirm	= __nf_conntrack_confirm,
#ifdef NF_CT_HAVE_GET_ID
	.get_id		= nf_conntrack_id,
#endif
};

/**
 * nf_conntrack_attach_init - everything works: let the rest of the kernel in
 *
 * Context: process.
 */
void nf_conntrack_attach_init(void)
{
	RCU_INIT_POINTER(nf_ct_hook, &nf_conntrack_hook);
}

/**
 * nf_conntrack_attach_fini - no namespace, hence no entry, is left
 *
 * Until then packets in queues and on wires give their entries back through the
 * hook.
 *
 * Context: process, sleeps until no CPU uses the hook.
 */
void nf_conntrack_attach_fini(void)
{
	RCU_INIT_POINTER(nf_ct_hook, NULL);
	/* callers without an entry, such as schedulers that ask for a tuple */
	synchronize_net();
}
