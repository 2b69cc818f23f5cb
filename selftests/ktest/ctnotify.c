// SPDX-License-Identifier: GPL-2.0
/*
 * A user of connection events inside the kernel, as offload engines are: registers
 * the notifier of every namespace and counts what comes.  The counters are
 * the module's parameters "births", "changes" and "ends".  Not beside
 * nf_conntrack_netlink: a namespace has room for one notifier.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#define CTNOTIFY_BIRTH	(BIT(IPCT_NEW) | BIT(IPCT_RELATED))

static atomic_t ctnotify_births, ctnotify_changes, ctnotify_ends;

static int ctnotify_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(kp->arg));
}

static const struct kernel_param_ops ctnotify_counter = {
	.get = ctnotify_get,
};

module_param_cb(births, &ctnotify_counter, &ctnotify_births, 0444);
module_param_cb(changes, &ctnotify_counter, &ctnotify_changes, 0444);
module_param_cb(ends, &ctnotify_counter, &ctnotify_ends, 0444);

static int ctnotify_event(unsigned int events, const struct nf_ct_event *item)
{
	if (events & BIT(IPCT_DESTROY))
		atomic_inc(&ctnotify_ends);
	else if (events & CTNOTIFY_BIRTH)
		atomic_inc(&ctnotify_births);
	else
		atomic_inc(&ctnotify_changes);
	return 0;
}

static int ctnotify_exp_event(unsigned int events, const struct nf_exp_event *item)
{
	return 0;
}

static const struct nf_ct_event_notifier ctnotify_notifier = {
	.ct_event	= ctnotify_event,
	.exp_event	= ctnotify_exp_event,
};

static int __net_init ctnotify_net_init(struct net *net)
{
	nf_conntrack_register_notifier(net, &ctnotify_notifier);
	return 0;
}

static void ctnotify_net_exit(struct net *net)
{
	nf_conntrack_unregister_notifier(net);
}

static void ctnotify_net_exit_batch(struct list_head *nets)
{
	/* a callback that runs now must not return into freed text */
	synchronize_rcu();
}

static struct pernet_operations ctnotify_net_ops = {
	.init		= ctnotify_net_init,
	.exit		= ctnotify_net_exit,
	.exit_batch	= ctnotify_net_exit_batch,
};

static int __init ctnotify_init(void)
{
	return register_pernet_subsys(&ctnotify_net_ops);
}

static void __exit ctnotify_exit(void)
{
	unregister_pernet_subsys(&ctnotify_net_ops);
}

module_init(ctnotify_init);
module_exit(ctnotify_exit);
MODULE_DESCRIPTION("Counts connection events inside the kernel, for a test");
MODULE_LICENSE("GPL");
