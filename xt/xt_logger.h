/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules that write packets to a log hold its logger, a module, from the check of the rule
 * until it is destroyed.
 */
#ifndef _XT_LOGGER_H
#define _XT_LOGGER_H

#include <linux/kmod.h>
#include <net/netfilter/nf_log.h>

#include "xt_extension.h"

/**
 * xt_logger_get - hold the logger of a rule
 * @par:    the rule
 * @type:   which one
 * @module: module to load if there is none, or NULL
 *
 * For nf_tables no module is loaded: it holds a lock that modprobe needs.
 *
 * Context: sleeps.
 * Return: 0, and nf_logger_put() has to follow; or a negative errno, which the log explains
 */
static inline int xt_logger_get(const struct xt_tgchk_param *par, enum nf_log_type type,
				const char *module)
{
	int err = nf_logger_find_get(par->family, type);

	if (err && module && !par->nft_compat) {
		request_module("%s", module);
		err = nf_logger_find_get(par->family, type);
	}
	if (err)
		return xt_refuse(err, "no logger of family %u: load %s (error %d)", par->family,
				 module ?: "nf_log_syslog", err);
	return 0;
}

#endif /* _XT_LOGGER_H */
