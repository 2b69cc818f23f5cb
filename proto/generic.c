// SPDX-License-Identifier: GPL-2.0
/*
 * Protocols without a tracker of their own: a flow is two addresses and a
 * protocol number, with one timeout.  No state; timeouts are read without a lock.
 */
#include <linux/jiffies.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "proto.h"

#define GENERIC_TIMEOUT		(600 * HZ)

/* Stands for all numbers that nf_ct_l4proto_find() does not know */
#define GENERIC_PROTONUM	255

NF_CT_DEFINE_TIMEOUTS(generic, &nf_generic_pernet(net)->timeout, 1,
		      CTA_TIMEOUT_GENERIC_MAX);

/**
 * nf_conntrack_generic_init_net - default timeout of a new namespace
 * @net: the namespace
 *
 * Context: any; nothing else sees @net yet.
 */
void nf_conntrack_generic_init_net(struct net *net)
{
	nf_generic_pernet(net)->timeout = GENERIC_TIMEOUT;
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_generic = {
	.l4proto = GENERIC_PROTONUM,
	.allow_clash = true,
	NF_CT_TIMEOUT_ATTRS(generic)
};
