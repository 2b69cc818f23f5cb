// SPDX-License-Identifier: GPL-2.0
/*
 * The match "osf": the system that sent a TCP SYN, told by the fingerprints that user space
 * has loaded.  For PREROUTING, INPUT and FORWARD of IPv4.  The fingerprints and how they
 * are compared are nfnetlink_osf's, under RCU.
 */
#include <linux/netfilter/nfnetlink_osf.h>
#include <linux/netfilter/xt_osf.h>
#include <linux/tcp.h>

#include "xt_extension.h"

/* Has the packet what fingerprints are about: a SYN with all of its options? */
static bool osf_mt_is_syn(const struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct tcphdr *tcp;
	struct tcphdr room;

	tcp = skb_header_pointer(skb, par->thoff, sizeof(room), &room);
	return tcp && tcp->syn && tcp->doff * 4 >= sizeof(room) &&
	       tcp->doff * 4 <= skb->len - par->thoff;
}

/* A packet that is no SYN fits no fingerprint */
static bool osf_mt_fits(const struct sk_buff *skb, const struct xt_action_param *par)
{
	return nf_osf_match(skb, xt_family(par), xt_hooknum(par), xt_in(par), xt_out(par),
			    par->matchinfo, xt_net(par), nf_osf_fingers);
}

/* DIFF: osf-invert: "! --genre Linux" is a SYN of anything but Linux. */
static noinline bool osf_mt_fits_not(const struct sk_buff *skb, const struct xt_action_param *par)
{
	return osf_mt_is_syn(skb, par) && !osf_mt_fits(skb, par);
}

static bool osf_mt_test(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_osf_info *info = par->matchinfo;

	/* DIFF: osf-fragments: one behind the first has data where a TCP header would be */
	if (par->fragoff)
		return false;
	if (info->flags & XT_OSF_INVERT)
		return osf_mt_fits_not(skb, par);
	return osf_mt_fits(skb, par);
}

static struct xt_match osf_mt[] __read_mostly = {
	XT_ROW(NFPROTO_IPV4,
	       .name = "osf", .match = osf_mt_test,
	       .matchsize = sizeof(struct xt_osf_info), .proto = IPPROTO_TCP,
	       .hooks = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_IN |
			1 << NF_INET_FORWARD),
};

XT_MODULE_MATCHES(osf_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: passive OS fingerprint (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_osf");
MODULE_ALIAS("ip6t_osf");
