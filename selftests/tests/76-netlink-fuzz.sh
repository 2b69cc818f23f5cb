#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random requests to ctnetlink, right and wrong: stock's modules and ours give the same
# answers and have the same entries. At a high rate nothing stays behind, and a reliable
# listener hears all; users without rights neither see nor change anything.
# NFCT_SEED is where it begins, NFCT_FUZZ_TIME how many seconds each part has.
#
# TIMEOUT: 300

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/fuzz.sh
. /payload/data/fuzz.sh

PIECE=round

fuzz()
{
	python3 /payload/bin/ctfuzz.py "$@"
}

# Rooms for labels and helpers, so that requests for them can be right
router()
{
	modprobe -a nf_nat nf_conntrack_ftp nf_conntrack_tftp nfnetlink_cttimeout nfnetlink_cthelper &&
		topology && ns r nft add table inet fuzz
}

dmesg -n 1
answers_compared 10 45

must load_set "$(modset)"
must router
verdicts fuzz unprivileged "$SEED" "$(sized 300 100)"

# prog/oracle knows the entries by their IDs, and when each began
if is_ours; then
	must ns r sysctl -qw net.netfilter.nf_conntrack_timestamp=1
	nsenter --net=/run/netns/r -- oracle -R -n fuzz -f /tmp/figures -v /tmp/faults >/tmp/oracle 2>&1 &
	listener=$!
	must wait_for 'grep -q ready /tmp/oracle' 30
	fuzz flood "$SEED" "$(scaled 5)" >/tmp/flood1 2>&1 &
	one=$!
	check 'requests at a high rate' fuzz flood "$SEED.2" "$(scaled 5)"
	check 'and from another process' wait "$one"
	note "$(cat /tmp/flood1)"
	check 'the table is flushed' ns r conntrack -F
	check 'no entry is left' wait_for '[ "$(ctcount r)" = 0 ]' 20
	check 'nothing waits for the listener' wait_for '[ "$(waiting r)" = 0 ]' 20
	kill "$listener"
	check 'a reliable listener heard one NEW and one DESTROY of each' wait "$listener"
	note "$(sed "s/ *\$//" /tmp/figures)"
	[ ! -s /tmp/faults ] || note "$(head -n 40 /tmp/faults)"
fi
finish
