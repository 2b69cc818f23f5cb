// SPDX-License-Identifier: GPL-2.0
/*
 * Asks ctnetlink everything that a program can ask about connections and
 * compares answers, error codes, attribute order and events with what the
 * stock module of Linux 6.1 says.  Run as root in a namespace without other
 * connections:
 *
 *   ctnetlink stock|ours
 *
 * The rows below are explained in ctcase.h.
 */
#include <sys/utsname.h>
#include <unistd.h>
#include <linux/netfilter/nfnetlink_cthelper.h>

#include "ctcase.h"

#ifndef NLM_F_DUMP_FILTERED
#define NLM_F_DUMP_FILTERED	0x20
#endif

#define NEW	IPCTNL_MSG_CT_NEW
#define GET	IPCTNL_MSG_CT_GET
#define DEL	IPCTNL_MSG_CT_DELETE
#define ZERO	IPCTNL_MSG_CT_GET_CTRZERO
#define TYPE(t)	(NFNL_SUBSYS_CTNETLINK << 8 | (t))

/* The address of a tuple; arguments replace the defaults. */
#define T(...)	HOSTS(.dport = 80, __VA_ARGS__)
#define T6(...)	HOSTS6(.dport = 80, __VA_ARGS__)

/* Attributes */
#define ORIG(t)		TUPLE(CTA_TUPLE_ORIG, t)
#define REPLY(t)	BACK(CTA_TUPLE_REPLY, t)
#define MASTER(t)	TUPLE(CTA_TUPLE_MASTER, t)
#define HELP(n, name)	NEST(CTA_HELP, BYTES(CTA_HELP_NAME, n, name))
#define TCP(...)	NEST(CTA_PROTOINFO, NEST(CTA_PROTOINFO_TCP, __VA_ARGS__))
#define SCTP(...)	NEST(CTA_PROTOINFO, NEST(CTA_PROTOINFO_SCTP, __VA_ARGS__))
#define DCCP(...)	NEST(CTA_PROTOINFO, NEST(CTA_PROTOINFO_DCCP, __VA_ARGS__))
#define SEQADJ		NEST(CTA_SEQ_ADJ_ORIG, BE32(1, 100), BE32(2, 200), BE32(3, 300))
#define FILTER(bits)	NEST(CTA_FILTER, U32(CTA_FILTER_ORIG_FLAGS, bits))
#define FILTER_REPLY(bits) NEST(CTA_FILTER, U32(CTA_FILTER_REPLY_FLAGS, bits))

/* Heads with the attributes that each of their requests has */
#define MAKE(t, ...)	CT(NEW, CREATE), { PAIR(t), BE32(CTA_TIMEOUT, 1000), __VA_ARGS__ }
#define MAKE6(t)	CT_OF(AF_INET6, NEW, CREATE), { PAIR(t), BE32(CTA_TIMEOUT, 1000) }
#define UPDATE(...)	CT(NEW, ACK), { ORIG(T()), __VA_ARGS__ }
#define FIND(t)		CT(GET, ACK), { ORIG(t) }
#define FIND6(t)	CT_OF(AF_INET6, GET, ACK), { ORIG(t) }
#define REMOVE(t)	CT(DEL, ACK), { ORIG(t) }

static void flush(void)
{
	MUST("flush", CT(DEL, ACK));
}

static int count(void)
{
	return ct_count((struct nl_head)CT_OF(AF_UNSPEC, GET, DUMP));
}

static void get(const struct nl_tuple *t)
{
	MUST("get", CT(GET, 0), { ORIG(t) });
}

/* --- envelope and tuples ----------------------------------------------------- */

static const struct ct_case envelope[] = {
	{ "get without a tuple", CT(GET, ACK), { }, EINVAL },
	{ "nest of two bytes", CT(GET, ACK),
	  { BYTES(CTA_TUPLE_ORIG | NLA_F_NESTED, 2, "xx") }, ERANGE },
	{ "zone of one byte", CT(GET, ACK), { BYTES(CTA_ZONE, 1, "x") }, ERANGE },
	{ "mark of three bytes", CT(GET, ACK),
	  { BYTES(CTA_MARK, 3, "xxx"), ORIG(T()) }, ERANGE },
	{ "unknown attribute is ignored", CT(GET, ACK),
	  { ORIG(T()), U8(60, 1) }, ENOENT },
	{ "synproxy nest of two bytes", CT(GET, ACK),
	  { BYTES(CTA_SYNPROXY | NLA_F_NESTED, 2, "xx"), ORIG(T()) }, ENOENT },
	{ "short attribute that is only for output", CT(GET, ACK),
	  { BYTES(CTA_USE, 1, "x"), ORIG(T()) }, ENOENT },
};

static void test_envelope(void)
{
	case_number("unknown message", ASK(CT(15, ACK)), EINVAL);
	CASES(envelope);
}

static const struct ct_case tuples[] = {
	{ "tuple: nothing found", FIND(T()), ENOENT },
	{ "tuple: nothing found, IPv6", FIND6(T6()), ENOENT },
	{ "tuple: no addresses", FIND(T(.without = NO_IP)), EINVAL },
	{ "tuple: no source", FIND(T(.without = NO_SRC)), EINVAL },
	{ "tuple: no destination", FIND(T(.without = NO_DST)), EINVAL },
	{ "tuple: no source, IPv6", FIND6(T6(.without = NO_SRC)), EINVAL },
	{ "tuple: no protocol", FIND(T(.without = NO_PROTO)), EINVAL },
	{ "tuple: no number", FIND(T(.without = NO_NUM)), EINVAL },
	{ "tuple: empty number", FIND(T(.without = SHORT_NUM)), ERANGE },
	{ "tuple: no source port", FIND(T(.without = NO_SPORT)), EINVAL },
	{ "tuple: no destination port", FIND(T(.without = NO_DPORT)), EINVAL },
	{ "tuple: port of one byte", FIND(T(.without = SHORT_PORT)), ERANGE },
	{ "tuple: short address", FIND(T(.without = SHORT_IP)), ERANGE },
	{ "tuple: short address, IPv6", FIND6(T6(.without = SHORT_IP)), ERANGE },
	{ "tuple: protocol without ports",
	  FIND(T(.proto = 99, .without = NO_SPORT | NO_DPORT)), ENOENT },
	{ "icmp: no id",
	  FIND(T(.proto = IPPROTO_ICMP, .dport = 8, .without = NO_SPORT)), EINVAL },
	{ "icmp: no type",
	  FIND(T(.proto = IPPROTO_ICMP, .without = NO_DPORT)), EINVAL },
	{ "icmp: type without a reverse",
	  FIND(T(.proto = IPPROTO_ICMP, .dport = 3)), EINVAL },
	{ "icmp: echo", FIND(T(.proto = IPPROTO_ICMP, .dport = 8)), ENOENT },
	{ "icmpv6: type below 128",
	  FIND6(T6(.proto = IPPROTO_ICMPV6, .dport = 1)), EINVAL },
	{ "icmpv6: type without a reverse",
	  FIND6(T6(.proto = IPPROTO_ICMPV6, .dport = 135)), EINVAL },
	{ "icmpv6: echo", FIND6(T6(.proto = IPPROTO_ICMPV6, .dport = 128)), ENOENT },
	{ "tuple: zone of its own", FIND(T(.zone = 5)), ENOENT },
	{ "tuple: family 7", CT_OF(7, GET, ACK), { ORIG(T()) }, EOPNOTSUPP },
	{ "tuple: family 0, no addresses", CT_OF(0, GET, ACK),
	  { ORIG(T(.without = NO_IP)) }, EOPNOTSUPP },
	{ "zone twice", CT(GET, ACK),
	  { BE16(CTA_ZONE, 3), ORIG(T(.zone = 5)) }, EINVAL },
	{ "zone in both tuples", CT(NEW, CREATE),
	  { ORIG(T(.zone = 5)), TUPLE(CTA_TUPLE_REPLY, T(.zone = 6)) }, EINVAL },
};

