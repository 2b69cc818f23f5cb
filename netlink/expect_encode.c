// SPDX-License-Identifier: GPL-2.0
/*
 * Writes an expectation as netlink attributes, the same for answers and events.
 * It reads a struct nf_ct_expect_life, which needs no lock.  RCU guards the lookup
 * of expectation functions, and must be held from measuring to writing.
 */
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "ctnetlink.h"

static u32 ctnetlink_expect_seconds_left(const struct nf_ct_expect_life *life)
{
	s32 left = READ_ONCE(life->timeout) - nfct_time_stamp;

	return left > 0 ? left / HZ : 0;
}

/* Only the source has a mask: all bits of the destination count */
static void ctnetlink_expect_mask_as_tuple(const struct nf_ct_expect_life *life,
					   struct nf_conntrack_tuple *mask)
{
	memset(mask, 0xff, sizeof(*mask));
	mask->src.u3 = life->mask.src.u3;
	mask->src.u.all = life->mask.src.u.all;
	mask->src.l3num = life->tuple.src.l3num;
	mask->dst.protonum = life->tuple.dst.protonum;
}

static const char *
ctnetlink_expect_function_of(const struct nf_ct_expect_life *life)
{
	const struct nf_ct_helper_expectfn *fn;

	if (!life->expectfn)
		return NULL;
	fn = nf_ct_helper_expectfn_find_by_symbol(life->expectfn);
	return fn ? fn->name : NULL;
}

#if IS_ENABLED(CONFIG_NF_NAT)
static bool ctnetlink_expect_nat_shown(const struct nf_ct_expect_life *life)
{
	static const union nf_inet_addr none;

	return life->saved_proto.all ||
	       !nf_inet_addr_cmp(&life->saved_addr, &none);
}

/* The address and port before NAT, in the family and protocol of the master */
static int ctnetlink_expect_nat_put(struct sk_buff *skb,
				    const struct nf_ct_expect_life *life)
{
	struct nf_conntrack_tuple tuple = {
		.src.l3num	= life->master.src.l3num,
		.src.u3		= life->saved_addr,
		.src.u		= life->saved_proto,
		.dst.protonum	= life->master.dst.protonum,
	};
	struct nlattr *nest;

	if (!ctnetlink_expect_nat_shown(life))
		return 0;

	nest = nla_nest_start(skb, CTA_EXPECT_NAT);
	if (!nest || nla_put_be32(skb, CTA_EXPECT_NAT_DIR, htonl(life->dir)) ||
	    ctnetlink_tuple_put(skb, CTA_EXPECT_NAT_TUPLE, &tuple))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}
#else
static int ctnetlink_expect_nat_put(struct sk_buff *skb,
				    const struct nf_ct_expect_life *life)
{
	return 0;
}
#endif

static int ctnetlink_expect_tuples_put(struct sk_buff *skb,
				       const struct nf_ct_expect_life *life)
{
	struct nf_conntrack_tuple mask;

	ctnetlink_expect_mask_as_tuple(life, &mask);
	return ctnetlink_tuple_put(skb, CTA_EXPECT_TUPLE, &life->tuple) ?:
	       ctnetlink_tuple_put(skb, CTA_EXPECT_MASK, &mask) ?:
	       ctnetlink_tuple_put(skb, CTA_EXPECT_MASTER, &life->master) ?:
	       ctnetlink_expect_nat_put(skb, life);
}

static int ctnetlink_expect_values_put(struct sk_buff *skb,
				       const struct nf_ct_expect_life *life)
{
	const char *fn = ctnetlink_expect_function_of(life);
	u32 timeout = ctnetlink_expect_seconds_left(life);

	if (nla_put_be32(skb, CTA_EXPECT_TIMEOUT, htonl(timeout)) ||
	    /* opaque: userspace sends it back unchanged */
	    nla_put_be32(skb, CTA_EXPECT_ID, (__force __be32)nf_ct_expect_life_id(life)) ||
	    nla_put_be32(skb, CTA_EXPECT_FLAGS, htonl(READ_ONCE(life->flags))) ||
	    nla_put_be32(skb, CTA_EXPECT_CLASS, htonl(life->class)))
		return -EMSGSIZE;
	if (life->helper[0] &&
	    nla_put_string(skb, CTA_EXPECT_HELP_NAME, life->helper))
		return -EMSGSIZE;
	return fn ? nla_put_string(skb, CTA_EXPECT_FN, fn) : 0;
}

/**
 * ctnetlink_expect_size - room that a message needs
 * @m: the message
 *
 * Context: RCU.
 * Return: Upper bound in bytes, header included.
 */
size_t ctnetlink_expect_size(const struct ctnetlink_expect_msg *m)
{
	const struct nf_ct_expect_life *life = m->life;
	const char *fn = ctnetlink_expect_function_of(life);

	return nlmsg_total_size(sizeof(struct nfgenmsg)) +
	       2 * ctnetlink_tuple_size(&life->tuple) +
	       /* the master's tuple, and that of NAT in the same protocol */
	       2 * ctnetlink_tuple_size(&life->master) +
	       nla_total_size(0) +
	       /* direction of NAT, timeout, ID, flags, class */
	       5 * nla_total_size(sizeof(__be32)) +
	       nla_total_size(sizeof(life->helper)) +
	       (fn ? nla_total_size(strlen(fn) + 1) : 0);
}

/**
 * ctnetlink_expect_put - append a message
 * @skb: where it goes; unchanged on failure
 * @m: the message
 *
 * Context: RCU.
 * Return: 0 or -EMSGSIZE.
 */
int ctnetlink_expect_put(struct sk_buff *skb, const struct ctnetlink_expect_msg *m)
{
	struct nlmsghdr *nlh;

	nlh = nfnl_msg_put(skb, m->portid, m->seq,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK_EXP, m->type),
			   m->flags, m->life->tuple.src.l3num, NFNETLINK_V0, 0);
	if (!nlh)
		return -EMSGSIZE;

	if (ctnetlink_expect_tuples_put(skb, m->life) ||
	    ctnetlink_expect_values_put(skb, m->life)) {
		nlmsg_cancel(skb, nlh);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}
