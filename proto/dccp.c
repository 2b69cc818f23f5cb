// SPDX-License-Identifier: GPL-2.0
/*
 * DCCP (RFC 4340).  One state per connection.  The next state depends on the
 * type of the packet and on the role of its sender, client or server.  A packet
 * that cannot be judged without the state of the end hosts is ignored: it passes
 * and changes nothing.  The DCCP part of an entry is guarded by ct->lock.
 */
#include <linux/dccp.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "proto.h"
#include "nf_conntrack_internal.h"

/* RFC 4340 3.4: maximum segment lifetime */
#define DCCP_MSL	(120 * HZ)

static const unsigned int nf_ct_dccp_defaults[CT_DCCP_MAX + 1] = {
	[CT_DCCP_NONE]		= 2 * DCCP_MSL,
	[CT_DCCP_REQUEST]	= 2 * DCCP_MSL,
	[CT_DCCP_RESPOND]	= 4 * DCCP_MSL,
	[CT_DCCP_PARTOPEN]	= 4 * DCCP_MSL,
	[CT_DCCP_OPEN]		= 12 * 3600 * HZ,
	[CT_DCCP_CLOSEREQ]	= 64 * HZ,
	[CT_DCCP_CLOSING]	= 64 * HZ,
	[CT_DCCP_TIMEWAIT]	= 2 * DCCP_MSL,
};

/* Sets of packet types, states and senders, for the rules below */
#define PKT(name)	BIT(DCCP_PKT_##name)
#define IN(name)	BIT(CT_DCCP_##name)
#define CLIENT		BIT(CT_DCCP_ROLE_CLIENT)
#define SERVER		BIT(CT_DCCP_ROLE_SERVER)

#define PKT_DATA_OR_ACK	(PKT(DATA) | PKT(ACK) | PKT(DATAACK))
#define PKT_ANY		(BIT(DCCP_NR_PKT_TYPES) - 1)
#define IN_ANY		(BIT(CT_DCCP_IGNORE) - 1)

/* Next state of a rule that does not change it */
#define TO_STAY		__CT_DCCP_MAX

/* The first rule that fits gives the next state; if none does, the packet is
 * invalid: RFC 4340 does not allow it in this state.
 */
static const struct nf_ct_dccp_rule {
	u16 packets;
	u16 from;
	u8 senders;
	u8 to;
} nf_ct_dccp_rules[] = {
	/* 8.3: an open or closing connection has data; but a server that has
	 * sent a CloseReq sends no more of it
	 */
	{ PKT_DATA_OR_ACK, IN(OPEN) | IN(CLOSING), CLIENT | SERVER, TO_STAY },
	{ PKT_DATA_OR_ACK, IN(CLOSEREQ), CLIENT, TO_STAY },
	/* 8.1.5: the client acknowledges the Response, in each packet until the
	 * server has sent the next one
	 */
	{ PKT(ACK) | PKT(DATAACK), IN(RESPOND) | IN(PARTOPEN), CLIENT,
	  CT_DCCP_PARTOPEN },
	{ PKT_DATA_OR_ACK, IN(PARTOPEN), SERVER, CT_DCCP_OPEN },

	/* 8.1.1: the client requests a connection, perhaps again, perhaps on the
	 * ports of one that has just ended
	 */
	{ PKT(REQUEST), IN(NONE) | IN(REQUEST) | IN(TIMEWAIT), CLIENT,
	  CT_DCCP_REQUEST },
	/* 8.1.3: repeated by a client that has not received the Response yet */
	{ PKT(REQUEST), IN(RESPOND), CLIENT, TO_STAY },
	/* 8.1.1: the former server requests one on the same ports */
	{ PKT(REQUEST), IN(TIMEWAIT), SERVER, CT_DCCP_REQUEST },
	/* 8.1.3: the server accepts, perhaps again */
	{ PKT(RESPONSE), IN(REQUEST) | IN(RESPOND), SERVER, CT_DCCP_RESPOND },
	{ PKT(RESPONSE), IN(NONE) | IN(TIMEWAIT), CLIENT | SERVER,
	  CT_DCCP_INVALID },

	/* 8.3: only a server sends CloseReq, perhaps again */
	{ PKT(CLOSEREQ), IN(PARTOPEN) | IN(OPEN) | IN(CLOSEREQ) | IN(CLOSING),
	  SERVER, CT_DCCP_CLOSEREQ },
	/* 8.3: the end, also in answer to a CloseReq */
	{ PKT(CLOSE), IN(PARTOPEN) | IN(OPEN) | IN(CLOSEREQ), CLIENT,
	  CT_DCCP_CLOSING },
	{ PKT(CLOSE), IN(PARTOPEN) | IN(OPEN) | IN(CLOSING), SERVER,
	  CT_DCCP_CLOSING },

	/* 5.6: the last packet of a connection; nothing to reset before it */
	{ PKT(RESET), IN(TIMEWAIT), CLIENT, CT_DCCP_IGNORE },
	{ PKT(RESET), IN_ANY & ~IN(NONE), CLIENT | SERVER, CT_DCCP_TIMEWAIT },

	/* 7.5.4: the end hosts resynchronise: they know the sequence numbers.
	 * A Request or Response that does not fit may belong to a connection
	 * that replaces this one: see nf_ct_dccp_ignored().
	 */
	{ PKT(SYNC) | PKT(SYNCACK) | PKT(REQUEST) | PKT(RESPONSE),
	  IN_ANY & ~IN(NONE), CLIENT | SERVER, CT_DCCP_IGNORE },
};

