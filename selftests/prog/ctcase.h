/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Test cases of ctnetlink: a request, the errno of its answer, and what the
 * answer said.  TEMPLATE.c shows all of it in a program that is to be copied.
 *
 * A case is a row:  { NAME, HEAD, { ATTRIBUTE... }, ERRNO }
 * of a table:       static const struct ct_case rows[]; ... CASES(rows);
 * or stands alone:  CASE(NAME, HEAD, { ATTRIBUTE... }, ERRNO);
 * A dump has SHOWS(N) in place of the errno: it succeeds and brings N messages.
 * ASK() sends a request and returns the errno, MUST() is set-up: a case only if
 * it fails.  After each of them "got" holds what came; "ours" says whose modules
 * are loaded, "modern" that they are ours or of a kernel from 6.12 on.  Names of
 * cases in which ours differs on purpose contain "DIFF".
 */
#ifndef NFCT_CTCASE_H
#define NFCT_CTCASE_H

#include <sys/utsname.h>

#include "cases.h"
#include "nl.h"

#define CT_ATTRS	64	/* more than there are types */
#define CT_SILENCE_MS	300	/* no event comes later than that */

/* A tuple of two hosts; arguments replace the defaults. */
#define HOSTS(...)	(&(const struct nl_tuple){ .family = AF_INET,		\
			   .proto = IPPROTO_TCP, .src = "10.1.0.1",		\
			   .dst = "10.1.0.2", .sport = 1000, __VA_ARGS__ })
#define HOSTS6(...)	HOSTS(.family = AF_INET6, .src = "fd00::1",		\
			      .dst = "fd00::2", __VA_ARGS__)

/* Flags of requests */
#define CREATE	(NLM_F_CREATE | NLM_F_ACK)
#define ACK	NLM_F_ACK
#define DUMP	NLM_F_DUMP

struct ct_case {
	const char	*name;
	struct nl_head	head;
	struct nl_attr	attrs[NL_NEST_MAX + 1];
	int		error;
	bool		counts;
	int		messages[3];	/* of stock 6.1, of newer stock, of ours */
};

#define SHOWS(n)		0, true, { n, n, n }
#define DIFF_SHOWS(stock, ours)	0, true, { stock, stock, ours }
#define MODERN_SHOWS(old, n)	0, true, { old, n, n }

/* What an answer or an event said; of several messages, the last. */
struct ct_answer {
	int		messages;
	int		type;
	int		flags;
	int		family;
	unsigned int	portid;
	struct nl_end	end;
	char		order[256];		/* types of the attributes, "1 2 3" */
	uint32_t	value[CT_ATTRS];	/* integers by type, host order */
	uint32_t	id;			/* CTA_ID and CTA_EXPECT_ID as they are */
	char		text[CT_ATTRS][128];	/* tuples, strings and nests by type */
};

static struct mnl_socket *requests, *events;
static struct ct_answer got;
static bool ours, modern;

/* --- answers ---------------------------------------------------------------- */

/* What the attributes of a message mean */
enum ct_meaning { CT_STATISTICS, CT_CONNECTION, CT_EXPECTATION };

static inline enum ct_meaning ct_meaning_of(const struct nlmsghdr *nlh)
{
	if (NFNL_MSG_TYPE(nlh->nlmsg_type) > IPCTNL_MSG_CT_DELETE)
		return CT_STATISTICS;
	return NFNL_SUBSYS_ID(nlh->nlmsg_type) == NFNL_SUBSYS_CTNETLINK ?
	       CT_CONNECTION : CT_EXPECTATION;
}

static inline bool ct_is_tuple(enum ct_meaning meaning, int type)
{
	if (meaning == CT_STATISTICS)
		return false;
	if (meaning == CT_EXPECTATION)
		return type == CTA_EXPECT_MASTER || type == CTA_EXPECT_TUPLE ||
		       type == CTA_EXPECT_MASK;
	return type == CTA_TUPLE_ORIG || type == CTA_TUPLE_REPLY ||
	       type == CTA_TUPLE_MASTER;
}

