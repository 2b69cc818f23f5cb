// SPDX-License-Identifier: GPL-2.0
/*
 * The PPTP helper: expects the GRE packets of the calls that a control connection sets up,
 * both ways, and ends them with it (RFC 2637 2).  The client of the control connection is
 * the PNS, the server the PAC.  The state of the session is in the helper's data of the
 * entry, one word; pptp_calls.c has the calls, and its lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/netfilter/nf_conntrack_pptp.h>
#include <linux/netfilter/nf_conntrack_proto_gre.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/tcp.h>

#include "nf_ct_cursor_skb.h"
#include "nf_ct_helper_module.h"
#include "nf_ct_helper_rule.h"
#include "pptp_calls.h"
#include "pptp_nat.h"
#include "pptp_parse.h"

#define PPTP_NAME	"pptp"

/* So many messages of a packet are read */
#define PPTP_MESSAGES_MAX	8

/**
 * struct pptp_packet - a packet with a message
 * @place: where the message is
 * @said:  what it says
 * @dir:   its direction
 * @nat:   call IDs are translated
 */
struct pptp_packet {
	struct nf_ct_pptp_place	place;
	struct nf_ct_pptp_said	said;
	u8			dir;
	bool			nat;
};

/* How the ID that a message names a call by is translated */
enum pptp_rewrite {
	PPTP_REWRITE_NOTHING,
	PPTP_REWRITE_OUT,
	PPTP_REWRITE_IN,
};

/**
 * struct pptp_rule - what a message about a call does
 * @key:     by which ID the call is found, enum nf_ct_pptp_id
 * @or_key:  by which it is found if there is none of @key
 * @by_peer: that ID is the receiver's, else the sender's
 * @sets:    which ID becomes known, enum nf_ct_pptp_id
 * @opens:   the call may be a new one, if the session is set up
 * @refuses: its result code may say that there will be no call
 * @from:    states that it changes, a bit each
 * @to:      the next state
 * @rewrite: enum pptp_rewrite
 * @missing: what is wrong if there is no such call
 */
struct pptp_rule {
	u8		key;
	u8		or_key;
	u8		sets;
	u8		from;
	u8		to;
	u8		rewrite;
	bool		by_peer;
	bool		opens;
	bool		refuses;
	const char	*missing;
};

#define PPTP_IN_STATE(state)	BIT(NF_CT_PPTP_##state)

/* The server's messages have rules of their own: the same types of the other side mean
 * nothing for a call.
 */
