// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sysctls below net.netfilter, and net.nf_conntrack_max.  One table says
 * for each name where its value is and what kind of value it is; a namespace
 * gets a ctl_table made from it.  Values are written with single stores and
 * read without a lock.
 */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sysctl.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_hooks_lwtunnel.h>
#include <net/netfilter/nf_log.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_setup.h"
#include "nf_ct_rules.h"

#define NF_CT_SYSCTL_DIR	"net/netfilter"

/* What a value is: how it is stored, shown and checked */
enum nf_ct_sysctl_kind {
	NF_CT_FLAG,		/* u8, 0 or 1 */
	NF_CT_EVENTS_MODE,	/* u8, 0 to 2 */
	NF_CT_BYTE,		/* u8 */
	NF_CT_LOG,		/* u8, loads a logger */
	NF_CT_SECONDS,		/* jiffies; signed to the user, as on stock */
	NF_CT_GRACE,		/* jiffies, never negative */
	NF_CT_BATCH,		/* bytes of a datagram */
	NF_CT_COUNT,		/* int, read only */
	NF_CT_LIMIT,		/* int, 0 = none */
	NF_CT_LIMIT_NONZERO,	/* int */
	NF_CT_BUCKETS,		/* size of the table, no storage */
	NF_CT_LWTUNNEL,		/* static key of the kernel image, no storage */
};

/* Where a value is */
enum nf_ct_sysctl_home {
	NF_CT_IN_NET,		/* struct net */
	NF_CT_IN_PERNET,	/* struct nf_conntrack_pernet */
	NF_CT_IN_MODULE,	/* one for all; only the initial namespace writes */
	NF_CT_IN_KERNEL,	/* the handler knows */
};

struct nf_ct_sysctl {
	const char		*name;
	int			*global;
	u32			offset;
	u8			home;
	u8			kind;
};

struct nf_ct_sysctl_type {
	proc_handler	*handler;
	int		size;
	umode_t		mode;
	void		*min;
	void		*max;
};

static unsigned int nf_ct_batch_min;
static unsigned int nf_ct_batch_max = NF_CT_EVENTS_BATCH_MAX;

/* A second write into an open file is no number: the value stays. */
static int nf_ct_sysctl_buckets(nf_ct_ctl_table *table, int write,
				void *buffer, size_t *lenp, loff_t *ppos)
{
	int size = READ_ONCE(nf_conntrack_htable_size);
	struct ctl_table shadow = *table;
	bool whole = !*ppos;
	int err;

	shadow.data = &size;
	err = proc_dointvec(&shadow, write, buffer, lenp, ppos);
	if (err || !write || !whole)
		return err;
	if (!size)
		return -EINVAL;

	return nf_conntrack_hash_resize(size);
}

static int nf_ct_sysctl_grace(nf_ct_ctl_table *table, int write,
			      void *buffer, size_t *lenp, loff_t *ppos)
{
	unsigned int *grace = table->data;
	struct ctl_table shadow = *table;
	int value = READ_ONCE(*grace);
	int err;

	shadow.data = &value;
	err = proc_dointvec_jiffies(&shadow, write, buffer, lenp, ppos);
	if (err || !write)
		return err;
	if (value < 0)
		return -EINVAL;

	WRITE_ONCE(*grace, value);
	return 0;
}

static bool nf_ct_has_logger(const struct net *net)
{
	return rcu_access_pointer(net->nf.nf_loggers[NFPROTO_IPV4]) ||
	       rcu_access_pointer(net->nf.nf_loggers[NFPROTO_IPV6]);
}

/* Without a logger nothing would be logged, and rules of nftables load none.
 * DIFF: log-invalid-logger: stock loads none.
 */
static int nf_ct_sysctl_log(nf_ct_ctl_table *table, int write,
			    void *buffer, size_t *lenp, loff_t *ppos)
{
	const struct net *net = container_of((u8 *)table->data, struct net,
					     ct.sysctl_log_invalid);
	int err = proc_dou8vec_minmax(table, write, buffer, lenp, ppos);

	if (!err && write && READ_ONCE(net->ct.sysctl_log_invalid) &&
	    !nf_ct_has_logger(net))
		request_module("nf_log_syslog");
	return err;
}

