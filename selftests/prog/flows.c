// SPDX-License-Identifier: GPL-2.0
/*
 * Makes connections, many and fast.
 *
 *   flows udp ADDR SPORT FIRST COUNT   one datagram each from source port SPORT
 *         to the destinations number FIRST to FIRST + COUNT - 1: ADDR + n / 1000,
 *         port 20000 + n % 1000; the same call again refreshes the same flows
 *   flows tcp PORT COUNT [open|abort]  TCP connections to oneself over 127.0.0.1
 *         that say a word and are closed; "open" stay so until SIGTERM, "abort"
 *         are reset after the word, and come from the ports 10000 on
 *
 * Prints "sent=N refused=N", "made=N".
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inet.h"

#define PORTS_PER_ADDR	1000
#define FIRST_PORT	20000
#define FIRST_SOURCE	10000
#define BATCH		64

/* ---- UDP ---- */

static struct sockaddr_in destination(uint32_t base, unsigned long n)
{
	return inet_at(base + n / PORTS_PER_ADDR,
		       FIRST_PORT + n % PORTS_PER_ADDR);
}

static int open_udp(unsigned int sport)
{
	struct sockaddr_in from = inet_at(INADDR_ANY, sport);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)))
		err(1, "UDP port %u", sport);
	return fd;
}

/* To destinations from number @first on; returns how many were sent, or -1. */
static int send_batch(int fd, uint32_t base, unsigned long first, unsigned int batch)
{
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct mmsghdr msgs[BATCH] = { };
	struct sockaddr_in to[BATCH];
	unsigned int i;

	for (i = 0; i < batch; i++) {
		to[i] = destination(base, first + i);
		msgs[i].msg_hdr.msg_name = &to[i];
		msgs[i].msg_hdr.msg_namelen = sizeof(to[i]);
		msgs[i].msg_hdr.msg_iov = &iov;
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	return sendmmsg(fd, msgs, batch, 0);
}

static void udp(uint32_t base, unsigned int sport, unsigned long first,
		unsigned long count)
{
	unsigned long done = 0, refused = 0;
	int fd = open_udp(sport), sent;

	while (done < count) {
		sent = send_batch(fd, base, first + done,
				  count - done < BATCH ? count - done : BATCH);
		if (sent > 0) {
			done += sent;
		} else if (errno == ENOBUFS || errno == EAGAIN) {
			usleep(1000);
		} else {
			/* EPERM: conntrack has dropped it */
			refused++;
			done++;
		}
	}
	close(fd);
	printf("sent=%lu refused=%lu\n", count - refused, refused);
}

/* ---- TCP ---- */

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static int open_server(unsigned int port)
{
	struct sockaddr_in sa = inet_at(INADDR_LOOPBACK, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    listen(fd, 128))
		err(1, "TCP port %u", port);
	return fd;
}

/*
 * A socket for connection number @i.  The kernel gives a port once more soon after a reset,
 * and conntrack(8) shows such a connection as the one before: choose it here.
 */
static int open_client(unsigned long i, bool abort)
{
	struct sockaddr_in from = inet_at(INADDR_LOOPBACK, FIRST_SOURCE + i);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && abort && bind(fd, (struct sockaddr *)&from, sizeof(from)))
		err(1, "source port %lu", FIRST_SOURCE + i);
	return fd;
}

static bool converse(int server, int client, const struct sockaddr_in *to,
		     bool keep, bool abort)
{
	struct linger reset = { .l_onoff = 1 };
	char word[4];
	bool good;
	int peer;

	if (client < 0 || connect(client, (struct sockaddr *)to, sizeof(*to)))
		return false;
	peer = accept(server, NULL, NULL);
	if (peer < 0)
		return false;
	good = send(client, "ask", 4, 0) == 4 && recv(peer, word, 4, 0) == 4 &&
	       send(peer, "yes", 4, 0) == 4 && recv(client, word, 4, 0) == 4;
	if (keep)
		return good;
	if (abort)
		setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(client);
	/* wait for the FIN, so that the peer answers it with its own */
	if (recv(peer, word, 4, 0) > 0)
		good = false;
	close(peer);
	return good;
}

static void tcp(unsigned int port, unsigned long count, const char *how)
{
	struct rlimit many = { 60000, 60000 };
	struct sockaddr_in to = inet_at(INADDR_LOOPBACK, port);
	bool keep = !strcmp(how, "open");
	bool abort = !strcmp(how, "abort");
	unsigned long i, made = 0;
	int server;

	if (setrlimit(RLIMIT_NOFILE, &many))
		err(1, "limit of files");
	server = open_server(port);
	for (i = 0; i < count; i++)
		made += converse(server, open_client(i, abort), &to, keep, abort);
	printf("made=%lu\n", made);
	fflush(stdout);
	if (keep)
		while (!stopped)
			pause();
}

int main(int argc, char **argv)
{
	struct in_addr base;

	signal(SIGTERM, on_signal);
	if (argc == 6 && !strcmp(argv[1], "udp") &&
	    inet_pton(AF_INET, argv[2], &base) == 1) {
		udp(ntohl(base.s_addr), strtoul(argv[3], NULL, 0),
		    strtoul(argv[4], NULL, 0), strtoul(argv[5], NULL, 0));
		return 0;
	}
	if (argc >= 4 && !strcmp(argv[1], "tcp")) {
		tcp(strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0),
		    argc > 4 ? argv[4] : "close");
		return 0;
	}
	errx(2, "usage: %s udp ADDR SPORT FIRST COUNT | tcp PORT COUNT [open|abort]",
	     argv[0]);
}
