// SPDX-License-Identifier: GPL-2.0
/*
 * The match "physdev": the port of a bridge by which a packet came or will leave, and
 * whether it is bridged rather than routed.  What it tells is br_netfilter's, which the
 * first rule loads.  For all hooks, but a port to leave by is known to OUTPUT only when
 * the rule is about bridged packets; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kmod.h>
#include <linux/netdevice.h>
#include <linux/netfilter/xt_physdev.h>
#include <linux/netfilter_bridge.h>

#include "xt_extension.h"

/* Which of the questions have the answer yes?  XT_PHYSDEV_OP_* */
static u8 physdev_mt_facts(const struct xt_physdev_info *info, const struct net_device *in,
			   const struct net_device *out)
{
	u8 facts = 0;

	if (in)
		facts |= XT_PHYSDEV_OP_ISIN;
	if (in && !ifname_compare_aligned(in->name, info->physindev, info->in_mask))
		facts |= XT_PHYSDEV_OP_IN;
	/* whatever leaves by a port of the bridge that it came to is bridged */
	if (out)
		facts |= XT_PHYSDEV_OP_ISOUT | XT_PHYSDEV_OP_BRIDGED;
	if (out && !ifname_compare_aligned(out->name, info->physoutdev, info->out_mask))
		facts |= XT_PHYSDEV_OP_OUT;
	return facts;
}

static bool physdev_mt_test(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_physdev_info *info = par->matchinfo;
	const struct net_device *in, *out;
	u8 facts = 0;

	if (nf_bridge_info_exists(skb)) {
		in = nf_bridge_get_physindev(skb, xt_net(par));
		out = nf_bridge_get_physoutdev(skb);
		/* of a bridge's packet that has no port to leave by, nothing is said of it */
		if (info->bitmask & XT_PHYSDEV_OP_OUT && !out)
			return false;
		facts = physdev_mt_facts(info, in, out);
	}
	return ((facts ^ info->invert) & info->bitmask) == info->bitmask;
}

/* In OUTPUT a port to leave by is not known yet */
static int physdev_mt_hooks(const struct xt_mtchk_param *par)
{
	const struct xt_physdev_info *info = par->matchinfo;
	bool bridged = info->bitmask & ~info->invert & XT_PHYSDEV_OP_BRIDGED;

	if (!(info->bitmask & (XT_PHYSDEV_OP_OUT | XT_PHYSDEV_OP_ISOUT)) || bridged)
		return 0;
	if (par->hook_mask & 1 << NF_INET_LOCAL_OUT)
		return xt_refuse(-EINVAL, "OUTPUT knows no port to leave by: try --physdev-is-bridged");
	return 0;
}

/* DIFF: physdev-names */
static int physdev_mt_name(const char *name)
{
	if (!*name)
		return xt_refuse(-EINVAL, "a name of a port is empty");
	if (strnlen(name, IFNAMSIZ) == IFNAMSIZ)
		return xt_refuse(-ENAMETOOLONG, "a name of a port is longer than %d bytes",
				 IFNAMSIZ - 1);
	return 0;
}

/* Without br_netfilter a rule matches nothing, so the first one loads it.  Once only: who
 * removes it afterwards does so on purpose.
 */
static void physdev_mt_load(void)
{
	static unsigned long asked;

	if (!test_and_set_bit(0, &asked))
		request_module("br_netfilter");
}

static int physdev_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_physdev_info *info = par->matchinfo;
	int err;

	if (!info->bitmask || info->bitmask & ~XT_PHYSDEV_OP_MASK)
		return xt_refuse(-EINVAL, "no option, or an unknown one: 0x%x", info->bitmask);
	err = info->bitmask & XT_PHYSDEV_OP_IN ? physdev_mt_name(info->physindev) : 0;
	if (!err && info->bitmask & XT_PHYSDEV_OP_OUT)
		err = physdev_mt_name(info->physoutdev);
	if (!err)
		err = xt_check_hooks_here(physdev_mt_hooks, par);
	if (!err)
		physdev_mt_load();
	return err;
}

static struct xt_match physdev_mt[] __read_mostly = {
	XT_BOTH(.name = "physdev", .match = physdev_mt_test,
		.checkentry = physdev_mt_check, XT_CHECK_HOOKS(physdev_mt_hooks),
		.matchsize = sizeof(struct xt_physdev_info)),
};

XT_MODULE_MATCHES(physdev_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: port of a bridge (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_physdev");
MODULE_ALIAS("ip6t_physdev");
