// SPDX-License-Identifier: GPL-2.0
/*
 * Makes connections with a helper and NAT over netlink and deletes each of them again,
 * while another process registers and unregisters another helper: each time that one
 * leaves, what has been attached to an unfinished connection is void.
 *
 *   ctleave ROUNDS    prints "made N failed M", and each error once
 */
#include <sys/wait.h>
#include <unistd.h>
#include <linux/netfilter/nfnetlink_cthelper.h>

#include "nl.h"

#define CTHELPER(type, flags)	{ NFNL_SUBSYS_CTHELPER, type, flags, AF_UNSPEC }

static struct mnl_socket *nl;

static const struct nl_tuple flow = {
	.family = AF_INET, .proto = IPPROTO_TCP,
	.src = "10.4.0.1", .dst = "10.4.0.2", .sport = 1000, .dport = 21,
};

static struct nl_end make(void)
{
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req;

	req = nl_request(buf, CT(IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK));
	nl_put(req, PAIR(&flow), BE32(CTA_TIMEOUT, 1000),
	       NEST(CTA_HELP, STRING(CTA_HELP_NAME, "ftp")),
	       NEST(CTA_NAT_SRC, BE32(CTA_NAT_V4_MINIP, 0x0a040009),
		    BE32(CTA_NAT_V4_MAXIP, 0x0a040009)));
	return nl_ask(nl, req, NULL, NULL);
}

static void end(void)
{
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_request(buf, CT(IPCTNL_MSG_CT_DELETE, NLM_F_ACK));

	nl_put(req, TUPLE(CTA_TUPLE_ORIG, &flow));
	nl_must(nl, req, NULL, NULL, "delete");
}

static void come_and_go(int rounds)
{
	struct mnl_socket *own = nl_open();
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req;

	while (rounds--) {
		req = nl_request(buf, CTHELPER(NFNL_MSG_CTHELPER_NEW,
					       NLM_F_CREATE | NLM_F_ACK));
		nl_put(req, STRING(NFCTH_NAME, "leaver"),
		       NEST(NFCTH_TUPLE, BE16(NFCTH_TUPLE_L3PROTONUM, AF_INET),
			    U8(NFCTH_TUPLE_L4PROTONUM, IPPROTO_TCP)),
		       NEST(NFCTH_POLICY, BE32(NFCTH_POLICY_SET_NUM, 1),
			    NEST(NFCTH_POLICY_SET1, STRING(NFCTH_POLICY_NAME, "leaver"),
				 BE32(NFCTH_POLICY_EXPECT_MAX, 1),
				 BE32(NFCTH_POLICY_EXPECT_TIMEOUT, 100))),
		       BE32(NFCTH_PRIV_DATA_LEN, 8), BE32(NFCTH_QUEUE_NUM, 9));
		nl_must(own, req, NULL, NULL, "register");
		req = nl_request(buf, CTHELPER(NFNL_MSG_CTHELPER_DEL, NLM_F_ACK));
		nl_put(req, STRING(NFCTH_NAME, "leaver"));
		nl_must(own, req, NULL, NULL, "unregister");
	}
}

int main(int argc, char **argv)
{
	unsigned long made = 0, failed = 0;
	bool seen[256] = { };
	pid_t other;

	if (argc != 2)
		errx(2, "usage: %s ROUNDS", argv[0]);
	other = fork();
	if (!other) {
		come_and_go(atoi(argv[1]));
		return 0;
	}
	nl = nl_open();
	while (!waitpid(other, NULL, WNOHANG)) {
		struct nl_end e = make();

		if (!e.error) {
			made++;
			end();
			continue;
		}
		failed++;
		if (!seen[e.error & 255])
			printf("%s %s\n", strerror(e.error), e.text);
		seen[e.error & 255] = true;
	}
	printf("made %lu failed %lu\n", made, failed);
	return 0;
}
