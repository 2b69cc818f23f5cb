// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet and byte counters of a connection, and whether new connections of a
 * namespace get them.  The counters are atomic; no lock.
 */
#include <linux/atomic.h>
#include <linux/module.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>

#include "nf_conntrack_internal.h"

/* Initial value of sysctl nf_conntrack_acct in each new namespace */
static bool count_by_default __read_mostly;
module_param_named(acct, count_by_default, bool, 0644);
MODULE_PARM_DESC(acct, "Enable connection tracking flow accounting.");

/**
 * nf_ct_acct_add - count packets of a connection
 * @ct:      the connection; without counters nothing happens
 * @dir:     direction that the packets went
 * @packets: how many
 * @bytes:   their lengths from the network header on, together
 *
 * Context: any; the caller holds a reference on @ct.
 */
void nf_ct_acct_add(struct nf_conn *ct, u32 dir, unsigned int packets,
		    unsigned int bytes)
{
	struct nf_conn_acct *acct;

	if (!nf_ct_has_ext(ct, NF_CT_EXT_ACCT))
		return;
	acct = nf_conn_acct_find(ct);
	if (!acct)
		return;
	atomic64_add(packets, &acct->counter[dir].packets);
	atomic64_add(bytes, &acct->counter[dir].bytes);
}

/**
 * nf_conntrack_acct_pernet_init - set the default of a new namespace
 * @net: the namespace
 */
void nf_conntrack_acct_pernet_init(struct net *net)
{
	nf_ct_set_acct(net, READ_ONCE(count_by_default));
}
