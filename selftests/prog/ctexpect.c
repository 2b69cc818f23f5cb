// SPDX-License-Identifier: GPL-2.0
/*
 * Asks ctnetlink everything that a program can ask about expectations and
 * compares answers, error codes, attribute order and events with what the
 * stock module of Linux 6.1 says.  Run as root in a namespace of its own, with
 * nf_conntrack_ftp, nf_conntrack_sip and nf_nat loaded:
 *
 *   ctexpect stock|ours
 *
 * The rows below are explained in ctcase.h.
 */
#include <unistd.h>

#include "ctcase.h"

#define NEW	IPCTNL_MSG_EXP_NEW
#define GET	IPCTNL_MSG_EXP_GET
#define DEL	IPCTNL_MSG_EXP_DELETE
#define TYPE(t)	(NFNL_SUBSYS_CTNETLINK_EXP << 8 | (t))

#define ONES6	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

/* Addresses of tuples; arguments replace the defaults.  T: the master's */
#define T(...)	HOSTS(.dport = 21, __VA_ARGS__)
#define T6(...)	HOSTS6(.dport = 21, __VA_ARGS__)
#define SIP(...) T(.proto = IPPROTO_UDP, .dport = 5060, __VA_ARGS__)
/* X: what is expected, from the server, any port */
#define X(...)	T(.src = "10.1.0.2", .dst = "10.1.0.1", .sport = 0,		\
		  .dport = 5001, __VA_ARGS__)
#define X6(...)	T6(.src = "fd00::2", .dst = "fd00::1", .sport = 0,		\
		   .dport = 5001, __VA_ARGS__)
#define UDP(...) X(.proto = IPPROTO_UDP, __VA_ARGS__)
/* ... and its mask */
#define M(...)	T(.src = "255.255.255.255", .dst = "255.255.255.255",		\
		  .sport = 0, .dport = 0xffff, __VA_ARGS__)
#define M6	T6(.src = ONES6, .dst = ONES6, .sport = 0, .dport = 0xffff)

/* Attributes */
#define TUPLE_OF(t)	TUPLE(CTA_EXPECT_TUPLE, t)
#define MASTER(t)	TUPLE(CTA_EXPECT_MASTER, t)
#define MASK(t)		TUPLE(CTA_EXPECT_MASK, t)
#define FLAGS(n)	BE32(CTA_EXPECT_FLAGS, n)
#define CLASS(n)	BE32(CTA_EXPECT_CLASS, n)
#define TIMEOUT(n)	BE32(CTA_EXPECT_TIMEOUT, n)
#define NAT(...)	NEST(CTA_EXPECT_NAT, __VA_ARGS__)
#define DIR(n)		BE32(CTA_EXPECT_NAT_DIR, n)
#define TO(t)		TUPLE(CTA_EXPECT_NAT_TUPLE, t)

/* Heads with the attributes that each of their requests has */
#define MAKE(master, t, ...)	EXP(NEW, CREATE),				\
	{ MASTER(master), TUPLE_OF(t), MASK(M()), __VA_ARGS__ }
#define MAKE_UDP(master, t, ...) EXP(NEW, CREATE),				\
	{ MASTER(master), TUPLE_OF(t), MASK(M(.proto = IPPROTO_UDP)), __VA_ARGS__ }
#define FIND(t, ...)	EXP(GET, ACK), { TUPLE_OF(t), __VA_ARGS__ }
#define REMOVE(t, ...)	EXP(DEL, ACK), { TUPLE_OF(t), __VA_ARGS__ }
#define LIST(...)	EXP(GET, DUMP), { __VA_ARGS__ }

#define ATTRIBUTES	"2 3 1 4 5 8 9 6"	/* of a plain expectation, in order */

static int count(void)
{
	return ct_count((struct nl_head)EXP_OF(AF_UNSPEC, GET, DUMP));
}

static void flush(void)
{
	MUST("flush", EXP(DEL, ACK));
}

static void show(const struct nl_tuple *t)
{
	ASK(EXP_OF(t->family, GET, 0), { TUPLE_OF(t) });
}

/* A new expectation of the FTP master, the events of which are read */
static void make_one(void)
{
	MUST("new", MAKE(T(), X()));
	ct_forget_events();
}

/* --- masters ------------------------------------------------------------------ */

