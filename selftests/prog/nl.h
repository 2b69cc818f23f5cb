/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Netfilter netlink for the test programs: open a socket, build a request, send
 * it, read the answer to its end.  Everything is in this header, so that a
 * program stays one .c file that one cc command compiles.
 *
 * A request is a head and a list of attributes:
 *
 *	char buf[NL_REQUEST_MAX];
 *	struct nlmsghdr *req = nl_request(buf, CT(IPCTNL_MSG_CT_DELETE, NLM_F_ACK));
 *
 *	nl_put(req, TUPLE(CTA_TUPLE_ORIG, &tuple), BE32(CTA_MARK, 7));
 *	error = nl_ask(socket, req, NULL, NULL).error;
 *
 * Heads: CT() and EXP() for IPv4, CT_OF() and EXP_OF() for any family.
 * Attributes: see "lists of attributes" below.  What cannot go on ends the
 * program with a message.
 */
#ifndef NFCT_NL_H
#define NFCT_NL_H

#include <arpa/inet.h>
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

/* Rows of tables leave out members at their end. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
/* A macro for a tuple has defaults that its arguments replace. */
#pragma GCC diagnostic ignored "-Woverride-init"

#define NL_REQUEST_MAX	4096
#define NL_ANSWER_MAX	65536
#define NL_PATIENCE_MS	5000
#define NL_NEST_MAX	8

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* --- sockets -------------------------------------------------------------- */

static inline void nl_option(struct mnl_socket *nl, int option, int value)
{
	if (mnl_socket_setsockopt(nl, option, &value, sizeof(value)))
		err(1, "netlink socket option %d", option);
}

static inline void nl_join(struct mnl_socket *nl, int group)
{
	nl_option(nl, NETLINK_ADD_MEMBERSHIP, group);
}

/* How long a read waits */
static inline void nl_set_patience(struct mnl_socket *nl, unsigned int ms)
{
	struct timeval limit = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	if (setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &limit,
		       sizeof(limit)))
		err(1, "netlink receive timeout");
}

/* A socket that hears no events; nl_join() changes that. */
static inline struct mnl_socket *nl_open(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_NETFILTER);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err(1, "netlink socket");
	nl_option(nl, NETLINK_EXT_ACK, 1);
	nl_option(nl, NETLINK_CAP_ACK, 1);
	nl_set_patience(nl, NL_PATIENCE_MS);
	return nl;
}

/* --- tuples ---------------------------------------------------------------- */

/* What to leave out of a tuple, or to make too short */
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

/* Numbers in host order. */
struct nl_tuple {
	int		family;
	int		proto;
	const char	*src, *dst;	/* or, where there is no text: */
	uint32_t	src4, dst4;	/* IPv4; in IPv6 what follows fd00:: */
	int		sport, dport;	/* of ICMP: ID and type */
	int		zone;
	int		without;	/* NO_* and SHORT_* */
};

static inline struct nl_tuple nl_reverse(const struct nl_tuple *t)
{
	struct nl_tuple r = *t;

	r.src = t->dst;
	r.dst = t->src;
	r.src4 = t->dst4;
	r.dst4 = t->src4;
	if (t->proto == IPPROTO_ICMP) {
		r.dport = 0;
	} else if (t->proto == IPPROTO_ICMPV6) {
		r.dport = 129;
	} else {
		r.sport = t->dport;
		r.dport = t->sport;
	}
	return r;
}

static inline void nl_put_be16(struct nlmsghdr *nlh, int type, uint16_t value)
{
	mnl_attr_put_u16(nlh, type, htons(value));
}

static inline void nl_put_be32(struct nlmsghdr *nlh, int type, uint32_t value)
{
	mnl_attr_put_u32(nlh, type, htonl(value));
}

static inline void nl_put_address(struct nlmsghdr *nlh, const struct nl_tuple *t,
				  int type, const char *text, uint32_t host)
{
	int len = t->family == AF_INET6 ? 16 : 4;
	uint8_t addr[16] = { 0xfd };

	host = htonl(host);
	if (!text)
		memcpy(addr + len - 4, &host, 4);
	else if (inet_pton(t->family, text, addr) != 1)
		errx(1, "no address: %s", text);
	mnl_attr_put(nlh, type, t->without & SHORT_IP ? len - 1 : len, addr);
}

