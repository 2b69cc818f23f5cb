// SPDX-License-Identifier: GPL-2.0
/*
 * Changes to an entry, one step per attribute.  All steps of a request are
 * checked, in the order in which their errors are reported, before the first
 * is applied: a request that fails has changed nothing.  Callers hold a
 * reference, or own an entry that is not in the table yet; ct->lock guards
 * sequence adjustments, RCU helpers.
 *
 * DIFF: update-all-or-nothing: stock applies what precedes the error.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/nf_conntrack_synproxy.h>

#include "ctnetlink.h"

/**
 * struct change - a request under way
 * @ct:        the entry
 * @cda:       attributes of the request
 * @extack:    for the error message
 * @help_name: decoded CTA_HELP
 * @help_info: its private part, or NULL
 * @seqadj:    decoded CTA_SEQ_ADJ_*
 * @synproxy:  decoded CTA_SYNPROXY
 */
struct change {
	struct nf_conn			*ct;
	const struct nlattr *const	*cda;
	struct netlink_ext_ack		*extack;
	const char			*help_name;
	struct nlattr			*help_info;
	u32				seqadj[IP_CT_DIR_MAX][CTA_SEQADJ_MAX];
	u32				synproxy[CTA_SYNPROXY_MAX];
};

/**
 * struct change_step - what an attribute does
 * @attr:   the attribute, or two that belong together
 * @check:  all that can be said before anything is changed, may be NULL
 * @apply:  do it
 * @early:  applied before the others, because it can still fail
 */
struct change_step {
	u16	attr[2];
	bool	early;
	int	(*check)(struct change *c);
	int	(*apply)(struct change *c);
};

static u32 get_u32(const struct change *c, int attr)
{
	return ntohl(nla_get_be32(c->cda[attr]));
}

/* --- CTA_HELP ----------------------------------------------------------- */

static struct nf_conntrack_helper *present_helper(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	return help ? rcu_dereference(help->helper) : NULL;
}

/* May @name replace what the entry has?  Caller holds RCU. */
static int check_helper(const struct nf_conn *ct, const char *name,
			struct netlink_ext_ack *extack)
{
	const struct nf_conntrack_helper *now = present_helper(ct), *then;

	if (ct->master) {
		if (now && !strcmp(now->name, name))
			return 0;
		NL_SET_ERR_MSG(extack,
			       "the helper of an expected connection cannot be changed");
		return -EBUSY;
	}
	if (!*name)
		return 0;

	then = __nf_conntrack_helper_find(name, nf_ct_l3num(ct),
					  nf_ct_protonum(ct));
	if (!then) {
		NL_SET_ERR_MSG(extack, "no such helper");
		return -EOPNOTSUPP;
	}
	if (!nfct_help(ct)) {
		NL_SET_ERR_MSG(extack,
			       "a helper can only be attached to a new connection");
		return -EOPNOTSUPP;
	}
	if (now != then) {
		NL_SET_ERR_MSG(extack, "the connection has another helper");
		return -EBUSY;
	}
	return 0;
}

static int check_help(struct change *c)
{
	int err;

	err = ctnetlink_decode_help(c->cda[CTA_HELP], &c->help_name,
				    &c->help_info, c->extack);
	if (err)
		return err;

	rcu_read_lock();
	err = check_helper(c->ct, c->help_name, c->extack);
	rcu_read_unlock();
	return err;
}

static void remove_helper(struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	/* first the pointer, so that no further expectation is made */
	if (help && rcu_access_pointer(help->helper)) {
		RCU_INIT_POINTER(help->helper, NULL);
		nf_ct_remove_expectations(ct);
	}
}

static int apply_help(struct change *c)
{
	struct nf_conntrack_helper *helper;

	/* an expected connection got what it has already, see check_helper() */
	if (c->ct->master)
		return 0;
	if (!*c->help_name) {
		remove_helper(c->ct);
		return 0;
	}

	rcu_read_lock();
	helper = present_helper(c->ct);
	if (helper && helper->from_nlattr)
		helper->from_nlattr(c->help_info, c->ct);
	rcu_read_unlock();
	return 0;
}

/* --- CTA_TIMEOUT, CTA_STATUS, CTA_MARK ---------------------------------- */

