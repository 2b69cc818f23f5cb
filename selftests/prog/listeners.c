// SPDX-License-Identifier: GPL-2.0
/*
 * Several listeners to conntrack events in one process, each a thread with a
 * socket, a timetable and a book of its own.
 *
 *   listeners [-T seconds] [-S seconds] [-s file] 'name=a WORD...' 'name=b WORD...'
 *
 * Ends after -T seconds (60), at SIGTERM, or -S seconds (0.5) after all listeners
 * with "expect" are complete.  Prints "ready" when all have subscribed that do so
 * at the start, and one line "NAME key=value ..." per listener at its end; with -s
 * the lines stand in a file at any time.  SIGUSR1 sets the mark: figures of time
 * and speed begin there.  Exit status 1: a listener failed, its line says how.
 *
 * Words, times as 5s, 100ms or 250us:
 *   reliable  noenobufs  all-nsid   NETLINK_BROADCAST_ERROR and so on
 *   groups=new,update,destroy,exp-new,exp-destroy   default: the first three
 *   rcvbuf=BYTES                   size of the receive buffer
 *   filter=tcp|udp                 socket filter, as libnetfilter_conntrack sets it
 *   pause=T                        after each datagram
 *   duty=T1/T2  phase=T            reads for T1 of each T2; phase moves the start
 *   empty-every=T                  each T it reads until nothing has come for 100 ms
 *   stopped                        never reads
 *   start-at=T stop-at=T resume-at=T   subscribes; reads nothing between the two
 *   leave-at=T leave=close|drop    closes its socket, or leaves its groups
 *   count-in=FILE                  with leave: the namespace whose entries are
 *                                  waited for afterwards, /run/netns/NAME
 *   expect=N                       complete with N NEW and N DESTROY
 *
 * Keys of a line:
 *   new update destroy copies      NEW and DESTROY of different connections;
 *                                  copies: those that came again
 *   disorder headless              UPDATE after DESTROY or NEW after others;
 *                                  connections whose first event was not NEW
 *   dying ported foreign           NEW with IPS_DYING, NEW with a netlink port,
 *                                  events that the filter should have dropped
 *   datagrams most                 and messages in the fullest
 *   enobufs drops                  losses it was told of; times that its socket
 *                                  was full, from /proc/net/netlink
 *   events waits                   all messages since the mark, and how often it
 *                                  waited for one
 *   rate pace share                new messages, copies left out, per second from
 *                                  the mark (or the start) to the last one, time
 *                                  that it did not read left out; messages per
 *                                  second without the time that it waited for
 *                                  them: its own pace; rate of pace in percent
 *   first last done                seconds from the mark to the first event after
 *                                  it, to the last, and until complete (-1: never)
 *   back                           longest time, in ms, that it waited for more
 *                                  once it was back and had emptied its socket
 *   released                       ms from leaving until no entry is left
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

#include "nl.h"

#define MAX_LISTENERS	64
#define RX_BYTES	(1 << 16)
#define NEVER		1e9
#define NAP_S		0.02
#define EMPTY_S		0.1
#define RELEASE_LIMIT_S	20.0

enum event { EVENT_NEW, EVENT_UPDATE, EVENT_DESTROY };
enum leave { LEAVE_CLOSE, LEAVE_DROP };

struct page {
	struct nl_flow flow;
	uint8_t seen;		/* one bit per enum event */
};

struct book {
	struct page *pages;
	size_t size;		/* a power of two */
	size_t used;
};

struct message {
	struct nl_flow flow;
	enum event event;
	uint32_t status;
	uint32_t portid;
};

struct timetable {
	bool stopped;
	double start, stop, resume, leave;
	double on, period, phase;	/* duty */
	double empty_every;
};

/* What is measured anew from the mark on; last_: at the last event */
struct window {
	unsigned int mark;	/* which one */
	double begin;
	double waited, awake;
	double last_waited, last_awake;
	double first, last, done;
	double gap, back;
	unsigned long events, copies, waits;
};

