// SPDX-License-Identifier: GPL-2.0
/*
 * New UDP flows from user space: one datagram to each of COUNT destinations,
 * from one or more threads, each pinned to a CPU of its own. The destinations
 * are ADDR, ADDR+1, ... with 500 ports each, so that any route to a device
 * which swallows packets will do. Prints one line of "name=value" pairs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define PORTS_PER_ADDR	500
#define FIRST_PORT	20000
#define MAX_THREADS	16

struct worker {
	pthread_t thread;
	uint32_t addr;
	unsigned int cpu;
	unsigned int count;
	unsigned int per_second;
	unsigned int refused;
};

static pthread_barrier_t start_line;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Every 64 datagrams: sleep off what we are ahead of the wanted rate. */
static void pace(const struct worker *w, unsigned int sent, double start)
{
	double ahead;

	if (!w->per_second || sent % 64)
		return;
	ahead = start + (double)sent / w->per_second - now();
	if (ahead > 0)
		usleep(ahead * 1e6);
}

static void *send_flows(void *arg)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct worker *w = arg;
	cpu_set_t cpus;
	unsigned int i;
	double start;
	int fd;

	CPU_ZERO(&cpus);
	CPU_SET(w->cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	pthread_barrier_wait(&start_line);
	start = now();
	for (i = 0; i < w->count; i++) {
		to.sin_addr.s_addr = htonl(w->addr + i / PORTS_PER_ADDR);
		to.sin_port = htons(FIRST_PORT + i % PORTS_PER_ADDR);
		if (sendto(fd, "x", 1, 0, (struct sockaddr *)&to,
			   sizeof(to)) < 0)
			w->refused++;
		pace(w, i + 1, start);
	}
	close(fd);
	return NULL;
}

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s [-t threads] [-r per_second] ADDR COUNT\n",
		name);
	return 2;
}

int main(int argc, char **argv)
{
	static struct worker workers[MAX_THREADS];
	unsigned int i, count, refused = 0, rate = 0;
	unsigned int threads = 1;
	struct in_addr first;
	double t;
	int opt;

	while ((opt = getopt(argc, argv, "t:r:")) != -1) {
		if (opt == 't')
			threads = strtoul(optarg, NULL, 0);
		else if (opt == 'r')
			rate = strtoul(optarg, NULL, 0);
		else
			return usage(argv[0]);
	}
	if (argc - optind != 2 || !threads || threads > MAX_THREADS ||
	    inet_pton(AF_INET, argv[optind], &first) != 1)
		return usage(argv[0]);
	count = strtoul(argv[optind + 1], NULL, 0);

	pthread_barrier_init(&start_line, NULL, threads + 1);
	for (i = 0; i < threads; i++) {
		struct worker *w = &workers[i];

		w->cpu = i;
		w->count = count / threads;
		w->per_second = rate / threads;
		w->addr = ntohl(first.s_addr) +
			  i * (count / threads / PORTS_PER_ADDR + 1);
		if (pthread_create(&w->thread, NULL, send_flows, w)) {
			perror("pthread_create");
			return 1;
		}
	}
	pthread_barrier_wait(&start_line);
	t = now();
	for (i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		refused += workers[i].refused;
	}
	t = now() - t;
	printf("flows=%u refused=%u seconds=%.6f per_second=%.0f\n",
	       count / threads * threads - refused, refused, t,
	       (count / threads * threads - refused) / t);
	return 0;
}
