/* SPDX-License-Identifier: GPL-2.0 */
/* Exported by the kernel image, but declared in a header of its own only */
#ifndef _NF_QUEUE_DROP_H
#define _NF_QUEUE_DROP_H

struct net;

void nf_queue_nf_hook_drop(struct net *net);

#endif /* _NF_QUEUE_DROP_H */
