// SPDX-License-Identifier: GPL-2.0
/*
 * Writes an entry as netlink attributes.  A table says of each attribute when it
 * is shown, how long it can be and how it is written; for each of the four kinds
 * of messages a list gives their order.  Callers hold a reference on the entry.
 * ct->lock is taken only for sequence adjustments, RCU guards helpers.
 */
#include <linux/rculist.h>
#include <linux/security.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/nf_conntrack_synproxy.h>
#include <net/netfilter/nf_conntrack_timestamp.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"
#include "nf_ct_entry.h"

/**
 * struct ctnetlink_attr - one attribute of an entry
 * @shown: is it part of this message?  NULL: always
 * @size:  upper bound of its length, header and padding included
 * @put:   writes it as attribute @type; returns 0 or -EMSGSIZE
 */
struct ctnetlink_attr {
	bool	(*shown)(const struct ctnetlink_msg *m);
	size_t	(*size)(const struct ctnetlink_msg *m);
	int	(*put)(struct sk_buff *skb, int type, struct ctnetlink_msg *m);
};

/* An attribute of four bytes */
struct ctnetlink_be32 {
	struct nlattr	header;
	__be32		value;
};

/* The direction that @type is about; the original one for an attribute of both */
static enum ip_conntrack_dir ctnetlink_dir_of(int type)
{
	switch (type) {
	case CTA_TUPLE_REPLY:
	case CTA_COUNTERS_REPLY:
	case CTA_SEQ_ADJ_REPLY:
		return IP_CT_DIR_REPLY;
	default:
		return IP_CT_DIR_ORIGINAL;
	}
}

static int ctnetlink_be32_put(struct sk_buff *skb, int type, __be32 value)
{
	struct ctnetlink_be32 *attr = ctnetlink_room(skb, sizeof(*attr));

	if (!attr)
		return -EMSGSIZE;
	attr->header.nla_type = type;
	attr->header.nla_len = sizeof(*attr);
	attr->value = value;
	return 0;
}

static int ctnetlink_u32_put(struct sk_buff *skb, int type, u32 value)
{
	return ctnetlink_be32_put(skb, type, htonl(value));
}

/* Common sizes */
static size_t ctnetlink_u32_size(const struct ctnetlink_msg *m)
{
	return nla_total_size(sizeof(__be32));
}

static size_t ctnetlink_u16_size(const struct ctnetlink_msg *m)
{
	return nla_total_size(sizeof(__be16));
}

static size_t ctnetlink_three_u32_size(const struct ctnetlink_msg *m)
{
	return nla_total_size(0) + 3 * nla_total_size(sizeof(__be32));
}

static size_t ctnetlink_two_u64_size(const struct ctnetlink_msg *m)
{
	return nla_total_size(0) + 2 * nla_total_size_64bit(sizeof(u64));
}

static bool ctnetlink_msg_has_status(const struct ctnetlink_msg *m,
				     unsigned long bits)
{
	return READ_ONCE(m->ct->status) & bits;
}

static bool ctnetlink_msg_has_event(const struct ctnetlink_msg *m,
				    unsigned int event)
{
	return m->events & BIT(event);
}

/* --- tuples and zone ---------------------------------------------------- */

/* Has the entry a zone that counts for exactly the directions @dir? */
static bool ctnetlink_zone_is_for(const struct nf_conn *ct, u8 dir)
{
	const struct nf_conntrack_zone *zone = nf_ct_zone(ct);

	return zone->id != NF_CT_DEFAULT_ZONE_ID && zone->dir == dir;
}

static int ctnetlink_zone_id_put(struct sk_buff *skb, int type,
				 const struct nf_conn *ct)
{
	return nla_put_be16(skb, type, htons(nf_ct_zone(ct)->id));
}

static size_t ctnetlink_direction_size(const struct ctnetlink_msg *m,
				       enum ip_conntrack_dir dir)
{
	size_t size = ctnetlink_tuple_size(nf_ct_tuple(m->ct, dir));

	if (ctnetlink_zone_is_for(m->ct, BIT(dir)))
		size += ctnetlink_u16_size(m);
	return size;
}

