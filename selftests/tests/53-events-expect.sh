#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A reliable listener gets NEW and DESTROY of every expectation, in order, however
# small its buffer and long its pauses: expectations by nft rule and by FTP
# sessions.  Expectations that wait for it are bounded in number, visible, and
# freed within a second when the listener, the namespace or the module goes.
#
# PROMISE
# TIMEOUT: 400

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh
# shellcheck source=selftests/data/expect.sh
. /payload/data/expect.sh

ADDRS=$(sized 10 4)
PORTS=$(sized 1000 250)
SESSIONS=$(sized 50 4)
TIMES=$(sized 200 100)
COUNT=$((ADDRS * PORTS))
SECOND=$(scaled 1000)
LIMIT=40
EXPECT_GROUPS=0x28

install_rules()
{
	expectation_rules "$PORTS" >/tmp/rules
	ns "$1" nft -f /tmp/rules
}

# $2 expectations in namespace $1: "flows udp" goes to $PORTS ports of each address.
make_expectations()
{
	local addr

	for ((addr = 0; addr < $2 / PORTS; addr++)); do
		ns "$1" flows udp 198.18.$((addr + 1)).0 4000 0 "$PORTS"
	done >/tmp/made
}

expect_count()
{
	ns "$1" cat /proc/net/nf_conntrack_expect | wc -l
}

complete_once()
{
	complete "$1" "$2"
	is "$1: nothing twice" "$(heard "$1" again)" 0
}

must modprobe -a nf_conntrack_netlink nf_conntrack_ftp
sysctl -qw net.netfilter.nf_conntrack_expect_max=$((COUNT * 3)) net.netfilter.nf_conntrack_max=$((COUNT * 6))
must flow_net n
check 'rules' install_rules n || finish
idle=$(slab_used nf_ct_expect_life)

# --- by rule ---
check 'rule: listener' hear n rule -g $EXPECT_GROUPS -R -b 2048 -p 500 -i 15 -D $COUNT
start=$(now_ms)
make_expectations n $COUNT
made=$(expect_count n)
note "made $made expectations in $(($(now_ms) - start)) ms, waiting: $(waiting n 2>&1)"
is 'rule: all are there' "$made" $COUNT
ns n conntrack -F 2>/dev/null
is 'rule: all end with their masters' "$(expect_count n)" 0
wait_for "! kill -0 $LISTENER" $LIMIT
stop "$LISTENER"
note "rule: $(tail -n 1 /tmp/rule) $(cat /tmp/rule.err); after $(($(now_ms) - start)) ms"
complete_once rule $COUNT
if is_ours; then
	check 'rule: nothing waits' wait_for '[ "$(waiting n)" = 0 ]'
	cmp_num 'hardly an attempt is refused' "$(event_stat n refused)" -le $((COUNT / 20))
	cmp_num 'resends were counted' "$(event_stat n resent)" -gt 0
	freed 'rule: nothing is left' nf_ct_expect_life "$idle"
fi

# --- removed by request, seen by a plain listener as well ---
check 'plain: listener' hear n plain -g $EXPECT_GROUPS -b 33554432
plain=$LISTENER
check 'request: listener' hear n request -g $EXPECT_GROUPS -R -b 2048 -i 15 -D "$PORTS"
make_expectations n "$PORTS"
ns n conntrack -F expect >/dev/null 2>&1
wait_for "! kill -0 $LISTENER" $LIMIT
stop "$LISTENER"
sleep 0.5
stop "$plain"
note "request: $(tail -n 1 /tmp/request)"
note "plain: $(tail -n 1 /tmp/plain)"
complete_once request "$PORTS"
is 'plain: every NEW' "$(heard plain new)" "$PORTS"
is 'plain: every DESTROY' "$(heard plain destroy)" "$PORTS"
is 'plain: in order' "$(heard plain disorder)" 0
ns n conntrack -F 2>/dev/null

# --- by FTP sessions ---
must topology
ns r iptables -t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp
nsenter --net=/run/netns/s -- python3 /payload/bin/ftpmany.py serve 10.0.2.2 &
server=$!
must wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 20
check 'ftp: listener' hear r ftp -g $EXPECT_GROUPS -R -b 2048 -p 500
start=$(now_ms)
asked=$(ns c python3 /payload/bin/ftpmany.py ask 10.0.2.2 "$SESSIONS" "$TIMES")
is 'ftp: every PASV is answered' "$asked" $((SESSIONS * TIMES))
ns r conntrack -F 2>/dev/null
is_stock || wait_for '[ "$(waiting r)" = 0 ]' $LIMIT
sleep 2
stop "$LISTENER"
note "ftp: $(tail -n 1 /tmp/ftp) $(cat /tmp/ftp.err); after $(($(now_ms) - start)) ms"
# an answer that TCP has sent twice is announced twice
made=$(heard ftp flows)
cmp_num 'ftp: one for each PASV' "$made" -ge $((SESSIONS * TIMES))
complete_once ftp "$made"

if is_stock; then
	stop $server
	finish
fi

# --- what waits is visible, bounded and released ---
# Events of $3 expectations in $1 wait for a listener in $4 that does not read.
let_wait()
{
	local name=$1 tag=$2 count=$3 from=$4
	shift 4

	check "$tag: listener" hear "$from" "$tag" -g $EXPECT_GROUPS -R -b 2048 "$@"
	kill -STOP "$LISTENER"
	make_expectations "$name" "$count"
	ns "$name" conntrack -F 2>/dev/null
	WAITING=$(event_stat "$name" expect)
	cmp_num "$tag: expectations wait" "$WAITING" -ge $((count - 20))
	is "$tag: they are not in the table" "$(expect_count "$name")" 0
}

