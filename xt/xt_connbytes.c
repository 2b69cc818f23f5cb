// SPDX-License-Identifier: GPL-2.0
/*
 * The match "connbytes": packets, bytes or bytes per packet that a connection has seen, in
 * one or both directions, are in a range.  For all hooks.  The counters are the entry's; the
 * first rule turns them on for the connections that begin from then on.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/math64.h>
#include <linux/netfilter/xt_connbytes.h>
#include <net/netfilter/nf_conntrack_acct.h>

#include "xt_track.h"

struct connbytes_mt_seen {
	u64	packets;
	u64	bytes;
};

static void connbytes_mt_add(struct connbytes_mt_seen *seen,
			     const struct nf_conn_acct *acct, unsigned int dir)
{
	seen->packets += atomic64_read(&acct->counter[dir].packets);
	seen->bytes += atomic64_read(&acct->counter[dir].bytes);
}

static u64 connbytes_mt_value(const struct connbytes_mt_seen *seen, u8 what)
{
	if (what == XT_CONNBYTES_PKTS)
		return seen->packets;
	if (what == XT_CONNBYTES_BYTES)
		return seen->bytes;
	return seen->packets ? div64_u64(seen->bytes, seen->packets) : 0;
}

static bool connbytes_mt_in(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_connbytes_info *info = par->matchinfo;
	struct connbytes_mt_seen seen = {};
	const struct nf_conn_acct *acct;
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct;
	u64 value;

	ct = nf_ct_get(skb, &ctinfo);
	acct = ct ? nf_conn_acct_find(ct) : NULL;
	if (!acct)
		return false;

	if (info->direction != XT_CONNBYTES_DIR_REPLY)
		connbytes_mt_add(&seen, acct, IP_CT_DIR_ORIGINAL);
	if (info->direction != XT_CONNBYTES_DIR_ORIGINAL)
		connbytes_mt_add(&seen, acct, IP_CT_DIR_REPLY);
	value = connbytes_mt_value(&seen, info->what);

	/* a range upside down is how user space says "not in it" */
	if (info->count.from > info->count.to)
		return value < info->count.to || value > info->count.from;
	return value >= info->count.from && value <= info->count.to;
}

static int connbytes_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_connbytes_info *info = par->matchinfo;
	int err;

	if (info->what > XT_CONNBYTES_AVGPKT)
		return xt_refuse(-EINVAL, "counts packets (0), bytes (1) or their mean (2), not %u",
				 info->what);
	if (info->direction > XT_CONNBYTES_DIR_BOTH)
		return xt_refuse(-EINVAL, "direction is original (0), reply (1), both (2), not %u",
				 info->direction);
	err = xt_track_get(par->net, par->family);
	if (err || nf_ct_acct_enabled(par->net))
		return err;

	pr_info_ratelimited("a rule needs counters: nf_conntrack_acct is now 1\n");
	nf_ct_set_acct(par->net, true);
	return 0;
}

static struct xt_match connbytes_mt[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "connbytes", .match = connbytes_mt_in,
	       .matchsize = sizeof(struct xt_connbytes_info),
	       .checkentry = connbytes_mt_check, .destroy = xt_track_mt_destroy),
};

XT_MODULE_MATCHES(connbytes_mt);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: bytes and packets of connections (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_connbytes");
MODULE_ALIAS("ip6t_connbytes");
