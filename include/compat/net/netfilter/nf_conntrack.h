/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Since 6.12 a flow table keeps the deadline of its connections ahead itself, and one
 * that has expired all the same is to end.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_H
#define _NF_CT_COMPAT_NF_CONNTRACK_H

#include_next <net/netfilter/nf_conntrack.h>

#include "nf_ct_probed.h"

/* A flow table has @ct, and it is for us to let it live on: true when that is done */
static inline bool nf_ct_offload_renew(struct nf_conn *ct)
{
#ifdef NF_CT_HAVE_OFFLOAD_TIMEOUT
	if (test_bit(IPS_OFFLOAD_BIT, &ct->status)) {
		nf_ct_offload_timeout(ct);
		return true;
	}
#endif
	return false;
}

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_H */