static const struct pptp_rule pptp_rules[IP_CT_DIR_MAX][NF_CT_PPTP_TYPES] = {
	[IP_CT_DIR_ORIGINAL] = {
		[NF_CT_PPTP_OUT_REQUEST] = {
			.key = NF_CT_PPTP_INSIDE, .opens = true,
			.sets = NF_CT_PPTP_INSIDE,
			.from = PPTP_IN_STATE(FRESH) | PPTP_IN_STATE(ASKED) |
				PPTP_IN_STATE(RUNG) | PPTP_IN_STATE(ANSWERED) |
				PPTP_IN_STATE(ENDED),
			.to = NF_CT_PPTP_ASKED,
			.rewrite = PPTP_REWRITE_OUT,
		},
		[NF_CT_PPTP_IN_REPLY] = {
			.key = NF_CT_PPTP_PAC, .by_peer = true,
			.sets = NF_CT_PPTP_INSIDE, .refuses = true,
			.from = PPTP_IN_STATE(RUNG) | PPTP_IN_STATE(ANSWERED),
			.to = NF_CT_PPTP_ANSWERED,
			.rewrite = PPTP_REWRITE_OUT,
			.missing = "reply to no call",
		},
		[NF_CT_PPTP_CLEAR_REQUEST] = {
			.key = NF_CT_PPTP_INSIDE,
			.rewrite = PPTP_REWRITE_OUT,
			.missing = "end of no call",
		},
	},
	[IP_CT_DIR_REPLY] = {
		[NF_CT_PPTP_OUT_REPLY] = {
			.key = NF_CT_PPTP_PNS, .by_peer = true,
			.sets = NF_CT_PPTP_PAC, .refuses = true,
			.from = PPTP_IN_STATE(ASKED) | PPTP_IN_STATE(UP),
			.to = NF_CT_PPTP_UP,
			.rewrite = PPTP_REWRITE_IN,
			.missing = "reply to no call",
		},
		[NF_CT_PPTP_IN_REQUEST] = {
			.key = NF_CT_PPTP_PAC, .opens = true,
			.sets = NF_CT_PPTP_PAC,
			.from = PPTP_IN_STATE(FRESH) | PPTP_IN_STATE(RUNG) |
				PPTP_IN_STATE(ENDED),
			.to = NF_CT_PPTP_RUNG,
		},
		[NF_CT_PPTP_IN_CONNECTED] = {
			.key = NF_CT_PPTP_PNS, .by_peer = true,
			.from = PPTP_IN_STATE(ANSWERED) | PPTP_IN_STATE(UP),
			.to = NF_CT_PPTP_UP,
			.rewrite = PPTP_REWRITE_IN,
			.missing = "connection of no call",
		},
		/* RFC 2637 2.13: the server's own ID, which nobody translates.  Some
		 * servers say the client's.
		 * DIFF: pptp-disconnect
		 */
		[NF_CT_PPTP_DISCONNECT] = {
			.key = NF_CT_PPTP_PAC, .or_key = NF_CT_PPTP_PNS,
			.rewrite = PPTP_REWRITE_IN,
			.from = PPTP_IN_STATE(FRESH) | PPTP_IN_STATE(ASKED) |
				PPTP_IN_STATE(RUNG) | PPTP_IN_STATE(ANSWERED) |
				PPTP_IN_STATE(UP),
			.to = NF_CT_PPTP_ENDED,
			.missing = "end of no call",
		},
		[NF_CT_PPTP_WAN_ERROR] = {
			.key = NF_CT_PPTP_PNS, .by_peer = true,
			.rewrite = PPTP_REWRITE_IN,
			.missing = "error of no call",
		},
		[NF_CT_PPTP_SET_LINK] = {
			.key = NF_CT_PPTP_PNS, .by_peer = true,
			.rewrite = PPTP_REWRITE_IN,
			.missing = "settings of no call",
		},
	},
};

static_assert(sizeof(struct nf_ct_pptp_master) <= sizeof_field(struct nf_conn_help, data));

/* Two for each call.  DIFF: pptp-several */
static const struct nf_conntrack_expect_policy pptp_policy = {
	.max_expected	= 2 * NF_CT_PPTP_CALLS_MAX,
	.timeout	= 5 * 60,
};

/* --- the log ----------------------------------------------------------------- */

/* Under nf_conntrack_log_invalid: the packet passes, and nothing is expected. */
static __cold int pptp_log(const struct pptp_packet *p, const char *rule)
{
	nf_ct_helper_log_rule(p->place.skb, p->place.ct, PPTP_NAME, rule);
	return NF_ACCEPT;
}

/* It is said why a packet is dropped, whatever the setting. */
static __cold int pptp_drop(const struct pptp_packet *p, const char *why)
{
	nf_ct_helper_log(p->place.skb, p->place.ct, "%s", why);
	return NF_DROP;
}

/* --- GRE ----------------------------------------------------------------------- */

/* What the GRE packets of a call show, as those of the control connection do */
static struct nf_conntrack_tuple pptp_tuple(const struct nf_conn *ct, u8 dir,
					    const struct nf_ct_pptp_call *call)
{
	struct nf_conntrack_tuple t = *nf_ct_tuple(ct, dir);

	t.dst.protonum = IPPROTO_GRE;
	t.src.u.gre.key = dir == IP_CT_DIR_ORIGINAL ? call->inside : call->pac;
	t.dst.u.gre.key = dir == IP_CT_DIR_ORIGINAL ? call->pac : call->pns;
	return t;
}

