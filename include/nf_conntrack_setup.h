/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What nf_conntrack_standalone.c calls when the module is loaded and unloaded, and
 * when a namespace comes and goes.  In the order of the layers.
 */
#ifndef _NF_CONNTRACK_SETUP_H
#define _NF_CONNTRACK_SETUP_H

struct net;

/* base/globals.c */
int nf_conntrack_globals_init(void);
void nf_conntrack_globals_fini(void);

/* table/ */
int nf_ct_lines_init(void);
void nf_ct_lines_fini(void);
int nf_conntrack_table_init(void);
void nf_conntrack_table_fini(void);
int nf_conntrack_resize_init(void);
void nf_conntrack_resize_fini(void);
int nf_conntrack_deadline_init(void);
void nf_conntrack_deadline_fini(void);

/* expect/life.c */
int nf_ct_expect_life_init(void);
void nf_ct_expect_life_fini(void);

/* nf_conntrack_core.c */
int nf_conntrack_core_init(void);
void nf_conntrack_core_fini(void);

/* event/ */
#ifdef CONFIG_NF_CONNTRACK_EVENTS
int nf_conntrack_unsent_pernet_init(struct net *net);
void nf_conntrack_unsent_pernet_fini(struct net *net);
void nf_conntrack_resend_pernet_init(struct net *net);
void nf_conntrack_resend_pernet_fini(struct net *net);
#else
static inline int nf_conntrack_unsent_pernet_init(struct net *net) { return 0; }
static inline void nf_conntrack_unsent_pernet_fini(struct net *net) {}
static inline void nf_conntrack_resend_pernet_init(struct net *net) {}
static inline void nf_conntrack_resend_pernet_fini(struct net *net) {}
#endif

/* proto/gre.c */
int nf_conntrack_gre_init(void);
void nf_conntrack_gre_fini(void);

/* packet/ */
void nf_conntrack_attach_init(void);
void nf_conntrack_attach_fini(void);
int nf_conntrack_sockopt_init(void);
void nf_conntrack_sockopt_fini(void);

/* show/ */
#ifdef CONFIG_NF_CONNTRACK_PROCFS
int nf_conntrack_procfs_pernet_init(struct net *net);
void nf_conntrack_procfs_pernet_fini(struct net *net);
int nf_conntrack_expect_proc_init(struct net *net);
void nf_conntrack_expect_proc_fini(struct net *net);
#else
static inline int nf_conntrack_procfs_pernet_init(struct net *net) { return 0; }
static inline void nf_conntrack_procfs_pernet_fini(struct net *net) {}
static inline int nf_conntrack_expect_proc_init(struct net *net) { return 0; }
static inline void nf_conntrack_expect_proc_fini(struct net *net) {}
#endif

#ifdef CONFIG_SYSCTL
int nf_conntrack_sysctl_init(void);
void nf_conntrack_sysctl_fini(void);
int nf_conntrack_sysctl_pernet_init(struct net *net);
void nf_conntrack_sysctl_pernet_fini(struct net *net);
#else
static inline int nf_conntrack_sysctl_init(void) { return 0; }
static inline void nf_conntrack_sysctl_fini(void) {}
static inline int nf_conntrack_sysctl_pernet_init(struct net *net) { return 0; }
static inline void nf_conntrack_sysctl_pernet_fini(struct net *net) {}
#endif

#endif /* _NF_CONNTRACK_SETUP_H */
