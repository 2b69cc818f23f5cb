// SPDX-License-Identifier: GPL-2.0
/*
 * Replies of Amanda, a header of one line and lines behind it, one of which is
 *
 *	Amanda 2.6 REP HANDLE 000-00A0B0C0 SEQ 1700000000
 *	CONNECT DATA 11001 MESG 11002 INDEX -1
 *
 * for a backup.  What the other side would not take for a reply announces nothing.
 * Tables have a row for each type of reply and each kind of connection.  No state, no
 * locks, no kernel types.
 */
#include "amanda_parse.h"

/* No data connection goes to the ports below: Amanda takes them from tcpportrange.
 * DIFF: amanda-low-ports
 */
#define AMANDA_PORT_MIN	1024

static const char * const amanda_replies[] = { "REP ", "PREP " };

static const char * const amanda_kinds[NF_CT_AMANDA_STREAMS] = {
	"DATA", "MESG", "INDEX", "STATE",
};

/* Reads a line; false if it has no end. */
static bool amanda_line(struct nf_ct_cursor *c, struct nf_ct_cursor *line)
{
	return nf_ct_cursor_line(c, line) &&
	       nf_ct_cursor_offset(line) + nf_ct_cursor_left(line) < nf_ct_cursor_offset(c);
}

static bool amanda_is_reply(struct nf_ct_cursor *c)
{
	struct nf_ct_cursor header;
	unsigned int i;

	if (!nf_ct_cursor_literal(c, "Amanda ") || !amanda_line(c, &header))
		return false;
	nf_ct_cursor_token(&header, " ");
	nf_ct_cursor_expect(&header, " ");
	for (i = 0; i < ARRAY_SIZE(amanda_replies); i++) {
		if (nf_ct_cursor_literal(&header, amanda_replies[i]))
			return true;
	}
	return false;
}

/* Goes behind the word that begins the line with connections.  The last line counts, too,
 * so that one without an end is noticed.
 */
static bool amanda_find_line(struct nf_ct_cursor *c, struct nf_ct_cursor *line, bool *whole)
{
	do {
		*whole = amanda_line(c, line);
		if (nf_ct_cursor_literal(line, "CONNECT "))
			return true;
	} while (*whole);
	return false;
}

/* Where to note what is said of a kind of connection, or NULL if it is another kind */
static struct nf_ct_amanda_stream *amanda_kind(struct nf_ct_amanda_said *said,
					       const struct nf_ct_cursor *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(amanda_kinds); i++) {
		struct nf_ct_cursor at = *word;

		if (nf_ct_cursor_literal(&at, amanda_kinds[i]) && !nf_ct_cursor_left(&at))
			return &said->streams[i];
	}
	return NULL;
}

/* A port, or -1 for a connection that is not used.
 * DIFF: amanda-numbers
 * DIFF: amanda-unused
 */
static const char *amanda_port(struct nf_ct_cursor *line, struct nf_ct_amanda_stream *stream)
{
	bool unused;

	nf_ct_cursor_skip_blanks(line);
	stream->begin = nf_ct_cursor_offset(line);
	unused = nf_ct_cursor_literal(line, "-1");
	stream->port = unused ? 0 : nf_ct_cursor_decimal(line, 5, 65535);
	stream->len = nf_ct_cursor_offset(line) - stream->begin;
	if (!nf_ct_cursor_ok(line) ||
	    (nf_ct_cursor_left(line) && !nf_ct_cursor_skip_blanks(line)))
		return "CONNECT: no port behind a word";
	if (!unused && stream->port < AMANDA_PORT_MIN)
		return "CONNECT: port below 1024";
	return NULL;
}

/* A word and its port.  Words that are not known are passed over. */
static const char *amanda_stream(struct nf_ct_cursor *line, struct nf_ct_amanda_said *said)
{
	struct nf_ct_cursor word = nf_ct_cursor_token(line, " \t");
	struct nf_ct_amanda_stream other = { 0 }, *stream;

	stream = amanda_kind(said, &word) ?: &other;
	if (stream->len)
		return "CONNECT: a word twice";
	return amanda_port(line, stream);
}

/**
 * nf_ct_amanda_read - read a datagram of an Amanda client
 * @c:    on its data; NF_CT_AMANDA_READ_MAX bytes of them are enough
 * @said: result; the streams count if connections were found, the rule if it is bad
 *
 * Return: the verdict.
 */
enum nf_ct_amanda_verdict nf_ct_amanda_read(struct nf_ct_cursor *c,
					    struct nf_ct_amanda_said *said)
{
	struct nf_ct_cursor line;
	bool whole;

	*said = (struct nf_ct_amanda_said){ 0 };
	/* DIFF: amanda-reply */
	if (!amanda_is_reply(c) || !amanda_find_line(c, &line, &whole))
		return NF_CT_AMANDA_NOTHING;
	if (!whole)
		said->rule = "CONNECT: line without an end";
	nf_ct_cursor_skip_blanks(&line);
	while (!said->rule && nf_ct_cursor_left(&line))
		said->rule = amanda_stream(&line, said);
	return said->rule ? NF_CT_AMANDA_BAD : NF_CT_AMANDA_FOUND;
}
