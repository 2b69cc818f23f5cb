// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where packets meet the tracker: the hooks of each family, and how many users need
 * them in a namespace.
 *
 * nf_ct_hooks_mutex guards the user counts of every namespace, registration of
 * hooks that goes with them, and nf_ct_bridge.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/kmod.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_bridge.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/ipv4/nf_defrag_ipv4.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "nf_conntrack_deadline.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_packet.h"
#include "nf_ct_helper.h"

/* One set of hooks with a user count in each namespace */
enum nf_ct_hook_set {
	NF_CT_HOOKS_IPV4,
	NF_CT_HOOKS_IPV6,
	NF_CT_HOOKS_BRIDGE,
	NF_CT_HOOKS_NUM
};

#define NF_CT_NEED_IPV4		BIT(NF_CT_HOOKS_IPV4)
#define NF_CT_NEED_IPV6		(IS_ENABLED(CONFIG_IPV6) * BIT(NF_CT_HOOKS_IPV6))
#define NF_CT_NEED_BRIDGE	BIT(NF_CT_HOOKS_BRIDGE)

/**
 * struct nf_ct_hooks - one set of hooks
 * @users:      offset of its user count in struct nf_conntrack_net
 * @nfproto:    whose connections it sees
 * @defrag_on:  makes sure that fragments are put together first
 * @defrag_off: the reverse of it
 * @ops:        the hooks
 * @nops:       how many
 *
 * Bridge hooks come from another module, which brings its own defragmentation:
 * see nf_ct_bridge.
 */
struct nf_ct_hooks {
	size_t				users;
	u8				nfproto;
	int				(*defrag_on)(struct net *net);
	void				(*defrag_off)(struct net *net);
	const struct nf_hook_ops	*ops;
	unsigned int			nops;
};

static DEFINE_MUTEX(nf_ct_hooks_mutex);

/* The hooks of nf_conntrack_bridge while that module is there */
static const struct nf_ct_bridge_info *nf_ct_bridge;

/* --- packets on their way out ---------------------------------------------- */

static unsigned int nf_ct_call_helper(struct sk_buff *skb, unsigned int protoff,
				      struct nf_conn *ct,
				      enum ip_conntrack_info ctinfo)
{
	const struct nf_conntrack_helper *helper = nf_ct_helper_of(ct);

	/* unregistering takes a helper out of the entries in the table only */
	if (likely(!helper) || unlikely(nf_ct_is_dying(ct)))
		return NF_ACCEPT;

	return nf_ct_helper_call(helper, skb, protoff, ct, ctinfo);
}

/* Local copies of a packet are adjusted where they really leave or arrive. */
static bool nf_ct_seq_fits(struct sk_buff *skb, unsigned int protoff,
			   struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	if (!test_bit(IPS_SEQ_ADJUST_BIT, &ct->status) ||
	    nf_is_loopback_packet(skb))
		return true;
	if (nf_ct_seq_adjust(skb, ct, ctinfo, protoff))
		return true;

	NF_CT_STAT_INC_ATOMIC(nf_ct_net(ct), drop);
	return false;
}

/* As nf_conntrack_confirm(), but looks for events only where they may go. */
static unsigned int nf_ct_confirm_report(struct sk_buff *skb)
{
	struct nf_conn *ct = (struct nf_conn *)skb_nfct(skb);

	if (!ct)
		return NF_ACCEPT;
	if (!nf_ct_is_confirmed(ct)) {
		if (__nf_conntrack_confirm(skb) != NF_ACCEPT)
			return NF_DROP;
		ct = (struct nf_conn *)skb_nfct(skb);
	}
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	if (nf_conntrack_listening())
		nf_ct_deliver_cached_events(ct);
#endif
	return NF_ACCEPT;
}

/* Last look at a packet: helper, sequence numbers, confirmation */
static unsigned int nf_ct_confirm_packet(struct sk_buff *skb, unsigned int protoff,
					 struct nf_conn *ct,
					 enum ip_conntrack_info ctinfo)
{
	unsigned int verdict = nf_ct_call_helper(skb, protoff, ct, ctinfo);

