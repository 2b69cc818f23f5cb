// SPDX-License-Identifier: GPL-2.0
/*
 * SCTP (RFC 9260).  Chunks drive one state per association, and verification
 * tags prove that a packet belongs to it.  A packet is judged as a whole: its
 * chunks work on a copy of the entry's SCTP part, which replaces the original
 * only if none of them was wrong.  That part is guarded by ct->lock.
 */
#include <linux/bitmap.h>
#include <linux/crc32c.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/sctp.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_l4proto.h>

#include "nf_ct_cursor_skb.h"
#include "proto.h"
#include "nf_conntrack_internal.h"

/* ip_ct_sctp.flags: a heartbeat with an unknown tag has passed in last_dir */
#define SCTP_F_STRANGE_HEARTBEAT	BIT(0)

static const unsigned int nf_ct_sctp_defaults[SCTP_CONNTRACK_MAX] = {
	[SCTP_CONNTRACK_NONE]			= 10 * HZ,
	[SCTP_CONNTRACK_CLOSED]			= 10 * HZ,
	[SCTP_CONNTRACK_COOKIE_WAIT]		= 3 * HZ,
	[SCTP_CONNTRACK_COOKIE_ECHOED]		= 3 * HZ,
	[SCTP_CONNTRACK_ESTABLISHED]		= 210 * HZ,
	[SCTP_CONNTRACK_SHUTDOWN_SENT]		= 3 * HZ,
	[SCTP_CONNTRACK_SHUTDOWN_RECD]		= 3 * HZ,
	[SCTP_CONNTRACK_SHUTDOWN_ACK_SENT]	= 3 * HZ,
	[SCTP_CONNTRACK_HEARTBEAT_SENT]		= 30 * HZ,
};

/* Sets of chunk types, states and directions, for the rules below */
#define CHUNK(name)	BIT(SCTP_CID_##name)
#define IN(name)	BIT(SCTP_CONNTRACK_##name)
#define ORIG		BIT(IP_CT_DIR_ORIGINAL)
#define REPLY		BIT(IP_CT_DIR_REPLY)

/* Chunks that say something about the state; others, like DATA, do not */
#define CHUNK_ANY	(CHUNK(INIT) | CHUNK(INIT_ACK) | CHUNK(ABORT) |	\
			 CHUNK(SHUTDOWN) | CHUNK(SHUTDOWN_ACK) |	\
			 CHUNK(ERROR) | CHUNK(COOKIE_ECHO) |		\
			 CHUNK(COOKIE_ACK) | CHUNK(SHUTDOWN_COMPLETE) |	\
			 CHUNK(HEARTBEAT) | CHUNK(HEARTBEAT_ACK))
#define IN_ANY		(BIT(SCTP_CONNTRACK_MAX) - 1)

#define TO_INVALID	SCTP_CONNTRACK_MAX

