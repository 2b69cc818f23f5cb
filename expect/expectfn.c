// SPDX-License-Identifier: GPL-2.0
/*
 * The registry of functions that set up an expected connection, so that user
 * space can name them in an expectation.  nf_conntrack_expect_lock guards the
 * list; lookups take RCU.
 */
#include <linux/rculist.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

static LIST_HEAD(nf_ct_expectfns);

/**
 * nf_ct_helper_expectfn_register - make a set-up function known by name
 * @n: function and name
 *
 * Context: any but hard interrupt.
 */
void nf_ct_helper_expectfn_register(struct nf_ct_helper_expectfn *n)
{
	spin_lock_bh(&nf_conntrack_expect_lock);
	list_add_rcu(&n->head, &nf_ct_expectfns);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

/**
 * nf_ct_helper_expectfn_unregister - forget a set-up function
 * @n: function and name; readers may still see it for an RCU grace period
 *
 * Context: any but hard interrupt.
 */
void nf_ct_helper_expectfn_unregister(struct nf_ct_helper_expectfn *n)
{
	spin_lock_bh(&nf_conntrack_expect_lock);
	list_del_rcu(&n->head);
	spin_unlock_bh(&nf_conntrack_expect_lock);
}

/**
 * nf_ct_helper_expectfn_find_by_name - find a set-up function
 * @name: its name
 *
 * Context: RCU.
 * Return: function and name, or NULL.
 */
struct nf_ct_helper_expectfn *
nf_ct_helper_expectfn_find_by_name(const char *name)
{
	struct nf_ct_helper_expectfn *n;

	list_for_each_entry_rcu(n, &nf_ct_expectfns, head,
				lockdep_is_held(&nf_conntrack_expect_lock)) {
		if (!strcmp(n->name, name))
			return n;
	}

	return NULL;
}

/**
 * nf_ct_helper_expectfn_find_by_symbol - find the name of a set-up function
 * @symbol: its address
 *
 * Context: RCU.
 * Return: function and name, or NULL.
 */
struct nf_ct_helper_expectfn *
nf_ct_helper_expectfn_find_by_symbol(const void *symbol)
{
	struct nf_ct_helper_expectfn *n;

	list_for_each_entry_rcu(n, &nf_ct_expectfns, head,
				lockdep_is_held(&nf_conntrack_expect_lock)) {
		if (n->expectfn == symbol)
			return n;
	}

	return NULL;
}
