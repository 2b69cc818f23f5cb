// SPDX-License-Identifier: GPL-2.0
/*
 * Asks for the counters of a UDP connection and sets them to zero, once by its tuple and
 * once by a dump, on a socket that has no room for the answers.
 *
 *   ctzero SOURCE DESTINATION SPORT DPORT
 *
 * Prints how many packets of the original direction the connection has counted after
 * the first request, and after the second.
 */
#include <endian.h>

#include "nl.h"

#define FILL_MAX	1000

static struct nl_tuple flow = { .family = AF_INET, .proto = IPPROTO_UDP };

/* A socket whose buffer is full: its requests are served, its answers refused */
static struct mnl_socket *open_full(void)
{
	struct mnl_socket *nl = nl_open();
	char buf[NL_REQUEST_MAX];
	int size = 1, i;

	if (setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		err(1, "size of the buffer");
	for (i = 0; i < FILL_MAX; i++) {
		struct nlmsghdr *req = nl_request(buf, CT(IPCTNL_MSG_CT_GET, NLM_F_ACK));

		nl_put(req, TUPLE(CTA_TUPLE_ORIG, &flow));
		nl_send(nl, req);
	}
	return nl;
}

static void read_counter(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *a;
	uint64_t *packets = data;

	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != CTA_COUNTERS_ORIG)
			continue;
		mnl_attr_for_each_nested(a, attr)
			if (mnl_attr_get_type(a) == CTA_COUNTERS_PACKETS)
				*packets = be64toh(mnl_attr_get_u64(a));
	}
}

static unsigned long packets_left(void)
{
	struct mnl_socket *nl = nl_open();
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_request(buf, CT(IPCTNL_MSG_CT_GET, NLM_F_ACK));
	uint64_t packets = 0;

	nl_put(req, TUPLE(CTA_TUPLE_ORIG, &flow));
	nl_must(nl, req, read_counter, &packets, "get");
	mnl_socket_close(nl);
	return packets;
}

int main(int argc, char **argv)
{
	char buf[NL_REQUEST_MAX];
	struct mnl_socket *full;
	struct nlmsghdr *req;

	if (argc != 5)
		errx(2, "usage: %s SOURCE DESTINATION SPORT DPORT", argv[0]);
	flow.src = argv[1];
	flow.dst = argv[2];
	flow.sport = atoi(argv[3]);
	flow.dport = atoi(argv[4]);

	full = open_full();
	req = nl_request(buf, CT(IPCTNL_MSG_CT_GET_CTRZERO, 0));
	nl_put(req, TUPLE(CTA_TUPLE_ORIG, &flow));
	nl_send(full, req);
	printf("%lu ", packets_left());

	req = nl_request(buf, CT(IPCTNL_MSG_CT_GET_CTRZERO, NLM_F_DUMP));
	nl_send(full, req);
	printf("%lu\n", packets_left());
	return 0;
}
