// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the kernel's first, second, third... allocation on a path fail, through
 * /proc/self/fail-nth, until the path is done before its turn comes.
 *
 *   failnth flow FIRST           the first packet of a new UDP flow, each to a
 *                                place of its own from 198.18.0.0 + FIRST on
 *   failnth create FIRST         an entry over netlink, with all that it takes
 *   failnth update               a change to an entry over netlink
 *   failnth dump                 the table over netlink
 *   failnth expect FIRST         an expectation of entry number FIRST, which is
 *                                made before, over netlink
 *   failnth netns TAIL           a namespace; the last TAIL allocations, since
 *                                the first ones are other subsystems'
 *   failnth module FILE TAIL     a module, loaded and removed; the same
 *
 * Prints "failed=N passed=N last=N": turns at which the path failed, at which it
 * succeeded in spite of the failure, and the first one that it did not reach.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "nl.h"

#define LAST_TURN	100000
#define TIME_S		240
#define CLIENT		0x0a000001	/* 10.0.0.1 */
#define SERVERS		0xc6120000	/* 198.18.0.0 */

static int fail_fd, first, tail;
static const char *module_file;
static struct mnl_socket *nl;

/* Copies from and to user space can be made to fail, too: also these here. */
static void set_turn(int turn)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", turn);

	if (pwrite(fail_fd, text, len, 0) != len &&
	    (errno != EFAULT || pwrite(fail_fd, text, len, 0) != len))
		err(1, "fail-nth");
}

/* What is left: 0 when the turn came, more when the path was done before. */
static int turns_left(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) > 0)
		return atoi(text);
	if (errno != EFAULT)
		err(1, "fail-nth");
	return 1;
}

static void open_fail_nth(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/fail-nth",
		 (long)syscall(SYS_gettid));
	fail_fd = open(path, O_RDWR);
	if (fail_fd < 0)
		err(1, "%s", path);
}

/* ---- netlink ---- */

static void open_netlink(void)
{
	nl = nl_open();
	nl_set_patience(nl, 1000);
}

/* What a broken request has left in the socket belongs to no later one. */
static void drop_answers(void)
{
	mnl_socket_close(nl);
	open_netlink();
}

static bool ask(const struct nlmsghdr *req)
{
	return !nl_ask(nl, req, NULL, NULL).error;
}

/* The control connection of FTP to server number @n */
static struct nl_tuple control(int n)
{
	return (struct nl_tuple){
		.family = AF_INET, .proto = IPPROTO_TCP,
		.src4 = CLIENT, .dst4 = SERVERS + n, .sport = 1000, .dport = 21,
	};
}

static void put_details(struct nlmsghdr *req)
{
	nl_put(req, NEST(CTA_PROTOINFO, NEST(CTA_PROTOINFO_TCP,
					     U8(CTA_PROTOINFO_TCP_STATE, 3))),
	       BE32(CTA_TIMEOUT, 600), BE32(CTA_MARK, 7),
	       BE32(CTA_STATUS, IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED));
}

/* ---- paths ---- */

static bool path_flow(int turn)
{
	static int fd = -1;
	struct sockaddr_in to = { .sin_family = AF_INET };

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM, 0);
	to.sin_addr.s_addr = htonl(SERVERS + first + turn);
	to.sin_port = htons(9);
	return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1;
}

static bool path_create(int turn)
{
	struct nl_tuple t = control(first + turn);
	const uint32_t labels[4] = { 1 };
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_request(buf, CT(IPCTNL_MSG_CT_NEW, NLM_F_CREATE |
						  NLM_F_EXCL | NLM_F_ACK));

	nl_put(req, PAIR(&t), NEST(CTA_HELP, STRING(CTA_HELP_NAME, "ftp")),
	       BYTES(CTA_LABELS, sizeof(labels), labels));
	put_details(req);
	return ask(req);
}

static bool path_update(int turn)
{
	struct nl_tuple t = control(first);
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_request(buf, CT(IPCTNL_MSG_CT_NEW, NLM_F_ACK));

	(void)turn;
	nl_put(req, TUPLE(CTA_TUPLE_ORIG, &t));
	put_details(req);
	return ask(req);
}

