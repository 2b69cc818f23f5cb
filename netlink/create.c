// SPDX-License-Identifier: GPL-2.0
/*
 * IPCTNL_MSG_CT_NEW: creates an entry from attributes, or updates one that exists.
 * The nfnetlink mutex of the subsystem is held.  It is released while a module is
 * loaded; then nfnetlink starts the request again.
 */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/nf_conntrack_synproxy.h>
#include <net/netfilter/nf_conntrack_timestamp.h>
#include <net/netfilter/nf_nat.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"
#include "nf_ct_entry.h"

/* The events that a change over netlink reports, whatever it has changed */
#define EVENTS_OF_CHANGE						\
	(BIT(IPCT_REPLY) | BIT(IPCT_ASSURED) | BIT(IPCT_HELPER) |	\
	 BIT(IPCT_PROTOINFO) | BIT(IPCT_SEQADJ) | BIT(IPCT_MARK) |	\
	 BIT(IPCT_SYNPROXY))

/* --- modules that a request may need ------------------------------------ */

/* Returns -EAGAIN when a module was loaded: nfnetlink starts the request again */
static int ctnetlink_load_module(const char *prefix, const char *name)
{
	int err;

	/* without the mutex only this reference keeps our own module loaded */
	if (!IS_ENABLED(CONFIG_MODULES) || !try_module_get(THIS_MODULE))
		return -EOPNOTSUPP;

	nfnl_unlock(NFNL_SUBSYS_CTNETLINK);
	err = request_module("%s%s", prefix, name);
	nfnl_lock(NFNL_SUBSYS_CTNETLINK);
	module_put(THIS_MODULE);
	return err ? -EOPNOTSUPP : -EAGAIN;
}

static bool ctnetlink_helper_exists(const char *name,
				    const struct nf_conntrack_tuple *tuple)
{
	bool found;

	rcu_read_lock();
	found = __nf_conntrack_helper_find(name, tuple->src.l3num,
					   tuple->dst.protonum);
	rcu_read_unlock();
	return found;
}

static int ctnetlink_load_helper(const struct nfnl_info *info,
				 const struct nlattr *attr,
				 const struct nf_conntrack_tuple *tuple)
{
	struct nlattr *private;
	const char *name;
	int err;

	if (!attr)
		return 0;

	err = ctnetlink_decode_help(attr, &name, &private, info->extack);
	if (err || ctnetlink_helper_exists(name, tuple))
		return err;

	err = ctnetlink_load_module("nfct-helper-", name);
	if (err == -EAGAIN && ctnetlink_helper_exists(name, tuple))
		return err;
	NL_SET_ERR_MSG_ATTR(info->extack, attr, "no such helper");
	return -EOPNOTSUPP;
}

/*
 * The request may come from a dump: a dump shows by the status and the reply tuple how
 * the connection is translated, and has none of the attributes that set it up.
 *
 * DIFF: replay: stock makes an entry that translates nothing.
 */
static u32 ctnetlink_replayed_nat(const struct nlattr *const cda[])
{
	if (cda[CTA_NAT_SRC] || cda[CTA_NAT_DST] || !cda[CTA_STATUS])
		return 0;
	return ntohl(nla_get_be32(cda[CTA_STATUS])) & IPS_NAT_MASK;
}

static int ctnetlink_load_nat(const struct nfnl_info *info,
			      const struct nlattr *const cda[])
{
	int err = -EOPNOTSUPP;

	if (!cda[CTA_NAT_SRC] && !cda[CTA_NAT_DST] && !ctnetlink_replayed_nat(cda))
		return 0;
	if (IS_ENABLED(CONFIG_NF_NAT)) {
		if (rcu_access_pointer(nf_nat_hook))
			return 0;
		err = ctnetlink_load_module("nf-nat", "");
		if (err == -EAGAIN && rcu_access_pointer(nf_nat_hook))
			return err;
	}
	NL_SET_ERR_MSG(info->extack, "NAT is not available");
	return -EOPNOTSUPP;
}

