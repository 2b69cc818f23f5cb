#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs other people's test suites, unmodified, on the kernel's own modules and on
# ours, each test in a guest of its own, and compares: what passes on stock must
# pass on ours. KTAP: one line per test and module set, then the comparison, point
# by point. The last line is "N passed, N failed[, N skipped]": only a point that
# stock passes and ours does not is a failure; what stock fails too, or cannot
# run, is skipped. The side that is worse gets more tries; what stock fails in any of
# its own counts as failed there.
#
# Usage: run.sh [OPTION]... [TEST]...
#
#   TEST                     a test's name, with or without its suite, or the beginning
#                            of either
#   --modset stock|ours|both which modules (default: both); with one of them there
#                            is no comparison, and what fails counts
#   --resume                 what has a result in the logs is not run again
#   --jobs N                 guests at once (default 1) ($JOBS)
#   --kernel 6.1|6.12|7      Debian's cloud kernel of this series, default that of this
#                            machine's Debian ($KERNEL)
#   --kernel debug|debug-7   the debug kernel of 6.1 or 7.x
#   --all                    the slow tests as well; a TEST that is named always runs
#   --install                install missing packages, as root
#   --list                   print what would run
#
# Logs: $NFCT_CACHE/logs/peer.TEST.MODSET.log and .dmesg beside it.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/runner.sh
. "$HERE/../runner.sh"

# name | seconds | guest.sh's suite, its variables and arguments; those with a "-" before the seconds are slow
KSELFTESTS_61='
netfilter/conntrack_icmp_related|60|kselftest
netfilter/conntrack_sctp_collision|60|kselftest
netfilter/conntrack_tcp_unreplied|120|kselftest
netfilter/conntrack_vrf|60|kselftest
netfilter/ipip-conntrack-mtu|60|kselftest
netfilter/ipvs|120|kselftest
netfilter/nf_nat_edemux|60|kselftest
netfilter/nft_conntrack_helper|60|kselftest
netfilter/nft_flowtable|150|kselftest DD=2048
netfilter/nft_nat|300|kselftest
netfilter/nft_nat_zones|600|kselftest
netfilter/nft_queue|300|kselftest
netfilter/nft_synproxy|60|kselftest
netfilter/nft_zones_many|600|kselftest
netfilter/bridge_brouter|120|kselftest
netfilter/nft_audit|300|kselftest
netfilter/nft_fib|120|kselftest
netfilter/nft_meta|120|kselftest
netfilter/nft_trans_stress|-600|kselftest
netfilter/rpath|120|kselftest
netfilter/xt_string|120|kselftest
netfilter/nft_concat_range|-1800|kselftest quicktest=1
'
# of later kernels; one that a kernel has not got is left out
KSELFTESTS='
net/netfilter/conntrack_clash|120|kselftest
net/netfilter/conntrack_dump_flush|120|kselftest
net/netfilter/conntrack_icmp_related|60|kselftest
net/netfilter/conntrack_ipip_mtu|60|kselftest
net/netfilter/conntrack_resize|-1200|kselftest
net/netfilter/conntrack_reverse_clash|120|kselftest
net/netfilter/conntrack_sctp_collision|60|kselftest
net/netfilter/conntrack_tcp_unreplied|120|kselftest
net/netfilter/conntrack_vrf|60|kselftest
net/netfilter/ipvs|120|kselftest
net/netfilter/nf_conntrack_packetdrill|120|kselftest
net/netfilter/nf_nat_edemux|60|kselftest
net/netfilter/nft_conntrack_helper|60|kselftest
net/netfilter/nft_flowtable|300|kselftest DD=2048
net/netfilter/nft_nat|300|kselftest
net/netfilter/nft_nat_zones|600|kselftest
net/netfilter/nft_queue|600|kselftest
net/netfilter/nft_synproxy|60|kselftest
net/netfilter/nft_tproxy_tcp|120|kselftest
net/netfilter/nft_tproxy_udp|120|kselftest
net/netfilter/nft_zones_many|600|kselftest
net/netfilter/br_netfilter|120|kselftest
net/netfilter/br_netfilter_queue|120|kselftest
net/netfilter/bridge_brouter|120|kselftest
net/netfilter/nft_audit|300|kselftest
net/netfilter/nft_fib|120|kselftest
net/netfilter/nft_meta|120|kselftest
net/netfilter/rpath|120|kselftest
net/netfilter/vxlan_mtu_frag|120|kselftest
net/netfilter/xt_string|120|kselftest
net/netfilter/nft_interface_stress|-600|kselftest
net/netfilter/nft_concat_range|-1800|kselftest quicktest=1
'
OTHERS='
net/ip_defrag|600|kselftest
tc-testing/ct|300|tdc actions/ct.json actions/ctinfo.json actions/connmark.json
iptables/legacy-targets|400|iptables legacy TARGETS
iptables/legacy-matches-1|400|iptables legacy MATCHES_1
iptables/legacy-matches-2|400|iptables legacy MATCHES_2
iptables/nftables-targets|400|iptables nftables TARGETS
iptables/nftables-matches-1|400|iptables nftables MATCHES_1
iptables/nftables-matches-2|400|iptables nftables MATCHES_2
conntrack-tools/conntrack|180|conntrack
conntrack-tools/nfct|180|nfct
conntrack-tools/cli-test|120|cli
conntrack-tools/bulk-load-stress|400|bulk
conntrack-tools/load-stress|-1800|load
conntrack-tools/conntrackd|300|conntrackd
'

