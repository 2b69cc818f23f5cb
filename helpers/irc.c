// SPDX-License-Identifier: GPL-2.0
/*
 * The IRC helper: expects the connections that a client announces to another one by DCC.
 * It owns what is known of the client's lines: where the next one begins, by sequence
 * number (struct irc_lines in the entry's helper data).  The entry's lock guards that; it
 * is not held while anything else is done.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <linux/netfilter/nf_conntrack_irc.h>
#include <net/tcp.h>

#include "irc_parse.h"
#include "nf_ct_cursor_skb.h"
#include "nf_ct_helper_module.h"
#include "nf_ct_helper_rule.h"

#define IRC_NAME	"irc"

/* Of the data of a packet so much is read at most, in bytes: eight of the longest lines */
#define IRC_READ_MAX	4096

/* So many lines of a packet may announce something */
#define IRC_LINES_MAX	8

/* Of so many lines that have announced something it is known where they begin */
#define IRC_LINES_KNOWN	4

/**
 * struct irc_lines - what is known of a client's lines; all zero: nothing
 * @next:    sequence number of the next byte that has not been seen
 * @known:   sequence numbers of lines that have announced something, in a ring
 * @found:   number of those that were found
 * @seen:    there were data
 * @at_line: the next byte begins a line
 */
struct irc_lines {
	u32	next;
	u32	known[IRC_LINES_KNOWN];
	u8	found;
	bool	seen;
	bool	at_line;
};

static_assert(sizeof(struct irc_lines) <= sizeof_field(struct nf_conn_help, data));

/**
 * struct irc_packet - a packet with data of the client
 * @skb:     the packet
 * @ct:      its entry
 * @ctinfo:  its place in the connection
 * @protoff: offset of its TCP header
 * @nat:     what is called for an expectation if the entry has NAT, else NULL
 * @bytes:   its data, or the beginning of them
 * @seq:     sequence number of the first byte, as the sender counts
 * @len:     length of all its data
 */
struct irc_packet {
	struct sk_buff		*skb;
	struct nf_conn		*ct;
	enum ip_conntrack_info	ctinfo;
	unsigned int		protoff;
	nf_nat_irc_hook_fn	*nat;
	struct nf_ct_cursor	bytes;
	u32			seq;
	u32			len;
};

static unsigned int max_dcc_channels = 8;
module_param(max_dcc_channels, uint, 0400);
MODULE_PARM_DESC(max_dcc_channels,
		 "connections that each client may wait for at once, 1 to 255");

static unsigned int dcc_timeout = 300;
module_param(dcc_timeout, uint, 0400);
MODULE_PARM_DESC(dcc_timeout, "seconds for which they are waited for");

static struct nf_conntrack_expect_policy irc_policy;

/* --- the log ----------------------------------------------------------------- */

/* Under nf_conntrack_log_invalid: the packet passes, and nothing is expected. */
static __cold void irc_log(const struct irc_packet *p, const char *rule)
{
	nf_ct_helper_log_rule(p->skb, p->ct, IRC_NAME, rule);
}

/* It is said why a packet is dropped, whatever the setting. */
static __cold int irc_drop(const struct irc_packet *p, const char *why)
{
	nf_ct_helper_log(p->skb, p->ct, "%s", why);
	return NF_DROP;
}

/* --- where lines begin ------------------------------------------------------- */

/* Is it a line that begins at @seq?  What comes again counts if it did the first time:
 * its text has to be rewritten again.  Else the server could choose by its
 * acknowledgments where a segment begins, and so make a line of what is none.  Behind a
 * gap nothing is known.
 * DIFF: irc-line-start
 */
static bool irc_begins_line(const struct irc_lines *lines, u32 seq)
{
	unsigned int i;

	if (!lines->seen || after(seq, lines->next))
		return true;
	if (seq == lines->next)
		return lines->at_line;
	for (i = 0; i < min_t(u8, lines->found, IRC_LINES_KNOWN); i++) {
		if (lines->known[i] == seq)
			return true;
	}
	return false;
}