static void connection(const struct nl_tuple *t, const char *helper, int zone)
{
	const struct nl_attr zone_attr = BE16(CTA_ZONE, zone);
	const struct nl_attr help = NEST(CTA_HELP, STRING(CTA_HELP_NAME, helper));
	struct ct_case c = { "master", CT_OF(t->family, IPCTNL_MSG_CT_NEW, CREATE),
			     { PAIR(t), BE32(CTA_TIMEOUT, 1000) } };
	int n = 2;

	if (zone)
		c.attrs[n++] = zone_attr;
	if (helper)
		c.attrs[n++] = help;
	ct_must(&c);
}

static void remove_connection(const struct nl_tuple *t)
{
	MUST("end of a master", CT(IPCTNL_MSG_CT_DELETE, ACK),
	     { TUPLE(CTA_TUPLE_ORIG, t) });
}

/* --- requests about nothing ---------------------------------------------------- */

static const struct ct_case envelope[] = {
	{ "get: no tuple", EXP(GET, ACK), { }, EINVAL },
	{ "get: nothing there", FIND(X()), ENOENT },
	{ "delete: nothing there", REMOVE(X()), ENOENT },
	{ "get: family 7", EXP_OF(7, GET, ACK), { TUPLE_OF(X()) }, EOPNOTSUPP },
	{ "get: no addresses", FIND(X(.without = NO_IP)), EINVAL },
	{ "get: zone in the tuple", FIND(X(.zone = 3)), EINVAL },
	{ "get: zone of one byte", FIND(X(), BYTES(CTA_EXPECT_ZONE, 1, "x")), ERANGE },
	{ "get: ID of two bytes", FIND(X(), BYTES(CTA_EXPECT_ID, 2, "xx")), ERANGE },
	{ "delete: name without an end", EXP(DEL, ACK),
	  { BYTES(CTA_EXPECT_HELP_NAME, 16, "aaaaaaaaaaaaaaaa") }, EINVAL },
	{ "delete: name of no helper", EXP(DEL, ACK),
	  { STRING(CTA_EXPECT_HELP_NAME, "nosuchhelper") }, 0 },
	{ "delete all of none", EXP(DEL, ACK), { }, 0 },
};

static void test_envelope(void)
{
	case_number("unknown message", ASK(EXP(9, ACK)), EINVAL);
	CASES(envelope);
	case_number("empty dump", count(), 0);
	case_number("empty dump ends", got.end.done, true);
	CASE("statistics", EXP(IPCTNL_MSG_EXP_GET_STATS_CPU, DUMP), { }, 0);
	case_number("statistics: a message per CPU", got.messages,
		    sysconf(_SC_NPROCESSORS_CONF));
	/* the kernel gives the subsystem of connections */
	case_number("statistics: type", got.type,
		    NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_EXP_GET_STATS_CPU);
	case_text("statistics: attributes", got.order, "1 2 3");
}

/* --- expectations that are not made --------------------------------------------- */