/* --- parts of a new entry ----------------------------------------------- */

static int ctnetlink_attach_helper(struct nf_conn *ct,
				   const struct nlattr *attr,
				   struct netlink_ext_ack *extack)
{
	struct nf_conntrack_helper *helper;
	struct nf_conn_help *help;
	struct nlattr *private;
	const char *name;
	int err;

	if (!attr)
		return 0;

	err = ctnetlink_decode_help(attr, &name, &private, extack);
	if (err)
		return err;

	/* unregistered since ctnetlink_load_helper(): start the request again */
	helper = __nf_conntrack_helper_find(name, nf_ct_l3num(ct),
					    nf_ct_protonum(ct));
	if (!helper)
		return -EAGAIN;

	help = nf_ct_helper_ext_add(ct, GFP_ATOMIC);
	if (!help)
		return -ENOMEM;
	/* DIFF: helper-info-new: from_nlattr() of a helper in userspace reads
	 * help->helper, which stock sets later
	 */
	nf_ct_helper_assign(help, helper);
	ctnetlink_helper_tell(ct, helper, private);
	return 0;
}

#if IS_ENABLED(CONFIG_NF_NAT)
/* A manipulation without its attribute gets the null binding */
static int ctnetlink_setup_nat(struct nf_conn *ct, const struct nlattr *src,
			       const struct nlattr *dst,
			       struct netlink_ext_ack *extack)
{
	const struct nf_nat_hook *nat = rcu_dereference(nf_nat_hook);
	int err;

	if (!nat)
		return -EAGAIN;

	err = nat->parse_nat_setup(ct, NF_NAT_MANIP_DST, dst);
	if (!err)
		err = nat->parse_nat_setup(ct, NF_NAT_MANIP_SRC, src);
	if (err)
		NL_SET_ERR_MSG(extack, "the NAT mapping cannot be set up");
	return err == -EAGAIN ? -EOPNOTSUPP : err;
}

/* Two nests, each with two addresses and a nest of two ports */
#define NAT_ATTRS_SIZE							\
	(2 * (2 * nla_total_size(0) +					\
	      2 * nla_total_size(sizeof(struct in6_addr)) +		\
	      2 * nla_total_size(sizeof(__be16))))

static int ctnetlink_nat_addr_put(struct sk_buff *skb, u8 l3num,
				  const union nf_inet_addr *addr)
{
	if (l3num == NFPROTO_IPV4)
		return nla_put_in_addr(skb, CTA_NAT_V4_MINIP, addr->ip) ?:
		       nla_put_in_addr(skb, CTA_NAT_V4_MAXIP, addr->ip);
	return nla_put_in6_addr(skb, CTA_NAT_V6_MINIP, &addr->in6) ?:
	       nla_put_in6_addr(skb, CTA_NAT_V6_MAXIP, &addr->in6);
}

static int ctnetlink_nat_port_put(struct sk_buff *skb, __be16 port)
{
	struct nlattr *nest = nla_nest_start(skb, CTA_NAT_PROTO);

	if (!nest || nla_put_be16(skb, CTA_PROTONAT_PORT_MIN, port) ||
	    nla_put_be16(skb, CTA_PROTONAT_PORT_MAX, port))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Has the protocol a port, or what NAT takes for one, on this side of a tuple? */
static bool ctnetlink_nat_has_port(u8 protonum, int type)
{
	switch (protonum) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
	case IPPROTO_GRE:
		return true;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		/* the destination has type and code */
		return type == CTA_NAT_SRC;
	default:
		return false;
	}
}

