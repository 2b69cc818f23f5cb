// SPDX-License-Identifier: GPL-2.0
/*
 * Random packets through the router "r" of lib.sh's topology, from both sides, over
 * a small space of addresses and ports, so that tuples collide: TCP, UDP, UDP-Lite,
 * ICMP, SCTP, DCCP, GRE and others, IPv4 and IPv6, and fragments.  What the router
 * forwards is answered now and then as a peer would, so that some connections get
 * far; a part of the packets is nonsense.
 *
 *   anypackets -s SEED -t SECONDS [-r PACKETS_PER_SECOND] [-n NONSENSE_PERCENT]
 *
 * Hosts are 10.1.0.1 to 10.1.0.8 behind c and 10.2.0.1 to 10.2.0.8 behind s, in IPv6
 * fd00:: and the same 32 bits.  Some packets go to the router itself, some to
 * 10.2.0.100, which a rule may translate.
 *
 * Prints "sent=N heard=N answered=N refused=N tcp=N ...".  What it sends by itself
 * follows from the seed; the answers depend on the router, too.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "netns.h"
#include "wire.h"

#define FRAME_MAX	1600
#define HOSTS		8
#define TURN_MS		10
#define TAG		0x1234	/* all SCTP verification tags */
#define ROUTER4		0x0a000101	/* 10.0.1.1, and 10.0.2.1 */
#define SHARED4		0x0a020064

#define DCCP		33
#define UDPLITE		136
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

struct random {
	uint64_t state;
};

struct side {
	int fd;
	uint8_t mac[ETH_ALEN], router[ETH_ALEN];
	uint32_t net;
};

struct packet {
	bool six;
	uint8_t proto;
	uint32_t src, dst;
	uint16_t sport, dport;
	uint8_t l4[FRAME_MAX];
	unsigned int len;
};

static struct {
	unsigned int seed, seconds, rate, nonsense;
} opts = { 1, 1, 2000, 10 };

static struct {
	unsigned long sent, heard, answered, refused;
	unsigned long proto[256];
} sums;

static struct random mine, answers;
static struct side sides[2];

static uint32_t draw(struct random *r, uint32_t below)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (r->state >> 20) % below;
}

static void put_address(uint8_t *at, bool six, uint32_t host)
{
	if (six) {
		memset(at, 0, 12);
		at[0] = 0xfd;
		at += 12;
	}
	put32(at, host);
}

static uint32_t pseudo(const struct packet *p)
{
	unsigned int size = p->six ? 16 : 4;
	uint8_t head[32];

	put_address(head, p->six, p->src);
	put_address(head + size, p->six, p->dst);
	return add_up(head, 2 * size, p->proto + p->len);
}

