// SPDX-License-Identifier: GPL-2.0
/*
 * Asks ctnetlink everything that a program can ask about expectations and
 * compares answers, error codes, attribute order and events with what the
 * stock module of Linux 6.1 says.  Run as root in a namespace of its own, with
 * nf_conntrack_ftp, nf_conntrack_sip and nf_nat loaded:
 *
 *   ctexpect stock|ours
 *
 * One line per case: "ok NAME" or "not ok NAME: WHY"; "DIFF" in a name marks a
 * case in which ours differs from stock on purpose.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

/* T() has defaults that its arguments replace */
#pragma GCC diagnostic ignored "-Woverride-init"
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define NEW	IPCTNL_MSG_EXP_NEW
#define GET	IPCTNL_MSG_EXP_GET
#define DEL	IPCTNL_MSG_EXP_DELETE
#define CREATE	(NLM_F_CREATE | NLM_F_ACK)
#define ACK	NLM_F_ACK
#define MULTI	NLM_F_MULTI

#define BUFFER	65536
#define ATTRS	16

static struct mnl_socket *sk, *events;
static unsigned int seq;
static bool ours;

static char buffer[BUFFER];
static struct nlmsghdr *req;

struct answer {
	int		messages;
	int		type;
	int		flags;
	int		family;
	bool		done;
	char		order[64];
	char		extack[256];
	uint32_t	value[ATTRS];	/* integers by attribute, host order */
	uint32_t	id;
	char		text[ATTRS][64];
};

static struct answer got;

/* --- reporting ---------------------------------------------------------- */

static void result(bool good, const char *name, const char *fmt, ...)
{
	va_list args;

	if (good) {
		printf("ok %s\n", name);
		return;
	}
	printf("not ok %s: ", name);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

static void number(const char *name, long have, long want)
{
	result(have == want, name, "got %ld, expected %ld", have, want);
}

static void between(const char *name, long have, long low, long high)
{
	result(have >= low && have <= high, name, "got %ld, expected %ld to %ld",
	       have, low, high);
}

static void text(const char *name, const char *have, const char *want)
{
	result(!strcmp(have, want), name, "got '%s', expected '%s'", have, want);
}

/* --- requests ----------------------------------------------------------- */

static void begin(int subsys, int type, int flags, int family)
{
	struct nfgenmsg *nfg;

	req = mnl_nlmsg_put_header(buffer);
	req->nlmsg_type = subsys << 8 | type;
	req->nlmsg_flags = NLM_F_REQUEST | flags;
	req->nlmsg_seq = ++seq;
	nfg = mnl_nlmsg_put_extra_header(req, sizeof(*nfg));
	memset(nfg, 0, sizeof(*nfg));
	nfg->nfgen_family = family;
}

static void be32(int type, uint32_t v)
{
	mnl_attr_put_u32(req, type, htonl(v));
}

static void be16(int type, uint16_t v)
{
	mnl_attr_put_u16(req, type, htons(v));
}

static void string(int type, const char *v)
{
	mnl_attr_put_strz(req, type, v);
}

struct tuple {
	int		family;
	int		proto;
	const char	*src, *dst;
	int		sport, dport;
	int		zone;
	bool		bare;
};

#define T(...)	((struct tuple){ .family = AF_INET, .proto = IPPROTO_TCP,	\
				 .src = "10.1.0.1", .dst = "10.1.0.2",		\
				 .sport = 1000, .dport = 21, __VA_ARGS__ })
#define T6(...)	((struct tuple){ .family = AF_INET6, .proto = IPPROTO_TCP,	\
				 .src = "fd00::1", .dst = "fd00::2",		\
				 .sport = 1000, .dport = 21, __VA_ARGS__ })
/* What the tests expect: from the server, any port */
#define X(...)	T(.src = "10.1.0.2", .dst = "10.1.0.1", .sport = 0,		\
		  .dport = 5001, __VA_ARGS__)
#define X6(...)	T6(.src = "fd00::2", .dst = "fd00::1", .sport = 0,		\
		   .dport = 5001, __VA_ARGS__)
#define MASK(...) T(.src = "255.255.255.255", .dst = "255.255.255.255",	\
		    .sport = 0, .dport = 0xffff, __VA_ARGS__)
#define MASK6	T6(.src = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",		\
		   .dst = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",		\
		   .sport = 0, .dport = 0xffff)
#define SIP(...) T(.proto = IPPROTO_UDP, .dport = 5060, __VA_ARGS__)

