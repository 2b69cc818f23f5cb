// SPDX-License-Identifier: GPL-2.0
/*
 * Sends events of expectations to their two multicast groups, one message in each
 * datagram.  The core calls ctnetlink_notifier.exp_event, often with
 * nf_conntrack_expect_lock held.  So these events are not put into the batch:
 * sending a batch can end a master, which takes that lock.
 */
#include "ctnetlink.h"

static struct sk_buff *ctnetlink_expect_event_build(const void *arg)
{
	const struct ctnetlink_expect_msg *m = arg;
	struct sk_buff *skb = ctnetlink_send_alloc(ctnetlink_expect_size(m));

	if (skb && ctnetlink_expect_put(skb, m)) {
		kfree_skb(skb);
		skb = NULL;
	}
	return skb;
}

/**
 * ctnetlink_expect_event - send the event of an expectation
 * @events: BIT(IPEXP_NEW) or BIT(IPEXP_DESTROY)
 * @item: embedded in a struct nf_ct_expect_event
 *
 * Context: Any up to softirq, RCU.
 * Return: as ctnetlink_deliver().
 */
int ctnetlink_expect_event(unsigned int events, const struct nf_exp_event *item)
{
	const struct nf_ct_expect_event *event =
		container_of(item, struct nf_ct_expect_event, item);
	struct net *net = event->life->net;
	struct ctnetlink_expect_msg m = {
		.life	= event->life,
		.type	= IPCTNL_MSG_EXP_NEW,
		.flags	= NLM_F_CREATE | NLM_F_EXCL,
		.portid	= item->portid,
	};
	struct ctnetlink_delivery d = {
		.net		= net,
		.group		= NFNLGRP_CONNTRACK_EXP_NEW,
		.portid		= item->portid,
		.report		= item->report,
		.delivery	= event->delivery,
		.build		= ctnetlink_expect_event_build,
		.arg		= &m,
	};

	if (events & BIT(IPEXP_DESTROY)) {
		d.group = NFNLGRP_CONNTRACK_EXP_DESTROY;
		m.type = IPCTNL_MSG_EXP_DELETE;
		m.flags = 0;
	}
	if (!item->report && !nfnetlink_has_listeners(net, d.group))
		return NF_CT_EVENT_NOBODY;

	return ctnetlink_deliver(&d);
}
