// SPDX-License-Identifier: GPL-2.0
/*
 * UDP and UDP-Lite.  A flow is unreplied, then replied.  A UDP flow with packets
 * more than two seconds after its first is a stream, and is assured; a question
 * and its answer are not.  Of an entry the tracker has stream_ts, which is
 * written while the entry is unconfirmed; status bits change atomically.
 */
#include <linux/jiffies.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/udp.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "proto.h"
#include "nf_conntrack_internal.h"

/* Age from which a flow with traffic both ways is a stream */
#define UDP_STREAM_AGE		(2 * HZ)

static const unsigned int nf_ct_udp_defaults[UDP_CT_MAX] = {
	[UDP_CT_UNREPLIED]	= 30 * HZ,
	[UDP_CT_REPLIED]	= 120 * HZ,
};

#define UDP_OFFLOAD_TIMEOUT	(30 * HZ)

/* What is wrong with a UDP datagram (RFC 768), or NULL */
static const char *nf_ct_udp_flaw(struct sk_buff *skb, unsigned int dataoff,
				  const struct nf_hook_state *state)
{
	unsigned int room = skb->len - dataoff;
	const struct udphdr *uh;
	unsigned int claimed;
	struct udphdr buf;

	uh = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!uh)
		return "UDP header incomplete";

	claimed = udp_get_len(skb, uh, dataoff);
	if (claimed < sizeof(*uh) || claimed > room)
		return "UDP length wrong";

	/* Zero: the sender has not computed one */
	if (!uh->check || !nf_ct_checksum_wanted(state))
		return NULL;
	if (nf_checksum(skb, state->hook, dataoff, IPPROTO_UDP, state->pf))
		return "UDP checksum wrong";
	return NULL;
}

/* Refresh a flow; @replied: with the long timeout. */
static void nf_ct_udp_refresh(struct nf_conn *ct, struct sk_buff *skb,
			      enum ip_conntrack_info ctinfo, bool replied)
{
	const unsigned int *timeouts;

	timeouts = nf_ct_timeouts_of(ct, nf_udp_pernet(nf_ct_net(ct))->timeouts);
	nf_ct_refresh_acct(ct, ctinfo, skb,
			   timeouts[replied ? UDP_CT_REPLIED : UDP_CT_UNREPLIED]);

	/* The loser of an insertion race serves one answer only: its timeout
	 * is fixed, and it may be dropped early.
	 */
	if (replied && !test_bit(IPS_NAT_CLASH_BIT, &ct->status))
		nf_ct_set_assured(ct);
}

/**
 * nf_conntrack_udp_packet - follow a UDP datagram
 * @ct: entry of the datagram, perhaps unconfirmed
 * @skb: the packet
 * @dataoff: offset of the UDP header
 * @ctinfo: direction and state of @skb in @ct
 * @state: hook
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT, or NF_CT_PACKET_INVALID for a malformed datagram.
 */
int nf_conntrack_udp_packet(struct nf_conn *ct, struct sk_buff *skb,
			    unsigned int dataoff, enum ip_conntrack_info ctinfo,
			    const struct nf_hook_state *state)
{
	const char *flaw = nf_ct_udp_flaw(skb, dataoff, state);
	bool stream;

	if (flaw) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_UDP, "%s", flaw);
		return NF_CT_PACKET_INVALID;
	}

	if (!nf_ct_is_confirmed(ct))
		ct->proto.udp.stream_ts = jiffies + UDP_STREAM_AGE;

	stream = test_bit(IPS_SEEN_REPLY_BIT, &ct->status) &&
		 time_after(jiffies, ct->proto.udp.stream_ts);
	nf_ct_udp_refresh(ct, skb, ctinfo, stream);
	return NF_ACCEPT;
}

