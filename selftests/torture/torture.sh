# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2016
#
# Sourced after lib.sh, in the guest: workers that do harm to the router "r" of the
# topology, all at once, and pauses in which everything has to agree.
#
#   torture_begin SEED [EVENTS]  the topology, its addresses, short timeouts
#   torture_start NAME...      starts workers; each is workers/NAME.sh
#   torture_for SECONDS        lets them work
#   torture_pause WHAT         subtests: the workers rest; table, counters and each
#                              listener's book agree
#   torture_age SECONDS        traffic alone, with timeouts of a second; subtest: the
#                              buckets keep to one line
#   torture_end                subtests: all deleted; each book is complete; nothing waits
#   torture_report             notes with figures: "report NAME KEY VALUE"
#
# A worker's file defines work_NAME, which is called again and again and takes a few
# seconds at most, and may define rest_NAME, which puts back what disturbs a
# comparison, and begin_NAME. RANDOM follows from the seed and the name. A worker
# counts what it does by "done_ N", and says by "complain TEXT" what is wrong.

TORTURE=/tmp/torture
TORTURE_SEED=1
TORTURE_WORKERS=()

# The sum of a figure of all listeners, those that have been killed too
torture_sum()
{
	cat "$TORTURE"/figures/* | gawk -v name="$1" '
		{ for (i = 1; i <= NF; i++) if (split($i, a, "=") == 2 && a[1] == name) sum += a[2] }
		END { print sum + 0 }'
}

# figure FILE NAME
torture_figure()
{
	sed -n "s/.*\\<$2=\\([^ ]*\\).*/\\1/p" "$1"
}

torture_timeouts()
{
	local name

	for name in /proc/sys/net/netfilter/nf_conntrack_*timeout*; do
		name=${name##*/}
		case "$name" in
		*events_retry*) ;;
		*established|*_estab|*stream*) ns r sysctl -qw "net.netfilter.$name=$2" ;;
		*) ns r sysctl -qw "net.netfilter.$name=$1" ;;
		esac
	done
}

torture_begin()
{
	TORTURE_SEED=$1
	mkdir -p $TORTURE/{figures,listeners,work}
	: >$TORTURE/faults
	note "seed $TORTURE_SEED"
	must modprobe -a nf_conntrack_netlink nf_nat nft_chain_nat nf_conntrack_ftp
	must topology
	sysctl -qw net.netfilter.nf_conntrack_max=65536 net.netfilter.nf_conntrack_buckets=8192
	ns r ip -batch - <<-'IP'
		route add 10.1.0.0/16 via 10.0.1.2
		route add 10.2.0.0/16 via 10.0.2.2
		route add fd00::a01:0/112 via fd00:1::2
		route add fd00::a02:0/112 via fd00:2::2
	IP
	ns r sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv4.conf.eth1.rp_filter=0 net.ipv4.conf.eth2.rp_filter=0 \
		net.netfilter.nf_conntrack_timestamp=1 net.netfilter.nf_conntrack_acct=1 \
		net.ipv4.ipfrag_time=3
	torture_timeouts 5 60
}

# ---- workers ----

# shellcheck disable=SC2317  # the workers call it
done_()
{
	TORTURE_OPS=$((TORTURE_OPS + $1))
	echo "$TORTURE_OPS" >"$TORTURE/work/$TORTURE_NAME"
}

# A fault that a worker has found
# shellcheck disable=SC2317  # the workers call it
complain()
{
	echo "$TORTURE_NAME (seed $TORTURE_SEED, operation $TORTURE_OPS): $*" >>$TORTURE/faults
}

torture_rest()
{
	! declare -F "rest_$TORTURE_NAME" >/dev/null || "rest_$TORTURE_NAME"
	touch "$TORTURE/rest.$TORTURE_NAME"
	while [ -e $TORTURE/pause ]; do
		sleep 0.2
	done
	rm -f "$TORTURE/rest.$TORTURE_NAME"
}

torture_worker()
{
	TORTURE_NAME=$1 TORTURE_OPS=0
	# the same for the same seed, another one for each worker
	RANDOM=$((TORTURE_SEED * 31 + $(cksum <<<"$1" | cut -d' ' -f1) % 30000))
	# shellcheck disable=SC1090
	. "/payload/torture/workers/$1.sh"
	done_ 0
	! declare -F "begin_$1" >/dev/null || "begin_$1"
	while [ ! -e $TORTURE/stop ] && [ ! -e "$TORTURE/stop.$1" ]; do
		[ ! -e $TORTURE/pause ] || torture_rest
		"work_$1"
	done
	! declare -F "rest_$1" >/dev/null || "rest_$1"
	touch "$TORTURE/ended.$1"
}

torture_start()
{
	local name

	for name; do
		rm -f "$TORTURE/ended.$name"
		torture_worker "$name" >"$TORTURE/$name.log" 2>&1 &
		TORTURE_WORKERS+=("$name")
	done
}

torture_for()
{
	sleep "$1"
}

torture_all()
{
	local name

	for name in "${TORTURE_WORKERS[@]}"; do
		[ -e "$TORTURE/$1.$name" ] || return 1
	done
}

# ---- listeners ----

# torture_tell SIGNAL
torture_tell()
{
	local file

	for file in "$TORTURE"/listeners/*; do
		kill "-$1" "$(cat "$file")" 2>/dev/null
	done
	return 0
}

# torture_heard FIGURE OLD: of each listener that lives this is beyond OLD/NAME
torture_heard()
{
	local file name

	for file in "$TORTURE"/listeners/*; do
		name=${file##*/}
		[ "$(torture_figure "$TORTURE/figures/$name" "$1")" -gt "$(cat "$TORTURE/before/$name" 2>/dev/null || echo 0)" ] ||
			return 1
	done
}