# Of iptables the files whose kernel part is ours, or that have to do with conntrack or NAT,
# in batches of a minute or two. What is said of a line that fails is a point, so that
# lines are compared.
declare -A EXTENSIONS
EXTENSIONS[TARGETS]='
libxt_CLASSIFY.t libxt_CONNMARK.t libxt_CONNSECMARK.t libxt_CT.t libxt_DSCP.t libxt_HMARK.t
libxt_LED.t libxt_MARK.t libxt_NFLOG.t libxt_NFQUEUE.t libxt_NOTRACK.t libxt_RATEEST.t
libxt_REDIRECT.t libxt_SECMARK.t libxt_SYNPROXY.t libxt_TCPMSS.t libxt_TCPOPTSTRIP.t
libxt_TOS.t libxt_TPROXY.t libxt_TRACE.t
libipt_CLUSTERIP.t libipt_DNAT.t libipt_MASQUERADE.t libipt_NETMAP.t libipt_SNAT.t libipt_TTL.t
libip6t_DNAT.t libip6t_HL.t libip6t_MASQUERADE.t libip6t_NETMAP.t libip6t_SNAT.t
'
EXTENSIONS[MATCHES_1]='
libxt_cluster.t libxt_comment.t libxt_connbytes.t libxt_connlabel.t libxt_connlimit.t
libxt_connmark.t libxt_conntrack.t libxt_dccp.t libxt_dscp.t libxt_esp.t libxt_hashlimit.t
libxt_helper.t libxt_iprange.t libxt_ipvs.t libxt_length.t libxt_limit.t libxt_mac.t
libxt_mark.t libxt_multiport.t libxt_osf.t
'
EXTENSIONS[MATCHES_2]='
libxt_owner.t libxt_physdev.t libxt_pkttype.t libxt_policy.t libxt_quota.t libxt_rateest.t
libxt_recent.t libxt_sctp.t libxt_socket.t libxt_state.t libxt_statistic.t libxt_string.t
libxt_tcp.t libxt_tcpmss.t libxt_time.t libxt_tos.t libxt_u32.t libxt_udp.t
libipt_icmp.t libipt_realm.t libipt_ttl.t libip6t_hl.t libip6t_icmp6.t
'

modset=both jobs=${JOBS:-1} all='' resume='' install=''

own_option()
{
	case "$1" in
	--all) all=yes ;;
	--resume) resume=yes ;;
	--install) install=--install ;;
	*) return 1 ;;
	esac
}

