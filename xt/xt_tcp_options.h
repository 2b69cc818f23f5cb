/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The options of a TCP header (RFC 9293, 3.1), one after the other, through the cursor.
 * No state and no locks.
 */
#ifndef _XT_TCP_OPTIONS_H
#define _XT_TCP_OPTIONS_H

#include <net/tcp.h>

#include "nf_ct_cursor.h"

/* Bytes of options that a TCP header can have */
#define XT_TCP_OPTIONS_MAX	(15 * 4 - sizeof(struct tcphdr))

/**
 * struct xt_tcp_option - an option
 * @kind: TCPOPT_*
 * @at:   offset of its kind, from where the cursor of all options counts
 * @body: what follows its length; nothing for the option without one (TCPOPT_NOP)
 */
struct xt_tcp_option {
	u8			kind;
	u32			at;
	struct nf_ct_cursor	body;
};

/**
 * xt_tcp_option_next - read an option
 * @c:      the options
 * @option: what it is
 *
 * It ends at TCPOPT_EOL, at the end, and at an option whose length is below 2 or beyond
 * the end: then @c has failed.  Each call reads a byte at least, so that a loop ends after
 * XT_TCP_OPTIONS_MAX options.
 *
 * Return: false if there is no more
 */
static inline bool xt_tcp_option_next(struct nf_ct_cursor *c, struct xt_tcp_option *option)
{
	u8 len;

	if (!nf_ct_cursor_left(c))
		return false;
	option->at = nf_ct_cursor_offset(c);
	option->kind = nf_ct_cursor_u8(c);
	if (option->kind == TCPOPT_EOL)
		return false;
	if (option->kind == TCPOPT_NOP) {
		option->body = nf_ct_cursor_take(c, 0);
		return true;
	}
	len = nf_ct_cursor_u8(c);
	if (len < 2)
		nf_ct_cursor_fail(c);
	option->body = nf_ct_cursor_take(c, nf_ct_cursor_ok(c) ? len - 2 : 0);
	return nf_ct_cursor_ok(c);
}

#endif /* _XT_TCP_OPTIONS_H */