static int check_timeout(struct change *c)
{
	if (test_bit(IPS_FIXED_TIMEOUT_BIT, &c->ct->status)) {
		NL_SET_ERR_MSG_ATTR(c->extack, c->cda[CTA_TIMEOUT],
				    "the connection has a fixed timeout");
		return -EPERM;
	}
	return 0;
}

static int apply_timeout(struct change *c)
{
	int err;

	err = __nf_ct_change_timeout(c->ct, (u64)get_u32(c, CTA_TIMEOUT) * HZ);
	if (err == -ETIME)
		NL_SET_ERR_MSG(c->extack, "the connection has just ended");
	return err;
}

/* The deadline is set when the entry enters the table; until then, a span */
static int apply_first_timeout(struct change *c)
{
	__nf_ct_set_timeout(c->ct, (u64)get_u32(c, CTA_TIMEOUT) * HZ);
	return 0;
}

static int refuse_status(const struct change *c)
{
	NL_SET_ERR_MSG_ATTR(c->extack, c->cda[CTA_STATUS],
			    "the status has bits that cannot be changed this way");
	return -EBUSY;
}

static int check_status_against(const struct change *c, unsigned long now)
{
	const unsigned long frozen = IPS_EXPECTED | IPS_CONFIRMED | IPS_DYING;
	const unsigned long set_only = IPS_SEEN_REPLY | IPS_ASSURED;
	unsigned long then = get_u32(c, CTA_STATUS);

	if ((now ^ then) & frozen || now & ~then & set_only)
		return refuse_status(c);
	return 0;
}

static int check_status(struct change *c)
{
	return check_status_against(c, READ_ONCE(c->ct->status));
}

/* A new entry counts as confirmed: that is what it will be if all goes well */
static int check_first_status(struct change *c)
{
	return check_status_against(c, c->ct->status | IPS_CONFIRMED);
}

static int apply_status(struct change *c)
{
	__nf_ct_change_status(c->ct, get_u32(c, CTA_STATUS), 0);
	return 0;
}

/*
 * A program behind a queue often flips bits it has no say in: they are kept.
 * It may clear those that it may set.
 */
static int check_queued_status(struct change *c)
{
	const unsigned long set_only = IPS_SEEN_REPLY | IPS_ASSURED;

	if (READ_ONCE(c->ct->status) & ~get_u32(c, CTA_STATUS) & set_only)
		return refuse_status(c);
	return 0;
}

static int apply_queued_status(struct change *c)
{
	unsigned long status = get_u32(c, CTA_STATUS);

	/* a packet may have set one of the two since they were checked */
	__nf_ct_change_status(c->ct, status,
			      ~status & ~(IPS_SEEN_REPLY | IPS_ASSURED));
	return 0;
}

static int apply_mark(struct change *c)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	u32 old = READ_ONCE(c->ct->mark);
	u32 mark = ctnetlink_new_mark(old, c->cda);

	if (mark != old)
		WRITE_ONCE(c->ct->mark, mark);
#endif
	return 0;
}

/* --- CTA_PROTOINFO ------------------------------------------------------ */

static const struct nla_policy protoinfo_policy[CTA_PROTOINFO_MAX + 1] = {
	[CTA_PROTOINFO_SCTP]	= { .type = NLA_NESTED },
	[CTA_PROTOINFO_DCCP]	= { .type = NLA_NESTED },
	[CTA_PROTOINFO_TCP]	= { .type = NLA_NESTED },
};

static int apply_protoinfo(struct change *c)
{
	const struct nlattr *attr = c->cda[CTA_PROTOINFO];
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *tb[CTA_PROTOINFO_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_PROTOINFO_MAX, attr,
					  protoinfo_policy, c->extack);
	if (err)
		return err;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(c->ct));
	if (!l4proto->from_nlattr)
		return 0;

	err = l4proto->from_nlattr(tb, c->ct);
	if (err)
		NL_SET_ERR_MSG_ATTR(c->extack, attr,
				    "incomplete or invalid protocol state");
	return err;
}

/* --- CTA_SEQ_ADJ_*, CTA_SYNPROXY ---------------------------------------- */

static const u16 seqadj_attr[IP_CT_DIR_MAX] = {
	[IP_CT_DIR_ORIGINAL]	= CTA_SEQ_ADJ_ORIG,
	[IP_CT_DIR_REPLY]	= CTA_SEQ_ADJ_REPLY,
};

