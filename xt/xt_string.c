// SPDX-License-Identifier: GPL-2.0
/*
 * The match "string": a pattern of bytes begins within a part of the packet.  For all hooks.
 * A rule has the pattern as the kernel's text search prepared it, from its check until it is
 * destroyed; nobody changes it in between, so there is no lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_string.h>
#include <linux/skbuff.h>
#include <linux/textsearch.h>

#include "xt_extension.h"

#define STRING_MT_FLAGS		(XT_STRING_FLAG_INVERT | XT_STRING_FLAG_IGNORECASE)

static bool string_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_string_info *info = par->matchinfo;
	bool found;

	/* The search moves only a state of its own through the packet */
	found = skb_find_text((struct sk_buff *)skb, info->from_offset, info->to_offset,
			      info->config) != UINT_MAX;
	return found != !!(info->u.v1.flags & XT_STRING_FLAG_INVERT);
}

/* Everything that comes from the user is checked before it is used */
static int string_mt_check_info(const struct xt_string_info *info)
{
	if (info->from_offset > info->to_offset)
		return xt_refuse(-EINVAL, "the part from %u to %u is upside down",
				 info->from_offset, info->to_offset);
	if (strnlen(info->algo, sizeof(info->algo)) == sizeof(info->algo))
		return xt_refuse(-EINVAL, "the name of the algorithm has no end");
	if (info->patlen > sizeof(info->pattern))
		return xt_refuse(-EINVAL, "a pattern of %u bytes is longer than %zu",
				 info->patlen, sizeof(info->pattern));
	if (info->u.v1.flags & ~STRING_MT_FLAGS)
		return xt_refuse(-EINVAL, "unknown flags 0x%x", info->u.v1.flags);
	return 0;
}

static int string_mt_check(const struct xt_mtchk_param *par)
{
	struct xt_string_info *info = par->matchinfo;
	struct ts_config *config;
	int flags = TS_AUTOLOAD;
	int err;

	err = string_mt_check_info(info);
	if (err)
		return err;
	if (info->u.v1.flags & XT_STRING_FLAG_IGNORECASE)
		flags |= TS_IGNORECASE;
	config = textsearch_prepare(info->algo, info->pattern, info->patlen, GFP_KERNEL, flags);
	if (IS_ERR(config))
		return xt_refuse(PTR_ERR(config), "the search \"%s\" cannot be set up (error %ld)",
				 info->algo, PTR_ERR(config));
	info->config = config;
	return 0;
}

static void string_mt_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_string_info *info = par->matchinfo;

	textsearch_destroy(info->config);
}

static struct xt_match string_mt_rows[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "string", .revision = 1,
	       .match = string_mt, .checkentry = string_mt_check, .destroy = string_mt_destroy,
	       .matchsize = sizeof(struct xt_string_info),
	       .usersize = offsetof(struct xt_string_info, config)),
};

XT_MODULE_MATCHES(string_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: bytes in the packet (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_string");
MODULE_ALIAS("ip6t_string");
MODULE_ALIAS("ebt_string");
