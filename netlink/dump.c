// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps of many entries.  The place in the table is a position in the order
 * of hashes (struct nf_conntrack_walk), so it outlives any resize; references
 * are held only while one datagram is filled.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_table.h"

/* Entries taken from the table at a time */
#define WALK_BATCH	32

/* State of a dump between datagrams, in netlink_callback.ctx */
union dump_cursor {
	struct nf_conntrack_walk	table;
	struct {
		unsigned long		pos;
		unsigned int		skip;
	} dying;
};

static union dump_cursor *cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(union dump_cursor) > sizeof(cb->ctx));
	return (union dump_cursor *)cb->ctx;
}

static void init_msg(struct ctnetlink_msg *m, const struct netlink_callback *cb)
{
	u8 type = NFNL_MSG_TYPE(cb->nlh->nlmsg_type);

	*m = (struct ctnetlink_msg) {
		.kind	= CTNETLINK_DUMP,
		.type	= IPCTNL_MSG_CT_NEW,
		.portid	= NETLINK_CB(cb->skb).portid,
		.seq	= cb->nlh->nlmsg_seq,
		.zero	= type == IPCTNL_MSG_CT_GET_CTRZERO,
		/* what the walk holds is nobody's use of the entry */
		.borrowed = 1,
	};
}

/* An empty datagram that is too small for one entry would never get further */
static int datagram_full(const struct sk_buff *skb)
{
	return skb->len ? skb->len : -EMSGSIZE;
}

static bool table_shows(struct nf_conn *ct,
			const struct ctnetlink_filter *filter)
{
	if (nf_ct_is_expired(ct)) {
		if (nf_ct_should_gc(ct))
			nf_ct_kill(ct);
		return false;
	}
	return !nf_ct_is_dying(ct) && ctnetlink_filter_match(filter, ct);
}

/* Fill the datagram from @batch; the number of entries that are done with */
static unsigned int put_batch(struct sk_buff *skb, struct ctnetlink_msg *m,
			      const struct ctnetlink_filter *filter,
			      struct nf_conn **batch, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		m->ct = batch[i];
		if (table_shows(m->ct, filter) && ctnetlink_msg_put(skb, m))
			break;
	}
	return i;
}

static int dump_table(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct ctnetlink_filter *filter = cb->data;
	struct nf_conntrack_walk *walk = &cursor_of(cb)->table;
	struct net *net = sock_net(skb->sk);
	struct nf_conn *batch[WALK_BATCH];
	struct ctnetlink_msg m;
	unsigned int i, n, put;

	init_msg(&m, cb);
	if (filter)
		m.flags = NLM_F_DUMP_FILTERED;

	do {
		n = nf_conntrack_walk_next(net, walk, batch, ARRAY_SIZE(batch));
		put = put_batch(skb, &m, filter, batch, n);
		if (put < n)
			nf_conntrack_walk_back(walk, batch[put]);
		for (i = 0; i < n; i++)
			nf_ct_put(batch[i]);
		if (put < n)
			return datagram_full(skb);
		cond_resched();
	} while (n);

	return skb->len;
}

/* The filter moves into the dump as soon as netlink has accepted it */
static int dump_table_start(struct netlink_callback *cb)
{
	struct ctnetlink_filter **filter = cb->data;

	cb->data = *filter;
	*filter = NULL;
	return 0;
}

static int dump_table_done(struct netlink_callback *cb)
{
	kfree(cb->data);
	return 0;
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
	struct ctnetlink_filter *filter = NULL;
	struct netlink_dump_control control = {
		.start	= dump_table_start,
		.dump	= dump_table,
		.done	= dump_table_done,
		.data	= &filter,
	};
	u8 family = info->nfmsg->nfgen_family;
	int err;

	if (ctnetlink_filter_wanted(family, cda)) {
		filter = ctnetlink_filter_alloc(family, cda, info->extack);
		if (IS_ERR(filter))
			return PTR_ERR(filter);
	}

	err = netlink_dump_start(info->sk, skb, info->nlh, &control);
	kfree(filter);
	return err;
}

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/* As put_batch(), from entry @i on, for one family or all (0) */
static unsigned int put_dying(struct sk_buff *skb, struct ctnetlink_msg *m,
			      u8 family, struct nf_conn **batch,
			      unsigned int i, unsigned int n)
{
	for (; i < n; i++) {
		m->ct = batch[i];
		if ((!family || family == nf_ct_l3num(m->ct)) &&
		    ctnetlink_msg_put(skb, m))
			break;
	}
	return i;
}

/*
 * The list is one of those who wait, so it shrinks while it is read: an entry
 * whose event gets through meanwhile may be missing, or its neighbour.
 */
static int dump_dying(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct nfgenmsg *nfmsg = nlmsg_data(cb->nlh);
	union dump_cursor *cursor = cursor_of(cb);
	struct net *net = sock_net(skb->sk);
	struct nf_conn *batch[WALK_BATCH];
	unsigned int i, n, put;
	struct ctnetlink_msg m;
	unsigned long here;

	init_msg(&m, cb);
	for (;;) {
		here = cursor->dying.pos;
		n = nf_conntrack_dying_next(net, &cursor->dying.pos, batch,
					    ARRAY_SIZE(batch));
		if (!n)
			return skb->len;

		put = put_dying(skb, &m, nfmsg->nfgen_family, batch,
				min(cursor->dying.skip, n), n);
		for (i = 0; i < n; i++)
			nf_ct_put(batch[i]);
		if (put < n) {
			cursor->dying.pos = here;
			cursor->dying.skip = put;
			return datagram_full(skb);
		}
		cursor->dying.skip = 0;
		cond_resched();
	}
}
#else
static int dump_dying(struct sk_buff *skb, struct netlink_callback *cb)
{
	return 0;
}
#endif

/* Unconfirmed entries belong to the packet that made them; no list has them */
static int dump_unconfirmed(struct sk_buff *skb, struct netlink_callback *cb)
{
	return 0;
}

static int only_as_dump(struct sk_buff *skb, const struct nfnl_info *info,
			int (*dump)(struct sk_buff *skb,
				    struct netlink_callback *cb))
{
	struct netlink_dump_control control = { .dump = dump };

	if (info->nlh->nlmsg_flags & NLM_F_DUMP)
		return netlink_dump_start(info->sk, skb, info->nlh, &control);

	NL_SET_ERR_MSG(info->extack, "this list can only be dumped");
	return -EOPNOTSUPP;
}

/**
 * ctnetlink_dump_dying - IPCTNL_MSG_CT_GET_DYING
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes, not used
 *
 * Shows the entries whose DESTROY event no listener has taken yet.
 *
 * Context: Process context, may sleep.
 * Return: -EINTR once the dump runs, or another negative errno.
 */
int ctnetlink_dump_dying(struct sk_buff *skb, const struct nfnl_info *info,
			 const struct nlattr *const cda[])
{
	return only_as_dump(skb, info, dump_dying);
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
	return only_as_dump(skb, info, dump_unconfirmed);
}
