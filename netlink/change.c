// SPDX-License-Identifier: GPL-2.0
/*
 * Changes an entry, one step for each attribute.  All steps of a request are
 * checked before the first is applied, so a request that fails has changed
 * nothing.  The first check that fails is the error of the request.  Callers hold
 * a reference, or own an entry that is not in the table yet.  ct->lock guards
 * sequence adjustments, RCU guards helpers.
 *
 * DIFF: update-all-or-nothing: stock applies what precedes the error.
 */
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_l4proto.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_seqadj.h>
#include <net/netfilter/nf_conntrack_synproxy.h>

#include "ctnetlink.h"

/**
 * struct ctnetlink_changes - the changes of one request
 * @ct:        the entry
 * @cda:       attributes of the request
 * @extack:    for the error message
 * @help_name: decoded CTA_HELP
 * @help_info: its private part, or NULL
 * @seqadj:    decoded CTA_SEQ_ADJ_*
 * @synproxy:  decoded CTA_SYNPROXY
 */
struct ctnetlink_changes {
	struct nf_conn			*ct;
	const struct nlattr *const	*cda;
	struct netlink_ext_ack		*extack;
	const char			*help_name;
	struct nlattr			*help_info;
	u32				seqadj[IP_CT_DIR_MAX][CTA_SEQADJ_MAX];
	u32				synproxy[CTA_SYNPROXY_MAX];
};

/**
 * struct ctnetlink_change_step - what an attribute does
 * @attr:   the attribute, or two that belong together
 * @check:  finds what is wrong before anything is changed; may be NULL
 * @apply:  makes the change
 */
struct ctnetlink_change_step {
	u16	attr[2];
	int	(*check)(struct ctnetlink_changes *c);
	int	(*apply)(struct ctnetlink_changes *c);
};

static u32 ctnetlink_change_u32(const struct ctnetlink_changes *c, int attr)
{
	return ntohl(nla_get_be32(c->cda[attr]));
}

/* --- CTA_HELP ----------------------------------------------------------- */

static struct nf_conntrack_helper *
ctnetlink_helper_attached(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	return help ? rcu_dereference(help->helper) : NULL;
}

/* May the entry get the helper @name?  Caller holds RCU. */
static int ctnetlink_helper_may_replace(const struct nf_conn *ct,
					const char *name,
					struct netlink_ext_ack *extack)
{
	const struct nf_conntrack_helper *now, *then;

	now = ctnetlink_helper_attached(ct);
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

static int ctnetlink_help_check(struct ctnetlink_changes *c)
{
	int err;

	err = ctnetlink_decode_help(c->cda[CTA_HELP], &c->help_name,
				    &c->help_info, c->extack);
	if (err)
		return err;

	rcu_read_lock();
	err = ctnetlink_helper_may_replace(c->ct, c->help_name, c->extack);
	rcu_read_unlock();
	return err;
}

/* DIFF: helper-empty-name: stock 7.x takes the empty name for an unknown helper */
static void ctnetlink_helper_remove(struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	/* the pointer first, so that the helper adds no more expectations */
	if (help && rcu_access_pointer(help->helper)) {
		nf_ct_helper_assign(help, NULL);
		nf_ct_remove_expectations(ct);
	}
}

/**
 * ctnetlink_helper_tell - give a helper what a request has for it
 * @ct: the entry: in the table, or owned by the caller
 * @helper: its helper
 * @info: CTA_HELP_INFO, or NULL
 *
 * The FTP helper follows the pointer to its data in the entry without a look at it.  When
 * another helper is unregistered meanwhile, the extensions of an entry that is not in the
 * table become void, and the pointer null.  Here they stay valid until the helper is done:
 * RCU keeps what they point to.
 *
 * Context: RCU.
 */
void ctnetlink_helper_tell(struct nf_conn *ct,
			   const struct nf_conntrack_helper *helper,
			   struct nlattr *info)
{
	unsigned int *generation = nf_ct_ext_generation(ct->ext);
	unsigned int id = *generation;

