// SPDX-License-Identifier: GPL-2.0
/*
 * helpers/h323_parse.c, h323_per.c, h323_asn1.c: which addresses a message names, and
 * where.  The messages are made by selftests/prog/h323msg.py, which knows nothing of our
 * tables.  Each is also cut at each length and changed at random, in memory of exactly its
 * size under the address checker.
 */
#include <stdlib.h>
#include <string.h>

#include "../../helpers/h323_per.c"
#include "../../helpers/h323_asn1.c"
#include "../../helpers/h323_parse.c"
#include "unit.h"

enum { CALL, CONTROL, RAS };

struct row {
	int kind;
	const char *name;
	const char *hex;
	const char *items;	/* mark/form@offset or value, as in h323_parse.h */
};

static const struct row rows[] = {
	{ CALL, "Setup of version 7 with fast start",
	  "080212340504038893a5280570686f6e657e00940520f8060008914a0007000a00010213"
	  "880201804567400500630061006c006c0065007222c0b50053530470686f6e6502312e30"
	  "0001018089ab000a00020206b800000102030405060708090a0b0c0d0e0f00dd1d800000"
	  "07000a0001020bb81100000102030405060708090a0b0c0d0e0f1501130000010c601380"
	  "0b050001000a000102138900010001000100010010800180",
	  "1/4@31 2/4@79 3/4@110 7/4@149" },
	{ CALL, "Setup behind an element of one octet",
	  "0802123405a10404888092a57e006e0520f0060008914a0004000a000102138802018045"
	  "67400500630061006c006c0065007222c0b50053530470686f6e6502312e300001018089"
	  "ab00000102030405060708090a0b0c0d0e0f00c10d80001100000102030405060708090a"
	  "0b0c0d0e0f010001000100010010800180",
	  "1/4@26" },
	{ CALL, "Setup, IPv6",
	  "080212340504038893a5280570686f6e657e00a10520f8060008914a000430fd00000100"
	  "000000000000000000000213880201804567400500630061006c006c0065007222c0b500"
	  "53530470686f6e6502312e300001018089ab30fd00000100000000000000000000000213"
	  "8800000102030405060708090a0b0c0d0e0f00c50d80001330fd00000100000000000000"
	  "000000000213881100000102030405060708090a0b0c0d0e0f0100010001000100108001"
	  "80",
	  "1/6@31 2/6@91 3/6@133" },
	{ CALL, "CallProceeding",
	  "080212340204038893a5280570686f6e657e003d0521c0060008914a000422c0b5005353"
	  "0470686f6e6502312e30000a0001021388110c1100000102030405060708090a0b0c0d0e"
	  "0f0100010010800180",
	  "1/4@47" },
	{ CALL, "Connect of version 4",
	  "080212340704038893a5280570686f6e657e005e0522c0060008914a0004000a00010213"
	  "88c880b500004c0b76656e646f7220646174614002390002000000c00401020304000102"
	  "030405060708090a0b0c0d0e0f1d0c001100000102030405060708090a0b0c0d0e0f0100"
	  "010010800180",
	  "1/4@31" },
	{ CALL, "Connect of version 7",
	  "080212340704038893a5280570686f6e657e00670522c0060008914a0007000a00010213"
	  "88c880b500004c0b76656e646f7220646174614002390002000000c00401020304000102"
	  "030405060708090a0b0c0d0e0f1f0c021100000102030405060708090a0b0c0d0e0f0100"
	  "010008010200610062006310800180",
	  "1/4@31" },
	{ CALL, "Alerting of version 7",
	  "080212340104038893a5280570686f6e657e003e0523c0060008914a000722c0b5005353"
	  "0470686f6e6502312e30000a00010213881d0c001100000102030405060708090a0b0c0d"
	  "0e0f0100010010800180",
	  "1/4@47" },
	{ CALL, "Progress with tokens",
	  "080212340304038893a5280570686f6e657e0098052800808ffc060008914a000422c0b5"
	  "0053530470686f6e6502312e30000a000102138800000102030405060708090a0b0c0d0e"
	  "0f2001778002000100050200700077000010010200080300000107000101046365727402"
	  "00690064010101780174020001000002000202000320696e697469616c210cabc0011300"
	  "00010c6013800b110001000a00010213880005800100010010800180",
	  "1/4@50 6/4@155" },
	{ CALL, "Facility that forwards",
	  "080212346204038893a5280570686f6e657e002f0526c0060008914a0004000a00010213"
	  "8823e030001100000102030405060708090a0b0c0d0e0f0100010010800180",
	  "4/4@31 5/0@1" },
	{ CALL, "Facility with a later reason",
	  "080212346204038893a5280570686f6e657e0032052680060008914a00048101001f0580"
	  "1100000102030405060708090a0b0c0d0e0f07000a00010213880100010010800180",
	  "5/0@5 1/4@56" },
	{ CALL, "tunnelled H.245",
	  "080212346204038893a5280570686f6e657e002b052810010010c0018021021403000001"
	  "0c6013800b050001000a0001021388000a02000106000881750007",
	  "7/4@45" },
	{ CALL, "Information",
	  "080212347b04038893a5280570686f6e657e0038052480060008914a00040b2011000001"
	  "02030405060708090a0b0c0d0e0f1501130000010c6013800b050001000a000102138800"
	  "10800180",
	  "7/4@65" },
	{ CALL, "ReleaseComplete",
	  "080212345a04038893a5280570686f6e657e000f052540060008914a00041884000180",
	  "" },
	{ CONTROL, "audio",
	  "030000010c6013800b050001000a000102138900",
	  "7/4@13" },
	{ CONTROL, "both directions",
	  "034000010c6013800b050001000a0001021389004c60138012150001000a000102138800"
	  "0a000102138900",
	  "7/4@13 6/4@29 7/4@36" },
	{ CONTROL, "H.263, IPv6",
	  "0300000108ec00140eff0070400100801705000108fd0000010000000000000000000000"
	  "02138800",
	  "7/6@21" },
	{ CONTROL, "generic video",
	  "030000010a00166832363420617320756e6b6e6f776e206f6374657473800b050001000a"
	  "000102138900",
	  "7/4@35" },
	{ CONTROL, "T.120",
	  "03800001101830010040028081010005000908000a000102138800",
	  "8/4@20" },
	{ CONTROL, "stack without T.120",
	  "038000010c601381010005000908000a000102138800",
	  "" },
	{ CONTROL, "acknowledgment",
	  "22c000010680101c00000a0001021388000a0001021389",
	  "6/4@10 7/4@17" },
	{ CONTROL, "acknowledgment of both directions and T.120",
	  "22e000012000018012150001000a0001021388000a00010213890007000908000a000102"
	  "138800",
	  "6/4@13 7/4@20 9/4@32" },
	{ CONTROL, "capabilities",
	  "02000106000881750007",
	  "" },
	{ RAS, "GRQ",
	  "00200001060008914a0004000a000102138822c0b50053530470686f6e6502312e300001"
	  "01804567",
	  "10/4@12" },
	{ RAS, "GCF",
	  "04800001060008914a0004020067006b000a0001021388",
	  "10/4@17" },
	{ RAS, "RRQ",
	  "0e800002060008914a00048002406e616d65206f66204e657442494f532e000a00010213"
	  "8801000a000102138822c0b50053530470686f6e6502312e300002018045674004007000"
	  "68006f006e006560b50053530470686f6e6502312e30288b000003400e0f010001000100",
	  "11/0@0 11/4@31 10/4@39 12/0@3599" },
	{ RAS, "RRQ of version 7",
	  "0e800002060008914a0007800130fd00000100000000000000000000000213880130fd00"
	  "0001000000000000000000000002138822c0b50053530470686f6e6502312e3000020180"
	  "4567400400700068006f006e006560b50053530470686f6e6502312e30340b0000000100"
	  "01000100",
	  "11/6@14 10/6@34" },
	{ RAS, "RCF",
	  "12c00002060008914a000401000a00010213880101804567020067006b0e0065006e0064"
	  "0070006f0069006e00742088000340012b0100",
	  "11/4@13 12/0@299" },
	{ RAS, "URQ",
	  "1840000301000a00010213880e0065006e00640070006f0069006e0074",
	  "11/4@6" },
	{ RAS, "UCF",
	  "1c0003",
	  "" },
	{ RAS, "ARQ",
	  "24d0000401c00065006e00640070006f0069006e007401018089ab000a00010213880101"
	  "804567000a00010213884005000007000102030405060708090a0b0c0d0e0f00",
	  "2/4@28 3/4@40" },
	{ RAS, "ACF",
	  "28000004400500400a0001021388",
	  "2/4@8" },
	{ RAS, "LRQ",
	  "4800000501018089ab000a0001021388",
	  "10/4@10" },
	{ RAS, "LCF",
	  "4c0005000a0001021388000a0001021388",
	  "11/4@4 10/4@11" },
	{ RAS, "IRR",
	  "5800000622c0b50053530470686f6e6502312e3000e00065006e00640070006f0069006e"
	  "0074000a000102138801000a0001021388",
	  "10/4@39 11/4@47" },
};

