# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by tests in which allocations fail; the debug kernel can do that.
#
#   has_failslab           whether this kernel can
#   failslab_set_up KIND...  failures are not logged. Of these kinds (failslab,
#                          fail_page_alloc) an allocation that may sleep fails, too
#
# FAULTS is the folder that has a folder for each kind.

FAULTS=/sys/kernel/debug

has_failslab()
{
	[ -d $FAULTS/failslab ] && [ -e /proc/self/fail-nth ]
}

failslab_set_up()
{
	local kind

	for kind in failslab fail_page_alloc fail_usercopy; do
		[ -d $FAULTS/$kind ] || continue
		echo 0 >$FAULTS/$kind/verbose
		echo 0 >$FAULTS/$kind/probability
	done
	for kind; do
		echo N >"$FAULTS/$kind/ignore-gfp-wait"
	done
}