static uint32_t crc32c(const uint8_t *data, unsigned int len)
{
	uint32_t crc = ~0u;
	int bit;

	while (len--) {
		crc ^= *data++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* Where in the header the checksum is; 0: none of this kind */
static unsigned int checksum_at(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_UDP:
	case UDPLITE:
	case DCCP:
		return 6;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 2;
	}
	return 0;
}

static void put_checksum(struct packet *p)
{
	unsigned int at = checksum_at(p->proto);
	uint32_t sum = p->proto == IPPROTO_ICMP ? 0 : pseudo(p), crc;

	if (p->proto == IPPROTO_SCTP && p->len >= 12) {
		memset(p->l4 + 8, 0, 4);
		crc = crc32c(p->l4, p->len);
		memcpy(p->l4 + 8, &crc, 4);
	}
	if (!at || p->len < at + 2)
		return;
	put16(p->l4 + at, 0);
	put16(p->l4 + at, checksum(p->l4, p->len, sum));
}

/* ---- transport headers ---- */

static void put_ports(struct packet *p)
{
	put16(p->l4, p->sport);
	put16(p->l4 + 2, p->dport);
}

static void put_text(struct packet *p, const char *text)
{
	unsigned int len = strlen(text);

	memcpy(p->l4 + p->len, text, len);
	p->len += len;
}

static void put_tcp(struct packet *p, uint8_t flags, uint32_t seq, uint32_t ack)
{
	memset(p->l4, 0, 20);
	put_ports(p);
	put32(p->l4 + 4, seq);
	put32(p->l4 + 8, ack);
	p->l4[12] = 5 << 4;
	p->l4[13] = flags;
	put16(p->l4 + 14, 8192);
	p->len = 20;
}

static void make_tcp(struct packet *p, struct random *r)
{
	/* SYN, SYN ACK, ACK, FIN ACK, RST, PSH ACK; the rest is odd */
	static const uint8_t flags[] = {
		2, 2, 2, 2, 2, 2, 18, 16, 16, 17, 17, 4, 20, 24, 0, 3, 63, 41,
	};

	put_tcp(p, flags[draw(r, ARRAY_SIZE(flags))], 1000 + draw(r, 50), 5000 + draw(r, 50));
	if (p->dport == 21 && draw(r, 2))
		put_text(p, "PORT 10,1,0,3,4,1\r\n");
	else if (p->dport == 6667)
		put_text(p, "PRIVMSG a :\1DCC SEND f 167837699 1025\1\r\n");
	else if (!draw(r, 3))
		put_text(p, "some words of text");
}

static void make_udp(struct packet *p, struct random *r)
{
	static const char read_request[] = "\0\1file\0octet";

	put_ports(p);
	put16(p->l4 + 6, 0);
	p->len = 8;
	if (p->dport == 69) {
		memcpy(p->l4 + p->len, read_request, sizeof(read_request));
		p->len += sizeof(read_request);
	} else {
		put_text(p, draw(r, 2) ? "x" : "more of it");
	}
	put16(p->l4 + 4, p->len);
}

static void make_icmp(struct packet *p, struct random *r)
{
	static const uint8_t four[] = { 8, 8, 8, 8, 0, 13, 14, 17, 15, 3, 11, 5, 42 };
	static const uint8_t six[] = { 128, 128, 128, 128, 129, 1, 3, 139, 200 };

	memset(p->l4, 0, 16);
	p->l4[0] = p->six ? six[draw(r, ARRAY_SIZE(six))] : four[draw(r, ARRAY_SIZE(four))];
	put16(p->l4 + 4, p->sport);
	put16(p->l4 + 6, draw(r, 4));
	p->len = 16;
}

static void put_sctp(struct packet *p, uint8_t chunk, uint32_t tag)
{
	memset(p->l4, 0, 32);
	put_ports(p);
	put32(p->l4 + 4, tag);
	p->l4[12] = chunk;
	p->len = 12 + (chunk == 1 || chunk == 2 ? 20 : chunk == 0 ? 20 : 16);
	put16(p->l4 + 14, p->len - 12);
	/* the tag that is to be used, in INIT and INIT ACK */
	put32(p->l4 + 16, TAG);
	put16(p->l4 + 24, 1);
	put16(p->l4 + 26, 1);
}

static void make_sctp(struct packet *p, struct random *r)
{
	static const uint8_t chunks[] = { 1, 1, 1, 1, 2, 10, 11, 0, 3, 4, 5, 6, 7, 8, 14, 200 };
	uint8_t chunk = chunks[draw(r, ARRAY_SIZE(chunks))];

	put_sctp(p, chunk, chunk == 1 ? 0 : draw(r, 5) ? TAG : draw(r, 1 << 30));
}

static void put_dccp(struct packet *p, uint8_t type, uint32_t seq, uint32_t ack)
{
	memset(p->l4, 0, 28);
	put_ports(p);
	p->len = type == 0 || type == 2 ? 20 : type == 1 || type == 7 ? 28 : 24;
	p->l4[4] = p->len / 4;
	p->l4[8] = type << 1 | 1;
	put32(p->l4 + 12, seq);
	put32(p->l4 + 20, ack);
}

static void make_dccp(struct packet *p, struct random *r)
{
	static const uint8_t types[] = { 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15 };

	put_dccp(p, types[draw(r, ARRAY_SIZE(types))], 100 + draw(r, 50), 100 + draw(r, 50));
}

static void make_gre(struct packet *p, struct random *r)
{
	memset(p->l4, 0, 24);
	p->len = 24;
	if (draw(r, 2)) {
		p->l4[0] = 0x20;
		p->l4[1] = 1;
		put16(p->l4 + 2, 0x880b);
		put16(p->l4 + 4, 12);
		put16(p->l4 + 6, p->sport);
	} else {
		put16(p->l4 + 2, 0x0800);
	}
}

static void make_l4(struct packet *p, struct random *r)
{
	switch (p->proto) {
	case IPPROTO_TCP:
		make_tcp(p, r);
		break;
	case IPPROTO_UDP:
		make_udp(p, r);
		break;
	case UDPLITE:
		make_udp(p, r);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		make_icmp(p, r);
		break;
	case IPPROTO_SCTP:
		make_sctp(p, r);
		break;
	case DCCP:
		make_dccp(p, r);
		break;
	case IPPROTO_GRE:
		make_gre(p, r);
		break;
	default:
		p->len = 8 + draw(r, 20);
		memset(p->l4, 0, p->len);
	}
}

/* ---- frames ---- */

static void transmit(const struct side *s, const uint8_t *frame, unsigned int len)
{
	if (send(s->fd, frame, len, MSG_DONTWAIT) == (ssize_t)len)
		sums.sent++;
	else
		sums.refused++;
}

static unsigned int put_head(const struct side *s, const struct packet *p, uint8_t *frame)
{
	uint8_t *ip = frame + ETH_HLEN;

	memcpy(frame, s->router, ETH_ALEN);
	memcpy(frame + ETH_ALEN, s->mac, ETH_ALEN);
	put16(frame + 12, p->six ? ETH_P_IPV6 : ETH_P_IP);
	if (p->six) {
		memset(ip, 0, 8);
		ip[0] = 0x60;
		put16(ip + 4, p->len);
		ip[6] = p->proto;
		ip[7] = 64;
		put_address(ip + 8, true, p->src);
		put_address(ip + 24, true, p->dst);
		return ETH_HLEN + 40;
	}
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, 20 + p->len);
	ip[8] = 64;
	ip[9] = p->proto;
	put32(ip + 12, p->src);
	put32(ip + 16, p->dst);
	put16(ip + 10, checksum(ip, 20, 0));
	return ETH_HLEN + 20;
}

