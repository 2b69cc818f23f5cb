/* SPDX-License-Identifier: GPL-2.0 */
/* A cursor on a part of a packet, which need not lie in one piece. */
#ifndef _NF_CT_CURSOR_SKB_H
#define _NF_CT_CURSOR_SKB_H

#include <linux/minmax.h>
#include <linux/skbuff.h>

#include "nf_ct_cursor.h"

/**
 * nf_ct_cursor_skb - put a cursor at a part of a packet
 * @c:      the cursor; good while the packet is not changed
 * @skb:    the packet
 * @offset: where the part begins
 * @len:    bytes to read at most
 * @room:   @len bytes, used if the part does not lie in one piece
 *
 * The cursor gets those bytes of the part that the packet has, perhaps none.  Its
 * offsets count from @offset.
 */
static inline void nf_ct_cursor_skb(struct nf_ct_cursor *c,
				    const struct sk_buff *skb, u32 offset,
				    u32 len, void *room)
{
	const void *data;

	len = offset < skb->len ? min(len, skb->len - offset) : 0;
	data = skb_header_pointer(skb, offset, len, room);
	nf_ct_cursor_init(c, data ?: room, data ? len : 0);
}

#endif /* _NF_CT_CURSOR_SKB_H */
