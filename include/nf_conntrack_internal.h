/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of nf_conntrack.ko (and, through the symbol namespace
 * RELIABLE_CONNTRACK, nf_conntrack_netlink.ko) share beyond the kernel's own
 * headers: the per-namespace area and functions with no better home.
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

struct nf_conntrack_resend;

/**
 * struct nf_conntrack_pernet - our area of a namespace (net_generic)
 * @stock:        what nf_ct_pernet() returns; must be first
 * @resend:       lists and pacing of refused events (event/resend.c)
 * @events_retry: sysctl nf_conntrack_events_retry_timeout, jiffies
 * @events_batch: sysctl nf_conntrack_events_batch, bytes, 0 = off
 * @expect_owed:  unlinked expectations that a listener has not been told of
 */
struct nf_conntrack_pernet {
	struct nf_conntrack_net		stock;
	struct nf_conntrack_resend	*resend;
	unsigned int			events_retry;
	unsigned int			events_batch;
	atomic_t			expect_owed;
};

static inline struct nf_conntrack_pernet *nf_conntrack_pernet(const struct net *net)
{
	return net_generic(net, nf_conntrack_net_id);
}

/* Export for nf_conntrack_netlink.ko only */
#define NF_CT_EXPORT_PRIVATE(sym) EXPORT_SYMBOL_NS_GPL(sym, RELIABLE_CONNTRACK)

#define NF_CT_EVENTS_RETRY_DEFAULT	(15 * HZ)
#define NF_CT_EVENTS_BATCH_MAX		3776

/* nf_conntrack_standalone.c */
extern unsigned int nf_conntrack_net_id;

/* nf_conntrack_core.c: allocation, no event, no accounting */
extern struct kmem_cache *nf_conntrack_cachep;
/* unbound: table resizes, expiry, resends; drained before the module goes */
extern struct workqueue_struct *nf_conntrack_wq;

/* packet/tuple.c */
bool nf_ct_tuple_from_packet(const struct sk_buff *skb, unsigned int nhoff,
			     unsigned int dataoff, u16 l3num, u8 protonum,
			     struct net *net, struct nf_conntrack_tuple *tuple);
/* Offset of the transport header and its protocol, or negative: not to be tracked */
int nf_ct_l4_offset(const struct sk_buff *skb, unsigned int nhoff, u8 l3num,
		    u8 *protonum);

/* nf_conntrack_helper.c */
bool nf_ct_helper_is_known(const struct nf_conntrack_helper *helper);

/* packet/attach.c: members of nf_ct_hook */
int nf_conntrack_requeued(struct net *net, struct sk_buff *skb);
bool nf_conntrack_skb_tuple(struct nf_conntrack_tuple *dst,
			    const struct sk_buff *skb);
void nf_conntrack_attach_related(struct sk_buff *nskb,
				 const struct sk_buff *skb);
void nf_conntrack_set_closing(struct nf_conntrack *nfct);

/* event/resend.c */
#ifdef CONFIG_NF_CONNTRACK_EVENTS
int nf_conntrack_resend_pernet_init(struct net *net);
void nf_conntrack_resend_pernet_fini(struct net *net);
#else
static inline int nf_conntrack_resend_pernet_init(struct net *net) { return 0; }
static inline void nf_conntrack_resend_pernet_fini(struct net *net) {}
#endif

/* nf_conntrack_proto.c: hooks, sockopt, trackers of a namespace */
/* show/sysctl.c */
#ifdef CONFIG_SYSCTL
int nf_conntrack_sysctl_pernet_init(struct net *net);
void nf_conntrack_sysctl_pernet_fini(struct net *net);
int nf_conntrack_sysctl_init(void);
void nf_conntrack_sysctl_fini(void);
#else
static inline int nf_conntrack_sysctl_pernet_init(struct net *net) { return 0; }
static inline void nf_conntrack_sysctl_pernet_fini(struct net *net) {}
static inline int nf_conntrack_sysctl_init(void) { return 0; }
static inline void nf_conntrack_sysctl_fini(void) {}
#endif

/* show/procfs.c */
#ifdef CONFIG_NF_CONNTRACK_PROCFS
int nf_conntrack_procfs_pernet_init(struct net *net);
void nf_conntrack_procfs_pernet_fini(struct net *net);
#else
static inline int nf_conntrack_procfs_pernet_init(struct net *net) { return 0; }
static inline void nf_conntrack_procfs_pernet_fini(struct net *net) {}
#endif

#endif /* _NF_CONNTRACK_INTERNAL_H */