/* --- entries that are not made ----------------------------------------------- */

static const struct ct_case create_errors[] = {
	{ "new without CREATE", CT(NEW, ACK),
	  { PAIR(T()), BE32(CTA_TIMEOUT, 100) }, ENOENT },
	{ "new without tuples, without CREATE", CT(NEW, ACK), { }, ENOENT },
	{ "new without tuples", CT(NEW, CREATE), { }, EINVAL },
	{ "new with one tuple", CT(NEW, CREATE),
	  { ORIG(T()), BE32(CTA_TIMEOUT, 100) }, EINVAL },
	{ "new with two protocols", CT(NEW, CREATE),
	  { ORIG(T()), TUPLE(CTA_TUPLE_REPLY, T(.proto = IPPROTO_UDP)),
	    BE32(CTA_TIMEOUT, 100) }, EINVAL },
	{ "new without a timeout", CT(NEW, CREATE), { PAIR(T()) }, EINVAL },
	{ "new: status without CONFIRMED",
	  MAKE(T(), BE32(CTA_STATUS, IPS_SEEN_REPLY)), EBUSY },
	{ "new: status with EXPECTED",
	  MAKE(T(), BE32(CTA_STATUS, IPS_CONFIRMED | IPS_EXPECTED)), EBUSY },
	{ "new: status with DYING",
	  MAKE(T(), BE32(CTA_STATUS, IPS_CONFIRMED | IPS_DYING)), EBUSY },

	{ "new: helper without a name", MAKE(T(), NEST(CTA_HELP)), EINVAL },
	{ "new: unknown helper", MAKE(T(), HELP(7, "nosuch")), EOPNOTSUPP },
	{ "new: helper name without NUL",
	  MAKE(T(), HELP(16, "0123456789abcdef")), EINVAL },
	{ "new: long helper attribute",
	  MAKE(T(), HELP(20, "ftp\0................")), ERANGE },
	{ "new: no such master", MAKE(T(), MASTER(T(.sport = 7))), ENOENT },
	{ "new: master with a zone",
	  MAKE(T(), MASTER(T(.sport = 7, .zone = 1))), EINVAL },
	{ "new: two members of three in seqadj",
	  MAKE(T(), NEST(CTA_SEQ_ADJ_ORIG, BE32(1, 100), BE32(2, 200))), EINVAL },
	{ "new: tcp state 10",
	  MAKE(T(), TCP(U8(CTA_PROTOINFO_TCP_STATE, 10))), ERANGE },
	{ "new: tcp window scale 15",
	  MAKE(T(), TCP(U8(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, 15))), ERANGE },
	{ "new: tcp flags of one byte",
	  MAKE(T(), TCP(U8(CTA_PROTOINFO_TCP_FLAGS_REPLY, 1))), ERANGE },
	{ "new: incomplete sctp",
	  MAKE(T(.proto = IPPROTO_SCTP), SCTP(U8(CTA_PROTOINFO_SCTP_STATE, 3))),
	  EINVAL },
	{ "new: sctp state 9",
	  MAKE(T(.proto = IPPROTO_SCTP),
	       SCTP(U8(CTA_PROTOINFO_SCTP_STATE, 9),
		    BE32(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, 1),
		    BE32(CTA_PROTOINFO_SCTP_VTAG_REPLY, 1))), ERANGE },
	{ "new: nat address of one byte",
	  MAKE(T(), NEST(CTA_NAT_SRC, U8(CTA_NAT_V4_MINIP, 1))), ERANGE },
	{ "new: labels of 20 bytes",
	  MAKE(T(), BYTES(CTA_LABELS, 20, "01234567890123456789")), ERANGE },
};

static const struct ct_case dccp_errors[] = {
	{ "new: incomplete dccp",
	  MAKE(T(.proto = IPPROTO_DCCP), DCCP(U8(CTA_PROTOINFO_DCCP_STATE, 3))),
	  EINVAL },
	{ "new: dccp role 2",
	  MAKE(T(.proto = IPPROTO_DCCP), DCCP(U8(CTA_PROTOINFO_DCCP_STATE, 3),
					      U8(CTA_PROTOINFO_DCCP_ROLE, 2))),
	  EINVAL },
};

/* 7.x has no tracker for DCCP. */
static bool has_dccp(void)
{
	return !access("/proc/sys/net/netfilter/nf_conntrack_dccp_loose", F_OK);
}

static void test_create_errors(void)
{
	CASES(create_errors);
	if (has_dccp())
		CASES(dccp_errors);
	case_number("failed requests left nothing", count(), 0);
}

/* --- entries that are made ---------------------------------------------------- */

static const struct ct_case created[] = {
	{ "new: IPv6", MAKE6(T6()), 0 },
	{ "new: udp", MAKE(T(.proto = IPPROTO_UDP)), 0 },
	{ "new: icmp", MAKE(T(.proto = IPPROTO_ICMP, .dport = 8)), 0 },
	{ "new: icmpv6", MAKE6(T6(.proto = IPPROTO_ICMPV6, .dport = 128)), 0 },
	{ "new: protocol 99", MAKE(T(.proto = 99)), 0 },
	{ "new: sctp",
	  MAKE(T(.proto = IPPROTO_SCTP),
	       SCTP(U8(CTA_PROTOINFO_SCTP_STATE, 4),
		    BE32(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, 1),
		    BE32(CTA_PROTOINFO_SCTP_VTAG_REPLY, 1))), 0 },
	{ "new: in zone 9", MAKE(T(), BE16(CTA_ZONE, 9)), 0 },
	{ "new: zone for one direction", CT(NEW, CREATE),
	  { ORIG(T(.sport = 3000, .zone = 4)), REPLY(T(.sport = 3000)),
	    BE32(CTA_TIMEOUT, 10) }, 0 },
};

