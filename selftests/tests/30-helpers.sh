#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Helpers and what belongs to them: expectations, their /proc file and limits,
# sequence adjustment. Labels and timeout policies.
#
# TIMEOUT: 240

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh

EXPECT=/proc/net/nf_conntrack_expect

expectations()
{
	ns r cat $EXPECT
}

expects()
{
	ns r grep -qE "$1" "$EXPECT"
}

check 'topology' topology
check 'helpers load' modprobe -a nf_conntrack_ftp nf_conntrack_tftp nf_nat_ftp nf_conntrack_netlink
nsenter --net=/run/netns/s peer.py serve-ftp 10.0.2.2 2>/tmp/serve.err &
must wait_for 'ns s ss -Hltn sport = :21 | grep -q .'

is 'mode of the file' "$(ns r stat -c %a $EXPECT)" 440
check 'rule that attaches a helper' ns r iptables -t raw -A PREROUTING -p tcp --dport 21 -j CT --helper ftp
ns r iptables -A FORWARD -m conntrack --ctstate RELATED -j ACCEPT
ns r iptables -A FORWARD -m helper --helper ftp -j ACCEPT

# --- announced by the server ---
before=$(ct_stat r expect_create)
PEER_PAUSE=$(scaled 4) nsenter --net=/run/netns/c peer.py passive 10.0.2.2 1 >/tmp/pasv 2>&1 &
client=$!
wait_for "ns r grep -q ftp $EXPECT" 20
note "$(expectations)"
check 'form of a line' expects '^(2[89][0-9]|300) l3proto = 2 proto=6 src=10\.0\.1\.2 dst=10\.0\.2\.2 sport=0 dport=[0-9]+ ftp$'
check 'entry names its helper' sh -c 'ip netns exec r conntrack -L 2>/dev/null | grep -q helper=ftp'
wait $client
is 'passive transfer' "$(sed -n 2p /tmp/pasv)" '226 done data 0'
is 'control connection goes on' "$(sed -n 3p /tmp/pasv)" 'echo True'
is 'expectation is used up' "$(expectations)" ''
cmp_num 'counted as created' "$(($(ct_stat r expect_create) - before))" -eq 1
cmp_num 'counted as new' "$(ct_stat r expect_new)" -ge 1
cmp_num 'counted as deleted' "$(ct_stat r expect_delete)" -ge 1
cmp_num 'rule for RELATED has seen it' "$(ns r iptables -vxnL FORWARD | awk '/RELATED/ { print $1 }')" -ge 1

# --- announced by the client, with NAT: payload grows ---
ns r ip addr add 192.168.100.200/32 dev eth2
ns s ip route add 192.168.100.200/32 via 10.0.2.1
ns r iptables -t nat -A POSTROUTING -o eth2 -j SNAT --to-source 192.168.100.200
nsenter --net=/run/netns/c peer.py active 10.0.2.2 2 /tmp/stays >/tmp/port 2>&1 &
client=$!
check 'the control connection stays' wait_for '[ -s /tmp/stays ] || ! kill -0 $client' 30
note "$(cat /tmp/port)"
is 'active transfer through NAT' "$(grep -c 'data [01] from 10.0.2.2' /tmp/port)" 2
is 'later commands arrive whole' "$(grep -c 'echo True' /tmp/port)" 2

# DIFF: stock corrects errors of the original direction as if they were segments
corrected_errors()
{
	python3 /payload/bin/seqadj_errors.py 192.168.100.200 "$(cat /tmp/stays)" 2>&1 |
		if is_stock; then sed 's/^not ok .*answer to it/# &/'; else cat; fi
}

verdicts corrected_errors
rm -f /tmp/stays
wait $client
ns r iptables -t nat -F

# --- one template outlives another helper ---
ns r iptables -t raw -A PREROUTING -p udp --dport 69 -j CT --helper tftp
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:69,sourceport=3000' 2>/dev/null
check 'tftp helper is attached' sh -c 'ip netns exec r conntrack -L -p udp --orig-port-src 3000 2>/dev/null | grep -q helper=tftp'

# --- unloading with an expectation pending ---
# DIFF: stock forgets what templates refer to when any helper goes: this one could
# never be unloaded again
is_stock && ns r iptables -t raw -D PREROUTING -p udp --dport 69 -j CT --helper tftp
PEER_PAUSE=$(scaled 12) nsenter --net=/run/netns/c peer.py passive 10.0.2.2 1 >/dev/null 2>&1 &
client=$!
wait_for "ns r grep -q ftp $EXPECT" 20
ns r iptables -F FORWARD
ns r iptables -t raw -D PREROUTING 1
check 'helper unloads while it expects' sh -c 'rmmod nf_nat_ftp && rmmod nf_conntrack_ftp'
is 'its expectations are gone' "$(expectations)" ''
# EEXIST would mean to modprobe that it is loaded already. 7.x has no ports.
if modinfo -F parm nf_conntrack_ftp | grep -q '^ports:'; then
	refute 'helper for one port twice: modprobe says no' modprobe nf_conntrack_ftp ports=21,21
	is 'helper for one port twice: not loaded' "$(grep -c '^nf_conntrack_ftp ' /proc/modules)" 0
fi
# on 7.x an entry keeps a copy of its helper
kernel_is_at_least 7 || refute 'entries have lost it' sh -c 'ip netns exec r conntrack -L 2>/dev/null | grep -q helper=ftp'
stop $client
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:69,sourceport=3001' 2>/dev/null
if is_ours; then
	check 'DIFF: the template of another helper still works' sh -c 'ip netns exec r conntrack -L -p udp --orig-port-src 3001 2>/dev/null | grep -q helper=tftp'
