// SPDX-License-Identifier: GPL-2.0
/* helpers/tftp_parse.c: what is a request, and which rule a bad one breaks. */
#include <stdlib.h>
#include <string.h>

#include "../../helpers/tftp_parse.c"
#include "unit.h"

struct row {
	const char *data;
	u32 len;
	int verdict;
	const char *rule;	/* the beginning of it */
};

#define ROW(text, ...)	{ text, sizeof(text) - 1, __VA_ARGS__ }

enum { NOTHING = NF_CT_TFTP_NOTHING, REQUEST = NF_CT_TFTP_REQUEST, BAD = NF_CT_TFTP_BAD };

static const struct row rows[] = {
	ROW("\0\1boot\0octet\0", REQUEST, NULL),
	ROW("\0\2boot\0netascii\0", REQUEST, NULL),
	ROW("\0\1b\0octet\0blksize\0" "1024\0", REQUEST, NULL),
	ROW("\0\1b\0octet", REQUEST, NULL),
	ROW("\0\1b\0o", REQUEST, NULL),
	ROW("\0\1\xff\xfe\0octet\0", REQUEST, NULL),
	ROW("\0\1b\0", BAD, "request without a mode"),
	ROW("\0\1b\0\0", BAD, "request without a mode"),
	ROW("\0\1b", BAD, "request without the name"),
	ROW("\0\1\0octet\0", BAD, "request without the name"),
	ROW("\0\1", BAD, "request without the name"),
	ROW("\0\3\0\1data", NOTHING, NULL),
	ROW("\0\4\0\1", NOTHING, NULL),
	ROW("\0\5\0\1no\0", NOTHING, NULL),
	ROW("\0\6b\0octet\0", NOTHING, NULL),
	ROW("\1\1b\0octet\0", NOTHING, NULL),
	ROW("\0\0b\0octet\0", NOTHING, NULL),
	ROW("\1", NOTHING, NULL),
	ROW("", NOTHING, NULL),
};

/* The verdict on a copy of the data in memory of exactly their size */
static int verdict_of(const void *data, u32 len, const char **rule)
{
	struct nf_ct_cursor c;

	*rule = NULL;
	nf_ct_cursor_init(&c, unit_exact(data, len), len);
	return nf_ct_tftp_read(&c, rule);
}

static void table(void)
{
	const char *rule;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!CHECK(verdict_of(rows[i].data, rows[i].len, &rule) == rows[i].verdict) ||
		    !CHECK(!rows[i].rule == !rule) ||
		    (rule && !CHECK(!strncmp(rule, rows[i].rule, strlen(rows[i].rule)))))
			printf("# row %u\n", i);
	}
}

/* Each beginning of a request is none, until the mode begins. */
static void beginnings(void)
{
	static const char whole[] = "\0\1boot\0octet\0blksize\0" "1024";
	const char *rule;
	u32 n;

	for (n = 0; n <= sizeof(whole); n++)
		CHECK(verdict_of(whole, n, &rule) == (n < 2 ? NOTHING : n < 8 ? BAD : REQUEST));
}

int main(void)
{
	unit_test("each row", table);
	unit_test("requests that are cut", beginnings);
	return unit_finish();
}