static int check_seqadj(struct change *c)
{
	unsigned int dir;
	int err = 0;

	/* nowhere to keep it: ignored, even when it is wrong */
	if (!nfct_seqadj(c->ct))
		return 0;

	for (dir = 0; dir < IP_CT_DIR_MAX && !err; dir++) {
		if (c->cda[seqadj_attr[dir]])
			err = ctnetlink_decode_words(c->cda[seqadj_attr[dir]],
						     CTA_SEQADJ_MAX,
						     c->seqadj[dir], c->extack);
	}
	return err;
}

static int apply_seqadj(struct change *c)
{
	struct nf_conn_seqadj *ext = nfct_seqadj(c->ct);
	unsigned int dir;

	if (!ext)
		return 0;

	spin_lock_bh(&c->ct->lock);
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		const u32 *word = c->seqadj[dir];

		if (!c->cda[seqadj_attr[dir]])
			continue;
		ext->seq[dir].correction_pos = word[CTA_SEQADJ_CORRECTION_POS - 1];
		ext->seq[dir].offset_before = word[CTA_SEQADJ_OFFSET_BEFORE - 1];
		ext->seq[dir].offset_after = word[CTA_SEQADJ_OFFSET_AFTER - 1];
		set_bit(IPS_SEQ_ADJUST_BIT, &c->ct->status);
	}
	spin_unlock_bh(&c->ct->lock);
	return 0;
}

static int check_synproxy(struct change *c)
{
	if (!nfct_synproxy(c->ct))
		return 0;
	return ctnetlink_decode_words(c->cda[CTA_SYNPROXY], CTA_SYNPROXY_MAX,
				      c->synproxy, c->extack);
}

static int apply_synproxy(struct change *c)
{
	struct nf_conn_synproxy *ext = nfct_synproxy(c->ct);

	if (ext) {
		ext->isn = c->synproxy[CTA_SYNPROXY_ISN - 1];
		ext->its = c->synproxy[CTA_SYNPROXY_ITS - 1];
		ext->tsoff = c->synproxy[CTA_SYNPROXY_TSOFF - 1];
	}
	return 0;
}

/* --- CTA_LABELS --------------------------------------------------------- */

static int check_label_sizes(const struct nlattr *const cda[],
			     struct netlink_ext_ack *extack)
{
	const struct nlattr *mask = cda[CTA_LABELS_MASK];
	int len = nla_len(cda[CTA_LABELS]);

	if (len % sizeof(u32)) {
		NL_SET_ERR_MSG_ATTR(extack, cda[CTA_LABELS],
				    "labels come in units of four bytes");
		return -EINVAL;
	}
	if (mask && (!nla_len(mask) || nla_len(mask) != len)) {
		NL_SET_ERR_MSG_ATTR(extack, mask,
				    "labels and their mask differ in length");
		return -EINVAL;
	}
	return 0;
}

static int check_labels(struct change *c)
{
	int err = check_label_sizes(c->cda, c->extack);

	if (!err && !nf_ct_labels_find(c->ct)) {
		NL_SET_ERR_MSG_ATTR(c->extack, c->cda[CTA_LABELS],
				    "the connection has no room for labels");
		err = -ENOSPC;
	}
	return err;
}

static int replace_labels(struct nf_conn *ct, const struct nlattr *const cda[])
{
	const struct nlattr *mask = cda[CTA_LABELS_MASK];

	return nf_connlabels_replace(ct, nla_data(cda[CTA_LABELS]),
				     mask ? nla_data(mask) : NULL,
				     nla_len(cda[CTA_LABELS]) / sizeof(u32));
}

static int apply_labels(struct change *c)
{
	return IS_ENABLED(CONFIG_NF_CONNTRACK_LABELS) ?
	       replace_labels(c->ct, c->cda) : -EOPNOTSUPP;
}

/* --- steps by occasion -------------------------------------------------- */

