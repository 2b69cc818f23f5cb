#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A module that registers the notifier of connection events itself gets every event
# while nobody listens by netlink, and functions that probes attach to run.
#
# TIMEOUT: 120

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

FLOWS=200
MODULE=/payload/bin/ctnotify.ko
TRACING=/sys/kernel/tracing

counter()
{
	cat "/sys/module/ctnotify/parameters/$1"
}

# --- all connections, from birth to end ---
# Stock looks for what is over now and then only, but a packet that meets an entry
# which is over ends it.
events()
{
	ns n flows udp 198.18.1.0 4000 0 $FLOWS >/tmp/made
	sleep 2
	ns n flows udp 198.18.1.0 4000 0 $FLOWS >/tmp/made
	is 'births of two rounds' "$(counter births)" $((FLOWS * 2))
	# a slow machine sees some of the second round end as well
	if is_debug; then
		cmp_num 'ends of the first round' "$(counter ends)" -ge $FLOWS
	else
		is 'ends of the first round' "$(counter ends)" $FLOWS
	fi
}

# --- a probe on the function that delivers what packets have noted ---
probe()
{
	local hits

	mountpoint -q $TRACING || mount -t tracefs tracefs $TRACING 2>/dev/null
	if ! echo 'p:deliver nf_ct_deliver_cached_events' >$TRACING/kprobe_events 2>/dev/null; then
		skip 'probe' 'this kernel has no probes'
		return
	fi
	echo 1 >$TRACING/events/kprobes/deliver/enable
	ns n flows udp 198.18.1.0 "$1" 0 $FLOWS >/tmp/made
	hits=$(grep -c ' deliver: ' $TRACING/trace)
	echo 0 >$TRACING/events/kprobes/deliver/enable
	echo >$TRACING/kprobe_events
	cmp_num 'nf_ct_deliver_cached_events runs for each packet' "$hits" -ge $FLOWS
}

[ -e $MODULE ] || skip_all 'ctnotify.ko has not been compiled'
# conntrack(8) would load it, and there is room for one
echo 'install nf_conntrack_netlink /bin/false' >/etc/modprobe.d/none.conf
rmmod nf_conntrack_netlink 2>/dev/null
must flow_net n
must sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1
must ns n sysctl -qw net.netfilter.nf_conntrack_udp_timeout=1 net.netfilter.nf_conntrack_events=1
must insmod $MODULE
events
probe 4001
must rmmod ctnotify
finish