/* The keymaps of a call, both or none; when they are there already it is well, too. */
static bool pptp_add_keymap(struct nf_conn *ct, const struct nf_ct_pptp_call *call)
{
	struct nf_conntrack_tuple orig = pptp_tuple(ct, IP_CT_DIR_ORIGINAL, call);
	struct nf_conntrack_tuple repl = pptp_tuple(ct, IP_CT_DIR_REPLY, call);

	return nf_ct_pptp_keymap_add(ct, &orig, &repl);
}

/* Forget the keymaps of all calls that are not up.  The core can forget those of all only:
 * the others get theirs again.  A packet of these that comes in between is taken for one
 * of an unknown tunnel.
 */
static void pptp_renew_keymaps(struct nf_conn *ct)
{
	struct nf_ct_pptp_call up[NF_CT_PPTP_CALLS_MAX];
	unsigned int i, n;

	nf_ct_gre_keymap_destroy(ct);
	/* a call that another CPU sets up is up before its keymaps are there */
	n = nf_ct_pptp_calls_up(ct, up);
	for (i = 0; i < n; i++)
		pptp_add_keymap(ct, &up[i]);
}

/* End what is expected, or the GRE connection, if it is the control connection's own. */
static void pptp_end_tuple(struct nf_conn *ct, const struct nf_conntrack_tuple *t)
{
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_expect *exp;
	struct nf_conn *gre;

	exp = nf_ct_expect_find_get(nf_ct_net(ct), nf_ct_zone(ct), t);
	if (exp) {
		if (exp->master == ct)
			nf_ct_unexpect_related(exp);
		nf_ct_expect_put(exp);
	}
	h = nf_conntrack_find_get(nf_ct_net(ct), nf_ct_zone(ct), t);
	if (h) {
		gre = nf_ct_tuplehash_to_ctrack(h);
		if (!gre->master || gre->master == ct)
			nf_ct_kill(gre);
		nf_ct_put(gre);
	}
}

static void pptp_end_call(struct nf_conn *ct, const struct nf_ct_pptp_call *call)
{
	struct nf_conntrack_tuple t;
	u8 dir;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		t = pptp_tuple(ct, dir, call);
		pptp_end_tuple(ct, &t);
	}
}

static void pptp_end_calls(struct nf_conn *ct, const struct nf_ct_pptp_change *change)
{
	unsigned int i;

	if (!change->n)
		return;
	for (i = 0; i < change->n; i++)
		pptp_end_call(ct, &change->ended[i]);
	pptp_renew_keymaps(ct);
}

/* --- expectations ---------------------------------------------------------------- */

/* Which call a packet belongs to that @exp has expected */
static bool pptp_call_of(struct nf_conntrack_expect *exp, struct nf_ct_pptp_call *call)
{
	const struct nf_conntrack_tuple *orig = nf_ct_tuple(exp->master, IP_CT_DIR_ORIGINAL);
	bool inside = nf_inet_addr_cmp(&exp->tuple.src.u3, &orig->src.u3);
	struct nf_ct_pptp_step step = {
		.key	= NF_CT_PPTP_PAC,
		.id	= inside ? exp->tuple.dst.u.gre.key : exp->tuple.src.u.gre.key,
	};
	struct nf_ct_pptp_change found;

	if (nf_ct_pptp_calls_step(exp->master, &step, &found))
		return false;
	*call = found.call;
	return true;
}

/* The first GRE packet of a call: the answers belong to the same connection, so that
 * nothing more is expected.  The core sets the timeouts.
 */
