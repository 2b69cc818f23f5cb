# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced after lib.sh by the tests that give random input to stock's modules and to ours and
# compare the answers. They define
#
#   router                  lays the network, with the modules loaded
#   fuzz run SEED N SECS    prints the answers to N pieces of input, or as many as SECS
#                           seconds give, each piece behind a line that begins with $PIECE
#   fuzz compare A B        judges two files of them
#
# and call
#
#   answers_compared SECS COUNT   runs both sets, or one and compares it with itself: at
#                           most COUNT pieces, which are known to agree
#
# NFCT_SEED is where the input begins, NFCT_FUZZ_TIME how many seconds each set has; then
# there is no COUNT.

# shellcheck source=selftests/data/mix.sh
. /payload/data/mix.sh

# $1: the set, $2: so many pieces at most. Its answers are in /tmp/$1.
answers()
{
	local name

	load_set "$1" && router || return
	fuzz run "$SEED" "$2" "$SECS" >"/tmp/$1" || return
	for name in c r s; do
		ip netns delete "$name" || return
	done
}

pieces()
{
	grep -c "^$PIECE" "/tmp/$1"
}

answers_compared()
{
	local set=stock most=$2

	[ -z "${NFCT_FUZZ_TIME:-}" ] || most=1000000
	SEED=${NFCT_SEED:-1} SECS=${NFCT_FUZZ_TIME:-$1}
	note "seed $SEED, $SECS s"
	has_both || set=$(modset)
	check "$set answers" answers "$set" "$most"
	note "report random-input ${PIECE}s $(pieces "$set") lines $(grep -c . "/tmp/$set")"
	if has_both; then
		check 'ours answers' answers ours "$(pieces stock)"
	fi
	verdicts fuzz compare "/tmp/$set" "/tmp/$(modset)"
}
