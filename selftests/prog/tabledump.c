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
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "nl.h"

#define PORTS_PER_ADDR	1000	/* as in flows.c */
#define FIRST_PORT	20000

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

static void on_entry(const struct nlmsghdr *nlh, void *data)
{
	struct nl_flow flow = { };
	const struct nlattr *attr;

	(void)data;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
			nl_read_tuple(attr, &flow);
	meet(flow.dst, flow.sport, flow.dport);
}

static void read_netlink(void)
{
	static struct mnl_socket *nl;
	char buf[NL_REQUEST_MAX];

	if (!nl)
		nl = nl_open();
	nl_must(nl, nl_request(buf, CT(IPCTNL_MSG_CT_GET, NLM_F_DUMP)), on_entry,
		NULL, "dump");
}

/* ---- /proc ---- */

static void read_proc(void)
{
	FILE *file = fopen("/proc/thread-self/net/nf_conntrack", "r");
	unsigned int from, to;
	struct in_addr dst;
	char line[512], text[16], *at;

	if (!file)
		err(1, "/proc/net/nf_conntrack");
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

	if (argc != 5 || inet_pton(AF_INET, argv[2], &addr) != 1)
		errx(2, "usage: %s netlink|proc ADDR SPORT COUNT", argv[0]);
	base = ntohl(addr.s_addr);
	sport = strtoul(argv[3], NULL, 0);
	count = strtoul(argv[4], NULL, 0);
	seen = calloc(count, sizeof(*seen));
	if (!seen)
		err(1, "%lu flows", count);
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
