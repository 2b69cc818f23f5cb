// SPDX-License-Identifier: GPL-2.0
/*
 * The SANE helper: a scanner's server sends the image over a connection of its own, whose
 * port it names in its answer to the request to start.  It owns what is known of the
 * messages of each connection, by sequence number (struct sane_talk in the entry's helper
 * data).  The entry's lock guards that; it is not held while anything else is done.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <linux/netfilter/nf_conntrack_sane.h>
#include <net/tcp.h>

#include "nf_ct_cursor_skb.h"
#include "nf_ct_helper_module.h"
#include "nf_ct_helper_rule.h"
#include "sane_parse.h"

#define SANE_NAME	"sane"

/* The beginning of a message, in bytes: more of a packet is not read */
#define SANE_READ_MAX	8

/**
 * struct sane_side - what is known of one side's bytes
 * @next: sequence number behind the last byte that it has sent
 * @at:   that of the byte that is read next in its message
 * @head: what has been read of that
 */
struct sane_side {
	u32			next;
	u32			at;
	struct nf_ct_sane_head	head;
};

/**
 * struct sane_talk - what is known of a connection; all zero: nothing
 * @side: of each direction
 *
 * Requests and answers alternate.  An answer begins behind what the server had sent when
 * its request began.
 */
struct sane_talk {
	struct sane_side	side[IP_CT_DIR_MAX];
};

static_assert(sizeof(struct sane_talk) <= sizeof_field(struct nf_conn_help, data));

/**
 * struct sane_packet - a packet
 * @skb:    the packet
 * @ct:     its entry
 * @offset: offset of its data
 * @seq:    sequence number of their first byte, as the sender counts
 * @ack:    that of the byte that the sender waits for
 * @len:    their length
 * @dir:    its direction
 */
struct sane_packet {
	struct sk_buff	*skb;
	struct nf_conn	*ct;
	unsigned int	offset;
	u32		seq;
	u32		ack;
	u32		len;
	u8		dir;
};

static const struct nf_conntrack_expect_policy sane_policy = {
	.max_expected	= 1,
	.timeout	= 5 * 60,
};

/* --- the log ----------------------------------------------------------------- */

/* Under nf_conntrack_log_invalid: the packet passes, and nothing is expected. */
static __cold void sane_log(const struct sane_packet *p, const char *rule)
{
	nf_ct_helper_log_rule(p->skb, p->ct, SANE_NAME, rule);
}

static __cold int sane_drop(const struct sane_packet *p, const char *why)
{
	nf_ct_helper_log(p->skb, p->ct, "%s", why);
	return NF_DROP;
}

/* --- messages; the caller holds the entry's lock -------------------------------- */

/* The first packet tells where both sides are. */
static void sane_begin_talk(const struct sane_packet *p, struct sane_talk *talk)
{
	if (talk->side[0].next || talk->side[1].next)
		return;
	talk->side[p->dir].next = p->seq;
	talk->side[!p->dir].next = p->ack;
}

/* Has a request begun, and the server not answered it yet? */
static bool sane_is_asked(const struct sane_talk *talk)
{
	const struct sane_side *server = &talk->side[IP_CT_DIR_REPLY];

	return talk->side[IP_CT_DIR_ORIGINAL].head.bytes &&
	       server->next == server->at - server->head.bytes;
}

static void sane_begin_message(struct sane_side *side, u32 seq)
{
	side->at = seq;
	side->head = (struct nf_ct_sane_head){ 0 };
}

/* The answer has to begin with the next byte of the server, which the client cannot
 * choose: by its acknowledgments it decides where the server's segments begin.
 */
static void sane_begin_request(struct sane_talk *talk, u32 seq)
{
	struct sane_side *server = &talk->side[IP_CT_DIR_REPLY];

	sane_begin_message(&talk->side[IP_CT_DIR_ORIGINAL], seq);
	sane_begin_message(server, server->next);
}

/* Read on in the message of the packet's sender, if the next byte of it is there.
 * DIFF: sane-split
 */
static const char *sane_go_on(const struct sane_packet *p, struct sane_talk *talk)
{
	struct sane_side *side = &talk->side[p->dir];
	u32 skip = side->at - p->seq;
	u8 room[SANE_READ_MAX];
	struct nf_ct_cursor c;
	const char *rule;

	if (skip >= p->len)
		return NULL;
	nf_ct_cursor_skb(&c, p->skb, p->offset + skip, sizeof(room), room);
	if (p->dir == IP_CT_DIR_ORIGINAL)
		rule = nf_ct_sane_read_request(&side->head, &c);
	else
		rule = nf_ct_sane_read_answer(&side->head, &c);
	side->at += nf_ct_cursor_offset(&c);
	return rule;
}

