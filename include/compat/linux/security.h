/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Since 6.14 the name of a security mark comes as a struct, and its length is returned.
 * nf_ct_secctx() has the newer form with one answer for all: 0, or an error.
 */
#ifndef _NF_CT_COMPAT_SECURITY_H
#define _NF_CT_COMPAT_SECURITY_H

#include_next <linux/security.h>

#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_LSM_CONTEXT
static inline int nf_ct_secctx(u32 secid, struct lsm_context *name)
{
	int len = security_secid_to_secctx(secid, name);

	return min(len, 0);
}

static inline void nf_ct_secctx_release(struct lsm_context *name)
{
	security_release_secctx(name);
}

/* The length of the name without its end, or an error */
static inline int nf_ct_secctx_len(u32 secid)
{
	return security_secid_to_secctx(secid, NULL);
}
#else
struct lsm_context {
	char	*context;
	u32	len;
};

static inline int nf_ct_secctx(u32 secid, struct lsm_context *name)
{
	return security_secid_to_secctx(secid, &name->context, &name->len);
}

static inline int nf_ct_secctx_len(u32 secid)
{
	u32 len;
	int err = security_secid_to_secctx(secid, NULL, &len);

	return err ?: (int)len;
}

static inline void nf_ct_secctx_release(struct lsm_context *name)
{
	security_release_secctx(name->context, name->len);
}
#endif

#endif /* _NF_CT_COMPAT_SECURITY_H */
