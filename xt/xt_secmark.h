/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the targets of security marks have in common.  No state and no locks.
 */
#ifndef _XT_SECMARK_H
#define _XT_SECMARK_H

#include <linux/string.h>

#include "xt_extension.h"

/* The tables whose rules are for whoever sets policy: 0, or the refusal of another one */
static inline int xt_secmark_table(const char *table)
{
	if (!strcmp(table, "mangle") || !strcmp(table, "security"))
		return 0;
	return xt_refuse(-EINVAL, "only for the tables mangle and security, not for %s", table);
}

#endif /* _XT_SECMARK_H */
