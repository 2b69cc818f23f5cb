/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How messages of the SANE network protocol begin: the request to start a scan, and the
 * answer, which names the port of the image data (SANE standard 5.2).  No kernel types:
 * selftests/unit and selftests/fuzz compile the same source in user space.  The only
 * state is the caller's struct nf_ct_sane_head; no locks.
 */
#ifndef _NF_CT_SANE_PARSE_H
#define _NF_CT_SANE_PARSE_H

#include "nf_ct_cursor.h"

/* Ports below this one are never opened (RFC 6335 6: system ports) */
#define NF_CT_SANE_LOWEST_PORT	1024

/**
 * enum nf_ct_sane_verdict - what became of a message
 * @NF_CT_SANE_UNFINISHED: all fits so far, more has to come; the beginning is zero
 * @NF_CT_SANE_FOUND:      it is the one that was looked for
 * @NF_CT_SANE_NOTHING:    it is another one
 * @NF_CT_SANE_BAD:        it begins like it and breaks a rule
 */
enum nf_ct_sane_verdict {
	NF_CT_SANE_UNFINISHED,
	NF_CT_SANE_FOUND,
	NF_CT_SANE_NOTHING,
	NF_CT_SANE_BAD,
};

/**
 * struct nf_ct_sane_head - the beginning of a message, which may come in pieces
 * @word:    the word that is being read; of one that was found the last one
 * @bytes:   so many bytes have been read
 * @verdict: enum nf_ct_sane_verdict
 *
 * All zero before the first byte.
 */
struct nf_ct_sane_head {
	u32	word;
	u8	bytes;
	u8	verdict;
};

const char *nf_ct_sane_read_request(struct nf_ct_sane_head *head, struct nf_ct_cursor *c);
const char *nf_ct_sane_read_answer(struct nf_ct_sane_head *head, struct nf_ct_cursor *c);

#endif /* _NF_CT_SANE_PARSE_H */
