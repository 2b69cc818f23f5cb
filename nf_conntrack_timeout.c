// SPDX-License-Identifier: GPL-2.0
/*
 * Timeout policies attached to entries and templates.  An extension owns one
 * reference on its policy; a template owns one more, which came from the policy
 * module together with a reference on that module.  The pointer is RCU
 * protected and is taken out by exchange, so that exactly one side drops the
 * reference when a policy goes while packets pass.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_timeout.h>

#include "nf_ct_ext.h"

const struct nf_ct_timeout_hooks __rcu *nf_ct_timeout_hook __read_mostly;

/* Take the policy out of @ext; the caller then owns the reference of @ext.
 * A given @only limits that to this policy.
 */
static struct nf_ct_timeout *
nf_ct_timeout_take(struct nf_conn_timeout *ext, struct nf_ct_timeout *only)
{
	struct nf_ct_timeout *was;

	was = rcu_access_pointer(ext->timeout);
	if (!was || (only && was != only))
		return NULL;
	if (unrcu_pointer(cmpxchg(&ext->timeout, RCU_INITIALIZER(was), NULL)) != was)
		return NULL;

	return was;
}

/* Table visitor: @data is the policy that goes, or NULL for every policy */
static int nf_ct_timeout_clear(struct nf_conn *ct, void *data)
{
	struct nf_conn_timeout *ext = nf_ct_timeout_find(ct);

	if (ext)
		nf_ct_timeout_drop(nf_ct_timeout_take(ext, data));

	return 0;	/* the entry itself stays */
}

/* 0 if the policy is for this family and protocol, else the layer that differs */
static int nf_ct_timeout_misfit(const struct nf_ct_timeout *timeout, u8 l3num,
				u8 l4num)
{
	if (timeout->l3num != l3num)
		return 3;

	/* Whatever has no tracker of its own goes by the generic policy */
	if (timeout->l4proto->l4proto != nf_ct_l4proto_find(l4num)->l4proto)
		return 4;

	return 0;
}

/**
 * __nf_ct_timeout_release - drop the reference that the extension of @ct owns
 * @ct: entry or template without users
 *
 * Context: any.
 */
void __nf_ct_timeout_release(struct nf_conn *ct)
{
	struct nf_conn_timeout *ext = nf_ct_ext_peek(ct, NF_CT_EXT_TIMEOUT);

	if (ext)
		nf_ct_timeout_drop(nf_ct_timeout_take(ext, NULL));
}

/**
 * nf_ct_untimeout - detach a timeout policy from all entries
 * @net:     namespace
 * @timeout: policy that is about to go; NULL for all
 *
 * Context: process, sleeps.
 */
void nf_ct_untimeout(struct net *net, struct nf_ct_timeout *timeout)
{
	struct nf_ct_iter_data visit = {
		.net	= net,
		.data	= timeout,
	};

	nf_ct_iterate_cleanup_net(nf_ct_timeout_clear, &visit);
}

/**
 * nf_ct_set_timeout - attach a named timeout policy to a template
 * @net:   namespace
 * @ct:    template
 * @l3num: address family that the rule is for
 * @l4num: protocol that the rule is for
 * @timeout_name: the policy
 *
 * Undone by nf_ct_destroy_timeout().
 *
 * Context: process.
 * Return: 0; -ENOENT when there is no such policy, -EINVAL when it is for another
 *	   protocol, -ENOMEM.
 */
int nf_ct_set_timeout(struct net *net, struct nf_conn *ct, u8 l3num, u8 l4num,
		      const char *timeout_name)
{
	const struct nf_ct_timeout_hooks *hooks;
	struct nf_ct_timeout *timeout;
	int err = -ENOENT, layer;

	rcu_read_lock();
	hooks = rcu_dereference(nf_ct_timeout_hook);
	if (!hooks) {
		pr_info_ratelimited("Timeout policy base is empty\n");
		goto unlock;
	}

	timeout = hooks->timeout_find_get(net, timeout_name);
	if (!timeout) {
		pr_info_ratelimited("No such timeout policy \"%s\"\n", timeout_name);
		goto unlock;
	}

	layer = nf_ct_timeout_misfit(timeout, l3num, l4num);
	if (layer) {
		pr_info_ratelimited("Timeout policy `%s' can only be used by L%d protocol number %d\n",
				    timeout_name, layer,
				    layer == 3 ? timeout->l3num : timeout->l4proto->l4proto);
		err = -EINVAL;
	} else {
		err = nf_ct_timeout_ext_add(ct, timeout, GFP_ATOMIC) ? 0 : -ENOMEM;
	}
	if (err)
		hooks->timeout_put(timeout);
unlock:
	rcu_read_unlock();
	return err;
}

/**
 * nf_ct_destroy_timeout - undo nf_ct_set_timeout()
 * @ct: template
 *
 * Context: process.
 */
void nf_ct_destroy_timeout(struct nf_conn *ct)
{
	struct nf_conn_timeout *ext = nf_ct_ext_peek(ct, NF_CT_EXT_TIMEOUT);
	const struct nf_ct_timeout_hooks *hooks;
	struct nf_ct_timeout *timeout;

	if (!ext)
		return;

	rcu_read_lock();
	timeout = nf_ct_timeout_take(ext, NULL);
	hooks = rcu_dereference(nf_ct_timeout_hook);
	/* The template's module reference keeps the hooks in place */
	if (timeout && hooks)
		hooks->timeout_put(timeout);
	nf_ct_timeout_drop(timeout);
	rcu_read_unlock();
}