static const struct ct_case create_errors[] = {
	{ "new: nothing said", EXP(NEW, CREATE), { }, EINVAL },
	{ "new: no mask", EXP(NEW, CREATE), { MASTER(T()), TUPLE_OF(X()) }, EINVAL },
	{ "new: no tuple", EXP(NEW, CREATE), { MASTER(T()), MASK(M()) }, EINVAL },
	{ "new: no master", EXP(NEW, CREATE), { MASK(M()), TUPLE_OF(X()) }, EINVAL },
	{ "new: without CREATE", EXP(NEW, ACK),
	  { MASTER(T()), TUPLE_OF(X()), MASK(M()) }, ENOENT },
	{ "new: no such master", MAKE(T(.sport = 9), X()), ENOENT },
	{ "new: master without helper", MAKE(T(.dport = 22), X()), EOPNOTSUPP },
	{ "new: master in another zone",
	  MAKE(T(), X(), BE16(CTA_EXPECT_ZONE, 4)), ENOENT },
	{ "new: zone in the master's tuple", MAKE(T(.zone = 4), X()), EINVAL },
	{ "new: tuple without addresses", MAKE(T(), X(.without = NO_IP)), EINVAL },
	{ "new: mask without addresses", EXP(NEW, CREATE),
	  { MASTER(T()), TUPLE_OF(X()), MASK(M(.without = NO_IP)) }, EINVAL },
	{ "new: class that the helper does not have", MAKE(T(), X(), CLASS(1)), EINVAL },
	{ "new: huge class", MAKE(T(), X(), CLASS(0x80000000)), EINVAL },
	{ "new: class 4 of sip", MAKE_UDP(SIP(), UDP(), CLASS(4)), EINVAL },
	{ "new: flag 8", MAKE(T(), X(), FLAGS(8)), EINVAL },
	{ "new: flags of two bytes",
	  MAKE(T(), X(), BYTES(CTA_EXPECT_FLAGS, 2, "xx")), ERANGE },
	{ "new: class of two bytes",
	  MAKE(T(), X(), BYTES(CTA_EXPECT_CLASS, 2, "xx")), ERANGE },
	{ "new: timeout of two bytes",
	  MAKE(T(), X(), BYTES(CTA_EXPECT_TIMEOUT, 2, "xx")), ERANGE },
	{ "new: unknown function",
	  MAKE(T(), X(), STRING(CTA_EXPECT_FN, "no-such-function")), EINVAL },
	{ "new: function without an end",
	  MAKE(T(), X(), BYTES(CTA_EXPECT_FN, 3, "abc")), EINVAL },
	{ "new: NAT without direction", MAKE(T(), X(), NAT(TO(T()))), EINVAL },
	{ "new: NAT without tuple", MAKE(T(), X(), NAT(DIR(0))), EINVAL },
	{ "new: NAT direction 2", MAKE(T(), X(), NAT(DIR(2), TO(T()))), ERANGE },
	{ "new: NAT tuple without addresses",
	  MAKE(T(), X(), NAT(DIR(0), TO(T(.without = NO_IP)))), EINVAL },
	{ "new: family 0, no addresses", EXP_OF(0, NEW, CREATE),
	  { MASTER(T()), TUPLE_OF(X(.without = NO_IP)), MASK(M()) }, EOPNOTSUPP },
};

static void test_create_errors(void)
{
	CASES(create_errors);
	case_number("nothing was made", count(), 0);
}

/* --- one expectation from its beginning to its end -------------------------------- */

/* Makes it and returns its ID. */
static uint32_t test_create(void)
{
	uint32_t id;

	ct_forget_events();
	CASE("new", MAKE(T(), X()), 0);
	ct_event(CT_SILENCE_MS);
	id = got.id;
	case_number("event: type", got.type, TYPE(NEW));
	case_number("event: flags", got.flags, NLM_F_CREATE | NLM_F_EXCL);
	case_number("event: family", got.family, AF_INET);
	case_text("event: attributes", got.order, ATTRIBUTES);
	return id;
}

static void test_show(uint32_t id)
{
	show(X());
	case_number("get: one message", got.messages, 1);
	case_number("get: type", got.type, TYPE(NEW));
	case_number("get: flags", got.flags, NLM_F_MULTI);
	case_text("get: attributes", got.order, ATTRIBUTES);
	case_text("get: tuple", got.text[CTA_EXPECT_TUPLE],
		  "10.1.0.2 10.1.0.1 6 0 5001 ");
	case_text("get: mask", got.text[CTA_EXPECT_MASK],
		  "255.255.255.255 255.255.255.255 6 0 65535 ");
	case_text("get: master", got.text[CTA_EXPECT_MASTER],
		  "10.1.0.1 10.1.0.2 6 1000 21 ");
	case_text("get: helper", got.text[CTA_EXPECT_HELP_NAME], "ftp");
	case_between("get: timeout of the helper", got.value[CTA_EXPECT_TIMEOUT],
		     290, 300);
	case_number("get: no flags", got.value[CTA_EXPECT_FLAGS], 0);
	case_number("get: class", got.value[CTA_EXPECT_CLASS], 0);
	case_number("get: ID as in the event", got.id, id);
}

static void test_find(uint32_t id)
{
	CASE("get by the attribute of the master", EXP(GET, ACK), { MASTER(X()) }, 0);
	case_number("get by the attribute of the master: shown", got.messages, 1);
	CASE("get: right ID", FIND(X(), U32(CTA_EXPECT_ID, id)), 0);
	CASE("get: wrong ID", FIND(X(), U32(CTA_EXPECT_ID, id + 1)), ENOENT);
	CASE("get: wrong zone", FIND(X(), BE16(CTA_EXPECT_ZONE, 5)), ENOENT);
}

