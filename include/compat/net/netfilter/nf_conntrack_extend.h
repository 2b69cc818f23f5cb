/* SPDX-License-Identifier: GPL-2.0 */
/*
 * 6.12 has no generation of extensions any more.  Ours has: it keeps an unconfirmed
 * entry, which no walk finds, from being confirmed with pointers into a module that
 * left.  It stands where it always stood, in what is now a hole before the data.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_EXTEND_H
#define _NF_CT_COMPAT_NF_CONNTRACK_EXTEND_H

#include_next <net/netfilter/nf_conntrack_extend.h>

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_EXT_GENID
static inline unsigned int *nf_ct_ext_generation(const struct nf_ct_ext *ext)
{
	return (unsigned int *)&ext->gen_id;
}
#else
static_assert(offsetof(struct nf_ct_ext, data) >=
	      ALIGN(offsetofend(struct nf_ct_ext, len), sizeof(unsigned int)) +
	      sizeof(unsigned int));

static inline unsigned int *nf_ct_ext_generation(const struct nf_ct_ext *ext)
{
	return (void *)ext + ALIGN(offsetofend(struct nf_ct_ext, len),
				   sizeof(unsigned int));
}

extern atomic_t nf_conntrack_ext_genid;
void nf_ct_ext_bump_genid(void);
#endif

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_EXTEND_H */
