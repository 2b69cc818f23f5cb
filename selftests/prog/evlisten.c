// SPDX-License-Identifier: GPL-2.0
/*
 * Listens to connection events and keeps book of each connection (original
 * tuple plus ID, IPv4): which events came, in what order, and what the last one
 * said of it. Prints "ready" once subscribed and one line of "name=value" pairs
 * at the end, which comes with SIGTERM, after -D connections have been
 * destroyed, or -i seconds without an event. SIGUSR1: read what is waiting, dump
 * the table and count the entries whose state, mark or status the events
 * did not tell ("stale"), or that they never mentioned ("unknown").  With the
 * groups of expectations (-g 0x28) the book is one of expectations.  With -s the
 * line of figures stands in a file at any time, too.
 *
 *   flows new destroy updates      connections; those with each event; updates
 *   again                          NEW or DESTROY once more for a connection
 *   disorder                       NEW after others, UPDATE after DESTROY
 *   headless                       connections whose first event was not NEW
 *   datagrams most enobufs         messages in the fullest one; overruns
 *   rate pace                      events per second, from the first DESTROY to
 *                                  the last; the same without the time spent
 *                                  waiting for them: what the listener could
 *                                  have taken
 *   late_p50 late_p99 late_max     with -T: seconds from the end of the timeout
 *   burst                          with -T: largest share of all DESTROY that
 *                                  came within 100 ms, in percent
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#define BOOK_BITS	19
#define BOOK_SIZE	(1u << BOOK_BITS)
#define RX_BYTES	(1 << 16)
#define WINDOW_S	0.1
#define STATUS_PERIOD_S	0.2

/* What changes without an event of its own, or was there before */
#define STATUS_SHOWN	(IPS_SEEN_REPLY | IPS_ASSURED)

enum event { EVENT_NEW, EVENT_UPDATE, EVENT_DESTROY };

/* No padding inside: compared and hashed as bytes. */
struct flow {
	uint32_t id;
	uint32_t src;
	uint32_t dst;
	uint16_t sport;
	uint16_t dport;
	uint32_t proto;
};

struct told {
	uint32_t status;
	uint32_t mark;
	int tcp_state;
	double started;		/* 0: not told */
};

struct page {
	struct flow flow;
	struct told last;
	uint8_t seen;		/* one bit per enum event */
};

static struct {
	unsigned int groups;
	unsigned int buffer;
	unsigned int pause_us;
	unsigned int hold_s;
	unsigned long destroys;
	const char *status;
	double timeout;
	double idle;
	bool reliable;
	bool no_enobufs;
	bool all_nets;
} opts = {
	.groups = NF_NETLINK_CONNTRACK_NEW | NF_NETLINK_CONNTRACK_UPDATE |
		  NF_NETLINK_CONNTRACK_DESTROY,
};

static struct {
	unsigned long flows, new, destroy, updates, again, disorder, headless;
	unsigned long datagrams, most, enobufs, stale, unknown, dumped;
	unsigned long before, until; /* events before the first and the last DESTROY */
	double first_destroy, last_destroy, idle;
} sums;

static struct page book[BOOK_SIZE];
static double late[BOOK_SIZE], came[BOOK_SIZE];
static unsigned long lates;
static double waited;		/* seconds blocked, since the first DESTROY */
static volatile sig_atomic_t stopped, compare;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		compare = 1;
	else
		stopped = 1;
}

