// SPDX-License-Identifier: GPL-2.0
/*
 * nf_ct_cursor.h: what each function reads, that nothing is read beyond the end,
 * and that failure sticks. Numbers, addresses and bits are compared with another
 * implementation; random operations run on random bytes. The data lie in memory
 * of exactly their size, so that the address checker sees each byte too much.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "nf_ct_cursor.h"
#include "unit.h"

/* A cursor on a copy of @data in memory of its own */
static struct nf_ct_cursor cursor_on(const void *data, u32 len)
{
	struct nf_ct_cursor c;

	nf_ct_cursor_init(&c, unit_exact(data, len), len);
	return c;
}

static struct nf_ct_cursor text(const char *string)
{
	return cursor_on(string, strlen(string));
}

/* Is what @c has left just @string? */
static bool is(const struct nf_ct_cursor *c, const char *string)
{
	return nf_ct_cursor_ok(c) && nf_ct_cursor_left(c) == strlen(string) &&
	       !memcmp(nf_ct_cursor_bytes(c), string, strlen(string));
}

/* What must hold after any operation */
static bool sound(const struct nf_ct_cursor *c)
{
	if (c->start > c->pos || c->pos > c->end || c->bits > 7)
		return false;
	if (c->bits && c->pos == c->start)
		return false;
	return nf_ct_cursor_ok(c) || (!nf_ct_cursor_left(c) && !c->bits);
}

/* A failed cursor reads nothing, tests nothing, and gives failed parts. */
static void check_stuck(struct nf_ct_cursor c)
{
	struct nf_ct_cursor part;
	u8 kind, copy[16] = { 1 };

	CHECK(!nf_ct_cursor_ok(&c) && sound(&c));
	CHECK(!nf_ct_cursor_u8(&c) && !nf_ct_cursor_be16(&c));
	CHECK(!nf_ct_cursor_be32(&c) && !nf_ct_cursor_bits(&c, 1));
	CHECK(!nf_ct_cursor_bits(&c, 0) && !nf_ct_cursor_bits_left(&c));
	CHECK(!nf_ct_cursor_skip(&c, 0) && nf_ct_cursor_peek(&c) == -1);
	CHECK(!nf_ct_cursor_copy(&c, copy, 1) && !copy[0]);
	CHECK(!nf_ct_cursor_seek(&c, c.start) && !nf_ct_cursor_seek(&c, c.end));
	CHECK(!nf_ct_cursor_literal(&c, "") && !nf_ct_cursor_expect(&c, ""));
	CHECK(!nf_ct_cursor_skip_blanks(&c) && !nf_ct_cursor_find_byte(&c, 0));
	CHECK(!nf_ct_cursor_find(&c, "") && !nf_ct_cursor_find_line_end(&c));
	CHECK(!nf_ct_cursor_decimal(&c, 1, 9));
	CHECK(!nf_ct_cursor_ipv4(&c, copy) && !nf_ct_cursor_ipv6(&c, copy));
	CHECK(!nf_ct_cursor_line(&c, &part) && !nf_ct_cursor_ok(&part));
	CHECK(!nf_ct_cursor_header(&c, "", &part) && !nf_ct_cursor_ok(&part));
	CHECK(!nf_ct_cursor_tcp_option(&c, &kind, &part) && !kind);
	CHECK(!nf_ct_cursor_ok(&part));
	part = nf_ct_cursor_take(&c, 0);
	CHECK(!nf_ct_cursor_ok(&part));
	part = nf_ct_cursor_token(&c, "");
	CHECK(!nf_ct_cursor_ok(&part) && !nf_ct_cursor_ok(&c) && sound(&c));
}

/* --- bytes --- */

static void numbers(void)
{
	static const u8 data[] = { 0x80, 0xff, 0xfe, 0x81, 0x82, 0x83, 0x84 };
	struct nf_ct_cursor c = cursor_on(data, sizeof(data));

	CHECK(nf_ct_cursor_left(&c) == 7 && nf_ct_cursor_peek(&c) == 0x80);
	CHECK(nf_ct_cursor_u8(&c) == 0x80);
	CHECK(nf_ct_cursor_be16(&c) == 0xfffe);
	CHECK(nf_ct_cursor_offset(&c) == 3);
	CHECK(nf_ct_cursor_be32(&c) == 0x81828384);
	CHECK(nf_ct_cursor_ok(&c) && !nf_ct_cursor_left(&c));
	CHECK(nf_ct_cursor_peek(&c) == -1 && nf_ct_cursor_ok(&c));
	CHECK(nf_ct_cursor_skip(&c, 0) && nf_ct_cursor_ok(&c));
	CHECK(!nf_ct_cursor_u8(&c) && nf_ct_cursor_short(&c));
	check_stuck(c);
}

