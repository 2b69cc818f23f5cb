// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files below /proc/net: nf_conntrack, stat/nf_conntrack, and of our own
 * stat/nf_conntrack_events, _listeners and _table.
 *
 * A reader of nf_conntrack keeps a place in the table, which any resize leaves
 * valid, and references on a few entries while it is inside read(2).  Only its
 * file's mutex guards it; the table is never locked here.
 *
 * DIFF: table-read-once: stock counts its way from the start of the table at each
 * read(2).
 */
#include <linux/in.h>
#include <linux/proc_fs.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_timestamp.h>

#include "nf_conntrack_events.h"
#include "nf_conntrack_internal.h"
#include "nf_conntrack_listener.h"
#include "nf_conntrack_setup.h"
#include "nf_conntrack_table.h"

#define NF_CT_PROC_BATCH	16

/**
 * struct nf_ct_reader - one open /proc/net/nf_conntrack
 * @p:     the namespace; first, the kernel fills it in
 * @walk:  place in the table, behind the batch
 * @pos:   number of the entry batch[@at], counted from the file's start
 * @at:    next entry to show
 * @held:  entries in the batch
 * @batch: referenced from @at on
 */
struct nf_ct_reader {
	struct seq_net_private		p;
	struct nf_conntrack_walk	walk;
	loff_t				pos;
	unsigned int			at;
	unsigned int			held;
	struct nf_conn			*batch[NF_CT_PROC_BATCH];
};

/* --- one entry as text ----------------------------------------------------- */

static const char *nf_ct_l3_name(u16 l3num)
{
	switch (l3num) {
	case AF_INET:
		return "ipv4";
	case AF_INET6:
		return "ipv6";
	default:
		return "unknown";
	}
}

static const char *nf_ct_l4_name(u8 protonum)
{
	static const char *const names[] = {
		[IPPROTO_ICMP]		= "icmp",
		[IPPROTO_TCP]		= "tcp",
		[IPPROTO_UDP]		= "udp",
		[IPPROTO_DCCP]		= "dccp",
		[IPPROTO_GRE]		= "gre",
		[IPPROTO_ICMPV6]	= "icmpv6",
		[IPPROTO_SCTP]		= "sctp",
		[IPPROTO_UDPLITE]	= "udplite",
	};
	const char *name = NULL;

	if (protonum < ARRAY_SIZE(names))
		name = names[protonum];

	return name ?: "unknown";
}

static bool nf_ct_has_ports(u8 protonum)
{
	return protonum == IPPROTO_TCP || protonum == IPPROTO_UDP ||
	       protonum == IPPROTO_SCTP || protonum == IPPROTO_DCCP ||
	       protonum == IPPROTO_UDPLITE;
}

static void nf_ct_print_addresses(struct seq_file *s,
				  const struct nf_conntrack_tuple *tuple)
{
	const union nf_inet_addr *src = &tuple->src.u3;
	const union nf_inet_addr *dst = &tuple->dst.u3;

	if (tuple->src.l3num == AF_INET)
		seq_printf(s, "src=%pI4 dst=%pI4 ", &src->ip, &dst->ip);
	else if (tuple->src.l3num == AF_INET6)
		seq_printf(s, "src=%pI6 dst=%pI6 ", src->ip6, dst->ip6);
}

/**
 * print_tuple - write a tuple as text: addresses, then ports or the like
 * @s:       where to
 * @tuple:   the tuple
 * @l4proto: its tracker
 *
 * The text ends in a blank.
 * Context: process.
 */
void print_tuple(struct seq_file *s, const struct nf_conntrack_tuple *tuple,
		 const struct nf_conntrack_l4proto *l4proto)
{
	u8 protonum = l4proto->l4proto;
	u16 src = ntohs(tuple->src.u.all);
	u16 dst = ntohs(tuple->dst.u.all);

	nf_ct_print_addresses(s, tuple);

	/* What identifies a flow is in the same place for all of them. */
	if (nf_ct_has_ports(protonum))
		seq_printf(s, "sport=%hu dport=%hu ", src, dst);
	else if (protonum == IPPROTO_ICMP || protonum == IPPROTO_ICMPV6)
		seq_printf(s, "type=%u code=%u id=%u ", tuple->dst.u.icmp.type,
			   tuple->dst.u.icmp.code, src);
	else if (protonum == IPPROTO_GRE)
		seq_printf(s, "srckey=0x%x dstkey=0x%x ", src, dst);
}

