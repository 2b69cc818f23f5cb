// SPDX-License-Identifier: GPL-2.0
/*
 * Events of expectations to their two multicast groups, one message in each
 * datagram.  The core calls ctnetlink_notifier.exp_event, often with
 * nf_conntrack_expect_lock held: so they do not go through the batch, whose
 * results can bring on the end of a master, which takes that lock.
 */
#include "ctnetlink.h"

static struct sk_buff *
ctnetlink_expect_event_build(const struct ctnetlink_expect_msg *m)
{
	struct sk_buff *skb = ctnetlink_send_alloc(ctnetlink_expect_size(m));

	if (skb && ctnetlink_expect_put(skb, m)) {
		kfree_skb(skb);
		skb = NULL;
	}
	return skb;
}

/**
 * ctnetlink_expect_event - an expectation has begun or ended
 * @events: BIT(IPEXP_NEW) or BIT(IPEXP_DESTROY)
 * @item: embedded in a struct nf_ct_expect_event
 *
 * Context: Any up to softirq, RCU.
 * Return: NF_CT_EVENT_DELIVERED, NF_CT_EVENT_NOBODY, or -ENOBUFS when a reliable
 * listener had no room or there was no memory.
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
	unsigned int group = NFNLGRP_CONNTRACK_EXP_NEW;

	if (events & BIT(IPEXP_DESTROY)) {
		group = NFNLGRP_CONNTRACK_EXP_DESTROY;
		m.type = IPCTNL_MSG_EXP_DELETE;
		m.flags = 0;
	}
	if (!item->report && !nfnetlink_has_listeners(net, group))
		return NF_CT_EVENT_NOBODY;

	return ctnetlink_send_datagram(net, ctnetlink_expect_event_build(&m),
				       item->portid, group, item->report);
}
