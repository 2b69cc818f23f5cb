#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random packets, right and wrong, of all protocols in conversations through a router: what
# becomes of each, and the entries at the end, is the same with stock's modules and ours.
# NFCT_SEED is where it begins, NFCT_FUZZ_TIME how many seconds each set has.
#
# Not in tests/ yet: it ran to its end once, with two differences of the test itself (the random
# numbers of fragments of IPv6, a cut GRE header that is counted but lost); the program knows
# both now, but no run in a guest has shown that.  To run it: copy it to tests/75-packet-fuzz.sh.
# Missing: more seeds; its time, which was 151 s on a busy machine.
#
# TIMEOUT: 300

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/xt.sh
. /payload/data/xt.sh
# shellcheck source=selftests/data/bothsets.sh
. /payload/data/bothsets.sh

SEED=${NFCT_SEED:-1}
SECS=${NFCT_FUZZ_TIME:-$(sized 20 40)}

fuzz()
{
	python3 /payload/bin/pktfuzz.py "$@"
}

router()
{
	xt_router || return
	ns r ip -batch - <<-'EOT' || return
		neighbour replace 10.0.1.3 lladdr 02:00:00:00:00:02 dev eth1
		neighbour replace fd00:1::3 lladdr 02:00:00:00:00:02 dev eth1
		neighbour replace 10.0.2.3 lladdr 02:00:00:00:00:03 dev eth2
		neighbour replace fd00:2::3 lladdr 02:00:00:00:00:03 dev eth2
		neighbour replace 10.0.2.77 lladdr 02:00:00:00:00:03 dev eth2
		neighbour replace fd00:2::77 lladdr 02:00:00:00:00:03 dev eth2
	EOT
	ns r sysctl -qw net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth1.send_redirects=0 \
		net.ipv4.conf.eth2.send_redirects=0 net.ipv4.icmp_ratemask=0 \
		net.ipv4.conf.eth1.rp_filter=0 net.ipv4.conf.eth2.rp_filter=0
	# fragments of one conversation are gone when their number comes again
	ns r sysctl -qw net.ipv4.ipfrag_time=2 net.netfilter.nf_conntrack_frag6_timeout=2
	sysctl -qw net.netfilter.nf_log_all_netns=1
}

# $1: the set, $2: so many conversations. Its answers are in /tmp/$1.
answers()
{
	local name

	load_set "$1" || return
	modprobe nf_log_syslog || return
	router || return
	fuzz run "$SEED" "$2" "$SECS" >"/tmp/$1" || return
	for name in c r s; do
		ip netns delete "$name" || return
	done
}

dmesg -n 1
note "seed $SEED, $SECS s"
if has_both; then
	check 'stock answers' answers stock 1000000
	check 'ours answers' answers ours "$(grep -c '^conversation' /tmp/stock)"
	verdicts fuzz compare /tmp/stock /tmp/ours
else
	check "$(modset) answers" answers "$(modset)" 1000000
	note "$(grep -c '^conversation' "/tmp/$(modset)") conversations"
	verdicts fuzz compare "/tmp/$(modset)" "/tmp/$(modset)"
fi
finish
