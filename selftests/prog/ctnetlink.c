// SPDX-License-Identifier: GPL-2.0
/*
 * Asks ctnetlink everything that a program can ask about connections and
 * compares answers, error codes, attribute order and events with what the
 * stock module of Linux 6.1 says.  Run as root in a namespace without other
 * connections:
 *
 *   ctnetlink stock|ours
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

#ifndef NLM_F_DUMP_FILTERED
#define NLM_F_DUMP_FILTERED	0x20
#endif

#define NEW	IPCTNL_MSG_CT_NEW
#define GET	IPCTNL_MSG_CT_GET
#define DEL	IPCTNL_MSG_CT_DELETE
#define ZERO	IPCTNL_MSG_CT_GET_CTRZERO
#define CREATE	(NLM_F_CREATE | NLM_F_ACK)
#define ACK	NLM_F_ACK

#define BUFFER	65536

static struct mnl_socket *sk, *events;
static unsigned int seq;
static bool ours;

static char buffer[BUFFER];
static struct nlmsghdr *req;

/* Of the last answer */
static struct {
	int	messages;
	int	type;
	int	flags;
	int	done_flags;
	int	family;
	char	order[256];
	char	extack[256];
	uint32_t value[64];	/* integers by attribute, host order */
	uint32_t id;
	char	reply_dst[64];	/* CTA_TUPLE_REPLY, IPv4 destination and port */
	uint64_t packets;
	unsigned int labels[4];
} got;

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

static void same_number(const char *name, long have, long want)
{
	result(have == want, name, "got %ld, expected %ld", have, want);
}

static void same_text(const char *name, const char *have, const char *want)
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
	nfg->nfgen_family = family;
	nfg->version = 0;
	nfg->res_id = 0;
}

static void ct(int type, int flags)
{
	begin(NFNL_SUBSYS_CTNETLINK, type, flags, AF_INET);
}

static void version(int v)
{
	((struct nfgenmsg *)mnl_nlmsg_get_payload(req))->version = v;
}

static void u8(int type, uint8_t v)
{
	mnl_attr_put_u8(req, type, v);
}

static void be16(int type, uint16_t v)
{
	mnl_attr_put_u16(req, type, htons(v));
}

static void be32(int type, uint32_t v)
{
	mnl_attr_put_u32(req, type, htonl(v));
}

static struct nlattr *nest(int type)
{
	return mnl_attr_nest_start(req, type);
}

static void end(struct nlattr *n)
{
	mnl_attr_nest_end(req, n);
}

/* What to leave out of a tuple, or to do to it */
enum {
	NO_IP		= 1 << 0,
	NO_PROTO	= 1 << 1,
	NO_NUM		= 1 << 2,
	NO_SPORT	= 1 << 3,
	NO_DPORT	= 1 << 4,
	NO_SRC		= 1 << 5,
	NO_DST		= 1 << 6,
	SHORT_IP	= 1 << 7,
	SHORT_PORT	= 1 << 8,
	SHORT_NUM	= 1 << 9,
};

struct tuple {
	int		family;
	int		proto;
	const char	*src, *dst;
	int		sport, dport;
	int		without;
	int		zone;
};

static void put_address(const struct tuple *t, int type, const char *text)
{
	int len = t->family == AF_INET6 ? 16 : 4;
	char addr[16];

	inet_pton(t->family, text, addr);
	mnl_attr_put(req, type, t->without & SHORT_IP ? len - 1 : len, addr);
}

static void put_icmp(const struct tuple *t)
{
	bool six = t->proto == IPPROTO_ICMPV6;

	if (!(t->without & NO_SPORT))
		be16(six ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID, t->sport);
	if (!(t->without & NO_DPORT)) {
		u8(six ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE, t->dport);
		u8(six ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE, 0);
	}
}

static void put_proto(const struct tuple *t)
{
	if (t->without & SHORT_NUM)
		mnl_attr_put(req, CTA_PROTO_NUM, 0, "");
	else if (!(t->without & NO_NUM))
		u8(CTA_PROTO_NUM, t->proto);

	if (t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6) {
		put_icmp(t);
		return;
	}
	if (t->without & SHORT_PORT)
		u8(CTA_PROTO_SRC_PORT, 1);
	else if (!(t->without & NO_SPORT))
		be16(CTA_PROTO_SRC_PORT, t->sport);
	if (!(t->without & NO_DPORT))
		be16(CTA_PROTO_DST_PORT, t->dport);
}

static void put_tuple(int type, struct tuple t)
{
	bool six = t.family == AF_INET6;
	struct nlattr *outer = nest(type), *n;

	if (!(t.without & NO_IP)) {
		n = nest(CTA_TUPLE_IP);
		if (!(t.without & NO_SRC))
			put_address(&t, six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, t.src);
		if (!(t.without & NO_DST))
			put_address(&t, six ? CTA_IP_V6_DST : CTA_IP_V4_DST, t.dst);
		end(n);
	}
	if (!(t.without & NO_PROTO)) {
		n = nest(CTA_TUPLE_PROTO);
		put_proto(&t);
		end(n);
	}
	if (t.zone)
		be16(CTA_TUPLE_ZONE, t.zone);
	end(outer);
}

#define T(...)	((struct tuple){ .family = AF_INET, .proto = IPPROTO_TCP,	\
				 .src = "10.1.0.1", .dst = "10.1.0.2",		\
				 .sport = 1000, .dport = 80, __VA_ARGS__ })
#define T6(...)	((struct tuple){ .family = AF_INET6, .proto = IPPROTO_TCP,	\
				 .src = "fd00::1", .dst = "fd00::2",		\
				 .sport = 1000, .dport = 80, __VA_ARGS__ })

static struct tuple reverse(struct tuple t)
{
	const char *addr = t.src;
	int port = t.sport;

	t.src = t.dst;
	t.dst = addr;
	if (t.proto == IPPROTO_ICMP) {
		t.dport = 0;
	} else if (t.proto == IPPROTO_ICMPV6) {
		t.dport = 129;
	} else {
		t.sport = t.dport;
		t.dport = port;
	}
	return t;
}