static void too_few_bytes(void)
{
	struct nf_ct_cursor c;
	u8 copy[4];
	u32 n;

	for (n = 0; n < 4; n++) {
		c = cursor_on("\1\2\3\4", n);
		CHECK(!nf_ct_cursor_be32(&c));
		check_stuck(c);

		c = cursor_on("\1\2\3\4", n);
		memset(copy, 0xff, sizeof(copy));
		CHECK(!nf_ct_cursor_copy(&c, copy, 4));
		CHECK(!copy[0] && !copy[1] && !copy[2] && !copy[3]);
		check_stuck(c);

		c = cursor_on("\1\2\3\4", n);
		CHECK(!nf_ct_cursor_skip(&c, ~0U));
		check_stuck(c);
	}
}

static void parts(void)
{
	struct nf_ct_cursor c = text("ab1234cd"), part, inner;
	u8 copy[2];

	CHECK(nf_ct_cursor_skip(&c, 2));
	part = nf_ct_cursor_take(&c, 4);
	CHECK(is(&part, "1234") && is(&c, "cd"));
	CHECK(nf_ct_cursor_offset(&part) == 2 && nf_ct_cursor_offset(&c) == 6);

	/* a part goes no further than its ends, in either direction */
	inner = part;
	CHECK(!nf_ct_cursor_seek(&inner, 1));
	check_stuck(inner);
	inner = part;
	CHECK(nf_ct_cursor_seek(&inner, 6) && nf_ct_cursor_seek(&inner, 2));
	CHECK(!nf_ct_cursor_seek(&inner, 7));
	CHECK(is(&part, "1234"));

	CHECK(nf_ct_cursor_copy(&part, copy, 2) && !memcmp(copy, "12", 2));
	inner = nf_ct_cursor_take(&part, 3);
	check_stuck(inner);
	check_stuck(part);

	/* it failed by itself */
	CHECK(is(&c, "cd"));
	CHECK(nf_ct_cursor_seek(&c, 0) && is(&c, "ab1234cd"));
	nf_ct_cursor_fail(&c);
	CHECK(!nf_ct_cursor_short(&c));
	check_stuck(c);

	/* the first failure counts */
	nf_ct_cursor_fail(&part);
	CHECK(nf_ct_cursor_short(&part));
	CHECK(!nf_ct_cursor_skip(&c, 1) && !nf_ct_cursor_short(&c));
}

/* --- bits --- */

static void bits(void)
{
	static const u8 data[] = { 0xb1, 0x7f, 0x80, 0x01, 0xff, 0x00, 0xaa };
	struct nf_ct_cursor c = cursor_on(data, sizeof(data));

	CHECK(nf_ct_cursor_bits_left(&c) == 56);
	CHECK(nf_ct_cursor_bits(&c, 1) == 1);
	CHECK(nf_ct_cursor_bits(&c, 3) == 3);
	CHECK(nf_ct_cursor_bits_left(&c) == 52 && nf_ct_cursor_left(&c) == 6);
	CHECK(nf_ct_cursor_bits(&c, 0) == 0);
	CHECK(nf_ct_cursor_bits(&c, 6) == 5);
	nf_ct_cursor_align(&c);
	nf_ct_cursor_align(&c);
	CHECK(nf_ct_cursor_bits(&c, 32) == 0x8001ff00);
	CHECK(nf_ct_cursor_bits(&c, 4) == 0xa);
	CHECK(nf_ct_cursor_bits_left(&c) == 4);
	CHECK(!nf_ct_cursor_bits(&c, 5) && nf_ct_cursor_short(&c));
	check_stuck(c);

	/* bytes begin at a boundary, and bits after them at theirs */
	c = cursor_on(data, sizeof(data));
	nf_ct_cursor_bits(&c, 3);
	CHECK(nf_ct_cursor_u8(&c) == 0x7f && nf_ct_cursor_bits(&c, 2) == 2);

	c = cursor_on(data, sizeof(data));
	CHECK(!nf_ct_cursor_bits(&c, 33) && !nf_ct_cursor_short(&c));
	check_stuck(c);
	c = cursor_on(data, sizeof(data));
	CHECK(!nf_ct_cursor_bits(&c, ~0U));
	check_stuck(c);
	c = cursor_on(data, sizeof(data));
	CHECK(nf_ct_cursor_skip(&c, 7) && nf_ct_cursor_bits_left(&c) == 0);
	CHECK(!nf_ct_cursor_bits(&c, 1));

	/* the number of bits does not overflow; nothing of them is read */
	nf_ct_cursor_init(&c, data, 0x20000001);
	CHECK(nf_ct_cursor_bits_left(&c) == ~0U);
}

