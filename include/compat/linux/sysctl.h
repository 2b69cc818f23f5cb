/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Since 6.11 a handler gets a constant table.  Since 6.6 a table is registered with its
 * length; before, an empty row ends it: NF_CT_CTL_END rows more.
 */
#ifndef _NF_CT_COMPAT_SYSCTL_H
#define _NF_CT_COMPAT_SYSCTL_H

#include_next <linux/sysctl.h>

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_CONST_CTL_TABLE
typedef const struct ctl_table nf_ct_ctl_table;
#else
typedef struct ctl_table nf_ct_ctl_table;
#endif

#ifdef NF_CT_HAVE_SYSCTL_SZ
#define NF_CT_CTL_END		0
#else
#define NF_CT_CTL_END		1
#define register_net_sysctl_sz(_net, _path, _table, _rows)		\
	((void)(_rows), register_net_sysctl(_net, _path, _table))
#endif

#endif /* _NF_CT_COMPAT_SYSCTL_H */