static void nf_ct_print_zone(struct seq_file *s, const struct nf_conn *ct,
			     u8 direction, const char *name)
{
#ifdef CONFIG_NF_CONNTRACK_ZONES
	const struct nf_conntrack_zone *zone = nf_ct_zone(ct);

	if (zone->dir == direction)
		seq_printf(s, "%s=%u ", name, zone->id);
#endif
}

static void nf_ct_print_counters(struct seq_file *s, const struct nf_conn *ct,
				 enum ip_conntrack_dir dir)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(ct);
	u64 packets, bytes;

	if (!acct)
		return;
	packets = atomic64_read(&acct->counter[dir].packets);
	bytes = atomic64_read(&acct->counter[dir].bytes);
	seq_printf(s, "packets=%llu bytes=%llu ", packets, bytes);
}

static void nf_ct_print_protocol(struct seq_file *s, struct nf_conn *ct,
				 const struct nf_conntrack_l4proto *l4proto)
{
	u8 protonum = nf_ct_protonum(ct);
	u16 l3num = nf_ct_l3num(ct);

	seq_printf(s, "%-8s %u %-8s %u ", nf_ct_l3_name(l3num), l3num,
		   nf_ct_l4_name(protonum), protonum);

	/* The timeout of an offloaded connection means nothing. */
	if (!test_bit(IPS_OFFLOAD_BIT, &ct->status))
		seq_printf(s, "%ld ", (long)(nf_ct_expires(ct) / HZ));
	if (l4proto->print_conntrack)
		l4proto->print_conntrack(s, ct);
}

static void nf_ct_print_status(struct seq_file *s, const struct nf_conn *ct)
{
	static const struct {
		unsigned long	mask;
		const char	*text;
	} marks[] = {
		{ IPS_HW_OFFLOAD, "[HW_OFFLOAD] " },
		{ IPS_OFFLOAD,	  "[OFFLOAD] " },
		{ IPS_ASSURED,	  "[ASSURED] " },
	};
	unsigned long status = READ_ONCE(ct->status);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(marks); i++) {
		if (status & marks[i].mask) {
			seq_puts(s, marks[i].text);
			return;
		}
	}
}

static void nf_ct_print_security(struct seq_file *s, const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_SECMARK
	struct lsm_context name;

	if (nf_ct_secctx(ct->secmark, &name))
		return;
	seq_printf(s, "secctx=%s ", name.context);
	nf_ct_secctx_release(&name);
#endif
}

static void nf_ct_print_marks(struct seq_file *s, const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	seq_printf(s, "mark=%u ", READ_ONCE(ct->mark));
#endif
	nf_ct_print_security(s, ct);
	nf_ct_print_zone(s, ct, NF_CT_DEFAULT_ZONE_DIR, "zone");
}

static void nf_ct_print_age(struct seq_file *s, const struct nf_conn *ct)
{
	const struct nf_conn_tstamp *stamp = nf_conn_tstamp_find(ct);
	s64 age;

	if (!stamp)
		return;

	/* A clock that was set back must not show as a huge age. */
	age = ktime_get_real_ns() - stamp->start;
	seq_printf(s, "delta-time=%llu ",
		   age > 0 ? div_u64(age, NSEC_PER_SEC) : 0ULL);
}

static void nf_ct_print(struct seq_file *s, struct nf_conn *ct)
{
	const struct nf_conntrack_l4proto *l4proto;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(ct));
	nf_ct_print_protocol(s, ct, l4proto);

	print_tuple(s, nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL), l4proto);
	nf_ct_print_zone(s, ct, NF_CT_ZONE_DIR_ORIG, "zone-orig");
	nf_ct_print_counters(s, ct, IP_CT_DIR_ORIGINAL);
	if (!test_bit(IPS_SEEN_REPLY_BIT, &ct->status))
		seq_puts(s, "[UNREPLIED] ");

	print_tuple(s, nf_ct_tuple(ct, IP_CT_DIR_REPLY), l4proto);
	nf_ct_print_zone(s, ct, NF_CT_ZONE_DIR_REPL, "zone-reply");
	nf_ct_print_counters(s, ct, IP_CT_DIR_REPLY);

	nf_ct_print_status(s, ct);
	nf_ct_print_marks(s, ct);
	nf_ct_print_age(s, ct);
	seq_printf(s, "use=%u\n", refcount_read(&ct->ct_general.use));
}

