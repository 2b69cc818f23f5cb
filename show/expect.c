// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/nf_conntrack_expect: the expectations of a namespace.  The position
 * in the file is a hash bucket and one record is all lines of that bucket, so
 * reading is linear, and an expectation that lives throughout is shown once.
 * Readers take RCU only and do not touch the master.
 */
#include <linux/kernel.h>
#include <linux/proc_fs.h>
#include <linux/rculist.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "nf_conntrack_setup.h"

static const struct {
	unsigned int	flag;
	const char	*name;
} nf_ct_expect_flags[] = {
	{ NF_CT_EXPECT_PERMANENT,	"PERMANENT" },
	{ NF_CT_EXPECT_INACTIVE,	"INACTIVE" },
	{ NF_CT_EXPECT_USERSPACE,	"USERSPACE" },
};

/* Names of the flags with commas between; true when there was any */
static bool nf_ct_expect_show_flags(struct seq_file *s, unsigned int flags)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nf_ct_expect_flags); i++) {
		if (!(flags & nf_ct_expect_flags[i].flag))
			continue;
		if (any)
			seq_putc(s, ',');
		seq_puts(s, nf_ct_expect_flags[i].name);
		any = true;
	}

	return any;
}

static void nf_ct_expect_show_helper(struct seq_file *s,
				     const struct nf_conntrack_helper *helper,
				     unsigned int class)
{
	seq_puts(s, helper->name);
	if (class <= helper->expect_class_max && helper->expect_policy[class].name[0])
		seq_printf(s, "/%s", helper->expect_policy[class].name);
}

static void nf_ct_expect_show(struct seq_file *s, const struct nf_conntrack_expect *exp)
{
	s32 left = READ_ONCE(nf_ct_exp_deadline(exp)) - nfct_time_stamp;
	const struct nf_conntrack_helper *helper;
	bool flagged;

	seq_printf(s, "%d l3proto = %u proto=%u ", max(left, 0) / HZ,
		   exp->tuple.src.l3num, exp->tuple.dst.protonum);
	print_tuple(s, &exp->tuple, nf_ct_l4proto_find(exp->tuple.dst.protonum));

	flagged = nf_ct_expect_show_flags(s, READ_ONCE(exp->flags));
	helper = nf_ct_exp_creator(exp);
	if (helper) {
		if (flagged)
			seq_putc(s, ' ');
		nf_ct_expect_show_helper(s, helper, exp->class);
	}
	seq_putc(s, '\n');
}

static void *nf_ct_expect_seq_at(loff_t pos)
{
	return pos < nf_ct_expect_hsize ? &nf_ct_expect_hash[pos] : NULL;
}

static void *nf_ct_expect_seq_start(struct seq_file *s, loff_t *pos)
	__acquires(RCU)
{
	rcu_read_lock();
	return nf_ct_expect_seq_at(*pos);
}

static void *nf_ct_expect_seq_next(struct seq_file *s, void *v, loff_t *pos)
{
	return nf_ct_expect_seq_at(++*pos);
}

static void nf_ct_expect_seq_stop(struct seq_file *s, void *v)
	__releases(RCU)
{
	rcu_read_unlock();
}

static int nf_ct_expect_seq_show(struct seq_file *s, void *v)
{
	const struct nf_conntrack_expect *exp;
	struct net *net = seq_file_net(s);
	struct hlist_head *bucket = v;

	hlist_for_each_entry_rcu(exp, bucket, hnode) {
		if (net_eq(read_pnet(&exp->net), net) && !nf_ct_exp_is_expired(exp))
			nf_ct_expect_show(s, exp);
	}

	return 0;
}

static const struct seq_operations nf_ct_expect_seq_ops = {
	.start	= nf_ct_expect_seq_start,
	.next	= nf_ct_expect_seq_next,
	.stop	= nf_ct_expect_seq_stop,
	.show	= nf_ct_expect_seq_show,
};

int nf_conntrack_expect_proc_init(struct net *net)
{
	kuid_t uid = make_kuid(net->user_ns, 0);
	kgid_t gid = make_kgid(net->user_ns, 0);
	struct proc_dir_entry *entry;

	entry = proc_create_net("nf_conntrack_expect", 0440, net->proc_net,
				&nf_ct_expect_seq_ops, sizeof(struct seq_net_private));
	if (!entry)
		return -ENOMEM;

	if (uid_valid(uid) && gid_valid(gid))
		proc_set_user(entry, uid, gid);

	return 0;
}

void nf_conntrack_expect_proc_fini(struct net *net)
{
	remove_proc_entry("nf_conntrack_expect", net->proc_net);
}
