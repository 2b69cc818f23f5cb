#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What has gone wrong in connection trackers before: packets in a queue whose rule,
# template, helper or namespace goes; dumps, flushes and resizes against each other;
# fragments that keep a namespace from ending; policies that are in use when it ends.
# Documentation/bug-classes.txt has the whole list.
#
# TIMEOUT: 240

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/flows.sh
. /payload/data/flows.sh

SECONDS_OF_CHURN=6

# Holds $1 packets of queue 5 of the router until "release"; pid in HOLDER.
hold()
{
	rm -f /tmp/go
	mkfifo /tmp/go
	nsenter --net=/run/netns/r -- ctqueue 5 "$1" hold </tmp/go >/tmp/held 2>&1 &
	HOLDER=$!
	exec 8>/tmp/go
	must wait_for 'grep -q ready /tmp/held' 20
}

holding()
{
	wait_for 'grep -q holding /tmp/held' 20
}

release()
{
	exec 8>&-
	wait "$HOLDER"
}

pings()
{
	ns c hping3 --udp -q -c "$1" -i u2000 -s 6000 -p "$2" 10.0.2.2 >/dev/null 2>&1
}

must modprobe -a nf_conntrack_netlink nf_conntrack_ftp nfnetlink_queue nf_nat_ftp
must topology
objects=$(slab_used nf_conntrack)

# --- a template in a queue, its rule gone ---
ns r iptables-restore <<-'RULES'
	*raw
	-A PREROUTING -p udp --dport 7100 -j CT --zone 9
	-A PREROUTING -p udp --dport 7100 -j NFQUEUE --queue-num 5
	COMMIT
RULES
hold 20
pings 20 7100
check 'templates: packets wait with them' holding
ns r iptables -t raw -F PREROUTING
check 'templates: released when their rule is gone' release
check 'templates: the packets went into their zone' \
	wait_for '[ "$(ns r conntrack -L -p udp -w 9 2>/dev/null | grep -c dport=7100)" -ge 1 ]'
ns r conntrack -F >/dev/null 2>&1

# --- unconfirmed entries in a queue ---
queue_new()
{
	ns r iptables -A FORWARD -p udp --dport "$1" -m conntrack --ctstate NEW -j NFQUEUE --queue-num 5
	hold 20
	pings 20 "$1"
	holding
}

check 'unconfirmed: packets wait' queue_new 7101
cmp_num 'unconfirmed: conntrack -L unconfirmed does no harm' \
	"$(ns r conntrack -L unconfirmed 2>/dev/null | grep -c dport=7101)" -ge 0
ns r conntrack -F >/dev/null 2>&1
check 'unconfirmed: released after a flush' release
check 'unconfirmed: they are confirmed then' \
	wait_for '[ "$(ns r conntrack -L -p udp 2>/dev/null | grep -c dport=7101)" -ge 10 ]'

check 'unconfirmed, twice: packets wait' queue_new 7102
# the same flows by another way: the queued ones lose the clash
ns r iptables -F FORWARD
pings 20 7102
check 'unconfirmed, twice: released into a clash' release
is 'unconfirmed, twice: no flow has two entries' \
	"$(ns r conntrack -L -p udp 2>/dev/null | grep -o 'sport=[0-9]* dport=7102' | sort | uniq -d)" ''

check 'unconfirmed, helper: packets wait' queue_new 7103
check 'unconfirmed, helper: it unloads' rmmod nf_nat_ftp nf_conntrack_ftp
release
ns r iptables -F FORWARD
check 'unconfirmed, helper: and comes back' modprobe -a nf_nat_ftp

check 'unconfirmed, netlink module: packets wait' queue_new 7104
check 'unconfirmed, netlink module: it unloads' rmmod nf_conntrack_netlink
release
ns r iptables -F FORWARD
must modprobe nf_conntrack_netlink

# --- a list of expectations begins in an area that grows later; stock panics here ---
expected()
{
	ns r grep -c 'dport=9999' /proc/net/nf_conntrack_expect
}

