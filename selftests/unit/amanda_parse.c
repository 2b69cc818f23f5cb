// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/amanda_parse.c: which ports each form of a reply names, which rule a bad one
 * breaks, and that a reply which is cut anywhere names none.
 */
#include <stdlib.h>
#include <string.h>

#include "../../helpers/amanda_parse.c"
#include "unit.h"

#define REP	"Amanda 2.6 REP HANDLE 000-00A0B0C0 SEQ 1700000000\n"

enum { NOTHING = NF_CT_AMANDA_NOTHING, FOUND = NF_CT_AMANDA_FOUND, BAD = NF_CT_AMANDA_BAD };

struct row {
	const char *data;
	int verdict;
	u16 ports[NF_CT_AMANDA_STREAMS];	/* DATA, MESG, INDEX, STATE */
	const char *rule;			/* the beginning of it */
};

#define FINDS(text, ...)	{ text, FOUND, { __VA_ARGS__ }, NULL }
#define BREAKS(text, rule)	{ text, BAD, { 0 }, rule }
#define NONE(text)		{ text, NOTHING, { 0 }, NULL }

static const struct row rows[] = {
	FINDS(REP "CONNECT DATA 11001 MESG 11002 INDEX 11003\nOPTIONS features=ff;\n", 11001, 11002, 11003),
	FINDS(REP "CONNECT DATA 11001 MESG 11002 INDEX 11003 STATE 11004\n", 11001, 11002, 11003, 11004),
	BREAKS(REP "CONNECT STATE 4 DATA 11001\n", "CONNECT: port below"),
	FINDS(REP "CONNECT STATE 1024 DATA 65535\n", 65535, 0, 0, 1024),
	FINDS(REP "OPTIONS x\nCONNECT MESG 11002\n", 0, 11002),
	FINDS(REP "CONNECT DATA 11001 MESG 11002 INDEX -1 STATE 11004\n", 11001, 11002, 0, 11004),
	FINDS(REP "CONNECT  DATA\t11001  MESG 11002 \n", 11001, 11002),
	FINDS(REP "CONNECT CTL 11005 DATA 11001\n", 11001),
	FINDS(REP "CONNECT MYDATA 11005 DATAX 11006\n", 0),
	FINDS(REP "CONNECT data 11001\n", 0),
	FINDS(REP "CONNECT \n", 0),
	FINDS(REP "CONNECT DATA 11001\r\n", 11001),
	FINDS("Amanda 3.5 PREP HANDLE 1 SEQ 2\nCONNECT DATA 11001\n", 11001),
	/* numbers */
	BREAKS(REP "CONNECT DATA 65536\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA 110011\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA 4294978297\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA 011001\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA -11001\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA -\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA +11001\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA 11001x\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA x\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA \n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT CTL x DATA 11001\n", "CONNECT: no port"),
	BREAKS(REP "CONNECT DATA 0\n", "CONNECT: port below"),
	BREAKS(REP "CONNECT DATA 1023\n", "CONNECT: port below"),
	BREAKS(REP "CONNECT MESG 11002 DATA 00022\n", "CONNECT: port below"),
	BREAKS(REP "CONNECT DATA 11001 DATA 11002\n", "CONNECT: a word twice"),
	BREAKS(REP "CONNECT DATA -1 DATA 11002\n", "CONNECT: a word twice"),
	BREAKS(REP "CONNECT DATA 11001 MESG 11002", "CONNECT: line without"),
	BREAKS(REP "CONNECT ", "CONNECT: line without"),
	/* no reply, or another line */
	NONE(REP "CONNECT\n"),
	NONE(REP "CONNECT"),
	NONE(REP " CONNECT DATA 11001\n"),
	NONE(REP "ERROR CONNECT DATA 11001\n"),
	NONE(REP "RECONNECT DATA 11001\n"),
	NONE(REP "connect DATA 11001\n"),
	NONE(REP "OPTIONS features=ff;\n"),
	NONE(REP),
	NONE("Amanda 2.6 REP CONNECT DATA 11001\n"),
	NONE("Amanda 2.6 REQ HANDLE 1 SEQ 2\nCONNECT DATA 11001\n"),
	NONE("Amanda 2.6 NAK HANDLE 1 SEQ 2\nCONNECT DATA 11001\n"),
	NONE("Amanda 2.6 REPLY HANDLE 1 SEQ 2\nCONNECT DATA 11001\n"),
	NONE("Amanda REP\nCONNECT DATA 11001\n"),
	NONE("amanda 2.6 REP HANDLE 1 SEQ 2\nCONNECT DATA 11001\n"),
	NONE("CONNECT DATA 11001\n"),
	NONE("\nCONNECT DATA 11001\n"),
	NONE(""),
};

/* The verdict on a copy of the data in memory of exactly their size */
static int verdict_of(const char *data, u32 len, struct nf_ct_amanda_said *said)
{
	struct nf_ct_cursor c;

	nf_ct_cursor_init(&c, unit_exact(data, len), len);
	return nf_ct_amanda_read(&c, said);
}

/* The ports of a row, and each stands where it is said to stand */
static bool as_row(const struct row *row, const struct nf_ct_amanda_said *said)
{
	const struct nf_ct_amanda_stream *stream;
	u32 i;

	for (i = 0; i < NF_CT_AMANDA_STREAMS; i++) {
		stream = &said->streams[i];
		if (stream->port != row->ports[i])
			return false;
		if (stream->port && (u16)atoi(row->data + stream->begin) != stream->port)
			return false;
	}
	return true;
}

static void table(void)
{
	struct nf_ct_amanda_said said;
	int verdict;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		verdict = verdict_of(rows[i].data, strlen(rows[i].data), &said);
		if (!CHECK(verdict == rows[i].verdict) ||
		    !CHECK(!said.rule == !rows[i].rule) ||
		    (said.rule && !CHECK(!strncmp(said.rule, rows[i].rule, strlen(rows[i].rule)))) ||
		    (verdict == FOUND && !CHECK(as_row(&rows[i], &said))))
			printf("# row %u: %s\n", i, rows[i].data);
	}
}

/* A number that goes on behind the cut would be another one. */
static void beginnings(void)
{
	static const char whole[] = REP "CONNECT DATA 11001 MESG 11002\n";
	const u32 len = sizeof(whole) - 1, begin = sizeof(REP "CONNECT ") - 1;
	struct nf_ct_amanda_said said;
	u32 n;

	for (n = 0; n <= len; n++)
		CHECK(verdict_of(whole, n, &said) ==
		      (n < begin ? NOTHING : n < len ? BAD : FOUND));
}

int main(void)
{
	unit_test("each row", table);
	unit_test("replies that are cut", beginnings);
	return unit_finish();
}
