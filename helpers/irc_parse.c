// SPDX-License-Identifier: GPL-2.0
/*
 * The lines of an IRC client that announce a connection to it: a message whose text is a
 * DCC request.  A table has a row for each piece, and what is wrong if it is not there.
 * Each byte is read through the cursor.  A line costs time in proportion to its length.
 * No state, no locks, no kernel types.
 */
#include "irc_parse.h"

/* What a step may look at, and what it fills in */
struct irc_reading {
	struct nf_ct_cursor	c;
	struct nf_ct_irc_said	*said;
	bool			whole;	/* nothing more belongs to it */
};

struct irc_step {
	bool		(*read)(struct irc_reading *r);
	const char	*rule;
};

/* --- pieces ------------------------------------------------------------------ */

static bool irc_word(struct irc_reading *r, const char *word)
{
	u32 n;

	if (nf_ct_cursor_agrees(&r->c, word, true, &n))
		return nf_ct_cursor_skip(&r->c, n);
	nf_ct_cursor_set_failed(&r->c, n == nf_ct_cursor_left(&r->c) ?
				       NF_CT_CURSOR_SHORT : NF_CT_CURSOR_BAD);
	return false;
}

static bool irc_blanks(struct irc_reading *r)
{
	if (!nf_ct_cursor_skip_any(&r->c, " "))
		nf_ct_cursor_fail_here(&r->c);
	return nf_ct_cursor_ok(&r->c);
}

/* Is it sure that the number that was read last has no more digits? */
static bool irc_number_ends(struct irc_reading *r)
{
	if (!r->whole && nf_ct_cursor_peek(&r->c) < 0)
		nf_ct_cursor_fail_here(&r->c);
	return nf_ct_cursor_ok(&r->c);
}

/* --- steps ------------------------------------------------------------------- */

/* Servers pass over blanks before a command. */
static bool irc_command(struct irc_reading *r)
{
	nf_ct_cursor_skip_any(&r->c, " ");
	return irc_word(r, "PRIVMSG") && irc_blanks(r);
}

/* Who gets the message; behind a colon stands the last parameter, so no text follows. */
static bool irc_target(struct irc_reading *r)
{
	if (nf_ct_cursor_peek(&r->c) == ':')
		nf_ct_cursor_fail(&r->c);
	nf_ct_cursor_token(&r->c, " ");
	return irc_blanks(r);
}

/* The text is a request of CTCP: from one \1 to another, or to the end of the line. */
static bool irc_request(struct irc_reading *r)
{
	struct nf_ct_cursor text;

	if (!nf_ct_cursor_expect(&r->c, ":\1"))
		return false;
	text = nf_ct_cursor_token(&r->c, "\1\r");
	r->whole |= nf_ct_cursor_left(&r->c) > 0;
	r->c = text;
	return true;
}

static bool irc_dcc(struct irc_reading *r)
{
	return irc_word(r, "DCC") && irc_blanks(r);
}

/* The requests whose sender waits for a connection */
static bool irc_kind(struct irc_reading *r)
{
	static const char *const kinds[] = { "CHAT", "SEND", "MOVE", "TSEND", "SCHAT" };
	struct irc_reading best = *r, at;
	unsigned int i;

	nf_ct_cursor_fail(&best.c);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		at = *r;
		if (irc_word(&at, kinds[i]) || nf_ct_cursor_short(&at.c))
			best = at;
	}
	*r = best;
	return irc_blanks(r);
}

/* The name of a file, in quotation marks if it has blanks, or the word "chat"
 * DIFF: irc-quoted
 */
static bool irc_name(struct irc_reading *r)
{
	if (!nf_ct_cursor_literal(&r->c, "\"")) {
		nf_ct_cursor_token(&r->c, " ");
		return irc_blanks(r);
	}
	nf_ct_cursor_token(&r->c, "\"");
	return nf_ct_cursor_expect(&r->c, "\"") && irc_blanks(r);
}

