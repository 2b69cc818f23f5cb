// SPDX-License-Identifier: GPL-2.0
/*
 * Requests with two faults each: which of the two does the answer tell?  Each kind of
 * request has a list of faults; each pair of them is asked once, and a line of
 * letters, one for each later fault of the list, is compared with what the stock
 * module of Linux 6.1 says.  Run as root in a namespace without other
 * connections, with nf_conntrack_ftp loaded:
 *
 *   ctpairs stock|ours
 *
 * R ERANGE, I EINVAL, B EBUSY, O EOPNOTSUPP, N ENOENT, P EPERM, X EEXIST, - none.
 */
#include "ctcase.h"

#define T(...)		HOSTS(.dport = 80, __VA_ARGS__)
#define ORIG(t)		TUPLE(CTA_TUPLE_ORIG, t)
#define REPLY(t)	BACK(CTA_TUPLE_REPLY, t)
#define MASTER(t)	TUPLE(CTA_TUPLE_MASTER, t)
#define HELP(n, name)	NEST(CTA_HELP, BYTES(CTA_HELP_NAME, n, name))
#define TCP(...)	NEST(CTA_PROTOINFO, NEST(CTA_PROTOINFO_TCP, __VA_ARGS__))
#define FILTER(bits)	NEST(CTA_FILTER, U32(CTA_FILTER_ORIG_FLAGS, bits))
#define SHORT(type)	BYTES(type, 1, "x")
#define THREE_BUT_ONE(type) NEST(type, BE32(1, 1), BE32(2, 2))

#define FAULTS_MAX	24

/* What a fault takes out of the request */
enum {
	DROP_FIRST	= 1 << 0,
	DROP_SECOND	= 1 << 1,
	DROP_THIRD	= 1 << 2,
};

struct fault {
	const char	*name;
	struct nl_attr	attr;		/* added; a later one of the same type counts */
	int		drop;		/* DROP_* */
	int		flags;		/* of the request, added */
};

struct kind {
	const char		*name;
	struct nl_head		head;
	struct nl_attr		base[4];
	const struct fault	*faults;
	const char *const	*want;	/* a row for each fault */
};

static char letter(int error)
{
	static const struct { int error; char letter; } letters[] = {
		{ 0, '-' }, { ERANGE, 'R' }, { EINVAL, 'I' }, { EBUSY, 'B' },
		{ EOPNOTSUPP, 'O' }, { ENOENT, 'N' }, { EPERM, 'P' }, { EEXIST, 'X' },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(letters); i++)
		if (letters[i].error == error)
			return letters[i].letter;
	return '?';
}

static char ask_both(const struct kind *k, const struct fault *a,
		     const struct fault *b)
{
	struct nl_attr attrs[8] = { };
	struct nl_head head = k->head;
	int i, n = 0;

	head.flags |= a->flags | b->flags;
	for (i = 0; k->base[i].kind; i++)
		if (!((a->drop | b->drop) & 1 << i))
			attrs[n++] = k->base[i];
	if (a->attr.kind)
		attrs[n++] = a->attr;
	if (b->attr.kind)
		attrs[n++] = b->attr;
	return letter(ct_ask(head, attrs));
}

/* Row by row; a pair of faults in one attribute is no pair ("."). */
static void test_kind(const struct kind *k)
{
	const struct fault *a, *b;
	char name[128], row[FAULTS_MAX + 1];
	int n;

	for (a = k->faults; a->name; a++) {
		n = 0;
		row[n++] = ask_both(k, a, a);
		for (b = a + 1; b->name; b++)
			row[n++] = a->attr.kind && a->attr.kind == b->attr.kind &&
				   a->attr.type == b->attr.type ? '.' :
				   ask_both(k, a, b);
		row[n] = '\0';
		snprintf(name, sizeof(name), "%s: %s, and others", k->name, a->name);
		case_text(name, row, k->want[a - k->faults] ?: "");
	}
}

/* --- a new connection ---------------------------------------------------------- */

