// SPDX-License-Identifier: GPL-2.0
/* helpers/irc_parse.c: what a line announces, and which rule a bad one breaks. */
#include <stdlib.h>
#include <string.h>

#include "../../helpers/irc_parse.c"
#include "unit.h"

enum {
	NOTHING = NF_CT_IRC_NOTHING,
	FOUND = NF_CT_IRC_FOUND,
	UNFINISHED = NF_CT_IRC_UNFINISHED,
	BAD = NF_CT_IRC_BAD,
};

struct row {
	const char *line;
	int verdict;
	u32 addr;
	u16 port;
	const char *text;	/* what is replaced, or the beginning of the rule */
};

#define SEND		"PRIVMSG bob :\1DCC SEND "
#define FINDS(n, p)	FOUND, n, p, #n " " #p

static const struct row rows[] = {
	{ SEND "file 167772418 2049 4000\1\r\n", FINDS(167772418, 2049) },
	{ SEND "file 167772418 2049\1\r\n", FINDS(167772418, 2049) },
	{ SEND "file 167772418 2049\1", FINDS(167772418, 2049) },
	{ SEND "file 167772418 2049 ", FINDS(167772418, 2049) },
	{ SEND "file 167772418 2049\r\n", FINDS(167772418, 2049) },
	{ SEND "file 167772418 2049\n", FINDS(167772418, 2049) },
	{ SEND "file  167772418  2049 \n", FOUND, 167772418, 2049, "167772418  2049" },
	{ SEND "file 4294967295 65535\1\n", FINDS(4294967295, 65535) },
	{ SEND "file 0 1024\1\n", FINDS(0, 1024) },
	{ SEND "\"a b c\" 167772418 2049 4000\1\r\n", FINDS(167772418, 2049) },
	{ SEND "\"\" 167772418 2049 4000\1\r\n", FINDS(167772418, 2049) },
	{ SEND "a\"b 167772418 2049 4000\1\r\n", FINDS(167772418, 2049) },
	{ SEND "\xff\xfe 167772418 2049 4000\1\r\n", FINDS(167772418, 2049) },
	{ "PRIVMSG bob :\1DCC CHAT chat 1 2049\1\r\n", FINDS(1, 2049) },
	{ "PRIVMSG bob :\1DCC MOVE x 1 2049\1\r\n", FINDS(1, 2049) },
	{ "PRIVMSG bob :\1DCC TSEND x 1 2049\1\r\n", FINDS(1, 2049) },
	{ "PRIVMSG bob :\1DCC SCHAT chat 1 2049\1\r\n", FINDS(1, 2049) },
	{ "  privmsg  bob,eve  :\1dcc  Chat  chat 1 2049\1\r\n", FINDS(1, 2049) },
	/* cut */
	{ SEND "file 167772418 2049", UNFINISHED, 0, 0, "" },
	{ SEND "file 167772418 ", UNFINISHED, 0, 0, "" },
	{ SEND "\"file 1 2049", UNFINISHED, 0, 0, "" },
	{ "PRIVMSG bob :\1DCC", UNFINISHED, 0, 0, "" },
	{ "PRIVMSG bob :\1DCC S", UNFINISHED, 0, 0, "" },
	{ "PRIVMSG", UNFINISHED, 0, 0, "" },
	{ " ", UNFINISHED, 0, 0, "" },
	/* about something else */
	{ "", NOTHING, 0, 0, "" },
	{ "\n", NOTHING, 0, 0, "" },
	{ "\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob :hello\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob :hello \1DCC CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob eve :\1DCC CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG :bob :\1DCC CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob \1DCC CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSGS bob :\1DCC CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ "NOTICE bob :\1DCC CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ ":me PRIVMSG bob :\1DCC CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ "QUIT PRIVMSG bob :\1DCC CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob :\1DCC RESUME file 2049 100\1\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob :\1DCC CHATS chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob :\1DCCX CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob :\1DCC CHAT\1\r\n", NOTHING, 0, 0, "" },
	{ "PRIVMSG bob :\1DCC \1CHAT chat 1 2049\1\r\n", NOTHING, 0, 0, "" },
	{ SEND "file 199 0 4000 7\1\r\n", NOTHING, 0, 0, "" },
	/* bad */
	{ SEND "\1\r\n", BAD, 0, 0, "DCC: no name" },
	{ SEND "file\1\r\n", BAD, 0, 0, "DCC: no name" },
	{ SEND "\"file\1\r\n", BAD, 0, 0, "DCC: no name" },
	{ SEND "\"file\"x 1 2049\1\r\n", BAD, 0, 0, "DCC: no name" },
	{ SEND "\"file 1 2049\r\n\"", BAD, 0, 0, "DCC: no name" },
	{ SEND "file \1 1 2049\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "a b 1 2049\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "file 4294967296 2049\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "file 18446744073709551617 2049\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "file 00000000001 2049\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "file -1 2049\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "file 10.0.1.2 2049\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "file fd00::1 2049\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "file 1,2049\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "file 1\1\r\n", BAD, 0, 0, "DCC: address" },
	{ SEND "file 1 65536\1\r\n", BAD, 0, 0, "DCC: port is" },
	{ SEND "file 1 67585\1\r\n", BAD, 0, 0, "DCC: port is" },
	{ SEND "file 1 4294969345\1\r\n", BAD, 0, 0, "DCC: port is" },
	{ SEND "file 1 x\1\r\n", BAD, 0, 0, "DCC: port is" },
	{ SEND "file 1 \1\r\n", BAD, 0, 0, "DCC: port is" },
	{ SEND "file 1 2049x\1\r\n", BAD, 0, 0, "DCC: text" },
	{ SEND "file 1 2049,5\1\r\n", BAD, 0, 0, "DCC: text" },
	{ SEND "file 1 1023\1\r\n", BAD, 0, 0, "DCC: port below" },
};

/* The verdict on what stands first in a copy of @len bytes in memory of their own */
static int read_line(const char *text, u32 len, struct nf_ct_irc_said *said)
{
	struct nf_ct_irc_reader reader;
	struct nf_ct_cursor c;

	nf_ct_cursor_init(&c, unit_exact(text, len), len);
	nf_ct_irc_reader_init(&reader, &c);
	return nf_ct_irc_read(&reader, said);
}

static bool as_row(const struct row *row, int verdict, const struct nf_ct_irc_said *said)
{
	u32 len = strlen(row->text);

	if (verdict != row->verdict)
		return false;
	if (verdict == BAD)
		return !strncmp(said->rule, row->text, len);
	return verdict != FOUND ||
	       (said->port == row->port && said->addr == row->addr && said->len == len &&
		!memcmp(row->line + said->begin, row->text, len));
}

static void table(void)
{
	struct nf_ct_irc_said said = { 0 };
	int verdict;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		verdict = read_line(rows[i].line, strlen(rows[i].line), &said);
		if (!CHECK(as_row(&rows[i], verdict, &said)))
			printf("# row %u: %s: %d, port %u, rule %s\n", i, rows[i].line, verdict,
			       said.port, said.rule ?: "none");
	}
}

/* What is found in a line is found in each beginning of it, or that is unfinished. */
static bool beginnings_agree(const char *line, u32 len)
{
	struct nf_ct_irc_said whole, part;
	int verdict;
	u32 n;

	if (read_line(line, len, &whole) != FOUND)
		return true;
	for (n = 1; n < len; n++) {
		verdict = read_line(line, n, &part);
		if (verdict != UNFINISHED &&
		    (verdict != FOUND || part.port != whole.port || part.addr != whole.addr ||
		     part.begin != whole.begin || part.len != whole.len))
			return false;
	}
	return true;
}

static void beginnings(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (!CHECK(beginnings_agree(rows[i].line, strlen(rows[i].line))))
			printf("# %s\n", rows[i].line);
}

/* Ports that a segment announces, and what stands last */
static u32 read_all(const char *text, u16 ports[4], u32 *line, int *last)
{
	struct nf_ct_irc_reader reader;
	struct nf_ct_irc_said said;
	struct nf_ct_cursor c;
	u32 n = 0;

	nf_ct_cursor_init(&c, text, strlen(text));
	nf_ct_irc_reader_init(&reader, &c);
	do {
		*last = nf_ct_irc_read(&reader, &said);
		if (*last == FOUND && n < 4)
			ports[n++] = said.port;
	} while (*last == FOUND || *last == BAD);
	*line = reader.line;
	return n;
}

static void segments(void)
{
	u16 ports[4];
	u32 line;
	int last;

	CHECK(read_all("PING x\r\n" SEND "a 1 2049\1\r\n", ports, &line, &last) == 1);
	CHECK(ports[0] == 2049 && last == NOTHING && line == 8);
	CHECK(read_all(SEND "a 1 2049\1\r\n" SEND "b x 2050\1\r\n" SEND "c 1 2051\1\r\nPRIV",
		       ports, &line, &last) == 2);
	CHECK(ports[0] == 2049 && ports[1] == 2051 && last == UNFINISHED);
	/* a bad line ends where it ends */
	CHECK(!read_all(SEND "a x\r\n1 2049\1\r\n", ports, &line, &last));
	CHECK(!read_all(SEND "a\r\n 1 2049\1\r\n", ports, &line, &last));
	/* one that ends with CR only goes on */
	CHECK(!read_all("PING\r" SEND "a 1 2049\1\r\n", ports, &line, &last));
}

/* Lines of random pieces: most are nearly right. */
static void random_lines(void)
{
	static const char *const pieces[] = {
		"PRIVMSG", " ", "bob", ":", "\1", ":\1DCC", "DCC", "SEND", "CHAT", "TSEND", "S",
		"\"", "a b", "file", "1", "167772418", "4294967296", "2049", "65536", "0", "99",
		"\r\n", "\n", "\r", "\t", "x", "\xff", SEND, SEND "f ", SEND "f 1 ",
	};
	char line[512], *end;
	u32 round, len;
	bool good = true;

	for (round = 0; round < 300000 && good; round++) {
		len = unit_pieces(line, pieces, ARRAY_SIZE(pieces), 14);
		end = memchr(line, '\n', len);
		good = CHECK(beginnings_agree(line, end ? end + 1 - line : len));
		if (!good)
			printf("# %.*s\n", (int)len, line);
	}
}

int main(void)
{
	unit_test("each form, each rule", table);
	unit_test("lines that are cut", beginnings);
	unit_test("several lines in a segment", segments);
	unit_test("random lines", random_lines);
	return unit_finish();
}