static double seconds(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* ---- the book ---- */

static struct page *find_page(const struct flow *flow, bool open)
{
	const uint32_t *word = (const uint32_t *)flow;
	uint32_t hash = 0, i;

	for (i = 0; i < sizeof(*flow) / sizeof(*word); i++)
		hash = (hash ^ word[i]) * 0x9e3779b1u;
	for (i = hash >> (32 - BOOK_BITS); book[i].flow.proto;
	     i = (i + 1) % BOOK_SIZE)
		if (!memcmp(&book[i].flow, flow, sizeof(*flow)))
			return &book[i];
	if (!open)
		return NULL;
	if (++sums.flows > BOOK_SIZE / 4 * 3) {
		fprintf(stderr, "evlisten: too many connections\n");
		exit(1);
	}
	book[i].flow = *flow;
	book[i].last.tcp_state = -1;
	return &book[i];
}

static void note_late(double started)
{
	double now = seconds(CLOCK_REALTIME);

	if (!opts.timeout || !started || lates == BOOK_SIZE)
		return;
	came[lates] = now;
	late[lates++] = now - started - opts.timeout;
}

static void note_destroy(const struct told *told)
{
	sums.last_destroy = seconds(CLOCK_MONOTONIC);
	sums.until = sums.new + sums.updates + sums.destroy + sums.again;
	if (!sums.destroy++) {
		sums.first_destroy = sums.last_destroy;
		sums.before = sums.until;
		waited = 0;
	}
	sums.idle = waited;
	note_late(told->started);
}

static void enter(const struct flow *flow, const struct told *told,
		  enum event event)
{
	struct page *page = find_page(flow, true);
	uint8_t bit = 1 << event;

	if (!page->seen && event != EVENT_NEW)
		sums.headless++;
	if (page->seen >> (event + 1))
		sums.disorder++;
	if (event == EVENT_UPDATE)
		sums.updates++;
	else if (page->seen & bit)
		sums.again++;
	else if (event == EVENT_NEW)
		sums.new++;
	else
		note_destroy(told);
	page->seen |= bit;
	if (event == EVENT_DESTROY)
		return;
	/* an event without protocol details leaves the state as it was */
	if (told->tcp_state < 0) {
		int state = page->last.tcp_state;

		page->last = *told;
		page->last.tcp_state = state;
	} else {
		page->last = *told;
	}
}

static void check(const struct flow *flow, const struct told *told)
{
	struct page *page = find_page(flow, false);

	sums.dumped++;
	if (!page) {
		sums.unknown++;
		return;
	}
	if (page->last.tcp_state == told->tcp_state &&
	    page->last.mark == told->mark &&
	    !((page->last.status ^ told->status) & STATUS_SHOWN))
		return;
	if (sums.stale++ < 5)
		fprintf(stderr,
			"evlisten: proto %u port %u: told state %d mark %u status %#x, is %d %u %#x\n",
			flow->proto, ntohs(flow->sport), page->last.tcp_state,
			page->last.mark, page->last.status, told->tcp_state,
			told->mark, told->status);
}

/* ---- messages ---- */

static void parse_tuple(const struct nlattr *tuple, struct flow *flow)
{
	const struct nlattr *nest, *attr;

	mnl_attr_for_each_nested(nest, tuple) {
		bool ip = mnl_attr_get_type(nest) == CTA_TUPLE_IP;

		if (!ip && mnl_attr_get_type(nest) != CTA_TUPLE_PROTO)
			continue;
		mnl_attr_for_each_nested(attr, nest) {
			int type = mnl_attr_get_type(attr);

			if (ip && type == CTA_IP_V4_SRC)
				flow->src = mnl_attr_get_u32(attr);
			else if (ip && type == CTA_IP_V4_DST)
				flow->dst = mnl_attr_get_u32(attr);
			else if (!ip && type == CTA_PROTO_NUM)
				flow->proto = mnl_attr_get_u8(attr);
			else if (!ip && type == CTA_PROTO_SRC_PORT)
				flow->sport = mnl_attr_get_u16(attr);
			else if (!ip && type == CTA_PROTO_DST_PORT)
				flow->dport = mnl_attr_get_u16(attr);
		}
	}
}

static int parse_tcp_state(const struct nlattr *info)
{
	const struct nlattr *nest, *attr;

	mnl_attr_for_each_nested(nest, info) {
		if (mnl_attr_get_type(nest) != CTA_PROTOINFO_TCP)
			continue;
		mnl_attr_for_each_nested(attr, nest)
			if (mnl_attr_get_type(attr) == CTA_PROTOINFO_TCP_STATE)
				return mnl_attr_get_u8(attr);
	}
	return -1;
}

static double parse_start(const struct nlattr *stamps)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, stamps)
		if (mnl_attr_get_type(attr) == CTA_TIMESTAMP_START)
			return be64toh(mnl_attr_get_u64(attr)) * 1e-9;
	return 0;
}

static bool parse_expectation(const struct nlmsghdr *nlh, struct flow *flow)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == CTA_EXPECT_TUPLE)
			parse_tuple(attr, flow);
		else if (mnl_attr_get_type(attr) == CTA_EXPECT_ID)
			flow->id = mnl_attr_get_u32(attr);
	}
	return flow->src && flow->proto;
}

static bool parse(const struct nlmsghdr *nlh, struct flow *flow,
		  struct told *told)
{
	const struct nlattr *attr;

