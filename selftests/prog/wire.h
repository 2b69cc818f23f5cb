/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers as packets have them (network order, any alignment), and their checksum. */
#ifndef NFCT_WIRE_H
#define NFCT_WIRE_H

#include <stdint.h>

static inline uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static inline uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static inline void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* The sum of RFC 1071, not folded: sums of parts can be added, all but the last even. */
static inline uint32_t add_up(const uint8_t *data, unsigned int len, uint32_t sum)
{
	unsigned int i;

	for (i = 0; i + 1 < len; i += 2)
		sum += get16(data + i);
	if (len & 1)
		sum += data[len - 1] << 8;
	return sum;
}

static inline uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static inline uint16_t checksum(const uint8_t *data, unsigned int len, uint32_t sum)
{
	return fold(add_up(data, len, sum));
}

#endif
