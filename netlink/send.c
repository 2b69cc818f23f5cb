// SPDX-License-Identifier: GPL-2.0
/*
 * Sends one datagram of events, and owns the memory of datagrams.  A listener's
 * socket is charged for the allocation, not for the message.  kmalloc() would
 * double the charge of messages just above 192 bytes, as the events of TCP and of
 * IPv6 are: these get a piece of a page instead.  The pages are per CPU and used
 * with BH off.  They hold nothing but events: one that waits in a socket can keep
 * the memory of other events allocated, but not that of packets.
 *
 * DIFF: events-socket-charge: stock leaves it to kmalloc().
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>

#include "ctnetlink.h"

/* What kmalloc(512) and kmalloc(1024) leave for the message */
#define KMALLOC_SMALL	SKB_WITH_OVERHEAD(512)
#define KMALLOC_LARGE	SKB_WITH_OVERHEAD(1024)

static DEFINE_PER_CPU(struct page_frag_cache, ctnetlink_send_pages);

static struct sk_buff *ctnetlink_send_alloc_piece(size_t size)
{
	size_t len = SKB_DATA_ALIGN(size) +
		     SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct sk_buff *skb;
	void *data;

	local_bh_disable();
	data = page_frag_alloc(this_cpu_ptr(&ctnetlink_send_pages), len,
			       GFP_ATOMIC);
	local_bh_enable();
	if (!data)
		return NULL;

	skb = build_skb(data, len);
	if (!skb)
		skb_free_frag(data);
	return skb;
}

/**
 * ctnetlink_send_alloc - allocate a buffer for one event or several
 * @size: length of the message or messages
 *
 * Context: Any up to softirq.
 * Return: The buffer, or NULL.
 */
struct sk_buff *ctnetlink_send_alloc(size_t size)
{
	struct sk_buff *skb;

	if (size > KMALLOC_SMALL && size < KMALLOC_LARGE)
		skb = ctnetlink_send_alloc_piece(size);
	else
		skb = alloc_skb(size, GFP_ATOMIC);

	/* a socket drops what is in emergency memory and reports no error */
	if (skb && skb_pfmemalloc(skb)) {
		kfree_skb(skb);
		skb = NULL;
	}
	return skb;
}

/**
 * ctnetlink_send_datagram - send events to a multicast group or to one port
 * @net: namespace of the listeners
 * @skb: the datagram, consumed; NULL: there was no memory for it
 * @portid: port that caused the events, or 0
 * @group: multicast group
 * @report: whether @portid gets a copy as well, or as the only one
 *
 * Context: Any up to softirq.
 * Return: NF_CT_EVENT_DELIVERED, NF_CT_EVENT_NOBODY, or -ENOBUFS when a reliable
 * listener had no room or @skb is NULL.
 */
int ctnetlink_send_datagram(struct net *net, struct sk_buff *skb, u32 portid,
			    unsigned int group, enum nf_ct_event_report report)
{
	int err;

	if (!skb) {
		/* nothing is lost: the core tries again; listeners read ENOBUFS */
		nfnetlink_set_err(net, 0, group, -ENOBUFS);
		return -ENOBUFS;
	}
	if (report == NF_CT_REPORT_ECHO_ONLY) {
		nfnetlink_unicast(skb, net, portid);
		return NF_CT_EVENT_DELIVERED;
	}
	err = nfnetlink_send(skb, net, portid, group, report, GFP_ATOMIC);
	if (err == -ENOBUFS || err == -EAGAIN)
		return -ENOBUFS;
	return err == -ESRCH ? NF_CT_EVENT_NOBODY : NF_CT_EVENT_DELIVERED;
}

/**
 * ctnetlink_send_fini - give the pages back
 *
 * Context: No event can be allocated any more; some may still be in sockets.
 */
void ctnetlink_send_fini(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		page_frag_cache_drain(per_cpu_ptr(&ctnetlink_send_pages, cpu));
}
