/* SPDX-License-Identifier: GPL-2.0 */
/* IPv4 socket addresses from numbers in host order, for the test programs. */
#ifndef NFCT_INET_H
#define NFCT_INET_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>

static inline struct sockaddr_in inet_at(uint32_t ip, unsigned int port)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(ip),
		.sin_port = htons(port),
	};

	return sa;
}

#endif
