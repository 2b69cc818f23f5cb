/* SPDX-License-Identifier: GPL-2.0 */
/* 7.x has no constant for the usual port of SANE. */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_SANE_H
#define _NF_CT_COMPAT_NF_CONNTRACK_SANE_H

#include_next <linux/netfilter/nf_conntrack_sane.h>

#ifndef SANE_PORT
#define SANE_PORT	6566
#endif

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_SANE_H */
