/* SPDX-License-Identifier: GPL-2.0 */
/* 6.2: skb_ipv6_payload_len(), which knows of jumbo packets from segmentation offload */
#ifndef _NF_CT_COMPAT_LINUX_IPV6_H
#define _NF_CT_COMPAT_LINUX_IPV6_H

#include_next <linux/ipv6.h>

#include "nf_ct_probed.h"

#ifndef NF_CT_HAVE_IPV6_PAYLOAD_LEN
static inline unsigned int skb_ipv6_payload_len(const struct sk_buff *skb)
{
	u32 len = ntohs(ipv6_hdr(skb)->payload_len);

	if (len || !skb_is_gso(skb) || !skb_is_gso_tcp(skb))
		return len;
	return skb->len - skb_network_offset(skb) - sizeof(struct ipv6hdr);
}
#endif

#endif /* _NF_CT_COMPAT_LINUX_IPV6_H */
