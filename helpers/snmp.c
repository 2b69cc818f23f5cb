// SPDX-License-Identifier: GPL-2.0
/*
 * The SNMP helper: each agent of the subnet answers a question that was broadcast (RFC
 * 3417).  Addresses in the messages are left to nf_nat_snmp_basic.  No state, no locks of
 * its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/netfilter/nf_conntrack_snmp.h>

#include "nf_ct_helper_module.h"

#define SNMP_NAME	"snmp"
#define SNMP_PORT	161

static unsigned int timeout = 30;
module_param(timeout, uint, 0400);
MODULE_PARM_DESC(timeout, "seconds in which answers may come");

/* The timeout is the parameter's. */
static struct nf_conntrack_expect_policy snmp_policy = {
	.max_expected	= 1,
};

static int nf_ct_snmp_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			   enum ip_conntrack_info ctinfo)
{
	nf_ct_snmp_nat_fn *nat;

	nf_conntrack_broadcast_help(skb, ct, ctinfo, timeout);
	nat = ct->status & IPS_NAT_MASK ? nf_ct_snmp_nat() : NULL;
	return nat ? nat(skb, protoff, ct, ctinfo) : NF_ACCEPT;
}

static const struct nf_ct_helper_kind snmp_kind = {
	.name		= SNMP_NAME,
	.family		= NFPROTO_IPV4,
	.l4proto	= IPPROTO_UDP,
	.port		= SNMP_PORT,
	.policy		= &snmp_policy,
	.inspect	= nf_ct_snmp_help,
};

NF_CT_HELPER_SET_FIXED(1);

static int __init nf_ct_snmp_init(void)
{
	int err;

	snmp_policy.timeout = timeout;
	err = nf_ct_helper_set_register(&nf_ct_helpers, &snmp_kind, 1, THIS_MODULE);
	if (err)
		pr_err("the helper cannot be registered: error %d\n", err);
	return err;
}

static void __exit nf_ct_snmp_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
}

module_init(nf_ct_snmp_init);
module_exit(nf_ct_snmp_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("SNMP connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS_NFCT_HELPER(SNMP_NAME);
