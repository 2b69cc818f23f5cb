// SPDX-License-Identifier: GPL-2.0
/*
 * The module nf_conntrack_netlink: connection tracking over nfnetlink.  Here
 * are the tables of requests and what happens at load, unload, and when a
 * namespace comes and goes; netlink/ has the rest.
 */
#include <linux/module.h>
#include <net/net_namespace.h>

#include "netlink/ctnetlink.h"

#define REQUEST(number, function, ...)					\
	[number] = { .type = NFNL_CB_MUTEX, .call = function, __VA_ARGS__ }
#define ENTRY_ATTRS							\
	.policy = ctnetlink_policy, .attr_count = CTA_MAX
#define EXPECT_ATTRS							\
	.policy = ctnetlink_expect_policy, .attr_count = CTA_EXPECT_MAX

static const struct nfnl_callback ctnetlink_requests[IPCTNL_MSG_MAX] = {
	REQUEST(IPCTNL_MSG_CT_GET, ctnetlink_get, ENTRY_ATTRS),
	REQUEST(IPCTNL_MSG_CT_GET_CTRZERO, ctnetlink_get, ENTRY_ATTRS),
	REQUEST(IPCTNL_MSG_CT_NEW, ctnetlink_new, ENTRY_ATTRS),
	REQUEST(IPCTNL_MSG_CT_DELETE, ctnetlink_delete, ENTRY_ATTRS),
	REQUEST(IPCTNL_MSG_CT_GET_STATS, ctnetlink_stats_global),
	REQUEST(IPCTNL_MSG_CT_GET_STATS_CPU, ctnetlink_stats_cpu),
	REQUEST(IPCTNL_MSG_CT_GET_DYING, ctnetlink_dump_dying),
	REQUEST(IPCTNL_MSG_CT_GET_UNCONFIRMED, ctnetlink_dump_unconfirmed),
};

static const struct nfnl_callback
ctnetlink_expect_requests[IPCTNL_MSG_EXP_MAX] = {
	REQUEST(IPCTNL_MSG_EXP_GET, ctnetlink_expect_get, EXPECT_ATTRS),
	REQUEST(IPCTNL_MSG_EXP_NEW, ctnetlink_expect_new, EXPECT_ATTRS),
	REQUEST(IPCTNL_MSG_EXP_DELETE, ctnetlink_expect_delete, EXPECT_ATTRS),
	REQUEST(IPCTNL_MSG_EXP_GET_STATS_CPU, ctnetlink_stats_expect_cpu),
};

static const struct nfnetlink_subsystem ctnetlink_subsys = {
	.name		= "conntrack",
	.owner		= THIS_MODULE,
	.subsys_id	= NFNL_SUBSYS_CTNETLINK,
	.cb		= ctnetlink_requests,
	.cb_count	= ARRAY_SIZE(ctnetlink_requests),
};

static const struct nfnetlink_subsystem ctnetlink_expect_subsys = {
	.name		= "conntrack_expect",
	.owner		= THIS_MODULE,
	.subsys_id	= NFNL_SUBSYS_CTNETLINK_EXP,
	.cb		= ctnetlink_expect_requests,
	.cb_count	= ARRAY_SIZE(ctnetlink_expect_requests),
};

#ifdef CONFIG_NF_CONNTRACK_EVENTS
static int ctnetlink_net_init(struct net *net)
{
	int err = ctnetlink_batch_net_init(net);

	if (!err)
		nf_conntrack_register_notifier(net, &ctnetlink_notifier);
	return err;
}

/* From here on no event is sent; the kernel waits for a grace period next */
static void ctnetlink_net_pre_exit(struct net *net)
{
	ctnetlink_batch_flush(net);
	nf_conntrack_unregister_notifier(net);
}

/* Nobody is inside the notifier any more: release what waits in a batch, and then
 * what waits in the core.
 */
static void ctnetlink_net_exit(struct net *net)
{
	ctnetlink_batch_net_fini(net);
	nf_conntrack_events_drain(net);
}

static struct pernet_operations ctnetlink_net_ops = {
	.init		= ctnetlink_net_init,
	.pre_exit	= ctnetlink_net_pre_exit,
	.exit		= ctnetlink_net_exit,
	.id		= &ctnetlink_batch_net_id,
	.size		= sizeof(struct ctnetlink_batch),
};

static int ctnetlink_pernet_register(void)
{
	return register_pernet_subsys(&ctnetlink_net_ops);
}

static void ctnetlink_pernet_unregister(void)
{
	unregister_pernet_subsys(&ctnetlink_net_ops);
}
#else
static int ctnetlink_pernet_register(void) { return 0; }
static void ctnetlink_pernet_unregister(void) {}
#endif /* CONFIG_NF_CONNTRACK_EVENTS */

static int __init ctnetlink_init(void)
{
	int err;

	err = ctnetlink_events_init();
	if (err)
		return err;

	err = ctnetlink_pernet_register();
	if (err)
		goto out_events;

	err = nfnetlink_subsys_register(&ctnetlink_subsys);
	if (err)
		goto out_pernet;

	err = nfnetlink_subsys_register(&ctnetlink_expect_subsys);
	if (err)
		goto out_connections;

	ctnetlink_glue_register();
	return 0;

out_connections:
	nfnetlink_subsys_unregister(&ctnetlink_subsys);
out_pernet:
	ctnetlink_pernet_unregister();
out_events:
	ctnetlink_events_fini();
	return err;
}

static void __exit ctnetlink_exit(void)
{
	ctnetlink_glue_unregister();
	nfnetlink_subsys_unregister(&ctnetlink_expect_subsys);
	nfnetlink_subsys_unregister(&ctnetlink_subsys);
	ctnetlink_pernet_unregister();
	ctnetlink_events_fini();
	/* the queues may still be inside the glue */
	synchronize_rcu();
}

module_init(ctnetlink_init);
module_exit(ctnetlink_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Connection tracking over nfnetlink, with events that are not lost");
MODULE_VERSION(NF_CT_VERSION);
MODULE_IMPORT_NS(RELIABLE_CONNTRACK);
MODULE_ALIAS("ip_conntrack_netlink");
MODULE_ALIAS_NFNL_SUBSYS(NFNL_SUBSYS_CTNETLINK);
MODULE_ALIAS_NFNL_SUBSYS(NFNL_SUBSYS_CTNETLINK_EXP);
