// SPDX-License-Identifier: GPL-2.0
/*
 * ABI: exports of the extension area.
 *
 * A symbol's CRC covers every type that is complete at its export, so the list of
 * headers below is frozen, order included, and nothing but exports may follow it.
 * "make abi-check" compares the outcome with the kernel.
 */
#include <linux/module.h>
#include <linux/kmemleak.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include <net/netfilter/nf_conntrack_ecache.h>

#include "nf_ct_probed.h"

EXPORT_SYMBOL(nf_ct_ext_add);
#ifdef NF_CT_HAVE_EXT_GENID
EXPORT_SYMBOL(__nf_ct_ext_find);
#endif
