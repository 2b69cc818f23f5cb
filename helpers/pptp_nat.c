// SPDX-License-Identifier: GPL-2.0
/*
 * nf_nat_pptp beside several calls.  It keeps the IDs of one call of each control
 * connection, in the data of the helper and of NAT.  So before each of its functions is
 * called, these get the IDs of the call that is meant.
 *
 * pptp_nat_lock is held meanwhile: nobody else reads or writes the IDs then.  Under it
 * nf_nat and nf_conntrack take their locks, and may end any entry, which does not take it.
 */
#include <linux/netfilter/nf_conntrack_pptp.h>
#include <linux/spinlock.h>
#include <linux/tcp.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_nat.h>
#include <net/tcp.h>

#include "pptp_calls.h"
#include "pptp_nat.h"

static DEFINE_SPINLOCK(pptp_nat_lock);

#if IS_ENABLED(CONFIG_NF_NAT_PPTP)
static struct nf_nat_pptp *pptp_nat_ids(const struct nf_conn *ct)
{
	struct nf_conn_nat *nat = nfct_nat(ct);

	return nat ? &nat->help.nat_pptp_info : NULL;
}
#else
static struct nf_nat_pptp *pptp_nat_ids(const struct nf_conn *ct)
{
	return NULL;
}
#endif

/* NULL while nf_nat_pptp is not there.  RCU bounds the use of the answer. */
static const struct nf_nat_pptp_hook *pptp_nat_hook(void)
{
	return rcu_dereference_raw(nf_nat_pptp_hook);
}

/* Show the call to nf_nat_pptp; false if the entry has no place for its IDs. */
static bool pptp_nat_show(struct nf_conn *ct, const struct nf_ct_pptp_call *call)
{
	struct nf_ct_pptp_master *outside = nfct_help_data(ct);
	struct nf_nat_pptp *inside = pptp_nat_ids(ct);

	lockdep_assert_held(&pptp_nat_lock);
	if (!inside)
		return false;
	outside->pns_call_id = call->pns;
	outside->pac_call_id = call->pac;
	inside->pns_call_id = call->inside;
	inside->pac_call_id = call->pac;
	return true;
}

/**
 * nf_ct_pptp_nat_is_on - are call IDs of a control connection translated?
 * @ct: its entry
 *
 * Context: RCU.
 * Return: true if the connection is, and nf_nat_pptp is there.
 */
bool nf_ct_pptp_nat_is_on(const struct nf_conn *ct)
{
	return ct->status & IPS_NAT_MASK && pptp_nat_hook() && pptp_nat_ids(ct);
}

/* A message behind another one: nf_nat_pptp rewrites the first of a packet only.  @field is
 * the offset of an ID in the message; its length does not change.
 */
static int pptp_nat_rewrite(const struct nf_ct_pptp_place *p, unsigned int field, __be16 id)
{
	struct sk_buff *skb = p->skb;
	struct tcphdr room, *th;
	unsigned int offset;
	__be16 old;

	th = skb_header_pointer(skb, p->protoff, sizeof(room), &room);
	if (!th)
		return NF_ACCEPT;
	offset = p->protoff + th->doff * 4 + p->at + field;
	if (skb_ensure_writable(skb, offset + sizeof(id)) ||
	    skb_copy_bits(skb, offset, &old, sizeof(old)) ||
	    skb_store_bits(skb, offset, &id, sizeof(id)))
		return NF_DROP;
	th = (void *)skb->data + p->protoff;
	inet_proto_csum_replace2(&th->check, skb, old, id, false);
	return NF_ACCEPT;
}

/**
 * nf_ct_pptp_nat_outbound - let the server see its ID in a message of the client
 * @p:    the message, which begins with the client's own
 * @call: the call
 *
 * In a Call-Clear-Request nf_nat_pptp writes the ID that the helper shows it; for a request
 * or an answer it would choose one itself, the same for all calls, or none.  The ID is at
 * the same place in all three.
 *
 * Context: RCU, nf_ct_pptp_nat_is_on().
 * Return: verdict.
 */
