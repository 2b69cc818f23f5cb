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
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#define LAST_TURN	100000
#define TIME_S		240
#define RX_BYTES	16384

static int fail_fd, first, tail;
static const char *module_file;
static struct mnl_socket *nl;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Copies from and to user space can be made to fail, too: also these here. */
static void set_turn(int turn)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", turn);

	if (pwrite(fail_fd, text, len, 0) != len &&
	    (errno != EFAULT || pwrite(fail_fd, text, len, 0) != len))
		die("fail-nth");
}

/* What is left: 0 when the turn came, more when the path was done before. */
static int turns_left(void)
{
	char text[16] = "";

	if (pread(fail_fd, text, sizeof(text) - 1, 0) > 0)
		return atoi(text);
	if (errno != EFAULT)
		die("fail-nth");
	return 1;
}

static void open_fail_nth(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%ld/fail-nth",
		 (long)syscall(SYS_gettid));
	fail_fd = open(path, O_RDWR);
	if (fail_fd < 0)
		die(path);
}

/* ---- netlink ---- */

static void open_netlink(void)
{
	struct timeval limit = { .tv_sec = 1 };

	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &limit,
		   sizeof(limit));
}

static struct nlmsghdr *request(char *buf, int type, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_INET;
	return nlh;
}

static void put_tuple(struct nlmsghdr *nlh, int type, uint32_t src,
		      uint32_t dst, uint16_t sport, uint16_t dport)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, type);
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);

	mnl_attr_put_u32(nlh, CTA_IP_V4_SRC, htonl(src));
	mnl_attr_put_u32(nlh, CTA_IP_V4_DST, htonl(dst));
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_TCP);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
}

static void put_entry(struct nlmsghdr *nlh, uint32_t dst, bool create)
{
	struct nlattr *info, *tcp;
	uint32_t labels[4] = { 1 };

	put_tuple(nlh, CTA_TUPLE_ORIG, 0x0a000001, dst, 1000, 21);
	if (create) {
		put_tuple(nlh, CTA_TUPLE_REPLY, dst, 0x0a000001, 21, 1000);
		info = mnl_attr_nest_start(nlh, CTA_HELP);
		mnl_attr_put_strz(nlh, CTA_HELP_NAME, "ftp");
		mnl_attr_nest_end(nlh, info);
	}
	info = mnl_attr_nest_start(nlh, CTA_PROTOINFO);
	tcp = mnl_attr_nest_start(nlh, CTA_PROTOINFO_TCP);
	mnl_attr_put_u8(nlh, CTA_PROTOINFO_TCP_STATE, 3);
	mnl_attr_nest_end(nlh, tcp);
	mnl_attr_nest_end(nlh, info);
	mnl_attr_put_u32(nlh, CTA_TIMEOUT, htonl(600));
	mnl_attr_put_u32(nlh, CTA_MARK, htonl(7));
	if (create)
		mnl_attr_put(nlh, CTA_LABELS, sizeof(labels), labels);
	mnl_attr_put_u32(nlh, CTA_STATUS,
			 htonl(IPS_SEEN_REPLY | IPS_ASSURED | IPS_CONFIRMED));
}

/* Reads to the end of the answer; the armed failure may strike here, too. */
static bool answered(bool dump)
{
	char buf[RX_BYTES];
	ssize_t len;
	int more = 1;

	do {
		len = recv(mnl_socket_get_fd(nl), buf, sizeof(buf), 0);
		if (len < 0)
			return false;
		more = mnl_cb_run(buf, len, 0, 0, NULL, NULL);
	} while (dump && more > 0);
	return more >= 0;
}

static bool ask(struct nlmsghdr *nlh, bool dump)
{
	return send(mnl_socket_get_fd(nl), nlh, nlh->nlmsg_len, 0) > 0 &&
	       answered(dump);
}

/* What a broken request has left in the socket belongs to no later one. */
static void drop_answers(void)
{
	mnl_socket_close(nl);
	open_netlink();
}

/* ---- paths ---- */

static bool path_flow(int turn)
{
	static int fd = -1;
	struct sockaddr_in to = { .sin_family = AF_INET };

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM, 0);
	to.sin_addr.s_addr = htonl(0xc6120000 + first + turn);
	to.sin_port = htons(9);
	return sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1;
}

static bool path_create(int turn)
{
	char buf[RX_BYTES];
	struct nlmsghdr *nlh;

	nlh = request(buf, IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	put_entry(nlh, 0xc6120000 + first + turn, true);
	return ask(nlh, false);
}

static bool path_update(int turn)
{
	char buf[RX_BYTES];
	struct nlmsghdr *nlh;

	(void)turn;
	nlh = request(buf, IPCTNL_MSG_CT_NEW, NLM_F_ACK);
	put_entry(nlh, 0xc6120000 + first, false);
	return ask(nlh, false);
}

static bool path_expect(int turn)
{
	char buf[RX_BYTES];
	struct nlmsghdr *nlh;

	nlh = request(buf, IPCTNL_MSG_EXP_NEW, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_NEW;
	put_tuple(nlh, CTA_EXPECT_MASTER, 0x0a000001, 0xc6120000 + first, 1000, 21);
	put_tuple(nlh, CTA_EXPECT_TUPLE, 0xc6120000 + first, 0x0a000001, 0,
		  2000 + turn);
	put_tuple(nlh, CTA_EXPECT_MASK, 0xffffffff, 0xffffffff, 0, 0xffff);
	return ask(nlh, false);
}

static bool path_dump(int turn)
{
	char buf[RX_BYTES];

	(void)turn;
	return ask(request(buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP), true);
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
		die(module_file);
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
		die("delete_module");
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

static int run(const struct path *path)
{
	int turn = 1, failed = 0, passed = 0, left = 0;
	time_t end = time(NULL) + TIME_S;
	bool good;

	if (tail) {
		turn = LAST_TURN - walk(path, LAST_TURN, &good) - tail;
		if (!good)
			die(path->name);
		if (turn < 1)
			turn = 1;
	}
	for (; turn < LAST_TURN && time(NULL) < end; turn++) {
		left = walk(path, turn, &good);
		if (left)
			break;
		if (good)
			passed++;
		else
			failed++;
	}
	printf("failed=%d passed=%d last=%d\n", failed, passed, left ? turn : -1);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc < 2)
		return 2;
	if (!strcmp(argv[1], "module")) {
		module_file = argc > 2 ? argv[2] : "";
		tail = argc > 3 ? atoi(argv[3]) : 0;
	} else if (!strcmp(argv[1], "netns")) {
		tail = argc > 2 ? atoi(argv[2]) : 0;
	} else {
		first = argc > 2 ? atoi(argv[2]) : 0;
	}
	open_fail_nth();
	open_netlink();
	if (!strcmp(argv[1], "expect") && !path_create(0))
		die("master");
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (!strcmp(argv[1], paths[i].name))
			return run(&paths[i]);
	return 2;
}
