// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/sip_parse.c, sip_sdp.c: what heads, addresses, parameters and descriptions say,
 * and which rule a bad one breaks. Random messages, made of pieces of good ones, run under
 * the address checker in memory of exactly their size.
 */
#include <stdlib.h>
#include <string.h>

#include "../../helpers/sip_parse.c"
#include "../../helpers/sip_sdp.c"
#include "unit.h"

#define ROWS(table)	(sizeof(table) / sizeof((table)[0]))

/* A cursor on a copy in memory of exactly its size */
static struct nf_ct_cursor on(const char *text, u32 len)
{
	struct nf_ct_cursor c;

	nf_ct_cursor_init(&c, unit_exact(text, len), len);
	return c;
}

static struct nf_ct_cursor on_text(const char *text)
{
	return on(text, strlen(text));
}

/* --- heads --- */

enum { NOTHING = NF_CT_SIP_NOTHING, MESSAGE = NF_CT_SIP_MESSAGE,
       UNFINISHED = NF_CT_SIP_UNFINISHED, BAD = NF_CT_SIP_BAD };

struct head_row {
	const char *text;
	int verdict;
	u8 method;
	u16 code;
	u32 cseq;
	u32 length;
	const char *rule;	/* its beginning */
};

#define INVITE	"INVITE sip:b@10.0.2.2 SIP/2.0\r\n"
#define OK	"SIP/2.0 200 OK\r\n"

static const struct head_row head_rows[] = {
	{ INVITE "CSeq: 7 INVITE\r\n\r\n", MESSAGE, NF_CT_SIP_INVITE, 0, 7, 0, NULL },
	{ INVITE "CSeq: 7 INVITE\n\n", MESSAGE, NF_CT_SIP_INVITE, 0, 7, 0, NULL },
	{ INVITE "cseq:7 INVITE\r\nl: 5\r\n\r\nabcde", MESSAGE, NF_CT_SIP_INVITE, 0, 7, 5, NULL },
	{ INVITE "CSeq :\r\n 7\r\n INVITE\r\n\r\n", MESSAGE, NF_CT_SIP_INVITE, 0, 7, 0, NULL },
	{ "REGISTER sip:r SIP/2.0\r\nCSeq: 1 REGISTER\r\n\r\n", MESSAGE, NF_CT_SIP_REGISTER, 0, 1, 0, NULL },
	{ "REGISTERX sip:r SIP/2.0\r\nCSeq: 1 X\r\n\r\n", MESSAGE, NF_CT_SIP_OTHER, 0, 1, 0, NULL },
	{ OK "CSeq: 4294967295 BYE\r\n\r\n", MESSAGE, NF_CT_SIP_BYE, 200, 4294967295U, 0, NULL },
	{ OK "CSeq: 2 PRACK\r\nContent-Length: 4294967297\r\n\r\n", MESSAGE, NF_CT_SIP_PRACK, 200, 2,
	  NF_CT_SIP_NO_LENGTH, NULL },
	{ OK "CSeq: 2 ACK\r\nContent-Length: x\r\n\r\n", MESSAGE, NF_CT_SIP_ACK, 200, 2,
	  NF_CT_SIP_NO_LENGTH, NULL },
	{ OK "CSeq: 2 UPDATE\r\n\r\nCSeq: 3 BYE\r\n", MESSAGE, NF_CT_SIP_UPDATE, 200, 2, 0, NULL },
	{ OK "CSeq: 2 UPDATE\r\nCSeq: 3 BYE\r\n\r\n", MESSAGE, NF_CT_SIP_UPDATE, 200, 2, 0, NULL },
	{ OK "CSeq: 4294967296 BYE\r\n\r\n", BAD, 0, 200, 0, 0, "CSeq" },
	{ OK "CSeq: x\r\n\r\n", BAD, 0, 200, 0, 0, "CSeq" },
	{ OK "CSeqs: 1 BYE\r\n\r\n", BAD, 0, 200, 0, 0, "no CSeq" },
	{ "SIP/2.0 abc\r\nCSeq: 1 BYE\r\n\r\n", BAD, 0, 0, 0, 0, "response" },
	{ "SIP/2.0 099 x\r\nCSeq: 1 BYE\r\n\r\n", BAD, 0, 99, 0, 0, "response" },
	{ "SIP/2.0 1000 x\r\n\r\n", BAD, 0, 0, 0, 0, "response" },
	{ INVITE "CSeq: 7 INVITE\r\n", UNFINISHED, NF_CT_SIP_INVITE, 0, 7, 0, NULL },
	{ INVITE "CSeq:", UNFINISHED, NF_CT_SIP_INVITE, 0, 0, 0, "CSeq" },
	{ INVITE, UNFINISHED, NF_CT_SIP_INVITE, 0, 0, 0, "no CSeq" },
	{ "INVITE sip:b@10.0.2.2 SIP", UNFINISHED, 0, 0, 0, 0, NULL },
	{ "I", UNFINISHED, 0, 0, 0, 0, NULL },
	{ "INVITE sip:b@10.0.2.2 SIP/3.0\r\nCSeq: 7 INVITE\r\n\r\n", NOTHING, 0, 0, 0, 0, NULL },
	{ "BYE sip:b SIP/2.0\r9\nCSeq: 7 BYE\r\n\r\n", NOTHING, 0, 0, 0, 0, NULL },
	{ "BYE sip:b SIP/2.0\nCSeq: 7 BYE\n\n", MESSAGE, NF_CT_SIP_BYE, 0, 7, 0, NULL },
	{ "GET / HTTP/1.1\r\n\r\n", NOTHING, 0, 0, 0, 0, NULL },
	{ "v=0\r\no=x\r\n", NOTHING, 0, 0, 0, 0, NULL },
	{ "", NOTHING, 0, 0, 0, 0, NULL },
	{ "\x01\x02", NOTHING, 0, 0, 0, 0, NULL },
	{ "SIP/2.0\n", NOTHING, 0, 0, 0, 0, NULL },
	{ " SIP/2.0\n", NOTHING, 0, 0, 0, 0, NULL },
};