/* CTA_NAT_SRC or CTA_NAT_DST that leads to this side of @to and to nothing else */
static struct nlattr *ctnetlink_nat_put(struct sk_buff *skb, int type,
					const struct nf_conntrack_tuple *to)
{
	bool src = type == CTA_NAT_SRC;
	struct nlattr *nest;

	nest = nla_nest_start(skb, type);
	if (!nest ||
	    ctnetlink_nat_addr_put(skb, to->src.l3num,
				   src ? &to->src.u3 : &to->dst.u3))
		return NULL;
	if (ctnetlink_nat_has_port(to->dst.protonum, type) &&
	    ctnetlink_nat_port_put(skb, src ? to->src.u.all : to->dst.u.all))
		return NULL;

	nla_nest_end(skb, nest);
	return nest;
}

/*
 * Translate as in the dump: NAT begins with a connection that is not translated, and has
 * to arrive at the reply tuple of the request.
 */
static int ctnetlink_replay_nat(struct nf_conn *ct, u32 status,
				struct netlink_ext_ack *extack)
{
	const struct nf_conntrack_tuple reply = *nf_ct_tuple(ct, IP_CT_DIR_REPLY);
	struct nlattr *src = NULL, *dst = NULL;
	struct nf_conntrack_tuple plain, to;
	struct sk_buff *skb;
	int err = -ENOMEM;

	if (!nf_ct_invert_tuple(&plain, nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL)) ||
	    !nf_ct_invert_tuple(&to, &reply))
		return -EINVAL;

	skb = alloc_skb(NAT_ATTRS_SIZE, GFP_ATOMIC);
	if (!skb)
		return err;
	if (status & IPS_DST_NAT)
		dst = ctnetlink_nat_put(skb, CTA_NAT_DST, &to);
	if (status & IPS_SRC_NAT)
		src = ctnetlink_nat_put(skb, CTA_NAT_SRC, &to);

	/* without its attribute a manipulation changes nothing: found out below */
	ct->tuplehash[IP_CT_DIR_REPLY].tuple = plain;
	err = ctnetlink_setup_nat(ct, src, dst, extack);
	kfree_skb(skb);
	if (!err && !nf_ct_tuple_equal(&reply, nf_ct_tuple(ct, IP_CT_DIR_REPLY))) {
		NL_SET_ERR_MSG(extack, "another connection has this translation");
		err = -EEXIST;
	}
	return err;
}

static int ctnetlink_attach_nat(struct nf_conn *ct,
				const struct nlattr *const cda[],
				struct netlink_ext_ack *extack)
{
	u32 replayed = ctnetlink_replayed_nat(cda);

	if (replayed)
		return ctnetlink_replay_nat(ct, replayed, extack);
	if (!cda[CTA_NAT_SRC] && !cda[CTA_NAT_DST])
		return 0;
	return ctnetlink_setup_nat(ct, cda[CTA_NAT_SRC], cda[CTA_NAT_DST], extack);
}
#else
static int ctnetlink_attach_nat(struct nf_conn *ct,
				const struct nlattr *const cda[],
				struct netlink_ext_ack *extack)
{
	return 0;
}
#endif

/*
 * Extensions cannot be added once the entry is in the table.  Only that for events
 * is required: without it the connection would have no events.
 */
static int ctnetlink_add_extensions(struct nf_conn *ct,
				    const struct nlattr *const cda[], u32 portid)
{
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	struct nf_conntrack_ecache *e;

	if (!nf_ct_ecache_ext_add(ct, 0, 0, GFP_ATOMIC))
		return -ENOMEM;
	e = nf_ct_ecache_find(ct);
	/* the port that creates it, for a NEW event that is sent later */
	if (e)
		e->portid = portid;
#endif
	nfct_synproxy_ext_add(ct);
	nfct_seqadj_ext_add(ct);
	/* DIFF: labels-late: stock drops the labels unless there is a rule with some */
	if (cda[CTA_LABELS])
		nf_ct_ext_add(ct, NF_CT_EXT_LABELS, GFP_ATOMIC);
	else
		nf_ct_labels_ext_add(ct);
	nf_ct_tstamp_ext_add(ct, GFP_ATOMIC);
	nf_ct_acct_ext_add(ct, GFP_ATOMIC);
	return 0;
}