static void pptp_expected(struct nf_conn *ct, struct nf_conntrack_expect *exp)
{
	struct nf_conn *master = exp->master;
	struct nf_conntrack_expect *other;
	struct nf_ct_pptp_call call;
	struct nf_conntrack_tuple t;
	u8 dir;

	/* it may just have ended */
	if (!pptp_call_of(exp, &call))
		return;
	if (nf_ct_pptp_nat_is_on(master))
		nf_ct_pptp_nat_expected(ct, exp, &call);

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		t = pptp_tuple(master, dir, &call);
		other = nf_ct_expect_find_get(nf_ct_net(ct), nf_ct_zone(ct), &t);
		if (!other)
			continue;
		if (other->master == master)
			nf_ct_unexpect_related(other);
		nf_ct_expect_put(other);
	}
}

static void pptp_fill(struct nf_conntrack_expect *exp, u8 dir,
		      const struct nf_ct_pptp_call *call)
{
	struct nf_conntrack_tuple t = pptp_tuple(exp->master, dir, call);

	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, nf_ct_l3num(exp->master),
			  &t.src.u3, &t.dst.u3, IPPROTO_GRE, &t.src.u.gre.key,
			  &t.dst.u.gre.key);
	exp->expectfn = pptp_expected;
}

/* Both expectations and the keymaps, or nothing */
static int pptp_relate(struct nf_conn *ct, const struct nf_ct_pptp_call *call,
		       struct nf_conntrack_expect *orig, struct nf_conntrack_expect *repl)
{
	int err = nf_ct_expect_related(orig, 0);

	if (err)
		return err;
	err = nf_ct_expect_related(repl, 0);
	if (!err && pptp_add_keymap(ct, call))
		return 0;
	if (!err)
		nf_ct_unexpect_related(repl);
	nf_ct_unexpect_related(orig);
	return err ?: -EEXIST;
}

static int pptp_expect(const struct pptp_packet *p, const struct nf_ct_pptp_call *call)
{
	struct nf_conn *ct = p->place.ct;
	struct nf_conntrack_expect *orig = nf_ct_expect_alloc(ct);
	struct nf_conntrack_expect *repl = nf_ct_expect_alloc(ct);
	int err = -ENOMEM;

	if (orig && repl) {
		pptp_fill(orig, IP_CT_DIR_ORIGINAL, call);
		pptp_fill(repl, IP_CT_DIR_REPLY, call);
		if (p->nat)
			nf_ct_pptp_nat_expect(ct, call, orig, repl);
		err = pptp_relate(ct, call, orig, repl);
	}
	if (orig)
		nf_ct_expect_put(orig);
	if (repl)
		nf_ct_expect_put(repl);
	return err;
}

/* A call is up: its GRE packets are expected. */
static int pptp_announce(const struct pptp_packet *p, const struct nf_ct_pptp_call *call)
{
	const struct nf_ct_pptp_step end = {
		.key	= NF_CT_PPTP_PAC,
		.id	= call->pac,
		.from	= PPTP_IN_STATE(UP),
		.to	= NF_CT_PPTP_ENDED,
	};
	struct nf_ct_pptp_change change;
	int err = pptp_expect(p, call);

	if (!err)
		return NF_ACCEPT;
	nf_ct_pptp_calls_step(p->place.ct, &end, &change);
	pptp_renew_keymaps(p->place.ct);
	if (err == -ENOMEM || err == -EMFILE)
		return pptp_drop(p, "no room for the expectations");
	return pptp_log(p, "call IDs of another connection");
}

/* --- messages ---------------------------------------------------------------------- */

static u32 pptp_session(const struct nf_conn *ct)
{
	const struct nf_ct_pptp_master *data = nfct_help_data(ct);

	return READ_ONCE(data->sstate);
}

static void pptp_set_session(const struct nf_conn *ct, enum pptp_ctrlsess_state state)
{
	struct nf_ct_pptp_master *data = nfct_help_data(ct);

	WRITE_ONCE(data->sstate, state);
}

