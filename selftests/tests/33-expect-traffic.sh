#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Traffic comes before logging: a reliable listener that stands still takes no data
# connection from an FTP session, however many transfers it has, nor from
# many sessions when there may be few expectations.
#
# TIMEOUT: 180

# shellcheck disable=SC2016,SC2034  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/listeners.sh
. /payload/data/listeners.sh

TRANSFERS=$(sized 400 280)
ALL=new,update,destroy,exp-new,exp-destroy

# Data connections pass as expected ones only.
firewall()
{
	ns r iptables -t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp
	ns r iptables -P FORWARD DROP
	ns r iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
	ns r iptables -A FORWARD -p tcp --dport 21 -j ACCEPT
}

fetch()
{
	ns c python3 /payload/bin/ftpdata.py fetch 10.0.2.2 "$@"
}

# $1: tag, $2: sessions, $3: transfers in each, $4: words of the listener
transfers()
{
	local before=''

	listeners_start r "$1" -T 150 "name=a $4"
	is "$1: every transfer" "$(fetch "$2" "$3")" "fetched=$(($2 * $3)) of $(($2 * $3))"
	is_stock || note "waiting: $(waiting r)"
	listeners_end
	is_stock || check "$1: nothing is left" wait_for '[ "$(waiting r)" = 0 ]' 20
	ns r conntrack -F 2>/dev/null
}

must modprobe -a nf_conntrack_netlink nf_conntrack_ftp
must topology
must firewall
nsenter --net=/run/netns/s -- python3 /payload/bin/ftpdata.py serve 10.0.2.2 &
server=$!
wait_for 'ns s ss -Hltn sport = :21 | grep -q .' 20

transfers beside-nobody 1 "$TRANSFERS" 'groups=exp-new'
transfers one-session 1 "$TRANSFERS" "reliable rcvbuf=2048 groups=$ALL stopped"
transfers expectations-only 1 "$TRANSFERS" 'reliable rcvbuf=2048 groups=exp-new,exp-destroy stopped'
sysctl -qw net.netfilter.nf_conntrack_expect_max=50
transfers few-expectations 20 $((TRANSFERS / 20)) "reliable rcvbuf=2048 groups=$ALL stopped"
stop $server
finish