/* --- /proc/net/nf_conntrack ------------------------------------------------ */

/* The entry to show, fetching some if none is left; NULL at the end */
static struct nf_conn *nf_ct_reader_current(struct seq_file *s)
{
	struct nf_ct_reader *reader = s->private;

	if (reader->at == reader->held) {
		reader->at = 0;
		reader->held = nf_conntrack_walk_next(seq_file_net(s),
						      &reader->walk,
						      reader->batch,
						      NF_CT_PROC_BATCH);
	}
	return reader->held ? reader->batch[reader->at] : NULL;
}

/* Gives back the references; the walk will come to these entries again. */
static void nf_ct_reader_release(struct nf_ct_reader *reader)
{
	if (reader->at < reader->held)
		nf_conntrack_walk_back(&reader->walk,
				       reader->batch[reader->at]);
	while (reader->at < reader->held)
		nf_ct_put(reader->batch[reader->at++]);

	reader->at = 0;
	reader->held = 0;
}

static void nf_ct_reader_advance(struct nf_ct_reader *reader)
{
	nf_ct_put(reader->batch[reader->at++]);
	reader->pos++;
}

static void nf_ct_reader_rewind(struct nf_ct_reader *reader)
{
	memset(&reader->walk, 0, sizeof(reader->walk));
	reader->pos = 0;
}

/*
 * Reads go on where the last one stopped.  Any other position is counted from
 * the start: the file was lseek'd or pread.
 */
static void *nf_ct_seq_start(struct seq_file *s, loff_t *pos)
{
	struct nf_ct_reader *reader = s->private;
	struct nf_conn *ct;

	if (*pos < reader->pos || !*pos)
		nf_ct_reader_rewind(reader);

	ct = nf_ct_reader_current(s);
	while (ct && reader->pos < *pos) {
		nf_ct_reader_advance(reader);
		ct = nf_ct_reader_current(s);
	}
	return ct;
}

static void *nf_ct_seq_next(struct seq_file *s, void *v, loff_t *pos)
{
	nf_ct_reader_advance(s->private);
	++*pos;
	return nf_ct_reader_current(s);
}

static void nf_ct_seq_stop(struct seq_file *s, void *v)
{
	nf_ct_reader_release(s->private);
}

static int nf_ct_seq_show(struct seq_file *s, void *v)
{
	struct nf_conn *ct = v;

	if (nf_ct_should_gc(ct)) {
		nf_ct_kill(ct);
		return 0;
	}
	if (!nf_ct_is_dying(ct))
		nf_ct_print(s, ct);
	return 0;
}

static const struct seq_operations nf_ct_seq_ops = {
	.start	= nf_ct_seq_start,
	.next	= nf_ct_seq_next,
	.stop	= nf_ct_seq_stop,
	.show	= nf_ct_seq_show,
};

/* --- statistics: a header, then a line for each possible CPU --------------- */

/* Position 0 is the header, n + 1 is CPU n. */
static void *nf_ct_cpu_seq_at(loff_t *pos)
{
	int cpu;

	if (!*pos)
		return SEQ_START_TOKEN;

	cpu = cpumask_next(*pos - 2, cpu_possible_mask);
	if (cpu >= nr_cpu_ids)
		return NULL;

	*pos = cpu + 1;
	return pos;
}

static void *nf_ct_cpu_seq_start(struct seq_file *s, loff_t *pos)
{
	if (*pos > nr_cpu_ids)
		return NULL;
	return nf_ct_cpu_seq_at(pos);
}

static void *nf_ct_cpu_seq_next(struct seq_file *s, void *v, loff_t *pos)
{
	++*pos;
	return nf_ct_cpu_seq_start(s, pos);
}

static void nf_ct_cpu_seq_stop(struct seq_file *s, void *v)
{
}

#define NF_CT_CPU_SEQ_OPS(_show) {		\
	.start	= nf_ct_cpu_seq_start,		\
	.next	= nf_ct_cpu_seq_next,		\
	.stop	= nf_ct_cpu_seq_stop,		\
	.show	= _show,			\
}

