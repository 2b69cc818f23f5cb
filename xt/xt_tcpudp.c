// SPDX-License-Identifier: GPL-2.0
/*
 * The matches "tcp", "udp" and "udplite": ports; of TCP also flags and options.  Where the
 * kernel has them in this module, not in its tables, also "icmp" and "icmp6": type and code.
 * For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/udp.h>

#include "xt_extension.h"
#include "xt_tcp_header.h"
#include "xt_transport.h"

/* The bits that invert are those that this match knows */
static int tcpudp_mt_check_bits(u8 bits, u8 known)
{
	if (bits & ~known)
		return xt_refuse(-EINVAL, "unknown flags 0x%x of inversion", bits & ~known);
	return 0;
}

/* --- TCP --------------------------------------------------------------------- */

static bool tcp_mt_option(const struct sk_buff *skb, struct xt_action_param *par,
			  const struct tcphdr *th)
{
	const struct xt_tcp *info = par->matchinfo;
	struct xt_tcp_option option;
	u8 room[XT_TCP_OPTIONS_MAX];
	struct nf_ct_cursor options;
	bool found = false;

	if (!xt_tcp_options_read(skb, par, th, room, &options))
		return false;
	/* DIFF: tcp-options-end */
	while (!found && xt_tcp_option_next(&options, &option))
		found = option.kind == info->option;
	return found != !!(info->invflags & XT_TCP_INV_OPTION);
}

static bool tcp_mt_flags(const struct tcphdr *th, const struct xt_tcp *info)
{
	bool same = (tcp_flag_byte(th) & info->flg_mask) == info->flg_cmp;

	return same != !!(info->invflags & XT_TCP_INV_FLAGS);
}

static bool tcp_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_tcp *info = par->matchinfo;
	const struct tcphdr *th;
	struct tcphdr room;

	/* RFC 1858, 3: it would overwrite the flags that rules have seen in the first one */
	if (par->fragoff == 1) {
		par->hotdrop = true;
		return false;
	}
	th = xt_transport_header(skb, par, sizeof(room), &room);
	return th &&
	       xt_in_range(ntohs(th->source), info->spts[0], info->spts[1],
			   info->invflags & XT_TCP_INV_SRCPT) &&
	       xt_in_range(ntohs(th->dest), info->dpts[0], info->dpts[1],
			   info->invflags & XT_TCP_INV_DSTPT) &&
	       tcp_mt_flags(th, info) &&
	       (!info->option || tcp_mt_option(skb, par, th));
}

static int tcp_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_tcp *info = par->matchinfo;

	return tcpudp_mt_check_bits(info->invflags, XT_TCP_INV_MASK);
}

/* --- UDP and UDP-Lite: their ports are at the same place ------------------------ */

static bool udp_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_udp *info = par->matchinfo;
	const struct udphdr *uh;
	struct udphdr room;

	uh = xt_transport_header(skb, par, sizeof(room), &room);
	return uh &&
	       xt_in_range(ntohs(uh->source), info->spts[0], info->spts[1],
			   info->invflags & XT_UDP_INV_SRCPT) &&
	       xt_in_range(ntohs(uh->dest), info->dpts[0], info->dpts[1],
			   info->invflags & XT_UDP_INV_DSTPT);
}

static int udp_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_udp *info = par->matchinfo;

	return tcpudp_mt_check_bits(info->invflags, XT_UDP_INV_MASK);
}

/* --- ICMP and ICMPv6, on the kernels that have them here -------------------------- */

#define ICMP_MT_ANY_TYPE	0xff	/* of IPv4 only */

static bool __maybe_unused icmp4_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct ipt_icmp *info = par->matchinfo;
	const struct icmphdr *header;
	struct icmphdr room;
	bool is;

	header = xt_transport_header(skb, par, sizeof(room), &room);
	if (!header)
		return false;
	is = info->type == ICMP_MT_ANY_TYPE ||
	     (header->type == info->type &&
	      xt_in_range(header->code, info->code[0], info->code[1], false));
	return is != !!(info->invflags & IPT_ICMP_INV);
}

static bool __maybe_unused icmp6_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct ip6t_icmp *info = par->matchinfo;
	const struct icmp6hdr *header;
	struct icmp6hdr room;
	bool is;

	header = xt_transport_header(skb, par, sizeof(room), &room);
	if (!header)
		return false;
	is = header->icmp6_type == info->type &&
	     xt_in_range(header->icmp6_code, info->code[0], info->code[1], false);
	return is != !!(info->invflags & IP6T_ICMP_INV);
}

static int __maybe_unused icmp4_mt_check(const struct xt_mtchk_param *par)
{
	const struct ipt_icmp *info = par->matchinfo;

	return tcpudp_mt_check_bits(info->invflags, IPT_ICMP_INV);
}

static int __maybe_unused icmp6_mt_check(const struct xt_mtchk_param *par)
{
	const struct ip6t_icmp *info = par->matchinfo;

	return tcpudp_mt_check_bits(info->invflags, IP6T_ICMP_INV);
}

static struct xt_match tcpudp_mt[] __read_mostly = {
	XT_BOTH(.name = "tcp", .proto = IPPROTO_TCP,
		.match = tcp_mt, .checkentry = tcp_mt_check,
		.matchsize = sizeof(struct xt_tcp)),
	XT_BOTH(.name = "udp", .proto = IPPROTO_UDP,
		.match = udp_mt, .checkentry = udp_mt_check,
		.matchsize = sizeof(struct xt_udp)),
	XT_BOTH(.name = "udplite", .proto = IPPROTO_UDPLITE,
		.match = udp_mt, .checkentry = udp_mt_check,
		.matchsize = sizeof(struct xt_udp)),
	XT_TCPUDP_ICMP(XT_ROW(NFPROTO_IPV4,
			      .name = "icmp", .proto = IPPROTO_ICMP,
			      .match = icmp4_mt, .checkentry = icmp4_mt_check,
			      .matchsize = sizeof(struct ipt_icmp)),
		       XT_ROW(NFPROTO_IPV6,
			      .name = "icmp6", .proto = IPPROTO_ICMPV6,
			      .match = icmp6_mt, .checkentry = icmp6_mt_check,
			      .matchsize = sizeof(struct ip6t_icmp)))
};

XT_MODULE_MATCHES(tcpudp_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: ports, flags and options of TCP and UDP (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("xt_tcp");
MODULE_ALIAS("xt_udp");
MODULE_ALIAS("ipt_tcp");
MODULE_ALIAS("ipt_udp");
MODULE_ALIAS("ip6t_tcp");
MODULE_ALIAS("ip6t_udp");
XT_TCPUDP_ICMP(MODULE_ALIAS("ipt_icmp"); MODULE_ALIAS("ip6t_icmp6");)
