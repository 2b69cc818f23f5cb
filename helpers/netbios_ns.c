// SPDX-License-Identifier: GPL-2.0
/*
 * The helper of the NetBIOS name service (RFC 1002): who has a name answers a question that
 * was broadcast.  No state, no locks of its own.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "nf_ct_helper_module.h"

#define NETBIOS_NS_NAME	"netbios-ns"
#define NETBIOS_NS_PORT	137

static unsigned int timeout = 3;
module_param(timeout, uint, 0400);
MODULE_PARM_DESC(timeout, "seconds in which answers may come");

/* The timeout is the parameter's. */
static struct nf_conntrack_expect_policy netbios_ns_policy = {
	.max_expected	= 1,
};

static int nf_ct_netbios_ns_help(struct sk_buff *skb, unsigned int protoff,
				 struct nf_conn *ct, enum ip_conntrack_info ctinfo)
{
	return nf_conntrack_broadcast_help(skb, ct, ctinfo, timeout);
}

static const struct nf_ct_helper_kind netbios_ns_kind = {
	.name		= NETBIOS_NS_NAME,
	.family		= NFPROTO_IPV4,
	.l4proto	= IPPROTO_UDP,
	.port		= NETBIOS_NS_PORT,
	.policy		= &netbios_ns_policy,
	.inspect	= nf_ct_netbios_ns_help,
};

NF_CT_HELPER_SET_FIXED(1);

static int __init nf_ct_netbios_ns_init(void)
{
	int err;

	netbios_ns_policy.timeout = timeout;
	err = nf_ct_helper_set_register(&nf_ct_helpers, &netbios_ns_kind, 1, THIS_MODULE);
	if (err)
		pr_err("the helper cannot be registered: error %d\n", err);
	return err;
}

static void __exit nf_ct_netbios_ns_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
}

module_init(nf_ct_netbios_ns_init);
module_exit(nf_ct_netbios_ns_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("NetBIOS name service connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack_netbios_ns");
MODULE_ALIAS_NFCT_HELPER(NETBIOS_NS_NAME);