/* The first rule that fits gives the next state; if none does, it stays. */
static const struct nf_ct_sctp_rule {
	u16 chunks;
	u16 from;
	u8 dirs;
	u8 to;
} nf_ct_sctp_rules[] = {
	/* 8.3: a multihomed association probes a path before it uses it */
	{ CHUNK(HEARTBEAT), IN(NONE) | IN(HEARTBEAT_SENT), ORIG,
	  SCTP_CONNTRACK_HEARTBEAT_SENT },
	{ CHUNK(HEARTBEAT) | CHUNK(HEARTBEAT_ACK), IN(HEARTBEAT_SENT), ORIG,
	  SCTP_CONNTRACK_HEARTBEAT_SENT },
	{ CHUNK(HEARTBEAT), IN(HEARTBEAT_SENT), REPLY,
	  SCTP_CONNTRACK_HEARTBEAT_SENT },
	/* 8.3: the probe is answered: both hosts use the path */
	{ CHUNK(HEARTBEAT_ACK), IN(HEARTBEAT_SENT), REPLY,
	  SCTP_CONNTRACK_ESTABLISHED },
	/* 8.4 (5): of no association known here; SHUTDOWN COMPLETE answers it */
	{ CHUNK(SHUTDOWN_ACK), IN(NONE) | IN(HEARTBEAT_SENT), ORIG,
	  SCTP_CONNTRACK_SHUTDOWN_ACK_SENT },
	/* 5.1: a new association on a path that has had probes only */
	{ CHUNK(INIT), IN(HEARTBEAT_SENT), ORIG,
	  SCTP_CONNTRACK_COOKIE_WAIT },
	/* 8.4: nothing else makes a state before there is an association */
	{ CHUNK_ANY, IN(NONE) | IN(HEARTBEAT_SENT), ORIG,
	  SCTP_CONNTRACK_CLOSED },
	{ CHUNK_ANY, IN(NONE) | IN(HEARTBEAT_SENT), REPLY, TO_INVALID },

	/* 9.1: the end, at any time */
	{ CHUNK(ABORT), IN_ANY, ORIG | REPLY, SCTP_CONNTRACK_CLOSED },
	/* 5.1 B: the server answers the INIT */
	{ CHUNK(INIT_ACK), IN(CLOSED), REPLY, SCTP_CONNTRACK_COOKIE_WAIT },
	/* 5.1 C: the cookie returns; from the reply side after a collision */
	{ CHUNK(COOKIE_ECHO), IN(COOKIE_WAIT), ORIG | REPLY,
	  SCTP_CONNTRACK_COOKIE_ECHOED },
	/* 5.1 D and E: the cookie is valid */
	{ CHUNK(COOKIE_ACK), IN(COOKIE_ECHOED), ORIG | REPLY,
	  SCTP_CONNTRACK_ESTABLISHED },
	/* 5.2.6: the cookie is stale, the client starts again */
	{ CHUNK(ERROR), IN(COOKIE_ECHOED), REPLY, SCTP_CONNTRACK_CLOSED },
	/* 9.2: one side has no more data */
	{ CHUNK(SHUTDOWN), IN(ESTABLISHED), ORIG,
	  SCTP_CONNTRACK_SHUTDOWN_SENT },
	{ CHUNK(SHUTDOWN), IN(ESTABLISHED), REPLY,
	  SCTP_CONNTRACK_SHUTDOWN_RECD },
	/* 9.2: the other side has none either, or both shut down */
	{ CHUNK(SHUTDOWN_ACK), IN(SHUTDOWN_SENT) | IN(SHUTDOWN_RECD),
	  ORIG | REPLY, SCTP_CONNTRACK_SHUTDOWN_ACK_SENT },
	/* 9.2: the association has ended */
	{ CHUNK(SHUTDOWN_COMPLETE), IN(SHUTDOWN_ACK_SENT), ORIG | REPLY,
	  SCTP_CONNTRACK_CLOSED },
	/* 5.2.2: the client restarted during a shutdown */
	{ CHUNK(INIT), IN(SHUTDOWN_SENT) | IN(SHUTDOWN_RECD), ORIG,
	  SCTP_CONNTRACK_CLOSED },
};

static unsigned int nf_ct_sctp_next_state(enum ip_conntrack_dir dir,
					  unsigned int state, u8 type)
{
	const struct nf_ct_sctp_rule *r;
	unsigned int i;

	if (type >= BITS_PER_TYPE(r->chunks) || !(BIT(type) & CHUNK_ANY))
		return state;

	for (i = 0; i < ARRAY_SIZE(nf_ct_sctp_rules); i++) {
		r = &nf_ct_sctp_rules[i];
		if ((r->chunks & BIT(type)) && (r->from & BIT(state)) &&
		    (r->dirs & BIT(dir)))
			return r->to;
	}
	return state;
}

/* Where in @skb the next chunk is.  A packet need not lie in one piece: a cursor
 * reads the head of one chunk after the other.  Each step is four bytes or more,
 * so a walk ends.
 */