/* Bit by bit */
static u32 slow_bits(const u8 *data, u32 first, u32 n)
{
	u32 value = 0;

	for (; n; n--, first++)
		value = value * 2 + (data[first / 8] >> (7 - first % 8)) % 2;
	return value;
}

static void bits_against_slow(void)
{
	u32 round, done, n, len;
	struct nf_ct_cursor c;
	u8 data[24];

	for (round = 0; round < 20000; round++) {
		len = rand() % sizeof(data);
		for (n = 0; n < sizeof(data); n++)
			data[n] = rand();
		c = cursor_on(data, len);
		for (done = 0;; done += n) {
			n = rand() % 33;
			if (!CHECK(nf_ct_cursor_bits_left(&c) == len * 8 - done))
				break;
			if (n > len * 8 - done) {
				CHECK(!nf_ct_cursor_bits(&c, n));
				break;
			}
			CHECK(nf_ct_cursor_bits(&c, n) ==
			      slow_bits(data, done, n));
		}
		check_stuck(c);
	}
}

/* --- text --- */

/* Searches, against those of libc; eight bytes are looked at together. */
static void searches_against_libc(void)
{
	struct nf_ct_cursor c, at;
	u32 round, len, n, from;
	const u8 *found;
	u8 data[40];

	for (round = 0; round < 100000; round++) {
		len = rand() % sizeof(data);
		for (n = 0; n < len; n++)
			data[n] = rand() % 5 ? 0x80 | rand() : "\n\x0b\x8a\x00\x37"[rand() % 5];
		from = rand() % (len + 1);
		c = cursor_on(data, len);
		nf_ct_cursor_skip(&c, from);

		at = c;
		found = memchr(data + from, '\n', len - from);
		CHECK(nf_ct_cursor_find_byte(&at, '\n') == !!found);
		CHECK(nf_ct_cursor_offset(&at) == (found ? found - data : from));
		at = c;
		found = memrchr(data + from, '\n', len - from);
		CHECK(nf_ct_cursor_find_last(&at, '\n') == !!found);
		CHECK(nf_ct_cursor_offset(&at) == (found ? found - data : from));
		at = c;
		found = memchr(data + from, '7', len - from);
		CHECK(nf_ct_cursor_find_digit(&at) == !!found);
		CHECK(nf_ct_cursor_offset(&at) == (found ? found - data : from));
	}
}

static void literals(void)
{
	struct nf_ct_cursor c = text("EPRT |");

	CHECK(!nf_ct_cursor_literal(&c, "PORT") && is(&c, "EPRT |"));
	CHECK(!nf_ct_cursor_literal(&c, "eprt") && is(&c, "EPRT |"));
	CHECK(!nf_ct_cursor_literal(&c, "EPRT ||") && is(&c, "EPRT |"));
	CHECK(nf_ct_cursor_literal_nocase(&c, "eprt") && is(&c, " |"));
	CHECK(nf_ct_cursor_literal(&c, "") && is(&c, " |"));
	CHECK(nf_ct_cursor_expect(&c, " |") && is(&c, ""));
	CHECK(!nf_ct_cursor_literal(&c, "x") && nf_ct_cursor_ok(&c));

	c = text("22");
	CHECK(!nf_ct_cursor_expect(&c, "227 ") && nf_ct_cursor_short(&c));
	check_stuck(c);
	c = text("22");
	CHECK(!nf_ct_cursor_expect(&c, "23") && !nf_ct_cursor_short(&c));
	check_stuck(c);

	/* only letters have two cases */
	c = text("@[`{");
	CHECK(!nf_ct_cursor_literal_nocase(&c, "`{@["));
	c = text("\xc4z");
	CHECK(!nf_ct_cursor_literal_nocase(&c, "\xe4z"));
	CHECK(nf_ct_cursor_literal_nocase(&c, "\xc4Z"));
}