	if (verdict != NF_ACCEPT)
		return verdict;
	if (!nf_ct_seq_fits(skb, protoff, ct, ctinfo))
		return NF_DROP;

	/*
	 * A flow table takes over a connection, and gives it back with a
	 * shorter timeout, by writing ct->timeout without a call to us: have
	 * the deadline look at it again soon.
	 */
	if (unlikely(test_bit(IPS_OFFLOAD_BIT, &ct->status)) &&
	    nf_ct_is_confirmed(ct))
		nf_ct_deadline_shrunk(ct);

	return nf_ct_confirm_report(skb);
}

/* A VRF passes the packet through here a second time, on the real device. */
static bool nf_ct_leaves_to_vrf(const struct nf_hook_state *state)
{
	return IS_ENABLED(CONFIG_NET_L3_MASTER_DEV) &&
	       state->hook == NF_INET_POST_ROUTING &&
	       netif_is_l3_master(state->out);
}

/* Errors about a reply only need confirmation: no helper wants them. */
static bool nf_ct_only_confirm(const struct nf_conn *ct,
			       enum ip_conntrack_info ctinfo)
{
	return !ct || ctinfo == IP_CT_RELATED_REPLY;
}

/* --- IPv4 ------------------------------------------------------------------ */

/*
 * A fragment here comes from a raw socket with IP_NODEFRAG: not tracked.
 * A template left on it would look like a connection to later rules.
 */
static unsigned int nf_ct_skip_fragment(struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *tmpl = nf_ct_get(skb, &ctinfo);

	if (tmpl && nf_ct_is_template(tmpl)) {
		skb_set_nfct(skb, 0);
		nf_ct_put(tmpl);
	}
	return NF_ACCEPT;
}

static unsigned int nf_ct_hook_in(void *priv, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	return nf_conntrack_in(skb, state);
}

static unsigned int nf_ct_hook_out4(void *priv, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	if (unlikely(ip_is_fragment(ip_hdr(skb))))
		return nf_ct_skip_fragment(skb);

	return nf_conntrack_in(skb, state);
}

static unsigned int nf_ct_hook_confirm4(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (nf_ct_only_confirm(ct, ctinfo))
		return nf_ct_confirm_report(skb);
	if (nf_ct_leaves_to_vrf(state))
		return NF_ACCEPT;

	return nf_ct_confirm_packet(skb, skb_network_offset(skb) + ip_hdrlen(skb),
				    ct, ctinfo);
}

/* Tracking comes before anything that wants to match on it, confirmation
 * after everything that may still drop or change the packet.
 */
#define NF_CT_HOOK(_pf, _hooknum, _priority, _function) {		\
	.hook		= _function,					\
	.pf		= _pf,						\
	.hooknum	= _hooknum,					\
	.priority	= _priority,					\
}

static const struct nf_hook_ops nf_ct_ops4[] = {
	NF_CT_HOOK(NFPROTO_IPV4, NF_INET_PRE_ROUTING, NF_IP_PRI_CONNTRACK,
		   nf_ct_hook_in),
	NF_CT_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_OUT, NF_IP_PRI_CONNTRACK,
		   nf_ct_hook_out4),
	NF_CT_HOOK(NFPROTO_IPV4, NF_INET_POST_ROUTING,
		   NF_IP_PRI_CONNTRACK_CONFIRM, nf_ct_hook_confirm4),
	NF_CT_HOOK(NFPROTO_IPV4, NF_INET_LOCAL_IN,
		   NF_IP_PRI_CONNTRACK_CONFIRM, nf_ct_hook_confirm4),
};

/* --- IPv6 ------------------------------------------------------------------ */

