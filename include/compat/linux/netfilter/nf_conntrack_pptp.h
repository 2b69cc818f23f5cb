/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PPTP.  Since 7.x the keymaps of both directions of a call are added at once, or none;
 * before, one by one.  7.x has no constant for the usual port.
 */
#ifndef _NF_CT_COMPAT_NF_CONNTRACK_PPTP_H
#define _NF_CT_COMPAT_NF_CONNTRACK_PPTP_H

#include_next <linux/netfilter/nf_conntrack_pptp.h>

#include "nf_ct_probed.h"

#ifndef PPTP_CONTROL_PORT
#define PPTP_CONTROL_PORT	1723
#endif

/* False: one of them may be there.  A macro: the export's CRC must not see it. */
#ifdef NF_CT_HAVE_PPTP_DESTROY
#define nf_ct_pptp_keymap_add(ct, orig, repl)	nf_ct_gre_keymap_add(ct, orig, repl)
#else
#define nf_ct_pptp_keymap_add(ct, orig, repl)				\
	(!nf_ct_gre_keymap_add(ct, IP_CT_DIR_ORIGINAL, orig) &&		\
	 !nf_ct_gre_keymap_add(ct, IP_CT_DIR_REPLY, repl))
#endif

#endif /* _NF_CT_COMPAT_NF_CONNTRACK_PPTP_H */