static void heads(void)
{
	struct nf_ct_sip_head head;
	struct nf_ct_cursor c;
	int verdict;
	u32 i;

	for (i = 0; i < ROWS(head_rows); i++) {
		const struct head_row *row = &head_rows[i];
		bool good;

		c = on_text(row->text);
		verdict = nf_ct_sip_read(&c, &head);
		good = verdict == row->verdict;
		if (good && verdict != NOTHING && !(verdict == UNFINISHED && !head.body))
			good = head.method == row->method && head.code == row->code &&
			       head.cseq == row->cseq && head.length == row->length &&
			       !head.rule == !row->rule &&
			       (!row->rule || !strncmp(head.rule, row->rule, strlen(row->rule)));
		if (!CHECK(good))
			printf("# row %u: %s: %d, method %u, code %u, cseq %u, length %u, rule %s\n", i,
			       row->text, verdict, head.method, head.code, head.cseq, head.length,
			       head.rule ?: "none");
	}
}

static void call_ids(void)
{
	const char *text = OK "i: abc@10.0.0.1\r\nExpires: 60\r\nCSeq: 1 BYE\r\n\r\nbody";
	struct nf_ct_cursor c = on_text(text);
	struct nf_ct_sip_head head;

	CHECK(nf_ct_sip_read(&c, &head) == NF_CT_SIP_MESSAGE);
	CHECK(head.call.len == 12 && !memcmp(text + head.call.begin, "abc@10.0.0.1", 12));
	CHECK(head.has_expires && head.expires == 60);
	CHECK(!strcmp(text + head.body, "body"));
}

/* --- addresses --- */

struct uri_row {
	const char *value;	/* of a Contact, or of a Via if it begins with SIP/ */
	u8 family;
	int found;
	u16 port;
	const char *text;
};

