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

MADE=''

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
