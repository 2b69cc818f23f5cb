/* SPDX-License-Identifier: GPL-2.0 */
/* The file /proc/net/nf_conntrack_expect of a namespace */
#ifndef _NF_CONNTRACK_EXPECT_PROC_H
#define _NF_CONNTRACK_EXPECT_PROC_H

#include <net/net_namespace.h>

#ifdef CONFIG_NF_CONNTRACK_PROCFS
int nf_conntrack_expect_proc_init(struct net *net);
void nf_conntrack_expect_proc_fini(struct net *net);
#else
static inline int nf_conntrack_expect_proc_init(struct net *net) { return 0; }
static inline void nf_conntrack_expect_proc_fini(struct net *net) {}
#endif

#endif /* _NF_CONNTRACK_EXPECT_PROC_H */
