// SPDX-License-Identifier: GPL-2.0
/*
 * How userspace sees a TCP connection: its attributes in ctnetlink, its timeouts
 * in nfnetlink_cttimeout, its column in /proc.  ct->proto.tcp is guarded by
 * ct->lock.
 */
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/seq_file.h>
#include <net/netlink.h>
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "proto.h"
#include "tcp.h"

const char *const nf_ct_tcp_state_names[TCP_CONNTRACK_MAX] = {
	[TCP_CONNTRACK_NONE]		= "NONE",
	[TCP_CONNTRACK_SYN_SENT]	= "SYN_SENT",
	[TCP_CONNTRACK_SYN_RECV]	= "SYN_RECV",
	[TCP_CONNTRACK_ESTABLISHED]	= "ESTABLISHED",
	[TCP_CONNTRACK_FIN_WAIT]	= "FIN_WAIT",
	[TCP_CONNTRACK_CLOSE_WAIT]	= "CLOSE_WAIT",
	[TCP_CONNTRACK_LAST_ACK]	= "LAST_ACK",
	[TCP_CONNTRACK_TIME_WAIT]	= "TIME_WAIT",
	[TCP_CONNTRACK_CLOSE]		= "CLOSE",
	[TCP_CONNTRACK_SYN_SENT2]	= "SYN_SENT2",
};

#ifdef CONFIG_NF_CONNTRACK_PROCFS
/**
 * nf_ct_tcp_print - the state column of /proc/net/nf_conntrack
 * @s:  the file
 * @ct: the connection
 *
 * While a flow table forwards the connection its state is not tracked, so none
 * is shown.
 *
 * Context: any; reads one byte without the lock.
 */
void nf_ct_tcp_print(struct seq_file *s, struct nf_conn *ct)
{
	if (!test_bit(IPS_OFFLOAD_BIT, &ct->status))
		nf_ct_print_state(s, nf_ct_tcp_state_names,
				  ARRAY_SIZE(nf_ct_tcp_state_names),
				  READ_ONCE(ct->proto.tcp.state));
}
#endif

#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
/* Attributes that exist once for each direction */
static const struct {
	u16	scale;
	u16	flags;
} nf_ct_tcp_side_attrs[IP_CT_DIR_MAX] = {
	[IP_CT_DIR_ORIGINAL] = { CTA_PROTOINFO_TCP_WSCALE_ORIGINAL,
				 CTA_PROTOINFO_TCP_FLAGS_ORIGINAL },
	[IP_CT_DIR_REPLY]    = { CTA_PROTOINFO_TCP_WSCALE_REPLY,
				 CTA_PROTOINFO_TCP_FLAGS_REPLY },
};

static const struct nla_policy
nf_ct_tcp_policy[CTA_PROTOINFO_TCP_MAX + 1] = {
	[CTA_PROTOINFO_TCP_FLAGS_ORIGINAL] = {
		.len = sizeof(struct nf_ct_tcp_flags),
	},
	[CTA_PROTOINFO_TCP_FLAGS_REPLY] = {
		.len = sizeof(struct nf_ct_tcp_flags),
	},
	[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL] =
		NLA_POLICY_MAX(NLA_U8, TCP_MAX_WSCALE),
	[CTA_PROTOINFO_TCP_WSCALE_REPLY] =
		NLA_POLICY_MAX(NLA_U8, TCP_MAX_WSCALE),
	[CTA_PROTOINFO_TCP_STATE] =
		NLA_POLICY_MAX(NLA_U8, TCP_CONNTRACK_MAX - 1),
};

/* The scales of both sides, then their flags */
static int nf_ct_tcp_put_sides(struct sk_buff *skb, const struct ip_ct_tcp *seen)
{
	struct nf_ct_tcp_flags flags = { };
	int dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		if (nla_put_u8(skb, nf_ct_tcp_side_attrs[dir].scale,
			       seen->seen[dir].td_scale))
			return -EMSGSIZE;
	}
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		flags.flags = seen->seen[dir].flags;
		if (nla_put(skb, nf_ct_tcp_side_attrs[dir].flags,
			    sizeof(flags), &flags))
			return -EMSGSIZE;
	}
	return 0;
}

/**
 * nf_ct_tcp_to_nlattr - put the CTA_PROTOINFO_TCP nest
 * @skb:     the message
 * @attr:    the CTA_PROTOINFO nest around it; not needed
 * @ct:      the connection
 * @destroy: for a destroy event, which has the state only
 *
 * Context: any; takes ct->lock.
 * Return: 0, or -EMSGSIZE if there is no room.
 */
int nf_ct_tcp_to_nlattr(struct sk_buff *skb, struct nlattr *attr,
			struct nf_conn *ct, bool destroy)
{
	struct ip_ct_tcp seen;
	struct nlattr *nest;
	bool full;

	spin_lock_bh(&ct->lock);
	seen = ct->proto.tcp;
	spin_unlock_bh(&ct->lock);

	nest = nla_nest_start(skb, CTA_PROTOINFO_TCP);
	if (!nest)
		return -EMSGSIZE;

	full = nla_put_u8(skb, CTA_PROTOINFO_TCP_STATE, seen.state);
	if (!full && !destroy)
		full = nf_ct_tcp_put_sides(skb, &seen);
	return nf_ct_protoinfo_end(skb, nest, full);
}

/* What the two ends have agreed on: holds without the sequence numbers, too */
#define NF_CT_TCP_FLAGS_AGREED						\
	(IP_CT_TCP_FLAG_WINDOW_SCALE | IP_CT_TCP_FLAG_SACK_PERM |	\
	 IP_CT_TCP_FLAG_CLOSE_INIT | IP_CT_TCP_FLAG_BE_LIBERAL)

