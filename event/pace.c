// SPDX-License-Identifier: GPL-2.0
/*
 * How long to wait before a listener that had no room is tried or looked at again.
 *
 * The wait is a random part, between half and all, of 1/16 of the time since the
 * listener last took an event: short enough to keep a slow listener busy (a buffer
 * of 2,048 bytes is empty after 2 ms), long enough not to hammer on a listener
 * that sleeps.  The user's limit bounds it.
 *
 * A netlink socket that has refused takes nothing until it is empty.  How long that
 * took the last time is the best guess: 7/8 of it pass before the next attempt,
 * since an attempt that fails costs time, and a message where room cannot be seen
 * (in the shared slot, whose other listeners see a copy).  The guess falls at once,
 * and grows by a quarter at most: a listener that was slow once does not pay for it.
 *
 * Compiles in user space, too: selftests/unit/pace.c.
 */
#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/math64.h>
#else
#define READ_ONCE(x)	 (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))
#define mul_u64_u32_shr(a, b, s) ((u64)(((unsigned __int128)(a) * (b)) >> (s)))
#endif

#include "nf_conntrack_pace.h"

static u64 nf_conntrack_pace_min(u64 a, u64 b)
{
	return a < b ? a : b;
}

static u64 nf_conntrack_pace_max(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* Another CPU may have noted a later time than @now */
static u64 nf_conntrack_pace_stall(const struct nf_conntrack_pace *p, u64 now)
{
	u64 taken = READ_ONCE(p->taken);

	return now > taken ? now - taken : 0;
}

void nf_conntrack_pace_start(struct nf_conntrack_pace *p, u64 now)
{
	WRITE_ONCE(p->taken, now);
}

/* The first event that a listener took after it had refused: how long was that? */
static void nf_conntrack_pace_learn(struct nf_conntrack_pace *p, u64 now)
{
	u64 took = nf_conntrack_pace_stall(p, now);
	u64 last = READ_ONCE(p->pause);
	u64 most = nf_conntrack_pace_max(last + last / 4, 2 * NF_CT_PACE_WAIT_MIN);

	/* one wait was enough: the listener may have been ready long before */
	if (READ_ONCE(p->waits) == 1)
		took /= 2;
	WRITE_ONCE(p->pause, nf_conntrack_pace_min(took, most));
	WRITE_ONCE(p->waits, 0);
}

void nf_conntrack_pace_taken(struct nf_conntrack_pace *p, u64 now)
{
	if (READ_ONCE(p->waits))
		nf_conntrack_pace_learn(p, now);
	WRITE_ONCE(p->taken, now);
}

void nf_conntrack_pace_refused(struct nf_conntrack_pace *p)
{
	WRITE_ONCE(p->waits, READ_ONCE(p->waits) + 1);
}

/**
 * nf_conntrack_pace_wait - how long to wait now
 * @p:      pace of the listener
 * @now:    nanoseconds
 * @least:  nanoseconds that each wait takes at least
 * @limit:  nanoseconds that no wait exceeds; below 10 ms counts as 10 ms
 * @random: 32 random bits
 *
 * Context: any.
 * Return: nanoseconds.
 */
u64 nf_conntrack_pace_wait(const struct nf_conntrack_pace *p, u64 now, u64 least,
			   u64 limit, u32 random)
{
	u64 stall = nf_conntrack_pace_stall(p, now);
	u64 pause = READ_ONCE(p->pause);
	u64 guess = pause - pause / 8;
	u64 half;

	limit = nf_conntrack_pace_max(limit, NF_CT_PACE_LIMIT_MIN);
	if (stall + least < guess)
		return nf_conntrack_pace_min(guess - stall, limit);

	half = nf_conntrack_pace_min(stall / NF_CT_PACE_SHARE, limit) / 2;
	return nf_conntrack_pace_max(half + mul_u64_u32_shr(half, random, 32), least);
}
