// SPDX-License-Identifier: GPL-2.0
/*
 * Frames of Ethernet, byte by byte, out of one device: what pktgen cannot make.
 *
 * Usage: framesend DEVICE COUNT HEX
 * Prints "ns=N": nanoseconds for each frame, of which there are COUNT.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#define FRAME_MAX	1514

/* Bytes of @text, which fit into @frame */
static size_t frame_read(const char *text, unsigned char *frame)
{
	size_t length = strlen(text) / 2, i;

	if (length < ETH_HLEN || length > FRAME_MAX)
		errx(1, "%zu bytes are no frame", length);
	for (i = 0; i < length; i++) {
		if (sscanf(text + 2 * i, "%2hhx", &frame[i]) != 1)
			errx(1, "%s: not a byte", text + 2 * i);
	}
	return length;
}

static int device_open(const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = 0 };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	to.sll_ifindex = if_nametoindex(name);
	if (fd < 0 || !to.sll_ifindex || bind(fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "%s", name);
	return fd;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	unsigned char frame[FRAME_MAX];
	size_t length;
	double start;
	int count, i;
	int fd;

	if (argc != 4)
		errx(1, "usage: %s DEVICE COUNT HEX", argv[0]);
	fd = device_open(argv[1]);
	count = atoi(argv[2]);
	length = frame_read(argv[3], frame);
	start = now();
	for (i = 0; i < count; i++) {
		if (send(fd, frame, length, 0) != (ssize_t)length)
			err(1, "%s", argv[1]);
	}
	printf("ns=%.1f\n", (now() - start) / count);
	return 0;
}