/* What is known of the lines changes by this packet; the answer is whether it begins with
 * a line.
 */
static bool irc_note_packet(const struct irc_packet *p, struct irc_lines *lines)
{
	u32 end = p->seq + p->len;
	bool begins;
	u8 last;

	if (skb_copy_bits(p->skb, p->skb->len - 1, &last, 1))
		return false;
	spin_lock_bh(&p->ct->lock);
	begins = irc_begins_line(lines, p->seq);
	if (!lines->seen || after(end, lines->next)) {
		lines->next = end;
		lines->at_line = last == '\n';
		lines->seen = true;
	}
	spin_unlock_bh(&p->ct->lock);
	return begins;
}

/* A line that begins at @seq has announced something. */
static void irc_note_found(const struct irc_packet *p, struct irc_lines *lines, u32 seq)
{
	unsigned int i;

	spin_lock_bh(&p->ct->lock);
	for (i = 0; i < min_t(u8, lines->found, IRC_LINES_KNOWN); i++) {
		if (lines->known[i] == seq)
			goto out;
	}
	lines->known[lines->found % IRC_LINES_KNOWN] = seq;
	/* of a number that wraps only its place in the ring matters */
	lines->found = lines->found < 2 * IRC_LINES_KNOWN - 1 ? lines->found + 1 :
								IRC_LINES_KNOWN;
out:
	spin_unlock_bh(&p->ct->lock);
}

/* --- expectations ------------------------------------------------------------ */

/* A client may name its own address, or the one at which it is reached. */
static bool irc_is_own(const struct irc_packet *p, __be32 addr)
{
	const struct nf_conntrack_tuple_hash *hash = p->ct->tuplehash;

	return addr == hash[IP_CT_DIR_ORIGINAL].tuple.src.u3.ip ||
	       addr == hash[IP_CT_DIR_REPLY].tuple.dst.u3.ip;
}

/* Of one packet nf_nat_irc can rewrite one text: it notes one change of length. */
static int irc_make_known(const struct irc_packet *p, const struct nf_ct_irc_said *said,
			  struct nf_conntrack_expect *exp)
{
	if (p->nat)
		return nf_ct_irc_call_nat(p->nat, p->skb, p->ct, p->ctinfo, p->protoff,
					  said->begin, said->len, exp);
	if (nf_ct_expect_related(exp, 0))
		return irc_drop(p, "no room for the expectation");
	return NF_ACCEPT;
}

/* From any host: nobody knows the other client's address. */
static int irc_expect(const struct irc_packet *p, const struct nf_ct_irc_said *said)
{
	__be16 port = htons(said->port);
	struct nf_conntrack_expect *exp;
	int verdict;

	exp = nf_ct_expect_alloc(p->ct);
	if (!exp)
		return irc_drop(p, "no memory for the expectation");
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, nf_ct_l3num(p->ct), NULL,
			  &p->ct->tuplehash[IP_CT_DIR_REPLY].tuple.dst.u3, IPPROTO_TCP,
			  NULL, &port);
	verdict = irc_make_known(p, said, exp);
	nf_ct_expect_put(exp);
	return verdict;
}

/* --- packets ----------------------------------------------------------------- */

/* The lines from here to the end of what is read.  Bytes that NAT has changed are not read.
 * DIFF: irc-several
 */
