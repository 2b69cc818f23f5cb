/* SPDX-License-Identifier: GPL-2.0 */
/* The time of an event is told on 7.x only: elsewhere nothing shows this attribute */
#ifndef _NF_CT_COMPAT_NFNETLINK_CONNTRACK_H
#define _NF_CT_COMPAT_NFNETLINK_CONNTRACK_H

#include_next <linux/netfilter/nfnetlink_conntrack.h>

#include "nf_ct_probed.h"

#ifndef NF_CT_HAVE_EVENT_TIME
#define CTA_TIMESTAMP_EVENT	CTA_UNSPEC
#endif

#endif /* _NF_CT_COMPAT_NFNETLINK_CONNTRACK_H */