static u8 message[2048];

static u32 unhex(const char *hex)
{
	unsigned int byte;
	u32 n;

	for (n = 0; sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
		message[n] = byte;
	return n;
}

/* Each address that was found is in the message, its port too. */
static void check_items(const struct nf_ct_h323_found *found, u32 len)
{
	u32 i;

	CHECK(found->n <= NF_CT_H323_ITEMS_MAX);
	for (i = 0; i < found->n; i++) {
		const struct nf_ct_h323_item *item = &found->item[i];

		if (item->form)
			CHECK(item->at <= len && (item->form == 4 ? 6 : 18) <= len - item->at);
	}
}

/* Read a copy of the message's beginning */
static bool read_copy(int kind, u32 len, struct nf_ct_h323_found *found, u32 *end)
{
	const char *rule = NULL;
	struct nf_ct_cursor c;
	bool ok;

	nf_ct_cursor_init(&c, unit_exact(message, len), len);
	if (kind == CALL)
		ok = nf_ct_h323_read_q931(&c, found, &rule);
	else if (kind == CONTROL)
		ok = nf_ct_h323_read_h245(&c, found, &rule);
	else
		ok = nf_ct_h323_read_ras(&c, found, &rule);
	CHECK(ok == !rule);
	if (ok)
		check_items(found, len);
	*end = nf_ct_cursor_offset(&c);
	return ok;
}

static void print_items(const struct nf_ct_h323_found *found, char *to)
{
	u32 i;

	*to = 0;
	for (i = 0; i < found->n; i++)
		to += sprintf(to, "%s%u/%u@%u", i ? " " : "", found->item[i].mark,
			      found->item[i].form, found->item[i].at);
}

static void table(void)
{
	static struct nf_ct_h323_found found;
	char items[2048];
	u32 i, end;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!CHECK(read_copy(rows[i].kind, unhex(rows[i].hex), &found, &end)))
			printf("# %s\n", rows[i].name);
		print_items(&found, items);
		if (!CHECK(!strcmp(items, rows[i].items)))
			printf("# %s: %s\n", rows[i].name, items);
	}
}

