// SPDX-License-Identifier: GPL-2.0
/*
 * Expectations of the H.323 helper: how one begins, and how it ends up known or not.
 * Whoever makes one says what it is for.  No state, no locks.
 */
#include "h323.h"

/* Is the one that speaks known to the other side by another address? */
bool nf_ct_h323_translates(const struct nf_ct_h323_packet *p)
{
	return p->nat && !nf_inet_addr_cmp(&nf_ct_h323_this(p)->src.u3,
					   &nf_ct_h323_answer(p)->dst.u3);
}

/* A connection from any port of @from (any address if it is NULL) to a port of @to.  NULL,
 * and the log says why, if there is no memory.
 */
struct nf_conntrack_expect *
nf_ct_h323_expect_new(const struct nf_ct_h323_packet *p, const union nf_inet_addr *from,
		      const union nf_inet_addr *to, u8 protocol, __be16 port)
{
	struct nf_conntrack_expect *exp = nf_ct_expect_alloc(p->ct);

	if (!exp) {
		nf_ct_h323_refuse(p, "no memory for the expectation");
		return NULL;
	}
	nf_ct_expect_init(exp, NF_CT_EXPECT_CLASS_DEFAULT, nf_ct_l3num(p->ct), from, to,
			  protocol, NULL, &port);
	nf_ct_made_note(p->made, exp);
	return exp;
}

/* Done with @exp; @err says whether it is known.  False if the packet is to be dropped. */
bool nf_ct_h323_expect_put(const struct nf_ct_h323_packet *p,
			   struct nf_conntrack_expect *exp, int err)
{
	nf_ct_expect_put(exp);
	return !err || nf_ct_h323_refuse(p, "no room for the expectation");
}
