// SPDX-License-Identifier: GPL-2.0
/*
 * Events of expectations: NEW when one is linked, DESTROY when it has been
 * unlinked.  All are sent from here, with nf_conntrack_expect_lock held, so that
 * their order is that of the table.
 */
#include <linux/rcupdate.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_conntrack_expect.h>

#include "nf_conntrack_internal.h"
#include "nf_conntrack_unsent.h"
#include "nf_ct_expect.h"
#include "nf_ct_expect_life.h"

#ifdef CONFIG_NF_CONNTRACK_EVENTS
/*
 * No listener hears an event, and none that comes later shall hear of what was.  The
 * kernel's flag is of the groups of connections: only who is on the list of sockets counts.
 */
static bool nf_ct_expect_unheard(const struct nf_ct_expect_life *life)
{
	return READ_ONCE(nf_conntrack_subscribers) != &nf_conntrack_no_subscribers &&
	       !nf_conntrack_listening() && !READ_ONCE(life->word);
}

/**
 * nf_ct_expect_event_report - send an expectation's event
 * @event:  NEW or DESTROY
 * @exp:    expectation, linked or just unlinked
 * @portid: netlink port that caused it, or 0
 * @report: that port wants it, too
 *
 * When a reliable listener refuses, a list holds a reference on the life.
 *
 * DIFF: expect-events-reliable: stock loses what is refused.
 *
 * Context: softirq safe; nf_conntrack_expect_lock held.
 */
void nf_ct_expect_event_report(enum ip_conntrack_expect_events event,
			       struct nf_conntrack_expect *exp,
			       u32 portid, int report)
{
	struct nf_ct_expect_life *life = nf_ct_expectation(exp)->life;
	const struct nf_ct_unsent_item item = nf_ct_unsent_expectation(life);
	u32 events = event == IPEXP_NEW ? BIT(IPCT_NEW) : NF_CT_DESTROY_EVENT;

	lockdep_assert_held(&nf_conntrack_expect_lock);

	if (!(life->expmask & BIT(event)) ||
	    !rcu_access_pointer(item.net->ct.nf_conntrack_event_cb))
		return;
	if (!report && nf_ct_expect_unheard(life))
		return;
	/* for a later attempt */
	if (event == IPEXP_DESTROY)
		WRITE_ONCE(life->portid, portid);

	nf_ct_unsent_send(&item, events, portid, report);
}
#endif

/**
 * nf_ct_expect_announce - an expectation has been linked: send NEW
 * @exp:    expectation, with a life
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants its copy
 *
 * Context: softirq safe; nf_conntrack_expect_lock held.
 */
void nf_ct_expect_announce(struct nf_conntrack_expect *exp, u32 portid, int report)
{
	nf_ct_expect_event_report(IPEXP_NEW, exp, portid, report);
}

/**
 * nf_ct_expect_withdraw - an expectation has been unlinked: send its destroy event
 * @exp:    expectation; its life ends here, or when a listener has the event
 * @portid: netlink port that asked for it, or 0
 * @report: that port wants its copy
 *
 * Context: softirq safe; nf_conntrack_expect_lock held.
 */
void nf_ct_expect_withdraw(struct nf_conntrack_expect *exp, u32 portid, int report)
{
	nf_ct_expect_life_sync(exp);
	nf_ct_expect_event_report(IPEXP_DESTROY, exp, portid, report);
	nf_ct_expect_life_end(exp);
}
