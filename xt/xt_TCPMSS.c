// SPDX-License-Identifier: GPL-2.0
/*
 * The target "TCPMSS": lowers the largest segment that a SYN announces, to a number or to
 * what the routes there and back carry.  In all hooks, the latter in FORWARD, OUTPUT and
 * POSTROUTING, where the route is known; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/netfilter/xt_TCPMSS.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <net/dst.h>
#include <net/flow.h>

#include "xt_extension.h"
#include "xt_ip_header.h"
#include "xt_tcp_header.h"

/* Hooks behind the routing of a packet */
#define TCPMSS_TG_ROUTED						\
	(1 << NF_INET_FORWARD | 1 << NF_INET_LOCAL_OUT | 1 << NF_INET_POST_ROUTING)

/**
 * struct tcpmss_tg_family - what differs between IPv4 and IPv6
 * @family:  NFPROTO_*
 * @headers: bytes of IP and TCP header, without options
 * @unsaid:  largest segment of a host that announces none (RFC 9293, 3.7.1)
 * @entry:   bytes of a rule before its matches
 * @target:  where a rule says how far its matches go
 * @reverse: the flow back to where a packet came from
 * @grow:    enter that a packet has become longer
 */
struct tcpmss_tg_family {
	u8	family;
	u16	headers;
	u16	unsaid;
	u16	entry;
	u16	target;
	void	(*reverse)(const struct sk_buff *skb, struct flowi *flow);
	void	(*grow)(struct sk_buff *skb, u16 by);
};

/* --- what the path carries -------------------------------------------------------- */

static void tcpmss_tg4_reverse(const struct sk_buff *skb, struct flowi *flow)
{
	flow->u.ip4.daddr = ip_hdr(skb)->saddr;
}

static void tcpmss_tg6_reverse(const struct sk_buff *skb, struct flowi *flow)
{
	flow->u.ip6.daddr = ipv6_hdr(skb)->saddr;
}

/* Without a route back its way has no limit that we know of */
static u32 tcpmss_tg_mtu_back(const struct sk_buff *skb, struct net *net,
			      const struct tcpmss_tg_family *ip)
{
	struct dst_entry *dst = NULL;
	struct flowi flow = {};
	u32 mtu = U32_MAX;

	ip->reverse(skb, &flow);
	nf_route(net, &dst, &flow, false, ip->family);
	if (!dst)
		return mtu;
	mtu = dst_mtu(dst);
	dst_release(dst);
	return mtu;
}

/* Return: false if the path does not even carry the headers */
static bool tcpmss_tg_path(const struct sk_buff *skb, struct net *net,
			   const struct tcpmss_tg_family *ip, u32 *mss)
{
	const struct dst_entry *dst = skb_dst(skb);
	u32 mtu = tcpmss_tg_mtu_back(skb, net, ip);

	if (dst)
		mtu = min(mtu, dst_mtu(dst));
	if (mtu <= ip->headers) {
		net_warn_ratelimited("%s: a path carries only %u bytes\n", KBUILD_MODNAME, mtu);
		return false;
	}
	*mss = min_t(u32, mtu - ip->headers, U16_MAX);
	return true;
}

/* --- the option -------------------------------------------------------------------- */

/* Where the number of the option is; NULL if there is no option */
static u8 *tcpmss_tg_find(struct tcphdr *th)
{
	struct xt_tcp_option option;
	struct nf_ct_cursor options;
	u8 *bytes = (u8 *)(th + 1);

	nf_ct_cursor_init(&options, bytes, th->doff * 4 - sizeof(*th));
	/* DIFF: tcp-options-end */
	while (xt_tcp_option_next(&options, &option)) {
		if (xt_tcp_option_mss(&option))
			return bytes + option.at + 2;
	}
	return NULL;
}

/* Never raised: the host that announces it may not be able to take more.  At an odd offset
 * the high byte is the low one of a word of the checksum.  DIFF: tcpmss-odd-offset
 */
static void tcpmss_tg_lower(struct sk_buff *skb, struct tcphdr *th, u8 *number, u16 mss)
{
	u16 old = get_unaligned_be16(number), new = mss;

	if (old <= mss)
		return;
	put_unaligned_be16(mss, number);
	if ((number - (u8 *)th) % 2) {
		old = swab16(old);
		new = swab16(new);
	}
	inet_proto_csum_replace2(&th->check, skb, htons(old), htons(new), false);
}

/* Room for the option behind the header, which ends the packet */
static struct tcphdr *tcpmss_tg_make_room(struct sk_buff *skb, unsigned int thoff)
{
	int lacking = TCPOLEN_MSS - skb_tailroom(skb);

	if (lacking > 0 && pskb_expand_head(skb, 0, lacking, GFP_ATOMIC))
		return NULL;
	skb_put(skb, TCPOLEN_MSS);
	return (void *)skb->data + thoff;
}

/* The length is in the pseudo header, also of a checksum that is still to be computed */
static bool tcpmss_tg_add(struct sk_buff *skb, unsigned int thoff, u16 mss)
{
	unsigned int len = skb->len - thoff;
	struct tcphdr *th;
	u8 *option;
	__wsum old;

	th = tcpmss_tg_make_room(skb, thoff);
	if (!th)
		return false;
	old = xt_tcp_header_sum(th);
	option = (u8 *)(th + 1);
	memmove(option + TCPOLEN_MSS, option, len - sizeof(*th));
	option[0] = TCPOPT_MSS;
	option[1] = TCPOLEN_MSS;
	put_unaligned_be16(mss, option + 2);
	th->doff += TCPOLEN_MSS / 4;
	xt_tcp_header_changed(skb, th, old);
	inet_proto_csum_replace2(&th->check, skb, htons(len), htons(len + TCPOLEN_MSS), true);
	return true;
}