static void test_create_nat(void)
{
	CASE("new: source nat",
	     MAKE(T(.sport = 1002),
		  NEST(CTA_NAT_SRC, BE32(CTA_NAT_V4_MINIP, 0x0a090909),
		       BE32(CTA_NAT_V4_MAXIP, 0x0a090909),
		       NEST(CTA_NAT_PROTO, BE16(CTA_PROTONAT_PORT_MIN, 4444),
			    BE16(CTA_PROTONAT_PORT_MAX, 4444)))), 0);
	get(T(.sport = 1002));
	case_text("new: source nat: reply", got.text[CTA_TUPLE_REPLY],
		  "10.1.0.2 10.9.9.9 6 80 4444 ");
	case_number("new: source nat: status", got.value[CTA_STATUS],
		    IPS_CONFIRMED | IPS_SRC_NAT | IPS_SRC_NAT_DONE |
		    IPS_DST_NAT_DONE);
}

static void test_create_dccp(void)
{
	if (!has_dccp())
		return;
	CASE("new: dccp",
	     MAKE(T(.proto = IPPROTO_DCCP), DCCP(U8(CTA_PROTOINFO_DCCP_STATE, 3),
						 U8(CTA_PROTOINFO_DCCP_ROLE, 1))), 0);
	get(T(.proto = IPPROTO_DCCP));
	case_text("new: dccp: nest", got.text[CTA_PROTOINFO], "2(1 2 3)");
}

static void test_create(void)
{
	CASE("new", MAKE(T(), BE32(CTA_MARK, 5)), 0);
	CASE("new: exists, EXCL", CT(NEW, CREATE | NLM_F_EXCL),
	     { PAIR(T()), BE32(CTA_TIMEOUT, 1000) }, EEXIST);
	CASE("new: reply tuple taken", CT(NEW, CREATE),
	     { ORIG(T(.sport = 2000)), REPLY(T()), BE32(CTA_TIMEOUT, 10) }, EEXIST);

	CASE("new: with a master", MAKE(T(.sport = 1001), MASTER(T())), 0);
	get(T(.sport = 1001));
	case_number("new: with a master: status", got.value[CTA_STATUS],
		    IPS_CONFIRMED | IPS_EXPECTED);

	test_create_nat();

	CASE("new: helper", MAKE(T(.sport = 1003), HELP(4, "ftp")), 0);
	get(T(.sport = 1003));
	case_number("new: helper: status", got.value[CTA_STATUS],
		    IPS_CONFIRMED | IPS_HELPER);
	case_text("new: helper: attributes", got.order, "1 2 3 8 12 11 7 4 5 24");

	CASES(created);
	get(T(.proto = IPPROTO_SCTP));
	case_text("new: sctp: nest", got.text[CTA_PROTOINFO], "3(1 2 3)");
	test_create_dccp();
	get(T(.sport = 3000, .zone = 4));
	case_text("zone for one direction: attributes", got.order,
		  "1 2 3 8 12 11 7 4 24");
	case_number("all are there", count(), has_dccp() ? 13 : 12);
}

/* --- as a dump shows them -------------------------------------------------------- */

#define BOTH_NAT	(IPS_SRC_NAT | IPS_DST_NAT)
#define BOTH_DONE	(IPS_SRC_NAT_DONE | IPS_DST_NAT_DONE)
#define RESTORE(family, t, answer, status)					\
	CT_OF(family, NEW, CREATE),						\
	{ ORIG(t), TUPLE(CTA_TUPLE_REPLY, answer), BE32(CTA_TIMEOUT, 1000),	\
	  BE32(CTA_STATUS, IPS_CONFIRMED | (status)) }

/* The reply tuple and the status of what was found last */
static void restored(const char *name, const char *reply, int status)
{
	char what[128];

	snprintf(what, sizeof(what), "%s: reply", name);
	case_text(what, got.text[CTA_TUPLE_REPLY], reply);
	snprintf(what, sizeof(what), "DIFF %s: status", name);
	case_number(what, got.value[CTA_STATUS],
		    IPS_CONFIRMED | (ours ? status | BOTH_DONE : 0));
}

static void test_restore(void)
{
	const struct nl_tuple *answer = T(.src = "10.1.0.9", .sport = 8080,
					  .dst = "10.9.9.8", .dport = 4445);

	flush();
	CASE("restore: both translated", RESTORE(AF_INET, T(), answer, BOTH_NAT), 0);
	get(T());
	restored("restore: both translated", "10.1.0.9 10.9.9.8 6 8080 4445 ", BOTH_NAT);
	CASE("restore: a translation that is taken",
	     RESTORE(AF_INET, T(.sport = 1001), answer, BOTH_NAT), EEXIST);
	CASE("restore: destination",
	     RESTORE(AF_INET, T(.sport = 1002),
		     T(.src = "10.1.0.9", .sport = 81, .dst = "10.1.0.1", .dport = 1002),
		     IPS_DST_NAT), 0);
	get(T(.sport = 1002));
	restored("restore: destination", "10.1.0.9 10.1.0.1 6 81 1002 ", IPS_DST_NAT);
	CASE("restore: icmp",
	     RESTORE(AF_INET, T(.proto = IPPROTO_ICMP, .sport = 7, .dport = 8),
		     T(.proto = IPPROTO_ICMP, .src = "10.1.0.2", .dst = "10.9.9.8",
		       .sport = 9, .dport = 0), IPS_SRC_NAT), 0);
	get(T(.proto = IPPROTO_ICMP, .sport = 7, .dport = 8));
	restored("restore: icmp", "10.1.0.2 10.9.9.8 1 9 0 0 ", IPS_SRC_NAT);
	CASE("restore: IPv6",
	     RESTORE(AF_INET6, T6(), T6(.src = "fd00::2", .sport = 80, .dst = "fd00::9",
					.dport = 4000), IPS_SRC_NAT), 0);
	MUST("restore: get", CT_OF(AF_INET6, GET, 0), { ORIG(T6()) });
	restored("restore: IPv6", "fd00::2 fd00::9 6 80 4000 ", IPS_SRC_NAT);
	CASE("DIFF restore: expected",
	     MAKE(T(.sport = 1003), MASTER(T()),
		  BE32(CTA_STATUS, IPS_CONFIRMED | IPS_EXPECTED)), ours ? 0 : EBUSY);
	case_number("DIFF restore: all", count(), ours ? 5 : 4);
	flush();
}