fi
ns r iptables -t raw -F

# --- status of entries with a helper ---
# IPS_HELPER is 0x2000
check 'nft helper object' ns r nft -f - <<'NFT'
table ip t {
	ct helper h {
		type "tftp" protocol udp
	}
	chain f {
		type filter hook forward priority 0
		udp dport 4440 ct helper set "h"
	}
	chain p {
		type filter hook postrouting priority 0
		udp dport 4440-4441 ct status & 0x2000 == 0x2000 counter comment "marked"
	}
}
NFT
marked()
{
	ns r nft list ruleset | sed -n 's/.*packets \([0-9]*\) .*"marked".*/\1/p'
}

ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4441' 2>/dev/null
is 'status without a helper' "$(marked)" 0
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4440' 2>/dev/null
is 'status with a helper of nft' "$(marked)" 1
check 'the helper of nft' sh -c 'ip netns exec r conntrack -L -p udp --orig-port-dst 4440 2>/dev/null | grep -q helper=tftp'
ns r nft delete table ip t

# --- expectations by rule: timeout, limit ---
# before 7.x the kernel takes the milliseconds of the rule for seconds, and its rule
# needs no helper
unit=ms by=
! kernel_is_at_least 7 || unit=s by=nft_ct_expect
check 'nft expectation object' ns r nft -f - <<NFT
table ip t {
	ct expectation e {
		protocol tcp
		dport 9876
		timeout $(scaled 4)$unit
		size 12
		l3proto ip
	}
	chain f {
		type filter hook forward priority 0
		udp dport 4444 ct state new ct expectation set e
	}
	chain p {
		type filter hook postrouting priority 0
		udp dport 4444 ct status & 0x2000 == 0x2000 counter comment "marked"
	}
}
NFT
before=$(ct_stat r expect_delete)
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4444' 2>/dev/null
note "$(expectations)"
is 'status with an expectation of nft' "$(marked)" 1
check 'expected by the rule' expects "^[0-9]+ l3proto = 2 proto=6 src=.* dport=9876 $by\$"
check 'disappears in time' wait_for "[ -z \"\$(ip netns exec r cat $EXPECT)\" ]" "$(scaled 6)"
if is_ours; then
	check 'its removal is prompt' wait_for "[ \$(ct_stat r expect_delete) -gt $before ]" "$(scaled 2)"
fi
ns r nft delete table ip t

# --- labels ---
check 'nft label rule' ns r nft -f - <<'NFT'
table ip t {
	chain f {
		type filter hook forward priority 0
		udp dport 4445 ct label set 5
		udp dport 4446 ct label set 127
	}
}
NFT
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4445' 2>/dev/null
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4446' 2>/dev/null
mkdir -p /etc/xtables 2>/dev/null
note "$(ns r conntrack -L -p udp -o labels 2>&1)"
ns r nft add rule ip t f udp dport 4445 ct label 5 counter
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4445' 2>/dev/null
check 'label is found again' sh -c 'ip netns exec r nft list ruleset | grep -q "packets 1"'
ns r nft delete table ip t

# --- timeout policies ---
check 'nft timeout object' ns r nft -f - <<'NFT'
table ip t {
	ct timeout tmo {
		protocol udp
		l3proto ip
		policy = { unreplied : 77, replied : 99 }
	}
	chain f {
		type filter hook prerouting priority -150
		udp dport 4447 ct timeout set "tmo"
	}
}
NFT
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4447,sourceport=3002' 2>/dev/null
check 'policy is used' sh -c 'ip netns exec r conntrack -L -p udp --orig-port-src 3002 2>/dev/null | grep -qE "udp +17 (7[0-9]|[3-6][0-9]) "'
ns r nft delete table ip t
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4447,sourceport=3002' 2>/dev/null
sleep 1
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4447,sourceport=3002' 2>/dev/null
note "$(ns r conntrack -L -p udp --orig-port-src 3002 2>/dev/null)"
check 'and forgotten with its object' sh -c 'ip netns exec r conntrack -L -p udp --orig-port-src 3002 2>/dev/null | grep -qE "udp +17 ([12][0-9]|30) "'

check 'cttimeout policy' ns r nfct add timeout pol inet udp unreplied 55 replied 66
check 'generic policy' ns r nfct add timeout gen inet generic timeout 44
check 'rule with a policy' ns r iptables -t raw -A PREROUTING -p udp --dport 4448 -j CT --timeout pol
refute 'no such policy' ns r iptables -t raw -A PREROUTING -p udp --dport 4448 -j CT --timeout nix
refute 'wrong protocol' ns r iptables -t raw -A PREROUTING -p tcp --dport 4448 -j CT --timeout pol
check 'generic policy for an untracked protocol' ns r iptables -t raw -A PREROUTING -p esp -j CT --timeout gen
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4448,sourceport=3003' 2>/dev/null
note "$(ns r conntrack -L -p udp --orig-port-src 3003 2>/dev/null)"
check 'policy is used by the template' sh -c 'ip netns exec r conntrack -L -p udp --orig-port-src 3003 2>/dev/null | grep -qE "udp +17 (5[0-5]|[34][0-9]) "'
check 'policy goes while rules use it' ns r nfct delete timeout pol
ns c sh -c 'echo x | socat -t 0 - UDP:10.0.2.2:4448,sourceport=3004' 2>/dev/null
note "$(ns r conntrack -L -p udp --orig-port-src 3004 2>/dev/null)"
ns r iptables -t raw -F
sleep 0.5
check 'idle generic policy goes' ns r nfct delete timeout gen
check 'cttimeout unloads' rmmod nfnetlink_cttimeout
finish
