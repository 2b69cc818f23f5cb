// SPDX-License-Identifier: GPL-2.0
/*
 * "Who am I?": a server that tells each peer the address and port it sees, and
 * clients that ask it. So a test knows what a gateway has made of a packet.
 *
 *   who serve PORT...       UDP and TCP, both families, every local address;
 *                           the answer comes from where the question went
 *   who ask [OPTION]... udp|tcp FROM SPORT TO DPORT
 *         one question, prints "ADDRESS PORT", "none", "refused" (an ICMP error
 *         or RST), "reset" or "errno N"; FROM may be "-", SPORT 0
 *       -c N    N questions on one socket, a line each
 *       -i      one question for each line of the standard input, until "q"
 *       -p MS   pause between questions, or between windows of clients
 *       -q      prints the number of answers only
 *       -r      closes a TCP connection by RST
 *       -s N    questions of N bytes (UDP), fragments if need be
 *       -w MS   wait that long for an answer (2000, times $NFCT_SLOW)
 *   who many [OPTION]... udp|tcp FROM SPORT TO DPORT COUNT
 *         COUNT clients with ports from SPORT on, all open at once; prints
 *         "answered=N addresses=N ports=N low=P high=P", the distinct addresses
 *         and ports that were seen, the lowest and the highest port
 *       -k      stays so until SIGTERM
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_QUESTION	9000
#define MAX_CLIENTS	16384
#define WINDOW		256
#define MAX_FILES	60000

struct options {
	int count;
	int wait;
	int pause;
	int size;
	bool interactive;
	bool quiet;
	bool reset;
	bool keep;
};

struct seen {
	char addr[INET6_ADDRSTRLEN];
	unsigned int port;
};

static void plain(const struct in6_addr *in6, char *out)
{
	if (IN6_IS_ADDR_V4MAPPED(in6))
		inet_ntop(AF_INET, &in6->s6_addr[12], out, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, in6, out, INET6_ADDRSTRLEN);
}

static int tell(char *buf, size_t size, const struct sockaddr_in6 *peer)
{
	char addr[INET6_ADDRSTRLEN];

	plain(&peer->sin6_addr, addr);
	return snprintf(buf, size, "%s %u\n", addr, ntohs(peer->sin6_port));
}

static void may_open_many(void)
{
	struct rlimit files = { MAX_FILES, MAX_FILES };

	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "limit of files");
}

/* ---- server ---- */

static int open_port(int type, unsigned int port)
{
	struct sockaddr_in6 sa = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int fd = socket(AF_INET6, type, 0), one = 1, zero = 0;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		err(1, "port %u", port);
	if (type == SOCK_STREAM && listen(fd, 4096))
		err(1, "listen, port %u", port);
	return fd;
}

/* The packet information that came goes back with the answer. */
static void answer_datagram(int fd)
{
	char question[MAX_QUESTION], text[80], control[256];
	struct iovec iov = { question, sizeof(question) };
	struct sockaddr_in6 peer;
	struct msghdr msg = {
		.msg_name = &peer, .msg_namelen = sizeof(peer),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;

	if (recvmsg(fd, &msg, 0) < 0)
		return;
	iov.iov_base = text;
	iov.iov_len = tell(text, sizeof(text), &peer);
	cmsg = CMSG_FIRSTHDR(&msg);
	/* any interface: the route decides */
	if (cmsg && cmsg->cmsg_type == IPV6_PKTINFO)
		((struct in6_pktinfo *)CMSG_DATA(cmsg))->ipi6_ifindex = 0;
	sendmsg(fd, &msg, 0);
}

static void answer_stream(int fd)
{
	struct sockaddr_in6 peer;
	socklen_t len = sizeof(peer);
	char buf[MAX_QUESTION], text[80];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	if (n <= 0 || getpeername(fd, (struct sockaddr *)&peer, &len)) {
		close(fd);
		return;
	}
	n = tell(text, sizeof(text), &peer);
	send(fd, text, n, MSG_NOSIGNAL);
}

enum kind { DATAGRAM, LISTENER, STREAM };

static void watch(int ep, int fd, enum kind kind)
{
	struct epoll_event ev = {
		.events = EPOLLIN,
		.data.u64 = (uint64_t)kind << 32 | (uint32_t)fd,
	};

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		err(1, "epoll_ctl");
}

static void serve(char **ports)
{
	int ep = epoll_create1(0), fd;
	struct epoll_event ev;

	may_open_many();
	for (; *ports; ports++) {
		watch(ep, open_port(SOCK_DGRAM, atoi(*ports)), DATAGRAM);
		watch(ep, open_port(SOCK_STREAM, atoi(*ports)), LISTENER);
	}
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		if (epoll_wait(ep, &ev, 1, -1) < 1)
			continue;
		fd = (uint32_t)ev.data.u64;
		switch (ev.data.u64 >> 32) {
		case DATAGRAM:
			answer_datagram(fd);
			break;
		case LISTENER:
			fd = accept(fd, NULL, NULL);
			if (fd >= 0)
				watch(ep, fd, STREAM);
			break;
		default:
			answer_stream(fd);
		}
	}
}

