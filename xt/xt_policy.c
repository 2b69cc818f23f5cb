// SPDX-License-Identifier: GPL-2.0
/*
 * The match "policy": by which IPsec states a packet came, or by which it will leave.
 * For all hooks, each direction where it is known; without state.  The states of a packet
 * are held by its path (in) or its route (out), and what is read of them never changes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_policy.h>
#include <net/xfrm.h>

#include "xt_extension.h"

/* As many states as a packet can have, in the order in which the sender applied them */
struct policy_mt_states {
	const struct xfrm_state	*state[XFRM_MAX_DEPTH];
	unsigned int		count;
};

/* What the receiver took off last was put on first. */
static void policy_mt_states_in(struct policy_mt_states *states, const struct sk_buff *skb)
{
	const struct sec_path *path = skb_sec_path(skb);
	int i;

	states->count = 0;
	for (i = path->len - 1; i >= 0; i--)
		states->state[states->count++] = path->xvec[i];
}

static void policy_mt_states_out(struct policy_mt_states *states, const struct sk_buff *skb)
{
	const struct dst_entry *dst;

	states->count = 0;
	for (dst = skb_dst(skb); dst && dst->xfrm; dst = xfrm_dst_child(dst)) {
		if (states->count == XFRM_MAX_DEPTH)
			return;
		states->state[states->count++] = dst->xfrm;
	}
}

static bool policy_mt_addr(const xfrm_address_t *has, const union nf_inet_addr *want,
			   const union nf_inet_addr *mask, u8 family)
{
	if (family == NFPROTO_IPV6)
		return !ipv6_masked_addr_cmp(&has->in6, &mask->in6, &want->in6);
	return !((has->a4 ^ want->ip) & mask->ip);
}

/*
 * DIFF: policy-spi-order: the number is meant to come in network byte order, but iptables
 * stores it in the order of the machine.  A rule stands for both, so that it means what it
 * says, rules whose authors had turned the bytes go on to work, and so would an iptables
 * that turns them.
 */
static bool policy_mt_spi(__be32 has, __be32 want)
{
	return has == want || has == htonl((__force u32)want);
}

/* Is a question of the rule, if it is asked, answered as the rule wants it? */
static bool policy_mt_ask(bool asked, bool inverted, bool answer)
{
	return !asked || answer != inverted;
}

static bool policy_mt_addrs(const struct xfrm_state *x, const struct xt_policy_elem *elem,
			    u8 family)
{
	bool saddr, daddr;

	saddr = policy_mt_addr(&x->props.saddr, &elem->saddr, &elem->smask, family);
	daddr = policy_mt_addr(&x->id.daddr, &elem->daddr, &elem->dmask, family);
	return policy_mt_ask(elem->match.saddr, elem->invert.saddr, saddr) &&
	       policy_mt_ask(elem->match.daddr, elem->invert.daddr, daddr);
}

static bool policy_mt_state(const struct xfrm_state *x, const struct xt_policy_elem *elem,
			    u8 family)
{
	const struct xt_policy_spec match = elem->match, invert = elem->invert;

	return policy_mt_ask(match.proto, invert.proto, x->id.proto == elem->proto) &&
	       policy_mt_ask(match.mode, invert.mode, x->props.mode == elem->mode) &&
	       policy_mt_ask(match.reqid, invert.reqid, x->props.reqid == elem->reqid) &&
	       policy_mt_ask(match.spi, invert.spi, policy_mt_spi(x->id.spi, elem->spi)) &&
	       policy_mt_addrs(x, elem, family);
}

/* Each state as its element says */
static bool policy_mt_all(const struct policy_mt_states *states,
			  const struct xt_policy_info *info, u8 family)
{
	unsigned int i;

	if (states->count != info->len)
		return false;
	for (i = 0; i < states->count; i++) {
		if (!policy_mt_state(states->state[i], &info->pol[i], family))
			return false;
	}
	return true;
}

/* One of the states as the only element says */
static bool policy_mt_any(const struct policy_mt_states *states,
			  const struct xt_policy_info *info, u8 family)
{
	unsigned int i;

	for (i = 0; info->len && i < states->count; i++) {
		if (policy_mt_state(states->state[i], &info->pol[0], family))
			return true;
	}
	return false;
}

static noinline bool policy_mt_compare(const struct sk_buff *skb,
				       const struct xt_policy_info *info, u8 family)
{
	struct policy_mt_states states;

	if (info->flags & XT_POLICY_MATCH_IN)
		policy_mt_states_in(&states, skb);
	else
		policy_mt_states_out(&states, skb);
	if (info->flags & XT_POLICY_MATCH_STRICT)
		return policy_mt_all(&states, info, family);
	return policy_mt_any(&states, info, family);
}

static bool policy_mt_has_states(const struct sk_buff *skb, const struct xt_policy_info *info)
{
	const struct dst_entry *dst = skb_dst(skb);
	const struct sec_path *path;

	if (!(info->flags & XT_POLICY_MATCH_IN))
		return dst && dst->xfrm;
	path = skb_sec_path(skb);
	return path && path->len;
}

/* Few packets have states; for the others nothing is collected */
static bool policy_mt_test(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_policy_info *info = par->matchinfo;

	if (!policy_mt_has_states(skb, info))
		return info->flags & XT_POLICY_MATCH_NONE;
	return !(info->flags & XT_POLICY_MATCH_NONE) &&
	       policy_mt_compare(skb, info, xt_family(par));
}

/* How a packet leaves is known after routing, how it came until then */
static int policy_mt_hooks(const struct xt_mtchk_param *par)
{
	const unsigned int arrive = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN;
	const unsigned int leave = 1 << NF_INET_POST_ROUTING | 1 << NF_INET_LOCAL_OUT;
	const struct xt_policy_info *info = par->matchinfo;

	if (info->flags & XT_POLICY_MATCH_OUT && par->hook_mask & arrive)
		return xt_refuse(-EINVAL, "--dir out is not possible in PREROUTING and INPUT");
	if (info->flags & XT_POLICY_MATCH_IN && par->hook_mask & leave)
		return xt_refuse(-EINVAL, "--dir in is not possible in POSTROUTING and OUTPUT");
	return 0;
}

static int policy_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_policy_info *info = par->matchinfo;

	if (!(info->flags & (XT_POLICY_MATCH_IN | XT_POLICY_MATCH_OUT)))
		return xt_refuse(-EINVAL, "--dir in or --dir out is missing");
	if (info->len > XT_POLICY_MAX_ELEM)
		return xt_refuse(-EINVAL, "%u elements are more than %u", info->len,
				 XT_POLICY_MAX_ELEM);
	return xt_check_hooks_here(policy_mt_hooks, par);
}

static struct xt_match policy_mt[] __read_mostly = {
	XT_BOTH(.name = "policy", .match = policy_mt_test,
		.checkentry = policy_mt_check, XT_CHECK_HOOKS(policy_mt_hooks),
		.matchsize = sizeof(struct xt_policy_info)),
};

XT_MODULE_MATCHES(policy_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: IPsec policy of a packet (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_policy");
MODULE_ALIAS("ip6t_policy");
