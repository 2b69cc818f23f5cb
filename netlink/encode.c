// SPDX-License-Identifier: GPL-2.0
/*
 * An entry as netlink attributes: a table of attributes (is it there, how large
 * can it be, write it) and one list of their numbers for each of the four shapes
 * an entry is shown in.  Readers hold a reference on the entry; ct->lock
 * is only taken for sequence adjustments, RCU covers helpers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

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
 * @shown: is it part of this message; NULL: always
 * @size:  upper bound of its length, header and padding included
 * @put:   write it as @type; 0 or -EMSGSIZE
 */
struct ctnetlink_attr {
	bool	(*shown)(const struct ctnetlink_msg *m);
	size_t	(*size)(const struct ctnetlink_msg *m);
	int	(*put)(struct sk_buff *skb, int type, struct ctnetlink_msg *m);
};

/* The direction that @type is about; 0, the original one, if it is about neither */
static enum ip_conntrack_dir dir_of(int type)
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

static int put_u32(struct sk_buff *skb, int type, u32 value)
{
	return nla_put_be32(skb, type, htonl(value));
}

/* Common sizes */
static size_t size_u32(const struct ctnetlink_msg *m)
{
	return nla_total_size(sizeof(__be32));
}

static size_t size_u16(const struct ctnetlink_msg *m)
{
	return nla_total_size(sizeof(__be16));
}

static size_t size_words3(const struct ctnetlink_msg *m)
{
	return nla_total_size(0) + 3 * nla_total_size(sizeof(__be32));
}

static size_t size_two_u64(const struct ctnetlink_msg *m)
{
	return nla_total_size(0) + 2 * nla_total_size_64bit(sizeof(u64));
}

static bool status_has(const struct ctnetlink_msg *m, unsigned long bits)
{
	return READ_ONCE(m->ct->status) & bits;
}

static bool event_has(const struct ctnetlink_msg *m, unsigned int event)
{
	return m->events & BIT(event);
}

/* --- tuples and zone ---------------------------------------------------- */

/**
 * ctnetlink_tuple_size - room that a tuple needs
 * @tuple: the tuple
 *
 * Context: Any.
 * Return: Upper bound in bytes, without a zone.
 */
size_t ctnetlink_tuple_size(const struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_l4proto *l4proto;
	size_t addr, size;

	addr = tuple->src.l3num == NFPROTO_IPV4 ? sizeof(struct in_addr) :
						  sizeof(struct in6_addr);
	/* three nests: the tuple, its addresses, its transport part */
	size = 3 * nla_total_size(0) + 2 * nla_total_size(addr) +
	       nla_total_size(sizeof(u8));

	l4proto = nf_ct_l4proto_find(tuple->dst.protonum);
	if (l4proto->nlattr_tuple_size)
		size += l4proto->nlattr_tuple_size();
	return size;
}

static int put_addresses(struct sk_buff *skb,
			 const struct nf_conntrack_tuple *tuple)
{
	const union nf_inet_addr *src = &tuple->src.u3, *dst = &tuple->dst.u3;
	struct nlattr *nest = nla_nest_start(skb, CTA_TUPLE_IP);
	int err = 0;

	if (!nest)
		return -EMSGSIZE;

	if (tuple->src.l3num == NFPROTO_IPV4)
		err = nla_put_in_addr(skb, CTA_IP_V4_SRC, src->ip) ?:
		      nla_put_in_addr(skb, CTA_IP_V4_DST, dst->ip);
	else if (tuple->src.l3num == NFPROTO_IPV6)
		err = nla_put_in6_addr(skb, CTA_IP_V6_SRC, &src->in6) ?:
		      nla_put_in6_addr(skb, CTA_IP_V6_DST, &dst->in6);
	if (err)
		return err;

	nla_nest_end(skb, nest);
	return 0;
}

