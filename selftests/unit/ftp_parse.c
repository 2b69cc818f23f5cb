// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/ftp_parse.c: what each form of a line says, which rule a bad one breaks, and
 * that a line which is cut anywhere is unfinished or says the same. Random lines, made
 * of pieces of good ones, run under the address checker in memory of exactly their size.
 */
#include <stdlib.h>
#include <string.h>

#include "../../helpers/ftp_parse.c"
#include "unit.h"

#define ROWS(table)	(sizeof(table) / sizeof((table)[0]))

enum { NOTHING = NF_CT_FTP_NOTHING, FOUND = NF_CT_FTP_FOUND,
       UNFINISHED = NF_CT_FTP_UNFINISHED, BAD = NF_CT_FTP_BAD };

struct row {
	const char *line;
	bool server;
	int verdict;
	u16 port;
	u8 family;
	const char *text;	/* what is replaced, or the beginning of the rule */
};

static const struct row rows[] = {
	/* PORT */
	{ "PORT 1,2,3,4,5,6\r\n", 0, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "port\t1,2,3,4,5,6\n", 0, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "PORT  1,2,3,4,005,006 \r\n", 0, FOUND, 1286, 4, "1,2,3,4,005,006" },
	{ "PORT 255,255,255,255,255,255\r\n", 0, FOUND, 65535, 4, "255,255,255,255,255,255" },
	{ "PORT 1,2,3,4,5,6\r", 0, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "PORT 1,2,3,4,5,6 ", 0, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "PORT 1,2,3,4,5,6", 0, UNFINISHED, 0, 0, "" },
	{ "PORT 1,2,3,4,5,", 0, UNFINISHED, 0, 0, "" },
	{ "PORT", 0, UNFINISHED, 0, 0, "" },
	{ "P", 0, UNFINISHED, 0, 0, "" },
	{ "P\r\n", 0, NOTHING, 0, 0, "" },
	{ "PORTS 1,2,3,4,5,6\r\n", 0, NOTHING, 0, 0, "" },
	{ " PORT 1,2,3,4,5,6\r\n", 0, NOTHING, 0, 0, "" },
	{ "PORT 1,2,3,4,5,6\r\n", 1, NOTHING, 0, 0, "" },
	{ "PORT\r\n", 0, BAD, 0, 0, "PORT: no blank" },
	{ "PORT 1,2,3,4,5\r\n", 0, BAD, 0, 0, "PORT: not six" },
	{ "PORT 1,2,3,4,5,6,7\r\n", 0, BAD, 0, 0, "PORT: more" },
	{ "PORT 1,2,3,4,5,6x\r\n", 0, BAD, 0, 0, "PORT: more" },
	{ "PORT 1,2,3,4,256,1\r\n", 0, BAD, 0, 0, "PORT: not six" },
	{ "PORT 1,2,3,4,5,0006\r\n", 0, BAD, 0, 0, "PORT: not six" },
	{ "PORT 1,2,3,4,5,4294967302\r\n", 0, BAD, 0, 0, "PORT: not six" },
	{ "PORT 1,2,3,-4,5,6\r\n", 0, BAD, 0, 0, "PORT: not six" },
	{ "PORT 1,2,3,4,3,255\r\n", 0, BAD, 0, 0, "PORT: port below" },
	{ "PORT 1,2,3,4,0,0\r\n", 0, BAD, 0, 0, "PORT: port below" },
	{ "PORT 1,2,3,4,4,0\r\n", 0, FOUND, 1024, 4, "1,2,3,4,4,0" },
	/* EPRT */
	{ "EPRT |1|1.2.3.4|2000|\r\n", 0, FOUND, 2000, 4, "|1|1.2.3.4|2000|" },
	{ "EPRT |1|1.2.3.4|2000|", 0, FOUND, 2000, 4, "|1|1.2.3.4|2000|" },
	{ "EPRT !1!1.2.3.4!02000! \n", 0, FOUND, 2000, 4, "!1!1.2.3.4!02000!" },
	{ "EPRT |2|fd00::2|2000|\r\n", 0, FOUND, 2000, 6, "|2|fd00::2|2000|" },
	{ "EPRT |2|::|2000|\r\n", 0, FOUND, 2000, 6, "|2|::|2000|" },
	{ "EPRT |2|::ffff:1.2.3.4|2000|\r\n", 0, FOUND, 2000, 6, "|2|::ffff:1.2.3.4|2000|" },
	{ "EPRT |2|fd00::2|2000", 0, UNFINISHED, 0, 0, "" },
	{ "EPRT |2|fd00:", 0, UNFINISHED, 0, 0, "" },
	{ "EPRT |1|1.2.3.4|", 0, UNFINISHED, 0, 0, "" },
	{ "EPRT |1|1.2.3.4|2000|x\r\n", 0, BAD, 0, 0, "EPRT: text" },
	{ "EPRT |1|1.2.3.4|65536|\r\n", 0, BAD, 0, 0, "EPRT: port is" },
	{ "EPRT |1|1.2.3.4|4294969296|\r\n", 0, BAD, 0, 0, "EPRT: port is" },
	{ "EPRT |1|1.2.3.4|21|\r\n", 0, BAD, 0, 0, "EPRT: port below" },
	{ "EPRT |1|1.2.3|2000|\r\n", 0, BAD, 0, 0, "EPRT: bad address" },
	{ "EPRT |1|01.2.3.4|2000|\r\n", 0, BAD, 0, 0, "EPRT: bad address" },
	{ "EPRT |2|1.2.3.4|2000|\r\n", 0, BAD, 0, 0, "EPRT: bad address" },
	{ "EPRT |2|1:2:3:4:5:6:7:8:9|2000|\r\n", 0, BAD, 0, 0, "EPRT: bad address" },
	{ "EPRT |3|1.2.3.4|2000|\r\n", 0, BAD, 0, 0, "EPRT: protocol" },
	{ "EPRT |0|1.2.3.4|2000|\r\n", 0, BAD, 0, 0, "EPRT: protocol" },
	{ "EPRT 11112.3.412000 \r\n", 0, BAD, 0, 0, "EPRT: bad delimiter" },
	{ "EPRT .1.1.2.3.4.2000.\r\n", 0, BAD, 0, 0, "EPRT: bad delimiter" },
	{ "EPRT \177" "1\177" "1.2.3.4\177" "2000\177\r\n", 0, BAD, 0, 0, "EPRT: bad delimiter" },
	{ "EPRT\r\n", 0, BAD, 0, 0, "EPRT: no blank" },
	/* 227 */
	{ "227 Entering Passive Mode (1,2,3,4,5,6)\r\n", 1, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "227 Entering Passive Mode (1,2,3,4,5,6).\r\n", 1, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "227 Entering Passive Mode. 1,2,3,4,5,6\r\n", 1, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "227 =1,2,3,4,5,6\r\n", 1, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "227 ( 1, 2, 3, 4, 5, 6 )\r\n", 1, FOUND, 1286, 4, "1, 2, 3, 4, 5, 6" },
	{ "227(1,2,3,4,5,6)\r\n", 1, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "227 1 is (1,2,3,4,5,6)\r\n", 1, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "227 1,2 (1,2,3,4,5,6)\r\n", 1, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "227 1,2,3,4,5,6\n", 1, FOUND, 1286, 4, "1,2,3,4,5,6" },
	{ "227 1,2,3,4,5,6", 1, UNFINISHED, 0, 0, "" },
	{ "227 Entering", 1, UNFINISHED, 0, 0, "" },
	{ "227", 1, UNFINISHED, 0, 0, "" },
	{ "22", 1, UNFINISHED, 0, 0, "" },
	{ "2270 (1,2,3,4,5,6)\r\n", 1, NOTHING, 0, 0, "" },
	{ "227-(1,2,3,4,5,6)\r\n", 1, NOTHING, 0, 0, "" },
	{ "227 Entering Passive Mode\r\n", 1, BAD, 0, 0, "227: no six" },
	{ "227 (1,2,3,4,5)\r\n", 1, BAD, 0, 0, "227: no six" },
	{ "227 (1,2,3,4,256,6)\r\n", 1, BAD, 0, 0, "227: no six" },
	{ "227 (1,2,3,4,0,80)\r\n", 1, BAD, 0, 0, "227: port below" },
	/* 229 */
	{ "229 Extended (|||2000|)\r\n", 1, FOUND, 2000, 0, "|||2000|" },
	{ "229 Extended (|||2000|).\r\n", 1, FOUND, 2000, 0, "|||2000|" },
	{ "229 Extended ( |||2000| )\r\n", 1, FOUND, 2000, 0, "|||2000|" },
	{ "229 Extended |||2000|\r\n", 1, FOUND, 2000, 0, "|||2000|" },
	{ "229 Extended (!!!2000!)\r\n", 1, FOUND, 2000, 0, "!!!2000!" },
	{ "229 (ok) (|||2000|)\r\n", 1, FOUND, 2000, 0, "|||2000|" },
	{ "229 Extended (|||2000", 1, UNFINISHED, 0, 0, "" },
	{ "229 Extended (", 1, UNFINISHED, 0, 0, "" },
	{ "229 Extended !!!2000!\r\n", 1, BAD, 0, 0, "229: no port" },
	{ "229 Extended (|||65536|)\r\n", 1, BAD, 0, 0, "229: no port" },
	{ "229 Extended (|||000002000|)\r\n", 1, BAD, 0, 0, "229: no port" },
	{ "229 Extended (||2000|)\r\n", 1, BAD, 0, 0, "229: no port" },
	{ "229 Extended (1112000 1)\r\n", 1, BAD, 0, 0, "229: no port" },
	{ "229 Extended (|||1023|)\r\n", 1, BAD, 0, 0, "229: port below" },
	/* others */
	{ "234 AUTH TLS OK\r\n", 1, FOUND, 0, 0, "" },
	{ "234 ", 1, FOUND, 0, 0, "" },
	{ "234 AUTH\r\n", 0, NOTHING, 0, 0, "" },
	{ "200 PORT ok\r\n", 1, NOTHING, 0, 0, "" },
	{ "\r\n", 0, NOTHING, 0, 0, "" },
	{ "\n", 1, NOTHING, 0, 0, "" },
	{ "", 0, NOTHING, 0, 0, "" },
};

