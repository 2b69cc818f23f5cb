// SPDX-License-Identifier: GPL-2.0
/*
 * Sends hand-made TCP segments through a router and says what its conntrack
 * thinks of them.  Runs in the guest; namespaces c, r and s as lib.sh makes
 * them.  In r the rules of the test tcp-states drop what is INVALID and leave
 * UDP port 9 untracked: behind each segment goes a UDP marker on the same CPU,
 * so when the marker arrives the segment has arrived as well, or never will.
 *
 *   tcpscript [-6] [-o] [-s SLACK] FILE
 *
 * -o prints FILE with what was observed in place of what is expected; else each
 * case is reported, and at the end "dropped N", the number of segments that did
 * not arrive.  SLACK: seconds that a timeout may have run already (default 3).
 *
 * FILE, one item a line, # begins a comment:
 *
 *   path NAME       the segments that follow lead to a situation of that name
 *   case NAME       a new connection; the segments that follow are checked
 *   from NAME       each segment that follows is a case of its own, on a new
 *                   connection that has gone the path NAME
 *   use NAME        go that path here
 *   isn C S         first sequence numbers (default 1000 5000)
 *   set KEY VALUE   sysctl net.netfilter.nf_conntrack_KEY in r until next "case"
 *   sleep MS
 *   SEGMENT [= OBSERVED]
 *
 * SEGMENT:  > or < (from the client, from the server), flags out of SAFRPUEC
 * (or -), sequence number [+ length of data], then any of: aACK wWINDOW wsN
 * sackok mss nop sackFROM-TO xHEX (bytes of options) doffN badsum cutN (header
 * ends after N bytes).  Numbers are relative to the first one of the side
 * that they belong to; "." stands for the next one in order.  Without aACK, a
 * segment with A acknowledges everything.
 *
 * OBSERVED: pass or drop, then "none" or: state, tSECONDS, f ORIGINAL/REPLY
 * (flags, hex), ws ORIGINAL/REPLY, R (replied), A (assured), new (another
 * entry than after the segment before).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>

#include "cases.h"
#include "wire.h"

#define MARKER_PORT	9
#define SERVER_PORT	80
#define MAX_LINES	4096
#define MAX_DATA	1200
#define OPTIONS_MAX	40

enum { CLIENT, SERVER, SIDES };

struct end {
	int		ns;
	int		raw;	/* sends IP packets */
	int		udp;	/* sends markers */
	int		tap;	/* sees what arrives */
	const char	*addr4;
	const char	*addr6;
	struct in_addr	in4;
	struct in6_addr	in6;
};

struct segment {
	int		from;
	uint8_t		flags;
	uint32_t	seq;
	uint32_t	ack;
	bool		has_ack;
	unsigned int	len;
	uint16_t	win;
	uint8_t		opts[OPTIONS_MAX];
	unsigned int	optlen;
	int		doff;	/* -1: right */
	int		cut;	/* -1: whole */
	bool		badsum;
};

struct path {
	char	name[32];
	int	first;	/* lines [first, last) */
	int	last;
};

static struct end ends[SIDES] = {
	[CLIENT] = { .addr4 = "10.0.1.2", .addr6 = "fd00:1::2" },
	[SERVER] = { .addr4 = "10.0.2.2", .addr6 = "fd00:2::2" },
};
static int router_ns;
static struct nfct_handle *ctnl;
static bool six, observe;
static unsigned int slack = 3;

static char *lines[MAX_LINES];
static int line_count;
static struct path paths[64];
static int path_count;

/* The connection of the running case */
static uint16_t port = 10000;
static uint32_t isn[SIDES] = { 1000, 5000 };
static uint32_t next_seq[SIDES];
static uint32_t ct_id;
static uint32_t marker;
static unsigned int dropped;

/* The verdict on it */
static char case_name[256];
static char case_fault[512];
static bool case_open;

static const char *const state_names[] = {
	"NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT",
	"LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2",
};

static void enter(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		err(2, "setns");
}

