#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two gateways, each with conntrackd in FTFW mode and reliable events. Both carry
# connections; the link between the two is cut for ten seconds meanwhile. Then the
# external cache of each equals the table of the other, and neither daemon has asked
# for a resync. At last one gateway dies, and its connections go on over the other.
#
# What the stock modules lose is noted, not counted.
#
# TIMEOUT: 420

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/gateway.sh
. /payload/data/gateway.sh

COUNT=$(sized 10000 1500)
SHORT=$(sized 1000 300)

# Client c and server s on two bridges, gateways g1 and g2 between:
#
#    c 10.0.1.2, .3 --- lan --- .1 g1 .1 --- wan --- 10.0.2.2 s
#                          \--- .4 g2 .4 ---/
#
# What c sends from .3 goes over g2, the rest over g1.
network()
{
	local name n

	for name in c s g1 g2 lan wan; do
		ip netns add "$name"
		ns "$name" ip link set lo up
		ns "$name" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	done
	for name in lan wan; do
		ns "$name" ip link add br0 type bridge
		ns "$name" ip link set br0 up
	done
	ip -batch - <<-'EOT'
		link add eth0 netns c type veth peer name c netns lan
		link add eth0 netns s type veth peer name s netns wan
		link add lan netns g1 type veth peer name g1 netns lan
		link add lan netns g2 type veth peer name g2 netns lan
		link add wan netns g1 type veth peer name g1 netns wan
		link add wan netns g2 type veth peer name g2 netns wan
		link add sync netns g1 type veth peer name sync netns g2
	EOT
	for name in c g1 g2; do
		ns lan ip link set "$name" master br0 up
	done
	for name in s g1 g2; do
		ns wan ip link set "$name" master br0 up
	done
	for n in 1 2; do
		ns "g$n" ip -batch - <<-EOT
			address add 10.0.1.$((3 * n - 2))/24 dev lan
			address add 10.0.2.$((3 * n - 2))/24 dev wan
			address add 10.9.9.$n/24 dev sync
			link set lan up
			link set wan up
			link set sync up
		EOT
		gateway_rules "g$n"
	done
	ns c ip -batch - <<-'EOT'
		address add 10.0.1.2/24 dev eth0
		address add 10.0.1.3/24 dev eth0
		link set eth0 up
		route add default via 10.0.1.1
		route add default via 10.0.1.4 table 4
		rule add from 10.0.1.3 table 4
	EOT
	ns s ip -batch - <<-'EOT'
		address add 10.0.2.2/24 dev eth0
		link set eth0 up
		route add default via 10.0.2.1
		route add 10.0.1.3/32 via 10.0.2.4
	EOT
}

# Packets of connections that it does not know do not pass. The link between the
# two is not tracked.
gateway_rules()
{
	ns "$1" sysctl -qw net.ipv4.ip_forward=1 net.netfilter.nf_conntrack_tcp_loose=0 \
		net.netfilter.nf_conntrack_tcp_timeout_time_wait=4 net.netfilter.nf_conntrack_tcp_timeout_last_ack=4 \
		net.netfilter.nf_conntrack_tcp_timeout_close_wait=4 net.netfilter.nf_conntrack_tcp_timeout_fin_wait=4
	ns "$1" nft -f - <<-'EOT'
		table ip t {
			chain raw {
				type filter hook prerouting priority -300
				iif sync notrack
			}
			chain rawout {
				type filter hook output priority -300
				oif sync notrack
			}
			chain f {
				type filter hook forward priority 0
				ct state invalid counter drop
			}
			chain post {
				type nat hook postrouting priority 100
				tcp dport 9001 oif wan snat to 10.0.2.1
			}
		}
	EOT
}

