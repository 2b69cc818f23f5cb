/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The transport header of a packet, and ranges of what it says.  No state and no locks.
 */
#ifndef _XT_TRANSPORT_H
#define _XT_TRANSPORT_H

#include <linux/netfilter/x_tables.h>
#include <linux/skbuff.h>

/**
 * xt_transport_header - read the beginning of the transport header
 * @skb:  packet
 * @par:  what the table knows of it
 * @len:  bytes to read
 * @room: room for them, used if they are not in one piece
 *
 * A packet that ends before those bytes is dropped (@par->hotdrop): it would pass rules
 * that its receiver's reading of it does not.
 *
 * Return: the bytes; NULL for such a packet
 * and for a fragment without the header, which matches no rule about it
 */
static inline const void *xt_transport_header(const struct sk_buff *skb,
					      struct xt_action_param *par,
					      unsigned int len, void *room)
{
	const void *header;

	if (par->fragoff)
		return NULL;
	header = skb_header_pointer(skb, par->thoff, len, room);
	if (!header)
		par->hotdrop = true;
	return header;
}

/* Is @value, in host byte order, in the range, or outside of it if @invert? */
static inline bool xt_in_range(u32 value, u32 first, u32 last, bool invert)
{
	return (value >= first && value <= last) != invert;
}

#endif /* _XT_TRANSPORT_H */
