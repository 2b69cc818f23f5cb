// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps many entries.  Between two datagrams a dump of the table keeps a place in
 * the order of places (struct nf_conntrack_walk), which stays right when the table
 * is resized.  It holds references only while it fills one datagram.  A dump of
 * dying entries keeps a place on their lists, and a reference on each entry that
 * did not fit into the last datagram.
 */
#include <linux/slab.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_table.h"

/* Entries taken from the table at a time */
#define WALK_BATCH	32

/* netlink has accepted the dump: from now on cb->data is the memory itself */
static int ctnetlink_dump_take(struct netlink_callback *cb)
{
	void **data = cb->data;

	cb->data = *data;
	*data = NULL;
	return 0;
}

static int ctnetlink_dump_free(struct netlink_callback *cb)
{
	kfree(cb->data);
	return 0;
}

/**
 * ctnetlink_dump_start - start a dump that owns some memory
 * @skb: the request
 * @info: the same, parsed
 * @fill: fills one datagram; finds @data in cb->data
 * @data: from kmalloc(), or NULL; freed when the dump ends or does not start
 *
 * Context: Process context, may sleep.
 * Return: -EINTR once the dump runs, or another negative errno.
 */
int ctnetlink_dump_start(struct sk_buff *skb, const struct nfnl_info *info,
			 int (*fill)(struct sk_buff *skb,
				     struct netlink_callback *cb), void *data)
{
	struct netlink_dump_control control = {
		.start	= ctnetlink_dump_take,
		.dump	= fill,
		.done	= ctnetlink_dump_free,
		.data	= &data,
	};
	int err = netlink_dump_start(info->sk, skb, info->nlh, &control);

	kfree(data);
	return err;
}

/**
 * ctnetlink_dump_full - what a dump returns when no other message fits
 * @skb: the datagram
 *
 * Return: The length of the datagram, to go on with another one; -EMSGSIZE when
 * it is empty, because the message will not fit into the next one either.
 */
int ctnetlink_dump_full(const struct sk_buff *skb)
{
	return skb->len ? skb->len : -EMSGSIZE;
}

/* The place of a dump of the table */
static struct nf_conntrack_walk *
ctnetlink_dump_walk(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct nf_conntrack_walk) > sizeof(cb->ctx));
	return (struct nf_conntrack_walk *)cb->ctx;
}

static void ctnetlink_dump_init_msg(struct ctnetlink_msg *m,
				    const struct netlink_callback *cb)
{
	u8 type = NFNL_MSG_TYPE(cb->nlh->nlmsg_type);

	*m = (struct ctnetlink_msg) {
		.kind	= CTNETLINK_DUMP,
		.type	= IPCTNL_MSG_CT_NEW,
		.portid	= NETLINK_CB(cb->skb).portid,
		.seq	= cb->nlh->nlmsg_seq,
		.zero	= type == IPCTNL_MSG_CT_GET_CTRZERO,
		/* the reference of the walk is not shown in CTA_USE */
		.borrowed = 1,
	};
}

static bool ctnetlink_dump_shows(struct nf_conn *ct,
				 const struct ctnetlink_filter *filter)
{
	/* while a flow table forwards a connection, its timeout means nothing */
	if (nf_ct_is_expired(ct) && !test_bit(IPS_OFFLOAD_BIT, &ct->status)) {
		if (nf_ct_should_gc(ct))
			nf_ct_kill(ct);
		return false;
	}
	return !nf_ct_is_dying(ct) && ctnetlink_filter_match(filter, ct);
}

/* Fill the datagram from @batch; returns how many were written or left out */
static unsigned int ctnetlink_dump_put(struct sk_buff *skb,
				       struct ctnetlink_msg *m,
				       const struct ctnetlink_filter *filter,
				       struct nf_conn **batch, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		m->ct = batch[i];
		if (ctnetlink_dump_shows(m->ct, filter) &&
		    ctnetlink_msg_put(skb, m))
			break;
	}
	return i;
}

static int ctnetlink_dump_fill_table(struct sk_buff *skb,
				     struct netlink_callback *cb)
{
	struct nf_conntrack_walk *walk = ctnetlink_dump_walk(cb);
	const struct ctnetlink_filter *filter = cb->data;
	struct net *net = sock_net(skb->sk);
	struct nf_conn *batch[WALK_BATCH];
	struct ctnetlink_msg m;
	unsigned int i, n, put;

	ctnetlink_dump_init_msg(&m, cb);
	if (filter) {
		m.flags = NLM_F_DUMP_FILTERED;
		/* of the closing message, which netlink writes */
		cb->answer_flags = NLM_F_DUMP_FILTERED;
	}

	do {
		n = nf_conntrack_walk_next(net, walk, batch, ARRAY_SIZE(batch));
		put = ctnetlink_dump_put(skb, &m, filter, batch, n);
		if (put < n)
			nf_conntrack_walk_back(walk, batch[put]);
		for (i = 0; i < n; i++)
			nf_ct_put(batch[i]);
		if (put < n)
			return ctnetlink_dump_full(skb);
		cond_resched();
	} while (n);

	return skb->len;
}

/**
 * ctnetlink_dump_table - start a dump of IPCTNL_MSG_CT_GET or _GET_CTRZERO
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes: the filter
 *
 * Context: Process context, may sleep.
 * Return: -EINTR once the dump runs, or another negative errno.
 */
