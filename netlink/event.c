// SPDX-License-Identifier: GPL-2.0
/*
 * Sends events of connections to the three multicast groups.  The core calls
 * ctnetlink_notifier.ct_event, for each entry one call at a time.  The result tells
 * it whether a reliable listener has refused the event.
 */
#include <linux/notifier.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"

/* The first row that matches decides: NEW together with DESTROY is a DESTROY */
struct ctnetlink_event_group {
	unsigned int		events;
	unsigned int		group;
	enum ctnetlink_kind	kind;
	u8			type;
	u16			flags;
};

static const struct ctnetlink_event_group ctnetlink_event_groups[] = {
	{
		.events	= BIT(IPCT_DESTROY),
		.group	= NFNLGRP_CONNTRACK_DESTROY,
		.kind	= CTNETLINK_DESTROY,
		.type	= IPCTNL_MSG_CT_DELETE,
	}, {
		.events	= BIT(IPCT_NEW) | BIT(IPCT_RELATED),
		.group	= NFNLGRP_CONNTRACK_NEW,
		.kind	= CTNETLINK_EVENT,
		.type	= IPCTNL_MSG_CT_NEW,
		.flags	= NLM_F_CREATE | NLM_F_EXCL,
	}, {
		.events	= ~0U,
		.group	= NFNLGRP_CONNTRACK_UPDATE,
		.kind	= CTNETLINK_EVENT,
		.type	= IPCTNL_MSG_CT_NEW,
	},
	{ }
};

static const struct ctnetlink_event_group *
ctnetlink_event_group_of(unsigned int events)
{
	const struct ctnetlink_event_group *g;

	for (g = ctnetlink_event_groups; g->events; g++) {
		if (events & g->events)
			return g;
	}
	return NULL;
}

static struct sk_buff *ctnetlink_event_build(struct ctnetlink_msg *m)
{
	struct sk_buff *skb;

	skb = ctnetlink_send_alloc(ctnetlink_msg_size(m));
	if (!skb || !ctnetlink_msg_put(skb, m))
		return skb;

	/* the entry has grown since it was measured */
	kfree_skb(skb);
	skb = ctnetlink_send_alloc(NLMSG_DEFAULT_SIZE);
	if (!skb || !ctnetlink_msg_put(skb, m))
		return skb;

	kfree_skb(skb);
	return NULL;
}

static struct sk_buff *ctnetlink_event_build_arg(const void *m)
{
	return ctnetlink_event_build((struct ctnetlink_msg *)m);
}

/* Put the event into a batch if it may wait for others.  Not HELD: send it alone. */
static int ctnetlink_event_batch(struct net *net, struct ctnetlink_msg *m,
				 unsigned int group, const struct nf_ct_event *item,
				 const struct nf_ct_delivery *d)
{
	unsigned int limit = READ_ONCE(nf_conntrack_pernet(net)->events_batch);
	int ret = NF_CT_EVENT_NOBODY;

	/* a port that wants an echo waits for it; a listener that lacks an earlier
	 * event of the entry must not get this one
	 */
	if (limit && !item->report && d->only < 0 && !d->skip)
		ret = ctnetlink_batch_add(net, m, group, limit);
	if (ret != NF_CT_EVENT_HELD)
		ctnetlink_batch_flush(net);
	return ret;
}

static int ctnetlink_event(unsigned int events, const struct nf_ct_event *item)
{
	const struct ctnetlink_event_group *g = ctnetlink_event_group_of(events);
	const struct nf_ct_connection_event *event =
		container_of(item, struct nf_ct_connection_event, item);
	struct net *net = nf_ct_net(item->ct);
	struct ctnetlink_msg m = {
		.ct	= item->ct,
		.portid	= item->portid,
		.events	= events,
	};
	struct ctnetlink_delivery d = {
		.net		= net,
		.portid		= item->portid,
		.report		= item->report,
		.delivery	= event->delivery,
		.build		= ctnetlink_event_build_arg,
		.arg		= &m,
	};
	int ret;

	if (!g || (!item->report && !nfnetlink_has_listeners(net, g->group)))
		return NF_CT_EVENT_NOBODY;

	m.kind = g->kind;
	m.type = g->type;
	m.flags = g->flags;
	d.group = g->group;

	if (item->report != NF_CT_REPORT_ECHO_ONLY &&
	    ctnetlink_event_batch(net, &m, g->group, item, d.delivery) == NF_CT_EVENT_HELD)
		return NF_CT_EVENT_HELD;

	ret = ctnetlink_deliver(&d);
	ctnetlink_batch_note_filter(net, d.filtered);
	return ret;
}

const struct nf_ct_event_notifier ctnetlink_notifier = {
	.ct_event	= ctnetlink_event,
	.exp_event	= ctnetlink_expect_event,
};

/* A socket is closed: what waits for it, in any namespace, is dropped at once. */
static int ctnetlink_listener_gone(struct notifier_block *nb,
				   unsigned long event, void *data)
{
	const struct netlink_notify *n = data;
	struct net *net;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_NETFILTER)
		return NOTIFY_DONE;

	rcu_read_lock();
	for_each_net_rcu(net) {
		if (rcu_access_pointer(net->ct.nf_conntrack_event_cb) !=
		    &ctnetlink_notifier)
			continue;
		nf_conntrack_listener_gone(net, n->net, n->portid);
		/* one that shared the last slot may be the one that has left */
		nf_conntrack_events_kick(net);
	}
	rcu_read_unlock();
	return NOTIFY_DONE;
}

static struct notifier_block ctnetlink_listener_notifier = {
	.notifier_call = ctnetlink_listener_gone,
};

/**
 * ctnetlink_events_init - start to watch for listeners that leave
 *
 * Context: May sleep.
 * Return: 0 or a negative errno.
 */
int ctnetlink_events_init(void)
{
	int err = ctnetlink_listeners_init();

	if (err)
		return err;
	err = netlink_register_notifier(&ctnetlink_listener_notifier);
	if (err) {
		ctnetlink_listeners_fini();
		return err;
	}
	nf_conntrack_own_notifier = &ctnetlink_notifier;
	return 0;
}

/**
 * ctnetlink_events_fini - undo ctnetlink_events_init()
 *
 * Context: May sleep.
 */
void ctnetlink_events_fini(void)
{
	nf_conntrack_own_notifier = NULL;
	netlink_unregister_notifier(&ctnetlink_listener_notifier);
	ctnetlink_listeners_fini();
	ctnetlink_batch_fini();
	ctnetlink_send_fini();
}
