// SPDX-License-Identifier: GPL-2.0
/*
 * Listeners that come while others go: two threads subscribe to new connections
 * and close again, as fast as they can.  The main one subscribes, sends a datagram
 * to a new address (198.18.0.0/15, tracked by its sender) and waits for its
 * NEW, again and again; between two rounds there is a moment without it.
 *
 *   bindclose SECONDS
 *
 * Prints "rounds=N others=N deaf=N"; deaf: rounds in which nothing came within
 * a second.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "nl.h"

#define OTHERS		2
#define FIRST_ADDR	0xc6130000u	/* 198.19.0.0 */
#define PATIENCE_MS	1000

static volatile bool ending;
static unsigned long turns[OTHERS];

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static struct mnl_socket *subscribe(void)
{
	struct mnl_socket *nl = nl_open();

	nl_join(nl, NFNLGRP_CONNTRACK_NEW);
	return nl;
}

static void *come_and_go(void *data)
{
	unsigned long *count = data;

	while (!ending) {
		mnl_socket_close(subscribe());
		++*count;
	}
	return NULL;
}

static void send_to(int fd, unsigned int n)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(FIRST_ADDR + n / 1000),
		.sin_port = htons(20000 + n % 1000),
	};

	if (sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
		err(1, "send");
}

static bool hears(int fd, unsigned int n)
{
	struct mnl_socket *nl = subscribe();
	struct pollfd pfd = {
		.fd = mnl_socket_get_fd(nl),
		.events = POLLIN,
	};
	bool heard;

	send_to(fd, n);
	heard = poll(&pfd, 1, PATIENCE_MS) > 0;
	mnl_socket_close(nl);
	return heard;
}

int main(int argc, char **argv)
{
	time_t end = now() + (argc > 1 ? atoi(argv[1]) : 10);
	unsigned int round, deaf = 0, i;
	pthread_t thread[OTHERS];
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		err(1, "socket");
	for (i = 0; i < OTHERS; i++)
		if (pthread_create(&thread[i], NULL, come_and_go, &turns[i]))
			errx(1, "no thread");
	for (round = 0; now() < end; round++) {
		deaf += !hears(fd, round);
		usleep(rand() % 2000);
	}
	ending = true;
	for (i = 0; i < OTHERS; i++)
		pthread_join(thread[i], NULL);
	printf("rounds=%u others=%lu deaf=%u\n", round, turns[0] + turns[1], deaf);
	return 0;
}
