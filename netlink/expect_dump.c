// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps expectations: all of a namespace or those of one master.  Between two
 * datagrams a dump keeps only a place (struct nf_ct_expect_walk).  It looks up the
 * master again for each datagram, and holds references only while it fills it.
 */
#include <linux/slab.h>

#include "ctnetlink.h"

/* Expectations taken from a list at a time */
#define WALK_BATCH	32

/**
 * struct ctnetlink_expect_master - the master whose expectations a dump shows
 * @tuple: its original or reply tuple
 * @zone:  its zone
 * @id:    differs from that of a later connection with the same tuple
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

/* Fill the datagram from @batch; returns how many were written or left out */
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

/* Fill the datagram; @master is NULL for a dump of all expectations */
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
		if (put < n)
			return ctnetlink_dump_full(skb);
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
	int len = skb->len;
	struct nf_conn *ct;

	ct = ctnetlink_find_entry(sock_net(skb->sk), &of->zone, &of->tuple);
	if (!ct)
		return len;

	if (nf_ct_get_id(ct) == of->id)
		len = ctnetlink_expect_dump_fill(skb, cb, ct);
	nf_ct_put(ct);
	return len;
}

static int
ctnetlink_expect_dump_find_master(struct ctnetlink_expect_master *of,
				  const struct nfnl_info *info,
				  const struct nlattr *const cda[])
{
	const struct nlattr *attr = cda[CTA_EXPECT_MASTER];
	struct nf_conn *ct;
	int err;

	err = ctnetlink_decode_zone(cda[CTA_EXPECT_ZONE], &of->zone,
				    info->extack);
	if (err)
		return err;

	ct = ctnetlink_find_master(info, attr, ctnetlink_family(info, attr),
				   &of->zone, &of->tuple);
	if (IS_ERR(ct))
		return PTR_ERR(ct);

	of->id = nf_ct_get_id(ct);
	nf_ct_put(ct);
	return 0;
}

/**
 * ctnetlink_expect_dump - start a dump of IPCTNL_MSG_EXP_GET
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes; CTA_EXPECT_MASTER and CTA_EXPECT_ZONE limit the dump to
 *       one master
 *
 * DIFF: expect-dump-end: the dump for a master without a helper is empty and ends as
 * others do; stock sends no NLMSG_DONE for it.
 *
 * Context: Process context, may sleep.
 * Return: -EINTR once the dump runs, or another negative errno.
 */
int ctnetlink_expect_dump(struct sk_buff *skb, const struct nfnl_info *info,
			  const struct nlattr *const cda[])
{
	struct ctnetlink_expect_master *of;
	int err;

	if (!cda[CTA_EXPECT_MASTER])
		return ctnetlink_dump_start(skb, info,
					    ctnetlink_expect_dump_fill_all, NULL);

	of = kzalloc(sizeof(*of), GFP_KERNEL);
	if (!of)
		return -ENOMEM;

	err = ctnetlink_expect_dump_find_master(of, info, cda);
	if (err) {
		kfree(of);
		return err;
	}
	return ctnetlink_dump_start(skb, info, ctnetlink_expect_dump_fill_master,
				    of);
}
