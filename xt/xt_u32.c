// SPDX-License-Identifier: GPL-2.0
/*
 * The match "u32": tests of 32-bit words of the packet.  Each test is a small program that
 * computes a word, and ranges that the word is in.  For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_u32.h>
#include <linux/skbuff.h>

#include "xt_extension.h"

/**
 * struct u32_mt_state - where the program of a test has come to
 * @skb:   packet
 * @par:   what the table knows of it
 * @base:  what places count from; "@" moves it
 * @value: the word so far
 */
struct u32_mt_state {
	const struct sk_buff	*skb;
	struct xt_action_param	*par;
	u32			base;
	u32			value;
};

/* Read the word at @place.  Return: false beyond the end of the packet */
static bool u32_mt_load(struct u32_mt_state *state, u32 place)
{
	u64 at = (u64)state->base + place;
	__be32 word;

	if (at + sizeof(word) > state->skb->len)
		return false;
	/* The memory of a device can be in the packet, but not for us to read.
	 * DIFF: u32-unreadable
	 */
	if (skb_copy_bits(state->skb, at, &word, sizeof(word))) {
		state->par->hotdrop = true;
		return false;
	}
	state->value = ntohl(word);
	return true;
}

/* The word becomes part of the place that comes next: "4 & 0xf @ 8" */
static bool u32_mt_move(struct u32_mt_state *state, u32 place)
{
	if (check_add_overflow(state->base, state->value, &state->base))
		return false;
	return u32_mt_load(state, place);
}

static bool u32_mt_step(struct u32_mt_state *state, const struct xt_u32_location_element *step)
{
	switch (step->nextop) {
	case XT_U32_AND:
		state->value &= step->number;
		break;
	case XT_U32_LEFTSH:
		state->value <<= step->number;
		break;
	case XT_U32_RIGHTSH:
		state->value >>= step->number;
		break;
	case XT_U32_AT:
		return u32_mt_move(state, step->number);
	}
	return true;
}

static bool u32_mt_test(const struct sk_buff *skb, struct xt_action_param *par,
			const struct xt_u32_test *test)
{
	struct u32_mt_state state = { .skb = skb, .par = par };
	u32 i;

	if (!u32_mt_load(&state, test->location[0].number))
		return false;
	for (i = 1; i < test->nnums; i++) {
		if (!u32_mt_step(&state, &test->location[i]))
			return false;
	}
	for (i = 0; i < test->nvalues; i++) {
		if (state.value >= test->value[i].min && state.value <= test->value[i].max)
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
