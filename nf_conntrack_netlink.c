// SPDX-License-Identifier: GPL-2.0
/*
 * The module nf_conntrack_netlink: connection tracking over nfnetlink.  This file
 * has the tables of requests, and what is done when the module is loaded and
 * unloaded and when a namespace is created and removed.  The rest is in netlink/.
 */
#include <linux/module.h>
#include <net/net_namespace.h>

#include "nf_ct_namespace.h"
#include "netlink/ctnetlink.h"

#define REQUEST(number, function, ...)					\
	[number] = { .type = NFNL_CB_MUTEX, .call = function, __VA_ARGS__ }
#define ENTRY_ATTRS							\
	.policy = ctnetlink_policy, .attr_count = CTA_MAX
#define EXPECT_ATTRS							\
	.policy = ctnetlink_expect_policy, .attr_count = CTA_EXPECT_MAX
#define SUBSYSTEM(title, number, requests, count)			\
	{ .name = title, .owner = THIS_MODULE, .subsys_id = number,	\
	  .cb = requests, .cb_count = count }

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

static const struct nfnetlink_subsystem ctnetlink_subsys =
	SUBSYSTEM("conntrack", NFNL_SUBSYS_CTNETLINK, ctnetlink_requests,
		  IPCTNL_MSG_MAX);

static const struct nfnetlink_subsystem ctnetlink_expect_subsys =
	SUBSYSTEM("conntrack_expect", NFNL_SUBSYS_CTNETLINK_EXP,
		  ctnetlink_expect_requests, IPCTNL_MSG_EXP_MAX);

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/* Events that were noted while this module was being loaded for a listener */
static int ctnetlink_catch_up(struct nf_conn *ct, void *data)
{
	nf_ct_deliver_cached_events(ct);
	return 0;
}

static int ctnetlink_net_init(struct net *net)
{
	const struct nf_ct_iter_data all = { .net = net };
	int err = ctnetlink_batch_net_init(net);

	if (err)
		return err;
	nf_conntrack_register_notifier(net, &ctnetlink_notifier);
	nf_ct_iterate_cleanup_net(ctnetlink_catch_up, &all);
	return 0;
}

/* The kernel waits for a grace period next: after it no event is being sent */
static void ctnetlink_net_pre_exit(struct net *net)
{
	ctnetlink_batch_flush(net);
	nf_conntrack_unregister_notifier(net);
}

/* Release the events that wait in the batch, then those that wait in the core */
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
	/* nfnetlink_queue or nfnetlink_log may still call the glue */
	synchronize_rcu();
}

module_init(ctnetlink_init);
module_exit(ctnetlink_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Connection tracking over nfnetlink, with events that are not lost");
MODULE_VERSION(NF_CT_VERSION);
MODULE_IMPORT_NS(NF_CT_NS);
MODULE_ALIAS("ip_conntrack_netlink");
MODULE_ALIAS_NFNL_SUBSYS(NFNL_SUBSYS_CTNETLINK);
MODULE_ALIAS_NFNL_SUBSYS(NFNL_SUBSYS_CTNETLINK_EXP);