/* ---- client ---- */

static socklen_t address(struct sockaddr_storage *ss, int family,
			 const char *text, unsigned int port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	bool any = !strcmp(text, "-");

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = family;
	if (family == AF_INET6) {
		in6->sin6_port = htons(port);
		if (!any && inet_pton(family, text, &in6->sin6_addr) != 1)
			errx(1, "no address: %s", text);
		return sizeof(*in6);
	}
	in->sin_port = htons(port);
	if (!any && inet_pton(family, text, &in->sin_addr) != 1)
		errx(1, "no address: %s", text);
	return sizeof(*in);
}

/* A socket on its way to be connected; -1 with errno if it was refused. */
static int open_client(int type, const char *from, unsigned int sport,
		       const char *to, unsigned int dport)
{
	int family = strchr(to, ':') ? AF_INET6 : AF_INET, one = 1, fd;
	int pmtu = IP_PMTUDISC_DONT;
	struct sockaddr_storage ss;
	socklen_t len;

	fd = socket(family, type | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &pmtu, sizeof(pmtu));
	len = address(&ss, family, from, sport);
	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len))
		err(1, "client at %s port %u", from, sport);
	len = address(&ss, family, to, dport);
	if (!connect(fd, (struct sockaddr *)&ss, len) || errno == EINPROGRESS)
		return fd;
	close(fd);
	return -1;
}

static const char *failure(int error)
{
	static char text[32];

	switch (error) {
	case ECONNREFUSED:
		return "refused";
	case ECONNRESET:
		return "reset";
	case EAGAIN:
		return "none";
	}
	snprintf(text, sizeof(text), "errno %d", error);
	return text;
}

static int wait_for(int fd, short events, int ms)
{
	struct pollfd pfd = { fd, events, 0 };

	if (poll(&pfd, 1, ms) == 1)
		return 0;
	errno = EAGAIN;
	return -1;
}

/* One question and its answer in text; false with errno. */
static bool ask_once(int fd, const struct options *opt, char *text, size_t size)
{
	static char question[MAX_QUESTION] = "who?";
	ssize_t n;

	if (wait_for(fd, POLLOUT, opt->wait) ||
	    send(fd, question, opt->size, MSG_NOSIGNAL) < 0 ||
	    wait_for(fd, POLLIN, opt->wait))
		return false;
	n = recv(fd, text, size - 1, 0);
	if (n <= 0) {
		if (!n)
			errno = ECONNRESET;
		return false;
	}
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return true;
}

static void close_client(int fd, const struct options *opt)
{
	struct linger abort = { .l_onoff = 1 };

	if (opt->reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	close(fd);
}

static void ask(int type, char **to, const struct options *opt)
{
	int fd = open_client(type, to[0], atoi(to[1]), to[2], atoi(to[3]));
	char text[80], line[80];
	int i, answers = 0;

	setlinebuf(stdout);
	for (i = 0; opt->interactive || i < opt->count; i++) {
		if (opt->interactive &&
		    (!fgets(line, sizeof(line), stdin) || line[0] == 'q'))
			break;
		if (i && opt->pause)
			usleep(opt->pause * 1000);
		if (fd >= 0 && ask_once(fd, opt, text, sizeof(text)))
			answers++;
		else
			strcpy(text, failure(errno));
		if (!opt->quiet)
			printf("%s\n", text);
	}
	if (opt->quiet)
		printf("%d\n", answers);
	if (fd >= 0)
		close_client(fd, opt);
}

static int distinct_addresses(const struct seen *seen, int n)
{
	int i, j, found = 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i; j++)
			if (!strcmp(seen[i].addr, seen[j].addr))
				break;
		found += j == i;
	}
	return found;
}