	if (!helper->from_nlattr || !nf_ct_helper_inspects(helper))
		return;
	if (id)
		*generation = 0;
	helper->from_nlattr(info, ct);
	if (id)
		*generation = id;
}

static int ctnetlink_help_apply(struct ctnetlink_changes *c)
{
	struct nf_conntrack_helper *helper;

	/* an expected connection has it already: ctnetlink_helper_may_replace() */
	if (c->ct->master)
		return 0;
	if (!*c->help_name) {
		ctnetlink_helper_remove(c->ct);
		return 0;
	}

	rcu_read_lock();
	helper = ctnetlink_helper_attached(c->ct);
	if (helper)
		ctnetlink_helper_tell(c->ct, helper, c->help_info);
	rcu_read_unlock();
	return 0;
}

/* --- CTA_TIMEOUT, CTA_STATUS, CTA_MARK ---------------------------------- */

static int ctnetlink_timeout_check(struct ctnetlink_changes *c)
{
	if (test_bit(IPS_FIXED_TIMEOUT_BIT, &c->ct->status)) {
		NL_SET_ERR_MSG_ATTR(c->extack, c->cda[CTA_TIMEOUT],
				    "the connection has a fixed timeout");
		return -EPERM;
	}
	return 0;
}

static int ctnetlink_timeout_apply(struct ctnetlink_changes *c)
{
	u64 timeout = (u64)ctnetlink_change_u32(c, CTA_TIMEOUT) * HZ;
	int err;

	err = __nf_ct_change_timeout(c->ct, timeout);
	if (err == -ETIME)
		NL_SET_ERR_MSG(c->extack, "the connection has just ended");
	return err;
}

/* Until the entry is inserted its timeout is a span, not a time */
static int ctnetlink_first_timeout_apply(struct ctnetlink_changes *c)
{
	__nf_ct_set_timeout(c->ct,
			    (u64)ctnetlink_change_u32(c, CTA_TIMEOUT) * HZ);
	return 0;
}

static int ctnetlink_status_refuse(const struct ctnetlink_changes *c)
{
	NL_SET_ERR_MSG_ATTR(c->extack, c->cda[CTA_STATUS],
			    "the status has bits that cannot be changed this way");
	return -EBUSY;
}

static int ctnetlink_status_check_against(const struct ctnetlink_changes *c,
					  unsigned long now)
{
	const unsigned long frozen = IPS_EXPECTED | IPS_CONFIRMED | IPS_DYING;
	const unsigned long set_only = IPS_SEEN_REPLY | IPS_ASSURED;
	unsigned long then = ctnetlink_change_u32(c, CTA_STATUS);

	if ((now ^ then) & frozen || now & ~then & set_only)
		return ctnetlink_status_refuse(c);
	return 0;
}

static int ctnetlink_status_check(struct ctnetlink_changes *c)
{
	return ctnetlink_status_check_against(c, READ_ONCE(c->ct->status));
}

/*
 * Insertion will confirm a new entry: the check takes it for confirmed.  It will be
 * expected, if it gets a master.
 *
 * DIFF: replay: stock refuses the status of an expected connection.
 */
static int ctnetlink_first_status_check(struct ctnetlink_changes *c)
{
	unsigned long now = c->ct->status | IPS_CONFIRMED;

	if (c->cda[CTA_TUPLE_MASTER])
		now |= ctnetlink_change_u32(c, CTA_STATUS) & IPS_EXPECTED;
	return ctnetlink_status_check_against(c, now);
}

static int ctnetlink_status_apply(struct ctnetlink_changes *c)
{
	__nf_ct_change_status(c->ct, ctnetlink_change_u32(c, CTA_STATUS), 0);
	return 0;
}

/*
 * A program behind nfnetlink_queue often sends a status in which bits differ that
 * it cannot change: they keep their value, and it gets no error.  It may clear the
 * bits that it may set.
 */
static int ctnetlink_queued_status_check(struct ctnetlink_changes *c)
{
	const unsigned long set_only = IPS_SEEN_REPLY | IPS_ASSURED;
	unsigned long then = ctnetlink_change_u32(c, CTA_STATUS);

	if (READ_ONCE(c->ct->status) & ~then & set_only)
		return ctnetlink_status_refuse(c);
	return 0;
}

static int ctnetlink_queued_status_apply(struct ctnetlink_changes *c)
{
	unsigned long status = ctnetlink_change_u32(c, CTA_STATUS);

	/* these two stay: a packet may have set one since the check */
	__nf_ct_change_status(c->ct, status,
			      ~status & ~(IPS_SEEN_REPLY | IPS_ASSURED));
	return 0;
}

#ifdef CONFIG_NF_CONNTRACK_MARK
/* CTA_MARK_MASK (without it, all bits) is cleared, then CTA_MARK is toggled */
static u32 ctnetlink_mark_after(const struct ctnetlink_changes *c, u32 old)
{
	u32 mask = ~0U;

	if (c->cda[CTA_MARK_MASK])
		mask = ctnetlink_change_u32(c, CTA_MARK_MASK);
	return (old & ~mask) ^ ctnetlink_change_u32(c, CTA_MARK);
}
#endif

static int ctnetlink_mark_apply(struct ctnetlink_changes *c)
{
#ifdef CONFIG_NF_CONNTRACK_MARK
	u32 old = READ_ONCE(c->ct->mark);
	u32 mark = ctnetlink_mark_after(c, old);

	if (mark != old)
		WRITE_ONCE(c->ct->mark, mark);
#endif
	return 0;
}

/* --- CTA_PROTOINFO ------------------------------------------------------ */

static const struct nla_policy
ctnetlink_protoinfo_policy[CTA_PROTOINFO_MAX + 1] = {
	[CTA_PROTOINFO_SCTP]	= { .type = NLA_NESTED },
	[CTA_PROTOINFO_DCCP]	= { .type = NLA_NESTED },
	[CTA_PROTOINFO_TCP]	= { .type = NLA_NESTED },
};

/* Without @ct the tracker only checks the attributes */
static int ctnetlink_protoinfo_run(struct ctnetlink_changes *c, struct nf_conn *ct)
{
	const struct nlattr *attr = c->cda[CTA_PROTOINFO];
	const struct nf_conntrack_l4proto *l4proto;
	struct nlattr *tb[CTA_PROTOINFO_MAX + 1];
	int err;

	err = nla_parse_nested_deprecated(tb, CTA_PROTOINFO_MAX, attr,
					  ctnetlink_protoinfo_policy,
					  c->extack);
	if (err)
		return err;

	l4proto = nf_ct_l4proto_find(nf_ct_protonum(c->ct));
	if (!l4proto->from_nlattr)
		return 0;

	err = l4proto->from_nlattr(tb, ct);
	if (err)
		NL_SET_ERR_MSG_ATTR(c->extack, attr,
				    "incomplete or invalid protocol state");
	return err;
}

static int ctnetlink_protoinfo_check(struct ctnetlink_changes *c)
{
	return ctnetlink_protoinfo_run(c, NULL);
}

static int ctnetlink_protoinfo_apply(struct ctnetlink_changes *c)
{
	return ctnetlink_protoinfo_run(c, c->ct);
}

/* --- CTA_SEQ_ADJ_*, CTA_SYNPROXY ---------------------------------------- */

static const u16 ctnetlink_seqadj_attr[IP_CT_DIR_MAX] = {
	[IP_CT_DIR_ORIGINAL]	= CTA_SEQ_ADJ_ORIG,
	[IP_CT_DIR_REPLY]	= CTA_SEQ_ADJ_REPLY,
};

static int ctnetlink_seqadj_check(struct ctnetlink_changes *c)
{
	const struct nlattr *attr;
	unsigned int dir;
	int err = 0;

	/* an entry without the extension ignores the attribute, even a wrong one */
	if (!nfct_seqadj(c->ct))
		return 0;

	for (dir = 0; dir < IP_CT_DIR_MAX && !err; dir++) {
		attr = c->cda[ctnetlink_seqadj_attr[dir]];
		if (attr)
			err = ctnetlink_decode_words(attr, CTA_SEQADJ_MAX,
						     c->seqadj[dir], c->extack);
	}
	return err;
}

static int ctnetlink_seqadj_apply(struct ctnetlink_changes *c)
{
	struct nf_conn_seqadj *ext = nfct_seqadj(c->ct);
	unsigned int dir;

	if (!ext)
		return 0;

	spin_lock_bh(&c->ct->lock);
	for (dir = 0; dir < IP_CT_DIR_MAX; dir++) {
		const u32 *word = c->seqadj[dir];

		if (!c->cda[ctnetlink_seqadj_attr[dir]])
			continue;
		ext->seq[dir].correction_pos = word[CTA_SEQADJ_CORRECTION_POS - 1];
		ext->seq[dir].offset_before = word[CTA_SEQADJ_OFFSET_BEFORE - 1];
		ext->seq[dir].offset_after = word[CTA_SEQADJ_OFFSET_AFTER - 1];
		set_bit(IPS_SEQ_ADJUST_BIT, &c->ct->status);
	}
	spin_unlock_bh(&c->ct->lock);
	return 0;
}

static int ctnetlink_synproxy_check(struct ctnetlink_changes *c)
{
	if (!nfct_synproxy(c->ct))
		return 0;
	return ctnetlink_decode_words(c->cda[CTA_SYNPROXY], CTA_SYNPROXY_MAX,
				      c->synproxy, c->extack);
}

static int ctnetlink_synproxy_apply(struct ctnetlink_changes *c)
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

static int ctnetlink_labels_check_size(const struct nlattr *const cda[],
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

/* Has the entry labels, or can it get them?  Replaces no bit */
static int ctnetlink_labels_reserve(struct nf_conn *ct)
{
	static const u32 none[NF_CT_LABELS_MAX_SIZE / sizeof(u32)];

	if (!IS_ENABLED(CONFIG_NF_CONNTRACK_LABELS))
		return -ENOSPC;
	return nf_connlabels_replace(ct, none, none, ARRAY_SIZE(none));
}

static int ctnetlink_labels_check(struct ctnetlink_changes *c)
{
	int err = ctnetlink_labels_check_size(c->cda, c->extack);

	if (err)
		return err;
	err = ctnetlink_labels_reserve(c->ct);
	if (err)
		NL_SET_ERR_MSG_ATTR(c->extack, c->cda[CTA_LABELS],
				    "the connection has no room for labels");
	return err;
}

static int ctnetlink_labels_replace(struct nf_conn *ct,
				    const struct nlattr *const cda[])
{
	const struct nlattr *mask = cda[CTA_LABELS_MASK];

	return nf_connlabels_replace(ct, nla_data(cda[CTA_LABELS]),
				     mask ? nla_data(mask) : NULL,
				     nla_len(cda[CTA_LABELS]) / sizeof(u32));
}

static int ctnetlink_labels_apply(struct ctnetlink_changes *c)
{
	return IS_ENABLED(CONFIG_NF_CONNTRACK_LABELS) ?
	       ctnetlink_labels_replace(c->ct, c->cda) : -EOPNOTSUPP;
}

/* --- which steps, in which order ---------------------------------------- */

#define STEP(name, _attr, _check, _apply)				\
static const struct ctnetlink_change_step ctnetlink_step_##name = {	\
	.attr = { _attr }, .check = _check, .apply = _apply,		\
}

STEP(help, CTA_HELP, ctnetlink_help_check, ctnetlink_help_apply);
STEP(timeout, CTA_TIMEOUT, ctnetlink_timeout_check, ctnetlink_timeout_apply);
STEP(first_timeout, CTA_TIMEOUT, NULL, ctnetlink_first_timeout_apply);
STEP(status, CTA_STATUS, ctnetlink_status_check, ctnetlink_status_apply);
STEP(first_status, CTA_STATUS, ctnetlink_first_status_check, ctnetlink_status_apply);
STEP(queued_status, CTA_STATUS, ctnetlink_queued_status_check, ctnetlink_queued_status_apply);
STEP(protoinfo, CTA_PROTOINFO, ctnetlink_protoinfo_check, ctnetlink_protoinfo_apply);
STEP(mark, CTA_MARK, NULL, ctnetlink_mark_apply);
STEP(synproxy, CTA_SYNPROXY, ctnetlink_synproxy_check, ctnetlink_synproxy_apply);
STEP(labels, CTA_LABELS, ctnetlink_labels_check, ctnetlink_labels_apply);

static const struct ctnetlink_change_step ctnetlink_step_seqadj = {
	.attr	= { CTA_SEQ_ADJ_ORIG, CTA_SEQ_ADJ_REPLY },
	.check	= ctnetlink_seqadj_check,
	.apply	= ctnetlink_seqadj_apply,
};

/* An entry in the table */
static const struct ctnetlink_change_step *const ctnetlink_update_steps[] = {
	&ctnetlink_step_help, &ctnetlink_step_timeout, &ctnetlink_step_status,
	&ctnetlink_step_protoinfo, &ctnetlink_step_mark, &ctnetlink_step_seqadj,
	&ctnetlink_step_synproxy, &ctnetlink_step_labels, NULL
};

/* An entry on its way there */
static const struct ctnetlink_change_step *const ctnetlink_create_steps[] = {
	&ctnetlink_step_first_timeout, &ctnetlink_step_first_status,
	&ctnetlink_step_seqadj, &ctnetlink_step_protoinfo,
	&ctnetlink_step_synproxy, &ctnetlink_step_mark, NULL
};

/* The entry of a packet in a queue */
static const struct ctnetlink_change_step *const ctnetlink_queue_steps[] = {
	&ctnetlink_step_timeout, &ctnetlink_step_queued_status,
	&ctnetlink_step_help, &ctnetlink_step_labels, &ctnetlink_step_mark, NULL
};

static bool ctnetlink_step_wanted(const struct ctnetlink_change_step *step,
				  const struct ctnetlink_changes *c)
{
	return c->cda[step->attr[0]] || (step->attr[1] && c->cda[step->attr[1]]);
}

static int
ctnetlink_steps_run(struct ctnetlink_changes *c,
		    const struct ctnetlink_change_step *const *steps)
{
	const struct ctnetlink_change_step *const *step;
	int err = 0;

	for (step = steps; *step && !err; step++) {
		if ((*step)->check && ctnetlink_step_wanted(*step, c))
			err = (*step)->check(c);
	}
	for (step = steps; *step && !err; step++) {
		if (ctnetlink_step_wanted(*step, c))
			err = (*step)->apply(c);
	}
	return err;
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
	struct ctnetlink_changes c = { .ct = ct, .cda = cda, .extack = extack };

	if (cda[CTA_NAT_SRC] || cda[CTA_NAT_DST] || cda[CTA_TUPLE_MASTER]) {
		NL_SET_ERR_MSG(extack,
			       "NAT and the master can only be set on a new connection");
		return -EOPNOTSUPP;
	}
	return ctnetlink_steps_run(&c, ctnetlink_update_steps);
}

/**
 * ctnetlink_change_new - fill in an entry before it is inserted
 * @ct: the entry, which no other CPU sees
 * @cda: attributes of the request
 * @extack: for the error message
 *
 * Context: Any.
 * Return: 0 or a negative errno.
 */
int ctnetlink_change_new(struct nf_conn *ct, const struct nlattr *const cda[],
			 struct netlink_ext_ack *extack)
{
	struct ctnetlink_changes c = { .ct = ct, .cda = cda, .extack = extack };

	return ctnetlink_steps_run(&c, ctnetlink_create_steps);
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
	struct ctnetlink_changes c = { .ct = ct, .cda = cda };

	return ctnetlink_steps_run(&c, ctnetlink_queue_steps);
}

/**
 * ctnetlink_set_labels - set the labels of an entry that was just inserted
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
	struct ctnetlink_changes c = { .ct = ct, .cda = cda, .extack = extack };

	return ctnetlink_labels_check(&c) ?: ctnetlink_labels_apply(&c);
}
