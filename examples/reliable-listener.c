// SPDX-License-Identifier: GPL-2.0
/*
 * Prints every connection event of a network namespace and loses none.
 *
 *	cc -Wall -Wextra reliable-listener.c -lmnl -o reliable-listener
 *	./reliable-listener
 *	NEW id=2050347472
 *	UPDATE id=2050347472
 *	DESTROY id=2050347472
 *
 * The number is the connection's ID; "conntrack -L -o id" shows the same one. For
 * addresses, ports and counters give the message to nfct_nlmsg_parse() of
 * libnetfilter_conntrack.  Needs libmnl-dev to compile and CAP_NET_ADMIN to run.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_compat.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#define GROUPS	(NF_NETLINK_CONNTRACK_NEW | NF_NETLINK_CONNTRACK_UPDATE | \
		 NF_NETLINK_CONNTRACK_DESTROY)

static void check(int failed, const char *what)
{
	if (failed) {
		perror(what);
		exit(1);
	}
}

static int print_event(const struct nlmsghdr *nlh, void *data)
{
	const char *event = nlh->nlmsg_flags & NLM_F_CREATE ? "NEW" : "UPDATE";
	const struct nlattr *attr;

	(void)data;
	if ((nlh->nlmsg_type & 0xff) == IPCTNL_MSG_CT_DELETE)
		event = "DESTROY";
	mnl_attr_for_each(attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) == CTA_ID)
			printf("%s id=%u\n", event, ntohl(mnl_attr_get_u32(attr)));
	}
	return MNL_CB_OK;
}

int main(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int on = 1, buffer = 4 << 20;	/* bytes */
	static char datagram[1 << 16];
	ssize_t len;

	check(!nl, "socket");
	/*
	 * This option makes a listener reliable.  When the socket's buffer is full, the
	 * kernel counts the event as refused, keeps it and sends it again.  Set the
	 * option before the socket joins a group.
	 */
	check(mnl_socket_setsockopt(nl, NETLINK_BROADCAST_ERROR, &on, sizeof(on)),
	      "NETLINK_BROADCAST_ERROR");
	/*
	 * Without this option, a refused event makes recv() fail with ENOBUFS once, and
	 * the socket takes no event until it has been read empty.  A reliable listener
	 * needs no such warning: the event is not lost.
	 */
	check(mnl_socket_setsockopt(nl, NETLINK_NO_ENOBUFS, &on, sizeof(on)),
	      "NETLINK_NO_ENOBUFS");
	/* No event is lost with a small buffer either, but each refusal costs time. */
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	check(mnl_socket_bind(nl, GROUPS, MNL_SOCKET_AUTOPID), "bind");

	setlinebuf(stdout);
	for (;;) {
		len = mnl_socket_recvfrom(nl, datagram, sizeof(datagram));
		check(len < 0, "recv");
		/* With nf_conntrack_events_batch set, a datagram holds several events. */
		check(mnl_cb_run(datagram, len, 0, 0, print_event, NULL) < 0, "message");
	}
}