struct listener {
	/* from the command line */
	const char *name;
	bool reliable, no_enobufs, all_nsid;
	unsigned int groups;
	unsigned int rcvbuf;
	int filter;
	double pause;
	struct timetable times;
	enum leave leave;
	const char *count_in;
	unsigned long expect;
	/* its thread's */
	pthread_t thread;
	struct mnl_socket *nl;
	uint32_t portid;
	bool was_away, emptied;
	bool gap_open;
	struct book book;
	char buf[RX_BYTES];
	/* under the lock: for the lines */
	pthread_mutex_t lock;
	bool subscribed, ended;
	char failed[128];
	unsigned long new, update, destroy, copies, disorder, headless;
	unsigned long dying, ported, foreign, datagrams, most, enobufs;
	long drops;
	double released;
	struct window window;
};

static struct listener listeners[MAX_LISTENERS];
static unsigned int count;
static volatile double start;	/* clock when ready */
static volatile bool ending;
static volatile unsigned int mark;
static volatile double marked;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

static void nap(double seconds)
{
	struct timespec ts;

	if (seconds <= 0)
		return;
	ts.tv_sec = seconds;
	ts.tv_nsec = (seconds - ts.tv_sec) * 1e9;
	nanosleep(&ts, NULL);
}

/* ---- the book ---- */

static struct page *book_place(struct book *book, const struct nl_flow *flow)
{
	const uint32_t *word = (const uint32_t *)flow;
	uint32_t hash = 0;
	size_t i;

	for (i = 0; i < sizeof(*flow) / sizeof(*word); i++)
		hash = (hash ^ word[i]) * 0x9e3779b1u ^ hash >> 15;
	for (i = hash & (book->size - 1); book->pages[i].flow.proto;
	     i = (i + 1) & (book->size - 1))
		if (!memcmp(&book->pages[i].flow, flow, sizeof(*flow)))
			break;
	return &book->pages[i];
}

static bool book_grow(struct book *book)
{
	struct book next = { .size = book->size ? book->size * 2 : 1 << 12 };
	size_t i;

	next.pages = calloc(next.size, sizeof(*next.pages));
	if (!next.pages)
		return false;
	for (i = 0; i < book->size; i++)
		if (book->pages[i].flow.proto)
			*book_place(&next, &book->pages[i].flow) = book->pages[i];
	next.used = book->used;
	free(book->pages);
	*book = next;
	return true;
}

static struct page *book_find(struct book *book, const struct nl_flow *flow)
{
	struct page *page;

	if (book->used * 2 >= book->size && !book_grow(book))
		return NULL;
	page = book_place(book, flow);
	if (!page->flow.proto) {
		page->flow = *flow;
		book->used++;
	}
	return page;
}

/* ---- messages ---- */

static void parse_attrs(const struct nlmsghdr *nlh, struct message *m)
{
	bool expectation = NFNL_SUBSYS_ID(nlh->nlmsg_type) ==
			   NFNL_SUBSYS_CTNETLINK_EXP;
	const int tuple = expectation ? (int)CTA_EXPECT_TUPLE : (int)CTA_TUPLE_ORIG;
	const int id = expectation ? (int)CTA_EXPECT_ID : (int)CTA_ID;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		int type = mnl_attr_get_type(attr);

		if (type == tuple)
			nl_read_tuple(attr, &m->flow);
		else if (type == id)
			m->flow.id = mnl_attr_get_u32(attr);
		else if (type == CTA_STATUS && !expectation)
			m->status = ntohl(mnl_attr_get_u32(attr));
	}
}

