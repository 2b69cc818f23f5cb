#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One guest of "make torture": all workers for so long, with a pause each half minute, then
# steady traffic for 35 lifetimes, then the end.
#
# Usage: guest.sh SECONDS SEED

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/torture/torture.sh
. /payload/torture/torture.sh

torture_begin "${2:-1}"
torture_start listeners traffic resize settings requests namespaces modules rules
# from here on: a slow guest needs a minute to get here
until=$((SECONDS + ${1:-120})) round=0
while ((SECONDS < until)); do
	torture_for 25
	round=$((round + 1))
	torture_pause "pause $round"
done
torture_age 35
torture_end
torture_report
finish