/* --- masters ------------------------------------------------------------------ */

#define CHAIN	300
#define GRE	T(.proto = IPPROTO_GRE, .sport = 5000)

static const struct ct_case strange_masters[] = {
	{ "new: gre, its master has no helper", MAKE(GRE, MASTER(T())), 0 },
	{ "delete: gre, its master has no helper", REMOVE(GRE), 0 },
	{ "new: gre, its master has another helper",
	  MAKE(GRE, MASTER(T(.sport = 1003))), 0 },
	{ "delete: gre, its master has another helper", REMOVE(GRE), 0 },
};

/*
 * Stock crashes in these: it takes the helper data of any master, or what
 * stands where a master has none, for PPTP's.
 */
static void test_masters(void)
{
	int i;

	if (!ours)
		return;
	flush();
	MUST("masters: plain", MAKE(T()));
	MUST("masters: ftp", MAKE(T(.sport = 1003), HELP(4, "ftp")));
	CASES(strange_masters);

	/* each holds the one before, so that all end at once */
	MUST("masters: chain", MAKE(T(.sport = 2000)));
	for (i = 1; i < CHAIN; i++)
		MUST("masters: chain", MAKE(T(.sport = 2000 + i),
					    MASTER(T(.sport = 1999 + i))));
	for (i = 0; i < CHAIN; i++)
		MUST("masters: end of the chain", REMOVE(T(.sport = 2000 + i)));
	flush();
	case_number("masters: all are gone", count(), 0);
}

/* --- changes ------------------------------------------------------------------- */

static const struct ct_case status_updates[] = {
	{ "update: nat", UPDATE(NEST(CTA_NAT_DST)), EOPNOTSUPP },
	{ "update: master", UPDATE(MASTER(T())), EOPNOTSUPP },
	{ "update: set EXPECTED",
	  UPDATE(BE32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_EXPECTED)),
	  EBUSY },
	{ "update: clear CONFIRMED", UPDATE(BE32(CTA_STATUS, IPS_SEEN_REPLY)), EBUSY },
	{ "update: clear SEEN_REPLY", UPDATE(BE32(CTA_STATUS, IPS_CONFIRMED)), EBUSY },
	{ "update: set ASSURED",
	  UPDATE(BE32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED |
		      IPS_SRC_NAT | IPS_OFFLOAD)), 0 },
};

static void test_update_status(void)
{
	flush();
	MUST("update: make",
	     MAKE(T(), BE32(CTA_MARK, 0xf0),
		  BE32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY)));
	CASES(status_updates);
	get(T());
	case_number("update: bits that stay", got.value[CTA_STATUS],
		    IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED);
}

static void test_update_mark(void)
{
	CASE("update: mark and mask",
	     UPDATE(BE32(CTA_MARK, 0x0f), BE32(CTA_MARK_MASK, 0xff)), 0);
	get(T());
	case_number("update: mark", got.value[CTA_MARK], 0x0f);
	MUST("update: toggle",
	     UPDATE(BE32(CTA_MARK, 0x30), BE32(CTA_MARK_MASK, 0x0c)));
	get(T());
	case_number("update: mark is toggled", got.value[CTA_MARK], 0x33);
}

static const struct ct_case helper_updates[] = {
	{ "update: helper without a name", UPDATE(NEST(CTA_HELP)), EINVAL },
	{ "update: unknown helper", UPDATE(HELP(7, "nosuch")), EOPNOTSUPP },
	{ "update: helper where none was", UPDATE(HELP(4, "ftp")), EOPNOTSUPP },
};

/* Does an empty name take the helper away?  Stock 7.x knows no helper of that name. */
static bool empty_name_takes(void)
{
	return ours || !kernel_is_at_least(7, 0);
}

/* A helper is taken away, and its expectations with it. */
static void test_remove_helper(void)
{
	if (!empty_name_takes()) {
		CASE("DIFF update: empty helper", UPDATE(HELP(1, "")), EOPNOTSUPP);
		return;
	}
	CASE("DIFF update: empty helper", UPDATE(HELP(1, "")), 0);
	MUST("remove helper: make", MAKE(T(.sport = 1003), HELP(4, "ftp")));
	CASE("update: the same helper", CT(NEW, ACK),
	     { ORIG(T(.sport = 1003)), HELP(4, "ftp") }, 0);
	MUST("remove helper: expectation",
	     EXP_OF(AF_INET, IPCTNL_MSG_EXP_NEW, CREATE),
	     { TUPLE(CTA_EXPECT_TUPLE, T(.sport = 0)),
	       TUPLE(CTA_EXPECT_MASK, T(.sport = 0)),
	       TUPLE(CTA_EXPECT_MASTER, T(.sport = 1003)) });
	CASE("update: empty name of a helper", CT(NEW, ACK),
	     { ORIG(T(.sport = 1003)), HELP(1, "") }, 0);
	get(T(.sport = 1003));
	case_text("update: the helper is gone", got.order, "1 2 3 8 12 11 7 4 24");
	case_number("update: so are its expectations",
		    ct_count((struct nl_head)EXP_OF(AF_UNSPEC, IPCTNL_MSG_EXP_GET, DUMP)), 0);
	CASE("update: it does not come back", CT(NEW, ACK),
	     { ORIG(T(.sport = 1003)), HELP(4, "ftp") }, EBUSY);
	CASE("new: empty name of a helper", MAKE(T(.sport = 1004), HELP(1, "")), EOPNOTSUPP);
	MUST("remove helper: end", REMOVE(T(.sport = 1003)));
}

#define CTHELPER(type, flags)	{ NFNL_SUBSYS_CTHELPER, type, flags, AF_UNSPEC }

