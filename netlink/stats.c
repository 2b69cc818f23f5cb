// SPDX-License-Identifier: GPL-2.0
/*
 * Counters over netlink: one message per CPU for connections and for
 * expectations, one for the table.  The counters are per CPU and read as
 * they are, without a lock.
 */
#include <linux/cpumask.h>

#include "ctnetlink.h"

struct ctnetlink_stat {
	u16	attr;
	u16	offset;
};

#define STAT(number, member)						\
	{ .attr = number, .offset = offsetof(struct ip_conntrack_stat, member) }

static const struct ctnetlink_stat ctnetlink_connection_stats[] = {
	STAT(CTA_STATS_FOUND, found),
	STAT(CTA_STATS_INVALID, invalid),
	STAT(CTA_STATS_INSERT, insert),
	STAT(CTA_STATS_INSERT_FAILED, insert_failed),
	STAT(CTA_STATS_DROP, drop),
	STAT(CTA_STATS_EARLY_DROP, early_drop),
	STAT(CTA_STATS_ERROR, error),
	STAT(CTA_STATS_SEARCH_RESTART, search_restart),
	STAT(CTA_STATS_CLASH_RESOLVE, clash_resolve),
	STAT(CTA_STATS_CHAIN_TOOLONG, chaintoolong),
	{ }
};

static const struct ctnetlink_stat ctnetlink_expectation_stats[] = {
	STAT(CTA_STATS_EXP_NEW, expect_new),
	STAT(CTA_STATS_EXP_CREATE, expect_create),
	STAT(CTA_STATS_EXP_DELETE, expect_delete),
	{ }
};

static int ctnetlink_stats_put(struct sk_buff *skb,
			       const struct netlink_callback *cb, u8 type,
			       const struct ctnetlink_stat *row,
			       unsigned int cpu)
{
	const void *stat = per_cpu_ptr(sock_net(skb->sk)->ct.stat, cpu);
	u32 portid = NETLINK_CB(cb->skb).portid;
	struct nlmsghdr *nlh;

	nlh = nfnl_msg_put(skb, portid, cb->nlh->nlmsg_seq,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK, type),
			   portid ? NLM_F_MULTI : 0, AF_UNSPEC, NFNETLINK_V0,
			   htons(cpu));
	if (!nlh)
		return -EMSGSIZE;

	for (; row->attr; row++) {
		u32 value = READ_ONCE(*(const u32 *)(stat + row->offset));

		if (nla_put_be32(skb, row->attr, htonl(value))) {
			nlmsg_cancel(skb, nlh);
			return -EMSGSIZE;
		}
	}
	nlmsg_end(skb, nlh);
	return 0;
}

/* cb->args[0] is the next CPU */
static int ctnetlink_stats_dump_cpus(struct sk_buff *skb,
				     struct netlink_callback *cb, u8 type,
				     const struct ctnetlink_stat *rows)
{
	unsigned int cpu = cb->args[0];

	/* cpumask_next() starts behind the CPU that it is given */
	for (cpu = cpumask_next((int)cpu - 1, cpu_possible_mask);
	     cpu < nr_cpu_ids; cpu = cpumask_next(cpu, cpu_possible_mask)) {
		if (ctnetlink_stats_put(skb, cb, type, rows, cpu))
			break;
	}
	cb->args[0] = cpu;
	return skb->len;
}

static int ctnetlink_stats_dump_connections(struct sk_buff *skb,
					    struct netlink_callback *cb)
{
	return ctnetlink_stats_dump_cpus(skb, cb, IPCTNL_MSG_CT_GET_STATS_CPU,
					 ctnetlink_connection_stats);
}

/* Programs know the answer by number 3 of subsystem 1, where it began its life */
static int ctnetlink_stats_dump_expectations(struct sk_buff *skb,
					     struct netlink_callback *cb)
{
	return ctnetlink_stats_dump_cpus(skb, cb, IPCTNL_MSG_EXP_GET_STATS_CPU,
					 ctnetlink_expectation_stats);
}

static int ctnetlink_stats_dump_start(struct sk_buff *skb,
				      const struct nfnl_info *info,
				      int (*dump)(struct sk_buff *skb,
						  struct netlink_callback *cb))
{
	struct netlink_dump_control control = { .dump = dump };

	if (!(info->nlh->nlmsg_flags & NLM_F_DUMP))
		return 0;
	return netlink_dump_start(info->sk, skb, info->nlh, &control);
}

/**
 * ctnetlink_stats_cpu - IPCTNL_MSG_CT_GET_STATS_CPU
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes, not used
 *
 * Context: Process context, may sleep.
 * Return: -EINTR once the dump runs, 0 without one, or another negative errno.
 */
int ctnetlink_stats_cpu(struct sk_buff *skb, const struct nfnl_info *info,
			const struct nlattr *const cda[])
{
	return ctnetlink_stats_dump_start(skb, info,
					  ctnetlink_stats_dump_connections);
}

/**
 * ctnetlink_stats_expect_cpu - IPCTNL_MSG_EXP_GET_STATS_CPU
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes, not used
 *
 * Context: Process context, may sleep.
 * Return: -EINTR once the dump runs, 0 without one, or another negative errno.
 */
int ctnetlink_stats_expect_cpu(struct sk_buff *skb,
			       const struct nfnl_info *info,
			       const struct nlattr *const cda[])
{
	return ctnetlink_stats_dump_start(skb, info,
					  ctnetlink_stats_dump_expectations);
}

/**
 * ctnetlink_stats_global - IPCTNL_MSG_CT_GET_STATS
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes, not used
 *
 * Context: Process context, may sleep.
 * Return: 0 or a negative errno.
 */
int ctnetlink_stats_global(struct sk_buff *skb, const struct nfnl_info *info,
			   const struct nlattr *const cda[])
{
	u32 portid = NETLINK_CB(skb).portid;
	struct sk_buff *answer;
	struct nlmsghdr *nlh;

	answer = nlmsg_new(sizeof(struct nfgenmsg) + 2 * nla_total_size(4),
			   GFP_KERNEL);
	if (!answer)
		return -ENOMEM;

	nlh = nfnl_msg_put(answer, portid, info->nlh->nlmsg_seq,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK,
					 IPCTNL_MSG_CT_GET_STATS),
			   portid ? NLM_F_MULTI : 0, AF_UNSPEC, NFNETLINK_V0, 0);
	if (!nlh ||
	    nla_put_be32(answer, CTA_STATS_GLOBAL_ENTRIES,
			 htonl(nf_conntrack_count(info->net))) ||
	    nla_put_be32(answer, CTA_STATS_GLOBAL_MAX_ENTRIES,
			 htonl(READ_ONCE(nf_conntrack_max)))) {
		nlmsg_free(answer);
		return -ENOMEM;
	}
	nlmsg_end(answer, nlh);
	return nfnetlink_unicast(answer, info->net, portid);
}