static int open_ns(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

static void open_end(struct end *end, const char *name)
{
	int family = six ? AF_INET6 : AF_INET;

	end->ns = open_ns(name);
	enter(end->ns);
	inet_pton(AF_INET, end->addr4, &end->in4);
	inet_pton(AF_INET6, end->addr6, &end->in6);
	end->raw = socket(family, SOCK_RAW, IPPROTO_RAW);
	end->udp = socket(family, SOCK_DGRAM, 0);
	end->tap = socket(AF_PACKET, SOCK_DGRAM,
			  htons(six ? ETH_P_IPV6 : ETH_P_IP));
	if (end->raw < 0 || end->udp < 0 || end->tap < 0)
		err(2, "socket");
}

static void write_sysctl(const char *key, const char *value)
{
	char path[128];
	FILE *f;

	enter(router_ns);
	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/nf_conntrack_%s",
		 key);
	f = fopen(path, "w");
	if (!f || fprintf(f, "%s\n", value) < 0 || fclose(f))
		err(2, "%s", path);
}

/* ---- sending ---- */

static uint16_t tcp_checksum(const struct end *src, const struct end *dst,
			     const uint8_t *tcp, size_t n)
{
	uint32_t sum = IPPROTO_TCP + n;

	if (six) {
		sum = add_up((const void *)&src->in6, 16, sum);
		sum = add_up((const void *)&dst->in6, 16, sum);
	} else {
		sum = add_up((const void *)&src->in4, 4, sum);
		sum = add_up((const void *)&dst->in4, 4, sum);
	}
	return checksum(tcp, n, sum);
}

static size_t build_tcp(const struct segment *seg, uint8_t *tcp)
{
	unsigned int optlen = (seg->optlen + 3) & ~3u;
	unsigned int hlen = 20 + optlen;
	size_t n = hlen + seg->len;
	uint16_t sum;

	memset(tcp, 0, n);
	put16(tcp, seg->from == CLIENT ? port : SERVER_PORT);
	put16(tcp + 2, seg->from == CLIENT ? SERVER_PORT : port);
	put32(tcp + 4, seg->seq);
	put32(tcp + 8, seg->has_ack ? seg->ack : 0);
	tcp[12] = (seg->doff < 0 ? hlen / 4 : (unsigned int)seg->doff) << 4;
	tcp[13] = seg->flags;
	put16(tcp + 14, seg->win);
	memcpy(tcp + 20, seg->opts, seg->optlen);
	if (seg->cut >= 0)
		n = seg->cut;

	sum = tcp_checksum(&ends[seg->from], &ends[!seg->from], tcp, n);
	if (n >= 18)
		put16(tcp + 16, seg->badsum ? sum ^ 0x5555 : sum);
	return n;
}

static void send_tcp(const struct segment *seg)
{
	const struct end *src = &ends[seg->from], *dst = &ends[!seg->from];
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	uint8_t packet[40 + 60 + MAX_DATA];
	size_t hlen = six ? 40 : 20;
	size_t n = build_tcp(seg, packet + hlen);
	ssize_t sent;

	memset(packet, 0, hlen);
	if (six) {
		packet[0] = 0x60;
		put16(packet + 4, n);
		packet[6] = IPPROTO_TCP;
		packet[7] = 64;
		memcpy(packet + 8, &src->in6, 16);
		memcpy(packet + 24, &dst->in6, 16);
		to6.sin6_addr = dst->in6;
		sent = sendto(src->raw, packet, hlen + n, 0, (void *)&to6,
			      sizeof(to6));
	} else {
		packet[0] = 0x45;
		put16(packet + 2, hlen + n);
		packet[8] = 64;
		packet[9] = IPPROTO_TCP;
		memcpy(packet + 12, &src->in4, 4);
		memcpy(packet + 16, &dst->in4, 4);
		to4.sin_addr = dst->in4;
		sent = sendto(src->raw, packet, hlen + n, 0, (void *)&to4,
			      sizeof(to4));
	}
	if (sent != (ssize_t)(hlen + n))
		err(2, "sendto");
}

