// SPDX-License-Identifier: GPL-2.0
/*
 * A packet comes in: which connection does it belong to, and what does the
 * protocol's tracker say?  New connections are set up here, unconfirmed and
 * owned by their packet alone.  Runs under RCU in the netfilter hooks; takes
 * nf_conntrack_expect_lock to look for an expectation, no other lock.
 */
#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_synproxy.h>
#include <net/netfilter/nf_conntrack_timeout.h>
#include <net/netfilter/nf_conntrack_timestamp.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_packet.h"

/* DIFF: repeat-limit: how often one packet may reopen a connection; once more, and
 * it is invalid
 */
#define NF_CT_REPEAT_MAX	2

/**
 * struct nf_ct_packet - a packet on its way through nf_conntrack_in()
 * @skb:      itself
 * @state:    hook, namespace and family
 * @tmpl:     template that a rule attached, or NULL; a reference is held
 * @dataoff:  offset of its transport header
 * @protonum: transport protocol
 */
struct nf_ct_packet {
	struct sk_buff			*skb;
	const struct nf_hook_state	*state;
	struct nf_conn			*tmpl;
	unsigned int			dataoff;
	u8				protonum;
};

/* ---- a new connection ---- */

static bool nf_ct_new_ecache(struct nf_conn *ct, const struct nf_conn *tmpl)
{
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	const struct nf_conntrack_ecache *e = tmpl ? nf_ct_ecache_find(tmpl) : NULL;

	return nf_ct_ecache_ext_add(ct, e ? e->ctmask : 0, e ? e->expmask : 0,
				    GFP_ATOMIC);
#else
	return true;
#endif
}

/* What a new entry inherits from its template and the sysctls */
static bool nf_ct_new_extensions(struct nf_conn *ct, const struct nf_conn *tmpl)
{
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	struct nf_conn_timeout *policy = tmpl ? nf_ct_timeout_find(tmpl) : NULL;
#endif

	if (!nf_ct_add_synproxy(ct, tmpl))
		return false;

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
	if (policy)
		nf_ct_timeout_ext_add(ct, rcu_dereference(policy->timeout),
				      GFP_ATOMIC);
#endif
	nf_ct_acct_ext_add(ct, GFP_ATOMIC);
	nf_ct_tstamp_ext_add(ct, GFP_ATOMIC);
	nf_ct_labels_ext_add(ct);
	return nf_ct_new_ecache(ct, tmpl);
}

/* Make @ct a child of the expectation that it fulfils. */
static void nf_ct_new_expected(struct nf_conn *ct,
			       struct nf_conntrack_expect *exp)
{
	struct nf_conntrack_helper *helper;
	struct nf_conn_help *help;

	__set_bit(IPS_EXPECTED_BIT, &ct->status);
	/* nf_ct_find_expectation() took the reference on the master */
	ct->master = exp->master;
#ifdef CONFIG_NF_CONNTRACK_MARK
	ct->mark = READ_ONCE(exp->master->mark);
#endif
#ifdef CONFIG_NF_CONNTRACK_SECMARK
	ct->secmark = exp->master->secmark;
#endif
	helper = rcu_dereference(nf_ct_exp_assigned(exp));
	if (!helper)
		return;
	help = nf_ct_helper_ext_add(ct, GFP_ATOMIC);
	if (help)
		nf_ct_helper_assign(help, helper);
}

static struct nf_conntrack_expect *
nf_ct_new_find_expected(struct net *net, struct nf_conn *ct,
			const struct nf_conn *tmpl,
			const struct nf_conntrack_zone *zone,
			const struct nf_conntrack_tuple *tuple)
{
	struct nf_conntrack_expect *exp;

	if (likely(!READ_ONCE(nf_ct_pernet(net)->expect_count)))
		return NULL;

	spin_lock_bh(&nf_conntrack_expect_lock);
	exp = nf_ct_find_expectation(net, zone, tuple,
				     !tmpl || nf_ct_is_confirmed(tmpl));
	if (exp) {
		nf_ct_new_expected(ct, exp);
		NF_CT_STAT_INC(net, expect_new);
	}
	spin_unlock_bh(&nf_conntrack_expect_lock);
	return exp;
}

