// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module and its namespaces: what is set up in which order, and undone in
 * the reverse one when a step fails or the end has come.  The lock of the
 * module's parameters guards nf_conntrack_resizable.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/netfilter.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>

#include "nf_conntrack_internal.h"

unsigned int nf_conntrack_net_id __read_mostly;
NF_CT_EXPORT_PRIVATE(nf_conntrack_net_id);

static bool enable_hooks __read_mostly;
module_param(enable_hooks, bool, 0000);
MODULE_PARM_DESC(enable_hooks, "Always enable conntrack hooks");

/* There is a table: parameter hashsize resizes it, it is no longer noted only */
static bool nf_conntrack_resizable;

module_param_call(hashsize, nf_conntrack_set_hashsize, param_get_uint,
		  &nf_conntrack_htable_size, 0600);

/* ---- our other half ---- */

/*
 * nf_conntrack_netlink of the kernel fits by its symbols, but would walk the hash
 * chains of the kernel's own table; one of another version of ours may take our
 * private structures for others.  Such a pair comes about when modules were
 * installed or removed since nf_conntrack was loaded.
 */
static int nf_conntrack_module_coming(struct notifier_block *nb,
				      unsigned long state, void *data)
{
	const struct module *mod = data;

	if (state != MODULE_STATE_COMING ||
	    strcmp(mod->name, "nf_conntrack_netlink") ||
	    (mod->version && !strcmp(mod->version, NF_CT_VERSION)))
		return NOTIFY_OK;

	pr_err("nf_conntrack_netlink %s does not belong to nf_conntrack %s, which is loaded: reload both\n",
	       mod->version ?: "of the kernel", NF_CT_VERSION);
	return notifier_from_errno(-ENOEXEC);
}

static struct notifier_block nf_conntrack_module_notifier = {
	.notifier_call = nf_conntrack_module_coming,
};

/* ---- parameters ---- */

/* Before there is a table, and when it goes: waits for a resize under way */
static void nf_conntrack_allow_resize(bool allow)
{
	kernel_param_lock(THIS_MODULE);
	nf_conntrack_resizable = allow;
	kernel_param_unlock(THIS_MODULE);
}

/**
 * nf_conntrack_set_hashsize - set module parameter hashsize
 * @val: what the user wrote
 * @kp:  the parameter
 *
 * Context: process, sleeps; the parameters of the module are locked.
 * Return: 0; -EOPNOTSUPP outside the initial namespace, since the table
 * belongs to all; what nf_conntrack_hash_resize() or the parser says.
 */
int nf_conntrack_set_hashsize(const char *val, const struct kernel_param *kp)
{
	unsigned int buckets;
	int err;

	if (!net_eq(current->nsproxy->net_ns, &init_net))
		return -EOPNOTSUPP;
	if (!nf_conntrack_resizable)
		return param_set_uint(val, kp);

	err = kstrtouint(val, 0, &buckets);
	return err ?: nf_conntrack_hash_resize(buckets);
}

/**
 * nf_conntrack_count - number of entries of a namespace
 * @net: the namespace
 *
 * Entries whose DESTROY event still waits to be delivered are counted.
 *
 * Context: any.
 * Return: their number.
 */
u32 nf_conntrack_count(const struct net *net)
{
	return atomic_read(&nf_ct_pernet(net)->count);
}

/* Values that other files find when they set up their part */
static void nf_conntrack_pernet_defaults(struct net *net)
{
	struct nf_conntrack_pernet *pernet = nf_conntrack_pernet(net);

	net->ct.sysctl_checksum = 1;
	pernet->events_retry = NF_CT_EVENTS_RETRY_DEFAULT;
	pernet->events_batch = 0;
}

static int __net_init nf_conntrack_pernet_init(struct net *net)
{
	int err;

	nf_conntrack_pernet_defaults(net);

	err = nf_conntrack_init_net(net);
	if (err)
		return err;

	err = nf_conntrack_sysctl_pernet_init(net);
	if (err)
		goto no_sysctl;

	err = nf_conntrack_procfs_pernet_init(net);
	if (err)
		goto no_procfs;

	if (enable_hooks) {
		err = nf_ct_netns_get(net, NFPROTO_INET);
		if (err)
			goto no_hooks;
	}
	return 0;

no_hooks:
	nf_conntrack_procfs_pernet_fini(net);
no_procfs:
	nf_conntrack_sysctl_pernet_fini(net);
no_sysctl:
	nf_conntrack_cleanup_net(net);
	return err;
}

/* All namespaces first lose what users see and where packets come in: entries
 * are waited for once for all of them.
 */
static void __net_exit nf_conntrack_pernet_exit(struct list_head *exit_list)
{
	struct net *net;

	list_for_each_entry(net, exit_list, exit_list) {
		if (enable_hooks)
			nf_ct_netns_put(net, NFPROTO_INET);
		nf_conntrack_procfs_pernet_fini(net);
		nf_conntrack_sysctl_pernet_fini(net);
	}
	nf_conntrack_cleanup_net_list(exit_list);
}

static struct pernet_operations nf_conntrack_net_ops = {
	.init		= nf_conntrack_pernet_init,
	.exit_batch	= nf_conntrack_pernet_exit,
	.id		= &nf_conntrack_net_id,
	.size		= sizeof(struct nf_conntrack_pernet),
};

static int __init nf_conntrack_standalone_init(void)
{
	int err;

	err = nf_conntrack_init_start();
	if (err)
		return err;
	nf_conntrack_allow_resize(true);

	err = register_module_notifier(&nf_conntrack_module_notifier);
	if (err)
		goto no_notifier;

	err = nf_conntrack_sysctl_init();
	if (err)
		goto no_sysctl;

	/* Packets may come as soon as there is a namespace with hooks. */
	nf_conntrack_init_end();

	err = register_pernet_subsys(&nf_conntrack_net_ops);
	if (err)
		goto no_pernet;
	return 0;

no_pernet:
	nf_conntrack_sysctl_fini();
no_sysctl:
	unregister_module_notifier(&nf_conntrack_module_notifier);
no_notifier:
	nf_conntrack_allow_resize(false);
	nf_conntrack_cleanup_end();
	return err;
}

static void __exit nf_conntrack_standalone_fini(void)
{
	unregister_pernet_subsys(&nf_conntrack_net_ops);
	nf_conntrack_sysctl_fini();
	unregister_module_notifier(&nf_conntrack_module_notifier);
	nf_conntrack_allow_resize(false);
	nf_conntrack_cleanup_end();
}

module_init(nf_conntrack_standalone_init);
module_exit(nf_conntrack_standalone_fini);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Connection tracking that loses no event");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack");
MODULE_ALIAS("nf_conntrack-" __stringify(AF_INET));
MODULE_ALIAS("nf_conntrack-" __stringify(AF_INET6));
