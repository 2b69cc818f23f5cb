/* SPDX-License-Identifier: GPL-2.0 */
/* Where large packets of UDP exist (7.x), the length in their header is 0 */
#ifndef _NF_CT_COMPAT_UDP_H
#define _NF_CT_COMPAT_UDP_H

#include_next <linux/udp.h>

#include "nf_ct_probed.h"

#ifndef NF_CT_HAVE_UDP_GET_LEN
static inline unsigned int udp_get_len(const struct sk_buff *skb,
				       const struct udphdr *uh, unsigned int dataoff)
{
	return ntohs(uh->len);
}
#endif

#endif /* _NF_CT_COMPAT_UDP_H */
