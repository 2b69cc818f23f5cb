// SPDX-License-Identifier: GPL-2.0
/*
 * The LED "xtled", which guests have no other of.  How often a trigger has lit it and has
 * turned it off is in the parameters "lit" and "dark".
 */
#include <linux/atomic.h>
#include <linux/leds.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

static atomic_t xtled_lit, xtled_dark;

static int xtled_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(kp->arg));
}

static const struct kernel_param_ops xtled_counter = {
	.get = xtled_get,
};

module_param_cb(lit, &xtled_counter, &xtled_lit, 0444);
module_param_cb(dark, &xtled_counter, &xtled_dark, 0444);

/* The packet that lights it must not wait. */
static void xtled_set(struct led_classdev *led, enum led_brightness brightness)
{
	atomic_inc(brightness ? &xtled_lit : &xtled_dark);
}

static struct led_classdev xtled = {
	.name		= "xtled",
	.max_brightness	= LED_FULL,
	.brightness_set	= xtled_set,
};

static int __init xtled_init(void)
{
	return led_classdev_register(NULL, &xtled);
}

static void __exit xtled_exit(void)
{
	led_classdev_unregister(&xtled);
}

module_init(xtled_init);
module_exit(xtled_exit);
MODULE_DESCRIPTION("An LED, for the test of a target of iptables");
MODULE_LICENSE("GPL");