static void test_delete(uint32_t id)
{
	CASE("delete: wrong ID", REMOVE(X(), U32(CTA_EXPECT_ID, id + 1)), ENOENT);
	CASE("delete: right ID", REMOVE(X(), U32(CTA_EXPECT_ID, id)), 0);
	ct_event(CT_SILENCE_MS);
	case_number("destroy: type", got.type, TYPE(DEL));
	case_number("destroy: flags", got.flags, 0);
	case_text("destroy: attributes", got.order, ATTRIBUTES);
	case_number("destroy: ID", got.id, id);
	case_number("destroy: expectation flags", got.value[CTA_EXPECT_FLAGS], 0);
	case_number("it is gone", count(), 0);
}

/* --- attributes of new ones -------------------------------------------------------- */

static void test_everything(void)
{
	CASE("new: everything",
	     MAKE_UDP(SIP(), UDP(), CLASS(3),
		      FLAGS(NF_CT_EXPECT_PERMANENT | NF_CT_EXPECT_INACTIVE),
		      TIMEOUT(77), STRING(CTA_EXPECT_FN, "nat-follow-master"),
		      NAT(DIR(1), TO(T(.src = "10.9.9.9", .sport = 99)))), 0);
	show(UDP());
	case_text("everything: attributes", got.order, "2 3 1 10 4 5 8 9 6 11");
	case_text("everything: NAT", got.text[CTA_EXPECT_NAT],
		  "dir 1 10.9.9.9 0.0.0.0 17 99 0 ");
	case_text("everything: function", got.text[CTA_EXPECT_FN],
		  "nat-follow-master");
	case_number("everything: flags", got.value[CTA_EXPECT_FLAGS],
		    NF_CT_EXPECT_PERMANENT | NF_CT_EXPECT_INACTIVE);
	case_number("everything: class", got.value[CTA_EXPECT_CLASS], 3);
	case_between("everything: the helper's timeout",
		     got.value[CTA_EXPECT_TIMEOUT], 170, 180);
	case_text("everything: helper", got.text[CTA_EXPECT_HELP_NAME], "sip");
	flush();
}

static void test_nat(void)
{
	CASE("new: NAT of a port",
	     MAKE_UDP(T(), UDP(), NAT(DIR(0), TO(T(.src = "0.0.0.0", .sport = 99)))), 0);
	show(UDP());
	case_text("NAT of a port: protocol of the tuple", got.text[CTA_EXPECT_NAT],
		  "dir 0 0.0.0.0 0.0.0.0 6 99 0 ");
	flush();
	CASE("new: NAT of nothing",
	     MAKE(T(), X(), NAT(DIR(0), TO(T(.src = "0.0.0.0", .sport = 0)))), 0);
	show(X());
	case_text("NAT of nothing: attributes", got.order, ATTRIBUTES);
	flush();
}

static void test_ignored(void)
{
	CASE("new: userspace flag alone",
	     MAKE(T(), X(), FLAGS(NF_CT_EXPECT_USERSPACE)), 0);
	show(X());
	/* only programs behind a queue get it, see nfct_help */
	case_number("userspace flag alone is dropped", got.value[CTA_EXPECT_FLAGS], 0);
	flush();
	CASE("new: name of no helper",
	     MAKE(T(), X(), STRING(CTA_EXPECT_HELP_NAME, "nosuchhelper")), 0);
	show(X());
	case_text("name of no helper: the master's is shown",
		  got.text[CTA_EXPECT_HELP_NAME], "ftp");
	flush();
	CASE("new: odd mask", EXP(NEW, CREATE),
	     { MASTER(T()), TUPLE_OF(X()),
	       MASK(M(.src = "255.255.0.0", .dst = "0.0.0.0", .sport = 0xff,
		      .dport = 0, .proto = 17)) }, 0);
	show(X());
	case_text("odd mask: the destination always counts",
		  got.text[CTA_EXPECT_MASK],
		  "255.255.0.0 255.255.255.255 6 255 65535 ");
	flush();
}

static void test_ipv6(void)
{
	CASE("new: IPv6", EXP_OF(AF_INET6, NEW, CREATE),
	     { MASTER(T6()), TUPLE_OF(X6()), MASK(M6) }, 0);
	show(X6());
	case_text("IPv6: tuple", got.text[CTA_EXPECT_TUPLE],
		  "fd00::2 fd00::1 6 0 5001 ");
	case_number("IPv6: family", got.family, AF_INET6);
	CASE("dump of the other family", LIST(), SHOWS(0));
	CASE("dump of the family", EXP_OF(AF_INET6, GET, DUMP), { }, SHOWS(1));
	flush();
}

