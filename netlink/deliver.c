// SPDX-License-Identifier: GPL-2.0
/*
 * Brings one event to its listeners: each reliable listener that has room gets it now,
 * the others are named to the core, which sends it to them later; plain listeners get
 * it now or never, as on the stock kernel.  No state.
 *
 * DIFF: events-own-pace: stock sends what one listener has refused to all of them again.
 */
#include "ctnetlink.h"
#include "nf_conntrack_internal.h"

/* On this kernel listeners cannot be told apart: to the whole group, or not at all. */
static int ctnetlink_deliver_group(struct ctnetlink_delivery *d)
{
	if (d->delivery->skip) {
		d->delivery->lack |= d->delivery->skip;
		return -EAGAIN;
	}
	return ctnetlink_send_datagram(d->net, d->build(d->arg), d->portid, d->group,
				       d->report);
}

/* No reliable listener: the kernel's own way, which is the fastest. */
static bool ctnetlink_all_plain(const struct ctnetlink_audience *a)
{
	return !a->reliable && !a->lapsed && !a->delivery->lack && !a->more &&
	       !a->filtered && a->delivery->only < 0;
}

/* The copy for the port that caused the event; consumes @skb */
static int ctnetlink_deliver_echo(const struct ctnetlink_delivery *d,
				  struct sk_buff *skb)
{
	if (!d->report) {
		consume_skb(skb);
		return 0;
	}
	return skb ? min(nfnetlink_unicast(skb, d->net, d->portid), 0) : -ENOMEM;
}

static int ctnetlink_deliver_each(struct ctnetlink_delivery *d,
				  struct ctnetlink_audience *a)
{
	u32 exclude = d->report ? d->portid : 0;
	struct sk_buff *skb = NULL;
	bool got = false, heard;

	heard = a->heard;
	if (a->n || d->report || a->more)
		skb = d->build(d->arg);
	for (;;) {
		got |= a->n && ctnetlink_audience_send(a, skb, d->group, exclude);
		ctnetlink_audience_end(a);
		if (!a->more)
			break;
		ctnetlink_audience_gather(a, d->net, d->group, a->passed, d->delivery);
		heard |= a->heard;
	}
	/* a listener that insists on every event and lost its echo gets the event later */
	if (ctnetlink_deliver_echo(d, skb) && a->requester)
		d->delivery->lack |= BIT(a->requester->slot);

	if (got || d->report)
		return NF_CT_EVENT_DELIVERED;
	return heard && d->delivery->lack ? -EAGAIN : NF_CT_EVENT_NOBODY;
}

/**
 * ctnetlink_deliver - bring an event to its listeners
 * @d: the event, and to whom it may go
 *
 * Context: Any up to softirq.
 * Return: NF_CT_EVENT_DELIVERED when a listener has got it; NF_CT_EVENT_NOBODY when
 * none has, or will; a negative errno when reliable listeners lack it, which
 * @d->delivery->lack names.
 */
int ctnetlink_deliver(struct ctnetlink_delivery *d)
{
	struct ctnetlink_audience a;

	if (d->report == NF_CT_REPORT_ECHO_ONLY) {
		ctnetlink_deliver_echo(d, d->build(d->arg));
		return NF_CT_EVENT_DELIVERED;
	}
	ctnetlink_audience_gather(&a, d->net, d->group, 0, d->delivery);
	d->filtered = a.filtered;
	if (!a.known)
		return ctnetlink_deliver_group(d);
	if (ctnetlink_all_plain(&a)) {
		ctnetlink_audience_end(&a);
		if (!a.heard && !d->report)
			return NF_CT_EVENT_NOBODY;
		return ctnetlink_send_datagram(d->net, d->build(d->arg), d->portid,
					       d->group, d->report);
	}
	return ctnetlink_deliver_each(d, &a);
}
