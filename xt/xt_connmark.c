// SPDX-License-Identifier: GPL-2.0
/*
 * The match "connmark" and the target "CONNMARK": the mark of a connection, and its way to
 * and from the mark of a packet.  For all hooks.  The mark is the entry's; it is read and
 * written without a lock, and of two CPUs that change it at once one may win.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_connmark.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "xt_track.h"

static bool connmark_mt_equals(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_connmark_mtinfo1 *info = par->matchinfo;
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return ct && ((READ_ONCE(ct->mark) & info->mask) == info->mark) != !!info->invert;
}

/* Bits of a mark on their way; revision 1 has no shift */
static u32 connmark_tg_shift(u32 bits, const struct xt_connmark_tginfo2 *info)
{
	return info->shift_dir == D_SHIFT_LEFT ? bits << info->shift_bits :
						 bits >> info->shift_bits;
}

/* What the connection's mark becomes */
static void connmark_tg_write(struct nf_conn *ct, u32 was, u32 mark)
{
	if (mark == was)
		return;
	WRITE_ONCE(ct->mark, mark);
	nf_conntrack_event_cache(IPCT_MARK, ct);
}

static __always_inline unsigned int connmark_tg_do(struct sk_buff *skb,
						   const struct xt_connmark_tginfo2 *info)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	u32 was;

	if (!ct)
		return XT_CONTINUE;

	was = READ_ONCE(ct->mark);
	switch (info->mode) {
	case XT_CONNMARK_SET:
		/* here the shift is of what the mark has become */
		connmark_tg_write(ct, was, connmark_tg_shift((was & ~info->ctmask) ^ info->ctmark,
							     info));
		break;
	case XT_CONNMARK_SAVE:
		connmark_tg_write(ct, was, (was & ~info->ctmask) ^
					   connmark_tg_shift(skb->mark & info->nfmask, info));
		break;
	case XT_CONNMARK_RESTORE:
		skb->mark = (skb->mark & ~info->nfmask) ^
			    connmark_tg_shift(was & info->ctmask, info);
		break;
	}
	return XT_CONTINUE;
}

static unsigned int connmark_tg1(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_connmark_tginfo1 *info = par->targinfo;
	const struct xt_connmark_tginfo2 unshifted = {
		.ctmark	= info->ctmark,
		.ctmask	= info->ctmask,
		.nfmask	= info->nfmask,
		.mode	= info->mode,
	};

	return connmark_tg_do(skb, &unshifted);
}

static unsigned int connmark_tg2(struct sk_buff *skb, const struct xt_action_param *par)
{
	return connmark_tg_do(skb, par->targinfo);
}

static int connmark_tg1_check(const struct xt_tgchk_param *par)
{
	return xt_track_get(par->net, par->family);
}

static int connmark_tg2_check(const struct xt_tgchk_param *par)
{
	const struct xt_connmark_tginfo2 *info = par->targinfo;

	if (info->shift_dir > D_SHIFT_RIGHT)
		return xt_refuse(-EINVAL, "a shift is to the left (0) or to the right (1), not %u",
				 info->shift_dir);
	if (info->shift_bits > 31)
		return xt_refuse(-EINVAL, "a mark has 32 bits: it cannot be shifted by %u",
				 info->shift_bits);
	return xt_track_get(par->net, par->family);
}

static void connmark_tg_destroy(const struct xt_tgdtor_param *par)
{
	xt_track_put(par->net, par->family);
}

static struct xt_match connmark_mt[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "connmark", .revision = 1, .match = connmark_mt_equals,
	       .matchsize = sizeof(struct xt_connmark_mtinfo1),
	       .checkentry = xt_track_mt_check, .destroy = xt_track_mt_destroy),
};

#define CONNMARK_TG(number)							\
	.name = "CONNMARK", .revision = (number), .target = connmark_tg##number,	\
	.targetsize = sizeof(struct xt_connmark_tginfo##number),		\
	.checkentry = connmark_tg##number##_check, .destroy = connmark_tg_destroy

static struct xt_target connmark_tg[] __read_mostly = {
	XT_BOTH(CONNMARK_TG(1)),
	XT_BOTH(CONNMARK_TG(2)),
};

XT_MODULE_BOTH(connmark_mt, connmark_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match and target: connection mark (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_connmark");
MODULE_ALIAS("ip6t_connmark");
MODULE_ALIAS("ipt_CONNMARK");
MODULE_ALIAS("ip6t_CONNMARK");