static void send_packet(const struct side *s, const struct packet *p)
{
	uint8_t frame[FRAME_MAX + 64];
	unsigned int at = put_head(s, p, frame);

	memcpy(frame + at, p->l4, p->len);
	transmit(s, frame, at + p->len);
	sums.proto[p->proto]++;
}

/* Two fragments of an IPv4 packet, in any order, now and then only one */
static void send_fragments(const struct side *s, const struct packet *p, struct random *r)
{
	uint8_t frame[FRAME_MAX + 64];
	unsigned int at = put_head(s, p, frame), which = draw(r, 2), i;
	uint8_t *ip = frame + ETH_HLEN;
	uint16_t id = draw(r, 65536);

	for (i = 0; i < 2 && (!i || draw(r, 8)); i++, which ^= 1) {
		unsigned int len = which ? p->len - 8 : 8;

		put16(ip + 2, 20 + len);
		put16(ip + 4, id);
		put16(ip + 6, which ? 1 : 0x2000);
		put16(ip + 10, 0);
		put16(ip + 10, checksum(ip, 20, 0));
		memcpy(frame + at, p->l4 + (which ? 8 : 0), len);
		transmit(s, frame, at + len);
	}
	sums.proto[p->proto]++;
}

/* ---- what is sent by itself ---- */

static uint32_t any_target(const struct side *from, struct random *r)
{
	switch (draw(r, 20)) {
	case 0:
		return from->net == sides[0].net ? ROUTER4 : ROUTER4 + 0x100;
	case 1:
		return SHARED4;
	}
	return (from == &sides[0] ? sides[1].net : sides[0].net) + 1 + draw(r, HOSTS);
}

static uint16_t any_port(struct random *r)
{
	static const uint16_t ports[] = { 21, 69, 80, 1025, 1026, 1027, 1723, 5060, 6667 };

	return draw(r, 3) ? 1024 + draw(r, 12) : ports[draw(r, ARRAY_SIZE(ports))];
}

static uint8_t any_proto(struct random *r, bool six)
{
	static const uint8_t protos[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP,
		IPPROTO_ICMP, IPPROTO_SCTP, DCCP, IPPROTO_GRE, UDPLITE,
	};
	uint8_t proto = protos[draw(r, ARRAY_SIZE(protos))];

	if (!draw(r, 40))
		return 50 + draw(r, 4);
	return six && proto == IPPROTO_ICMP ? IPPROTO_ICMPV6 : proto;
}

static void spoil(struct packet *p, struct random *r)
{
	unsigned int i;

	if (draw(r, 2))
		p->len = draw(r, p->len + 1);
	for (i = draw(r, 4); i && p->len; i--)
		p->l4[draw(r, p->len)] = draw(r, 256);
}

