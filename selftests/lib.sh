#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Sourced by every test script, inside the guest:  . /payload/lib.sh
#
# A test script is tests/NN-name.sh. It runs as root in a guest of its own and
# reports in KTAP, one line per subtest. Its head comment may hold these lines:
#
#   # MODSET: stock ours   module sets it can run with (default: both)
#   # PROMISE              stock fails by design: with ours only, unless the
#                          runner is told "--modset stock" and nothing else
#   # TIMEOUT: n           seconds for the guest (default 300)
#   # MEM: n               MiB of memory (default 3072)
#   # ICOUNT               one CPU, whose clock counts instructions
#   # TIMED                it bounds times: no other guest runs beside it
#   # SMOKE                part of "run.sh --smoke"
#   # DEBUG: skip          not on the debug kernel
#   # DEBUGTIMEOUT: n      seconds on the debug kernel (default: four times)
#
# Reporting: ok, not_ok, skip, check, refute, is, cmp_num, verdicts, must, note and
# finish are in ktap.sh.
#
# Namespaces
#   topology               client "c" - router "r" - server "s", joined by veth,
#                          IPv4 and IPv6, see below; conntrack is on in r
#   ns NAME CMD...         run CMD in a namespace
#   track NAME             turn conntrack on in a namespace by one harmless rule
#   ctcount NAME           number of entries in a namespace
#
# Listeners; each is in the background, its pid in LISTENER
#   listen NAME FILE ARG.. "conntrack -E ARG..", its output in FILE
#   hear NAME TAG ARG..    "evlisten ARG..", its output in /tmp/TAG
#   heard TAG FIGURE       a figure that evlisten has printed at its end
#   complete TAG COUNT     subtests: TAG has heard NEW and DESTROY of COUNT, in order
#   stop PID...            end background processes and reap them
#   kill_listener          end LISTENER at once, by SIGKILL
#   killed_released WHAT NAME MS  the same; subtest: what waited for it in namespace
#                          NAME is released within so many milliseconds
#
# Counters
#   ct_stat NAME COLUMN    of /proc/net/stat/nf_conntrack, over all CPUs
#   event_stat NAME COLUMN of /proc/net/stat/nf_conntrack_events
#   stat_sum NAME FILE COLUMN...  of another file in /proc/net/stat, or of several
#                          columns at once
#   waiting NAME           connections and expectations with an event that a
#                          listener has not taken yet
#   slab_used CACHE        objects in use in a slab cache
#   freed WHAT CACHE N     subtest: at most N objects are in use, after a while
#
# Time
#   wait_for COND [SECS]   until the shell command COND succeeds (10 s); says so and
#                          fails if it does not
#   released WHAT COND MS  subtest: COND succeeds within so many milliseconds
#   now_ms                 milliseconds
#   scaled N               N, more on the debug kernel or a busy host: for time limits
#
# Others
#   sized N DEBUG          N, on the debug kernel DEBUG: for amounts of work
#   modset                 prints stock or ours
#   is_ours, is_stock, is_debug
#   kernel_is_at_least V   the guest's kernel is V or newer, "6.12" or "7"
#   has_protocol NAME      conntrack has a tracker for dccp or udplite; 7.x has neither
#   allow_log REGEX        the kernel may say this, the test provokes it
#
# The addresses of "topology":
#
#    c eth0 --------- eth1 r eth2 --------- eth0 s
#    10.0.1.2         .1     10.0.2.1          .2
#    fd00:1::2        ::1    fd00:2::1         ::2
#
# The script need not clean up: the guest deletes namespaces and rules, unloads
# the conntrack stack and fails the run if something stays behind.

set -uo pipefail

# shellcheck source=selftests/ktap.sh
. /payload/ktap.sh
# shellcheck source=selftests/vm/slab.sh
. /payload/slab.sh

LISTENER=''

modset()
{
	echo "${NFCT_MODSET:-stock}"
}

is_ours()
{
	[ "${NFCT_MODSET:-}" = ours ]
}

is_stock()
{
	! is_ours
}

is_debug()
{
	[ "${NFCT_KERNEL:-}" = debug ]
}

kernel_is_at_least()
{
	printf '%s\n' "$1" "$(uname -r)" | sort -CV
}

has_protocol()
{
	case "$1" in
	dccp) [ -e /proc/sys/net/netfilter/nf_conntrack_dccp_timeout_request ] ;;
	udplite) ! kernel_is_at_least 7 ;;
	esac
}

scaled()
{
	local factor=${NFCT_SLOW:-1}

	! is_debug || factor=$((factor * 4))
	echo $(($1 * factor))
}

sized()
{
	if is_debug; then
		echo "$2"
	else
		echo "$1"
	fi
}

allow_log()
{
	echo "$1" >>/run/nfct-allowed-log
}

wait_for()
{
	local cond=$1 limit end
	limit=$(scaled "${2:-10}")
	end=$((SECONDS + limit))

	until eval "$cond" >/dev/null 2>&1; do
		if ((SECONDS >= end)); then
			note "waited $limit s in vain for: $cond" >&2
			return 1
		fi
		sleep 0.1
	done
}

freed()
{
	check "$1" wait_for "[ \"\$(slab_used $2)\" -le $3 ]"
}