torture_compare()
{
	local file name

	rm -rf "$TORTURE/before"
	mkdir -p $TORTURE/before
	for file in "$TORTURE"/listeners/*; do
		name=${file##*/}
		torture_figure "$TORTURE/figures/$name" compared >"$TORTURE/before/$name"
	done
	torture_tell HUP
	check "$1: each listener has compared its book with the table" wait_for 'torture_heard compared' 120
}

torture_faults()
{
	if [ -s $TORTURE/faults ]; then
		not_ok "$1: no listener finds fault" "seed $TORTURE_SEED"
		note "$(head -n 60 $TORTURE/faults)"
		cat $TORTURE/faults >>$TORTURE/faults.all
		: >$TORTURE/faults
	else
		ok "$1: no listener finds fault"
	fi
}

# ---- pauses ----

# Two slots for each entry, of any namespace
torture_slots_agree()
{
	local total=0 name before

	before=$(torture_table slots)
	for name in r c s; do
		total=$((total + $(ctcount $name)))
	done
	total=$((total + $(cat /proc/sys/net/netfilter/nf_conntrack_count)))
	TORTURE_COUNTS="slots=$before entries=$total"
	[ "$before" = $((2 * total)) ]
}

# The first column is the count, in each line
torture_stat_agrees()
{
	local before

	before=$(ctcount r)
	[ "$(ns r gawk 'NR == 2 { print strtonum("0x" $1) }' /proc/net/stat/nf_conntrack)" = "$before" ] &&
		[ "$(ctcount r)" = "$before" ]
}

# What reliable listeners that are there have lost
torture_lost()
{
	ns r awk 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "lost") c = i; next }
		{ sum += $c } END { print sum + 0 }' /proc/net/stat/nf_conntrack_listeners
}

torture_agree()
{
	check "$1: count and what is shown agree" ns r tablecount "$(scaled 60)"
	is_stock || check "$1: two slots of the table for each entry" wait_for torture_slots_agree 60 ||
		note "$TORTURE_COUNTS"
	check "$1: conntrack -S has the count" wait_for torture_stat_agrees 60
}

torture_pause()
{
	note "$1: begins after $SECONDS s, $(ctcount r) entries"
	touch $TORTURE/pause
	check "$1: the workers rest" wait_for 'torture_all rest' 60 ||
		note "$(cd $TORTURE && ls) $(tail -n 3 $TORTURE/*.log)"
	torture_tell USR1
	if is_ours; then
		check "$1: nothing waits" wait_for '[ "$(waiting r)" = 0 ]' 60
		is "$1: dying in the counters" "$(event_stat r dying)" "$(ns r conntrack -L dying 2>/dev/null | wc -l)"
	fi
	is_stock || is "$1: reliable listeners have lost nothing" "$(torture_lost)" 0
	torture_agree "$1"
	note "$1: listeners compare after $SECONDS s"
	torture_compare "$1"
	torture_faults "$1"
	torture_tell USR2
	rm -f $TORTURE/pause
	note "$1: ends after $SECONDS s, $(ctcount r) entries"
}

torture_table()
{
	awk -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next } { print $c }' \
		/proc/net/stat/nf_conntrack_table
}

# Workers that make no traffic and do not listen
torture_others()
{
	printf '%s\n' "${TORTURE_WORKERS[@]}" | grep -vxE 'traffic|listeners'
}

torture_only_traffic()
{
	local name

	for name in $(torture_others); do
		[ -e "$TORTURE/ended.$name" ] || return 1
	done
}

torture_age()
{
	local name

	for name in $(torture_others); do
		touch "$TORTURE/stop.$name"
	done
	check 'age: the other workers end' wait_for torture_only_traffic 60
	torture_timeouts 1 1
	torture_for "$1"
	is_stock || note "report table buckets $(torture_table buckets) slots $(torture_table slots) overflow $(torture_table overflow) grown $(torture_table grown) shrunk $(torture_table shrunk)"
	is_stock || cmp_num 'age: the buckets keep to one line' "$(torture_table overflow)" -le \
		$(($(torture_table buckets) / 10))
	torture_timeouts 5 60
}

torture_end()
{
	touch $TORTURE/stop
	rm -f $TORTURE/pause
	check 'end: the workers end' wait_for 'torture_all ended' 60
	torture_tell USR1
	ns r conntrack -F 2>/dev/null
	check 'end: no entry is left' wait_for '[ "$(ctcount r)" = 0 ]' 60
	is_stock || is 'end: nothing waits' "$(waiting r)" 0
	torture_tell TERM
	check 'end: each listener has closed its book' wait_for 'torture_closed' 60
	torture_faults end
}

torture_closed()
{
	local file

	for file in "$TORTURE"/listeners/*; do
		[ "$(torture_figure "$TORTURE/figures/${file##*/}" ended)" = 1 ] || return 1
	done
}

torture_report()
{
	local name key

	for name in "${TORTURE_WORKERS[@]}"; do
		note "report $name operations $(cat "$TORTURE/work/$name")"
	done
	note "report listeners number $(find $TORTURE/figures -type f | wc -l)"
	note "report listeners enobufs_of_reliable $(grep -h reliable=1 $TORTURE/figures/* | gawk '{ sub(/.*enobufs=/, ""); n += $1 } END { print n + 0 }')"
	for key in new update destroy judged early unstamped enobufs epochs stalls changes compared dumped faults; do
		note "report listeners $key $(torture_sum $key)"
	done
}
