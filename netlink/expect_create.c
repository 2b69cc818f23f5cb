// SPDX-License-Identifier: GPL-2.0
/*
 * IPCTNL_MSG_EXP_NEW, and expectations that come through nfnetlink_queue: creates
 * an expectation from attributes, or changes the timeout of one that exists.
 * Everything is checked before the expectation is inserted.  What may change
 * meanwhile the core checks again, under nf_conntrack_expect_lock.
 */
#include <net/netfilter/nf_conntrack_expect.h>
#include <net/netfilter/nf_conntrack_helper.h>

#include "ctnetlink.h"
#include "nf_conntrack_internal.h"

/* Top level of every request of subsystem 2 */
const struct nla_policy ctnetlink_expect_policy[CTA_EXPECT_MAX + 1] = {
	/* which expectation */
	[CTA_EXPECT_TUPLE]	= { .type = NLA_NESTED },
	[CTA_EXPECT_MASTER]	= { .type = NLA_NESTED },
	[CTA_EXPECT_ZONE]	= { .type = NLA_U16 },
	[CTA_EXPECT_ID]		= { .type = NLA_U32 },
	[CTA_EXPECT_HELP_NAME]	= {
		.type	= NLA_NUL_STRING,
		.len	= NF_CT_HELPER_NAME_LEN - 1,
	},
	/* what to set */
	[CTA_EXPECT_MASK]	= { .type = NLA_NESTED },
	[CTA_EXPECT_TIMEOUT]	= { .type = NLA_U32 },
	[CTA_EXPECT_CLASS]	= { .type = NLA_U32 },
	[CTA_EXPECT_FLAGS]	= NLA_POLICY_MASK(NLA_BE32, NF_CT_EXPECT_MASK),
	[CTA_EXPECT_NAT]	= { .type = NLA_NESTED },
	[CTA_EXPECT_FN]		= { .type = NLA_NUL_STRING },
};

/**
 * struct ctnetlink_expect_req - one request
 * @cda:    its attributes
 * @helper: name of the helper that the expected connection gets, or NULL
 * @extack: for the error message, may be NULL
 * @l3num:  family
 * @portid: port that sent it
 * @report: whether that port gets the event as well
 */
struct ctnetlink_expect_req {
	const struct nlattr *const	*cda;
	const struct nlattr		*helper;
	struct netlink_ext_ack		*extack;
	u8				l3num;
	u32				portid;
	int				report;
};

static int ctnetlink_expect_decode(const struct ctnetlink_expect_req *r,
				   const struct nlattr *attr,
				   enum ip_conntrack_dir dir,
				   struct nf_conntrack_tuple *tuple)
{
	return ctnetlink_decode_tuple(attr, dir, r->l3num, NF_CT_TUPLE_WHOLE,
				      NULL, tuple, r->extack);
}

/* --- parts of a new expectation ----------------------------------------- */

static int ctnetlink_expect_set_tuple(const struct ctnetlink_expect_req *r,
				      struct nf_conntrack_expect *exp)
{
	struct nf_conntrack_tuple mask;
	int err;

	err = ctnetlink_expect_decode(r, r->cda[CTA_EXPECT_TUPLE],
				      IP_CT_DIR_ORIGINAL, &exp->tuple) ?:
	      ctnetlink_expect_decode(r, r->cda[CTA_EXPECT_MASK],
				      IP_CT_DIR_ORIGINAL, &mask);
	if (err)
		return err;

	/* all bits of the destination count */
	exp->mask.src.u3 = mask.src.u3;
	exp->mask.src.u.all = mask.src.u.all;
	return 0;
}

/*
 * The helper will see the packets of the expected connection, so it must be one for
 * that connection's protocol, which can differ from the master's: the control
 * connection of RPC can be UDP and what it announces TCP.  Caller holds RCU.
 */
static int ctnetlink_expect_set_helper(const struct ctnetlink_expect_req *r,
				       struct nf_conntrack_expect *exp)
{
	struct nf_conntrack_helper *helper;

	if (!r->helper)
		return 0;

	helper = __nf_conntrack_helper_find(nla_data(r->helper),
					    exp->tuple.src.l3num,
					    exp->tuple.dst.protonum);
	if (!helper)
		return -EOPNOTSUPP;

	rcu_assign_pointer(nf_ct_exp_assigned(exp), helper);
	return 0;
}

/* Caller holds RCU. */
static int ctnetlink_expect_set_class(const struct ctnetlink_expect_req *r,
				      struct nf_conntrack_expect *exp)
{
	const struct nf_conn_help *help = nfct_help(exp->master);
	const struct nlattr *attr = r->cda[CTA_EXPECT_CLASS];
	const struct nf_conntrack_helper *helper;

	helper = help ? rcu_dereference(help->helper) : NULL;
	if (!helper) {
		NL_SET_ERR_MSG(r->extack, "the master connection has no helper");
		return -EOPNOTSUPP;
	}