static void send_marker(int from)
{
	const struct end *dst = &ends[!from];
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6, .sin6_port = htons(MARKER_PORT),
		.sin6_addr = dst->in6,
	};
	struct sockaddr_in to4 = {
		.sin_family = AF_INET, .sin_port = htons(MARKER_PORT),
		.sin_addr = dst->in4,
	};

	marker++;
	if (sendto(ends[from].udp, &marker, sizeof(marker), 0,
		   six ? (void *)&to6 : (void *)&to4,
		   six ? sizeof(to6) : sizeof(to4)) < 0)
		err(2, "sendto");
}

/* ---- receiving ---- */

/* Reads one packet: 1 if it is our segment, 2 if it is the marker, else 0. */
static int receive_one(int to)
{
	struct sockaddr_ll ll;
	socklen_t ll_len = sizeof(ll);
	uint8_t p[2048], *l4;
	uint16_t sport, dport;
	ssize_t n, hlen;
	uint32_t value;
	int proto;

	n = recvfrom(ends[to].tap, p, sizeof(p), 0, (void *)&ll, &ll_len);
	if (n < 20 || ll.sll_pkttype == PACKET_OUTGOING)
		return 0;

	hlen = six ? 40 : (p[0] & 0xf) * 4;
	proto = six ? p[6] : p[9];
	if (n < hlen + 4)
		return 0;
	l4 = p + hlen;
	sport = l4[0] << 8 | l4[1];
	dport = l4[2] << 8 | l4[3];

	if (proto == IPPROTO_TCP)
		return to == SERVER ? sport == port && dport == SERVER_PORT :
				      dport == port && sport == SERVER_PORT;
	if (proto != IPPROTO_UDP || dport != MARKER_PORT ||
	    n < hlen + 8 + (ssize_t)sizeof(value))
		return 0;
	memcpy(&value, l4 + 8, sizeof(value));
	return value == marker ? 2 : 0;
}

static bool has_arrived(int to)
{
	struct pollfd pfd = { .fd = ends[to].tap, .events = POLLIN };
	bool seen = false;
	int what;

	while (poll(&pfd, 1, 5000) > 0) {
		what = receive_one(to);
		if (what == 2)
			return seen;
		if (what == 1)
			seen = true;
	}
	errx(2, "the marker got lost");
}

/* ---- asking ---- */

static char *append(char *p, const char *end, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static char *append(char *p, const char *end, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p, end - p, fmt, ap);
	va_end(ap);
	return n < end - p ? p + n : p + strlen(p);
}

/* A timeout that runs already, back to where it began if that is well known. */
static unsigned int round_timeout(unsigned int left)
{
	static const unsigned int known[] = { 10, 30, 60, 120, 300, 432000 };
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (left <= known[i] && left + slack >= known[i])
			return known[i];
	}
	return left;
}

static int describe(enum nf_conntrack_msg_type type, struct nf_conntrack *ct,
		    void *data)
{
	uint32_t id = nfct_get_attr_u32(ct, ATTR_ID);
	uint32_t status = nfct_get_attr_u32(ct, ATTR_STATUS);
	uint8_t state = nfct_get_attr_u8(ct, ATTR_TCP_STATE);
	char *p = data, *end = p + 128;

	(void)type;
	p = append(p, end, " %s t%u", state < 10 ? state_names[state] : "?",
		   round_timeout(nfct_get_attr_u32(ct, ATTR_TIMEOUT)));
	p = append(p, end, " f%02x/%02x",
		   nfct_get_attr_u8(ct, ATTR_TCP_FLAGS_ORIG),
		   nfct_get_attr_u8(ct, ATTR_TCP_FLAGS_REPL));
	p = append(p, end, " ws%u/%u",
		   nfct_get_attr_u8(ct, ATTR_TCP_WSCALE_ORIG),
		   nfct_get_attr_u8(ct, ATTR_TCP_WSCALE_REPL));
	if (status & IPS_SEEN_REPLY)
		p = append(p, end, " R");
	if (status & IPS_ASSURED)
		p = append(p, end, " A");
	if (ct_id && id != ct_id)
		append(p, end, " new");
	ct_id = id;
	return NFCT_CB_CONTINUE;
}