#define STEP(name, _check, _apply)					\
	{ .attr = { CTA_##name }, .check = _check, .apply = _apply }
#define STEP_PROTOINFO							\
	{ .attr = { CTA_PROTOINFO }, .early = true, .apply = apply_protoinfo }
#define STEP_SEQADJ							\
	{ .attr = { CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY },		\
	  .check = check_seqadj, .apply = apply_seqadj }

/* An entry in the table */
static const struct change_step update_steps[] = {
	STEP(HELP, check_help, apply_help),
	STEP(TIMEOUT, check_timeout, apply_timeout),
	STEP(STATUS, check_status, apply_status),
	STEP_PROTOINFO,
	STEP(MARK, NULL, apply_mark),
	STEP_SEQADJ,
	STEP(SYNPROXY, check_synproxy, apply_synproxy),
	STEP(LABELS, check_labels, apply_labels),
	{ }
};

/* An entry on its way there */
static const struct change_step create_steps[] = {
	STEP(TIMEOUT, NULL, apply_first_timeout),
	STEP(STATUS, check_first_status, apply_status),
	STEP_SEQADJ,
	STEP_PROTOINFO,
	STEP(SYNPROXY, check_synproxy, apply_synproxy),
	STEP(MARK, NULL, apply_mark),
	{ }
};

/* The entry of a packet in a queue */
static const struct change_step queue_steps[] = {
	STEP(TIMEOUT, check_timeout, apply_timeout),
	STEP(STATUS, check_queued_status, apply_queued_status),
	STEP(HELP, check_help, apply_help),
	STEP(LABELS, check_labels, apply_labels),
	STEP(MARK, NULL, apply_mark),
	{ }
};

static bool step_wanted(const struct change_step *step, const struct change *c)
{
	return c->cda[step->attr[0]] || (step->attr[1] && c->cda[step->attr[1]]);
}

static int apply_steps(struct change *c, const struct change_step *step,
		       bool early)
{
	int err = 0;

	for (; step->apply && !err; step++) {
		if (step->early == early && step_wanted(step, c))
			err = step->apply(c);
	}
	return err;
}

static int run_steps(struct change *c, const struct change_step *steps)
{
	const struct change_step *step;
	int err;

	for (step = steps; step->apply; step++) {
		if (!step->check || !step_wanted(step, c))
			continue;
		err = step->check(c);
		if (err)
			return err;
	}
	return apply_steps(c, steps, true) ?: apply_steps(c, steps, false);
}

/**
 * ctnetlink_change - update an entry in the table
 * @ct: the entry, referenced
 * @cda: attributes of the request
 * @extack: for the error message
 *
 * Context: Process context.
 * Return: 0, or a negative errno with nothing changed.
 */
int ctnetlink_change(struct nf_conn *ct, const struct nlattr *const cda[],
		     struct netlink_ext_ack *extack)
{
	struct change c = { .ct = ct, .cda = cda, .extack = extack };

	if (cda[CTA_NAT_SRC] || cda[CTA_NAT_DST] || cda[CTA_TUPLE_MASTER]) {
		NL_SET_ERR_MSG(extack,
			       "NAT and the master can only be set on a new connection");
		return -EOPNOTSUPP;
	}
	return run_steps(&c, update_steps);
}

/**
 * ctnetlink_change_unborn - fill in an entry before it is inserted
 * @ct: the entry, ours alone
 * @cda: attributes of the request
 * @extack: for the error message
 *
 * Context: Any.
 * Return: 0 or a negative errno.
 */
int ctnetlink_change_unborn(struct nf_conn *ct,
			    const struct nlattr *const cda[],
			    struct netlink_ext_ack *extack)
{
	struct change c = { .ct = ct, .cda = cda, .extack = extack };

	return run_steps(&c, create_steps);
}

/**
 * ctnetlink_change_queued - update the entry of a packet in a queue
 * @ct: the entry, confirmed or not
 * @cda: attributes that came with the verdict
 *
 * Context: Any up to softirq, RCU held.
 * Return: 0 or a negative errno.
 */
int ctnetlink_change_queued(struct nf_conn *ct, const struct nlattr *const cda[])
{
	struct change c = { .ct = ct, .cda = cda };

	return run_steps(&c, queue_steps);
}

/**
 * ctnetlink_set_labels - labels of an entry that was just inserted
 * @ct: the entry, referenced
 * @cda: attributes of the request, CTA_LABELS among them
 * @extack: for the error message
 *
 * Context: Any.
 * Return: 0 or a negative errno.
 */
int ctnetlink_set_labels(struct nf_conn *ct, const struct nlattr *const cda[],
			 struct netlink_ext_ack *extack)
{
	struct change c = { .ct = ct, .cda = cda, .extack = extack };

	return check_labels(&c) ?: apply_labels(&c);
}