/* What is cut before the last thing that was read is refused. */
static void beginnings(void)
{
	static struct nf_ct_h323_found found;
	u32 i, n, end, ignored;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		read_copy(rows[i].kind, unhex(rows[i].hex), &found, &end);
		for (n = 0; n < end; n++) {
			if (!CHECK(!read_copy(rows[i].kind, n, &found, &ignored)))
				printf("# %s cut to %u\n", rows[i].name, n);
		}
	}
}

static void changes(void)
{
	static struct nf_ct_h323_found found;
	u32 i, n, len, round, end;

	srand(1);
	for (round = 0; round < 2000; round++) {
		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			len = unhex(rows[i].hex);
			for (n = rand() % 4 + 1; n; n--)
				message[rand() % len] = rand();
			read_copy(rows[i].kind, len, &found, &end);
		}
	}
}

/* Lengths of Q.931 that lead out of the message, or below 0 */
static void lengths(void)
{
	static const char *const bad[] = {
		"", "08", "0802", "08021234", "0802123405", "08ff1234057e0001", "08021234057e",
		"08021234057e00", "08021234057e0000", "08021234057e000005", "08021234057effff05",
		"08021234057e000105", "080212340504", "080212340504ff00", "09021234057e000205ff",
		"08021234057e000204ff",
	};
	static struct nf_ct_h323_found found;
	u32 i, end;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!read_copy(CALL, unhex(bad[i]), &found, &end));
}

