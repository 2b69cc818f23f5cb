// SPDX-License-Identifier: GPL-2.0
/*
 * The FTP helper: expects the data connections that a control connection announces
 * (RFC 959, 2428).  It owns what is known of the lines of each connection: where they
 * begin, by sequence number, and whether TLS has begun (struct nf_ct_ftp_master in the
 * entry's helper data).  The entry's lock guards that; it is not held while anything
 * else is done.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <linux/netfilter/nf_conntrack_ftp.h>
#include <net/tcp.h>

#include "ftp_parse.h"
#include "nf_ct_cursor_skb.h"
#include "nf_ct_helper_module.h"
#include "nf_ct_helper_rule.h"
#include "pending.h"

#define FTP_NAME	"ftp"

/* Of the data of a packet that is in pieces so much is put into one, in bytes */
#define FTP_READ_MAX	2048

/* So many lines of a packet may announce something */
#define FTP_LINES_MAX	8

/* The longest beginning of a line that is kept, in bytes */
#define FTP_UNFINISHED_MAX	128

/* Beside NF_CT_FTP_SEQ_PICKUP, in the flags of the client's direction: TLS has begun */
#define FTP_SECURED	0x8000

/**
 * struct ftp_packet - a packet with data
 * @skb:     the packet
 * @ct:      its entry
 * @ctinfo:  its place in the connection
 * @protoff: offset of its TCP header
 * @nat:     what is called for an expectation if the entry has NAT, else NULL
 * @bytes:   its data, or the beginning of them
 * @seq:     sequence number of the first byte, as the sender counts
 * @len:     length of all its data
 * @dir:     its direction
 */
struct ftp_packet {
	struct sk_buff		*skb;
	struct nf_conn		*ct;
	enum ip_conntrack_info	ctinfo;
	unsigned int		protoff;
	nf_nat_ftp_hook_fn	*nat;
	struct nf_ct_cursor	bytes;
	u32			seq;
	u32			len;
	u8			dir;
};

/* What nf_nat_ftp calls them */
static const enum nf_ct_ftp_type ftp_types[] = {
	[NF_CT_FTP_SAYS_PORT]	= NF_CT_FTP_PORT,
	[NF_CT_FTP_SAYS_PASV]	= NF_CT_FTP_PASV,
	[NF_CT_FTP_SAYS_EPRT]	= NF_CT_FTP_EPRT,
	[NF_CT_FTP_SAYS_EPSV]	= NF_CT_FTP_EPSV,
};

static_assert(sizeof(struct nf_ct_ftp_master) <= sizeof_field(struct nf_conn_help, data));

/* Lines that a segment has left unfinished */
static struct nf_ct_pending_set ftp_unfinished = {
	.max		= FTP_UNFINISHED_MAX,
	.blocked	= 1024,
};

static bool loose;
module_param(loose, bool, 0600);
MODULE_PARM_DESC(loose, "expect data connections to other hosts, too (FXP)");

static const struct nf_conntrack_expect_policy ftp_policy = {
	.max_expected	= 1,
	.timeout	= 5 * 60,
};

/* --- the log ----------------------------------------------------------------- */

/* Under nf_conntrack_log_invalid: the packet passes, and nothing is expected. */
static __cold void ftp_log(const struct ftp_packet *p, const char *rule)
{
	nf_ct_helper_log_rule(p->skb, p->ct, FTP_NAME, rule);
}

/* It is said why a packet is dropped, whatever the setting. */
static __cold int ftp_drop(const struct ftp_packet *p, const char *why)
{
	nf_ct_helper_log(p->skb, p->ct, "%s", why);
	return NF_DROP;
}

/* --- where lines begin ------------------------------------------------------- */