/* Stock refuses requests without a family. */
static void test_family(void)
{
	const int works = ours ? 0 : EOPNOTSUPP;

	CASE("DIFF family 0: new", EXP_OF(AF_UNSPEC, NEW, CREATE),
	     { MASTER(T()), TUPLE_OF(X()), MASK(M()) }, works);
	CASE("DIFF family 0: new, IPv6", EXP_OF(AF_UNSPEC, NEW, CREATE),
	     { MASTER(T6()), TUPLE_OF(X6()), MASK(M6) }, works);
	CASE("DIFF family 0: new, the master has another family",
	     EXP_OF(AF_UNSPEC, NEW, CREATE),
	     { MASTER(T6()), TUPLE_OF(X(.dport = 5002)), MASK(M()) },
	     ours ? EINVAL : EOPNOTSUPP);
	CASE("DIFF family 0: get", EXP_OF(AF_UNSPEC, GET, ACK), { TUPLE_OF(X()) }, works);
	CASE("DIFF family 0: list of a master", EXP_OF(AF_UNSPEC, GET, DUMP),
	     { MASTER(T6()) }, works);
	case_number("DIFF family 0: list of a master: shown", got.messages, ours ? 1 : 0);
	CASE("DIFF family 0: update", EXP_OF(AF_UNSPEC, NEW, ACK),
	     { MASTER(T()), TUPLE_OF(X()), MASK(M()), TIMEOUT(77) }, works);
	CASE("DIFF family 0: delete", EXP_OF(AF_UNSPEC, DEL, ACK), { TUPLE_OF(X()) }, works);
	flush();
}

/* --- changes ------------------------------------------------------------------------- */

static void test_update(void)
{
	uint32_t id;

	make_one();
	show(X());
	id = got.id;
	CASE("update: EXCL", EXP(NEW, CREATE | NLM_F_EXCL),
	     { MASTER(T()), TUPLE_OF(X()), MASK(M()) }, EEXIST);
	CASE("update", MAKE(T(), X(), TIMEOUT(1000), CLASS(3),
			    FLAGS(NF_CT_EXPECT_PERMANENT)), 0);
	show(X());
	case_between("update: timeout", got.value[CTA_EXPECT_TIMEOUT], 990, 1000);
	case_number("update: flags stay", got.value[CTA_EXPECT_FLAGS], 0);
	case_number("update: it is the same", got.id, id);
	ct_event(CT_SILENCE_MS);
	case_number("update: no event", got.type, 0);
	CASE("update: another master does no harm", EXP(NEW, ACK),
	     { MASTER(T(.dport = 22)), TUPLE_OF(X()), MASK(M()), TIMEOUT(500) }, 0);
	CASE("update: nothing", MAKE(T(), X()), 0);
}

static void test_longest_timeout(void)
{
	CASE("DIFF: update: timeout without end",
	     MAKE(T(), X(), TIMEOUT(0xffffffff)), 0);
	show(X());
	if (ours)
		case_between("DIFF: a timeout without end is a long one",
			     got.value[CTA_EXPECT_TIMEOUT], 2000000, 9000000);
	else
		printf("timeout 0xffffffff becomes %u\n",
		       got.value[CTA_EXPECT_TIMEOUT]);
	flush();
}

static void test_expiry(void)
{
	make_one();
	CASE("update: one second", MAKE(T(), X(), TIMEOUT(1)), 0);
	sleep(2);
	case_number("it has expired", count(), 0);
	if (ours) {
		ct_event(CT_SILENCE_MS);
		case_number("expiry: event", got.type, TYPE(DEL));
	}
	flush();
}

/* --- several ---------------------------------------------------------------------------- */

static void test_clashes(void)
{
	MUST("new", MAKE(T(), X()));
	CASE("another source: one of ftp gives way", MAKE(T(), X(.src = "10.1.0.3")), 0);
	case_number("limit of ftp", count(), 1);
	show(X());
	case_number("the older one is gone", got.messages, 0);
	flush();

	MUST("new", MAKE_UDP(SIP(), UDP(), CLASS(1)));
	CASE("overlap", EXP(NEW, CREATE),
	     { MASTER(SIP()), TUPLE_OF(UDP(.src = "10.1.0.9")),
	       MASK(M(.proto = IPPROTO_UDP, .src = "255.255.0.0")) }, EBUSY);
	CASE("no overlap",
	     MAKE_UDP(SIP(.sport = 1001), UDP(.src = "10.1.0.7"), CLASS(1)), 0);
	flush();
}