/* A helper in userspace with eight bytes of its own in each connection */
static void test_helper_info(void)
{
	MUST("helper info: register", CTHELPER(NFNL_MSG_CTHELPER_NEW, CREATE),
	     { STRING(NFCTH_NAME, "toy"),
	       NEST(NFCTH_TUPLE, BE16(NFCTH_TUPLE_L3PROTONUM, AF_INET),
		    U8(NFCTH_TUPLE_L4PROTONUM, IPPROTO_TCP)),
	       NEST(NFCTH_POLICY, BE32(NFCTH_POLICY_SET_NUM, 1),
		    NEST(NFCTH_POLICY_SET1, STRING(NFCTH_POLICY_NAME, "toy"),
			 BE32(NFCTH_POLICY_EXPECT_MAX, 1),
			 BE32(NFCTH_POLICY_EXPECT_TIMEOUT, 100))),
	       BE32(NFCTH_PRIV_DATA_LEN, 8), BE32(NFCTH_QUEUE_NUM, 9) });
	CASE("new: helper in userspace", MAKE(T(.sport = 1005),
	     NEST(CTA_HELP, STRING(CTA_HELP_NAME, "toy"),
		  BYTES(CTA_HELP_INFO, 8, "in form "))), 0);
	get(T(.sport = 1005));
	case_text("DIFF new: what the helper is told", got.text[CTA_HELP],
		  ours ? "toy in form  " : "toy  ");
	CASE("update: helper in userspace", CT(NEW, ACK),
	     { ORIG(T(.sport = 1005)), NEST(CTA_HELP, STRING(CTA_HELP_NAME, "toy"),
					    BYTES(CTA_HELP_INFO, 8, "is told ")) }, 0);
	get(T(.sport = 1005));
	case_text("update: what the helper is told", got.text[CTA_HELP], "toy is told  ");
	MUST("helper info: end", REMOVE(T(.sport = 1005)));
	MUST("helper info: unregister", CTHELPER(NFNL_MSG_CTHELPER_DEL, ACK),
	     { STRING(NFCTH_NAME, "toy") });
}

static void test_update_timeout(void)
{
	CASE("update: timeout", UPDATE(BE32(CTA_TIMEOUT, 77)), 0);
	get(T());
	case_between("update: new timeout", got.value[CTA_TIMEOUT], 76, 77);
	CASE("update: timeout beyond reason",
	     UPDATE(BE32(CTA_TIMEOUT, 0xffffffff)), 0);
	get(T());
	case_between("update: timeout is clamped", got.value[CTA_TIMEOUT],
		     8589930, 8589934);
}

static const struct ct_case detail_updates[] = {
	{ "update: tcp state", UPDATE(TCP(U8(CTA_PROTOINFO_TCP_STATE, 3))), 0 },
	{ "update: tcp state 11",
	  UPDATE(TCP(U8(CTA_PROTOINFO_TCP_STATE, 11))), ERANGE },
	{ "update: seqadj", UPDATE(SEQADJ), 0 },
	{ "update: incomplete seqadj",
	  UPDATE(NEST(CTA_SEQ_ADJ_REPLY, BE32(1, 100))), EINVAL },
};

static const struct ct_case label_updates[] = {
	{ "update: incomplete synproxy",
	  UPDATE(NEST(CTA_SYNPROXY, BE32(1, 100), BE32(2, 200))), EINVAL },
	{ "update: labels of three bytes",
	  UPDATE(BYTES(CTA_LABELS, 3, "abc")), EINVAL },
	{ "update: label mask of another length",
	  UPDATE(BYTES(CTA_LABELS, 4, "abcd"),
		 BYTES(CTA_LABELS_MASK, 8, "abcdabcd")), EINVAL },
	{ "update: empty label mask",
	  UPDATE(BYTES(CTA_LABELS, 4, "abcd"), BYTES(CTA_LABELS_MASK, 0, "")),
	  EINVAL },
	{ "update: labels without room",
	  UPDATE(BYTES(CTA_LABELS, 4, "abcd")), ENOSPC },
	{ "update: good mark, bad labels",
	  UPDATE(BE32(CTA_MARK, 0x99), BYTES(CTA_LABELS, 3, "abc")), EINVAL },
};

static const struct ct_case last_updates[] = {
	{ "update: fixed timeout",
	  UPDATE(BE32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED |
		      IPS_FIXED_TIMEOUT)), 0 },
	{ "update: timeout of a fixed one", UPDATE(BE32(CTA_TIMEOUT, 5)), EPERM },
	{ "update: EXCL", CT(NEW, ACK | NLM_F_EXCL), { ORIG(T()) }, EEXIST },
	{ "update: by reply tuple", CT(NEW, ACK),
	  { REPLY(T()), BE32(CTA_MARK, 1) }, 0 },
};

static void test_update(void)
{
	test_update_status();
	test_update_mark();
	CASES(helper_updates);
	test_remove_helper();
	test_helper_info();
	test_update_timeout();
	CASES(detail_updates);
	get(T());
	case_text("update: seqadj: attributes", got.order,
		  "1 2 3 8 12 11 7 4 15 16 24");
	case_text("update: seqadj: nest", got.text[CTA_SEQ_ADJ_ORIG], "1 2 3");
	CASES(label_updates);
	get(T());
	case_number("DIFF update: what fails changes nothing",
		    got.value[CTA_MARK], ours ? 0x33 : 0x99);
	CASES(last_updates);
}

/* --- one entry: read and delete ------------------------------------------------ */

static void test_get(void)
{
	uint32_t id;

	flush();
	MUST("get: make", MAKE(T()));
	get(T());
	id = got.id;
	case_text("get: attributes", got.order, "1 2 3 8 12 11 7 4 24");
	case_text("get: tcp", got.text[CTA_PROTOINFO], "1(1 2 3 4 5)");
	case_text("get: synproxy", got.text[CTA_SYNPROXY], "1 2 3");
	case_number("get: flags", got.flags, NLM_F_MULTI);
	case_number("get: type", got.type, TYPE(NEW));
	case_number("get: family", got.family, AF_INET);
	case_number("get: use", got.value[CTA_USE], 2);
	MUST("get: by reply tuple", CT(GET, 0), { REPLY(T()) });
	case_number("get: by reply tuple", got.id, id);
	CASE("get: id is not looked at", CT(GET, ACK),
	     { ORIG(T()), U32(CTA_ID, id + 1) }, 0);

	count();
	case_number("dump: use", got.value[CTA_USE], 1);
	case_number("dump: flags", got.flags, NLM_F_MULTI);
	case_number("dump: id", got.id, id);
}

static void test_delete(void)
{
	uint32_t id;

	get(T());
	id = got.id;
	CASE("delete: another id", CT(DEL, ACK),
	     { ORIG(T()), U32(CTA_ID, id + 1) }, ENOENT);
	CASE("delete: with its id", CT(DEL, ACK),
	     { ORIG(T()), U32(CTA_ID, id) }, 0);
	CASE("delete: again", REMOVE(T()), ENOENT);
	MUST("delete: make", MAKE(T()));
	CASE("delete: by reply tuple", CT(DEL, ACK), { REPLY(T()) }, 0);
}

