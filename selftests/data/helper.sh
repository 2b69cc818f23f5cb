# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2016,SC2034
#
# Sourced after lib.sh by the tests of helpers: clients in namespace c, servers in s, and
# a gateway r whose policy is "drop NEW, accept RELATED".
#
#   helper_rules ACTION NAME PROTO PORT  r gives the helper NAME to packets of a port
#                          (-A) or no longer (-D), IPv4 and IPv6
#   policy PROTO PORT      r drops what is new, but for that port
#   masquerade ACTION      r hides the client (-A) or no longer (-D), IPv4 and IPv6
#   hear_expectations      a reliable listener in r with a buffer of 2,048 bytes that
#                          pauses 0.5 ms after each datagram; groups of expectations
#   heard_expectations     subtest: it has taken every event. Ends it; the number of
#                          expectations that it has heard of is in MADE
#   removed_under_traffic MODULE NAME PROTO PORT
#                          subtests: five times, the helper's module is unloaded
#   several_ports NAME PROTO PORT OTHER SECOND
#                          subtests: nf_conntrack_NAME can have another port, too, with the
#                          helper SECOND; nothing where modules have no such parameter
#   removed MODULE...      unload modules, in this order
#
# For prog/helperpath.py, instead of topology:
#   control_net            namespace r alone: what its programs send leaves through a device
#                          that throws it away; only control packets and what is related may
#   control_nat ACTION     r hides the client (-A) or no longer (-D)
#   control_rules ACTION NAME  attach what nf_conntrack_NAME has (-A) or no longer (-D)
#   nat_of NAME            prints the module that does NAT for nf_conntrack_NAME, if any
#   HELPERS                those names

MADE=''
HELPERS='ftp tftp irc sip h323 pptp amanda sane netbios_ns snmp'

both_families()
{
	iptables "$@" && ip6tables "$@"
}

helper_rules()
{
	ns r bash -c "$(declare -f both_families); both_families -t raw $1 PREROUTING -p $3 --dport $4 -j CT --helper $2"
}

policy()
{
	ns r bash -c "$(declare -f both_families)
		both_families -P FORWARD DROP &&
		both_families -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT &&
		both_families -A FORWARD -p $1 --dport $2 -j ACCEPT &&
		ip6tables -A FORWARD -p icmpv6 -j ACCEPT"
}

masquerade()
{
	ns r bash -c "$(declare -f both_families); both_families -t nat $1 POSTROUTING -o eth2 -j MASQUERADE"
}

hear_expectations()
{
	must hear r events -g 0x28 -R -b 2048 -p 500
}

heard_expectations()
{
	ns r conntrack -F 2>/dev/null
	check 'every event is taken' wait_for '[ "$(waiting r)" = 0 ]' 30
	sleep 1
	stop "$LISTENER"
	note "$(tail -n 1 /tmp/events)"
	MADE=$(heard events flows)
	complete events "$MADE"
}

removed_under_traffic()
{
	local module=$1 round
	shift

	for round in 1 2 3 4 5; do
		sleep 0.5
		must helper_rules -D "$@"
		check "removed under traffic, $round" rmmod "$module"
		must modprobe "$module"
		must helper_rules -A "$@"
	done
}

several_ports()
{
	local module=nf_conntrack_$1

	modinfo -F parm "$module" | grep -q '^ports:' || return 0
	must helper_rules -D "$1" "$2" "$3"
	ns r conntrack -F 2>/dev/null
	must rmmod "$module"
	check 'several ports' modprobe "$module" ports="$3,$4"
	is 'the ports' "$(cat "/sys/module/$module/parameters/ports")" "$3,$4"
	check 'helper of another port' helper_rules -A "$5" "$2" "$4"
	must helper_rules -D "$5" "$2" "$4"
	ns r conntrack -F 2>/dev/null
	must rmmod "$module"
	must modprobe "$module"
	must helper_rules -A "$1" "$2" "$3"
}

control_net()
{
	ip netns add r && ns r ip -batch - <<-'EOT' || return
		link set lo up
		link add d0 type dummy
		link set d0 up
		address add 10.9.0.1/24 brd + dev d0
		route add 10.0.0.0/16 dev d0
	EOT
	ns r iptables -P OUTPUT DROP &&
		ns r iptables -A OUTPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT &&
		ns r iptables -A OUTPUT -p tcp -m multiport --dports 21,1720,1723,5060,6566,6667 -j ACCEPT &&
		ns r iptables -A OUTPUT -p udp -m multiport --dports 69,137,161,1719,5060,10080 -j ACCEPT
}

control_nat()
{
	ns r iptables -t nat "$1" POSTROUTING -s 10.0.1.2 -j SNAT --to-source 10.0.2.1
}

# The rules of module nf_conntrack_$2
control_rules()
{
	local line name proto port

	while read -r line name proto port; do
		[ "$line" = "$2" ] || continue
		ns r iptables -t raw "$1" OUTPUT -p "$proto" --dport "$port" -j CT --helper "$name" || return
	done <<-'EOT'
		ftp ftp tcp 21
		tftp tftp udp 69
		irc irc tcp 6667
		sip sip udp 5060
		sip sip tcp 5060
		h323 Q.931 tcp 1720
		h323 RAS udp 1719
		pptp pptp tcp 1723
		amanda amanda udp 10080
		sane sane tcp 6566
		netbios_ns netbios-ns udp 137
		snmp snmp udp 161
	EOT
}

nat_of()
{
	case $1 in
	sane|netbios_ns) ;;
	snmp) echo nf_nat_snmp_basic ;;
	*) echo "nf_nat_$1" ;;
	esac
}

# nft lets go of a rule's helper a moment after the rule has gone.
removed()
{
	local module

	for module; do
		wait_for "rmmod $module" || return
	done
}
