// SPDX-License-Identifier: GPL-2.0
/*
 * RAS: an endpoint registers with a gatekeeper, and asks it where to call.  It owns the
 * life time of a registration, and the ports by which nf_nat_h323 knows it (struct
 * nf_ct_h323_master of the entry).
 */
#include <linux/moduleparam.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "h323.h"

/* An endpoint that has asked to be forgotten waits so long for the answer, in seconds */
#define RAS_LEAVING	30

static unsigned int default_rrq_ttl = 300;
module_param(default_rrq_ttl, uint, 0600);
MODULE_PARM_DESC(default_rrq_ttl, "seconds that a registration lives which does not say so");

static int gkrouted_only = 1;
module_param(gkrouted_only, int, 0600);
MODULE_PARM_DESC(gkrouted_only, "registered endpoints are called by their gatekeeper only");

/* --- rewriting ----------------------------------------------------------------- */

static bool ras_done(const struct nf_ct_h323_packet *p, int err)
{
	return !err || nf_ct_h323_refuse(p, "an address cannot be rewritten");
}

static bool ras_rewrite_ras(struct nf_ct_h323_packet *p,
			    const struct nf_ct_h323_found *found)
{
	TransportAddress list[NF_CT_H323_LIST_MAX];
	int n;

	if (!p->nat)
		return true;
	n = nf_ct_h323_fill_list(list, found, NF_CT_H323_RAS);
	return ras_done(p, p->nat->set_ras_addr(p->skb, p->ct, p->ctinfo, p->protoff, &p->data,
						list, n));
}

static bool ras_rewrite_signal(struct nf_ct_h323_packet *p,
			       const struct nf_ct_h323_found *found, u8 mark)
{
	TransportAddress list[NF_CT_H323_LIST_MAX];
	int n;

	if (!p->nat)
		return true;
	n = nf_ct_h323_fill_list(list, found, mark);
	return ras_done(p, p->nat->set_sig_addr(p->skb, p->ct, p->ctinfo, p->protoff, &p->data,
						list, n));
}

/* NAT: the endpoint is what the gatekeeper knows it by. */
static bool ras_rewrite_own(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item,
			    __be16 port)
{
	TransportAddress taddr;

	nf_ct_h323_fill(&taddr, item);
	return ras_done(p, p->nat->set_h225_addr(p->skb, p->protoff, &p->data, 0, &taddr,
						 &p->ct->tuplehash[!p->dir].tuple.dst.u3,
						 port));
}

/* --- registration -------------------------------------------------------------- */

static u32 ras_jiffies(u32 seconds)
{
	return min_t(u32, seconds, INT_MAX / HZ) * HZ;
}

static void ras_set_ports(const struct nf_ct_h323_packet *p, __be16 port)
{
	p->state->master.sig_port[IP_CT_DIR_ORIGINAL] = port;
	p->state->master.sig_port[IP_CT_DIR_REPLY] = port;
}

/* Calls to a registered endpoint, as many as come */
static bool ras_expect_calls(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found,
			     int index, __be16 port)
{
	const struct nf_conntrack_tuple *answer = nf_ct_h323_answer(p);
	TransportAddress list[NF_CT_H323_LIST_MAX];
	struct nf_conntrack_expect *exp;
	int err;

	exp = nf_ct_h323_expect_new(p, gkrouted_only ? &answer->src.u3 : NULL,
				    &answer->dst.u3, IPPROTO_TCP, port);
	if (!exp)
		return false;
	exp->flags |= NF_CT_EXPECT_PERMANENT;
	nf_ct_h323_assign(exp, nf_ct_h323_helper_q931(p->ct));
	if (nf_ct_h323_translates(p)) {
		nf_ct_h323_fill_list(list, found, NF_CT_H323_SIGNAL);
		err = p->nat->nat_q931(p->skb, p->ct, p->ctinfo, p->protoff, &p->data, list,
				       index, port, exp);
	} else {
		err = nf_ct_expect_related(exp, 0);
		if (!err)
			ras_set_ports(p, port);
	}
	return nf_ct_h323_expect_put(p, exp, err);
}