static inline void ct_show_nat(const struct nlattr *outer, char *to, size_t size)
{
	const struct nlattr *n;

	mnl_attr_for_each_nested(n, outer) {
		if (mnl_attr_get_type(n) == CTA_EXPECT_NAT_DIR)
			nl_append(to, size, "dir %d ", ntohl(mnl_attr_get_u32(n)));
		else
			nl_show_tuple(n, to, size);
	}
}

/* The types inside a nest, in their order: "1(1 2 3)" */
static inline void ct_show_nest(const struct nlattr *outer, char *to, size_t size)
{
	const char *space = "";
	const struct nlattr *n;

	mnl_attr_for_each_nested(n, outer) {
		nl_append(to, size, "%s%d", space, mnl_attr_get_type(n));
		space = " ";
		if (!(n->nla_type & NLA_F_NESTED))
			continue;
		nl_append(to, size, "(");
		ct_show_nest(n, to, size);
		nl_append(to, size, ")");
	}
}

/* "NAME INFO", the latter as far as it is text */
static inline void ct_show_help(const struct nlattr *outer, char *to, size_t size)
{
	const struct nlattr *n;

	mnl_attr_for_each_nested(n, outer)
		nl_append(to, size, "%.*s ", mnl_attr_get_payload_len(n),
			  (const char *)mnl_attr_get_payload(n));
}

static inline void ct_read_integer(const struct nlattr *attr, struct ct_answer *a,
				   int type)
{
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		a->value[type] = mnl_attr_get_u8(attr);
		break;
	case 2:
		a->value[type] = ntohs(mnl_attr_get_u16(attr));
		break;
	case 4:
		a->value[type] = ntohl(mnl_attr_get_u32(attr));
		break;
	}
}

static inline bool ct_is_string(enum ct_meaning meaning, int type)
{
	return meaning == CT_EXPECTATION &&
	       (type == CTA_EXPECT_HELP_NAME || type == CTA_EXPECT_FN);
}

static inline bool ct_is_id(enum ct_meaning meaning, int type)
{
	return (meaning == CT_CONNECTION && type == CTA_ID) ||
	       (meaning == CT_EXPECTATION && type == CTA_EXPECT_ID);
}

static inline void ct_read_attr(const struct nlattr *attr, struct ct_answer *a,
				enum ct_meaning meaning)
{
	int type = mnl_attr_get_type(attr);
	size_t size = sizeof(a->text[0]);

	nl_append(a->order, sizeof(a->order), "%s%d", a->order[0] ? " " : "", type);
	if (type >= CT_ATTRS)
		return;
	a->text[type][0] = '\0';
	if (ct_is_tuple(meaning, type))
		nl_show_tuple(attr, a->text[type], size);
	else if (meaning == CT_EXPECTATION && type == CTA_EXPECT_NAT)
		ct_show_nat(attr, a->text[type], size);
	else if (ct_is_string(meaning, type))
		nl_append(a->text[type], size, "%s", mnl_attr_get_str(attr));
	else if (meaning == CT_CONNECTION && type == CTA_HELP)
		ct_show_help(attr, a->text[type], size);
	else if (attr->nla_type & NLA_F_NESTED)
		ct_show_nest(attr, a->text[type], size);
	else
		ct_read_integer(attr, a, type);
	if (ct_is_id(meaning, type))
		a->id = mnl_attr_get_u32(attr);
}

static inline void ct_read_message(const struct nlmsghdr *nlh, void *data)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct ct_answer *a = data;
	const struct nlattr *attr;

	a->messages++;
	a->type = nlh->nlmsg_type;
	a->flags = nlh->nlmsg_flags;
	a->family = nfg->nfgen_family;
	a->portid = nlh->nlmsg_pid;
	a->order[0] = '\0';
	mnl_attr_for_each(attr, nlh, sizeof(*nfg))
		ct_read_attr(attr, a, ct_meaning_of(nlh));
}