configure()
{
	local n=$1

	cat >/tmp/g"$n".conf <<-EOT
		Sync {
			Mode FTFW {
				ResendQueueSize 131072
				CommitTimeout 1800
				PurgeTimeout 60
				ACKWindowSize 300
			}
			UDP {
				IPv4_address 10.9.9.$n
				IPv4_Destination_Address 10.9.9.$((3 - n))
				Port 3780
				Interface sync
				SndSocketBuffer 8388608
				RcvSocketBuffer 8388608
				Checksum on
			}
		}
		General {
			HashSize 32768
			HashLimit 131072
			LogFile /tmp/g$n.log
			LockFile /tmp/g$n.lock
			UNIX {
				Path /tmp/g$n.ctl
			}
			NetlinkBufferSize 2097152
			NetlinkBufferSizeMaxGrowth 8388608
			NetlinkOverrunResync On
			NetlinkEventsReliable On
			EventIterationLimit 100
			Filter From Kernelspace {
				Protocol Accept {
					TCP
				}
			}
		}
	EOT
}

daemon()
{
	ns "g$1" conntrackd -C "/tmp/g$1.conf" "${@:2}"
}

# State and original tuple, sorted, of a table or a cache: of the reply only what was
# translated is sent to the other side.
normal()
{
	sed -n 's/^tcp  *6 \([0-9]* \)* *\(.* dport=[0-9]*\).*/\2/p' | sed 's/\(dport=[0-9]*\) .*/\1/; s/  */ /g' | sort
}

table()
{
	ns "g$1" conntrack -L -p tcp 2>/dev/null | normal
}

cache()
{
	daemon "$1" "$2" | normal
}

# Lines of the table of gateway $1 that the cache of the other has not, and the
# other way round
differences()
{
	table "$1" >/tmp/table
	cache $((3 - $1)) -e >/tmp/cache
	diff /tmp/table /tmp/cache | grep -c '^[<>]'
}

settled()
{
	[ "$(table "$1" | grep -vc ESTABLISHED)" = 0 ] && [ "$(differences "$1")" = 0 ]
}

# What only ours promises
promised()
{
	local name=$1
	shift

	if is_ours; then
		check "$name" "$@"
	elif "$@" >/dev/null 2>&1; then
		note "stock: $name: yes"
	else
		note "stock: $name: no"
	fi
}

refuse()
{
	! "$@"
}

check 'network' network
must modprobe nf_conntrack_netlink
sysctl -qw net.netfilter.nf_conntrack_max=100000 net.core.somaxconn=4096 net.core.netdev_max_backlog=20000 \
	net.core.wmem_max=8388608 net.core.rmem_max=8388608
ns s sysctl -qw net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=8192
serve s
for n in 1 2; do
	configure $n
	check "conntrackd on g$n" daemon $n -d
done
check 'both answer' wait_for 'daemon 1 -s && daemon 2 -s' 30

# --- established before the link is cut ---
is 'over g1' "$(ask tcp 10.0.1.2 3000 10.0.2.2 9000)" '10.0.1.2 3000'
is 'over g2' "$(ask tcp 10.0.1.3 3000 10.0.2.2 9000)" '10.0.1.3 3000'
TALK=plain talk_open tcp 10.0.1.2 3001 10.0.2.2 9000
is 'a talk over g1' "$(TALK=plain talk)" '10.0.1.2 3001'
TALK=translated talk_open tcp 10.0.1.2 3002 10.0.2.2 9001
is 'a translated one' "$(TALK=translated talk)" '10.0.2.1 3002'

# --- load on both, ten seconds without the link ---
start=$SECONDS
clients=()
for n in 2 3; do
	nsenter --net=/run/netns/c who many -k -w 20000 tcp 10.0.1.$n 20000 10.0.2.2 9000 "$COUNT" >/tmp/many.$n &
	clients+=($!)
	nsenter --net=/run/netns/c who many -w 20000 -p 50 tcp 10.0.1.$n 10000 10.0.2.2 9002 "$SHORT" >/tmp/short.$n &
	clients+=($!)
