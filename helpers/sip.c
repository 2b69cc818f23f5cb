// SPDX-License-Identifier: GPL-2.0
/*
 * The SIP helper (RFC 3261): expects the calls that a registered telephone gets, and the
 * media that both sides of a call announce; the NAT counterpart rewrites what the messages
 * say of addresses.  This file has the messages: what comes of which method.  It owns
 * struct nf_ct_sip_state, in the entry's helper data.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "nf_ct_helper_module.h"
#include "nf_ct_helper_rule.h"
#include "sip.h"
#include "sip_calls.h"

unsigned int nf_ct_sip_timeout __read_mostly = SIP_TIMEOUT;
module_param_named(sip_timeout, nf_ct_sip_timeout, uint, 0600);
MODULE_PARM_DESC(sip_timeout, "seconds that a connection lives after a message");

int nf_ct_sip_direct_signalling __read_mostly = 1;
module_param_named(sip_direct_signalling, nf_ct_sip_direct_signalling, int, 0600);
MODULE_PARM_DESC(sip_direct_signalling, "calls come from the registrar only (1)");

int nf_ct_sip_direct_media __read_mostly = 1;
module_param_named(sip_direct_media, nf_ct_sip_direct_media, int, 0600);
MODULE_PARM_DESC(sip_direct_media, "media come from the other side of the signalling only (1)");

int nf_ct_sip_external_media __read_mostly;
module_param_named(sip_external_media, nf_ct_sip_external_media, int, 0600);
MODULE_PARM_DESC(sip_external_media, "without sip_direct_media: expect no media of hosts that lie where the message goes (0)");

static const struct nf_conntrack_expect_policy sip_policy[SIP_EXPECT_MAX + 1] = {
	[SIP_EXPECT_SIGNALLING]	= { .max_expected = 1, .timeout = 180, .name = "signalling" },
	[SIP_EXPECT_AUDIO]	= { .max_expected = 4, .timeout = 180, .name = "audio" },
	[SIP_EXPECT_VIDEO]	= { .max_expected = 4, .timeout = 180, .name = "video" },
	[SIP_EXPECT_IMAGE]	= { .max_expected = 2, .timeout = 180, .name = "image" },
};

/* --- the log ----------------------------------------------------------------- */

/**
 * nf_ct_sip_log - name a rule that a message breaks, under nf_conntrack_log_invalid
 * @m:    message, which passes
 * @rule: the rule, in words
 */
__cold void nf_ct_sip_log(const struct nf_ct_sip_msg *m, const char *rule)
{
	nf_ct_helper_log_rule(m->skb, m->ct, NF_CT_SIP_NAME, rule);
}

/**
 * nf_ct_sip_drop - say why a packet is dropped, whatever the setting
 * @m:   message
 * @why: the reason, in words
 *
 * Return: NF_DROP
 */
__cold int nf_ct_sip_drop(const struct nf_ct_sip_msg *m, const char *why)
{
	nf_ct_helper_log(m->skb, m->ct, "%s", why);
	return NF_DROP;
}

/* --- methods ----------------------------------------------------------------- */

static int sip_invite(struct nf_ct_sip_msg *m)
{
	nf_ct_sip_media_renew(m);
	return nf_ct_sip_media(m);
}

static int sip_bye(struct nf_ct_sip_msg *m)
{
	nf_ct_sip_media_end(m);
	return NF_ACCEPT;
}

/* An answer to what has announced media: it announces those of the other side */
static int sip_media_answer(struct nf_ct_sip_msg *m)
{
	if (m->head.code < 300)
		return nf_ct_sip_media(m);
	nf_ct_sip_media_refused(m);
	return NF_ACCEPT;
}

struct sip_handler_row {
	int	(*request)(struct nf_ct_sip_msg *m);
	int	(*answer)(struct nf_ct_sip_msg *m);
};

static const struct sip_handler_row sip_handlers[] = {
	[NF_CT_SIP_OTHER]	= { NULL,		NULL },
	[NF_CT_SIP_INVITE]	= { sip_invite,		sip_media_answer },
	[NF_CT_SIP_UPDATE]	= { nf_ct_sip_media,	sip_media_answer },
	[NF_CT_SIP_ACK]		= { nf_ct_sip_media,	NULL },
	[NF_CT_SIP_PRACK]	= { nf_ct_sip_media,	sip_media_answer },
	[NF_CT_SIP_BYE]		= { sip_bye,		NULL },
	[NF_CT_SIP_REGISTER]	= { nf_ct_sip_register,	nf_ct_sip_registered },
};