static const struct uri_row uri_rows[] = {
	{ "<sip:a@10.0.1.2:5061>", 4, 1, 5061, "10.0.1.2:5061" },
	{ "sip:10.0.1.2", 4, 1, 5060, "10.0.1.2" },
	{ "\"A, B\" <SIP:a:p@10.0.1.2;transport=udp>", 4, 1, 5060, "10.0.1.2" },
	{ "\"sip:9.9.9.9 \\\" x\" <sip:10.0.1.2>", 4, 1, 5060, "10.0.1.2" },
	{ "<sip:a,b@10.0.1.2>", 4, 1, 5060, "10.0.1.2" },
	{ "<sip:a@host.example>, <sip:a@10.0.1.2:5070>", 4, 1, 5070, "10.0.1.2:5070" },
	{ "sip:10.0.1.2, sip:b@10.0.1.3", 4, 1, 5060, "10.0.1.2" },
	{ "\r\n <sip:a@10.0.1.2:5061>", 4, 1, 5061, "10.0.1.2:5061" },
	{ "<sip:a@10.0.1.2:65535>", 4, 1, 65535, "10.0.1.2:65535" },
	{ "<sip:a@10.0.1.2:65536>", 4, -1, 0, "" },
	{ "<sip:a@10.0.1.2:4294972356>", 4, -1, 0, "" },
	{ "<sip:a@10.0.1.2:1023>", 4, -1, 0, "" },
	{ "<sip:a@10.0.1.2:>", 4, -1, 0, "" },
	{ "<sip:a@10.0.1.2.example>", 4, 0, 0, "" },
	{ "<sip:a@10.0.1.2x>", 4, 0, 0, "" },
	{ "<sip:a@10.0.1.256>", 4, 0, 0, "" },
	{ "<sip:a@[fd00::2]:5062>", 6, 1, 5062, "[fd00::2]:5062" },
	{ "<sip:a@[fd00::2]>", 6, 1, 5060, "[fd00::2]" },
	{ "<sip:a@fd00::2>", 6, 0, 0, "" },
	{ "<sip:a@[fd00::2>", 6, 0, 0, "" },
	{ "<sip:a@[fd00::2]:5062>", 4, 0, 0, "" },
	{ "<sip:a@10.0.1.2>", 6, 0, 0, "" },
	{ "*", 4, 0, 0, "" },
	{ "<sips:a@10.0.1.2>", 4, 0, 0, "" },
	{ "<tel:+1>", 4, 0, 0, "" },
	{ "SIP/2.0/UDP 10.0.1.2:5061;branch=x", 4, 1, 5061, "10.0.1.2:5061" },
	{ "SIP/2.0/UDP\r\n\t10.0.1.2;branch=x", 4, 1, 5060, "10.0.1.2" },
	{ "SIP / 2.0 / UDP 10.0.1.2", 4, 1, 5060, "10.0.1.2" },
	{ "SIP/2.0/TCP 10.0.1.2", 4, 0, 0, "" },
	{ "SIP/2.0/UDP host, SIP/2.0/UDP 10.0.1.2", 4, 1, 5060, "10.0.1.2" },
	{ "SIP/2.0/UDP [fd00::2]:5061", 6, 1, 5061, "[fd00::2]:5061" },
};

static int contact_of(const char *value, u8 family, struct nf_ct_sip_uri *uri, char *text)
{
	bool via = !strncmp(value, "SIP", 3), inside = false;
	struct nf_ct_cursor c;

	sprintf(text, "X y\r\nContact-X: <sip:9.9.9.9>\r\n%s: %s\r\n\r\nContact: <sip:8.8.8.8>\r\n",
		via ? "v" : "Contact", value);
	c = on_text(text);
	return nf_ct_sip_next_uri(&c, via ? NF_CT_SIP_VIA_UDP : NF_CT_SIP_CONTACT, family,
				  &inside, uri);
}