static inline void nl_put_addresses(struct nlmsghdr *nlh, const struct nl_tuple *t)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);
	bool six = t->family == AF_INET6;

	if (!(t->without & NO_SRC))
		nl_put_address(nlh, t, six ? CTA_IP_V6_SRC : CTA_IP_V4_SRC,
			       t->src, t->src4);
	if (!(t->without & NO_DST))
		nl_put_address(nlh, t, six ? CTA_IP_V6_DST : CTA_IP_V4_DST,
			       t->dst, t->dst4);
	mnl_attr_nest_end(nlh, nest);
}

static inline void nl_put_icmp(struct nlmsghdr *nlh, const struct nl_tuple *t)
{
	bool six = t->proto == IPPROTO_ICMPV6;

	if (!(t->without & NO_SPORT))
		nl_put_be16(nlh, six ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID,
			    t->sport);
	if (t->without & NO_DPORT)
		return;
	mnl_attr_put_u8(nlh, six ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE,
			t->dport);
	mnl_attr_put_u8(nlh, six ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE,
			0);
}

static inline void nl_put_ports(struct nlmsghdr *nlh, const struct nl_tuple *t)
{
	if (t->without & SHORT_PORT)
		mnl_attr_put_u8(nlh, CTA_PROTO_SRC_PORT, 1);
	else if (!(t->without & NO_SPORT))
		nl_put_be16(nlh, CTA_PROTO_SRC_PORT, t->sport);
	if (!(t->without & NO_DPORT))
		nl_put_be16(nlh, CTA_PROTO_DST_PORT, t->dport);
}

static inline void nl_put_proto(struct nlmsghdr *nlh, const struct nl_tuple *t)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);

	if (t->without & SHORT_NUM)
		mnl_attr_put(nlh, CTA_PROTO_NUM, 0, "");
	else if (!(t->without & NO_NUM))
		mnl_attr_put_u8(nlh, CTA_PROTO_NUM, t->proto);
	if (t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6)
		nl_put_icmp(nlh, t);
	else
		nl_put_ports(nlh, t);
	mnl_attr_nest_end(nlh, nest);
}

static inline void nl_put_tuple(struct nlmsghdr *nlh, int type,
				const struct nl_tuple *t)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, type);

	if (!(t->without & NO_IP))
		nl_put_addresses(nlh, t);
	if (!(t->without & NO_PROTO))
		nl_put_proto(nlh, t);
	if (t->zone)
		nl_put_be16(nlh, CTA_TUPLE_ZONE, t->zone);
	mnl_attr_nest_end(nlh, nest);
}

/* --- lists of attributes ---------------------------------------------------- */

enum nl_kind {
	NL_END,
	NL_U8,
	NL_BE16,
	NL_BE32,
	NL_U32,
	NL_BYTES,
	NL_STRING,
	NL_NEST,
	NL_FLAT,
	NL_TUPLE,
	NL_BACK,
	NL_PAIR,
};

struct nl_attr {
	enum nl_kind		kind;
	int			type;
	uint32_t		value;
	const void		*data;
	const struct nl_attr	*list;
	const struct nl_tuple	*tuple;
};

/* Integers; U32 is not turned into network order. */
#define U8(type, n)		{ NL_U8, type, n }
#define BE16(type, n)		{ NL_BE16, type, n }
#define BE32(type, n)		{ NL_BE32, type, n }
#define U32(type, n)		{ NL_U32, type, n }
#define BYTES(type, len, bytes)	{ NL_BYTES, type, len, bytes }
#define STRING(type, text)	{ NL_STRING, type, 0, text }
/* Up to eight attributes in one; FLAT is a nest without the flag of one. */
#define NL_LIST(...)		(const struct nl_attr[NL_NEST_MAX + 1]){ __VA_ARGS__ }
#define NEST(type, ...)		{ NL_NEST, type, .list = NL_LIST(__VA_ARGS__) }
#define FLAT(type, ...)		{ NL_FLAT, type, .list = NL_LIST(__VA_ARGS__) }
/* A tuple, given by its address; BACK is its answer's.  PAIR is CTA_TUPLE_ORIG
 * and, turned round, CTA_TUPLE_REPLY.
 */