static void tokens(void)
{
	struct nf_ct_cursor c = text("DCC SEND \t name;x"), token;

	token = nf_ct_cursor_token(&c, " ;");
	CHECK(is(&token, "DCC") && nf_ct_cursor_skip_blanks(&c) == 1);
	token = nf_ct_cursor_token(&c, " ;");
	CHECK(is(&token, "SEND") && nf_ct_cursor_offset(&token) == 4);
	CHECK(nf_ct_cursor_skip_blanks(&c) == 3);
	CHECK(nf_ct_cursor_skip_blanks(&c) == 0);
	token = nf_ct_cursor_token(&c, ";");
	CHECK(is(&token, "name"));
	token = nf_ct_cursor_token(&c, ";");
	CHECK(is(&token, ""));
	CHECK(nf_ct_cursor_expect(&c, ";"));
	token = nf_ct_cursor_token(&c, "");
	CHECK(is(&token, "x") && is(&c, ""));

	/* the end of a set of delimiters is no delimiter */
	c = cursor_on("a\0b;", 4);
	token = nf_ct_cursor_token(&c, ";");
	CHECK(nf_ct_cursor_left(&token) == 3);
	c = cursor_on("\0 ", 2);
	CHECK(!nf_ct_cursor_skip_blanks(&c));
}

static void searches(void)
{
	struct nf_ct_cursor c = text("ab CONNECCONNECT x\r\n");

	CHECK(!nf_ct_cursor_find(&c, "CONNECTx"));
	CHECK(nf_ct_cursor_offset(&c) == 0);
	CHECK(nf_ct_cursor_find(&c, "CONNECT"));
	CHECK(nf_ct_cursor_offset(&c) == 9);
	CHECK(!nf_ct_cursor_find_byte(&c, 'a'));
	CHECK(nf_ct_cursor_find_byte(&c, 'x') && is(&c, "x\r\n"));
	CHECK(nf_ct_cursor_find_line_end(&c) && is(&c, "\r\n"));
	CHECK(nf_ct_cursor_skip(&c, 2) && !nf_ct_cursor_find_line_end(&c));
	CHECK(!nf_ct_cursor_find(&c, "x") && nf_ct_cursor_ok(&c));
}

static void lines(void)
{
	static const char *const want[] = { "one", "", "two", "three", "four" };
	struct nf_ct_cursor c = text("one\r\n\ntwo\rthree\nfour"), line;
	u32 n = 0;

	while (nf_ct_cursor_line(&c, &line) && n < 5)
		CHECK(is(&line, want[n++]));
	CHECK(n == 5 && nf_ct_cursor_ok(&c));
}

#define SIP								\
	"INVITE sip:x SIP/2.0\r\n"					\
	"VIA : SIP/2.0/UDP a;branch=1\r\n"				\
	"Viable: no\r\n"						\
	"via:\tb,\r\n"							\
	" c\r\n"							\
	"\td\r\n"							\
	"Content-Length:\r\n"						\
	"\r\n"								\
	"From: body\r\n"

static void headers(void)
{
	struct nf_ct_cursor c = text(SIP), at, value;

	at = c;
	CHECK(nf_ct_cursor_header(&at, "Via", &value));
	CHECK(is(&value, "SIP/2.0/UDP a;branch=1"));
	CHECK(nf_ct_cursor_offset(&value) == 28);
	CHECK(nf_ct_cursor_header(&at, "Via", &value));
	CHECK(is(&value, "b,\r\n c\r\n\td"));
	CHECK(!nf_ct_cursor_header(&at, "Via", &value));
	check_stuck(value);
	CHECK(nf_ct_cursor_header(&at, "content-length", &value));
	CHECK(is(&value, ""));

	at = c;
	CHECK(!nf_ct_cursor_header(&at, "From", &value));
	CHECK(nf_ct_cursor_offset(&at) == 0 && nf_ct_cursor_ok(&at));
	check_stuck(value);
}