static const struct nf_ct_sysctl_type nf_ct_sysctl_types[] = {
	[NF_CT_FLAG] = {
		proc_dou8vec_minmax, sizeof(u8), 0644, SYSCTL_ZERO, SYSCTL_ONE
	},
	[NF_CT_EVENTS_MODE] = {
		proc_dou8vec_minmax, sizeof(u8), 0644, SYSCTL_ZERO, SYSCTL_TWO
	},
	[NF_CT_BYTE] = {
		proc_dou8vec_minmax, sizeof(u8), 0644
	},
	[NF_CT_LOG] = {
		nf_ct_sysctl_log, sizeof(u8), 0644
	},
	[NF_CT_SECONDS] = {
		proc_dointvec_jiffies, sizeof(int), 0644
	},
	[NF_CT_GRACE] = {
		nf_ct_sysctl_grace, sizeof(int), 0644
	},
	[NF_CT_BATCH] = {
		proc_douintvec_minmax, sizeof(int), 0644,
		&nf_ct_batch_min, &nf_ct_batch_max
	},
	[NF_CT_COUNT] = {
		proc_dointvec, sizeof(int), 0444
	},
	[NF_CT_LIMIT] = {
		proc_dointvec_minmax, sizeof(int), 0644,
		SYSCTL_ZERO, SYSCTL_INT_MAX
	},
	[NF_CT_LIMIT_NONZERO] = {
		proc_dointvec_minmax, sizeof(int), 0644,
		SYSCTL_ONE, SYSCTL_INT_MAX
	},
	[NF_CT_BUCKETS] = {
		nf_ct_sysctl_buckets, sizeof(int), 0644
	},
#ifdef NF_CT_SHOWS_LWTUNNEL
	[NF_CT_LWTUNNEL] = {
		nf_hooks_lwtunnel_sysctl_handler, sizeof(int), 0644
	},
#endif
};

#define IN_CT(_name, _kind, _member) {					\
	.name	= _name,						\
	.home	= NF_CT_IN_NET,						\
	.kind	= _kind,						\
	.offset	= offsetof(struct net, ct._member),			\
}

#define IN_PERNET(_name, _kind, _member) {				\
	.name	= _name,						\
	.home	= NF_CT_IN_PERNET,					\
	.kind	= _kind,						\
	.offset	= offsetof(struct nf_conntrack_pernet, _member),	\
}

#define IN_MODULE(_name, _kind, _pointer) {				\
	.name	= _name,						\
	.home	= NF_CT_IN_MODULE,					\
	.kind	= _kind,						\
	.global	= _pointer,						\
}

#define TIMEOUT(_name, _member)						\
	IN_CT("nf_conntrack_" _name, NF_CT_SECONDS, nf_ct_proto._member)

