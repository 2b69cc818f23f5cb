#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Matches and targets of marks and connections, what single packets do not show: what
# programs get of NFLOG and NFQUEUE, the trace, security marks, events, timeout policies
# and helpers of CT, connections that end while connlimit counts them, counters that
# connbytes turns on, a node of a cluster with a multicast address; rules that are replaced
# under traffic, namespaces that go.
#
# TIMEOUT: 400

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/gateway.sh
. /payload/data/gateway.sh

MODULES='xt_CLASSIFY xt_connmark xt_CONNSECMARK xt_SECMARK xt_conntrack xt_state xt_helper'
MODULES+=' xt_connbytes xt_connlimit xt_cluster xt_CT xt_NFLOG xt_NFQUEUE xt_TRACE'

rule()
{
	ns r iptables-legacy -t "$@"
}

# Start xtlisten.py with these arguments in the router, output in /tmp/listener.
listener()
{
	nsenter --net=/run/netns/r python3 /payload/bin/xtlisten.py "$@" >/tmp/listener 2>&1 &
	LISTENER=$!
	must wait_for 'grep -q ready /tmp/listener'
}

# Until it has ended; what it has printed is in HEARD.
listened()
{
	wait "$LISTENER"
	HEARD=$(sed 1d /tmp/listener)
}

# A datagram from c. $1: port, $2: text
datagram()
{
	ns c bash -c "printf %s '$2' >/dev/udp/10.0.2.2/$1"
}

must modprobe -a nf_conntrack_netlink nfnetlink_log nfnetlink_queue nf_log_syslog \
	nfnetlink_cttimeout nf_conntrack_tftp
# shellcheck disable=SC2086  # a list
must modprobe -a $MODULES
gateway

# --- NFLOG ---
must rule raw -A PREROUTING -p udp --dport 9 -j NFLOG --nflog-group 3 --nflog-prefix 'all of it'
must rule raw -A PREROUTING -p udp --dport 9 -j NFLOG --nflog-group 3 --nflog-prefix part --nflog-size 24
listener log 3 2
datagram 9 12345678
listened
is 'NFLOG: prefixes, lengths' "$HEARD" "$(printf 'all of it 36\npart 24')"
must rule raw -F

# --- NFQUEUE: both ways of a connection have the same queue ---
must rule mangle -A FORWARD -p udp -j NFQUEUE --queue-balance 10:17
listener queue 10 8 2
is 'NFQUEUE: balance: the answer passes' "$(ask -q udp 10.0.1.2 5001 10.0.2.2 9000)" 1
listened
is 'NFQUEUE: balance: both ways' "$(wc -l <<<"$HEARD")" 2
is 'NFQUEUE: balance: one queue for both directions' "$(sort -u <<<"$HEARD" | wc -l)" 1
must rule mangle -F
must rule mangle -A FORWARD -p udp -j NFQUEUE --queue-balance 10:12
listener queue 10 3 30
for ((i = 2; i < 32; i++)); do
	ns c ip address add "10.0.1.$i/24" dev eth0 2>/dev/null
	ask -q -w 1 udp "10.0.1.$i" 0 10.0.2.2 9 >/dev/null
done
listened
is 'NFQUEUE: balance: many clients use all queues' "$(sort -u <<<"$HEARD" | xargs)" '10 11 12'
must rule mangle -F
must rule mangle -A FORWARD -p udp --dport 9 -j NFQUEUE --queue-balance 10:17 --queue-cpu-fanout
listener queue 10 8 2
ns c taskset -c 0 bash -c 'printf x >/dev/udp/10.0.2.2/9'
ns c taskset -c 1 bash -c 'printf x >/dev/udp/10.0.2.2/9'
listened
is 'NFQUEUE: a queue for each CPU' "$(sort -u <<<"$HEARD" | xargs)" '10 11'
must rule mangle -F