/* --- messages ---------------------------------------------------------------- */

/* Many telephones send from another port than they listen at, which Via says.  What goes to
 * them is sent there, by nf_nat_sip.
 */
static void sip_note_via(struct nf_ct_sip_msg *m)
{
	const struct nf_conntrack_tuple *tuple = &m->ct->tuplehash[m->dir].tuple;
	struct nf_ct_sip_state *state = nf_ct_sip_state(m->ct);
	struct nf_ct_cursor c = nf_ct_sip_cursor(m);
	struct nf_ct_sip_uri via;
	union nf_inet_addr addr;
	bool inside = false;

	if (nf_ct_sip_next_uri(&c, NF_CT_SIP_VIA_UDP, nf_ct_sip_family(m), &inside,
			       &via) != NF_CT_SIP_FOUND)
		return;
	addr = nf_ct_sip_addr(via.addr);
	if (via.port != ntohs(tuple->src.u.udp.port) &&
	    nf_inet_addr_cmp(&addr, &tuple->src.u3))
		WRITE_ONCE(state->via_port, htons(via.port));
}

/* nf_nat_sip replaces each port of the other side by this one: that is right in what goes
 * to the client, and in the client's registration, but not in what the client says of the
 * server.  Packets of both directions at once may read each other's: the loser goes to the
 * client's other port, or is sent again.
 * DIFF: sip-request-uri
 */
static void sip_force_port(const struct nf_ct_sip_msg *m, bool force)
{
	struct nf_ct_sip_state *state = nf_ct_sip_state(m->ct);
	__be16 port = force ? READ_ONCE(state->via_port) : 0;

	if (state->master.forced_dport != port)
		WRITE_ONCE(state->master.forced_dport, port);
}

/**
 * nf_ct_sip_message - expect what a message announces, and rewrite it
 * @m: message, its head read
 *
 * Return: verdict of the packet.
 */
int nf_ct_sip_message(struct nf_ct_sip_msg *m)
{
	const struct sip_handler_row *row = &sip_handlers[m->head.method];
	int (*handler)(struct nf_ct_sip_msg *m) = m->head.code ? row->answer : row->request;
	int verdict = NF_ACCEPT;

	if (m->nat && !m->head.code && m->dir == IP_CT_DIR_ORIGINAL)
		sip_note_via(m);
	if (m->nat)
		sip_force_port(m, true);
	if (handler)
		verdict = handler(m);
	if (verdict != NF_ACCEPT || !m->nat)
		return verdict;
	sip_force_port(m, m->dir == IP_CT_DIR_REPLY);
	return m->nat->msg(m->skb, m->protoff, m->dataoff, &m->dptr, &m->datalen);
}

/* --- packets ----------------------------------------------------------------- */

/* Put all data of a packet into one piece, since NAT may rewrite any of them */
static int sip_open(struct nf_ct_sip_msg *m)
{
	if (skb_linearize(m->skb))
		return nf_ct_sip_drop(m, "no memory to read it");
	m->dir = CTINFO2DIR(m->ctinfo);
	m->nat = m->ct->status & IPS_NAT_MASK ? nf_ct_sip_nat() : NULL;
	m->dptr = m->skb->data + m->dataoff;
	m->datalen = m->skb->len - m->dataoff;
	return NF_ACCEPT;
}

/* A datagram is one message, perhaps behind empty lines (RFC 3261 7.5).
 * DIFF: sip-keep-alive
 */
static int sip_datagram(struct nf_ct_sip_msg *m)
{
	struct nf_ct_cursor c = nf_ct_sip_cursor(m);
	u32 empty = nf_ct_cursor_skip_any(&c, "\r\n");

	m->dptr += empty;
	m->dataoff += empty;
	m->datalen -= empty;
	if (m->datalen > NF_CT_SIP_MESSAGE_MAX)
		return NF_ACCEPT;
	c = nf_ct_sip_cursor(m);
	switch (nf_ct_sip_read(&c, &m->head)) {
	case NF_CT_SIP_NOTHING:
		return NF_ACCEPT;
	case NF_CT_SIP_UNFINISHED:
		if (m->head.has_cseq)
			break;
		fallthrough;
	case NF_CT_SIP_BAD:
		nf_ct_sip_log(m, m->head.rule ?: "no start line");
		return NF_ACCEPT;
	case NF_CT_SIP_MESSAGE:
		break;
	}
	return nf_ct_sip_message(m);
}

