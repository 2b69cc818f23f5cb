/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The request that begins a TFTP transfer (RFC 1350, 2347).  No kernel types:
 * selftests/unit and selftests/fuzz compile the same source in user space.  No state, no
 * locks.
 */
#ifndef _NF_CT_TFTP_PARSE_H
#define _NF_CT_TFTP_PARSE_H

#include "nf_ct_cursor.h"

/* A request has no more bytes than this, with its options (RFC 2347) */
#define NF_CT_TFTP_REQUEST_MAX	512

/**
 * enum nf_ct_tftp_verdict - what a datagram is
 * @NF_CT_TFTP_NOTHING: no request: data, an acknowledgment, an error
 * @NF_CT_TFTP_REQUEST: a request to read or to write a file
 * @NF_CT_TFTP_BAD:     it begins like a request and breaks a rule
 */
enum nf_ct_tftp_verdict {
	NF_CT_TFTP_NOTHING,
	NF_CT_TFTP_REQUEST,
	NF_CT_TFTP_BAD,
};

enum nf_ct_tftp_verdict nf_ct_tftp_read(struct nf_ct_cursor *c, const char **rule);

#endif /* _NF_CT_TFTP_PARSE_H */