/* Offset of the first byte of a segment that is known to begin a line, or @len */
static u32 ftp_first_line(struct nf_ct_ftp_master *lines, u8 dir, u32 seq, u32 len)
{
	u32 first = len, i;

	if (lines->flags[dir] & NF_CT_FTP_SEQ_PICKUP) {
		lines->flags[dir] &= ~NF_CT_FTP_SEQ_PICKUP;
		return 0;
	}
	for (i = 0; i < lines->seq_aft_nl_num[dir]; i++)
		first = min(first, lines->seq_aft_nl[dir][i] - seq);
	return first;
}

/* A line begins at @seq.  The two latest are known, the later one last: a segment that
 * is sent again is read again, since NAT has to rewrite it again.
 */
static void ftp_line_begins(struct nf_ct_ftp_master *lines, u8 dir, u32 seq)
{
	u32 *known = lines->seq_aft_nl[dir];
	u16 *n = &lines->seq_aft_nl_num[dir];

	if (*n && !after(seq, known[*n - 1]))
		return;
	if (*n == NUM_SEQ_TO_REMEMBER)
		known[0] = known[1];
	else
		++*n;
	known[*n - 1] = seq;
}

/* Offset behind the last line end of a packet, 0 if it has none.  Of what is not read
 * only the last byte is looked at.
 */
static u32 ftp_behind_lines(const struct ftp_packet *p)
{
	struct nf_ct_cursor at = p->bytes;
	u8 last;

	if (nf_ct_cursor_left(&at) < p->len &&
	    !skb_copy_bits(p->skb, p->skb->len - 1, &last, 1) && last == '\n')
		return p->len;
	return nf_ct_cursor_find_last(&at, '\n') ? nf_ct_cursor_offset(&at) + 1 : 0;
}

/* What is known of the lines changes by this packet; the answer is where in it the first
 * line begins, its length if none does.
 */
static u32 ftp_note_lines(const struct ftp_packet *p, struct nf_ct_ftp_master *lines)
{
	u32 behind = ftp_behind_lines(p), first;

	spin_lock_bh(&p->ct->lock);
	first = ftp_first_line(lines, p->dir, p->seq, p->len);
	if (behind)
		ftp_line_begins(lines, p->dir, p->seq + behind);
	spin_unlock_bh(&p->ct->lock);
	return first;
}

/* The first byte of a connection begins a line. */
static void ftp_note_syn(struct nf_conn *ct, struct nf_ct_ftp_master *lines, u8 dir,
			 u32 seq)
{
	spin_lock_bh(&ct->lock);
	if (!lines->seq_aft_nl_num[dir])
		ftp_line_begins(lines, dir, seq + 1);
	spin_unlock_bh(&ct->lock);
}

/* --- TLS --------------------------------------------------------------------- */

static void ftp_set_secured(const struct ftp_packet *p, struct nf_ct_ftp_master *lines)
{
	spin_lock_bh(&p->ct->lock);
	lines->flags[IP_CT_DIR_ORIGINAL] |= FTP_SECURED;
	spin_unlock_bh(&p->ct->lock);
}

/* Nothing of a connection with TLS is text, until the client speaks plainly again (CCC,
 * RFC 4217 12.3).  Then each side begins with a line.
 * DIFF: ftp-plain-again
 */
static bool ftp_is_secret(const struct ftp_packet *p, struct nf_ct_ftp_master *lines)
{
	u8 dir;

	if (!(READ_ONCE(lines->flags[IP_CT_DIR_ORIGINAL]) & FTP_SECURED))
		return false;
	if (p->dir != IP_CT_DIR_ORIGINAL || !nf_ct_ftp_is_plain(&p->bytes))
		return true;

	spin_lock_bh(&p->ct->lock);
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++)
		lines->flags[dir] = NF_CT_FTP_SEQ_PICKUP;
	spin_unlock_bh(&p->ct->lock);
	return false;
}

/* --- expectations ------------------------------------------------------------ */

/* Where the other side will connect to: the address at which it reaches the one that
 * speaks, or the one that it names.  NULL if that is not allowed.
 */
