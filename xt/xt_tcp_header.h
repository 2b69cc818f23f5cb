/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TCP header of a packet: reading its options, and changing it with its checksum kept
 * right.  No state and no locks.
 */
#ifndef _XT_TCP_HEADER_H
#define _XT_TCP_HEADER_H

#include <linux/netfilter/x_tables.h>
#include <net/checksum.h>

#include "xt_tcp_options.h"

/**
 * xt_tcp_options_read - a cursor on the options of a packet
 * @skb:  packet
 * @par:  what the table knows of it
 * @th:   its TCP header without options
 * @room: room for the options, used if they are not in one piece
 * @c:    result: the options, perhaps none
 *
 * Return: false if the header is shorter than a TCP header or longer than the packet;
 * then the packet is dropped (@par->hotdrop)
 */
static inline bool xt_tcp_options_read(const struct sk_buff *skb, struct xt_action_param *par,
				       const struct tcphdr *th, u8 room[XT_TCP_OPTIONS_MAX],
				       struct nf_ct_cursor *c)
{
	int len = th->doff * 4 - (int)sizeof(*th);
	const u8 *options = room;

	if (len > 0)
		options = skb_header_pointer(skb, par->thoff + sizeof(*th), len, room);
	if (len < 0 || !options) {
		par->hotdrop = true;
		return false;
	}
	nf_ct_cursor_init(c, options, len);
	return true;
}

/**
 * xt_tcp_header_write - make the whole TCP header writable
 * @skb:   packet
 * @thoff: where its TCP header begins
 *
 * Return: the header, in one piece and with no other owner; NULL if the packet ends within
 * it, if it is shorter than a TCP header, or if there is no memory
 */
static inline struct tcphdr *xt_tcp_header_write(struct sk_buff *skb, unsigned int thoff)
{
	const struct tcphdr *th;
	unsigned int len;

	if (!pskb_may_pull(skb, thoff + sizeof(*th)))
		return NULL;
	th = (const void *)skb->data + thoff;
	len = th->doff * 4;
	if (len < sizeof(*th) || skb_ensure_writable(skb, thoff + len))
		return NULL;
	return (void *)skb->data + thoff;
}

/* The sum of a header, for xt_tcp_header_changed() */
static inline __wsum xt_tcp_header_sum(const struct tcphdr *th)
{
	return csum_partial(th, th->doff * 4, 0);
}

/**
 * xt_tcp_header_changed - set the checksum right after bytes of the header changed
 * @skb: packet
 * @th:  its TCP header; the checksum is still the one of before
 * @old: xt_tcp_header_sum() of before
 *
 * The sum of the whole header is right wherever the bytes are, at odd offsets as well.
 * skb->csum is as before: the checksum makes up for the bytes.  Where the checksum is still
 * to be computed (CHECKSUM_PARTIAL), it has the pseudo header only, which is the same.
 */
static inline void xt_tcp_header_changed(const struct sk_buff *skb, struct tcphdr *th, __wsum old)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		csum_replace_by_diff(&th->check, csum_sub(xt_tcp_header_sum(th), old));
}

#endif /* _XT_TCP_HEADER_H */