/* --- requests --------------------------------------------------------------- */

/* 0 or the errno of the answer, -1 if it has no end */
static inline int ct_ask(struct nl_head head, const struct nl_attr *attrs)
{
	char buf[NL_REQUEST_MAX];
	struct nlmsghdr *req = nl_build(buf, head);

	nl_put_list(req, attrs);
	memset(&got, 0, sizeof(got));
	got.end = nl_ask(requests, req, ct_read_message, &got);
	return got.end.error;
}

static inline const char *ct_error(int error)
{
	return error > 0 ? strerror(error) : error ? "no answer" : "no error";
}

/* With our modules every error that a request can cause has a text. */
static inline void ct_judge(const struct ct_case *c, int error)
{
	if (error != c->error)
		case_result(false, c->name, "got %d (%s %s), expected %d (%s)",
			    error, ct_error(error), got.end.text, c->error,
			    ct_error(c->error));
	else if (ours && error > 0 && !got.end.text[0])
		case_result(false, c->name, "error %d (%s) has no text", error,
			    ct_error(error));
	else if (c->counts)
		case_number(c->name, got.messages, c->messages[ours + modern]);
	else
		case_result(true, c->name, "%s", "");
}

static inline void ct_run(const struct ct_case *rows, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		ct_judge(&rows[i], ct_ask(rows[i].head, rows[i].attrs));
}

static inline void ct_must(const struct ct_case *c)
{
	int error = ct_ask(c->head, c->attrs);

	if (error)
		case_result(false, c->name, "set-up failed: %d (%s %s)", error,
			    ct_error(error), got.end.text);
}

#define CASES(rows)	ct_run(rows, ARRAY_SIZE(rows))
#define CASE(...)	ct_run(&(const struct ct_case){ __VA_ARGS__ }, 1)
#define MUST(...)	ct_must(&(const struct ct_case){ __VA_ARGS__ })
/* ASK(HEAD, ATTRIBUTE...) */
#define ASK(...)	ct_ask_row(&(const struct ct_case){ "", __VA_ARGS__ })

static inline int ct_ask_row(const struct ct_case *c)
{
	return ct_ask(c->head, c->attrs);
}

/* Messages of a dump, -1 if it failed */
static inline int ct_count(struct nl_head head)
{
	const struct nl_attr none = { NL_END };

	return ct_ask(head, &none) ? -1 : got.messages;
}

/* --- events ----------------------------------------------------------------- */

/* The next event into "got"; false if none comes in so many milliseconds. */
static inline bool ct_event(unsigned int ms)
{
	char in[NL_ANSWER_MAX];

	memset(&got, 0, sizeof(got));
	nl_set_patience(events, ms);
	if (nl_receive(events, in, sizeof(in), 0) < 0) {
		if (errno != EAGAIN)
			err(1, "events");
		return false;
	}
	ct_read_message((struct nlmsghdr *)in, &got);
	return true;
}

static inline void ct_forget_events(void)
{
	while (ct_event(CT_SILENCE_MS))
		;
}

/* --- the program ------------------------------------------------------------ */

static inline bool kernel_is_at_least(int version, int minor)
{
	struct utsname name;
	int has[2] = { 0, 0 };

	uname(&name);
	sscanf(name.release, "%d.%d", &has[0], &has[1]);
	return has[0] > version || (has[0] == version && has[1] >= minor);
}

/* Its one argument is "stock" or "ours". */
static inline void ct_begin(int argc, char **argv)
{
	if (argc != 2)
		errx(2, "usage: %s stock|ours", argv[0]);
	ours = !strcmp(argv[1], "ours");
	modern = ours || kernel_is_at_least(6, 12);
	setvbuf(stdout, NULL, _IOLBF, 0);
	requests = nl_open();
	events = nl_open();
}

#endif
