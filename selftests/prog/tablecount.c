// SPDX-License-Identifier: GPL-2.0
/*
 * Does nf_conntrack_count agree with what dumps show: the table, and the entries that
 * wait for a listener?  Looks again while entries come or go in between.
 *
 *   tablecount SECONDS    for so long at most
 *
 * Prints "count=N table=N dying=N then=N tries=N"; exit status 1: they never agreed.
 */
#include <time.h>
#include <unistd.h>

#include "nl.h"

#define COUNT_FILE	"/proc/sys/net/netfilter/nf_conntrack_count"

static long read_count(void)
{
	FILE *in = fopen(COUNT_FILE, "r");
	long count;

	if (!in || fscanf(in, "%ld", &count) != 1)
		err(1, "%s", COUNT_FILE);
	fclose(in);
	return count;
}

static void count_message(const struct nlmsghdr *nlh, void *data)
{
	long *count = data;

	(void)nlh;
	++*count;
}

static long dump(struct mnl_socket *nl, int type)
{
	char buf[NL_REQUEST_MAX];
	long count = 0;

	nl_must(nl, nl_request(buf, CT_OF(AF_UNSPEC, type, NLM_F_DUMP)), count_message,
		&count, "dump");
	return count;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl = nl_open();
	long before, table, dying, then, tries = 0;
	double end;
	bool agree;

	if (argc != 2)
		errx(2, "usage: tablecount SECONDS");
	end = seconds() + strtod(argv[1], NULL);
	nl_set_patience(nl, 60000);
	do {
		if (tries++)
			usleep(20000);
		before = read_count();
		table = dump(nl, IPCTNL_MSG_CT_GET);
		dying = dump(nl, IPCTNL_MSG_CT_GET_DYING);
		then = read_count();
		agree = before == then && before == table + dying;
	} while (!agree && seconds() < end);
	printf("count=%ld table=%ld dying=%ld then=%ld tries=%ld\n", before, table, dying,
	       then, tries);
	return !agree;
}
