// SPDX-License-Identifier: GPL-2.0
/*
 * The match "u32": tests of 32-bit words of the packet.  Each test is a small program that
 * computes a word, and ranges that the word is in.  For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_u32.h>
#include <linux/skbuff.h>
#include <linux/unaligned.h>

#include "xt_extension.h"

/* Read the word at @at.  Return: false beyond the end of the packet */
static __always_inline bool u32_mt_load(const struct sk_buff *skb, struct xt_action_param *par,
					u64 at, u32 *value)
{
	const __be32 *word;
	__be32 room;

	if (at + sizeof(room) > skb->len)
		return false;
	word = skb_header_pointer(skb, at, sizeof(room), &room);
	/* The memory of a device can be in the packet, but not for us to read.
	 * DIFF: u32-unreadable
	 */
	if (!word) {
		par->hotdrop = true;
		return false;
	}
	*value = get_unaligned_be32(word);
	return true;
}

/* What the test's program makes of the packet.  Return: false beyond the end of the packet */
static bool u32_mt_compute(const struct sk_buff *skb, struct xt_action_param *par,
			   const struct xt_u32_test *test, u32 *result)
{
	const struct xt_u32_location_element *step = test->location;
	const struct xt_u32_location_element *end = step + test->nnums;
	/* what places count from: a word becomes part of the next place, "4 & 0xf @ 8" */
	u32 base = 0, value;

	if (!u32_mt_load(skb, par, step->number, &value))
		return false;
	while (++step < end) {
		switch (step->nextop) {
		case XT_U32_AND:
			value &= step->number;
			break;
		case XT_U32_LEFTSH:
			value <<= step->number;
			break;
		case XT_U32_RIGHTSH:
			value >>= step->number;
			break;
		case XT_U32_AT:
			if (check_add_overflow(base, value, &base) ||
			    !u32_mt_load(skb, par, (u64)base + step->number, &value))
				return false;
			break;
		}
	}
	*result = value;
	return true;
}

static bool u32_mt_test(const struct sk_buff *skb, struct xt_action_param *par,
			const struct xt_u32_test *test)
{
	u32 value, i;

	if (!u32_mt_compute(skb, par, test, &value))
		return false;
	for (i = 0; i < test->nvalues; i++) {
		if (value >= test->value[i].min && value <= test->value[i].max)
			return true;
	}
	return false;
}

static bool u32_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_u32 *info = par->matchinfo;
	bool all = true;
	u32 i;

	for (i = 0; all && i < info->ntests; i++)
		all = u32_mt_test(skb, par, &info->tests[i]);
	return all != info->invert;
}

static bool u32_mt_shifts_out(const struct xt_u32_location_element *step)
{
	return (step->nextop == XT_U32_LEFTSH || step->nextop == XT_U32_RIGHTSH) &&
	       step->number >= 32;
}

static int u32_mt_check_test(const struct xt_u32_test *test)
{
	u32 i;

	if (test->nnums > ARRAY_SIZE(test->location))
		return xt_refuse(-EINVAL, "%u steps of a test are more than %zu",
				 test->nnums, ARRAY_SIZE(test->location));
	if (test->nvalues > ARRAY_SIZE(test->value))
		return xt_refuse(-EINVAL, "%u ranges of a test are more than %zu",
				 test->nvalues, ARRAY_SIZE(test->value));
	for (i = 1; i < test->nnums; i++) {
		if (u32_mt_shifts_out(&test->location[i]))
			return xt_refuse(-EINVAL, "a shift by %u leaves nothing of 32 bits",
					 test->location[i].number);
	}
	return 0;
}

static int u32_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_u32 *info = par->matchinfo;
	int err = 0;
	u32 i;

	if (info->ntests > ARRAY_SIZE(info->tests))
		return xt_refuse(-EINVAL, "%u tests are more than %zu",
				 info->ntests, ARRAY_SIZE(info->tests));
	for (i = 0; !err && i < info->ntests; i++)
		err = u32_mt_check_test(&info->tests[i]);
	return err;
}

static struct xt_match u32_mt_rows[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "u32", .match = u32_mt, .checkentry = u32_mt_check,
	       .matchsize = sizeof(struct xt_u32)),
};

XT_MODULE_MATCHES(u32_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: words of the packet (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_u32");
MODULE_ALIAS("ip6t_u32");
