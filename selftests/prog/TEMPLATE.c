// SPDX-License-Identifier: GPL-2.0
/*
 * Program of a netlink test: copy it to PROGRAM.c, and let your copy of
 * tests/TEMPLATE-netlink.sh call it.  Say here what its cases show, and how it is
 * called:
 *
 *   PROGRAM stock|ours
 *
 * Line by line:
 *
 *   ctcase.h      a case is a request and what its answer must be; its head
 *                 explains the words used below.  nl.h has what makes a request:
 *                 heads (CT, EXP) and attributes (U8, BE32, NEST, TUPLE, ...).
 *   T()           a tuple, with defaults that its arguments replace
 *   MAKE() ...    head and attributes of a request that many cases begin with
 *   errors[]      a table of cases: name, head, { attributes }, errno
 *   CASES()       runs a table
 *   CASE()        runs one case, where something else is looked at behind it
 *   MUST()        set-up: a case only if it fails
 *   got           what the last answer or event said: got.value[TYPE] for
 *                 integers, got.order for the attributes in their order, ...
 *   case_number   compares; also case_text, case_between, case_result (cases.h)
 *   ct_event()    reads the next event into "got", or returns false
 *   main          ct_begin() first, 0 at the end
 */
#include "ctcase.h"

#define T(...)		HOSTS(.proto = IPPROTO_UDP, .dport = 53, __VA_ARGS__)
#define MAKE(t, ...)	CT(IPCTNL_MSG_CT_NEW, CREATE),				\
			{ PAIR(t), BE32(CTA_TIMEOUT, 1000), __VA_ARGS__ }
#define FIND(t)		CT(IPCTNL_MSG_CT_GET, NLM_F_ACK), { TUPLE(CTA_TUPLE_ORIG, t) }

static const struct ct_case errors[] = {
	{ "nothing is found in an empty table", FIND(T()), ENOENT },
	{ "a tuple needs a port", FIND(T(.without = NO_SPORT)), EINVAL },
	{ "a mark has four bytes", MAKE(T(), BYTES(CTA_MARK, 3, "xxx")), ERANGE },
};

static void test_mark(void)
{
	CASE("an entry is made with a mark", MAKE(T(), BE32(CTA_MARK, 7)), 0);
	MUST("find it", FIND(T()));
	case_number("its mark is read", got.value[CTA_MARK], 7);
	case_text("its tuple is read", got.text[CTA_TUPLE_ORIG],
		  "10.1.0.1 10.1.0.2 17 1000 53 ");
	CASE("a dump shows it", CT(IPCTNL_MSG_CT_GET, NLM_F_DUMP), { }, SHOWS(1));
}

static void test_event(void)
{
	nl_join(events, NFNLGRP_CONNTRACK_NEW);
	MUST("make another", MAKE(T(.sport = 1001)));
	case_result(ct_event(2000), "a new entry causes an event", "none came");
	case_number("its event is that of a new one",
		    got.flags & NLM_F_CREATE, NLM_F_CREATE);
}

int main(int argc, char **argv)
{
	ct_begin(argc, argv);
	CASES(errors);
	test_mark();
	test_event();
	return 0;
}
