// SPDX-License-Identifier: GPL-2.0
/*
 * The demonstration's listener: subscribes to the three groups of connection
 * events with NETLINK_BROADCAST_ERROR and a small buffer, and keeps book of
 * each connection (original tuple plus ID, TCP and UDP over IPv4), so that it
 * can tell a missing event from a repeated one and a wrong order from a right
 * one. Its figures stand in the file named on the command line, at any time.
 *
 * usage: listener STATUS-FILE [BUFFER-BYTES]
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#define BOOK_BITS	19
#define BOOK_SIZE	(1u << BOOK_BITS)
#define STATUS_PERIOD	0.2

enum event { EVENT_NEW, EVENT_UPDATE, EVENT_DESTROY };

/* One connection; zero bytes elsewhere, so that memcmp() compares it. */
struct flow {
	uint32_t id;
	uint32_t src;
	uint32_t dst;
	uint16_t sport;
	uint16_t dport;
	uint8_t proto;
	uint8_t pad[3];
};

struct page {
	struct flow flow;
	uint8_t seen;		/* one bit per enum event */
};

static struct page book[BOOK_SIZE];
static volatile sig_atomic_t stopped;

static struct {
	unsigned long new;
	unsigned long updates;
	unsigned long destroy;
	unsigned long repeated;
	unsigned long disorder;
	unsigned long datagrams;
	unsigned long overruns;
	unsigned int pages;
} figures;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* Overwrites the line in place: a reader never finds the file empty. */
static void write_status(int fd)
{
	char line[256];
	int len;

	len = snprintf(line, sizeof(line),
		       "new=%lu updates=%lu destroy=%lu repeated=%lu disorder=%lu datagrams=%lu overruns=%lu\n",
		       figures.new, figures.updates, figures.destroy,
		       figures.repeated, figures.disorder, figures.datagrams,
		       figures.overruns);
	if (pwrite(fd, line, len, 0) != len)
		perror("status");
}

static struct page *find_page(const struct flow *flow)
{
	const uint32_t *word = (const uint32_t *)flow;
	uint32_t hash = 0, i;

	for (i = 0; i < sizeof(*flow) / sizeof(*word); i++)
		hash = (hash ^ word[i]) * 0x9e3779b1u;
	for (i = hash >> (32 - BOOK_BITS); book[i].flow.proto;
	     i = (i + 1) % BOOK_SIZE)
		if (!memcmp(&book[i].flow, flow, sizeof(*flow)))
			return &book[i];
	if (++figures.pages > BOOK_SIZE / 4 * 3) {
		fprintf(stderr, "listener: too many connections\n");
		exit(1);
	}
	book[i].flow = *flow;
	return &book[i];
}

/* Right is NEW, then changes, then DESTROY. The same event again is no fault:
 * a resend goes to every listener, also to those that had taken it. A NEW that
 * never comes is a lost event, not a wrong order.
 */
static void enter(const struct flow *flow, enum event event)
{
	struct page *page = find_page(flow);
	bool again = page->seen & (1 << event);

	if (page->seen >> (event + 1))
		figures.disorder++;
	page->seen |= 1 << event;

	if (event == EVENT_UPDATE)
		figures.updates++;
	else if (again)
		figures.repeated++;
	else if (event == EVENT_NEW)
		figures.new++;
	else
		figures.destroy++;
}

static void parse_ip(const struct nlattr *nest, struct flow *flow)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == CTA_IP_V4_SRC)
			flow->src = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == CTA_IP_V4_DST)
			flow->dst = mnl_attr_get_u32(attr);
	}
}

static void parse_proto(const struct nlattr *nest, struct flow *flow)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		switch (mnl_attr_get_type(attr)) {
		case CTA_PROTO_NUM:
			flow->proto = mnl_attr_get_u8(attr);
			break;
		case CTA_PROTO_SRC_PORT:
			flow->sport = mnl_attr_get_u16(attr);
			break;
		case CTA_PROTO_DST_PORT:
			flow->dport = mnl_attr_get_u16(attr);
			break;
		}
	}
}

static void parse_tuple(const struct nlattr *nest, struct flow *flow)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) {
		if (mnl_attr_get_type(attr) == CTA_TUPLE_IP)
			parse_ip(attr, flow);
		else if (mnl_attr_get_type(attr) == CTA_TUPLE_PROTO)
			parse_proto(attr, flow);
	}
}

static enum event event_of(const struct nlmsghdr *nlh)
{
	if (NFNL_MSG_TYPE(nlh->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
		return EVENT_DESTROY;
	return nlh->nlmsg_flags & NLM_F_CREATE ? EVENT_NEW : EVENT_UPDATE;
}

static int on_message(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr;
	struct flow flow;

	(void)data;
	memset(&flow, 0, sizeof(flow));
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == CTA_TUPLE_ORIG)
			parse_tuple(attr, &flow);
		else if (mnl_attr_get_type(attr) == CTA_ID)
			flow.id = mnl_attr_get_u32(attr);
	}
	if (flow.src && (flow.proto == IPPROTO_TCP || flow.proto == IPPROTO_UDP))
		enter(&flow, event_of(nlh));
	return MNL_CB_OK;
}

static struct mnl_socket *subscribe(int buffer)
{
	struct timeval tick = { .tv_usec = 1e6 * STATUS_PERIOD };
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int on = 1, fd;

	if (!nl || mnl_socket_bind(nl, NF_NETLINK_CONNTRACK_NEW |
				   NF_NETLINK_CONNTRACK_UPDATE |
				   NF_NETLINK_CONNTRACK_DESTROY,
				   MNL_SOCKET_AUTOPID) < 0)
		return NULL;
	fd = mnl_socket_get_fd(nl);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick)) ||
	    mnl_socket_setsockopt(nl, NETLINK_BROADCAST_ERROR, &on, sizeof(on)))
		return NULL;
	return nl;
}

static void listen_until_stopped(struct mnl_socket *nl, int status)
{
	static char buf[1 << 16];
	double written = 0;
	ssize_t len;

	while (!stopped) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len > 0) {
			figures.datagrams++;
			mnl_cb_run(buf, len, 0, 0, on_message, NULL);
		} else if (len < 0 && errno == ENOBUFS) {
			figures.overruns++;
		} else if (len < 0 && errno != EAGAIN && errno != EINTR) {
			perror("netlink");
			return;
		}
		if (now() - written > STATUS_PERIOD) {
			write_status(status);
			written = now();
		}
	}
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl;
	int status;

	if (argc < 2) {
		fprintf(stderr, "usage: %s STATUS-FILE [BUFFER-BYTES]\n", argv[0]);
		return 2;
	}
	nl = subscribe(argc > 2 ? atoi(argv[2]) : 2048);
	status = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (!nl || status < 0) {
		perror("listener");
		return 1;
	}
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	write_status(status);
	listen_until_stopped(nl, status);
	write_status(status);
	return 0;
}
