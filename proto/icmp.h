/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the trackers of ICMP and ICMPv6 share (icmp_common.c).  Each describes
 * itself by a constant struct nf_ct_icmp_family.
 */
#ifndef _NF_CT_PROTO_ICMP_H
#define _NF_CT_PROTO_ICMP_H

#include "proto.h"

enum nf_ct_icmp_role {
	NF_CT_ICMP_NONE,	/* not tracked: no flow can start or go on */
	NF_CT_ICMP_QUERY,	/* starts a flow, answered by its peer type */
	NF_CT_ICMP_ANSWER,	/* only ever the reply of a flow */
	NF_CT_ICMP_ERROR,	/* quotes a packet of another flow */
	NF_CT_ICMP_REDIRECT,	/* quotes a packet in an option */
	NF_CT_ICMP_LINK,	/* discovery of neighbours and such: untracked */
};

/**
 * struct nf_ct_icmp_type - what a message of one type is
 * @role: enum nf_ct_icmp_role
 * @peer: type of the counterpart of a query or an answer
 */
struct nf_ct_icmp_type {
	u8 role;
	u8 peer;
};

/**
 * struct nf_ct_icmp_family - ICMP or ICMPv6
 * @name: for the log
 * @pf: NFPROTO_IPV4 or NFPROTO_IPV6
 * @l4proto: protocol number
 * @query_only: packets of an entry that begins with an answer are invalid even
 *	when it is in the table
 * @first_type: type that @types begins with
 * @n_types: how many types are in @types; others have no role
 * @types: the types
 * @attr_id: CTA_PROTO_* of the identifier
 * @attr_type: CTA_PROTO_* of the type
 * @attr_code: CTA_PROTO_* of the code
 * @select_id: NF_CT_TUPLE_* of the identifier
 * @select_type: NF_CT_TUPLE_* of the type
 * @select_code: NF_CT_TUPLE_* of the code
 */
struct nf_ct_icmp_family {
	const char *name;
	u8 pf;
	u8 l4proto;
	bool query_only;
	u8 first_type;
	u8 n_types;
	const struct nf_ct_icmp_type *types;
	u16 attr_id;
	u16 attr_type;
	u16 attr_code;
	u16 select_id;
	u16 select_type;
	u16 select_code;
};

enum nf_ct_icmp_role nf_ct_icmp_role(const struct nf_ct_icmp_family *family,
				     u8 type);
bool nf_ct_icmp_read_tuple(const struct sk_buff *skb, unsigned int dataoff,
			   struct nf_conntrack_tuple *tuple);
bool nf_ct_icmp_invert(const struct nf_ct_icmp_family *family,
		       struct nf_conntrack_tuple *tuple,
		       const struct nf_conntrack_tuple *orig);
int nf_ct_icmp_packet(const struct nf_ct_icmp_family *family,
		      struct nf_conn *ct, struct sk_buff *skb,
		      enum ip_conntrack_info ctinfo,
		      const struct nf_hook_state *state,
		      const unsigned int *dflt);
int nf_ct_icmp_invalid(const struct nf_ct_icmp_family *family,
		       const struct sk_buff *skb,
		       const struct nf_hook_state *state, const char *why);
const char *nf_ct_icmp_flaw(const struct nf_ct_icmp_family *family,
			    struct sk_buff *skb, unsigned int dataoff,
			    const struct nf_hook_state *state, u8 *type);

/* Members of struct nf_ct_icmp_family: @attr is ICMP or ICMPV6. */
#define NF_CT_ICMP_ATTR_NUMBERS(attr)					\
	.attr_id	= CTA_PROTO_##attr##_ID,			\
	.attr_type	= CTA_PROTO_##attr##_TYPE,			\
	.attr_code	= CTA_PROTO_##attr##_CODE,			\
	.select_id	= NF_CT_TUPLE_##attr##_ID,			\
	.select_type	= NF_CT_TUPLE_##attr##_TYPE,			\
	.select_code	= NF_CT_TUPLE_##attr##_CODE,

#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
unsigned int nf_ct_icmp_nlattr_size(void);
int nf_ct_icmp_tuple_dump(const struct nf_ct_icmp_family *family,
			  struct sk_buff *skb,
			  const struct nf_conntrack_tuple *t);
int nf_ct_icmp_tuple_parse(const struct nf_ct_icmp_family *family,
			   struct nlattr *tb[], struct nf_conntrack_tuple *t,
			   u32 wanted);

/**
 * NF_CT_DEFINE_ICMP_ATTRS - tuples of a tracker in netlink
 * @name: icmp or icmpv6; its family is nf_ct_NAME
 * @attr: ICMP or ICMPV6, of the attributes' names
 *
 * Defines what NF_CT_ICMP_ATTRS() of the same name refers to.
 */
#define NF_CT_DEFINE_ICMP_ATTRS(name, attr)				\
static const struct nla_policy						\
nf_ct_##name##_nla_policy[CTA_PROTO_MAX + 1] = {			\
	[CTA_PROTO_##attr##_ID]		= { .type = NLA_U16 },		\
	[CTA_PROTO_##attr##_TYPE]	= { .type = NLA_U8 },		\
	[CTA_PROTO_##attr##_CODE]	= { .type = NLA_U8 },		\
};									\
									\
static int nf_ct_##name##_to_nlattr(struct sk_buff *skb,		\
				    const struct nf_conntrack_tuple *t)	\
{									\
	return nf_ct_icmp_tuple_dump(&nf_ct_##name, skb, t);		\
}									\
									\
static int nf_ct_##name##_from_nlattr(struct nlattr *tb[],		\
				      struct nf_conntrack_tuple *t,	\
				      u32 wanted)			\
{									\
	return nf_ct_icmp_tuple_parse(&nf_ct_##name, tb, t, wanted);	\
}

/* Members of struct nf_conntrack_l4proto */
#define NF_CT_ICMP_ATTRS(name)						\
	.nla_policy		= nf_ct_##name##_nla_policy,		\
	.nlattr_tuple_size	= nf_ct_icmp_nlattr_size,		\
	.nlattr_to_tuple	= nf_ct_##name##_from_nlattr,		\
	.tuple_to_nlattr	= nf_ct_##name##_to_nlattr,
#else
#define NF_CT_DEFINE_ICMP_ATTRS(name, attr)
#define NF_CT_ICMP_ATTRS(name)
#endif

#endif /* _NF_CT_PROTO_ICMP_H */
