/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the modules of helpers have in common: registration.  Since 7.x
 * (NF_CT_HAVE_HELPER_REFS) a helper is one object for all families, without ports, that
 * the core copies.  Before, there is one for each family and each port of the parameter
 * "ports", in the module's own memory.
 *
 * A module says NF_CT_HELPER_SET(TEXT) once.  That defines nf_ct_helpers, for its init and
 * exit only, and the parameter, which modinfo describes by TEXT.
 */
#ifndef _NF_CT_HELPER_MODULE_H
#define _NF_CT_HELPER_MODULE_H

#include <linux/module.h>
#include <linux/moduleparam.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "nf_ct_probed.h"

/**
 * struct nf_ct_helper_kind - what a module registers
 * @name:     name of its helper
 * @l4proto:  transport protocol
 * @port:     the usual port, in host byte order
 * @by_index: helpers of other ports are called NAME-INDEX, not NAME-PORT
 * @policy:   limits of its expectations, one for each class
 * @classes:  highest class
 * @inspect:  called for each packet
 * @restore:  reads private data that user space sends, or NULL
 */
struct nf_ct_helper_kind {
	const char				*name;
	u8					l4proto;
	u16					port;
	bool					by_index;
	const struct nf_conntrack_expect_policy	*policy;
	u32					classes;
	nf_ct_helper_fn				*inspect;
	int					(*restore)(struct nlattr *data,
							   struct nf_conn *ct);
};

#ifdef NF_CT_HAVE_HELPER_REFS

struct nf_ct_helper_set {
	struct nf_conntrack_helper	*known;
};

#define NF_CT_HELPER_SET(text)						\
static struct nf_ct_helper_set nf_ct_helpers

static inline int nf_ct_helper_set_register(struct nf_ct_helper_set *set,
					    const struct nf_ct_helper_kind *kind,
					    struct module *me)
{
	struct nf_conntrack_helper helper;

	nf_ct_helper_init(&helper, NFPROTO_UNSPEC, kind->l4proto, kind->name, kind->policy,
			  kind->classes, kind->inspect, kind->restore, me);
	return nf_conntrack_helper_register(&helper, &set->known);
}

static inline void nf_ct_helper_set_unregister(struct nf_ct_helper_set *set)
{
	nf_conntrack_helper_unregister(set->known);
}

#else

#define NF_CT_HELPER_PORTS	8

struct nf_ct_helper_set {
	struct nf_conntrack_helper	helpers[NF_CT_HELPER_PORTS * 2];
	ushort				ports[NF_CT_HELPER_PORTS];
	unsigned int			nports;
};

#define NF_CT_HELPER_SET(text)						\
static struct nf_ct_helper_set nf_ct_helpers;				\
module_param_array_named(ports, nf_ct_helpers.ports, ushort,		\
			 &nf_ct_helpers.nports, 0400);			\
MODULE_PARM_DESC(ports, text)

/* One for each port and family */
static inline int nf_ct_helper_set_register(struct nf_ct_helper_set *set,
					    const struct nf_ct_helper_kind *kind,
					    struct module *me)
{
	static const u16 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	unsigned int i;
	u16 port;

	if (!set->nports)
		set->ports[set->nports++] = kind->port;
	for (i = 0; i < set->nports * 2; i++) {
		port = set->ports[i / 2];
		nf_ct_helper_init(&set->helpers[i], families[i % 2], kind->l4proto,
				  kind->name, kind->port, port,
				  kind->by_index ? i / 2 : port, kind->policy,
				  kind->classes, kind->inspect, kind->restore, me);
	}
	return nf_conntrack_helpers_register(set->helpers, set->nports * 2);
}

static inline void nf_ct_helper_set_unregister(struct nf_ct_helper_set *set)
{
	nf_conntrack_helpers_unregister(set->helpers, set->nports * 2);
}

#endif

#endif /* _NF_CT_HELPER_MODULE_H */
