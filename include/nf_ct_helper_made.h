/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The expectations that a packet announces: when it is dropped, none of them stays, since
 * the other side does not read it.  For helpers whose packets announce several.
 * DIFF: helper-dropped
 */
#ifndef _NF_CT_HELPER_MADE_H
#define _NF_CT_HELPER_MADE_H

#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack_expect.h>

/* More are not taken back; no helper's policy allows more of one connection */
#define NF_CT_MADE_MAX	20

/**
 * struct nf_ct_made - what a packet announces
 * @exp: expectations, with a reference on each
 * @n:   how many
 *
 * It belongs to the CPU that handles the packet.
 */
struct nf_ct_made {
	struct nf_conntrack_expect	*exp[NF_CT_MADE_MAX];
	unsigned int			n;
};

/**
 * nf_ct_made_begin - a packet comes, which has announced nothing yet
 * @made: those of the packet; clearing all of it would take longer than reading many a packet
 */
static inline void nf_ct_made_begin(struct nf_ct_made *made)
{
	made->n = 0;
}

/**
 * nf_ct_made_note - before an expectation is added
 * @made: those of the packet
 * @exp:  it
 *
 * The kernel's own nf_ct_unexpect_related() must not see one that was never added, as its
 * timer is not set up: the list that it is not on yet tells.
 */
static inline void nf_ct_made_note(struct nf_ct_made *made, struct nf_conntrack_expect *exp)
{
	INIT_HLIST_NODE(&exp->lnode);
	if (made->n == NF_CT_MADE_MAX)
		return;
	refcount_inc(&exp->use);
	made->exp[made->n++] = exp;
}

/**
 * nf_ct_made_end - the packet is done
 * @made:    those of the packet
 * @verdict: of the packet; if it is not NF_ACCEPT, what it has announced is void
 *
 * Context: any but hard interrupt; takes nf_conntrack_expect_lock.
 * Return: @verdict.
 */
static inline int nf_ct_made_end(struct nf_ct_made *made, int verdict)
{
	struct nf_conntrack_expect *exp;

	while (made->n) {
		exp = made->exp[--made->n];
		if (verdict != NF_ACCEPT && !hlist_unhashed_lockless(&exp->lnode))
			nf_ct_unexpect_related(exp);
		nf_ct_expect_put(exp);
	}
	return verdict;
}

#endif /* _NF_CT_HELPER_MADE_H */