#if IS_ENABLED(CONFIG_IPV6)
static unsigned int nf_ct_hook_confirm6(void *priv, struct sk_buff *skb,
					const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	u8 protonum;
	int offset;

	if (nf_ct_only_confirm(ct, ctinfo))
		return nf_ct_confirm_report(skb);
	if (nf_ct_leaves_to_vrf(state))
		return NF_ACCEPT;

	offset = nf_ct_l4_offset(skb, skb_network_offset(skb), NFPROTO_IPV6,
				 &protonum);
	if (offset < 0)
		return nf_ct_confirm_report(skb);

	return nf_ct_confirm_packet(skb, offset, ct, ctinfo);
}

static const struct nf_hook_ops nf_ct_ops6[] = {
	NF_CT_HOOK(NFPROTO_IPV6, NF_INET_PRE_ROUTING, NF_IP6_PRI_CONNTRACK,
		   nf_ct_hook_in),
	NF_CT_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_OUT, NF_IP6_PRI_CONNTRACK,
		   nf_ct_hook_in),
	NF_CT_HOOK(NFPROTO_IPV6, NF_INET_POST_ROUTING, NF_IP6_PRI_LAST,
		   nf_ct_hook_confirm6),
	/* a chain at the last priority sees confirmed connections */
	NF_CT_HOOK(NFPROTO_IPV6, NF_INET_LOCAL_IN, NF_IP6_PRI_LAST - 1,
		   nf_ct_hook_confirm6),
};
#endif

/* --- confirmation for other modules ----------------------------------------- */

#ifdef NF_CT_HAVE_CONFIRM_HOOK
/**
 * nf_confirm - last look at a packet, as a hook of any family
 * @priv:  not used
 * @skb:   the packet
 * @state: hook
 *
 * nf_conntrack_bridge registers it.
 *
 * Context: process or softirq, under RCU.
 * Return: a netfilter verdict.
 */
unsigned int nf_confirm(void *priv, struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (!ct)
		return NF_ACCEPT;
#if IS_ENABLED(CONFIG_IPV6)
	if (nf_ct_l3num(ct) == NFPROTO_IPV6)
		return nf_ct_hook_confirm6(priv, skb, state);
#endif
	return nf_ct_hook_confirm4(priv, skb, state);
}
#else
/**
 * nf_confirm - last look at a packet: helper, sequence numbers, confirmation
 * @skb:     the packet
 * @protoff: offset of its transport header
 * @ct:      its connection
 * @ctinfo:  its place in the connection
 *
 * Context: process or softirq, under RCU.
 * Return: a netfilter verdict.
 */
unsigned int nf_confirm(struct sk_buff *skb, unsigned int protoff,
			struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	return nf_ct_confirm_packet(skb, protoff, ct, ctinfo);
}
#endif

/* --- hooks of a namespace and their users ---------------------------------- */

static const struct nf_ct_hooks nf_ct_hooks[NF_CT_HOOKS_NUM] = {
	[NF_CT_HOOKS_IPV4] = {
		.users		= offsetof(struct nf_conntrack_net, users4),
		.nfproto	= NFPROTO_IPV4,
		.defrag_on	= nf_defrag_ipv4_enable,
		.defrag_off	= nf_defrag_ipv4_disable,
		.ops		= nf_ct_ops4,
		.nops		= ARRAY_SIZE(nf_ct_ops4),
	},
#if IS_ENABLED(CONFIG_IPV6)
	[NF_CT_HOOKS_IPV6] = {
		.users		= offsetof(struct nf_conntrack_net, users6),
		.nfproto	= NFPROTO_IPV6,
		.defrag_on	= nf_defrag_ipv6_enable,
		.defrag_off	= nf_defrag_ipv6_disable,
		.ops		= nf_ct_ops6,
		.nops		= ARRAY_SIZE(nf_ct_ops6),
	},
#endif
	[NF_CT_HOOKS_BRIDGE] = {
		.users		= offsetof(struct nf_conntrack_net, users_bridge),
		.nfproto	= NFPROTO_BRIDGE,
	},
};