#define TUPLE(type, t)		{ NL_TUPLE, type, .tuple = t }
#define BACK(type, t)		{ NL_BACK, type, .tuple = t }
#define PAIR(t)			{ NL_PAIR, 0, .tuple = t }

static inline void nl_put_list(struct nlmsghdr *nlh, const struct nl_attr *list);

static inline void nl_put_nest(struct nlmsghdr *nlh, const struct nl_attr *a)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, a->type);

	nl_put_list(nlh, a->list);
	mnl_attr_nest_end(nlh, nest);
	if (a->kind == NL_FLAT)
		nest->nla_type &= ~NLA_F_NESTED;
}

static inline void nl_put_reply(struct nlmsghdr *nlh, int type,
				const struct nl_tuple *t)
{
	struct nl_tuple back = nl_reverse(t);

	nl_put_tuple(nlh, type, &back);
}

static inline void nl_put_attr(struct nlmsghdr *nlh, const struct nl_attr *a)
{
	switch (a->kind) {
	case NL_U8:
		mnl_attr_put_u8(nlh, a->type, a->value);
		break;
	case NL_BE16:
		nl_put_be16(nlh, a->type, a->value);
		break;
	case NL_BE32:
		nl_put_be32(nlh, a->type, a->value);
		break;
	case NL_U32:
		mnl_attr_put_u32(nlh, a->type, a->value);
		break;
	case NL_BYTES:
		mnl_attr_put(nlh, a->type, a->value, a->data);
		break;
	case NL_STRING:
		mnl_attr_put_strz(nlh, a->type, a->data);
		break;
	case NL_NEST:
	case NL_FLAT:
		nl_put_nest(nlh, a);
		break;
	case NL_TUPLE:
		nl_put_tuple(nlh, a->type, a->tuple);
		break;
	case NL_BACK:
		nl_put_reply(nlh, a->type, a->tuple);
		break;
	case NL_PAIR:
		nl_put_tuple(nlh, CTA_TUPLE_ORIG, a->tuple);
		nl_put_reply(nlh, CTA_TUPLE_REPLY, a->tuple);
		break;
	case NL_END:
		break;
	}
}

static inline void nl_put_list(struct nlmsghdr *nlh, const struct nl_attr *list)
{
	for (; list->kind; list++)
		nl_put_attr(nlh, list);
}

/* nl_put(req, ATTRIBUTE...): up to eight */
#define nl_put(nlh, ...)	nl_put_list(nlh, NL_LIST(__VA_ARGS__))

/* --- requests and answers --------------------------------------------------- */

struct nl_head {
	int	subsys;
	int	type;
	int	flags;
	int	family;
	int	version;
	int	res_id;
};

#define CT_OF(family, type, flags)	{ NFNL_SUBSYS_CTNETLINK, type, flags, family }
#define CT(type, flags)			CT_OF(AF_INET, type, flags)
#define EXP_OF(family, type, flags)	{ NFNL_SUBSYS_CTNETLINK_EXP, type, flags, family }
#define EXP(type, flags)		EXP_OF(AF_INET, type, flags)

/* Each thread has sequence numbers of its own. */
static _Thread_local unsigned int nl_seq;

static inline struct nlmsghdr *nl_build(void *buf, struct nl_head head)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = head.subsys << 8 | head.type;
	nlh->nlmsg_flags = NLM_F_REQUEST | head.flags;
	nlh->nlmsg_seq = ++nl_seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = head.family;
	nfg->version = head.version;
	nfg->res_id = htons(head.res_id);
	return nlh;
}

/* nl_request(buf, HEAD): a request without attributes */
#define nl_request(buf, ...)	nl_build(buf, (struct nl_head)__VA_ARGS__)

/* How an answer ended */
struct nl_end {
	int	error;		/* errno; -1: it did not end in time */
	bool	done;		/* a dump said that it is complete */
	int	flags;		/* of the message that said so */
	char	text[256];	/* the kernel's reason, empty if it gave none */
};

