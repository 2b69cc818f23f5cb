// SPDX-License-Identifier: GPL-2.0
/*
 * Control messages of PPTP: a header of twelve bytes, and a body whose length goes with
 * the type (RFC 2637 2).  A table has a row for each type: its length, and the fields at
 * its beginning.  No state, no locks, no kernel types.
 */
#include "pptp_parse.h"

#define PPTP_CONTROL	1
#define PPTP_MAGIC	0x1a2b3c4d

/* Length of the header, with the type and what is reserved behind it */
#define PPTP_HEADER	12

enum pptp_field {
	PPTP_END,
	PPTP_SKIP,	/* two bytes that do not matter */
	PPTP_CALL,
	PPTP_PEER,
	PPTP_RESULT,
};

struct pptp_row {
	u16	len;
	u8	fields[3];
};

static const struct pptp_row pptp_rows[NF_CT_PPTP_TYPES] = {
	/*			   length of all, fields at the beginning of the body */
	[NF_CT_PPTP_START_REQUEST] = { 156, { PPTP_END } },
	[NF_CT_PPTP_START_REPLY]   = { 156, { PPTP_SKIP, PPTP_RESULT } },
	[NF_CT_PPTP_STOP_REQUEST]  = { 16,  { PPTP_END } },
	[NF_CT_PPTP_STOP_REPLY]	   = { 16,  { PPTP_RESULT } },
	[NF_CT_PPTP_ECHO_REQUEST]  = { 16,  { PPTP_END } },
	[NF_CT_PPTP_ECHO_REPLY]	   = { 20,  { PPTP_END } },
	[NF_CT_PPTP_OUT_REQUEST]   = { 168, { PPTP_CALL } },
	[NF_CT_PPTP_OUT_REPLY]	   = { 32,  { PPTP_CALL, PPTP_PEER, PPTP_RESULT } },
	[NF_CT_PPTP_IN_REQUEST]	   = { 220, { PPTP_CALL } },
	[NF_CT_PPTP_IN_REPLY]	   = { 24,  { PPTP_CALL, PPTP_PEER, PPTP_RESULT } },
	[NF_CT_PPTP_IN_CONNECTED]  = { 28,  { PPTP_PEER } },
	[NF_CT_PPTP_CLEAR_REQUEST] = { 16,  { PPTP_CALL } },
	[NF_CT_PPTP_DISCONNECT]	   = { 148, { PPTP_CALL } },
	[NF_CT_PPTP_WAN_ERROR]	   = { 40,  { PPTP_PEER } },
	[NF_CT_PPTP_SET_LINK]	   = { 24,  { PPTP_PEER } },
};

static void pptp_field(struct nf_ct_cursor *body, u8 field, struct nf_ct_pptp_said *said)
{
	switch (field) {
	case PPTP_SKIP:
		nf_ct_cursor_skip(body, 2);
		break;
	case PPTP_CALL:
		said->call = nf_ct_cursor_be16(body);
		break;
	case PPTP_PEER:
		said->peer = nf_ct_cursor_be16(body);
		break;
	case PPTP_RESULT:
		said->result = nf_ct_cursor_u8(body);
		break;
	}
}

/* Behind the header; @len is the length of the message as the message has it.
 * DIFF: pptp-length
 */
static const char *pptp_body(struct nf_ct_cursor *c, u16 len, struct nf_ct_pptp_said *said)
{
	const struct pptp_row *row;
	struct nf_ct_cursor body;
	unsigned int i;

	if (said->type >= ARRAY_SIZE(pptp_rows) || !pptp_rows[said->type].len)
		return "type of message unknown";
	row = &pptp_rows[said->type];
	if (len < row->len)
		return "message shorter than its type";
	body = nf_ct_cursor_take(c, len - PPTP_HEADER);
	for (i = 0; i < ARRAY_SIZE(row->fields); i++)
		pptp_field(&body, row->fields[i], said);
	return nf_ct_cursor_ok(&body) ? NULL : "message cut off";
}

/**
 * nf_ct_pptp_read - read a message
 * @c:    on its first byte; behind it if it is whole
 * @said: result: what it says
 * @rule: result: of a bad message the rule that it breaks
 *
 * Return: the verdict.
 */
enum nf_ct_pptp_verdict nf_ct_pptp_read(struct nf_ct_cursor *c,
					struct nf_ct_pptp_said *said, const char **rule)
{
	u16 len = nf_ct_cursor_be16(c), kind = nf_ct_cursor_be16(c);

	*said = (struct nf_ct_pptp_said){ 0 };
	if (nf_ct_cursor_be32(c) != PPTP_MAGIC || kind != PPTP_CONTROL)
		return NF_CT_PPTP_NOTHING;

	said->type = nf_ct_cursor_be16(c);
	nf_ct_cursor_skip(c, 2);
	*rule = nf_ct_cursor_ok(c) ? pptp_body(c, len, said) : "header cut off";
	return *rule ? NF_CT_PPTP_BAD : NF_CT_PPTP_MESSAGE;
}