static void both(struct tuple t)
{
	put_tuple(CTA_TUPLE_ORIG, t);
	put_tuple(CTA_TUPLE_REPLY, reverse(t));
}

/* --- answers ------------------------------------------------------------ */

static int read_port(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_PROTO_DST_PORT)
		*(int *)data = ntohs(mnl_attr_get_u16(attr));
	return MNL_CB_OK;
}

static int read_tuple(const struct nlattr *attr, void *data)
{
	char addr[INET_ADDRSTRLEN];
	const struct nlattr *a;
	int port = 0;

	if (mnl_attr_get_type(attr) == CTA_TUPLE_IP) {
		mnl_attr_for_each_nested(a, attr) {
			if (mnl_attr_get_type(a) != CTA_IP_V4_DST)
				continue;
			inet_ntop(AF_INET, mnl_attr_get_payload(a), addr,
				  sizeof(addr));
			snprintf(got.reply_dst, sizeof(got.reply_dst), "%s", addr);
		}
	} else if (mnl_attr_get_type(attr) == CTA_TUPLE_PROTO) {
		mnl_attr_parse_nested(attr, read_port, &port);
		snprintf(got.reply_dst + strlen(got.reply_dst),
			 sizeof(got.reply_dst) - strlen(got.reply_dst), ":%d", port);
	}
	return MNL_CB_OK;
}

static int read_counter(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTA_COUNTERS_PACKETS)
		got.packets = be64toh(mnl_attr_get_u64(attr));
	return MNL_CB_OK;
}

static int read_attr(const struct nlattr *attr, void *data)
{
	int type = mnl_attr_get_type(attr), len = mnl_attr_get_payload_len(attr);
	size_t used = strlen(got.order);

	snprintf(got.order + used, sizeof(got.order) - used, "%s%d",
		 used ? " " : "", type);
	if (type >= 64 || (attr->nla_type & NLA_F_NESTED)) {
		if (type == CTA_TUPLE_REPLY)
			mnl_attr_parse_nested(attr, read_tuple, NULL);
		if (type == CTA_COUNTERS_ORIG)
			mnl_attr_parse_nested(attr, read_counter, NULL);
		return MNL_CB_OK;
	}
	if (len == 4)
		got.value[type] = ntohl(mnl_attr_get_u32(attr));
	if (len == 2)
		got.value[type] = ntohs(mnl_attr_get_u16(attr));
	if (type == CTA_ID)
		got.id = mnl_attr_get_u32(attr);
	if (type == CTA_LABELS)
		memcpy(got.labels, mnl_attr_get_payload(attr),
		       len < 16 ? len : 16);
	return MNL_CB_OK;
}

static void read_message(const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	got.messages++;
	got.type = nlh->nlmsg_type;
	got.flags = nlh->nlmsg_flags;
	got.family = nfg->nfgen_family;
	got.order[0] = '\0';
	got.reply_dst[0] = '\0';
	mnl_attr_parse(nlh, sizeof(*nfg), read_attr, NULL);
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

/*
 * Send the request; 0 or the errno of its answer.  -1: no answer at all.
 * A request without ACK or DUMP ends with its first message.
 */
static int ask(void)
{
	bool dump = req->nlmsg_flags & NLM_F_DUMP, ack = req->nlmsg_flags & ACK;
	static char in[BUFFER];
	struct pollfd pfd = { .fd = mnl_socket_get_fd(sk), .events = POLLIN };
	struct nlmsghdr *nlh;
	int len;

	memset(&got, 0, sizeof(got));
	if (mnl_socket_sendto(sk, req, req->nlmsg_len) < 0)
		return errno;

	while (poll(&pfd, 1, ack || dump ? 5000 : 300) > 0) {
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
				got.done_flags = nlh->nlmsg_flags;
				return -*(int *)mnl_nlmsg_get_payload(nlh);
			}
			read_message(nlh);
		}
	}
	return got.messages ? 0 : -1;
}

/* Every error that a request can cause has a text */
static void expect(const char *name, int want)
{
	int have = ask();

	if (have != want) {
		result(false, name, "got %d (%s), expected %d (%s)", have,
		       have > 0 ? strerror(have) : "", want,
		       want > 0 ? strerror(want) : "");
		return;
	}
	if (ours && want > 0 && !got.extack[0]) {
		result(false, name, "error %d (%s) has no text", have,
		       strerror(have));
		return;
	}
	result(true, name, NULL);
}

static void quietly(const char *what)
{
	int err = ask();

	if (err)
		result(false, what, "set-up failed with %d (%s): %s", err,
		       err > 0 ? strerror(err) : "no answer", got.extack);
}

static void make(struct tuple t)
{
	begin(NFNL_SUBSYS_CTNETLINK, NEW, CREATE, t.family);
	both(t);
	be32(CTA_TIMEOUT, 1000);
}

static void flush(void)
{
	ct(DEL, ACK);
	quietly("flush");
}

static int count(void)
{
	begin(NFNL_SUBSYS_CTNETLINK, GET, NLM_F_DUMP, AF_UNSPEC);
	return ask() ? -1 : got.messages;
}

static void get(struct tuple t)
{
	begin(NFNL_SUBSYS_CTNETLINK, GET, 0, t.family);
	put_tuple(CTA_TUPLE_ORIG, t);
	quietly("get");
}

/* --- cases -------------------------------------------------------------- */

static void bad_tuple(const char *name, struct tuple t, int want)
{
	begin(NFNL_SUBSYS_CTNETLINK, GET, ACK, t.family);
	put_tuple(CTA_TUPLE_ORIG, t);
	expect(name, want);
}

static void test_envelope(void)
{
	ct(15, ACK);
	same_number("unknown message", ask(), EINVAL);
	ct(GET, ACK);
	expect("get without a tuple", EINVAL);
	ct(GET, ACK);
	mnl_attr_put(req, CTA_TUPLE_ORIG | NLA_F_NESTED, 2, "xx");
	expect("nest of two bytes", ERANGE);
	ct(GET, ACK);
	mnl_attr_put(req, CTA_ZONE, 1, "x");
	expect("zone of one byte", ERANGE);
	ct(GET, ACK);
	mnl_attr_put(req, CTA_MARK, 3, "xxx");
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("mark of three bytes", ERANGE);
	ct(GET, ACK);
	put_tuple(CTA_TUPLE_ORIG, T());
	u8(60, 1);
	expect("unknown attribute is ignored", ENOENT);
	ct(GET, ACK);
	mnl_attr_put(req, CTA_SYNPROXY | NLA_F_NESTED, 2, "xx");
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("synproxy nest of two bytes", ENOENT);
	ct(GET, ACK);
	mnl_attr_put(req, CTA_USE, 1, "x");
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("short attribute that is only for output", ENOENT);
}

