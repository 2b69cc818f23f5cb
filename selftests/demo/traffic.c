// SPDX-License-Identifier: GPL-2.0
/*
 * The demonstration's traffic: real TCP and UDP connections, each from a
 * source address and port of its own, half of each kind. A connection counts
 * as made when the server's answer is back.
 *
 * usage: traffic server ADDRESS
 *        traffic client ADDRESS COUNT FIRST-SOURCE SOURCES STATUS-FILE
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#define FIRST_PORT	7001
#define PORTS		8
#define FIRST_SPORT	1024
#define WORKERS		8
#define WAIT_SECONDS	10
#define STATUS_EVERY	64

static const char question[] = "how many did you see?";

struct sums {
	unsigned long made;
	unsigned long failed;
};

struct job {
	struct in_addr server;
	struct in_addr first_source;
	unsigned long count;
	unsigned int sources;
	int status;
	struct sums *sums;	/* shared by the workers */
};

static int die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in address(struct in_addr ip, unsigned int port)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_addr = ip, .sin_port = htons(port),
	};

	return sa;
}

/* --- server ----------------------------------------------------------- */

static void watch(int epoll, int fd, int type)
{
	struct epoll_event ev = { .events = EPOLLIN };

	ev.data.u64 = (uint64_t)type << 32 | (uint32_t)fd;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev))
		die("epoll");
}

static void open_port(int epoll, struct in_addr ip, unsigned int port, int type)
{
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0), one = 1, room = 1 << 20;
	struct sockaddr_in sa = address(ip, port);

	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		die("bind");
	if (type == SOCK_STREAM && listen(fd, 1024))
		die("listen");
	watch(epoll, fd, type);
}

static void answer_datagrams(int fd)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	char buf[256];
	ssize_t len;

	while ((len = recvfrom(fd, buf, sizeof(buf), 0,
			       (struct sockaddr *)&from, &size)) >= 0)
		sendto(fd, buf, len, 0, (struct sockaddr *)&from, size);
}

/* One answer per stream; then the client's end closes it. */
static void answer_stream(int fd)
{
	char buf[256];
	ssize_t len = recv(fd, buf, sizeof(buf), 0);

	if (len < 0 && errno == EAGAIN)
		return;
	if (len <= 0 || send(fd, buf, len, MSG_NOSIGNAL) != len)
		close(fd);
}

static void serve(struct in_addr ip)
{
	int epoll = epoll_create1(0), i, n, fd, peer;
	struct epoll_event ev[64];

	for (i = 0; i < PORTS; i++) {
		open_port(epoll, ip, FIRST_PORT + i, SOCK_STREAM);
		open_port(epoll, ip, FIRST_PORT + i, SOCK_DGRAM);
	}
	for (;;) {
		n = epoll_wait(epoll, ev, 64, -1);
		for (i = 0; i < n; i++) {
			fd = (uint32_t)ev[i].data.u64;
			switch (ev[i].data.u64 >> 32) {
			case SOCK_DGRAM:
				answer_datagrams(fd);
				break;
			case SOCK_STREAM:
				while ((peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0)
					watch(epoll, peer, 0);
				break;
			default:
				answer_stream(fd);
			}
		}
	}
}

/* --- client ----------------------------------------------------------- */

static bool ask(int fd, struct sockaddr_in *from, struct sockaddr_in *to)
{
	struct timeval limit = { .tv_sec = WAIT_SECONDS };
	char buf[sizeof(question)];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return !bind(fd, (struct sockaddr *)from, sizeof(*from)) &&
	       !connect(fd, (struct sockaddr *)to, sizeof(*to)) &&
	       send(fd, question, sizeof(question), MSG_NOSIGNAL) == sizeof(question) &&
	       recv(fd, buf, sizeof(buf), 0) == sizeof(buf);
}

/* Number n: its source, its port and its kind follow from the number. */
static bool make_connection(const struct job *job, unsigned long n)
{
	unsigned long pair = n / 2;
	struct in_addr source = {
		htonl(ntohl(job->first_source.s_addr) + pair % job->sources),
	};
	struct sockaddr_in from = address(source, FIRST_SPORT + pair / job->sources);
	struct sockaddr_in to = address(job->server, FIRST_PORT + pair % PORTS);
	int fd = socket(AF_INET, n % 2 ? SOCK_DGRAM : SOCK_STREAM, 0);
	bool made;

	if (fd < 0)
		die("socket");
	made = ask(fd, &from, &to);
	close(fd);
	return made;
}

static void write_status(const struct job *job)
{
	char line[80];
	int len = snprintf(line, sizeof(line), "made=%lu failed=%lu\n",
			   job->sums->made, job->sums->failed);

	if (pwrite(job->status, line, len, 0) != len)
		perror("status");
}

static void work(const struct job *job, unsigned long worker)
{
	unsigned long n;

	for (n = worker; n < job->count; n += WORKERS) {
		if (make_connection(job, n))
			__atomic_add_fetch(&job->sums->made, 1, __ATOMIC_RELAXED);
		else
			__atomic_add_fetch(&job->sums->failed, 1, __ATOMIC_RELAXED);
		if (n / WORKERS % STATUS_EVERY == 0)
			write_status(job);
	}
}

static int run_client(struct job *job)
{
	int i;

	job->sums = mmap(NULL, sizeof(*job->sums), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->sums == MAP_FAILED)
		die("mmap");
	for (i = 0; i < WORKERS; i++) {
		switch (fork()) {
		case -1:
			die("fork");
			break;
		case 0:
			work(job, i);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	write_status(job);
	return job->sums->failed ? 1 : 0;
}

static int usage(const char *name)
{
	fprintf(stderr, "usage: %s server ADDRESS\n"
		"       %s client ADDRESS COUNT FIRST-SOURCE SOURCES STATUS-FILE\n",
		name, name);
	return 2;
}

int main(int argc, char **argv)
{
	struct job job = { 0 };

	if (argc < 3 || !inet_aton(argv[2], &job.server))
		return usage(argv[0]);
	if (!strcmp(argv[1], "server"))
		serve(job.server);
	if (strcmp(argv[1], "client") || argc != 7 ||
	    !inet_aton(argv[4], &job.first_source))
		return usage(argv[0]);
	job.count = strtoul(argv[3], NULL, 10);
	job.sources = strtoul(argv[5], NULL, 10);
	job.status = open(argv[6], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (job.status < 0 || !job.sources)
		return usage(argv[0]);
	return run_client(&job);
}
