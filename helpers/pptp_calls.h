/* SPDX-License-Identifier: GPL-2.0 */
/* The calls of PPTP's control connections, and how messages change them. */
#ifndef _NF_CT_PPTP_CALLS_H
#define _NF_CT_PPTP_CALLS_H

#include <linux/types.h>

struct nf_conn;

/* A control connection has so many calls at once; the core has room for as many */
#define NF_CT_PPTP_CALLS_MAX	16

/**
 * enum nf_ct_pptp_state - how far a call is
 * @NF_CT_PPTP_FRESH:    nothing is known of it
 * @NF_CT_PPTP_ASKED:    the client has asked for it
 * @NF_CT_PPTP_RUNG:     the server has
 * @NF_CT_PPTP_ANSWERED: the client has taken one that the server has asked for
 * @NF_CT_PPTP_UP:       GRE may pass
 * @NF_CT_PPTP_ENDED:    refused or ended; kept for messages that TCP sends again
 */
enum nf_ct_pptp_state {
	NF_CT_PPTP_FRESH,
	NF_CT_PPTP_ASKED,
	NF_CT_PPTP_RUNG,
	NF_CT_PPTP_ANSWERED,
	NF_CT_PPTP_UP,
	NF_CT_PPTP_ENDED,
};

/**
 * enum nf_ct_pptp_id - a call ID
 * @NF_CT_PPTP_NO_ID:  none
 * @NF_CT_PPTP_INSIDE: that of the client (PNS), as the client has chosen it
 * @NF_CT_PPTP_PNS:    the same as the server sees it: another one behind NAT
 * @NF_CT_PPTP_PAC:    that of the server (PAC)
 */
enum nf_ct_pptp_id {
	NF_CT_PPTP_NO_ID,
	NF_CT_PPTP_INSIDE,
	NF_CT_PPTP_PNS,
	NF_CT_PPTP_PAC,
};

/**
 * struct nf_ct_pptp_call - a call
 * @inside:  as NF_CT_PPTP_INSIDE
 * @pns:     as NF_CT_PPTP_PNS
 * @pac:     as NF_CT_PPTP_PAC
 * @state:   enum nf_ct_pptp_state
 * @has_pns: the first two are known
 * @has_pac: the third is
 */
struct nf_ct_pptp_call {
	__be16	inside;
	__be16	pns;
	__be16	pac;
	u8	state;
	bool	has_pns;
	bool	has_pac;
};

/**
 * struct nf_ct_pptp_step - what a message does to a call
 * @key:   which ID the message names it by
 * @id:    that ID
 * @opens: it may be a new call
 * @from:  it changes a call in these states, a bit each
 * @to:    the next state
 * @sets:  which ID becomes known: NF_CT_PPTP_INSIDE, _PAC or none
 * @value: that ID
 * @nat:   the server must not see the client's own ID
 */
struct nf_ct_pptp_step {
	u8	key;
	u8	to;
	u8	sets;
	u8	from;
	bool	opens;
	bool	nat;
	__be16	id;
	__be16	value;
};

/**
 * struct nf_ct_pptp_change - what has become of a call
 * @call:  the call after it
 * @moved: its state was one of those that the message changes
 * @ended: calls that were up and no longer are
 * @n:     their number
 */
struct nf_ct_pptp_change {
	struct nf_ct_pptp_call	call;
	bool			moved;
	struct nf_ct_pptp_call	ended[2];
	unsigned int		n;
};

int nf_ct_pptp_calls_step(struct nf_conn *ct, const struct nf_ct_pptp_step *step,
			  struct nf_ct_pptp_change *change);
unsigned int nf_ct_pptp_calls_up(struct nf_conn *ct,
				 struct nf_ct_pptp_call up[NF_CT_PPTP_CALLS_MAX]);
unsigned int nf_ct_pptp_calls_take(struct nf_conn *ct,
				   struct nf_ct_pptp_call up[NF_CT_PPTP_CALLS_MAX]);
void nf_ct_pptp_calls_free(void);

#endif /* _NF_CT_PPTP_CALLS_H */