is_wanted()
{
	local name=$1 seconds=$2 pattern

	if [ ${#wanted[@]} = 0 ]; then
		[ -n "$all" ] || [[ $seconds != -* ]]
		return
	fi
	for pattern in "${wanted[@]}"; do
		pattern=${pattern%.sh}
		# A whole name does not stand for what begins with it.
		if grep -qE "(^|/)$pattern\|" <<<"$TESTS"; then
			[[ $name == "$pattern" || ${name##*/} == "$pattern" ]] && return 0
		elif [[ $name == "$pattern"* || ${name##*/} == "$pattern"* ]]; then
			return 0
		fi
	done
	return 1
}

# Sets "kselftest" to the selftests of the guest's kernel, and TESTS to all tests.
choose_tests()
{
	local series own=$KSELFTESTS

	series=$(guest_series "$kernel")
	kselftest=$CACHE/peers/kselftest-$series
	[ "$series" != 6.1 ] || own=$KSELFTESTS_61
	TESTS=$own$OTHERS
}

# Is it one that the guest's kernel has not got?
is_foreign()
{
	[ -d "$kselftest" ] || return 1
	case "$1" in
	net/*|netfilter/*) [ ! -e "$kselftest/$1.sh" ] ;;
	*) return 1 ;;
	esac
}

# Fills "runs" with "MODSET TEST" lines.
select_runs()
{
	local name seconds set

	while IFS='|' read -r name seconds _; do
		[ -n "$name" ] || continue
		is_wanted "$name" "$seconds" || continue
		! is_foreign "$name" || continue
		for set in stock ours; do
			[ "$modset" = both ] || [ "$modset" = "$set" ] || continue
			runs+=("$set $name")
		done
	done <<<"$TESTS"
}

# Where the log of test $1 with modset $2 is, without its suffix.
log_of()
{
	local log=$CACHE/logs/peer.${1//\//.}.$2

	[ "$kernel" = "$(native_series)" ] || log+=.$kernel
	echo "$log"
}

# Boots the guest for test $1 with modset $2; everything it prints goes to stdout.
boot_guest()
{
	local name=$1 set=$2 seconds suite line
	local -a args extra vars

	line=$(grep "^$name|" <<<"$TESTS")
	IFS='|' read -r _ seconds suite <<<"$line"
	seconds=${seconds#-}
	! is_debug "$kernel" || seconds=$((seconds * 4))
	read -ra extra <<<"$suite"
	suite=${extra[0]}
	extra=("${extra[@]:1}")
	vars=("LIMIT=$seconds")
	while [[ ${extra[0]:-} == *=* ]]; do
		vars+=("${extra[0]}")
		extra=("${extra[@]:1}")
	done
	case "$suite" in
	kselftest) extra=("$name" "${extra[@]}") ;;
	iptables) read -ra extra -d '' <<<"${extra[0]} ${EXTENSIONS[${extra[1]}]}" || true ;;
	esac
	args=(--root peers-root --kernel "$kernel" --modset "$set" --timeout "$((seconds + 60))"
		--log "$(log_of "$name" "$set").dmesg")
	case "$name" in
	netfilter/*|net/*|tc-testing/*) args+=(--add "$kselftest") vars+=("KSELFTEST=${kselftest##*/}") ;;
	*) args+=(--add "$CACHE/peers/${name%%/*}") ;;
	esac
	[ "$set" = stock ] || args+=(--modules "$modules")
	"$HERE/../vm/boot.sh" "${args[@]}" -- "$HERE/guest.sh" "${vars[@]}" "$suite" "${extra[@]}" 2>&1
}

# The points in a log: "ok NAME", "bad NAME" or "skip NAME".
points()
{
	sed -nE -e 's/\r$//' -e '/^ok [0-9]+ .*# SKIP/{s/^ok [0-9]+ (.*) # SKIP.*/skip \1/p;d}' \
		-e 's/^ok [0-9]+ /ok /p' -e 's/^not ok [0-9]+ /bad /p' "$1"
}

# One run: number, modset, name. Leaves the points in $work/NAME.MODSET.
run_one()
{
	local number=$1 set=$2 name=$3 status=0 start=$SECONDS log out verdict=ok note='' bad

	log=$(log_of "$name" "$set").log
	out=$work/${name//\//.}.$set
	if [ -n "$resume" ] && [ "$number" != again ] && grep -q '^# status ' "$log" 2>/dev/null; then
		status=$(sed -n 's/^# status //p' "$log")
	else
		boot_guest "$name" "$set" >"$log" || status=$?
		echo "# status $status" >>"$log"
	fi
	points "$log" >"$out"
	bad=$(grep -c '^bad' "$out" || true)
	case "$status" in
	0|1|4) grep -q '^# guest: ' "$log" && status=96 ;;
	esac
	case "$status" in
	0|1|4) echo 'ok guest unloaded, no complaint, no leak' >>"$out" ;;
	*) echo 'bad guest unloaded, no complaint, no leak' >>"$out" ;;
	esac
	[ "$status" = 0 ] || verdict='not ok'
	if [ "$bad" = 0 ] && ! grep -q '^ok' <<<"$(sed '$d' "$out")"; then
		[ "$status" != 0 ] || note=' # SKIP'
	fi
	{
		grep -h '^# guest: ' "$log" | sed 's/^/  /' || true
		echo "$verdict $number $name $set$note # $(grep -c '^ok' "$out") points pass, $(grep -c '^bad' "$out") fail, $((SECONDS - start)) s"
	} >"$work/$number.block"
	flock "$work" cat "$work/$number.block"
}

run_all()
{
	local number=0 run set name

	echo 'KTAP version 1'
	echo "1..${#runs[@]}"
	for run in "${runs[@]}"; do
		read -r set name <<<"$run"
		number=$((number + 1))
		next_slot
		run_one "$number" "$set" "$name" &
	done
	wait || true
	for run in "${runs[@]}"; do
		read -r set name <<<"$run"
		[ -e "$work/${name//\//.}.$set" ] || die "$name on $set was cut off, no result"
	done
}

# Points that ours fails because it does what a later kernel does; as there they are
# documented as a difference (Documentation/differences.txt). A regular expression a line.
# recent-hitcount:
INTENDED='^(legacy|nftables) libxt_recent\.t(: line [0-9]+ \(should fail: .*--hitcount 999 .*)?$'

# worse TEST GOOD BAD: names of points that module set GOOD passes and BAD does not,
# and of those that only BAD reports as failed.
worse()
{
	awk '
		{ verdict = $1; sub(/^[a-z]+ /, "") }
		FNR == NR { good[$0] = verdict; next }
		{ bad[$0] = verdict }
		END {
			for (name in good)
				if (good[name] == "ok" && bad[name] != "ok")
					print name
			for (name in bad)
				if (bad[name] == "bad" && !(name in good))
					print name
		}' "$work/$1.$2" "$work/$1.$3" | sed -E "/$INTENDED/d" | sort
}

# again MODSET TEST: another try; the first one's log is kept beside.
again()
{
	local log first

	echo "# $2 failed on $1 only, once more"
	log=$(log_of "$2" "$1")
	first=$log.first.log
	[ -e "$first" ] || mv "$log.log" "$first"
	run_one again "$1" "$2" | sed 's/^/# /'
}

# Another try of stock on test $1, whose points are in the file $2: a point that
# fails in any of its tries is none that stock passes.
stock_again()
{
	local name=$1 file=$work/$2.stock

	echo "# $name: does it always pass on stock?"
	mv "$file" "$file.before"
	run_one again stock "$name" | sed 's/^/# /'
	awk '
		{ verdict = $1; point = $0; sub(/^[a-z]+ /, "", point) }
		FNR == NR { before[point] = verdict; next }
		{ now[point] = 1 }
		verdict == "ok" && before[point] == "bad" { verdict = "bad" }
		{ print verdict " " point }
		END {
			for (point in before)
				if (!(point in now))
					print before[point] " " point
		}' "$file.before" "$file" >"$file.both"
	mv "$file.both" "$file"
}

# Compares one test. The side that is worse gets a second try: a test that races
# with its own listener fails on either, and on stock it hides something. If ours
# still is, both get two more in turn.
compare_one()
{
	local name=$1 file=${1//\//.} line lost good stock_bad try

	rm -f "$(log_of "$name" ours).first.log" "$(log_of "$name" stock).first.log"
	if [ -n "$(worse "$file" ours stock)" ]; then
		again stock "$name"
	fi
	lost=$(worse "$file" stock ours)
	for try in 2 3 4; do
		[ -n "$lost" ] || break
		again ours "$name"
		lost=$(worse "$file" stock ours)
		if [ -n "$lost" ]; then
			stock_again "$name" "$file"
			lost=$(worse "$file" stock ours)
			[ -n "$lost" ] || echo "# $name: fails on stock now and then"
		else
			echo "# $name: passed at try $try"
		fi
	done
	good=$(grep -c '^ok' "$work/$file.stock" || true)
	stock_bad=$(grep -c '^\(bad\|skip\)' "$work/$file.stock" || true)
	while IFS= read -r line; do
		[ -n "$line" ] || continue
		echo "  not ok $line"
		failed=$((failed + 1))
	done <<<"$lost"
	while IFS= read -r line; do
		[[ $line == ok\ * ]] || echo "  # on stock: $line"
	done <"$work/$file.stock"
	good=$((good - $(sed '/^$/d' <<<"$lost" | grep -cxFf <(sed -n 's/^ok //p' "$work/$file.stock") || true)))
	passed=$((passed + good))
	skipped=$((skipped + stock_bad))
	if [ -n "$lost" ]; then
		echo "not ok compare $name"
	else
		echo "ok compare $name # $good points"
	fi
}

compare_all()
{
	local run set name

	echo '# comparison'
	for run in "${runs[@]}"; do
		read -r set name <<<"$run"
		[ "$set" = stock ] || continue
		compare_one "$name"
	done
}

count_all()
{
	passed=$(cat "$work"/*."$modset" | grep -c '^ok' || true)
	failed=$(cat "$work"/*."$modset" | grep -c '^bad' || true)
	skipped=$(cat "$work"/*."$modset" | grep -c '^skip' || true)
}

main()
{
	parse_options "$@"
	[ ${#kernels[@]} = 1 ] || die 'one kernel at a time'
	choose_tests
	[ -n "$list" ] || "$HERE/sources.sh" ${install:+$install} "$(guest_series "$kernel")" || die 'no sources'
	select_runs
	begin peers
	make_images peers-root
	[ "$modset" = stock ] || compile_modules
	run_all
	if [ "$modset" = both ]; then
		compare_all
	else
		count_all
	fi
	summary
}

main "$@"
