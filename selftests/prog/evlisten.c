// SPDX-License-Identifier: GPL-2.0
/*
 * Listens to connection events and keeps a record of each connection (original
 * tuple plus ID, IPv4): which events came, in what order, and what the last one
 * said.  Prints "ready" once it listens and one line of "name=value" pairs at
 * its end, which comes with SIGTERM, after -D connections have been destroyed,
 * or -i seconds without an event.  SIGUSR1: read the events that are waiting,
 * dump the table and count the entries whose state, mark or status differs from
 * what their last event said ("stale"), and those that had no event ("unknown").
 * With the groups of expectations (-g 0x28) the records are of expectations.
 * With -s the line of figures is in a file at any time, too.
 *
 *   flows new destroy updates      connections; those with each event; updates
 *   again                          NEW or DESTROY once more for a connection
 *   disorder                       NEW after others, UPDATE after DESTROY
 *   headless                       connections whose first event was not NEW
 *   datagrams most enobufs         messages in the fullest one; overruns
 *   rate pace                      events per second, from the first DESTROY to
 *                                  the last; the same without the time in which
 *                                  no event was there: the listener's own pace
 *   late_p50 late_p99 late_max     with -T: seconds from the end of the timeout
 *   burst                          with -T: largest share of all DESTROY that
 *                                  came within 100 ms, in percent
 */
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "nl.h"

#include <linux/netfilter/nfnetlink_compat.h>

#define RECORD_BITS	19
#define RECORDS		(1u << RECORD_BITS)
#define TICK_MS		100
#define WINDOW_S	0.1
#define STATUS_PERIOD_S	0.2

/* What changes without an event of its own, or was there before */
#define STATUS_SHOWN	(IPS_SEEN_REPLY | IPS_ASSURED)

/* Events, in the order that those of one entry have */
static const char order[] = "NUD";

/* What an event has said */
struct details {
	uint32_t status;
	uint32_t mark;
	int tcp_state;
	double started;		/* 0: not said */
};

struct record {
	struct nl_flow key;
	struct details last;
	uint8_t seen;		/* one bit per event of @order */
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

static struct record records[RECORDS];
static double late[RECORDS], came[RECORDS];
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

/* ---- records ---- */

static struct record *find_record(const struct nl_flow *key, bool add)
{
	const uint32_t *word = (const uint32_t *)key;
	uint32_t hash = 0, i;

	for (i = 0; i < sizeof(*key) / sizeof(*word); i++)
		hash = (hash ^ word[i]) * 0x9e3779b1u;
	for (i = hash >> (32 - RECORD_BITS); records[i].key.proto;
	     i = (i + 1) % RECORDS)
		if (!memcmp(&records[i].key, key, sizeof(*key)))
			return &records[i];
	if (!add)
		return NULL;
	if (++sums.flows > RECORDS / 4 * 3)
		errx(1, "too many connections");
	records[i].key = *key;
	records[i].last.tcp_state = -1;
	return &records[i];
}

static void note_late(double started)
{
	double now = seconds(CLOCK_REALTIME);

	if (!opts.timeout || !started || lates == RECORDS)
		return;
	came[lates] = now;
	late[lates++] = now - started - opts.timeout;
}

static void note_destroy(const struct details *details)
{
	sums.last_destroy = seconds(CLOCK_MONOTONIC);
	sums.until = sums.new + sums.updates + sums.destroy + sums.again;
	if (!sums.destroy++) {
		sums.first_destroy = sums.last_destroy;
		sums.before = sums.until;
		waited = 0;
	}
	sums.idle = waited;
	note_late(details->started);
}

static void note_event(const struct nl_flow *key, const struct details *details,
		       char event)
{
	struct record *record = find_record(key, true);
	unsigned int place = strchr(order, event) - order;
	uint8_t bit = 1 << place;

	if (!record->seen && event != 'N')
		sums.headless++;
	if (record->seen >> (place + 1))
		sums.disorder++;
	if (event == 'U')
		sums.updates++;
	else if (record->seen & bit)
		sums.again++;
	else if (event == 'N')
		sums.new++;
	else
		note_destroy(details);
	record->seen |= bit;
	if (event == 'D')
		return;
	/* an event without protocol details leaves the state as it was */
	if (details->tcp_state < 0) {
		int state = record->last.tcp_state;

		record->last = *details;
		record->last.tcp_state = state;
	} else {
		record->last = *details;
	}
}

static void compare_entry(const struct nl_flow *key, const struct details *details)
{
	struct record *record = find_record(key, false);

	sums.dumped++;
	if (!record) {
		sums.unknown++;
		return;
	}
	if (record->last.tcp_state == details->tcp_state &&
	    record->last.mark == details->mark &&
	    !((record->last.status ^ details->status) & STATUS_SHOWN))
		return;
	if (sums.stale++ < 5)
		fprintf(stderr,
			"evlisten: proto %u port %u: event: state %d mark %u status %#x, entry: %d %u %#x\n",
			key->proto, key->sport, record->last.tcp_state,
			record->last.mark, record->last.status, details->tcp_state,
			details->mark, details->status);
}

/* ---- messages ---- */

/* The source may be any host: then there is no address of it. */
static bool parse_expectation(const struct nlmsghdr *nlh, struct nl_flow *key)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == CTA_EXPECT_TUPLE)
			nl_read_tuple(attr, key);
		else if (mnl_attr_get_type(attr) == CTA_EXPECT_ID)
			key->id = mnl_attr_get_u32(attr);
	}
	return key->dst && key->proto;
}