	memset(flow, 0, sizeof(*flow));
	memset(told, 0, sizeof(*told));
	told->tcp_state = -1;
	if (NFNL_SUBSYS_ID(nlh->nlmsg_type) == NFNL_SUBSYS_CTNETLINK_EXP)
		return parse_expectation(nlh, flow);
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case CTA_TUPLE_ORIG:
			parse_tuple(attr, flow);
			break;
		case CTA_ID:
			flow->id = mnl_attr_get_u32(attr);
			break;
		case CTA_STATUS:
			told->status = ntohl(mnl_attr_get_u32(attr));
			break;
		case CTA_MARK:
			told->mark = ntohl(mnl_attr_get_u32(attr));
			break;
		case CTA_PROTOINFO:
			told->tcp_state = parse_tcp_state(attr);
			break;
		case CTA_TIMESTAMP:
			told->started = parse_start(attr);
			break;
		}
	}
	return flow->src && flow->proto;
}

static enum event event_of(const struct nlmsghdr *nlh)
{
	if (NFNL_MSG_TYPE(nlh->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
		return EVENT_DESTROY;
	return nlh->nlmsg_flags & NLM_F_CREATE ? EVENT_NEW : EVENT_UPDATE;
}

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	unsigned long *messages = data;
	struct flow flow;
	struct told told;

	++*messages;
	if (parse(nlh, &flow, &told))
		enter(&flow, &told, event_of(nlh));
	return MNL_CB_OK;
}

static int on_entry(const struct nlmsghdr *nlh, void *data)
{
	struct flow flow;
	struct told told;

	(void)data;
	if (parse(nlh, &flow, &told))
		check(&flow, &told);
	return MNL_CB_OK;
}

/* ---- sockets ---- */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void set_tick(struct mnl_socket *nl, unsigned int usec)
{
	struct timeval tick = { .tv_usec = usec };

	if (setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &tick,
		       sizeof(tick)))
		die("receive timeout");
}

static struct mnl_socket *subscribe(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int on = 1, option;

	if (!nl)
		die("netlink");
	option = opts.buffer > 1 << 17 ? SO_RCVBUFFORCE : SO_RCVBUF;
	if (opts.buffer && setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, option,
				      &opts.buffer, sizeof(opts.buffer)))
		die("receive buffer");
	if (opts.reliable && mnl_socket_setsockopt(nl, NETLINK_BROADCAST_ERROR,
						   &on, sizeof(on)))
		die("NETLINK_BROADCAST_ERROR");
	if (opts.no_enobufs && mnl_socket_setsockopt(nl, NETLINK_NO_ENOBUFS,
						     &on, sizeof(on)))
		die("NETLINK_NO_ENOBUFS");
	if (opts.all_nets && mnl_socket_setsockopt(nl, NETLINK_LISTEN_ALL_NSID,
						   &on, sizeof(on)))
		die("NETLINK_LISTEN_ALL_NSID");
	if (mnl_socket_bind(nl, opts.groups, MNL_SOCKET_AUTOPID) < 0)
		die("bind");
	return nl;
}

/* Adds up how long nothing was there. */
static ssize_t next_datagram(struct mnl_socket *nl, char *buf, size_t size)
{
	ssize_t len = recv(mnl_socket_get_fd(nl), buf, size, MSG_DONTWAIT);
	double before;

	if (len >= 0 || errno != EAGAIN)
		return len;
	before = seconds(CLOCK_MONOTONIC);
	len = mnl_socket_recvfrom(nl, buf, size);
	waited += seconds(CLOCK_MONOTONIC) - before;
	return len;
}

/* One datagram; false when none came in time. */
static bool receive(struct mnl_socket *nl)
{
	static char buf[RX_BYTES];
	unsigned long messages = 0;
	ssize_t len = next_datagram(nl, buf, sizeof(buf));

	if (len < 0 && errno == ENOBUFS) {
		sums.enobufs++;
		return true;
	}
	if (len <= 0) {
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			die("receive");
		return false;
	}
	sums.datagrams++;
	mnl_cb_run(buf, len, 0, 0, on_event, &messages);
	if (messages > sums.most)
		sums.most = messages;
	return true;
}

static void compare_with_dump(struct mnl_socket *events)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	static char buf[RX_BYTES];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;
	ssize_t len;
	int more = 1;

	set_tick(events, 300000);
	while (receive(events))
		;
	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = 1;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_INET;
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("dump");
	while (more > 0) {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			die("dump");
		more = mnl_cb_run(buf, len, 1, 0, on_entry, NULL);
	}
	mnl_socket_close(nl);
	set_tick(events, 100000);
	printf("compared\n");
	fflush(stdout);
}