struct nf_ct_sctp_walk {
	const struct sk_buff *skb;
	u32 next;
};

/* Type, flags and length (RFC 9260 3.2), then the body of an INIT */
#define SCTP_CHUNK_HEAD	(sizeof(struct sctp_chunkhdr) +	\
			 sizeof(struct sctp_inithdr))

/**
 * struct nf_ct_sctp_piece - the head of a chunk
 * @type:     type
 * @flags:    flags
 * @has_init: the packet has room for the body of an INIT behind the header
 * @init_tag: the tag in it
 */
struct nf_ct_sctp_piece {
	u8 type;
	u8 flags;
	bool has_init;
	__be32 init_tag;
};

/* 1: @c is the next chunk; 0: there is none; -EINVAL: its length is 0.
 *
 * A length that ends within the header or behind the packet is accepted: the end
 * host discards such a chunk (RFC 9260 3.2).
 */
static int nf_ct_sctp_next_chunk(struct nf_ct_sctp_walk *walk,
				 struct nf_ct_sctp_piece *c)
{
	struct nf_ct_cursor head;
	u8 room[SCTP_CHUNK_HEAD];
	u16 len;

	nf_ct_cursor_skb(&head, walk->skb, walk->next, sizeof(room), room);
	c->type = nf_ct_cursor_u8(&head);
	c->flags = nf_ct_cursor_u8(&head);
	len = nf_ct_cursor_be16(&head);
	if (!nf_ct_cursor_ok(&head))
		return 0;
	c->has_init = nf_ct_cursor_left(&head) >= sizeof(struct sctp_inithdr);
	nf_ct_cursor_copy(&head, &c->init_tag, sizeof(c->init_tag));
	if (!len)
		return -EINVAL;

	walk->next += round_up(len, 4);
	return 1;
}

/**
 * struct nf_ct_sctp_view - what a packet says, not yet compared with the entry
 * @chunks: walk that begins at the first chunk; copied to go through them
 * @vtag: verification tag
 * @types: chunk types that occur
 */
struct nf_ct_sctp_view {
	struct nf_ct_sctp_walk chunks;
	__be32 vtag;
	DECLARE_BITMAP(types, 256);
};

static bool nf_ct_sctp_has(const struct nf_ct_sctp_view *v, enum sctp_cid type)
{
	return test_bit(type, v->types);
}

/* RFC 9260 6.10: what may not be bundled */
static bool nf_ct_sctp_travels_alone(u8 type)
{
	return type == SCTP_CID_INIT || type == SCTP_CID_INIT_ACK ||
	       type == SCTP_CID_SHUTDOWN_COMPLETE;
}

/* RFC 9260 5.1: what is only bundled with chunks that follow */
static bool nf_ct_sctp_comes_first(u8 type)
{
	return type == SCTP_CID_COOKIE_ECHO || type == SCTP_CID_COOKIE_ACK;
}

/* Fill @v->types, or say what is wrong with the chunks of the packet. */
static const char *nf_ct_sctp_survey(struct nf_ct_sctp_view *v)
{
	struct nf_ct_sctp_walk walk = v->chunks;
	bool first = true, alone = false;
	struct nf_ct_sctp_piece c;
	int err;

	bitmap_zero(v->types, 256);
	while ((err = nf_ct_sctp_next_chunk(&walk, &c)) > 0) {
		if (!first && (alone || nf_ct_sctp_travels_alone(c.type)))
			return "SCTP chunks that may not be bundled";
		if (!first && nf_ct_sctp_comes_first(c.type))
			return "SCTP cookie behind other chunks";
		alone = nf_ct_sctp_travels_alone(c.type);
		first = false;
		__set_bit(c.type, v->types);
	}
	if (err)
		return "SCTP chunk length wrong";
	return first ? "SCTP packet without chunks" : NULL;
}

/* CRC32c of the packet (RFC 9260 6.8 and appendix A), whose header is @sh; its
 * checksum field counts as zero.
 */
