/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What FTP says about its data connections, read from one line at a time (RFC 959,
 * 1123, 2428, 4217).  No kernel types: selftests/unit and selftests/fuzz compile the
 * same source in user space.  No state but what lies on the caller's stack; no locks.
 */
#ifndef _NF_CT_FTP_PARSE_H
#define _NF_CT_FTP_PARSE_H

#include "nf_ct_cursor.h"

/* Ports below this one are never opened (RFC 6335 6: system ports) */
#define NF_CT_FTP_LOWEST_PORT	1024

/**
 * enum nf_ct_ftp_form - which command or reply a line is
 * @NF_CT_FTP_SAYS_PORT: PORT of a client (RFC 959 4.1.2)
 * @NF_CT_FTP_SAYS_PASV: 227 of a server (RFC 959 5.4, RFC 1123 4.1.2.6)
 * @NF_CT_FTP_SAYS_EPRT: EPRT of a client (RFC 2428 2)
 * @NF_CT_FTP_SAYS_EPSV: 229 of a server (RFC 2428 3)
 * @NF_CT_FTP_SAYS_SECURED: 234 of a server: TLS begins (RFC 4217 4)
 */
enum nf_ct_ftp_form {
	NF_CT_FTP_SAYS_PORT,
	NF_CT_FTP_SAYS_PASV,
	NF_CT_FTP_SAYS_EPRT,
	NF_CT_FTP_SAYS_EPSV,
	NF_CT_FTP_SAYS_SECURED,
};

/**
 * enum nf_ct_ftp_verdict - what became of a line
 * @NF_CT_FTP_NOTHING:    it is about something else, or there is no more line
 * @NF_CT_FTP_FOUND:      struct nf_ct_ftp_said tells what it says
 * @NF_CT_FTP_UNFINISHED: so far it looks like one of the forms, and the data end
 * @NF_CT_FTP_BAD:        it begins like one of the forms and breaks a rule
 */
enum nf_ct_ftp_verdict {
	NF_CT_FTP_NOTHING,
	NF_CT_FTP_FOUND,
	NF_CT_FTP_UNFINISHED,
	NF_CT_FTP_BAD,
};

/**
 * struct nf_ct_ftp_said - what a line says
 * @rule:   of a line that is bad: the rule that it breaks, in words
 * @begin:  offset of the text that names the port, and the address if there is one
 * @len:    its length
 * @port:   the port, in host byte order, 1024 or more
 * @form:   enum nf_ct_ftp_form
 * @family: 4 or 6, that of the address; 0 if there is none
 * @addr:   the address, in network byte order
 *
 * The text is what a NAT helper replaces: the six numbers, or all from the first
 * delimiter to the last one.
 */
struct nf_ct_ftp_said {
	const char	*rule;
	u32		begin;
	u32		len;
	u16		port;
	u8		form;
	u8		family;
	u8		addr[16];
};

/**
 * struct nf_ct_ftp_reader - a place in the lines of a segment
 * @c:      the bytes that are not read yet
 * @line:   offset of the line that is read next
 * @server: the lines are replies
 * @counts: the line that is read next can announce something
 */
struct nf_ct_ftp_reader {
	struct nf_ct_cursor	c;
	u32			line;
	bool			server;
	bool			counts;
};

enum nf_ct_ftp_verdict nf_ct_ftp_line(struct nf_ct_cursor *c, bool server,
				      struct nf_ct_ftp_said *said);
void nf_ct_ftp_reader_init(struct nf_ct_ftp_reader *reader,
			   const struct nf_ct_cursor *c, bool server);
enum nf_ct_ftp_verdict nf_ct_ftp_read(struct nf_ct_ftp_reader *reader,
				      struct nf_ct_ftp_said *said);
bool nf_ct_ftp_is_plain(const struct nf_ct_cursor *c);

#endif /* _NF_CT_FTP_PARSE_H */
