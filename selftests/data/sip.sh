# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2016,SC2034
#
# Sourced after helper.sh by the tests of SIP.
#
#   sip_rules ACTION       r gives the helper sip to packets of port 5060 (-A) or no longer (-D)
#   sip_net                topology with a policy for SIP; the hosts know each other
#   server_start SCENARIO TRANSPORT ADDR
#                          sipp in s: the scenario is "-sn uas", say, the transport u1 or t1;
#                          its pid is in SERVER, its media are at port 7000
#   client_start SCENARIO TRANSPORT ADDR SERVER OPTION...
#                          sipp in c: one call; its pid is in CLIENT, its media are at port 6000
#   media CLIENT SERVER    prints "back" for each side whose media come back, for the
#                          addresses where the other side sends

SERVER='' CLIENT=''

sip_rules()
{
	helper_rules "$1" sip udp 5060 && helper_rules "$1" sip tcp 5060
}

sip_net()
{
	topology && policy udp 5060 &&
		ns r iptables -A FORWARD -p tcp --dport 5060 -j ACCEPT &&
		ns r ip6tables -A FORWARD -p tcp --dport 5060 -j ACCEPT &&
		ns r iptables -A FORWARD -p udp --dport 2000 -j ACCEPT || return
	ns c ping -c 1 -W 5 10.0.1.1 >/dev/null
	ns c ping -c 1 -W 5 fd00:1::1 >/dev/null
	ns s ping -c 1 -W 5 10.0.2.1 >/dev/null
	ns s ping -c 1 -W 5 fd00:2::1 >/dev/null
}

bracket()
{
	case $1 in
	*:*) echo "[$1]" ;;
	*) echo "$1" ;;
	esac
}

server_start()
{
	# shellcheck disable=SC2086  # an option and its value
	nsenter --net=/run/netns/s sipp $1 -t "$2" -i "$3" -mi "$3" -mp 7000 -rtp_echo -nostdin \
		>/tmp/uas.log 2>&1 &
	SERVER=$!
	wait_for 'ns s ss -Hlun sport = :5060 | grep -q . || ns s ss -Hltn sport = :5060 | grep -q .' 30
}

client_start()
{
	# shellcheck disable=SC2086  # an option and its value
	nsenter --net=/run/netns/c sipp $1 -t "$2" -i "$3" -mi "$3" -mp 6000 -rtp_echo -nostdin \
		-m 1 -timeout "$(scaled 90)" "${@:5}" "$(bracket "$4"):5060" >/tmp/uac.log 2>&1 &
	CLIENT=$!
}

media()
{
	python3 /payload/bin/sipwire.py echo c "$2" 7000 s "$1" 6000
}
