// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of expectations: all of a namespace or those of one master.  Between
 * datagrams only a place is kept (struct nf_ct_expect_walk); references are held
 * while one datagram is filled, and the master is looked up anew for each.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>

#include "ctnetlink.h"

/* Expectations taken from a list at a time */
#define WALK_BATCH	32

/**
 * struct ctnetlink_expect_master - whose expectations a dump is about
 * @tuple: original or reply tuple
 * @zone:  its zone
 * @id:    tells it from a later connection with the same tuple
 */
struct ctnetlink_expect_master {
	struct nf_conntrack_tuple	tuple;
	struct nf_conntrack_zone	zone;
	u32				id;
};

static struct nf_ct_expect_walk *
ctnetlink_expect_dump_walk(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct nf_ct_expect_walk) > sizeof(cb->ctx));
	return (struct nf_ct_expect_walk *)cb->ctx;
}

/* The number of expectations that are done with */
static unsigned int ctnetlink_expect_dump_put(struct sk_buff *skb,
					      struct netlink_callback *cb,
					      struct nf_ct_expect_life **batch,
					      unsigned int n)
{
	const struct nfgenmsg *nfmsg = nlmsg_data(cb->nlh);
	u32 portid = NETLINK_CB(cb->skb).portid;
	struct ctnetlink_expect_msg m = {
		.type	= IPCTNL_MSG_EXP_NEW,
		.flags	= portid ? NLM_F_MULTI : 0,
		.portid	= portid,
		.seq	= cb->nlh->nlmsg_seq,
	};
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < n; i++) {
		m.life = batch[i];
		if (nfmsg->nfgen_family &&
		    nfmsg->nfgen_family != m.life->tuple.src.l3num)
			continue;
		if (ctnetlink_expect_put(skb, &m))
			break;
	}
	rcu_read_unlock();
	return i;
}

/* Fill the datagram; @master is NULL for the expectations of all */
static int ctnetlink_expect_dump_fill(struct sk_buff *skb,
				      struct netlink_callback *cb,
				      struct nf_conn *master)
{
	struct nf_ct_expect_walk *walk = ctnetlink_expect_dump_walk(cb);
	struct nf_ct_expect_life *batch[WALK_BATCH];
	struct net *net = sock_net(skb->sk);
	unsigned int i, n, put;

	do {
		n = master ? nf_ct_expect_walk_master(master, walk, batch, WALK_BATCH) :
			     nf_ct_expect_walk_next(net, walk, batch, WALK_BATCH);
		put = ctnetlink_expect_dump_put(skb, cb, batch, n);
		if (put)
			walk->before = batch[put - 1]->seq;
		for (i = 0; i < n; i++)
			nf_ct_expect_life_put(batch[i]);
		/* an empty datagram that holds not even one never gets further */
		if (put < n)
			return skb->len ? skb->len : -EMSGSIZE;
		cond_resched();
	} while (n);

	return skb->len;
}

static int ctnetlink_expect_dump_fill_all(struct sk_buff *skb,
					  struct netlink_callback *cb)
{
	return ctnetlink_expect_dump_fill(skb, cb, NULL);
}

static int ctnetlink_expect_dump_fill_master(struct sk_buff *skb,
					     struct netlink_callback *cb)
{
	const struct ctnetlink_expect_master *of = cb->data;
	struct nf_conntrack_tuple_hash *h;
	int len = skb->len;
	struct nf_conn *ct;

	h = nf_conntrack_find_get(sock_net(skb->sk), &of->zone, &of->tuple);
	if (!h)
		return len;

	ct = nf_ct_tuplehash_to_ctrack(h);
	if (nf_ct_get_id(ct) == of->id)
		len = ctnetlink_expect_dump_fill(skb, cb, ct);
	nf_ct_put(ct);
	return len;
}

/* The master moves into the dump as soon as netlink has accepted it */
static int ctnetlink_expect_dump_start_master(struct netlink_callback *cb)
{
	struct ctnetlink_expect_master **of = cb->data;

	cb->data = *of;
	*of = NULL;
	return 0;
}

static int ctnetlink_expect_dump_done_master(struct netlink_callback *cb)
{
	kfree(cb->data);
	return 0;
}

static int ctnetlink_expect_dump_find_master(struct ctnetlink_expect_master *of,
					     const struct nfnl_info *info,
					     const struct nlattr *const cda[])
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conn *ct;
	int err;

	err = ctnetlink_decode_zone(cda[CTA_EXPECT_ZONE], &of->zone, info->extack) ?:
	      ctnetlink_decode_tuple(cda[CTA_EXPECT_MASTER], IP_CT_DIR_ORIGINAL,
				     info->nfmsg->nfgen_family,
				     NF_CT_TUPLE_WHOLE, NULL, &of->tuple,
				     info->extack);
	if (err)
		return err;

	h = nf_conntrack_find_get(info->net, &of->zone, &of->tuple);
	if (!h) {
		NL_SET_ERR_MSG_ATTR(info->extack, cda[CTA_EXPECT_MASTER],
				    "there is no such master connection");
		return -ENOENT;
	}
	ct = nf_ct_tuplehash_to_ctrack(h);
	of->id = nf_ct_get_id(ct);
	nf_ct_put(ct);
	return 0;
}

/**
 * ctnetlink_expect_dump - start a dump of IPCTNL_MSG_EXP_GET
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes: perhaps a master, and its zone
 *
 * DIFF: the dump for a master without a helper is empty but ends as others do;
 * the kernel's own never says that it is over.
 *
 * Context: Process context, may sleep.
 * Return: -EINTR once the dump runs, or another negative errno.
 */
int ctnetlink_expect_dump(struct sk_buff *skb, const struct nfnl_info *info,
			  const struct nlattr *const cda[])
{
	struct netlink_dump_control all = {
		.dump	= ctnetlink_expect_dump_fill_all,
	};
	struct ctnetlink_expect_master *of = NULL;
	struct netlink_dump_control one = {
		.start	= ctnetlink_expect_dump_start_master,
		.dump	= ctnetlink_expect_dump_fill_master,
		.done	= ctnetlink_expect_dump_done_master,
		.data	= &of,
	};
	int err;

	if (!cda[CTA_EXPECT_MASTER])
		return netlink_dump_start(info->sk, skb, info->nlh, &all);

	of = kzalloc(sizeof(*of), GFP_KERNEL);
	if (!of)
		return -ENOMEM;

	err = ctnetlink_expect_dump_find_master(of, info, cda);
	if (!err)
		err = netlink_dump_start(info->sk, skb, info->nlh, &one);
	kfree(of);
	return err;
}