/* The port that a packet names, 0 if it does not; *@rule is what it breaks, or NULL. */
static u16 sane_read(const struct sane_packet *p, struct sane_talk *talk, const char **rule)
{
	struct sane_side *side = &talk->side[p->dir];
	bool fresh = !before(p->seq, side->next), reads;

	if (p->dir == IP_CT_DIR_ORIGINAL && fresh && !sane_is_asked(talk))
		sane_begin_request(talk, p->seq);
	if (after(p->seq + p->len, side->next))
		side->next = p->seq + p->len;
	reads = side->head.verdict == NF_CT_SANE_UNFINISHED &&
		(p->dir == IP_CT_DIR_ORIGINAL ||
		 talk->side[IP_CT_DIR_ORIGINAL].head.verdict == NF_CT_SANE_FOUND);
	if (!reads)
		return 0;
	*rule = sane_go_on(p, talk);
	if (p->dir == IP_CT_DIR_REPLY && side->head.verdict == NF_CT_SANE_FOUND)
		return side->head.word;
	return 0;
}

/* --- packets ----------------------------------------------------------------- */

/* The answer will come again: it is read again. */
static int sane_refuse(const struct sane_packet *p, struct sane_talk *talk, const char *why)
{
	struct sane_side *server = &talk->side[IP_CT_DIR_REPLY];

	spin_lock_bh(&p->ct->lock);
	sane_begin_message(server, server->at - server->head.bytes);
	spin_unlock_bh(&p->ct->lock);
	return sane_drop(p, why);
}

static int sane_expect(const struct sane_packet *p, struct sane_talk *talk, u16 port)
{
	const struct nf_conntrack_tuple *asked = &p->ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	struct nf_conntrack_expect *exp;
	__be16 to = htons(port);
	int verdict = NF_ACCEPT;

	exp = nf_ct_expect_alloc(p->ct);
	if (!exp)
		return sane_refuse(p, talk, "no memory for the expectation");
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, nf_ct_l3num(p->ct),
			  &asked->src.u3, &asked->dst.u3, IPPROTO_TCP, NULL, &to);
	if (nf_ct_expect_related(exp, 0))
		verdict = sane_refuse(p, talk, "no room for the expectation");
	nf_ct_expect_put(exp);
	return verdict;
}

static int sane_inspect(const struct sane_packet *p, struct sane_talk *talk)
{
	const char *rule = NULL;
	u16 port = 0;

	spin_lock_bh(&p->ct->lock);
	sane_begin_talk(p, talk);
	if (p->len)
		port = sane_read(p, talk, &rule);
	spin_unlock_bh(&p->ct->lock);

	if (rule)
		sane_log(p, rule);
	return port ? sane_expect(p, talk, port) : NF_ACCEPT;
}

static int nf_ct_sane_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			   enum ip_conntrack_info ctinfo)
{
	struct sane_packet p = { .skb = skb, .ct = ct, .dir = CTINFO2DIR(ctinfo) };
	struct sane_talk *talk = nfct_help_data(ct);
	struct tcphdr room, *th;

	if (ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY)
		return NF_ACCEPT;
	th = skb_header_pointer(skb, protoff, sizeof(room), &room);
	if (!th || th->syn || !talk)
		return NF_ACCEPT;
	p.offset = protoff + th->doff * 4;
	p.seq = ntohl(th->seq);
	p.ack = ntohl(th->ack_seq);
	p.len = skb->len > p.offset ? skb->len - p.offset : 0;
	return sane_inspect(&p, talk);
}

static const struct nf_ct_helper_kind sane_kind = {
	.name		= SANE_NAME,
	.family		= NFPROTO_INET,
	.l4proto	= IPPROTO_TCP,
	.port		= SANE_PORT,
	.policy		= &sane_policy,
	.inspect	= nf_ct_sane_help,
};

NF_CT_HELPER_SET(1, "ports of SANE servers, 6566 if there is none");

static int __init nf_ct_sane_init(void)
{
	int err = nf_ct_helper_set_register(&nf_ct_helpers, &sane_kind, 1, THIS_MODULE);

	if (err)
		pr_err("the helper cannot be registered: error %d\n", err);
	return err;
}

static void __exit nf_ct_sane_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
}

module_init(nf_ct_sane_init);
module_exit(nf_ct_sane_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("SANE connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS_NFCT_HELPER(SANE_NAME);