	exp->class = attr ? ntohl(nla_get_be32(attr)) : NF_CT_EXPECT_CLASS_DEFAULT;
	if (exp->class > helper->expect_class_max) {
		NL_SET_ERR_MSG_ATTR(r->extack, attr,
				    "the helper does not have this class");
		return -EINVAL;
	}
	return 0;
}

/* Caller holds RCU.  The core looks again at insertion: NF_CT_EXP_F_NAMED_FN. */
static int ctnetlink_expect_set_function(const struct ctnetlink_expect_req *r,
					 struct nf_conntrack_expect *exp)
{
	const struct nlattr *attr = r->cda[CTA_EXPECT_FN];
	const struct nf_ct_helper_expectfn *fn;

	if (!attr)
		return 0;

	fn = nf_ct_helper_expectfn_find_by_name(nla_data(attr));
	if (!fn) {
		NL_SET_ERR_MSG_ATTR(r->extack, attr, "no function of this name");
		return -EINVAL;
	}
	exp->expectfn = fn->expectfn;
	return 0;
}

#if IS_ENABLED(CONFIG_NF_NAT)
static const struct nla_policy
ctnetlink_expect_nat_policy[CTA_EXPECT_NAT_MAX + 1] = {
	[CTA_EXPECT_NAT_DIR]	= NLA_POLICY_MAX(NLA_BE32, IP_CT_DIR_REPLY),
	[CTA_EXPECT_NAT_TUPLE]	= { .type = NLA_NESTED },
};

static int ctnetlink_expect_set_nat(const struct ctnetlink_expect_req *r,
				    struct nf_conntrack_expect *exp)
{
	const struct nlattr *attr = r->cda[CTA_EXPECT_NAT];
	struct nlattr *tb[CTA_EXPECT_NAT_MAX + 1];
	struct nf_conntrack_tuple tuple;
	int err;

	if (!attr)
		return 0;

	err = nla_parse_nested_deprecated(tb, CTA_EXPECT_NAT_MAX, attr,
					  ctnetlink_expect_nat_policy,
					  r->extack);
	if (err)
		return err;
	if (!tb[CTA_EXPECT_NAT_DIR] || !tb[CTA_EXPECT_NAT_TUPLE]) {
		NL_SET_ERR_MSG_ATTR(r->extack, attr,
				    "NAT needs a direction and a tuple");
		return -EINVAL;
	}
	err = ctnetlink_expect_decode(r, tb[CTA_EXPECT_NAT_TUPLE],
				      IP_CT_DIR_ORIGINAL, &tuple);
	if (err)
		return err;

	exp->saved_addr = tuple.src.u3;
	exp->saved_proto = tuple.src.u;
	exp->dir = ntohl(nla_get_be32(tb[CTA_EXPECT_NAT_DIR]));
	return 0;
}
#else
static int ctnetlink_expect_set_nat(const struct ctnetlink_expect_req *r,
				    struct nf_conntrack_expect *exp)
{
	if (!r->cda[CTA_EXPECT_NAT])
		return 0;
	NL_SET_ERR_MSG(r->extack, "NAT is not available");
	return -EOPNOTSUPP;
}
#endif

static int ctnetlink_expect_set_flags(const struct ctnetlink_expect_req *r,
				      struct nf_conntrack_expect *exp)
{
	const struct nlattr *attr = r->cda[CTA_EXPECT_FLAGS];

	if (attr)
		exp->flags = ntohl(nla_get_be32(attr)) & ~NF_CT_EXPECT_USERSPACE;
	return 0;
}

static const struct ctnetlink_error ctnetlink_expect_errors[] = {
	{ -EALREADY, "another connection or class expects the same" },
	{ -EBUSY, "there is one that overlaps" },
	{ -EMFILE, "there are too many expectations" },
	{ -ESHUTDOWN,
	  "the master connection, its helper or the function is going away" },
	{ -ENOMEM, "no memory for an expectation" },
	{ -EINVAL, "the helper does not have this class" },
	{ }
};

/* Caller holds RCU and a reference on @ct, the master. */
static int ctnetlink_expect_create(const struct ctnetlink_expect_req *r,
				   struct nf_conn *ct)
{
	struct nf_conntrack_expect *exp;
	unsigned int flags = 0;
	int err;

	exp = nf_ct_expect_alloc(ct);
	if (!exp) {
		ctnetlink_explain(-ENOMEM, ctnetlink_expect_errors, r->extack);
		return -ENOMEM;
	}

	err = ctnetlink_expect_set_tuple(r, exp) ?:
	      ctnetlink_expect_set_helper(r, exp) ?:
	      ctnetlink_expect_set_class(r, exp) ?:
	      ctnetlink_expect_set_flags(r, exp) ?:
	      ctnetlink_expect_set_function(r, exp) ?:
	      ctnetlink_expect_set_nat(r, exp);
	if (!err) {
		if (exp->expectfn)
			flags |= NF_CT_EXP_F_NAMED_FN;
		err = nf_ct_expect_related_report(exp, r->portid, r->report, flags);
		ctnetlink_explain(err, ctnetlink_expect_errors, r->extack);
	}
	nf_ct_expect_put(exp);
	return err;
}

/* --- requests ----------------------------------------------------------- */