static int ctnetlink_attach_master(struct nf_conn *ct,
				   const struct nfnl_info *info,
				   const struct nlattr *attr,
				   const struct nf_conntrack_zone *zone)
{
	struct nf_conntrack_tuple tuple;
	struct nf_conn *master;

	if (!attr)
		return 0;

	master = ctnetlink_find_master(info, attr, nf_ct_l3num(ct), zone, &tuple);
	if (IS_ERR(master))
		return PTR_ERR(master);

	set_bit(IPS_EXPECTED_BIT, &ct->status);
	ct->master = master;
	return 0;
}

static const struct ctnetlink_error ctnetlink_insert_errors[] = {
	{ -EEXIST, "a tuple of the new connection is taken" },
	{ -ENOSPC, "too many connections with a similar tuple" },
	{ }
};

/* Complete the entry and insert it.  Caller holds RCU. */
static int ctnetlink_create_insert(struct nf_conn *ct,
				   const struct nfnl_info *info,
				   const struct nlattr *const cda[],
				   const struct nf_conntrack_zone *zone,
				   u32 portid)
{
	int err;

	err = ctnetlink_attach_helper(ct, cda[CTA_HELP], info->extack);
	if (!err)
		err = ctnetlink_attach_nat(ct, cda, info->extack);
	if (err)
		return err;

	err = ctnetlink_add_extensions(ct, cda, portid);
	if (!err)
		err = ctnetlink_change_new(ct, cda, info->extack);
	if (!err)
		err = ctnetlink_attach_master(ct, info, cda[CTA_TUPLE_MASTER],
					      zone);
	if (err)
		return err;

	err = nf_conntrack_hash_check_insert(ct);
	ctnetlink_explain(err, ctnetlink_insert_errors, info->extack);
	return err;
}

static void ctnetlink_create_discard(struct nf_conn *ct)
{
	struct nf_conn *master = ct->master;

	ct->master = NULL;
	nf_conntrack_free(ct);
	nf_ct_put(master);
}

/* --- requests ----------------------------------------------------------- */

static int ctnetlink_create_check(const struct nlattr *const cda[],
				  const struct nf_conntrack_tuple *tuple,
				  struct netlink_ext_ack *extack)
{
	const char *both = "a new connection needs both tuples";
	int err;

	err = ctnetlink_require(cda[CTA_TUPLE_ORIG], NULL, both, extack) ?:
	      ctnetlink_require(cda[CTA_TUPLE_REPLY], NULL, both, extack);
	if (err)
		return err;

	if (tuple[IP_CT_DIR_ORIGINAL].dst.protonum !=
	    tuple[IP_CT_DIR_REPLY].dst.protonum) {
		NL_SET_ERR_MSG_ATTR(extack, cda[CTA_TUPLE_REPLY],
				    "the tuples differ in their protocol");
		return -EINVAL;
	}
	return ctnetlink_require(cda[CTA_TIMEOUT], NULL,
				 "a new connection needs a timeout", extack);
}

/*
 * The core sends @events together with what it has noted in the entry's event cache
 * (NEW or RELATED at insertion, LABEL when labels were set), unless a packet of the
 * connection has sent that already.
 */
static void ctnetlink_report_change(struct nf_conn *ct, unsigned int events,
				    struct sk_buff *skb,
				    const struct nfnl_info *info)
{
	nf_conntrack_eventmask_report(events, ct, NETLINK_CB(skb).portid,
				      nlmsg_report(info->nlh));
}

