/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the TCP tracker share: a segment, and the step from one
 * state to the next that it makes a connection take.  Both are on the stack of
 * nf_conntrack_tcp_packet().
 */
#ifndef _NF_CT_PROTO_TCP_H
#define _NF_CT_PROTO_TCP_H

#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <net/netfilter/nf_conntrack.h>

struct nlattr;
struct seq_file;
struct tcphdr;

/* What a segment asks for; also kept in ip_ct_tcp.last_index. */
enum nf_ct_tcp_kind {
	NF_CT_TCP_SYN,
	NF_CT_TCP_SYNACK,
	NF_CT_TCP_FIN,
	NF_CT_TCP_ACK,
	NF_CT_TCP_RST,
	NF_CT_TCP_KINDS,
	NF_CT_TCP_NOTHING = NF_CT_TCP_KINDS,	/* no segment yet */
};

enum nf_ct_tcp_action {
	NF_CT_TCP_CHECK,	/* undecided: the window check decides */
	NF_CT_TCP_TAKE,		/* the segment counts: new state, new timeout */
	NF_CT_TCP_IGNORE,	/* it passes: no new state, no new timeout */
	NF_CT_TCP_INVALID,	/* not part of this connection */
	NF_CT_TCP_REOPEN,	/* delete the entry, a new connection begins */
};

/**
 * struct nf_ct_tcp_seg - a segment; constant once it is decoded
 * @skb:    the packet
 * @th:     its header, 20 bytes; not the options
 * @optoff: offset of the options in @skb
 * @seq:    first sequence number
 * @end:    sequence number after the segment; SYN and FIN count as one each
 * @ack:    the acknowledgment field, even if the ACK flag is not set
 * @win:    the window as advertised, not scaled
 * @kind:   enum nf_ct_tcp_kind
 * @dir:    enum ip_conntrack_dir
 */
struct nf_ct_tcp_seg {
	const struct sk_buff	*skb;
	const struct tcphdr	*th;
	unsigned int		optoff;
	u32			seq;
	u32			end;
	u32			ack;
	u16			win;
	u8			kind;
	u8			dir;
};

/**
 * struct nf_ct_tcp_step - what a segment did to its connection
 * @why:     reason to be logged after ct->lock is released (the logger may
 *           take the lock to dump the entry), or NULL
 * @limit:   the number that belongs to @why
 * @timeout: new timeout, jiffies; if the segment is taken
 * @unack:   upper bound for a connection without reply, jiffies; likewise
 * @shorten: an invalid segment brings the deadline down to @timeout
 * @blind:   a reset, and nothing tells whether it is exact: a flow table had the
 *           connection, and passes resets on to the end
 * @from:    state before
 * @to:      state after, or TCP_CONNTRACK_MAX (no such transition) or
 *           TCP_CONNTRACK_IGNORE
 */
struct nf_ct_tcp_step {
	const char	*why;
	u32		limit;
	unsigned int	timeout;
	unsigned int	unack;
	bool		shorten;
	bool		blind;
	u8		from;
	u8		to;
};

/* tcp_window.c; with ct->lock held, or for an entry that is not confirmed */
void nf_ct_tcp_read_options(const struct nf_ct_tcp_seg *seg,
			    struct ip_ct_tcp_state *peer);
void nf_ct_tcp_window_open(struct ip_ct_tcp *tcp,
			   const struct nf_ct_tcp_seg *seg);
void nf_ct_tcp_window_pickup(struct ip_ct_tcp *tcp,
			     const struct nf_ct_tcp_seg *seg);
enum nf_ct_tcp_action nf_ct_tcp_window(struct nf_conn *ct,
				       const struct nf_ct_tcp_seg *seg,
				       struct nf_ct_tcp_step *step);

/* tcp_netlink.c */
extern const char *const nf_ct_tcp_state_names[TCP_CONNTRACK_MAX];

#ifdef CONFIG_NF_CONNTRACK_PROCFS
void nf_ct_tcp_print(struct seq_file *s, struct nf_conn *ct);
#endif

#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
/* The nest, STATE, two window scales, two pairs of flags */
#define NF_CT_TCP_NLATTR_SIZE	(NLA_HDRLEN + \
				 3 * NLA_ALIGN(NLA_HDRLEN + sizeof(u8)) + \
				 2 * NLA_ALIGN(NLA_HDRLEN + \
					       sizeof(struct nf_ct_tcp_flags)))

int nf_ct_tcp_to_nlattr(struct sk_buff *skb, struct nlattr *attr,
			struct nf_conn *ct, bool destroy);
int nf_ct_tcp_from_nlattr(struct nlattr *attrs[], struct nf_conn *ct);
#endif

#ifdef CONFIG_NF_CONNTRACK_TIMEOUT
/* For NF_CT_TIMEOUT_ATTRS() */
enum {
	nf_ct_tcp_timeouts_n	= TCP_CONNTRACK_TIMEOUT_MAX,
	nf_ct_tcp_timeouts_last	= CTA_TIMEOUT_TCP_MAX,
};

int nf_ct_tcp_timeout_parse(struct nlattr *tb[], struct net *net, void *data);
int nf_ct_tcp_timeout_dump(struct sk_buff *skb, const void *data);
#endif

#endif /* _NF_CT_PROTO_TCP_H */