static void test_tuples(void)
{
	bad_tuple("tuple: nothing found", T(), ENOENT);
	bad_tuple("tuple: nothing found, IPv6", T6(), ENOENT);
	bad_tuple("tuple: no addresses", T(.without = NO_IP), EINVAL);
	bad_tuple("tuple: no source", T(.without = NO_SRC), EINVAL);
	bad_tuple("tuple: no destination", T(.without = NO_DST), EINVAL);
	bad_tuple("tuple: no source, IPv6", T6(.without = NO_SRC), EINVAL);
	bad_tuple("tuple: no protocol", T(.without = NO_PROTO), EINVAL);
	bad_tuple("tuple: no number", T(.without = NO_NUM), EINVAL);
	bad_tuple("tuple: empty number", T(.without = SHORT_NUM), ERANGE);
	bad_tuple("tuple: no source port", T(.without = NO_SPORT), EINVAL);
	bad_tuple("tuple: no destination port", T(.without = NO_DPORT), EINVAL);
	bad_tuple("tuple: port of one byte", T(.without = SHORT_PORT), ERANGE);
	bad_tuple("tuple: short address", T(.without = SHORT_IP), ERANGE);
	bad_tuple("tuple: short address, IPv6", T6(.without = SHORT_IP), ERANGE);
	bad_tuple("tuple: protocol without ports",
		  T(.proto = 99, .without = NO_SPORT | NO_DPORT), ENOENT);
	bad_tuple("icmp: no id", T(.proto = IPPROTO_ICMP, .dport = 8,
				   .without = NO_SPORT), EINVAL);
	bad_tuple("icmp: no type", T(.proto = IPPROTO_ICMP,
				     .without = NO_DPORT), EINVAL);
	bad_tuple("icmp: type without a reverse", T(.proto = IPPROTO_ICMP,
						    .dport = 3), EINVAL);
	bad_tuple("icmp: echo", T(.proto = IPPROTO_ICMP, .dport = 8), ENOENT);
	bad_tuple("icmpv6: type below 128", T6(.proto = IPPROTO_ICMPV6,
					       .dport = 1), EINVAL);
	bad_tuple("icmpv6: type without a reverse", T6(.proto = IPPROTO_ICMPV6,
						       .dport = 135), EINVAL);
	bad_tuple("icmpv6: echo", T6(.proto = IPPROTO_ICMPV6, .dport = 128),
		  ENOENT);
	bad_tuple("tuple: zone of its own", T(.zone = 5), ENOENT);

	begin(NFNL_SUBSYS_CTNETLINK, GET, ACK, 7);
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("tuple: family 7", EOPNOTSUPP);
	begin(NFNL_SUBSYS_CTNETLINK, GET, ACK, 0);
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("tuple: family 0", EOPNOTSUPP);

	ct(GET, ACK);
	be16(CTA_ZONE, 3);
	put_tuple(CTA_TUPLE_ORIG, T(.zone = 5));
	expect("zone twice", EINVAL);
	ct(NEW, CREATE);
	put_tuple(CTA_TUPLE_ORIG, T(.zone = 5));
	put_tuple(CTA_TUPLE_REPLY, T(.zone = 6));
	expect("zone in both tuples", EINVAL);
}

static void test_create_errors(void)
{
	ct(NEW, ACK);
	both(T());
	be32(CTA_TIMEOUT, 100);
	expect("new without CREATE", ENOENT);
	ct(NEW, ACK);
	expect("new without tuples, without CREATE", ENOENT);
	ct(NEW, CREATE);
	expect("new without tuples", EINVAL);
	ct(NEW, CREATE);
	put_tuple(CTA_TUPLE_ORIG, T());
	be32(CTA_TIMEOUT, 100);
	expect("new with one tuple", EINVAL);
	ct(NEW, CREATE);
	put_tuple(CTA_TUPLE_ORIG, T());
	put_tuple(CTA_TUPLE_REPLY, T(.proto = IPPROTO_UDP));
	be32(CTA_TIMEOUT, 100);
	expect("new with two protocols", EINVAL);
	ct(NEW, CREATE);
	both(T());
	expect("new without a timeout", EINVAL);

	make(T());
	be32(CTA_STATUS, IPS_SEEN_REPLY);
	expect("new: status without CONFIRMED", EBUSY);
	make(T());
	be32(CTA_STATUS, IPS_CONFIRMED | IPS_EXPECTED);
	expect("new: status with EXPECTED", EBUSY);
	make(T());
	be32(CTA_STATUS, IPS_CONFIRMED | IPS_DYING);
	expect("new: status with DYING", EBUSY);
}

static void help(const void *name, int len)
{
	struct nlattr *n = nest(CTA_HELP);

	if (name)
		mnl_attr_put(req, CTA_HELP_NAME, len, name);
	end(n);
}

static void seqadj(int type, int members)
{
	struct nlattr *n = nest(type);
	int i;

	for (i = 1; i <= members; i++)
		be32(i, 100 * i);
	end(n);
}

static struct nlattr *tcp_info[2];

static void begin_tcp(int which)
{
	tcp_info[0] = nest(CTA_PROTOINFO);
	tcp_info[1] = nest(which);
}

static void end_tcp(void)
{
	end(tcp_info[1]);
	end(tcp_info[0]);
}