/* The verdict on a copy of @len bytes in memory of their own */
static int read_line(const char *text, u32 len, bool server, struct nf_ct_ftp_said *said)
{
	struct nf_ct_cursor c;

	nf_ct_cursor_init(&c, unit_exact(text, len), len);
	return nf_ct_ftp_line(&c, server, said);
}

static bool same(const struct nf_ct_ftp_said *a, const struct nf_ct_ftp_said *b)
{
	return a->begin == b->begin && a->len == b->len && a->port == b->port &&
	       a->form == b->form && a->family == b->family &&
	       !memcmp(a->addr, b->addr, sizeof(a->addr));
}

static bool as_row(const struct row *row, int verdict, const struct nf_ct_ftp_said *said)
{
	u32 len = strlen(row->text);

	if (verdict != row->verdict)
		return false;
	if (verdict == BAD)
		return !strncmp(said->rule, row->text, len);
	return verdict != FOUND ||
	       (said->port == row->port && said->family == row->family &&
		said->len == len && !memcmp(row->line + said->begin, row->text, len));
}

static void table(void)
{
	struct nf_ct_ftp_said said;
	int verdict;
	u32 i;

	for (i = 0; i < ROWS(rows); i++) {
		verdict = read_line(rows[i].line, strlen(rows[i].line), rows[i].server, &said);
		if (!CHECK(as_row(&rows[i], verdict, &said)))
			printf("# row %u: %s: %d, port %u, rule %s\n", i, rows[i].line, verdict,
			       said.port, said.rule ?: "none");
	}
}

