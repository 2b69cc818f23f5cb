// SPDX-License-Identifier: GPL-2.0
/*
 * Make network namespaces, then end them one after the other, without starting a
 * process for each: in user-mode Linux that would cost more than the end itself.
 *
 * Usage: nsend COUNT CLOCK
 * Prints "ns=N": nanoseconds for each end, by the clock in the file CLOCK, which
 * stands still while nothing runs.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COUNT_MAX	1000
#define PAUSE_US	50000

static long long clock_read(const char *name)
{
	long long ns;
	FILE *f = fopen(name, "r");

	if (!f || fscanf(f, "%lld", &ns) != 1)
		err(1, "%s", name);
	fclose(f);
	return ns;
}

static int ns_open(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "/proc/self/ns/net");
	return fd;
}

/* Time for @count pauses, in each of which the namespace of @fd ends, if there is one */
static long long pauses(const char *clock, const int *fd, int count)
{
	long long begin = clock_read(clock);
	int i;

	for (i = 0; i < count; i++) {
		if (fd)
			close(fd[i]);
		usleep(PAUSE_US);
	}
	return clock_read(clock) - begin;
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[1]) : 0;
	int fd[COUNT_MAX], own, i;
	long long idle;

	if (count < 1 || count > COUNT_MAX)
		errx(2, "usage: nsend COUNT CLOCK");
	own = ns_open();
	for (i = 0; i < count; i++) {
		if (unshare(CLONE_NEWNET))
			err(1, "unshare");
		fd[i] = ns_open();
	}
	if (setns(own, CLONE_NEWNET))
		err(1, "setns");

	idle = pauses(argv[2], NULL, count);
	printf("ns=%lld\n", (pauses(argv[2], fd, count) - idle) / count);
	return 0;
}
