/* SPDX-License-Identifier: GPL-2.0 */
/* The namespace of our private symbols: since 6.13 a string, before a name */
#ifndef _NF_CT_COMPAT_NAMESPACE_H
#define _NF_CT_COMPAT_NAMESPACE_H

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_TOKEN_NS
#define NF_CT_NS	RELIABLE_CONNTRACK
#else
#define NF_CT_NS	"RELIABLE_CONNTRACK"
#endif

#endif /* _NF_CT_COMPAT_NAMESPACE_H */