static bool parse(const struct nlmsghdr *nlh, struct message *m)
{
	memset(m, 0, sizeof(*m));
	if (NFNL_MSG_TYPE(nlh->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
		m->event = EVENT_DESTROY;
	else
		m->event = nlh->nlmsg_flags & NLM_F_CREATE ? EVENT_NEW :
							      EVENT_UPDATE;
	m->portid = nlh->nlmsg_pid;
	parse_attrs(nlh, m);
	/* IPv4 only: a guest's own IPv6 traffic would disturb the count */
	return m->flow.src && m->flow.proto;
}

/* ---- figures ---- */

static void count_copy(struct listener *l)
{
	l->copies++;
	l->window.copies++;
}

static void enter(struct listener *l, const struct message *m)
{
	struct page *page = book_find(&l->book, &m->flow);
	uint8_t bit = 1 << m->event;

	if (!page)
		return;
	if (!page->seen && m->event != EVENT_NEW)
		l->headless++;
	if (page->seen >> (m->event + 1))
		l->disorder++;
	if (m->event == EVENT_UPDATE)
		l->update++;
	else if (page->seen & bit)
		count_copy(l);
	else if (m->event == EVENT_NEW)
		l->new++;
	else
		l->destroy++;
	page->seen |= bit;
	if (m->event == EVENT_NEW) {
		l->dying += !!(m->status & IPS_DYING);
		l->ported += !!m->portid;
	}
	if (l->filter && m->flow.proto != (uint32_t)l->filter)
		l->foreign++;
}

static bool complete(const struct listener *l)
{
	return l->new >= l->expect && l->destroy >= l->expect;
}

/* Begins anew when the mark was set meanwhile. */
static void window_check(struct listener *l)
{
	struct window *w = &l->window;

	if (w->mark == mark && w->begin)
		return;
	memset(w, 0, sizeof(*w));
	w->mark = mark;
	w->begin = mark ? marked : start;
	w->first = -1;
	w->done = -1;
}

/* An event has come; the listener's thread has been awake until now. */
static void window_event(struct listener *l, unsigned int events)
{
	struct window *w = &l->window;
	double time = now() - w->begin;

	w->events += events;
	w->last_waited = w->waited;
	w->last = time;
	if (w->first < 0)
		w->first = time;
	if (l->gap_open) {
		l->gap_open = false;
		if (w->gap > w->back)
			w->back = w->gap;
	}
	if (w->done < 0 && l->expect && complete(l))
		w->done = time;
}

static void window_waited(struct listener *l, double seconds)
{
	l->window.waited += seconds;
	l->window.waits++;
	if (l->gap_open)
		l->window.gap += seconds;
}

static int figures(struct listener *l, char *line, size_t size)
{
	const struct window *w = &l->window;
	double busy = w->last_awake - w->last_waited;
	double rate = 0, pace = 0;
	int len;

	if (w->last_awake > 0)
		rate = (w->events - w->copies) / w->last_awake;
	if (busy > 0)
		pace = w->events / busy;

	len = snprintf(line, size,
		       "%s new=%lu update=%lu destroy=%lu copies=%lu disorder=%lu headless=%lu dying=%lu ported=%lu foreign=%lu datagrams=%lu most=%lu enobufs=%lu drops=%ld",
		       l->name, l->new, l->update, l->destroy, l->copies,
		       l->disorder, l->headless, l->dying, l->ported,
		       l->foreign, l->datagrams, l->most, l->enobufs, l->drops);
	len += snprintf(line + len, size - len,
			" events=%lu waits=%lu rate=%.0f pace=%.0f share=%.0f first=%.3f last=%.3f done=%.3f back=%.1f released=%.1f failed=%s\n",
			w->events, w->waits, rate, pace, pace > 0 ? 100 * rate / pace : 0,
			w->first, w->last, w->done, w->back * 1e3,
			l->released, *l->failed ? l->failed : "no");
	return len;
}

static void print_figures(FILE *out)
{
	char line[1024];
	unsigned int i;

	for (i = 0; i < count; i++) {
		pthread_mutex_lock(&listeners[i].lock);
		figures(&listeners[i], line, sizeof(line));
		pthread_mutex_unlock(&listeners[i].lock);
		fputs(line, out);
	}
}

/* A reader finds the old lines or the new ones, never half of them. */
static void write_status(const char *path)
{
	char tmp[PATH_MAX];
	FILE *out;

	if (!path)
		return;
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	out = fopen(tmp, "w");
	if (!out)
		return;
	print_figures(out);
	if (!fclose(out))
		rename(tmp, path);
}

/* ---- the socket ---- */

__attribute__((format(printf, 2, 3)))
static bool fail(struct listener *l, const char *format, ...)
{
	int error = errno;
	va_list args;
	size_t len, i;

	pthread_mutex_lock(&l->lock);
	va_start(args, format);
	len = vsnprintf(l->failed, sizeof(l->failed), format, args);
	va_end(args);
	if (len < sizeof(l->failed))
		snprintf(l->failed + len, sizeof(l->failed) - len, ":%s",
			 strerror(error));
	fprintf(stderr, "listeners: %s: %s\n", l->name, l->failed);
	/* one word in the line */
	for (i = 0; l->failed[i]; i++)
		if (l->failed[i] == ' ')
			l->failed[i] = '_';
	pthread_mutex_unlock(&l->lock);
	return false;
}

static bool set_option(struct listener *l, int option, const char *name)
{
	int on = 1;

	if (!mnl_socket_setsockopt(l->nl, option, &on, sizeof(on)))
		return true;
	return fail(l, "%s", name);
}

static bool set_buffer(struct listener *l)
{
	int fd = mnl_socket_get_fd(l->nl);
	int option = l->rcvbuf > 1 << 17 ? SO_RCVBUFFORCE : SO_RCVBUF;

	if (!l->rcvbuf || !setsockopt(fd, SOL_SOCKET, option, &l->rcvbuf,
				      sizeof(l->rcvbuf)))
		return true;
	return fail(l, "receive buffer");
}

static bool set_filter(struct listener *l)
{
	struct nfct_filter *filter;
	int err;

	if (!l->filter)
		return true;
	filter = nfct_filter_create();
	if (!filter)
		return fail(l, "filter");
	nfct_filter_add_attr_u32(filter, NFCT_FILTER_L4PROTO, l->filter);
	err = nfct_filter_attach(mnl_socket_get_fd(l->nl), filter);
	nfct_filter_destroy(filter);
	return !err || fail(l, "filter");
}

static bool change_groups(struct listener *l, int option)
{
	int group;

	for (group = 1; group < 32; group++) {
		if (!(l->groups & 1u << group))
			continue;
		if (mnl_socket_setsockopt(l->nl, option, &group, sizeof(group)))
			return fail(l, "group %d", group);
	}
	return true;
}

static bool subscribe(struct listener *l)
{
	l->nl = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!l->nl)
		return fail(l, "socket");
	if (!set_buffer(l) || !set_filter(l) ||
	    (l->reliable && !set_option(l, NETLINK_BROADCAST_ERROR, "reliable")) ||
	    (l->no_enobufs && !set_option(l, NETLINK_NO_ENOBUFS, "noenobufs")) ||
	    (l->all_nsid && !set_option(l, NETLINK_LISTEN_ALL_NSID, "all-nsid")))
		return false;
	if (mnl_socket_bind(l->nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return fail(l, "bind");
	l->portid = mnl_socket_get_portid(l->nl);
	return change_groups(l, NETLINK_ADD_MEMBERSHIP);
}

/* Column "Drops" of the socket's line; a module that is gone leaves no file. */
static long read_drops(uint32_t portid)
{
	unsigned int proto, port, drops;
	FILE *in = fopen("/proc/thread-self/net/netlink", "r");
	long found = -1;
	char line[256];

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "%*s %u %u %*s %*s %*s %*s %*s %u", &proto,
			   &port, &drops) == 3 &&
		    proto == NETLINK_NETFILTER && port == portid)
			found = drops;
	if (in)
		fclose(in);
	return found;
}

static void on_datagram(struct listener *l, size_t len)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)l->buf;
	unsigned long messages = 0;
	struct message m;
	int left = len;

	pthread_mutex_lock(&l->lock);
	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		messages++;
		if (parse(nlh, &m))
			enter(l, &m);
	}
	l->datagrams++;
	if (messages > l->most)
		l->most = messages;
	window_event(l, messages);
	pthread_mutex_unlock(&l->lock);
}

