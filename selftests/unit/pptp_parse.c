// SPDX-License-Identifier: GPL-2.0
/* helpers/pptp_parse.c: each type of message, its length, and what it says. */
#include <stdlib.h>
#include <string.h>

#include "../../helpers/pptp_parse.c"
#include "unit.h"

enum { NOTHING = NF_CT_PPTP_NOTHING, MESSAGE = NF_CT_PPTP_MESSAGE, BAD = NF_CT_PPTP_BAD };

/* Header, and the first five bytes of the body */
#define HEAD(len, kind, magic, type)						\
	{ (len) >> 8, (len) & 255, (kind) >> 8, (kind) & 255, (magic) >> 24,	\
	  (magic) >> 16 & 255, (magic) >> 8 & 255, (magic) & 255, (type) >> 8,	\
	  (type) & 255, 0, 0, 0x12, 0x34, 0x56, 0x78, 1 }
#define MAGIC	0x1a2b3c4d

struct row {
	u8 begin[17];
	u32 len;		/* of the data */
	int verdict;
	const char *rule;	/* the beginning of it */
	u16 call;
	u16 peer;
	u8 result;
};

static const struct row rows[] = {
	{ HEAD(156, 1, MAGIC, 1), 156, MESSAGE, NULL, 0, 0, 0 },
	{ HEAD(156, 1, MAGIC, 2), 156, MESSAGE, NULL, 0, 0, 0x56 },
	{ HEAD(16, 1, MAGIC, 3), 16, MESSAGE, NULL, 0, 0, 0 },
	{ HEAD(16, 1, MAGIC, 4), 16, MESSAGE, NULL, 0, 0, 0x12 },
	{ HEAD(16, 1, MAGIC, 5), 16, MESSAGE, NULL, 0, 0, 0 },
	{ HEAD(20, 1, MAGIC, 6), 20, MESSAGE, NULL, 0, 0, 0 },
	{ HEAD(168, 1, MAGIC, 7), 168, MESSAGE, NULL, 0x1234, 0, 0 },
	{ HEAD(32, 1, MAGIC, 8), 32, MESSAGE, NULL, 0x1234, 0x5678, 1 },
	{ HEAD(220, 1, MAGIC, 9), 220, MESSAGE, NULL, 0x1234, 0, 0 },
	{ HEAD(24, 1, MAGIC, 10), 24, MESSAGE, NULL, 0x1234, 0x5678, 1 },
	{ HEAD(28, 1, MAGIC, 11), 28, MESSAGE, NULL, 0, 0x1234, 0 },
	{ HEAD(16, 1, MAGIC, 12), 16, MESSAGE, NULL, 0x1234, 0, 0 },
	{ HEAD(148, 1, MAGIC, 13), 148, MESSAGE, NULL, 0x1234, 0, 0 },
	{ HEAD(40, 1, MAGIC, 14), 40, MESSAGE, NULL, 0, 0x1234, 0 },
	{ HEAD(24, 1, MAGIC, 15), 24, MESSAGE, NULL, 0, 0x1234, 0 },
	/* longer than its type, and there */
	{ HEAD(40, 1, MAGIC, 8), 40, MESSAGE, NULL, 0x1234, 0x5678, 1 },
	/* more behind it */
	{ HEAD(32, 1, MAGIC, 8), 100, MESSAGE, NULL, 0x1234, 0x5678, 1 },

	{ HEAD(31, 1, MAGIC, 8), 32, BAD, "message shorter than its type", 0, 0, 0 },
	{ HEAD(0, 1, MAGIC, 8), 32, BAD, "message shorter than its type", 0, 0, 0 },
	{ HEAD(32, 1, MAGIC, 8), 31, BAD, "message cut off", 0, 0, 0 },
	{ HEAD(33, 1, MAGIC, 8), 32, BAD, "message cut off", 0, 0, 0 },
	{ HEAD(65535, 1, MAGIC, 8), 220, BAD, "message cut off", 0, 0, 0 },
	{ HEAD(16, 1, MAGIC, 12), 12, BAD, "message cut off", 0, 0, 0 },
	{ HEAD(16, 1, MAGIC, 12), 11, BAD, "header cut off", 0, 0, 0 },
	{ HEAD(16, 1, MAGIC, 12), 8, BAD, "header cut off", 0, 0, 0 },
	{ HEAD(220, 1, MAGIC, 0), 220, BAD, "type of message unknown", 0, 0, 0 },
	{ HEAD(220, 1, MAGIC, 16), 220, BAD, "type of message unknown", 0, 0, 0 },
	{ HEAD(220, 1, MAGIC, 0x108), 220, BAD, "type of message unknown", 0, 0, 0 },

	{ HEAD(32, 2, MAGIC, 8), 32, NOTHING, NULL, 0, 0, 0 },
	{ HEAD(32, 0x101, MAGIC, 8), 32, NOTHING, NULL, 0, 0, 0 },
	{ HEAD(32, 1, 0x1a2b3c4e, 8), 32, NOTHING, NULL, 0, 0, 0 },
	{ HEAD(32, 1, MAGIC, 8), 7, NOTHING, NULL, 0, 0, 0 },
	{ HEAD(32, 1, MAGIC, 8), 0, NOTHING, NULL, 0, 0, 0 },
};

/* The verdict on data in memory of exactly their size */
static int verdict_of(const struct row *row, struct nf_ct_pptp_said *said,
		      const char **rule, u32 *end)
{
	u8 *exact = calloc(1, row->len ? row->len : 1);
	struct nf_ct_cursor c;
	int verdict;

	memcpy(exact, row->begin, row->len < sizeof(row->begin) ? row->len :
								  sizeof(row->begin));
	exact = realloc(exact, row->len ? row->len : 1);
	*rule = NULL;
	nf_ct_cursor_init(&c, exact, row->len);
	verdict = nf_ct_pptp_read(&c, said, rule);
	*end = nf_ct_cursor_offset(&c);
	free(exact);
	return verdict;
}

static void table(void)
{
	struct nf_ct_pptp_said said;
	const char *rule;
	u32 i, end;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		bool good = CHECK(verdict_of(row, &said, &rule, &end) == row->verdict) &&
			    CHECK(!row->rule == !rule);

		if (good && rule)
			good = CHECK(!strcmp(rule, row->rule));
		if (good && row->verdict == MESSAGE)
			good = CHECK(said.call == row->call) &&
			       CHECK(said.peer == row->peer) &&
			       CHECK(said.result == row->result) &&
			       CHECK(end == (u32)(row->begin[0] << 8 | row->begin[1]));
		if (!good)
			printf("# row %u\n", i);
	}
}

/* Each beginning of a message is none. */
static void beginnings(void)
{
	struct nf_ct_pptp_said said;
	const char *rule;
	struct row row;
	u32 i, n, end;

	for (i = 0; i < 15; i++) {
		row = rows[i];
		for (n = 0; n < rows[i].len; n++) {
			row.len = n;
			CHECK(verdict_of(&row, &said, &rule, &end) == (n < 8 ? NOTHING : BAD));
		}
	}
}

int main(void)
{
	unit_test("each row", table);
	unit_test("messages that are cut", beginnings);
	return unit_finish();
}
