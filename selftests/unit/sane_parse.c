// SPDX-License-Identifier: GPL-2.0
/* helpers/sane_parse.c: what begins a scan, which port is named, in pieces of any size. */
#include <stdlib.h>
#include <string.h>

#include "../../helpers/sane_parse.c"
#include "unit.h"

enum {
	UNFINISHED = NF_CT_SANE_UNFINISHED,
	FOUND = NF_CT_SANE_FOUND,
	NOTHING = NF_CT_SANE_NOTHING,
	BAD = NF_CT_SANE_BAD,
};

struct row {
	bool answer;
	const char *data;
	u32 len;
	int verdict;
	u32 word;	/* of what is found */
};

#define REQUEST(text, ...)	{ false, text, sizeof(text) - 1, __VA_ARGS__ }
#define ANSWER(text, ...)	{ true, text, sizeof(text) - 1, __VA_ARGS__ }

static const struct row rows[] = {
	REQUEST("\0\0\0\7\0\0\0\1", FOUND, 1),
	REQUEST("\0\0\0\7\xff\xff\xff\xff", FOUND, 0xffffffff),
	REQUEST("\0\0\0\7\0\0\0\1more", FOUND, 1),
	REQUEST("\0\0\0\7\0\0\0", UNFINISHED, 0),
	REQUEST("\0\0\0\7", UNFINISHED, 0),
	REQUEST("", UNFINISHED, 0),
	REQUEST("\0\0\0\6\0\0\0\1", NOTHING, 0),
	REQUEST("\0\0\1\7\0\0\0\1", NOTHING, 0),
	REQUEST("\7\0\0\0\0\0\0\1", NOTHING, 0),
	REQUEST("\1\0\0\7", NOTHING, 0),
	ANSWER("\0\0\0\0\0\0\4\0\0\0\x12\x34\0\0\0\0", FOUND, 1024),
	ANSWER("\0\0\0\0\0\0\xff\xff", FOUND, 65535),
	ANSWER("\0\0\0\0\0\0\4", UNFINISHED, 0),
	ANSWER("\0\0\0\0", UNFINISHED, 0),
	ANSWER("\0\0\0\7\0\0\4\0", NOTHING, 0),
	ANSWER("\1\0\0\0\0\0\4\0", NOTHING, 0),
	ANSWER("\0\0\0\0\0\0\0\0", BAD, 0),
	ANSWER("\0\0\0\0\0\0\3\xff", BAD, 0),
	ANSWER("\0\0\0\0\0\1\0\0", BAD, 0),
	ANSWER("\0\0\0\0\0\1\4\0", BAD, 0),
	ANSWER("\0\0\0\0\xff\xff\xff\xff", BAD, 0),
};

/* Read the next bytes of a message, in memory of exactly their size */
static const char *go_on(struct nf_ct_sane_head *head, bool answer, const char *data, u32 len)
{
	struct nf_ct_cursor c;
	const char *rule;

	nf_ct_cursor_init(&c, unit_exact(data, len), len);
	rule = answer ? nf_ct_sane_read_answer(head, &c) : nf_ct_sane_read_request(head, &c);
	CHECK(nf_ct_cursor_offset(&c) == len || head->verdict != UNFINISHED);
	return rule;
}

static bool as_row(const struct row *row, const struct nf_ct_sane_head *head)
{
	return head->verdict == row->verdict && head->bytes <= 8 &&
	       (row->verdict != FOUND || (head->word == row->word && head->bytes == 8));
}

static void table(void)
{
	const char *rule;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nf_ct_sane_head head = { 0 };

		rule = go_on(&head, rows[i].answer, rows[i].data, rows[i].len);
		if (!CHECK(as_row(&rows[i], &head)) ||
		    !CHECK((rows[i].verdict == BAD) == (rule != NULL)))
			printf("# row %u: %u\n", i, head.verdict);
	}
}

static void pieces(void)
{
	u32 i, n, at;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (n = 1; n < rows[i].len; n++) {
			struct nf_ct_sane_head two = { 0 }, many = { 0 };

			go_on(&two, rows[i].answer, rows[i].data, n);
			go_on(&two, rows[i].answer, rows[i].data + n, rows[i].len - n);
			for (at = 0; at < rows[i].len; at++)
				go_on(&many, rows[i].answer, rows[i].data + at, 1);
			if (!CHECK(as_row(&rows[i], &two)) || !CHECK(as_row(&rows[i], &many)))
				printf("# row %u, split at %u\n", i, n);
		}
	}
}

int main(void)
{
	unit_test("each row", table);
	unit_test("in pieces", pieces);
	return unit_finish();
}
