/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes of the IP header that targets change: traffic class and hops.  No state and no locks.
 */
#ifndef _XT_IP_HEADER_H
#define _XT_IP_HEADER_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <net/checksum.h>
#include <net/dsfield.h>

/**
 * xt_ip_class - the traffic class (TOS byte) of a packet
 * @skb:    packet
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: the byte
 */
static inline u8 xt_ip_class(const struct sk_buff *skb, u8 family)
{
	return family == NFPROTO_IPV4 ? ip_hdr(skb)->tos : ipv6_get_dsfield(ipv6_hdr(skb));
}

/**
 * xt_ip_hops - how many hops a packet may still go
 * @skb:    packet
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: the number
 */
static inline u8 xt_ip_hops(const struct sk_buff *skb, u8 family)
{
	return family == NFPROTO_IPV4 ? ip_hdr(skb)->ttl : ipv6_hdr(skb)->hop_limit;
}

/* Make the IP header writable.  Return: false if there is no memory */
static inline bool xt_ip_header_write(struct sk_buff *skb, u8 family)
{
	return !skb_ensure_writable(skb, family == NFPROTO_IPV4 ? sizeof(struct iphdr) :
								   sizeof(struct ipv6hdr));
}

/* IPv6 has no checksum of its header: the sum that the card took of the packet changes */
static inline void xt_ip6_word_changed(struct sk_buff *skb, __be16 old, __be16 new)
{
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->csum = csum_add(csum_sub(skb->csum, (__force __wsum)old),
				     (__force __wsum)new);
}

/**
 * xt_ip_set_class - change the traffic class of a packet
 * @skb:    packet, after xt_ip_header_write()
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @class:  the new one
 */
static inline void xt_ip_set_class(struct sk_buff *skb, u8 family, u8 class)
{
	__be16 *word, old;

	if (family == NFPROTO_IPV4) {
		ipv4_change_dsfield(ip_hdr(skb), 0, class);
		return;
	}
	word = (__be16 *)ipv6_hdr(skb);
	old = *word;
	ipv6_change_dsfield(ipv6_hdr(skb), 0, class);
	xt_ip6_word_changed(skb, old, *word);
}

/**
 * xt_ip_set_hops - change how many hops a packet may still go
 * @skb:    packet, after xt_ip_header_write()
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @hops:   the new number
 */
static inline void xt_ip_set_hops(struct sk_buff *skb, u8 family, u8 hops)
{
	if (family == NFPROTO_IPV4) {
		csum_replace2(&ip_hdr(skb)->check, htons(ip_hdr(skb)->ttl << 8), htons(hops << 8));
		ip_hdr(skb)->ttl = hops;
		return;
	}
	xt_ip6_word_changed(skb, htons(ipv6_hdr(skb)->hop_limit), htons(hops));
	ipv6_hdr(skb)->hop_limit = hops;
}

#endif /* _XT_IP_HEADER_H */