/* --- requests without a family ------------------------------------------------- */

#define CT0(type, flags)	CT_OF(AF_UNSPEC, type, flags)

/* Stock refuses all of them */
static void test_family(void)
{
	const int works = ours ? 0 : EOPNOTSUPP;

	flush();
	CASE("DIFF family 0: new", CT0(NEW, CREATE),
	     { PAIR(T()), BE32(CTA_TIMEOUT, 1000) }, works);
	CASE("DIFF family 0: new, IPv6", CT0(NEW, CREATE),
	     { PAIR(T6()), BE32(CTA_TIMEOUT, 1000) }, works);
	CASE("DIFF family 0: new with a master", CT0(NEW, CREATE),
	     { PAIR(T(.sport = 1001)), BE32(CTA_TIMEOUT, 1000), MASTER(T()) }, works);
	CASE("DIFF family 0: new, the reply has another family", CT0(NEW, CREATE),
	     { ORIG(T(.sport = 1002)), REPLY(T6(.sport = 1002)),
	       BE32(CTA_TIMEOUT, 1000) }, ours ? EINVAL : EOPNOTSUPP);
	CASE("DIFF family 0: new, the master has another family", CT0(NEW, CREATE),
	     { PAIR(T(.sport = 1002)), BE32(CTA_TIMEOUT, 1000), MASTER(T6()) },
	     ours ? EINVAL : EOPNOTSUPP);
	case_number("DIFF family 0: those are there", count(), ours ? 3 : 0);
	CASE("DIFF family 0: update", CT0(NEW, ACK),
	     { ORIG(T()), BE32(CTA_MARK, 7) }, works);
	CASE("DIFF family 0: get", CT0(GET, ACK), { ORIG(T()) }, works);
	case_number("DIFF family 0: get: mark", got.value[CTA_MARK], ours ? 7 : 0);
	case_number("DIFF family 0: get: family", got.family, ours ? AF_INET : 0);
	CASE("DIFF family 0: get by reply, IPv6", CT0(GET, ACK), { REPLY(T6()) }, works);
	CASE("DIFF family 0: delete", CT0(DEL, ACK), { ORIG(T()) }, works);
	CASE("DIFF family 0: delete, IPv6", CT0(DEL, ACK), { ORIG(T6()) }, works);
	flush();
}

/* --- dumps and their filters --------------------------------------------------- */

#define MARKED(t, mark, status)							\
	CT(NEW, CREATE), { PAIR(t), BE32(CTA_TIMEOUT, 1000), BE32(CTA_MARK, mark),	\
			   BE32(CTA_STATUS, IPS_CONFIRMED | (status)) }
#define MARKED6(t, mark)							\
	CT_OF(AF_INET6, NEW, CREATE),						\
	{ PAIR(t), BE32(CTA_TIMEOUT, 1000), BE32(CTA_MARK, mark),		\
	  BE32(CTA_STATUS, IPS_CONFIRMED) }
#define LIST(family)	CT_OF(family, GET, DUMP)

/* 4 IPv4: tcp marks 1 and 3, udp mark 1 assured, icmp; 2 IPv6; 1 in zone 9 */
static void populate(void)
{
	static const char name[] = "filters: make";

	flush();
	MUST(name, MARKED(T(.sport = 1), 1, 0));
	MUST(name, MARKED(T(.sport = 2, .src = "10.1.0.7"), 3, 0));
	MUST(name, MARKED(T(.sport = 3, .proto = IPPROTO_UDP), 1,
			  IPS_SEEN_REPLY | IPS_ASSURED));
	MUST(name, MARKED(T(.sport = 4, .proto = IPPROTO_ICMP, .dport = 8), 0, 0));
	MUST(name, MARKED6(T6(.sport = 5), 1));
	MUST(name, MARKED6(T6(.sport = 6, .src = "fd00::7"), 0));
	MUST(name, MAKE(T(.sport = 7), BE16(CTA_ZONE, 9)));
}

static const struct ct_case filters[] = {
	{ "filter: IPv6", LIST(AF_INET6), { }, SHOWS(2) },
	{ "filter: family 7", LIST(7), { }, SHOWS(0) },
	{ "filter: mark", LIST(AF_UNSPEC), { BE32(CTA_MARK, 1) }, SHOWS(3) },
	{ "filter: mark, mask, IPv4", LIST(AF_INET),
	  { BE32(CTA_MARK, 1), BE32(CTA_MARK_MASK, 1) }, SHOWS(3) },
	{ "filter: no mark", LIST(AF_UNSPEC), { BE32(CTA_MARK, 0) }, SHOWS(3) },
	{ "filter: mask without mark, nothing else", LIST(AF_UNSPEC),
	  { BE32(CTA_MARK_MASK, 1) }, SHOWS(7) },
	{ "filter: mask without mark", LIST(AF_INET),
	  { BE32(CTA_MARK_MASK, 1) }, EINVAL },
	{ "filter: status", LIST(AF_UNSPEC),
	  { BE32(CTA_STATUS, IPS_ASSURED) }, SHOWS(1) },
	{ "filter: status and mask", LIST(AF_UNSPEC),
	  { BE32(CTA_STATUS, 0), BE32(CTA_STATUS_MASK, IPS_ASSURED) }, SHOWS(6) },
	{ "filter: status 0", LIST(AF_UNSPEC), { BE32(CTA_STATUS, 0) }, EINVAL },
	{ "filter: status mask without status", LIST(AF_INET),
	  { BE32(CTA_STATUS_MASK, 1) }, EINVAL },
	{ "filter: status mask without status, nothing else", LIST(AF_UNSPEC),
	  { BE32(CTA_STATUS_MASK, 1) }, SHOWS(7) },
	{ "DIFF filter: zone", LIST(AF_UNSPEC),
	  { BE16(CTA_ZONE, 9) }, MODERN_SHOWS(7, 1) },
	{ "DIFF filter: default zone, IPv4", LIST(AF_INET),
	  { BE16(CTA_ZONE, 0) }, MODERN_SHOWS(5, 4) },
};

static void test_filters(void)
{
	populate();
	CASE("filter: none", LIST(AF_UNSPEC), { }, SHOWS(7));
	case_number("filter: none: flags", got.flags, NLM_F_MULTI);
	CASE("filter: IPv4", LIST(AF_INET), { }, SHOWS(5));
	case_number("filter: IPv4: flags", got.flags,
		    NLM_F_MULTI | NLM_F_DUMP_FILTERED);
	case_number("filter: IPv4: flags of the end", got.end.flags,
		    NLM_F_MULTI | NLM_F_DUMP_FILTERED);
	CASES(filters);
}

