/* SPDX-License-Identifier: GPL-2.0 */
/* The H.323 helper: what its files know of each other. */
#ifndef _NF_CT_H323_H
#define _NF_CT_H323_H

#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <linux/netfilter/nf_conntrack_h323.h>

#include "h323_parse.h"
#include "nf_ct_helper_made.h"

/* A list of addresses is looked at as far as this, as by nf_nat_h323 */
#define NF_CT_H323_LIST_MAX	10

/**
 * struct nf_ct_h323_state - what is known of a connection, in the entry's helper data
 * @master: the part that nf_nat_h323 reads and writes
 * @seq:    per direction, where the message begins whose head has come alone; its length
 *          is in @master
 *
 * The entry's lock guards what is ours.
 */
struct nf_ct_h323_state {
	struct nf_ct_h323_master	master;
	u32				seq[IP_CT_DIR_MAX];
};

/**
 * struct nf_ct_h323_packet - a message, and where it stands
 * @skb:     the packet
 * @ct:      its entry
 * @state:   what is known of the connection
 * @nat:     what rewrites addresses, NULL if nothing does
 * @data:    first byte of the message; rewriting may move it
 * @name:    name of the helper, for the log
 * @made:    what the packet has announced
 * @protoff: offset of the transport header
 * @dataoff: offset of the message behind that header
 * @ctinfo:  the packet's place in the connection
 * @dir:     its direction
 */
struct nf_ct_h323_packet {
	struct sk_buff				*skb;
	struct nf_conn				*ct;
	struct nf_ct_h323_state			*state;
	const struct nfct_h323_nat_hooks	*nat;
	unsigned char				*data;
	const char				*name;
	struct nf_ct_made			*made;
	unsigned int				protoff;
	int					dataoff;
	enum ip_conntrack_info			ctinfo;
	u8					dir;
};

/* The tuples of the packet's direction, and of the answers to it */
static inline const struct nf_conntrack_tuple *
nf_ct_h323_this(const struct nf_ct_h323_packet *p)
{
	return &p->ct->tuplehash[p->dir].tuple;
}

static inline const struct nf_conntrack_tuple *
nf_ct_h323_answer(const struct nf_ct_h323_packet *p)
{
	return &p->ct->tuplehash[!p->dir].tuple;
}

/* What is done with a message; false if its packet is to be dropped */
typedef bool nf_ct_h323_message_fn(struct nf_ct_h323_packet *p, struct nf_ct_cursor *c);

/* h323.c */
struct nf_conntrack_helper *nf_ct_h323_helper_h245(const struct nf_conn *ct);
struct nf_conntrack_helper *nf_ct_h323_helper_q931(const struct nf_conn *ct);
struct nf_conntrack_helper *nf_ct_h323_helper_ras(const struct nf_conn *ct);

/* h323_packet.c */
bool nf_ct_h323_open(struct nf_ct_h323_packet *p, struct sk_buff *skb, struct nf_conn *ct,
		     enum ip_conntrack_info ctinfo, unsigned int protoff, const char *name);
void nf_ct_h323_log(const struct nf_ct_h323_packet *p, const char *rule);
bool nf_ct_h323_refuse(const struct nf_ct_h323_packet *p, const char *why);
int nf_ct_h323_inspect_tcp(struct nf_ct_h323_packet *p, nf_ct_h323_message_fn *message);
int nf_ct_h323_inspect_udp(struct nf_ct_h323_packet *p, nf_ct_h323_message_fn *message);

/* h323_address.c */
bool nf_ct_h323_address(const struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item,
			union nf_inet_addr *addr, __be16 *port);
bool nf_ct_h323_own_address(const struct nf_ct_h323_packet *p,
			    const struct nf_ct_h323_item *item, __be16 *port);
void nf_ct_h323_fill(TransportAddress *to, const struct nf_ct_h323_item *item);
void nf_ct_h323_fill_h245(H245_TransportAddress *to, const struct nf_ct_h323_item *item);
int nf_ct_h323_fill_list(TransportAddress to[NF_CT_H323_LIST_MAX],
			 const struct nf_ct_h323_found *found, u8 mark);
const struct nf_ct_h323_item *nf_ct_h323_find(const struct nf_ct_h323_found *found, u8 mark);

/* What is expected gets this helper. */
static inline void nf_ct_h323_assign(struct nf_conntrack_expect *exp,
				     struct nf_conntrack_helper *helper)
{
	rcu_assign_pointer(nf_ct_exp_assigned(exp), helper);
}

/* h323_expect.c */
bool nf_ct_h323_translates(const struct nf_ct_h323_packet *p);
struct nf_conntrack_expect *
nf_ct_h323_expect_new(const struct nf_ct_h323_packet *p, const union nf_inet_addr *from,
		      const union nf_inet_addr *to, u8 protocol, __be16 port);
bool nf_ct_h323_expect_put(const struct nf_ct_h323_packet *p,
			   struct nf_conntrack_expect *exp, int err);

/* h323_channel.c */
bool nf_ct_h323_channel(struct nf_ct_h323_packet *p, const struct nf_ct_h323_item *item);
nf_ct_h323_message_fn nf_ct_h323_h245_message;

/* h323_call.c */
nf_ct_h323_message_fn nf_ct_h323_q931_message;

/* h323_ras.c */
nf_ct_h323_message_fn nf_ct_h323_ras_message;

#endif /* _NF_CT_H323_H */