done
sleep 3
before=$(ctcount g1)
ns g1 ip link set sync down
sleep 10
# A busy host may not have let the guest do much meanwhile.
wait_for '[ $(($(ctcount g1) - before)) -gt 300 ]' 60
cut=$(($(ctcount g1) - before))
note "entries of g1 before the cut $before, while it was cut $cut"
note "differences when the link comes back: $(differences 1)"
ns g1 ip link set sync up
check 'all connections are made' wait_for 'grep -q answered /tmp/many.2 && grep -q answered /tmp/many.3' 200
note "load: $((SECONDS - start)) s"
# a client gives a connection up in the end, and the debug kernel is slow
MADE=$(sized "$COUNT" $((COUNT * 9 / 10)))
cmp_num 'clients of g1' "$(field answered "$(cat /tmp/many.2)")" -ge "$MADE"
cmp_num 'clients of g2' "$(field answered "$(cat /tmp/many.3)")" -ge "$MADE"
cmp_num 'connections came while the link was cut' "$cut" -gt 50

for n in 1 2; do
	wait_for "settled $n" 20
	result=$(differences $n)
	note "g$n: table $(wc -l </tmp/table), external cache of the other $(wc -l </tmp/cache), differences $result"
	[ "$result" = 0 ] || note "$(diff /tmp/table /tmp/cache | grep '^<' | head -n 4; diff /tmp/table /tmp/cache | grep '^>' | head -n 4)"
	promised "external cache of the other equals the table of g$n" test "$result" = 0
	promised "and holds all, g$n" test "$(wc -l </tmp/cache)" -ge "$COUNT"
	daemon $n -s runtime >/tmp/runtime
	note "g$n: $(daemon $n -s network | tr -s '\t ' ' ' | grep -E 'lost|sent')"
	promised "no overrun, no resync of g$n" grep -qzE 'overrun:[[:space:]]*0.*resync with kernel table:[[:space:]]*0' /tmp/runtime
	promised "and the other was not asked for one, g$n" refuse grep -qi resync /tmp/g$n.log
	note "g$n: events $(ns g$n cat /proc/net/stat/nf_conntrack_events 2>/dev/null)"
done
[ "$(TALK=plain talk) $(TALK=translated talk)" = '10.0.1.2 3001 10.0.2.1 3002' ] || note 'a talk has ended'

# --- g1 dies, g2 takes its connections and addresses ---
own=$(ctcount g2)
kill -KILL "$(pgrep -f 'conntrackd -C /tmp/g1.conf')"
ns g1 ip -batch - <<-'EOT'
	link set lan down
	link set wan down
	link set sync down
EOT
start=$SECONDS
check 'commit on g2' daemon 2 -c
check 'g2 has the connections of both' wait_for '[ "$(ctcount g2)" -ge $((own + COUNT)) ]' 60
note "commit: $((SECONDS - start)) s, $(ctcount g2) entries"
ns g2 ip address add 10.0.1.1/24 dev lan
ns g2 ip address add 10.0.2.1/24 dev wan
ns c ip neighbour flush dev eth0
ns s ip neighbour flush dev eth0
is 'the talk goes on over g2' "$(TALK=plain talk; TALK=plain talk)" $'10.0.1.2 3001\n10.0.1.2 3001'
is 'the translated one as well' "$(TALK=translated talk; TALK=translated talk)" $'10.0.2.1 3002\n10.0.2.1 3002'
is 'a new one' "$(ask tcp 10.0.1.2 3003 10.0.2.2 9001)" '10.0.2.1 3003'
is 'its own go on' "$(ask tcp 10.0.1.3 3003 10.0.2.2 9000)" '10.0.1.3 3003'
check 'g2 clears its external cache' daemon 2 -f
check 'g2 takes stock of its table' daemon 2 -R
same()
{
	table 2 >/tmp/table
	cache 2 -i >/tmp/cache
	[ "$(diff /tmp/table /tmp/cache | grep -c '^[<>]')" = 0 ]
}
check 'internal cache equals the table' wait_for same 60
TALK=plain talk_close
check 'the end of the talk is seen' wait_for '! table 2 | grep "sport=3001 " | grep -q ESTABLISHED'
daemon 2 -k >/dev/null 2>&1
stop "${clients[@]}"

finish
