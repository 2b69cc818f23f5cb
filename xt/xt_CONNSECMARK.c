// SPDX-License-Identifier: GPL-2.0
/*
 * The target "CONNSECMARK": the security mark of the packet that has one goes to its
 * connection that has none (save), or the other way round (restore).  In the tables mangle
 * and security; the mark is the entry's, and is set once.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_CONNSECMARK.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "xt_secmark.h"
#include "xt_track.h"

static void connsecmark_tg_save(const struct sk_buff *skb, struct nf_conn *ct)
{
	if (!skb->secmark || ct->secmark)
		return;
	ct->secmark = skb->secmark;
	nf_conntrack_event_cache(IPCT_SECMARK, ct);
}

static unsigned int connsecmark_tg_do(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_connsecmark_target_info *info = par->targinfo;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (!ct)
		return XT_CONTINUE;
	if (info->mode == CONNSECMARK_SAVE)
		connsecmark_tg_save(skb, ct);
	else if (!skb->secmark)
		skb->secmark = ct->secmark;
	return XT_CONTINUE;
}

static int connsecmark_tg_check(const struct xt_tgchk_param *par)
{
	const struct xt_connsecmark_target_info *info = par->targinfo;
	int err = xt_secmark_table(par->table);

	if (err)
		return err;
	if (info->mode != CONNSECMARK_SAVE && info->mode != CONNSECMARK_RESTORE)
		return xt_refuse(-EINVAL, "the mode is save (1) or restore (2), not %u",
				 info->mode);
	return xt_track_get(par->net, par->family);
}

static void connsecmark_tg_destroy(const struct xt_tgdtor_param *par)
{
	xt_track_put(par->net, par->family);
}

static struct xt_target connsecmark_tg[] __read_mostly = {
	XT_BOTH(.name = "CONNSECMARK", .target = connsecmark_tg_do,
		.targetsize = sizeof(struct xt_connsecmark_target_info),
		.checkentry = connsecmark_tg_check, .destroy = connsecmark_tg_destroy),
};

XT_MODULE_TARGETS(connsecmark_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: security mark of connections (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_CONNSECMARK");
MODULE_ALIAS("ip6t_CONNSECMARK");
