/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control messages of PPTP (RFC 2637 2).  No kernel types: selftests/unit and
 * selftests/fuzz compile the same source in user space.  No state, no locks.
 */
#ifndef _NF_CT_PPTP_PARSE_H
#define _NF_CT_PPTP_PARSE_H

#include "nf_ct_cursor.h"

/* The longest message, in bytes: Incoming-Call-Request */
#define NF_CT_PPTP_MESSAGE_MAX	220

/* PptpControlMessageType, as include/linux/netfilter/nf_conntrack_pptp.h has them */
enum nf_ct_pptp_type {
	NF_CT_PPTP_START_REQUEST	= 1,
	NF_CT_PPTP_START_REPLY		= 2,
	NF_CT_PPTP_STOP_REQUEST		= 3,
	NF_CT_PPTP_STOP_REPLY		= 4,
	NF_CT_PPTP_ECHO_REQUEST		= 5,
	NF_CT_PPTP_ECHO_REPLY		= 6,
	NF_CT_PPTP_OUT_REQUEST		= 7,
	NF_CT_PPTP_OUT_REPLY		= 8,
	NF_CT_PPTP_IN_REQUEST		= 9,
	NF_CT_PPTP_IN_REPLY		= 10,
	NF_CT_PPTP_IN_CONNECTED		= 11,
	NF_CT_PPTP_CLEAR_REQUEST	= 12,
	NF_CT_PPTP_DISCONNECT		= 13,
	NF_CT_PPTP_WAN_ERROR		= 14,
	NF_CT_PPTP_SET_LINK		= 15,
	NF_CT_PPTP_TYPES		= 16,
};

/* Result codes that mean success (RFC 2637 2.2, 2.4, 2.8, 2.10) */
#define NF_CT_PPTP_OK		1

/**
 * enum nf_ct_pptp_verdict - what the bytes are
 * @NF_CT_PPTP_NOTHING: no beginning of a control message
 * @NF_CT_PPTP_MESSAGE: a whole one
 * @NF_CT_PPTP_BAD:     one that breaks a rule
 */
enum nf_ct_pptp_verdict {
	NF_CT_PPTP_NOTHING,
	NF_CT_PPTP_MESSAGE,
	NF_CT_PPTP_BAD,
};

/**
 * struct nf_ct_pptp_said - what a message says
 * @type:   enum nf_ct_pptp_type
 * @call:   call ID of its sender, host byte order, if the type has one
 * @peer:   call ID of its receiver, likewise
 * @result: result code, likewise
 */
struct nf_ct_pptp_said {
	u16	type;
	u16	call;
	u16	peer;
	u8	result;
};

enum nf_ct_pptp_verdict nf_ct_pptp_read(struct nf_ct_cursor *c,
					struct nf_ct_pptp_said *said, const char **rule);

#endif /* _NF_CT_PPTP_PARSE_H */