static const union nf_inet_addr *ftp_target(const struct ftp_packet *p,
					    const struct nf_ct_ftp_said *said,
					    union nf_inet_addr *named)
{
	const struct nf_conntrack_tuple_hash *hash = p->ct->tuplehash;
	u8 family = said->family == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;

	if (!said->family)
		return &hash[!p->dir].tuple.dst.u3;
	if (family != nf_ct_l3num(p->ct)) {
		ftp_log(p, "address of another family");
		return NULL;
	}
	memset(named, 0, sizeof(*named));
	memcpy(named, said->addr, said->family == 4 ? 4 : 16);
	if (nf_inet_addr_cmp(named, &hash[p->dir].tuple.src.u3))
		return &hash[!p->dir].tuple.dst.u3;
	if (loose)
		return named;
	ftp_log(p, "address of another host");
	return NULL;
}

/* Of one packet nf_nat_ftp can rewrite one text: it notes one change of length. */
static int ftp_make_known(const struct ftp_packet *p, const struct nf_ct_ftp_said *said,
			  struct nf_conntrack_expect *exp)
{
	if (p->nat)
		return nf_ct_ftp_call_nat(p->nat, p->skb, p->ct, p->ctinfo,
					  ftp_types[said->form], p->protoff, said->begin,
					  said->len, exp);
	if (nf_ct_expect_related(exp, 0))
		return ftp_drop(p, "no room for the expectation");
	return NF_ACCEPT;
}

static int ftp_expect(const struct ftp_packet *p, const struct nf_ct_ftp_said *said)
{
	__be16 port = htons(said->port);
	const union nf_inet_addr *target;
	struct nf_conntrack_expect *exp;
	union nf_inet_addr named;
	int verdict;

	target = ftp_target(p, said, &named);
	if (!target)
		return NF_ACCEPT;

	exp = nf_ct_expect_alloc(p->ct);
	if (!exp)
		return ftp_drop(p, "no memory for the expectation");
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, nf_ct_l3num(p->ct),
			  &p->ct->tuplehash[!p->dir].tuple.src.u3, target, IPPROTO_TCP,
			  NULL, &port);
	verdict = ftp_make_known(p, said, exp);
	nf_ct_expect_put(exp);
	return verdict;
}

/* --- lines ------------------------------------------------------------------- */

/* The last line of a packet has no end.  Without NAT the rest can come with the next one.
 * With NAT it must be in one packet to be rewritten.
 * DIFF: ftp-split
 */
static int ftp_leave_unfinished(const struct ftp_packet *p, u32 line)
{
	struct nf_ct_cursor at = p->bytes;
	u32 begin = p->seq + line;

	if (!nf_ct_cursor_seek(&at, line) || line + nf_ct_cursor_left(&at) < p->len)
		return NF_ACCEPT;
	if (!p->nat)
		nf_ct_pending_keep(&ftp_unfinished, p->ct, p->dir, begin,
				   nf_ct_cursor_bytes(&at), nf_ct_cursor_left(&at));
	else if (nf_ct_pending_refuses(&ftp_unfinished, p->ct, p->dir, begin,
				       p->seq + p->len))
		return ftp_drop(p, "unfinished command, to be sent again in one piece");
	return NF_ACCEPT;
}

/* What was found in a line, which a NAT helper may rewrite if the line is in the packet */
static int ftp_found(const struct ftp_packet *p, struct nf_ct_ftp_master *lines,
		     const struct nf_ct_ftp_said *said)
{
	if (said->form != NF_CT_FTP_SAYS_SECURED)
		return ftp_expect(p, said);
	ftp_set_secured(p, lines);
	return NF_ACCEPT;
}

/* The lines of a packet from offset @from on.
 * DIFF: ftp-pipelined
 */
