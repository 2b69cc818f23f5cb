// SPDX-License-Identifier: GPL-2.0
/*
 * A listener that keeps a book of what it is told, and judges it: for every entry
 * that began after it joined exactly one NEW, then changes, then one DESTROY.
 * When an entry began is said by its time stamp, which DESTROY and dumps have:
 * net.netfilter.nf_conntrack_timestamp must be on.
 *
 *   oracle [-R] [-b buffer] [-S seed] [-n name] [-f figures_file] [-v faults_file]
 *
 *   -R  reliable, with one book to the end; a plain one begins a new book after each
 *       loss (ENOBUFS), when it has emptied its socket
 *   -S  it stalls for seconds, reads slowly and changes its groups, by this seed;
 *       without, it reads all the time
 *
 * SIGUSR1: from now on it only reads.  SIGHUP: compares its book with the table,
 * which must be quiet but for entries that expire.  SIGUSR2: goes on as by the
 * seed.  SIGTERM: the end; all entries have been deleted, so what is in the book
 * lacks its DESTROY.
 *
 * The file of figures has one line of "name=value", at any time.  The file of
 * faults gets a paragraph for each, with the last events of that entry; the exit
 * status is 1 then.
 */
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "nl.h"

#include <linux/netfilter/nfnetlink_compat.h>

#define HASH_BITS	16
#define TUPLE_MAX	100
#define STORY_MAX	16
#define TRACE_BITS	16
#define TRACE_SHOWN	12
#define FAULTS_SHOWN	20
#define SLACK_S		0.1	/* between two clocks */
#define VAGUE_S		5.0	/* after a change of groups old events may come */
#define QUIET_MS	300
#define ROUNDS		8	/* of a comparison */
#define STATUS_SHOWN	(IPS_SEEN_REPLY | IPS_ASSURED)

enum { JOIN_NEW = 1, JOIN_UPDATE = 2, JOIN_DESTROY = 4 };

/* What a message says of an entry */
struct report {
	uint8_t tuple[TUPLE_MAX];
	unsigned int tuple_len;
	uint32_t zone, id, mark, status;
	bool has_mark;
	int tcp_state;		/* -1: not said */
	double start;		/* 0: not said */
	uint32_t hash;
};

struct record {
	struct record *next;
	struct report last;
	char story[STORY_MAX + 1];	/* N, U, D; the end of a long one */
	bool born;
	double since;
	bool vague;		/* events of it may have come while not in the groups */
	unsigned int seen;	/* in this dump */
	unsigned long number;	/* of the event that began it */
};

struct trace {
	uint32_t hash, id;
	char event;
	uint32_t status;
	double time;
};

static struct {
	bool reliable;
	unsigned int buffer;
	unsigned int seed;
	const char *name, *figures, *faults;
} opts = { .name = "oracle", .buffer = 1 << 16 };

static struct {
	unsigned long new, update, destroy, enobufs, epochs, stalls, changes;
	unsigned long judged, early, unstamped, compared, dumped, faults, live;
} sums;

static struct record *book[1 << HASH_BITS];
static struct trace traces[1 << TRACE_BITS];
static unsigned long events;
static unsigned int groups, dumps;
static double joined, vague_until, started;
static bool congested, slow;
static volatile sig_atomic_t stopped, calm, compare;
static uint64_t luck;