static int irc_read_lines(const struct irc_packet *p, struct irc_lines *lines,
			  const struct nf_ct_cursor *at)
{
	struct nf_ct_irc_reader reader;
	struct nf_ct_irc_said said;
	unsigned int n;
	int verdict;

	nf_ct_irc_reader_init(&reader, at);
	for (n = 0; n < IRC_LINES_MAX; n++) {
		switch (nf_ct_irc_read(&reader, &said)) {
		case NF_CT_IRC_NOTHING:
		case NF_CT_IRC_UNFINISHED:
			return NF_ACCEPT;
		case NF_CT_IRC_BAD:
			irc_log(p, said.rule);
			continue;
		case NF_CT_IRC_FOUND:
			break;
		}
		if (!irc_is_own(p, htonl(said.addr))) {
			irc_log(p, "DCC: address of another host");
			continue;
		}
		irc_note_found(p, lines, p->seq + reader.line);
		verdict = irc_expect(p, &said);
		if (verdict != NF_ACCEPT || p->nat)
			return verdict;
	}
	return NF_ACCEPT;
}

static int irc_inspect(const struct irc_packet *p, struct irc_lines *lines)
{
	struct nf_ct_cursor at = p->bytes;

	if (!irc_note_packet(p, lines)) {
		if (!nf_ct_cursor_find_byte(&at, '\n'))
			return NF_ACCEPT;
		nf_ct_cursor_skip(&at, 1);
	}
	return irc_read_lines(p, lines, &at);
}

/* Fill in what is known of a packet, and put the cursor on its data if it has any.  False
 * if there is no memory for that.
 */
static bool irc_open(struct irc_packet *p, const struct tcphdr *th)
{
	unsigned int offset = p->protoff + th->doff * 4;
	u32 len;

	p->seq = ntohl(th->seq);
	p->len = p->skb->len > offset ? p->skb->len - offset : 0;
	p->nat = p->ct->status & IPS_NAT_MASK ? nf_ct_irc_nat() : NULL;
	if (!p->len)
		return true;
	len = min_t(u32, p->len, IRC_READ_MAX);
	if (!pskb_may_pull(p->skb, offset + len))
		return false;
	nf_ct_cursor_init(&p->bytes, p->skb->data + offset, len);
	return true;
}

static int nf_ct_irc_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo)
{
	struct irc_lines *lines = nfct_help_data(ct);
	struct tcphdr room, *th;
	struct irc_packet p;

	/* of the client only */
	if (ctinfo != IP_CT_ESTABLISHED || !lines)
		return NF_ACCEPT;
	th = skb_header_pointer(skb, protoff, sizeof(room), &room);
	if (!th)
		return NF_ACCEPT;
	/* not as an initialiser: that would clear the rest of it first */
	p.skb = skb;
	p.ct = ct;
	p.ctinfo = ctinfo;
	p.protoff = protoff;
	/* th is void once the data are in one piece */
	if (!irc_open(&p, th))
		return irc_drop(&p, "no memory to read it");
	return p.len ? irc_inspect(&p, lines) : NF_ACCEPT;
}

static const struct nf_ct_helper_kind irc_kind = {
	.name		= IRC_NAME,
	.family		= NFPROTO_IPV4,
	.l4proto	= IPPROTO_TCP,
	.port		= IRC_PORT,
	.by_index	= true,
	.policy		= &irc_policy,
	.inspect	= nf_ct_irc_help,
};

NF_CT_HELPER_SET(1, "ports of IRC servers, 6667 if there is none");

static int __init nf_ct_irc_init(void)
{
	int err;

	if (!max_dcc_channels || max_dcc_channels > NF_CT_EXPECT_MAX_CNT) {
		pr_err("max_dcc_channels is not 1 to %u\n", NF_CT_EXPECT_MAX_CNT);
		return -EINVAL;
	}
	irc_policy.max_expected = max_dcc_channels;
	irc_policy.timeout = dcc_timeout;
	err = nf_ct_helper_set_register(&nf_ct_helpers, &irc_kind, 1, THIS_MODULE);
	if (err)
		pr_err("the helper cannot be registered: error %d\n", err);
	return err;
}

static void __exit nf_ct_irc_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
}

module_init(nf_ct_irc_init);
module_exit(nf_ct_irc_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("IRC DCC connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack_irc");
MODULE_ALIAS_NFCT_HELPER(IRC_NAME);
