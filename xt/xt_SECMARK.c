// SPDX-License-Identifier: GPL-2.0
/*
 * The target "SECMARK": the security mark of a packet, for the security module of the
 * system.  In the tables mangle and security.  The check of the rule turns the text of the
 * security context into the number that the packet gets; each rule counts as one user of
 * security marks, so that the security module looks at them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_SECMARK.h>
#include <linux/security.h>

#include "xt_secmark.h"

static unsigned int secmark_tg0(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_secmark_target_info *info = par->targinfo;

	skb->secmark = info->secid;
	return XT_CONTINUE;
}

static unsigned int secmark_tg1(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_secmark_target_info_v1 *info = par->targinfo;

	skb->secmark = info->secid;
	return XT_CONTINUE;
}

/* The number of a context whose text ends at @size at the latest; 0 there is none of */
static int secmark_tg_number(char *context, size_t size, u32 *number)
{
	int err;

	context[size - 1] = '\0';
	*number = 0;
	err = security_secctx_to_secid(context, strlen(context), number);
	if (err == -EINVAL)
		return xt_refuse(err, "\"%s\" is not a security context", context);
	if (err)
		return xt_refuse(err, "security context \"%s\": error %d", context, err);
	if (!*number)
		return xt_refuse(-ENOENT, "no security module knows the context \"%s\"", context);

	err = security_secmark_relabel_packet(*number);
	if (err)
		return xt_refuse(err, "no permission to give packets the context \"%s\"", context);
	return 0;
}

static int secmark_tg_check(const struct xt_tgchk_param *par, u8 mode, char *context,
			    u32 *number)
{
	int err = xt_secmark_table(par->table);

	if (err)
		return err;
	if (mode != SECMARK_MODE_SEL)
		return xt_refuse(-EINVAL, "the mode is 1, not %u", mode);
	err = secmark_tg_number(context, SECMARK_SECCTX_MAX, number);
	if (!err)
		security_secmark_refcount_inc();
	return err;
}

static int secmark_tg0_check(const struct xt_tgchk_param *par)
{
	struct xt_secmark_target_info *info = par->targinfo;

	return secmark_tg_check(par, info->mode, info->secctx, &info->secid);
}

static int secmark_tg1_check(const struct xt_tgchk_param *par)
{
	struct xt_secmark_target_info_v1 *info = par->targinfo;

	return secmark_tg_check(par, info->mode, info->secctx, &info->secid);
}

static void secmark_tg_destroy(const struct xt_tgdtor_param *par)
{
	security_secmark_refcount_dec();
}

#define SECMARK_TG0							\
	.name = "SECMARK", .target = secmark_tg0,			\
	.targetsize = sizeof(struct xt_secmark_target_info),		\
	.checkentry = secmark_tg0_check, .destroy = secmark_tg_destroy

#define SECMARK_TG1							\
	.name = "SECMARK", .revision = 1, .target = secmark_tg1,	\
	.targetsize = sizeof(struct xt_secmark_target_info_v1),		\
	.usersize = offsetof(struct xt_secmark_target_info_v1, secid),	\
	.checkentry = secmark_tg1_check, .destroy = secmark_tg_destroy

static struct xt_target secmark_tg[] __read_mostly = {
	XT_BOTH(SECMARK_TG0),
	XT_BOTH(SECMARK_TG1),
};

XT_MODULE_TARGETS(secmark_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: security mark of packets (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_SECMARK");
MODULE_ALIAS("ip6t_SECMARK");
