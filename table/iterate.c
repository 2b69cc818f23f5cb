// SPDX-License-Identifier: GPL-2.0
/*
 * Visits of many entries: of a namespace, or of all when a module leaves.  Process
 * context; entries are held by reference in small batches, and the table is never
 * locked as a whole.
 */
#include <linux/prefetch.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_queue.h>

#include "nf_conntrack_bucket.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_table.h"
#include "nf_ct_entry.h"

#define NF_CT_ITERATE_BATCH	32
/* Entries that are visited with BH disabled: then come the softirqs that wait */
#define NF_CT_ITERATE_ATOMIC	8

/* A removal touches the extensions, the bucket of the other direction and the
 * neighbours in the deadline wheel: prefetch them.  @hash is filled in on the way: of
 * the direction by which the walk has met an entry, @place is enough to remove it.
 */
static void nf_conntrack_visit_prefetch(struct nf_conn **batch, const u32 *place,
					u32 (*hash)[IP_CT_DIR_MAX], unsigned int n)
{
	const struct hlist_nulls_node *node;
	enum ip_conntrack_dir dir;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < n; i++) {
		node = nf_ct_entry_wheel_node(batch[i]);
		prefetch(READ_ONCE(node->next));
		prefetch(READ_ONCE(node->pprev));
		prefetch(nf_ct_entry(batch[i])->ext);
		dir = nf_ct_walk_dir(batch[i]);
		hash[i][dir] = place[i];
		hash[i][!dir] = nf_ct_hash(batch[i], !dir);
		nf_conntrack_table_prefetch(hash[i][!dir]);
	}
	rcu_read_unlock();
}

/* Visit the entries of @batch from @i on, a few of them.  Returns the next one's index. */
static unsigned int nf_conntrack_visit_some(struct nf_conn **batch,
					    const u32 (*hash)[IP_CT_DIR_MAX],
					    unsigned int i, unsigned int n,
					    int (*iter)(struct nf_conn *i, void *data),
					    void *data, u32 portid, int report)
{
	unsigned int end = min(n, i + NF_CT_ITERATE_ATOMIC);

	/* for nf_ct_delete_at(); the kernel's own calls iter() so, too */
	local_bh_disable();
	for (; i < end; i++) {
		if (iter(batch[i], data))
			nf_ct_delete_at(batch[i], hash[i], portid, report);
		nf_ct_put(batch[i]);
	}
	local_bh_enable();
	return i;
}

static void nf_conntrack_visit(struct net *net,
			       int (*iter)(struct nf_conn *i, void *data),
			       void *data, u32 portid, int report)
{
	struct nf_conntrack_walk walk = { .clashing = true };
	u32 hash[NF_CT_ITERATE_BATCH][IP_CT_DIR_MAX];
	struct nf_conn *batch[NF_CT_ITERATE_BATCH];
	u32 place[NF_CT_ITERATE_BATCH];
	unsigned int i, n;

	might_sleep();
	while ((n = nf_conntrack_walk_placed(net, &walk, batch, place,
					     ARRAY_SIZE(batch)))) {
		nf_conntrack_visit_prefetch(batch, place, hash, n);
		for (i = 0; i < n; )
			i = nf_conntrack_visit_some(batch, hash, i, n, iter, data,
						    portid, report);
		cond_resched();
	}
}

/**
 * nf_ct_iterate_cleanup_net - visit all entries of a namespace
 * @iter:      returns non-zero for an entry that is to be deleted
 * @iter_data: namespace, argument of @iter, netlink port for the events
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
 * @iter: returns non-zero for an entry that is to be deleted
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

	/* namespaces that are being removed are not in that list */
	net_ns_barrier();
	/* an entry that fulfils an expectation gets the helper that the expectation
	 * names: wait, so that it does so in the generation that ends here
	 */
	synchronize_net();
	/* from here on an entry of the old generation cannot be confirmed */
	nf_ct_ext_bump_genid();
	synchronize_net();
	nf_conntrack_visit(NULL, iter, data, 0, 0);
}

static int nf_ct_take_all(struct nf_conn *ct, void *net)
{
	return net_eq(nf_ct_net(ct), net);
}

/**
 * nf_conntrack_flush_net - end all connections of a namespace that goes
 * @net: namespace; no packet makes an entry there any more
 *
 * Any user may make and end namespaces: one without entries costs no walk, which
 * would be one through the entries of all namespaces.
 *
 * Context: process, sleeps.
 */
void nf_conntrack_flush_net(struct net *net)
{
	if (atomic_read(&nf_ct_pernet(net)->count) == 0)
		return;
	nf_conntrack_visit(net, nf_ct_take_all, net, 0, 0);
}