static inline void nl_read_reason(const struct nlmsghdr *nlh, struct nl_end *end)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	unsigned int off = sizeof(*e);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		off += e->msg.nlmsg_len - sizeof(struct nlmsghdr);
	mnl_attr_for_each(attr, nlh, off)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(end->text, sizeof(end->text), "%s",
				 mnl_attr_get_str(attr));
}

/* Whether this message ends the answer */
static inline bool nl_is_end(const struct nlmsghdr *nlh, struct nl_end *end)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == NLMSG_ERROR) {
		nl_read_reason(nlh, end);
		end->error = -e->error;
		return true;
	}
	if (nlh->nlmsg_type == NLMSG_DONE) {
		end->done = true;
		end->flags = nlh->nlmsg_flags;
		end->error = -*(int *)mnl_nlmsg_get_payload(nlh);
		return true;
	}
	return false;
}

typedef void nl_message_fn(const struct nlmsghdr *nlh, void *data);

/*
 * The messages of one datagram; true if one of them ends the answer to @seq.  An
 * echo, which is an event, has the number 0.
 */
static inline bool nl_read_datagram(void *in, int len, unsigned int seq,
				    nl_message_fn *fn, void *data,
				    struct nl_end *end)
{
	struct nlmsghdr *nlh;

	for (nlh = in; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq && nlh->nlmsg_seq != seq)
			continue;
		if (nl_is_end(nlh, end))
			return true;
		if (fn)
			fn(nlh, data);
	}
	return false;
}

/* A datagram's length, or -1 with errno; one too long for @in is an error. */
static inline int nl_receive(struct mnl_socket *nl, void *in, size_t size,
			     int flags)
{
	ssize_t len;

	do {
		len = recv(mnl_socket_get_fd(nl), in, size, flags | MSG_TRUNC);
	} while (len < 0 && errno == EINTR);
	if (len <= (ssize_t)size)
		return len;
	errno = EMSGSIZE;
	return -1;
}

/*
 * Read the answer to @req; @fn, which may be NULL, sees each of its messages.  A
 * request that asks neither for an ACK nor for a dump has all of its answer in
 * the socket when its first datagram is there.
 */
static inline struct nl_end nl_read_answer(struct mnl_socket *nl,
					   const struct nlmsghdr *req,
					   nl_message_fn *fn, void *data)
{
	bool ends = req->nlmsg_flags & (NLM_F_ACK | NLM_F_DUMP);
	struct nl_end end = { .error = -1 };
	char in[NL_ANSWER_MAX];
	int len, flags = 0;

	for (;;) {
		len = nl_receive(nl, in, sizeof(in), flags);
		if (len < 0) {
			if (errno != EAGAIN)
				end.error = errno;
			return end;
		}
		if (nl_read_datagram(in, len, req->nlmsg_seq, fn, data, &end))
			return end;
		if (!ends) {
			flags = MSG_DONTWAIT;
			end.error = 0;
		}
	}
}

static inline void nl_send(struct mnl_socket *nl, const struct nlmsghdr *req)
{
	if (mnl_socket_sendto(nl, req, req->nlmsg_len) < 0)
		err(1, "netlink request");
}

/* Send @req and read its answer. */
static inline struct nl_end nl_ask(struct mnl_socket *nl,
				   const struct nlmsghdr *req,
				   nl_message_fn *fn, void *data)
{
	struct nl_end end = { };

	if (mnl_socket_sendto(nl, req, req->nlmsg_len) < 0) {
		end.error = errno;
		return end;
	}
	return nl_read_answer(nl, req, fn, data);
}

/* The same where only success will do; @what is for the message. */
static inline void nl_must(struct mnl_socket *nl, const struct nlmsghdr *req,
			   nl_message_fn *fn, void *data, const char *what)
{
	struct nl_end end = nl_ask(nl, req, fn, data);

	if (end.error)
		errx(1, "%s: %s %s", what, end.error < 0 ? "no answer" :
		     strerror(end.error), end.text);
}

/* --- what is in a message ---------------------------------------------------- */

/* IPv4, host order.  No padding inside: may be compared and hashed as bytes. */
struct nl_flow {
	uint32_t	id;	/* of the entry: no part of a tuple, callers fill it in */
	uint32_t	src, dst;
	uint16_t	sport, dport;
	uint32_t	proto;
};

