/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What all files of nf_conntrack.ko may use (and, through the symbol namespace
 * RELIABLE_CONNTRACK, those of nf_conntrack_netlink.ko): our area of a namespace and
 * the globals of base/globals.c.
 */
#ifndef _NF_CONNTRACK_INTERNAL_H
#define _NF_CONNTRACK_INTERNAL_H

#include <linux/module.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "nf_ct_entry.h"

struct nf_conntrack_unsent;

/* Export for nf_conntrack_netlink.ko only */
#define NF_CT_EXPORT_PRIVATE(sym) EXPORT_SYMBOL_NS_GPL(sym, RELIABLE_CONNTRACK)

#define NF_CT_EVENTS_RETRY_DEFAULT	(15 * HZ)
#define NF_CT_EVENTS_BATCH_MAX		3776

/**
 * struct nf_conntrack_pernet - our area of a namespace (net_generic)
 * @stock:         what nf_ct_pernet() returns; must be first
 * @unsent:        lists of undelivered events (event/unsent.c)
 * @events_retry:  sysctl nf_conntrack_events_retry_timeout, jiffies
 * @events_batch:  sysctl nf_conntrack_events_batch, bytes, 0 = off
 * @expect_unsent: unlinked expectations whose destroy event is undelivered
 */
struct nf_conntrack_pernet {
	struct nf_conntrack_net		stock;
	struct nf_conntrack_unsent	*unsent;
	unsigned int			events_retry;
	unsigned int			events_batch;
	atomic_t			expect_unsent;
};

/* base/globals.c */
extern unsigned int nf_conntrack_net_id;
extern struct workqueue_struct *nf_conntrack_wq;

unsigned int nf_conntrack_round_heads(unsigned int n);

static inline struct nf_conntrack_pernet *nf_conntrack_pernet(const struct net *net)
{
	return net_generic(net, nf_conntrack_net_id);
}

/* nf_conntrack_helper.c */
bool nf_ct_helper_is_known(const struct nf_conntrack_helper *helper);

#endif /* _NF_CONNTRACK_INTERNAL_H */
