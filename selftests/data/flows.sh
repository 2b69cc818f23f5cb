# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# Sourced after lib.sh by the tests that make connections with prog/flows and
# listen with prog/evlisten.
#
#   flow_net NAME        namespace that tracks what it sends; 198.18.0.0/15 goes
#                        to a device that swallows it
#   hear NAME TAG ARG..  start "evlisten ARG.." there, return when it listens; its
#                        pid is in LISTENER, its output in /tmp/TAG
#   heard TAG NAME       a figure that it has printed at its end
#   event_stat NAME COL  a column of nf_conntrack_events, summed over the CPUs
#   ct_stat NAME COL     the same of nf_conntrack
#   waiting NAME         entries on the missed and dying lists, and expectations
#   slab_used CACHE      objects in use, after spare ones were given back
#   netns_left N           whether at most N namespaces are left beside the first
#   now_ms               milliseconds

flow_net()
{
	ip netns add "$1"
	ns "$1" ip link set lo up
	ns "$1" ip link add swallow type dummy
	ns "$1" ip address add 198.18.0.1/15 dev swallow
	ns "$1" ip link set swallow up
	ns "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ns "$1" nft -f - <<-'EOT'
		table inet nfct_track {
			chain track {
				type filter hook output priority 0
				ct state invalid counter
			}
		}
	EOT
}

hear()
{
	local name=$1 tag=$2
	shift 2

	nsenter --net="/run/netns/$name" -- evlisten "$@" >"/tmp/$tag" 2>"/tmp/$tag.err" &
	LISTENER=$!
	wait_for "grep -q ready /tmp/$tag" 30
}

heard()
{
	sed -n "s/^flows=.*/ &/; s/.* $2=\\([^ ]*\\).*/\\1/p" "/tmp/$1" | tail -n 1
}

sum_column()
{
	gawk -v column="$2" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) c = i; next }
		{ sum += strtonum("0x" $c) }
		END { print sum % 4294967296 }' "$1"
}

event_stat()
{
	sum_column <(ns "$1" cat /proc/net/stat/nf_conntrack_events) "$2"
}

ct_stat()
{
	sum_column <(ns "$1" cat /proc/net/stat/nf_conntrack) "$2"
}

waiting()
{
	# shellcheck disable=SC2016  # the dollar is that of awk
	ns "$1" gawk '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == "missed" || $i == "dying" || $i == "expect") want[i]; next }
		{ for (i in want) sum += strtonum("0x" $i) }
		END { print sum % 4294967296 }' /proc/net/stat/nf_conntrack_events
}

slab_used()
{
	local dir=/sys/kernel/slab/$1 n rest

	[ -d "$dir" ] || { echo 0; return; }
	echo 1 >"$dir/shrink"
	# shellcheck disable=SC2034  # only the first word counts
	read -r n rest <"$dir/objects"
	echo "$n"
}

# The kernel frees the namespaces that ended last when the next one ends.
netns_left()
{
	ip netns add last && ip netns delete last
	[ "$(slab_used net_namespace)" -le $(($1 + 1)) ]
}

now_ms()
{
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}
