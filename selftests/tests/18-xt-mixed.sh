#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Matches and targets of one set on connection tracking of the other, as modprobe takes them
# when some of our modules are missing: all of stock's on ours, all of ours on stock's, with
# the tables of cases of those that use connection tracking; then every other one of each,
# with the only two modules that use each other. The rest is loaded and unloaded.
#
# PROMISE
# TIMEOUT: 700
# DEBUGTIMEOUT: 3000

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/xt.sh
. /payload/data/xt.sh
# shellcheck source=selftests/data/mix.sh
. /payload/data/mix.sh

# Every second name of ours, the first one or not
odd() { xt_modules | awk 'NR % 2 == 1' | paste -sd '|'; }
even() { xt_modules | awk 'NR % 2 == 0' | paste -sd '|'; }

# Tables of cases for modules that use connection tracking
tracking()
{
	local name

	for name in $(xt_tables '*'); do
		! modinfo -F depends "xt_$name" | grep -q nf_conn || echo "$name"
	done
}

all_load()
{
	local name

	for name in $(xt_modules; find "$MIX_ASIDE" -name 'xt_*.ko' -exec basename -s .ko {} +); do
		modprobe "$name" || return
	done
}

# mixed TITLE SET PATTERN TABLE...: nf_conntrack is of SET, the modules that fit are ours
mixed()
{
	local name set pattern=$3 title=$1

	must mix "$pattern"
	check "$1: all load" all_load
	is "$1: connection tracking" "$(loaded_set nf_conntrack)" "$2"
	must xt_router
	shift 3
	for name; do
		set=$(loaded_set "xt_$name")
		is "$title: $name" "$set" "$(mix_set "xt_$name" "$pattern")"
		verdicts -p "$title: $name ($set)" env NFCT_MODSET="$set" \
			python3 /payload/bin/xtcase.py "/payload/data/xt/$name.cases"
	done
	ip -all netns delete
}

if is_ours; then
	# before any is put aside
	ours=$(odd) others=$(even)
	# shellcheck disable=SC2046  # names are words
	set -- $(tracking)
	mixed "stock's matches on our core" ours 'nf_.*' "$@"
	mixed "our matches on stock's core" stock 'xt_.*' "$@"
	mixed 'every other one, our core' ours "nf_.*|$ours" RATEEST rateest
	mixed 'every other one, stock core' stock "$others" RATEEST rateest
	must mix '.*'
	must modprobe nf_conntrack
fi
finish