static __le32 nf_ct_sctp_crc(struct sk_buff *skb, unsigned int dataoff,
			     const struct sctphdr *sh)
{
	struct sctphdr blank = *sh;
	unsigned int done = 0, len;
	struct skb_seq_state seq;
	const u8 *data;
	u32 crc;

	blank.checksum = 0;
	crc = crc32c(~0, &blank, sizeof(blank));

	skb_prepare_seq_read(skb, dataoff + sizeof(blank), skb->len, &seq);
	while ((len = skb_seq_read(done, &data, &seq))) {
		crc = crc32c(crc, data, len);
		done += len;
	}
	return cpu_to_le32(~crc);
}

/* Look at the common header (RFC 9260 3.1), fill @v, or say what is wrong. */
static const char *nf_ct_sctp_flaw(struct sk_buff *skb, unsigned int dataoff,
				   const struct nf_hook_state *state,
				   struct nf_ct_sctp_view *v)
{
	const struct sctphdr *sh;
	struct sctphdr buf;

	sh = skb_header_pointer(skb, dataoff, sizeof(buf), &buf);
	if (!sh)
		return "SCTP header incomplete";
	v->vtag = sh->vtag;

	if (nf_ct_checksum_wanted(state) && skb->ip_summed == CHECKSUM_NONE) {
		if (nf_ct_sctp_crc(skb, dataoff, sh) != sh->checksum)
			return "SCTP checksum wrong";
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	}

	v->chunks.skb = skb;
	v->chunks.next = dataoff + sizeof(*sh);
	return nf_ct_sctp_survey(v);
}

/**
 * struct nf_ct_sctp_step - what the chunks of one packet do to an entry
 * @s: the SCTP part that the entry will have
 * @view: the packet
 * @dir: its direction
 * @confirmed: not the first packet
 * @established: a chunk led to ESTABLISHED
 * @quiet: the packet passes, but does not renew the timeout
 */
struct nf_ct_sctp_step {
	struct ip_ct_sctp s;
	const struct nf_ct_sctp_view *view;
	enum ip_conntrack_dir dir;
	bool confirmed;
	bool established;
	bool quiet;
};

/* Tags of an association of which this is the first packet. */
static const char *nf_ct_sctp_first_chunk(struct nf_ct_sctp_step *st,
					  const struct nf_ct_sctp_piece *c)
{
	const struct nf_ct_sctp_view *v = st->view;

	/* 8.4: DATA and such start no association */
	if (nf_ct_sctp_next_state(IP_CT_DIR_ORIGINAL, SCTP_CONNTRACK_NONE,
				  c->type) == SCTP_CONNTRACK_NONE)
		return "SCTP packet starts no association";

	switch (c->type) {
	case SCTP_CID_INIT:
		break;
	case SCTP_CID_HEARTBEAT:
		st->s.vtag[IP_CT_DIR_ORIGINAL] = v->vtag;
		break;
	case SCTP_CID_SHUTDOWN_ACK:
		/* 8.4 (5): the answer reflects the tag */
		st->s.vtag[IP_CT_DIR_REPLY] = v->vtag;
		break;
	default:
		/* the other side's tag is not known yet */
		break;
	}
	return NULL;
}

static const char *nf_ct_sctp_first_packet(struct nf_ct_sctp_step *st)
{
	struct nf_ct_sctp_walk walk = st->view->chunks;
	const char *flaw = NULL;
	struct nf_ct_sctp_piece c;

	/* 8.4 (2), (6) and (7): their receiver discards them */
	if (nf_ct_sctp_has(st->view, SCTP_CID_ABORT) ||
	    nf_ct_sctp_has(st->view, SCTP_CID_COOKIE_ACK) ||
	    nf_ct_sctp_has(st->view, SCTP_CID_SHUTDOWN_COMPLETE))
		return "SCTP packet ends an unknown association";

	memset(&st->s, 0, sizeof(st->s));
	while (!flaw && nf_ct_sctp_next_chunk(&walk, &c) > 0)
		flaw = nf_ct_sctp_first_chunk(st, &c);
	return flaw;
}

