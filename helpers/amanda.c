// SPDX-License-Identifier: GPL-2.0
/*
 * The Amanda helper: a backup server asks a client, whose reply names the TCP ports where
 * the server fetches the data.  No state and no locks of its own; the expectations of an
 * entry are looked at under nf_conntrack_expect_lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/udp.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <linux/netfilter/nf_conntrack_amanda.h>

#include "amanda_parse.h"
#include "nf_ct_cursor_skb.h"
#include "nf_ct_helper_made.h"
#include "nf_ct_helper_module.h"
#include "nf_ct_helper_rule.h"
#include "nf_ct_refresh.h"

#define AMANDA_NAME	"amanda"
#define AMANDA_PORT	10080

/**
 * struct amanda_packet - a datagram of the client
 * @skb:     the packet
 * @ct:      its entry
 * @ctinfo:  its place in the connection
 * @protoff: offset of its UDP header
 */
struct amanda_packet {
	struct sk_buff		*skb;
	struct nf_conn		*ct;
	enum ip_conntrack_info	ctinfo;
	unsigned int		protoff;
};

static unsigned int master_timeout = 300;
module_param(master_timeout, uint, 0600);
MODULE_PARM_DESC(master_timeout, "seconds that an entry lives after a reply");

/* DIFF: amanda-ts-algo */
static char *ts_algo = "kmp";
module_param(ts_algo, charp, 0400);
MODULE_PARM_DESC(ts_algo, "not used: text is not searched for");

/* Those of a few replies: beyond that the oldest one makes way.
 * DIFF: amanda-room
 */
static const struct nf_conntrack_expect_policy amanda_policy = {
	.max_expected	= 4 * NF_CT_AMANDA_STREAMS,
	.timeout	= 180,
};

/* Under nf_conntrack_log_invalid: the packet passes, and nothing is expected. */
static __cold void amanda_log(const struct amanda_packet *p, const char *rule)
{
	nf_ct_helper_log_rule(p->skb, p->ct, AMANDA_NAME, rule);
}

/* The client sends a reply again until it is acknowledged. */
static __cold int amanda_drop(const struct amanda_packet *p, const char *why)
{
	nf_ct_helper_log(p->skb, p->ct, "%s", why);
	return NF_DROP;
}

/* --- expectations ------------------------------------------------------------ */

/* nf_nat_amanda adds the expectation itself, and writes the port that it chooses */
static int amanda_make_known(const struct amanda_packet *p,
			     const struct nf_ct_amanda_stream *stream,
			     struct nf_conntrack_expect *exp)
{
	nf_nat_amanda_hook_fn *nat;

	nat = p->ct->status & IPS_NAT_MASK ? nf_ct_amanda_nat() : NULL;
	if (nat)
		return nf_ct_amanda_call_nat(nat, p->skb, p->ct, p->ctinfo, p->protoff,
					     stream->begin, stream->len, exp);
	if (nf_ct_expect_related(exp, 0))
		return amanda_drop(p, "no room for the expectation");
	return NF_ACCEPT;
}

static int amanda_expect(const struct amanda_packet *p,
			 const struct nf_ct_amanda_stream *stream, struct nf_ct_made *made)
{
	const struct nf_conntrack_tuple *asked = &p->ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	struct nf_conntrack_expect *exp = nf_ct_expect_alloc(p->ct);
	__be16 port = htons(stream->port);
	int verdict;

	if (!exp)
		return amanda_drop(p, "no memory for the expectation");
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, nf_ct_l3num(p->ct),
			  &asked->src.u3, &asked->dst.u3, IPPROTO_TCP, NULL, &port);
	nf_ct_made_note(made, exp);
	verdict = amanda_make_known(p, stream, exp);
	nf_ct_expect_put(exp);
	return verdict;
}

/* The rightmost connection that is not done yet: NAT may change the length of its number,
 * which moves what stands behind.  NULL if there is none.
 */
static struct nf_ct_amanda_stream *amanda_take_last(struct nf_ct_amanda_said *said)
{
	struct nf_ct_amanda_stream *last = NULL, *stream;
	unsigned int i;

	for (i = 0; i < NF_CT_AMANDA_STREAMS; i++) {
		stream = &said->streams[i];
		if (stream->port && (!last || stream->begin > last->begin))
			last = stream;
	}
	return last;
}

static int amanda_expect_all(const struct amanda_packet *p, struct nf_ct_amanda_said *said)
{
	struct nf_ct_amanda_stream *stream;
	int verdict = NF_ACCEPT;
	struct nf_ct_made made;

	nf_ct_made_begin(&made);
	while (verdict == NF_ACCEPT && (stream = amanda_take_last(said))) {
		verdict = amanda_expect(p, stream, &made);
		stream->port = 0;
	}
	return nf_ct_made_end(&made, verdict);
}

/* --- packets ----------------------------------------------------------------- */

static enum nf_ct_amanda_verdict amanda_read(const struct amanda_packet *p,
					     struct nf_ct_amanda_said *said)
{
	u8 room[NF_CT_AMANDA_READ_MAX];
	struct nf_ct_cursor c;

	nf_ct_cursor_skb(&c, p->skb, p->protoff + sizeof(struct udphdr), sizeof(room), room);
	return nf_ct_amanda_read(&c, said);
}

/* A client that estimates sizes is silent for long, which is why each of its packets
 * lets the entry live on.
 */
static int nf_ct_amanda_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			     enum ip_conntrack_info ctinfo)
{
	const struct amanda_packet p = { skb, ct, ctinfo, protoff };
	struct nf_ct_amanda_said said;

	if (CTINFO2DIR(ctinfo) != IP_CT_DIR_REPLY)
		return NF_ACCEPT;
	nf_ct_refresh_seconds(ct, skb, READ_ONCE(master_timeout));

	switch (amanda_read(&p, &said)) {
	case NF_CT_AMANDA_FOUND:
		return amanda_expect_all(&p, &said);
	case NF_CT_AMANDA_BAD:
		amanda_log(&p, said.rule);
		break;
	case NF_CT_AMANDA_NOTHING:
		break;
	}
	return NF_ACCEPT;
}

static const struct nf_ct_helper_kind amanda_kind = {
	.name		= AMANDA_NAME,
	.family		= NFPROTO_INET,
	.l4proto	= IPPROTO_UDP,
	.port		= AMANDA_PORT,
	.policy		= &amanda_policy,
	.inspect	= nf_ct_amanda_help,
};

NF_CT_HELPER_SET_FIXED(1);

static int __init nf_ct_amanda_init(void)
{
	int err = nf_ct_helper_set_register(&nf_ct_helpers, &amanda_kind, 1, THIS_MODULE);

	if (err)
		pr_err("the helper cannot be registered: error %d\n", err);
	return err;
}

static void __exit nf_ct_amanda_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
}

module_init(nf_ct_amanda_init);
module_exit(nf_ct_amanda_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Amanda connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack_amanda");
MODULE_ALIAS_NFCT_HELPER(AMANDA_NAME);
