// SPDX-License-Identifier: GPL-2.0
/*
 * Expectations made, changed, removed and dumped by several threads at once,
 * while their masters come and go, all over netlink.
 *
 *   exprace SECONDS
 *
 * Prints "NAME=requests" for each thread.  The results do not matter, as long as
 * the requests are answered: the debug kernel must find nothing wrong.
 */
#include <pthread.h>
#include <time.h>

#include "nl.h"

#define MASTERS	24
#define CLIENT	0x0a010001u
#define SERVER	0x0a010002u
#define SIP	STRING(CTA_HELP_NAME, "sip")

static volatile bool stop;

struct worker {
	const char	*name;
	void		(*step)(struct worker *w);
	pthread_t	thread;
	struct mnl_socket *nl;
	unsigned int	seed;
	unsigned long	requests, answers;
	char		buf[NL_REQUEST_MAX];
};

static int any(struct worker *w, int below)
{
	return rand_r(&w->seed) % below;
}

static void ask(struct worker *w, const struct nlmsghdr *req)
{
	w->requests++;
	w->answers += nl_ask(w->nl, req, NULL, NULL).error != -1;
}

static struct nl_tuple udp(uint32_t src, uint32_t dst, int sport, int dport)
{
	return (struct nl_tuple){
		.family = AF_INET, .proto = IPPROTO_UDP,
		.src4 = src, .dst4 = dst, .sport = sport, .dport = dport,
	};
}

static struct nl_tuple master(int n)
{
	return udp(CLIENT, SERVER, 1000 + n, 5060);
}

/* One of four that master @n may expect */
static struct nl_tuple expected(struct worker *w, int n)
{
	return udp(SERVER, CLIENT, 0, 4 * (2000 + n) + any(w, 4));
}

static void put_expectation(struct worker *w, struct nlmsghdr *req)
{
	int n = any(w, MASTERS);
	struct nl_tuple of = master(n), what = expected(w, n);
	struct nl_tuple mask = udp(~0u, ~0u, 0, 0xffff);

	nl_put(req, TUPLE(CTA_EXPECT_MASTER, &of), TUPLE(CTA_EXPECT_TUPLE, &what),
	       TUPLE(CTA_EXPECT_MASK, &mask));
}

static void make_master(struct worker *w)
{
	struct nlmsghdr *req = nl_request(w->buf, CT(IPCTNL_MSG_CT_NEW,
						     NLM_F_CREATE | NLM_F_ACK));
	struct nl_tuple t = master(any(w, MASTERS));

	nl_put(req, PAIR(&t), BE32(CTA_TIMEOUT, 1 + any(w, 100)), NEST(CTA_HELP, SIP));
	ask(w, req);
}

static void end_master(struct worker *w)
{
	struct nlmsghdr *req = nl_request(w->buf, CT(IPCTNL_MSG_CT_DELETE, NLM_F_ACK));
	struct nl_tuple t = master(any(w, MASTERS));

	nl_put(req, TUPLE(CTA_TUPLE_ORIG, &t));
	ask(w, req);
}

static void make(struct worker *w)
{
	struct nlmsghdr *req = nl_request(w->buf, EXP(IPCTNL_MSG_EXP_NEW,
						      NLM_F_CREATE | NLM_F_ACK));

	put_expectation(w, req);
	nl_put(req, BE32(CTA_EXPECT_CLASS, 1));
	ask(w, req);
}

static void change(struct worker *w)
{
	struct nlmsghdr *req = nl_request(w->buf, EXP(IPCTNL_MSG_EXP_NEW, NLM_F_ACK));

	put_expectation(w, req);
	nl_put(req, BE32(CTA_EXPECT_TIMEOUT, any(w, 3) * 50));
	ask(w, req);
}

/* Mostly one, now and then all, or all of the helper */
static void removal(struct worker *w)
{
	struct nlmsghdr *req = nl_request(w->buf, EXP(IPCTNL_MSG_EXP_DELETE, NLM_F_ACK));
	struct nl_tuple t = expected(w, any(w, MASTERS));
	int how = any(w, 50);

	if (how == 1)
		nl_put(req, STRING(CTA_EXPECT_HELP_NAME, "sip"));
	else if (how)
		nl_put(req, TUPLE(CTA_EXPECT_TUPLE, &t));
	ask(w, req);
}

static void dump(struct worker *w)
{
	struct nlmsghdr *req = nl_request(w->buf, EXP(IPCTNL_MSG_EXP_GET, NLM_F_DUMP));
	struct nl_tuple t = master(any(w, MASTERS));

	if (any(w, 2))
		nl_put(req, TUPLE(CTA_EXPECT_MASTER, &t));
	ask(w, req);
}

static struct worker workers[] = {
	{ .name = "masters", .step = make_master },
	{ .name = "ended", .step = end_master },
	{ .name = "made", .step = make },
	{ .name = "changed", .step = change },
	{ .name = "removed", .step = removal },
	{ .name = "dumped", .step = dump },
};

static void *work(void *data)
{
	struct worker *w = data;

	while (!stop)
		w->step(w);
	return NULL;
}

static void start(struct worker *w, unsigned int seed)
{
	w->seed = seed;
	w->nl = nl_open();
	nl_set_patience(w->nl, 1000);
	errno = pthread_create(&w->thread, NULL, work, w);
	if (errno)
		err(1, "thread");
}

int main(int argc, char **argv)
{
	struct timespec wait = { .tv_sec = argc > 1 ? atoi(argv[1]) : 5 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(workers); i++)
		start(&workers[i], i + 1);
	nanosleep(&wait, NULL);
	stop = true;
	for (i = 0; i < ARRAY_SIZE(workers); i++)
		pthread_join(workers[i].thread, NULL);
	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		printf("%s=%lu ", workers[i].name, workers[i].requests);
		if (!workers[i].answers)
			errx(1, "%s: no request was answered", workers[i].name);
	}
	printf("\n");
	return 0;
}
