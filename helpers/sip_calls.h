/* SPDX-License-Identifier: GPL-2.0 */
/* Which call an expectation of media belongs to. */
#ifndef _NF_CT_SIP_CALLS_H
#define _NF_CT_SIP_CALLS_H

#include <linux/types.h>

struct nf_conn;

/**
 * struct nf_ct_sip_call - what a stream was announced in
 * @id:   of Call-ID, a hash
 * @cseq: number of CSeq
 */
struct nf_ct_sip_call {
	u32	id;
	u32	cseq;
};

void nf_ct_sip_calls_init(void);
u32 nf_ct_sip_calls_id(const void *text, u32 len);
void nf_ct_sip_calls_note(const struct nf_conn *ct, __be16 port,
			  const struct nf_ct_sip_call *call);
bool nf_ct_sip_calls_find(const struct nf_conn *ct, __be16 port,
			  struct nf_ct_sip_call *call);

#endif /* _NF_CT_SIP_CALLS_H */
