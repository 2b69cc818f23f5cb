// SPDX-License-Identifier: GPL-2.0
/*
 * The match "time": dates, times of the day, days of the week and of the month, by UTC or
 * by the kernel's time zone.  For all hooks; without state.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/netfilter/xt_time.h>
#include <linux/time.h>

#include "xt_extension.h"

#define TIME_DAY	(24 * 60 * 60)

static time64_t time_mt_now(const struct xt_time_info *info)
{
	time64_t now = ktime_get_real_seconds();

	if (info->flags & XT_TIME_LOCAL_TZ)
		now -= sys_tz.tz_minuteswest * 60;
	return now;
}

/* A period that begins after it ends goes over midnight. */
static bool time_mt_in_period(u32 second, const struct xt_time_info *info)
{
	if (info->daytime_start < info->daytime_stop)
		return second >= info->daytime_start && second <= info->daytime_stop;
	return second >= info->daytime_start || second <= info->daytime_stop;
}

/* @day since 1970-01-01, a Thursday: bits 1 (Monday) to 7 of the rule */
static bool time_mt_on_weekday(s32 day, const struct xt_time_info *info)
{
	return (info->weekdays_match & XT_TIME_ALL_WEEKDAYS) == XT_TIME_ALL_WEEKDAYS ||
	       info->weekdays_match & BIT((day + 3) % 7 + 1);
}

static bool time_mt_on_monthday(time64_t now, const struct xt_time_info *info)
{
	struct tm tm;

	if (info->monthdays_match == XT_TIME_ALL_MONTHDAYS)
		return true;
	time64_to_tm(now, 0, &tm);
	return info->monthdays_match & BIT(tm.tm_mday);
}

static bool time_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_time_info *info = par->matchinfo;
	time64_t now = time_mt_now(info);
	u32 day, second;

	if (now < info->date_start || now > info->date_stop)
		return false;
	day = div_u64_rem(now, TIME_DAY, &second);
	if (!time_mt_in_period(second, info))
		return false;

	/* After midnight a period belongs to the day on which it has begun. */
	if (info->flags & XT_TIME_CONTIGUOUS && second < info->daytime_stop) {
		now -= TIME_DAY;
		day--;
	}
	return time_mt_on_weekday(day, info) && time_mt_on_monthday(now, info);
}

static int time_mt_check(const struct xt_mtchk_param *par)
{
	const struct xt_time_info *info = par->matchinfo;

	if (info->daytime_start > XT_TIME_MAX_DAYTIME ||
	    info->daytime_stop > XT_TIME_MAX_DAYTIME)
		return xt_refuse(-EDOM, "a day ends at 23:59:59, the rule says %u to %u seconds",
				 info->daytime_start, info->daytime_stop);
	if (info->flags & ~XT_TIME_ALL_FLAGS)
		return xt_refuse(-EINVAL, "unknown flags %#x", info->flags);
	if (info->flags & XT_TIME_CONTIGUOUS && info->daytime_start < info->daytime_stop)
		return xt_refuse(-EINVAL, "a contiguous period has to begin after it ends");
	return 0;
}

static struct xt_match time_mts[] __read_mostly = {
	XT_ROW(NFPROTO_UNSPEC,
	       .name = "time", .match = time_mt, .checkentry = time_mt_check,
	       .matchsize = sizeof(struct xt_time_info)),
};

XT_MODULE_MATCHES(time_mts);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("iptables match: time (reliable-conntrack)");
MODULE_VERSION(NF_CT_VERSION);
MODULE_ALIAS("ipt_time");
MODULE_ALIAS("ip6t_time");
