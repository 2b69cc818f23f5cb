// SPDX-License-Identifier: GPL-2.0
/*
 * Events as a listener sees them: what its socket is charged for each, how
 * many share a datagram, whether any is missing or out of order.
 *
 *   ctbatch charge                   socket memory per kind of event
 *   ctbatch run FLOWS BUFFER USEC    make and flush FLOWS connections before a
 *                                    reliable listener with that buffer (0:
 *                                    plenty), which pauses after each datagram
 *   ctbatch echo                     make a connection and change it at once: how
 *                                    many echoes of the change come back
 *   ctbatch dump FLOWS               dump while others come and the table is
 *                                    resized: each of FLOWS exactly once
 *
 * Prints "key value" lines.
 */
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include <linux/sock_diag.h>

#include "nl.h"

#ifndef SO_MEMINFO
#define SO_MEMINFO	55
#endif

#define FOREVER_MARK	0x11
#define FIRST_HOST	0x0a100000	/* 10.16.0.0 */
#define FIRST_PORT	1000
#define SERVER		0x0a200001
#define NEW		IPCTNL_MSG_CT_NEW
#define CREATE		(NLM_F_CREATE | NLM_F_ACK)

static struct mnl_socket *requests;

/* --- requests ----------------------------------------------------------- */

/* Client number @n, with an address and a port of its own, asks the server. */
static struct nl_tuple client(int family, int proto, unsigned int n)
{
	return (struct nl_tuple){
		.family = family, .proto = proto,
		.src4 = FIRST_HOST + (n >> 8), .dst4 = SERVER,
		.sport = FIRST_PORT + (n & 255), .dport = 80,
	};
}

static void make(int family, int proto, unsigned int n, uint32_t mark)
{
	struct nl_tuple t = client(family, proto, n);
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_request(buf, CT_OF(family, NEW, CREATE));

	nl_put(req, PAIR(&t), BE32(CTA_TIMEOUT, 600));
	if (mark)
		nl_put(req, BE32(CTA_MARK, mark));
	nl_must(requests, req, NULL, NULL, "new");
}

static void flush(void)
{
	char buf[NL_REQUEST_MAX];

	nl_must(requests, nl_request(buf, CT(IPCTNL_MSG_CT_DELETE, NLM_F_ACK)),
		NULL, NULL, "flush");
}

static void count_new(const struct nlmsghdr *nlh, void *data)
{
	*(unsigned int *)data += nlh->nlmsg_type ==
				 (NFNL_SUBSYS_CTNETLINK << 8 | NEW);
}

/*
 * A new connection, and behind it in the same datagram a change of its mark
 * that is to be echoed: with batches on, the NEW event is still held then.
 */
static void echo(void)
{
	struct mnl_socket *listener = nl_open();
	struct nl_tuple t = client(AF_INET, IPPROTO_UDP, 0);
	struct nlmsghdr *new, *change;
	char buf[NL_REQUEST_MAX];
	unsigned int echoes = 0;
	struct nl_end end;

	nl_join(listener, NFNLGRP_CONNTRACK_NEW);
	nl_join(listener, NFNLGRP_CONNTRACK_UPDATE);
	new = nl_request(buf, CT(NEW, NLM_F_CREATE));
	nl_put(new, PAIR(&t), BE32(CTA_TIMEOUT, 600));
	change = nl_request(buf + MNL_ALIGN(new->nlmsg_len), CT(NEW, NLM_F_ECHO));
	nl_put(change, PAIR(&t), BE32(CTA_MARK, 7));
	if (mnl_socket_sendto(requests, buf, MNL_ALIGN(new->nlmsg_len) +
			      change->nlmsg_len) < 0)
		err(1, "echo");
	end = nl_read_answer(requests, change, count_new, &echoes);
	if (end.error > 0)
		errx(1, "echo: %s %s", strerror(end.error), end.text);
	printf("echoes %u\n", echoes);
	mnl_socket_close(listener);
}

/* --- charge ------------------------------------------------------------- */

static unsigned int charged(struct mnl_socket *nl)
{
	uint32_t mem[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(mem);

	if (getsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_MEMINFO, mem, &len))
		err(1, "SO_MEMINFO");
	return mem[SK_MEMINFO_RMEM_ALLOC];
}

static unsigned int drain(struct mnl_socket *nl)
{
	unsigned int bytes = 0;
	char in[NL_ANSWER_MAX];
	int len;

	while ((len = nl_receive(nl, in, sizeof(in), MSG_DONTWAIT)) > 0)
		bytes += len;
	return bytes;
}