/* Has the packet a chunk with a rule of its own for the tag (8.5.1)?  If not, it
 * must have the tag of its direction (8.5).
 */
static bool nf_ct_sctp_tag_is_special(const struct nf_ct_sctp_view *v)
{
	static const u8 special[] = {
		SCTP_CID_INIT, SCTP_CID_ABORT, SCTP_CID_SHUTDOWN_ACK,
		SCTP_CID_SHUTDOWN_COMPLETE, SCTP_CID_COOKIE_ECHO,
		SCTP_CID_HEARTBEAT, SCTP_CID_HEARTBEAT_ACK,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(special); i++) {
		if (nf_ct_sctp_has(v, special[i]))
			return true;
	}
	return false;
}

/* 8.5.1 B and C: the tag of this direction, or with the T bit that of the other */
static bool nf_ct_sctp_end_tag_fits(const struct nf_ct_sctp_step *st,
				    const struct nf_ct_sctp_piece *c)
{
	bool reflected = c->flags & SCTP_CHUNK_FLAG_T;

	return st->view->vtag == st->s.vtag[st->dir ^ reflected];
}

/* A heartbeat or its answer.  The hosts may have agreed on other tags over another
 * path, or one has restarted.  So a request with an unknown tag passes, and if
 * the other host answers, the tag of the answer is valid from then on.  Sets
 * *@skip when the chunk must not change the state.
 */
static const char *nf_ct_sctp_heartbeat_tag(struct nf_ct_sctp_step *st,
					    u8 type, bool *skip)
{
	enum ip_conntrack_dir dir = st->dir;
	__be32 vtag = st->view->vtag;
	struct ip_ct_sctp *s = &st->s;

	if (!s->vtag[dir]) {
		s->vtag[dir] = vtag;
		return NULL;
	}
	if (s->vtag[dir] == vtag) {
		s->flags &= ~SCTP_F_STRANGE_HEARTBEAT;
		return NULL;
	}

	/* One per packet, and none together with data */
	if (st->quiet || nf_ct_sctp_has(st->view, SCTP_CID_DATA))
		return "SCTP heartbeat tag wrong";

	if (type == SCTP_CID_HEARTBEAT) {
		s->flags |= SCTP_F_STRANGE_HEARTBEAT;
		s->last_dir = dir;
		st->quiet = true;
		*skip = true;
		return NULL;
	}

	if (!(s->flags & SCTP_F_STRANGE_HEARTBEAT) || s->last_dir == dir)
		return "SCTP answer to no heartbeat";
	s->flags &= ~SCTP_F_STRANGE_HEARTBEAT;
	s->vtag[dir] = vtag;
	s->vtag[!dir] = 0;
	return NULL;
}

/* RFC 9260 8.5.1, for chunk @c */
static const char *nf_ct_sctp_chunk_tag(struct nf_ct_sctp_step *st,
					const struct nf_ct_sctp_piece *c,
					bool *skip)
{
	static const char wrong[] = "SCTP verification tag wrong";
	const struct nf_ct_sctp_view *v = st->view;

	switch (c->type) {
	case SCTP_CID_INIT:
		return v->vtag ? wrong : NULL;
	case SCTP_CID_ABORT:
	case SCTP_CID_SHUTDOWN_COMPLETE:
		return nf_ct_sctp_end_tag_fits(st, c) ? NULL : wrong;
	case SCTP_CID_COOKIE_ECHO:
		return v->vtag == st->s.vtag[st->dir] ? NULL : wrong;
	case SCTP_CID_HEARTBEAT:
	case SCTP_CID_HEARTBEAT_ACK:
		return nf_ct_sctp_heartbeat_tag(st, c->type, skip);
	default:
		return NULL;
	}
}

/* Note the tags of an INIT, an INIT ACK or a COOKIE ACK.  init[] says which sides
 * have sent an INIT that is not completed: both in a collision (5.2.1).  An INIT
 * with the tag that is known is a late duplicate, or forged: it begins nothing.
 */