static void decimals(void)
{
	static const struct {
		const char *text;
		u32 width, max, value;
		bool ok;
	} cases[] = {
		{ "0", 1, 9, 0, true },
		{ "65535", 5, 65535, 65535, true },
		{ "65536", 5, 65535, 0, false },
		{ "00080x", 5, 65535, 80, true },
		{ "000080", 5, 65535, 0, false },
		{ "4294967295", 10, ~0U, ~0U, true },
		{ "4294967296", 10, ~0U, 0, false },
		{ "99999999999999999999", 30, ~0U, 0, false },
		{ "00000000000000000007", 20, 7, 7, true },
		{ "8", 1, 7, 0, false },
		{ "1", 0, 9, 0, false },
		{ "", 5, 9, 0, false },
		{ "-1", 5, 9, 0, false },
		{ "1", 1, 0, 0, false },
		{ "0", 1, 0, 0, true },
	};
	struct nf_ct_cursor c;
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c = text(cases[i].text);
		CHECK(nf_ct_cursor_decimal(&c, cases[i].width, cases[i].max) ==
		      cases[i].value);
		if (!CHECK(nf_ct_cursor_ok(&c) == cases[i].ok))
			printf("# \"%s\"\n", cases[i].text);
		if (!cases[i].ok)
			check_stuck(c);
	}

	c = text("");
	nf_ct_cursor_decimal(&c, 1, 9);
	CHECK(nf_ct_cursor_short(&c));
	c = text("x");
	nf_ct_cursor_decimal(&c, 1, 9);
	CHECK(!nf_ct_cursor_short(&c));
}

static void decimals_against_strtoull(void)
{
	unsigned long long want;
	struct nf_ct_cursor c;
	char digits[24];
	u32 i, max, got;

	for (i = 0; i < 200000; i++) {
		max = (u32)rand() * 2 + rand() % 2;
		max >>= rand() % 32;
		want = (unsigned long long)max + rand() % 21 - 10;
		if (want > ~0ULL / 2)
			want = 0;
		snprintf(digits, sizeof(digits), "%llu", want);
		c = text(digits);
		got = nf_ct_cursor_decimal(&c, 20, max);
		CHECK(nf_ct_cursor_ok(&c) == (want <= max));
		CHECK(got == (want <= max ? want : 0));
	}
}

/* --- addresses --- */

/* The whole of @string as an address, by the cursor and by the C library */
static bool same_as_libc(const char *string, int family)
{
	u8 want[16] = { 0 }, got[16] = { 0 };
	struct nf_ct_cursor c = text(string);
	bool good, ok;

	good = inet_pton(family, string, want) == 1;
	ok = family == AF_INET ? nf_ct_cursor_ipv4(&c, got) :
				 nf_ct_cursor_ipv6(&c, got);
	if (!good)
		memset(want, 0, sizeof(want));
	if (!ok)
		check_stuck(c);
	else if (nf_ct_cursor_left(&c))
		return !good;
	if (ok == good && !memcmp(want, got, sizeof(want)))
		return true;
	printf("# \"%s\"\n", string);
	return false;
}

static const char *const addresses[] = {
	"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
	"::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8",
	"::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", ":1", ":1::", "1:", "1::2:", ":::",
	"1:::2", "1::2::3", "12345::", "::12345", "fE80::aBcD", "::g",
	"::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4",
	"1:2:3:4:5::1.2.3.4", "1:2:3:4:5:6::1.2.3.4", "::1.2.3", "::1.2.3.4.5",
	"::1.2.3.256", "::01.2.3.4", "::1.2.3.4:5", "1.2.3.4", "1.2.3.4::", "",
	"0.0.0.0", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.", "1.2.3.4.",
	"1.2.3.4.5", "1..2.3", "01.2.3.4", "1.2.3.00", "1.2.3.0004", ".1.2.3",
	"1.2.3.4444444444", "-1.2.3.4", " 1.2.3.4", "1.2.3.4x", "1.2.3.x",
};

static void known_addresses(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		CHECK(same_as_libc(addresses[i], AF_INET));
		CHECK(same_as_libc(addresses[i], AF_INET6));
	}
}

/* Everything of up to seven of a few characters, and long random strings */
static void all_addresses(void)
{
	static const char chars[] = "1:.f0";
	char string[80];
	u32 i, rest, n;

	for (i = 0; i < 97656; i++) {
		for (n = 0, rest = i; rest; rest = (rest - 1) / 5)
			string[n++] = chars[(rest - 1) % 5];
		string[n] = '\0';
		CHECK(same_as_libc(string, AF_INET));
		CHECK(same_as_libc(string, AF_INET6));
	}
	for (i = 0; i < 100000; i++) {
		n = 0;
		for (rest = rand() % 10; rest; rest--) {
			n += snprintf(string + n, 5, "%x", rand() >> rand() % 31
				      & 0xffff);
			string[n++] = ':';
			if (!(rand() % 6))
				string[n++] = ':';
		}
		if (rand() % 4)
			n -= n > 0;
		else
			n += snprintf(string + n, 8, "%d.%d.%d.%d",
				      rand() % 10, rand() % 10, 1, 2);
		string[n] = '\0';
		CHECK(same_as_libc(string, AF_INET6));
	}
}

