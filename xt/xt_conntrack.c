// SPDX-License-Identifier: GPL-2.0
/*
 * The match "conntrack": what the connection of a packet is: its state and status, protocol,
 * addresses and ports of both directions, the packet's direction, how long it has to live.
 * For all hooks; without state of its own, and the entry is read without a lock.
 *
 * All revisions begin alike.  The third has ranges of ports, in host byte order; the first
 * two have ports in network byte order, and the first one has masks of 8 bits.
 */

#include <linux/netfilter/xt_conntrack.h>
#include <net/ipv6.h>

#include "xt_track.h"

/* What else a revision asks for: its masks, and of which kind the ports are */
struct conntrack_mt_rest {
	u16	state_mask;
	u16	status_mask;
	bool	ranges;
};

/* An end of a direction: where it is in the entry and in the rule, and its flags there; the
 * flag of its port is six bits above that of its address
 */
struct conntrack_mt_end {
	u8	dir;
	bool	dst;
	u16	flag;
	u16	addr;
	u16	port;
	u16	high;
};

#define CONNTRACK_MT_PORT(end)	((end)->flag << 6)

#define CONNTRACK_MT_END(way, is_dst, bit, name)				\
{										\
	.dir	= (way),							\
	.dst	= (is_dst),							\
	.flag	= (bit),							\
	.addr	= offsetof(struct xt_conntrack_mtinfo3, name##_addr),		\
	.port	= offsetof(struct xt_conntrack_mtinfo3, name##_port),		\
	.high	= offsetof(struct xt_conntrack_mtinfo3, name##_port_high),	\
}

static const struct conntrack_mt_end conntrack_mt_ends[] = {
	CONNTRACK_MT_END(IP_CT_DIR_ORIGINAL, false, XT_CONNTRACK_ORIGSRC, origsrc),
	CONNTRACK_MT_END(IP_CT_DIR_ORIGINAL, true, XT_CONNTRACK_ORIGDST, origdst),
	CONNTRACK_MT_END(IP_CT_DIR_REPLY, false, XT_CONNTRACK_REPLSRC, replsrc),
	CONNTRACK_MT_END(IP_CT_DIR_REPLY, true, XT_CONNTRACK_REPLDST, repldst),
};

#define CONNTRACK_MT_ENDS						\
	(XT_CONNTRACK_ORIGSRC | XT_CONNTRACK_ORIGDST |			\
	 XT_CONNTRACK_REPLSRC | XT_CONNTRACK_REPLDST |			\
	 XT_CONNTRACK_ORIGSRC_PORT | XT_CONNTRACK_ORIGDST_PORT |	\
	 XT_CONNTRACK_REPLSRC_PORT | XT_CONNTRACK_REPLDST_PORT)

#define CONNTRACK_MT_OF_ENTRY						\
	(CONNTRACK_MT_ENDS | XT_CONNTRACK_PROTO | XT_CONNTRACK_STATUS |	\
	 XT_CONNTRACK_EXPIRES | XT_CONNTRACK_DIRECTION)

static bool conntrack_mt_asks(const struct xt_conntrack_mtinfo3 *info, u16 flag)
{
	return info->match_flags & flag;
}

/* Is a condition as the rule wants it: true, or with "!" false? */
static bool conntrack_mt_is(const struct xt_conntrack_mtinfo3 *info, u16 flag, bool holds)
{
	return holds != !!(info->invert_flags & flag);
}

static u32 conntrack_mt_state(const struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	u32 state;

	if (!ct)
		return ctinfo == IP_CT_UNTRACKED ? XT_CONNTRACK_STATE_UNTRACKED :
						   XT_CONNTRACK_STATE_INVALID;
	state = XT_CONNTRACK_STATE_BIT(ctinfo);
	if (test_bit(IPS_SRC_NAT_BIT, &ct->status))
		state |= XT_CONNTRACK_STATE_SNAT;
	if (test_bit(IPS_DST_NAT_BIT, &ct->status))
		state |= XT_CONNTRACK_STATE_DNAT;
	return state;
}

static bool conntrack_mt_addr(const union nf_inet_addr *is, const union nf_inet_addr *pair,
			      u8 family)
{
	if (family == NFPROTO_IPV4)
		return !((is->ip ^ pair[0].ip) & pair[1].ip);
	return !ipv6_masked_addr_cmp(&is->in6, &pair[1].in6, &pair[0].in6);
}

/* A port, or what stands for it in other protocols */
static bool conntrack_mt_port(__be16 is, const struct xt_conntrack_mtinfo3 *info,
			      const struct conntrack_mt_end *end, bool ranges)
{
	const void *port = (const void *)info + end->port;
	const void *high = (const void *)info + end->high;

	if (!ranges)
		return is == *(const __be16 *)port;
	return ntohs(is) >= *(const u16 *)port && ntohs(is) <= *(const u16 *)high;
}

/* The address and the port of one end.  Address and mask are neighbours in a rule. */
static bool conntrack_mt_end(const struct nf_conn *ct, const struct xt_conntrack_mtinfo3 *info,
			     const struct conntrack_mt_end *end, u8 family, bool ranges)
{
	const struct nf_conntrack_tuple *tuple = &ct->tuplehash[end->dir].tuple;
	const union nf_inet_addr *addr = end->dst ? &tuple->dst.u3 : &tuple->src.u3;
	__be16 port = end->dst ? tuple->dst.u.all : tuple->src.u.all;
	const void *pair = (const void *)info + end->addr;

	if (conntrack_mt_asks(info, end->flag) &&
	    !conntrack_mt_is(info, end->flag, conntrack_mt_addr(addr, pair, family)))
		return false;
	return !conntrack_mt_asks(info, CONNTRACK_MT_PORT(end)) ||
	       conntrack_mt_is(info, CONNTRACK_MT_PORT(end),
			       conntrack_mt_port(port, info, end, ranges));
}

static bool conntrack_mt_all_ends(const struct nf_conn *ct,
				  const struct xt_conntrack_mtinfo3 *info, u8 family, bool ranges)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(conntrack_mt_ends); i++)
		if (!conntrack_mt_end(ct, info, &conntrack_mt_ends[i], family, ranges))
			return false;
	return true;
}

static bool conntrack_mt_lives(const struct nf_conn *ct, const struct xt_conntrack_mtinfo3 *info)
{
	unsigned long seconds = 0;

	/* DIFF: conntrack-ctexpire-new: until then its time counts from no moment */
	if (nf_ct_is_confirmed(ct))
		seconds = nf_ct_expires(ct) / HZ;
	return seconds >= info->expires_min && seconds <= info->expires_max;
}

/* What a rule asks of an entry besides its state */
static bool conntrack_mt_entry(const struct nf_conn *ct, enum ip_conntrack_info ctinfo,
			       const struct xt_conntrack_mtinfo3 *info,
			       const struct conntrack_mt_rest *rest, u8 family)
{
	u16 asks = info->match_flags;

	if (asks & XT_CONNTRACK_DIRECTION &&
	    !conntrack_mt_is(info, XT_CONNTRACK_DIRECTION,
			     CTINFO2DIR(ctinfo) == IP_CT_DIR_ORIGINAL))
		return false;
	if (asks & XT_CONNTRACK_PROTO &&
	    !conntrack_mt_is(info, XT_CONNTRACK_PROTO, nf_ct_protonum(ct) == info->l4proto))
		return false;
	if (asks & XT_CONNTRACK_STATUS &&
	    !conntrack_mt_is(info, XT_CONNTRACK_STATUS, READ_ONCE(ct->status) & rest->status_mask))
		return false;
	if (asks & XT_CONNTRACK_EXPIRES &&
	    !conntrack_mt_is(info, XT_CONNTRACK_EXPIRES, conntrack_mt_lives(ct, info)))
		return false;
	return !(asks & CONNTRACK_MT_ENDS) ||
	       conntrack_mt_all_ends(ct, info, family, rest->ranges);
}

/* A packet without entry has a state only, and what else the rule asks for is no obstacle
 * then; a rule that does not ask for the state is never about such a packet.
 */
static bool conntrack_mt_do(const struct sk_buff *skb, const struct xt_action_param *par,
			    const struct conntrack_mt_rest *rest)
{
	const struct xt_conntrack_mtinfo3 *info = par->matchinfo;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;

	ct = nf_ct_get(skb, &ctinfo);
	if (conntrack_mt_asks(info, XT_CONNTRACK_STATE) &&
	    !conntrack_mt_is(info, XT_CONNTRACK_STATE,
			     conntrack_mt_state(ct, ctinfo) & rest->state_mask))
		return false;
	if (!ct)
		return conntrack_mt_asks(info, XT_CONNTRACK_STATE);
	return !conntrack_mt_asks(info, CONNTRACK_MT_OF_ENTRY) ||
	       conntrack_mt_entry(ct, ctinfo, info, rest, xt_family(par));
}

#define CONNTRACK_MT(number)							\
	.name = "conntrack", .revision = (number), .match = conntrack_mt##number, \
	.matchsize = sizeof(struct xt_conntrack_mtinfo##number),		\
	.checkentry = xt_track_mt_check, .destroy = xt_track_mt_destroy

#define CONNTRACK_MT_REVISION(number)						\
static bool conntrack_mt##number(const struct sk_buff *skb, struct xt_action_param *par) \
{										\
	const struct xt_conntrack_mtinfo##number *info = par->matchinfo;	\
	const struct conntrack_mt_rest rest = {					\
		.state_mask	= info->state_mask,				\
		.status_mask	= info->status_mask,				\
		.ranges		= (number) == 3,				\
	};									\
										\
	return conntrack_mt_do(skb, par, &rest);				\
}

CONNTRACK_MT_REVISION(1)
CONNTRACK_MT_REVISION(2)
CONNTRACK_MT_REVISION(3)

static struct xt_match conntrack_mt[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC, CONNTRACK_MT(1)),
	XT_ROW(NFPROTO_UNSPEC, CONNTRACK_MT(2)),
	XT_ROW(NFPROTO_UNSPEC, CONNTRACK_MT(3)),
};

static_assert(offsetof(struct xt_conntrack_mtinfo1, invert_flags) ==
	      offsetof(struct xt_conntrack_mtinfo3, invert_flags));
static_assert(offsetof(struct xt_conntrack_mtinfo2, invert_flags) ==
	      offsetof(struct xt_conntrack_mtinfo3, invert_flags));
static_assert((XT_CONNTRACK_ORIGSRC << 6) == XT_CONNTRACK_ORIGSRC_PORT);
static_assert((XT_CONNTRACK_REPLDST << 6) == XT_CONNTRACK_REPLDST_PORT);

XT_MODULE_MATCHES(conntrack_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: what is known of a connection (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_conntrack");
MODULE_ALIAS("ip6t_conntrack");