static void report(const struct seen *seen, int n)
{
	unsigned int low = n ? 65535 : 0, high = 0, ports = 0;
	static bool used[65536];
	int i;

	for (i = 0; i < n; i++) {
		ports += !used[seen[i].port];
		used[seen[i].port] = true;
		if (seen[i].port < low)
			low = seen[i].port;
		if (seen[i].port > high)
			high = seen[i].port;
	}
	printf("answered=%d addresses=%d ports=%u low=%u high=%u\n", n,
	       distinct_addresses(seen, n), ports, low, high);
	fflush(stdout);
}

/* Asks count clients, whose connections are on their way; returns the answers. */
static int ask_all(const int *fd, int count, struct seen *seen,
		   const struct options *opt)
{
	struct options once = *opt;
	int i, answered = 0;
	char text[80];

	for (i = 0; i < count; i++) {
		if (fd[i] < 0)
			continue;
		if (!ask_once(fd[i], &once, text, sizeof(text))) {
			/* the others have had that time as well */
			once.wait = opt->wait / 10;
			continue;
		}
		sscanf(text, "%45s %u", seen[answered].addr, &seen[answered].port);
		seen[answered].port &= 0xffff;
		answered++;
	}
	return answered;
}

/* A window of clients connects before the first of them is waited for. */
static void many(int type, char **to, int count, const struct options *opt)
{
	static struct seen seen[MAX_CLIENTS];
	int i, done, batch, answered = 0;
	static int fd[MAX_CLIENTS];

	if (count > MAX_CLIENTS)
		count = MAX_CLIENTS;
	may_open_many();
	for (done = 0; done < count; done += batch) {
		batch = count - done < WINDOW ? count - done : WINDOW;
		if (done && opt->pause)
			usleep(opt->pause * 1000);
		for (i = done; i < done + batch; i++)
			fd[i] = open_client(type, to[0], atoi(to[1]) + i, to[2],
					    atoi(to[3]));
		answered += ask_all(fd + done, batch, seen + answered, opt);
	}
	report(seen, answered);
	if (opt->keep)
		pause();
	for (i = 0; i < count; i++)
		if (fd[i] >= 0)
			close_client(fd[i], opt);
}

/* ---- command line ---- */

static void __attribute__((noreturn)) usage(void)
{
	errx(2, "usage: who serve PORT... | ask [OPTION]... udp|tcp FROM SPORT TO DPORT | many [OPTION]... udp|tcp FROM SPORT TO DPORT COUNT");
}

static void on_signal(int sig)
{
	(void)sig;
}

static int parse(int argc, char **argv, struct options *opt)
{
	const char *slow = getenv("NFCT_SLOW");
	int c;

	opt->wait = 2000 * (slow ? atoi(slow) : 1);
	while ((c = getopt(argc, argv, "+c:ikp:qrs:w:")) != -1) {
		switch (c) {
		case 'c':
			opt->count = atoi(optarg);
			break;
		case 'i':
			opt->interactive = true;
			break;
		case 'k':
			opt->keep = true;
			break;
		case 'p':
			opt->pause = atoi(optarg);
			break;
		case 'q':
			opt->quiet = true;
			break;
		case 'r':
			opt->reset = true;
			break;
		case 's':
			opt->size = atoi(optarg);
			break;
		case 'w':
			opt->wait = atoi(optarg);
			break;
		default:
			usage();
		}
	}
	if (opt->size < 1 || opt->size > MAX_QUESTION)
		opt->size = 4;
	return optind;
}

int main(int argc, char **argv)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct options opt = { .count = 1, .size = 4 };
	char **args;
	int type, n;

	if (argc > 2 && !strcmp(argv[1], "serve"))
		serve(argv + 2);
	sigaction(SIGTERM, &sa, NULL);
	if (argc < 3)
		usage();
	n = parse(argc - 1, argv + 1, &opt) + 1;
	args = argv + n + 1;
	n = argc - n - 1;
	if (n < 4)
		usage();
	type = strcmp(args[-1], "tcp") ? SOCK_DGRAM : SOCK_STREAM;
	if (!strcmp(argv[1], "ask"))
		ask(type, args, &opt);
	else if (!strcmp(argv[1], "many") && n == 5)
		many(type, args, atoi(args[4]), &opt);
	else
		usage();
	return 0;
}