static const struct ct_case tuple_filters[] = {
	{ "filter: tuple without family", LIST(AF_UNSPEC),
	  { FILTER(1), ORIG(T()) }, EOPNOTSUPP },
	{ "filter: no tuple", LIST(AF_INET), { FILTER(1) }, EINVAL },
	{ "filter: the other tuple", LIST(AF_INET),
	  { FILTER_REPLY(1), ORIG(T()) }, EINVAL },
	{ "filter: no source", LIST(AF_INET),
	  { FILTER(1), ORIG(T(.without = NO_SRC)) }, EINVAL },
	{ "filter: no addresses", LIST(AF_INET),
	  { FILTER(2), ORIG(T(.without = NO_IP)) }, EINVAL },
	{ "filter: port without protocol", LIST(AF_INET),
	  { FILTER(0x10), ORIG(T()) }, EINVAL },
	{ "filter: no port", LIST(AF_INET),
	  { FILTER(0x18), ORIG(T(.without = NO_SPORT)) }, EINVAL },
	{ "filter: unknown member", LIST(AF_INET),
	  { FILTER(0x1000), ORIG(T()) }, EINVAL },
	{ "filter: nest without its flag", LIST(AF_INET),
	  { FLAT(CTA_FILTER, U32(CTA_FILTER_ORIG_FLAGS, 1)), ORIG(T()) }, EINVAL },
	{ "filter: source", LIST(AF_INET),
	  { FILTER(1), ORIG(T(.without = NO_PROTO | NO_DST)) }, SHOWS(4) },
	{ "filter: protocol", LIST(AF_INET),
	  { FILTER(8), ORIG(T(.without = NO_IP | NO_SPORT | NO_DPORT)) }, SHOWS(3) },
	{ "filter: source port", LIST(AF_INET),
	  { FILTER(0x18), ORIG(T(.sport = 2)) }, SHOWS(1) },
	{ "filter: destination port", LIST(AF_INET),
	  { FILTER(0x28), ORIG(T()) }, SHOWS(3) },
	{ "filter: reply destination", LIST(AF_INET),
	  { FILTER_REPLY(2), TUPLE(CTA_TUPLE_REPLY, T(.dst = "10.1.0.7")) },
	  SHOWS(1) },
	{ "filter: icmp type", LIST(AF_INET),
	  { FILTER(0x48), ORIG(T(.proto = IPPROTO_ICMP, .dport = 8)) }, SHOWS(1) },
	{ "filter: icmp id", LIST(AF_INET),
	  { FILTER(0x108), ORIG(T(.proto = IPPROTO_ICMP, .sport = 5, .dport = 8)) },
	  SHOWS(0) },
	{ "DIFF filter: zone of a tuple", LIST(AF_INET),
	  { FILTER(4), ORIG(T(.zone = 9)) }, DIFF_SHOWS(5, 1) },
	{ "DIFF filter: IPv6 source", LIST(AF_INET6),
	  { FILTER(1), ORIG(T6(.src = "fd00::7")) }, SHOWS(1) },
};

static void test_tuple_filters(void)
{
	CASES(tuple_filters);
	case_number("DIFF filter: IPv6 source, the right one",
		    got.value[CTA_MARK], modern ? 0 : 1);
}

#define FLUSH_OF(family)	{ NFNL_SUBSYS_CTNETLINK, DEL, ACK, family, .version = 1 }

static void test_flush(void)
{
	populate();
	CASE("DIFF flush: filter without a tuple", CT(DEL, ACK), { FILTER(1) },
	     modern ? EINVAL : EOPNOTSUPP);
	CASE("DIFF flush: filter without family", CT_OF(AF_UNSPEC, DEL, ACK),
	     { FILTER(1), ORIG(T()) }, EOPNOTSUPP);
	CASE("flush: mask without mark", FLUSH_OF(AF_INET),
	     { BE32(CTA_MARK_MASK, 1) }, EINVAL);
	case_number("flush: nothing gone", count(), 7);

	CASE("flush: by mark", CT(DEL, ACK), { BE32(CTA_MARK, 3) }, 0);
	case_number("flush: by mark: left", count(), 6);
	CASE("flush: by status", CT(DEL, ACK), { BE32(CTA_STATUS, IPS_ASSURED) }, 0);
	case_number("flush: by status: left", count(), 5);
	CASE("flush: by family", FLUSH_OF(AF_INET6), { }, 0);
	case_number("flush: by family: left", count(), 3);
	CASE("flush: family without version", CT_OF(AF_INET6, DEL, ACK), { }, 0);
	case_number("flush: family without version: left", count(), 0);

	populate();
	CASE("DIFF flush: by protocol and port", CT(DEL, ACK),
	     { FILTER(0x28), ORIG(T(.without = NO_IP | NO_SPORT)) }, modern ? 0 : EINVAL);
	case_number("DIFF flush: by protocol and port: left", count(), modern ? 4 : 7);
	CASE("DIFF flush: by IPv6 source", CT_OF(AF_INET6, DEL, ACK),
	     { FILTER(1), ORIG(T6(.src = "fd00::7")) }, modern ? 0 : ENOENT);
	case_number("DIFF flush: by IPv6 source: left", count(), modern ? 3 : 7);

	populate();
	CASE("flush: by zone", CT_OF(AF_UNSPEC, DEL, ACK), { BE16(CTA_ZONE, 9) }, 0);
	case_number("DIFF flush: by zone: left", count(), modern ? 6 : 0);
	flush();
}

/* --- statistics ----------------------------------------------------------------- */

static const struct ct_case special_lists[] = {
	{ "dying: no dump", CT(IPCTNL_MSG_CT_GET_DYING, ACK), { }, EOPNOTSUPP },
	{ "unconfirmed: no dump", CT(IPCTNL_MSG_CT_GET_UNCONFIRMED, ACK), { },
	  EOPNOTSUPP },
	{ "dying: empty", CT(IPCTNL_MSG_CT_GET_DYING, DUMP), { }, SHOWS(0) },
	{ "unconfirmed: empty", CT(IPCTNL_MSG_CT_GET_UNCONFIRMED, DUMP), { },
	  SHOWS(0) },
};

