// SPDX-License-Identifier: GPL-2.0
/*
 * The TFTP helper: a server answers a request from a port of its own choice (RFC 1350 4),
 * so a request makes it expect datagrams from any port of the server to the client's.
 * No state, no locks of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/udp.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <linux/netfilter/nf_conntrack_tftp.h>

#include "nf_ct_cursor_skb.h"
#include "nf_ct_helper_module.h"
#include "nf_ct_helper_rule.h"
#include "tftp_parse.h"

#define TFTP_NAME	"tftp"

static const struct nf_conntrack_expect_policy tftp_policy = {
	.max_expected	= 1,
	.timeout	= 5 * 60,
};

/* Under nf_conntrack_log_invalid: the packet passes, and nothing is expected. */
static void tftp_log(struct sk_buff *skb, struct nf_conn *ct, const char *rule)
{
	nf_ct_helper_log_rule(skb, ct, TFTP_NAME, rule);
}

static int tftp_drop(struct sk_buff *skb, struct nf_conn *ct, const char *why)
{
	nf_ct_helper_log(skb, ct, "%s", why);
	return NF_DROP;
}

static bool tftp_is_request(struct sk_buff *skb, unsigned int offset, struct nf_conn *ct)
{
	u8 room[NF_CT_TFTP_REQUEST_MAX];
	struct nf_ct_cursor c;
	const char *rule;

	nf_ct_cursor_skb(&c, skb, offset, sizeof(room), room);
	switch (nf_ct_tftp_read(&c, &rule)) {
	case NF_CT_TFTP_REQUEST:
		return true;
	case NF_CT_TFTP_BAD:
		tftp_log(skb, ct, rule);
		break;
	case NF_CT_TFTP_NOTHING:
		break;
	}
	return false;
}

/* nf_nat_tftp adds the expectation itself: the client's port may be another one behind it */
static int tftp_make_known(struct sk_buff *skb, struct nf_conn *ct,
			   enum ip_conntrack_info ctinfo, struct nf_conntrack_expect *exp)
{
	nf_nat_tftp_hook_fn *nat = ct->status & IPS_NAT_MASK ? nf_ct_tftp_nat() : NULL;

	if (nat)
		return nf_ct_tftp_call_nat(nat, skb, ct, ctinfo, exp);
	if (nf_ct_expect_related(exp, 0))
		return tftp_drop(skb, ct, "no room for the expectation");
	return NF_ACCEPT;
}

static int nf_ct_tftp_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			   enum ip_conntrack_info ctinfo)
{
	const struct nf_conntrack_tuple *answer = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	struct nf_conntrack_expect *exp;
	int verdict;

	/* DIFF: tftp-request */
	if (CTINFO2DIR(ctinfo) != IP_CT_DIR_ORIGINAL ||
	    !tftp_is_request(skb, protoff + sizeof(struct udphdr), ct))
		return NF_ACCEPT;

	exp = nf_ct_expect_alloc(ct);
	if (!exp)
		return tftp_drop(skb, ct, "no memory for the expectation");
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, nf_ct_l3num(ct), &answer->src.u3,
			  &answer->dst.u3, IPPROTO_UDP, NULL, &answer->dst.u.udp.port);
	verdict = tftp_make_known(skb, ct, ctinfo, exp);
	nf_ct_expect_put(exp);
	return verdict;
}

static const struct nf_ct_helper_kind tftp_kind = {
	.name		= TFTP_NAME,
	.family		= NFPROTO_INET,
	.l4proto	= IPPROTO_UDP,
	.port		= TFTP_PORT,
	.by_index	= true,
	.policy		= &tftp_policy,
	.inspect	= nf_ct_tftp_help,
};

NF_CT_HELPER_SET(1, "ports of TFTP servers, 69 if there is none");

static int __init nf_ct_tftp_init(void)
{
	int err = nf_ct_helper_set_register(&nf_ct_helpers, &tftp_kind, 1, THIS_MODULE);

	if (err)
		pr_err("the helper cannot be registered: error %d\n", err);
	return err;
}

static void __exit nf_ct_tftp_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
}

module_init(nf_ct_tftp_init);
module_exit(nf_ct_tftp_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("TFTP connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack_tftp");
MODULE_ALIAS_NFCT_HELPER(TFTP_NAME);
