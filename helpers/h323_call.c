// SPDX-License-Identifier: GPL-2.0
/*
 * Call signalling (H.225.0 in Q.931): announces the connection of H.245 and logical
 * channels, names the two ends of the call, which NAT rewrites, and forwards calls.  No
 * state, no locks.
 */
#include <linux/moduleparam.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "h323.h"

static bool callforward_filter = true;
module_param(callforward_filter, bool, 0600);
MODULE_PARM_DESC(callforward_filter,
		 "expect forwarded calls only between hosts on different sides, as routes tell");

/**
 * struct call_hop - the next host on the way to another
 * @addr:    its address
 * @ifindex: where it is
 */
struct call_hop {
	union nf_inet_addr	addr;
	int			ifindex;
};

/* --- expectations -------------------------------------------------------------- */

/* The connection of H.245 */
static bool call_h245(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item)
{
	const struct nf_conntrack_tuple *answer = nf_ct_h323_answer(p);
	struct nf_conntrack_expect *exp;
	TransportAddress taddr;
	__be16 port;
	int err;

	if (!nf_ct_h323_own_address(p, item, &port))
		return true;
	exp = nf_ct_h323_expect_new(p, &answer->src.u3, &answer->dst.u3, IPPROTO_TCP, port);
	if (!exp)
		return false;
	nf_ct_h323_assign(exp, nf_ct_h323_helper_h245(p->ct));
	if (nf_ct_h323_translates(p)) {
		nf_ct_h323_fill(&taddr, item);
		err = p->nat->nat_h245(p->skb, p->ct, p->ctinfo, p->protoff, &p->data,
				       p->dataoff, &taddr, port, exp);
	} else {
		err = nf_ct_expect_related(exp, 0);
	}
	return nf_ct_h323_expect_put(p, exp, err);
}

static struct dst_entry *call_route(struct net *net, u8 family, const union nf_inet_addr *to,
				    struct call_hop *hop)
{
	struct flowi6 fl6 = { .daddr = to->in6 };
	struct flowi4 fl4 = { .daddr = to->ip };
	struct dst_entry *dst = NULL;

	if (family == NFPROTO_IPV4) {
		if (nf_route(net, &dst, flowi4_to_flowi(&fl4), false, AF_INET))
			return NULL;
		hop->addr.ip = rt_nexthop(container_of(dst, struct rtable, dst), fl4.daddr);
	} else {
		if (nf_route(net, &dst, flowi6_to_flowi(&fl6), false, AF_INET6))
			return NULL;
		hop->addr.in6 = *rt6_nexthop(container_of(dst, struct rt6_info, dst),
					     &fl6.daddr);
	}
	hop->ifindex = dst->dev->ifindex;
	return dst;
}

/* False if there is no way */
static bool call_hop(const struct nf_conn *ct, const union nf_inet_addr *to,
		     struct call_hop *hop)
{
	struct dst_entry *dst;

	memset(hop, 0, sizeof(*hop));
	dst = call_route(nf_ct_net(ct), nf_ct_l3num(ct), to, hop);
	if (!dst)
		return false;
	dst_release(dst);
	return true;
}

/* Two hosts that are reached by the same next one talk without us. */
static bool call_stays_beyond(const struct nf_conn *ct, const union nf_inet_addr *a,
			      const union nf_inet_addr *b)
{
	struct call_hop to_a, to_b;

	return call_hop(ct, a, &to_a) && call_hop(ct, b, &to_b) &&
	       to_a.ifindex == to_b.ifindex && nf_inet_addr_cmp(&to_a.addr, &to_b.addr);
}

/* The caller is told to call somebody else. */
static bool call_forwarded(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item)
{
	const union nf_inet_addr *caller = &nf_ct_h323_answer(p)->src.u3;
	struct nf_conntrack_expect *exp;
	TransportAddress taddr;
	union nf_inet_addr to;
	__be16 port;
	int err;

	if (!nf_ct_h323_address(p, item, &to, &port))
		return true;
	if (callforward_filter && call_stays_beyond(p->ct, &to, caller))
		return true;
	exp = nf_ct_h323_expect_new(p, caller, &to, IPPROTO_TCP, port);
	if (!exp)
		return false;
	nf_ct_h323_assign(exp, nf_ct_h323_helper_q931(p->ct));
	if (nf_ct_h323_translates(p)) {
		nf_ct_h323_fill(&taddr, item);
		err = p->nat->nat_callforwarding(p->skb, p->ct, p->ctinfo, p->protoff,
						 &p->data, p->dataoff, &taddr, port, exp);
	} else {
		err = nf_ct_expect_related(exp, 0);
	}
	return nf_ct_h323_expect_put(p, exp, err);
}

/* --- rewriting ----------------------------------------------------------------- */

/* NAT: an end of the call is what the receiver knows it by. */
static bool call_rewrite(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item,
			 const union nf_inet_addr *known, __be16 known_port)
{
	union nf_inet_addr addr;
	TransportAddress taddr;
	__be16 port;

	if (!p->nat)
		return true;
	nf_ct_h323_fill(&taddr, item);
	if (!get_h225_addr(p->ct, p->data, &taddr, &addr, &port) ||
	    nf_inet_addr_cmp(&addr, known))
		return true;
	if (!p->nat->set_h225_addr(p->skb, p->protoff, &p->data, p->dataoff, &taddr,
				   (union nf_inet_addr *)known, known_port))
		return true;
	return nf_ct_h323_refuse(p, "an address cannot be rewritten");
}

/* --- messages ------------------------------------------------------------------ */

static bool call_item(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item)
{
	const struct nf_conntrack_tuple *answer = nf_ct_h323_answer(p);

	switch (item->mark) {
	case NF_CT_H323_H245:
		return call_h245(p, item);
	case NF_CT_H323_DESTINATION:
		return call_rewrite(p, item, &answer->src.u3, answer->src.u.tcp.port);
	case NF_CT_H323_SOURCE:
		return call_rewrite(p, item, &answer->dst.u3, answer->dst.u.tcp.port);
	case NF_CT_H323_FORWARD:
		return call_forwarded(p, item);
	default:
		return nf_ct_h323_channel(p, item);
	}
}

/* A message on a connection of Q.931; false if its packet is to be dropped.  A Facility
 * that forwards the call does nothing else.
 */
bool nf_ct_h323_q931_message(struct nf_ct_h323_packet *p, struct nf_ct_cursor *c)
{
	const struct nf_ct_h323_item *reason;
	struct nf_ct_h323_found found;
	const char *rule;
	unsigned int i;
	bool forwards;

	if (!nf_ct_h323_read_q931(c, &found, &rule)) {
		nf_ct_h323_log(p, rule);
		return true;
	}
	reason = nf_ct_h323_find(&found, NF_CT_H323_REASON);
	forwards = reason && reason->at == NF_CT_H323_CALL_FORWARDED;
	for (i = 0; i < found.n; i++) {
		if (forwards != (found.item[i].mark == NF_CT_H323_FORWARD))
			continue;
		if (!call_item(p, &found.item[i]))
			return false;
	}
	return true;
}
