// SPDX-License-Identifier: GPL-2.0
/*
 * A listener to connection events that knows what it could have done: it adds
 * up the time spent blocked in recv, so that "events per second while busy" is
 * its own pace, whatever the sender did. Checks for each ID that NEW comes
 * first and DESTROY last, and once. With timestamps in the DESTROY events
 * (nf_conntrack_timestamp) and -T it works out how late each one came.
 *
 * Prints "ready" once subscribed and one line of "name=value" pairs at the end.
 * The end is SIGTERM, or -D DESTROY events, or -i seconds without any event
 * after the first one.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>
#include <sys/time.h>

#define RX_BYTES	(1 << 16)
#define SEEN_SLOTS	(1u << 22)	/* open addressing, power of two */

enum { SEEN_NEW = 1, SEEN_UPDATE = 2, SEEN_DESTROY = 4 };

struct seen {
	uint64_t key;
	uint8_t state;
};

static struct {
	unsigned int groups;
	unsigned int pause_us;
	unsigned int rcvbuf;
	unsigned int idle_s;
	unsigned int hold_s;
	unsigned long stop_destroys;
	double timeout_s;
	int reliable;
	int quiet_order;
} opts = {
	.groups = NF_NETLINK_CONNTRACK_NEW | NF_NETLINK_CONNTRACK_DESTROY,
	.idle_s = 10,
};

static struct {
	unsigned long new, update, destroy, datagrams, enobufs;
	unsigned long early, twice, late_new, bytes;
	double first, last, first_destroy, last_destroy;
	double blocked_destroy;
} sums;

static volatile sig_atomic_t stopped;
static struct seen *seen;
static double *arrival_late;
static unsigned long late_count, late_room;

static double clock_s(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static struct seen *find_seen(uint64_t key)
{
	uint32_t i = (key * 0x9e3779b97f4a7c15ull) >> 42;

	while (seen[i].key && seen[i].key != key)
		i = (i + 1) & (SEEN_SLOTS - 1);
	seen[i].key = key;
	return &seen[i];
}

static void check_order(uint64_t key, unsigned int what)
{
	struct seen *s;

	if (opts.quiet_order)
		return;
	s = find_seen(key);
	if (s->state & SEEN_DESTROY)
		sums.twice++;
	else if (what == SEEN_NEW && s->state)
		sums.late_new++;
	else if (what != SEEN_NEW && !(s->state & SEEN_NEW))
		sums.early++;
	s->state |= what;
}

static void note_lateness(const struct nlattr *stamps)
{
	const struct nlattr *attr;
	double start = 0;

	mnl_attr_for_each_nested(attr, stamps)
		if (mnl_attr_get_type(attr) == CTA_TIMESTAMP_START)
			start = be64toh(mnl_attr_get_u64(attr)) / 1e9;
	if (!start)
		return;
	if (late_count == late_room) {
		late_room = late_room ? late_room * 2 : 1 << 16;
		arrival_late = realloc(arrival_late, late_room * sizeof(double));
		if (!arrival_late)
			exit(1);
	}
	arrival_late[late_count++] = clock_s(CLOCK_REALTIME) - start -
				     opts.timeout_s;
}

/* The key: the ID, and the original ports and addresses hashed in. */
static uint64_t entry_key(uint32_t id, const struct nlattr *tuple)
{
	const uint8_t *p = mnl_attr_get_payload(tuple);
	uint64_t key = 0xcbf29ce484222325ull ^ id;
	unsigned int i;

	for (i = 0; i < mnl_attr_get_payload_len(tuple); i++)
		key = (key ^ p[i]) * 0x100000001b3ull;
	return key | 1;
}

static int one_event(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *tuple = NULL, *stamps = NULL;
	double t = *(double *)data;
	unsigned int what;
	uint32_t id = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case CTA_TUPLE_ORIG:
			tuple = attr;
			break;
		case CTA_ID:
			id = mnl_attr_get_u32(attr);
			break;
		case CTA_TIMESTAMP:
			stamps = attr;
			break;
		}
	}
	if ((nlh->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE) {
		what = SEEN_DESTROY;
		if (!sums.destroy++)
			sums.first_destroy = t;
		sums.last_destroy = t;
		if (stamps && opts.timeout_s)
			note_lateness(stamps);
	} else if (nlh->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL)) {
		what = SEEN_NEW;
		sums.new++;
	} else {
		what = SEEN_UPDATE;
		sums.update++;
	}
	if (!sums.first)
		sums.first = t;
	sums.last = t;
	if (tuple)
		check_order(entry_key(id, tuple), what);
	return MNL_CB_OK;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double share(const double *sorted, double q)
{
	return sorted[(unsigned long)(q * (late_count - 1))];
}