static unsigned int nf_ct_dccp_next_state(unsigned int role, unsigned int state,
					  u8 type)
{
	const struct nf_ct_dccp_rule *r;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nf_ct_dccp_rules); i++) {
		r = &nf_ct_dccp_rules[i];
		if ((r->packets & BIT(type)) && (r->from & BIT(state)) &&
		    (r->senders & BIT(role)))
			return r->to == TO_STAY ? state : r->to;
	}
	return CT_DCCP_INVALID;
}

/**
 * struct nf_ct_dccp_view - what a packet says, not yet compared with the entry
 * @type: packet type, below DCCP_NR_PKT_TYPES
 * @seq: sequence number
 * @ack: acknowledgment number, if @has_ack
 * @has_ack: the packet has one of 48 bits
 */
struct nf_ct_dccp_view {
	u8 type;
	bool has_ack;
	u64 seq;
	u64 ack;
};

/* RFC 4340 5.1: types that may have short sequence numbers */
static bool nf_ct_dccp_may_be_short(u8 type)
{
	return PKT_DATA_OR_ACK & BIT(type);
}

/* Bytes that a header of this type has at least (RFC 4340 5.1 to 5.6).
 *
 * DIFF: dccp-header: the stock module drops short acknowledgments, since it reads them as long
 * ones, and drops a packet whose header is cut off; here that is invalid.
 */
static unsigned int nf_ct_dccp_header_len(const struct dccp_hdr *dh)
{
	if (dh->dccph_x)
		return sizeof(*dh) + sizeof(struct dccp_hdr_ext) +
		       dccp_packet_hdr_len(dh->dccph_type);

	/* 24-bit numbers: only Ack and DataAck have a second one, in 32 bits */
	return sizeof(*dh) +
	       (dh->dccph_type == DCCP_PKT_DATA ? 0 : sizeof(__be32));
}

/* What is wrong with the checksum of a packet of @room bytes, or with what it
 * covers.
 *
 * DIFF: dccp-coverage: the stock module does not count the header, which is always covered
 * (9.2).
 */
static const char *nf_ct_dccp_checksum_flaw(struct sk_buff *skb,
					    unsigned int dataoff,
					    const struct nf_hook_state *state,
					    const struct dccp_hdr *dh,
					    unsigned int room)
{
	static const char beyond[] = "DCCP checksum coverage wrong";
	unsigned int covered = room;

	if (dh->dccph_cscov)
		covered = (dh->dccph_cscov - 1) * 4;
	if (covered > room)
		return beyond;
	if (!nf_ct_checksum_wanted(state))
		return NULL;

	if (dh->dccph_cscov)
		covered += dh->dccph_doff * 4;
	if (covered > room)
		return beyond;
	if (nf_checksum_partial(skb, state->hook, dataoff, covered,
				IPPROTO_DCCP, state->pf))
		return "DCCP checksum wrong";
	return NULL;
}

/* Read the 48-bit numbers of a packet; its header is known to hold them. */
static bool nf_ct_dccp_read_numbers(const struct sk_buff *skb,
				    unsigned int dataoff,
				    const struct dccp_hdr *dh,
				    struct nf_ct_dccp_view *v)
{
	struct {
		struct dccp_hdr_ext ext;
		struct dccp_hdr_ack_bits ack;
	} __packed buf, *nr = &buf;
	unsigned int len = sizeof(nr->ext);

	v->has_ack = dh->dccph_type != DCCP_PKT_REQUEST &&
		     dh->dccph_type != DCCP_PKT_DATA;
	if (v->has_ack)
		len += sizeof(nr->ack);

	nr = skb_header_pointer(skb, dataoff + sizeof(*dh), len, &buf);
	if (!nr)
		return false;

