/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the SIP helper: a message that is looked at, and what its parts do with it.
 * NAT may rewrite the message meanwhile; then it is read anew.
 */
#ifndef _NF_CT_SIP_H
#define _NF_CT_SIP_H

#include <linux/netfilter/nf_conntrack_sip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "nf_ct_helper_made.h"
#include "sip_parse.h"

#define NF_CT_SIP_NAME	"sip"

/* A message of more bytes is not read */
#define NF_CT_SIP_MESSAGE_MAX	16384

/**
 * struct nf_ct_sip_state - what is known of a connection, in its entry's helper data
 * @master:   what nf_nat_sip reads; its register_cseq is that of the REGISTER whose
 *            answer counts
 * @via_port: where the client wants answers, if that is not where it sends from, else 0
 *
 * Each member is written and read as a whole.  Two packets at once may both write; the
 * later one counts, as if it had come later.
 */
struct nf_ct_sip_state {
	struct nf_ct_sip_master	master;
	__be16			via_port;
};

/**
 * struct nf_ct_sip_msg - a message
 * @skb:     its packet
 * @ct:      the entry
 * @ctinfo:  the packet's place in the connection
 * @nat:     what rewrites the message if the entry has NAT, else NULL
 * @protoff: offset of the transport header
 * @dataoff: offset of the message
 * @dptr:    the message
 * @datalen: its length
 * @dir:     direction
 * @head:    what its head says
 * @made:    what its packet has announced, also in messages before
 */
struct nf_ct_sip_msg {
	struct sk_buff			*skb;
	struct nf_conn			*ct;
	enum ip_conntrack_info		ctinfo;
	const struct nf_nat_sip_hooks	*nat;
	unsigned int			protoff;
	unsigned int			dataoff;
	const char			*dptr;
	unsigned int			datalen;
	u8				dir;
	struct nf_ct_sip_head		head;
	struct nf_ct_made		*made;
};

extern unsigned int nf_ct_sip_timeout;
extern int nf_ct_sip_direct_signalling;
extern int nf_ct_sip_direct_media;
extern int nf_ct_sip_external_media;

/* sip.c */
void nf_ct_sip_log(const struct nf_ct_sip_msg *m, const char *rule);
int nf_ct_sip_drop(const struct nf_ct_sip_msg *m, const char *why);
int nf_ct_sip_message(struct nf_ct_sip_msg *m);
struct nf_conntrack_helper *nf_ct_sip_helper(const struct nf_conn *ct, u8 l4proto);

/* sip_media.c */
int nf_ct_sip_media(struct nf_ct_sip_msg *m);
void nf_ct_sip_media_end(const struct nf_ct_sip_msg *m);
void nf_ct_sip_media_renew(const struct nf_ct_sip_msg *m);
void nf_ct_sip_media_refused(const struct nf_ct_sip_msg *m);

/* sip_register.c */
int nf_ct_sip_register(struct nf_ct_sip_msg *m);
int nf_ct_sip_registered(struct nf_ct_sip_msg *m);

/* sip_stream.c */
void nf_ct_sip_stream_init(void);
void nf_ct_sip_stream_exit(void);
int nf_ct_sip_stream(struct nf_ct_sip_msg *m, u32 seq);

static inline struct nf_ct_sip_state *nf_ct_sip_state(const struct nf_conn *ct)
{
	BUILD_BUG_ON(sizeof(struct nf_ct_sip_state) > sizeof_field(struct nf_conn_help, data));
	return nfct_help_data(ct);
}

static inline u8 nf_ct_sip_family(const struct nf_ct_sip_msg *m)
{
	return nf_ct_l3num(m->ct) == NFPROTO_IPV6 ? 6 : 4;
}

static inline struct nf_ct_cursor nf_ct_sip_cursor(const struct nf_ct_sip_msg *m)
{
	struct nf_ct_cursor c;

	nf_ct_cursor_init(&c, m->dptr, m->datalen);
	return c;
}

static inline union nf_inet_addr nf_ct_sip_addr(const u8 bytes[16])
{
	union nf_inet_addr addr;

	BUILD_BUG_ON(sizeof(addr) != 16);
	memcpy(&addr, bytes, sizeof(addr));
	return addr;
}

#endif /* _NF_CT_SIP_H */