static bool path_expect(int turn)
{
	struct nl_tuple master = control(first), expected = nl_reverse(&master);
	const struct nl_tuple mask = {
		.family = AF_INET, .proto = IPPROTO_TCP,
		.src4 = ~0u, .dst4 = ~0u, .dport = 0xffff,
	};
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_request(buf, EXP(IPCTNL_MSG_EXP_NEW, NLM_F_CREATE |
						   NLM_F_EXCL | NLM_F_ACK));

	expected.sport = 0;
	expected.dport = 2000 + turn;
	nl_put(req, TUPLE(CTA_EXPECT_MASTER, &master),
	       TUPLE(CTA_EXPECT_TUPLE, &expected), TUPLE(CTA_EXPECT_MASK, &mask));
	return ask(req);
}

static bool path_dump(int turn)
{
	char buf[NL_REQUEST_MAX];

	(void)turn;
	return ask(nl_request(buf, CT(IPCTNL_MSG_CT_GET, NLM_F_DUMP)));
}

static bool path_netns(int turn)
{
	(void)turn;
	return !unshare(CLONE_NEWNET);
}

static bool path_module(int turn)
{
	bool good;
	int fd;

	set_turn(0);
	fd = open(module_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", module_file);
	set_turn(turn);
	good = !syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return good;
}

static void undo_module(void)
{
	char name[64], *dot;
	const char *base = strrchr(module_file, '/');

	snprintf(name, sizeof(name), "%s", base ? base + 1 : module_file);
	dot = strchr(name, '.');
	if (dot)
		*dot = 0;
	if (syscall(SYS_delete_module, name, O_NONBLOCK))
		err(1, "delete_module %s", name);
}

static const struct path {
	const char *name;
	bool (*walk)(int turn);
	void (*undo)(void);	/* after success */
	void (*repair)(void);	/* after failure */
} paths[] = {
	{ "flow", path_flow, NULL, NULL },
	{ "create", path_create, NULL, drop_answers },
	{ "update", path_update, NULL, drop_answers },
	{ "dump", path_dump, NULL, drop_answers },
	{ "expect", path_expect, NULL, drop_answers },
	{ "netns", path_netns, NULL, NULL },
	{ "module", path_module, undo_module, NULL },
};

/* Returns what is left of the turn. */
static int walk(const struct path *path, int turn, bool *good)
{
	int left;

	set_turn(turn);
	*good = path->walk(turn);
	left = turns_left();
	set_turn(0);
	if (*good && path->undo)
		path->undo();
	if (!*good && path->repair)
		path->repair();
	return left;
}

/* Sets the first turn so that only the last allocations of the path fail. */
static int turn_of_tail(const struct path *path)
{
	bool good;
	int turn = LAST_TURN - walk(path, LAST_TURN, &good) - tail;

	if (!good)
		errx(1, "%s fails without a fault", path->name);
	return turn < 1 ? 1 : turn;
}

static void run(const struct path *path)
{
	int turn = tail ? turn_of_tail(path) : 1, failed = 0, passed = 0, left = 0;
	time_t end = time(NULL) + TIME_S;
	bool good;

	for (; turn < LAST_TURN && time(NULL) < end; turn++) {
		left = walk(path, turn, &good);
		if (left)
			break;
		if (good)
			passed++;
		else
			failed++;
	}
	if (!left)
		errx(1, "%s: not at its end after %d turns, %d failed", path->name,
		     turn, failed);
	printf("failed=%d passed=%d last=%d\n", failed, passed, turn);
}

static const struct path *path_named(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++)
		if (!strcmp(name, paths[i].name))
			return &paths[i];
	errx(2, "no such path: %s", name);
}

int main(int argc, char **argv)
{
	const struct path *path;
	const char *arg;

	if (argc < 2)
		errx(2, "usage: %s PATH [ARGUMENT]...; see the head of its source",
		     argv[0]);
	path = path_named(argv[1]);
	arg = argc > 2 ? argv[2] : "0";
	if (path->walk == path_module) {
		module_file = arg;
		tail = argc > 3 ? atoi(argv[3]) : 0;
	} else if (path->walk == path_netns) {
		tail = atoi(arg);
	} else {
		first = atoi(arg);
	}
	open_fail_nth();
	open_netlink();
	/* has the pages of the stack before an allocation is made to fail */
	if (path->repair)
		path_dump(0);
	if (path->walk == path_expect && !path_create(0))
		errx(1, "the master cannot be made");
	run(path);
	return 0;
}