static void address_in_text(void)
{
	struct nf_ct_cursor c = text("[2001:db8::1]:5060 and 192.0.2.7.\r\n");
	u8 address[16];

	CHECK(nf_ct_cursor_expect(&c, "["));
	CHECK(nf_ct_cursor_ipv6(&c, address));
	CHECK(address[0] == 0x20 && address[15] == 1);
	CHECK(nf_ct_cursor_expect(&c, "]:"));
	CHECK(nf_ct_cursor_decimal(&c, 5, 65535) == 5060);
	CHECK(nf_ct_cursor_expect(&c, " and "));
	CHECK(nf_ct_cursor_ipv4(&c, address) && is(&c, ".\r\n"));
	CHECK(!memcmp(address, "\xc0\0\2\7", 4));

	c = text("192.0.");
	CHECK(!nf_ct_cursor_ipv4(&c, address) && nf_ct_cursor_short(&c));
	CHECK(!memcmp(address, "\0\0\0\0", 4));
	c = text("2001:db8");
	CHECK(!nf_ct_cursor_ipv6(&c, address) && nf_ct_cursor_short(&c));
}

/* --- TCP options --- */

static const u8 options[] = {
	1, 2, 4, 5, 0xb4,			/* MSS 1460 */
	4, 2,					/* SACK permitted */
	1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2,	/* one SACK block */
	3, 3, 7,				/* window scale */
	0, 9,					/* end, and what is not looked at */
};

static void tcp_options(void)
{
	static const struct {
		u8 kind, offset, len;
	} want[] = { { 2, 3, 2 }, { 4, 7, 0 }, { 5, 11, 8 }, { 3, 21, 1 } };
	struct nf_ct_cursor c = cursor_on(options, sizeof(options)), body;
	u32 n = 0;
	u8 kind;

	while (nf_ct_cursor_tcp_option(&c, &kind, &body) && n < 4) {
		CHECK(kind == want[n].kind);
		CHECK(nf_ct_cursor_offset(&body) == want[n].offset);
		CHECK(nf_ct_cursor_left(&body) == want[n].len);
		CHECK(nf_ct_cursor_tcp_sack(kind, &body) == (kind == 5));
		n++;
	}
	CHECK(n == 4 && nf_ct_cursor_ok(&c) && !kind);
	check_stuck(body);
	CHECK(!nf_ct_cursor_tcp_option(&c, &kind, &body));
	CHECK(nf_ct_cursor_ok(&c));
}

static void tcp_sack(void)
{
	struct nf_ct_cursor c;
	u32 len;

	for (len = 0; len < sizeof(options); len++) {
		c = cursor_on(options, len);
		CHECK(nf_ct_cursor_tcp_sack(5, &c) ==
		      (nf_ct_cursor_left(&c) == 8 ||
		       nf_ct_cursor_left(&c) == 16));
		CHECK(!nf_ct_cursor_tcp_sack(4, &c));
	}
}

/* Options in the list @data; if it is malformed -1, or -2 if it is cut off */
static int count_options(const char *data, u32 len)
{
	struct nf_ct_cursor c = cursor_on(data, len), body;
	int n = 0;
	u8 kind;

	while (nf_ct_cursor_tcp_option(&c, &kind, &body))
		n += CHECK(nf_ct_cursor_ok(&body));
	if (nf_ct_cursor_ok(&c))
		return n;
	return nf_ct_cursor_short(&c) ? -2 : -1;
}

static void tcp_option_lists(void)
{
	CHECK(count_options("", 0) == 0);
	CHECK(count_options("\0", 1) == 0);
	CHECK(count_options("\1\1\1", 3) == 0);
	CHECK(count_options("\1\1\0\2\0", 5) == 0);
	CHECK(count_options("\4\2", 2) == 1);
	CHECK(count_options("\4\2\1", 3) == 1);
	CHECK(count_options("\4\2\0\7\7", 5) == 1);
	/* kind without length, length 0 and 1, longer than the list */
	CHECK(count_options("\4", 1) == -2);
	CHECK(count_options("\4\0", 2) == -1);
	CHECK(count_options("\4\1\1", 3) == -1);
	CHECK(count_options("\4\3", 2) == -2);
	CHECK(count_options("\2\4\5\264\4\377", 6) == -2);
}