static void on_signal(int sig)
{
	if (sig == SIGTERM)
		stopped = 1;
	else if (sig == SIGHUP)
		compare = 1;
	else
		calm = sig == SIGUSR1;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static uint32_t draw(uint32_t below)
{
	luck ^= luck << 13;
	luck ^= luck >> 7;
	luck ^= luck << 17;
	return (luck >> 20) % below;
}

/* Ends with the first signal. */
static void nap(double seconds)
{
	struct timespec ts = {
		.tv_sec = seconds,
		.tv_nsec = (seconds - (long)seconds) * 1e9,
	};

	nanosleep(&ts, NULL);
}

/* ---- messages ---- */

static void read_tuple(const struct nlattr *attr, struct report *r)
{
	r->tuple_len = mnl_attr_get_payload_len(attr);
	if (r->tuple_len > TUPLE_MAX)
		errx(2, "a tuple of %u bytes", r->tuple_len);
	memcpy(r->tuple, mnl_attr_get_payload(attr), r->tuple_len);
}

static void read_attr(const struct nlattr *attr, struct report *r)
{
	switch (mnl_attr_get_type(attr)) {
	case CTA_TUPLE_ORIG:
		read_tuple(attr, r);
		break;
	case CTA_ID:
		r->id = mnl_attr_get_u32(attr);
		break;
	case CTA_ZONE:
		r->zone = ntohs(mnl_attr_get_u16(attr));
		break;
	case CTA_STATUS:
		r->status = ntohl(mnl_attr_get_u32(attr));
		break;
	case CTA_MARK:
		r->mark = ntohl(mnl_attr_get_u32(attr));
		break;
	case CTA_PROTOINFO:
		r->tcp_state = nl_tcp_state(attr);
		break;
	case CTA_TIMESTAMP:
		r->start = nl_start(attr);
		break;
	}
}

static void read_report(const struct nlmsghdr *nlh, struct report *r)
{
	const struct nlattr *attr;
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->tcp_state = -1;
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg))
		read_attr(attr, r);
	r->hash = r->id ^ r->zone * 0x85ebca6bu;
	for (i = 0; i < r->tuple_len; i++)
		r->hash = (r->hash ^ r->tuple[i]) * 0x01000193u;
	r->hash ^= r->hash >> 15;
}

/* ---- faults ---- */

static void show_tuple(const struct report *r, char *to, size_t size)
{
	struct {
		struct nlattr head;
		uint8_t payload[TUPLE_MAX];
	} attr = { .head.nla_len = sizeof(attr.head) + r->tuple_len };

	memcpy(attr.payload, r->tuple, r->tuple_len);
	*to = 0;
	nl_show_tuple(&attr.head, to, size);
}

/* The last events of one entry, the latest first */
static void show_trace(FILE *out, const struct report *r)
{
	unsigned long i, shown = 0;

	for (i = 1; i <= events && i < 1 << TRACE_BITS && shown < TRACE_SHOWN; i++) {
		const struct trace *t = &traces[(events - i) % (1 << TRACE_BITS)];

		if (t->hash != r->hash || t->id != r->id)
			continue;
		fprintf(out, "    %c %.4f s ago, event %lu, status %#x\n", t->event,
			now() - t->time, events - i, t->status);
		shown++;
	}
}

static void fault(const struct report *r, const char *story, const char *what)
{
	char tuple[256];
	FILE *out;

	if (sums.faults++ >= FAULTS_SHOWN)
		return;
	out = opts.faults ? fopen(opts.faults, "a") : stderr;
	if (!out)
		err(2, "%s", opts.faults);
	show_tuple(r, tuple, sizeof(tuple));
	fprintf(out, "%s (%s, seed %u, event %lu, up for %.1f s, joined %.1f s ago, epoch %lu): %s\n",
		opts.name, opts.reliable ? "reliable" : "plain", opts.seed, events,
		now() - started, now() - joined, sums.epochs, what);
	fprintf(out, "    %szone %u id %u, began %.4f s ago, status %#x, story %s\n", tuple,
		r->zone, r->id, r->start ? now() - r->start : 0, r->status, story);
	show_trace(out, r);
	if (out != stderr)
		fclose(out);
}

/* ---- the book ---- */

static struct record **find(const struct report *r)
{
	struct record **at = &book[r->hash >> (32 - HASH_BITS)];

	for (; *at; at = &(*at)->next)
		if ((*at)->last.id == r->id && (*at)->last.zone == r->zone &&
		    (*at)->last.tuple_len == r->tuple_len &&
		    !memcmp((*at)->last.tuple, r->tuple, r->tuple_len))
			break;
	return at;
}

static void forget(struct record **at)
{
	struct record *old = *at;

	*at = old->next;
	free(old);
	sums.live--;
}

static void forget_all(void)
{
	unsigned int i;

	for (i = 0; i < 1 << HASH_BITS; i++)
		while (book[i])
			forget(&book[i]);
	joined = now();
	sums.epochs++;
}

static struct record *add(struct record **at, const struct report *r)
{
	struct record *new = calloc(1, sizeof(*new));

	if (!new)
		err(2, "no memory");
	new->last = *r;
	new->since = now();
	new->vague = new->since < vague_until;
	new->number = events;
	*at = new;
	sums.live++;
	return new;
}

