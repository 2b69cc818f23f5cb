// SPDX-License-Identifier: GPL-2.0
/*
 * One CPU sends packets of one connection while another one deletes that
 * connection, again and again, over netlink.
 *
 *   delrace udp|tcp COUNT
 *
 * udp: datagrams from port 1500 to 198.18.1.1:1600, which nobody answers; tcp: a
 * connection over 127.0.0.1.  Prints "deleted=N sent=N refused=N": packets that
 * the kernel refused to send (UDP only, TCP sends again by itself).
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "inet.h"
#include "nl.h"

#define FAR		0xc6120101u	/* 198.18.1.1 */
#define NEAR		0xc6120001u	/* 198.18.0.1 */
#define NEAR_PORT	1500
#define FAR_PORT	1600
#define PATIENCE_MS	20000

static atomic_bool ending;
static unsigned long sent, refused;
static int sender_fd, reader_fd = -1;
static struct nl_tuple flow = {
	.family = AF_INET, .src4 = NEAR, .dst4 = FAR,
	.sport = NEAR_PORT, .dport = FAR_PORT,
};

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "CPU %u", cpu);
}

static void open_udp(void)
{
	struct sockaddr_in near = inet_at(NEAR, NEAR_PORT), far = inet_at(FAR, FAR_PORT);

	flow.proto = IPPROTO_UDP;
	sender_fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (sender_fd < 0 || bind(sender_fd, (struct sockaddr *)&near, sizeof(near)) ||
	    connect(sender_fd, (struct sockaddr *)&far, sizeof(far)))
		err(1, "UDP socket");
}

static int port_of(int fd)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	if (getsockname(fd, (struct sockaddr *)&sa, &len))
		err(1, "port");
	return ntohs(sa.sin_port);
}

static void open_tcp(void)
{
	struct sockaddr_in here = inet_at(INADDR_LOOPBACK, FAR_PORT);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) || listen(fd, 1))
		err(1, "TCP server");
	sender_fd = socket(AF_INET, SOCK_STREAM, 0);
	if (sender_fd < 0 || connect(sender_fd, (struct sockaddr *)&here, sizeof(here)))
		err(1, "TCP client");
	reader_fd = accept(fd, NULL, NULL);
	if (reader_fd < 0)
		err(1, "TCP connection");
	flow.proto = IPPROTO_TCP;
	flow.src4 = INADDR_LOOPBACK;
	flow.dst4 = INADDR_LOOPBACK;
	flow.sport = port_of(sender_fd);
}

/* A lost segment comes again after a while. */
static void receive(void)
{
	struct pollfd pfd = { .fd = reader_fd, .events = POLLIN };
	char byte;

	if (poll(&pfd, 1, PATIENCE_MS) != 1 || recv(reader_fd, &byte, 1, 0) != 1)
		errx(1, "the connection is broken");
}

static void *send_all(void *unused)
{
	pin(0);
	while (!atomic_load(&ending)) {
		sent++;
		if (send(sender_fd, "x", 1, 0) < 0)
			refused++;
		else if (reader_fd >= 0)
			receive();
	}
	return unused;
}

static bool delete_flow(struct mnl_socket *nl)
{
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_request(buf, CT(IPCTNL_MSG_CT_DELETE, NLM_F_ACK));
	int error;

	nl_put(req, TUPLE(CTA_TUPLE_ORIG, &flow));
	error = nl_ask(nl, req, NULL, NULL).error;
	if (error && error != ENOENT)
		errx(1, "delete: %s", strerror(error));
	return !error;
}

int main(int argc, char **argv)
{
	unsigned long deleted = 0, count;
	struct mnl_socket *nl;
	pthread_t thread;

	if (argc != 3 || (strcmp(argv[1], "udp") && strcmp(argv[1], "tcp")))
		errx(2, "usage: %s udp|tcp COUNT", argv[0]);
	count = strtoul(argv[2], NULL, 0);
	if (!strcmp(argv[1], "udp"))
		open_udp();
	else
		open_tcp();
	nl = nl_open();
	errno = pthread_create(&thread, NULL, send_all, NULL);
	if (errno)
		err(1, "thread");
	pin(1);
	while (deleted < count)
		deleted += delete_flow(nl);
	atomic_store(&ending, true);
	pthread_join(thread, NULL);
	printf("deleted=%lu sent=%lu refused=%lu\n", deleted, sent, refused);
	return 0;
}