static void ask(char *out)
{
	struct nf_conntrack *ct = nfct_new();

	nfct_set_attr_u8(ct, ATTR_L4PROTO, IPPROTO_TCP);
	nfct_set_attr_u8(ct, ATTR_L3PROTO, six ? AF_INET6 : AF_INET);
	if (six) {
		nfct_set_attr(ct, ATTR_IPV6_SRC, &ends[CLIENT].in6);
		nfct_set_attr(ct, ATTR_IPV6_DST, &ends[SERVER].in6);
	} else {
		nfct_set_attr_u32(ct, ATTR_IPV4_SRC, ends[CLIENT].in4.s_addr);
		nfct_set_attr_u32(ct, ATTR_IPV4_DST, ends[SERVER].in4.s_addr);
	}
	nfct_set_attr_u16(ct, ATTR_PORT_SRC, htons(port));
	nfct_set_attr_u16(ct, ATTR_PORT_DST, htons(SERVER_PORT));

	*out = '\0';
	nfct_callback_register(ctnl, NFCT_T_ALL, describe, out);
	if (nfct_query(ctnl, NFCT_Q_GET, ct) < 0) {
		if (errno != ENOENT)
			err(2, "ctnetlink get");
		strcpy(out, " none");
		ct_id = 0;
	}
	nfct_destroy(ct);
}

/* ---- the language ---- */

static uint8_t parse_flags(const char *s)
{
	static const char letters[] = "FSRPAUEC";
	uint8_t flags = 0;

	for (; *s && *s != '-'; s++) {
		const char *at = strchr(letters, *s);

		if (!at)
			errx(2, "no such flag: %c", *s);
		flags |= 1 << (at - letters);
	}
	return flags;
}

/* "." or a number relative to the first of @side */
static uint32_t parse_number(const char *s, int side, char **end)
{
	if (*s == '.') {
		*end = (char *)s + 1;
		return next_seq[side];
	}
	return isn[side] + strtol(s, end, 0);
}

static void add_option(struct segment *seg, const void *bytes, size_t n)
{
	if (seg->optlen + n > OPTIONS_MAX)
		errx(2, "too many options");
	memcpy(seg->opts + seg->optlen, bytes, n);
	seg->optlen += n;
}

static void parse_sack(struct segment *seg, const char *word)
{
	uint8_t sack[10] = { 5, 10 };
	char *end;

	put32(sack + 2, parse_number(word + 4, !seg->from, &end));
	if (*end != '-')
		errx(2, "bad word: %s", word);
	put32(sack + 6, parse_number(end + 1, !seg->from, &end));
	add_option(seg, sack, sizeof(sack));
}

static void parse_hex(struct segment *seg, const char *hex)
{
	unsigned int byte;
	uint8_t b;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) {
		b = byte;
		add_option(seg, &b, 1);
	}
}

static void parse_word(struct segment *seg, const char *word)
{
	char *end;

	if (!strcmp(word, "sackok"))
		parse_hex(seg, "0402");
	else if (!strncmp(word, "sack", 4))
		parse_sack(seg, word);
	else if (!strcmp(word, "mss"))
		parse_hex(seg, "020405b4");
	else if (!strcmp(word, "nop"))
		parse_hex(seg, "01");
	else if (!strcmp(word, "badsum"))
		seg->badsum = true;
	else if (!strncmp(word, "doff", 4))
		seg->doff = atoi(word + 4);
	else if (!strncmp(word, "cut", 3))
		seg->cut = atoi(word + 3);
	else if (!strncmp(word, "ws", 2))
		add_option(seg, (uint8_t []){ 3, 3, atoi(word + 2) }, 3);
	else if (*word == 'w')
		seg->win = atoi(word + 1);
	else if (*word == 'x')
		parse_hex(seg, word + 1);
	else if (*word == 'a')
		seg->ack = parse_number(word + 1, !seg->from, &end);
	else
		errx(2, "no such word: %s", word);

	if (*word == 'a')
		seg->has_ack = true;
}