/* Whether all lives since joined can be told: both ends of them are heard */
static bool judges(void)
{
	return (groups & (JOIN_NEW | JOIN_DESTROY)) == (JOIN_NEW | JOIN_DESTROY) &&
	       !congested;
}

static void tell(struct record *record, char event)
{
	size_t len = strlen(record->story);

	if (len == STORY_MAX)
		memmove(record->story + 1, record->story + 2, --len - 1);
	record->story[len] = event;
	record->story[len + 1] = 0;
}

/* An event without protocol details leaves the state as it was. */
static void update(struct record *record, const struct report *r)
{
	int state = record->last.tcp_state;

	record->last = *r;
	if (r->tcp_state < 0)
		record->last.tcp_state = state;
}

static void on_begin(struct record **at, const struct report *r)
{
	if (*at && (*at)->born) {
		if (!(*at)->vague)
			fault(r, (*at)->story, "a second NEW");
		forget(at);
	}
	if (!*at)
		add(at, r);
	tell(*at, 'N');
	(*at)->born = true;
	update(*at, r);
}

static void on_change(struct record **at, const struct report *r)
{
	if (!*at)
		add(at, r);
	tell(*at, 'U');
	update(*at, r);
}

static void judge_end(const struct record *record, const struct report *r)
{
	if (!r->start) {
		sums.unstamped++;
		return;
	}
	if (r->start < joined + SLACK_S || now() < vague_until) {
		sums.early++;
		return;
	}
	sums.judged++;
	if (!record)
		fault(r, "", "a DESTROY and no NEW, or a second DESTROY");
	else if (!record->born)
		fault(r, record->story, "UPDATE and DESTROY, and no NEW");
	else if (record->story[0] != 'N')
		fault(r, record->story, "something came before NEW");
}

static void on_end(struct record **at, const struct report *r)
{
	judge_end(*at, r);
	if (*at)
		forget(at);
}

static void note(const struct report *r, char event)
{
	struct trace *t = &traces[events++ % (1 << TRACE_BITS)];

	*t = (struct trace){ r->hash, r->id, event, r->status, now() };
}

static int on_event(const struct nlmsghdr *nlh, void *data)
{
	char event = nl_event(nlh);
	struct record **at;
	struct report r;

	(void)data;
	read_report(nlh, &r);
	note(&r, event);
	sums.new += event == 'N';
	sums.update += event == 'U';
	sums.destroy += event == 'D';
	if (!judges())
		return MNL_CB_OK;
	at = find(&r);
	if (event == 'N')
		on_begin(at, &r);
	else if (event == 'U')
		on_change(at, &r);
	else
		on_end(at, &r);
	return MNL_CB_OK;
}

/* ---- the socket ---- */

static void set_groups(struct mnl_socket *nl, unsigned int wanted)
{
	int group;

	for (group = 1; group <= 3; group++) {
		unsigned int bit = 1u << (group - 1);

		if ((groups ^ wanted) & bit)
			nl_option(nl, wanted & bit ? NETLINK_ADD_MEMBERSHIP :
						     NETLINK_DROP_MEMBERSHIP, group);
	}
	groups = wanted;
}

static struct mnl_socket *open_listener(void)
{
	struct mnl_socket *nl = nl_open();
	int option = opts.buffer > 1 << 17 ? SO_RCVBUFFORCE : SO_RCVBUF;

	if (setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, option, &opts.buffer,
		       sizeof(opts.buffer)))
		err(2, "receive buffer");
	if (opts.reliable)
		nl_option(nl, NETLINK_BROADCAST_ERROR, 1);
	set_groups(nl, JOIN_NEW | JOIN_UPDATE | JOIN_DESTROY);
	joined = now();
	return nl;
}

/* The socket is empty: what a full one has lost was before. */
static void caught_up(void)
{
	if (!congested)
		return;
	congested = false;
	forget_all();
}

