// SPDX-License-Identifier: GPL-2.0
/*
 * What encloses the messages of H.323: TPKT (RFC 1006 6), Q.931 with its information
 * elements, and the three kinds of messages in aligned PER.  No state, no locks, no kernel
 * types.
 */
#include "h323_parse.h"
#include "h323_per.h"

enum {
	Q931_PROTOCOL	= 0x08,
	Q931_USER_USER	= 0x7e,		/* the only one whose length has two octets */
	Q931_SINGLE	= 0x80,		/* from here on an element is one octet */
	Q931_X208	= 0x05,		/* user information: ASN.1 */
};

enum {
	TPKT_VERSION	= 3,
};

/* More information elements before the one that we look for are taken for an error */
#define Q931_ELEMENTS_MAX	64

/* Of a message that is not well formed nothing is expected.
 * DIFF: h323-malformed
 */
static bool h323_read(struct nf_ct_cursor *c, struct nf_ct_h323_found *found, u8 type,
		      const char **rule)
{
	struct nf_ct_per per = { .found = found };

	found->n = 0;
	if (nf_ct_per_read(&per, c, type))
		return true;
	*rule = nf_ct_cursor_short(c) ? "message ends too soon" : "message that is malformed";
	return false;
}

/* --- Q.931 --------------------------------------------------------------------- */

/* Go to the user information; the answer is a cursor on it.
 * DIFF: h323-elements
 */
static struct nf_ct_cursor q931_user_information(struct nf_ct_cursor *c)
{
	struct nf_ct_cursor body;
	unsigned int n;
	u8 element;

	for (n = 0; n < Q931_ELEMENTS_MAX; n++) {
		element = nf_ct_cursor_u8(c);
		if (element & Q931_SINGLE)
			continue;
		if (element == Q931_USER_USER)
			return nf_ct_cursor_take(c, nf_ct_cursor_be16(c));
		body = nf_ct_cursor_take(c, nf_ct_cursor_u8(c));
		if (!nf_ct_cursor_ok(&body))
			return body;
	}
	nf_ct_cursor_fail(c);
	return nf_ct_cursor_take(c, 0);
}

static bool q931_begins(struct nf_ct_cursor *c)
{
	if (nf_ct_cursor_u8(c) != Q931_PROTOCOL)
		return false;
	/* call reference, type of the message */
	return nf_ct_cursor_skip(c, nf_ct_cursor_u8(c)) && nf_ct_cursor_skip(c, 1);
}

/**
 * nf_ct_h323_read_q931 - read a message of call signalling
 * @c:     on it; it is all there
 * @found: result: the addresses that it names
 * @rule:  result: what is wrong with it
 *
 * Return: false if it is malformed, or no message of H.225.0.
 */
bool nf_ct_h323_read_q931(struct nf_ct_cursor *c, struct nf_ct_h323_found *found,
			  const char **rule)
{
	struct nf_ct_cursor body;

	if (!q931_begins(c)) {
		*rule = "no message of Q.931";
		return false;
	}
	body = q931_user_information(c);
	if (!nf_ct_cursor_ok(&body)) {
		*rule = "no user information, or not all of it";
		return false;
	}
	if (nf_ct_cursor_u8(&body) != Q931_X208) {
		*rule = "user information of another kind";
		return false;
	}
	return h323_read(&body, found, NF_CT_H323_USER_INFORMATION, rule);
}

/**
 * nf_ct_h323_read_h245 - read a message of H.245
 * @c:     on it; it is all there
 * @found: result: the addresses that it names
 * @rule:  result: what is wrong with it
 *
 * Return: false if it is malformed.
 */
bool nf_ct_h323_read_h245(struct nf_ct_cursor *c, struct nf_ct_h323_found *found,
			  const char **rule)
{
	return h323_read(c, found, NF_CT_H323_CONTROL_MESSAGE, rule);
}

/**
 * nf_ct_h323_read_ras - read a message of RAS
 * @c:     on it; it is all there
 * @found: result: which one it is, and the addresses that it names
 * @rule:  result: what is wrong with it
 *
 * Return: false if it is malformed.
 */
bool nf_ct_h323_read_ras(struct nf_ct_cursor *c, struct nf_ct_h323_found *found,
			 const char **rule)
{
	struct nf_ct_cursor first = *c;

	/* one of 25 alternatives; a number beyond those is one that was added later */
	found->message = nf_ct_cursor_bits(&first, 1) ? 0xff : nf_ct_cursor_bits(&first, 5);
	return h323_read(c, found, NF_CT_H323_RAS_MESSAGE, rule);
}

/* --- TPKT ---------------------------------------------------------------------- */

/**
 * nf_ct_h323_read_tpkt - read the head of a message in a TCP stream
 * @c:   where it begins
 * @len: result: length of the message behind the head, unless there is none
 *
 * Return: what there is; the cursor is behind the head if it is one.
 */
enum nf_ct_h323_frame nf_ct_h323_read_tpkt(struct nf_ct_cursor *c, u16 *len)
{
	struct nf_ct_cursor at = *c;
	bool good = nf_ct_cursor_u8(&at) == TPKT_VERSION && !nf_ct_cursor_u8(&at);
	u16 all = nf_ct_cursor_be16(&at);

	if (!good || !nf_ct_cursor_ok(&at) || all < NF_CT_H323_TPKT_HEAD)
		return NF_CT_H323_FRAME_NONE;
	*len = all - NF_CT_H323_TPKT_HEAD;
	*c = at;
	if (*len <= nf_ct_cursor_left(c))
		return NF_CT_H323_FRAME_WHOLE;
	return nf_ct_cursor_left(c) ? NF_CT_H323_FRAME_PART : NF_CT_H323_FRAME_HEAD;
}