static void test_zones(void)
{
	connection(T(.sport = 3000), "ftp", 7);
	CASE("zone: new", MAKE(T(.sport = 3000), X(), BE16(CTA_EXPECT_ZONE, 7)), 0);
	CASE("zone: get", FIND(X(), BE16(CTA_EXPECT_ZONE, 7)), 0);
	case_text("zone: not shown", got.order, ATTRIBUTES);
	CASE("zone: get without", FIND(X()), ENOENT);
	CASE("zone: the same elsewhere", MAKE(T(), X()), 0);
	case_number("zone: both are there", count(), 2);
	CASE("zone: dump by master",
	     LIST(MASTER(T(.sport = 3000)), BE16(CTA_EXPECT_ZONE, 7)), 0);
	case_number("zone: dump by master: one", got.messages, 1);
	CASE("zone: delete", REMOVE(X(), BE16(CTA_EXPECT_ZONE, 7)), 0);
	case_number("zone: the other is left", count(), 1);
	flush();
}

static void test_echo(void)
{
	ASK(EXP(NEW, NLM_F_CREATE | NLM_F_ECHO),
	    { MASTER(T()), TUPLE_OF(X()), MASK(M()) });
	case_number("echo of a new one", got.type, TYPE(NEW));
	ASK(EXP(DEL, NLM_F_ECHO), { TUPLE_OF(X()) });
	case_number("echo of a removed one", got.type, TYPE(DEL));
}

#define MANY	400

static void make_many(void)
{
	int i;

	for (i = 0; i < MANY; i++) {
		connection(T(.sport = 2000 + i), "ftp", 0);
		MUST("new", MAKE(T(.sport = 2000 + i), X(.dport = 6000 + i)));
	}
	case_number("dump of many", count(), MANY);
	for (i = 0; i < 5; i++)
		MUST("new", MAKE_UDP(SIP(), UDP(.dport = 7000 + i), CLASS(1)));
}

static void test_dump(void)
{
	make_many();
	CASE("dump by master", LIST(MASTER(SIP())), 0);
	case_number("dump by master: limit of the class", got.messages, 4);
	CASE("dump by another master", LIST(MASTER(T(.sport = 2007))), 0);
	case_number("dump by another master: one", got.messages, 1);
	CASE("dump by no master", LIST(MASTER(T(.sport = 9))), ENOENT);
	CASE("dump by a bad tuple", LIST(MASTER(T(.without = NO_IP))), EINVAL);
	ASK(LIST(MASTER(T(.dport = 22))));
	case_number("dump by a master without helper: none", got.messages, 0);
	if (ours)
		case_number("DIFF: and it ends", got.end.done, true);
	CASE("delete those of sip", EXP(DEL, ACK),
	     { STRING(CTA_EXPECT_HELP_NAME, "sip") }, 0);
	case_number("those of ftp are left", count(), MANY);
	remove_connection(T(.sport = 2007));
	case_number("the end of a master ends its expectation", count(), MANY - 1);
	CASE("flush of a family: all go", EXP_OF(AF_INET6, DEL, ACK), { }, 0);
	case_number("none is left", count(), 0);
}

static void make_masters(void)
{
	connection(T(), "ftp", 0);
	connection(T(.dport = 22), NULL, 0);
	connection(SIP(), "sip", 0);
	connection(SIP(.sport = 1001), "sip", 0);
	connection(T6(), "ftp", 0);
}

int main(int argc, char **argv)
{
	uint32_t id;

	ct_begin(argc, argv);
	nl_join(events, NFNLGRP_CONNTRACK_EXP_NEW);
	nl_join(events, NFNLGRP_CONNTRACK_EXP_DESTROY);
	make_masters();
	test_envelope();
	test_create_errors();
	id = test_create();
	test_show(id);
	test_find(id);
	test_delete(id);
	test_everything();
	test_nat();
	test_ignored();
	test_ipv6();
	test_family();
	test_update();
	test_longest_timeout();
	test_expiry();
	test_clashes();
	test_zones();
	test_echo();
	test_dump();
	return 0;
}