/* Takes what is there, without waiting. 1: something, 0: nothing, -1: failed */
static int take(struct listener *l)
{
	ssize_t len = recv(mnl_socket_get_fd(l->nl), l->buf, sizeof(l->buf),
			   MSG_DONTWAIT);

	if (len > 0) {
		on_datagram(l, len);
		return 1;
	}
	if (len < 0 && errno == ENOBUFS) {
		pthread_mutex_lock(&l->lock);
		l->enobufs++;
		pthread_mutex_unlock(&l->lock);
		return 1;
	}
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (!len)
		errno = ENODATA;
	fail(l, "receive");
	return -1;
}

static void wait_for_data(struct listener *l, double seconds)
{
	struct pollfd pfd = {
		.fd = mnl_socket_get_fd(l->nl),
		.events = POLLIN,
	};
	struct timespec ts = {
		.tv_sec = seconds,
		.tv_nsec = (seconds - (time_t)seconds) * 1e9,
	};
	double before = now();

	if (!l->emptied) {
		l->emptied = true;
		/* one that is open still goes on: nothing came last time */
		if (l->was_away && !l->gap_open) {
			l->gap_open = true;
			l->window.gap = 0;
		}
		l->was_away = false;
	}
	ppoll(&pfd, 1, &ts, NULL);
	pthread_mutex_lock(&l->lock);
	window_waited(l, now() - before);
	pthread_mutex_unlock(&l->lock);
}

