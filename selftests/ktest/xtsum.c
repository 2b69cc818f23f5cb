// SPDX-License-Identifier: GPL-2.0
/*
 * Packets come with the sum of all their bytes (CHECKSUM_COMPLETE), as from a card that
 * computes it, and behind the rules of PREROUTING the sum is compared with the bytes.  The
 * parameters "checked" and "wrong" have how many there were.  A guest's own devices give no
 * such sum, and what is routed loses it behind PREROUTING.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <net/checksum.h>
#include <net/net_namespace.h>

static atomic_t xtsum_checked, xtsum_wrong;

static int xtsum_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(kp->arg));
}

static const struct kernel_param_ops xtsum_counter = {
	.get = xtsum_get,
};

module_param_cb(checked, &xtsum_counter, &xtsum_checked, 0444);
module_param_cb(wrong, &xtsum_counter, &xtsum_wrong, 0444);

static unsigned int xtsum_give(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	if (skb->ip_summed != CHECKSUM_PARTIAL) {
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
		skb->ip_summed = CHECKSUM_COMPLETE;
	}
	return NF_ACCEPT;
}

/* There are two zeros: 0 and 0xffff. */
static bool xtsum_is_right(const struct sk_buff *skb)
{
	__wsum sum = skb_checksum(skb, 0, skb->len, 0);
	__sum16 difference = csum_fold(csum_sub(skb->csum, sum));

	return !difference || difference == (__force __sum16)0xffff;
}

static unsigned int xtsum_check(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	if (skb->ip_summed != CHECKSUM_COMPLETE)
		return NF_ACCEPT;
	atomic_inc(&xtsum_checked);
	if (xtsum_is_right(skb))
		return NF_ACCEPT;
	atomic_inc(&xtsum_wrong);
	/* the receiver would complain of the card that has given it */
	skb->ip_summed = CHECKSUM_NONE;
	return NF_ACCEPT;
}

#define XTSUM_HOOK(function, of, order) {				\
	.hook = (function), .pf = (of), .priority = (order),		\
	.hooknum = NF_INET_PRE_ROUTING,					\
}

static const struct nf_hook_ops xtsum_hooks[] = {
	XTSUM_HOOK(xtsum_give, NFPROTO_IPV4, NF_IP_PRI_FIRST),
	XTSUM_HOOK(xtsum_give, NFPROTO_IPV6, NF_IP_PRI_FIRST),
	XTSUM_HOOK(xtsum_check, NFPROTO_IPV4, NF_IP_PRI_LAST),
	XTSUM_HOOK(xtsum_check, NFPROTO_IPV6, NF_IP_PRI_LAST),
};

static int __net_init xtsum_net_init(struct net *net)
{
	return nf_register_net_hooks(net, xtsum_hooks, ARRAY_SIZE(xtsum_hooks));
}

static void __net_exit xtsum_net_exit(struct net *net)
{
	nf_unregister_net_hooks(net, xtsum_hooks, ARRAY_SIZE(xtsum_hooks));
}

static struct pernet_operations xtsum_net_ops = {
	.init	= xtsum_net_init,
	.exit	= xtsum_net_exit,
};

static int __init xtsum_init(void)
{
	return register_pernet_subsys(&xtsum_net_ops);
}

static void __exit xtsum_exit(void)
{
	unregister_pernet_subsys(&xtsum_net_ops);
}

module_init(xtsum_init);
module_exit(xtsum_exit);
MODULE_DESCRIPTION("Gives packets the sum of their bytes, for a test of iptables targets");
MODULE_LICENSE("GPL");
