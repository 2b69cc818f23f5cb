// SPDX-License-Identifier: GPL-2.0
/*
 * As many packets as go, from "c" of lib.sh's topology through the router "r" to "s",
 * each of a connection of its own: what fills a table.
 *
 *   flood syn|udp|icmp SECONDS
 *   flood collide|spread COUNT    COUNT UDP connections.  collide: by somebody who can
 *         choose every field, but does not know the key: sums and differences of the
 *         fields, and their low bits, are the same in all tuples.  spread: at random
 *
 * Prints "sent=N passed=N per_second=N": what was sent, and what has come out at s.
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

#define HEAD		(ETH_HLEN + 20)
#define LEN_MAX		(HEAD + 20)
#define BATCH		32
#define CLIENTS		0x0a010000	/* 10.1.0.0/16 */
#define SERVERS		0x0a020000

enum kind { SYN, UDP, ICMP, COLLIDE, SPREAD };

static uint8_t frames[BATCH][LEN_MAX];
static uint8_t mac[ETH_ALEN], router[ETH_ALEN];
static unsigned long passed;
static uint64_t luck = 88172645463325252ull;

static uint32_t draw(void)
{
	luck ^= luck << 13;
	luck ^= luck >> 7;
	luck ^= luck << 17;
	return luck >> 20;
}

/* The fields of packet number @n */
static void choose(enum kind kind, unsigned long n, uint32_t *src, uint32_t *dst,
		   uint16_t *sport, uint16_t *dport)
{
	uint32_t r = draw();

	*src = CLIENTS + 0x100 + (r & 0x7fff);
	*dst = SERVERS + 0x100 + (draw() & 0xff);
	*sport = 1024 + draw() % 60000;
	*dport = kind == SYN ? 80 : 1024 + draw() % 60000;
	if (kind != COLLIDE)
		return;
	/* what one field gains, the other loses; the low six bits stay */
	*src = CLIENTS + (n % 256 << 6) + 1;
	*dst = SERVERS + 0x8000 - (n % 256 << 6);
	*sport = 1024 + (n / 256 % 512 << 6);
	*dport = 65472 - *sport;
}

static unsigned int put_l4(uint8_t *l4, enum kind kind, uint32_t addresses, uint16_t sport,
			   uint16_t dport)
{
	memset(l4, 0, 20);
	put16(l4, sport);
	put16(l4 + 2, dport);
	switch (kind) {
	case SYN:
		put32(l4 + 4, draw());
		l4[12] = 5 << 4;
		l4[13] = 2;
		put16(l4 + 14, 8192);
		put16(l4 + 16, checksum(l4, 20, addresses + IPPROTO_TCP + 20));
		return 20;
	case ICMP:
		put32(l4, 8 << 24);
		put16(l4 + 4, sport);
		put16(l4 + 2, checksum(l4, 8, 0));
		return 8;
	default:
		/* no checksum */
		put16(l4 + 4, 8);
		return 8;
	}
}

static unsigned int make(uint8_t *frame, enum kind kind, unsigned long n)
{
	static const uint8_t protos[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_UDP, IPPROTO_UDP,
	};
	uint8_t *ip = frame + ETH_HLEN;
	uint16_t sport, dport;
	uint32_t src, dst;
	unsigned int len;

	choose(kind, n, &src, &dst, &sport, &dport);
	len = put_l4(ip + 20, kind, (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff),
		     sport, dport);
	memcpy(frame, router, ETH_ALEN);
	memcpy(frame + ETH_ALEN, mac, ETH_ALEN);
	put16(frame + 12, ETH_P_IP);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, 20 + len);
	ip[8] = 64;
	ip[9] = protos[kind];
	put32(ip + 12, src);
	put32(ip + 16, dst);
	put16(ip + 10, checksum(ip, 20, 0));
	return HEAD + len;
}

/* ---- sockets ---- */

static void read_mac(const char *dev, uint8_t *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq req = { };

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", dev);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &req))
		err(1, "address of %s", dev);
	memcpy(to, req.ifr_hwaddr.sa_data, ETH_ALEN);
	close(fd);
}

/* The sender gets no copies of what arrives: it does not read. */
static int open_socket(const char *ns, int protocol)
{
	struct sockaddr_ll sa = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(protocol),
	};
	int fd;

	enter_netns(ns);
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	sa.sll_ifindex = if_nametoindex("eth0");
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		err(1, "packet socket in %s", ns);
	return fd;
}

static unsigned long device_packets(const char *ns)
{
	char line[512], *at;
	unsigned long bytes, packets = 0;
	FILE *in;

	enter_netns(ns);
	in = fopen("/proc/thread-self/net/dev", "r");
	while (in && fgets(line, sizeof(line), in)) {
		at = strstr(line, "eth0:");
		if (at && sscanf(at + 5, "%lu %lu", &bytes, &packets) == 2)
			break;
	}
	if (in)
		fclose(in);
	return packets;
}

static unsigned int send_batch(int fd, enum kind kind, unsigned long n)
{
	struct mmsghdr msgs[BATCH] = { };
	struct iovec iov[BATCH];
	unsigned int i;
	int sent;

	for (i = 0; i < BATCH; i++) {
		iov[i].iov_base = frames[i];
		iov[i].iov_len = make(frames[i], kind, n + i);
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(fd, msgs, BATCH, 0);
	return sent > 0 ? sent : 0;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "syn", "udp", "icmp", "collide", "spread" };
	unsigned long sent = 0, before, limit;
	unsigned int kind;
	double begin;
	int fd;

	for (kind = 0; argc == 3 && kind <= SPREAD; kind++)
		if (!strcmp(argv[1], names[kind]))
			break;
	if (argc != 3 || kind > SPREAD)
		errx(2, "usage: flood syn|udp|icmp SECONDS | flood collide|spread COUNT");
	limit = strtoul(argv[2], NULL, 0);
	before = device_packets("s");
	enter_netns("r");
	read_mac("eth1", router);
	fd = open_socket("c", 0);
	read_mac("eth0", mac);
	begin = seconds();
	if (kind < COLLIDE)
		while (seconds() < begin + limit)
			sent += send_batch(fd, kind, sent);
	else
		while (sent < limit)
			sent += send_batch(fd, kind, sent);
	usleep(200000);
	passed = device_packets("s") - before;
	printf("sent=%lu passed=%lu per_second=%.0f\n", sent, passed,
	       passed / (seconds() - begin));
	return 0;
}
