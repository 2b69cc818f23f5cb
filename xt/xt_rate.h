/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rates, for limit and hashlimit: a bucket that time fills and that each packet takes its
 * price from.
 *
 * A bucket is one number: the moment at which it was empty.  What is in it is the time
 * since then, at most its size; to take a price is to move that moment on.  So CPUs need
 * no lock, only compare-and-exchange, and the time that a bucket was left alone cannot
 * overflow.  Time is in ticks, which divide a jiffy finely: rounding loses nothing that
 * anyone could notice.
 */
#ifndef _XT_RATE_BUCKET_H
#define _XT_RATE_BUCKET_H

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/overflow.h>

#define XT_RATE_JIFFY	(1LL << 23)
#define XT_RATE_SECOND	(HZ * XT_RATE_JIFFY)
/* Prices and sizes stop here; jiffies as ticks stay below for a hundred years */
#define XT_RATE_MAX	(1LL << 61)

/**
 * struct xt_rate - what the rule says, in ticks
 * @price: what a packet takes out
 * @size:  what a full bucket holds
 */
struct xt_rate {
	s64	price;
	s64	size;
};

/**
 * struct xt_rate_bucket - a bucket
 * @empty: when it was empty; later than now for a CPU whose jiffies are late
 */
struct xt_rate_bucket {
	atomic64_t	empty;
};

static inline s64 xt_rate_now(void)
{
	/* the 64 bits: on a 32-bit machine the others wrap within minutes of the start */
	return get_jiffies_64() * XT_RATE_JIFFY;
}

/* @period of 1/@scale seconds, in ticks
 * DIFF: rate-rounding: stock's units are coarser
 */
static inline s64 xt_rate_ticks(u64 period, u32 scale)
{
	u64 seconds = period / scale, rest = period % scale;

	if (seconds > XT_RATE_MAX / XT_RATE_SECOND - 1)
		return XT_RATE_MAX;
	return seconds * XT_RATE_SECOND + rest * XT_RATE_SECOND / scale;
}

/**
 * xt_rate_set - a rate from what users say
 * @rate:   result
 * @period: time for one packet
 * @scale:  how many of @period's units are a second
 * @burst:  packets that a full bucket is good for
 */
static inline void xt_rate_set(struct xt_rate *rate, u64 period, u32 scale, u64 burst)
{
	u64 size;

	rate->price = xt_rate_ticks(period, scale);
	if (check_mul_overflow((u64)rate->price, burst, &size))
		size = XT_RATE_MAX;
	rate->size = min_t(u64, size, XT_RATE_MAX);
}

/**
 * xt_rate_fill - a new bucket, full
 * @bucket: the bucket
 * @rate:   its rate
 */
static inline void xt_rate_fill(struct xt_rate_bucket *bucket, const struct xt_rate *rate)
{
	atomic64_set(&bucket->empty, xt_rate_now() - rate->size);
}

/**
 * xt_rate_level - what is in a bucket
 * @bucket: the bucket
 * @rate:   its rate
 *
 * Return: ticks, between 0 and @rate->size
 */
static inline s64 xt_rate_level(const struct xt_rate_bucket *bucket,
				const struct xt_rate *rate)
{
	return clamp_t(s64, xt_rate_now() - atomic64_read(&bucket->empty), 0, rate->size);
}

/**
 * xt_rate_take - take the price of a packet
 * @bucket: the bucket
 * @rate:   its rate
 *
 * Any number of CPUs may do that at once; no two get the same content.
 * Return: false if there is too little in it, and then nothing is taken
 */
static inline bool xt_rate_take(struct xt_rate_bucket *bucket, const struct xt_rate *rate)
{
	s64 empty = atomic64_read(&bucket->empty);
	s64 now = xt_rate_now(), from;

	do {
		/* a full bucket does not fill any more */
		from = max(empty, now - rate->size);
		if (now - from < rate->price)
			return false;
	} while (!atomic64_try_cmpxchg(&bucket->empty, &empty, from + rate->price));
	return true;
}

#endif /* _XT_RATE_BUCKET_H */