let_wait n killed "$PORTS" n
dmesg -C
sysctl -qw net.netfilter.nf_conntrack_expect_max=$((PORTS + 10))
make_expectations n "$PORTS"
cmp_num 'limit: they do not count' "$(expect_count n)" -ge $((PORTS - 20))
sysctl -qw net.netfilter.nf_conntrack_expect_max=$((COUNT * 3))
ns n conntrack -F 2>/dev/null
killed_released 'listener killed' n "$SECOND"
freed 'listener killed: nothing is left' nf_ct_expect_life "$idle"
check 'listener killed: no entry is left' wait_for '[ "$(ctcount n)" = 0 ]'

# Any number of expectations of one master may wait: traffic comes before logging
check 'one master: listener' hear r master -g $EXPECT_GROUPS -R -b 2048
kill -STOP "$LISTENER"
ns c timeout "$(scaled 20)" python3 /payload/bin/ftpmany.py ask 10.0.2.2 1 400 >/tmp/asked 2>&1
WAITING=$(event_stat r expect)
note "$WAITING wait"
cmp_num 'one master: all of them wait' "$WAITING" -ge 380
killed_released 'one master' r "$SECOND"
ns r conntrack -F 2>/dev/null
check 'one master: no entry is left' wait_for '[ "$(ctcount r)" = 0 ]'
is 'one master: it may expect again' "$(ns c python3 /payload/bin/ftpmany.py ask 10.0.2.2 1 20)" 20
stop $server
ns r conntrack -F 2>/dev/null

nat_gone()
{
	local module

	for module in nft_masq nft_chain_nat nf_nat; do
		[ ! -d "/sys/module/$module" ] || rmmod "$module" || return 1
	done
}

# the modules of a helper and nf_nat go while their connections wait for a listener
check 'waiting: translation' ns r nft 'table ip t { chain p { type nat hook postrouting priority 100; oif eth2 masquerade; }; }'
nsenter --net=/run/netns/s -- python3 /payload/bin/ftpmany.py serve 10.0.2.2 &
server=$!
must wait_for 'ns s ss -Hltn sport = :21 | grep -q .' "$(scaled 20)"
check 'waiting: listener' hear r held -R -b 2048
kill -STOP "$LISTENER"
is 'waiting: FTP' "$(ns c python3 /payload/bin/ftpmany.py ask 10.0.2.2 20 2)" 40
stop $server
ns r conntrack -F 2>/dev/null
cmp_num 'waiting: connections wait' "$(event_stat r dying)" -ge 10
cmp_num 'waiting: they name their helper' "$(ns r conntrack -L dying 2>/dev/null | grep -c helper=ftp)" -ge 10
cmp_num 'waiting: and their translation' "$(ns r conntrack -L dying 2>/dev/null | grep -c 'dst=10.0.2.1 ')" -ge 10
ns r iptables -t raw -F
ns r nft flush ruleset
check 'waiting: the helper goes' wait_for 'rmmod nf_conntrack_ftp' 20
# on 7.x an entry keeps a copy of its helper
kernel_is_at_least 7 ||
	is 'waiting: and is named no more' "$(ns r conntrack -L dying 2>/dev/null | grep -c helper=)" 0
check 'waiting: nf_nat goes' wait_for 'nat_gone' 20
check 'waiting: both come back' modprobe -a nf_conntrack_ftp nf_nat
check 'waiting: new translations' ns r nft 'table ip t { chain p { type nat hook postrouting priority 100; oif eth2 masquerade; }; }'
ns c ping -qc 1 -W 2 10.0.2.2 >/dev/null
kill_listener
check 'waiting: all are gone' wait_for '[ "$(waiting r)" = 0 ]' "$(scaled 5)"
ns r nft flush ruleset
ns r conntrack -F 2>/dev/null
check 'waiting: nf_nat goes again' wait_for 'nat_gone' 20

must flow_net m
ip netns set m auto
ip netns add watcher
ns watcher ip netns set m auto
check 'namespace: rules' install_rules m
let_wait m namespace "$PORTS" watcher -A
ip netns delete m
released 'namespace deleted' '[ "$(slab_used nf_ct_expect_life)" -le "$idle" ]' $((SECOND * 2))
kill_listener
ip netns delete watcher

let_wait n module "$PORTS" n
check 'module removed: nf_conntrack_netlink' rmmod nf_conntrack_netlink
released 'module removed' '[ "$(waiting n)" = 0 ]' "$SECOND"
freed 'module removed: nothing is left' nf_ct_expect_life "$idle"
kill_listener

must modprobe nf_conntrack_netlink
let_wait n both "$PORTS" n
for name in n r; do
	ns $name nft flush ruleset
	ns $name iptables -t raw -F
done
check 'both removed' sh -c 'rmmod nf_conntrack_netlink && rmmod nf_conntrack_ftp && rmmod nft_ct; rmmod xt_CT; rmmod nf_conntrack'
refute 'no slab cache is left' test -d /sys/kernel/slab/nf_ct_expect_life
kill_listener
check 'and come back' modprobe nf_conntrack_netlink
finish
