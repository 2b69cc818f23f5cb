// SPDX-License-Identifier: GPL-2.0
/*
 * Everything that concerns many entries at once: visiting, flushing, the
 * beginning and the end of a namespace.  Process context; entries are held by
 * reference in small batches, the table is never locked as a whole.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/prefetch.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_timestamp.h>

#include "nf_conntrack_events.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_table.h"
#include "nf_ct_entry.h"
#include "compat/nf_queue_drop.h"

#define NF_CT_ITERATE_BATCH	32

/* Removal reaches for the extensions, the bucket of the answers, and the neighbours
 * in the deadline wheel: fetch them all
 */
static void nf_conntrack_visit_prefetch(struct nf_conn **batch, unsigned int n)
{
	const struct hlist_nulls_node *node;
	unsigned int i;

	for (i = 0; i < n; i++) {
		node = &batch[i]->tuplehash[IP_CT_DIR_ORIGINAL].hnnode;
		prefetch(READ_ONCE(node->next));
		prefetch(READ_ONCE(node->pprev));
		prefetch(nf_ct_entry(batch[i])->ext);
		nf_conntrack_table_prefetch(nf_ct_hash(batch[i],
						       IP_CT_DIR_REPLY));
	}
}

static void nf_conntrack_visit(struct net *net,
			       int (*iter)(struct nf_conn *i, void *data),
			       void *data, u32 portid, int report)
{
	struct nf_conntrack_walk walk = { .clashing = true };
	struct nf_conn *batch[NF_CT_ITERATE_BATCH];
	unsigned int i, n;

	might_sleep();
	while ((n = nf_conntrack_walk_next(net, &walk, batch,
					   ARRAY_SIZE(batch)))) {
		nf_conntrack_visit_prefetch(batch, n);
		for (i = 0; i < n; i++) {
			if (iter(batch[i], data))
				nf_ct_delete(batch[i], portid, report);
			nf_ct_put(batch[i]);
		}
		cond_resched();
	}
}

/**
 * nf_ct_iterate_cleanup_net - visit all entries of a namespace
 * @iter:      returns non-zero for an entry that shall be deleted
 * @iter_data: namespace, argument of @iter, and who gets the events
 *
 * Entries that live throughout are visited once, whatever happens to the
 * table's size meanwhile.
 *
 * Context: process, sleeps.
 */
void nf_ct_iterate_cleanup_net(int (*iter)(struct nf_conn *i, void *data),
			       const struct nf_ct_iter_data *iter_data)
{
	struct net *net = iter_data->net;

	if (atomic_read(&nf_ct_pernet(net)->count) == 0)
		return;
	nf_conntrack_visit(net, iter, iter_data->data, iter_data->portid,
			   iter_data->report);
}

/**
 * nf_ct_iterate_destroy - visit all entries of all namespaces at a module's end
 * @iter: returns non-zero for an entry that shall be deleted
 * @data: for @iter
 *
 * Entries that are not in the table yet are dealt with, too: those in queues
 * are dropped, and extensions of the others are declared void, so that they
 * cannot be confirmed with pointers into the leaving module.
 *
 * Context: process, sleeps.
 */
void nf_ct_iterate_destroy(int (*iter)(struct nf_conn *i, void *data),
			   void *data)
{
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net) {
		if (atomic_read(&nf_ct_pernet(net)->count))
			nf_queue_nf_hook_drop(net);
	}
	up_read(&net_rwsem);

	/* namespaces that are being removed stand in that list no more */
	net_ns_barrier();
	/* a packet that has just fulfilled an expectation gets the helper that this
	 * names; it shall have the generation that ends here
	 */
	synchronize_net();
	/* from here on no packet that was on its way can confirm an old one */
	nf_ct_ext_bump_genid();
	synchronize_net();
	nf_conntrack_visit(NULL, iter, data, 0, 0);
}

/* ---- namespaces ---- */

static int nf_ct_take_all(struct nf_conn *ct, void *net)
{
	return net_eq(nf_ct_net(ct), net);
}

/* Returns whether anything of @net is still alive. */
static bool nf_conntrack_net_flush(struct net *net)
{
	nf_conntrack_visit(net, nf_ct_take_all, net, 0, 0);
	nf_conntrack_events_drain(net);
	return atomic_read(&nf_ct_pernet(net)->count) != 0;
}

/**
 * nf_conntrack_cleanup_net_list - the end of namespaces
 * @net_exit_list: namespaces, linked by exit_list
 *
 * Context: process, sleeps until the last packet has let go.
 */
void nf_conntrack_cleanup_net_list(struct list_head *net_exit_list)
{
	struct net *net;
	bool busy;

	/* packets that are inside the hooks now */
	synchronize_net();
	do {
		busy = false;
		list_for_each_entry(net, net_exit_list, exit_list)
			busy |= nf_conntrack_net_flush(net);
		if (busy)
			schedule_timeout_uninterruptible(1);
	} while (busy);

	list_for_each_entry(net, net_exit_list, exit_list) {
#ifdef CONFIG_NF_CT_PROTO_GRE
		nf_ct_gre_keymap_flush(net);
#endif
		nf_conntrack_resend_pernet_fini(net);
		nf_conntrack_ecache_pernet_fini(net);
		nf_conntrack_expect_pernet_fini(net);
		free_percpu(net->ct.stat);
	}
}

void nf_conntrack_cleanup_net(struct net *net)
{
	LIST_HEAD(single);

	list_add(&net->exit_list, &single);
	nf_conntrack_cleanup_net_list(&single);
}

/**
 * nf_conntrack_init_net - set up a namespace
 * @net: namespace; its area is zeroed
 *
 * Context: process, sleeps.
 * Return: 0 or -errno with nothing left behind.
 */
int nf_conntrack_init_net(struct net *net)
{
	struct nf_conntrack_pernet *pn = nf_conntrack_pernet(net);
	int err;

	BUILD_BUG_ON(IP_CT_UNTRACKED == IP_CT_NUMBER);
	atomic_set(&pn->stock.count, 0);
	pn->events_retry = NF_CT_EVENTS_RETRY_DEFAULT;

	net->ct.stat = alloc_percpu(struct ip_conntrack_stat);
	if (!net->ct.stat)
		return -ENOMEM;

	err = nf_conntrack_expect_pernet_init(net);
	if (err)
		goto free_stat;
	err = nf_conntrack_resend_pernet_init(net);
	if (err)
		goto fini_expect;

	nf_conntrack_acct_pernet_init(net);
	nf_conntrack_tstamp_pernet_init(net);
	nf_conntrack_ecache_pernet_init(net);
	nf_conntrack_proto_pernet_init(net);
	return 0;

fini_expect:
	nf_conntrack_expect_pernet_fini(net);
free_stat:
	free_percpu(net->ct.stat);
	return err;
}
