# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests that mix our modules with the kernel's own, or run one
# set after the other, in a guest of ours.
#
#   mix PATTERN       modprobe takes those of our modules whose names fit the regular
#                     expression PATTERN (with a ! before it: do not fit), and the
#                     kernel's own instead of the others; what is loaded of either is
#                     unloaded before
#   loaded_set NAME   prints stock or ours: which module NAME is loaded
#   mix_set NAME PATTERN  prints which it should be after "mix PATTERN"
#   has_both          there are two sets: a guest of ours, not the debug kernel
#   load_set SET      mix for all of one set, stock or ours; nf_conntrack and
#                     nf_conntrack_netlink are loaded

MIX_DIR=/lib/modules/$(uname -r)/updates
MIX_ASIDE=/tmp/aside

# shellcheck source=selftests/vm/teardown.sh
. /payload/teardown.sh

problem()
{
	note "$*"
}

mix_unload()
{
	local name

	unload_stack || return
	for name in /sys/module/xt_*; do
		[ ! -e "$name" ] || rmmod "${name##*/}" 2>/dev/null
	done
	# one of them uses another
	[ ! -e /sys/module/xt_RATEEST ] || rmmod xt_RATEEST
}

# $1: name of a module, $2: pattern
mix_fits()
{
	case $2 in
	'!'*) ! [[ $1 =~ ^(${2#!})$ ]] ;;
	*) [[ $1 =~ ^($2)$ ]] ;;
	esac
}

mix()
{
	local file

	mix_unload || return
	mkdir -p "$MIX_ASIDE"
	find "$MIX_ASIDE" -name '*.ko' -exec mv -t "$MIX_DIR" {} +
	for file in "$MIX_DIR"/*.ko; do
		mix_fits "$(basename "$file" .ko)" "$1" || mv "$file" "$MIX_ASIDE/"
	done
	depmod
}

# The kernel's own modules have no version of their own.
loaded_set()
{
	if [ -e "/sys/module/$1/version" ]; then
		echo ours
	else
		echo stock
	fi
}

# mix_set NAME PATTERN: which one a mix takes
mix_set()
{
	if mix_fits "$1" "$2"; then
		echo ours
	else
		echo stock
	fi
}

has_both()
{
	is_ours && ! is_debug
}

load_set()
{
	local all='.*'

	[ "$1" = ours ] || all=''
	if is_ours; then
		mix "$all" || return
	fi
	modprobe -a nf_conntrack nf_conntrack_netlink &&
		[ "$(loaded_set nf_conntrack)" = "$1" ]
}
