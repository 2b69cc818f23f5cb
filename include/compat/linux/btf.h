/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Modules outside of the kernel's tree get types for BPF programs since the headers
 * packages of 6.12: NF_CT_HAVE_KFUNCS.  On 7.x each argument is trusted.
 */
#ifndef _NF_CT_COMPAT_BTF_H
#define _NF_CT_COMPAT_BTF_H

#include_next <linux/btf.h>
#include <linux/btf_ids.h>

#ifdef BTF_KFUNCS_START
#define NF_CT_HAVE_KFUNCS	1
#endif

#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS		0
#endif

#endif /* _NF_CT_COMPAT_BTF_H */
