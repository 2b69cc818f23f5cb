// SPDX-License-Identifier: GPL-2.0
/*
 * How late entries leave the table: samples nf_conntrack_count while it rises
 * to FLOWS and falls to nothing. The k-th entry that came is due TIMEOUT
 * seconds later; the difference to the time the k-th one went is its lateness.
 * (The stop time in DESTROY events will not do: it is the nominal one.)
 *
 * Prints "ready", and at the end one line of "name=value" pairs; "burst" is the
 * largest share of the entries that went within a tenth of a second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STEPS		1000		/* resolution of the quantiles */
#define PERIOD_US	10000
#define BURST_S		0.1

static double came[STEPS + 1], went[STEPS + 1], late[STEPS];

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static unsigned long count(void)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "r");
	unsigned long n = 0;

	if (!f || fscanf(f, "%lu", &n) != 1)
		exit(1);
	fclose(f);
	return n;
}

/* Notes the time for each step up to DONE of TOTAL that has none yet. */
static void mark(double *when, unsigned long done, unsigned long total)
{
	unsigned long step = done * STEPS / total;
	double t = now();

	for (; step > 0 && !when[step]; step--)
		when[step] = t;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static unsigned int worst_burst(void)
{
	unsigned int first = 1, last, worst = 0;

	for (last = 1; last <= STEPS; last++) {
		while (went[last] - went[first] > BURST_S)
			first++;
		if (last - first + 1 > worst)
			worst = last - first + 1;
	}
	return worst;
}

int main(int argc, char **argv)
{
	unsigned long total, n = 0;
	double timeout, limit;
	unsigned int i;

	if (argc != 4) {
		fprintf(stderr, "usage: %s FLOWS TIMEOUT LIMIT\n", argv[0]);
		return 2;
	}
	total = strtoul(argv[1], NULL, 0);
	timeout = strtod(argv[2], NULL);
	limit = now() + strtod(argv[3], NULL);
	printf("ready\n");
	fflush(stdout);
	while (n < total && now() < limit) {
		usleep(PERIOD_US);
		n = count();
		mark(came, n < total ? n : total, total);
	}
	while (n && now() < limit) {
		usleep(PERIOD_US);
		n = count();
		mark(went, n < total ? total - n : 0, total);
	}
	if (n) {
		printf("left=%lu\n", n);
		return 1;
	}
	for (i = 0; i < STEPS; i++)
		late[i] = went[i + 1] - came[i + 1] - timeout;
	qsort(late, STEPS, sizeof(late[0]), by_size);
	printf("p50=%.3f p99=%.3f max=%.3f burst=%.3f fill=%.3f drain=%.3f\n",
	       late[STEPS / 2], late[STEPS * 99 / 100], late[STEPS - 1],
	       worst_burst() / (double)STEPS, came[STEPS] - came[1],
	       went[STEPS] - went[1]);
	return 0;
}