static size_t ctnetlink_orig_size(const struct ctnetlink_msg *m)
{
	return ctnetlink_direction_size(m, IP_CT_DIR_ORIGINAL);
}

static size_t ctnetlink_reply_size(const struct ctnetlink_msg *m)
{
	return ctnetlink_direction_size(m, IP_CT_DIR_REPLY);
}

/* The tuple of one direction, with the zone if it counts for this one only */
static int ctnetlink_direction_put(struct sk_buff *skb, int type,
				   struct ctnetlink_msg *m)
{
	enum ip_conntrack_dir dir = ctnetlink_dir_of(type);
	const struct nf_conntrack_tuple *tuple = nf_ct_tuple(m->ct, dir);
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || ctnetlink_tuple_members_put(skb, tuple))
		return -EMSGSIZE;
	if (ctnetlink_zone_is_for(m->ct, BIT(dir)) &&
	    ctnetlink_zone_id_put(skb, CTA_TUPLE_ZONE, m->ct))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

static bool ctnetlink_master_shown(const struct ctnetlink_msg *m)
{
	if (m->kind == CTNETLINK_EVENT &&
	    !ctnetlink_msg_has_event(m, IPCT_RELATED))
		return false;
	return ctnetlink_msg_has_status(m, IPS_EXPECTED) && m->ct->master;
}

static size_t ctnetlink_master_size(const struct ctnetlink_msg *m)
{
	return ctnetlink_tuple_size(nf_ct_tuple(m->ct->master, IP_CT_DIR_ORIGINAL));
}

static int ctnetlink_master_put(struct sk_buff *skb, int type,
				struct ctnetlink_msg *m)
{
	return ctnetlink_tuple_put(skb, type,
				   nf_ct_tuple(m->ct->master,
					       IP_CT_DIR_ORIGINAL));
}

static bool ctnetlink_zone_shown(const struct ctnetlink_msg *m)
{
	return ctnetlink_zone_is_for(m->ct, NF_CT_DEFAULT_ZONE_DIR);
}

static int ctnetlink_zone_put(struct sk_buff *skb, int type,
			      struct ctnetlink_msg *m)
{
	return ctnetlink_zone_id_put(skb, type, m->ct);
}

/* --- numbers ------------------------------------------------------------ */

static int ctnetlink_status_put(struct sk_buff *skb, int type,
				struct ctnetlink_msg *m)
{
	unsigned long status = READ_ONCE(m->ct->status);

	if (status & BIT(NF_CT_STATUS_WAS_NAT))
		status |= IPS_SRC_NAT_DONE;
	/* the listener gets it late: the connection has not ended yet for it */
	if (m->kind == CTNETLINK_EVENT)
		status &= ~(unsigned long)IPS_DYING;
	return ctnetlink_u32_put(skb, type, status);
}

/* In whole seconds.  The timeout of an unconfirmed entry is a span, not a time. */
static u32 ctnetlink_seconds_left(const struct nf_conn *ct)
{
	if (!nf_ct_is_confirmed(ct))
		return READ_ONCE(ct->timeout) / HZ;
	return nf_ct_expires(ct) / HZ;
}

static bool ctnetlink_timeout_shown(const struct ctnetlink_msg *m)
{
	switch (m->kind) {
	case CTNETLINK_DUMP:
		/* a flow table decides when such an entry ends */
		return !ctnetlink_msg_has_status(m, IPS_OFFLOAD);
	case CTNETLINK_DESTROY:
		return ctnetlink_seconds_left(m->ct);
	default:
		return true;
	}
}

static int ctnetlink_timeout_put(struct sk_buff *skb, int type,
				 struct ctnetlink_msg *m)
{
	return ctnetlink_u32_put(skb, type, ctnetlink_seconds_left(m->ct));
}

static u32 ctnetlink_mark_of(const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	return READ_ONCE(ct->mark);
#else
	return 0;
#endif
}

static bool ctnetlink_mark_shown(const struct ctnetlink_msg *m)
{
	if (!IS_ENABLED(CONFIG_NF_CONNTRACK_MARK))
		return false;
	if (m->kind == CTNETLINK_DUMP || m->kind == CTNETLINK_QUEUE)
		return true;
	return ctnetlink_mark_of(m->ct) ||
	       ctnetlink_msg_has_event(m, IPCT_MARK);
}