static void uris(void)
{
	struct nf_ct_sip_uri uri;
	char text[512];
	int found;
	u32 i;

	for (i = 0; i < ROWS(uri_rows); i++) {
		const struct uri_row *row = &uri_rows[i];
		bool good;

		found = contact_of(row->value, row->family, &uri, text);
		good = found == row->found &&
		       (found != 1 || (uri.port == row->port && uri.place.len == strlen(row->text) &&
				       !memcmp(text + uri.place.begin, row->text, uri.place.len)));
		if (!CHECK(good))
			printf("# row %u: %s: %d, port %u\n", i, row->value, found, uri.port);
	}
}

static void several_uris(void)
{
	struct nf_ct_cursor c = on_text("X y\r\nm: \"a\" <sip:1.1.1.1>;x=\"a,b\" , <sip:h>,\r\n"
					" <sip:1.1.1.2>\r\nTo: <sip:1.1.1.9>\r\n"
					"Contact: <sip:1.1.1.3>\r\n\r\nContact: <sip:1.1.1.4>\r\n");
	struct nf_ct_sip_uri uri;
	bool inside = false;
	u8 n = 0;

	while (nf_ct_sip_next_uri(&c, NF_CT_SIP_CONTACT, 4, &inside, &uri) == 1)
		CHECK(uri.addr[3] == ++n);
	CHECK(n == 3 && !inside);
}

static void request_uris(void)
{
	struct nf_ct_sip_uri uri;
	struct nf_ct_cursor c;

	c = on_text("INVITE sip:b@10.0.2.2:5061;x=y SIP/2.0\r\nTo: <sip:9.9.9.9>\r\n\r\n");
	CHECK(nf_ct_sip_request_uri(&c, 4, &uri) == 1 && uri.port == 5061 && uri.place.begin == 13);
	c = on_text("INVITE tel:1 SIP/2.0\r\nTo: <sip:9.9.9.9>\r\n\r\n");
	CHECK(!nf_ct_sip_request_uri(&c, 4, &uri));
	c = on_text("INVITE sip:10.0.2.2:70000 SIP/2.0\r\n\r\n");
	CHECK(nf_ct_sip_request_uri(&c, 4, &uri) == -1);
}

static void values(void)
{
	const char *text = "X y\r\nCall-ID : q@h \r\nContent-Length:  12\r\nCSeq: 9 X\r\n"
			   "f: \"F\" <sip:f@1.2.3.4:70>;tag=1\r\nt: <sip:t@1.2.3.4:5070>\r\n\r\n";
	static const struct { u8 field; u8 found; const char *text; } rows[] = {
		{ NF_CT_SIP_CALL_ID, 1, "q@h" }, { NF_CT_SIP_CONTENT_LENGTH, 1, "12" },
		{ NF_CT_SIP_CSEQ, 1, "9" }, { NF_CT_SIP_EXPIRES, 0, "" },
		{ NF_CT_SIP_TO, 1, "1.2.3.4:5070" }, { NF_CT_SIP_FROM, 0, "" },
	};
	struct nf_ct_sip_place place;
	struct nf_ct_cursor c;
	u32 i;

	for (i = 0; i < ROWS(rows); i++) {
		c = on_text(text);
		if (!CHECK(nf_ct_sip_value(&c, rows[i].field, 4, &place) == rows[i].found))
			printf("# %u\n", i);
		if (rows[i].found)
			CHECK(place.len == strlen(rows[i].text) &&
			      !memcmp(text + place.begin, rows[i].text, place.len));
	}
}

static void params(void)
{
	static const struct { const char *text; bool found; u32 number; } rows[] = {
		{ ";expires=60\r\n", true, 60 },
		{ ">; expires=60;q=1\r\n", true, 60 },
		{ ";q=1\r\n ;Expires=60\r\n", true, 60 },
		{ ";x=\";expires=5\";expires=60\r\n", true, 60 },
		{ ";expires=4294967296\r\n", true, ~0U },
		{ ";xexpires=60\r\n", false, 0 },
		{ ", <sip:h>;expires=60\r\n", false, 0 },
		{ ";expires\r\n", false, 0 },
		{ "\r\nX: ;expires=60\r\n", false, 0 },
		{ ";expires=x\r\n", false, 0 },
	};
	struct nf_ct_cursor c, value;
	u32 i, number;

	for (i = 0; i < ROWS(rows); i++) {
		c = on_text(rows[i].text);
		if (!CHECK((nf_ct_sip_param(&c, "expires=", &value) &&
			    nf_ct_sip_number(&value, &number)) == rows[i].found))
			printf("# %s\n", rows[i].text);
		if (rows[i].found)
			CHECK(number == rows[i].number);
	}
}