static int put_transport(struct sk_buff *skb,
			 const struct nf_conntrack_tuple *tuple)
{
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *nest;

	nest = nla_nest_start(skb, CTA_TUPLE_PROTO);
	if (!nest || nla_put_u8(skb, CTA_PROTO_NUM, tuple->dst.protonum))
		return -EMSGSIZE;

	l4proto = nf_ct_l4proto_find(tuple->dst.protonum);
	if (l4proto->tuple_to_nlattr && l4proto->tuple_to_nlattr(skb, tuple))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

/**
 * ctnetlink_tuple_put - append a tuple
 * @skb: where to
 * @type: attribute
 * @tuple: the tuple, or a mask: its protocol number tells which ports there are
 *
 * Context: Any.
 * Return: 0 or -EMSGSIZE; then the caller trims @skb.
 */
int ctnetlink_tuple_put(struct sk_buff *skb, int type,
			const struct nf_conntrack_tuple *tuple)
{
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || put_addresses(skb, tuple) || put_transport(skb, tuple))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

/* A zone that counts for the directions @dir, no more and no less */
static bool zone_is_for(const struct nf_conn *ct, u8 dir)
{
	const struct nf_conntrack_zone *zone = nf_ct_zone(ct);

	return zone->id != NF_CT_DEFAULT_ZONE_ID && zone->dir == dir;
}

static int put_zone_id(struct sk_buff *skb, int type, const struct nf_conn *ct)
{
	return nla_put_be16(skb, type, htons(nf_ct_zone(ct)->id));
}

static size_t size_direction(const struct ctnetlink_msg *m,
			     enum ip_conntrack_dir dir)
{
	size_t size = ctnetlink_tuple_size(nf_ct_tuple(m->ct, dir));

	return zone_is_for(m->ct, BIT(dir)) ? size + size_u16(m) : size;
}

static size_t size_orig(const struct ctnetlink_msg *m)
{
	return size_direction(m, IP_CT_DIR_ORIGINAL);
}

static size_t size_reply(const struct ctnetlink_msg *m)
{
	return size_direction(m, IP_CT_DIR_REPLY);
}

/* A tuple of an entry, perhaps with the zone that counts for it alone */
static int put_direction(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	enum ip_conntrack_dir dir = dir_of(type);
	const struct nf_conntrack_tuple *tuple = nf_ct_tuple(m->ct, dir);
	struct nlattr *nest = nla_nest_start(skb, type);

	if (!nest || put_addresses(skb, tuple) || put_transport(skb, tuple))
		return -EMSGSIZE;
	if (zone_is_for(m->ct, BIT(dir)) &&
	    put_zone_id(skb, CTA_TUPLE_ZONE, m->ct))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

static bool master_shown(const struct ctnetlink_msg *m)
{
	if (m->kind == CTNETLINK_EVENT && !event_has(m, IPCT_RELATED))
		return false;
	return status_has(m, IPS_EXPECTED) && m->ct->master;
}

static size_t size_master(const struct ctnetlink_msg *m)
{
	return ctnetlink_tuple_size(nf_ct_tuple(m->ct->master, IP_CT_DIR_ORIGINAL));
}

static int put_master(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	return ctnetlink_tuple_put(skb, type,
				   nf_ct_tuple(m->ct->master,
					       IP_CT_DIR_ORIGINAL));
}

static bool zone_shown(const struct ctnetlink_msg *m)
{
	return zone_is_for(m->ct, NF_CT_DEFAULT_ZONE_DIR);
}

static int put_zone(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	return put_zone_id(skb, type, m->ct);
}

/* --- numbers ------------------------------------------------------------ */

static int put_status(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	unsigned long status = READ_ONCE(m->ct->status);

	if (status & BIT(NF_CT_STATUS_WAS_NAT))
		status |= IPS_SRC_NAT_DONE;
	return put_u32(skb, type, status);
}

/* Whole seconds; an unconfirmed entry keeps its timeout relative to no clock */
static u32 seconds_left(const struct nf_conn *ct)
{
	if (!nf_ct_is_confirmed(ct))
		return READ_ONCE(ct->timeout) / HZ;
	return nf_ct_expires(ct) / HZ;
}

static bool timeout_shown(const struct ctnetlink_msg *m)
{
	switch (m->kind) {
	case CTNETLINK_DUMP:
		/* a flow table keeps the time of what it forwards */
		return !status_has(m, IPS_OFFLOAD);
	case CTNETLINK_DESTROY:
		return seconds_left(m->ct);
	default:
		return true;
	}
}

static int put_timeout(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	return put_u32(skb, type, seconds_left(m->ct));
}

static u32 mark_of(const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	return READ_ONCE(ct->mark);
#else
	return 0;
#endif
}

static bool mark_shown(const struct ctnetlink_msg *m)
{
	if (!IS_ENABLED(CONFIG_NF_CONNTRACK_MARK))
		return false;
	if (m->kind == CTNETLINK_DUMP || m->kind == CTNETLINK_QUEUE)
		return true;
	return mark_of(m->ct) || event_has(m, IPCT_MARK);
}

static int put_mark(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	return put_u32(skb, type, mark_of(m->ct));
}

static int put_use(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	unsigned int use = refcount_read(&m->ct->ct_general.use);

	return put_u32(skb, type, use - m->borrowed);
}

/* An opaque cookie: userspace hands it back as it got it */
static int put_id(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	return nla_put_be32(skb, type, (__force __be32)nf_ct_get_id(m->ct));
}

/* --- what the tracker knows --------------------------------------------- */

static bool protoinfo_shown(const struct ctnetlink_msg *m)
{
	if (!nf_ct_l4proto_find(nf_ct_protonum(m->ct))->to_nlattr)
		return false;
	if (m->kind == CTNETLINK_DUMP)
		return !status_has(m, IPS_OFFLOAD);
	return m->kind != CTNETLINK_EVENT || event_has(m, IPCT_PROTOINFO);
}

static size_t size_protoinfo(const struct ctnetlink_msg *m)
{
	/* two nests; of a connection that is gone only its state is of interest */
	if (m->kind == CTNETLINK_DESTROY)
		return 2 * nla_total_size(0) + nla_total_size(sizeof(u8));
	return nla_total_size(0) +
	       nf_ct_l4proto_find(nf_ct_protonum(m->ct))->nlattr_size;
}

static int put_protoinfo(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
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

/* One that is unregistered is taken out of the entries of the table only: those
 * that wait with their last news may still name it.
 */
static struct nf_conntrack_helper *helper_of(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);
	struct nf_conntrack_helper *helper;

	helper = help ? rcu_dereference(help->helper) : NULL;
	if (helper && nf_ct_is_dying(ct) && !nf_ct_helper_is_known(helper))
		return NULL;
	return helper;
}

static bool help_shown(const struct ctnetlink_msg *m)
{
	return helper_of(m->ct);
}

static size_t size_help(const struct ctnetlink_msg *m)
{
	const struct nf_conntrack_helper *helper = helper_of(m->ct);
	size_t size = nla_total_size(0) + nla_total_size(NF_CT_HELPER_NAME_LEN);

	if (helper && helper->to_nlattr)
		size += nla_total_size(sizeof_field(struct nf_conn_help, data));
	return size;
}

static int put_help(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	struct nf_conntrack_helper *helper = helper_of(m->ct);
	struct nlattr *nest;

	/* it may have been unregistered since help_shown() */
	if (!helper)
		return 0;

	nest = nla_nest_start(skb, type);
	if (!nest || nla_put_string(skb, CTA_HELP_NAME, helper->name))
		return -EMSGSIZE;
	if (helper->to_nlattr)
		helper->to_nlattr(skb, m->ct);

	nla_nest_end(skb, nest);
	return 0;
}

/* --- extensions --------------------------------------------------------- */

static bool counters_shown(const struct ctnetlink_msg *m)
{
	return nf_conn_acct_find(m->ct);
}

static void read_counter(struct nf_conn_counter *counter, bool take,
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

static int put_counters(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	enum ip_conntrack_dir dir = dir_of(type);
	struct nf_conn_acct *acct = nf_conn_acct_find(m->ct);
	struct ctnetlink_count now;
	struct nlattr *nest;

	if (!acct)
		return 0;

	read_counter(&acct->counter[dir], m->zero, &now);
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

/* A message that could not be sent must not cost anybody a packet count */
static void return_counters(struct ctnetlink_msg *m)
{
	struct nf_conn_acct *acct = nf_conn_acct_find(m->ct);
	unsigned int dir;

	if (!m->zero || !acct)
		return;

	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		atomic64_add(m->taken[dir].packets, &acct->counter[dir].packets);
		atomic64_add(m->taken[dir].bytes, &acct->counter[dir].bytes);
	}
}

static bool timestamp_shown(const struct ctnetlink_msg *m)
{
	return nf_conn_tstamp_find(m->ct);
}

static int put_timestamp(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	const struct nf_conn_tstamp *tstamp = nf_conn_tstamp_find(m->ct);
	struct nlattr *nest;

	/* an unconfirmed entry loses its extensions when a helper's module goes */
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

static bool labels_shown(const struct ctnetlink_msg *m)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(m->ct);

	if (m->bound)
		return labels;
	if (!labels || !memchr_inv(labels->bits, 0, sizeof(labels->bits)))
		return false;
	return m->kind != CTNETLINK_EVENT || event_has(m, IPCT_LABEL);
}

static size_t size_labels(const struct ctnetlink_msg *m)
{
	return nla_total_size(NF_CT_LABELS_MAX_SIZE);
}

static int put_labels(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	const struct nf_conn_labels *labels = nf_ct_labels_find(m->ct);

	/* as in put_timestamp() */
	if (!labels)
		return 0;
	return nla_put(skb, type, sizeof(labels->bits), labels->bits);
}

static bool seqadj_shown(const struct ctnetlink_msg *m)
{
	if (m->bound)
		return nfct_seqadj(m->ct);
	if (m->kind == CTNETLINK_EVENT && !event_has(m, IPCT_SEQADJ))
		return false;
	return status_has(m, IPS_SEQ_ADJUST) && nfct_seqadj(m->ct);
}

static int put_seqadj(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	struct nf_conn_seqadj *ext = nfct_seqadj(m->ct);
	struct nf_ct_seqadj seq;
	struct nlattr *nest;

	if (!ext)
		return 0;
	spin_lock_bh(&m->ct->lock);
	seq = ext->seq[dir_of(type)];
	spin_unlock_bh(&m->ct->lock);

	nest = nla_nest_start(skb, type);
	if (!nest ||
	    put_u32(skb, CTA_SEQADJ_CORRECTION_POS, seq.correction_pos) ||
	    put_u32(skb, CTA_SEQADJ_OFFSET_BEFORE, seq.offset_before) ||
	    put_u32(skb, CTA_SEQADJ_OFFSET_AFTER, seq.offset_after))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

static bool synproxy_shown(const struct ctnetlink_msg *m)
{
	if (m->kind == CTNETLINK_EVENT && !event_has(m, IPCT_SYNPROXY))
		return false;
	return nfct_synproxy(m->ct);
}

static int put_synproxy(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	const struct nf_conn_synproxy *synproxy = nfct_synproxy(m->ct);
	struct nlattr *nest;

	if (!synproxy)
		return 0;
	nest = nla_nest_start(skb, type);
	if (!nest ||
	    put_u32(skb, CTA_SYNPROXY_ISN, synproxy->isn) ||
	    put_u32(skb, CTA_SYNPROXY_ITS, synproxy->its) ||
	    put_u32(skb, CTA_SYNPROXY_TSOFF, synproxy->tsoff))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

static u32 secmark_of(const struct nf_conn *ct)
{
#ifdef CONFIG_NF_CONNTRACK_SECMARK
	return READ_ONCE(ct->secmark);
#else
	return 0;
#endif
}

static bool secctx_shown(const struct ctnetlink_msg *m)
{
	if (!IS_ENABLED(CONFIG_NF_CONNTRACK_SECMARK))
		return false;
	if (m->kind == CTNETLINK_DUMP)
		return true;
	return secmark_of(m->ct) ||
	       (m->kind == CTNETLINK_EVENT && event_has(m, IPCT_SECMARK));
}

static size_t size_secctx(const struct ctnetlink_msg *m)
{
	u32 len;

	/* no security module: no name, no attribute */
	if (security_secid_to_secctx(secmark_of(m->ct), NULL, &len))
		return 0;
	return nla_total_size(0) + nla_total_size(len + 1);
}

static int put_secctx(struct sk_buff *skb, int type, struct ctnetlink_msg *m)
{
	struct nlattr *nest;
	int err = -EMSGSIZE;
	char *name;
	u32 len;

	if (security_secid_to_secctx(secmark_of(m->ct), &name, &len))
		return 0;

	nest = nla_nest_start(skb, type);
	if (nest && !nla_put_string(skb, CTA_SECCTX_NAME, name)) {
		nla_nest_end(skb, nest);
		err = 0;
	}
	security_release_secctx(name, len);
	return err;
}

/* --- which attributes, in which order ----------------------------------- */

static const struct ctnetlink_attr attrs[CTA_MAX + 1] = {
	[CTA_TUPLE_ORIG]	= { NULL, size_orig, put_direction },
	[CTA_TUPLE_REPLY]	= { NULL, size_reply, put_direction },
	[CTA_TUPLE_MASTER]	= { master_shown, size_master, put_master },
	[CTA_ZONE]		= { zone_shown, size_u16, put_zone },
	[CTA_ID]		= { NULL, size_u32, put_id },
	[CTA_STATUS]		= { NULL, size_u32, put_status },
	[CTA_TIMEOUT]		= { timeout_shown, size_u32, put_timeout },
	[CTA_USE]		= { NULL, size_u32, put_use },
	[CTA_MARK]		= { mark_shown, size_u32, put_mark },
	[CTA_SECCTX]		= { secctx_shown, size_secctx, put_secctx },
	[CTA_PROTOINFO]		= { protoinfo_shown, size_protoinfo, put_protoinfo },
	[CTA_HELP]		= { help_shown, size_help, put_help },
	[CTA_COUNTERS_ORIG]	= { counters_shown, size_two_u64, put_counters },
	[CTA_COUNTERS_REPLY]	= { counters_shown, size_two_u64, put_counters },
	[CTA_TIMESTAMP]		= { timestamp_shown, size_two_u64, put_timestamp },
	[CTA_LABELS]		= { labels_shown, size_labels, put_labels },
	[CTA_SEQ_ADJ_ORIG]	= { seqadj_shown, size_words3, put_seqadj },
	[CTA_SEQ_ADJ_REPLY]	= { seqadj_shown, size_words3, put_seqadj },
	[CTA_SYNPROXY]		= { synproxy_shown, size_words3, put_synproxy },
};

/* Each ends with 0, which is CTA_UNSPEC */
static const u8 dump_order[] = {
	CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE, CTA_STATUS,
	CTA_MARK, CTA_SECCTX, CTA_ID, CTA_USE, CTA_TUPLE_MASTER,
	CTA_TIMEOUT, CTA_PROTOINFO,
	CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY, CTA_TIMESTAMP,
	CTA_HELP, CTA_LABELS, CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY,
	CTA_SYNPROXY, 0
};

static const u8 event_order[] = {
	CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE, CTA_ID, CTA_STATUS,
	CTA_TIMEOUT, CTA_PROTOINFO, CTA_HELP, CTA_SECCTX,
	CTA_LABELS, CTA_TUPLE_MASTER, CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY,
	CTA_SYNPROXY, CTA_MARK, 0
};

static const u8 destroy_order[] = {
	CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE, CTA_ID, CTA_STATUS,
	CTA_TIMEOUT, CTA_COUNTERS_ORIG, CTA_COUNTERS_REPLY,
	CTA_TIMESTAMP, CTA_PROTOINFO, CTA_MARK, 0
};

static const u8 queue_order[] = {
	CTA_TUPLE_ORIG, CTA_TUPLE_REPLY, CTA_ZONE, CTA_ID, CTA_STATUS,
	CTA_TIMEOUT, CTA_PROTOINFO, CTA_COUNTERS_ORIG,
	CTA_COUNTERS_REPLY, CTA_TIMESTAMP, CTA_HELP, CTA_SECCTX,
	CTA_TUPLE_MASTER, CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY,
	CTA_SYNPROXY, CTA_MARK,
	CTA_LABELS, 0
};

static const u8 *const orders[CTNETLINK_KINDS] = {
	[CTNETLINK_DUMP]	= dump_order,
	[CTNETLINK_EVENT]	= event_order,
	[CTNETLINK_DESTROY]	= destroy_order,
	[CTNETLINK_QUEUE]	= queue_order,
};

/**
 * ctnetlink_fields_size - room that the attributes of a message need
 * @m: the message
 *
 * Context: Any up to softirq. The entry may change meanwhile, so the real
 * size can, rarely, come out larger.
 * Return: Close upper bound in bytes.
 */
size_t ctnetlink_fields_size(const struct ctnetlink_msg *m)
{
	const struct ctnetlink_attr *attr;
	size_t size = 0;
	const u8 *type;

	rcu_read_lock();
	for (type = orders[m->kind]; *type; type++) {
		attr = &attrs[*type];
		if (!attr->shown || attr->shown(m))
			size += attr->size(m);
	}
	rcu_read_unlock();
	return size;
}

/**
 * ctnetlink_fields_put - append the attributes of a message
 * @skb: where to
 * @m: the message
 *
 * Context: Any up to softirq. On failure the caller trims @skb; counters that
 * had been taken are back in the entry.
 * Return: 0 or -EMSGSIZE.
 */
int ctnetlink_fields_put(struct sk_buff *skb, struct ctnetlink_msg *m)
{
	const struct ctnetlink_attr *attr;
	const u8 *type;
	int err = 0;

	/* of the entry before this one, in a dump */
	memset(m->taken, 0, sizeof(m->taken));
	rcu_read_lock();
	for (type = orders[m->kind]; *type && !err; type++) {
		attr = &attrs[*type];
		if (!attr->shown || attr->shown(m))
			err = attr->put(skb, *type, m);
	}
	if (err)
		return_counters(m);
	rcu_read_unlock();
	return err ? -EMSGSIZE : 0;
}

/**
 * ctnetlink_msg_size - room that a whole message needs
 * @m: the message
 *
 * Context: As ctnetlink_fields_size().
 * Return: Close upper bound in bytes, header included.
 */
size_t ctnetlink_msg_size(const struct ctnetlink_msg *m)
{
	return nlmsg_total_size(sizeof(struct nfgenmsg)) +
	       ctnetlink_fields_size(m);
}

/**
 * ctnetlink_msg_put - append a whole message
 * @skb: where to; as before on failure
 * @m: the message
 *
 * Context: Any up to softirq.
 * Return: 0 or -EMSGSIZE.
 */
int ctnetlink_msg_put(struct sk_buff *skb, struct ctnetlink_msg *m)
{
	struct nlmsghdr *nlh;
	u16 flags = m->flags;

	/* every answer, even to a question about one entry */
	if (m->kind == CTNETLINK_DUMP && m->portid)
		flags |= NLM_F_MULTI;

	nlh = nfnl_msg_put(skb, m->portid, m->seq,
			   nfnl_msg_type(NFNL_SUBSYS_CTNETLINK, m->type),
			   flags, nf_ct_l3num(m->ct), NFNETLINK_V0, 0);
	if (!nlh)
		return -EMSGSIZE;

	if (ctnetlink_fields_put(skb, m)) {
		nlmsg_cancel(skb, nlh);
		return -EMSGSIZE;
	}
	nlmsg_end(skb, nlh);
	return 0;
}