static void charge(const char *name, int group, int family, int proto)
{
	struct mnl_socket *nl = nl_open();
	unsigned int before, memory, bytes;

	if (group == NFNLGRP_CONNTRACK_NEW)
		nl_join(nl, group);
	make(family, proto, 1, 0);
	usleep(10000);
	if (group == NFNLGRP_CONNTRACK_DESTROY) {
		nl_join(nl, group);
		flush();
		usleep(10000);
	}
	before = charged(nl);
	bytes = drain(nl);
	memory = before - charged(nl);
	printf("charge-%s %u bytes %u\n", name, memory, bytes);
	mnl_socket_close(nl);
	flush();
}

static void charges(void)
{
	const int new = NFNLGRP_CONNTRACK_NEW, gone = NFNLGRP_CONNTRACK_DESTROY;

	charge("new-udp4", new, AF_INET, IPPROTO_UDP);
	charge("new-tcp4", new, AF_INET, IPPROTO_TCP);
	charge("new-udp6", new, AF_INET6, IPPROTO_UDP);
	charge("new-tcp6", new, AF_INET6, IPPROTO_TCP);
	charge("destroy-udp4", gone, AF_INET, IPPROTO_UDP);
	charge("destroy-tcp4", gone, AF_INET, IPPROTO_TCP);
	charge("destroy-tcp6", gone, AF_INET6, IPPROTO_TCP);
}

/* --- run ---------------------------------------------------------------- */

static struct {
	struct mnl_socket	*nl;
	unsigned int		flows;
	useconds_t		pause;
	uint8_t			*seen;	/* by flow: 1 NEW, 2 DESTROY */
	unsigned int		made, gone, twice, disorder, updates;
	unsigned int		datagrams, most, biggest, overrun;
} listener;

/* The number that client() has turned into an address and a port */
static unsigned int flow_of(const struct nlmsghdr *nlh)
{
	struct nl_flow flow = { };
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
			nl_read_tuple(attr, &flow);
	return ((flow.src - FIRST_HOST) << 8) + flow.sport - FIRST_PORT;
}