/* One datagram; false when none came in time. */
static bool receive(struct mnl_socket *nl, int flags)
{
	static char buf[NL_ANSWER_MAX];
	ssize_t len = recv(mnl_socket_get_fd(nl), buf, sizeof(buf), flags);

	if (len > 0) {
		mnl_cb_run(buf, len, 0, 0, on_event, NULL);
		return true;
	}
	if (len < 0 && errno == ENOBUFS) {
		sums.enobufs++;
		/* a reliable one has lost nothing: two CPUs have filled its buffer at once */
		congested = !opts.reliable;
		return true;
	}
	if (len < 0 && errno != EAGAIN && errno != EINTR)
		err(2, "receive");
	if (len < 0 && errno == EAGAIN)
		caught_up();
	return false;
}

static void read_until_quiet(struct mnl_socket *nl)
{
	nl_set_patience(nl, QUIET_MS);
	while (receive(nl, 0))
		;
	nl_set_patience(nl, 100);
}

/* ---- comparison with the table ---- */

static char doubt[128];
static struct report doubtful;
static char doubt_story[STORY_MAX + 1];
static unsigned int doubts;

static void doubt_it(const struct report *r, const char *story, const char *what)
{
	if (doubts++)
		return;
	doubtful = *r;
	snprintf(doubt_story, sizeof(doubt_story), "%s", story);
	snprintf(doubt, sizeof(doubt), "%s", what);
}

/* Entries of a dump that the book does not have (yet) */
static struct report *strangers;
static unsigned int stranger_count;
static unsigned long first_of_dump;

static void add_stranger(const struct report *r)
{
	strangers = realloc(strangers, (stranger_count + 1) * sizeof(*r));
	if (!strangers)
		err(2, "no memory");
	strangers[stranger_count++] = *r;
}

static void compare_details(const struct record *record, const struct report *r)
{
	const struct report *last = &record->last;
	char what[128];

	if (!(groups & JOIN_UPDATE))
		return;
	/* -1: began before this book, and no event has told its state yet */
	if ((last->tcp_state == r->tcp_state || last->tcp_state < 0) &&
	    last->mark == r->mark && !((last->status ^ r->status) & STATUS_SHOWN))
		return;
	snprintf(what, sizeof(what),
		 "table has TCP state %d mark %#x status %#x, the last event %d %#x %#x",
		 r->tcp_state, r->mark, r->status, last->tcp_state, last->mark,
		 last->status);
	doubt_it(r, record->story, what);
}

static void on_entry(const struct nlmsghdr *nlh, void *data)
{
	struct record **at;
	struct report r;

	(void)data;
	read_report(nlh, &r);
	sums.dumped++;
	at = find(&r);
	if (!*at) {
		add_stranger(&r);
		return;
	}
	if ((*at)->seen == dumps)
		doubt_it(&r, (*at)->story, "a dump has it twice");
	(*at)->seen = dumps;
	compare_details(*at, &r);
}

static void dump_table(void)
{
	struct mnl_socket *nl = nl_open();
	char buf[NL_REQUEST_MAX];

	dumps++;
	stranger_count = 0;
	first_of_dump = events;
	nl_set_patience(nl, 60000);
	nl_must(nl, nl_request(buf, CT_OF(AF_UNSPEC, IPCTNL_MSG_CT_GET, NLM_F_DUMP)),
		on_entry, NULL, "dump");
	mnl_socket_close(nl);
}

static void look_for_missing(void)
{
	const struct record *record;
	unsigned int i;

	for (i = 0; i < 1 << HASH_BITS; i++)
		for (record = book[i]; record; record = record->next)
			if (record->seen != dumps && !record->vague &&
			    record->number < first_of_dump)
				doubt_it(&record->last, record->story,
					 "in the book, not in the table");
}

static void look_for_strangers(void)
{
	unsigned int i;

	for (i = 0; i < stranger_count; i++)
		if (strangers[i].start > joined + SLACK_S &&
		    strangers[i].start > vague_until && !*find(&strangers[i]))
			doubt_it(&strangers[i], "", "in the table, not in the book");
}

/*
 * Entries expire meanwhile, and events are on their way: what is doubtful the
 * first time is looked at again.
 */
static void compare_with_table(struct mnl_socket *nl)
{
	int round;

	for (round = 0; round < ROUNDS; round++) {
		doubts = 0;
		read_until_quiet(nl);
		if (!judges())
			break;
		dump_table();
		read_until_quiet(nl);
		look_for_missing();
		look_for_strangers();
		if (!doubts)
			break;
	}
	if (doubts)
		fault(&doubtful, doubt_story, doubt);
	sums.compared++;
}

