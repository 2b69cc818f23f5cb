/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _NF_CT_COMPAT_NF_QUEUE_H
#define _NF_CT_COMPAT_NF_QUEUE_H

#include_next <net/netfilter/nf_queue.h>

/* Exported by the kernel image, but declared in a private header of it only */
void nf_queue_nf_hook_drop(struct net *net);

#endif /* _NF_CT_COMPAT_NF_QUEUE_H */