static const char *nf_ct_sctp_note_tags(struct nf_ct_sctp_step *st,
					const struct nf_ct_sctp_piece *c)
{
	enum ip_conntrack_dir dir = st->dir;
	struct ip_ct_sctp *s = &st->s;
	__be32 known;

	if (c->type == SCTP_CID_COOKIE_ACK) {
		memset(s->init, 0, sizeof(s->init));
		return NULL;
	}
	if (c->type != SCTP_CID_INIT && c->type != SCTP_CID_INIT_ACK)
		return NULL;

	if (!c->has_init)
		return "SCTP initiate tag absent";
	known = s->vtag[!dir];
	if (c->init_tag == known)
		return NULL;

	if (c->type == SCTP_CID_INIT) {
		if (s->init[dir])
			s->init[!dir] = 0;
		s->init[dir] = 1;
	} else if (s->init[dir] && s->init[!dir]) {
		/* 5.2.1: in a collision each keeps the tag of its own INIT */
		return "SCTP collision with another tag";
	} else if (known && !s->init[!dir]) {
		return "SCTP INIT ACK without INIT";
	}
	s->vtag[!dir] = c->init_tag;
	return NULL;
}

static const char *nf_ct_sctp_one_chunk(struct nf_ct_sctp_step *st,
					const struct nf_ct_sctp_piece *c)
{
	struct ip_ct_sctp *s = &st->s;
	unsigned int next;
	const char *flaw;
	bool skip = false;

	flaw = nf_ct_sctp_chunk_tag(st, c, &skip);
	if (flaw || skip)
		return flaw;

	next = nf_ct_sctp_next_state(st->dir, s->state, c->type);
	if (next == TO_INVALID)
		return "SCTP chunk does not fit the state";

	flaw = nf_ct_sctp_note_tags(st, c);
	if (flaw)
		return flaw;

	/* Repeated INITs without an answer must not keep an entry, and its NAT
	 * mapping, alive.
	 */
	if (c->type == SCTP_CID_INIT && st->confirmed &&
	    s->state == SCTP_CONNTRACK_CLOSED && next == SCTP_CONNTRACK_CLOSED)
		st->quiet = true;

	if (next == SCTP_CONNTRACK_ESTABLISHED && s->state != next)
		st->established = true;
	s->state = next;
	return NULL;
}

static const char *nf_ct_sctp_all_chunks(struct nf_ct_sctp_step *st)
{
	struct nf_ct_sctp_walk walk = st->view->chunks;
	const char *flaw = NULL;
	struct nf_ct_sctp_piece c;

	if (!st->confirmed)
		flaw = nf_ct_sctp_first_packet(st);
	if (!flaw && !nf_ct_sctp_tag_is_special(st->view) &&
	    st->view->vtag != st->s.vtag[st->dir])
		flaw = "SCTP verification tag of another association";

	while (!flaw && nf_ct_sctp_next_chunk(&walk, &c) > 0)
		flaw = nf_ct_sctp_one_chunk(st, &c);
	return flaw;
}

/* Apply the packet in @st to @ct; if it has a flaw, @ct does not change.
 *
 * DIFF: sctp-packet-whole: in the stock module the chunks before the flaw have an effect.
 */
static const char *nf_ct_sctp_advance(struct nf_conn *ct,
				      struct nf_ct_sctp_step *st)
{
	const char *flaw;

	spin_lock_bh(&ct->lock);
	st->s = ct->proto.sctp;
	flaw = nf_ct_sctp_all_chunks(st);
	if (flaw)
		goto out;

	if (ct->proto.sctp.state != st->s.state)
		nf_ct_event_note(IPCT_PROTOINFO, ct);
	if (st->established)
		nf_ct_set_assured(ct);
	ct->proto.sctp = st->s;
out:
	spin_unlock_bh(&ct->lock);
	return flaw;
}