static void send_any(void)
{
	struct random *r = &mine;
	struct side *s = &sides[!draw(r, 4)];
	struct packet p = { .six = !draw(r, 3) };
	bool nonsense = draw(r, 100) < opts.nonsense;

	p.proto = any_proto(r, p.six);
	p.src = s->net + 1 + draw(r, HOSTS);
	p.dst = any_target(s, r);
	p.sport = any_port(r);
	p.dport = any_port(r);
	make_l4(&p, r);
	if (nonsense)
		spoil(&p, r);
	if (!nonsense || draw(r, 2))
		put_checksum(&p);
	if (!p.six && p.len > 16 && !draw(r, 50))
		send_fragments(s, &p, r);
	else
		send_packet(s, &p);
}

/* ---- answers ---- */

static bool answer_tcp(struct packet *p, const uint8_t *in, struct random *r)
{
	uint32_t seq = get32(in + 4), ack = get32(in + 8);
	uint8_t flags = in[13];

	if (flags & 4)
		return false;
	if (flags == 2)
		put_tcp(p, 18, 5000, seq + 1);
	else if (flags == 18)
		put_tcp(p, 16, ack, seq + 1);
	else
		put_tcp(p, (const uint8_t[]){ 16, 17, 24, 4 }[draw(r, 4)], ack,
			seq + (flags & 1));
	return true;
}

static bool answer_sctp(struct packet *p, const uint8_t *in)
{
	static const struct {
		uint8_t to, with;
	} table[] = {
		{ 1, 2 }, { 2, 10 }, { 10, 11 }, { 11, 0 }, { 0, 3 }, { 3, 7 },
		{ 4, 5 }, { 7, 8 }, { 8, 14 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (in[12] != table[i].to)
			continue;
		put_sctp(p, table[i].with, TAG);
		return true;
	}
	return false;
}

static bool answer_dccp(struct packet *p, const uint8_t *in, struct random *r)
{
	static const uint8_t with[] = { 1, 3, 4, 4, 6, 6, 7 };
	uint8_t type = in[8] >> 1 & 15;

	if (type >= ARRAY_SIZE(with))
		return false;
	put_dccp(p, with[type], 100 + draw(r, 50), get32(in + 12));
	return true;
}

static bool answer_icmp(struct packet *p, const uint8_t *in, unsigned int len)
{
	uint8_t request = p->six ? 128 : 8;

	if (in[0] != request || len > FRAME_MAX)
		return false;
	memcpy(p->l4, in, len);
	p->l4[0] = p->six ? 129 : 0;
	p->len = len;
	return true;
}

/* An ICMP error that shows the packet */
static bool answer_error(struct packet *p, const uint8_t *ip, unsigned int len)
{
	if (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6)
		return false;
	if (len > 200)
		len = 200;
	memset(p->l4, 0, 8);
	p->proto = p->six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	p->l4[0] = p->six ? 1 : 3;
	p->l4[1] = p->six ? 4 : 3;
	memcpy(p->l4 + 8, ip, len);
	p->len = 8 + len;
	return true;
}

static bool answer_l4(struct packet *p, const uint8_t *in, unsigned int len,
		      struct random *r)
{
	if (len < 16 && p->proto != IPPROTO_UDP && p->proto != UDPLITE)
		return false;
	if (len < 8)
		return false;
	p->sport = get16(in + 2);
	p->dport = get16(in);
	switch (p->proto) {
	case IPPROTO_TCP:
		return len >= 20 && answer_tcp(p, in, r);
	case IPPROTO_SCTP:
		return answer_sctp(p, in);
	case DCCP:
		return answer_dccp(p, in, r);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return answer_icmp(p, in, len);
	}
	memcpy(p->l4, in, len);
	p->len = len;
	if (p->proto == IPPROTO_UDP || p->proto == UDPLITE)
		put_ports(p);
	return true;
}

/* Takes the head of a forwarded packet apart; the length of it, or 0 */
static unsigned int read_head(struct packet *p, const uint8_t *ip, unsigned int len)
{
	unsigned int head = 20;

	if (len >= 40 && ip[0] >> 4 == 6) {
		p->six = true;
		p->proto = ip[6];
		p->src = get32(ip + 36);
		p->dst = get32(ip + 20);
		return 40;
	}
	if (len < 20 || ip[0] >> 4 != 4 || get16(ip + 6) & 0x3fff)
		return 0;
	head = (ip[0] & 15) * 4;
	p->proto = ip[9];
	p->src = get32(ip + 16);
	p->dst = get32(ip + 12);
	return head <= len ? head : 0;
}

static void answer(const struct side *s, const uint8_t *ip, unsigned int len)
{
	struct random *r = &answers;
	struct packet p = { };
	unsigned int head = read_head(&p, ip, len);
	bool good;

	/* an answer from its own host: the others are silent */
	if (!head || (p.src & 0xffff0000) != s->net || len - head > FRAME_MAX)
		return;
	if (!draw(r, 25))
		good = answer_error(&p, ip, len);
	else
		good = answer_l4(&p, ip + head, len - head, r);
	if (!good)
		return;
	put_checksum(&p);
	send_packet(s, &p);
	sums.answered++;
}

static void hear(struct side *s)
{
	uint8_t frame[FRAME_MAX + 500];
	struct sockaddr_ll from;
	socklen_t size;
	ssize_t len;
	int left = 2000;

	while (left--) {
		size = sizeof(from);
		len = recvfrom(s->fd, frame, sizeof(frame), MSG_DONTWAIT,
			       (struct sockaddr *)&from, &size);
		if (len < 0)
			return;
		if (from.sll_pkttype != PACKET_HOST || len < ETH_HLEN)
			continue;
		sums.heard++;
		/* most, so that conversations go on for a few packets */
		if (draw(&answers, 4))
			answer(s, frame + ETH_HLEN, len - ETH_HLEN);
	}
}

/* ---- sockets ---- */

static void read_mac(const char *ns, const char *dev, uint8_t *mac)
{
	struct ifreq req = { };
	int fd;

	enter_netns(ns);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", dev);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &req))
		err(1, "address of %s", dev);
	memcpy(mac, req.ifr_hwaddr.sa_data, ETH_ALEN);
	close(fd);
}

static void open_side(struct side *s, const char *ns, const char *router_dev, uint32_t net)
{
	struct sockaddr_ll sa = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};

	read_mac("r", router_dev, s->router);
	read_mac(ns, "eth0", s->mac);
	s->net = net;
	s->fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	sa.sll_ifindex = if_nametoindex("eth0");
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&sa, sizeof(sa)))
		err(1, "packet socket in %s", ns);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* As many as the rate has allowed up to now; a slow machine sends fewer. */