static int ftp_read_lines(const struct ftp_packet *p, struct nf_ct_ftp_master *lines,
			  u32 from)
{
	struct nf_ct_cursor at = p->bytes;
	struct nf_ct_ftp_reader reader;
	struct nf_ct_ftp_said said;
	unsigned int n;
	int verdict;

	nf_ct_cursor_seek(&at, from);
	nf_ct_ftp_reader_init(&reader, &at, p->dir == IP_CT_DIR_REPLY);
	for (n = 0; n < FTP_LINES_MAX; n++) {
		switch (nf_ct_ftp_read(&reader, &said)) {
		case NF_CT_FTP_NOTHING:
			nf_ct_pending_forget(&ftp_unfinished, p->ct, p->dir);
			return NF_ACCEPT;
		case NF_CT_FTP_UNFINISHED:
			return ftp_leave_unfinished(p, reader.line);
		case NF_CT_FTP_BAD:
			ftp_log(p, said.rule);
			break;
		case NF_CT_FTP_FOUND:
			nf_ct_pending_forget(&ftp_unfinished, p->ct, p->dir);
			verdict = ftp_found(p, lines, &said);
			/* NAT has changed the bytes; behind 234 there are no lines */
			if (verdict != NF_ACCEPT || p->nat ||
			    said.form == NF_CT_FTP_SAYS_SECURED)
				return verdict;
		}
	}
	return NF_ACCEPT;
}

/* What the line says that was unfinished and has become @text */
static int ftp_read_whole(const struct ftp_packet *p, struct nf_ct_ftp_master *lines,
			  u32 begin, const u8 *text, u32 len)
{
	struct nf_ct_ftp_said said;
	struct nf_ct_cursor line;

	nf_ct_cursor_init(&line, text, len);
	switch (nf_ct_ftp_line(&line, p->dir == IP_CT_DIR_REPLY, &said)) {
	case NF_CT_FTP_FOUND:
		return ftp_found(p, lines, &said);
	case NF_CT_FTP_BAD:
		ftp_log(p, said.rule);
		break;
	case NF_CT_FTP_UNFINISHED:
		nf_ct_pending_keep(&ftp_unfinished, p->ct, p->dir, begin, text, len);
		break;
	case NF_CT_FTP_NOTHING:
		break;
	}
	return NF_ACCEPT;
}

/* The line that was unfinished goes on with this packet: it is put together and read.
 * Only without NAT, so that nothing has to be rewritten.  Not inlined: the compiler would
 * clear its buffer for each packet.
 */
static noinline int ftp_go_on(const struct ftp_packet *p, struct nf_ct_ftp_master *lines)
{
	struct nf_ct_cursor rest = p->bytes;
	u8 whole[FTP_UNFINISHED_MAX * 2];
	u32 begin, have, more;
	u8 *text;

	text = nf_ct_pending_take(&ftp_unfinished, p->ct, p->dir, p->seq, p->len, &begin,
				  &have);
	if (!text)
		return NF_ACCEPT;
	memcpy(whole, text, have);
	kfree(text);
	if (!nf_ct_cursor_seek(&rest, begin + have - p->seq))
		return NF_ACCEPT;
	more = min_t(u32, nf_ct_cursor_left(&rest), sizeof(whole) - have);
	nf_ct_cursor_copy(&rest, whole + have, more);
	return ftp_read_whole(p, lines, begin, whole, have + more);
}

/* Where in a packet reading begins: at a line that is known, else behind a line end.  The
 * packet's length if there is nothing to read.
 */
static u32 ftp_begin(const struct ftp_packet *p, u32 first)
{
	struct nf_ct_cursor at = p->bytes;

	if (first < nf_ct_cursor_left(&at))
		return first;
	return nf_ct_cursor_find_byte(&at, '\n') ? nf_ct_cursor_offset(&at) + 1 : p->len;
}

static int ftp_inspect(const struct ftp_packet *p, struct nf_ct_ftp_master *lines)
{
	u32 first = ftp_note_lines(p, lines), from;
	int verdict = NF_ACCEPT;

	if (first && p->nat && nf_ct_pending_blocks(&ftp_unfinished, p->ct, p->dir, p->seq))
		return ftp_drop(p, "follows an unfinished command");
	if (first && !p->nat && nf_ct_pending_has(&ftp_unfinished, p->ct, p->dir))
		verdict = ftp_go_on(p, lines);
	from = ftp_begin(p, first);
	if (verdict == NF_ACCEPT && from < p->len)
		verdict = ftp_read_lines(p, lines, from);
	return verdict;
}

