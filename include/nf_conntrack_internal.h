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
#include "nf_ct_namespace.h"

struct nf_conntrack_unsent;

/* Export for nf_conntrack_netlink.ko only */
#define NF_CT_EXPORT_PRIVATE(sym) EXPORT_SYMBOL_NS_GPL(sym, NF_CT_NS)

#define NF_CT_EVENTS_RETRY_DEFAULT	(15 * HZ)
#define NF_CT_EVENTS_BATCH_MAX		3776

/**
 * struct nf_conntrack_pernet - our area of a namespace (net_generic)
 * @stock:         what nf_ct_pernet() returns; must be first
 * @unsent:        lists of undelivered events (event/unsent.c)
 * @events_retry:  sysctl nf_conntrack_events_retry_timeout, jiffies
 * @events_batch:  sysctl nf_conntrack_events_batch, bytes, 0 = off
 * @hold_time:     sysctl nf_conntrack_events_hold_time, jiffies, 0 = no limit
 * @hold_max:      sysctl nf_conntrack_events_hold_max, items, 0 = no limit
 */
struct nf_conntrack_pernet {
	struct nf_conntrack_net		stock;
	struct nf_conntrack_unsent	*unsent;
	unsigned int			events_retry;
	unsigned int			events_batch;
	unsigned int			hold_time;
	unsigned int			hold_max;
};

/* base/globals.c */
extern unsigned int nf_conntrack_net_id;
extern struct workqueue_struct *nf_conntrack_wq;

extern const struct hlist_head nf_conntrack_no_subscribers;
extern const struct hlist_head *nf_conntrack_subscribers;
extern const struct nf_ct_event_notifier *nf_conntrack_own_notifier;
extern atomic_t nf_conntrack_foreign_notifiers;

unsigned int nf_conntrack_round_heads(unsigned int n);
void nf_conntrack_set_subscribers(const struct hlist_head *head);

/*
 * May anybody want to hear of connections?  The kernel's flag is a hint: a listener
 * that joins while another one leaves can find it cleared for good.
 */
static inline bool nf_conntrack_listening(void)
{
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	return READ_ONCE(nf_ctnetlink_has_listener) ||
	       READ_ONCE(READ_ONCE(nf_conntrack_subscribers)->first) ||
	       atomic_read(&nf_conntrack_foreign_notifiers);
#else
	return false;
#endif
}

/*
 * Note an event for the listeners, unless there is none: a listener that comes later
 * does not hear of what was before.  The first listener makes nf_conntrack_netlink
 * load: what is noted until then is sent when it has been loaded.
 */
static inline void nf_ct_event_note(enum ip_conntrack_events event, struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	struct nf_conntrack_ecache *e;

	if (!nf_conntrack_listening())
		return;
	e = nf_ct_ecache_find(ct);
	if (!e)
		return;
	if (!(READ_ONCE(e->cache) & U16_MAX))
		nf_ct_event_time_renew(e);
	set_bit(event, &e->cache);
#endif
}

static inline struct nf_conntrack_pernet *nf_conntrack_pernet(const struct net *net)
{
	return net_generic(net, nf_conntrack_net_id);
}

/* nf_conntrack_core.c */
bool nf_ct_delete_at(struct nf_conn *ct, const u32 *hash, u32 portid, int report);

/* proto/gre.c */
void nf_ct_gre_keymap_end(const struct nf_conn *ct, const struct nf_conn *master);

#endif /* _NF_CONNTRACK_INTERNAL_H */
