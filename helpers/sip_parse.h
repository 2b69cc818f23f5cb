/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of SIP (RFC 3261): the start line, the fields of the head, URIs and their
 * parameters.  No kernel types: selftests/unit and selftests/fuzz compile the same source
 * in user space.  No state but what lies on the caller's stack; no locks.
 *
 * A line ends with LF, with or without CR before it.  One that begins with a blank
 * continues the line before.
 */
#ifndef _NF_CT_SIP_PARSE_H
#define _NF_CT_SIP_PARSE_H

#include "nf_ct_cursor.h"

/* Ports below this one are never opened (RFC 6335 6: system ports) */
#define NF_CT_SIP_LOWEST_PORT	1024

/* That of a URI without one */
#define NF_CT_SIP_USUAL_PORT	5060

/* What Content-Length is if it says no number */
#define NF_CT_SIP_NO_LENGTH	(~0U)

/* As the functions answer that nf_nat_sip calls */
enum nf_ct_sip_found {
	NF_CT_SIP_IS_BAD	= -1,
	NF_CT_SIP_NONE		= 0,
	NF_CT_SIP_FOUND		= 1,
};

enum nf_ct_sip_field {
	NF_CT_SIP_CSEQ,
	NF_CT_SIP_FROM,
	NF_CT_SIP_TO,
	NF_CT_SIP_CONTACT,
	NF_CT_SIP_VIA_UDP,
	NF_CT_SIP_VIA_TCP,
	NF_CT_SIP_EXPIRES,
	NF_CT_SIP_CONTENT_LENGTH,
	NF_CT_SIP_CALL_ID,
};

enum nf_ct_sip_method {
	NF_CT_SIP_OTHER,
	NF_CT_SIP_INVITE,
	NF_CT_SIP_UPDATE,
	NF_CT_SIP_ACK,
	NF_CT_SIP_PRACK,
	NF_CT_SIP_BYE,
	NF_CT_SIP_REGISTER,
};

/**
 * enum nf_ct_sip_verdict - what some bytes are
 * @NF_CT_SIP_NOTHING:    no message of SIP
 * @NF_CT_SIP_MESSAGE:    a message; its body may be longer than the bytes
 * @NF_CT_SIP_UNFINISHED: a message so far, whose head has no end yet.  Of a datagram, which
 *                        brings no more, the head counts if it has a CSeq; else it breaks
 *                        the rule that the head names.
 * @NF_CT_SIP_BAD:        it begins like a message and breaks a rule
 */
enum nf_ct_sip_verdict {
	NF_CT_SIP_NOTHING,
	NF_CT_SIP_MESSAGE,
	NF_CT_SIP_UNFINISHED,
	NF_CT_SIP_BAD,
};

/* A text, by its offset */
struct nf_ct_sip_place {
	u32	begin;
	u32	len;
};

/**
 * struct nf_ct_sip_head - what the head of a message says
 * @rule:        of a message that is bad: the rule that it breaks, in words
 * @call:        Call-ID
 * @cseq:        number of CSeq
 * @expires:     Expires, if @has_expires
 * @length:      Content-Length; 0 if there is none, NF_CT_SIP_NO_LENGTH if it says no
 *               number below 2^32
 * @body:        offset behind the empty line, or of the end
 * @code:        of a response, 100 to 999; 0 of a request
 * @method:      enum nf_ct_sip_method: of the request, or that of CSeq
 * @has_cseq:    there is a CSeq with a number
 * @has_expires: there is an Expires
 * @has_length:  there is a Content-Length
 *
 * The first field of a name counts.
 */
struct nf_ct_sip_head {
	const char		*rule;
	struct nf_ct_sip_place	call;
	u32			cseq;
	u32			expires;
	u32			length;
	u32			body;
	u16			code;
	u8			method;
	bool			has_cseq;
	bool			has_expires;
	bool			has_length;
};

/**
 * struct nf_ct_sip_uri - an address and a port, of a URI or of Via
 * @place: both of them, as text
 * @port:  the port, in host byte order, 1024 or more
 * @addr:  the address, in network byte order
 */
struct nf_ct_sip_uri {
	struct nf_ct_sip_place	place;
	u16			port;
	u8			addr[16];
};

enum nf_ct_sip_verdict nf_ct_sip_read(const struct nf_ct_cursor *c,
				      struct nf_ct_sip_head *head);
bool nf_ct_sip_field(struct nf_ct_cursor *c, enum nf_ct_sip_field field,
		     struct nf_ct_cursor *value);
enum nf_ct_sip_found nf_ct_sip_value(struct nf_ct_cursor *c, enum nf_ct_sip_field field,
				     u8 family, struct nf_ct_sip_place *place);
enum nf_ct_sip_found nf_ct_sip_request_uri(const struct nf_ct_cursor *c, u8 family,
					   struct nf_ct_sip_uri *uri);
enum nf_ct_sip_found nf_ct_sip_next_uri(struct nf_ct_cursor *c,
					enum nf_ct_sip_field field, u8 family,
					bool *inside, struct nf_ct_sip_uri *uri);
bool nf_ct_sip_host(struct nf_ct_cursor *c, u8 family, bool brackets, u8 addr[16]);
bool nf_ct_sip_param(const struct nf_ct_cursor *c, const char *name,
		     struct nf_ct_cursor *value);
bool nf_ct_sip_number(struct nf_ct_cursor *c, u32 *number);
bool nf_ct_sip_next_line(struct nf_ct_cursor *c);

#endif /* _NF_CT_SIP_PARSE_H */