static void put_address(int family, int type, const char *addr)
{
	char bytes[16];

	inet_pton(family, addr, bytes);
	mnl_attr_put(req, type, family == AF_INET6 ? 16 : 4, bytes);
}

static void tuple(int type, struct tuple t)
{
	struct nlattr *outer = mnl_attr_nest_start(req, type), *n;
	bool six = t.family == AF_INET6;

	if (!t.bare) {
		n = mnl_attr_nest_start(req, CTA_TUPLE_IP);
		put_address(t.family, six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, t.src);
		put_address(t.family, six ? CTA_IP_V6_DST : CTA_IP_V4_DST, t.dst);
		mnl_attr_nest_end(req, n);
	}
	n = mnl_attr_nest_start(req, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(req, CTA_PROTO_NUM, t.proto);
	be16(CTA_PROTO_SRC_PORT, t.sport);
	be16(CTA_PROTO_DST_PORT, t.dport);
	mnl_attr_nest_end(req, n);
	if (t.zone)
		be16(CTA_TUPLE_ZONE, t.zone);
	mnl_attr_nest_end(req, outer);
}

static void exp_begin(int type, int flags)
{
	begin(NFNL_SUBSYS_CTNETLINK_EXP, type, flags, AF_INET);
}

/* An expectation of @master for @what; more attributes may follow */
static void make(struct tuple master, struct tuple what)
{
	bool six = what.family == AF_INET6;

	begin(NFNL_SUBSYS_CTNETLINK_EXP, NEW, CREATE, what.family);
	tuple(CTA_EXPECT_MASTER, master);
	tuple(CTA_EXPECT_TUPLE, what);
	tuple(CTA_EXPECT_MASK, six ? MASK6 : MASK(.proto = what.proto));
}

static void nat(int dir, struct tuple t)
{
	struct nlattr *n = mnl_attr_nest_start(req, CTA_EXPECT_NAT);

	if (dir >= 0)
		be32(CTA_EXPECT_NAT_DIR, dir);
	if (t.proto)
		tuple(CTA_EXPECT_NAT_TUPLE, t);
	mnl_attr_nest_end(req, n);
}

/* --- answers ------------------------------------------------------------ */

static void append(char *to, size_t size, const char *fmt, ...)
{
	size_t used = strlen(to);
	va_list args;

	va_start(args, fmt);
	vsnprintf(to + used, size - used, fmt, args);
	va_end(args);
}

/* Tuples as "src dst proto sport dport" */
static void show_tuple(const struct nlattr *t, char *to, size_t size)
{
	const struct nlattr *n, *a;
	char addr[INET6_ADDRSTRLEN];

	mnl_attr_for_each_nested(n, t) {
		if (mnl_attr_get_type(n) == CTA_TUPLE_ZONE)
			append(to, size, "zone ");
		mnl_attr_for_each_nested(a, n) {
			int len = mnl_attr_get_payload_len(a);
			const uint8_t *p = mnl_attr_get_payload(a);

			if (mnl_attr_get_type(n) == CTA_TUPLE_IP)
				append(to, size, "%s ",
				       inet_ntop(len == 16 ? AF_INET6 : AF_INET,
						 p, addr, sizeof(addr)));
			else if (mnl_attr_get_type(n) == CTA_TUPLE_PROTO)
				append(to, size, "%d ", len == 1 ? p[0] :
				       p[0] << 8 | p[1]);
		}
	}
}

static void show_nat(const struct nlattr *outer, char *to, size_t size)
{
	const struct nlattr *n;

	mnl_attr_for_each_nested(n, outer) {
		if (mnl_attr_get_type(n) == CTA_EXPECT_NAT_DIR)
			append(to, size, "dir %d ", ntohl(mnl_attr_get_u32(n)));
		else
			show_tuple(n, to, size);
	}
}

static int read_attr(const struct nlattr *attr, void *data)
{
	int type = mnl_attr_get_type(attr);
	struct answer *a = data;
	char *to = a->text[type % ATTRS];

	append(a->order, sizeof(a->order), "%s%d", a->order[0] ? " " : "", type);
	*to = '\0';
	switch (type) {
	case CTA_EXPECT_MASTER:
	case CTA_EXPECT_TUPLE:
	case CTA_EXPECT_MASK:
		show_tuple(attr, to, sizeof(a->text[0]));
		break;
	case CTA_EXPECT_NAT:
		show_nat(attr, to, sizeof(a->text[0]));
		break;
	case CTA_EXPECT_HELP_NAME:
	case CTA_EXPECT_FN:
		snprintf(to, sizeof(a->text[0]), "%s", mnl_attr_get_str(attr));
		break;
	default:
		a->value[type % ATTRS] = ntohl(mnl_attr_get_u32(attr));
		if (type == CTA_EXPECT_ID)
			a->id = mnl_attr_get_u32(attr);
	}
	return MNL_CB_OK;
}

static void read_message(const struct nlmsghdr *nlh, struct answer *a)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	a->messages++;
	a->type = nlh->nlmsg_type;
	a->flags = nlh->nlmsg_flags;
	a->family = nfg->nfgen_family;
	a->order[0] = '\0';
	mnl_attr_parse(nlh, sizeof(*nfg), read_attr, a);
}

