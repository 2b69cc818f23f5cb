# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sysctls of the router. Those that decide which entries have events or time stamps stay
# as they are, since listeners' books rely on them. Operations: settings.

TORTURE_SETTINGS=(
	'tcp_timeout_syn_sent 1 3 5'
	'tcp_timeout_syn_recv 1 3 5'
	'tcp_timeout_established 5 60 5000'
	'tcp_timeout_close 0 1 5'
	'tcp_timeout_time_wait 1 5'
	'tcp_loose 0 1'
	'tcp_be_liberal 0 1'
	'tcp_max_retrans 1 3'
	'tcp_ignore_invalid_rst 0 1'
	'udp_timeout 1 5 8'
	'udp_timeout_stream 2 20 60'
	'icmp_timeout 0 1 5'
	'icmpv6_timeout 0 1 5'
	'generic_timeout 1 5'
	'sctp_timeout_cookie_wait 1 3'
	'dccp_timeout_request 1 5'
	'gre_timeout 1 5'
	'checksum 0 1'
	'acct 0 1'
	'log_invalid 0 6 255'
	'expect_max 1 16 1024'
	'events_batch 0 1500 3776'
	'events_retry_timeout 0 1 15'
)

work_settings()
{
	local name value
	local -a values

	read -ra values <<<"${TORTURE_SETTINGS[RANDOM % ${#TORTURE_SETTINGS[@]}]}"
	name=${values[0]} value=${values[1 + RANDOM % (${#values[@]} - 1)]}
	# expect_max is one for all namespaces, and not every kernel has each of them
	if [ "$name" = expect_max ]; then
		sysctl -qw "net.netfilter.nf_conntrack_$name=$value"
	elif [ -e "/proc/sys/net/netfilter/nf_conntrack_$name" ]; then
		ns r sysctl -qw "net.netfilter.nf_conntrack_$name=$value" || complain "$name=$value failed"
	fi
	((RANDOM % 5)) || sysctl -qw net.netfilter.nf_conntrack_max=$((RANDOM % 2 ? 40000 : 65536))
	done_ 1
	sleep "0.$((RANDOM % 5))"
}

rest_settings()
{
	torture_timeouts 5 60
	ns r sysctl -qw net.netfilter.nf_conntrack_acct=1 net.netfilter.nf_conntrack_log_invalid=0
	sysctl -qw net.netfilter.nf_conntrack_expect_max=1024
}
