#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# More of the SIP helper: sipp's client holds a call and goes on with it at another port, over
# UDP and TCP, IPv4 and IPv6, with and without NAT; NAT of IPv6; both sides of a call behind
# one NAT; bodies of several parts; the module's parameters.
#
# TIMEOUT: 600

# shellcheck disable=SC2016  # conditions are evaluated later, by wait_for
# shellcheck source=selftests/lib.sh
. /payload/lib.sh
# shellcheck source=selftests/data/helper.sh
. /payload/data/helper.sh
# shellcheck source=selftests/data/sip.sh
. /payload/data/sip.sh

# $1: name, $2: transport, $3: client, $4: server, $5: where the client's media are sent
held_call()
{
	local stage

	rm -rf /tmp/stages
	mkdir /tmp/stages
	# sipp needs a zero: it does not end what it has read
	for stage in talk hold again; do
		printf 'wait\0' >/tmp/stages/$stage.go
	done
	must server_start '-sf /payload/data/sip-hold-uas.xml' "$2" "$4"
	client_start '-sf /payload/data/sip-hold-uac.xml' "$2" "$3" "$4"
	wait_for '[ -e /tmp/stages/talk ]' 20
	is "$1: media" "$(media "$5" "$4")" 'back back '
	printf 'go\0' >/tmp/stages/talk.go
	wait_for '[ -e /tmp/stages/hold ]' 20
	is "$1: on hold" "$(media "$5" "$4")" 'back back '
	printf 'go\0' >/tmp/stages/hold.go
	wait_for '[ -e /tmp/stages/again ]' 20
	is "$1: media at another port" \
		"$(python3 /payload/bin/sipwire.py arrives c "$3" 6020 s "$5")" arrives
	printf 'go\0' >/tmp/stages/again.go
	check "$1: the call ends well" wait "$CLIENT" || note "$(tail -n 20 /tmp/uac.log)"
	stop "$SERVER"
	ns r conntrack -F 2>/dev/null
}

paths()
{
	python3 /payload/bin/sippaths.py "$@"
}

must modprobe -a nf_conntrack_netlink nf_conntrack_sip nf_nat_sip
must sip_net
must ns c ip addr add 10.0.1.3/24 dev eth0
must sip_rules -A
held_call 'UDP, plain' u1 10.0.1.2 10.0.2.2 10.0.1.2
must masquerade -A
held_call 'UDP, NAT' u1 10.0.1.2 10.0.2.2 10.0.2.1
held_call 'TCP, NAT' t1 10.0.1.2 10.0.2.2 10.0.2.1
held_call 'UDP, IPv6, NAT' u1 fd00:1::2 fd00:2::2 fd00:2::1
verdicts python3 /payload/bin/sipwire.py nat 6
ns r conntrack -F 2>/dev/null
verdicts paths told
ns r conntrack -F 2>/dev/null
verdicts paths shared
must masquerade -D
ns r conntrack -F 2>/dev/null

# it holds the helper
must rmmod nf_nat_sip
verdicts paths bodies
verdicts paths parameters
finish
