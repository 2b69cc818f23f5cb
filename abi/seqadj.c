// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of adjusted TCP sequence numbers.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <net/tcp.h>
#include <net/netfilter/nf_conntrack_seqadj.h>

EXPORT_SYMBOL_GPL(nf_ct_seqadj_init);
EXPORT_SYMBOL_GPL(nf_ct_seqadj_set);
EXPORT_SYMBOL_GPL(nf_ct_tcp_seqadj_set);
EXPORT_SYMBOL_GPL(nf_ct_seq_adjust);
EXPORT_SYMBOL_GPL(nf_ct_seq_offset);