static void test_create_more_errors(void)
{
	struct nlattr *n;

	make(T());
	help(NULL, 0);
	expect("new: helper without a name", EINVAL);
	make(T());
	help("nosuch", 7);
	expect("new: unknown helper", EOPNOTSUPP);
	make(T());
	help("0123456789abcdef", 16);
	expect("new: helper name without NUL", EINVAL);
	make(T());
	help("ftp\0................", 20);
	expect("new: long helper attribute", ERANGE);

	make(T());
	put_tuple(CTA_TUPLE_MASTER, T(.sport = 7));
	expect("new: no such master", ENOENT);
	make(T());
	put_tuple(CTA_TUPLE_MASTER, T(.sport = 7, .zone = 1));
	expect("new: master with a zone", EINVAL);

	make(T());
	seqadj(CTA_SEQ_ADJ_ORIG, 2);
	expect("new: two members of three in seqadj", EINVAL);

	make(T());
	begin_tcp(CTA_PROTOINFO_TCP);
	u8(CTA_PROTOINFO_TCP_STATE, 10);
	end_tcp();
	expect("new: tcp state 10", ERANGE);
	make(T());
	begin_tcp(CTA_PROTOINFO_TCP);
	u8(CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, 15);
	end_tcp();
	expect("new: tcp window scale 15", ERANGE);
	make(T());
	begin_tcp(CTA_PROTOINFO_TCP);
	u8(CTA_PROTOINFO_TCP_FLAGS_REPLY, 1);
	end_tcp();
	expect("new: tcp flags of one byte", ERANGE);

	make(T(.proto = IPPROTO_SCTP));
	begin_tcp(CTA_PROTOINFO_SCTP);
	u8(CTA_PROTOINFO_SCTP_STATE, 3);
	end_tcp();
	expect("new: incomplete sctp", EINVAL);
	make(T(.proto = IPPROTO_SCTP));
	begin_tcp(CTA_PROTOINFO_SCTP);
	u8(CTA_PROTOINFO_SCTP_STATE, 9);
	be32(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, 1);
	be32(CTA_PROTOINFO_SCTP_VTAG_REPLY, 1);
	end_tcp();
	expect("new: sctp state 9", ERANGE);
	make(T(.proto = IPPROTO_DCCP));
	begin_tcp(CTA_PROTOINFO_DCCP);
	u8(CTA_PROTOINFO_DCCP_STATE, 3);
	end_tcp();
	expect("new: incomplete dccp", EINVAL);
	make(T(.proto = IPPROTO_DCCP));
	begin_tcp(CTA_PROTOINFO_DCCP);
	u8(CTA_PROTOINFO_DCCP_STATE, 3);
	u8(CTA_PROTOINFO_DCCP_ROLE, 2);
	end_tcp();
	expect("new: dccp role 2", EINVAL);

	make(T());
	n = nest(CTA_NAT_SRC);
	u8(CTA_NAT_V4_MINIP, 1);
	end(n);
	expect("new: nat address of one byte", ERANGE);

	make(T());
	mnl_attr_put(req, CTA_LABELS, 20, "01234567890123456789");
	expect("new: labels of 20 bytes", ERANGE);
	same_number("failed requests left nothing", count(), 0);
}

static void test_create(void)
{
	struct nlattr *n, *p;

	make(T());
	be32(CTA_MARK, 5);
	expect("new", 0);
	make(T());
	req->nlmsg_flags |= NLM_F_EXCL;
	expect("new: exists, EXCL", EEXIST);

	ct(NEW, CREATE);
	put_tuple(CTA_TUPLE_ORIG, T(.sport = 2000));
	put_tuple(CTA_TUPLE_REPLY, reverse(T()));
	be32(CTA_TIMEOUT, 10);
	expect("new: reply tuple taken", EEXIST);

	make(T(.sport = 1001));
	put_tuple(CTA_TUPLE_MASTER, T());
	expect("new: with a master", 0);
	get(T(.sport = 1001));
	same_number("new: with a master: status", got.value[CTA_STATUS],
		    IPS_CONFIRMED | IPS_EXPECTED);

	make(T(.sport = 1002));
	n = nest(CTA_NAT_SRC);
	be32(CTA_NAT_V4_MINIP, 0x0a090909);
	be32(CTA_NAT_V4_MAXIP, 0x0a090909);
	p = nest(CTA_NAT_PROTO);
	be16(CTA_PROTONAT_PORT_MIN, 4444);
	be16(CTA_PROTONAT_PORT_MAX, 4444);
	end(p);
	end(n);
	expect("new: source nat", 0);
	get(T(.sport = 1002));
	same_text("new: source nat: reply", got.reply_dst, "10.9.9.9:4444");
	same_number("new: source nat: status", got.value[CTA_STATUS],
		    IPS_CONFIRMED | IPS_SRC_NAT | IPS_SRC_NAT_DONE |
		    IPS_DST_NAT_DONE);

	make(T(.sport = 1003));
	help("ftp", 4);
	expect("new: helper", 0);
	get(T(.sport = 1003));
	same_number("new: helper: status", got.value[CTA_STATUS],
		    IPS_CONFIRMED | IPS_HELPER);
	same_text("new: helper: attributes", got.order,
		  "1 2 3 8 12 11 7 4 5 24");

	make(T6());
	expect("new: IPv6", 0);
	make(T(.proto = IPPROTO_UDP));
	expect("new: udp", 0);
	make(T(.proto = IPPROTO_ICMP, .dport = 8));
	expect("new: icmp", 0);
	make(T6(.proto = IPPROTO_ICMPV6, .dport = 128));
	expect("new: icmpv6", 0);
	make(T(.proto = 99));
	expect("new: protocol 99", 0);
	make(T(.proto = IPPROTO_SCTP));
	begin_tcp(CTA_PROTOINFO_SCTP);
	u8(CTA_PROTOINFO_SCTP_STATE, 4);
	be32(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, 1);
	be32(CTA_PROTOINFO_SCTP_VTAG_REPLY, 1);
	end_tcp();
	expect("new: sctp", 0);
	make(T(.zone = 0));
	be16(CTA_ZONE, 9);
	expect("new: in zone 9", 0);
	ct(NEW, CREATE);
	put_tuple(CTA_TUPLE_ORIG, T(.sport = 3000, .zone = 4));
	put_tuple(CTA_TUPLE_REPLY, reverse(T(.sport = 3000)));
	be32(CTA_TIMEOUT, 10);
	expect("new: zone for one direction", 0);

	ct(GET, 0);
	put_tuple(CTA_TUPLE_ORIG, T(.sport = 3000, .zone = 4));
	quietly("get with a zone");
	same_text("zone for one direction: attributes", got.order,
		  "1 2 3 8 12 11 7 4 24");
	same_number("all are there", count(), 12);
}