/* --- descriptions --- */

#define SDP(lines)	"X y\r\n\r\nv=0\r\no=a 1 1 IN IP4 10.0.1.2\r\ns=-\r\n" lines
#define C4		"c=IN IP4 10.0.1.2\r\n"

struct sdp_row {
	const char *text;
	u32 n;
	u16 port;		/* of the last stream */
	u16 rtcp;
	u8 kind;
	u8 last;		/* byte of its address */
	const char *rule;
};

static const struct sdp_row sdp_rows[] = {
	{ SDP(C4 "m=audio 6000 RTP/AVP 0\r\n"), 1, 6000, 0, NF_CT_SIP_AUDIO, 2, NULL },
	{ "X y\n\nv=0\nc=IN IP4 10.0.1.2\nm=audio 6000 RTP/AVP 0\n", 1, 6000, 0, NF_CT_SIP_AUDIO, 2, NULL },
	{ SDP(C4 "m=audio 6000 RTP/AVP 0\r\nm=video 6002/2 RTP/AVP 31\r\n"), 2, 6002, 0,
	  NF_CT_SIP_VIDEO, 2, NULL },
	{ SDP(C4 "m=audio 6000 X\r\nc=IN IP4 10.0.1.3/127\r\n"), 1, 6000, 0, NF_CT_SIP_AUDIO, 3, NULL },
	{ SDP("m=image 6000 udptl t38\r\nc=IN IP4 10.0.1.3\r\n"), 1, 6000, 0, NF_CT_SIP_IMAGE, 3, NULL },
	{ SDP(C4 "m=audio 6000 X\r\na=rtcp:6011\r\n"), 1, 6000, 6011, NF_CT_SIP_AUDIO, 2, NULL },
	{ SDP(C4 "m=audio 6000 X\r\na=x\r\na=rtcp:6011 IN IP4 10.0.1.2\r\nm=video 0 X\r\n"), 1, 6000, 6011,
	  NF_CT_SIP_AUDIO, 2, NULL },
	{ SDP(C4 "m=audio 6000 X\r\na=rtcp:6000\r\n"), 1, 6000, 0, NF_CT_SIP_AUDIO, 2, NULL },
	{ SDP(C4 "m=audio 6000 X\r\na=rtcp:80\r\n"), 1, 6000, 0, NF_CT_SIP_AUDIO, 2, NULL },
	{ SDP(C4 "m=audio 6000 X\r\na=rtcp:99999\r\n"), 1, 6000, 0, NF_CT_SIP_AUDIO, 2, NULL },
	{ SDP(C4 "m=audio 0 X\r\na=rtcp:6011\r\n"), 0, 0, 0, 0, 0, NULL },
	{ SDP(C4 "m=application 6000 X\r\n"), 0, 0, 0, 0, 0, NULL },
	{ SDP(C4 "m=audio 1023 X\r\n"), 0, 0, 0, 0, 0, "m=: port below" },
	{ SDP(C4 "m=audio 65536 X\r\n"), 0, 0, 0, 0, 0, "m=: port is" },
	{ SDP(C4 "m=audio 4294973296 X\r\n"), 0, 0, 0, 0, 0, "m=: port is" },
	{ SDP(C4 "m=audio x X\r\n"), 0, 0, 0, 0, 0, "m=: port is" },
	{ SDP("m=audio 6000 X\r\n"), 0, 0, 0, 0, 0, "m=: no addr" },
	{ SDP("c=IN IP6 fd00::2\r\nm=audio 6000 X\r\n"), 0, 0, 0, 0, 0, "m=: no addr" },
	{ SDP("c=IN IP4 host.example\r\nm=audio 6000 X\r\n"), 0, 0, 0, 0, 0, "m=: no addr" },
	{ "X y\r\n\r\nc=IN IP4 10.0.1.2\r\nm=audio 6000 X\r\n", 0, 0, 0, 0, 0, NULL },
};