/* ---- report ---- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* came[] is in order of time */
static unsigned long fullest_window(void)
{
	unsigned long first = 0, i, most = 0;

	for (i = 0; i < lates; i++) {
		while (came[i] - came[first] > WINDOW_S)
			first++;
		if (i - first + 1 > most)
			most = i - first + 1;
	}
	return most;
}

static int figures(char *line, size_t size)
{
	double span = sums.last_destroy - sums.first_destroy;
	double busy = span - sums.idle;
	unsigned long events = sums.until - sums.before;

	return snprintf(line, size,
			"flows=%lu new=%lu destroy=%lu updates=%lu again=%lu disorder=%lu headless=%lu datagrams=%lu most=%lu enobufs=%lu rate=%.0f pace=%.0f",
			sums.flows, sums.new, sums.destroy, sums.updates,
			sums.again, sums.disorder, sums.headless,
			sums.datagrams, sums.most, sums.enobufs,
			span > 0 ? events / span : 0,
			busy > 0 ? events / busy : 0);
}

/* Overwrites the line in place: a reader never finds the file empty. */
static void write_status(int fd)
{
	char line[512];
	int len = figures(line, sizeof(line) - 1);

	line[len++] = '\n';
	if (pwrite(fd, line, len, 0) != len)
		die("status");
}

static void report(void)
{
	char line[512];

	figures(line, sizeof(line));
	fputs(line, stdout);
	printf(" stale=%lu unknown=%lu dumped=%lu", sums.stale, sums.unknown,
	       sums.dumped);
	if (lates) {
		unsigned long burst = fullest_window();

		qsort(late, lates, sizeof(*late), by_size);
		printf(" lates=%lu late_min=%.3f late_p50=%.3f late_p99=%.3f late_max=%.3f burst=%lu",
		       lates, late[0], late[lates / 2],
		       late[(lates - 1) * 99 / 100], late[lates - 1],
		       burst * 100 / lates);
	}
	printf("\n");
}

static void listen_until_end(struct mnl_socket *nl, int status)
{
	double heard = 0, written = 0, now;

	while (!stopped) {
		bool got = receive(nl);

		now = seconds(CLOCK_MONOTONIC);
		if (got) {
			heard = now;
			if (opts.pause_us)
				usleep(opts.pause_us);
		} else if (opts.idle && heard && now - heard > opts.idle) {
			return;
		}
		if (opts.destroys && sums.destroy >= opts.destroys)
			return;
		if (compare) {
			compare = 0;
			compare_with_dump(nl);
		}
		if (status >= 0 && now - written > STATUS_PERIOD_S) {
			write_status(status);
			written = now;
		}
	}
}

static int usage(const char *name)
{
	fprintf(stderr,
		"usage: %s [-R] [-N] [-A] [-b buffer] [-p pause_us] [-w hold_s] [-g groups] [-D destroys] [-i idle_s] [-T timeout_s] [-s status_file]\n"
		"-R reliable; -N NETLINK_NO_ENOBUFS; -A other namespaces too; -w read nothing for so long; groups: 1 new, 2 update, 4 destroy, 8 and 32 of expectations\n",
		name);
	return 2;
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl;
	int opt, status = -1;

	while ((opt = getopt(argc, argv, "RNAb:p:w:g:D:i:T:s:")) != -1) {
		switch (opt) {
		case 'R':
			opts.reliable = true;
			break;
		case 'N':
			opts.no_enobufs = true;
			break;
		case 'A':
			opts.all_nets = true;
			break;
		case 'b':
			opts.buffer = strtoul(optarg, NULL, 0);
			break;
		case 'p':
			opts.pause_us = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			opts.hold_s = strtoul(optarg, NULL, 0);
			break;
		case 's':
			opts.status = optarg;
			break;
		case 'g':
			opts.groups = strtoul(optarg, NULL, 0);
			break;
		case 'D':
			opts.destroys = strtoul(optarg, NULL, 0);
			break;
		case 'i':
			opts.idle = strtod(optarg, NULL);
			break;
		case 'T':
			opts.timeout = strtod(optarg, NULL);
			break;
		default:
			return usage(argv[0]);
		}
	}
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	if (opts.status) {
		status = open(opts.status, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (status < 0)
			die(opts.status);
		write_status(status);
	}
	nl = subscribe();
	set_tick(nl, 100000);
	printf("ready\n");
	fflush(stdout);
	if (opts.hold_s)
		sleep(opts.hold_s);
	listen_until_end(nl, status);
	if (status >= 0)
		write_status(status);
	report();
	return 0;
}