/* More addresses than are kept: a fast start of 100 channels */
static void many(void)
{
	static const char channel[] = "0000010c6013800b050001000a000102138900";
	static struct nf_ct_h323_found found;
	u32 len = (sizeof(channel) - 1) / 2, i;
	struct nf_ct_per per = { .found = &found };
	struct nf_ct_cursor c;
	u8 list[2048];

	unhex(channel);
	list[0] = 100;
	for (i = 0; i < 100; i++) {
		list[1 + i * (len + 1)] = len;
		memcpy(list + 2 + i * (len + 1), message, len);
	}
	nf_ct_cursor_init(&c, list, 1 + 100 * (len + 1));
	CHECK(nf_ct_per_read(&per, &c, T_FAST_STARTS));
	CHECK(!nf_ct_cursor_left(&c));
	CHECK(found.n == NF_CT_H323_ITEMS_MAX);
	check_items(&found, 1 + 100 * (len + 1));
}

static void frames(void)
{
	static const struct {
		const char *hex;
		int frame;
		u16 len;
	} known[] = {
		{ "03000004", NF_CT_H323_FRAME_WHOLE, 0 },
		{ "0300000507", NF_CT_H323_FRAME_WHOLE, 1 },
		{ "03000005070300", NF_CT_H323_FRAME_WHOLE, 1 },
		{ "03000006", NF_CT_H323_FRAME_HEAD, 2 },
		{ "0300ffff", NF_CT_H323_FRAME_HEAD, 65531 },
		{ "0300000607", NF_CT_H323_FRAME_PART, 2 },
		{ "03000003", NF_CT_H323_FRAME_NONE, 0 },
		{ "0301000507", NF_CT_H323_FRAME_NONE, 0 },
		{ "0200000507", NF_CT_H323_FRAME_NONE, 0 },
		{ "030000", NF_CT_H323_FRAME_NONE, 0 },
		{ "", NF_CT_H323_FRAME_NONE, 0 },
	};
	struct nf_ct_cursor c;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		u16 len = 0;

		nf_ct_cursor_init(&c, message, unhex(known[i].hex));
		CHECK((int)nf_ct_h323_read_tpkt(&c, &len) == known[i].frame);
		CHECK(len == known[i].len);
		CHECK(nf_ct_cursor_offset(&c) ==
		      (known[i].frame == NF_CT_H323_FRAME_NONE ? 0 : NF_CT_H323_TPKT_HEAD));
	}
}

int main(void)
{
	nf_ct_per_init();
	unit_test("each message", table);
	unit_test("messages that are cut", beginnings);
	unit_test("messages that are changed", changes);
	unit_test("lengths of Q.931", lengths);
	unit_test("more addresses than are kept", many);
	unit_test("heads of TPKT", frames);
	return unit_finish();
}