# --- TRACE ---
sysctl -qw net.netfilter.nf_log_all_netns=1
must rule raw -A PREROUTING -p udp --dport 9 -j TRACE
must rule filter -A FORWARD -p udp --dport 9 -m comment --comment traced
datagram 10 x
datagram 9 x
check 'TRACE: the log has the rule' wait_for 'dmesg | grep -q "TRACE: filter:FORWARD:rule:1 .*DPT=9 "'
check 'TRACE: and the policy' wait_for 'dmesg | grep -q "TRACE: filter:FORWARD:policy:2 .*DPT=9 "'
refute 'TRACE: no other packet' grep -q 'TRACE: .*DPT=10 ' <(dmesg)
must rule raw -F
must rule filter -F

# --- SECMARK, CONNSECMARK ---
if rule mangle -A PREROUTING -p udp --dport 9 -j SECMARK --selctx unconfined; then
	must rule mangle -A PREROUTING -p udp --dport 9 -j CONNSECMARK --save
	flush
	datagram 9 x
	check 'SECMARK: the connection has the mark' grep -q 'secctx=unconfined' <(entries -p udp)
	must rule mangle -F
	must rule mangle -A PREROUTING -p udp --dport 9 -j CONNSECMARK --save
	flush
	datagram 9 x
	is 'CONNSECMARK: no mark, nothing to save' \
		"$(entries -p udp | grep -c 'dport=9 ') $(entries -p udp | grep -c secctx=)" '1 0'
	must rule mangle -F
else
	skip 'SECMARK' 'no security module with contexts is on'
fi

# --- CT: events ---
flush
listen r /tmp/events -p udp
# after the listener: stock forgets the choice else
must rule raw -A PREROUTING -p udp --dport 9 -j CT --ctevents destroy
datagram 9 x
datagram 10 x
flush
must wait_for 'grep -q "DESTROY.*dport=10 " /tmp/events && grep -q "DESTROY.*dport=9 " /tmp/events'
kill_listener
check 'CT: all events of another connection' grep -q 'NEW.*dport=10 ' /tmp/events
refute 'CT: only the chosen event' grep -q 'NEW.*dport=9 ' /tmp/events
must rule raw -F

# --- CT: timeout policies ---
must ns r nfct add timeout a_policy_with_a_long_name inet udp unreplied 4000 replied 5000
must rule raw -A PREROUTING -p udp --dport 9 -j CT --timeout a_policy_with_a_long_name
flush
datagram 9 x
cmp_num 'CT: timeout of the policy' "$(entries -p udp | awk '{ print $3; exit }')" -gt 3900
if is_ours; then
	check 'CT: the whole name is shown' \
		grep -q -- '--timeout a_policy_with_a_long_name$' <(rule raw -S)
	check 'CT: a saved table is restored' \
		ns r bash -c 'iptables-legacy-save -t raw | iptables-legacy-restore'
	check 'CT: a rule is deleted by what it says' \
		rule raw -D PREROUTING -p udp --dport 9 -j CT --timeout a_policy_with_a_long_name
fi
check 'CT: a policy goes while a rule uses it' ns r nfct delete timeout a_policy_with_a_long_name
must rule raw -F

# --- CT: helpers; a packet that waits for its verdict when the rule goes ---
must rule raw -A PREROUTING -p udp --dport 69 -j CT --helper tftp
flush
datagram 69 x
check 'CT: the helper' grep -q 'helper=tftp' <(entries -p udp -o extended)
check 'CT: the module of the helper is in use' grep -q '^nf_conntrack_tftp [0-9]* [1-9]' /proc/modules
ns r nft 'table ip hold { chain p { type filter hook prerouting priority -250; udp dport 69 queue num 30; }; }'
flush
rm -f /tmp/accept
listener hold 30
datagram 69 x
must wait_for 'grep -q held /tmp/listener'
must rule raw -F
is 'CT: the module is free after the rule' "$(awk '$1 == "nf_conntrack_tftp" { print $3 }' /proc/modules)" 0
touch /tmp/accept
listened
is 'CT: the program accepts' "$(xargs <<<"$HEARD")" 'held accepted'
if is_ours; then
	check 'CT: the packet that waited goes on' wait_for 'entries -p udp | grep -q dport=69'
	refute 'CT: without the helper' grep -q 'helper=tftp' <(entries -p udp -o extended)