#define CHAIN	300

/* The kernel's own module dies of the first two: it takes any master's helper
 * data, or what stands where there are none, for PPTP's.
 */
static void test_masters(void)
{
	struct tuple gre = T(.proto = IPPROTO_GRE, .sport = 5000);
	int i;

	if (!ours)
		return;
	flush();
	make(T());
	quietly("masters: plain");
	make(gre);
	put_tuple(CTA_TUPLE_MASTER, T());
	expect("new: gre, its master has no helper", 0);
	ct(DEL, ACK);
	put_tuple(CTA_TUPLE_ORIG, gre);
	expect("delete: gre, its master has no helper", 0);

	make(T(.sport = 1003));
	help("ftp", 4);
	quietly("masters: ftp");
	make(gre);
	put_tuple(CTA_TUPLE_MASTER, T(.sport = 1003));
	expect("new: gre, its master has another helper", 0);
	ct(DEL, ACK);
	put_tuple(CTA_TUPLE_ORIG, gre);
	expect("delete: gre, its master has another helper", 0);

	/* each holds the one before, so that all end at once */
	for (i = 0; i < CHAIN; i++) {
		make(T(.sport = 2000 + i));
		if (i)
			put_tuple(CTA_TUPLE_MASTER, T(.sport = 1999 + i));
		quietly("masters: chain");
	}
	for (i = 0; i < CHAIN; i++) {
		ct(DEL, ACK);
		put_tuple(CTA_TUPLE_ORIG, T(.sport = 2000 + i));
		quietly("masters: end of the chain");
	}
	flush();
	same_number("masters: all are gone", count(), 0);
}

static void update(void)
{
	ct(NEW, ACK);
	put_tuple(CTA_TUPLE_ORIG, T());
}

static void test_update(void)
{
	struct nlattr *n;

	flush();
	make(T());
	be32(CTA_MARK, 0xf0);
	be32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY);
	quietly("update: make");

	update();
	n = nest(CTA_NAT_DST);
	end(n);
	expect("update: nat", EOPNOTSUPP);
	update();
	put_tuple(CTA_TUPLE_MASTER, T());
	expect("update: master", EOPNOTSUPP);
	update();
	be32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_EXPECTED);
	expect("update: set EXPECTED", EBUSY);
	update();
	be32(CTA_STATUS, IPS_SEEN_REPLY);
	expect("update: clear CONFIRMED", EBUSY);
	update();
	be32(CTA_STATUS, IPS_CONFIRMED);
	expect("update: clear SEEN_REPLY", EBUSY);
	update();
	be32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED |
	     IPS_SRC_NAT | IPS_OFFLOAD);
	expect("update: set ASSURED", 0);
	get(T());
	same_number("update: bits that stay", got.value[CTA_STATUS],
		    IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED);

	update();
	be32(CTA_MARK, 0x0f);
	be32(CTA_MARK_MASK, 0xff);
	expect("update: mark and mask", 0);
	get(T());
	same_number("update: mark", got.value[CTA_MARK], 0x0f);
	update();
	be32(CTA_MARK, 0x30);
	be32(CTA_MARK_MASK, 0x0c);
	quietly("update: toggle");
	get(T());
	same_number("update: mark is toggled", got.value[CTA_MARK], 0x33);

	update();
	help(NULL, 0);
	expect("update: helper without a name", EINVAL);
	update();
	help("", 1);
	expect("update: empty helper", 0);
	update();
	help("nosuch", 7);
	expect("update: unknown helper", EOPNOTSUPP);
	update();
	help("ftp", 4);
	expect("update: helper where none was", EOPNOTSUPP);

	update();
	be32(CTA_TIMEOUT, 77);
	expect("update: timeout", 0);
	get(T());
	result(got.value[CTA_TIMEOUT] == 77 || got.value[CTA_TIMEOUT] == 76,
	       "update: new timeout", "got %u", got.value[CTA_TIMEOUT]);
	update();
	be32(CTA_TIMEOUT, 0xffffffff);
	expect("update: timeout beyond reason", 0);
	get(T());
	result(got.value[CTA_TIMEOUT] >= 8589930 && got.value[CTA_TIMEOUT] <= 8589934,
	       "update: timeout is clamped", "got %u", got.value[CTA_TIMEOUT]);

	update();
	begin_tcp(CTA_PROTOINFO_TCP);
	u8(CTA_PROTOINFO_TCP_STATE, 3);
	end_tcp();
	expect("update: tcp state", 0);
	update();
	begin_tcp(CTA_PROTOINFO_TCP);
	u8(CTA_PROTOINFO_TCP_STATE, 11);
	end_tcp();
	expect("update: tcp state 11", ERANGE);
	update();
	seqadj(CTA_SEQ_ADJ_ORIG, 3);
	expect("update: seqadj", 0);
	update();
	seqadj(CTA_SEQ_ADJ_REPLY, 1);
	expect("update: incomplete seqadj", EINVAL);
	get(T());
	same_text("update: seqadj: attributes", got.order,
		  "1 2 3 8 12 11 7 4 15 16 24");
	update();
	seqadj(CTA_SYNPROXY, 2);
	expect("update: incomplete synproxy", EINVAL);

	update();
	mnl_attr_put(req, CTA_LABELS, 3, "abc");
	expect("update: labels of three bytes", EINVAL);
	update();
	mnl_attr_put(req, CTA_LABELS, 4, "abcd");
	mnl_attr_put(req, CTA_LABELS_MASK, 8, "abcdabcd");
	expect("update: label mask of another length", EINVAL);
	update();
	mnl_attr_put(req, CTA_LABELS, 4, "abcd");
	mnl_attr_put(req, CTA_LABELS_MASK, 0, "");
	expect("update: empty label mask", EINVAL);
	update();
	mnl_attr_put(req, CTA_LABELS, 4, "abcd");
	expect("update: labels without room", ENOSPC);

	update();
	be32(CTA_MARK, 0x99);
	mnl_attr_put(req, CTA_LABELS, 3, "abc");
	expect("update: good mark, bad labels", EINVAL);
	get(T());
	same_number("DIFF update: what fails changes nothing",
		    got.value[CTA_MARK], ours ? 0x33 : 0x99);

	update();
	be32(CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED |
	     IPS_FIXED_TIMEOUT);
	expect("update: fixed timeout", 0);
	update();
	be32(CTA_TIMEOUT, 5);
	expect("update: timeout of a fixed one", EPERM);
	update();
	req->nlmsg_flags |= NLM_F_EXCL;
	expect("update: EXCL", EEXIST);

	ct(NEW, ACK);
	put_tuple(CTA_TUPLE_REPLY, reverse(T()));
	be32(CTA_MARK, 1);
	expect("update: by reply tuple", 0);
}

