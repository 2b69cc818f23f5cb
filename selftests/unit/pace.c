// SPDX-License-Identifier: GPL-2.0
/*
 * How long events wait for a listener that has refused: event/pace.c, compiled in
 * user space.  Times are simulated; nothing here sleeps.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "../../event/pace.c"
#include "unit.h"

#define USEC	1000ULL
#define MSEC	(1000 * USEC)
#define SEC	(1000 * MSEC)
#define LIMIT	(15 * SEC)

static u32 random_u32(void)
{
	return (u32)rand() << 16 ^ (u32)rand();
}

static u64 wait_for(const struct nf_conntrack_pace *p, u64 now, u64 limit, u32 random)
{
	return nf_conntrack_pace_wait(p, now, NF_CT_PACE_WAIT_MIN, limit, random);
}

/* Between half and all of 1/16 of the time since the listener took an event */
static void grows_with_the_stall(void)
{
	struct nf_conntrack_pace p = {};
	bool fits = true;
	u64 stall, wait;
	int i;

	nf_conntrack_pace_start(&p, SEC);
	for (i = 0; i < 100000; i++) {
		stall = 4 * MSEC + random_u32() % (200ULL * SEC / MSEC) * MSEC;
		wait = wait_for(&p, SEC + stall, LIMIT, random_u32());
		fits &= wait >= stall / 32 - 1 && wait <= stall / 16;
	}
	CHECK(fits);
}

static void stays_in_its_limits(void)
{
	struct nf_conntrack_pace p = {};
	bool least = true, most = true, floor = true;
	u64 now, wait;
	int i;

	nf_conntrack_pace_start(&p, 0);
	for (i = 0; i < 100000; i++) {
		now = (u64)random_u32() << (random_u32() % 32);
		wait = wait_for(&p, now, 2 * SEC, random_u32());
		least &= wait >= NF_CT_PACE_WAIT_MIN;
		most &= wait <= 2 * SEC;
		floor &= wait_for(&p, now, 0, random_u32()) <= NF_CT_PACE_LIMIT_MIN;
	}
	CHECK(least);
	CHECK(most);
	CHECK(floor);
	CHECK(wait_for(&p, 100 * SEC, 0, 0) >= 5 * MSEC);
}

/* A clock that another CPU has read later is no reason to wait for ever. */
static void survives_a_late_clock(void)
{
	struct nf_conntrack_pace p = {};

	nf_conntrack_pace_taken(&p, 10 * SEC);
	CHECK(wait_for(&p, 9 * SEC, LIMIT, ~0U) ==
		   NF_CT_PACE_WAIT_MIN);
	p.taken = 0;
	CHECK(wait_for(&p, ~0ULL, ~0ULL, ~0U) <= ~0ULL / 16);
}

/* A listener that needs 4 ms for what its buffer holds: few attempts in vain */
static void learns_a_pace(void)
{
	struct nf_conntrack_pace p = {};
	unsigned int attempts = 0, rounds;
	u64 now = SEC, ready;

	nf_conntrack_pace_start(&p, now);
	for (rounds = 0; rounds < 1000; rounds++) {
		ready = now + 4 * MSEC;
		while (now < ready) {
			attempts++;
			nf_conntrack_pace_refused(&p);
			now += wait_for(&p, now, LIMIT, random_u32());
		}
		nf_conntrack_pace_taken(&p, now);
	}
	CHECK(attempts <= 6000);
	CHECK(now - SEC <= rounds * 4 * MSEC * 10 / 9);
}

/* One long pause must not make the next ones long. */
static void forgets_a_long_pause(void)
{
	struct nf_conntrack_pace p = {};
	u64 now = SEC;

	nf_conntrack_pace_start(&p, now);
	nf_conntrack_pace_refused(&p);
	nf_conntrack_pace_refused(&p);
	now += 60 * SEC;
	nf_conntrack_pace_taken(&p, now);
	nf_conntrack_pace_refused(&p);
	CHECK(wait_for(&p, now, LIMIT, ~0U) < MSEC);
}

int main(void)
{
	srand(1);
	unit_test("a wait is 1/32 to 1/16 of the stall", grows_with_the_stall);
	unit_test("waits stay in their limits", stays_in_its_limits);
	unit_test("a clock that is late, or very large", survives_a_late_clock);
	unit_test("a listener's pace is learnt", learns_a_pace);
	unit_test("one long pause is forgotten", forgets_a_long_pause);
	return unit_finish();
}