int nf_ct_pptp_nat_outbound(const struct nf_ct_pptp_place *p,
			    const struct nf_ct_pptp_call *call)
{
	struct PptpControlHeader head = { .messageType = htons(PPTP_CALL_CLEAR_REQUEST) };
	union pptp_ctrl_union body = { .clrreq.callID = call->inside };
	const struct nf_nat_pptp_hook *hook = pptp_nat_hook();
	int verdict = NF_ACCEPT;

	BUILD_BUG_ON(offsetof(struct PptpClearCallRequest, callID) ||
		     offsetof(struct PptpOutCallRequest, callID) ||
		     offsetof(struct PptpInCallReply, callID));
	if (p->at)
		return pptp_nat_rewrite(p, sizeof(struct pptp_pkt_hdr) + sizeof(head),
					call->pns);

	spin_lock_bh(&pptp_nat_lock);
	if (hook && pptp_nat_show(p->ct, call))
		verdict = hook->outbound(p->skb, p->ct, p->ctinfo, p->protoff, &head, &body);
	spin_unlock_bh(&pptp_nat_lock);
	return verdict;
}

/**
 * nf_ct_pptp_nat_inbound - let the client see its own ID in a message of the server
 * @p:    the message
 * @call: the call
 *
 * Context: RCU, nf_ct_pptp_nat_is_on().
 * Return: verdict.
 */
int nf_ct_pptp_nat_inbound(const struct nf_ct_pptp_place *p,
			   const struct nf_ct_pptp_call *call)
{
	struct PptpControlHeader head = { .messageType = htons(p->type) };
	const struct nf_nat_pptp_hook *hook = pptp_nat_hook();
	unsigned int field = sizeof(struct pptp_pkt_hdr) + sizeof(head);
	union pptp_ctrl_union body = { };
	int verdict = NF_ACCEPT;

	if (p->type == PPTP_OUT_CALL_REPLY)
		field += offsetof(struct PptpOutCallReply, peersCallID);
	if (p->at)
		return pptp_nat_rewrite(p, field, call->inside);

	spin_lock_bh(&pptp_nat_lock);
	if (hook && pptp_nat_show(p->ct, call))
		verdict = hook->inbound(p->skb, p->ct, p->ctinfo, p->protoff, &head, &body);
	spin_unlock_bh(&pptp_nat_lock);
	return verdict;
}

/**
 * nf_ct_pptp_nat_expect - let expectations of a call say what NAT makes of its packets
 * @ct:   entry of the control connection
 * @call: the call
 * @orig: that of the client's packets
 * @repl: that of the server's
 *
 * Context: RCU, nf_ct_pptp_nat_is_on().
 */
void nf_ct_pptp_nat_expect(struct nf_conn *ct, const struct nf_ct_pptp_call *call,
			   struct nf_conntrack_expect *orig,
			   struct nf_conntrack_expect *repl)
{
	const struct nf_nat_pptp_hook *hook = pptp_nat_hook();

	spin_lock_bh(&pptp_nat_lock);
	if (hook && pptp_nat_show(ct, call))
		hook->exp_gre(orig, repl);
	spin_unlock_bh(&pptp_nat_lock);
}

/**
 * nf_ct_pptp_nat_expected - set up NAT of a GRE connection that has been expected
 * @ct:   the new entry
 * @exp:  the expectation
 * @call: the call
 *
 * Context: RCU, nf_ct_pptp_nat_is_on() for the control connection.
 */
void nf_ct_pptp_nat_expected(struct nf_conn *ct, struct nf_conntrack_expect *exp,
			     const struct nf_ct_pptp_call *call)
{
	const struct nf_nat_pptp_hook *hook = pptp_nat_hook();

	spin_lock_bh(&pptp_nat_lock);
	if (hook && pptp_nat_show(exp->master, call))
		hook->expectfn(ct, exp);
	spin_unlock_bh(&pptp_nat_lock);
}