static struct nf_conn *nf_ct_new(const struct nf_ct_packet *pkt,
				 const struct nf_conntrack_zone *zone,
				 const struct nf_conntrack_tuple *tuple,
				 u32 hash)
{
	struct net *net = pkt->state->net;
	struct nf_conntrack_expect *exp;
	struct nf_conntrack_tuple repl;
	struct nf_conn *ct;

	if (!nf_ct_invert_tuple(&repl, tuple))
		return NULL;

	ct = nf_conntrack_alloc(net, zone, tuple, &repl, GFP_ATOMIC);
	if (IS_ERR(ct))
		return ct;
	nf_ct_entry(ct)->hash = hash;
	if (!nf_ct_new_extensions(ct, pkt->tmpl)) {
		nf_conntrack_free(ct);
		return ERR_PTR(-ENOMEM);
	}

	exp = nf_ct_new_find_expected(net, ct, pkt->tmpl, zone, tuple);
	if (!exp && pkt->tmpl)
		__nf_ct_try_assign_helper(ct, pkt->tmpl, GFP_ATOMIC);

	/* a reader with a stale pointer to the object must not see the count
	 * before the contents: nf_ct_slot_get()
	 */
	smp_wmb();
	refcount_set(&ct->ct_general.use, 1);

	if (exp) {
		if (exp->expectfn)
			exp->expectfn(ct, exp);
		nf_ct_expect_put(exp);
	}
	return ct;
}

/* ---- an existing one ---- */

static enum ip_conntrack_info
nf_ct_packet_info(const struct nf_conntrack_tuple_hash *h)
{
	unsigned long status = nf_ct_tuplehash_to_ctrack(h)->status;

	if (NF_CT_DIRECTION(h) == IP_CT_DIR_REPLY)
		return IP_CT_ESTABLISHED_REPLY;
	if (status & IPS_SEEN_REPLY)
		return IP_CT_ESTABLISHED;
	return status & IPS_EXPECTED ? IP_CT_RELATED : IP_CT_NEW;
}

/* Attach the packet's connection.  0 (perhaps with none: invalid) or -errno */
static int nf_ct_resolve(const struct nf_ct_packet *pkt)
{
	const struct nf_conntrack_zone *zone;
	struct net *net = pkt->state->net;
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone tmp;
	struct nf_conn *ct;
	u32 hash;

	if (!nf_ct_tuple_from_packet(pkt->skb, skb_network_offset(pkt->skb),
				     pkt->dataoff, pkt->state->pf,
				     pkt->protonum, net, &tuple))
		return 0;

	zone = nf_ct_zone_tmpl(pkt->tmpl, pkt->skb, &tmp);
	h = nf_conntrack_find(net, zone, &tuple, &hash);
	if (!h) {
		ct = nf_ct_new(pkt, zone, &tuple, hash);
		if (IS_ERR_OR_NULL(ct))
			return PTR_ERR_OR_ZERO(ct);
		h = &ct->tuplehash[IP_CT_DIR_ORIGINAL];
	}
	nf_ct_set(pkt->skb, nf_ct_tuplehash_to_ctrack(h), nf_ct_packet_info(h));
	return 0;
}

/* ---- trackers ---- */

static int nf_ct_track(struct nf_conn *ct, const struct nf_ct_packet *pkt,
		       enum ip_conntrack_info info)
{
	const struct nf_hook_state *state = pkt->state;
	struct sk_buff *skb = pkt->skb;
	unsigned int off = pkt->dataoff;
	unsigned int *policy;

	switch (pkt->protonum) {
	case IPPROTO_TCP:
		return nf_conntrack_tcp_packet(ct, skb, off, info, state);
	case IPPROTO_UDP:
		return nf_conntrack_udp_packet(ct, skb, off, info, state);
	case IPPROTO_ICMP:
		return nf_conntrack_icmp_packet(ct, skb, info, state);
#if IS_ENABLED(CONFIG_IPV6)
	case IPPROTO_ICMPV6:
		return nf_conntrack_icmpv6_packet(ct, skb, info, state);
#endif
#ifdef CONFIG_NF_CT_PROTO_UDPLITE
	case IPPROTO_UDPLITE:
		return nf_conntrack_udplite_packet(ct, skb, off, info, state);
#endif
#ifdef CONFIG_NF_CT_PROTO_SCTP
	case IPPROTO_SCTP:
		return nf_conntrack_sctp_packet(ct, skb, off, info, state);
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	case IPPROTO_DCCP:
		return nf_conntrack_dccp_packet(ct, skb, off, info, state);
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	case IPPROTO_GRE:
		return nf_conntrack_gre_packet(ct, skb, off, info, state);
#endif
	}