static int
ctnetlink_expect_create_for_master(const struct ctnetlink_expect_req *r,
				   const struct nfnl_info *info,
				   const struct nf_conntrack_zone *zone)
{
	struct nf_conntrack_tuple mask, master;
	struct nf_conn *ct;
	int err;

	/* a wrong mask is told before a master that does not exist */
	err = ctnetlink_expect_decode(r, r->cda[CTA_EXPECT_MASK],
				      IP_CT_DIR_ORIGINAL, &mask);
	if (err)
		return err;

	ct = ctnetlink_find_master(info, r->cda[CTA_EXPECT_MASTER], r->l3num,
				   zone, &master);
	if (IS_ERR(ct))
		return PTR_ERR(ct);

	rcu_read_lock();
	err = ctnetlink_expect_create(r, ct);
	rcu_read_unlock();
	nf_ct_put(ct);
	return err;
}

static int ctnetlink_expect_update(const struct ctnetlink_expect_req *r,
				   struct nf_conntrack_expect *exp, u16 flags)
{
	const struct nlattr *attr = r->cda[CTA_EXPECT_TIMEOUT];
	int err;

	if (flags & NLM_F_EXCL) {
		NL_SET_ERR_MSG(r->extack, "the expectation exists");
		return -EEXIST;
	}
	if (!attr)
		return 0;

	err = nf_ct_expect_set_timeout(exp, ntohl(nla_get_be32(attr)));
	if (err)
		NL_SET_ERR_MSG(r->extack, "the expectation has just gone");
	return err;
}

/**
 * ctnetlink_expect_new - IPCTNL_MSG_EXP_NEW
 * @skb: the request
 * @info: the same, parsed
 * @cda: its attributes
 *
 * Context: Process context.
 * Return: 0 or a negative errno.
 */
int ctnetlink_expect_new(struct sk_buff *skb, const struct nfnl_info *info,
			 const struct nlattr *const cda[])
{
	const struct ctnetlink_expect_req r = {
		.cda	= cda,
		.extack	= info->extack,
		.l3num	= ctnetlink_family(info, cda[CTA_EXPECT_TUPLE]),
		.portid	= NETLINK_CB(skb).portid,
		.report	= nlmsg_report(info->nlh),
	};
	u16 flags = info->nlh->nlmsg_flags;
	struct nf_conntrack_expect *exp;
	struct nf_conntrack_tuple tuple;
	struct nf_conntrack_zone zone;
	int err;

	err = ctnetlink_require(cda[CTA_EXPECT_TUPLE], NULL,
				"the tuple is missing", r.extack) ?:
	      ctnetlink_require(cda[CTA_EXPECT_MASK], NULL,
				"the mask is missing", r.extack) ?:
	      ctnetlink_require(cda[CTA_EXPECT_MASTER], NULL,
				"the master's tuple is missing", r.extack) ?:
	      ctnetlink_decode_zone(cda[CTA_EXPECT_ZONE], &zone, r.extack) ?:
	      ctnetlink_expect_decode(&r, cda[CTA_EXPECT_TUPLE],
				      IP_CT_DIR_ORIGINAL, &tuple);
	if (err)
		return err;

	exp = nf_ct_expect_find_get(info->net, &zone, &tuple);
	if (exp) {
		err = ctnetlink_expect_update(&r, exp, flags);
		nf_ct_expect_put(exp);
		return err;
	}

	if (flags & NLM_F_CREATE)
		return ctnetlink_expect_create_for_master(&r, info, &zone);
	NL_SET_ERR_MSG(info->extack, "no such expectation");
	return -ENOENT;
}

/**
 * ctnetlink_expect_attach - create an expectation that comes with a verdict
 * @attr: nest of CTA_EXPECT_*: a tuple and a mask, and perhaps the name of a
 *        helper for the expected connection
 * @ct: connection of the packet that the verdict is about; it becomes the master
 * @portid: port that sent the verdict
 * @report: whether that port gets the event as well
 *
 * DIFF: expect-verdict-mask: stock accepts a nest without a tuple or a mask.
 *
 * Context: Any up to softirq, RCU.
 * Return: 0 or a negative errno.
 */
int ctnetlink_expect_attach(const struct nlattr *attr, struct nf_conn *ct,
			    u32 portid, u32 report)
{
	struct nlattr *cda[CTA_EXPECT_MAX + 1];
	struct ctnetlink_expect_req r = {
		.cda	= (const struct nlattr *const *)cda,
		.l3num	= nf_ct_l3num(ct),
		.portid	= portid,
		.report	= report,
	};
	int err;

	err = nla_parse_nested_deprecated(cda, CTA_EXPECT_MAX, attr,
					  ctnetlink_expect_policy, NULL);
	if (err)
		return err;
	if (!cda[CTA_EXPECT_TUPLE] || !cda[CTA_EXPECT_MASK])
		return -EINVAL;
	r.helper = cda[CTA_EXPECT_HELP_NAME];

	rcu_read_lock();
	err = ctnetlink_expect_create(&r, ct);
	rcu_read_unlock();
	return err;
}