now_ms()
{
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

released()
{
	local start took=''
	start=$(now_ms)

	! wait_for "$2" 20 || took=$(($(now_ms) - start))
	cmp_num "$1: released after ${took:-more than 20000} ms" "${took:-99999999}" -le "$3"
}

# Unlike "ip netns exec" this does not mount anything: it is several times faster.
ns()
{
	local name=$1
	shift

	nsenter --net="/run/netns/$name" -- "$@"
}

ctcount()
{
	ns "$1" cat /proc/sys/net/netfilter/nf_conntrack_count
}

track()
{
	ns "$1" nft -f - <<-'EOT'
		table inet nfct_track {
			chain track {
				type filter hook forward priority 0
				ct state invalid counter
			}
		}
	EOT
}

# Namespace $1, a host of network number $2, behind the router
lib_host()
{
	ns "$1" ip -batch - <<-EOT
		address add 10.0.$2.2/24 dev eth0
		address add fd00:$2::2/64 dev eth0 nodad
		link set eth0 up
		route add default via 10.0.$2.1
		route add default via fd00:$2::1
	EOT
}

lib_router()
{
	ns r ip -batch - <<-'EOT'
		address add 10.0.1.1/24 dev eth1
		address add fd00:1::1/64 dev eth1 nodad
		address add 10.0.2.1/24 dev eth2
		address add fd00:2::1/64 dev eth2 nodad
		link set eth1 up
		link set eth2 up
	EOT
}

topology()
{
	local name

	for name in c r s; do
		ip netns add "$name" || return
		ns "$name" ip link set lo up || return
		ns "$name" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0
	done
	ip -batch - <<-'EOT' || return
		link add eth0 netns c type veth peer name eth1 netns r
		link add eth0 netns s type veth peer name eth2 netns r
	EOT
	lib_host c 1 && lib_router && lib_host s 2 &&
		ns r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 && track r
}

# Whether a socket of process $2 in namespace $1 has joined a group of
# NETLINK_NETFILTER (12).
lib_has_joined()
{
	local inodes

	inodes=$(find "/proc/$2/fd" -lname 'socket:*' -printf '%l ' | tr -dc '0-9 ')
	# shellcheck disable=SC2016  # the dollars are those of awk
	ns "$1" awk -v inodes=" $inodes" '
		$2 == 12 && $4 !~ /^0+$/ && index(inodes, " " $10 " ") { found = 1 }
		END { exit !found }' /proc/net/netlink
}

# lib_started COND FILE SECS: a listener whose output is in FILE listens when COND
# is true; else it says what it has complained about.
lib_started()
{
	wait_for "$1" "$3" && return
	note "process $LISTENER does not listen: $(tail -n 3 "$2.err")" >&2
	return 1
}

listen()
{
	local name=$1 file=$2
	shift 2

	# shellcheck disable=SC2024
	nsenter --net="/run/netns/$name" -- conntrack -E "$@" >"$file" 2>"$file.err" &
	LISTENER=$!
	lib_started "lib_has_joined $name $LISTENER" "$file" 10
}

hear()
{
	local name=$1 tag=$2
	shift 2

	nsenter --net="/run/netns/$name" -- evlisten "$@" >"/tmp/$tag" 2>"/tmp/$tag.err" &
	LISTENER=$!
	lib_started "grep -q ready /tmp/$tag" "/tmp/$tag" 30
}

heard()
{
	sed -n "s/^flows=.*/ &/; s/.* $2=\\([^ ]*\\).*/\\1/p" "/tmp/$1" | tail -n 1
}

complete()
{
	local tag=$1 count=$2

	is "$tag: every NEW" "$(heard "$tag" new)" "$count"
	is "$tag: every DESTROY" "$(heard "$tag" destroy)" "$count"
	is "$tag: in order" "$(heard "$tag" disorder)" 0
	is "$tag: NEW comes first" "$(heard "$tag" headless)" 0
}

# 128 + SIGTERM is what "stop" itself has brought about.
stop()
{
	local pid status

	kill "$@" 2>/dev/null
	for pid; do
		status=0
		wait "$pid" 2>/dev/null || status=$?
		case "$status" in
		0|143) ;;
		*) note "process $pid ended with status $status" >&2 ;;
		esac
	done
	return 0
}

# Reaped at once, so that the shell does not announce it.
kill_listener()
{
	kill -KILL "$LISTENER"
	wait "$LISTENER" 2>/dev/null
}

killed_released()
{
	kill_listener
	released "$1" "[ \"\$(waiting $2)\" = 0 ]" "$3"
}

# A counter may be negative on one CPU, because another CPU has counted up.
stat_sum()
{
	local name=$1 file=/proc/net/stat/$2
	shift 2

	# shellcheck disable=SC2016  # the dollars are those of awk
	ns "$name" gawk -v columns="$*" '
		BEGIN { wanted = split(columns, name) }
		NR == 1 {
			for (i = 1; i <= wanted; i++)
				for (c = 1; c <= NF; c++)
					if ($c == name[i])
						column[++found] = c
			next
		}
		{
			for (i = 1; i <= found; i++)
				sum += strtonum("0x" $column[i])
		}
		END {
			if (!found || found != wanted)
				exit 1
			print sum % 4294967296
		}' "$file" || note "$file of $name has no column $*" >&2
}

ct_stat()
{
	stat_sum "$1" nf_conntrack "$2"
}

event_stat()
{
	stat_sum "$1" nf_conntrack_events "$2"
}

waiting()
{
	stat_sum "$1" nf_conntrack_events missed dying expect
}