static int ctnetlink_mark_put(struct sk_buff *skb, int type,
			      struct ctnetlink_msg *m)
{
	return ctnetlink_u32_put(skb, type, ctnetlink_mark_of(m->ct));
}

static int ctnetlink_use_put(struct sk_buff *skb, int type,
			     struct ctnetlink_msg *m)
{
	unsigned int use = refcount_read(&m->ct->ct_general.use);

	return ctnetlink_u32_put(skb, type, use - m->borrowed);
}

/* Opaque: userspace sends it back unchanged, without a byte order */
static int ctnetlink_id_put(struct sk_buff *skb, int type,
			    struct ctnetlink_msg *m)
{
	return ctnetlink_be32_put(skb, type,
				  (__force __be32)nf_ct_get_id(m->ct));
}

/* --- what the tracker knows --------------------------------------------- */

static bool ctnetlink_protoinfo_shown(const struct ctnetlink_msg *m)
{
	if (!nf_ct_l4proto_find(nf_ct_protonum(m->ct))->to_nlattr)
		return false;
	if (m->kind == CTNETLINK_DUMP)
		return !ctnetlink_msg_has_status(m, IPS_OFFLOAD);
	return m->kind != CTNETLINK_EVENT ||
	       ctnetlink_msg_has_event(m, IPCT_PROTOINFO);
}

static size_t ctnetlink_protoinfo_size(const struct ctnetlink_msg *m)
{
	/* two nests and the state, all that a destroy event has of it */
	if (m->kind == CTNETLINK_DESTROY)
		return 2 * nla_total_size(0) + nla_total_size(sizeof(u8));
	return nla_total_size(0) +
	       nf_ct_l4proto_find(nf_ct_protonum(m->ct))->nlattr_size;
}

static int ctnetlink_protoinfo_put(struct sk_buff *skb, int type,
				   struct ctnetlink_msg *m)
{
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *nest;

	nest = nla_nest_start(skb, type);
	if (!nest)
		return -EMSGSIZE;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(m->ct));
	if (l4proto->to_nlattr(skb, nest, m->ct, m->kind == CTNETLINK_DESTROY))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

/*
 * Unregistering a helper takes it out of the entries in the table.  An entry that
 * waits for its destroy event has left the table and may still point to it: then only a
 * registered helper is safe to look at, unless entries have references on theirs.
 */
static struct nf_conntrack_helper *ctnetlink_helper_of(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);
	struct nf_conntrack_helper *helper;

	helper = help ? rcu_dereference(help->helper) : NULL;
	if (helper && nf_ct_is_dying(ct) && !nf_ct_helper_stays(helper))
		return NULL;
	return helper;
}

static bool ctnetlink_help_shown(const struct ctnetlink_msg *m)
{
	return ctnetlink_helper_of(m->ct);
}

static size_t ctnetlink_help_size(const struct ctnetlink_msg *m)
{
	const struct nf_conntrack_helper *helper = ctnetlink_helper_of(m->ct);
	size_t size = nla_total_size(0) + nla_total_size(NF_CT_HELPER_NAME_LEN);

	if (helper && helper->to_nlattr && nf_ct_helper_inspects(helper))
		size += nla_total_size(sizeof_field(struct nf_conn_help, data));
	return size;
}

static int ctnetlink_help_put(struct sk_buff *skb, int type,
			      struct ctnetlink_msg *m)
{
	struct nf_conntrack_helper *helper = ctnetlink_helper_of(m->ct);
	struct nlattr *nest;

	/* unregistered since ctnetlink_help_shown() */
	if (!helper)
		return 0;

	nest = nla_nest_start(skb, type);
	if (!nest || nla_put_string(skb, CTA_HELP_NAME, helper->name))
		return -EMSGSIZE;
	if (helper->to_nlattr && nf_ct_helper_inspects(helper))
		helper->to_nlattr(skb, m->ct);

	nla_nest_end(skb, nest);
	return 0;
}

/* --- extensions --------------------------------------------------------- */

static bool ctnetlink_counters_shown(const struct ctnetlink_msg *m)
{
	return nf_conn_acct_find(m->ct);
}