	v->seq = (u64)ntohs(dh->dccph_seq) << 32 | ntohl(nr->ext.dccph_seq_low);
	if (v->has_ack)
		v->ack = (u64)ntohs(nr->ack.dccph_ack_nr_high) << 32 |
			 ntohl(nr->ack.dccph_ack_nr_low);
	return true;
}

/* Look at the header of a packet, fill @v, or say what is wrong with it. */
static const char *nf_ct_dccp_flaw(struct sk_buff *skb, unsigned int dataoff,
				   const struct nf_hook_state *state,
				   struct nf_ct_dccp_view *v)
{
	unsigned int room = skb->len - dataoff;
	struct dccp_hdr dh;
	const char *flaw;

	if (room < sizeof(dh) || skb_copy_bits(skb, dataoff, &dh, sizeof(dh)))
		return "DCCP header incomplete";
	if (dh.dccph_type >= DCCP_NR_PKT_TYPES)
		return "DCCP packet type reserved";
	if (!dh.dccph_x && !nf_ct_dccp_may_be_short(dh.dccph_type))
		return "DCCP sequence number too short for the type";
	/* where the data begins concerns the end host alone */
	if (dh.dccph_doff * 4 > room || dh.dccph_doff * 4 < sizeof(dh))
		return "DCCP data offset wrong";
	if (room < nf_ct_dccp_header_len(&dh))
		return "DCCP header incomplete";

	flaw = nf_ct_dccp_checksum_flaw(skb, dataoff, state, &dh, room);
	if (flaw)
		return flaw;

	memset(v, 0, sizeof(*v));
	v->type = dh.dccph_type;
	if (dh.dccph_x && !nf_ct_dccp_read_numbers(skb, dataoff, &dh, v))
		return "DCCP header incomplete";
	return NULL;
}

static void nf_ct_dccp_set_client(struct nf_ct_dccp *d,
				  enum ip_conntrack_dir dir)
{
	d->role[dir] = CT_DCCP_ROLE_CLIENT;
	d->role[!dir] = CT_DCCP_ROLE_SERVER;
}

/* DCCP part of an entry of which this is the first packet. */
static void nf_ct_dccp_start(struct nf_ct_dccp *d)
{
	memset(d, 0, sizeof(*d));
	nf_ct_dccp_set_client(d, IP_CT_DIR_ORIGINAL);
	d->last_pkt = DCCP_PKT_REQUEST;
	d->last_dir = IP_CT_DIR_ORIGINAL;
}

/* A packet that the rules ignore.  If it is the Response to a Request that was
 * ignored, too, the hosts have begun a new connection, and so does the entry.
 */
static unsigned int nf_ct_dccp_ignored(struct nf_ct_dccp *d,
				       const struct nf_ct_dccp_view *v,
				       enum ip_conntrack_dir dir)
{
	if (v->type != DCCP_PKT_RESPONSE || d->last_pkt != DCCP_PKT_REQUEST ||
	    d->last_dir == dir)
		return CT_DCCP_IGNORE;

	nf_ct_dccp_set_client(d, !dir);
	d->handshake_seq = v->seq;
	return CT_DCCP_RESPOND;
}

/* What else changes in an entry that goes from @from to @to. */
static void nf_ct_dccp_enter(struct nf_conn *ct,
			     const struct nf_ct_dccp_view *v,
			     enum ip_conntrack_dir dir, unsigned int from,
			     unsigned int to)
{
	struct nf_ct_dccp *d = &ct->proto.dccp;

	if (to == CT_DCCP_REQUEST && from == CT_DCCP_TIMEWAIT)
		nf_ct_dccp_set_client(d, dir);
	else if (to == CT_DCCP_RESPOND && from == CT_DCCP_REQUEST)
		d->handshake_seq = v->seq;
	else if (to == CT_DCCP_PARTOPEN && from == CT_DCCP_RESPOND &&
		 v->type == DCCP_PKT_ACK && v->has_ack &&
		 v->ack == d->handshake_seq)
		set_bit(IPS_ASSURED_BIT, &ct->status);
}

/* Run the packet through @ct: the state to take the timeout from, or
 * CT_DCCP_IGNORE, or CT_DCCP_INVALID with @ct unchanged.
 */
static unsigned int nf_ct_dccp_advance(struct nf_conn *ct,
				       const struct nf_ct_dccp_view *v,
				       enum ip_conntrack_dir dir)
{
	struct nf_ct_dccp *d = &ct->proto.dccp;
	unsigned int from, to;