/* DIFF: irc-numbers */
static bool irc_address(struct irc_reading *r)
{
	r->said->begin = nf_ct_cursor_offset(&r->c);
	r->said->addr = nf_ct_cursor_decimal(&r->c, 10, 0xffffffff);
	return irc_blanks(r);
}

static bool irc_port(struct irc_reading *r)
{
	r->said->port = nf_ct_cursor_decimal(&r->c, 5, 65535);
	r->said->len = nf_ct_cursor_offset(&r->c) - r->said->begin;
	return irc_number_ends(r);
}

static bool irc_port_end(struct irc_reading *r)
{
	int byte = nf_ct_cursor_peek(&r->c);

	return byte < 0 || byte == ' ';
}

/* Port 0: the other side is to wait for the connection (reverse DCC). */
static bool irc_waits(struct irc_reading *r)
{
	return r->said->port;
}

/* DIFF: irc-low-ports */
static bool irc_allowed(struct irc_reading *r)
{
	return r->said->port >= NF_CT_IRC_LOWEST_PORT;
}

/* "PRIVMSG bob :\1DCC SEND file 167772418 1025 4000\1".  Without a rule the line is just
 * about something else.
 */
static const struct irc_step irc_steps[] = {
	/* what comes next	what is wrong if it does not */
	{ irc_command,		NULL },
	{ irc_target,		NULL },
	{ irc_request,		NULL },
	{ irc_dcc,		NULL },
	{ irc_kind,		NULL },
	{ irc_name,		"DCC: no name" },
	{ irc_address,		"DCC: address is no number below 2^32" },
	{ irc_port,		"DCC: port is no number of 0 to 65535" },
	{ irc_port_end,		"DCC: text behind the port" },
	{ irc_waits,		NULL },
	{ irc_allowed,		"DCC: port below 1024" },
};

/* --- lines ------------------------------------------------------------------- */

static enum nf_ct_irc_verdict irc_read_line(struct irc_reading *r)
{
	unsigned int i;

	*r->said = (struct nf_ct_irc_said){ 0 };
	for (i = 0; i < ARRAY_SIZE(irc_steps); i++) {
		if (irc_steps[i].read(r))
			continue;
		if (!r->whole && nf_ct_cursor_short(&r->c))
			return NF_CT_IRC_UNFINISHED;
		r->said->rule = irc_steps[i].rule;
		return r->said->rule ? NF_CT_IRC_BAD : NF_CT_IRC_NOTHING;
	}
	return NF_CT_IRC_FOUND;
}

/**
 * nf_ct_irc_reader_init - begin to read the lines of a segment
 * @reader: the reader
 * @c:      at the beginning of a line
 */
void nf_ct_irc_reader_init(struct nf_ct_irc_reader *reader, const struct nf_ct_cursor *c)
{
	*reader = (struct nf_ct_irc_reader){
		.c	= *c,
		.line	= nf_ct_cursor_offset(c),
	};
}

/**
 * nf_ct_irc_read - go on to the next line that is about a connection
 * @reader: the reader; its @line is where that line begins
 * @said:   what it says
 *
 * What is found in a line is found in each beginning of it as well, or that is
 * unfinished: the rest of a line can change nothing.
 *
 * Return: the verdict; NF_CT_IRC_NOTHING at the end of the data.
 */
enum nf_ct_irc_verdict nf_ct_irc_read(struct nf_ct_irc_reader *reader,
				      struct nf_ct_irc_said *said)
{
	enum nf_ct_irc_verdict verdict = NF_CT_IRC_NOTHING;
	struct irc_reading r = { .said = said };

	while (verdict == NF_CT_IRC_NOTHING && nf_ct_cursor_left(&reader->c)) {
		reader->line = nf_ct_cursor_offset(&reader->c);
		r.c = nf_ct_cursor_take_line(&reader->c, &r.whole);
		verdict = irc_read_line(&r);
	}
	return verdict;
}
