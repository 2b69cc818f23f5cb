/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One stay of an expectation in the table, as listeners are shown it.  It begins
 * with the NEW event and ends with the destroy event, and outlives the expectation and
 * its master while an event is undelivered.  It is an object of its own because
 * helpers use one struct nf_conntrack_expect for several tuples in turn.
 *
 * References: one belongs to the expectation while it is linked, one to the
 * list of undelivered events, one to each reader.  Except for the members that are
 * named below, nothing changes after the start.
 */
#ifndef _NF_CT_EXPECT_LIFE_H
#define _NF_CT_EXPECT_LIFE_H

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

/**
 * struct nf_ct_expect_life - what listeners are shown of an expectation
 * @unsent:     in a list of undelivered events; guarded by that list's lock
 * @cache:      events that are not sent, and which listeners lack one
 * @word:       state of its events; both see nf_conntrack_unsent.h
 * @use:        references
 * @net:        namespace
 * @cpu:        whose list it goes to
 * @expmask:    events that the master's rule selected
 * @seq:        number of this life; every list of expectations is sorted by it,
 *              the latest first
 * @portid:     netlink port that ended it
 * @timeout:    jiffies32; a copy, brought up to date under the lock
 * @flags:      the same
 * @class:      class of the helper's policy
 * @tuple:      what is expected
 * @mask:       which part of the source counts
 * @master:     original tuple of the master
 * @helper:     name of the helper, or ""
 * @expectfn:   function that sets up the new connection; only to be compared
 * @saved_addr: NAT: address before it was changed
 * @saved_proto: NAT: port before it was changed
 * @dir:        NAT: direction relative to the master
 */
struct nf_ct_expect_life {
	struct list_head		unsent;
	unsigned long			cache;
	u32				word;
	refcount_t			use;
	struct net			*net;
	u16				cpu;
	u16				expmask;
	u64				seq;
	u32				portid;
	u32				timeout;
	u32				flags;
	u32				class;
	struct nf_conntrack_tuple	tuple;
	struct nf_conntrack_tuple_mask	mask;
	struct nf_conntrack_tuple	master;
	char				helper[NF_CT_HELPER_NAME_LEN];
	const void			*expectfn;
#if IS_ENABLED(CONFIG_NF_NAT)
	union nf_inet_addr		saved_addr;
	union nf_conntrack_man_proto	saved_proto;
	u8				dir;
#endif
};

/**
 * struct nf_ct_expectation - an expectation and what only this module knows of it
 * @exp:  what every other module sees
 * @life: while it is linked; nf_conntrack_expect_lock
 */
struct nf_ct_expectation {
	struct nf_conntrack_expect	exp;
	struct nf_ct_expect_life	*life;
};

static inline struct nf_ct_expectation *
nf_ct_expectation(const struct nf_conntrack_expect *exp)
{
	return container_of(exp, struct nf_ct_expectation, exp);
}

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/**
 * struct nf_ct_expect_event - what nf_ct_event_notifier.exp_event() gets
 * @item: the kernel's own struct; item.exp is NULL, the expectation may be gone
 * @life: what to send
 * @delivery: to whom
 */
struct nf_ct_expect_event {
	struct nf_exp_event		item;
	const struct nf_ct_expect_life	*life;
	struct nf_ct_delivery		*delivery;
};
#endif

/**
 * struct nf_ct_expect_walk - a place between two expectations
 * @bucket: of the table
 * @before: next is the latest one that is older than this; 0: begin
 */
struct nf_ct_expect_walk {
	unsigned int	bucket;
	u64		before;
};

/* life.c */
struct nf_ct_expect_life *nf_ct_expect_life_alloc(void);
void nf_ct_expect_life_put(struct nf_ct_expect_life *life);
u32 nf_ct_expect_life_id(const struct nf_ct_expect_life *life);
struct nf_ct_expect_life *nf_ct_expect_life_get(struct nf_conntrack_expect *exp);
/* nf_conntrack_expect_lock held by the callers of these: */
void nf_ct_expect_life_start(struct nf_conntrack_expect *exp,
			     struct nf_ct_expect_life *life,
			     const struct nf_conntrack_helper *helper);
void nf_ct_expect_life_sync(const struct nf_conntrack_expect *exp);
struct nf_ct_expect_life *
nf_ct_expect_life_hold(const struct nf_conntrack_expect *exp);
void nf_ct_expect_life_end(struct nf_conntrack_expect *exp);

/* walk.c, for nf_conntrack_netlink.ko; the lives come with a reference */
unsigned int nf_ct_expect_walk_next(struct net *net, struct nf_ct_expect_walk *walk,
				    struct nf_ct_expect_life **batch,
				    unsigned int max);
unsigned int nf_ct_expect_walk_master(struct nf_conn *master,
				      struct nf_ct_expect_walk *walk,
				      struct nf_ct_expect_life **batch,
				      unsigned int max);

#endif /* _NF_CT_EXPECT_LIFE_H */
