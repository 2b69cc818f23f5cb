// SPDX-License-Identifier: GPL-2.0
/*
 * The H.323 helper (H.225.0, H.245): three helpers, for registration with a gatekeeper
 * (RAS), for call signalling (Q.931), and for control of a call (H.245), each of which
 * expects connections that get another one.  It owns their registration.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "h323.h"
#include "h323_per.h"
#include "nf_ct_helper_module.h"

#define H245_NAME	"H.245"
#define Q931_NAME	"Q.931"
#define RAS_NAME	"RAS"

static_assert(sizeof(struct nf_ct_h323_state) <= sizeof_field(struct nf_conn_help, data));

/* Four media, two ports each, in both directions, and T.120 */
static const struct nf_conntrack_expect_policy h245_policy = {
	.max_expected	= H323_RTP_CHANNEL_MAX * 4 + 2,
	.timeout	= 240,
};

/* The same by fast start, H.245, and forwarded calls */
static const struct nf_conntrack_expect_policy q931_policy = {
	.max_expected	= H323_RTP_CHANNEL_MAX * 4 + 4,
	.timeout	= 240,
};

static const struct nf_conntrack_expect_policy ras_policy = {
	.max_expected	= 32,
	.timeout	= 240,
};

static int h323_help_h245(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo)
{
	struct nf_ct_h323_packet p;

	if (!nf_ct_h323_open(&p, skb, ct, ctinfo, protoff, H245_NAME))
		return NF_ACCEPT;
	return nf_ct_h323_inspect_tcp(&p, nf_ct_h323_h245_message);
}

static int h323_help_q931(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo)
{
	struct nf_ct_h323_packet p;

	if (!nf_ct_h323_open(&p, skb, ct, ctinfo, protoff, Q931_NAME))
		return NF_ACCEPT;
	return nf_ct_h323_inspect_tcp(&p, nf_ct_h323_q931_message);
}

static int h323_help_ras(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			 enum ip_conntrack_info ctinfo)
{
	struct nf_ct_h323_packet p;

	if (!nf_ct_h323_open(&p, skb, ct, ctinfo, protoff, RAS_NAME))
		return NF_ACCEPT;
	return nf_ct_h323_inspect_udp(&p, nf_ct_h323_ras_message);
}

enum {
	H323_H245,
	H323_Q931,
	H323_RAS,
	H323_KINDS,
};

static const struct nf_ct_helper_kind h323_kinds[H323_KINDS] = {
	[H323_H245] = {
		.name		= H245_NAME,
		.family		= NFPROTO_UNSPEC,
		/* part of the ABI; it is found by its pointer only, for TCP */
		.l4proto	= IPPROTO_UDP,
		.policy		= &h245_policy,
		.inspect	= h323_help_h245,
	},
	[H323_Q931] = {
		.name		= Q931_NAME,
		.family		= NFPROTO_INET,
		.l4proto	= IPPROTO_TCP,
		.port		= 1720,
		.policy		= &q931_policy,
		.inspect	= h323_help_q931,
	},
	[H323_RAS] = {
		.name		= RAS_NAME,
		.family		= NFPROTO_INET,
		.l4proto	= IPPROTO_UDP,
		.port		= 1719,
		.policy		= &ras_policy,
		.inspect	= h323_help_ras,
	},
};

NF_CT_HELPER_SET_FIXED(H323_KINDS);

/* What an expected connection gets.  Only called by helpers, which are registered. */
struct nf_conntrack_helper *nf_ct_h323_helper_h245(const struct nf_conn *ct)
{
	return nf_ct_helper_set_get(&nf_ct_helpers, &h323_kinds[H323_H245], nf_ct_l3num(ct));
}

struct nf_conntrack_helper *nf_ct_h323_helper_q931(const struct nf_conn *ct)
{
	return nf_ct_helper_set_get(&nf_ct_helpers, &h323_kinds[H323_Q931], nf_ct_l3num(ct));
}

struct nf_conntrack_helper *nf_ct_h323_helper_ras(const struct nf_conn *ct)
{
	return nf_ct_helper_set_get(&nf_ct_helpers, &h323_kinds[H323_RAS], nf_ct_l3num(ct));
}

static int __init nf_ct_h323_init(void)
{
	int err;

	nf_ct_per_init();
	err = nf_ct_helper_set_register(&nf_ct_helpers, h323_kinds, H323_KINDS, THIS_MODULE);
	if (err)
		pr_err("the helpers cannot be registered: error %d\n", err);
	return err;
}

static void __exit nf_ct_h323_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
}

module_init(nf_ct_h323_init);
module_exit(nf_ct_h323_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("H.323 connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack_h323");
MODULE_ALIAS_NFCT_HELPER(RAS_NAME);
MODULE_ALIAS_NFCT_HELPER(Q931_NAME);
MODULE_ALIAS_NFCT_HELPER(H245_NAME);
