#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A packet of a connection that another CPU is just deleting passes, however many
# listeners hear of the deletion, which makes it take longer.
#
# TIMEOUT: 240

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/listeners.sh
. /payload/data/listeners.sh

DELETIONS=$(sized 2000 300)
[ "${NFCT_SMP:-2}" -ge 2 ] || skip_all 'needs two CPUs'

# delete_while_sending PROTOCOL LISTENERS: the subtests are called by these two
delete_while_sending()
{
	local tag=$1-$2 i before
	local -a all=()

	for ((i = 0; i < $2; i++)); do
		all+=("name=l$i rcvbuf=65536")
	done
	[ "$2" = 0 ] || listeners_start n "$tag" "${all[@]}"
	before=$(stat_sum n nf_conntrack drop insert_failed)
	ns n delrace "$1" "$DELETIONS" >/tmp/deleted
	note "$tag: $(cat /tmp/deleted), dropped $(($(stat_sum n nf_conntrack drop insert_failed) - before))"
	is "$tag: each deletion has succeeded" "$(sed 's/ .*//' /tmp/deleted)" "deleted=$DELETIONS"
	is "$tag: no packet is refused" "$(sed 's/.*refused=//' /tmp/deleted)" 0
	is "$tag: no packet is dropped" "$(stat_sum n nf_conntrack drop insert_failed)" "$before"
	[ "$2" = 0 ] || stop "$LISTENERS"
}

flow_begin n
for listeners in 0 1 20; do
	delete_while_sending udp $listeners
	delete_while_sending tcp $listeners
done
finish
