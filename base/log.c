// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages about packets that a tracker calls invalid, sent through the
 * loggers of the namespace.  Sysctl nf_conntrack_log_invalid chooses: 0 none,
 * 255 all, any other value one transport protocol.  No lock.
 *
 * DIFF: log-texts: the texts are our own, the prefix is that of stock.
 */
#include <linux/kernel.h>
#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_log.h>

#include "nf_conntrack_internal.h"

#ifdef CONFIG_SYSCTL

#define NF_CT_LOG_ALL	255

static bool nf_ct_log_wanted(const struct net *net, u8 protonum)
{
	u8 choice = READ_ONCE(net->ct.sysctl_log_invalid);

	return choice && (choice == NF_CT_LOG_ALL || choice == protonum);
}

/* Loggers put the interfaces right behind the prefix, hence its last blank. */
static void nf_ct_log_packet(struct net *net, const struct sk_buff *skb,
			     const struct nf_hook_state *state, u8 protonum,
			     struct va_format *reason)
{
	nf_log_packet(net, state->pf, 0, skb, state->in, state->out, NULL,
		      "nf_ct_proto_%d: %pV ", protonum, reason);
}

/**
 * nf_l4proto_log_invalid - log a packet that belongs to no connection
 * @skb:      the packet
 * @state:    hook it is at; tells the namespace
 * @protonum: its transport protocol
 * @fmt:      what is wrong with it
 *
 * Context: softirq or process, under RCU as every hook.
 */
void nf_l4proto_log_invalid(const struct sk_buff *skb,
			    const struct nf_hook_state *state,
			    u8 protonum, const char *fmt, ...)
{
	struct va_format reason;
	va_list args;

	if (likely(!nf_ct_log_wanted(state->net, protonum)))
		return;

	va_start(args, fmt);
	reason.fmt = fmt;
	reason.va = &args;
	nf_ct_log_packet(state->net, skb, state, protonum, &reason);
	va_end(args);
}

/**
 * nf_ct_l4proto_log_invalid - log a packet that does not suit its connection
 * @skb:   the packet
 * @ct:    the connection it was looked up to belong to
 * @state: hook it is at
 * @fmt:   what is wrong with it
 *
 * Context: as nf_l4proto_log_invalid(); @ct is referenced by @skb or unconfirmed.
 */
void nf_ct_l4proto_log_invalid(const struct sk_buff *skb,
			       const struct nf_conn *ct,
			       const struct nf_hook_state *state,
			       const char *fmt, ...)
{
	struct net *net = nf_ct_net(ct);
	struct va_format reason;
	va_list args;

	if (likely(!nf_ct_log_wanted(net, nf_ct_protonum(ct))))
		return;

	va_start(args, fmt);
	reason.fmt = fmt;
	reason.va = &args;
	nf_ct_log_packet(net, skb, state, nf_ct_protonum(ct), &reason);
	va_end(args);
}

#endif /* CONFIG_SYSCTL */
