#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Expectations over netlink: requests, attributes, filters, errors and events as
# the stock module has them (prog/ctexpect.c); the same with conntrack(8).
#
# TIMEOUT: 240

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

must modprobe -a nf_conntrack_netlink nf_conntrack_ftp nf_conntrack_sip nf_nat
sysctl -qw net.netfilter.nf_conntrack_expect_max=2000
ip netns add n

verdicts ns n ctexpect "$(modset)"

# --- the same with conntrack(8); the program has left a master with a helper ---
expect_of_master()
{
	ns n conntrack "$@" -p tcp -s 10.1.0.1 -d 10.1.0.2 --sport 1000 --dport 21 \
		--tuple-src 10.1.0.2 --tuple-dst 10.1.0.1 \
		--tuple-port-src 0 --tuple-port-dst 5001 \
		--mask-src 255.255.255.255 --mask-dst 255.255.255.255 \
		--mask-port-src 0 --mask-port-dst 65535
}

must listen n /tmp/heard expect
check 'conntrack -I expect' expect_of_master -I expect -t 100
# conntrack 1.4.7 does not set the protocol of the new tuple, and omits its ports
check 'conntrack -L expect' sh -c 'ip netns exec n conntrack -L expect 2>/dev/null | grep -q "src=10.1.0.2 dst=10.1.0.1 .*master-src=10.1.0.1 master-dst=10.1.0.2 sport=1000 dport=21 class=0 helper=ftp"'
note "$(ns n conntrack -L expect 2>&1)"
is 'the file shows it' "$(ns n grep -c 'src=10.1.0.2 dst=10.1.0.1 .*ftp$' /proc/net/nf_conntrack_expect)" 1
check 'conntrack -F expect' ns n conntrack -F expect
is 'it is flushed' "$(ns n conntrack -L expect 2>/dev/null)" ''
sleep 0.5
stop "$LISTENER"
note "$(cat /tmp/heard)"
is 'conntrack -E expect: new' "$(grep -c '\[NEW\].*master-src=10.1.0.1' /tmp/heard)" 1
is 'conntrack -E expect: destroy' "$(grep -c '\[DESTROY\].*master-src=10.1.0.1' /tmp/heard)" 1

# --- a rule that selects events ---
ns n ip link set lo up
nsenter --net=/run/netns/n -- python3 /payload/bin/ftpmany.py serve 127.0.0.1 &
server=$!
must wait_for 'ns n ss -Hltn sport = :21 | grep -q .' 20
must listen n /tmp/heard expect
# stock forgets the selection of a rule that is made while there is no listener
ns n iptables -t raw -A OUTPUT -p tcp --dport 21 -j CT --helper ftp --expevents new
ns n iptables -A OUTPUT -m conntrack --ctstate INVALID
is 'announced' "$(ns n python3 /payload/bin/ftpmany.py ask 127.0.0.1 1 3)" 3
sleep 0.5
stop "$LISTENER" $server
note "$(cat /tmp/heard)"
cmp_num 'expevents: new' "$(grep -c '\[NEW\]' /tmp/heard)" -ge 3
is 'expevents: no destroy' "$(grep -c '\[DESTROY\]' /tmp/heard)" 0

finish