/* A message about the session.  The client begins it, the server answers. */
static int pptp_session_message(const struct pptp_packet *p)
{
	u32 now = pptp_session(p->place.ct), next = now;
	bool ok = p->said.result == NF_CT_PPTP_OK;

	switch (p->said.type) {
	case NF_CT_PPTP_START_REQUEST:
		if (p->dir == IP_CT_DIR_ORIGINAL && now != PPTP_SESSION_CONFIRMED)
			next = PPTP_SESSION_REQUESTED;
		break;
	case NF_CT_PPTP_START_REPLY:
		if (p->dir != IP_CT_DIR_REPLY)
			break;
		if (now < PPTP_SESSION_REQUESTED)
			return pptp_log(p, "reply to no request");
		next = ok ? PPTP_SESSION_CONFIRMED : PPTP_SESSION_ERROR;
		break;
	case NF_CT_PPTP_STOP_REQUEST:
		next = PPTP_SESSION_STOPREQ;
		break;
	case NF_CT_PPTP_STOP_REPLY:
		next = ok ? PPTP_SESSION_NONE : PPTP_SESSION_ERROR;
		break;
	}
	if (next != now)
		pptp_set_session(p->place.ct, next);
	return NF_ACCEPT;
}

static int pptp_refuse(const struct pptp_packet *p, const struct pptp_rule *rule, int err)
{
	switch (err) {
	case -ENOMEM:
		return pptp_drop(p, "no memory for the call");
	case -EADDRINUSE:
		return pptp_drop(p, "no call ID is free");
	case -EMFILE:
		return pptp_log(p, "too many calls at once");
	}
	return pptp_log(p, rule->missing ?: "call of a connection that ends");
}

/* @key: which ID the message names the call by; only the client's is translated */
static int pptp_rewrite(const struct pptp_packet *p, const struct pptp_rule *rule, u8 key,
			const struct nf_ct_pptp_call *call)
{
	if (!p->nat)
		return NF_ACCEPT;
	if (rule->rewrite == PPTP_REWRITE_IN && key == NF_CT_PPTP_PNS)
		return nf_ct_pptp_nat_inbound(&p->place, call);
	if (rule->rewrite == PPTP_REWRITE_OUT && call->has_pns &&
	    call->inside == htons(p->said.call))
		return nf_ct_pptp_nat_outbound(&p->place, call);
	return NF_ACCEPT;
}

static int pptp_call_message(const struct pptp_packet *p, const struct pptp_rule *rule)
{
	bool refused = rule->refuses && p->said.result != NF_CT_PPTP_OK;
	struct nf_ct_pptp_step step = {
		.key	= rule->key,
		.id	= htons(rule->by_peer ? p->said.peer : p->said.call),
		.opens	= rule->opens,
		.from	= rule->from,
		.to	= refused ? NF_CT_PPTP_ENDED : rule->to,
		.sets	= rule->sets,
		.value	= htons(p->said.call),
		.nat	= p->nat,
	};
	struct nf_ct_pptp_change change;
	int err, verdict = NF_ACCEPT;

	if (rule->opens && pptp_session(p->place.ct) != PPTP_SESSION_CONFIRMED)
		return pptp_log(p, "call without a session");
	err = nf_ct_pptp_calls_step(p->place.ct, &step, &change);
	if (err == -ENOENT && rule->or_key) {
		step.key = rule->or_key;
		err = nf_ct_pptp_calls_step(p->place.ct, &step, &change);
	}
	if (err)
		return pptp_refuse(p, rule, err);

	pptp_end_calls(p->place.ct, &change);
	if (change.moved && change.call.state == NF_CT_PPTP_UP)
		verdict = pptp_announce(p, &change.call);
	if (verdict != NF_ACCEPT)
		return verdict;
	return pptp_rewrite(p, rule, step.key, &change.call);
}

static int pptp_message(const struct pptp_packet *p)
{
	const struct pptp_rule *rule = &pptp_rules[p->dir][p->said.type];

	return rule->key ? pptp_call_message(p, rule) : pptp_session_message(p);
}

