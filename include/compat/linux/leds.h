/* SPDX-License-Identifier: GPL-2.0 */
/* The times of a blink are values on 7.x; before, they are pointed to */
#ifndef _NF_CT_COMPAT_LINUX_LEDS_H
#define _NF_CT_COMPAT_LINUX_LEDS_H

#include_next <linux/leds.h>

#include "nf_ct_probed.h"

/* Dark for so many milliseconds, then lit as long, and from then on */
static inline void nf_ct_led_blink(struct led_trigger *trigger, unsigned long ms)
{
#ifdef NF_CT_HAVE_LED_BLINK_VALUES
	led_trigger_blink_oneshot(trigger, ms, ms, 1);
#else
	led_trigger_blink_oneshot(trigger, &ms, &ms, 1);
#endif
}

#endif /* _NF_CT_COMPAT_LINUX_LEDS_H */