/* The first address of the endpoint's own counts. */
static bool ras_registers(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found)
{
	const struct nf_ct_h323_item *item = found->item;
	int index = 0;
	__be16 port;

	for (; item < found->item + found->n && index < NF_CT_H323_LIST_MAX; item++) {
		if (item->mark != NF_CT_H323_SIGNAL)
			continue;
		if (nf_ct_h323_own_address(p, item, &port))
			return ras_expect_calls(p, found, index, port);
		index++;
	}
	return true;
}

/* Seconds that a message gives a registration, or @other */
static u32 ras_ttl(const struct nf_ct_h323_found *found, u32 other)
{
	const struct nf_ct_h323_item *ttl = nf_ct_h323_find(found, NF_CT_H323_TTL);

	/* INTEGER (1..4294967295): the encoding counts from 1 */
	return ttl ? ttl->at + 1 : other;
}

static bool ras_rrq(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found)
{
	if (!ras_registers(p, found) || !ras_rewrite_ras(p, found))
		return false;
	WRITE_ONCE(p->state->master.timeout, ras_ttl(found, default_rrq_ttl));
	return true;
}

/* What was expected for the registration lives as long as that.
 * DIFF: h323-registration
 */
static void ras_prolong(const struct nf_ct_h323_packet *p, u32 extra_jiffies)
{
	struct nf_conntrack_tuple tuple = { .src.l3num = nf_ct_l3num(p->ct) };
	struct nf_conntrack_expect *exp;

	tuple.src.u3 = nf_ct_h323_this(p)->src.u3;
	tuple.dst.u3 = nf_ct_h323_this(p)->dst.u3;
	tuple.dst.u.tcp.port = p->state->master.sig_port[p->dir];
	tuple.dst.protonum = IPPROTO_TCP;

	spin_lock_bh(&nf_conntrack_expect_lock);
	exp = __nf_ct_expect_find(nf_ct_net(p->ct), nf_ct_zone(p->ct), &tuple);
	if (exp && exp->master == p->ct)
		nf_ct_h323_prolong(exp, extra_jiffies);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

static bool ras_rcf(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found)
{
	u32 ttl = ras_ttl(found, READ_ONCE(p->state->master.timeout));

	if (!ras_rewrite_signal(p, found, NF_CT_H323_SIGNAL))
		return false;
	if (ttl) {
		nf_ct_h323_refresh(p->ct, p->skb, ras_jiffies(ttl));
		ras_prolong(p, ras_jiffies(ttl));
	}
	return true;
}

static bool ras_urq(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found)
{
	if (!ras_rewrite_signal(p, found, NF_CT_H323_SIGNAL))
		return false;
	nf_ct_remove_expectations(p->ct);
	ras_set_ports(p, 0);
	nf_ct_h323_refresh(p->ct, p->skb, ras_jiffies(RAS_LEAVING));
	return true;
}

/* --- gatekeepers and calls ----------------------------------------------------- */

/* A gatekeeper may answer for another one, or for another port. */
static bool ras_gcf(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found)
{
	const struct nf_ct_h323_item *item = nf_ct_h323_find(found, NF_CT_H323_RAS);
	const struct nf_conntrack_tuple *this = nf_ct_h323_this(p);
	struct nf_conntrack_expect *exp;
	union nf_inet_addr addr;
	__be16 port;

	if (!item || !nf_ct_h323_address(p, item, &addr, &port))
		return true;
	if (nf_inet_addr_cmp(&addr, &this->src.u3) && port == this->src.u.udp.port)
		return true;
	exp = nf_ct_h323_expect_new(p, &nf_ct_h323_answer(p)->src.u3, &addr, IPPROTO_UDP, port);
	if (!exp)
		return false;
	nf_ct_h323_assign(exp, nf_ct_h323_helper_ras(p->ct));
	return nf_ct_h323_expect_put(p, exp, nf_ct_expect_related(exp, 0));
}

/* The endpoint may call there, also several times. */
static bool ras_expect_call(struct nf_ct_h323_packet *p, const union nf_inet_addr *to,
			    __be16 port)
{
	struct nf_conntrack_expect *exp;

	exp = nf_ct_h323_expect_new(p, &nf_ct_h323_answer(p)->src.u3, to, IPPROTO_TCP, port);
	if (!exp)
		return false;
	exp->flags |= NF_CT_EXPECT_PERMANENT;
	nf_ct_h323_assign(exp, nf_ct_h323_helper_q931(p->ct));
	return nf_ct_h323_expect_put(p, exp, nf_ct_expect_related(exp, 0));
}

/* NAT: who answers a call names the address that it has registered, who calls names any. */
static bool ras_arq(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found)
{
	const struct nf_ct_h323_item *item;
	union nf_inet_addr addr;
	__be16 port;

	if (!p->nat)
		return true;
	item = nf_ct_h323_find(found, NF_CT_H323_DESTINATION);
	if (item && nf_ct_h323_address(p, item, &addr, &port) &&
	    nf_inet_addr_cmp(&addr, &nf_ct_h323_this(p)->src.u3) &&
	    port == p->state->master.sig_port[p->dir])
		return ras_rewrite_own(p, item, p->state->master.sig_port[!p->dir]);
	item = nf_ct_h323_find(found, NF_CT_H323_SOURCE);
	if (item && nf_ct_h323_address(p, item, &addr, &port) &&
	    nf_inet_addr_cmp(&addr, &nf_ct_h323_this(p)->src.u3))
		return ras_rewrite_own(p, item, port);
	return true;
}

/* The answer to one that is called names itself, to one that calls, where to. */
static bool ras_acf(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found)
{
	const struct nf_ct_h323_item *item = nf_ct_h323_find(found, NF_CT_H323_DESTINATION);
	union nf_inet_addr addr;
	__be16 port;

	if (!item || !nf_ct_h323_address(p, item, &addr, &port))
		return true;
	if (nf_inet_addr_cmp(&addr, &nf_ct_h323_this(p)->dst.u3))
		return ras_rewrite_signal(p, found, NF_CT_H323_DESTINATION);
	return ras_expect_call(p, &addr, port);
}

static bool ras_lcf(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found)
{
	const struct nf_ct_h323_item *item = nf_ct_h323_find(found, NF_CT_H323_SIGNAL);
	union nf_inet_addr addr;
	__be16 port;

	if (!item || !nf_ct_h323_address(p, item, &addr, &port))
		return true;
	return ras_expect_call(p, &addr, port);
}

static bool ras_irr(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found)
{
	return ras_rewrite_ras(p, found) && ras_rewrite_signal(p, found, NF_CT_H323_SIGNAL);
}

typedef bool ras_fn(struct nf_ct_h323_packet *p, const struct nf_ct_h323_found *found);

static ras_fn *const ras_messages[] = {
	[NF_CT_H323_GRQ] = ras_rewrite_ras,
	[NF_CT_H323_GCF] = ras_gcf,
	[NF_CT_H323_RRQ] = ras_rrq,
	[NF_CT_H323_RCF] = ras_rcf,
	[NF_CT_H323_URQ] = ras_urq,
	[NF_CT_H323_ARQ] = ras_arq,
	[NF_CT_H323_ACF] = ras_acf,
	[NF_CT_H323_LRQ] = ras_rewrite_ras,
	[NF_CT_H323_LCF] = ras_lcf,
	[NF_CT_H323_IRR] = ras_irr,
};

/* A message of RAS; false if its packet is to be dropped */
bool nf_ct_h323_ras_message(struct nf_ct_h323_packet *p, struct nf_ct_cursor *c)
{
	struct nf_ct_h323_found found;
	const char *rule;

	if (!nf_ct_h323_read_ras(c, &found, &rule)) {
		nf_ct_h323_log(p, rule);
		return true;
	}
	if (found.message >= ARRAY_SIZE(ras_messages) || !ras_messages[found.message])
		return true;
	return ras_messages[found.message](p, &found);
}
