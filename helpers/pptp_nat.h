/* SPDX-License-Identifier: GPL-2.0 */
/* The NAT counterpart of the PPTP helper, which knows one call of a control connection. */
#ifndef _NF_CT_PPTP_NAT_H
#define _NF_CT_PPTP_NAT_H

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/types.h>

struct nf_conn;
struct nf_conntrack_expect;
struct nf_ct_pptp_call;
struct sk_buff;

/**
 * struct nf_ct_pptp_place - a message in a packet
 * @skb:     the packet
 * @ct:      its entry
 * @ctinfo:  its place in the connection
 * @protoff: offset of the TCP header
 * @at:      offset of the message in the data behind it
 * @type:    type of the message
 */
struct nf_ct_pptp_place {
	struct sk_buff		*skb;
	struct nf_conn		*ct;
	enum ip_conntrack_info	ctinfo;
	unsigned int		protoff;
	unsigned int		at;
	u16			type;
};

bool nf_ct_pptp_nat_is_on(const struct nf_conn *ct);
int nf_ct_pptp_nat_outbound(const struct nf_ct_pptp_place *p,
			    const struct nf_ct_pptp_call *call);
int nf_ct_pptp_nat_inbound(const struct nf_ct_pptp_place *p,
			   const struct nf_ct_pptp_call *call);
void nf_ct_pptp_nat_expect(struct nf_conn *ct, const struct nf_ct_pptp_call *call,
			   struct nf_conntrack_expect *orig,
			   struct nf_conntrack_expect *repl);
void nf_ct_pptp_nat_expected(struct nf_conn *ct, struct nf_conntrack_expect *exp,
			     const struct nf_ct_pptp_call *call);

#endif /* _NF_CT_PPTP_NAT_H */