static void ctnetlink_counter_read(struct nf_conn_counter *counter, bool take,
				   struct ctnetlink_count *out)
{
	if (take) {
		out->packets = atomic64_xchg(&counter->packets, 0);
		out->bytes = atomic64_xchg(&counter->bytes, 0);
	} else {
		out->packets = atomic64_read(&counter->packets);
		out->bytes = atomic64_read(&counter->bytes);
	}
}

static int ctnetlink_counters_put(struct sk_buff *skb, int type,
				  struct ctnetlink_msg *m)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(m->ct);
	enum ip_conntrack_dir dir = ctnetlink_dir_of(type);
	struct ctnetlink_count now;
	struct nlattr *nest;

	if (!acct)
		return 0;

	ctnetlink_counter_read(&acct->counter[dir], m->zero, &now);
	if (m->zero)
		m->taken[dir] = now;

	nest = nla_nest_start(skb, type);
	if (!nest ||
	    nla_put_be64(skb, CTA_COUNTERS_PACKETS, cpu_to_be64(now.packets),
			 CTA_COUNTERS_PAD) ||
	    nla_put_be64(skb, CTA_COUNTERS_BYTES, cpu_to_be64(now.bytes),
			 CTA_COUNTERS_PAD))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

/**
 * ctnetlink_counters_return - give the entry back what a message has taken
 * @m: a message that cannot be written, or that its reader has no room for
 *
 * DIFF: zero-gives-back: stock loses these counts.
 *
 * Context: Any up to softirq. The caller has a reference on the entry.
 */
void ctnetlink_counters_return(struct ctnetlink_msg *m)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(m->ct);
	unsigned int dir;

	if (!m->zero || !acct)
		return;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		atomic64_add(m->taken[dir].packets, &acct->counter[dir].packets);
		atomic64_add(m->taken[dir].bytes, &acct->counter[dir].bytes);
	}
	memset(m->taken, 0, sizeof(m->taken));
}

static bool ctnetlink_event_time_shown(const struct ctnetlink_msg *m)
{
	return nf_ct_event_time(nf_ct_ecache_find(m->ct));
}

static size_t ctnetlink_event_time_size(const struct ctnetlink_msg *m)
{
	return nla_total_size_64bit(sizeof(u64));
}

static int ctnetlink_event_time_put(struct sk_buff *skb, int type,
				    struct ctnetlink_msg *m)
{
	u64 time = nf_ct_event_time(nf_ct_ecache_find(m->ct));

	return nla_put_be64(skb, type, cpu_to_be64(time), CTA_TIMESTAMP_PAD);
}

static bool ctnetlink_timestamp_shown(const struct ctnetlink_msg *m)
{
	return nf_conn_tstamp_find(m->ct);
}

static int ctnetlink_timestamp_put(struct sk_buff *skb, int type,
				   struct ctnetlink_msg *m)
{
	const struct nf_conn_tstamp *tstamp = nf_conn_tstamp_find(m->ct);
	struct nlattr *nest;

	/* an unconfirmed entry loses its extensions when a helper is unloaded */
	if (!tstamp)
		return 0;
	nest = nla_nest_start(skb, type);
	if (!nest ||
	    nla_put_be64(skb, CTA_TIMESTAMP_START, cpu_to_be64(tstamp->start),
			 CTA_TIMESTAMP_PAD))
		return -EMSGSIZE;
	if (tstamp->stop &&
	    nla_put_be64(skb, CTA_TIMESTAMP_STOP, cpu_to_be64(tstamp->stop),
			 CTA_TIMESTAMP_PAD))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

static bool ctnetlink_labels_shown(const struct ctnetlink_msg *m)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(m->ct);

	if (m->bound)
		return labels;
	if (!labels || !memchr_inv(labels->bits, 0, sizeof(labels->bits)))
		return false;
	return m->kind != CTNETLINK_EVENT ||
	       ctnetlink_msg_has_event(m, IPCT_LABEL);
}

static size_t ctnetlink_labels_size(const struct ctnetlink_msg *m)
{
	return nla_total_size(NF_CT_LABELS_MAX_SIZE);
}

