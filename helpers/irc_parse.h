/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a client of IRC says about connections to itself (DCC, in a PRIVMSG), read from one
 * line at a time (RFC 1459 2.3, CTCP).  No kernel types: selftests/unit and
 * selftests/fuzz compile the same source in user space.  No state but what lies on the
 * caller's stack; no locks.
 */
#ifndef _NF_CT_IRC_PARSE_H
#define _NF_CT_IRC_PARSE_H

#include "nf_ct_cursor.h"

/* Ports below this one are never opened (RFC 6335 6: system ports) */
#define NF_CT_IRC_LOWEST_PORT	1024

/**
 * enum nf_ct_irc_verdict - what became of a line
 * @NF_CT_IRC_NOTHING:    it announces no connection, or there is no more line
 * @NF_CT_IRC_FOUND:      struct nf_ct_irc_said tells what it announces
 * @NF_CT_IRC_UNFINISHED: so far it looks like an announcement, and the data end
 * @NF_CT_IRC_BAD:        it begins like an announcement and breaks a rule
 */
enum nf_ct_irc_verdict {
	NF_CT_IRC_NOTHING,
	NF_CT_IRC_FOUND,
	NF_CT_IRC_UNFINISHED,
	NF_CT_IRC_BAD,
};

/**
 * struct nf_ct_irc_said - what a line announces
 * @rule:  of a line that is bad: the rule that it breaks, in words
 * @begin: offset of the text that names address and port
 * @len:   its length
 * @addr:  the address, in host byte order
 * @port:  the port, in host byte order, 1024 or more
 *
 * The text is what a NAT helper replaces.
 */
struct nf_ct_irc_said {
	const char	*rule;
	u32		begin;
	u32		len;
	u32		addr;
	u16		port;
};

/**
 * struct nf_ct_irc_reader - a place in the lines of a segment
 * @c:    the bytes that are not read yet
 * @line: offset of the line that was read last
 */
struct nf_ct_irc_reader {
	struct nf_ct_cursor	c;
	u32			line;
};

void nf_ct_irc_reader_init(struct nf_ct_irc_reader *reader,
			   const struct nf_ct_cursor *c);
enum nf_ct_irc_verdict nf_ct_irc_read(struct nf_ct_irc_reader *reader,
				      struct nf_ct_irc_said *said);

#endif /* _NF_CT_IRC_PARSE_H */
