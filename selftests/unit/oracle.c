// SPDX-License-Identifier: GPL-2.0
/* prog/oracle.c: which stories of an entry a listener's book finds fault with. */
#define main oracle_main
#include "../prog/oracle.c"
#undef main
#include "unit.h"

#define EVERYTHING	(JOIN_NEW | JOIN_UPDATE | JOIN_DESTROY)

/* N, U, D: the events of one entry, the story ends with the book when it has a dot. */
struct row {
	const char *name, *story;
	double began;		/* seconds after the listener has joined; 0: unknown */
	unsigned int groups;
	bool congested;
	unsigned long faults;
};

static const struct row rows[] = {
	{ "a life", "NUUD.", 5, EVERYTHING, false, 0 },
	{ "without changes", "ND.", 5, EVERYTHING, false, 0 },
	{ "the same ID once more", "NUDNUD.", 5, EVERYTHING, false, 0 },
	{ "began before it joined", "UD.", -3, EVERYTHING, false, 0 },
	{ "began before it joined, alone", "D.", -3, EVERYTHING, false, 0 },
	{ "nobody knows when it began", "D.", 0, EVERYTHING, false, 0 },
	{ "two NEW", "NND.", 5, EVERYTHING, false, 1 },
	{ "two DESTROY", "NDD.", 5, EVERYTHING, false, 1 },
	{ "no NEW", "UD.", 5, EVERYTHING, false, 1 },
	{ "DESTROY alone", "D.", 5, EVERYTHING, false, 1 },
	{ "a change before NEW", "UND.", 5, EVERYTHING, false, 1 },
	{ "no DESTROY", "NU.", 5, EVERYTHING, false, 1 },
	{ "a change after the end", "NDU.", 5, EVERYTHING, false, 1 },
	{ "it has lost some", "NNDD.", 5, EVERYTHING, true, 0 },
	{ "it hears NEW only", "NNN.", 5, JOIN_NEW, false, 0 },
};

static const struct row *row;

static void put_start(struct nlmsghdr *nlh, double start)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_TIMESTAMP);

	mnl_attr_put_u64(nlh, CTA_TIMESTAMP_START, htobe64((uint64_t)(start * 1e9)));
	mnl_attr_nest_end(nlh, nest);
}

static void send_event(char event)
{
	struct nl_tuple t = {
		AF_INET, IPPROTO_UDP, .src4 = 0x0a010001, .dst4 = 0x0a020001,
		.sport = 1024, .dport = 53,
	};
	int type = event == 'D' ? IPCTNL_MSG_CT_DELETE : IPCTNL_MSG_CT_NEW;
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *nlh = nl_request(buf, CT(type, 0));

	nlh->nlmsg_flags = event == 'N' ? NLM_F_CREATE | NLM_F_EXCL : 0;
	nl_put(nlh, TUPLE(CTA_TUPLE_ORIG, &t), U32(CTA_ID, 7));
	if (event == 'D' && row->began)
		put_start(nlh, joined + row->began);
	on_event(nlh, NULL);
}

static void tell_story(void)
{
	unsigned long before = sums.faults;
	const char *at;

	forget_all();
	joined = now() - 10;
	groups = row->groups;
	congested = row->congested;
	for (at = row->story; *at != '.'; at++)
		send_event(*at);
	if (judges())
		end_lives();
	CHECK(sums.faults - before == row->faults);
}

int main(void)
{
	opts.faults = "/dev/null";
	for (row = rows; row < rows + ARRAY_SIZE(rows); row++)
		unit_test(row->name, tell_story);
	return unit_finish();
}
