# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Rules of the router, by nftables and by iptables, replaced while packets meet them: NAT,
# helpers, zones, marks, labels, timeouts, expectations, or none. Operations: sets of rules.

rules_nat()
{
	cat <<-'RULES'
		chain pre {
			type nat hook prerouting priority -100
			ip daddr 10.2.0.100 dnat to 10.2.0.1-10.2.0.4
			ip6 daddr fd00::a02:64 dnat to fd00::a02:1
		}
		chain post {
			type nat hook postrouting priority 100
			ip saddr 10.1.0.1-10.1.0.4 meta l4proto { tcp, udp } snat to 10.2.0.200:1024-1100
			ip saddr 10.1.0.5 snat to 10.2.0.201-10.2.0.202
			ip6 saddr fd00::a01:1 masquerade
		}
	RULES
}

rules_masquerade()
{
	cat <<-'RULES'
		chain post {
			type nat hook postrouting priority 100
			oifname "eth2" masquerade random
			oifname "eth1" masquerade fully-random
		}
	RULES
}

rules_helpers()
{
	cat <<-'RULES'
		ct helper ftp { type "ftp" protocol tcp; }
		ct helper irc { type "irc" protocol tcp; }
		ct helper tftp { type "tftp" protocol udp; }
		ct helper sip { type "sip" protocol udp; }
		ct expectation e { protocol udp; dport 1027; timeout 3s; size 12; }
		chain pre {
			type filter hook prerouting priority -100
			tcp dport 21 ct helper set "ftp"
			tcp dport 6667 ct helper set "irc"
			udp dport 69 ct helper set "tftp"
			udp dport 5060 ct helper set "sip"
			udp dport 1025 ct expectation set "e"
		}
	RULES
}

rules_marks()
{
	cat <<-'RULES'
		ct timeout t { protocol udp; policy = { unreplied : 2, replied : 8 }; }
		chain raw {
			type filter hook prerouting priority -300
			udp sport 1026 ct zone set 5
			tcp sport 1027 notrack
			udp sport 1028 ct timeout set "t"
		}
		chain forward {
			type filter hook forward priority 0
			ct mark set numgen inc mod 7
			tcp dport 80 ct label set 3
			ct state invalid counter drop
			ct state established counter
			tcp dport 1029 reject with tcp reset
			udp dport 1029 reject
		}
	RULES
}

rules_none()
{
	:
}

# One transaction, in which the old ones go and the new ones come
by_nft()
{
	{
		echo 'table inet torture'
		echo 'delete table inet torture'
		[ "$1" = none ] || { echo 'table inet torture {'; "rules_$1"; echo '}'; }
	} | ns r nft -f - 2>&1
}

by_iptables()
{
	ns r iptables-legacy-restore <<-'RULES' 2>&1
		*raw
		-A PREROUTING -p tcp --dport 21 -j CT --helper ftp
		-A PREROUTING -p udp --dport 69 -j CT --helper tftp
		-A PREROUTING -p udp --sport 1030 -j CT --zone 7
		COMMIT
		*mangle
		-A FORWARD -m conntrack --ctstate NEW -j CONNMARK --set-mark 5
		-A FORWARD -m connbytes --connbytes 3 --connbytes-dir both --connbytes-mode packets -j CONNMARK --set-mark 6
		COMMIT
		*nat
		-A POSTROUTING -s 10.1.0.6/31 -p tcp -j SNAT --to-source 10.2.0.203:1024-1060 --random
		-A PREROUTING -d 10.2.0.100 -p udp -j DNAT --to-destination 10.2.0.1-10.2.0.2
		COMMIT
	RULES
}

no_iptables()
{
	ns r iptables-legacy-restore <<-'RULES' 2>&1
		*raw
		COMMIT
		*mangle
		COMMIT
		*nat
		COMMIT
	RULES
}

# Modules come and go meanwhile: a set that finds one missing is refused as a whole.
work_rules()
{
	local kinds=(nat masquerade helpers marks none none iptables iptables)
	local kind=${kinds[RANDOM % 8]}

	if [ "$kind" = iptables ]; then
		by_iptables
	elif by_nft "$kind"; then
		((RANDOM % 2)) || no_iptables
	fi
	done_ 1
	sleep "0.$((RANDOM % 10))"
}