#define TCP_TIMEOUT(_name, _state)					\
	TIMEOUT("tcp_timeout_" _name, tcp.timeouts[TCP_CONNTRACK_ ## _state])

#define SCTP_TIMEOUT(_name, _state)					\
	TIMEOUT("sctp_timeout_" _name, sctp.timeouts[SCTP_CONNTRACK_ ## _state])

#define DCCP_TIMEOUT(_name, _state)					\
	TIMEOUT("dccp_timeout_" _name, dccp.dccp_timeout[CT_DCCP_ ## _state])

static const struct nf_ct_sysctl nf_ct_sysctls[] = {
	/* Size of things; the first row is shown under net as well. */
	IN_MODULE("nf_conntrack_max", NF_CT_MAX_KIND, (int *)&nf_conntrack_max),
	IN_MODULE("nf_conntrack_expect_max", NF_CT_LIMIT_NONZERO,
		  (int *)&nf_ct_expect_max),
	IN_MODULE("nf_conntrack_buckets", NF_CT_BUCKETS, NULL),
	IN_PERNET("nf_conntrack_count", NF_CT_COUNT, stock.count),

	/* What is checked, kept and reported */
	IN_CT("nf_conntrack_checksum", NF_CT_FLAG, sysctl_checksum),
	IN_CT("nf_conntrack_log_invalid", NF_CT_LOG, sysctl_log_invalid),
	IN_CT("nf_conntrack_acct", NF_CT_FLAG, sysctl_acct),
#ifdef CONFIG_NF_CONNTRACK_TIMESTAMP
	IN_CT("nf_conntrack_timestamp", NF_CT_FLAG, sysctl_tstamp),
#endif
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	IN_CT("nf_conntrack_events", NF_CT_EVENTS_MODE, sysctl_events),
	/* DIFF: events-sysctls: these four are not in the stock module. */
	IN_PERNET("nf_conntrack_events_retry_timeout", NF_CT_GRACE, events_retry),
	IN_PERNET("nf_conntrack_events_batch", NF_CT_BATCH, events_batch),
	IN_PERNET("nf_conntrack_events_hold_max", NF_CT_LIMIT, hold_max),
	IN_PERNET("nf_conntrack_events_hold_time", NF_CT_GRACE, hold_time),
#endif

	/* Trackers */
	TIMEOUT("generic_timeout", generic.timeout),
	TIMEOUT("icmp_timeout", icmp.timeout),
#if IS_ENABLED(CONFIG_IPV6)
	TIMEOUT("icmpv6_timeout", icmpv6.timeout),
#endif
	TIMEOUT("udp_timeout", udp.timeouts[UDP_CT_UNREPLIED]),
	TIMEOUT("udp_timeout_stream", udp.timeouts[UDP_CT_REPLIED]),

	TCP_TIMEOUT("syn_sent", SYN_SENT),
	TCP_TIMEOUT("syn_recv", SYN_RECV),
	TCP_TIMEOUT("established", ESTABLISHED),
	TCP_TIMEOUT("fin_wait", FIN_WAIT),
	TCP_TIMEOUT("close_wait", CLOSE_WAIT),
	TCP_TIMEOUT("last_ack", LAST_ACK),
	TCP_TIMEOUT("time_wait", TIME_WAIT),
	TCP_TIMEOUT("close", CLOSE),
	TCP_TIMEOUT("max_retrans", RETRANS),
	TCP_TIMEOUT("unacknowledged", UNACK),
	IN_CT("nf_conntrack_tcp_loose", NF_CT_FLAG, nf_ct_proto.tcp.tcp_loose),
	IN_CT("nf_conntrack_tcp_be_liberal", NF_CT_FLAG,
	      nf_ct_proto.tcp.tcp_be_liberal),
	IN_CT("nf_conntrack_tcp_ignore_invalid_rst", NF_CT_FLAG,
	      nf_ct_proto.tcp.tcp_ignore_invalid_rst),
	IN_CT("nf_conntrack_tcp_max_retrans", NF_CT_BYTE,
	      nf_ct_proto.tcp.tcp_max_retrans),

#ifdef CONFIG_NF_CT_PROTO_SCTP
	SCTP_TIMEOUT("closed", CLOSED),
	SCTP_TIMEOUT("cookie_wait", COOKIE_WAIT),
	SCTP_TIMEOUT("cookie_echoed", COOKIE_ECHOED),
	SCTP_TIMEOUT("established", ESTABLISHED),
	SCTP_TIMEOUT("shutdown_sent", SHUTDOWN_SENT),
	SCTP_TIMEOUT("shutdown_recd", SHUTDOWN_RECD),
	SCTP_TIMEOUT("shutdown_ack_sent", SHUTDOWN_ACK_SENT),
	SCTP_TIMEOUT("heartbeat_sent", HEARTBEAT_SENT),
#endif
#ifdef CONFIG_NF_CT_PROTO_DCCP
	DCCP_TIMEOUT("request", REQUEST),
	DCCP_TIMEOUT("respond", RESPOND),
	DCCP_TIMEOUT("partopen", PARTOPEN),
	DCCP_TIMEOUT("open", OPEN),
	DCCP_TIMEOUT("closereq", CLOSEREQ),
	DCCP_TIMEOUT("closing", CLOSING),
	DCCP_TIMEOUT("timewait", TIMEWAIT),
	IN_CT("nf_conntrack_dccp_loose", NF_CT_FLAG, nf_ct_proto.dccp.dccp_loose),
#endif
#ifdef CONFIG_NF_CT_PROTO_GRE
	TIMEOUT("gre_timeout", gre.timeouts[GRE_CT_UNREPLIED]),
	TIMEOUT("gre_timeout_stream", gre.timeouts[GRE_CT_REPLIED]),
#endif

	/* Ours by tradition */
#if IS_ENABLED(CONFIG_NF_FLOW_TABLE)
	IN_CT("nf_flowtable_tcp_timeout", NF_CT_SECONDS,
	      nf_ct_proto.tcp.offload_timeout),
	IN_CT("nf_flowtable_udp_timeout", NF_CT_SECONDS,
	      nf_ct_proto.udp.offload_timeout),
#endif
#ifdef NF_CT_SHOWS_LWTUNNEL
	{ .name = "nf_hooks_lwtunnel", .home = NF_CT_IN_KERNEL,
	  .kind = NF_CT_LWTUNNEL },
#endif
};

/* net.nf_conntrack_max, the old name of the limit */
static struct ctl_table_header *nf_ct_old_name_header;
static struct ctl_table nf_ct_old_name[1 + NF_CT_CTL_END];

static void *nf_ct_sysctl_data(struct net *net, const struct nf_ct_sysctl *ctl)
{
	switch (ctl->home) {
	case NF_CT_IN_NET:
		return (void *)net + ctl->offset;
	case NF_CT_IN_PERNET:
		return (void *)nf_conntrack_pernet(net) + ctl->offset;
	default:
		return ctl->global;
	}
}

static void nf_ct_sysctl_fill(struct net *net, struct ctl_table *row,
			      const struct nf_ct_sysctl *ctl)
{
	const struct nf_ct_sysctl_type *type = &nf_ct_sysctl_types[ctl->kind];

	row->procname = ctl->name;
	row->data = nf_ct_sysctl_data(net, ctl);
	row->maxlen = type->size;
	row->mode = type->mode;
	row->proc_handler = type->handler;
	row->extra1 = type->min;
	row->extra2 = type->max;

	/* What all namespaces share is not for one of them to change. */
	if (ctl->home == NF_CT_IN_MODULE && !net_eq(net, &init_net))
		row->mode = 0444;
}

/**
 * nf_conntrack_sysctl_pernet_init - show the sysctls in a namespace
 * @net: the namespace, whose values are set up
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_sysctl_pernet_init(struct net *net)
{
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);
	struct ctl_table *table;
	unsigned int i;

	table = kcalloc(ARRAY_SIZE(nf_ct_sysctls) + NF_CT_CTL_END, sizeof(*table),
			GFP_KERNEL);
	if (!table)
		return -ENOMEM;

	for (i = 0; i < ARRAY_SIZE(nf_ct_sysctls); i++)
		nf_ct_sysctl_fill(net, &table[i], &nf_ct_sysctls[i]);

	cnet->sysctl_header = register_net_sysctl_sz(net, NF_CT_SYSCTL_DIR, table,
						     ARRAY_SIZE(nf_ct_sysctls));
	if (!cnet->sysctl_header) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

/**
 * nf_conntrack_sysctl_pernet_fini - take the sysctls out of a namespace
 * @net: the namespace
 *
 * Context: process, sleeps until no reader or writer is left inside.
 */
void nf_conntrack_sysctl_pernet_fini(struct net *net)
{
	struct nf_conntrack_net *cnet = nf_ct_pernet(net);
	nf_ct_ctl_table *table = cnet->sysctl_header->ctl_table_arg;

	unregister_net_sysctl_table(cnet->sysctl_header);
	cnet->sysctl_header = NULL;
	kfree(table);
}

/**
 * nf_conntrack_sysctl_init - show net.nf_conntrack_max
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int nf_conntrack_sysctl_init(void)
{
	nf_ct_sysctl_fill(&init_net, &nf_ct_old_name[0], &nf_ct_sysctls[0]);
	nf_ct_old_name_header = register_net_sysctl_sz(&init_net, "net",
						       nf_ct_old_name, 1);
	return nf_ct_old_name_header ? 0 : -ENOMEM;
}

/**
 * nf_conntrack_sysctl_fini - take net.nf_conntrack_max away
 *
 * Context: process, may sleep.
 */
void nf_conntrack_sysctl_fini(void)
{
	unregister_net_sysctl_table(nf_ct_old_name_header);
}