static void print_lateness(const char *name, double *late)
{
	qsort(late, late_count, sizeof(*late), by_size);
	printf(" %s_min=%.3f %s_p50=%.3f %s_p99=%.3f %s_max=%.3f",
	       name, late[0], name, share(late, 0.5), name, share(late, 0.99),
	       name, late[late_count - 1]);
}

static void report(void)
{
	double span = sums.last_destroy - sums.first_destroy;
	double busy = span - sums.blocked_destroy;

	printf("new=%lu update=%lu destroy=%lu datagrams=%lu enobufs=%lu bytes=%lu",
	       sums.new, sums.update, sums.destroy, sums.datagrams,
	       sums.enobufs, sums.bytes);
	printf(" early=%lu twice=%lu late_new=%lu", sums.early, sums.twice,
	       sums.late_new);
	printf(" span=%.3f destroy_span=%.3f destroy_per_s=%.0f own_pace=%.0f",
	       sums.last - sums.first, span,
	       span > 0 ? sums.destroy / span : 0,
	       busy > 0 ? sums.destroy / busy : 0);
	if (late_count)
		print_lateness("arrival", arrival_late);
	printf("\n");
}

static int subscribe(void)
{
	struct timeval tick = { .tv_usec = 500000 };
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	int one = 1, size = opts.rcvbuf;
	int fd;

	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	sa.nl_groups = opts.groups;
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa))) {
		perror("netlink socket");
		exit(1);
	}
	if (opts.reliable)
		setsockopt(fd, SOL_NETLINK, NETLINK_BROADCAST_ERROR, &one,
			   sizeof(one));
	/* The kernel doubles what it is given; the figure asked for is net. */
	if (size && setsockopt(fd, SOL_SOCKET, size < 1 << 18 ? SO_RCVBUF :
			       SO_RCVBUFFORCE, &size, sizeof(size)))
		perror("receive buffer");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof(tick));
	return fd;
}

static void listen_events(int fd)
{
	static char buf[RX_BYTES];
	double before, t, heard = 0;
	ssize_t len;

	while (!stopped) {
		before = t = clock_s(CLOCK_MONOTONIC);
		len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (len < 0) {
			len = errno == EAGAIN ? recv(fd, buf, sizeof(buf), 0) :
						len;
			t = clock_s(CLOCK_MONOTONIC);
		}
		if (sums.destroy)
			sums.blocked_destroy += t - before;
		if (len < 0 && errno == ENOBUFS) {
			sums.enobufs++;
			continue;
		}
		if (len < 0) {
			if (errno != EAGAIN && errno != EINTR)
				break;
			if (heard && t - heard > opts.idle_s)
				break;
			continue;
		}
		heard = t;
		sums.datagrams++;
		sums.bytes += len;
		mnl_cb_run(buf, len, 0, 0, one_event, &t);
		if (opts.stop_destroys && sums.destroy >= opts.stop_destroys)
			break;
		if (opts.pause_us)
			usleep(opts.pause_us);
	}
}

static int usage(const char *name)
{
	fprintf(stderr,
		"usage: %s [-g groups] [-R] [-b rcvbuf] [-p pause_us] [-i idle_s]\n"
		"       [-w hold_s] [-D destroys] [-T timeout_s] [-O]\n"
		"groups: bits 1 new, 2 update, 4 destroy; -R: reliable;\n"
		"-w: read nothing for so long; -O: no order check\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	int opt, fd;

	while ((opt = getopt(argc, argv, "g:Rb:p:i:w:D:T:O")) != -1) {
		switch (opt) {
		case 'g':
			opts.groups = strtoul(optarg, NULL, 0);
			break;
		case 'R':
			opts.reliable = 1;
			break;
		case 'b':
			opts.rcvbuf = strtoul(optarg, NULL, 0);
			break;
		case 'p':
			opts.pause_us = strtoul(optarg, NULL, 0);
			break;
		case 'i':
			opts.idle_s = strtoul(optarg, NULL, 0);
			break;
		case 'w':
			opts.hold_s = strtoul(optarg, NULL, 0);
			break;
		case 'D':
			opts.stop_destroys = strtoul(optarg, NULL, 0);
			break;
		case 'T':
			opts.timeout_s = strtod(optarg, NULL);
			break;
		case 'O':
			opts.quiet_order = 1;
			break;
		default:
			return usage(argv[0]);
		}
	}
	if (!opts.quiet_order) {
		seen = calloc(SEEN_SLOTS, sizeof(*seen));
		if (!seen)
			return 1;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	fd = subscribe();
	printf("ready\n");
	fflush(stdout);
	if (opts.hold_s) {
		sleep(opts.hold_s);
		if (stopped)
			return 0;
	}
	listen_events(fd);
	report();
	return 0;
}
