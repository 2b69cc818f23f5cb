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
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#ifndef SO_MEMINFO
#define SO_MEMINFO	55
#endif

#define BUFFER		65536
#define FOREVER_MARK	0x11

static struct mnl_socket *sk;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink");
	return nl;
}

static void join(struct mnl_socket *nl, int group)
{
	if (mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0)
		die("group");
}

/* --- requests ----------------------------------------------------------- */

static struct nlmsghdr *begin(char *buf, int type, int flags, int family)
{
	struct nlmsghdr *req = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	req->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
	req->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(req, sizeof(*nfg));
	memset(nfg, 0, sizeof(*nfg));
	nfg->nfgen_family = family;
	return req;
}

static void put_addr(struct nlmsghdr *req, int family, int v4, int v6,
		     uint32_t host)
{
	uint8_t six[16] = { 0xfd };

	host = htonl(host);
	memcpy(six + 12, &host, 4);
	if (family == AF_INET)
		mnl_attr_put_u32(req, v4, host);
	else
		mnl_attr_put(req, v6, 16, six);
}

static void put_tuple(struct nlmsghdr *req, int type, int family, int proto,
		      uint32_t src, uint32_t dst, int sport, int dport)
{
	struct nlattr *tuple = mnl_attr_nest_start(req, type), *n;

	n = mnl_attr_nest_start(req, CTA_TUPLE_IP);
	put_addr(req, family, CTA_IP_V4_SRC, CTA_IP_V6_SRC, src);
	put_addr(req, family, CTA_IP_V4_DST, CTA_IP_V6_DST, dst);
	mnl_attr_nest_end(req, n);
	n = mnl_attr_nest_start(req, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(req, CTA_PROTO_NUM, proto);
	mnl_attr_put_u16(req, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(req, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(req, n);
	mnl_attr_nest_end(req, tuple);
}

static void talk(struct nlmsghdr *req)
{
	static unsigned int seq;
	char in[BUFFER];
	int len, err;

	req->nlmsg_seq = ++seq;
	if (mnl_socket_sendto(sk, req, req->nlmsg_len) < 0)
		die("send");
	do {
		len = mnl_socket_recvfrom(sk, in, sizeof(in));
		if (len < 0)
			die("receive");
		err = mnl_cb_run(in, len, seq, mnl_socket_get_portid(sk), NULL,
				 NULL);
		if (err < 0)
			die("request");
	} while (err > 0);
}

static void put_pair(struct nlmsghdr *req, int family, int proto, uint32_t src,
		     int sport)
{
	put_tuple(req, CTA_TUPLE_ORIG, family, proto, src, 0x0a200001, sport, 80);
	put_tuple(req, CTA_TUPLE_REPLY, family, proto, 0x0a200001, src, 80, sport);
}

/* Host number and port from one number, which is unique */
static void make(int family, int proto, unsigned int n, uint32_t mark)
{
	char buf[1024];
	struct nlmsghdr *req = begin(buf, IPCTNL_MSG_CT_NEW,
				     NLM_F_CREATE | NLM_F_ACK, family);

	put_pair(req, family, proto, 0x0a100000 + (n >> 8), 1000 + (n & 255));
	mnl_attr_put_u32(req, CTA_TIMEOUT, htonl(600));
	if (mark)
		mnl_attr_put_u32(req, CTA_MARK, htonl(mark));
	talk(req);
}

/* A new connection, and behind it in the same datagram a change of its mark that
 * shall be echoed: with batches on, the first event is still held then.
 */
static void echo(void)
{
	struct timeval patience = { .tv_sec = 2 };
	struct mnl_socket *listener = open_socket();
	char buf[2048], in[BUFFER];
	struct nlmsghdr *new, *change;
	unsigned int echoes = 0;
	ssize_t len;

	join(listener, NFNLGRP_CONNTRACK_NEW);
	join(listener, NFNLGRP_CONNTRACK_UPDATE);
	new = begin(buf, IPCTNL_MSG_CT_NEW, NLM_F_CREATE, AF_INET);
	put_pair(new, AF_INET, IPPROTO_UDP, 0x0a100000, 1000);
	mnl_attr_put_u32(new, CTA_TIMEOUT, htonl(600));
	change = begin(buf + MNL_ALIGN(new->nlmsg_len), IPCTNL_MSG_CT_NEW,
		       NLM_F_ECHO, AF_INET);
	put_pair(change, AF_INET, IPPROTO_UDP, 0x0a100000, 1000);
	mnl_attr_put_u32(change, CTA_MARK, htonl(7));
	if (setsockopt(mnl_socket_get_fd(sk), SOL_SOCKET, SO_RCVTIMEO,
		       &patience, sizeof(patience)) ||
	    mnl_socket_sendto(sk, buf, MNL_ALIGN(new->nlmsg_len) +
			      change->nlmsg_len) < 0)
		die("echo");
	while ((len = recv(mnl_socket_get_fd(sk), in, sizeof(in), 0)) > 0)
		echoes += ((struct nlmsghdr *)in)->nlmsg_type ==
			  (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW);
	printf("echoes %u\n", echoes);
	mnl_socket_close(listener);
}

static void flush(void)
{
	char buf[256];

	talk(begin(buf, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC));
}

/* --- charge ------------------------------------------------------------- */

static unsigned int charged(struct mnl_socket *nl)
{
	uint32_t mem[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(mem);

	if (getsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_MEMINFO, mem, &len))
		die("SO_MEMINFO");
	return mem[SK_MEMINFO_RMEM_ALLOC];
}

static unsigned int drain(struct mnl_socket *nl)
{
	unsigned int bytes = 0;
	char in[BUFFER];
	ssize_t len;

	while ((len = recv(mnl_socket_get_fd(nl), in, sizeof(in),
			   MSG_DONTWAIT)) > 0)
		bytes += len;
	return bytes;
}

static void charge(const char *name, int group, int family, int proto)
{
	struct mnl_socket *nl = open_socket();
	unsigned int before, memory, bytes;

	if (group == NFNLGRP_CONNTRACK_NEW)
		join(nl, group);
	make(family, proto, 1, 0);
	usleep(10000);
	if (group == NFNLGRP_CONNTRACK_DESTROY) {
		join(nl, group);
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
	unsigned int		charged;
} listener;

static int read_port(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_PROTO_SRC_PORT)
		*(unsigned int *)data += ntohs(mnl_attr_get_u16(attr)) - 1000;
	return MNL_CB_OK;
}

static int read_host(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_IP_V4_SRC)
		*(unsigned int *)data +=
			(ntohl(mnl_attr_get_u32(attr)) - 0x0a100000) << 8;
	return MNL_CB_OK;
}

static int read_tuple(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_TUPLE_IP)
		mnl_attr_parse_nested(attr, read_host, data);
	if (mnl_attr_get_type(attr) == CTA_TUPLE_PROTO)
		mnl_attr_parse_nested(attr, read_port, data);
	return MNL_CB_OK;
}

static int read_flow(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
		mnl_attr_parse_nested(attr, read_tuple, data);
	return MNL_CB_OK;
}

static void account(const struct nlmsghdr *nlh)
{
	unsigned int flow = 0;

	mnl_attr_parse(nlh, sizeof(struct nfgenmsg), read_flow, &flow);
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

static void *listen_thread(void *unused)
{
	int fd = mnl_socket_get_fd(listener.nl), len;
	static char in[BUFFER];
	struct nlmsghdr *nlh;
	unsigned int n;

	(void)unused;
	while (listener.gone < listener.flows) {
		len = recv(fd, in, sizeof(in), 0);
		if (len < 0) {
			if (errno == EAGAIN)
				break;
			listener.overrun += errno == ENOBUFS;
			continue;
		}
		listener.datagrams++;
		if ((unsigned int)len > listener.biggest)
			listener.biggest = len;
		n = 0;
		for (nlh = (void *)in; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			account(nlh);
			n++;
		}
		if (n > listener.most)
			listener.most = n;
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

static void run(unsigned int flows, int buffer, useconds_t pause)
{
	struct timeval patience = { .tv_sec = 20 };
	int on = 1, fd, plenty = 64 << 20;
	unsigned int i;
	pthread_t tid;
	double start;

	listener.nl = open_socket();
	listener.flows = flows;
	listener.pause = pause;
	listener.seen = calloc(flows, 1);
	fd = mnl_socket_get_fd(listener.nl);
	mnl_socket_setsockopt(listener.nl, NETLINK_BROADCAST_ERROR, &on,
			      sizeof(on));
	if (buffer)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	else
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &plenty,
			   sizeof(plenty));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	join(listener.nl, NFNLGRP_CONNTRACK_NEW);
	join(listener.nl, NFNLGRP_CONNTRACK_UPDATE);
	join(listener.nl, NFNLGRP_CONNTRACK_DESTROY);

	pthread_create(&tid, NULL, listen_thread, NULL);
	start = now();
	for (i = 0; i < flows; i++)
		make(AF_INET, IPPROTO_UDP, i, 0);
	flush();
	pthread_join(tid, NULL);

	printf("new %u\ndestroy %u\ntwice %u\ndisorder %u\nupdates %u\n",
	       listener.made, listener.gone, listener.twice, listener.disorder,
	       listener.updates);
	printf("datagrams %u\nmost %u\nbiggest %u\noverrun %u\nseconds %.1f\n",
	       listener.datagrams, listener.most, listener.biggest,
	       listener.overrun, now() - start);
}

/* --- dump --------------------------------------------------------------- */

static volatile bool stop;

static void *resize_thread(void *unused)
{
	static const char *const sizes[] = { "1024", "16384", "2048", "65536" };
	unsigned int i = 0;

	(void)unused;
	while (!stop) {
		FILE *f = fopen("/proc/sys/net/netfilter/nf_conntrack_buckets",
				"w");

		if (f) {
			fputs(sizes[i++ % 4], f);
			fclose(f);
		}
		usleep(20000);
	}
	return NULL;
}

static int dump_one(const struct nlmsghdr *nlh, void *data)
{
	unsigned int flow = 0;
	uint8_t *seen = data;

	mnl_attr_parse(nlh, sizeof(struct nfgenmsg), read_flow, &flow);
	if (flow < listener.flows && seen[flow] < 255)
		seen[flow]++;
	return MNL_CB_OK;
}

static void dump(unsigned int flows)
{
	struct mnl_socket *nl = open_socket();
	unsigned int i, round, missed = 0, twice = 0;
	uint8_t *seen = calloc(flows, 1);
	char buf[256], in[BUFFER];
	struct nlmsghdr *req;
	pthread_t tid;
	int len, ret;

	listener.flows = flows;
	for (i = 0; i < flows; i++)
		make(AF_INET, IPPROTO_UDP, i, FOREVER_MARK);
	pthread_create(&tid, NULL, resize_thread, NULL);

	for (round = 0; round < 10; round++) {
		memset(seen, 0, flows);
		req = begin(buf, IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
		req->nlmsg_seq = round + 1;
		mnl_socket_sendto(nl, req, req->nlmsg_len);
		do {
			len = mnl_socket_recvfrom(nl, in, sizeof(in));
			if (len < 0)
				die("dump");
			ret = mnl_cb_run(in, len, round + 1, 0, dump_one, seen);
			/* others come while we read */
			make(AF_INET, IPPROTO_UDP, 100000 + i++, 0);
			make(AF_INET, IPPROTO_UDP, 100000 + i++, 0);
		} while (ret > 0);
		if (ret < 0)
			die("dump");
		for (i = 0; i < flows; i++) {
			missed += seen[i] == 0;
			twice += seen[i] > 1;
		}
		i = flows + 10000 * (round + 1);
	}
	stop = true;
	pthread_join(tid, NULL);
	printf("missed %u\ntwice %u\n", missed, twice);
	flush();
}

int main(int argc, char **argv)
{
	sk = open_socket();
	if (argc == 2 && !strcmp(argv[1], "charge"))
		charges();
	else if (argc == 5 && !strcmp(argv[1], "run"))
		run(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
	else if (argc == 2 && !strcmp(argv[1], "echo"))
		echo();
	else if (argc == 3 && !strcmp(argv[1], "dump"))
		dump(atoi(argv[2]));
	else
		fprintf(stderr, "usage: %s charge | run FLOWS BUFFER USEC | echo | dump FLOWS\n",
			argv[0]);
	return 0;
}