static void test_get_and_delete(void)
{
	uint32_t id;

	flush();
	make(T());
	quietly("get: make");

	get(T());
	id = got.id;
	same_text("get: attributes", got.order, "1 2 3 8 12 11 7 4 24");
	same_number("get: flags", got.flags, NLM_F_MULTI);
	same_number("get: type", got.type, NFNL_SUBSYS_CTNETLINK << 8 | NEW);
	same_number("get: family", got.family, AF_INET);
	same_number("get: use", got.value[CTA_USE], 2);
	ct(GET, 0);
	put_tuple(CTA_TUPLE_REPLY, reverse(T()));
	quietly("get: by reply tuple");
	same_number("get: by reply tuple", got.id, id);
	ct(GET, ACK);
	put_tuple(CTA_TUPLE_ORIG, T());
	mnl_attr_put_u32(req, CTA_ID, id + 1);
	expect("get: id is not looked at", 0);

	count();
	same_number("dump: use", got.value[CTA_USE], 1);
	same_number("dump: flags", got.flags, NLM_F_MULTI);
	same_number("dump: id", got.id, id);

	ct(DEL, ACK);
	put_tuple(CTA_TUPLE_ORIG, T());
	mnl_attr_put_u32(req, CTA_ID, id + 1);
	expect("delete: another id", ENOENT);
	ct(DEL, ACK);
	put_tuple(CTA_TUPLE_ORIG, T());
	mnl_attr_put_u32(req, CTA_ID, id);
	expect("delete: with its id", 0);
	ct(DEL, ACK);
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("delete: again", ENOENT);
	make(T());
	quietly("delete: make");
	ct(DEL, ACK);
	put_tuple(CTA_TUPLE_REPLY, reverse(T()));
	expect("delete: by reply tuple", 0);
}

static void make_marked(struct tuple t, uint32_t mark, uint32_t status, int zone)
{
	make(t);
	be32(CTA_MARK, mark);
	be32(CTA_STATUS, IPS_CONFIRMED | status);
	if (zone)
		be16(CTA_ZONE, zone);
	quietly("filters: make");
}

/* 4 IPv4: tcp marks 1 and 3, udp mark 1 assured, icmp; 2 IPv6; 1 in zone 9 */
static void populate(void)
{
	flush();
	make_marked(T(.sport = 1), 1, 0, 0);
	make_marked(T(.sport = 2, .src = "10.1.0.7"), 3, 0, 0);
	make_marked(T(.sport = 3, .proto = IPPROTO_UDP), 1, IPS_SEEN_REPLY |
		    IPS_ASSURED, 0);
	make_marked(T(.sport = 4, .proto = IPPROTO_ICMP, .dport = 8), 0, 0, 0);
	make_marked(T6(.sport = 5), 1, 0, 0);
	make_marked(T6(.sport = 6, .src = "fd00::7"), 0, 0, 0);
	make_marked(T(.sport = 7), 0, 0, 9);
}

static void dump(int family)
{
	begin(NFNL_SUBSYS_CTNETLINK, GET, NLM_F_DUMP, family);
}

static void shows(const char *name, int want)
{
	int err = ask();

	result(!err && got.messages == want, name,
	       "%d messages, error %d (%s), expected %d", got.messages, err,
	       got.extack, want);
}

static void filter(int orig, int reply, bool nested)
{
	struct nlattr *n = nest(CTA_FILTER);

	if (orig)
		mnl_attr_put_u32(req, CTA_FILTER_ORIG_FLAGS, orig);
	if (reply)
		mnl_attr_put_u32(req, CTA_FILTER_REPLY_FLAGS, reply);
	end(n);
	if (!nested)
		n->nla_type &= ~NLA_F_NESTED;
}

static void test_filters(void)
{
	populate();
	dump(AF_UNSPEC);
	shows("filter: none", 7);
	same_number("filter: none: flags", got.flags, NLM_F_MULTI);
	dump(AF_INET);
	shows("filter: IPv4", 5);
	same_number("filter: IPv4: flags", got.flags,
		    NLM_F_MULTI | NLM_F_DUMP_FILTERED);
	dump(AF_INET6);
	shows("filter: IPv6", 2);
	dump(7);
	shows("filter: family 7", 0);
	dump(AF_UNSPEC);
	be32(CTA_MARK, 1);
	shows("filter: mark", 3);
	dump(AF_INET);
	be32(CTA_MARK, 1);
	be32(CTA_MARK_MASK, 1);
	shows("filter: mark, mask, IPv4", 3);
	dump(AF_UNSPEC);
	be32(CTA_MARK, 0);
	shows("filter: no mark", 3);
	dump(AF_UNSPEC);
	be32(CTA_MARK_MASK, 1);
	shows("filter: mask without mark, nothing else", 7);
	dump(AF_INET);
	be32(CTA_MARK_MASK, 1);
	expect("filter: mask without mark", EINVAL);
	dump(AF_UNSPEC);
	be32(CTA_STATUS, IPS_ASSURED);
	shows("filter: status", 1);
	dump(AF_UNSPEC);
	be32(CTA_STATUS, 0);
	be32(CTA_STATUS_MASK, IPS_ASSURED);
	shows("filter: status and mask", 6);
	dump(AF_UNSPEC);
	be32(CTA_STATUS, 0);
	expect("filter: status 0", EINVAL);
	dump(AF_INET);
	be32(CTA_STATUS_MASK, 1);
	expect("filter: status mask without status", EINVAL);
	dump(AF_UNSPEC);
	be32(CTA_STATUS_MASK, 1);
	shows("filter: status mask without status, nothing else", 7);

	dump(AF_UNSPEC);
	be16(CTA_ZONE, 9);
	shows("DIFF filter: zone", ours ? 1 : 7);
	dump(AF_INET);
	be16(CTA_ZONE, 0);
	shows("DIFF filter: default zone, IPv4", ours ? 4 : 5);
}