	lockdep_assert_held(&ct->lock);
	from = d->state;
	to = nf_ct_dccp_next_state(d->role[dir], from, v->type);
	if (to == CT_DCCP_INVALID)
		return to;
	if (to == CT_DCCP_IGNORE)
		to = nf_ct_dccp_ignored(d, v, dir);
	else
		nf_ct_dccp_enter(ct, v, dir, from, to);

	d->last_dir = dir;
	d->last_pkt = v->type;
	if (to == CT_DCCP_IGNORE)
		return to;

	d->state = to;
	if (to != from)
		nf_ct_event_note(IPCT_PROTOINFO, ct);
	return to;
}

/**
 * nf_conntrack_dccp_packet - follow a DCCP packet
 * @ct: entry of the packet, perhaps unconfirmed
 * @skb: the packet
 * @dataoff: offset of the DCCP header
 * @ctinfo: direction and state of @skb in @ct
 * @state: hook
 *
 * Context: softirq or process with bottom halves off, under RCU; takes ct->lock.
 * Return: NF_ACCEPT, or NF_CT_PACKET_INVALID with @ct unchanged.
 */
int nf_conntrack_dccp_packet(struct nf_conn *ct, struct sk_buff *skb,
			     unsigned int dataoff,
			     enum ip_conntrack_info ctinfo,
			     const struct nf_hook_state *state)
{
	const unsigned int *timeouts;
	struct nf_ct_dccp_view view;
	const char *flaw;
	unsigned int to;

	flaw = nf_ct_dccp_flaw(skb, dataoff, state, &view);
	if (flaw) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_DCCP, "%s", flaw);
		return NF_CT_PACKET_INVALID;
	}

	/* 8.1.3: the server refuses */
	if (view.type == DCCP_PKT_RESET && nf_ct_is_confirmed(ct) &&
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status)) {
		nf_ct_kill_acct(ct, ctinfo, skb);
		return NF_ACCEPT;
	}

	spin_lock_bh(&ct->lock);
	if (!nf_ct_is_confirmed(ct))
		nf_ct_dccp_start(&ct->proto.dccp);
	to = nf_ct_dccp_advance(ct, &view, CTINFO2DIR(ctinfo));
	spin_unlock_bh(&ct->lock);

	if (to == CT_DCCP_INVALID) {
		nf_ct_l4proto_log_invalid(skb, ct, state,
					  "DCCP packet type %u does not fit the state",
					  view.type);
		return NF_CT_PACKET_INVALID;
	}
	if (to == CT_DCCP_IGNORE) {
		nf_ct_l4proto_log_invalid(skb, ct, state,
					  "DCCP packet type %u ignored",
					  view.type);
		return NF_ACCEPT;
	}

	timeouts = nf_ct_timeouts_of(ct, nf_dccp_pernet(nf_ct_net(ct))->dccp_timeout);
	nf_ct_refresh_acct(ct, ctinfo, skb, timeouts[to]);
	return NF_ACCEPT;
}

static bool nf_ct_dccp_can_early_drop(const struct nf_conn *ct)
{
	switch (READ_ONCE(ct->proto.dccp.state)) {
	case CT_DCCP_CLOSEREQ:
	case CT_DCCP_CLOSING:
	case CT_DCCP_TIMEWAIT:
		return true;
	default:
		return false;
	}
}

#ifdef CONFIG_NF_CONNTRACK_PROCFS
/* In the order of enum ct_dccp_states */
static const char *const nf_ct_dccp_state_names[] = {
	"NONE", "REQUEST", "RESPOND", "PARTOPEN", "OPEN", "CLOSEREQ", "CLOSING",
	"TIMEWAIT", "IGNORE", "INVALID",
};

static_assert(ARRAY_SIZE(nf_ct_dccp_state_names) == __CT_DCCP_MAX);

static void nf_ct_dccp_print(struct seq_file *s, struct nf_conn *ct)
{
	nf_ct_print_state(s, nf_ct_dccp_state_names,
			  ARRAY_SIZE(nf_ct_dccp_state_names),
			  READ_ONCE(ct->proto.dccp.state));
}
#endif

#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
static const struct nla_policy
nf_ct_dccp_info_policy[CTA_PROTOINFO_DCCP_MAX + 1] = {
	[CTA_PROTOINFO_DCCP_STATE]	   = { .type = NLA_U8 },
	[CTA_PROTOINFO_DCCP_ROLE]	   = { .type = NLA_U8 },
	[CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ] = { .type = NLA_U64 },
};

/* The nest, two bytes, and one 64-bit number with room for its padding */
#define DCCP_INFO_NLA_SIZE						\
	(NLA_HDRLEN + 2 * NLA_ALIGN(NLA_HDRLEN + sizeof(u8)) +		\
	 NLA_ALIGN(NLA_HDRLEN + sizeof(u64)) + NLA_HDRLEN)

