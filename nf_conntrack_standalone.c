// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module and its namespaces: what is set up in which order, and undone in
 * the reverse one when a step fails or the end has come.  The lock of the
 * module's parameters guards nf_conntrack_resizable.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <generated/utsrelease.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/netfilter.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_bpf.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_timestamp.h>

#include "nf_conntrack_events.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_conntrack_table.h"

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
 *
 * DIFF: netlink-module-pair: stock takes any whose symbols fit.
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

/* ---- namespaces ---- */

/* Values that other files find when they set up their part */
static int nf_conntrack_defaults_init(struct net *net)
{
	struct nf_conntrack_pernet *pernet = nf_conntrack_pernet(net);

	BUILD_BUG_ON(IP_CT_UNTRACKED == IP_CT_NUMBER);
	atomic_set(&pernet->stock.count, 0);
	pernet->events_retry = NF_CT_EVENTS_RETRY_DEFAULT;
	net->ct.sysctl_checksum = 1;
	nf_conntrack_acct_pernet_init(net);
	nf_conntrack_tstamp_pernet_init(net);
	nf_conntrack_ecache_pernet_init(net);
	nf_conntrack_proto_pernet_init(net);
	return 0;
}

static int nf_conntrack_counters_init(struct net *net)
{
	net->ct.stat = alloc_percpu(struct ip_conntrack_stat);
	return net->ct.stat ? 0 : -ENOMEM;
}

static void nf_conntrack_counters_fini(struct net *net)
{
	free_percpu(net->ct.stat);
}

static int nf_conntrack_events_init(struct net *net)
{
	int err = nf_conntrack_unsent_pernet_init(net);

	if (!err)
		nf_conntrack_resend_pernet_init(net);
	return err;
}

static void nf_conntrack_events_fini(struct net *net)
{
	nf_conntrack_resend_pernet_fini(net);
	nf_conntrack_unsent_pernet_fini(net);
}

static int nf_conntrack_hooks_init(struct net *net)
{
	return enable_hooks ? nf_ct_netns_get(net, NFPROTO_INET) : 0;
}

static void nf_conntrack_hooks_fini(struct net *net)
{
	if (enable_hooks)
		nf_ct_netns_put(net, NFPROTO_INET);
}

/**
 * struct nf_conntrack_net_part - what a namespace gets
 * @init: sets the part up, or NULL; 0 or an error with nothing left behind
 * @fini: takes it away, or NULL
 */
struct nf_conntrack_net_part {
	int	(*init)(struct net *net);
	void	(*fini)(struct net *net);
};

/* Set up from the top, taken away from the bottom.  Between the first part that
 * users see and the last one that entries use, the entries end.
 */
static const struct nf_conntrack_net_part nf_conntrack_net_parts[] = {
	{ nf_conntrack_defaults_init },
	{ nf_conntrack_counters_init,		nf_conntrack_counters_fini },
	{ nf_conntrack_events_init,		nf_conntrack_events_fini },
};

static const struct nf_conntrack_net_part nf_conntrack_net_faces[] = {
	{ nf_conntrack_expect_proc_init,	nf_conntrack_expect_proc_fini },
	{ nf_conntrack_sysctl_pernet_init,	nf_conntrack_sysctl_pernet_fini },
	{ nf_conntrack_procfs_pernet_init,	nf_conntrack_procfs_pernet_fini },
	{ nf_conntrack_hooks_init,		nf_conntrack_hooks_fini },
};

static void nf_conntrack_parts_fini(struct net *net,
				    const struct nf_conntrack_net_part *part,
				    unsigned int n)
{
	while (n--) {
		if (part[n].fini)
			part[n].fini(net);
	}
}

static int nf_conntrack_parts_init(struct net *net,
				   const struct nf_conntrack_net_part *part,
				   unsigned int n)
{
	unsigned int i;
	int err;

	for (i = 0; i < n; i++) {
		err = part[i].init ? part[i].init(net) : 0;
		if (err) {
			nf_conntrack_parts_fini(net, part, i);
			return err;
		}
	}
	return 0;
}

/* Returns whether an entry of @net is still there: a packet may hold it. */
static bool nf_conntrack_net_flush(struct net *net)
{
	nf_conntrack_flush_net(net);
	nf_conntrack_events_drain(net);
	return nf_conntrack_count(net) != 0;
}

/* End the entries of namespaces that nothing shows and no packet enters any more. */
static void nf_conntrack_nets_flush(struct list_head *nets)
{
	struct net *net;
	bool busy;

	/* packets that are inside the hooks now */
	synchronize_net();
	do {
		busy = false;
		list_for_each_entry(net, nets, exit_list)
			busy |= nf_conntrack_net_flush(net);
		if (busy)
			schedule_timeout_uninterruptible(1);
	} while (busy);
}

static void nf_conntrack_nets_end(struct list_head *nets)
{
	struct net *net;

	nf_conntrack_nets_flush(nets);
	list_for_each_entry(net, nets, exit_list)
		nf_conntrack_parts_fini(net, nf_conntrack_net_parts,
					ARRAY_SIZE(nf_conntrack_net_parts));
}

