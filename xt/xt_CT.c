// SPDX-License-Identifier: GPL-2.0
/*
 * The targets "CT" and "NOTRACK": how connection tracking is to treat a packet that it has
 * not seen yet: not at all, or with a zone, a helper, a timeout policy or a choice of events.
 * In the table raw.  A rule owns a template, an entry that is in no table; packets take a
 * reference on it along to connection tracking, and may have it after the rule is gone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_CT.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>

#include "xt_track.h"

/* Revision 0 is the same without a timeout policy, and has its template in that place */
static_assert(offsetof(struct xt_ct_target_info, flags) ==
	      offsetof(struct xt_ct_target_info_v1, flags));
static_assert(offsetof(struct xt_ct_target_info, exp_events) ==
	      offsetof(struct xt_ct_target_info_v1, exp_events));
static_assert(offsetof(struct xt_ct_target_info, helper) ==
	      offsetof(struct xt_ct_target_info_v1, helper));

/* --- packets --- */

/* A packet that has an entry or a mark "untracked" already, from the loopback device, keeps
 * it.
 */
static unsigned int ct_tg_attach(struct sk_buff *skb, struct nf_conn *tmpl)
{
	if (skb->_nfct)
		return XT_CONTINUE;
	if (tmpl)
		refcount_inc(&tmpl->ct_general.use);
	nf_ct_set(skb, tmpl, tmpl ? IP_CT_NEW : IP_CT_UNTRACKED);
	return XT_CONTINUE;
}

static unsigned int ct_tg0(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_ct_target_info *info = par->targinfo;

	return ct_tg_attach(skb, info->ct);
}

static unsigned int ct_tg1(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_ct_target_info_v1 *info = par->targinfo;

	return ct_tg_attach(skb, info->ct);
}

static unsigned int ct_tg_notrack(struct sk_buff *skb, const struct xt_action_param *par)
{
	return ct_tg_attach(skb, NULL);
}

/* --- rules --- */

/* The transport protocol that all packets of a rule have; 0 there is none */
static u8 ct_tg_protocol(const struct xt_tgchk_param *par)
{
	const struct ip6t_entry *six = par->entryinfo;
	const struct ipt_entry *four = par->entryinfo;

	if (par->family == NFPROTO_IPV4)
		return four->ip.invflags & XT_INV_PROTO ? 0 : four->ip.proto;
	if (par->family == NFPROTO_IPV6)
		return six->ipv6.invflags & XT_INV_PROTO ? 0 : six->ipv6.proto;
	return 0;
}

static int ct_tg_name(const char *name, size_t size)
{
	if (strnlen(name, size) == size)
		return xt_refuse(-ENAMETOOLONG, "a name has %zu characters at most", size - 1);
	return 0;
}

/* The template gets a helper by name; its module stays until ct_tg_drop_helper() */
static int ct_tg_add_helper(const struct xt_tgchk_param *par, struct nf_conn *tmpl,
			    const char *name)
{
	int err = ct_tg_name(name, NF_CT_HELPER_NAME_LEN);
	struct nf_conntrack_helper *helper;
	u8 protocol = ct_tg_protocol(par);
	struct nf_conn_help *help;

	if (err)
		return err;
	if (!protocol)
		return xt_refuse(-ENOENT, "a helper needs -p PROTOCOL, without !");
	helper = nf_conntrack_helper_try_module_get(name, par->family, protocol);
	if (!helper)
		return xt_refuse(-ENOENT, "there is no helper \"%s\" for protocol %u",
				 name, protocol);
	help = nf_ct_helper_ext_add(tmpl, GFP_KERNEL);
	if (!help) {
		nf_conntrack_helper_put(helper);
		return -ENOMEM;
	}
	rcu_assign_pointer(help->helper, helper);
	return 0;
}

/* Packets in queues may have the template long after: it does not lead to the helper any
 * more, whose module can leave then.
 * DIFF: ct-queued: stock drops those packets.
 */
static void ct_tg_drop_helper(struct nf_conn *tmpl)
{
	struct nf_conn_help *help = nfct_help(tmpl);
	struct nf_conntrack_helper *helper;

	if (!help)
		return;
	helper = unrcu_pointer(xchg(&help->helper, NULL));
	if (helper)
		nf_conntrack_helper_put(helper);
}

static int ct_tg_add_timeout(const struct xt_tgchk_param *par, struct nf_conn *tmpl,
			     const char *name)
{
	int err = ct_tg_name(name, sizeof_field(struct xt_ct_target_info_v1, timeout));
	u8 protocol = ct_tg_protocol(par);

	if (err)
		return err;
	if (!protocol)
		return xt_refuse(-EINVAL, "a timeout policy needs -p PROTOCOL, without !");
	/* all protocols without a tracker have the generic one's policies */
	return nf_ct_set_timeout(par->net, tmpl, par->family,
				 nf_ct_l4proto_find(protocol)->l4proto, name);
}

static u8 ct_tg_zone_dir(u16 flags)
{
	switch (flags & (XT_CT_ZONE_DIR_ORIG | XT_CT_ZONE_DIR_REPL)) {
	case XT_CT_ZONE_DIR_ORIG:
		return NF_CT_ZONE_DIR_ORIG;
	case XT_CT_ZONE_DIR_REPL:
		return NF_CT_ZONE_DIR_REPL;
	default:
		return NF_CT_DEFAULT_ZONE_DIR;
	}
}