static unsigned int *nf_ct_hook_users(struct net *net, enum nf_ct_hook_set set)
{
	return (void *)nf_ct_pernet(net) + nf_ct_hooks[set].users;
}

/* Every user of bridge tracking holds nf_conntrack_bridge in memory. */
static int nf_ct_bridge_hold(void)
{
	lockdep_assert_held(&nf_ct_hooks_mutex);

	if (!nf_ct_bridge || !try_module_get(nf_ct_bridge->me))
		return -EPROTO;
	return 0;
}

static int nf_ct_hooks_register(struct net *net, enum nf_ct_hook_set set)
{
	const struct nf_ct_hooks *hooks = &nf_ct_hooks[set];
	int err;

	lockdep_assert_held(&nf_ct_hooks_mutex);

	if (set == NF_CT_HOOKS_BRIDGE)
		return nf_register_net_hooks(net, nf_ct_bridge->ops,
					     nf_ct_bridge->ops_size);

	err = hooks->defrag_on(net);
	if (err)
		return err;

	err = nf_register_net_hooks(net, hooks->ops, hooks->nops);
	if (err)
		hooks->defrag_off(net);
	return err;
}

static void nf_ct_hooks_unregister(struct net *net, enum nf_ct_hook_set set)
{
	const struct nf_ct_hooks *hooks = &nf_ct_hooks[set];

	lockdep_assert_held(&nf_ct_hooks_mutex);

	if (set == NF_CT_HOOKS_BRIDGE) {
		nf_unregister_net_hooks(net, nf_ct_bridge->ops,
					nf_ct_bridge->ops_size);
		return;
	}

	nf_unregister_net_hooks(net, hooks->ops, hooks->nops);
	hooks->defrag_off(net);
}

/*
 * What passed while no hook was there moved the windows of TCP connections
 * unseen.  A window of zero makes the tracker learn them anew.
 */
static int nf_ct_forget_window(struct nf_conn *ct, void *data)
{
	const struct nf_ct_hooks *hooks = data;

	if (nf_ct_l3num(ct) != hooks->nfproto ||
	    nf_ct_protonum(ct) != IPPROTO_TCP)
		return 0;

	spin_lock_bh(&ct->lock);
	if (ct->proto.tcp.state == TCP_CONNTRACK_ESTABLISHED) {
		ct->proto.tcp.seen[IP_CT_DIR_ORIGINAL].td_maxwin = 0;
		ct->proto.tcp.seen[IP_CT_DIR_REPLY].td_maxwin = 0;
	}
	spin_unlock_bh(&ct->lock);
	return 0;
}

/* One more user.  Returns 1 if it is the first one, or an error. */
static int nf_ct_hooks_count_user(struct net *net, enum nf_ct_hook_set set)
{
	unsigned int *users = nf_ct_hook_users(net, set);
	int err;

	lockdep_assert_held(&nf_ct_hooks_mutex);

	if (set == NF_CT_HOOKS_BRIDGE) {
		err = nf_ct_bridge_hold();
		if (err)
			return err;
	}

	if (!*users) {
		err = nf_ct_hooks_register(net, set);
		if (err)
			goto release;
	}
	return ++*users == 1;

release:
	if (set == NF_CT_HOOKS_BRIDGE)
		module_put(nf_ct_bridge->me);
	return err;
}

static int nf_ct_hooks_get(struct net *net, enum nf_ct_hook_set set)
{
	int ret;

	/* The module cannot register itself while we hold the mutex. */
	if (set == NF_CT_HOOKS_BRIDGE && !READ_ONCE(nf_ct_bridge))
		request_module("nf_conntrack_bridge");

	mutex_lock(&nf_ct_hooks_mutex);
	ret = nf_ct_hooks_count_user(net, set);
	mutex_unlock(&nf_ct_hooks_mutex);

	if (ret == 1) {
		const struct nf_ct_iter_data all = {
			.net	= net,
			.data	= (void *)&nf_ct_hooks[set],
		};

		nf_ct_iterate_cleanup_net(nf_ct_forget_window, &all);
	}
	return min(ret, 0);
}

