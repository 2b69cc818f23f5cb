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
 * @at:   offset of its kind, from where the cursor of all options counts
 * @kind: TCPOPT_*
 * @len:  its bytes, all of which are there: 1 for TCPOPT_NOP, else at least 2
 */
struct xt_tcp_option {
	u32	at;
	u8	kind;
	u8	len;
};

/**
 * xt_tcp_option_next - read an option
 * @c:      the options
 * @option: what it is
 *
 * It ends at TCPOPT_EOL, at the end, and at an option whose length is below 2 or beyond
 * the end: then @c has failed.  Each call reads a byte at least, so that a loop ends after
 * XT_TCP_OPTIONS_MAX options.  Inline, so that the cursor of such a loop is in registers.
 *
 * Return: false if there is no more
 */
static __always_inline bool xt_tcp_option_next(struct nf_ct_cursor *c,
					       struct xt_tcp_option *option)
{
	const u8 *bytes = nf_ct_cursor_bytes(c);
	u32 left = nf_ct_cursor_left(c);

	if (!left || bytes[0] == TCPOPT_EOL)
		return false;
	option->at = nf_ct_cursor_offset(c);
	option->kind = bytes[0];
	option->len = 1;
	if (option->kind != TCPOPT_NOP) {
		option->len = left > 1 ? bytes[1] : 0;
		if (option->len < 2)
			nf_ct_cursor_fail(c);
	}
	return nf_ct_cursor_skip(c, option->len);
}

/**
 * xt_tcp_option_mss - does an option say the largest segment?
 * @option: the option
 *
 * Return: true for an option of the right kind and length
 */
static inline bool xt_tcp_option_mss(const struct xt_tcp_option *option)
{
	return option->kind == TCPOPT_MSS && option->len == TCPOLEN_MSS;
}

#endif /* _XT_TCP_OPTIONS_H */