static void run(void)
{
	double begin = seconds(), time = begin;
	double allowed = 0, done = 0;

	while (time < begin + opts.seconds) {
		allowed = (time - begin) * opts.rate;
		if (allowed - done > opts.rate / 5)
			done = allowed - opts.rate / 5;
		while (done < allowed) {
			send_any();
			done++;
		}
		hear(&sides[0]);
		hear(&sides[1]);
		usleep(TURN_MS * 1000);
		time = seconds();
	}
}

static void report(void)
{
	printf("sent=%lu heard=%lu answered=%lu refused=%lu tcp=%lu udp=%lu icmp=%lu icmpv6=%lu sctp=%lu dccp=%lu gre=%lu udplite=%lu\n",
	       sums.sent, sums.heard, sums.answered, sums.refused,
	       sums.proto[IPPROTO_TCP], sums.proto[IPPROTO_UDP],
	       sums.proto[IPPROTO_ICMP], sums.proto[IPPROTO_ICMPV6],
	       sums.proto[IPPROTO_SCTP], sums.proto[DCCP],
	       sums.proto[IPPROTO_GRE], sums.proto[UDPLITE]);
}

int main(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "s:t:r:n:")) != -1) {
		switch (opt) {
		case 's':
			opts.seed = strtoul(optarg, NULL, 0);
			break;
		case 't':
			opts.seconds = strtoul(optarg, NULL, 0);
			break;
		case 'r':
			opts.rate = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			opts.nonsense = strtoul(optarg, NULL, 0);
			break;
		default:
			errx(2, "usage: anypackets -s SEED -t SECONDS [-r PACKETS_PER_SECOND] [-n NONSENSE_PERCENT]");
		}
	}
	mine.state = opts.seed * 0x9e3779b97f4a7c15ull + 1;
	answers.state = mine.state ^ 0x5bd1e995;
	open_side(&sides[0], "c", "eth1", 0x0a010000);
	open_side(&sides[1], "s", "eth2", 0x0a020000);
	run();
	report();
	return 0;
}
