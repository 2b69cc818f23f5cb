// SPDX-License-Identifier: GPL-2.0
/*
 * The match "dccp": ports, the type of the packet, and whether it has an option (RFC 4340).
 * For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dccp.h>
#include <linux/netfilter/xt_dccp.h>

#include "xt_extension.h"
#include "xt_transport.h"

/* RFC 4340, 5.8: the options below 32 are one byte, the others have a length */
#define DCCP_MT_FIRST_LONG	32

static bool dccp_mt_ports(const struct dccp_hdr *header, const struct xt_dccp_info *info)
{
	if (info->flags & XT_DCCP_SRC_PORTS &&
	    !xt_in_range(ntohs(header->dccph_sport), info->spts[0], info->spts[1],
			 info->invflags & XT_DCCP_SRC_PORTS))
		return false;
	return !(info->flags & XT_DCCP_DEST_PORTS) ||
	       xt_in_range(ntohs(header->dccph_dport), info->dpts[0], info->dpts[1],
			   info->invflags & XT_DCCP_DEST_PORTS);
}

static bool dccp_mt_type(const struct dccp_hdr *header, const struct xt_dccp_info *info)
{
	bool listed = info->typemask & BIT(header->dccph_type);

	return !(info->flags & XT_DCCP_TYPE) || listed != !!(info->invflags & XT_DCCP_TYPE);
}

/* Look for @option from @at to @end.  They can be a kilobyte, so each is read by itself. */
static bool dccp_mt_has_option(const struct sk_buff *skb, unsigned int at, unsigned int end,
			       u8 option)
{
	const u8 *head;
	u8 room[2];

	while (at < end) {
		head = skb_header_pointer(skb, at, min(end - at, 2U), room);
		if (!head)
			return false;
		if (head[0] == option)
			return true;
		/* DIFF: dccp-short-options */
		if (head[0] < DCCP_MT_FIRST_LONG) {
			at++;
			continue;
		}
		if (end - at < 2 || head[1] < 2)
			return false;
		at += head[1];
	}
	return false;
}

/* The options go to the end of the header, which must be there.  Few rules ask for one. */
static noinline bool dccp_mt_option(const struct sk_buff *skb, struct xt_action_param *par,
			   const struct dccp_hdr *header, const struct xt_dccp_info *info)
{
	unsigned int end = par->thoff + header->dccph_doff * 4;
	unsigned int at = par->thoff + __dccp_hdr_len(header);

	if (at > end || (at < end && end > skb->len)) {
		par->hotdrop = true;
		return false;
	}
	return dccp_mt_has_option(skb, at, end, info->option) !=
	       !!(info->invflags & XT_DCCP_OPTION);
}

static bool dccp_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_dccp_info *info = par->matchinfo;
	const struct dccp_hdr *header;
	struct dccp_hdr room;

	header = xt_transport_header(skb, par, sizeof(room), &room);
	return header && dccp_mt_ports(header, info) && dccp_mt_type(header, info) &&
	       (!(info->flags & XT_DCCP_OPTION) || dccp_mt_option(skb, par, header, info));
}

static int dccp_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_dccp_info *info = par->matchinfo;

	if (info->flags & ~XT_DCCP_VALID_FLAGS)
		return xt_refuse(-EINVAL, "unknown conditions 0x%x", info->flags);
	if (info->invflags & ~info->flags)
		return xt_refuse(-EINVAL, "inverts conditions 0x%x that it does not have",
				 info->invflags & ~info->flags);
	return 0;
}

static struct xt_match dccp_mt_rows[] __read_mostly = {
	XT_BOTH(.name = "dccp", .proto = IPPROTO_DCCP,
		.match = dccp_mt, .checkentry = dccp_mt_check,
		.matchsize = sizeof(struct xt_dccp_info)),
};

XT_MODULE_MATCHES(dccp_mt_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: ports, type and options of DCCP (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_dccp");
MODULE_ALIAS("ip6t_dccp");
