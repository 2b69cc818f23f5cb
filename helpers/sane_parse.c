// SPDX-License-Identifier: GPL-2.0
/*
 * SANE messages are sequences of words of four bytes, the high one first.  A table for the
 * request to start, and one for its answer, have a row for each word at their beginning:
 * what it may be, and what is wrong if it is not.  Each byte is read through the cursor,
 * at most eight of a message.  No locks, no kernel types.
 */
#include "sane_parse.h"

enum {
	SANE_NET_START	= 7,
};

#define SANE_WORDS	2

struct sane_word {
	u32		least, most;
	const char	*rule;	/* NULL: the message is just about something else */
};

static const struct sane_word sane_request[SANE_WORDS] = {
	/* from		to		what is wrong if it is not */
	{ SANE_NET_START, SANE_NET_START, NULL },
	{ 0,		0xffffffff,	NULL },	/* the handle of the device */
};

/* DIFF: sane-ports */
static const struct sane_word sane_answer[SANE_WORDS] = {
	/* from		to		what is wrong if it is not */
	{ 0,		0,		NULL },	/* success */
	{ NF_CT_SANE_LOWEST_PORT, 65535, "port is not 1024 to 65535" },
};

/* Read on in a message; the answer is the rule that it breaks, if it is bad by now. */
static const char *sane_read(struct nf_ct_sane_head *head, struct nf_ct_cursor *c,
			     const struct sane_word *words)
{
	const struct sane_word *word;

	while (head->verdict == NF_CT_SANE_UNFINISHED && nf_ct_cursor_left(c)) {
		head->word = head->word << 8 | nf_ct_cursor_u8(c);
		if (++head->bytes % 4)
			continue;
		word = &words[head->bytes / 4 - 1];
		if (head->word < word->least || head->word > word->most) {
			head->verdict = word->rule ? NF_CT_SANE_BAD : NF_CT_SANE_NOTHING;
			return word->rule;
		}
		if (head->bytes == 4 * SANE_WORDS)
			head->verdict = NF_CT_SANE_FOUND;
	}
	return NULL;
}

/**
 * nf_ct_sane_read_request - read on in the message of a client
 * @head: what was read before; its verdict is the result
 * @c:    on the bytes that follow
 *
 * Return: NULL; there is no rule that a request breaks.
 */
const char *nf_ct_sane_read_request(struct nf_ct_sane_head *head, struct nf_ct_cursor *c)
{
	return sane_read(head, c, sane_request);
}

/**
 * nf_ct_sane_read_answer - read on in the answer to a request to start
 * @head: what was read before; its verdict is the result, its word the port of an answer
 *        that was found
 * @c:    on the bytes that follow
 *
 * Return: the rule that the answer breaks, if these bytes have shown that it is bad.
 */
const char *nf_ct_sane_read_answer(struct nf_ct_sane_head *head, struct nf_ct_cursor *c)
{
	return sane_read(head, c, sane_answer);
}
