/* SPDX-License-Identifier: GPL-2.0 */
/* Before 6.10 a cache of page fragments is emptied by hand */
#ifndef _NF_CT_COMPAT_SKBUFF_H
#define _NF_CT_COMPAT_SKBUFF_H

#include_next <linux/skbuff.h>

#include "nf_ct_probed.h"

#ifndef NF_CT_HAVE_FRAG_DRAIN
static inline void page_frag_cache_drain(struct page_frag_cache *cache)
{
	if (cache->va)
		__page_frag_cache_drain(virt_to_head_page(cache->va),
					cache->pagecnt_bias);
	cache->va = NULL;
}
#endif

#endif /* _NF_CT_COMPAT_SKBUFF_H */
