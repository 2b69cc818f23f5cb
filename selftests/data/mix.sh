# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests that mix our modules with the kernel's own.
#
#   mix PATTERN       modprobe takes those of our modules whose names fit the regular
#                     expression PATTERN, and the kernel's own instead of the others; what
#                     is loaded of either is unloaded before
#   loaded_set NAME   prints stock or ours: which module NAME is loaded

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

mix()
{
	local file

	mix_unload || return
	mkdir -p "$MIX_ASIDE"
	find "$MIX_ASIDE" -name '*.ko' -exec mv -t "$MIX_DIR" {} +
	for file in "$MIX_DIR"/*.ko; do
		[[ $(basename "$file" .ko) =~ ^($1)$ ]] || mv "$file" "$MIX_ASIDE/"
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
