/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A packet that comes back from user space: up to 6.9 NAT can be done once more for it,
 * and the answer to nfnetlink_queue is 0 or an error; since then it is a verdict, and 0
 * means NF_DROP.
 */
#ifndef _NF_CT_COMPAT_NETFILTER_H
#define _NF_CT_COMPAT_NETFILTER_H

#include_next <linux/netfilter.h>

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_MANIP_PKT
#define NF_CT_REQUEUED_PASS	0
#define NF_CT_REQUEUED_DROP	(-1)
#else
#define NF_CT_REQUEUED_PASS	NF_ACCEPT
#define NF_CT_REQUEUED_DROP	NF_DROP
#endif

#endif /* _NF_CT_COMPAT_NETFILTER_H */