#ifdef CONFIG_NF_CT_PROTO_UDPLITE
/* The same for UDP-Lite (RFC 3828): coverage instead of length, and the
 * checksum must not be absent (section 3.1).
 *
 * DIFF: udplite-checksum: the stock module takes UDP's protocol number for the
 * pseudo header, and so finds every right checksum wrong.
 */
static const char *nf_ct_udplite_flaw(struct sk_buff *skb, unsigned int dataoff,
				      const struct nf_hook_state *state)
{
	unsigned int room = skb->len - dataoff;
	const struct udphdr *uh;
	unsigned int covered;
	struct udphdr buf;

	uh = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!uh)
		return "UDP-Lite header incomplete";

	/* Zero means everything; the header itself is always covered */
	covered = ntohs(uh->len) ?: room;
	if (covered < sizeof(*uh) || covered > room)
		return "UDP-Lite coverage wrong";

	if (!uh->check)
		return "UDP-Lite checksum absent";
	if (nf_ct_checksum_wanted(state) &&
	    nf_checksum_partial(skb, state->hook, dataoff, covered,
				IPPROTO_UDPLITE, state->pf))
		return "UDP-Lite checksum wrong";
	return NULL;
}

/**
 * nf_conntrack_udplite_packet - follow a UDP-Lite datagram
 * @ct: entry of the datagram, perhaps unconfirmed
 * @skb: the packet
 * @dataoff: offset of the UDP-Lite header
 * @ctinfo: direction and state of @skb in @ct
 * @state: hook
 *
 * Unlike UDP, the first packet after an answer makes the flow assured.
 *
 * Context: softirq or process with bottom halves off, under RCU.
 * Return: NF_ACCEPT, or NF_CT_PACKET_INVALID for a malformed datagram.
 */
int nf_conntrack_udplite_packet(struct nf_conn *ct, struct sk_buff *skb,
				unsigned int dataoff,
				enum ip_conntrack_info ctinfo,
				const struct nf_hook_state *state)
{
	const char *flaw = nf_ct_udplite_flaw(skb, dataoff, state);

	if (flaw) {
		nf_l4proto_log_invalid(skb, state, IPPROTO_UDPLITE, "%s", flaw);
		return NF_CT_PACKET_INVALID;
	}

	nf_ct_udp_refresh(ct, skb, ctinfo,
			  test_bit(IPS_SEEN_REPLY_BIT, &ct->status));
	return NF_ACCEPT;
}
#endif /* CONFIG_NF_CT_PROTO_UDPLITE */

/* UDP-Lite has a policy of the same form, and the same defaults. */
static_assert((int)CTA_TIMEOUT_UDP_MAX == (int)CTA_TIMEOUT_UDPLITE_MAX);

NF_CT_DEFINE_TIMEOUTS(udp, nf_udp_pernet(net)->timeouts, UDP_CT_MAX,
		      CTA_TIMEOUT_UDP_MAX);

/**
 * nf_conntrack_udp_init_net - default timeouts of a new namespace
 * @net: the namespace
 *
 * Context: any; nothing else sees @net yet.
 */
void nf_conntrack_udp_init_net(struct net *net)
{
	struct nf_udp_net *un = nf_udp_pernet(net);

	memcpy(un->timeouts, nf_ct_udp_defaults, sizeof(un->timeouts));
#if IS_ENABLED(CONFIG_NF_FLOW_TABLE)
	un->offload_timeout = UDP_OFFLOAD_TIMEOUT;
#endif
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_udp = {
	.l4proto = IPPROTO_UDP,
	.allow_clash = true,
	NF_CT_PORT_ATTRS
	NF_CT_TIMEOUT_ATTRS(udp)
};

#ifdef CONFIG_NF_CT_PROTO_UDPLITE
const struct nf_conntrack_l4proto nf_conntrack_l4proto_udplite = {
	.l4proto = IPPROTO_UDPLITE,
	.allow_clash = true,
	NF_CT_PORT_ATTRS
	NF_CT_TIMEOUT_ATTRS(udp)
};
#endif