/* A packet with data is left alone: longer, it may not fit.  Nor is there room behind a full
 * header.  A host that announces nothing takes no more than the default.
 */
static unsigned int tcpmss_tg_say(struct sk_buff *skb, const struct xt_action_param *par,
				  const struct tcphdr *th, const struct tcpmss_tg_family *ip,
				  u32 mss)
{
	if (skb->len - par->thoff > th->doff * 4 || th->doff == 15)
		return XT_CONTINUE;
	if (!tcpmss_tg_add(skb, par->thoff, min_t(u32, mss, ip->unsaid)))
		return NF_DROP;
	ip->grow(skb, TCPOLEN_MSS);
	return XT_CONTINUE;
}

/* --- families ------------------------------------------------------------------------ */

static void tcpmss_tg4_grow(struct sk_buff *skb, u16 by)
{
	struct iphdr *ip = ip_hdr(skb);
	__be16 len = htons(ntohs(ip->tot_len) + by);

	csum_replace2(&ip->check, ip->tot_len, len);
	ip->tot_len = len;
}

static void tcpmss_tg6_grow(struct sk_buff *skb, u16 by)
{
	struct ipv6hdr *ip = ipv6_hdr(skb);
	__be16 len = htons(ntohs(ip->payload_len) + by);

	xt_ip6_word_changed(skb, ip->payload_len, len);
	ip->payload_len = len;
}

static const struct tcpmss_tg_family tcpmss_tg_ip4 = {
	.family	= NFPROTO_IPV4,
	.headers = sizeof(struct iphdr) + sizeof(struct tcphdr),
	.unsaid	= 536,
	.entry	= sizeof(struct ipt_entry),
	.target	= offsetof(struct ipt_entry, target_offset),
	.reverse = tcpmss_tg4_reverse,
	.grow	= tcpmss_tg4_grow,
};

static const struct tcpmss_tg_family tcpmss_tg_ip6 = {
	.family	= NFPROTO_IPV6,
	.headers = sizeof(struct ipv6hdr) + sizeof(struct tcphdr),
	.unsaid	= 1220,
	.entry	= sizeof(struct ip6t_entry),
	.target	= offsetof(struct ip6t_entry, target_offset),
	.reverse = tcpmss_tg6_reverse,
	.grow	= tcpmss_tg6_grow,
};

static const struct tcpmss_tg_family *tcpmss_tg_family(u8 family)
{
	return family == NFPROTO_IPV4 ? &tcpmss_tg_ip4 : &tcpmss_tg_ip6;
}

/* --- packets ------------------------------------------------------------------------- */

static unsigned int tcpmss_tg(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct tcpmss_tg_family *ip = tcpmss_tg_family(par->target->family);
	const struct xt_tcpmss_info *info = par->targinfo;
	u32 mss = info->mss;
	struct tcphdr *th;
	u8 *number;

	if (par->fragoff)
		return XT_CONTINUE;
	th = xt_tcp_header_write(skb, par->thoff);
	if (!th)
		return NF_DROP;
	if (mss == XT_TCPMSS_CLAMP_PMTU && !tcpmss_tg_path(skb, xt_net(par), ip, &mss))
		return NF_DROP;
	number = tcpmss_tg_find(th);
	if (!number)
		return tcpmss_tg_say(skb, par, th, ip, mss);
	tcpmss_tg_lower(skb, th, number, mss);
	return XT_CONTINUE;
}

/* --- rules --------------------------------------------------------------------------- */

static int tcpmss_tg_check_hooks(const struct xt_tgchk_param *par)
{
	const struct xt_tcpmss_info *info = par->targinfo;

	if (info->mss == XT_TCPMSS_CLAMP_PMTU && par->hook_mask & ~TCPMSS_TG_ROUTED)
		return xt_refuse(-EINVAL, "the path of a packet is known in FORWARD, OUTPUT and POSTROUTING only");
	return 0;
}

/* Is this the match "tcp", and does it want SYN? */
static bool tcpmss_tg_wants_syn(const struct xt_entry_match *match)
{
	const struct xt_tcp *tcp = (const void *)match->data;

	return !strcmp(match->u.kernel.match->name, "tcp") &&
	       tcp->flg_cmp & TCPHDR_SYN && !(tcp->invflags & XT_TCP_INV_FLAGS);
}

static bool tcpmss_tg_only_syn(const void *entry, const struct tcpmss_tg_family *ip)
{
	const void *end = entry + *(const u16 *)(entry + ip->target);
	const void *at = entry + ip->entry;

	while (at < end) {
		if (tcpmss_tg_wants_syn(at))
			return true;
		at += ((const struct xt_entry_match *)at)->u.match_size;
	}
	return false;
}

static int tcpmss_tg_check(const struct xt_tgchk_param *par)
{
	int err = xt_check_hooks_here(tcpmss_tg_check_hooks, par);

	/* nf_tables does not hand over the other matches of its rule */
	if (err || par->nft_compat)
		return err;
	if (!tcpmss_tg_only_syn(par->entryinfo, tcpmss_tg_family(par->family)))
		return xt_refuse(-EINVAL, "only for rules that match SYN packets, as with --syn");
	return 0;
}

static struct xt_target tcpmss_tg_rows[] __read_mostly = {
	XT_BOTH(.name = "TCPMSS", .proto = IPPROTO_TCP, .target = tcpmss_tg,
		.checkentry = tcpmss_tg_check, XT_CHECK_HOOKS(tcpmss_tg_check_hooks),
		.targetsize = sizeof(struct xt_tcpmss_info)),
};

XT_MODULE_TARGETS(tcpmss_tg_rows);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: lower the largest segment of TCP (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_TCPMSS");
MODULE_ALIAS("ip6t_TCPMSS");