fi
ns r nft delete table ip hold
flush
check 'CT: the module of the helper can be removed' modprobe -r nf_conntrack_tftp

# --- connbytes turns the counters on ---
ns r sysctl -qw net.netfilter.nf_conntrack_acct=0
must rule mangle -A FORWARD -m connbytes --connbytes 1 --connbytes-dir both --connbytes-mode packets
is 'connbytes: counters are on' "$(ns r sysctl -n net.netfilter.nf_conntrack_acct)" 1
must rule mangle -F

# --- connlimit: TCP connections that have ended do not count ---
must rule filter -A FORWARD -p tcp --syn -m connlimit --connlimit-above 2 -j REJECT --reject-with tcp-reset
flush
hold tcp 10.0.1.2 6001 10.0.2.2 9000 2
check 'connlimit: two connections' test "$(entries -p tcp | grep -c ESTABLISHED)" = 2
is 'connlimit: no third one' "$(ask -q tcp 10.0.1.2 6003 10.0.2.2 9000)" 0
kill "$HOLDER"; wait "$HOLDER" 2>/dev/null
check 'connlimit: again, after they have ended' wait_for '[ "$(ask -q tcp 10.0.1.2 0 10.0.2.2 9000)" = 1 ]'
must rule filter -F

# --- cluster: a multicast address of the link layer ---
mac=01:00:5e:00:01:01
ns c ip neighbour replace 10.0.1.1 lladdr $mac dev eth0
must ns r ip maddress add $mac dev eth1
refute 'cluster: TCP does not take it' ns c timeout 2 bash -c '</dev/tcp/10.0.1.1/9000'
must rule mangle -A PREROUTING -i eth1 -m cluster --cluster-total-nodes 1 --cluster-local-node 1 --cluster-hash-seed 1
check 'cluster: now it does' ns c timeout "$(scaled 10)" bash -c '</dev/tcp/10.0.1.1/9000'
must rule mangle -F
ns c ip neighbour del 10.0.1.1 dev eth0

# --- all of them, replaced under traffic ---
cat >/tmp/rules <<'EOT'
*raw
-A PREROUTING -p udp --dport 9100 -j CT --notrack
-A PREROUTING -p udp --dport 9000 -j CT --ctevents new,destroy --zone 0
-A PREROUTING -p udp -j NFLOG --nflog-group 9
COMMIT
*mangle
-A PREROUTING -m conntrack --ctstate NEW,ESTABLISHED --ctproto udp --ctorigsrc 10.0.1.0/24
-A PREROUTING -m state --state NEW
-A PREROUTING -m helper ! --helper ftp
-A PREROUTING -m connbytes --connbytes 1 --connbytes-dir both --connbytes-mode bytes
-A PREROUTING -m connlimit --connlimit-above 100
-A PREROUTING -m cluster --cluster-total-nodes 2 --cluster-local-node 1 --cluster-hash-seed 1
-A PREROUTING -m connmark --mark 1
-A PREROUTING -j CONNMARK --save-mark
-A PREROUTING -j CONNSECMARK --save
-A FORWARD -j CLASSIFY --set-class 1:1
-A FORWARD -p udp -j NFQUEUE --queue-num 77 --queue-bypass
COMMIT
EOT
ns c bash -c 'while [ ! -e /tmp/enough ]; do printf x >/dev/udp/10.0.2.2/9000; printf x >/dev/udp/10.0.2.2/9100; done' &
TRAFFIC=$!
failures=0
for ((i = 0; i < $(sized 60 20); i++)); do
	ns r iptables-legacy-restore </tmp/rules || failures=$((failures + 1))
done
touch /tmp/enough
wait "$TRAFFIC"
is 'replaced under traffic' "$failures" 0

# --- a namespace goes with its rules ---
must ip netns add gone
must ns gone iptables-legacy-restore </tmp/rules
check 'a namespace with all rules goes' ip netns del gone
must rule raw -F
must rule mangle -F
check 'the modules can be removed' wait_for "modprobe -r $MODULES" 20
finish
