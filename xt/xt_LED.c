// SPDX-License-Identifier: GPL-2.0
/*
 * The target "LED": a packet lights the LEDs that follow a trigger.  For all hooks.  Rules
 * with the same name share a trigger, which led_tg_lock guards with their number; a timer
 * turns it off again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/leds.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/netfilter/xt_LED.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>

#include "xt_extension.h"

#define LED_TG_DARK_MS	50

struct led_tg_trigger {
	struct list_head	list;
	unsigned int		rules;
	struct led_trigger	led;
	struct timer_list	off;
	char			name[sizeof_field(struct xt_led_info, id)];
};

static DEFINE_MUTEX(led_tg_lock);
static LIST_HEAD(led_tg_triggers);

static void led_tg_off(struct timer_list *timer)
{
	struct led_tg_trigger *trigger = container_of(timer, struct led_tg_trigger, off);

	led_trigger_event(&trigger->led, LED_OFF);
}

static unsigned int led_tg_light(struct sk_buff *skb, const struct xt_action_param *par)
{
	const struct xt_led_info *info = par->targinfo;
	struct led_tg_trigger *trigger = info->internal_data;

	/* it is lit already: dark for a moment, so that one sees something */
	if (info->delay && info->always_blink && timer_pending(&trigger->off))
		nf_ct_led_blink(&trigger->led, LED_TG_DARK_MS);
	else
		led_trigger_event(&trigger->led, LED_FULL);

	if (!info->delay)
		led_trigger_event(&trigger->led, LED_OFF);
	else if (info->delay <= INT_MAX)	/* above: for ever */
		mod_timer(&trigger->off, jiffies + msecs_to_jiffies(info->delay));
	return XT_CONTINUE;
}

static struct led_tg_trigger *led_tg_find(const char *name)
{
	struct led_tg_trigger *trigger;

	lockdep_assert_held(&led_tg_lock);
	list_for_each_entry(trigger, &led_tg_triggers, list)
		if (!strcmp(trigger->name, name))
			return trigger;
	return NULL;
}

static struct led_tg_trigger *led_tg_create(const char *name)
{
	struct led_tg_trigger *trigger = kzalloc(sizeof(*trigger), GFP_KERNEL);
	int err;

	lockdep_assert_held(&led_tg_lock);
	if (!trigger)
		return ERR_PTR(-ENOMEM);
	strscpy(trigger->name, name, sizeof(trigger->name));
	trigger->led.name = trigger->name;
	timer_setup(&trigger->off, led_tg_off, 0);
	err = led_trigger_register(&trigger->led);
	if (err) {
		kfree(trigger);
		return ERR_PTR(xt_refuse(err, "the LED trigger \"%s\" cannot be had", name));
	}
	list_add(&trigger->list, &led_tg_triggers);
	return trigger;
}

static int led_tg_check(const struct xt_tgchk_param *par)
{
	struct xt_led_info *info = par->targinfo;
	struct led_tg_trigger *trigger;

	if (!info->id[0])
		return xt_refuse(-EINVAL, "a trigger needs a name");
	if (strnlen(info->id, sizeof(info->id)) == sizeof(info->id))
		return xt_refuse(-EINVAL, "the name of a trigger has %zu characters at most",
				 sizeof(info->id) - 1);

	mutex_lock(&led_tg_lock);
	trigger = led_tg_find(info->id) ?: led_tg_create(info->id);
	if (!IS_ERR(trigger)) {
		trigger->rules++;
		info->internal_data = trigger;
	}
	mutex_unlock(&led_tg_lock);
	return PTR_ERR_OR_ZERO(trigger);
}

static void led_tg_destroy(const struct xt_tgdtor_param *par)
{
	const struct xt_led_info *info = par->targinfo;
	struct led_tg_trigger *trigger = info->internal_data;

	mutex_lock(&led_tg_lock);
	if (--trigger->rules) {
		mutex_unlock(&led_tg_lock);
		return;
	}
	list_del(&trigger->list);
	/* no rule is left that starts the timer; it uses the trigger */
	timer_delete_sync(&trigger->off);
	led_trigger_unregister(&trigger->led);
	mutex_unlock(&led_tg_lock);
	kfree(trigger);
}

static struct xt_target led_tg[] __read_mostly = {
	XT_BOTH(.name = "LED", .target = led_tg_light,
		.targetsize = sizeof(struct xt_led_info),
		.usersize = offsetof(struct xt_led_info, internal_data),
		.checkentry = led_tg_check, .destroy = led_tg_destroy),
};

XT_MODULE_TARGETS(led_tg);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables target: light an LED (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_LED");
MODULE_ALIAS("ip6t_LED");
