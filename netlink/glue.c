// SPDX-License-Identifier: GPL-2.0
/*
 * What nfnetlink_queue and nfnetlink_log call to show, and change, the entry
 * of a packet that they hand to userspace.  They find us by an RCU pointer.
 */
#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack_seqadj.h>

#include "ctnetlink.h"

#if IS_ENABLED(CONFIG_NETFILTER_NETLINK_GLUE_CT)

static size_t ctnetlink_glue_size(const struct nf_conn *ct)
{
	const struct ctnetlink_msg m = {
		.ct	= (struct nf_conn *)ct,
		.kind	= CTNETLINK_QUEUE,
		/* packets may change the entry until ctnetlink_glue_build() */
		.bound	= 1,
	};

	/* the nest around the attributes, and the caller's word behind it */
	return nla_total_size(0) + ctnetlink_attrs_size(&m) +
	       nla_total_size(sizeof(__be32));
}

static int ctnetlink_glue_build(struct sk_buff *skb, struct nf_conn *ct,
				enum ip_conntrack_info ctinfo,
				u16 ct_attr, u16 ct_info_attr)
{
	struct ctnetlink_msg m = { .ct = ct, .kind = CTNETLINK_QUEUE };
	struct nlattr *nest = nla_nest_start(skb, ct_attr);

	if (!nest)
		return -ENOSPC;
	if (ctnetlink_attrs_put(skb, &m)) {
		nla_nest_cancel(skb, nest);
		return -ENOSPC;
	}
	nla_nest_end(skb, nest);
	return nla_put_be32(skb, ct_info_attr, htonl(ctinfo)) ? -ENOSPC : 0;
}

static int ctnetlink_glue_parse(const struct nlattr *attr, struct nf_conn *ct)
{
	struct nlattr *cda[CTA_MAX + 1];
	int err;

	/* DIFF: verdict-on-template: it belongs to the rule, with its references */
	if (nf_ct_is_template(ct))
		return -EOPNOTSUPP;

	err = nla_parse_nested_deprecated(cda, CTA_MAX, attr, ctnetlink_policy,
					  NULL);
	if (err)
		return err;
	return ctnetlink_change_queued(ct, (const struct nlattr *const *)cda);
}

/* Userspace changed the length of a packet: TCP needs to know under NAT */
static void ctnetlink_glue_seq_adjust(struct sk_buff *skb, struct nf_conn *ct,
				      enum ip_conntrack_info ctinfo, s32 off)
{
	if (READ_ONCE(ct->status) & IPS_NAT_MASK)
		nf_ct_tcp_seqadj_set(skb, ct, ctinfo, off);
}

static const struct nfnl_ct_hook ctnetlink_glue_hook = {
	.build_size	= ctnetlink_glue_size,
	.build		= ctnetlink_glue_build,
	.parse		= ctnetlink_glue_parse,
	.attach_expect	= ctnetlink_expect_attach,
	.seq_adjust	= ctnetlink_glue_seq_adjust,
};

/**
 * ctnetlink_glue_register - let the packet queues find us
 *
 * Context: May sleep.
 */
void ctnetlink_glue_register(void)
{
	rcu_assign_pointer(nfnl_ct_hook, &ctnetlink_glue_hook);
}

/**
 * ctnetlink_glue_unregister - undo ctnetlink_glue_register()
 *
 * Context: May sleep; callers may be inside until an RCU grace period is over.
 */
void ctnetlink_glue_unregister(void)
{
	RCU_INIT_POINTER(nfnl_ct_hook, NULL);
}

#else

void ctnetlink_glue_register(void) {}
void ctnetlink_glue_unregister(void) {}

#endif