/* --- everything, on data that are cut off, and at random --- */

static void read_ftp(struct nf_ct_cursor *c)
{
	u32 i;

	nf_ct_cursor_expect(c, "PORT ");
	for (i = 0; i < 6; i++) {
		if (i)
			nf_ct_cursor_expect(c, ",");
		nf_ct_cursor_decimal(c, 3, 255);
	}
	nf_ct_cursor_expect(c, "\r\n");
}

static void read_eprt(struct nf_ct_cursor *c)
{
	u8 address[16];

	nf_ct_cursor_expect(c, "EPRT |2|");
	nf_ct_cursor_ipv6(c, address);
	nf_ct_cursor_expect(c, "|");
	nf_ct_cursor_decimal(c, 5, 65535);
	nf_ct_cursor_expect(c, "|\r\n");
}

static void read_sip(struct nf_ct_cursor *c)
{
	struct nf_ct_cursor value;

	if (!nf_ct_cursor_header(c, "Contact", &value)) {
		nf_ct_cursor_fail(c);
		return;
	}
	nf_ct_cursor_find(&value, "sip:");
	nf_ct_cursor_token(&value, "@;>");
	nf_ct_cursor_expect(c, "\r\n");
}

static void read_per(struct nf_ct_cursor *c)
{
	struct nf_ct_cursor body;
	u32 n;

	nf_ct_cursor_bits(c, 1);
	n = nf_ct_cursor_bits(c, 4);
	nf_ct_cursor_align(c);
	body = nf_ct_cursor_take(c, n);
	while (nf_ct_cursor_bits_left(&body))
		nf_ct_cursor_bits(&body, 3);
	nf_ct_cursor_be16(c);
}

static void read_options(struct nf_ct_cursor *c)
{
	struct nf_ct_cursor body;
	u8 kind;

	while (nf_ct_cursor_tcp_option(c, &kind, &body)) {
		while (nf_ct_cursor_left(&body))
			nf_ct_cursor_u8(&body);
	}
}

static const struct {
	const char *name;
	void (*read)(struct nf_ct_cursor *c);
	const char *data;
	u32 len;
	bool any_length;	/* a beginning may be valid, too */
} inputs[] = {
#define INPUT(name, read, data, any) { name, read, data, sizeof(data) - 1, any }
	INPUT("FTP", read_ftp, "PORT 192,0,2,1,4,31\r\n", false),
	INPUT("EPRT", read_eprt, "EPRT |2|2001:db8::192.0.2.1|40000|\r\n", false),
	INPUT("SIP", read_sip, "REGISTER sip:b SIP/2.0\r\nVia: x\r\n"
	      "Contact: <sip:a@192.0.2.1:5060>;expires=60\r\n\r\n", false),
	INPUT("PER", read_per, "\x28\1\2\3\4\5\6\7", false),
	INPUT("options", read_options, "\2\4\5\xb4\1\1\5\n00000000\1\3\3\7", true),
#undef INPUT
};

/* Every beginning of every valid input, and each byte of it changed */
static void cut_and_changed(void)
{
	struct nf_ct_cursor c;
	unsigned int i, n, v;
	char data[128];

	for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		for (n = 0; n <= inputs[i].len; n++) {
			c = cursor_on(inputs[i].data, n);
			inputs[i].read(&c);
			CHECK(sound(&c));
			if (!inputs[i].any_length &&
			    !CHECK(nf_ct_cursor_ok(&c) == (n == inputs[i].len)))
				printf("# %s, %u bytes\n", inputs[i].name, n);
		}
		CHECK(nf_ct_cursor_ok(&c));
		memcpy(data, inputs[i].data, inputs[i].len);
		for (n = 0; n < inputs[i].len; n++) {
			for (v = 0; v < 256; v++) {
				data[n] = v;
				c = cursor_on(data, inputs[i].len);
				inputs[i].read(&c);
				CHECK(sound(&c));
			}
			data[n] = inputs[i].data[n];
		}
	}
}

