#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each allocation fails once that is made for a new connection, an entry or a dump over
# netlink, an event, a namespace, the loading of a module. Then 1 in 20 fails, while
# there is traffic. Nothing may leak, and no counter may be wrong. Needs the debug kernel.
#
# TIMEOUT: 180
# DEBUGTIMEOUT: 1200

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh
# shellcheck source=selftests/data/failslab.sh
. /payload/data/failslab.sh

has_failslab || skip_all 'no fault injection in this kernel'

# Runs failnth and shows its figures; it must come to the end of the path.
walk()
{
	local name=$1
	shift

	"$@" >/tmp/walk 2>&1
	if grep -q '^failed=' /tmp/walk; then
		ok "$name: $(cat /tmp/walk)"
	else
		not_ok "$name" "$(cat /tmp/walk)"
	fi
}

none_left()
{
	ns n conntrack -F 2>/dev/null
	check "$1: count is 0" wait_for '[ "$(ctcount n)" = 0 ]'
	freed "$1: no object" nf_conntrack "$idle"
}

failslab_set_up failslab fail_page_alloc
# the page allocator complains when it is made to fail
allow_log 'page allocation failure'
must modprobe -a nf_conntrack_netlink nf_conntrack_ftp
must flow_net n
ns n sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1
# shellcheck disable=SC2034  # used in a condition
idle=$(slab_used nf_conntrack)

walk 'new flow' ns n failnth flow 1000
none_left 'new flow'
check 'listener' hear n ear -R -b 4096
walk 'new flow with a listener' ns n failnth flow 5000
walk 'netlink: create, with a listener' ns n failnth create 9000
ns n conntrack -I -p tcp -s 10.0.0.1 -d 198.18.35.40 --sport 1000 --dport 21 --state ESTABLISHED -t 600 >/dev/null 2>&1
walk 'netlink: update' ns n failnth update 9000
walk 'netlink: dump' ns n failnth dump
walk 'netlink: expectation' ns n failnth expect 11000
none_left 'listener'
is_stock || check 'nothing waits' wait_for '[ "$(waiting n)" = 0 ]'
stop "$LISTENER"
note "listener: $(tail -n 1 /tmp/ear)"
walk 'netlink: create' ns n failnth create 13000
none_left 'netlink'
walk 'namespace' failnth netns 300
check 'namespaces are gone' wait_for 'netns_left 2' 20

# --- 1 in 20 fails, at random, while there is traffic ---
# the filter first, or this script and the guest's first process are hit
echo Y >$FAULTS/failslab/task-filter
echo -1 >$FAULTS/failslab/times
echo 5 >$FAULTS/failslab/probability
nsenter --net=/run/netns/n bash -c '
	# not before they run: their start is not to fail
	flows udp 198.18.1.0 4000 0 4000 &
	udp=$!
	flows tcp 8080 200 close &
	tcp=$!
	sleep 0.3
	echo 1 | tee /proc/$udp/make-it-fail /proc/$tcp/make-it-fail
	for i in 1 2 3; do
		conntrack -L >/dev/null 2>&1
		conntrack -F >/dev/null 2>&1
	done
	# flows may wait for ever for a segment that could not be sent for lack of memory
	{ sleep 60; kill -KILL $udp $tcp; } &
	watch=$!
	wait $udp $tcp
	kill $watch' >/tmp/random 2>&1
note "$(cat /tmp/random)"
echo 0 >$FAULTS/failslab/probability
echo N >$FAULTS/failslab/task-filter
none_left 'at random'
is 'all is well again' "$(ns n flows udp 198.18.1.0 4000 0 100)" 'sent=100 refused=0'
is 'entries' "$(ctcount n)" 100

# --- loading ---
ip netns delete n
netlink=$(modinfo -n nf_conntrack_netlink)
core=$(modinfo -n nf_conntrack)
rmmod nf_conntrack_netlink
walk 'nf_conntrack_netlink' failnth module "$netlink" 60
rmmod nf_conntrack_ftp
for module in nft_ct nf_conntrack_netlink nf_conntrack; do
	wait_for "! [ -d /sys/module/$module ] || rmmod $module" "$(scaled 20)"
done
if [ -d /sys/module/nf_conntrack ]; then
	not_ok 'nf_conntrack unloads' "$(lsmod | grep nf_conntrack)"
else
	walk 'nf_conntrack' failnth module "$core" 150
fi
check 'the modules load' modprobe -a nf_conntrack_netlink
check 'a namespace has them' sh -c 'ip netns add n && ip netns exec n conntrack -L'
finish
