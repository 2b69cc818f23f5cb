// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times of creation and end of a connection: whether new connections of a
 * namespace get them.  Confirmation and deletion of an entry fill them in.
 */
#include <linux/module.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_timestamp.h>

/* Initial value of sysctl nf_conntrack_timestamp in each new namespace */
static bool stamp_by_default __read_mostly;
module_param_named(tstamp, stamp_by_default, bool, 0644);
MODULE_PARM_DESC(tstamp, "Enable connection tracking flow timestamping.");

/**
 * nf_conntrack_tstamp_pernet_init - set the default of a new namespace
 * @net: the namespace
 */
void nf_conntrack_tstamp_pernet_init(struct net *net)
{
	net->ct.sysctl_tstamp = READ_ONCE(stamp_by_default);
}