/* ---- its time ---- */

/* How long ago the turn began that @time is in */
static double turn_of(double time, double period, double phase)
{
	double shifted = time + period - phase;

	return shifted - period * (long)(shifted / period);
}

/* Reads the listener at time @t, and at what time may that change? */
static bool is_awake(const struct timetable *t, double time, double *until)
{
	double turn;

	*until = NEVER;
	if (t->stopped)
		return false;
	if (time >= t->stop && time < t->resume) {
		*until = t->resume;
		return false;
	}
	if (time < t->stop)
		*until = t->stop;
	if (!t->period)
		return true;
	turn = turn_of(time, t->period, t->phase);
	if (turn < t->on) {
		*until = least(*until, time + t->on - turn);
		return true;
	}
	*until = least(*until, time + t->period - turn);
	return false;
}

static void go_away(struct listener *l)
{
	l->was_away = true;
	l->emptied = false;
}

/* Reads for at most @until. False: failed */
static bool attend(struct listener *l, double until)
{
	double begin = now();
	int got;

	pthread_mutex_lock(&l->lock);
	window_check(l);
	pthread_mutex_unlock(&l->lock);
	got = take(l);
	if (got < 0)
		return false;
	if (!got)
		wait_for_data(l, least(until - (begin - start), NAP_S));
	else
		nap(l->pause);
	pthread_mutex_lock(&l->lock);
	l->window.awake += now() - begin;
	if (got)
		l->window.last_awake = l->window.awake;
	pthread_mutex_unlock(&l->lock);
	return true;
}

/* One visit to the socket: until nothing has come for a while */
static bool empty(struct listener *l)
{
	double heard = now();
	unsigned long before;

	while (!ending && now() - heard < EMPTY_S) {
		before = l->datagrams;
		if (!attend(l, now() - start + EMPTY_S))
			return false;
		if (l->datagrams != before)
			heard = now();
	}
	return true;
}

static bool visit(struct listener *l)
{
	const struct timetable *t = &l->times;
	double turn = turn_of(now() - start, t->empty_every, t->phase);

	if (turn > NAP_S * 2) {
		go_away(l);
		nap(least(t->empty_every - turn, NAP_S));
		return true;
	}
	return empty(l);
}

static bool listen_on(struct listener *l)
{
	double until, time = now() - start;

	if (l->times.empty_every)
		return visit(l);
	if (is_awake(&l->times, time, &until))
		return attend(l, least(until, l->times.leave));
	go_away(l);
	nap(least(until - time, NAP_S));
	return true;
}

/* ---- leaving ---- */

static long entries_left(void)
{
	FILE *in = fopen("/proc/sys/net/netfilter/nf_conntrack_count", "r");
	long left = -1;

	if (!in)
		return -1;
	if (fscanf(in, "%ld", &left) != 1)
		left = -1;
	fclose(in);
	return left;
}