static const struct fault create_faults[] = {
	{ "short zone", SHORT(CTA_ZONE) },
	{ "short address", ORIG(T(.without = SHORT_IP)) },
	{ "no address", ORIG(T(.without = NO_SRC)) },
	{ "short port of the reply", REPLY(T(.without = SHORT_PORT)) },
	{ "other protocol of the reply", REPLY(T(.proto = IPPROTO_UDP)) },
	{ "no tuple", .drop = DROP_FIRST },
	{ "no timeout", .drop = DROP_SECOND },
	{ "long labels", BYTES(CTA_LABELS, 20, "01234567890123456789") },
	{ "helper without a name", NEST(CTA_HELP) },
	{ "unknown helper", HELP(7, "nosuch") },
	{ "long helper", HELP(20, "ftp\0................") },
	{ "short NAT address", NEST(CTA_NAT_SRC, U8(CTA_NAT_V4_MINIP, 1)) },
	{ "status not confirmed", BE32(CTA_STATUS, IPS_SEEN_REPLY) },
	{ "incomplete seqadj", THREE_BUT_ONE(CTA_SEQ_ADJ_ORIG) },
	{ "tcp state 10", TCP(U8(CTA_PROTOINFO_TCP_STATE, 10)) },
	{ "incomplete synproxy", THREE_BUT_ONE(CTA_SYNPROXY) },
	{ "no such master", MASTER(T(.sport = 7)) },
	{ "master with a zone", MASTER(T(.sport = 7, .zone = 1)) },
	{ }
};

static const char *const create_want[FAULTS_MAX] = {
	"RRRRRRRRRRRRRRRRRR", "R.RRRRRRRRRRRRRRR", "IIIIIRIIIIIIIIII",
	"R.RRRRRRRRRRRRR", "IIIRIIIIIIIIII", "IIRIIIIIIIIII", "IRIIIIIIIIII",
	"RRRRRRRRRRR", "I..IIIIIII", "O.OOOOOOO", "RRRRRRRR", "RRRRRRR", "BBBBBB",
	"IIIII", "RRRR", "III", "N.", "I",
};

/* --- one that exists ------------------------------------------------------------ */

static const struct fault update_faults[] = {
	{ "short zone", SHORT(CTA_ZONE) },
	{ "short port of the reply", REPLY(T(.without = SHORT_PORT)) },
	{ "exclusive", .flags = NLM_F_EXCL },
	{ "NAT", NEST(CTA_NAT_SRC, U8(CTA_NAT_V4_MINIP, 1)) },
	{ "no such master", MASTER(T(.sport = 7)) },
	{ "helper without a name", NEST(CTA_HELP) },
	{ "unknown helper", HELP(7, "nosuch") },
	{ "long helper", HELP(20, "ftp\0................") },
	{ "fixed timeout", BE32(CTA_TIMEOUT, 10) },
	{ "status not confirmed", BE32(CTA_STATUS, IPS_SEEN_REPLY) },
	{ "tcp state 10", TCP(U8(CTA_PROTOINFO_TCP_STATE, 10)) },
	{ "incomplete seqadj", THREE_BUT_ONE(CTA_SEQ_ADJ_ORIG) },
	{ "short seqadj", NEST(CTA_SEQ_ADJ_REPLY, SHORT(1)) },
	{ "incomplete synproxy", THREE_BUT_ONE(CTA_SYNPROXY) },
	{ "labels of three bytes", BYTES(CTA_LABELS, 3, "abc") },
	{ "long labels", BYTES(CTA_LABELS, 20, "01234567890123456789") },
	{ }
};

static const char *const update_want[FAULTS_MAX] = {
	"RRRRRRRRRRRRRRRR", "RRRRRRRRRRRRRRR", "XXXXXXXXXXXXXR", "OOOOOOOOOOOOR",
	"OOOOOOOOOOOR", "I..IIIIIIIR", "O.OOOOOOOR", "RRRRRRRRR", "PPPPPPPR",
	"BBBBBBR", "RRRRRR", "IIIIR", "RRRR", "IIR", "I.", "R",
};

/* --- dumps ------------------------------------------------------------------------ */

static const struct fault filter_faults[] = {
	{ "short zone", SHORT(CTA_ZONE) },
	{ "mark mask without mark", BE32(CTA_MARK_MASK, 1) },
	{ "status 0", BE32(CTA_STATUS, 0) },
	{ "unknown member", FILTER(0x1000) },
	{ "short members", NEST(CTA_FILTER, SHORT(CTA_FILTER_ORIG_FLAGS)) },
	{ "no tuple", .drop = DROP_SECOND },
	{ "short address", ORIG(T(.without = SHORT_IP)) },
	{ "zone twice", BE16(CTA_ZONE, 7) },
	{ "short mark", SHORT(CTA_MARK) },
	{ }
};