/**
 * nf_conntrack_sctp_packet - follow an SCTP packet
 * @ct: entry of the packet, perhaps unconfirmed
 * @skb: the packet
 * @dataoff: offset of the SCTP header
 * @ctinfo: direction and state of @skb in @ct
 * @state: hook
 *
 * Context: softirq or process with bottom halves off, under RCU; takes ct->lock.
 * Return: NF_ACCEPT, or NF_CT_PACKET_INVALID with @ct unchanged.
 */
int nf_conntrack_sctp_packet(struct nf_conn *ct, struct sk_buff *skb,
			     unsigned int dataoff,
			     enum ip_conntrack_info ctinfo,
			     const struct nf_hook_state *state)
{
	const unsigned int *timeouts;
	struct nf_ct_sctp_view view;
	struct nf_ct_sctp_step st = {
		.view		= &view,
		.dir		= CTINFO2DIR(ctinfo),
		.confirmed	= nf_ct_is_confirmed(ct),
	};
	const char *flaw;

	flaw = nf_ct_sctp_flaw(skb, dataoff, state, &view);
	if (!flaw)
		flaw = nf_ct_sctp_advance(ct, &st);
	if (flaw) {
		nf_ct_l4proto_log_invalid(skb, ct, state, "%s", flaw);
		return NF_CT_PACKET_INVALID;
	}

	if (st.quiet)
		return NF_ACCEPT;

	timeouts = nf_ct_timeouts_of(ct, nf_sctp_pernet(nf_ct_net(ct))->timeouts);
	nf_ct_refresh_acct(ct, ctinfo, skb, timeouts[st.s.state]);
	return NF_ACCEPT;
}

static bool nf_ct_sctp_can_early_drop(const struct nf_conn *ct)
{
	switch (READ_ONCE(ct->proto.sctp.state)) {
	case SCTP_CONNTRACK_SHUTDOWN_SENT:
	case SCTP_CONNTRACK_SHUTDOWN_RECD:
	case SCTP_CONNTRACK_SHUTDOWN_ACK_SENT:
		return true;
	default:
		return false;
	}
}

#ifdef CONFIG_NF_CONNTRACK_PROCFS
/* In the order of enum sctp_conntrack */
static const char *const nf_ct_sctp_state_names[] = {
	"NONE", "CLOSED", "COOKIE_WAIT", "COOKIE_ECHOED", "ESTABLISHED",
	"SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT",
};

static_assert(ARRAY_SIZE(nf_ct_sctp_state_names) ==
	      SCTP_CONNTRACK_HEARTBEAT_SENT + 1);

static void nf_ct_sctp_print(struct seq_file *s, struct nf_conn *ct)
{
	nf_ct_print_state(s, nf_ct_sctp_state_names,
			  ARRAY_SIZE(nf_ct_sctp_state_names),
			  READ_ONCE(ct->proto.sctp.state));
}
#endif

#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
static const struct nla_policy
nf_ct_sctp_info_policy[CTA_PROTOINFO_SCTP_MAX + 1] = {
	[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL ... CTA_PROTOINFO_SCTP_VTAG_REPLY] = {
		.type = NLA_U32,
	},
	[CTA_PROTOINFO_SCTP_STATE] =
		NLA_POLICY_MAX(NLA_U8, SCTP_CONNTRACK_HEARTBEAT_SENT),
};

#define SCTP_INFO_NLA_SIZE						\
	(NLA_HDRLEN + NLA_ALIGN(NLA_HDRLEN + sizeof(u8)) +		\
	 2 * NLA_ALIGN(NLA_HDRLEN + sizeof(u32)))

static int nf_ct_sctp_info_dump(struct sk_buff *skb, struct nlattr *nla,
				struct nf_conn *ct, bool destroy)
{
	struct ip_ct_sctp s;
	struct nlattr *nest;
	bool full;

	spin_lock_bh(&ct->lock);
	s = ct->proto.sctp;
	spin_unlock_bh(&ct->lock);