static bool parse(const struct nlmsghdr *nlh, struct nl_flow *key,
		  struct details *details)
{
	const struct nlattr *attr;

	memset(key, 0, sizeof(*key));
	memset(details, 0, sizeof(*details));
	details->tcp_state = -1;
	if (NFNL_SUBSYS_ID(nlh->nlmsg_type) == NFNL_SUBSYS_CTNETLINK_EXP)
		return parse_expectation(nlh, key);
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case CTA_TUPLE_ORIG:
			nl_read_tuple(attr, key);
			break;
		case CTA_ID:
			key->id = mnl_attr_get_u32(attr);
			break;
		case CTA_STATUS:
			details->status = ntohl(mnl_attr_get_u32(attr));
			break;
		case CTA_MARK:
			details->mark = ntohl(mnl_attr_get_u32(attr));
			break;
		case CTA_PROTOINFO:
			details->tcp_state = nl_tcp_state(attr);
			break;
		case CTA_TIMESTAMP:
			details->started = nl_start(attr);
			break;
		}
	}
	return key->src && key->proto;
}

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	unsigned long *messages = data;
	struct nl_flow key;
	struct details details;

	++*messages;
	if (parse(nlh, &key, &details))
		note_event(&key, &details, nl_event(nlh));
	return MNL_CB_OK;
}

static void on_entry(const struct nlmsghdr *nlh, void *data)
{
	struct nl_flow key;
	struct details details;

	(void)data;
	if (parse(nlh, &key, &details))
		compare_entry(&key, &details);
}

/* ---- sockets ---- */

static void set_buffer(struct mnl_socket *nl)
{
	int option = opts.buffer > 1 << 17 ? SO_RCVBUFFORCE : SO_RCVBUF;

	if (opts.buffer && setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, option,
				      &opts.buffer, sizeof(opts.buffer)))
		err(1, "receive buffer");
}

static struct mnl_socket *open_listener(void)
{
	struct mnl_socket *nl = nl_open();
	int group;

	set_buffer(nl);
	nl_set_patience(nl, TICK_MS);
	if (opts.reliable)
		nl_option(nl, NETLINK_BROADCAST_ERROR, 1);
	if (opts.no_enobufs)
		nl_option(nl, NETLINK_NO_ENOBUFS, 1);
	if (opts.all_nets)
		nl_option(nl, NETLINK_LISTEN_ALL_NSID, 1);
	for (group = 1; group <= 32; group++)
		if (opts.groups & 1u << (group - 1))
			nl_join(nl, group);
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
	len = recv(mnl_socket_get_fd(nl), buf, size, 0);
	waited += seconds(CLOCK_MONOTONIC) - before;
	return len;
}

/* One datagram; false when none came in time. */
static bool receive(struct mnl_socket *nl)
{
	static char buf[NL_ANSWER_MAX];
	unsigned long messages = 0;
	ssize_t len = next_datagram(nl, buf, sizeof(buf));

	if (len < 0 && errno == ENOBUFS) {
		sums.enobufs++;
		return true;
	}
	if (len <= 0) {
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			err(1, "receive");
		return false;
	}
	sums.datagrams++;
	mnl_cb_run(buf, len, 0, 0, on_event, &messages);
	if (messages > sums.most)
		sums.most = messages;
	return true;
}

/* Events that are on their way first, then the table. */
static void compare_with_dump(struct mnl_socket *events)
{
	struct mnl_socket *nl = nl_open();
	char buf[NL_REQUEST_MAX];

	nl_set_patience(events, 3 * TICK_MS);
	while (receive(events))
		;
	nl_must(nl, nl_request(buf, CT(IPCTNL_MSG_CT_GET, NLM_F_DUMP)), on_entry,
		NULL, "dump");
	mnl_socket_close(nl);
	nl_set_patience(events, TICK_MS);
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
		err(1, "%s", opts.status);
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

static void __attribute__((noreturn)) usage(void)
{
	errx(2, "usage: evlisten [-R] [-N] [-A] [-b buffer] [-p pause_us] [-w hold_s] [-g groups] [-D destroys] [-i idle_s] [-T timeout_s] [-s status_file]\n"
	     "-R reliable; -N NETLINK_NO_ENOBUFS; -A other namespaces too; -w read nothing for so long; groups: 1 new, 2 update, 4 destroy, 8 and 32 of expectations");
}

static void parse_options(int argc, char **argv)
{
	int opt;

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
			usage();
		}
	}
}

/* -1 without a status file */
static int open_status(void)
{
	int fd;

	if (!opts.status)
		return -1;
	fd = open(opts.status, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		err(1, "%s", opts.status);
	write_status(fd);
	return fd;
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl;
	int status;

	parse_options(argc, argv);
	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	status = open_status();
	nl = open_listener();
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
