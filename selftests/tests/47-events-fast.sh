#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A reliable listener with the smallest buffer that reads as fast as it can has always
# something to read: it goes at its own pace, and hardly slower than with a large
# buffer.  Measured in instructions: the guest has one CPU, whose clock counts them.
#
# PROMISE
# TIMEOUT: 300
# ICOUNT
# DEBUG: skip

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/listeners.sh
. /payload/data/listeners.sh

LARGE=33554432
FLOWS=5000

# $1: tag; the rest are the words of one listener
burst()
{
	local tag=$1
	shift

	listeners_start n "$tag" -T 30 "name=a reliable expect=$FLOWS $*"
	make_flows $FLOWS
	listeners_mark
	flush
	listeners_end 35
	wait_for '[ "$(ctcount n)" = 0 ]' 20
}

flow_begin n $((FLOWS * 4))
# once for nothing: programs come from the disk, whose time is not the guest's
burst warm rcvbuf=$LARGE
burst large rcvbuf=$LARGE
burst tiny rcvbuf=2048
burst quiet rcvbuf=2048 noenobufs

large=$(told large a rate)
for tag in tiny quiet; do
	whole $tag a $FLOWS
	single $tag a
	note "$tag: $(told $tag a rate) events a second, $large with a large buffer"
	cmp_num "$tag: 80 % of its own pace" "$(told $tag a share)" -ge 80
	# its events have to be kept and sent again on the CPU on which it reads; measured:
	# 75 % on 6.1, 70 % on 6.12, 66 % on 7.3
	cmp_num "$tag: 60 % of what it does with a large buffer" \
		$(($(told $tag a rate) * 100)) -ge $((large * 60))
	cmp_num "$tag: it waits for less than one event in ten" \
		"$(told $tag a waits)" -le $((FLOWS / 10))
done
finish