static void parse_segment(char *text, struct segment *seg)
{
	char *word, *save, *end;

	*seg = (struct segment){ .win = 10000, .doff = -1, .cut = -1 };
	word = strtok_r(text, " \t", &save);
	seg->from = *word == '>' ? CLIENT : SERVER;

	word = strtok_r(NULL, " \t", &save);
	if (!word)
		errx(2, "no flags");
	seg->flags = parse_flags(word);
	seg->has_ack = seg->flags & 0x10;
	seg->ack = next_seq[!seg->from];

	word = strtok_r(NULL, " \t", &save);
	if (!word)
		errx(2, "no sequence number");
	seg->seq = parse_number(word, seg->from, &end);
	if (*end == '+')
		seg->len = strtoul(end + 1, &end, 0);
	if (*end || seg->len > MAX_DATA)
		errx(2, "bad sequence number: %s", word);

	while ((word = strtok_r(NULL, " \t", &save)))
		parse_word(seg, word);
}

static void run_segment(char *text, char *out)
{
	struct segment seg;
	uint32_t end;
	bool passed;

	parse_segment(text, &seg);
	send_tcp(&seg);
	send_marker(seg.from);
	passed = has_arrived(!seg.from);
	dropped += !passed;

	/* what is out of order does not count as the next in order */
	end = seg.seq + seg.len + !!(seg.flags & 2) + (seg.flags & 1);
	if (passed && seg.seq == next_seq[seg.from])
		next_seq[seg.from] = end;

	strcpy(out, passed ? "pass" : "drop");
	ask(out + 4);
}

static void begin_connection(void)
{
	port++;
	ct_id = 0;
	next_seq[CLIENT] = isn[CLIENT];
	next_seq[SERVER] = isn[SERVER];
}

/* Same words, timeouts within the slack. */
static bool agrees(const char *got, const char *want)
{
	char a[256], b[256], *sa, *sb, *wa, *wb;

	snprintf(a, sizeof(a), "%s", got);
	snprintf(b, sizeof(b), "%s", want);
	wa = strtok_r(a, " \t", &sa);
	wb = strtok_r(b, " \t", &sb);
	for (; wa && wb; wa = strtok_r(NULL, " \t", &sa), wb = strtok_r(NULL, " \t", &sb)) {
		if (*wa == 't' && *wb == 't') {
			int late = atoi(wb + 1) - atoi(wa + 1);

			if (late < 0 || late > (int)slack)
				return false;
		} else if (strcmp(wa, wb)) {
			return false;
		}
	}
	return !wa && !wb;
}

static void end_case(void)
{
	if (!case_open)
		return;
	case_result(!*case_fault, case_name, "%s", case_fault);
	fflush(stdout);
	case_open = false;
}