static int nf_ct_dccp_info_dump(struct sk_buff *skb, struct nlattr *nla,
				struct nf_conn *ct, bool destroy)
{
	struct nf_ct_dccp d;
	struct nlattr *nest;
	bool full;

	spin_lock_bh(&ct->lock);
	d = ct->proto.dccp;
	spin_unlock_bh(&ct->lock);

	nest = nla_nest_start(skb, CTA_PROTOINFO_DCCP);
	if (!nest)
		return -EMSGSIZE;

	full = nla_put_u8(skb, CTA_PROTOINFO_DCCP_STATE, d.state);
	if (!full && !destroy)
		full = nla_put_u8(skb, CTA_PROTOINFO_DCCP_ROLE,
				  d.role[IP_CT_DIR_ORIGINAL]) ||
		       nla_put_be64(skb, CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ,
				    cpu_to_be64(d.handshake_seq),
				    CTA_PROTOINFO_DCCP_PAD);
	return nf_ct_protoinfo_end(skb, nest, full);
}

/* Without @ct: only check */
static int nf_ct_dccp_info_parse(struct nlattr *cda[], struct nf_conn *ct)
{
	struct nlattr *tb[CTA_PROTOINFO_DCCP_MAX + 1];
	struct nf_ct_dccp *d;
	u8 state, role;
	int err;

	err = nf_ct_protoinfo_parse(tb, CTA_PROTOINFO_DCCP_MAX,
				    cda[CTA_PROTOINFO_DCCP],
				    nf_ct_dccp_info_policy);
	if (err <= 0)
		return err;
	if (!tb[CTA_PROTOINFO_DCCP_STATE] || !tb[CTA_PROTOINFO_DCCP_ROLE])
		return -EINVAL;

	state = nla_get_u8(tb[CTA_PROTOINFO_DCCP_STATE]);
	role = nla_get_u8(tb[CTA_PROTOINFO_DCCP_ROLE]);
	if (state > CT_DCCP_TIMEWAIT || role > CT_DCCP_ROLE_MAX)
		return -EINVAL;
	if (!ct)
		return 0;

	d = &ct->proto.dccp;
	spin_lock_bh(&ct->lock);
	d->state = state;
	nf_ct_dccp_set_client(d, role == CT_DCCP_ROLE_CLIENT ?
				 IP_CT_DIR_ORIGINAL : IP_CT_DIR_REPLY);
	if (tb[CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ])
		d->handshake_seq =
			be64_to_cpu(nla_get_be64(tb[CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ]));
	spin_unlock_bh(&ct->lock);
	return 0;
}
#endif /* CONFIG_NF_CT_NETLINK */

/* Attribute numbers are state numbers; new entries start like requested ones.  A
 * policy has no timeout for CT_DCCP_INVALID and above: no entry is in it.
 */
static_assert((int)CTA_TIMEOUT_DCCP_REQUEST == (int)CT_DCCP_REQUEST);
static_assert((int)CTA_TIMEOUT_DCCP_MAX == (int)CT_DCCP_TIMEWAIT);

NF_CT_DEFINE_TIMEOUTS(dccp, nf_dccp_pernet(net)->dccp_timeout, CT_DCCP_INVALID,
		      CTA_TIMEOUT_DCCP_MAX);

/**
 * nf_conntrack_dccp_init_net - defaults of a new namespace
 * @net: the namespace
 *
 * The sysctl dccp_loose has no effect: only a Request starts an entry, because
 * other packets do not show which side is the server.
 *
 * Context: any; nothing else sees @net yet.
 */
void nf_conntrack_dccp_init_net(struct net *net)
{
	struct nf_dccp_net *dn = nf_dccp_pernet(net);

	dn->dccp_loose = 1;
	memcpy(dn->dccp_timeout, nf_ct_dccp_defaults, sizeof(dn->dccp_timeout));
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_dccp = {
	.l4proto = IPPROTO_DCCP,
	.can_early_drop = nf_ct_dccp_can_early_drop,
#ifdef CONFIG_NF_CONNTRACK_PROCFS
	.print_conntrack = nf_ct_dccp_print,
#endif
#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
	.nlattr_size = DCCP_INFO_NLA_SIZE,
	.to_nlattr = nf_ct_dccp_info_dump,
	.from_nlattr = nf_ct_dccp_info_parse,
#endif
	NF_CT_PORT_ATTRS
	NF_CT_TIMEOUT_ATTRS(dccp)
};
