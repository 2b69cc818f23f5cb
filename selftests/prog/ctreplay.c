// SPDX-License-Identifier: GPL-2.0
/*
 * Saves all connections of the namespace as the kernel dumps them, and makes them again
 * from nothing else.
 *
 *   ctreplay save FILE
 *   ctreplay load FILE     prints "restored N of M"
 */
#include "nl.h"

#define ROUNDS	3	/* a master that comes later in the file, and its master */

static struct mnl_socket *nl;

static void save_message(const struct nlmsghdr *nlh, void *data)
{
	if (fwrite(nlh, NLMSG_ALIGN(nlh->nlmsg_len), 1, data) != 1)
		err(1, "write");
}

static void save(const char *name)
{
	FILE *f = fopen(name, "w");
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req;

	if (!f)
		err(1, "%s", name);
	req = nl_request(buf, CT_OF(AF_UNSPEC, IPCTNL_MSG_CT_GET, NLM_F_DUMP));
	nl_must(nl, req, save_message, f, "dump");
	if (fclose(f))
		err(1, "%s", name);
}

static bool make(struct nlmsghdr *nlh, bool last)
{
	struct nl_end end;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	nlh->nlmsg_seq = ++nl_seq;
	nlh->nlmsg_pid = 0;
	end = nl_ask(nl, nlh, NULL, NULL);
	if (end.error && last)
		printf("not restored: %s %s\n", strerror(end.error), end.text);
	return !end.error;
}

static void load(const char *name)
{
	static char in[1 << 20];
	static bool done[1 << 14];
	int i, n = 0, restored = 0, round, len;
	FILE *f = fopen(name, "r");
	struct nlmsghdr *nlh;
	int left;

	if (!f)
		err(1, "%s", name);
	len = fread(in, 1, sizeof(in), f);
	for (round = 1; round <= ROUNDS; round++) {
		left = len;
		nlh = (struct nlmsghdr *)in;
		for (i = 0; mnl_nlmsg_ok(nlh, left); i++) {
			if (!done[i] && make(nlh, round == ROUNDS)) {
				done[i] = true;
				restored++;
			}
			nlh = mnl_nlmsg_next(nlh, &left);
		}
		n = i;
	}
	printf("restored %d of %d\n", restored, n);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		errx(2, "usage: %s save|load FILE", argv[0]);
	nl = nl_open();
	if (!strcmp(argv[1], "save"))
		save(argv[2]);
	else
		load(argv[2]);
	return 0;
}
