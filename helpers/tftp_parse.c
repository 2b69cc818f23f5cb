// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of TFTP: an opcode, the name of a file, a mode, and options, which do not
 * matter (RFC 1350 5, RFC 2347).  A table has a row for each part; a part that is not
 * there names the rule that is broken.  No state, no locks, no kernel types.
 */
#include "tftp_parse.h"

enum {
	TFTP_READ	= 1,
	TFTP_WRITE	= 2,
};

struct tftp_part {
	bool		(*read)(struct nf_ct_cursor *c);
	const char	*rule;
};

/* A text of one byte or more that a zero byte ends */
static bool tftp_text(struct nf_ct_cursor *c)
{
	if (nf_ct_cursor_peek(c) == 0 || !nf_ct_cursor_find_byte(c, 0))
		nf_ct_cursor_fail(c);
	return nf_ct_cursor_skip(c, 1);
}

/* The last text of a datagram: some clients leave its zero byte out. */
static bool tftp_last_text(struct nf_ct_cursor *c)
{
	return nf_ct_cursor_peek(c) > 0;
}

static const struct tftp_part tftp_parts[] = {
	/* what comes next	what is wrong if it does not */
	{ tftp_text,		"request without the name of a file" },
	{ tftp_last_text,	"request without a mode" },
};

/**
 * nf_ct_tftp_read - read a datagram
 * @c:    on its data; NF_CT_TFTP_REQUEST_MAX bytes of them are enough
 * @rule: result: of a bad request the rule that it breaks
 *
 * Return: the verdict.
 */
enum nf_ct_tftp_verdict nf_ct_tftp_read(struct nf_ct_cursor *c, const char **rule)
{
	u16 opcode = nf_ct_cursor_be16(c);
	unsigned int i;

	if (opcode != TFTP_READ && opcode != TFTP_WRITE)
		return NF_CT_TFTP_NOTHING;
	for (i = 0; i < ARRAY_SIZE(tftp_parts); i++) {
		if (tftp_parts[i].read(c))
			continue;
		*rule = tftp_parts[i].rule;
		return NF_CT_TFTP_BAD;
	}
	return NF_CT_TFTP_REQUEST;
}