static void test_stats(void)
{
	populate();
	MUST("stats", CT(IPCTNL_MSG_CT_GET_STATS, 0));
	case_text("stats: attributes", got.order, "1 2");
	case_number("stats: entries", got.value[CTA_STATS_GLOBAL_ENTRIES], 7);
	case_number("stats: family", got.family, AF_UNSPEC);
	case_number("stats: flags", got.flags, NLM_F_MULTI);

	MUST("stats per cpu", CT(IPCTNL_MSG_CT_GET_STATS_CPU, DUMP));
	case_number("stats per cpu: messages", got.messages,
		    sysconf(_SC_NPROCESSORS_CONF));
	case_text("stats per cpu: attributes", got.order,
		  "2 4 8 9 10 11 12 13 14 15");
	case_number("stats per cpu: type", got.type,
		    TYPE(IPCTNL_MSG_CT_GET_STATS_CPU));
	CASE("stats per cpu: no dump", CT(IPCTNL_MSG_CT_GET_STATS_CPU, ACK), { }, 0);
	case_number("stats per cpu: no dump, no message", got.messages, 0);

	MUST("expectation stats",
	     EXP_OF(AF_UNSPEC, IPCTNL_MSG_EXP_GET_STATS_CPU, DUMP));
	case_text("expectation stats: attributes", got.order, "1 2 3");
	case_number("expectation stats: type", got.type,
		    TYPE(IPCTNL_MSG_EXP_GET_STATS_CPU));
	CASES(special_lists);
}

/* --- events ----------------------------------------------------------------------- */

#define EVENT_MS	2000

/* The next event is of that type, with these flags and attributes. */
static void sees(const char *name, int type, int flags, const char *order)
{
	char text[320], want[320];

	if (!ct_event(EVENT_MS)) {
		case_result(false, name, "no event");
		return;
	}
	snprintf(text, sizeof(text), "%d %x: %s", got.type & 0xff,
		 got.flags, got.order);
	snprintf(want, sizeof(want), "%d %x: %s", type, flags, order);
	case_text(name, text, want);
}

static void write_sysctl(const char *name, const char *value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/%s", name);
	f = fopen(path, "w");
	if (!f || fputs(value, f) < 0 || fclose(f))
		case_result(false, path, "cannot be written");
}

static void sees_new(const char *name, const char *order)
{
	sees(name, NEW, NLM_F_CREATE | NLM_F_EXCL, order);
}

static void test_new_events(void)
{
	flush();
	nl_join(events, NFNLGRP_CONNTRACK_NEW);
	nl_join(events, NFNLGRP_CONNTRACK_UPDATE);
	nl_join(events, NFNLGRP_CONNTRACK_DESTROY);

	MUST("event: make", MAKE(T()));
	sees_new("event: new", "1 2 12 3 7 4 24 8");
	case_number("event: port of the cause", got.portid,
		    mnl_socket_get_portid(requests));
	MUST("event: make with mark",
	     MAKE(T(.sport = 8, .proto = IPPROTO_UDP), BE32(CTA_MARK, 4),
		  BE16(CTA_ZONE, 3)));
	sees_new("event: new udp with mark and zone", "1 2 18 12 3 7 24 8");
	MUST("event: make with master", MAKE(T(.sport = 9), MASTER(T())));
	sees_new("event: related", "1 2 12 3 7 4 14 24 8");
}

static void test_change_events(void)
{
	MUST("event: update", UPDATE(BE32(CTA_TIMEOUT, 50)));
	sees("event: update", NEW, 0, "1 2 12 3 7 4 24 8");
	MUST("event: update seqadj", UPDATE(SEQADJ));
	sees("event: update seqadj", NEW, 0, "1 2 12 3 7 4 15 16 24 8");

	MUST("event: delete", REMOVE(T(.sport = 9)));
	sees("event: destroy", DEL, 0, "1 2 12 3 7 4");
	case_text("event: destroy: tcp", got.text[CTA_PROTOINFO], "1(1)");
	MUST("event: delete udp", CT(DEL, ACK),
	     { BE16(CTA_ZONE, 3), ORIG(T(.sport = 8, .proto = IPPROTO_UDP)) });
	sees("event: destroy udp with mark and zone", DEL, 0, "1 2 18 12 3 7 8");
}

/* Events of entries with times tell their own since 7.x: CTA_TIMESTAMP_EVENT, the last */
static const char *with_time(const char *order)
{
	static char text[128];
	struct utsname kernel;
	bool told;

	told = !uname(&kernel) && atoi(kernel.release) >= 7;
	snprintf(text, sizeof(text), "%s%s", order, told ? " 27" : "");
	return text;
}

static void test_counters(void)
{
	write_sysctl("nf_conntrack_acct", "1");
	write_sysctl("nf_conntrack_timestamp", "1");
	MUST("event: make with counters", MAKE(T(.sport = 10)));
	sees_new("event: new with counters", with_time("1 2 12 3 7 4 24 8"));
	get(T(.sport = 10));
	case_text("get: attributes with counters", got.order,
		  "1 2 3 8 12 11 7 4 9 10 20 24");
	case_text("get: counters", got.text[CTA_COUNTERS_ORIG], "1 2");
	case_text("get: time", got.text[CTA_TIMESTAMP], "1");
	CASE("zero counters by dump", CT_OF(AF_UNSPEC, ZERO, DUMP), { }, SHOWS(2));
	CASE("zero counters of one", CT(ZERO, ACK), { ORIG(T(.sport = 10)) }, 0);
	MUST("event: delete with counters", REMOVE(T(.sport = 10)));
	sees("event: destroy with counters", DEL, 0,
	     with_time("1 2 12 3 7 9 10 20 4"));
	write_sysctl("nf_conntrack_acct", "0");
	write_sysctl("nf_conntrack_timestamp", "0");
}

/* A request that fails changes nothing and so causes no event. */
static void test_no_event(void)
{
	ASK(UPDATE(BE32(CTA_STATUS, 0)));
	case_result(!ct_event(EVENT_MS), "event: none after a failure", "got one");
}

static void test_echo(void)
{
	flush();
	ct_forget_events();
	MUST("echo", CT(NEW, NLM_F_CREATE | NLM_F_ECHO),
	     { PAIR(T(.sport = 11)), BE32(CTA_TIMEOUT, 1000) });
	case_text("echo: attributes", got.order, "1 2 12 3 7 4 24 8");
	case_number("echo: flags", got.flags, NLM_F_CREATE | NLM_F_EXCL);
	case_result(ct_event(EVENT_MS), "echo: others hear it too", "no event");
}

int main(int argc, char **argv)
{
	ct_begin(argc, argv);
	test_envelope();
	CASES(tuples);
	test_create_errors();
	test_create();
	test_restore();
	test_masters();
	test_update();
	test_get();
	test_delete();
	test_family();
	test_filters();
	test_tuple_filters();
	test_flush();
	test_stats();
	test_new_events();
	test_change_events();
	test_counters();
	test_no_event();
	test_echo();
	flush();
	return 0;
}