int ctnetlink_dump_table(struct sk_buff *skb, const struct nfnl_info *info,
			 const struct nlattr *const cda[])
{
	u8 family = info->nfmsg->nfgen_family;
	struct ctnetlink_filter *filter;

	filter = ctnetlink_filter_alloc(family, cda, info->extack);
	if (IS_ERR(filter))
		return PTR_ERR(filter);
	return ctnetlink_dump_start(skb, info, ctnetlink_dump_fill_table,
				    filter);
}

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/**
 * struct ctnetlink_dying_dump - a dump of the entries whose destroy event waits
 * @place: place on their lists
 * @net:   namespace of the lists
 * @batch: entries from the lists, each with a reference
 * @n:     how many
 * @shown: how many of them were written or left out: their references are dropped
 */
struct ctnetlink_dying_dump {
	struct nf_conntrack_dying	place;
	struct net			*net;
	struct nf_conn			*batch[WALK_BATCH];
	unsigned int			n;
	unsigned int			shown;
};

/* Write the rest of the batch, of one family or all (0); false: it does not fit */
static bool ctnetlink_dump_put_dying(struct sk_buff *skb,
				     struct ctnetlink_msg *m, u8 family,
				     struct ctnetlink_dying_dump *d)
{
	for (; d->shown < d->n; d->shown++) {
		m->ct = d->batch[d->shown];
		if ((!family || family == nf_ct_l3num(m->ct)) &&
		    ctnetlink_msg_put(skb, m))
			return false;
		nf_ct_put(m->ct);
	}
	return true;
}

/* An entry whose event is being sent at this moment may be missing */
static int ctnetlink_dump_fill_dying(struct sk_buff *skb,
				     struct netlink_callback *cb)
{
	const struct nfgenmsg *nfmsg = nlmsg_data(cb->nlh);
	struct ctnetlink_dying_dump *d = cb->data;
	struct ctnetlink_msg m;

	ctnetlink_dump_init_msg(&m, cb);
	for (;;) {
		if (!ctnetlink_dump_put_dying(skb, &m, nfmsg->nfgen_family, d))
			return ctnetlink_dump_full(skb);
		d->shown = 0;
		d->n = nf_conntrack_dying_next(d->net, &d->place, d->batch,
					       ARRAY_SIZE(d->batch));
		if (!d->n)
			return skb->len;
	}
}

static int ctnetlink_dump_start_dying(struct netlink_callback *cb)
{
	struct ctnetlink_dying_dump *d = kzalloc(sizeof(*d), GFP_KERNEL);

	if (!d)
		return -ENOMEM;
	d->net = sock_net(cb->skb->sk);
	cb->data = d;
	return 0;
}

static int ctnetlink_dump_done_dying(struct netlink_callback *cb)
{
	struct ctnetlink_dying_dump *d = cb->data;

	for (; d->shown < d->n; d->shown++)
		nf_ct_put(d->batch[d->shown]);
	nf_conntrack_dying_end(d->net, &d->place);
	kfree(d);
	return 0;
}
#else
static int ctnetlink_dump_fill_dying(struct sk_buff *skb,
				     struct netlink_callback *cb)
{
	return 0;
}

#define ctnetlink_dump_start_dying	NULL
#define ctnetlink_dump_done_dying	NULL
#endif

/* There is no list of unconfirmed entries: each belongs to its packet */
static int ctnetlink_dump_fill_unconfirmed(struct sk_buff *skb,
					   struct netlink_callback *cb)
{
	return 0;
}

static int ctnetlink_dump_only(struct sk_buff *skb,
			       const struct nfnl_info *info,
			       struct netlink_dump_control *control)
{
	if (info->nlh->nlmsg_flags & NLM_F_DUMP)
		return netlink_dump_start(info->sk, skb, info->nlh, control);

	NL_SET_ERR_MSG(info->extack, "this list can only be dumped");
	return -EOPNOTSUPP;
}

/**
 * ctnetlink_dump_dying - IPCTNL_MSG_CT_GET_DYING
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes, not used
 *
 * Shows the entries whose destroy event a reliable listener has not taken yet.
 *
 * Context: Process context, may sleep.
 * Return: -EINTR once the dump runs, or another negative errno.
 */
int ctnetlink_dump_dying(struct sk_buff *skb, const struct nfnl_info *info,
			 const struct nlattr *const cda[])
{
	struct netlink_dump_control control = {
		.start	= ctnetlink_dump_start_dying,
		.dump	= ctnetlink_dump_fill_dying,
		.done	= ctnetlink_dump_done_dying,
	};

	return ctnetlink_dump_only(skb, info, &control);
}

/**
 * ctnetlink_dump_unconfirmed - IPCTNL_MSG_CT_GET_UNCONFIRMED
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes, not used
 *
 * Context: Process context, may sleep.
 * Return: -EINTR once the (empty) dump runs, or another negative errno.
 */
int ctnetlink_dump_unconfirmed(struct sk_buff *skb,
			       const struct nfnl_info *info,
			       const struct nlattr *const cda[])
{
	struct netlink_dump_control control = {
		.dump	= ctnetlink_dump_fill_unconfirmed,
	};

	return ctnetlink_dump_only(skb, info, &control);
}