/*
 * A dump shows flags with an empty mask.
 *
 * DIFF: replay: a connection that is @fresh gets them; stock sets none, and so no
 * window scale either.
 */
static void nf_ct_tcp_get_flags(const struct nlattr *attr, bool fresh,
				struct ip_ct_tcp_state *peer)
{
	const struct nf_ct_tcp_flags *want;
	u8 mask;

	if (!attr)
		return;
	want = nla_data(attr);
	mask = want->mask;
	if (fresh && !mask)
		mask = NF_CT_TCP_FLAGS_AGREED;
	peer->flags = (peer->flags & ~mask) | (want->flags & mask);
}

/**
 * nf_ct_tcp_from_nlattr - set what a CTA_PROTOINFO nest says of TCP
 * @attrs: attributes inside CTA_PROTOINFO
 * @ct:    the connection, changed only if all attributes are good; NULL: only check
 *
 * Window scales count only as a pair, and only if both sides scale.
 * Context: process; takes ct->lock.
 * Return: 0, or the error of the parser.
 */
int nf_ct_tcp_from_nlattr(struct nlattr *attrs[], struct nf_conn *ct)
{
	struct nlattr *tb[CTA_PROTOINFO_TCP_MAX + 1];
	struct ip_ct_tcp *tcp;
	bool scales;
	u8 both;
	int dir;
	int err;

	err = nf_ct_protoinfo_parse(tb, CTA_PROTOINFO_TCP_MAX,
				    attrs[CTA_PROTOINFO_TCP], nf_ct_tcp_policy);
	if (err <= 0)
		return err;
	if (!ct)
		return 0;

	tcp = &ct->proto.tcp;
	scales = tb[CTA_PROTOINFO_TCP_WSCALE_ORIGINAL] &&
		 tb[CTA_PROTOINFO_TCP_WSCALE_REPLY];

	spin_lock_bh(&ct->lock);
	if (tb[CTA_PROTOINFO_TCP_STATE])
		tcp->state = nla_get_u8(tb[CTA_PROTOINFO_TCP_STATE]);

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		nf_ct_tcp_get_flags(tb[nf_ct_tcp_side_attrs[dir].flags],
				    !nf_ct_is_confirmed(ct), &tcp->seen[dir]);

	both = tcp->seen[IP_CT_DIR_ORIGINAL].flags &
	       tcp->seen[IP_CT_DIR_REPLY].flags;
	for (dir = 0; scales && dir < IP_CT_DIR_MAX; dir++) {
		const struct nlattr *attr = tb[nf_ct_tcp_side_attrs[dir].scale];

		if (both & IP_CT_TCP_FLAG_WINDOW_SCALE)
			tcp->seen[dir].td_scale = nla_get_u8(attr);
	}
	spin_unlock_bh(&ct->lock);
	return 0;
}
#endif /* CONFIG_NF_CT_NETLINK */

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
/* Attribute numbers are state numbers, but for the last two. */
static_assert((int)CTA_TIMEOUT_TCP_SYN_SENT == (int)TCP_CONNTRACK_SYN_SENT);
static_assert((int)CTA_TIMEOUT_TCP_SYN_SENT2 == (int)TCP_CONNTRACK_SYN_SENT2);

/**
 * nf_ct_tcp_timeout_parse - fill a timeout policy
 * @tb:   CTA_TIMEOUT_TCP_*, in seconds
 * @net:  namespace; timeouts without attribute come from its sysctls
 * @data: the policy's timeouts, or NULL: change the sysctls themselves
 *
 * Context: process, nfnetlink mutex.
 * Return: 0.
 */
int nf_ct_tcp_timeout_parse(struct nlattr *tb[], struct net *net, void *data)
{
	unsigned int *dflt = nf_tcp_pernet(net)->timeouts;
	unsigned int *timeouts = data ?: dflt;

	nf_ct_timeouts_parse(tb, CTA_TIMEOUT_TCP_SYN_SENT2, dflt,
			     nf_ct_tcp_timeouts_n, data);
	if (tb[CTA_TIMEOUT_TCP_RETRANS])
		timeouts[TCP_CONNTRACK_RETRANS] =
			nf_ct_timeout_of(tb[CTA_TIMEOUT_TCP_RETRANS]);
	if (tb[CTA_TIMEOUT_TCP_UNACK])
		timeouts[TCP_CONNTRACK_UNACK] =
			nf_ct_timeout_of(tb[CTA_TIMEOUT_TCP_UNACK]);
	return 0;
}

/**
 * nf_ct_tcp_timeout_dump - put all timeouts of a policy
 * @skb:  the message
 * @data: the policy's timeouts
 *
 * Context: any.
 * Return: 0, or -ENOSPC.
 */
int nf_ct_tcp_timeout_dump(struct sk_buff *skb, const void *data)
{
	const unsigned int *timeouts = data;

	if (nf_ct_timeouts_dump(skb, CTA_TIMEOUT_TCP_SYN_SENT2,
				nf_ct_tcp_timeouts_n, timeouts) ||
	    nla_put_be32(skb, CTA_TIMEOUT_TCP_RETRANS,
			 htonl(timeouts[TCP_CONNTRACK_RETRANS] / HZ)) ||
	    nla_put_be32(skb, CTA_TIMEOUT_TCP_UNACK,
			 htonl(timeouts[TCP_CONNTRACK_UNACK] / HZ)))
		return -ENOSPC;
	return 0;
}
#endif /* CONFIG_NF_CONNTRACK_TIMEOUT */