/* What is found in a line is found in each beginning, or that is unfinished. */
static bool beginnings_agree(const char *line, u32 len, bool server)
{
	struct nf_ct_ftp_said whole, part;
	int verdict;
	u32 n;

	if (read_line(line, len, server, &whole) != FOUND)
		return true;
	for (n = 1; n < len; n++) {
		verdict = read_line(line, n, server, &part);
		if (verdict != UNFINISHED && (verdict != FOUND || !same(&whole, &part)))
			return false;
	}
	return true;
}

static void beginnings(void)
{
	u32 i;

	for (i = 0; i < ROWS(rows); i++)
		if (!CHECK(beginnings_agree(rows[i].line, strlen(rows[i].line), rows[i].server)))
			printf("# %s\n", rows[i].line);
}

static void addresses(void)
{
	static const u8 v6[16] = { 0xfd, 0, [15] = 2 };
	struct nf_ct_ftp_said said;

	read_line("PORT 1,2,3,255,5,6\r\n", 20, false, &said);
	CHECK(said.form == NF_CT_FTP_SAYS_PORT && !memcmp(said.addr, "\1\2\3\xff", 4));
	read_line("EPRT |2|fd00::2|2000|", 21, false, &said);
	CHECK(said.form == NF_CT_FTP_SAYS_EPRT && !memcmp(said.addr, v6, 16));
	read_line("227 1,2,3,255,5,6\r\n", 19, true, &said);
	CHECK(said.form == NF_CT_FTP_SAYS_PASV && !memcmp(said.addr, "\1\2\3\xff", 4));
	read_line("229 (|||2000|)", 14, true, &said);
	CHECK(said.form == NF_CT_FTP_SAYS_EPSV && !said.family);
	read_line("234 ok", 6, true, &said);
	CHECK(said.form == NF_CT_FTP_SAYS_SECURED);
}