static void account(const struct nlmsghdr *nlh)
{
	unsigned int flow = flow_of(nlh);

	if (flow >= listener.flows)
		return;

	if ((nlh->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE) {
		listener.gone++;
		listener.disorder += listener.seen[flow] == 0;
		listener.twice += !!(listener.seen[flow] & 2);
		listener.seen[flow] |= 2;
	} else if (nlh->nlmsg_flags & NLM_F_CREATE) {
		listener.made++;
		listener.disorder += !!(listener.seen[flow] & 2);
		listener.twice += listener.seen[flow] & 1;
		listener.seen[flow] |= 1;
	} else {
		listener.updates++;
	}
}

static void account_datagram(void *in, int len)
{
	struct nlmsghdr *nlh;
	unsigned int n = 0;

	listener.datagrams++;
	if ((unsigned int)len > listener.biggest)
		listener.biggest = len;
	for (nlh = in; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		account(nlh);
		n++;
	}
	if (n > listener.most)
		listener.most = n;
}

/* Ends when all have ended, or when nothing has come for the socket's patience. */
static void *listen_thread(void *unused)
{
	static char in[NL_ANSWER_MAX];
	int len;

	(void)unused;
	while (listener.gone < listener.flows) {
		len = nl_receive(listener.nl, in, sizeof(in), 0);
		if (len < 0 && errno == EAGAIN)
			break;
		if (len < 0 && errno != ENOBUFS)
			err(1, "listener");
		if (len < 0) {
			listener.overrun++;
			continue;
		}
		account_datagram(in, len);
		if (listener.pause)
			usleep(listener.pause);
	}
	return NULL;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void open_listener(int buffer)
{
	int size = buffer ? buffer : 64 << 20;

	listener.nl = nl_open();
	nl_option(listener.nl, NETLINK_BROADCAST_ERROR, 1);
	if (setsockopt(mnl_socket_get_fd(listener.nl), SOL_SOCKET,
		       buffer ? SO_RCVBUF : SO_RCVBUFFORCE, &size, sizeof(size)))
		err(1, "receive buffer");
	nl_set_patience(listener.nl, 20000);
	nl_join(listener.nl, NFNLGRP_CONNTRACK_NEW);
	nl_join(listener.nl, NFNLGRP_CONNTRACK_UPDATE);
	nl_join(listener.nl, NFNLGRP_CONNTRACK_DESTROY);
}

static void start(pthread_t *tid, void *(*work)(void *))
{
	errno = pthread_create(tid, NULL, work, NULL);
	if (errno)
		err(1, "thread");
}

static uint8_t *one_byte_each(unsigned int flows)
{
	uint8_t *bytes = calloc(flows, 1);

	if (!bytes)
		err(1, "%u flows", flows);
	return bytes;
}

static void run(unsigned int flows, int buffer, useconds_t pause)
{
	unsigned int i;
	pthread_t tid;
	double began;

	listener.flows = flows;
	listener.pause = pause;
	listener.seen = one_byte_each(flows);
	open_listener(buffer);

	start(&tid, listen_thread);
	began = now();
	for (i = 0; i < flows; i++)
		make(AF_INET, IPPROTO_UDP, i, 0);
	flush();
	pthread_join(tid, NULL);

	printf("new %u\ndestroy %u\ntwice %u\ndisorder %u\nupdates %u\n",
	       listener.made, listener.gone, listener.twice, listener.disorder,
	       listener.updates);
	printf("datagrams %u\nmost %u\nbiggest %u\noverrun %u\nseconds %.1f\n",
	       listener.datagrams, listener.most, listener.biggest,
	       listener.overrun, now() - began);
}

/* --- dump --------------------------------------------------------------- */

static volatile bool stop;

static void set_buckets(const char *size)
{
	FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_buckets", "w");

	if (!f || fputs(size, f) < 0 || fclose(f))
		err(1, "nf_conntrack_buckets");
}

static void *resize_thread(void *unused)
{
	static const char *const sizes[] = { "1024", "16384", "2048", "65536" };
	unsigned int i = 0;

	(void)unused;
	while (!stop) {
		set_buckets(sizes[i++ % ARRAY_SIZE(sizes)]);
		usleep(20000);
	}
	return NULL;
}

struct round {
	uint8_t		*seen;	/* by flow, how often */
	unsigned int	next;	/* the connection that is made next meanwhile */
};

static void see_entry(const struct nlmsghdr *nlh, void *data)
{
	unsigned int flow = flow_of(nlh);
	struct round *round = data;

	if (flow < listener.flows && round->seen[flow] < 255)
		round->seen[flow]++;
}

/* Others come while the dump is read: two behind each of its datagrams. */
static void dump_once(struct mnl_socket *nl, struct round *round)
{
	char buf[NL_REQUEST_MAX], in[NL_ANSWER_MAX];
	struct nlmsghdr *req = nl_request(buf, CT_OF(AF_UNSPEC, IPCTNL_MSG_CT_GET,
						     NLM_F_DUMP));
	unsigned int seq = req->nlmsg_seq;
	struct nl_end end = { };
	bool ended;
	int len;

	nl_send(nl, req);
	do {
		len = nl_receive(nl, in, sizeof(in), 0);
		if (len < 0)
			err(1, "dump");
		ended = nl_read_datagram(in, len, seq, see_entry, round, &end);
		make(AF_INET, IPPROTO_UDP, round->next++, 0);
		make(AF_INET, IPPROTO_UDP, round->next++, 0);
	} while (!ended);
	if (end.error)
		errx(1, "dump: %s %s", strerror(end.error), end.text);
}

static void dump(unsigned int flows)
{
	struct round round = { .seen = one_byte_each(flows), .next = 100000 + flows };
	unsigned int i, n, missed = 0, twice = 0;
	struct mnl_socket *nl = nl_open();
	pthread_t tid;

	listener.flows = flows;
	for (i = 0; i < flows; i++)
		make(AF_INET, IPPROTO_UDP, i, FOREVER_MARK);
	start(&tid, resize_thread);
	for (n = 1; n <= 10; n++) {
		memset(round.seen, 0, flows);
		dump_once(nl, &round);
		for (i = 0; i < flows; i++) {
			missed += round.seen[i] == 0;
			twice += round.seen[i] > 1;
		}
		round.next = 100000 + flows + 10000 * n;
	}
	stop = true;
	pthread_join(tid, NULL);
	printf("missed %u\ntwice %u\n", missed, twice);
	flush();
}

int main(int argc, char **argv)
{
	requests = nl_open();
	if (argc == 2 && !strcmp(argv[1], "charge"))
		charges();
	else if (argc == 5 && !strcmp(argv[1], "run"))
		run(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	else if (argc == 2 && !strcmp(argv[1], "echo"))
		echo();
	else if (argc == 3 && !strcmp(argv[1], "dump"))
		dump(atoi(argv[2]));
	else
		errx(2, "usage: %s charge | run FLOWS BUFFER USEC | echo | dump FLOWS",
		     argv[0]);
	return 0;
}
