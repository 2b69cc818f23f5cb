/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Extensions of an entry, for the code that releases them.  The kernel's
 * nf_ct_ext_find() hides them once the generation has changed, but they still have
 * to be released with the entry.
 */
#ifndef _NF_CT_EXT_H
#define _NF_CT_EXT_H

#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_extend.h>

#include "nf_ct_entry.h"

/* Extension @id of @ct, valid generation or not; NULL when there is none.
 * Pointers in it to helpers or policies may be stale: do not follow them.
 */
static inline void *nf_ct_ext_peek(const struct nf_conn *ct,
				   enum nf_ct_ext_id id)
{
	if (!nf_ct_ext_exist(ct, id))
		return NULL;

	return (void *)ct->ext + ct->ext->offset[id];
}

/* nf_conntrack_timeout.c: the entry's reference on its timeout policy */
#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
void __nf_ct_timeout_release(struct nf_conn *ct);

static inline void nf_ct_timeout_release(struct nf_conn *ct)
{
	if (nf_ct_has_ext(ct, NF_CT_EXT_TIMEOUT))
		__nf_ct_timeout_release(ct);
}
#else
static inline void nf_ct_timeout_release(struct nf_conn *ct) {}
#endif

#endif /* _NF_CT_EXT_H */
