// SPDX-License-Identifier: GPL-2.0
/*
 * Expectations made, changed, removed and dumped by several threads at once,
 * while their masters come and go, all over netlink.
 *
 *   exprace SECONDS
 *
 * Prints "NAME=requests" for each thread.  What comes of a request does not
 * matter: a checking kernel is to find nothing wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#define MASTERS	24
#define CT	NFNL_SUBSYS_CTNETLINK
#define EXP	NFNL_SUBSYS_CTNETLINK_EXP
#define CLIENT	0x0a010001u
#define SERVER	0x0a010002u

static volatile bool stop;

struct worker {
	const char	*name;
	void		(*step)(struct worker *w);
	pthread_t	thread;
	struct mnl_socket *nl;
	unsigned int	seed;
	unsigned long	requests;
	char		buf[4096];
	struct nlmsghdr	*nlh;
};

static void begin(struct worker *w, int subsys, int type, int flags)
{
	struct nfgenmsg *nfg;

	w->nlh = mnl_nlmsg_put_header(w->buf);
	w->nlh->nlmsg_type = subsys << 8 | type;
	w->nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(w->nlh, sizeof(*nfg));
	nfg->nfgen_family = AF_INET;
	nfg->version = 0;
	nfg->res_id = 0;
}

/* Send and read to the end of the answer */
static void ask(struct worker *w)
{
	char in[4096];
	ssize_t len;

	w->requests++;
	if (mnl_socket_sendto(w->nl, w->nlh, w->nlh->nlmsg_len) < 0)
		return;
	do {
		len = mnl_socket_recvfrom(w->nl, in, sizeof(in));
	} while (len > 0 && mnl_cb_run(in, len, 0, 0, NULL, NULL) > 0);
}

static void put_tuple(struct worker *w, int type, uint32_t src, uint32_t dst,
		      int sport, int dport)
{
	struct nlattr *tuple = mnl_attr_nest_start(w->nlh, type);
	struct nlattr *nest = mnl_attr_nest_start(w->nlh, CTA_TUPLE_IP);

	mnl_attr_put_u32(w->nlh, CTA_IP_V4_SRC, htonl(src));
	mnl_attr_put_u32(w->nlh, CTA_IP_V4_DST, htonl(dst));
	mnl_attr_nest_end(w->nlh, nest);
	nest = mnl_attr_nest_start(w->nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(w->nlh, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(w->nlh, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(w->nlh, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(w->nlh, nest);
	mnl_attr_nest_end(w->nlh, tuple);
}

static int any(struct worker *w, int below)
{
	return rand_r(&w->seed) % below;
}

static void put_expectation(struct worker *w, int master)
{
	put_tuple(w, CTA_EXPECT_MASTER, CLIENT, SERVER, 1000 + master, 5060);
	put_tuple(w, CTA_EXPECT_TUPLE, SERVER, CLIENT, 0,
		  4 * (2000 + master) + any(w, 4));
	put_tuple(w, CTA_EXPECT_MASK, ~0u, ~0u, 0, 0xffff);
}

static void make_master(struct worker *w)
{
	int master = any(w, MASTERS);
	struct nlattr *help;

	begin(w, CT, IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_ACK);
	put_tuple(w, CTA_TUPLE_ORIG, CLIENT, SERVER, 1000 + master, 5060);
	put_tuple(w, CTA_TUPLE_REPLY, SERVER, CLIENT, 5060, 1000 + master);
	mnl_attr_put_u32(w->nlh, CTA_TIMEOUT, htonl(1 + any(w, 100)));
	help = mnl_attr_nest_start(w->nlh, CTA_HELP);
	mnl_attr_put_strz(w->nlh, CTA_HELP_NAME, "sip");
	mnl_attr_nest_end(w->nlh, help);
	ask(w);
}

static void end_master(struct worker *w)
{
	begin(w, CT, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
	put_tuple(w, CTA_TUPLE_ORIG, CLIENT, SERVER, 1000 + any(w, MASTERS), 5060);
	ask(w);
}

static void make(struct worker *w)
{
	begin(w, EXP, IPCTNL_MSG_EXP_NEW, NLM_F_CREATE | NLM_F_ACK);
	put_expectation(w, any(w, MASTERS));
	mnl_attr_put_u32(w->nlh, CTA_EXPECT_CLASS, htonl(1));
	ask(w);
}

static void change(struct worker *w)
{
	begin(w, EXP, IPCTNL_MSG_EXP_NEW, NLM_F_ACK);
	put_expectation(w, any(w, MASTERS));
	mnl_attr_put_u32(w->nlh, CTA_EXPECT_TIMEOUT, htonl(any(w, 3) * 50));
	ask(w);
}

static void removal(struct worker *w)
{
	int how = any(w, 50);

	begin(w, EXP, IPCTNL_MSG_EXP_DELETE, NLM_F_ACK);
	if (how == 1)
		mnl_attr_put_strz(w->nlh, CTA_EXPECT_HELP_NAME, "sip");
	else if (how)
		put_tuple(w, CTA_EXPECT_TUPLE, SERVER, CLIENT, 0,
			  4 * (2000 + any(w, MASTERS)) + any(w, 4));
	ask(w);
}

static void dump(struct worker *w)
{
	begin(w, EXP, IPCTNL_MSG_EXP_GET, NLM_F_DUMP);
	if (any(w, 2))
		put_tuple(w, CTA_EXPECT_MASTER, CLIENT, SERVER,
			  1000 + any(w, MASTERS), 5060);
	ask(w);
}

static struct worker workers[] = {
	{ .name = "masters", .step = make_master },
	{ .name = "ended", .step = end_master },
	{ .name = "made", .step = make },
	{ .name = "changed", .step = change },
	{ .name = "removed", .step = removal },
	{ .name = "dumped", .step = dump },
};

#define WORKERS	(sizeof(workers) / sizeof(workers[0]))

static void *work(void *data)
{
	struct worker *w = data;

	while (!stop)
		w->step(w);
	return NULL;
}

int main(int argc, char **argv)
{
	struct timeval limit = { .tv_sec = 1 };
	struct timespec wait = { };
	unsigned int i;

	wait.tv_sec = argc > 1 ? atoi(argv[1]) : 5;
	for (i = 0; i < WORKERS; i++) {
		struct worker *w = &workers[i];

		w->seed = i + 1;
		w->nl = mnl_socket_open(NETLINK_NETFILTER);
		if (!w->nl || mnl_socket_bind(w->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
			perror("netlink");
			return 1;
		}
		setsockopt(mnl_socket_get_fd(w->nl), SOL_SOCKET, SO_RCVTIMEO,
			   &limit, sizeof(limit));
		pthread_create(&w->thread, NULL, work, w);
	}
	nanosleep(&wait, NULL);
	stop = true;
	for (i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		printf("%s=%lu ", workers[i].name, workers[i].requests);
	}
	printf("\n");
	return 0;
}