static void begin_case(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void begin_case(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(case_name, sizeof(case_name), fmt, ap);
	va_end(ap);
	*case_fault = '\0';
	case_open = !observe;
	begin_connection();
}

static void trim(char *s)
{
	size_t n = strlen(s);

	while (n && strchr(" \t\n", s[n - 1]))
		s[--n] = '\0';
}

static void check_segment(const char *line, bool quiet)
{
	char text[256], got[160], *want;

	snprintf(text, sizeof(text), "%s", line);
	want = strchr(text, '=');
	if (want) {
		*want++ = '\0';
		want += strspn(want, " \t");
	}
	trim(text);
	if (observe && !quiet)
		printf("%-30s", text);
	run_segment(text, got);
	if (observe && !quiet)
		printf(" = %s\n", got);
	if (want && !agrees(got, want) && !*case_fault)
		snprintf(case_fault, sizeof(case_fault), "%.120s: got %.120s",
			 line, got);
}

static void go_path(const char *name)
{
	int i, j;

	for (i = 0; i < path_count; i++) {
		if (strcmp(paths[i].name, name))
			continue;
		for (j = paths[i].first; j < paths[i].last; j++) {
			if (!strncmp(lines[j], "use ", 4))
				go_path(lines[j] + 4);
			else
				check_segment(lines[j], true);
		}
		return;
	}
	errx(2, "no such path: %s", name);
}

static bool is_segment(const char *line)
{
	return *line == '>' || *line == '<';
}

static void run_command(const char *line)
{
	char key[64], value[64];
	unsigned int ms;
	int c, s;

	if (sscanf(line, "set %63s %63s", key, value) == 2) {
		write_sysctl(key, value);
	} else if (sscanf(line, "isn %i %i", &c, &s) == 2) {
		isn[CLIENT] = c;
		isn[SERVER] = s;
		begin_connection();
	} else if (sscanf(line, "sleep %u", &ms) == 1) {
		usleep(ms * 1000);
	} else {
		errx(2, "not understood: %s", line);
	}
}

/* What "set" and "isn" have changed goes back. */
static void restore(void)
{
	static const char *const defaults[][2] = {
		{ "tcp_be_liberal", "0" }, { "tcp_loose", "1" },
		{ "tcp_ignore_invalid_rst", "0" }, { "tcp_max_retrans", "3" },
		{ "checksum", "1" },
	};
	size_t i;

	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		write_sysctl(defaults[i][0], defaults[i][1]);
	isn[CLIENT] = 1000;
	isn[SERVER] = 5000;
}

/* The path that begins in line @i; returns its last line. */
static int add_path(int i)
{
	struct path *path = &paths[path_count++];

	if (path_count == 64)
		errx(2, "too many paths");
	snprintf(path->name, sizeof(path->name), "%.31s", lines[i] + 5);
	path->first = i + 1;
	while (i + 1 < line_count && (is_segment(lines[i + 1]) ||
				      !strncmp(lines[i + 1], "use ", 4))) {
		i++;
		if (observe)
			puts(lines[i]);
	}
	path->last = i + 1;
	return i;
}

/* Segment that is a case of its own: its path first */
static void check_after(const char *path, const char *line)
{
	begin_case("%s: %.*s", path, (int)strcspn(line, "="), line);
	trim(case_name);
	go_path(path);
	check_segment(line, false);
	end_case();
}

static void run(void)
{
	const char *from = NULL;
	int i;

	for (i = 0; i < line_count; i++) {
		const char *line = lines[i];

		if (observe && !is_segment(line))
			puts(line);
		if (!strncmp(line, "path ", 5)) {
			i = add_path(i);
		} else if (!strncmp(line, "case ", 5)) {
			end_case();
			restore();
			begin_case("%s", line + 5);
			from = NULL;
		} else if (!strncmp(line, "from ", 5)) {
			end_case();
			restore();
			from = line + 5;
		} else if (!strncmp(line, "use ", 4)) {
			go_path(line + 4);
		} else if (!is_segment(line)) {
			if (*line && *line != '#')
				run_command(line);
		} else if (from) {
			check_after(from, line);
		} else {
			check_segment(line, false);
		}
	}
	end_case();
}

static void read_file(const char *name)
{
	char buf[512];
	FILE *f = fopen(name, "r");

	if (!f)
		err(2, "%s", name);
	while (fgets(buf, sizeof(buf), f)) {
		trim(buf);
		if (line_count == MAX_LINES)
			errx(2, "%s is too long", name);
		lines[line_count++] = strdup(buf);
	}
	fclose(f);
}

int main(int argc, char **argv)
{
	cpu_set_t one;
	int opt;

	while ((opt = getopt(argc, argv, "6os:")) != -1) {
		if (opt == '6')
			six = true;
		else if (opt == 'o')
			observe = true;
		else if (opt == 's')
			slack = atoi(optarg);
		else
			return 2;
	}
	if (optind + 1 != argc)
		errx(2, "usage: tcpscript [-6] [-o] [-s SLACK] FILE");

	/* one CPU: segment and marker keep their order */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(2, "sched_setaffinity");

	read_file(argv[optind]);
	router_ns = open_ns("r");
	open_end(&ends[CLIENT], "c");
	open_end(&ends[SERVER], "s");
	enter(router_ns);
	ctnl = nfct_open(CONNTRACK, 0);
	if (!ctnl)
		err(2, "ctnetlink");

	/* neighbours get to know each other */
	send_marker(CLIENT);
	has_arrived(SERVER);
	send_marker(SERVER);
	has_arrived(CLIENT);

	run();
	printf(observe ? "# %u dropped\n" : "dropped %u\n", dropped);
	return 0;
}