static void read_extack(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	unsigned int off = sizeof(*e);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		off += e->msg.nlmsg_len - sizeof(struct nlmsghdr);
	mnl_attr_for_each(attr, nlh, off) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(got.extack, sizeof(got.extack), "%s",
				 mnl_attr_get_str(attr));
	}
}

/* Send the request; 0 or the errno of its answer.  -1: no end of it came. */
static int ask(void)
{
	bool long_wait = req->nlmsg_flags & (NLM_F_DUMP | ACK);
	static char in[BUFFER];
	struct pollfd pfd = { .fd = mnl_socket_get_fd(sk), .events = POLLIN };
	struct nlmsghdr *nlh;
	int len;

	memset(&got, 0, sizeof(got));
	if (mnl_socket_sendto(sk, req, req->nlmsg_len) < 0)
		return errno;

	while (poll(&pfd, 1, long_wait ? 2000 : 300) > 0) {
		len = mnl_socket_recvfrom(sk, in, sizeof(in));
		if (len < 0)
			return errno;
		for (nlh = (void *)in; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_seq != seq)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR) {
				const struct nlmsgerr *e =
					mnl_nlmsg_get_payload(nlh);

				read_extack(nlh);
				return -e->error;
			}
			if (nlh->nlmsg_type == NLMSG_DONE) {
				got.done = true;
				return 0;
			}
			read_message(nlh, &got);
		}
	}
	return -1;
}

/* Every error that a request can cause has a text */
static void expect(const char *name, int want)
{
	int have = ask();

	if (have != want)
		result(false, name, "got %d (%s %s), expected %d (%s)", have,
		       have > 0 ? strerror(have) : "", got.extack, want,
		       want > 0 ? strerror(want) : "");
	else
		result(!ours || want <= 0 || got.extack[0], name,
		       "error %d (%s) has no text", have, strerror(have));
}

static void expect_diff(const char *name, int stock, int here)
{
	expect(name, ours ? here : stock);
}

static void quietly(const char *what)
{
	int err = ask();

	if (err)
		result(false, what, "failed with %d (%s): %s", err,
		       err > 0 ? strerror(err) : "no answer", got.extack);
}

static int count(void)
{
	begin(NFNL_SUBSYS_CTNETLINK_EXP, GET, NLM_F_DUMP, AF_UNSPEC);
	return ask() ? -1 : got.messages;
}

static void flush(void)
{
	exp_begin(DEL, ACK);
	quietly("flush");
}

static void show(struct tuple t)
{
	begin(NFNL_SUBSYS_CTNETLINK_EXP, GET, 0, t.family);
	tuple(CTA_EXPECT_TUPLE, t);
	ask();
}

/* The next event, or one with type 0 */
static struct answer event(void)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(events), .events = POLLIN };
	struct answer a = { };
	char in[8192];

	if (poll(&pfd, 1, 300) > 0 &&
	    mnl_socket_recvfrom(events, in, sizeof(in)) > 0)
		read_message((void *)in, &a);
	return a;
}

static void forget_events(void)
{
	while (event().type)
		;
}

/* --- masters ------------------------------------------------------------ */

static void connection(struct tuple t, const char *helper, int zone)
{
	struct tuple r = t;
	struct nlattr *n;

	r.src = t.dst;
	r.dst = t.src;
	r.sport = t.dport;
	r.dport = t.sport;
	begin(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW, CREATE, t.family);
	tuple(CTA_TUPLE_ORIG, t);
	tuple(CTA_TUPLE_REPLY, r);
	be32(CTA_TIMEOUT, 1000);
	if (zone)
		be16(CTA_ZONE, zone);
	if (helper) {
		n = mnl_attr_nest_start(req, CTA_HELP);
		string(CTA_HELP_NAME, helper);
		mnl_attr_nest_end(req, n);
	}
	quietly("master");
}