/* ---- figures ---- */

static int figures_fd = -1;
static bool ended;

/* Overwrites the line in place: a reader never finds the file empty. */
static void write_figures(void)
{
	char line[512];
	int len = snprintf(line, sizeof(line),
			   "name=%s reliable=%d new=%lu update=%lu destroy=%lu enobufs=%lu epochs=%lu stalls=%lu changes=%lu judged=%lu early=%lu unstamped=%lu compared=%lu dumped=%lu live=%lu faults=%lu ended=%d",
			   opts.name, opts.reliable, sums.new, sums.update,
			   sums.destroy, sums.enobufs, sums.epochs, sums.stalls,
			   sums.changes, sums.judged, sums.early, sums.unstamped,
			   sums.compared, sums.dumped, sums.live, sums.faults, ended);

	while (len < 400)
		line[len++] = ' ';
	line[len++] = '\n';
	if (figures_fd >= 0 && pwrite(figures_fd, line, len, 0) != len)
		err(2, "%s", opts.figures);
}

/* ---- moods ---- */

static void stall(void)
{
	sums.stalls++;
	write_figures();
	nap(0.1 + draw(4000) * 0.001);
}

/* What waits in the socket and was meant for the old groups is of no use. */
static void change_groups(struct mnl_socket *nl)
{
	static const unsigned int choice[] = { 7, 7, 7, 5, 5, 1, 2, 4, 6 };

	sums.changes++;
	set_groups(nl, 0);
	if (draw(2))
		nap(draw(300) * 0.001);
	while (receive(nl, MSG_DONTWAIT))
		;
	set_groups(nl, choice[draw(ARRAY_SIZE(choice))]);
	congested = false;
	forget_all();
	vague_until = joined + VAGUE_S;
}

static void mood(struct mnl_socket *nl)
{
	switch (draw(12)) {
	case 0 ... 2:
		stall();
		break;
	case 3:
		change_groups(nl);
		break;
	case 4 ... 5:
		slow = true;
		break;
	default:
		slow = false;
	}
}

static void run(struct mnl_socket *nl)
{
	double next_mood = now() + 1, next_figures = 0, time;

	while (!stopped) {
		if (receive(nl, 0) && slow && !calm)
			nap(0.002);
		time = now();
		if (compare) {
			compare = 0;
			compare_with_table(nl);
			next_figures = 0;
		}
		if (opts.seed && !calm && time > next_mood) {
			mood(nl);
			next_mood = now() + 0.2 + draw(1500) * 0.001;
		}
		if (time > next_figures) {
			write_figures();
			next_figures = time + 0.5;
		}
	}
}

/* What is in the book now lacks its end. */
static void end_lives(void)
{
	const struct record *record;
	unsigned int i;

	for (i = 0; i < 1 << HASH_BITS; i++)
		for (record = book[i]; record; record = record->next)
			if (!record->vague)
				fault(&record->last, record->story, "no DESTROY");
}

/* All entries have been deleted, and each has had time to be told. */
static void close_book(struct mnl_socket *nl)
{
	read_until_quiet(nl);
	if (judges())
		end_lives();
}

static void parse_options(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "Rb:S:n:f:v:")) != -1) {
		switch (opt) {
		case 'R':
			opts.reliable = true;
			break;
		case 'b':
			opts.buffer = strtoul(optarg, NULL, 0);
			break;
		case 'S':
			opts.seed = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			opts.name = optarg;
			break;
		case 'f':
			opts.figures = optarg;
			break;
		case 'v':
			opts.faults = optarg;
			break;
		default:
			errx(2, "usage: oracle [-R] [-b buffer] [-S seed] [-n name] [-f figures_file] [-v faults_file]");
		}
	}
	luck = opts.seed * 0x9e3779b97f4a7c15ull + 0x1234567;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct mnl_socket *nl;

	parse_options(argc, argv);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	started = now();
	if (opts.figures) {
		figures_fd = open(opts.figures, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		if (figures_fd < 0)
			err(2, "%s", opts.figures);
	}
	nl = open_listener();
	nl_set_patience(nl, 100);
	write_figures();
	printf("ready\n");
	fflush(stdout);
	run(nl);
	close_book(nl);
	ended = true;
	write_figures();
	return sums.faults > 0;
}