static void descriptions(void)
{
	struct nf_ct_sip_session s;
	struct nf_ct_cursor c;
	u32 i;

	for (i = 0; i < ROWS(sdp_rows); i++) {
		const struct sdp_row *row = &sdp_rows[i];
		const struct nf_ct_sip_media *m;
		bool good;

		c = on_text(row->text);
		nf_ct_sip_sdp_read(&c, 4, &s);
		good = s.n == row->n && !s.rule == !row->rule &&
		       (!s.rule || !strncmp(s.rule, row->rule, strlen(row->rule)));
		m = s.n ? &s.media[s.n - 1] : NULL;
		if (good && m)
			good = m->port == row->port && m->rtcp == row->rtcp &&
			       m->kind == row->kind && m->addr[3] == row->last &&
			       !strncmp(row->text + m->port_at.begin, "6", 1);
		if (!CHECK(good))
			printf("# row %u: %s: %u, rule %s\n", i, row->text, s.n, s.rule ?: "none");
	}
}

static void many_media(void)
{
	char text[2048] = SDP(C4);
	struct nf_ct_sip_session s;
	struct nf_ct_cursor c;
	u32 i;

	for (i = 0; i < 20; i++)
		strcat(text, "m=audio 6000 X\r\n");
	c = on_text(text);
	CHECK(nf_ct_sip_sdp_read(&c, 4, &s) && s.n == NF_CT_SIP_MEDIA_MAX);
}

/* Messages of random pieces: what is found lies within them. */
static void random_messages(void)
{
	static const char *const pieces[] = {
		INVITE, OK, "CSeq: 1 INVITE\r\n", "Contact: ", "m: ", "<sip:a@10.0.1.2:5061>", ", ",
		"\"q\" ", "\"", "<sip:h>", ";expires=60", ";", "\r\n", "\n", "\r\n ", "v: SIP/2.0/UDP ",
		"10.0.1.2", ":5060", "[fd00::2]", "v=0\r\n", "c=IN IP4 10.0.1.2\r\n", "m=audio ", "6000 ",
		"0 ", "a=rtcp:", "6011", "\r\n\r\n", "Content-Length: ", "99999999999", "\xff", "sip:", "@",
	};
	char text[1024];
	u32 round, len;

	for (round = 0; round < 100000; round++) {
		struct nf_ct_sip_session s;
		struct nf_ct_sip_head head;
		struct nf_ct_sip_uri uri;
		struct nf_ct_cursor c;
		bool inside = false;
		u32 count = 0;

		len = unit_pieces(text, pieces, ROWS(pieces), 30);
		c = on(text, len);
		nf_ct_sip_read(&c, &head);
		if (!CHECK(head.body <= len && head.call.begin + head.call.len <= len))
			break;
		while (nf_ct_sip_next_uri(&c, NF_CT_SIP_CONTACT, round & 1 ? 6 : 4, &inside, &uri) == 1) {
			if (!CHECK(uri.place.begin + uri.place.len <= len && ++count < 1024))
				return;
		}
		c = on(text, len);
		if (nf_ct_sip_sdp_read(&c, 4, &s) && !CHECK(s.n <= NF_CT_SIP_MEDIA_MAX))
			break;
	}
}

int main(void)
{
	unit_test("heads", heads);
	unit_test("Call-ID, Expires, body", call_ids);
	unit_test("addresses", uris);
	unit_test("several addresses", several_uris);
	unit_test("addresses of requests", request_uris);
	unit_test("values of fields", values);
	unit_test("parameters", params);
	unit_test("session descriptions", descriptions);
	unit_test("many media", many_media);
	unit_test("random messages", random_messages);
	return unit_finish();
}