/* Without zones in the kernel no rule may ask for one */
static bool ct_tg_zone_possible(const struct xt_ct_target_info_v1 *info)
{
	return IS_ENABLED(CONFIG_NF_CONNTRACK_ZONES) ||
	       !(info->zone || info->flags & (XT_CT_ZONE_DIR_ORIG | XT_CT_ZONE_DIR_REPL |
					      XT_CT_ZONE_MARK));
}

/* What hangs on the template; @timeout may be "" */
static int ct_tg_fill(const struct xt_tgchk_param *par, struct nf_conn *tmpl,
		      const struct xt_ct_target_info_v1 *info, const char *timeout)
{
	int err = 0;

	if ((info->ct_events || info->exp_events) &&
	    !nf_ct_ecache_ext_add(tmpl, info->ct_events, info->exp_events, GFP_KERNEL))
		return xt_refuse(-EINVAL, "events of connections cannot be chosen");
	if (info->helper[0])
		err = ct_tg_add_helper(par, tmpl, info->helper);
	if (!err && *timeout)
		err = ct_tg_add_timeout(par, tmpl, timeout);
	return err;
}

static struct nf_conn *ct_tg_template(const struct xt_tgchk_param *par,
				      const struct xt_ct_target_info_v1 *info,
				      const char *timeout)
{
	struct nf_conntrack_zone zone;
	struct nf_conn *tmpl;
	int err;

	nf_ct_zone_init(&zone, info->zone, ct_tg_zone_dir(info->flags),
			info->flags & XT_CT_ZONE_MARK ? NF_CT_FLAG_MARK : 0);
	tmpl = nf_ct_tmpl_alloc(par->net, &zone, GFP_KERNEL);
	if (!tmpl)
		return ERR_PTR(-ENOMEM);

	err = ct_tg_fill(par, tmpl, info, timeout);
	if (err) {
		ct_tg_drop_helper(tmpl);
		nf_ct_tmpl_free(tmpl);
		return ERR_PTR(err);
	}
	/* a connection with this template uses up what is expected of it */
	__set_bit(IPS_CONFIRMED_BIT, &tmpl->status);
	return tmpl;
}

static int ct_tg_check(const struct xt_tgchk_param *par, u16 known, const char *timeout,
		       struct nf_conn **tmpl)
{
	const struct xt_ct_target_info_v1 *info = par->targinfo;
	int err;

	if (info->flags & ~known)
		return xt_refuse(-EINVAL, "unknown flags %#x", info->flags & ~known);
	*tmpl = NULL;
	if (info->flags & XT_CT_NOTRACK)
		return 0;
	if (!ct_tg_zone_possible(info))
		return xt_refuse(-EINVAL, "this kernel has no zones");

	err = xt_track_get(par->net, par->family);
	if (err)
		return err;
	*tmpl = ct_tg_template(par, info, timeout);
	if (IS_ERR(*tmpl)) {
		xt_track_put(par->net, par->family);
		return PTR_ERR(*tmpl);
	}
	return 0;
}

static int ct_tg0_check(const struct xt_tgchk_param *par)
{
	struct xt_ct_target_info *info = par->targinfo;

	return ct_tg_check(par, XT_CT_NOTRACK, "", &info->ct);
}

static int ct_tg1_check(const struct xt_tgchk_param *par)
{
	struct xt_ct_target_info_v1 *info = par->targinfo;

	return ct_tg_check(par, XT_CT_NOTRACK, info->timeout, &info->ct);
}

static int ct_tg2_check(const struct xt_tgchk_param *par)
{
	struct xt_ct_target_info_v1 *info = par->targinfo;

	return ct_tg_check(par, XT_CT_MASK, info->timeout, &info->ct);
}

static void ct_tg_end(const struct xt_tgdtor_param *par, struct nf_conn *tmpl)
{
	if (!tmpl)
		return;
	ct_tg_drop_helper(tmpl);
	nf_ct_destroy_timeout(tmpl);
	nf_ct_put(tmpl);
	xt_track_put(par->net, par->family);
}

static void ct_tg0_destroy(const struct xt_tgdtor_param *par)
{
	const struct xt_ct_target_info *info = par->targinfo;

	ct_tg_end(par, info->ct);
}

static void ct_tg1_destroy(const struct xt_tgdtor_param *par)
{
	const struct xt_ct_target_info_v1 *info = par->targinfo;

	ct_tg_end(par, info->ct);
}

#define CT_TG0								\
	.name = "CT", .target = ct_tg0, .table = "raw",			\
	.targetsize = sizeof(struct xt_ct_target_info),			\
	.usersize = offsetof(struct xt_ct_target_info, ct),		\
	.checkentry = ct_tg0_check, .destroy = ct_tg0_destroy

/* DIFF: ct-timeout-shown: users see the whole name of the policy */
#define CT_TG(number)							\
	.name = "CT", .revision = (number), .target = ct_tg1, .table = "raw", \
	.targetsize = sizeof(struct xt_ct_target_info_v1),		\
	.usersize = offsetof(struct xt_ct_target_info_v1, ct),		\
	.checkentry = ct_tg##number##_check, .destroy = ct_tg1_destroy

static struct xt_target ct_tg[] __read_mostly = {
	XT_BOTH(.name = "NOTRACK", .target = ct_tg_notrack, .table = "raw"),
	XT_BOTH(CT_TG0),
	XT_BOTH(CT_TG(1)),
	XT_BOTH(CT_TG(2)),
};

XT_MODULE_TARGETS(ct_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: how a packet is tracked (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_CT");
MODULE_ALIAS("ip6t_CT");
MODULE_ALIAS("ipt_NOTRACK");
MODULE_ALIAS("ip6t_NOTRACK");