/* --- packets ----------------------------------------------------------------- */

/* Fill in what is known of a packet, and put the cursor on its data if it has any.  False
 * if there is no memory for that.
 */
static bool ftp_open(struct ftp_packet *p, const struct tcphdr *th)
{
	unsigned int offset = p->protoff + th->doff * 4;
	u32 len;

	p->seq = ntohl(th->seq);
	p->len = p->skb->len > offset ? p->skb->len - offset : 0;
	p->dir = CTINFO2DIR(p->ctinfo);
	p->nat = p->ct->status & IPS_NAT_MASK ? nf_ct_ftp_nat() : NULL;
	if (!p->len)
		return true;
	len = min_t(u32, p->len, FTP_READ_MAX);
	if (!pskb_may_pull(p->skb, offset + len))
		return false;
	nf_ct_cursor_init(&p->bytes, p->skb->data + offset, len);
	return true;
}

static int nf_ct_ftp_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			  enum ip_conntrack_info ctinfo)
{
	struct nf_ct_ftp_master *lines;
	struct tcphdr room, *th;
	struct ftp_packet p;

	th = skb_header_pointer(skb, protoff, sizeof(room), &room);
	lines = nfct_help_data(ct);
	if (!th || !lines)
		return NF_ACCEPT;
	if (th->syn) {
		ftp_note_syn(ct, lines, CTINFO2DIR(ctinfo), ntohl(th->seq));
		return NF_ACCEPT;
	}
	if (ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY)
		return NF_ACCEPT;
	/* not as an initialiser: that would clear the rest of it first */
	p.skb = skb;
	p.ct = ct;
	p.ctinfo = ctinfo;
	p.protoff = protoff;
	/* th is void once the data are in one piece */
	if (!ftp_open(&p, th))
		return ftp_drop(&p, "no memory to read it");
	if (!p.len || ftp_is_secret(&p, lines))
		return NF_ACCEPT;
	return ftp_inspect(&p, lines);
}

/* An entry that user space has made (conntrackd): nobody knows where its lines begin, so
 * the next packet of each side does.
 */
static int nf_ct_ftp_restore(struct nlattr *data, struct nf_conn *ct)
{
	struct nf_ct_ftp_master *lines = nfct_help_data(ct);

	if (lines) {
		lines->flags[IP_CT_DIR_ORIGINAL] |= NF_CT_FTP_SEQ_PICKUP;
		lines->flags[IP_CT_DIR_REPLY] |= NF_CT_FTP_SEQ_PICKUP;
	}
	return 0;
}

static const struct nf_ct_helper_kind ftp_kind = {
	.name		= FTP_NAME,
	.family		= NFPROTO_INET,
	.l4proto	= IPPROTO_TCP,
	.port		= FTP_PORT,
	.policy		= &ftp_policy,
	.inspect	= nf_ct_ftp_help,
	.restore	= nf_ct_ftp_restore,
};

NF_CT_HELPER_SET(1, "ports of FTP servers, 21 if there is none");

static int __init nf_ct_ftp_init(void)
{
	int err;

	nf_ct_pending_init(&ftp_unfinished);
	err = nf_ct_helper_set_register(&nf_ct_helpers, &ftp_kind, 1, THIS_MODULE);
	if (err)
		pr_err("the helper cannot be registered: error %d\n", err);
	return err;
}

static void __exit nf_ct_ftp_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
	nf_ct_pending_exit(&ftp_unfinished);
}

module_init(nf_ct_ftp_init);
module_exit(nf_ct_ftp_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("FTP connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack_ftp");
MODULE_ALIAS_NFCT_HELPER(FTP_NAME);