static int nf_ct_cpu_of(const void *v)
{
	return *(const loff_t *)v - 1;
}

#define NF_CT_STAT_NONE	(-1)
#define NF_CT_STAT(_member)	offsetof(struct ip_conntrack_stat, _member)

/*
 * Columns behind "entries".  Those without a counter have not been counted
 * for years, and stay because programs go by the position.
 *
 * DIFF: search-restart-zero: no lookup begins again, so this one stays 0.
 */
static const struct {
	const char	*before;
	const char	*name;
	int		offset;
} nf_ct_stat_columns[] = {
	{ "  ", "clashres",		NF_CT_STAT(clash_resolve) },
	{ " ",  "found",		NF_CT_STAT(found) },
	{ " ",  "new",			NF_CT_STAT_NONE },
	{ " ",  "invalid",		NF_CT_STAT(invalid) },
	{ " ",  "ignore",		NF_CT_STAT_NONE },
	{ " ",  "delete",		NF_CT_STAT_NONE },
	{ " ",  "chainlength",		NF_CT_STAT(chaintoolong) },
	{ " ",  "insert",		NF_CT_STAT(insert) },
	{ " ",  "insert_failed",	NF_CT_STAT(insert_failed) },
	{ " ",  "drop",			NF_CT_STAT(drop) },
	{ " ",  "early_drop",		NF_CT_STAT(early_drop) },
	{ " ",  "icmp_error",		NF_CT_STAT(error) },
	{ "  ", "expect_new",		NF_CT_STAT(expect_new) },
	{ " ",  "expect_create",	NF_CT_STAT(expect_create) },
	{ " ",  "expect_delete",	NF_CT_STAT(expect_delete) },
	{ " ",  "search_restart",	NF_CT_STAT(search_restart) },
};

static int nf_ct_stat_header(struct seq_file *s)
{
	unsigned int i;

	seq_puts(s, "entries");
	for (i = 0; i < ARRAY_SIZE(nf_ct_stat_columns); i++)
		seq_printf(s, "%s%s", nf_ct_stat_columns[i].before,
			   nf_ct_stat_columns[i].name);
	seq_putc(s, '\n');
	return 0;
}

static int nf_ct_stat_show(struct seq_file *s, void *v)
{
	const struct net *net = seq_file_net(s);
	const void *stat;
	unsigned int i;

	if (v == SEQ_START_TOKEN)
		return nf_ct_stat_header(s);

	stat = per_cpu_ptr(net->ct.stat, nf_ct_cpu_of(v));
	seq_printf(s, "%08x", nf_conntrack_count(net));
	for (i = 0; i < ARRAY_SIZE(nf_ct_stat_columns); i++) {
		int offset = nf_ct_stat_columns[i].offset;
		unsigned int value = 0;

		if (offset != NF_CT_STAT_NONE)
			value = READ_ONCE(*(const unsigned int *)(stat + offset));
		seq_printf(s, "%s%08x", nf_ct_stat_columns[i].before, value);
	}
	seq_putc(s, '\n');
	return 0;
}

static const struct seq_operations nf_ct_stat_ops =
	NF_CT_CPU_SEQ_OPS(nf_ct_stat_show);

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/* DIFF: events-statistics: stock has none of our own files. */
static int nf_ct_events_show(struct seq_file *s, void *v)
{
	struct nf_conntrack_event_stats st = {};

	if (v == SEQ_START_TOKEN) {
		seq_puts(s, "delivered refused resent batches missed dying expect lost\n");
		return 0;
	}

	/* an item may leave its list on another CPU: only the sum means something */
	nf_conntrack_events_sum(seq_file_net(s), nf_ct_cpu_of(v), &st);
	seq_printf(s, "%08x %08x %08x %08x %08x %08x %08x %08x\n", st.delivered,
		   st.refused, st.resent, st.batches, st.missed, st.dying,
		   st.expects, st.lost);
	return 0;
}

static const struct seq_operations nf_ct_events_ops =
	NF_CT_CPU_SEQ_OPS(nf_ct_events_show);

