/* SPDX-License-Identifier: GPL-2.0 */
/* Before 6.12 this header was the architecture's */
#include "nf_ct_probed.h"

#ifdef NF_CT_HAVE_LINUX_UNALIGNED
#include_next <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif
