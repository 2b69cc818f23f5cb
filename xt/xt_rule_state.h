/* SPDX-License-Identifier: GPL-2.0 */
/*
 * State of one rule, from the check of the rule until it is destroyed: what its packets
 * count.  A rule has a pointer to it in the bytes that users do not see, and tables move
 * the rule's bytes as they like.  The same rule in a table that replaces this one is
 * checked anew, and begins with state of its own.  Who changes the state, and how, is the
 * module's business; when it is freed no packet sees the rule any more.
 */
#ifndef _XT_RULE_STATE_H
#define _XT_RULE_STATE_H

#include <linux/cache.h>
#include <linux/slab.h>

/**
 * xt_rule_state_new - the state of a rule
 * @bytes: its size
 *
 * No two rules share a line of the cache.  What a namespace's rules need is accounted to
 * who inserts them.  Context: sleeps.
 * Return: zeros, or NULL
 */
static inline void *xt_rule_state_new(size_t bytes)
{
	return kzalloc(L1_CACHE_ALIGN(bytes), GFP_KERNEL_ACCOUNT);
}

/**
 * xt_rule_state_free - the end of what xt_rule_state_new() began
 * @state: the state
 */
static inline void xt_rule_state_free(void *state)
{
	kfree(state);
}

#endif /* _XT_RULE_STATE_H */