/* Ports that a segment announces, and where its last line begins */
static u32 read_all(const char *text, bool server, u16 ports[4], u32 *line, int *last)
{
	struct nf_ct_ftp_reader reader;
	struct nf_ct_ftp_said said;
	struct nf_ct_cursor c;
	u32 n = 0;

	nf_ct_cursor_init(&c, text, strlen(text));
	nf_ct_ftp_reader_init(&reader, &c, server);
	do {
		*last = nf_ct_ftp_read(&reader, &said);
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

	CHECK(read_all("TYPE I\r\nPORT 1,2,3,4,5,6\r\n", false, ports, &line, &last) == 1);
	CHECK(ports[0] == 1286 && last == NOTHING);
	CHECK(read_all("PORT 1,2,3,4,5,6\r\nPORT 1,2,3,4\r\nEPRT |1|1.2.3.4|2000|\r\nPOR",
		       false, ports, &line, &last) == 2);
	CHECK(ports[0] == 1286 && ports[1] == 2000 && last == UNFINISHED && line == 55);
	CHECK(read_all("200 ok\r\n227 1,2,3,4,5,6\r\n", true, ports, &line, &last) == 1);

	/* what a server quotes */
	CHECK(!read_all("211-a\r\n227 1,2,3,4,5,6\r\n211 z\r\n", true, ports, &line, &last));
	CHECK(!read_all(" a\r\n227 1,2,3,4,5,6\r\n211 z\r\n", true, ports, &line, &last));
	CHECK(!read_all("211-a\r\n227 1,2", true, ports, &line, &last) && last == NOTHING);
	CHECK(read_all("211-a\r\n b\r\n211 z\r\n227 1,2,3,4,5,6\r\n", true, ports, &line, &last) == 1);
	CHECK(!read_all("500 what?\r227 1,2,3,4,5,6\r\n", true, ports, &line, &last));
}

static void plain(void)
{
	static const struct { const char *text; u32 len; bool plain; } cases[] = {
		{ "CCC\r\n", 5, true },		{ "NOOP\r\nPASV\r\n", 12, true },
		{ "NOOP", 4, false },		{ "", 0, false },
		{ "\n", 1, false },		{ "\x17\x03\x03\0\x20\n", 6, false },
		{ "NO\xffOP\r\n", 7, false },	{ "NO\0OP\r\n", 7, false },
	};
	struct nf_ct_cursor c;
	u32 i;

	for (i = 0; i < ROWS(cases); i++) {
		nf_ct_cursor_init(&c, cases[i].text, cases[i].len);
		CHECK(nf_ct_ftp_is_plain(&c) == cases[i].plain);
	}
}

/* Lines of random pieces: most are nearly right. */
static void random_lines(void)
{
	static const char *const pieces[] = {
		"PORT", "EPRT", "227", "229", "234", " ", "(", ")", "|", "|1|", "|2|", "||",
		",", "1,2,3,4,", "0", "5", "6", "255", "256", "2000", "65535", "99999", "1.2.3.4",
		"fd00::2", ":", ".", "\r\n", "\n", "\r", "\t", "x", "\xff", "-", "=",
	};
	char line[256];
	u32 round, len;
	bool good = true;

	for (round = 0; round < 300000 && good; round++) {
		len = unit_pieces(line, pieces, ROWS(pieces), 14);
		good = CHECK(beginnings_agree(line, len, round & 1));
		if (!good)
			printf("# %.*s\n", (int)len, line);
	}
}

int main(void)
{
	unit_test("each form, each rule", table);
	unit_test("lines that are cut", beginnings);
	unit_test("addresses and forms", addresses);
	unit_test("several lines in a segment", segments);
	unit_test("plain text again", plain);
	unit_test("random lines", random_lines);
	return unit_finish();
}