static void nf_ct_hooks_put(struct net *net, enum nf_ct_hook_set set)
{
	unsigned int *users = nf_ct_hook_users(net, set);

	mutex_lock(&nf_ct_hooks_mutex);
	if (WARN_ON_ONCE(!*users))
		goto unlock;

	if (!--*users)
		nf_ct_hooks_unregister(net, set);
	if (set == NF_CT_HOOKS_BRIDGE)
		module_put(nf_ct_bridge->me);
unlock:
	mutex_unlock(&nf_ct_hooks_mutex);
}

/* Sets of hooks that a user of a netfilter family needs, as bits */
static unsigned int nf_ct_hooks_needed(u8 nfproto)
{
	switch (nfproto) {
	case NFPROTO_IPV4:
		return NF_CT_NEED_IPV4;
	case NFPROTO_IPV6:
		return NF_CT_NEED_IPV6;
	case NFPROTO_INET:
		return NF_CT_NEED_IPV4 | NF_CT_NEED_IPV6;
	case NFPROTO_BRIDGE:
		return NF_CT_NEED_IPV4 | NF_CT_NEED_IPV6 | NF_CT_NEED_BRIDGE;
	default:
		return 0;
	}
}

/**
 * nf_ct_netns_get - have packets of a family tracked in a namespace
 * @net:     the namespace
 * @nfproto: NFPROTO_IPV4, _IPV6, _INET for both, or _BRIDGE
 *
 * Context: process, sleeps, may load modules.
 * Return: 0; -EPROTO for a family that cannot be tracked; or the error of what
 * could not be set up, with nothing left behind.
 */
int nf_ct_netns_get(struct net *net, u8 nfproto)
{
	unsigned int needed = nf_ct_hooks_needed(nfproto);
	unsigned int set;
	int err;

	if (!needed)
		return -EPROTO;

	for (set = 0; set < NF_CT_HOOKS_NUM; set++) {
		if (!(needed & BIT(set)))
			continue;
		err = nf_ct_hooks_get(net, set);
		if (err)
			goto unwind;
	}
	return 0;

unwind:
	while (set--) {
		if (needed & BIT(set))
			nf_ct_hooks_put(net, set);
	}
	return err;
}

/**
 * nf_ct_netns_put - the reverse of a nf_ct_netns_get() that returned 0
 * @net:     the namespace
 * @nfproto: as given there
 *
 * Context: process, sleeps.
 */
void nf_ct_netns_put(struct net *net, u8 nfproto)
{
	unsigned int needed = nf_ct_hooks_needed(nfproto);
	unsigned int set = NF_CT_HOOKS_NUM;

	while (set--) {
		if (needed & BIT(set))
			nf_ct_hooks_put(net, set);
	}
}

/**
 * nf_ct_bridge_register - offer the hooks of the bridge family
 * @info: the hooks; stays the caller's, valid until unregistered
 *
 * Context: process, may sleep.
 */
void nf_ct_bridge_register(struct nf_ct_bridge_info *info)
{
	mutex_lock(&nf_ct_hooks_mutex);
	WARN_ON(nf_ct_bridge);
	WRITE_ONCE(nf_ct_bridge, info);
	mutex_unlock(&nf_ct_hooks_mutex);
}

/**
 * nf_ct_bridge_unregister - withdraw the hooks, which have no user any more
 * @info: as given to nf_ct_bridge_register()
 *
 * Context: process, may sleep.
 */
void nf_ct_bridge_unregister(struct nf_ct_bridge_info *info)
{
	mutex_lock(&nf_ct_hooks_mutex);
	WARN_ON(nf_ct_bridge != info);
	WRITE_ONCE(nf_ct_bridge, NULL);
	mutex_unlock(&nf_ct_hooks_mutex);
}
