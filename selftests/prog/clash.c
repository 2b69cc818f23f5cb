// SPDX-License-Identifier: GPL-2.0
/*
 * Two threads, each on a CPU of its own, send the first packet of the same new
 * flow at the same moment, over the loopback device of this namespace.
 *
 *   clash same ROUNDS     both send from the same socket to the same place
 *   clash reverse ROUNDS  each sends to the other
 *   clash gre ROUNDS      both send plain GRE to the same place
 *   clash echo ROUNDS     both send the same echo request; ROUNDS below 65536
 *   clash echo6 ROUNDS    the same over IPv6
 *
 * Flow n is 127.0.0.1:1500 to 127.1.0.0 + n:1600 over UDP, without ports
 * over GRE, or the identifier n.
 * Prints "sent=N received=N refused=N": packets or answers, two a round.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inet.h"

#define NEAR		INADDR_LOOPBACK
#define NEAR_PORT	1500
#define FAR		0x7f010000u
#define FAR_PORT	1600
#define SPINS		20000	/* before the CPU is given to others */

static unsigned long rounds;
static bool reverse, gre;
static int echo_family;		/* 0: UDP or GRE */
static int near_fd, other_near_fd, far_fd;
/* What is sent; also a header of GRE with IPv4 in it (RFC 2784) */
static const unsigned char payload[] = { 0, 0, 8, 0 };
static atomic_ulong arrived, refused, received;

static int open_socket(uint32_t ip, unsigned int port)
{
	int fd = socket(AF_INET, gre ? SOCK_RAW : SOCK_DGRAM, gre ? IPPROTO_GRE : 0);
	struct sockaddr_in sa = inet_at(ip, port);
	int room = 1 << 24;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		err(1, "socket of port %u", port);
	return fd;
}

/* It receives nothing or answers only. A thread has a socket of its own, since the
 * kernel holds the lock of the socket while it sends.
 */
static int open_echo(int family, bool receives)
{
	bool six = family == AF_INET6;
	int fd = socket(family, SOCK_RAW, six ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	struct icmp_filter only4 = { .data = ~(receives << ICMP_ECHOREPLY) };
	struct icmp6_filter only6;
	int room = 1 << 24;

	ICMP6_FILTER_SETBLOCKALL(&only6);
	if (receives)
		ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &only6);
	if (fd < 0 || (six ? setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &only6,
					sizeof(only6)) :
			     setsockopt(fd, SOL_RAW, ICMP_FILTER, &only4,
					sizeof(only4))))
		err(1, "socket of echoes");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	return fd;
}

/* Both threads leave when both have come. */
static void meet(unsigned long n)
{
	unsigned int spins = 0;

	atomic_fetch_add(&arrived, 1);
	while (atomic_load(&arrived) < 2 * (n + 1))
		if (++spins % SPINS == 0)
			sched_yield();
}

static void send_there(int fd, unsigned long n)
{
	struct sockaddr_in to = inet_at(FAR + n, FAR_PORT);

	if (sendto(fd, payload, sizeof(payload), 0, (struct sockaddr *)&to,
		   sizeof(to)) < 0)
		atomic_fetch_add(&refused, 1);
}

static uint16_t checksum(const uint16_t *words, unsigned int n)
{
	uint32_t sum = 0;

	while (n--)
		sum += *words++;
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

static void send_echo(int fd, unsigned long n)
{
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in to4 = inet_at(NEAR, 0);
	struct icmphdr request = {
		.type = echo_family == AF_INET6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.un.echo.id = htons(n),
	};
	bool six = echo_family == AF_INET6;

	/* the kernel fills in that of ICMPv6 */
	request.checksum = checksum((void *)&request, sizeof(request) / 2);
	if (sendto(fd, &request, sizeof(request), 0,
		   six ? (void *)&to6 : (void *)&to4,
		   six ? sizeof(to6) : sizeof(to4)) < 0)
		atomic_fetch_add(&refused, 1);
}

/* From the address that flow n goes to */
static void send_back(unsigned long n)
{
	char control[CMSG_SPACE(sizeof(struct in_pktinfo))] = { 0 };
	struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(FAR + n) };
	struct sockaddr_in to = inet_at(NEAR, NEAR_PORT);
	struct iovec iov = { .iov_base = "y", .iov_len = 1 };
	struct msghdr msg = {
		.msg_name = &to, .msg_namelen = sizeof(to),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = IPPROTO_IP;
	cmsg->cmsg_type = IP_PKTINFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
	if (sendmsg(far_fd, &msg, 0) < 0)
		atomic_fetch_add(&refused, 1);
}

static void drain(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
		atomic_fetch_add(&received, 1);
}

static void drain_all(void)
{
	drain(near_fd);
	drain(far_fd);
}

static void open_all(const char *kind)
{
	reverse = !strcmp(kind, "reverse");
	gre = !strcmp(kind, "gre");
	echo_family = !strcmp(kind, "echo") ? AF_INET :
		      !strcmp(kind, "echo6") ? AF_INET6 : 0;
	if (!echo_family && !reverse && !gre && strcmp(kind, "same"))
		errx(2, "no such kind: %s", kind);
	if (echo_family) {
		near_fd = open_echo(echo_family, true);
		far_fd = open_echo(echo_family, false);
		return;
	}
	near_fd = open_socket(NEAR, NEAR_PORT);
	/* the kernel sends with a raw socket locked: one for each thread */
	other_near_fd = gre ? open_socket(NEAR, 0) : near_fd;
	far_fd = open_socket(INADDR_ANY, FAR_PORT);
}

static void *work(void *arg)
{
	unsigned long cpu = (unsigned long)arg, n;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %lu", cpu);
	for (n = 0; n < rounds; n++) {
		meet(n);
		if (echo_family)
			send_echo(cpu ? far_fd : near_fd, n);
		else if (cpu && reverse)
			send_back(n);
		else
			send_there(cpu ? other_near_fd : near_fd, n);
		if (cpu && n % 256 == 255)
			drain_all();
	}
	return NULL;
}

static void start(pthread_t *thread, unsigned long cpu)
{
	errno = pthread_create(thread, NULL, work, (void *)cpu);
	if (errno)
		err(1, "thread");
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	unsigned long i;

	if (argc != 3)
		errx(2, "usage: %s same|reverse|gre|echo|echo6 ROUNDS", argv[0]);
	rounds = strtoul(argv[2], NULL, 0);
	open_all(argv[1]);
	for (i = 0; i < 2; i++)
		start(&threads[i], i);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	usleep(200000);
	drain_all();
	printf("sent=%lu received=%lu refused=%lu\n", 2 * rounds,
	       atomic_load(&received), atomic_load(&refused));
	return 0;
}