static void test_tuple_filters(void)
{
	dump(AF_UNSPEC);
	filter(1, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("filter: tuple without family", EOPNOTSUPP);
	dump(AF_INET);
	filter(1, 0, true);
	expect("filter: no tuple", EINVAL);
	dump(AF_INET);
	filter(0, 1, true);
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("filter: the other tuple", EINVAL);
	dump(AF_INET);
	filter(1, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T(.without = NO_SRC));
	expect("filter: no source", EINVAL);
	dump(AF_INET);
	filter(2, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T(.without = NO_IP));
	expect("filter: no addresses", EINVAL);
	dump(AF_INET);
	filter(0x10, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("filter: port without protocol", EINVAL);
	dump(AF_INET);
	filter(0x18, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T(.without = NO_SPORT));
	expect("filter: no port", EINVAL);
	dump(AF_INET);
	filter(0x1000, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("filter: unknown member", EINVAL);
	dump(AF_INET);
	filter(1, 0, false);
	put_tuple(CTA_TUPLE_ORIG, T());
	expect("filter: nest without its flag", EINVAL);

	dump(AF_INET);
	filter(1, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T(.without = NO_PROTO | NO_DST));
	shows("filter: source", 4);
	dump(AF_INET);
	filter(8, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T(.without = NO_IP | NO_SPORT | NO_DPORT));
	shows("filter: protocol", 3);
	dump(AF_INET);
	filter(0x18, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T(.sport = 2));
	shows("filter: source port", 1);
	dump(AF_INET);
	filter(0x28, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T());
	shows("filter: destination port", 3);
	dump(AF_INET);
	filter(0, 2, true);
	put_tuple(CTA_TUPLE_REPLY, T(.dst = "10.1.0.7"));
	shows("filter: reply destination", 1);
	dump(AF_INET);
	filter(0x48, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T(.proto = IPPROTO_ICMP, .dport = 8));
	shows("filter: icmp type", 1);
	dump(AF_INET);
	filter(0x108, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T(.proto = IPPROTO_ICMP, .sport = 5, .dport = 8));
	shows("filter: icmp id", 0);
	dump(AF_INET);
	filter(4, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T(.zone = 9));
	shows("DIFF filter: zone of a tuple", ours ? 1 : 5);
	dump(AF_INET6);
	filter(1, 0, true);
	put_tuple(CTA_TUPLE_ORIG, T6(.src = "fd00::7"));
	shows("DIFF filter: IPv6 source", 1);
	result(got.value[CTA_MARK] == (ours ? 0 : 1),
	       "DIFF filter: IPv6 source, the right one", "mark %u",
	       got.value[CTA_MARK]);
}

static void test_flush(void)
{
	populate();
	ct(DEL, ACK);
	filter(1, 0, true);
	expect("flush: tuple filter", EOPNOTSUPP);
	ct(DEL, ACK);
	version(1);
	be32(CTA_MARK_MASK, 1);
	expect("flush: mask without mark", EINVAL);
	same_number("flush: nothing gone", count(), 7);

	ct(DEL, ACK);
	be32(CTA_MARK, 3);
	expect("flush: by mark", 0);
	same_number("flush: by mark: left", count(), 6);
	ct(DEL, ACK);
	be32(CTA_STATUS, IPS_ASSURED);
	expect("flush: by status", 0);
	same_number("flush: by status: left", count(), 5);
	begin(NFNL_SUBSYS_CTNETLINK, DEL, ACK, AF_INET6);
	version(1);
	expect("flush: by family", 0);
	same_number("flush: by family: left", count(), 3);
	begin(NFNL_SUBSYS_CTNETLINK, DEL, ACK, AF_INET6);
	expect("flush: family without version", 0);
	same_number("flush: family without version: left", count(), 0);

	populate();
	begin(NFNL_SUBSYS_CTNETLINK, DEL, ACK, AF_UNSPEC);
	be16(CTA_ZONE, 9);
	expect("flush: by zone", 0);
	same_number("DIFF flush: by zone: left", count(), ours ? 6 : 0);
	flush();
}

static void test_stats(void)
{
	populate();
	ct(IPCTNL_MSG_CT_GET_STATS, 0);
	quietly("stats");
	same_text("stats: attributes", got.order, "1 2");
	same_number("stats: entries", got.value[CTA_STATS_GLOBAL_ENTRIES], 7);
	same_number("stats: family", got.family, AF_UNSPEC);
	same_number("stats: flags", got.flags, NLM_F_MULTI);

	ct(IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP);
	quietly("stats per cpu");
	same_number("stats per cpu: messages", got.messages,
		    sysconf(_SC_NPROCESSORS_CONF));
	same_text("stats per cpu: attributes", got.order,
		  "2 4 8 9 10 11 12 13 14 15");
	same_number("stats per cpu: type", got.type,
		    NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU);
	ct(IPCTNL_MSG_CT_GET_STATS_CPU, ACK);
	expect("stats per cpu: no dump", 0);
	same_number("stats per cpu: no dump, no message", got.messages, 0);

	begin(NFNL_SUBSYS_CTNETLINK_EXP, IPCTNL_MSG_EXP_GET_STATS_CPU,
	      NLM_F_DUMP, AF_UNSPEC);
	quietly("expectation stats");
	same_text("expectation stats: attributes", got.order, "1 2 3");
	same_number("expectation stats: type", got.type,
		    NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_EXP_GET_STATS_CPU);

	ct(IPCTNL_MSG_CT_GET_DYING, ACK);
	expect("dying: no dump", EOPNOTSUPP);
	ct(IPCTNL_MSG_CT_GET_UNCONFIRMED, ACK);
	expect("unconfirmed: no dump", EOPNOTSUPP);
	ct(IPCTNL_MSG_CT_GET_DYING, NLM_F_DUMP);
	shows("dying: empty", 0);
	ct(IPCTNL_MSG_CT_GET_UNCONFIRMED, NLM_F_DUMP);
	shows("unconfirmed: empty", 0);
}

/* --- events ------------------------------------------------------------- */

static bool event(void)
{
	struct pollfd pfd = { .fd = mnl_socket_get_fd(events), .events = POLLIN };
	static char in[BUFFER];

	memset(&got, 0, sizeof(got));
	if (poll(&pfd, 1, 2000) <= 0)
		return false;
	if (mnl_socket_recvfrom(events, in, sizeof(in)) <= 0)
		return false;
	read_message((struct nlmsghdr *)in);
	got.id = ((struct nlmsghdr *)in)->nlmsg_pid;
	return true;
}

static void sees(const char *name, int type, int flags, const char *order)
{
	char text[320], want[320];

	if (!event()) {
		result(false, name, "no event");
		return;
	}
	snprintf(text, sizeof(text), "%d %x: %s", got.type & 0xff,
		 got.flags, got.order);
	snprintf(want, sizeof(want), "%d %x: %s", type, flags, order);
	same_text(name, text, want);
}

static void write_sysctl(const char *name, const char *value)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/%s", name);
	f = fopen(path, "w");
	if (!f || fputs(value, f) < 0 || fclose(f))
		result(false, path, "cannot be written");
}

static void join(int group)
{
	mnl_socket_setsockopt(events, NETLINK_ADD_MEMBERSHIP, &group,
			      sizeof(group));
}

static void test_events(void)
{
	int on = NLM_F_CREATE | NLM_F_EXCL;

	flush();
	join(NFNLGRP_CONNTRACK_NEW);
	join(NFNLGRP_CONNTRACK_UPDATE);
	join(NFNLGRP_CONNTRACK_DESTROY);

	make(T());
	quietly("event: make");
	sees("event: new", NEW, on, "1 2 12 3 7 4 24 8");
	same_number("event: port of the cause", got.id, mnl_socket_get_portid(sk));
	make(T(.sport = 8, .proto = IPPROTO_UDP));
	be32(CTA_MARK, 4);
	be16(CTA_ZONE, 3);
	quietly("event: make with mark");
	sees("event: new udp with mark and zone", NEW, on, "1 2 18 12 3 7 24 8");
	make(T(.sport = 9));
	put_tuple(CTA_TUPLE_MASTER, T());
	quietly("event: make with master");
	sees("event: related", NEW, on, "1 2 12 3 7 4 14 24 8");

	update();
	be32(CTA_TIMEOUT, 50);
	quietly("event: update");
	sees("event: update", NEW, 0, "1 2 12 3 7 4 24 8");
	update();
	seqadj(CTA_SEQ_ADJ_ORIG, 3);
	quietly("event: update seqadj");
	sees("event: update seqadj", NEW, 0, "1 2 12 3 7 4 15 16 24 8");

	ct(DEL, ACK);
	put_tuple(CTA_TUPLE_ORIG, T(.sport = 9));
	quietly("event: delete");
	sees("event: destroy", DEL, 0, "1 2 12 3 7 4");
	ct(DEL, ACK);
	be16(CTA_ZONE, 3);
	put_tuple(CTA_TUPLE_ORIG, T(.sport = 8, .proto = IPPROTO_UDP));
	quietly("event: delete udp");
	sees("event: destroy udp with mark and zone", DEL, 0,
	     "1 2 18 12 3 7 8");

	write_sysctl("nf_conntrack_acct", "1");
	write_sysctl("nf_conntrack_timestamp", "1");
	make(T(.sport = 10));
	quietly("event: make with counters");
	sees("event: new with counters", NEW, on, "1 2 12 3 7 4 24 8");
	get(T(.sport = 10));
	same_text("get: attributes with counters", got.order,
		  "1 2 3 8 12 11 7 4 9 10 20 24");
	begin(NFNL_SUBSYS_CTNETLINK, ZERO, NLM_F_DUMP, AF_UNSPEC);
	shows("zero counters by dump", 2);
	begin(NFNL_SUBSYS_CTNETLINK, ZERO, ACK, AF_INET);
	put_tuple(CTA_TUPLE_ORIG, T(.sport = 10));
	expect("zero counters of one", 0);
	ct(DEL, ACK);
	put_tuple(CTA_TUPLE_ORIG, T(.sport = 10));
	quietly("event: delete with counters");
	sees("event: destroy with counters", DEL, 0, "1 2 12 3 7 9 10 20 4");
	write_sysctl("nf_conntrack_acct", "0");
	write_sysctl("nf_conntrack_timestamp", "0");

	/* nobody hears of a change that nobody made */
	update();
	be32(CTA_STATUS, 0);
	ask();
	result(!event(), "event: none after a failure", "got one");
}

static void test_echo(void)
{
	char in[BUFFER];
	int len;

	flush();
	while (event())
		;
	make(T(.sport = 11));
	req->nlmsg_flags = (req->nlmsg_flags | NLM_F_ECHO) & ~ACK;
	mnl_socket_sendto(sk, req, req->nlmsg_len);
	len = mnl_socket_recvfrom(sk, in, sizeof(in));
	memset(&got, 0, sizeof(got));
	if (len > 0)
		read_message((struct nlmsghdr *)in);
	same_text("echo: attributes", got.order, "1 2 12 3 7 4 24 8");
	same_number("echo: flags", got.flags, NLM_F_CREATE | NLM_F_EXCL);
	result(event(), "echo: others hear it too", "no event");
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);
	int on = 1;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		perror("netlink");
		exit(1);
	}
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
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
	sk = open_socket();
	events = open_socket();

	test_envelope();
	test_tuples();
	test_create_errors();
	test_create_more_errors();
	test_create();
	test_masters();
	test_update();
	test_get_and_delete();
	test_filters();
	test_tuple_filters();
	test_flush();
	test_stats();
	test_events();
	test_echo();
	flush();
	return 0;
}