	nest = nla_nest_start(skb, CTA_PROTOINFO_SCTP);
	if (!nest)
		return -EMSGSIZE;

	full = nla_put_u8(skb, CTA_PROTOINFO_SCTP_STATE, s.state);
	if (!full && !destroy)
		full = nla_put_be32(skb, CTA_PROTOINFO_SCTP_VTAG_ORIGINAL,
				    s.vtag[IP_CT_DIR_ORIGINAL]) ||
		       nla_put_be32(skb, CTA_PROTOINFO_SCTP_VTAG_REPLY,
				    s.vtag[IP_CT_DIR_REPLY]);
	return nf_ct_protoinfo_end(skb, nest, full);
}

/* Without @ct: only check */
static int nf_ct_sctp_info_parse(struct nlattr *cda[], struct nf_conn *ct)
{
	struct nlattr *tb[CTA_PROTOINFO_SCTP_MAX + 1];
	unsigned int i;
	int err;

	err = nf_ct_protoinfo_parse(tb, CTA_PROTOINFO_SCTP_MAX,
				    cda[CTA_PROTOINFO_SCTP],
				    nf_ct_sctp_info_policy);
	if (err <= 0)
		return err;

	/* All or none: with a state but no tags every packet would be invalid */
	for (i = CTA_PROTOINFO_SCTP_STATE; i <= CTA_PROTOINFO_SCTP_MAX; i++) {
		if (!tb[i])
			return -EINVAL;
	}
	if (!ct)
		return 0;

	spin_lock_bh(&ct->lock);
	ct->proto.sctp.vtag[IP_CT_DIR_ORIGINAL] =
		nla_get_be32(tb[CTA_PROTOINFO_SCTP_VTAG_ORIGINAL]);
	ct->proto.sctp.vtag[IP_CT_DIR_REPLY] =
		nla_get_be32(tb[CTA_PROTOINFO_SCTP_VTAG_REPLY]);
	ct->proto.sctp.state = nla_get_u8(tb[CTA_PROTOINFO_SCTP_STATE]);
	spin_unlock_bh(&ct->lock);
	return 0;
}
#endif /* CONFIG_NF_CT_NETLINK */

/* Attribute numbers are state numbers; new entries start like closed ones. */
static_assert((int)CTA_TIMEOUT_SCTP_CLOSED == (int)SCTP_CONNTRACK_CLOSED);
static_assert((int)CTA_TIMEOUT_SCTP_HEARTBEAT_SENT ==
	      (int)SCTP_CONNTRACK_HEARTBEAT_SENT);

NF_CT_DEFINE_TIMEOUTS(sctp, nf_sctp_pernet(net)->timeouts, SCTP_CONNTRACK_MAX,
		      CTA_TIMEOUT_SCTP_MAX);

/**
 * nf_conntrack_sctp_init_net - default timeouts of a new namespace
 * @net: the namespace
 *
 * Context: any; nothing else sees @net yet.
 */
void nf_conntrack_sctp_init_net(struct net *net)
{
	struct nf_sctp_net *sn = nf_sctp_pernet(net);

	memcpy(sn->timeouts, nf_ct_sctp_defaults, sizeof(sn->timeouts));
}

const struct nf_conntrack_l4proto nf_conntrack_l4proto_sctp = {
	.l4proto = IPPROTO_SCTP,
	.can_early_drop = nf_ct_sctp_can_early_drop,
#ifdef CONFIG_NF_CONNTRACK_PROCFS
	.print_conntrack = nf_ct_sctp_print,
#endif
#if IS_ENABLED(CONFIG_NF_CT_NETLINK)
	.nlattr_size = SCTP_INFO_NLA_SIZE,
	.to_nlattr = nf_ct_sctp_info_dump,
	.from_nlattr = nf_ct_sctp_info_parse,
#endif
	NF_CT_PORT_ATTRS
	NF_CT_TIMEOUT_ATTRS(sctp)
};