growing()
{
	ns r sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_timestamp=1
	ns r nft -f - <<-'RULES'
		table ip grow {
			ct expectation e {
				protocol udp
				dport 9999
				timeout 1h
				size 12
			}
			chain pre {
				type filter hook prerouting priority -150
				udp dport 7106 ct expectation set "e"
			}
		}
	RULES
	ns r iptables -t nat -A POSTROUTING -p udp --dport 7106 -j SNAT --to-source 10.0.2.1
	pings 20 7106
	cmp_num 'growing: expectations' "$(expected)" -ge 1
	check 'growing: their masters are translated' sh -c \
		'nsenter --net=/run/netns/r conntrack -L -p udp --orig-port-dst 7106 2>/dev/null | grep -q dst=10.0.2.1'
	ns r conntrack -D -p udp --orig-port-dst 7106 >/dev/null 2>&1
	is 'growing: gone with their masters' "$(expected)" 0
	ns r nft delete table ip grow
	ns r iptables -t nat -F POSTROUTING
}

is_stock || growing

# --- everything at once: nothing may hang ---
must flow_net n
must flow_net m
end=$((SECONDS + SECONDS_OF_CHURN))
while ((SECONDS < end)); do
	sysctl -qw net.netfilter.nf_conntrack_buckets=$((1024 << RANDOM % 7))
done &
resizer=$!
while ((SECONDS < end)); do
	ns n conntrack -F 2>/dev/null
	ns m conntrack -D -p udp --orig-port-src 4001 >/dev/null 2>&1
done &
flusher=$!
while ((SECONDS < end)); do
	ns n conntrack -L 2>/dev/null
	ns m cat /proc/net/nf_conntrack
	ns m conntrack -L dying 2>/dev/null
done >/dev/null &
reader=$!
rounds=0
while ((SECONDS < end)); do
	ns n flows udp 198.18.1.0 4000 0 2000 >/dev/null
	ns m flows udp 198.18.1.0 4001 0 2000 >/dev/null
	rounds=$((rounds + 1))
done
check 'resize, flush, dump: all come to an end' wait_for "! kill -0 $resizer $flusher $reader" 60
note "rounds of 4,000 flows meanwhile: $rounds"
check 'resize, flush, dump: modules of a helper kind come and go' sh -c \
	'rmmod nf_nat_ftp nf_conntrack_ftp && modprobe nf_nat_ftp'

# --- a namespace ends while all of these are in it ---
# the same table as in r; its expectations are its own
ns m nft -f - <<-'RULES'
	table ip x {
		ct expectation e {
			protocol udp
			dport 9999
			timeout 1h
			size 12
		}
		ct timeout t {
			protocol udp
			policy = { unreplied : 4000, replied : 5000 }
		}
		chain o {
			type filter hook output priority 0
			udp sport 4002 ct timeout set "t"
			udp sport 4003 ct expectation set "e"
		}
	}
RULES
ns m flows udp 198.18.1.0 4002 0 100 >/dev/null
ns m flows udp 198.18.1.0 4003 0 100 >/dev/null
cmp_num 'ending: it has expectations' "$(ns m cat /proc/net/nf_conntrack_expect | wc -l)" -ge 1
is 'ending: no other namespace shows them' "$(ns r cat /proc/net/nf_conntrack_expect)" ''
cmp_num 'ending: it has timeout policies' "$(ns m grep -c ' [34][0-9][0-9][0-9] src.*sport=4002\|sport=4002' /proc/net/nf_conntrack)" -ge 1

# only first fragments: reassembly holds them for 30 seconds
python3 - <<-'PY'
	import ctypes, os, socket, struct
	fd = os.open('/run/netns/c', os.O_RDONLY)
	ctypes.CDLL(None).setns(fd, 0)
	s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
	for i in range(50):
	    udp = struct.pack('!HHHH', 5000 + i, 7200, 1480, 0) + b'x' * 1000
	    ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 1000 + i, 0x2000, 64, 17, 0,
	                     socket.inet_aton('10.0.1.2'), socket.inet_aton('10.0.2.2'))
	    s.sendto(ip + udp, ('10.0.2.2', 0))
PY
check 'ending: fragments wait' wait_for '[ "$(ns r awk "/^FRAG:/ { print \$3 }" /proc/net/sockstat)" -ge 1 ]'
check 'ending: packets wait in a queue' queue_new 7105
held=$HOLDER
# the queue's own process keeps the namespace: it has to go, too
kill "$held"
exec 8>&-
before=$(now_ms)
ip netns delete m
ip netns delete n
ip netns delete r
ip netns delete c
ip netns delete s
check 'ending: all namespaces are gone' wait_for 'netns_left 1' 20
note "after $(($(now_ms) - before)) ms"
freed 'ending: no entry is left' nf_conntrack "$objects"
check 'ending: no expectation is left' wait_for '[ "$(slab_used nf_conntrack_expect)" = 0 ]' 10
finish