static int ctnetlink_create(struct sk_buff *skb, const struct nfnl_info *info,
			    const struct nlattr *const cda[],
			    const struct nf_conntrack_zone *zone,
			    const struct nf_conntrack_tuple *tuple)
{
	struct nf_conn *ct;
	int err;

	err = ctnetlink_create_check(cda, tuple, info->extack) ?:
	      ctnetlink_load_helper(info, cda[CTA_HELP],
				    &tuple[IP_CT_DIR_REPLY]) ?:
	      ctnetlink_load_nat(info, cda);
	if (err)
		return err;

	ct = nf_conntrack_alloc(info->net, zone, &tuple[IP_CT_DIR_ORIGINAL],
				&tuple[IP_CT_DIR_REPLY], GFP_KERNEL);
	if (IS_ERR(ct)) {
		NL_SET_ERR_MSG(info->extack, "no room for another connection");
		return -ENOMEM;
	}

	rcu_read_lock();
	err = ctnetlink_create_insert(ct, info, cda, zone,
				      NETLINK_CB(skb).portid);
	rcu_read_unlock();
	if (err) {
		/* a helper module leaves: no extension could be added to void ones */
		if (err == -ENOMEM && !nf_ct_ext_valid(ct->ext))
			err = -EAGAIN;
		ctnetlink_create_discard(ct);
		return err;
	}

	/* an error of labels is not reported: the connection exists without */
	if (cda[CTA_LABELS])
		ctnetlink_set_labels(ct, cda, NULL);
	ctnetlink_report_change(ct, EVENTS_OF_CHANGE, skb, info);
	nf_ct_put(ct);
	return 0;
}

static int ctnetlink_update(struct nf_conn *ct, struct sk_buff *skb,
			    const struct nfnl_info *info,
			    const struct nlattr *const cda[])
{
	int err;

	if (info->nlh->nlmsg_flags & NLM_F_EXCL) {
		NL_SET_ERR_MSG(info->extack, "the connection exists");
		return -EEXIST;
	}

	err = ctnetlink_change(ct, cda, info->extack);
	if (!err)
		ctnetlink_report_change(ct, EVENTS_OF_CHANGE | BIT(IPCT_LABEL),
					skb, info);
	return err;
}

/**
 * ctnetlink_new - IPCTNL_MSG_CT_NEW
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes
 *
 * Context: Process context, may sleep.
 * Return: 0, -EAGAIN to be called again, or another negative errno.
 */
int ctnetlink_new(struct sk_buff *skb, const struct nfnl_info *info,
		  const struct nlattr *const cda[])
{
	const struct nlattr *const attr[IP_CT_DIR_MAX] = {
		[IP_CT_DIR_ORIGINAL]	= cda[CTA_TUPLE_ORIG],
		[IP_CT_DIR_REPLY]	= cda[CTA_TUPLE_REPLY],
	};
	struct nf_conntrack_tuple tuple[IP_CT_DIR_MAX];
	struct nf_conntrack_zone zone;
	struct nf_conn *ct = NULL;
	int dir, err;
	u8 l3num;

	/* both tuples must have the family of the first */
	l3num = ctnetlink_family(info, attr[IP_CT_DIR_ORIGINAL] ?:
				       attr[IP_CT_DIR_REPLY]);
	err = ctnetlink_decode_zone(cda[CTA_ZONE], &zone, info->extack);
	for (dir = 0; dir < IP_CT_DIR_MAX && !err; dir++) {
		if (attr[dir])
			err = ctnetlink_decode_tuple(attr[dir], dir, l3num,
						     NF_CT_TUPLE_WHOLE, &zone,
						     &tuple[dir], info->extack);
	}
	if (err)
		return err;

	dir = attr[IP_CT_DIR_ORIGINAL] ? IP_CT_DIR_ORIGINAL : IP_CT_DIR_REPLY;
	if (attr[dir])
		ct = ctnetlink_find_entry(info->net, &zone, &tuple[dir]);

	if (ct) {
		err = ctnetlink_update(ct, skb, info, cda);
		nf_ct_put(ct);
		return err;
	}

	if (info->nlh->nlmsg_flags & NLM_F_CREATE)
		return ctnetlink_create(skb, info, cda, &zone, tuple);
	NL_SET_ERR_MSG(info->extack, "no such connection");
	return -ENOENT;
}