/* DIFF: events-statistics: port 0 is the slot that several listeners share. */
static int nf_ct_listeners_show(struct seq_file *s, void *v)
{
	struct net *net = seq_file_single_net(s);
	struct nf_conntrack_listener_stats st;
	unsigned int slot;

	seq_puts(s, "portid pending delivered refused lost stalled_ms\n");
	for (slot = 0; slot < NF_CT_LISTENERS; slot++) {
		if (!nf_conntrack_listener_stats(net, slot, &st))
			continue;
		seq_printf(s, "%u %u %u %u %u %llu\n", st.portid, st.pending,
			   st.delivered, st.refused, st.lost, st.stalled);
	}
	return 0;
}
#endif

static int nf_ct_table_show(struct seq_file *s, void *v)
{
	struct nf_conntrack_table_stats st;

	nf_conntrack_table_stats(&st);
	nf_conntrack_resize_stats(&st);
	seq_puts(s, "buckets floor slots overflow grown shrunk\n");
	seq_printf(s, "%u %u %u %u %u %u\n", st.buckets, st.floor, st.slots,
		   st.overflow, st.grown, st.shrunk);
	return 0;
}

/* --- the files of a namespace ---------------------------------------------- */

/* Root of the user namespace that owns @net may read the flows */
static void nf_ct_proc_own(const struct net *net, struct proc_dir_entry *file)
{
	kuid_t uid = make_kuid(net->user_ns, 0);
	kgid_t gid = make_kgid(net->user_ns, 0);

	if (uid_valid(uid) && gid_valid(gid))
		proc_set_user(file, uid, gid);
}

static int nf_ct_proc_create_stats(struct net *net)
{
	struct proc_dir_entry *dir = net->proc_net_stat;

	if (!proc_create_net("nf_conntrack", 0444, dir, &nf_ct_stat_ops,
			     sizeof(struct seq_net_private)))
		return -ENOMEM;

#ifdef CONFIG_NF_CONNTRACK_EVENTS
	if (!proc_create_net("nf_conntrack_events", 0444, dir,
			     &nf_ct_events_ops,
			     sizeof(struct seq_net_private)))
		goto no_events;
	if (!proc_create_net_single("nf_conntrack_listeners", 0444, dir,
				    nf_ct_listeners_show, NULL))
		goto no_listeners;
#endif

	/* There is one table for all. */
	if (net_eq(net, &init_net) &&
	    !proc_create_net_single("nf_conntrack_table", 0444, dir,
				    nf_ct_table_show, NULL))
		goto no_table;
	return 0;

no_table:
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	remove_proc_entry("nf_conntrack_listeners", dir);
no_listeners:
	remove_proc_entry("nf_conntrack_events", dir);
no_events:
#endif
	remove_proc_entry("nf_conntrack", dir);
	return -ENOMEM;
}

static void nf_ct_proc_remove_stats(struct net *net)
{
	struct proc_dir_entry *dir = net->proc_net_stat;

	if (net_eq(net, &init_net))
		remove_proc_entry("nf_conntrack_table", dir);
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	remove_proc_entry("nf_conntrack_listeners", dir);
	remove_proc_entry("nf_conntrack_events", dir);
#endif
	remove_proc_entry("nf_conntrack", dir);
}

/**
 * nf_conntrack_procfs_pernet_init - make the files of a namespace
 * @net: the namespace, ready to be read
 *
 * Context: process, may sleep.
 * Return: 0, or -ENOMEM with no file made.
 */
int nf_conntrack_procfs_pernet_init(struct net *net)
{
	struct proc_dir_entry *flows;
	int err;

	flows = proc_create_net("nf_conntrack", 0440, net->proc_net,
				&nf_ct_seq_ops, sizeof(struct nf_ct_reader));
	if (!flows)
		return -ENOMEM;
	nf_ct_proc_own(net, flows);

	err = nf_ct_proc_create_stats(net);
	if (err)
		remove_proc_entry("nf_conntrack", net->proc_net);
	return err;
}

/**
 * nf_conntrack_procfs_pernet_fini - take the files of a namespace away
 * @net: the namespace
 *
 * Context: process, sleeps until no reader is inside.
 */
void nf_conntrack_procfs_pernet_fini(struct net *net)
{
	nf_ct_proc_remove_stats(net);
	remove_proc_entry("nf_conntrack", net->proc_net);
}