static bool enter_namespace(struct listener *l)
{
	int fd;

	if (!l->count_in)
		return true;
	fd = open(l->count_in, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		return fail(l, "%s", l->count_in);
	close(fd);
	return true;
}

static void leave(struct listener *l)
{
	double left;

	if (!enter_namespace(l))
		return;
	left = now();
	if (l->leave == LEAVE_CLOSE) {
		mnl_socket_close(l->nl);
		l->nl = NULL;
	} else if (!change_groups(l, NETLINK_DROP_MEMBERSHIP)) {
		return;
	}
	while (!ending && entries_left() && now() - left < RELEASE_LIMIT_S)
		nap(0.001);
	pthread_mutex_lock(&l->lock);
	l->released = entries_left() ? -1 : (now() - left) * 1e3;
	pthread_mutex_unlock(&l->lock);
}

/* ---- threads ---- */

static void set_subscribed(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	l->subscribed = true;
	pthread_mutex_unlock(&l->lock);
}

/* Before all others are ready there is no time to count from */
static bool begin(struct listener *l)
{
	bool early = l->times.start <= 0;

	if (early && !subscribe(l))
		return false;
	set_subscribed(l);
	while (!ending && (!start || now() - start < l->times.start))
		nap(early ? 0.001 : 0.005);
	return early || subscribe(l);
}

static void *run(void *data)
{
	struct listener *l = data;
	bool good = begin(l);

	set_subscribed(l);
	pthread_mutex_lock(&l->lock);
	window_check(l);
	pthread_mutex_unlock(&l->lock);
	while (good && !ending && now() - start < l->times.leave)
		good = listen_on(l);
	pthread_mutex_lock(&l->lock);
	if (l->nl)
		l->drops = read_drops(l->portid);
	pthread_mutex_unlock(&l->lock);
	if (good && !ending)
		leave(l);
	pthread_mutex_lock(&l->lock);
	l->ended = true;
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* ---- command line ---- */

static void usage(const char *what)
{
	fprintf(stderr,
		"listeners: %s\nusage: listeners [-T seconds] [-S seconds] [-s file] 'name=NAME WORD...'...\nwords: see the head of listeners.c\n",
		what);
	exit(2);
}

static double parse_time(const char *text, const char *stop)
{
	char *end;
	double value = strtod(text, &end);
	size_t len = stop ? (size_t)(stop - end) : strlen(end);

	if (end != text && len == 1 && *end == 's')
		return value;
	if (end != text && len == 2 && !strncmp(end, "ms", 2))
		return value * 1e-3;
	if (end != text && len == 2 && !strncmp(end, "us", 2))
		return value * 1e-6;
	usage(text);
	return 0;
}

static void parse_duty(struct timetable *t, char *value)
{
	char *slash = strchr(value, '/');

	if (!slash)
		usage(value);
	t->on = parse_time(value, slash);
	t->period = parse_time(slash + 1, NULL);
	if (t->on <= 0 || t->period < t->on)
		usage(value);
}

static unsigned int parse_groups(char *value)
{
	static const struct {
		const char *name;
		int group;
	} names[] = {
		{ "new", NFNLGRP_CONNTRACK_NEW },
		{ "update", NFNLGRP_CONNTRACK_UPDATE },
		{ "destroy", NFNLGRP_CONNTRACK_DESTROY },
		{ "exp-new", NFNLGRP_CONNTRACK_EXP_NEW },
		{ "exp-destroy", NFNLGRP_CONNTRACK_EXP_DESTROY },
	};
	unsigned int groups = 0, i;
	char *save, *name;

	for (name = strtok_r(value, ",", &save); name;
	     name = strtok_r(NULL, ",", &save)) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (!strcmp(name, names[i].name))
				break;
		if (i == ARRAY_SIZE(names))
			usage(name);
		groups |= 1u << names[i].group;
	}
	return groups;
}

static int parse_filter(const char *value)
{
	if (!strcmp(value, "tcp"))
		return IPPROTO_TCP;
	if (!strcmp(value, "udp"))
		return IPPROTO_UDP;
	usage(value);
	return 0;
}

static bool parse_flag(struct listener *l, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "reliable", &l->reliable },
		{ "noenobufs", &l->no_enobufs },
		{ "all-nsid", &l->all_nsid },
		{ "stopped", &l->times.stopped },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (!strcmp(word, flags[i].name))
			return *flags[i].flag = true;
	return !strcmp(word, "plain");
}

static bool parse_moment(struct listener *l, const char *word, const char *value)
{
	const struct {
		const char *name;
		double *time;
	} times[] = {
		{ "pause", &l->pause },
		{ "phase", &l->times.phase },
		{ "empty-every", &l->times.empty_every },
		{ "start-at", &l->times.start },
		{ "stop-at", &l->times.stop },
		{ "resume-at", &l->times.resume },
		{ "leave-at", &l->times.leave },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(times); i++)
		if (!strcmp(word, times[i].name)) {
			*times[i].time = parse_time(value, NULL);
			return true;
		}
	return false;
}

