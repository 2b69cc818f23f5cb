// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for events.  A listener's socket is charged for the allocation, not
 * for the message, and kmalloc() would double it just above 192 bytes, where
 * the events of TCP and of IPv6 are.  Those get a piece of a page instead.
 * Pages are per CPU, of our own, and used with BH off: an event that waits in
 * a socket keeps other events' memory busy at worst, not that of packets.
 *
 * DIFF: events-socket-charge: stock leaves it to kmalloc().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>

#include "ctnetlink.h"

/* What kmalloc(512) and kmalloc(1024) leave for the message */
#define KMALLOC_SMALL	SKB_WITH_OVERHEAD(512)
#define KMALLOC_LARGE	SKB_WITH_OVERHEAD(1024)

static DEFINE_PER_CPU(struct page_frag_cache, event_pages);

static struct sk_buff *alloc_piece(size_t size)
{
	size_t len = SKB_DATA_ALIGN(size) +
		     SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	struct sk_buff *skb;
	void *data;

	local_bh_disable();
	data = page_frag_alloc(this_cpu_ptr(&event_pages), len, GFP_ATOMIC);
	local_bh_enable();
	if (!data)
		return NULL;

	skb = build_skb(data, len);
	if (!skb)
		skb_free_frag(data);
	return skb;
}

/**
 * ctnetlink_event_alloc - a buffer for an event, or several
 * @size: length of the message
 *
 * Context: Any up to softirq.
 * Return: The buffer, or NULL.
 */
struct sk_buff *ctnetlink_event_alloc(size_t size)
{
	struct sk_buff *skb;

	if (size > KMALLOC_SMALL && size < KMALLOC_LARGE)
		skb = alloc_piece(size);
	else
		skb = alloc_skb(size, GFP_ATOMIC);

	/* the receiving socket would drop emergency memory without a word */
	if (skb && skb_pfmemalloc(skb)) {
		kfree_skb(skb);
		skb = NULL;
	}
	return skb;
}

/**
 * ctnetlink_event_alloc_fini - give the pages back
 *
 * Context: Nobody can allocate any more; events may still be in sockets.
 */
void ctnetlink_event_alloc_fini(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct page_frag_cache *cache = per_cpu_ptr(&event_pages, cpu);

		if (cache->va)
			__page_frag_cache_drain(virt_to_head_page(cache->va),
						cache->pagecnt_bias);
		cache->va = NULL;
	}
}
