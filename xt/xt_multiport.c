// SPDX-License-Identifier: GPL-2.0
/*
 * The match "multiport": the source port, the destination port or one of both is among up
 * to 15 ports and ranges of ports.  For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "xt_extension.h"
#include "xt_transport.h"

/* A port whose flag is set begins a range; the next one ends it */
static bool multiport_mt_lists(const struct xt_multiport_v1 *info, u16 port)
{
	u8 first, last;

	for (first = 0; first < info->count; first = last + 1) {
		last = first + !!info->pflags[first];
		if (xt_in_range(port, info->ports[first], info->ports[last], false))
			return true;
	}
	return false;
}

static bool multiport_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_multiport_v1 *info = par->matchinfo;
	const __be16 *ports;
	bool listed = false;
	__be16 room[2];

	ports = xt_transport_header(skb, par, sizeof(room), room);
	if (!ports)
		return false;
	if (info->flags != XT_MULTIPORT_DESTINATION)
		listed = multiport_mt_lists(info, ntohs(ports[0]));
	if (info->flags != XT_MULTIPORT_SOURCE && !listed)
		listed = multiport_mt_lists(info, ntohs(ports[1]));
	return listed != info->invert;
}

/* Do the ports of protocol @proto come first in its header? */
static bool multiport_mt_knows(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	}
	return false;
}

/* Each range has its two ends, in order */
static int multiport_mt_check_ranges(const struct xt_multiport_v1 *info)
{
	u8 i;

	for (i = 0; i < info->count; i++) {
		if (!info->pflags[i])
			continue;
		if (++i == info->count)
			return xt_refuse(-EINVAL, "port %u begins a range that has no end",
					 info->ports[i - 1]);
		if (info->pflags[i])
			return xt_refuse(-EINVAL, "port %u ends a range and begins one",
					 info->ports[i]);
		if (info->ports[i - 1] > info->ports[i])
			return xt_refuse(-EINVAL, "the range %u:%u is upside down",
					 info->ports[i - 1], info->ports[i]);
	}
	return 0;
}

static int multiport_mt_check(const struct xt_multiport_v1 *info, u8 proto, bool other_protos)
{
	if (other_protos || !multiport_mt_knows(proto))
		return xt_refuse(-EINVAL, "only for rules of TCP, UDP, UDP-Lite, SCTP or DCCP");
	if (info->flags > XT_MULTIPORT_EITHER)
		return xt_refuse(-EINVAL, "unknown choice %u of ports", info->flags);
	if (info->count > XT_MULTI_PORTS)
		return xt_refuse(-EINVAL, "%u ports are more than %u", info->count, XT_MULTI_PORTS);
	return multiport_mt_check_ranges(info);
}

static int multiport_mt4_check(const struct xt_mtchk_param *par)
{
	const struct ipt_ip *ip = par->entryinfo;

	return multiport_mt_check(par->matchinfo, ip->proto, ip->invflags & XT_INV_PROTO);
}

static int multiport_mt6_check(const struct xt_mtchk_param *par)
{
	const struct ip6t_ip6 *ip = par->entryinfo;

	return multiport_mt_check(par->matchinfo, ip->proto, ip->invflags & XT_INV_PROTO);
}

static struct xt_match multiport_mt_rows[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4,
	       .name = "multiport", .revision = 1,
	       .match = multiport_mt, .checkentry = multiport_mt4_check,
	       .matchsize = sizeof(struct xt_multiport_v1)),
	XT_ROW(NFPROTO_IPV6,
	       .name = "multiport", .revision = 1,
	       .match = multiport_mt, .checkentry = multiport_mt6_check,
	       .matchsize = sizeof(struct xt_multiport_v1)),
};

XT_MODULE_MATCHES(multiport_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: lists of ports (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_multiport");
MODULE_ALIAS("ip6t_multiport");