static void parse_word(struct listener *l, char *word)
{
	char *value = strchr(word, '=');

	if (!value) {
		if (!parse_flag(l, word))
			usage(word);
		return;
	}
	*value++ = '\0';
	if (!strcmp(word, "name"))
		l->name = value;
	else if (!strcmp(word, "groups"))
		l->groups = parse_groups(value);
	else if (!strcmp(word, "rcvbuf"))
		l->rcvbuf = strtoul(value, NULL, 0);
	else if (!strcmp(word, "expect"))
		l->expect = strtoul(value, NULL, 0);
	else if (!strcmp(word, "filter"))
		l->filter = parse_filter(value);
	else if (!strcmp(word, "duty"))
		parse_duty(&l->times, value);
	else if (!strcmp(word, "count-in"))
		l->count_in = value;
	else if (!strcmp(word, "leave") && !strcmp(value, "drop"))
		l->leave = LEAVE_DROP;
	else if (!strcmp(word, "leave") && strcmp(value, "close"))
		usage(value);
	else if (strcmp(word, "leave") && !parse_moment(l, word, value))
		usage(word);
}

static void parse_listener(struct listener *l, char *spec)
{
	char *save, *word;

	pthread_mutex_init(&l->lock, NULL);
	l->times.stop = NEVER;
	l->times.resume = NEVER;
	l->times.leave = NEVER;
	l->drops = -1;
	l->released = -1;
	l->groups = 1u << NFNLGRP_CONNTRACK_NEW | 1u << NFNLGRP_CONNTRACK_UPDATE |
		    1u << NFNLGRP_CONNTRACK_DESTROY;
	for (word = strtok_r(spec, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		parse_word(l, word);
	if (!l->name)
		usage("a listener has no name");
}

/* ---- the whole ---- */

static bool all_subscribed(void)
{
	bool all = true;
	unsigned int i;

	for (i = 0; i < count; i++) {
		pthread_mutex_lock(&listeners[i].lock);
		all &= listeners[i].subscribed;
		pthread_mutex_unlock(&listeners[i].lock);
	}
	return all;
}

/* At least one expects something, and all of these have it. */
static bool all_complete(void)
{
	bool any = false, all = true;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (!listeners[i].expect)
			continue;
		any = true;
		pthread_mutex_lock(&listeners[i].lock);
		all &= complete(&listeners[i]);
		pthread_mutex_unlock(&listeners[i].lock);
	}
	return any && all;
}

static bool any_failed(void)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (*listeners[i].failed)
			return true;
	return false;
}

static void start_all(sigset_t *signals)
{
	unsigned int i;

	pthread_sigmask(SIG_BLOCK, signals, NULL);
	for (i = 0; i < count; i++)
		if (pthread_create(&listeners[i].thread, NULL, run, &listeners[i]))
			usage("no thread");
	while (!all_subscribed())
		nap(0.001);
	start = now();
	printf("ready\n");
	fflush(stdout);
}

static void watch(sigset_t *signals, double limit, double settle,
		  const char *status)
{
	const struct timespec tick = { .tv_nsec = 100 * 1000 * 1000 };
	double ready = 0;
	int sig;

	while (now() - start < limit) {
		sig = sigtimedwait(signals, NULL, &tick);
		if (sig == SIGUSR1) {
			marked = now();
			mark++;
		} else if (sig > 0) {
			break;
		}
		write_status(status);
		if (!all_complete())
			ready = 0;
		else if (!ready)
			ready = now();
		else if (now() - ready > settle)
			break;
	}
}

int main(int argc, char **argv)
{
	double limit = 60, settle = 0.5;
	const char *status = NULL;
	sigset_t signals;
	unsigned int i;
	int opt;

	while ((opt = getopt(argc, argv, "T:S:s:")) != -1) {
		if (opt == 'T')
			limit = strtod(optarg, NULL);
		else if (opt == 'S')
			settle = strtod(optarg, NULL);
		else if (opt == 's')
			status = optarg;
		else
			usage("unknown option");
	}
	for (; optind < argc && count < MAX_LISTENERS; optind++)
		parse_listener(&listeners[count++], argv[optind]);
	if (!count || optind < argc)
		usage("none, or too many of them");

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	start_all(&signals);
	watch(&signals, limit, settle, status);
	ending = true;
	for (i = 0; i < count; i++)
		pthread_join(listeners[i].thread, NULL);
	write_status(status);
	print_figures(stdout);
	return any_failed();
}