static int ctnetlink_labels_put(struct sk_buff *skb, int type,
				struct ctnetlink_msg *m)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(m->ct);

	/* as in ctnetlink_timestamp_put() */
	if (!labels)
		return 0;
	return nla_put(skb, type, sizeof(labels->bits), labels->bits);
}

static bool ctnetlink_seqadj_shown(const struct ctnetlink_msg *m)
{
	if (m->bound)
		return nfct_seqadj(m->ct);
	if (m->kind == CTNETLINK_EVENT &&
	    !ctnetlink_msg_has_event(m, IPCT_SEQADJ))
		return false;
	return ctnetlink_msg_has_status(m, IPS_SEQ_ADJUST) &&
	       nfct_seqadj(m->ct);
}

static int ctnetlink_seqadj_put(struct sk_buff *skb, int type,
				struct ctnetlink_msg *m)
{
	struct nf_conn_seqadj *ext = nfct_seqadj(m->ct);
	struct nf_ct_seqadj seq;
	struct nlattr *nest;

	if (!ext)
		return 0;
	spin_lock_bh(&m->ct->lock);
	seq = ext->seq[ctnetlink_dir_of(type)];
	spin_unlock_bh(&m->ct->lock);

	nest = nla_nest_start(skb, type);
	if (!nest ||
	    ctnetlink_u32_put(skb, CTA_SEQADJ_CORRECTION_POS, seq.correction_pos) ||
	    ctnetlink_u32_put(skb, CTA_SEQADJ_OFFSET_BEFORE, seq.offset_before) ||
	    ctnetlink_u32_put(skb, CTA_SEQADJ_OFFSET_AFTER, seq.offset_after))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

static bool ctnetlink_synproxy_shown(const struct ctnetlink_msg *m)
{
	if (m->kind == CTNETLINK_EVENT &&
	    !ctnetlink_msg_has_event(m, IPCT_SYNPROXY))
		return false;
	return nfct_synproxy(m->ct);
}

static int ctnetlink_synproxy_put(struct sk_buff *skb, int type,
				  struct ctnetlink_msg *m)
{
	const struct nf_conn_synproxy *synproxy = nfct_synproxy(m->ct);
	struct nlattr *nest;

	if (!synproxy)
		return 0;
	nest = nla_nest_start(skb, type);
	if (!nest ||
	    ctnetlink_u32_put(skb, CTA_SYNPROXY_ISN, synproxy->isn) ||
	    ctnetlink_u32_put(skb, CTA_SYNPROXY_ITS, synproxy->its) ||
	    ctnetlink_u32_put(skb, CTA_SYNPROXY_TSOFF, synproxy->tsoff))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

static u32 ctnetlink_secmark_of(const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_SECMARK
	return READ_ONCE(ct->secmark);
#else
	return 0;
#endif
}

static bool ctnetlink_secctx_shown(const struct ctnetlink_msg *m)
{
	if (!IS_ENABLED(CONFIG_NF_CONNTRACK_SECMARK))
		return false;
	if (m->kind == CTNETLINK_DUMP)
		return true;
	return ctnetlink_secmark_of(m->ct) ||
	       (m->kind == CTNETLINK_EVENT &&
		ctnetlink_msg_has_event(m, IPCT_SECMARK));
}

static size_t ctnetlink_secctx_size(const struct ctnetlink_msg *m)
{
	/* without a security module there is no name and no attribute */
	int len = nf_ct_secctx_len(ctnetlink_secmark_of(m->ct));

	if (len < 0)
		return 0;
	return nla_total_size(0) + nla_total_size(len + 1);
}

static int ctnetlink_secctx_put(struct sk_buff *skb, int type,
				struct ctnetlink_msg *m)
{
	struct lsm_context name;
	struct nlattr *nest;
	int err = -EMSGSIZE;

	if (nf_ct_secctx(ctnetlink_secmark_of(m->ct), &name))
		return 0;