	/* nothing is known but that packets flow */
	policy = nf_ct_policy_timeouts(ct);
	if (!policy)
		policy = &nf_generic_pernet(nf_ct_net(ct))->timeout;
	nf_ct_refresh_acct(ct, info, skb, *policy);
	return NF_ACCEPT;
}

/* ICMP errors belong to the connection they speak of.  > 0: an ordinary packet */
static int nf_ct_icmp_error(const struct nf_ct_packet *pkt)
{
	int ret = 1;

	if (pkt->protonum == IPPROTO_ICMP &&
	    pkt->state->pf == NFPROTO_IPV4)
		ret = nf_conntrack_icmpv4_error(pkt->tmpl, pkt->skb,
						pkt->dataoff, pkt->state);
#if IS_ENABLED(CONFIG_IPV6)
	else if (pkt->protonum == IPPROTO_ICMPV6 &&
		 pkt->state->pf == NFPROTO_IPV6)
		ret = nf_conntrack_icmpv6_error(pkt->tmpl, pkt->skb,
						pkt->dataoff, pkt->state);
#endif
	if (ret <= 0)
		NF_CT_STAT_INC_ATOMIC(pkt->state->net, error);
	return ret;
}

/* One try to find or make the connection and to track the packet in it */
static int nf_ct_packet_try(const struct nf_ct_packet *pkt)
{
	struct net *net = pkt->state->net;
	enum ip_conntrack_info info;
	struct nf_conn *ct;
	int ret;

	if (nf_ct_resolve(pkt) < 0) {
		NF_CT_STAT_INC_ATOMIC(net, drop);
		return NF_DROP;
	}

	ct = nf_ct_get(pkt->skb, &info);
	if (!ct) {
		NF_CT_STAT_INC_ATOMIC(net, invalid);
		return NF_ACCEPT;
	}

	ret = nf_ct_track(ct, pkt, info);
	if (ret <= 0) {
		/* not a part of it; the negative of @ret is the verdict */
		nf_ct_put(ct);
		pkt->skb->_nfct = 0;
		if (ret == -NF_REPEAT)
			return NF_REPEAT;
		NF_CT_STAT_INC_ATOMIC(net, invalid);
		if (ret == -NF_DROP)
			NF_CT_STAT_INC_ATOMIC(net, drop);
		return -ret;
	}

	if (info == IP_CT_ESTABLISHED_REPLY &&
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status) &&
	    !test_and_set_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		nf_ct_event_note(IPCT_REPLY, ct);
	return ret;
}

static int nf_ct_packet_verdict(struct nf_ct_packet *pkt)
{
	int off, ret, tries;

	off = nf_ct_l4_offset(pkt->skb, skb_network_offset(pkt->skb),
			      pkt->state->pf, &pkt->protonum);
	if (off <= 0) {
		NF_CT_STAT_INC_ATOMIC(pkt->state->net, invalid);
		return NF_ACCEPT;
	}
	pkt->dataoff = off;

	ret = nf_ct_icmp_error(pkt);
	if (ret <= 0)
		return -ret;
	if (pkt->skb->_nfct)
		return NF_ACCEPT;

	for (tries = 0; tries <= NF_CT_REPEAT_MAX; tries++) {
		ret = nf_ct_packet_try(pkt);
		if (ret != NF_REPEAT)
			return ret;
	}
	NF_CT_STAT_INC_ATOMIC(pkt->state->net, invalid);
	return NF_ACCEPT;
}

/**
 * nf_conntrack_in - track one packet
 * @skb:   packet, its network header set; a template may be attached
 * @state: hook state
 *
 * Context: netfilter hook: RCU held, softirq or process with BH off.
 * Return: NF_ACCEPT with the connection attached (none: invalid or not
 * tracked), NF_DROP, or what a tracker asks for.
 */
unsigned int nf_conntrack_in(struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	struct nf_ct_packet pkt = { .skb = skb, .state = state };
	enum ip_conntrack_info info;
	unsigned int verdict;
	struct nf_conn *ct;

	ct = nf_ct_get(skb, &info);
	if (info == IP_CT_UNTRACKED || (ct && !nf_ct_is_template(ct)))
		return NF_ACCEPT;
	if (ct) {
		pkt.tmpl = ct;
		skb->_nfct = 0;
	}

	verdict = nf_ct_packet_verdict(&pkt);
	if (pkt.tmpl)
		nf_ct_put(pkt.tmpl);
	return verdict;
}
