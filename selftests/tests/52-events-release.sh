#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Entries whose destroy event waits for a listener are visible, count against
# nf_conntrack_max, and are freed within a second when the listener, the namespace or
# the module goes.
#
# PROMISE
# TIMEOUT: 180

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

FLOWS=$(sized 4000 1000)
SECOND=$(scaled 1000)
# there it takes a second to read the statistics, five on a busy host
is_debug && SECOND=$((SECOND * 4))

# FLOWS deleted entries in namespace $1 wait for a listener that does not read.
let_wait()
{
	local name=$1 tag=$2 from=$3
	shift 3

	check "$tag: listener" hear "$from" "$tag" -R -b 2048 "$@"
	kill -STOP "$LISTENER"
	ns "$name" flows udp 198.18.1.0 4000 0 "$FLOWS" >/tmp/made
	ns "$name" conntrack -F 2>/dev/null
	WAITING=$(waiting "$name")
	# about four events are in the buffer of the socket
	cmp_num "$tag: events wait" "$WAITING" -ge $((FLOWS - 20))
}

flow_begin n $((FLOWS * 4))
idle=$(slab_used nf_conntrack)

# --- visible ---
let_wait n killed n
cmp_num 'they count as entries' "$(ctcount n)" -ge "$WAITING"
is 'they are not in the table' "$(ns n conntrack -L 2>/dev/null | wc -l)" 0
cmp_num 'conntrack -L dying shows them' "$(ns n conntrack -L dying 2>/dev/null | wc -l)" -ge "$WAITING"
note "$(ns n conntrack -L dying 2>/dev/null | head -n 1)"

# --- they count against the limit ---
dmesg -C
before=$(ct_stat n drop)
sysctl -qw net.netfilter.nf_conntrack_max=$((FLOWS + 10))
ns n flows udp 198.18.1.0 5000 0 200 >/tmp/made
note "with the limit reached: $(cat /tmp/made)"
refused=$(sed 's/.*refused=//' /tmp/made)
cmp_num 'packets beyond the limit are dropped' "$refused" -ge "$(sized 180 100)"
cmp_num 'they are counted as dropped' "$(($(ct_stat n drop) - before))" -ge "$refused"
table_full 'the log tells why' 'nf_conntrack: table full, dropping packet'
sysctl -qw net.netfilter.nf_conntrack_max=$((FLOWS * 4))
ns n conntrack -F 2>/dev/null

# --- the listener is killed ---
killed_released 'listener killed' n "$SECOND"
check 'listener killed: no entry counted' wait_for '[ "$(ctcount n)" = 0 ]'
freed 'listener killed: no object left' nf_conntrack "$idle"
ns n flows udp 198.18.1.0 4000 0 50 >/tmp/made
ns n conntrack -F 2>/dev/null
is 'nothing waits without a listener' "$(waiting n)" 0

# --- one that closes its socket in good order ---
let_wait n closed n
kill "$LISTENER"
kill -CONT "$LISTENER"
released 'listener ends' '[ "$(waiting n)" = 0 ]' "$SECOND"
wait "$LISTENER" 2>/dev/null

# --- the namespace is deleted: the listener is elsewhere and lives on ---
must flow_net m
ip netns set m auto
ip netns add watcher
ns watcher ip netns set m auto
let_wait m namespace watcher -A
ip netns delete m
released 'namespace deleted' '[ "$(slab_used nf_conntrack)" -le "$idle" ]' "$SECOND"
kill_listener
ip netns delete watcher

# --- the modules are removed ---
let_wait n module n
check 'module removed: nf_conntrack_netlink' rmmod nf_conntrack_netlink
released 'module removed' '[ "$(waiting n)" = 0 ]' "$SECOND"
freed 'module removed: no object left' nf_conntrack "$idle"
kill_listener

must modprobe nf_conntrack_netlink
let_wait n both n
ns n nft flush ruleset
start=$(now_ms)
check 'both removed' sh -c 'rmmod nf_conntrack_netlink nft_ct nf_conntrack'
took=$(($(now_ms) - start))
cmp_num "both removed after $took ms" "$took" -le "$((SECOND * 2))"
refute 'no slab cache is left' test -d /sys/kernel/slab/nf_conntrack
kill_listener
check 'and come back' modprobe nf_conntrack_netlink

# --- the modules go while a packet waits outside of netfilter ---
# for the address of a neighbour that is not there: about three seconds
stuck()
{
	ns n nft 'table ip t { chain o { type filter hook output priority 0; ct state invalid counter; }; }'
	ns n ping -qc 1 -W 1 198.18.9.9 >/dev/null 2>&1 &
	wait_for 'ns n conntrack -L -p icmp 2>/dev/null | grep -q 198.18.9.9' 5
}

ns n ip link add v0 type veth peer name v1
ns n ip link set v1 up
ns n ip link set v0 up
ns n ip route add 198.18.9.0/24 dev v0 src 198.18.0.1
ns n ip neighbour flush all
check 'last packet: it waits for its neighbour' stuck
ns n nft flush ruleset
wait_for '! [ -d /sys/module/nft_ct ] || rmmod nft_ct' "$(scaled 10)"
check 'last packet: the modules go' timeout "$(scaled 30)" rmmod nf_conntrack_netlink nf_conntrack
refute 'last packet: no slab cache is left' test -d /sys/kernel/slab/nf_conntrack
check 'last packet: the modules come back' modprobe nf_conntrack_netlink
finish
