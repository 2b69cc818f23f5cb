// SPDX-License-Identifier: GPL-2.0
/*
 * The connection of a queued packet (nfnetlink_queue with NFQA_CFG_F_CONNTRACK):
 * prints its attributes in order and the packet's state, then gives the verdict
 * with a changed mark, timeout or status, or with an expectation of UDP from
 * 10.0.2.2 to 10.0.1.2 at a port, whose connection gets a helper; and goes on.
 *
 *   ctqueue QUEUE PACKETS [mark N] [timeout N] [status N] [expect PORT]
 *           [helper NAME]
 *   ctqueue QUEUE PACKETS hold     all verdicts when standard input ends
 *
 * One line per packet: "attributes 1 2 ... info N".
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_queue.h>

#define HELD_MAX 256

static int queue;
static char **changes;
static uint32_t held[HELD_MAX];
static int n_held = -1;		/* not holding */

static struct nlmsghdr *begin(char *buf, int type, int flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	memset(nfg, 0, sizeof(*nfg));
	nfg->res_id = htons(queue);
	return nlh;
}

static void send_request(struct mnl_socket *nl, struct nlmsghdr *nlh)
{
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0) {
		perror("send");
		exit(1);
	}
}

static void configure(struct mnl_socket *nl)
{
	struct nfqnl_msg_config_cmd bind = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = {
		.copy_range = htonl(0xffff),
		.copy_mode = NFQNL_COPY_PACKET,
	};
	char buf[512], in[1024];
	struct nlmsghdr *nlh;

	nlh = begin(buf, NFQNL_MSG_CONFIG, NLM_F_ACK);
	mnl_attr_put(nlh, NFQA_CFG_CMD, sizeof(bind), &bind);
	mnl_attr_put(nlh, NFQA_CFG_PARAMS, sizeof(params), &params);
	mnl_attr_put_u32(nlh, NFQA_CFG_FLAGS, htonl(NFQA_CFG_F_CONNTRACK));
	mnl_attr_put_u32(nlh, NFQA_CFG_MASK, htonl(NFQA_CFG_F_CONNTRACK));
	send_request(nl, nlh);
	if (mnl_socket_recvfrom(nl, in, sizeof(in)) < 0)
		perror("configure");
}

static const char *value_of(const char *name)
{
	char **c;

	for (c = changes; c[0] && c[1]; c += 2)
		if (!strcmp(c[0], name))
			return c[1];
	return NULL;
}

static void put_tuple(struct nlmsghdr *nlh, int type, const char *src,
		      const char *dst, int sport, int dport)
{
	struct nlattr *tuple = mnl_attr_nest_start(nlh, type);
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);

	mnl_attr_put_u32(nlh, CTA_IP_V4_SRC, inet_addr(src));
	mnl_attr_put_u32(nlh, CTA_IP_V4_DST, inet_addr(dst));
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(nlh, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(nlh, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
}

static void put_expectation(struct nlmsghdr *nlh, int port)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, NFQA_EXP);

	/* port 1: one without a mask */
	put_tuple(nlh, CTA_EXPECT_TUPLE, "10.0.2.2", "10.0.1.2", 0, port);
	if (port != 1)
		put_tuple(nlh, CTA_EXPECT_MASK, "255.255.255.255",
			  "255.255.255.255", 0, 0xffff);
	if (value_of("helper"))
		mnl_attr_put_strz(nlh, CTA_EXPECT_HELP_NAME, value_of("helper"));
	mnl_attr_nest_end(nlh, nest);
}

static void verdict(struct mnl_socket *nl, uint32_t id)
{
	struct nfqnl_msg_verdict_hdr hdr = {
		.verdict = htonl(NF_ACCEPT),
		.id = id,
	};
	char buf[512];
	struct nlmsghdr *nlh = begin(buf, NFQNL_MSG_VERDICT, 0);
	struct nlattr *nest;
	char **c;

	mnl_attr_put(nlh, NFQA_VERDICT_HDR, sizeof(hdr), &hdr);
	nest = mnl_attr_nest_start(nlh, NFQA_CT);
	for (c = changes; c[0] && c[1]; c += 2) {
		if (!strcmp(c[0], "expect") || !strcmp(c[0], "helper"))
			continue;
		mnl_attr_put_u32(nlh, !strcmp(c[0], "mark") ? CTA_MARK :
				 !strcmp(c[0], "status") ? CTA_STATUS :
				 CTA_TIMEOUT, htonl(strtoul(c[1], NULL, 0)));
	}
	mnl_attr_nest_end(nlh, nest);
	if (value_of("expect"))
		put_expectation(nlh, atoi(value_of("expect")));
	send_request(nl, nlh);
}

static void show(struct mnl_socket *nl, const struct nlmsghdr *nlh)
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
		verdict(nl, id);
	else if (n_held < HELD_MAX)
		held[n_held++] = id;
}

static void release_held(struct mnl_socket *nl)
{
	int i;

	puts("holding");
	fflush(stdout);
	while (getchar() != EOF)
		;
	for (i = 0; i < n_held; i++)
		verdict(nl, held[i]);
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	static char in[65536];
	struct nlmsghdr *nlh;
	int packets, len;

	if (argc < 3 || !nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		fprintf(stderr, "usage: %s QUEUE PACKETS [NAME VALUE]...\n", argv[0]);
		return 2;
	}
	queue = atoi(argv[1]);
	packets = atoi(argv[2]);
	changes = argv + 3;
	if (changes[0] && !strcmp(changes[0], "hold"))
		n_held = 0;
	configure(nl);
	puts("ready");
	fflush(stdout);

	while (packets > 0) {
		len = mnl_socket_recvfrom(nl, in, sizeof(in));
		if (len < 0)
			return 1;
		for (nlh = (void *)in; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 |
						NFQNL_MSG_PACKET))
				continue;
			show(nl, nlh);
			packets--;
		}
	}
	if (n_held >= 0)
		release_held(nl);
	return 0;
}
