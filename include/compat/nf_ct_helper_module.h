/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the modules of helpers have in common: registration.  Since 7.x
 * (NF_CT_HAVE_HELPER_REFS) a helper is one object for all families, without ports, that
 * the core copies.  Before, there is one for each family and each port of the parameter
 * "ports", in the module's own memory.
 *
 * A module says once NF_CT_HELPER_SET(KINDS, TEXT), if it has the parameter, which modinfo
 * describes by TEXT, or NF_CT_HELPER_SET_FIXED(KINDS).  KINDS is the number of its kinds.
 * That defines nf_ct_helpers.
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
 * @family:   NFPROTO_IPV4; NFPROTO_INET for both IPv4 and IPv6; NFPROTO_UNSPEC for one
 *            object that is found by its pointer only
 * @l4proto:  transport protocol
 * @port:     the usual port, in host byte order
 * @by_index: helpers of other ports are called NAME-INDEX, not NAME-PORT
 * @policy:   limits of its expectations, one for each class
 * @classes:  highest class
 * @inspect:  called for each packet
 * @restore:  reads private data that user space sends, or NULL
 * @destroy:  called for each entry with the helper that ends, or NULL
 */
struct nf_ct_helper_kind {
	const char				*name;
	u8					family;
	u8					l4proto;
	u16					port;
	bool					by_index;
	const struct nf_conntrack_expect_policy	*policy;
	u32					classes;
	nf_ct_helper_fn				*inspect;
	int					(*restore)(struct nlattr *data,
							   struct nf_conn *ct);
	void					(*destroy)(struct nf_conn *ct);
};

#ifdef NF_CT_HAVE_HELPER_REFS

struct nf_ct_helper_set {
	struct nf_conntrack_helper	**known;
	unsigned int			n;
};

#define NF_CT_HELPER_SET_FIXED(kinds)					\
static struct nf_conntrack_helper *nf_ct_helper_room[kinds];		\
static struct nf_ct_helper_set nf_ct_helpers = { .known = nf_ct_helper_room }

#define NF_CT_HELPER_SET(kinds, text)	NF_CT_HELPER_SET_FIXED(kinds)

static inline void nf_ct_helper_set_unregister(struct nf_ct_helper_set *set)
{
	/* entries keep the helper, and must not call what is going to leave */
	while (set->n) {
		WRITE_ONCE(set->known[--set->n]->destroy, NULL);
		nf_conntrack_helper_unregister(set->known[set->n]);
	}
}

static inline int nf_ct_helper_set_register(struct nf_ct_helper_set *set,
					    const struct nf_ct_helper_kind *kind,
					    unsigned int kinds, struct module *me)
{
	struct nf_conntrack_helper helper;
	int err;

	for (; kinds; kinds--, kind++) {
		nf_ct_helper_init(&helper, kind->family == NFPROTO_INET ? NFPROTO_UNSPEC :
				  kind->family, kind->l4proto, kind->name, kind->policy,
				  kind->classes, kind->inspect, kind->restore, me);
		helper.destroy = kind->destroy;
		err = nf_conntrack_helper_register(&helper, &set->known[set->n]);
		if (err) {
			nf_ct_helper_set_unregister(set);
			return err;
		}
		set->n++;
	}
	return 0;
}

static inline struct nf_conntrack_helper *
nf_ct_helper_set_at(const struct nf_ct_helper_set *set, unsigned int i)
{
	return set->known[i];
}

#else

#define NF_CT_HELPER_PORTS	8

struct nf_ct_helper_set {
	struct nf_conntrack_helper	*helpers;
	unsigned int			n;
	bool				fixed;
	ushort				ports[NF_CT_HELPER_PORTS];
	unsigned int			nports;
};

#define NF_CT_HELPER_SET_FIXED(kinds)					\
static struct nf_conntrack_helper nf_ct_helper_room[(kinds) * 2];	\
static struct nf_ct_helper_set nf_ct_helpers = {			\
	.helpers = nf_ct_helper_room,					\
	.fixed	 = true,						\
}

#define NF_CT_HELPER_SET(kinds, text)					\
static struct nf_conntrack_helper					\
	nf_ct_helper_room[(kinds) * 2 * NF_CT_HELPER_PORTS];		\
static struct nf_ct_helper_set nf_ct_helpers = {			\
	.helpers = nf_ct_helper_room,					\
};									\
module_param_array_named(ports, nf_ct_helpers.ports, ushort,		\
			 &nf_ct_helpers.nports, 0400);			\
MODULE_PARM_DESC(ports, text)

/* One kind at one port: a helper for each family */
static inline void nf_ct_helper_set_add(struct nf_ct_helper_set *set,
					const struct nf_ct_helper_kind *kind, u16 port,
					unsigned int index, struct module *me)
{
	static const u8 both[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	bool inet = kind->family == NFPROTO_INET;
	unsigned int i;

	for (i = 0; i < (inet ? ARRAY_SIZE(both) : 1); i++) {
		nf_ct_helper_init(&set->helpers[set->n], inet ? both[i] : kind->family,
				  kind->l4proto, kind->name, kind->port, port,
				  kind->by_index ? index : port, kind->policy,
				  kind->classes, kind->inspect, kind->restore, me);
		set->helpers[set->n++].destroy = kind->destroy;
	}
}

static inline int nf_ct_helper_set_register(struct nf_ct_helper_set *set,
					    const struct nf_ct_helper_kind *kind,
					    unsigned int kinds, struct module *me)
{
	unsigned int port, k;

	/* "ports" shows what is used */
	if (!set->nports)
		set->ports[set->nports++] = kind->port;
	for (port = 0; port < set->nports; port++)
		for (k = 0; k < kinds; k++)
			nf_ct_helper_set_add(set, &kind[k], set->fixed ? kind[k].port :
					     set->ports[port], port, me);
	return nf_conntrack_helpers_register(set->helpers, set->n);
}

static inline void nf_ct_helper_set_unregister(struct nf_ct_helper_set *set)
{
	nf_conntrack_helpers_unregister(set->helpers, set->n);
}

static inline struct nf_conntrack_helper *
nf_ct_helper_set_at(const struct nf_ct_helper_set *set, unsigned int i)
{
	return &set->helpers[i];
}

#endif

/* The helper of a kind, for an expectation or an entry to point to; for the one of several
 * families, @family is that of the entry.
 */
static inline struct nf_conntrack_helper *
nf_ct_helper_set_get(const struct nf_ct_helper_set *set,
		     const struct nf_ct_helper_kind *kind, u8 family)
{
	struct nf_conntrack_helper *helper;
	unsigned int i;

	for (i = 0; i < set->n; i++) {
		helper = nf_ct_helper_set_at(set, i);
		if (!strcmp(helper->name, kind->name) &&
		    nf_ct_helper_l4(helper) == kind->l4proto &&
		    (nf_ct_helper_l3(helper) == family ||
		     nf_ct_helper_l3(helper) == NFPROTO_UNSPEC))
			return helper;
	}
	return NULL;
}

#endif /* _NF_CT_HELPER_MODULE_H */