static inline void nl_read_member(const struct nlattr *nest,
				  const struct nlattr *attr, struct nl_flow *flow)
{
	switch (mnl_attr_get_type(nest) << 8 | mnl_attr_get_type(attr)) {
	case CTA_TUPLE_IP << 8 | CTA_IP_V4_SRC:
		flow->src = ntohl(mnl_attr_get_u32(attr));
		break;
	case CTA_TUPLE_IP << 8 | CTA_IP_V4_DST:
		flow->dst = ntohl(mnl_attr_get_u32(attr));
		break;
	case CTA_TUPLE_PROTO << 8 | CTA_PROTO_NUM:
		flow->proto = mnl_attr_get_u8(attr);
		break;
	case CTA_TUPLE_PROTO << 8 | CTA_PROTO_SRC_PORT:
		flow->sport = ntohs(mnl_attr_get_u16(attr));
		break;
	case CTA_TUPLE_PROTO << 8 | CTA_PROTO_DST_PORT:
		flow->dport = ntohs(mnl_attr_get_u16(attr));
		break;
	}
}

/* What a tuple does not say stays as it is. */
static inline void nl_read_tuple(const struct nlattr *tuple, struct nl_flow *flow)
{
	const struct nlattr *nest, *attr;

	mnl_attr_for_each_nested(nest, tuple)
		mnl_attr_for_each_nested(attr, nest)
			nl_read_member(nest, attr, flow);
}

/* The state in CTA_PROTOINFO, -1 where it is not of TCP */
static inline int nl_tcp_state(const struct nlattr *info)
{
	const struct nlattr *nest, *attr;

	mnl_attr_for_each_nested(nest, info) {
		if (mnl_attr_get_type(nest) != CTA_PROTOINFO_TCP)
			continue;
		mnl_attr_for_each_nested(attr, nest)
			if (mnl_attr_get_type(attr) == CTA_PROTOINFO_TCP_STATE)
				return mnl_attr_get_u8(attr);
	}
	return -1;
}

/* When the entry began, in seconds since 1970; 0 where CTA_TIMESTAMP does not say it */
static inline double nl_start(const struct nlattr *stamps)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, stamps)
		if (mnl_attr_get_type(attr) == CTA_TIMESTAMP_START)
			return be64toh(mnl_attr_get_u64(attr)) * 1e-9;
	return 0;
}

/* New, updated or destroyed: the first letter */
static inline char nl_event(const struct nlmsghdr *nlh)
{
	if (NFNL_MSG_TYPE(nlh->nlmsg_type) == IPCTNL_MSG_CT_DELETE)
		return 'D';
	return nlh->nlmsg_flags & NLM_F_CREATE ? 'N' : 'U';
}

static inline void __attribute__((format(printf, 3, 4)))
nl_append(char *to, size_t size, const char *fmt, ...)
{
	size_t used = strlen(to);
	va_list args;

	va_start(args, fmt);
	vsnprintf(to + used, size - used, fmt, args);
	va_end(args);
}

/* Appends a tuple as "SRC DST PROTO SPORT DPORT "; with a zone "zone " is last. */
static inline void nl_show_tuple(const struct nlattr *tuple, char *to, size_t size)
{
	const struct nlattr *nest, *a;
	char addr[INET6_ADDRSTRLEN];

	mnl_attr_for_each_nested(nest, tuple) {
		if (mnl_attr_get_type(nest) == CTA_TUPLE_ZONE) {
			nl_append(to, size, "zone ");
			continue;
		}
		mnl_attr_for_each_nested(a, nest) {
			int len = mnl_attr_get_payload_len(a);
			const uint8_t *p = mnl_attr_get_payload(a);

			if (mnl_attr_get_type(nest) == CTA_TUPLE_IP)
				nl_append(to, size, "%s ",
					  inet_ntop(len == 16 ? AF_INET6 : AF_INET,
						    p, addr, sizeof(addr)));
			else
				nl_append(to, size, "%d ", len == 1 ? p[0] :
					  p[0] << 8 | p[1]);
		}
	}
}

#endif