static void remove_connection(struct tuple t)
{
	begin(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, ACK, t.family);
	tuple(CTA_TUPLE_ORIG, t);
	quietly("end of a master");
}

/* --- cases -------------------------------------------------------------- */

static void test_envelope(void)
{
	exp_begin(9, ACK);
	number("unknown message", ask(), EINVAL);
	exp_begin(GET, ACK);
	expect("get: no tuple", EINVAL);
	exp_begin(GET, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	expect("get: nothing there", ENOENT);
	exp_begin(DEL, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	expect("delete: nothing there", ENOENT);
	begin(NFNL_SUBSYS_CTNETLINK_EXP, GET, ACK, 7);
	tuple(CTA_EXPECT_TUPLE, X());
	expect("get: family 7", EOPNOTSUPP);
	exp_begin(GET, ACK);
	tuple(CTA_EXPECT_TUPLE, X(.bare = true));
	expect("get: no addresses", EINVAL);
	exp_begin(GET, ACK);
	tuple(CTA_EXPECT_TUPLE, X(.zone = 3));
	expect("get: zone in the tuple", EINVAL);
	exp_begin(GET, ACK);
	mnl_attr_put(req, CTA_EXPECT_ZONE, 1, "x");
	tuple(CTA_EXPECT_TUPLE, X());
	expect("get: zone of one byte", ERANGE);
	exp_begin(GET, ACK);
	mnl_attr_put(req, CTA_EXPECT_ID, 2, "xx");
	tuple(CTA_EXPECT_TUPLE, X());
	expect("get: ID of two bytes", ERANGE);
	exp_begin(DEL, ACK);
	mnl_attr_put(req, CTA_EXPECT_HELP_NAME, 16, "aaaaaaaaaaaaaaaa");
	expect("delete: name without an end", EINVAL);
	exp_begin(DEL, ACK);
	string(CTA_EXPECT_HELP_NAME, "nosuchhelper");
	expect("delete: name of no helper", 0);
	exp_begin(DEL, ACK);
	expect("delete all of none", 0);
	number("empty dump", count(), 0);
	number("empty dump ends", got.done, true);
	exp_begin(IPCTNL_MSG_EXP_GET_STATS_CPU, NLM_F_DUMP);
	expect("statistics", 0);
	number("statistics: a message per CPU",
	       got.messages, sysconf(_SC_NPROCESSORS_CONF));
	number("statistics: type", got.type,
	       NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_EXP_GET_STATS_CPU);
	text("statistics: attributes", got.order, "1 2 3");
}

static void test_create_errors(void)
{
	exp_begin(NEW, CREATE);
	expect("new: nothing said", EINVAL);
	exp_begin(NEW, CREATE);
	tuple(CTA_EXPECT_MASTER, T());
	tuple(CTA_EXPECT_TUPLE, X());
	expect("new: no mask", EINVAL);
	exp_begin(NEW, CREATE);
	tuple(CTA_EXPECT_MASTER, T());
	tuple(CTA_EXPECT_MASK, MASK());
	expect("new: no tuple", EINVAL);
	exp_begin(NEW, CREATE);
	tuple(CTA_EXPECT_MASK, MASK());
	tuple(CTA_EXPECT_TUPLE, X());
	expect("new: no master", EINVAL);
	make(T(), X());
	req->nlmsg_flags &= ~NLM_F_CREATE;
	expect("new: without CREATE", ENOENT);
	make(T(.sport = 9), X());
	expect("new: no such master", ENOENT);
	make(T(.dport = 22), X());
	expect("new: master without helper", EOPNOTSUPP);
	make(T(), X());
	be16(CTA_EXPECT_ZONE, 4);
	expect("new: master in another zone", ENOENT);
	make(T(.zone = 4), X());
	expect("new: zone in the master's tuple", EINVAL);
	make(T(), X(.bare = true));
	expect("new: tuple without addresses", EINVAL);
	exp_begin(NEW, CREATE);
	tuple(CTA_EXPECT_MASTER, T());
	tuple(CTA_EXPECT_TUPLE, X());
	tuple(CTA_EXPECT_MASK, MASK(.bare = true));
	expect("new: mask without addresses", EINVAL);
	make(T(), X());
	be32(CTA_EXPECT_CLASS, 1);
	expect("new: class that the helper does not have", EINVAL);
	make(T(), X());
	be32(CTA_EXPECT_CLASS, 0x80000000);
	expect("new: huge class", EINVAL);
	make(SIP(), X(.proto = IPPROTO_UDP));
	be32(CTA_EXPECT_CLASS, 4);
	expect("new: class 4 of sip", EINVAL);
	make(T(), X());
	be32(CTA_EXPECT_FLAGS, 8);
	expect("new: flag 8", EINVAL);
	make(T(), X());
	mnl_attr_put(req, CTA_EXPECT_FLAGS, 2, "xx");
	expect("new: flags of two bytes", ERANGE);
	make(T(), X());
	mnl_attr_put(req, CTA_EXPECT_CLASS, 2, "xx");
	expect("new: class of two bytes", ERANGE);
	make(T(), X());
	mnl_attr_put(req, CTA_EXPECT_TIMEOUT, 2, "xx");
	expect("new: timeout of two bytes", ERANGE);
	make(T(), X());
	string(CTA_EXPECT_FN, "no-such-function");
	expect("new: unknown function", EINVAL);
	make(T(), X());
	mnl_attr_put(req, CTA_EXPECT_FN, 3, "abc");
	expect("new: function without an end", EINVAL);
	make(T(), X());
	nat(-1, T());
	expect("new: NAT without direction", EINVAL);
	make(T(), X());
	nat(0, T(.proto = 0));
	expect("new: NAT without tuple", EINVAL);
	make(T(), X());
	nat(2, T());
	expect("new: NAT direction 2", ERANGE);
	make(T(), X());
	nat(0, T(.bare = true));
	expect("new: NAT tuple without addresses", EINVAL);
	begin(NFNL_SUBSYS_CTNETLINK_EXP, NEW, CREATE, 0);
	tuple(CTA_EXPECT_MASTER, T());
	tuple(CTA_EXPECT_TUPLE, X());
	tuple(CTA_EXPECT_MASK, MASK());
	expect("new: family 0", EOPNOTSUPP);
	number("nothing was made", count(), 0);
}

static void test_create(void)
{
	struct answer made, gone;
	uint32_t id;

	forget_events();
	make(T(), X());
	expect("new", 0);
	made = event();
	number("event: type", made.type, NFNL_SUBSYS_CTNETLINK_EXP << 8 | NEW);
	number("event: flags", made.flags, NLM_F_CREATE | NLM_F_EXCL);
	number("event: family", made.family, AF_INET);
	text("event: attributes", made.order, "2 3 1 4 5 8 9 6");

	show(X());
	number("get: one message", got.messages, 1);
	number("get: type", got.type, NFNL_SUBSYS_CTNETLINK_EXP << 8 | NEW);
	number("get: flags", got.flags, MULTI);
	text("get: attributes", got.order, "2 3 1 4 5 8 9 6");
	text("get: tuple", got.text[CTA_EXPECT_TUPLE],
	     "10.1.0.2 10.1.0.1 6 0 5001 ");
	text("get: mask", got.text[CTA_EXPECT_MASK],
	     "255.255.255.255 255.255.255.255 6 0 65535 ");
	text("get: master", got.text[CTA_EXPECT_MASTER],
	     "10.1.0.1 10.1.0.2 6 1000 21 ");
	text("get: helper", got.text[CTA_EXPECT_HELP_NAME], "ftp");
	between("get: timeout of the helper", got.value[CTA_EXPECT_TIMEOUT], 290, 300);
	number("get: no flags", got.value[CTA_EXPECT_FLAGS], 0);
	number("get: class", got.value[CTA_EXPECT_CLASS], 0);
	number("get: ID as in the event", got.id, made.id);
	id = got.id;

	exp_begin(GET, ACK);
	tuple(CTA_EXPECT_MASTER, X());
	expect("get by the attribute of the master", 0);
	number("get by the attribute of the master: shown", got.messages, 1);
	exp_begin(GET, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	mnl_attr_put_u32(req, CTA_EXPECT_ID, id);
	expect("get: right ID", 0);
	exp_begin(GET, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	mnl_attr_put_u32(req, CTA_EXPECT_ID, id + 1);
	expect("get: wrong ID", ENOENT);
	exp_begin(GET, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	be16(CTA_EXPECT_ZONE, 5);
	expect("get: wrong zone", ENOENT);

	exp_begin(DEL, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	mnl_attr_put_u32(req, CTA_EXPECT_ID, id + 1);
	expect("delete: wrong ID", ENOENT);
	exp_begin(DEL, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	mnl_attr_put_u32(req, CTA_EXPECT_ID, id);
	expect("delete: right ID", 0);
	gone = event();
	number("destroy: type", gone.type, NFNL_SUBSYS_CTNETLINK_EXP << 8 | DEL);
	number("destroy: flags", gone.flags, 0);
	text("destroy: attributes", gone.order, "2 3 1 4 5 8 9 6");
	number("destroy: ID", gone.id, id);
	number("destroy: expectation flags", gone.value[CTA_EXPECT_FLAGS], 0);
	number("it is gone", count(), 0);
}

static void test_attributes(void)
{
	make(SIP(), X(.proto = IPPROTO_UDP));
	be32(CTA_EXPECT_CLASS, 3);
	be32(CTA_EXPECT_FLAGS, NF_CT_EXPECT_PERMANENT | NF_CT_EXPECT_INACTIVE);
	be32(CTA_EXPECT_TIMEOUT, 77);
	string(CTA_EXPECT_FN, "nat-follow-master");
	nat(1, T(.src = "10.9.9.9", .sport = 99));
	expect("new: everything", 0);
	show(X(.proto = IPPROTO_UDP));
	text("everything: attributes", got.order, "2 3 1 10 4 5 8 9 6 11");
	text("everything: NAT", got.text[CTA_EXPECT_NAT],
	     "dir 1 10.9.9.9 0.0.0.0 17 99 0 ");
	text("everything: function", got.text[CTA_EXPECT_FN], "nat-follow-master");
	number("everything: flags", got.value[CTA_EXPECT_FLAGS],
	       NF_CT_EXPECT_PERMANENT | NF_CT_EXPECT_INACTIVE);
	number("everything: class", got.value[CTA_EXPECT_CLASS], 3);
	between("everything: the helper's timeout",
		got.value[CTA_EXPECT_TIMEOUT], 170, 180);
	text("everything: helper", got.text[CTA_EXPECT_HELP_NAME], "sip");
	flush();

	make(T(), X(.proto = IPPROTO_UDP));
	nat(0, T(.src = "0.0.0.0", .sport = 99));
	expect("new: NAT of a port", 0);
	show(X(.proto = IPPROTO_UDP));
	text("NAT of a port: protocol of the tuple", got.text[CTA_EXPECT_NAT],
	     "dir 0 0.0.0.0 0.0.0.0 6 99 0 ");
	flush();
	make(T(), X());
	nat(0, T(.src = "0.0.0.0", .sport = 0));
	expect("new: NAT of nothing", 0);
	show(X());
	text("NAT of nothing: attributes", got.order, "2 3 1 4 5 8 9 6");
	flush();

	make(T(), X());
	be32(CTA_EXPECT_FLAGS, NF_CT_EXPECT_USERSPACE);
	expect("new: userspace flag alone", 0);
	show(X());
	/* only programs behind a queue get it, see nfct_help */
	number("userspace flag alone is dropped", got.value[CTA_EXPECT_FLAGS], 0);
	flush();
	make(T(), X());
	string(CTA_EXPECT_HELP_NAME, "nosuchhelper");
	expect("new: name of no helper", 0);
	show(X());
	text("name of no helper: the master's is shown",
	     got.text[CTA_EXPECT_HELP_NAME], "ftp");
	flush();

	begin(NFNL_SUBSYS_CTNETLINK_EXP, NEW, CREATE, AF_INET);
	tuple(CTA_EXPECT_MASTER, T());
	tuple(CTA_EXPECT_TUPLE, X());
	tuple(CTA_EXPECT_MASK, MASK(.src = "255.255.0.0", .dst = "0.0.0.0",
				    .sport = 0xff, .dport = 0, .proto = 17));
	expect("new: odd mask", 0);
	show(X());
	text("odd mask: the destination always counts", got.text[CTA_EXPECT_MASK],
	     "255.255.0.0 255.255.255.255 6 255 65535 ");
	flush();
	make(T6(), X6());
	expect("new: IPv6", 0);
	show(X6());
	text("IPv6: tuple", got.text[CTA_EXPECT_TUPLE], "fd00::2 fd00::1 6 0 5001 ");
	number("IPv6: family", got.family, AF_INET6);
	begin(NFNL_SUBSYS_CTNETLINK_EXP, GET, NLM_F_DUMP, AF_INET);
	ask();
	number("dump of the other family", got.messages, 0);
	begin(NFNL_SUBSYS_CTNETLINK_EXP, GET, NLM_F_DUMP, AF_INET6);
	ask();
	number("dump of the family", got.messages, 1);
	flush();
}

static void test_update(void)
{
	uint32_t id;

	make(T(), X());
	quietly("new");
	show(X());
	id = got.id;
	forget_events();
	make(T(), X());
	req->nlmsg_flags |= NLM_F_EXCL;
	expect("update: EXCL", EEXIST);
	make(T(), X());
	be32(CTA_EXPECT_TIMEOUT, 1000);
	be32(CTA_EXPECT_CLASS, 3);
	be32(CTA_EXPECT_FLAGS, NF_CT_EXPECT_PERMANENT);
	expect("update", 0);
	show(X());
	between("update: timeout", got.value[CTA_EXPECT_TIMEOUT], 990, 1000);
	number("update: flags stay", got.value[CTA_EXPECT_FLAGS], 0);
	number("update: it is the same", got.id, id);
	number("update: no event", event().type, 0);
	make(T(.dport = 22), X());
	be32(CTA_EXPECT_TIMEOUT, 500);
	req->nlmsg_flags &= ~NLM_F_CREATE;
	expect("update: another master does no harm", 0);
	make(T(), X());
	expect("update: nothing", 0);
	make(T(), X());
	be32(CTA_EXPECT_TIMEOUT, 0xffffffff);
	expect_diff("DIFF: update: timeout without end", 0, 0);
	show(X());
	if (ours)
		between("DIFF: a timeout without end is a long one",
			got.value[CTA_EXPECT_TIMEOUT], 2000000, 9000000);
	else
		printf("# timeout 0xffffffff becomes %u\n",
		       got.value[CTA_EXPECT_TIMEOUT]);
	flush();
	make(T(), X());
	quietly("new");
	forget_events();
	make(T(), X());
	be32(CTA_EXPECT_TIMEOUT, 1);
	expect("update: one second", 0);
	sleep(2);
	number("it has expired", count(), 0);
	if (ours)
		number("expiry: event", event().type,
		       NFNL_SUBSYS_CTNETLINK_EXP << 8 | DEL);
	flush();
}

static void test_clashes(void)
{
	make(T(), X());
	quietly("new");
	make(T(), X(.src = "10.1.0.3"));
	expect("another source: one of ftp gives way", 0);
	number("limit of ftp", count(), 1);
	show(X());
	number("the older one is gone", got.messages, 0);
	flush();

	make(SIP(), X(.proto = IPPROTO_UDP));
	be32(CTA_EXPECT_CLASS, 1);
	quietly("new");
	begin(NFNL_SUBSYS_CTNETLINK_EXP, NEW, CREATE, AF_INET);
	tuple(CTA_EXPECT_MASTER, SIP());
	tuple(CTA_EXPECT_TUPLE, X(.proto = IPPROTO_UDP, .src = "10.1.0.9"));
	tuple(CTA_EXPECT_MASK, MASK(.proto = IPPROTO_UDP, .src = "255.255.0.0"));
	expect("overlap", EBUSY);
	make(SIP(.sport = 1001), X(.proto = IPPROTO_UDP, .src = "10.1.0.7"));
	be32(CTA_EXPECT_CLASS, 1);
	expect("no overlap", 0);
	flush();
}

static void test_dump(void)
{
	int i;

	for (i = 0; i < 400; i++) {
		connection(T(.sport = 2000 + i), "ftp", 0);
		make(T(.sport = 2000 + i), X(.dport = 6000 + i));
		quietly("new");
	}
	number("dump of many", count(), 400);
	for (i = 0; i < 5; i++) {
		make(SIP(), X(.proto = IPPROTO_UDP, .dport = 7000 + i));
		be32(CTA_EXPECT_CLASS, 1);
		quietly("new");
	}
	exp_begin(GET, NLM_F_DUMP);
	tuple(CTA_EXPECT_MASTER, SIP());
	expect("dump by master", 0);
	number("dump by master: limit of the class", got.messages, 4);
	exp_begin(GET, NLM_F_DUMP);
	tuple(CTA_EXPECT_MASTER, T(.sport = 2007));
	expect("dump by another master", 0);
	number("dump by another master: one", got.messages, 1);
	exp_begin(GET, NLM_F_DUMP);
	tuple(CTA_EXPECT_MASTER, T(.sport = 9));
	expect("dump by no master", ENOENT);
	exp_begin(GET, NLM_F_DUMP);
	tuple(CTA_EXPECT_MASTER, T(.bare = true));
	expect("dump by a bad tuple", EINVAL);
	exp_begin(GET, NLM_F_DUMP);
	tuple(CTA_EXPECT_MASTER, T(.dport = 22));
	ask();
	number("dump by a master without helper: none", got.messages, 0);
	if (ours)
		number("DIFF: and it ends", got.done, true);
	exp_begin(DEL, ACK);
	string(CTA_EXPECT_HELP_NAME, "sip");
	expect("delete those of sip", 0);
	number("those of ftp are left", count(), 400);
	remove_connection(T(.sport = 2007));
	number("the end of a master ends its expectation", count(), 399);
	begin(NFNL_SUBSYS_CTNETLINK_EXP, DEL, ACK, AF_INET6);
	expect("flush of a family: all go", 0);
	number("none is left", count(), 0);
}

static void test_zones(void)
{
	connection(T(.sport = 3000), "ftp", 7);
	make(T(.sport = 3000), X());
	be16(CTA_EXPECT_ZONE, 7);
	expect("zone: new", 0);
	exp_begin(GET, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	be16(CTA_EXPECT_ZONE, 7);
	expect("zone: get", 0);
	text("zone: not shown", got.order, "2 3 1 4 5 8 9 6");
	exp_begin(GET, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	expect("zone: get without", ENOENT);
	make(T(), X());
	expect("zone: the same elsewhere", 0);
	number("zone: both are there", count(), 2);
	exp_begin(GET, NLM_F_DUMP);
	tuple(CTA_EXPECT_MASTER, T(.sport = 3000));
	be16(CTA_EXPECT_ZONE, 7);
	expect("zone: dump by master", 0);
	number("zone: dump by master: one", got.messages, 1);
	exp_begin(DEL, ACK);
	tuple(CTA_EXPECT_TUPLE, X());
	be16(CTA_EXPECT_ZONE, 7);
	expect("zone: delete", 0);
	number("zone: the other is left", count(), 1);
	flush();
}

static void test_echo(void)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(sk), .events = POLLIN };
	char in[8192];
	int len;

	make(T(), X());
	req->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_ECHO;
	mnl_socket_sendto(sk, req, req->nlmsg_len);
	len = poll(&pfd, 1, 2000) > 0 ?
	      mnl_socket_recvfrom(sk, in, sizeof(in)) : 0;
	number("echo of a new one", len > 0 ?
	       ((struct nlmsghdr *)in)->nlmsg_type : 0,
	       NFNL_SUBSYS_CTNETLINK_EXP << 8 | NEW);
	exp_begin(DEL, NLM_F_ECHO);
	tuple(CTA_EXPECT_TUPLE, X());
	mnl_socket_sendto(sk, req, req->nlmsg_len);
	len = poll(&pfd, 1, 2000) > 0 ?
	      mnl_socket_recvfrom(sk, in, sizeof(in)) : 0;
	number("echo of a removed one", len > 0 ?
	       ((struct nlmsghdr *)in)->nlmsg_type : 0,
	       NFNL_SUBSYS_CTNETLINK_EXP << 8 | DEL);
}

static struct mnl_socket *open_socket(unsigned int groups)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int on = 1;

	if (!nl || mnl_socket_bind(nl, groups, MNL_SOCKET_AUTOPID) < 0) {
		perror("netlink");
		exit(1);
	}
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	return nl;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s stock|ours\n", argv[0]);
		return 2;
	}
	ours = !strcmp(argv[1], "ours");
	setvbuf(stdout, NULL, _IOLBF, 0);
	sk = open_socket(0);
	events = open_socket(NF_NETLINK_CONNTRACK_EXP_NEW |
			     NF_NETLINK_CONNTRACK_EXP_DESTROY);
	connection(T(), "ftp", 0);
	connection(T(.dport = 22), NULL, 0);
	connection(SIP(), "sip", 0);
	connection(SIP(.sport = 1001), "sip", 0);
	connection(T6(), "ftp", 0);

	test_envelope();
	test_create_errors();
	test_create();
	test_attributes();
	test_update();
	test_clashes();
	test_zones();
	test_echo();
	test_dump();
	return 0;
}