	nest = nla_nest_start(skb, type);
	if (nest && !nla_put_string(skb, CTA_SECCTX_NAME, name.context)) {
		nla_nest_end(skb, nest);
		err = 0;
	}
	nf_ct_secctx_release(&name);
	return err;
}

/* --- which attributes, in which order ----------------------------------- */

#define ALWAYS(_size, _put)						\
	{ .size = ctnetlink_##_size, .put = ctnetlink_##_put }
#define SHOWN_IF(_shown, _size, _put)					\
	{ .shown = ctnetlink_##_shown,					\
	  .size = ctnetlink_##_size, .put = ctnetlink_##_put }

static const struct ctnetlink_attr ctnetlink_attrs[CTA_MAX + 1] = {
	[CTA_TUPLE_ORIG]	= ALWAYS(orig_size, direction_put),
	[CTA_TUPLE_REPLY]	= ALWAYS(reply_size, direction_put),
	[CTA_TUPLE_MASTER]	= SHOWN_IF(master_shown, master_size, master_put),
	[CTA_ZONE]		= SHOWN_IF(zone_shown, u16_size, zone_put),
	[CTA_ID]		= ALWAYS(u32_size, id_put),
	[CTA_STATUS]		= ALWAYS(u32_size, status_put),
	[CTA_TIMEOUT]		= SHOWN_IF(timeout_shown, u32_size, timeout_put),
	[CTA_USE]		= ALWAYS(u32_size, use_put),
	[CTA_MARK]		= SHOWN_IF(mark_shown, u32_size, mark_put),
	[CTA_SECCTX]		= SHOWN_IF(secctx_shown, secctx_size, secctx_put),
	[CTA_PROTOINFO]		= SHOWN_IF(protoinfo_shown, protoinfo_size, protoinfo_put),
	[CTA_HELP]		= SHOWN_IF(help_shown, help_size, help_put),
	[CTA_COUNTERS_ORIG]	= SHOWN_IF(counters_shown, two_u64_size, counters_put),
	[CTA_COUNTERS_REPLY]	= SHOWN_IF(counters_shown, two_u64_size, counters_put),
	[CTA_TIMESTAMP]		= SHOWN_IF(timestamp_shown, two_u64_size, timestamp_put),
	[CTA_LABELS]		= SHOWN_IF(labels_shown, labels_size, labels_put),
	[CTA_SEQ_ADJ_ORIG]	= SHOWN_IF(seqadj_shown, three_u32_size, seqadj_put),
	[CTA_SEQ_ADJ_REPLY]	= SHOWN_IF(seqadj_shown, three_u32_size, seqadj_put),
	[CTA_SYNPROXY]		= SHOWN_IF(synproxy_shown, three_u32_size, synproxy_put),
	[CTA_TIMESTAMP_EVENT]	= SHOWN_IF(event_time_shown, event_time_size,
					   event_time_put),
};

/* The order on the wire; 0, which is CTA_UNSPEC, ends each list */
static const u8 ctnetlink_dump_order[] = {
	CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE, CTA_STATUS,
	CTA_MARK, CTA_SECCTX, CTA_ID, CTA_USE, CTA_TUPLE_MASTER,
	CTA_TIMEOUT, CTA_PROTOINFO,
	CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY, CTA_TIMESTAMP,
	CTA_HELP, CTA_LABELS, CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY,
	CTA_SYNPROXY, 0
};

static const u8 ctnetlink_event_order[] = {
	CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE, CTA_ID, CTA_STATUS,
	CTA_TIMEOUT, CTA_PROTOINFO, CTA_HELP, CTA_SECCTX,
	CTA_LABELS, CTA_TUPLE_MASTER, CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY,
	CTA_SYNPROXY, CTA_MARK, CTA_TIMESTAMP_EVENT, 0
};

static const u8 ctnetlink_destroy_order[] = {
	CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE, CTA_ID, CTA_STATUS,
	CTA_TIMEOUT, CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY,
	CTA_TIMESTAMP, CTA_PROTOINFO, CTA_MARK, CTA_TIMESTAMP_EVENT, 0
};

static const u8 ctnetlink_queue_order[] = {
	CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE, CTA_ID, CTA_STATUS,
	CTA_TIMEOUT, CTA_PROTOINFO, CTA_COUNTERS_ORIG,
	CTA_COUNTERS_REPLY, CTA_TIMESTAMP, CTA_HELP, CTA_SECCTX,
	CTA_TUPLE_MASTER, CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY,
	CTA_SYNPROXY, CTA_MARK,
	CTA_LABELS, 0
};

static const u8 *const ctnetlink_orders[CTNETLINK_KINDS] = {
	[CTNETLINK_DUMP]	= ctnetlink_dump_order,
	[CTNETLINK_EVENT]	= ctnetlink_event_order,
	[CTNETLINK_DESTROY]	= ctnetlink_destroy_order,
	[CTNETLINK_QUEUE]	= ctnetlink_queue_order,
};

/**
 * ctnetlink_attrs_size - room that the attributes of a message need
 * @m: the message
 *
 * Context: Any up to softirq. Packets may change the entry before it is written,
 * so the message can become longer than this; that is rare.
 * Return: Close upper bound in bytes.
 */
size_t ctnetlink_attrs_size(const struct ctnetlink_msg *m)
{
	const struct ctnetlink_attr *attr;
	size_t size = 0;
	const u8 *type;

	rcu_read_lock();
	for (type = ctnetlink_orders[m->kind]; *type; type++) {
		attr = &ctnetlink_attrs[*type];
		if (!attr->shown || attr->shown(m))
			size += attr->size(m);
	}
	rcu_read_unlock();
	return size;
}

/**
 * ctnetlink_attrs_put - append the attributes of a message
 * @skb: where they go
 * @m: the message
 *
 * Context: Any up to softirq. On failure the caller trims @skb; counters that
 * were taken are back in the entry.
 * Return: 0 or -EMSGSIZE.
 */
int ctnetlink_attrs_put(struct sk_buff *skb, struct ctnetlink_msg *m)
{
	const struct ctnetlink_attr *attr;
	const u8 *type;
	int err = 0;

	/* a dump uses one @m for all its entries */
	memset(m->taken, 0, sizeof(m->taken));
	rcu_read_lock();
	for (type = ctnetlink_orders[m->kind]; *type && !err; type++) {
		attr = &ctnetlink_attrs[*type];
		if (!attr->shown || attr->shown(m))
			err = attr->put(skb, *type, m);
	}
	if (err)
		ctnetlink_counters_return(m);
	rcu_read_unlock();
	return err ? -EMSGSIZE : 0;
}

/**
 * ctnetlink_msg_size - room that a whole message needs
 * @m: the message
 *
 * Context: As ctnetlink_attrs_size().
 * Return: Close upper bound in bytes, header included.
 */
size_t ctnetlink_msg_size(const struct ctnetlink_msg *m)
{
	return nlmsg_total_size(sizeof(struct nfgenmsg)) +
	       ctnetlink_attrs_size(m);
}

static int ctnetlink_msg_fill(struct sk_buff *skb, u16 flags, struct ctnetlink_msg *m)
{
	struct nlmsghdr *nlh;

	nlh = nfnl_msg_put(skb, m->portid, m->seq,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK, m->type),
			   flags, nf_ct_l3num(m->ct), NFNETLINK_V0, 0);
	if (!nlh)
		return -EMSGSIZE;

	if (ctnetlink_attrs_put(skb, m)) {
		nlmsg_cancel(skb, nlh);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}

/* Tracing programs attach to this name, and take the fifth argument for the entry that
 * is told: as in the stock module, answers only.
 */
static noinline __noclone int
ctnetlink_fill_info(struct sk_buff *skb, u32 portid, u32 seq, u32 type,
		    struct nf_conn *ct, bool extinfo, unsigned int flags,
		    struct ctnetlink_msg *m)
{
	return ctnetlink_msg_fill(skb, flags, m);
}

/**
 * ctnetlink_msg_put - append a whole message
 * @skb: where it goes; unchanged on failure
 * @m: the message
 *
 * Context: Any up to softirq.
 * Return: 0 or -EMSGSIZE.
 */
int ctnetlink_msg_put(struct sk_buff *skb, struct ctnetlink_msg *m)
{
	if (m->kind != CTNETLINK_DUMP)
		return ctnetlink_msg_fill(skb, m->flags, m);

	/* answers about a single entry have NLM_F_MULTI, too */
	return ctnetlink_fill_info(skb, m->portid, m->seq, m->type, m->ct, true,
				   m->flags | (m->portid ? NLM_F_MULTI : 0), m);
}
