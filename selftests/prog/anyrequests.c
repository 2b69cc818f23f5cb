// SPDX-License-Identifier: GPL-2.0
/*
 * Random requests to ctnetlink, for the connections that "anypackets" makes: create,
 * change, delete, flush by filter, look up, dump whole and in part; the same for
 * expectations.  What they answer does not matter, but each must answer.
 *
 *   anyrequests -s SEED -t SECONDS
 *
 * Prints "requests=N created=N changed=N deleted=N found=N dumped=N expected=N
 * refused=N"; exit status 1 when there was no answer.
 */
#include <time.h>
#include <unistd.h>

#include "nl.h"

#define HOSTS		8
#define UDPLITE		136
#define PATIENCE_MS	120000

static struct {
	unsigned long requests, created, changed, deleted, found, dumped, expected, refused;
} sums;

static unsigned int seed = 1, lifetime = 1;
static uint64_t luck;
static struct mnl_socket *nl;

static uint32_t draw(uint32_t below)
{
	luck ^= luck << 13;
	luck ^= luck >> 7;
	luck ^= luck << 17;
	return (luck >> 20) % below;
}

static int any_port(void)
{
	static const int ports[] = { 21, 69, 80, 1025, 1026, 1027, 1723, 5060, 6667 };

	return draw(3) ? 1024 + (int)draw(12) : ports[draw(ARRAY_SIZE(ports))];
}

static struct nl_tuple any_tuple(void)
{
	static const int protos[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_ICMP,
		IPPROTO_SCTP, IPPROTO_DCCP, UDPLITE,
	};
	bool six = !draw(3);
	struct nl_tuple t = {
		.family = six ? AF_INET6 : AF_INET,
		.proto = protos[draw(ARRAY_SIZE(protos))],
		.src4 = 0x0a010001 + draw(HOSTS),
		.dst4 = 0x0a020001 + draw(HOSTS),
		.sport = any_port(),
		.dport = any_port(),
	};

	if (t.proto == IPPROTO_ICMP) {
		t.dport = 8;
		if (six) {
			t.proto = IPPROTO_ICMPV6;
			t.dport = 128;
		}
	}
	return t;
}

static void count_message(const struct nlmsghdr *nlh, void *data)
{
	unsigned long *count = data;

	(void)nlh;
	++*count;
}

/* Counts a success in @good; no answer at all is the one thing that is wrong. */
static bool ask(const struct nlmsghdr *req, nl_message_fn *fn, void *data,
		unsigned long *good)
{
	struct nl_end end = nl_ask(nl, req, fn, data);

	sums.requests++;
	if (end.error < 0)
		errx(1, "no answer to request %lu, type %#x, seed %u", sums.requests,
		     req->nlmsg_type, seed);
	if (end.error)
		sums.refused++;
	else if (good)
		++*good;
	return !end.error;
}

/* Details that an entry gets when it is made, or later */
static void put_details(struct nlmsghdr *req, const struct nl_tuple *t)
{
	if (draw(2))
		nl_put(req, BE32(CTA_MARK, draw(8)));
	if (t->proto == IPPROTO_TCP && draw(2))
		nl_put(req, NEST(CTA_PROTOINFO, NEST(CTA_PROTOINFO_TCP,
			U8(CTA_PROTOINFO_TCP_STATE, draw(9)))));
	if (!draw(3))
		nl_put(req, BE32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY |
				 (draw(2) ? IPS_ASSURED : 0)));
	if (!draw(4))
		nl_put(req, BYTES(CTA_LABELS, 16, "0123456789abcdef"));
}

static void create(char *buf)
{
	struct nl_tuple t = any_tuple();
	int flags = NLM_F_CREATE | NLM_F_ACK | (draw(2) ? NLM_F_EXCL : 0) |
		    (draw(8) ? 0 : NLM_F_ECHO);
	struct nlmsghdr *req = nl_request(buf, CT_OF(t.family, IPCTNL_MSG_CT_NEW, flags));

	nl_put(req, PAIR(&t), BE32(CTA_TIMEOUT, draw(9)));
	if (!draw(10))
		nl_put(req, BE16(CTA_ZONE, 1 + draw(8)));
	if (t.proto == IPPROTO_TCP && !draw(4))
		nl_put(req, NEST(CTA_HELP, STRING(CTA_HELP_NAME, draw(4) ? "ftp" : "irc")));
	put_details(req, &t);
	ask(req, NULL, NULL, &sums.created);
}

static void change(char *buf)
{
	struct nl_tuple t = any_tuple();
	struct nlmsghdr *req = nl_request(buf, CT_OF(t.family, IPCTNL_MSG_CT_NEW, NLM_F_ACK));

	nl_put(req, TUPLE(CTA_TUPLE_ORIG, &t));
	if (draw(2))
		nl_put(req, BE32(CTA_TIMEOUT, draw(9)));
	put_details(req, &t);
	ask(req, NULL, NULL, &sums.changed);
}

static void delete(char *buf)
{
	struct nl_tuple t = any_tuple();
	struct nlmsghdr *req = nl_request(buf, CT_OF(t.family, IPCTNL_MSG_CT_DELETE, NLM_F_ACK));

	if (draw(2))
		nl_put(req, TUPLE(CTA_TUPLE_ORIG, &t));
	else
		nl_put(req, BACK(CTA_TUPLE_REPLY, &t));
	ask(req, NULL, NULL, &sums.deleted);
}

