// SPDX-License-Identifier: GPL-2.0
/*
 * Which call an expectation of media belongs to: an expectation has no room for that.  Each
 * connection has a bucket of records, in static memory; a new record takes the place of the
 * oldest one.  A call that is forgotten leaves its media expected until they time out.
 *
 * The lock of a bucket guards all of it.  An entry is known by its address, without a
 * reference: what is left of an entry that has gone is overwritten, since each expectation
 * is noted.
 */
#include <linux/hash.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/spinlock.h>

#include "sip_calls.h"

#define SIP_BUCKET_BITS	6
#define SIP_RECORDS	32

struct sip_record {
	const struct nf_conn	*ct;
	struct nf_ct_sip_call	call;
	__be16			port;
};

struct sip_bucket {
	spinlock_t		lock;	/* of all below */
	u32			oldest;
	struct sip_record	records[SIP_RECORDS];
};

static struct sip_bucket sip_buckets[1 << SIP_BUCKET_BITS];
static siphash_key_t sip_secret;

static struct sip_bucket *sip_bucket_of(const struct nf_conn *ct)
{
	return &sip_buckets[hash_ptr(ct, SIP_BUCKET_BITS)];
}

static struct sip_record *sip_record_of(struct sip_bucket *bucket,
					const struct nf_conn *ct, __be16 port)
{
	struct sip_record *record;

	for (record = bucket->records; record < bucket->records + SIP_RECORDS; record++) {
		if (record->ct == ct && record->port == port)
			return record;
	}
	return NULL;
}

/**
 * nf_ct_sip_calls_init - before the helper is registered
 *
 * Context: the module's init.
 */
void nf_ct_sip_calls_init(void)
{
	unsigned int i;

	get_random_bytes(&sip_secret, sizeof(sip_secret));
	for (i = 0; i < ARRAY_SIZE(sip_buckets); i++)
		spin_lock_init(&sip_buckets[i].lock);
}

/**
 * nf_ct_sip_calls_id - make a number of a Call-ID
 * @text: the Call-ID
 * @len:  its length
 *
 * Nobody outside can find two that make the same.
 *
 * Return: the number.
 */
u32 nf_ct_sip_calls_id(const void *text, u32 len)
{
	return siphash(text, len, &sip_secret);
}

/**
 * nf_ct_sip_calls_note - remember a call
 * @ct:   master of the expectation
 * @port: port that is expected
 * @call: the call
 *
 * Context: any but hard interrupt.
 */
void nf_ct_sip_calls_note(const struct nf_conn *ct, __be16 port,
			  const struct nf_ct_sip_call *call)
{
	struct sip_bucket *bucket = sip_bucket_of(ct);
	struct sip_record *record;

	spin_lock_bh(&bucket->lock);
	record = sip_record_of(bucket, ct, port);
	if (!record) {
		record = &bucket->records[bucket->oldest];
		bucket->oldest = (bucket->oldest + 1) % SIP_RECORDS;
	}
	*record = (struct sip_record){ .ct = ct, .call = *call, .port = port };
	spin_unlock_bh(&bucket->lock);
}

/**
 * nf_ct_sip_calls_find - recall a call
 * @ct:   master of the expectation
 * @port: port that is expected
 * @call: result
 *
 * Context: any but hard interrupt.
 * Return: false if it is forgotten.
 */
bool nf_ct_sip_calls_find(const struct nf_conn *ct, __be16 port,
			  struct nf_ct_sip_call *call)
{
	struct sip_bucket *bucket = sip_bucket_of(ct);
	struct sip_record *record;

	spin_lock_bh(&bucket->lock);
	record = sip_record_of(bucket, ct, port);
	if (record)
		*call = record->call;
	spin_unlock_bh(&bucket->lock);
	return record;
}
