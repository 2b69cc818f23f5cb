// SPDX-License-Identifier: GPL-2.0
/*
 * Timed bulk requests for the benchmarks: dump the table and count, flush it or the
 * entries with one mark, read a proc file to its end. Prints one line of "name=value"
 * pairs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/random.h>
#include <sys/ioctl.h>

#define RX_BYTES	(1 << 17)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Processor time of a user-mode Linux kernel (see cputime/), or the clock. */
static double now(void)
{
	FILE *cpu = fopen("/proc/nfct_cputime", "r");
	struct timespec ts;
	double ns;
	int got;

	if (cpu) {
		got = fscanf(cpu, "%lf", &ns);
		fclose(cpu);
		if (got == 1)
			return ns / 1e9;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static struct nlmsghdr *request(char *buf, int msg, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | msg;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = 1;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_UNSPEC;
	nfg->version = NFNETLINK_V0;
	return nlh;
}

static struct mnl_socket *ct_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		fail("netlink socket");
	return nl;
}

static int count_entry(const struct nlmsghdr *nlh, void *data)
{
	uint64_t *n = data;

	(void)nlh;
	(*n)++;
	return MNL_CB_OK;
}

/* Runs one request to its DONE or ACK, for entries with @mark if that is not NULL; returns
 * the entries it brought.
 */
static uint64_t transact(int msg, int flags, const char *mark)
{
	struct mnl_socket *nl = ct_socket();
	static char rx[RX_BYTES];
	struct nlmsghdr *nlh;
	uint64_t entries = 0;
	char tx[256];
	ssize_t len;
	int rc = 1;

	nlh = request(tx, msg, flags);
	if (mark) {
		mnl_attr_put_u32(nlh, CTA_MARK, htonl(strtoul(mark, NULL, 0)));
		mnl_attr_put_u32(nlh, CTA_MARK_MASK, htonl(UINT32_MAX));
	}
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		fail("send");
	while (rc > 0) {
		len = mnl_socket_recvfrom(nl, rx, sizeof(rx));
		if (len < 0)
			fail("recv");
		rc = mnl_cb_run(rx, len, 1, mnl_socket_get_portid(nl),
				count_entry, &entries);
	}
	if (rc < 0)
		fail("request");
	mnl_socket_close(nl);
	return entries;
}

static int cmd_dump(const char *arg)
{
	double t = now();
	uint64_t n;

	(void)arg;
	n = transact(IPCTNL_MSG_CT_GET, NLM_F_DUMP, NULL);
	t = now() - t;
	printf("entries=%llu seconds=%.6f\n", (unsigned long long)n, t);
	return 0;
}

static int cmd_flush(const char *mark)
{
	double t = now();

	transact(IPCTNL_MSG_CT_DELETE, NLM_F_ACK, mark);
	printf("seconds=%.6f\n", now() - t);
	return 0;
}

static int cmd_read(const char *path)
{
	static char buf[1 << 16];
	uint64_t bytes = 0, lines = 0;
	double t = now();
	ssize_t len, i;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0)
		fail(path);
	while ((len = read(fd, buf, sizeof(buf))) > 0) {
		bytes += len;
		for (i = 0; i < len; i++)
			lines += buf[i] == '\n';
	}
	if (len < 0)
		fail(path);
	close(fd);
	printf("lines=%llu bytes=%llu seconds=%.6f\n",
	       (unsigned long long)lines, (unsigned long long)bytes, now() - t);
	return 0;
}

/* A guest without a source of entropy would pay for each random number. */
static int cmd_seed(const char *arg)
{
	struct {
		struct rand_pool_info info;
		uint8_t bytes[64];
	} pool = { .info = { .entropy_count = 512, .buf_size = 64 } };
	struct timespec ts;
	size_t i;
	int fd;

	(void)arg;
	for (i = 0; i < sizeof(pool.bytes); i++) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		pool.bytes[i] = ts.tv_nsec;
	}
	fd = open("/dev/random", O_WRONLY);
	if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool))
		fail("/dev/random");
	close(fd);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const char *arg);
	int args;
} commands[] = {
	{ "dump",  cmd_dump,  0 },	/* all entries, like conntrack -L */
	{ "flush", cmd_flush, 0 },	/* like conntrack -F */
	{ "flush", cmd_flush, 1 },	/* entries with one mark */
	{ "seed",  cmd_seed,  0 },	/* the guest's random numbers */
	{ "read",  cmd_read,  1 },	/* a proc file from start to end */
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (argc != 2 + commands[i].args ||
		    strcmp(argv[1], commands[i].name))
			continue;
		return commands[i].run(argv[2]);
	}
	fprintf(stderr, "usage: %s dump | flush [MARK] | seed | read FILE\n", argv[0]);
	return 2;
}
