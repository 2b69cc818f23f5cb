#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Matches and targets of iptables: packets that a rule must match, and such that it must
# not, for each option of each of them (data/xt/NAME.cases; prog/xtcase.py explains these).
#
# TIMEOUT: 900

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/xt.sh
. /payload/data/xt.sh

must xt_router
for file in /payload/data/xt/*.cases; do
	name=$(basename "$file" .cases)
	must modprobe "xt_$name"
	note "$(modinfo -n "xt_$name")"
	check "$name: the module is of the set $(modset)" xt_is_right "$name"
	verdicts python3 /payload/bin/xtcase.py "$file"
done
finish