static int sip_help_udp(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			enum ip_conntrack_info ctinfo)
{
	struct nf_ct_made made;
	struct nf_ct_sip_msg m = {
		.skb = skb, .ct = ct, .ctinfo = ctinfo, .protoff = protoff, .made = &made,
		.dataoff = protoff + sizeof(struct udphdr),
	};

	nf_ct_made_begin(&made);
	if (m.dataoff >= skb->len || !nf_ct_sip_state(ct))
		return NF_ACCEPT;
	nf_ct_sip_refresh(ct, skb, READ_ONCE(nf_ct_sip_timeout));
	if (sip_open(&m) != NF_ACCEPT)
		return NF_DROP;
	return nf_ct_made_end(&made, sip_datagram(&m));
}

static int sip_help_tcp(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			enum ip_conntrack_info ctinfo)
{
	struct nf_ct_made made;
	struct nf_ct_sip_msg m = {
		.skb = skb, .ct = ct, .ctinfo = ctinfo, .protoff = protoff, .made = &made,
	};
	struct tcphdr room, *th;
	u32 seq;

	nf_ct_made_begin(&made);
	if (ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY)
		return NF_ACCEPT;
	th = skb_header_pointer(skb, protoff, sizeof(room), &room);
	if (!th || !nf_ct_sip_state(ct))
		return NF_ACCEPT;
	m.dataoff = protoff + th->doff * 4;
	if (m.dataoff >= skb->len)
		return NF_ACCEPT;
	seq = ntohl(th->seq);
	nf_ct_sip_refresh(ct, skb, READ_ONCE(nf_ct_sip_timeout));
	/* th is void once the data are in one piece */
	if (sip_open(&m) != NF_ACCEPT)
		return NF_DROP;
	return nf_ct_made_end(&made, nf_ct_sip_stream(&m, seq));
}

static const struct nf_ct_helper_kind sip_kinds[] = {
	{
		.name		= NF_CT_SIP_NAME,
		.family		= NFPROTO_INET,
		.l4proto	= IPPROTO_UDP,
		.port		= SIP_PORT,
		.by_index	= true,
		.policy		= sip_policy,
		.classes	= SIP_EXPECT_MAX,
		.inspect	= sip_help_udp,
	},
	{
		.name		= NF_CT_SIP_NAME,
		.family		= NFPROTO_INET,
		.l4proto	= IPPROTO_TCP,
		.port		= SIP_PORT,
		.by_index	= true,
		.policy		= sip_policy,
		.classes	= SIP_EXPECT_MAX,
		.inspect	= sip_help_tcp,
	},
};

NF_CT_HELPER_SET(ARRAY_SIZE(sip_kinds), "ports of SIP servers, 5060 if there is none");

/**
 * nf_ct_sip_helper - the helper for connections that are expected
 * @ct:      entry of the connection that expects them
 * @l4proto: their transport
 *
 * Return: the entry's own if it fits, or NULL if there is none.
 */
struct nf_conntrack_helper *nf_ct_sip_helper(const struct nf_conn *ct, u8 l4proto)
{
	unsigned int i = l4proto == IPPROTO_TCP;

	if (nf_ct_protonum(ct) == l4proto)
		return rcu_dereference(nfct_help(ct)->helper);
	return nf_ct_helper_set_get(&nf_ct_helpers, &sip_kinds[i], nf_ct_l3num(ct));
}

static int __init nf_ct_sip_init(void)
{
	int err;

	nf_ct_sip_calls_init();
	nf_ct_sip_stream_init();
	err = nf_ct_helper_set_register(&nf_ct_helpers, sip_kinds, ARRAY_SIZE(sip_kinds),
					THIS_MODULE);
	if (err)
		pr_err("the helper cannot be registered: error %d\n", err);
	return err;
}

static void __exit nf_ct_sip_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
	nf_ct_sip_stream_exit();
}

module_init(nf_ct_sip_init);
module_exit(nf_ct_sip_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("SIP connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack_sip");
MODULE_ALIAS_NFCT_HELPER(NF_CT_SIP_NAME);
