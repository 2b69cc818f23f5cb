/* SPDX-License-Identifier: GPL-2.0 */
/* Before 6.13 a timer's function is written into it after hrtimer_init() */
#ifndef _NF_CT_COMPAT_HRTIMER_H
#define _NF_CT_COMPAT_HRTIMER_H

#include_next <linux/hrtimer.h>

#include "nf_ct_probed.h"

#ifndef NF_CT_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#endif /* _NF_CT_COMPAT_HRTIMER_H */
