#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Random packets, right and wrong, of all protocols in conversations through a router: what
# becomes of each, and the entries at the end, is the same with stock's modules and ours.
# NFCT_SEED is where it begins, NFCT_FUZZ_TIME how many seconds each set has.
#
# TIMEOUT: 300

# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/xt.sh
. /payload/data/xt.sh
# shellcheck source=selftests/data/fuzz.sh
. /payload/data/fuzz.sh

PIECE=conversation

fuzz()
{
	python3 /payload/bin/pktfuzz.py "$@"
}

router()
{
	modprobe nf_log_syslog && xt_router || return
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

dmesg -n 1
answers_compared 10 250
finish