static void flush(char *buf)
{
	struct nlmsghdr *req = nl_request(buf, CT_OF(draw(2) ? AF_INET : AF_INET6,
						     IPCTNL_MSG_CT_DELETE, NLM_F_ACK));

	if (draw(10))
		nl_put(req, BE32(CTA_MARK, 1 + draw(7)), BE32(CTA_MARK_MASK, 7));
	ask(req, NULL, NULL, &sums.deleted);
}

static void find(char *buf)
{
	struct nl_tuple t = any_tuple();
	struct nlmsghdr *req = nl_request(buf, CT_OF(t.family, IPCTNL_MSG_CT_GET, NLM_F_ACK));

	nl_put(req, TUPLE(CTA_TUPLE_ORIG, &t));
	ask(req, NULL, NULL, &sums.found);
}

static void dump(char *buf)
{
	static const int types[] = {
		IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_GET_CTRZERO,
		IPCTNL_MSG_CT_GET_DYING, IPCTNL_MSG_CT_GET_UNCONFIRMED,
		IPCTNL_MSG_CT_GET_STATS_CPU,
	};
	static const int families[] = { AF_UNSPEC, AF_INET, AF_INET6 };
	int type = types[draw(ARRAY_SIZE(types))];
	struct nlmsghdr *req = nl_request(buf, CT_OF(families[draw(3)], type, NLM_F_DUMP));

	if (type == IPCTNL_MSG_CT_GET && draw(2))
		nl_put(req, BE32(CTA_MARK, draw(8)), BE32(CTA_MARK_MASK, 7));
	ask(req, count_message, &sums.dumped, NULL);
}

/* A dump whose reader goes away in the middle */
static void dump_in_part(char *buf)
{
	struct mnl_socket *other = nl_open();
	char in[NL_ANSWER_MAX];

	nl_send(other, nl_request(buf, CT_OF(AF_UNSPEC, IPCTNL_MSG_CT_GET, NLM_F_DUMP)));
	if (draw(2) && nl_receive(other, in, sizeof(in), 0) > 0)
		sums.dumped++;
	mnl_socket_close(other);
	sums.requests++;
}

static void expect(char *buf)
{
	struct nl_tuple master = any_tuple(), t = any_tuple(), mask;
	struct nlmsghdr *req;

	t.family = master.family;
	t.proto = master.proto = IPPROTO_TCP;
	t.dport = 2000 + draw(20);
	mask = t;
	mask.src4 = mask.dst4 = 0xffffffff;
	mask.sport = 0;
	mask.dport = 0xffff;
	req = nl_request(buf, EXP_OF(master.family, IPCTNL_MSG_EXP_NEW,
				     NLM_F_CREATE | NLM_F_ACK));
	nl_put(req, TUPLE(CTA_EXPECT_MASTER, &master), TUPLE(CTA_EXPECT_TUPLE, &t),
	       TUPLE(CTA_EXPECT_MASK, &mask), BE32(CTA_EXPECT_TIMEOUT, 1 + draw(5)));
	if (draw(2))
		nl_put(req, STRING(CTA_EXPECT_HELP_NAME, "ftp"));
	ask(req, NULL, NULL, &sums.expected);
}

static void expect_other(char *buf)
{
	struct nlmsghdr *req;

	if (draw(3)) {
		req = nl_request(buf, EXP_OF(AF_UNSPEC, IPCTNL_MSG_EXP_GET, NLM_F_DUMP));
		ask(req, count_message, &sums.dumped, NULL);
		return;
	}
	req = nl_request(buf, EXP_OF(AF_UNSPEC, IPCTNL_MSG_EXP_DELETE, NLM_F_ACK));
	if (draw(2))
		nl_put(req, STRING(CTA_EXPECT_HELP_NAME, "ftp"));
	ask(req, NULL, NULL, NULL);
}

static void any_request(void)
{
	char buf[NL_REQUEST_MAX];

	switch (draw(200)) {
	case 0:
		flush(buf);
		break;
	case 1 ... 2:
		dump(buf);
		break;
	case 3:
		dump_in_part(buf);
		break;
	case 4 ... 5:
		expect_other(buf);
		break;
	case 6 ... 25:
		expect(buf);
		break;
	case 26 ... 50:
		find(buf);
		break;
	case 51 ... 90:
		delete(buf);
		break;
	case 91 ... 140:
		change(buf);
		break;
	default:
		create(buf);
	}
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	double end;
	int opt;

	while ((opt = getopt(argc, argv, "s:t:")) != -1) {
		if (opt == 's')
			seed = strtoul(optarg, NULL, 0);
		else if (opt == 't')
			lifetime = strtoul(optarg, NULL, 0);
		else
			errx(2, "usage: anyrequests -s SEED -t SECONDS");
	}
	luck = seed * 0x9e3779b97f4a7c15ull + 1;
	nl = nl_open();
	nl_set_patience(nl, PATIENCE_MS);
	for (end = seconds() + lifetime; seconds() < end; usleep(500))
		any_request();
	printf("requests=%lu created=%lu changed=%lu deleted=%lu found=%lu dumped=%lu expected=%lu refused=%lu\n",
	       sums.requests, sums.created, sums.changed, sums.deleted, sums.found,
	       sums.dumped, sums.expected, sums.refused);
	return 0;
}
