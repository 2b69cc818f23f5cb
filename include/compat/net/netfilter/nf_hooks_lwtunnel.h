/* SPDX-License-Identifier: GPL-2.0 */
/* Since 6.12 the kernel image shows nf_hooks_lwtunnel: twice is an error */
#ifndef _NF_CT_COMPAT_NF_HOOKS_LWTUNNEL_H
#define _NF_CT_COMPAT_NF_HOOKS_LWTUNNEL_H

#include_next <net/netfilter/nf_hooks_lwtunnel.h>

#include "nf_ct_probed.h"

#if defined(CONFIG_LWTUNNEL) && !defined(NF_CT_HAVE_LWTUNNEL_ROW)
#define NF_CT_SHOWS_LWTUNNEL	1
#endif

#endif /* _NF_CT_COMPAT_NF_HOOKS_LWTUNNEL_H */
