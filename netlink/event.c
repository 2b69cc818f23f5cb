// SPDX-License-Identifier: GPL-2.0
/*
 * Events of connections to the three multicast groups.  The core calls
 * ctnetlink_notifier.ct_event, one call per entry at a time; the answer tells
 * it whether a listener that insists on every event has refused this one.
 */
#include <linux/notifier.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"

/* First match decides; NEW together with DESTROY is a DESTROY */
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

static int ctnetlink_event(unsigned int events, const struct nf_ct_event *item)
{
	const struct ctnetlink_event_group *g = ctnetlink_event_group_of(events);
	struct net *net = nf_ct_net(item->ct);
	struct ctnetlink_msg m = {
		.ct	= item->ct,
		.portid	= item->portid,
		.events	= events,
	};
	unsigned int limit;
	int err;

	if (!g || (!item->report && !nfnetlink_has_listeners(net, g->group)))
		return NF_CT_EVENT_NOBODY;

	m.kind = g->kind;
	m.type = g->type;
	m.flags = g->flags;

	/* who wants an echo waits for it */
	limit = READ_ONCE(nf_conntrack_pernet(net)->events_batch);
	if (limit && !item->report) {
		err = ctnetlink_batch_add(net, &m, g->group, limit);
		if (err == NF_CT_EVENT_HELD || err == -ENOBUFS)
			return err;
	}

	ctnetlink_batch_flush(net);
	return ctnetlink_send_datagram(net, ctnetlink_event_build(&m), m.portid,
				       g->group, item->report);
}

const struct nf_ct_event_notifier ctnetlink_notifier = {
	.ct_event	= ctnetlink_event,
	.exp_event	= ctnetlink_expect_event,
};

/* Once the listener that refused has gone, the others need not wait */
static int ctnetlink_listener_gone(struct notifier_block *nb,
				   unsigned long event, void *data)
{
	const struct netlink_notify *n = data;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_NETFILTER)
		nf_conntrack_events_kick(n->net);
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
	return netlink_register_notifier(&ctnetlink_listener_notifier);
}

/**
 * ctnetlink_events_fini - undo ctnetlink_events_init()
 *
 * Context: May sleep.
 */
void ctnetlink_events_fini(void)
{
	netlink_unregister_notifier(&ctnetlink_listener_notifier);
	ctnetlink_send_fini();
}