static const char *const filter_want[FAULTS_MAX] = {
	"RRRRRRRRR", "IIIIIIIR", "IIIIIIR", "I.IIIR", "IIIIR", "IRIR", "RRR", "-R",
	"R",
};

/* --- expectations ------------------------------------------------------------------- */

#define X(...)	T(.src = "10.1.0.2", .dst = "10.1.0.1", .sport = 0, .dport = 5001, __VA_ARGS__)
#define M(...)	T(.src = "255.255.255.255", .dst = "255.255.255.255", .sport = 0, \
		  .dport = 0xffff, __VA_ARGS__)
#define CONTROL	T(.sport = 2100, .dport = 21)

static const struct fault expect_faults[] = {
	{ "short zone", SHORT(CTA_EXPECT_ZONE) },
	{ "no tuple", .drop = DROP_FIRST },
	{ "no mask", .drop = DROP_SECOND },
	{ "no master", .drop = DROP_THIRD },
	{ "short address", TUPLE(CTA_EXPECT_TUPLE, X(.without = SHORT_IP)) },
	{ "short mask", TUPLE(CTA_EXPECT_MASK, M(.without = SHORT_IP)) },
	{ "short master", TUPLE(CTA_EXPECT_MASTER, T(.without = SHORT_IP)) },
	{ "no such master", TUPLE(CTA_EXPECT_MASTER, T(.sport = 7)) },
	{ "master without a helper", TUPLE(CTA_EXPECT_MASTER, T()) },
	{ "unknown flags", BE32(CTA_EXPECT_FLAGS, 0x10) },
	{ "unknown class", BE32(CTA_EXPECT_CLASS, 99) },
	{ "unknown function", STRING(CTA_EXPECT_FN, "nix") },
	{ "NAT without a tuple", NEST(CTA_EXPECT_NAT, BE32(CTA_EXPECT_NAT_DIR, 0)) },
	{ "NAT direction 2", NEST(CTA_EXPECT_NAT, BE32(CTA_EXPECT_NAT_DIR, 2)) },
	{ }
};

static const char *const expect_want[FAULTS_MAX] = {
	"RRRRRRRRRRRRRR", "IIIRIIIIIIIII", "IIIRIIIIIIII", "IIIRNOIIIII", "RRRRRIRRRR",
	"RRRRIRRRR", "R..IRRRR", "N.INNNN", "OIOOOO", "IIIII", "IIII", "III", "I.",
	"R",
};

static const struct kind kinds[] = {
	{ "new", CT(IPCTNL_MSG_CT_NEW, CREATE),
	  { ORIG(T(.sport = 5)), BE32(CTA_TIMEOUT, 1000), REPLY(T(.sport = 5)) },
	  create_faults, create_want },
	{ "update", CT(IPCTNL_MSG_CT_NEW, ACK), { ORIG(T()) },
	  update_faults, update_want },
	{ "dump", CT(IPCTNL_MSG_CT_GET, DUMP), { FILTER(1), ORIG(T(.zone = 5)) },
	  filter_faults, filter_want },
	{ "expectation", EXP(IPCTNL_MSG_EXP_NEW, CREATE),
	  { TUPLE(CTA_EXPECT_TUPLE, X()), TUPLE(CTA_EXPECT_MASK, M()),
	    TUPLE(CTA_EXPECT_MASTER, CONTROL) },
	  expect_faults, expect_want },
};

int main(int argc, char **argv)
{
	size_t i;

	ct_begin(argc, argv);
	MUST("set-up", CT(IPCTNL_MSG_CT_NEW, CREATE),
	     { PAIR(T()), BE32(CTA_TIMEOUT, 1000),
	       BE32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_FIXED_TIMEOUT) });
	MUST("set-up", CT(IPCTNL_MSG_CT_NEW, CREATE),
	     { PAIR(CONTROL), BE32(CTA_TIMEOUT, 1000), HELP(4, "ftp") });
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		test_kind(&kinds[i]);
	return 0;
}
