// SPDX-License-Identifier: GPL-2.0
/*
 * What Open vSwitch and act_ct share since 6.3: a packet's helper, a helper for a
 * template, and packets that are trimmed and put together before they are tracked.
 * Their packets meet no netfilter hook.  No state.
 */
#include <linux/bottom_half.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter_ipv6.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_seqadj.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_packet.h"
#include "nf_ct_helper.h"

/**
 * nf_ct_helper - have the helper of a connection look at a packet
 * @skb:    the packet
 * @ct:     its connection
 * @ctinfo: its place in the connection
 * @proto:  address family
 *
 * Context: process or softirq, under RCU.
 * Return: a netfilter verdict.
 */
int nf_ct_helper(struct sk_buff *skb, struct nf_conn *ct,
		 enum ip_conntrack_info ctinfo, u16 proto)
{
	const struct nf_conntrack_helper *helper = nf_ct_helper_of(ct);
	u8 protonum, family;
	int offset, verdict;

	if (!helper || ctinfo == IP_CT_RELATED_REPLY)
		return NF_ACCEPT;

	family = nf_ct_helper_l3(helper);
	if (family != NFPROTO_UNSPEC && family != proto)
		return NF_ACCEPT;
	if (WARN_ON_ONCE(proto != NFPROTO_IPV4 && proto != NFPROTO_IPV6))
		return NF_DROP;

	offset = nf_ct_l4_offset(skb, skb_network_offset(skb), proto, &protonum);
	if (offset < 0 || protonum != nf_ct_helper_l4(helper))
		return NF_ACCEPT;

	verdict = nf_ct_helper_call(helper, skb, offset, ct, ctinfo);
	if (verdict != NF_ACCEPT)
		return verdict;

	/* here, since no hook comes later that would */
	if (test_bit(IPS_SEQ_ADJUST_BIT, &ct->status) &&
	    !nf_ct_seq_adjust(skb, ct, ctinfo, offset))
		return NF_DROP;
	return NF_ACCEPT;
}

/**
 * nf_ct_add_helper - attach a helper to a template
 * @ct:     the template
 * @name:   helper
 * @family: address family
 * @proto:  transport protocol
 * @nat:    hold its NAT counterpart, too
 * @hp:     result: the helper, whose references are the caller's
 *
 * Context: process, sleeps, may load modules.
 * Return: 0; -EINVAL when there is no such helper, -ENOMEM, -ENOENT when there is no
 *	   such counterpart.
 */
int nf_ct_add_helper(struct nf_conn *ct, const char *name, u8 family,
		     u8 proto, bool nat, struct nf_conntrack_helper **hp)
{
	struct nf_conntrack_helper *helper;
	struct nf_conn_help *help;
	int err = -ENOMEM;

	helper = nf_conntrack_helper_try_module_get(name, family, proto);
	if (!helper)
		return -EINVAL;

	help = nf_ct_helper_ext_add(ct, GFP_KERNEL);
	if (!help)
		goto put_helper;
	if (nat) {
		err = nf_nat_helper_try_module_get(name, family, proto);
		if (err)
			goto put_helper;
	}

	rcu_assign_pointer(help->helper, helper);
	*hp = helper;
	return 0;

put_helper:
	nf_conntrack_helper_put(helper);
	return err;
}

/**
 * nf_ct_skb_network_trim - cut off what is behind the network packet
 * @skb:    packet; its data begin with the network header, which is linear
 * @family: address family; of others nothing is cut off
 *
 * Context: any.
 * Return: 0 or an error.
 */
int nf_ct_skb_network_trim(struct sk_buff *skb, int family)
{
	unsigned int len = skb->len;

	switch (family) {
	case NFPROTO_IPV4:
		len = skb_ip_totlen(skb);
		break;
	case NFPROTO_IPV6:
		/* the length of a jumbogram (RFC 2675) is in an option */
		len = ntohs(ipv6_hdr(skb)->payload_len);
		if (ipv6_hdr(skb)->nexthdr == NEXTHDR_HOP) {
			int err = nf_ip6_check_hbh_len(skb, &len);

			if (err)
				return err;
		}
		len += sizeof(struct ipv6hdr);
		break;
	}
	return pskb_trim_rcsum(skb, len);
}

static int nf_ct_gather4(struct net *net, struct sk_buff *skb, u16 zone, u16 *mru)
{
	int err;

	memset(IPCB(skb), 0, sizeof(struct inet_skb_parm));
	local_bh_disable();
	err = ip_defrag(net, skb, IP_DEFRAG_CONNTRACK_IN + zone);
	local_bh_enable();
	if (!err)
		*mru = IPCB(skb)->frag_max_size;
	return err;
}

#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
static int nf_ct_gather6(struct net *net, struct sk_buff *skb, u16 zone, u8 *proto,
			 u16 *mru)
{
	int err;

	memset(IP6CB(skb), 0, sizeof(struct inet6_skb_parm));
	err = nf_ct_frag6_gather(net, skb, IP6_DEFRAG_CONNTRACK_IN + zone);
	if (err) {
		/* unlike that of IPv4, it leaves us the packet */
		if (err != -EINPROGRESS)
			kfree_skb(skb);
		return err;
	}
	*proto = ipv6_hdr(skb)->nexthdr;
	*mru = IP6CB(skb)->frag_max_size;
	return 0;
}
#endif

/**
 * nf_ct_handle_fragments - put fragments together
 * @net:    namespace
 * @skb:    fragment; its data begin with the network header
 * @zone:   zone: fragments of others are others
 * @family: address family
 * @proto:  result for IPv6: the header that follows
 * @mru:    result: the largest fragment, bytes, 0 for none
 *
 * Context: process or softirq.
 * Return: 0, and @skb is the whole packet; -EINPROGRESS when it was kept until the
 *	   others come; else an error, and @skb is freed.
 */
int nf_ct_handle_fragments(struct net *net, struct sk_buff *skb, u16 zone, u8 family,
			   u8 *proto, u16 *mru)
{
	int err;

	switch (family) {
	case NFPROTO_IPV4:
		err = nf_ct_gather4(net, skb, zone, mru);
		break;
#if IS_ENABLED(CONFIG_NF_DEFRAG_IPV6)
	case NFPROTO_IPV6:
		err = nf_ct_gather6(net, skb, zone, proto, mru);
		break;
#endif
	default:
		kfree_skb(skb);
		return -EPFNOSUPPORT;
	}
	if (err)
		return err;

	skb_clear_hash(skb);
	skb->ignore_df = 1;
	return 0;
}