/* Read the message at p->place.at.  False: there is none.  @len is its length. */
static bool pptp_next(struct pptp_packet *p, unsigned int data, unsigned int *len)
{
	u8 room[NF_CT_PPTP_MESSAGE_MAX];
	struct nf_ct_cursor c;
	const char *rule;

	nf_ct_cursor_skb(&c, p->place.skb, data + p->place.at, sizeof(room), room);
	switch (nf_ct_pptp_read(&c, &p->said, &rule)) {
	case NF_CT_PPTP_MESSAGE:
		p->place.type = p->said.type;
		*len = nf_ct_cursor_offset(&c);
		return true;
	case NF_CT_PPTP_BAD:
		pptp_log(p, rule);
		break;
	case NF_CT_PPTP_NOTHING:
		break;
	}
	return false;
}

/* DIFF: pptp-pipelined */
static int nf_ct_pptp_help(struct sk_buff *skb, unsigned int protoff, struct nf_conn *ct,
			   enum ip_conntrack_info ctinfo)
{
	struct pptp_packet p = {
		.place	= { .skb = skb, .ct = ct, .ctinfo = ctinfo, .protoff = protoff },
		.dir	= CTINFO2DIR(ctinfo),
	};
	unsigned int n, data, len = 0;
	int verdict = NF_ACCEPT;
	struct tcphdr room, *th;

	if (ctinfo != IP_CT_ESTABLISHED && ctinfo != IP_CT_ESTABLISHED_REPLY)
		return NF_ACCEPT;
	th = skb_header_pointer(skb, protoff, sizeof(room), &room);
	if (!th || !nfct_help(ct))
		return NF_ACCEPT;
	data = protoff + th->doff * 4;
	p.nat = nf_ct_pptp_nat_is_on(ct);
	for (n = 0; n < PPTP_MESSAGES_MAX && verdict == NF_ACCEPT; n++) {
		if (!pptp_next(&p, data, &len))
			break;
		verdict = pptp_message(&p);
		p.place.at += len;
	}
	return verdict;
}

/* A control connection ends, and its calls with it.  IPS_DYING is set. */
static void nf_ct_pptp_ends(struct nf_conn *ct)
{
	struct nf_ct_pptp_call up[NF_CT_PPTP_CALLS_MAX];
	unsigned int i, n = nf_ct_pptp_calls_take(ct, up);

	if (!n)
		return;
	for (i = 0; i < n; i++)
		pptp_end_call(ct, &up[i]);
	nf_ct_gre_keymap_destroy(ct);
}

static const struct nf_ct_helper_kind pptp_kind = {
	.name		= PPTP_NAME,
	.family		= NFPROTO_IPV4,
	.l4proto	= IPPROTO_TCP,
	.port		= PPTP_CONTROL_PORT,
	.policy		= &pptp_policy,
	.inspect	= nf_ct_pptp_help,
	.destroy	= nf_ct_pptp_ends,
};

NF_CT_HELPER_SET_FIXED(1);

static int __init nf_ct_pptp_init(void)
{
	int err = nf_ct_helper_set_register(&nf_ct_helpers, &pptp_kind, 1, THIS_MODULE);

	if (err)
		pr_err("the helper cannot be registered: error %d\n", err);
	return err;
}

static bool pptp_is_ours(struct nf_conntrack_expect *exp, void *data)
{
	return exp->expectfn == pptp_expected;
}

/* A packet may have found an expectation, or an entry's end the helper, before they were
 * taken away: it is under RCU.
 */
static void __exit nf_ct_pptp_exit(void)
{
	nf_ct_helper_set_unregister(&nf_ct_helpers);
	nf_ct_expect_iterate_destroy(pptp_is_ours, NULL);
	synchronize_rcu();
	nf_ct_pptp_calls_free();
}

module_init(nf_ct_pptp_init);
module_exit(nf_ct_pptp_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("PPTP connection tracking helper (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ip_conntrack_pptp");
MODULE_ALIAS_NFCT_HELPER(PPTP_NAME);
