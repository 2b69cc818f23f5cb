// SPDX-License-Identifier: GPL-2.0
/*
 * The connection of a queued packet (nfnetlink_queue with NFQA_CFG_F_CONNTRACK):
 * prints its attributes in order and the packet's state, then gives the verdict
 * with a changed mark, timeout or status, or with an expectation from 10.0.2.2 to
 * 10.0.1.2 at a port of UDP or of the protocol N, whose connection gets a helper; and
 * goes on.
 *
 *   ctqueue QUEUE PACKETS [mark N] [timeout N] [status N] [expect PORT]
 *           [proto N] [helper NAME]
 *   ctqueue QUEUE PACKETS hold     all verdicts when standard input ends
 *
 * One line per packet: "attributes 1 2 ... info N".
 */
#include "nl.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#define HELD_MAX 256

static struct mnl_socket *nl;
static int queue;
static char **changes;
static uint32_t held[HELD_MAX];
static int n_held = -1;		/* not holding */

#define QUEUE(type, flags)	{ NFNL_SUBSYS_QUEUE, type, flags, .res_id = queue }

static void configure(void)
{
	struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = {
		.copy_range = htonl(0xffff),
		.copy_mode = NFQNL_COPY_PACKET,
	};
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_request(buf, QUEUE(NFQNL_MSG_CONFIG, NLM_F_ACK));

	nl_put(req, BYTES(NFQA_CFG_CMD, sizeof(bind), &bind),
	       BYTES(NFQA_CFG_PARAMS, sizeof(params), &params),
	       BE32(NFQA_CFG_FLAGS, NFQA_CFG_F_CONNTRACK),
	       BE32(NFQA_CFG_MASK, NFQA_CFG_F_CONNTRACK));
	nl_must(nl, req, NULL, NULL, "configuration of the queue");
}

static const char *value_of(const char *name)
{
	char **c;

	for (c = changes; c[0] && c[1]; c += 2)
		if (!strcmp(c[0], name))
			return c[1];
	return NULL;
}

static void put_expectation(struct nlmsghdr *req, int port)
{
	const char *number = value_of("proto");
	const int proto = number ? atoi(number) : IPPROTO_UDP;
	const struct nl_tuple expected = {
		.family = AF_INET, .proto = proto,
		.src = "10.0.2.2", .dst = "10.0.1.2", .dport = port,
	}, mask = {
		.family = AF_INET, .proto = proto,
		.src = "255.255.255.255", .dst = "255.255.255.255", .dport = 0xffff,
	};
	struct nlattr *nest = mnl_attr_nest_start(req, NFQA_EXP);

	nl_put(req, TUPLE(CTA_EXPECT_TUPLE, &expected));
	/* port 1: one without a mask */
	if (port != 1)
		nl_put(req, TUPLE(CTA_EXPECT_MASK, &mask));
	if (value_of("helper"))
		nl_put(req, STRING(CTA_EXPECT_HELP_NAME, value_of("helper")));
	mnl_attr_nest_end(req, nest);
}

static void put_changes(struct nlmsghdr *req)
{
	struct nlattr *nest = mnl_attr_nest_start(req, NFQA_CT);
	char **c;

	for (c = changes; c[0] && c[1]; c += 2) {
		if (!strcmp(c[0], "expect") || !strcmp(c[0], "helper") ||
		    !strcmp(c[0], "proto"))
			continue;
		nl_put_be32(req, !strcmp(c[0], "mark") ? CTA_MARK :
			    !strcmp(c[0], "status") ? CTA_STATUS : CTA_TIMEOUT,
			    strtoul(c[1], NULL, 0));
	}
	mnl_attr_nest_end(req, nest);
}

static void verdict(uint32_t id)
{
	struct nfqnl_msg_verdict_hdr hdr = {
		.verdict = htonl(NF_ACCEPT),
		.id = id,
	};
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_request(buf, QUEUE(NFQNL_MSG_VERDICT, 0));

	nl_put(req, BYTES(NFQA_VERDICT_HDR, sizeof(hdr), &hdr));
	put_changes(req);
	if (value_of("expect"))
		put_expectation(req, atoi(value_of("expect")));
	nl_send(nl, req);
}

static void show(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr, *a;
	uint32_t id = 0, info = ~0U;

	printf("attributes");
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case NFQA_PACKET_HDR:
			id = ((struct nfqnl_msg_packet_hdr *)
			      mnl_attr_get_payload(attr))->packet_id;
			break;
		case NFQA_CT:
			mnl_attr_for_each_nested(a, attr)
				printf(" %d", mnl_attr_get_type(a));
			break;
		case NFQA_CT_INFO:
			info = ntohl(mnl_attr_get_u32(attr));
			break;
		}
	}
	printf(" info %d\n", (int)info);
	fflush(stdout);
	if (n_held < 0)
		verdict(id);
	else if (n_held < HELD_MAX)
		held[n_held++] = id;
	else
		errx(1, "more than %d packets", HELD_MAX);
}

static void release_held(void)
{
	int i;

	puts("holding");
	fflush(stdout);
	while (getchar() != EOF)
		;
	for (i = 0; i < n_held; i++)
		verdict(held[i]);
}

/* Shows the packets of one datagram and returns their number. */
static int take_packets(void)
{
	static char in[NL_ANSWER_MAX];
	int len = nl_receive(nl, in, sizeof(in), 0), packets = 0;
	struct nlmsghdr *nlh;

	if (len < 0)
		err(1, "packets of the queue");
	for (nlh = (void *)in; mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_type == NLMSG_ERROR && e->error)
			warnx("a verdict was refused: %s", strerror(-e->error));
		if (nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
			continue;
		show(nlh);
		packets++;
	}
	return packets;
}

int main(int argc, char **argv)
{
	int packets;

	if (argc < 3)
		errx(2, "usage: %s QUEUE PACKETS hold | [NAME VALUE]...", argv[0]);
	queue = atoi(argv[1]);
	packets = atoi(argv[2]);
	changes = argv + 3;
	if (changes[0] && !strcmp(changes[0], "hold"))
		n_held = 0;
	nl = nl_open();
	configure();
	nl_set_patience(nl, 0);
	puts("ready");
	fflush(stdout);

	while (packets > 0)
		packets -= take_packets();
	if (n_held >= 0)
		release_held();
	return 0;
}