/* Any size, and often one that is just too large or just not */
static u32 random_size(const struct nf_ct_cursor *c)
{
	switch (rand() % 6) {
	case 0: return ~0U - rand() % 3;
	case 1: return nf_ct_cursor_left(c) + rand() % 3 - 1;
	case 2: return c->pos + rand() % 3 - 1;
	case 3: return rand() % 40;
	default: return rand() % 4;
	}
}

/* One operation on *@c; *@part takes what comes out, if it is a cursor. */
static void random_operation(struct nf_ct_cursor *c, struct nf_ct_cursor *part)
{
	static const char *const words[] = { "", "1", "a:", ": ", "ab", "\r\n" };
	const char *word = words[rand() % 6];
	u32 size = random_size(c);
	u8 room[64], kind;

	switch (rand() % 22) {
	case 0: nf_ct_cursor_u8(c); break;
	case 1: nf_ct_cursor_be16(c); break;
	case 2: nf_ct_cursor_be32(c); break;
	case 3: nf_ct_cursor_skip(c, size); break;
	case 4: *part = nf_ct_cursor_take(c, size); break;
	case 5: nf_ct_cursor_seek(c, size); break;
	case 6: nf_ct_cursor_copy(c, room, size % sizeof(room)); break;
	case 7: nf_ct_cursor_bits(c, size); break;
	case 8: nf_ct_cursor_bits(c, rand() % 33); break;
	case 9: nf_ct_cursor_align(c); break;
	case 10: nf_ct_cursor_literal(c, word); break;
	case 11: nf_ct_cursor_literal_nocase(c, word); break;
	case 12: nf_ct_cursor_expect(c, word); break;
	case 13: *part = nf_ct_cursor_token(c, word); break;
	case 14: nf_ct_cursor_skip_any(c, word); break;
	case 15: nf_ct_cursor_find(c, word); break;
	case 16: nf_ct_cursor_find_byte(c, size); break;
	case 17: nf_ct_cursor_line(c, part); break;
	case 18: nf_ct_cursor_header(c, word, part); break;
	case 19: nf_ct_cursor_decimal(c, size, size * 3); break;
	case 20: rand() % 2 ? nf_ct_cursor_ipv4(c, room) :
			      nf_ct_cursor_ipv6(c, room); break;
	case 21: nf_ct_cursor_tcp_option(c, &kind, part); break;
	}
}

static void random_operations(void)
{
	static const char chars[] = "0123.:aAbB \t\r\n\0\1\2\5";
	struct nf_ct_cursor c, part;
	u32 round, i, len;
	u8 data[64];

	for (round = 0; round < 100000; round++) {
		len = rand() % sizeof(data);
		for (i = 0; i < len; i++)
			data[i] = rand() % 4 ? chars[rand() % sizeof(chars)] :
					       rand();
		c = cursor_on(data, len);
		for (i = 0; i < 30; i++) {
			part = c;
			random_operation(&c, &part);
			CHECK(sound(&c) && sound(&part));
			CHECK(part.start >= c.start && part.end <= c.end);
			if (!(rand() % 8))
				c = part;
			if (!nf_ct_cursor_ok(&c))
				break;
		}
		if (!nf_ct_cursor_ok(&c))
			check_stuck(c);
	}
}

/* Argument: another seed for the random tests */
int main(int argc, char **argv)
{
	srand(argc > 1 ? atoi(argv[1]) : 1);
	unit_test("numbers", numbers);
	unit_test("too few bytes", too_few_bytes);
	unit_test("parts", parts);
	unit_test("bits", bits);
	unit_test("bits, against one by one", bits_against_slow);
	unit_test("literals", literals);
	unit_test("tokens", tokens);
	unit_test("searches", searches);
	unit_test("lines", lines);
	unit_test("headers", headers);
	unit_test("searches, against libc", searches_against_libc);
	unit_test("decimal numbers", decimals);
	unit_test("decimal numbers, against strtoull", decimals_against_strtoull);
	unit_test("addresses", known_addresses);
	unit_test("all short addresses, against inet_pton", all_addresses);
	unit_test("addresses in text", address_in_text);
	unit_test("TCP options", tcp_options);
	unit_test("SACK options", tcp_sack);
	unit_test("lists of TCP options", tcp_option_lists);
	unit_test("inputs cut off and changed at each byte", cut_and_changed);
	unit_test("random operations", random_operations);
	return unit_finish();
}
