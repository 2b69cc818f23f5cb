#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A program that moves connections to another host dumps them and makes them again with
# the attributes of the dump: translated TCP connections go on.
#
# TIMEOUT: 240

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

# The connections without what changes by itself
shown()
{
	ns r conntrack -L -o labels 2>/dev/null | awk '{ $3 = $1 == "tcp" || $1 == "udp" || $1 == "icmp" ? "-" : $3 } 1' |
		sed 's/ use=[0-9]*//; s/packets=[0-9]* bytes=[0-9]*//g' | sort
}

must topology
must modprobe -a nf_conntrack_netlink nf_conntrack_ftp nf_nat_ftp
mkdir -p /etc/xtables
printf '5 blue\n' | tee /etc/xtables/connlabel.conf >/etc/connlabel.conf
# a connection without its entry must not get a new one
ns r sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0
# none ends by itself, however slow the guest is
ns r sysctl -qw net.netfilter.nf_conntrack_udp_timeout=900 net.netfilter.nf_conntrack_icmp_timeout=900 \
	net.netfilter.nf_conntrack_tcp_timeout_time_wait=900
ns r ip address add 10.0.2.50/32 dev eth2
ns r nft -f - <<-'EOT'
	table ip t {
		chain pre {
			type nat hook prerouting priority -100
			ip daddr 10.0.1.1 tcp dport 8080 dnat to 10.0.2.2:80
			ip daddr 10.0.1.1 tcp dport 8081 dnat to 10.0.2.2:81
			ip daddr 10.0.1.1 udp dport 8083 dnat to 10.0.2.2:7000
		}
		chain post {
			type nat hook postrouting priority 100
			tcp dport 81 masquerade
			tcp dport 82 snat to 10.0.2.50:40000-41000
			tcp dport 83 masquerade
			ip protocol icmp snat to 10.0.2.50
		}
		chain forward {
			type filter hook forward priority 0
			tcp dport 82 ct mark set 0x77
			tcp dport 82 ct label set blue
			ct state invalid counter drop
		}
	}
EOT
nsenter --net=/run/netns/s -- python3 /payload/bin/longlived.py serve 10.0.2.2 80 81 82 83 &
server=$!
nsenter --net=/run/netns/s peer.py serve 10.0.2.2 2>/tmp/serve.err &
server2=$!
must wait_for 'ns s ss -Hltn sport = :83 | grep -q .' 30
must wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 30

names=(10.0.2.2:80 10.0.1.1:8080 10.0.1.1:8081 10.0.2.2:82 10.0.2.2:83)
nsenter --net=/run/netns/c -- python3 /payload/bin/longlived.py talk /tmp/go "${names[@]}" >/tmp/talk 2>&1 &
client=$!
must wait_for 'grep -q ready /tmp/talk' 60
ns c peer.py ask 10.0.1.1 5001 8083 >/dev/null
ns c ping -qc1 10.0.2.2 >/dev/null
# expected connections, and their master with its helper
ns r iptables -t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp
# the helper does not look at the first command of a connection
is 'an FTP session' "$(ns c peer.py active 10.0.2.2 2)" \
	$'data 0 from 10.0.2.2\necho True\ndata 1 from 10.0.2.2\necho True'

check 'saved' ns r ctreplay save /tmp/dump
shown >/tmp/before
note "$(cat /tmp/before)"

# no packet while there are no entries
ns r nft add table ip stop '{ chain f { type filter hook prerouting priority -400; drop; }; chain o { type filter hook output priority -400; drop; }; }'
ns r conntrack -F >/dev/null 2>&1
is 'all are gone' "$(ctcount r)" 0
ns r ctreplay load /tmp/dump >/tmp/load
note "$(cat /tmp/load)"
shown >/tmp/after
ns r nft delete table ip stop

touch /tmp/go
wait "$client"
note "$(cat /tmp/talk)"
if is_ours; then
	is 'DIFF all are made again' "$(tail -n 1 /tmp/load)" "restored $(wc -l </tmp/before) of $(wc -l </tmp/before)"
	is 'DIFF with tuples, status, mark and label' "$(diff /tmp/before /tmp/after)" ''
	for name in "${names[@]}"; do
		check "DIFF $name goes on" grep -q "^$name goes on" /tmp/talk
	done
	is 'DIFF no packet of them is invalid' "$(ns r nft list chain ip t forward | sed -n 's/.*counter packets \([0-9]*\).*/\1/p')" 0
else
	is 'the expected one is refused' "$(grep -c 'not restored: Device or resource busy' /tmp/load)" 1
	check 'a connection that is not translated goes on, or is broken' grep -q "^${names[0]} " /tmp/talk
fi

# --- what makes no sense ---
check 'the same once more' ns r ctreplay load /tmp/dump
is 'DIFF the same once more: they exist' "$(ns r ctreplay load /tmp/dump | grep -c 'File exists')" \
	"$(grep -c . /tmp/after)"

stop "$server" "$server2"
finish
