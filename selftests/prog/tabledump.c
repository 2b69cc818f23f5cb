// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the whole table again and again, until SIGTERM, and looks for the flows
 * that "flows udp ADDR SPORT 0 COUNT" has made: each of them once, no more, no
 * less. The process must be in their namespace.
 *
 *   tabledump netlink|proc ADDR SPORT COUNT
 *
 * Prints "ready" before the first round, at the end "rounds=N missed=N
 * twice=N most=N seconds=N": over all rounds, and the largest table seen.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#define PORTS_PER_ADDR	1000	/* as in flows.c */
#define FIRST_PORT	20000
#define RX_BYTES	(1 << 16)

static volatile sig_atomic_t stopped;

static uint32_t base;
static unsigned int sport;
static unsigned long count;
static unsigned int *seen;

static struct {
	unsigned long rounds, missed, twice, most, entries;
} sums;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* All in host order */
static void meet(uint32_t dst, unsigned int from, unsigned int to)
{
	unsigned long n;

	sums.entries++;
	if (from != sport || dst < base || to < FIRST_PORT ||
	    to >= FIRST_PORT + PORTS_PER_ADDR)
		return;
	n = (unsigned long)(dst - base) * PORTS_PER_ADDR + to - FIRST_PORT;
	if (n < count)
		seen[n]++;
}

/* ---- netlink ---- */

static const struct nlattr *within(const struct nlattr *nest, int type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static int on_entry(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *ip, *proto, *dst, *from, *to;

	(void)data;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != CTA_TUPLE_ORIG)
			continue;
		ip = within(attr, CTA_TUPLE_IP);
		proto = within(attr, CTA_TUPLE_PROTO);
		dst = ip ? within(ip, CTA_IP_V4_DST) : NULL;
		from = proto ? within(proto, CTA_PROTO_SRC_PORT) : NULL;
		to = proto ? within(proto, CTA_PROTO_DST_PORT) : NULL;
		if (dst && from && to)
			meet(ntohl(mnl_attr_get_u32(dst)),
			     ntohs(mnl_attr_get_u16(from)),
			     ntohs(mnl_attr_get_u16(to)));
	}
	return MNL_CB_OK;
}

static void read_netlink(void)
{
	static struct mnl_socket *nl;
	static unsigned int seq;
	char buf[RX_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;
	ssize_t len;
	int more = 1;

	if (!nl) {
		nl = mnl_socket_open(NETLINK_NETFILTER);
		if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
			die("netlink");
	}
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = ++seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_INET;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("request");
	while (more > 0) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			die("dump");
		more = mnl_cb_run(buf, len, seq, 0, on_entry, NULL);
	}
	if (more < 0)
		die("dump");
}

/* ---- /proc ---- */

static void read_proc(void)
{
	FILE *file = fopen("/proc/thread-self/net/nf_conntrack", "r");
	unsigned int from, to;
	struct in_addr dst;
	char line[512], text[16], *at;

	if (!file)
		die("/proc/net/nf_conntrack");
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, " dst=");
		if (at && sscanf(at, " dst=%15[0-9.] sport=%u dport=%u", text,
				 &from, &to) == 3 &&
		    inet_pton(AF_INET, text, &dst) == 1)
			meet(ntohl(dst.s_addr), from, to);
	}
	fclose(file);
}

static void one_round(void (*reader)(void))
{
	unsigned long n;

	memset(seen, 0, count * sizeof(*seen));
	sums.entries = 0;
	reader();
	sums.rounds++;
	if (sums.entries > sums.most)
		sums.most = sums.entries;
	for (n = 0; n < count; n++) {
		sums.missed += seen[n] == 0;
		sums.twice += seen[n] > 1;
	}
}

int main(int argc, char **argv)
{
	struct in_addr addr;
	time_t start;

	if (argc != 5 || inet_pton(AF_INET, argv[2], &addr) != 1) {
		fprintf(stderr, "usage: %s netlink|proc ADDR SPORT COUNT\n",
			argv[0]);
		return 2;
	}
	base = ntohl(addr.s_addr);
	sport = strtoul(argv[3], NULL, 0);
	count = strtoul(argv[4], NULL, 0);
	seen = calloc(count, sizeof(*seen));
	if (!seen)
		die("memory");
	signal(SIGTERM, on_signal);
	printf("ready\n");
	fflush(stdout);
	start = time(NULL);
	while (!stopped)
		one_round(!strcmp(argv[1], "proc") ? read_proc : read_netlink);
	printf("rounds=%lu missed=%lu twice=%lu most=%lu seconds=%ld\n",
	       sums.rounds, sums.missed, sums.twice, sums.most,
	       (long)(time(NULL) - start));
	return 0;
}
