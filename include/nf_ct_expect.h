/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Expectations, beyond the kernel's own header: what the core and ctnetlink ask of
 * each other.
 */
#ifndef _NF_CT_EXPECT_H
#define _NF_CT_EXPECT_H

#include <linux/bits.h>
#include <net/netfilter/nf_conntrack_expect.h>

/*
 * For nf_ct_expect_related_report(), beside NF_CT_EXP_F_*: expectfn was found by
 * name and must still be registered, since its module may be about to go.
 */
#define NF_CT_EXP_F_NAMED_FN	BIT(31)

/* nf_conntrack_expect.c */
int nf_ct_expect_set_timeout(struct nf_conntrack_expect *exp, u32 seconds);
bool nf_ct_expect_remove_report(struct nf_conntrack_expect *exp, u32 portid,
				int report);

/* expect/event.c */
void nf_ct_expect_announce(struct nf_conntrack_expect *exp, u32 portid, int report);
void nf_ct_expect_withdraw(struct nf_conntrack_expect *exp, u32 portid, int report);

#endif /* _NF_CT_EXPECT_H */
