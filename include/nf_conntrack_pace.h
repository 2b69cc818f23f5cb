/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When to serve a listener that had no room again.  Pure arithmetic on nanoseconds of a clock
 * that never goes back: no kernel type, no lock, no clock of its own, so that a
 * program in user space can test it.
 */
#ifndef _NF_CONNTRACK_PACE_H
#define _NF_CONNTRACK_PACE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
typedef uint32_t u32;
typedef uint64_t u64;
#endif

/* Shortest wait for listeners whose room cannot be seen, nanoseconds */
#define NF_CT_PACE_WAIT_MIN	100000ULL
/* Shortest wait for those whose room can be seen: looking costs no message */
#define NF_CT_PACE_LOOK_MIN	2000ULL
/* The longest wait grows to 1/16 of the time for which a listener has refused */
#define NF_CT_PACE_SHARE	16
/* A user's limit below this counts as this, nanoseconds */
#define NF_CT_PACE_LIMIT_MIN	10000000ULL

/**
 * struct nf_conntrack_pace - how fast a listener, or those of the shared slot, read
 * @taken: when the listener last took an event, or when the first item began to
 *         wait for it; nanoseconds
 * @pause: nanoseconds that the listener is expected to need after it has refused:
 *         a guess from the last time
 * @waits: waits since the listener last took an event
 *
 * Written by the CPU that serves the listener, and by the one that queues the first
 * item; a lost update costs one wait that is too long or too short, so nothing guards the
 * members.
 */
struct nf_conntrack_pace {
	u64	taken;
	u64	pause;
	u32	waits;
};

/* The first item begins to wait at @now */
void nf_conntrack_pace_start(struct nf_conntrack_pace *p, u64 now);
/* The listener took an event at @now, or does not want it */
void nf_conntrack_pace_taken(struct nf_conntrack_pace *p, u64 now);
/* The listener had no room, and a wait begins */
void nf_conntrack_pace_refused(struct nf_conntrack_pace *p);
u64 nf_conntrack_pace_wait(const struct nf_conntrack_pace *p, u64 now, u64 least,
			   u64 limit, u32 random);

#endif /* _NF_CONNTRACK_PACE_H */