static int __net_init nf_conntrack_pernet_init(struct net *net)
{
	LIST_HEAD(alone);
	int err;

	err = nf_conntrack_parts_init(net, nf_conntrack_net_parts,
				      ARRAY_SIZE(nf_conntrack_net_parts));
	if (err)
		return err;

	err = nf_conntrack_parts_init(net, nf_conntrack_net_faces,
				      ARRAY_SIZE(nf_conntrack_net_faces));
	if (err) {
		list_add(&net->exit_list, &alone);
		nf_conntrack_nets_end(&alone);
	}
	return err;
}

/* All namespaces first lose what users see and where packets come in: so entries
 * are waited for once for all of them.
 */
static void __net_exit nf_conntrack_pernet_exit(struct list_head *exit_list)
{
	struct net *net;

	list_for_each_entry(net, exit_list, exit_list)
		nf_conntrack_parts_fini(net, nf_conntrack_net_faces,
					ARRAY_SIZE(nf_conntrack_net_faces));
	nf_conntrack_nets_end(exit_list);
}

static struct pernet_operations nf_conntrack_net_ops = {
	.init		= nf_conntrack_pernet_init,
	.exit_batch	= nf_conntrack_pernet_exit,
	.id		= &nf_conntrack_net_id,
	.size		= sizeof(struct nf_conntrack_pernet),
};

/* ---- the module ---- */

static int nf_conntrack_parameters_init(void)
{
	nf_conntrack_allow_resize(true);
	return 0;
}

static void nf_conntrack_parameters_fini(void)
{
	nf_conntrack_allow_resize(false);
}

static int nf_conntrack_pairing_init(void)
{
	return register_module_notifier(&nf_conntrack_module_notifier);
}

static void nf_conntrack_pairing_fini(void)
{
	unregister_module_notifier(&nf_conntrack_module_notifier);
}

static int nf_conntrack_keymaps_init(void)
{
	return IS_ENABLED(CONFIG_NF_CT_PROTO_GRE) ? nf_conntrack_gre_init() : 0;
}

static void nf_conntrack_keymaps_fini(void)
{
	if (IS_ENABLED(CONFIG_NF_CT_PROTO_GRE))
		nf_conntrack_gre_fini();
}

static int nf_conntrack_hook_init(void)
{
	nf_conntrack_attach_init();
	return 0;
}

/* Programs are an extra: without them everything else works */
static int nf_conntrack_bpf_init(void)
{
	int err = register_nf_conntrack_bpf();

	if (err)
		pr_warn("BPF programs cannot look at connections: error %d\n", err);
	return 0;
}

static int nf_conntrack_nets_init(void)
{
	return register_pernet_subsys(&nf_conntrack_net_ops);
}

static void nf_conntrack_nets_fini(void)
{
	unregister_pernet_subsys(&nf_conntrack_net_ops);
}

/* Set up from the top, taken away from the bottom, or from where a step failed. */
static const struct {
	int	(*init)(void);
	void	(*fini)(void);
} nf_conntrack_steps[] = {
	{ nf_conntrack_globals_init,	nf_conntrack_globals_fini },
	{ nf_conntrack_core_init,	nf_conntrack_core_fini },
	{ nf_ct_lines_init,		nf_ct_lines_fini },
	{ nf_conntrack_table_init,	nf_conntrack_table_fini },
	{ nf_conntrack_resize_init,	nf_conntrack_resize_fini },
	{ nf_conntrack_deadline_init,	nf_conntrack_deadline_fini },
	{ nf_ct_expect_life_init,	nf_ct_expect_life_fini },
	{ nf_conntrack_expect_init,	nf_conntrack_expect_fini },
	{ nf_conntrack_helper_init,	nf_conntrack_helper_fini },
	{ nf_conntrack_keymaps_init,	nf_conntrack_keymaps_fini },
	{ nf_conntrack_sockopt_init,	nf_conntrack_sockopt_fini },
	{ nf_conntrack_hook_init,	nf_conntrack_attach_fini },
	{ nf_conntrack_parameters_init,	nf_conntrack_parameters_fini },
	{ nf_conntrack_pairing_init,	nf_conntrack_pairing_fini },
	{ nf_conntrack_sysctl_init,	nf_conntrack_sysctl_fini },
	/* from here on there are namespaces, and packets may come */
	{ nf_conntrack_nets_init,	nf_conntrack_nets_fini },
	{ nf_conntrack_bpf_init,	cleanup_nf_conntrack_bpf },
};

static void nf_conntrack_steps_fini(unsigned int n)
{
	while (n--)
		nf_conntrack_steps[n].fini();
}

static int __init nf_conntrack_standalone_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(nf_conntrack_steps); i++) {
		err = nf_conntrack_steps[i].init();
		if (err) {
			nf_conntrack_steps_fini(i);
			return err;
		}
	}
	/* DIFF: load-message: stock says nothing. */
	pr_info("reliable-conntrack %s for %s, %u buckets, at most %u connections\n",
		NF_CT_VERSION, UTS_RELEASE, nf_conntrack_htable_size, nf_conntrack_max);
	return 0;
}

static void __exit nf_conntrack_standalone_fini(void)
{
	nf_conntrack_steps_fini(ARRAY_SIZE(nf_conntrack_steps));
}

module_init(nf_conntrack_standalone_init);
module_exit(nf_conntrack_standalone_fini);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Connection tracking that loses no event");
/* DIFF: module-version: stock has none */
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack");
MODULE_ALIAS("nf_conntrack-" __stringify(AF_INET));
MODULE_ALIAS("nf_conntrack-" __stringify(AF_INET6));
