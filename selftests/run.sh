#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the checks of the host and the test scripts, each script in a guest of its own,
# and prints KTAP: one test per check, and per script and module set, its subtests
# nested below it. The last line is "N passed, N failed[, N skipped]", subtests
# counted; the exit status is 0 only if nothing failed.
#
# Usage: run.sh [OPTION]... [TEST]...
#
#   TEST                     a test's name or number, or the beginning of either
#   --kernel 6.1|6.12|7|all  Debian's cloud kernel of this series, or each of them; default:
#                            the series of this machine's Debian ($KERNEL)
#   --kernel debug|debug-7   the debug kernel of 6.1 or 7.x
#   --kernel arm64           Debian 12's cloud kernel for such machines
#   --modset stock|ours|both which modules (default: ours) ($MODSET)
#   --jobs N                 guests at once (default 2) ($JOBS)
#   --smoke                  only the tests marked SMOKE
#   --host, --no-host        with or without the checks in host/; default: with them,
#                            unless a TEST is named, with --smoke, on the debug kernel
#   --list                   print what would run
#
# Tests marked TIMED come last, with no other guest beside them.
#
# A check is an executable host/NAME.sh; it needs no guest. It prints subtests as
# a test script does, or nothing that counts: then its exit status is the result, 4
# for "cannot run here".
#
# A subtest "guest" closes every script: it fails when the script ended early or
# with an error, or the kernel complained, was tainted, could not unload the
# modules or kept objects of theirs. Logs: $NFCT_CACHE/logs/TEST.MODSET.log and
# .dmesg beside it, with the kernel in the name unless it is the default.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/runner.sh
. "$HERE/runner.sh"

declare -A modules_for=()
timed=()
modset=${MODSET:-ours} jobs=${JOBS:-2} smoke='' host=''

own_option()
{
	case "$1" in
	--smoke) smoke=yes ;;
	--host) host=yes ;;
	--no-host) host=no ;;
	*) return 1 ;;
	esac
}

# Value of the head comment line "# KEY: value" or "# KEY" of test $1, else $3.
header()
{
	local value

	value=$(sed -n "/^#/!q; s/^# $2\\(: *\\(.*\\)\\)\\{0,1\\}\$/\\2/p" "$1" | head -n 1)
	if [ -n "$value" ]; then
		echo "$value"
	elif sed '/^#/!q' "$1" | grep -qxE "# $2:?"; then
		echo yes
	else
		echo "$3"
	fi
}

is_wanted()
{
	local name=$1 pattern

	[ ${#wanted[@]} -gt 0 ] || return 0
	for pattern in "${wanted[@]}"; do
		pattern=${pattern##*/}
		pattern=${pattern%.sh}
		[[ $name == "$pattern"* || ${name#*-} == "$pattern"* ]] && return 0
	done
	return 1
}

# Fills "runs" with "host NAME" lines; a check that is named always runs.
select_checks()
{
	local file name

	for file in "$HERE"/host/*.sh; do
		[ -x "$file" ] || continue
		name=$(basename "$file" .sh)
		if [ ${#wanted[@]} -gt 0 ]; then
			is_wanted "$name" || continue
		else
			[ "$host" = yes ] || continue
		fi
		runs+=("host $name")
	done
}

# Fills "runs" with "MODSET TEST KERNEL" lines, and "timed" with those of the tests that
# bound times, whose guests have the machine for themselves.
select_runs()
{
	local file name set sets run

	for file in "$HERE"/tests/[0-9]*.sh; do
		name=$(basename "$file" .sh)
		is_wanted "$name" || continue
		[ -z "$smoke" ] || [ "$(header "$file" SMOKE no)" != no ] || continue
		! is_debug "$kernel" || [ "$(header "$file" DEBUG no)" != skip ] || continue
		sets=$(header "$file" MODSET 'stock ours')
		if [ "$modset" != stock ] && [ "$(header "$file" PROMISE no)" != no ]; then
			sets=ours
		fi
		for set in stock ours; do
			[ "$modset" = both ] || [ "$modset" = "$set" ] || continue
			[[ " $sets " == *" $set "* ]] || continue
			run="$set $name $kernel"
			if [ "$(header "$file" TIMED no)" = no ]; then
				runs+=("$run")
			else
				timed+=("$run")
			fi
		done
	done
	return 0
}

# Whether one of the runs is of a module set, or of "host". Without -q, which would
# end the list by SIGPIPE at the first match.
need()
{
	list_runs | grep "^$1 " >/dev/null
}

# What guests with "kernel" need: images, the test modules of ktest/, our modules.
prepare_kernel()
{
	make_images root
	"$HERE/ktest/build.sh" "$kernel" "$PROG/$kernel" || die 'the test modules do not compile'
	! need ours || compile_modules
	modules_for[$kernel]=$modules
}

# Time limit of test file $1.
limit()
{
	local seconds debug

	seconds=$(header "$1" TIMEOUT 300)
	if is_debug "$kernel"; then
		debug=$(header "$1" DEBUGTIMEOUT $((seconds * 4)))
		seconds=$debug
	fi
	echo "$seconds"
}

# Boots the guest for test $1 with modset $2; everything it prints goes to stdout.
boot_guest()
{
	local file=$HERE/tests/$1.sh set=$2 log=$3 mem
	local -a args

	args=(--kernel "$kernel" --modset "$set" --timeout "$(limit "$file")"
		--log "$log.dmesg" --bin "$PROG" --bin "$PROG/$kernel")
	mem=$(header "$file" MEM '')
	[ -z "$mem" ] || args+=(--mem "$mem")
	[ "$(header "$file" ICOUNT no)" = no ] || args+=(--icount)
	[ "$set" = stock ] || args+=(--modules "${modules_for[$kernel]}")
	[ ! -d "$HERE/data" ] || args+=(--add "$HERE/data")
	args+=(--add "$HERE/torture")
	"$HERE/vm/boot.sh" "${args[@]}" -- "$file" 2>&1
}

# What is wrong with a guest beside its failed subtests; nothing if all is well.
guest_fault()
{
	local status=$1 bad=$2 seen=$3 planned=$4

	case "$status" in
	4) [[ $planned == 0* ]] && return ;;
	96) echo 'the kernel complained or did not come clean'; return ;;
	97) echo 'the script was not started'; return ;;
	98) echo 'the guest died'; return ;;
	124) echo 'the guest ran into its time limit'; return ;;
	esac
	if [ "$planned" = none ]; then
		echo 'no plan: the script ended early'
	elif [ "${planned%% *}" != "$seen" ]; then
		echo "$seen subtests seen, $planned planned"
	elif [ "$status" != 0 ] && [ "$bad" = 0 ]; then
		echo "the script returned $status"
	fi
}

# One check of the host: number, name. No subtests: the exit status is one.
run_check()
{
	local number=$1 name=$2 status=0 start=$SECONDS verdict=ok note='' ok bad skip planned
	local log=$CACHE/logs/$name.host.log

	{ TMPDIR=$work "$HERE/host/$name.sh" 2>&1 || echo $? >"$work/$number.status"; } |
		tee "$log" | nest "$work/$number.counts"
	[ ! -e "$work/$number.status" ] || status=$(<"$work/$number.status")
	read -r ok bad skip planned <"$work/$number.counts"
	planned=${planned%% *}
	if [[ $planned =~ ^[0-9]+$ ]] && [ "$planned" != $((ok + bad + skip)) ]; then
		echo "  # $((ok + bad + skip)) subtests seen, $planned planned"
		bad=$((bad + 1))
	fi
	case "$status" in
	0) [ $((ok + bad + skip)) -gt 0 ] || ok=1 ;;
	4) skip=$((skip + 1)) note=" # SKIP $(sed -n 's/.*# SKIP //p' "$log" | head -n 1)" ;;
	*) [ "$bad" -gt 0 ] || bad=1 ;;
	esac
	[ "$bad" = 0 ] || verdict='not ok'
	echo "$verdict $number host: $name$note # $((SECONDS - start)) s"
	echo "$ok $bad $skip" >"$work/$number.result"
}

# One run with "kernel": number, modset, name. Its output is one block, its counts go to a file.
run_one()
{
	local number=$1 set=$2 name=$3 status=0 start=$SECONDS fault verdict=ok note=''
	local log ok bad skip planned seen

	log=$CACHE/logs/$name.$set
	[ "$kernel" = "$(native_series)" ] || log+=.$kernel
	{ boot_guest "$name" "$set" "$log" || echo $? >"$work/$number.status"; } |
		tee "$log.log" | nest "$work/$number.counts"
	[ ! -e "$work/$number.status" ] || status=$(<"$work/$number.status")
	read -r ok bad skip planned <"$work/$number.counts"
	seen=$((ok + bad + skip))
	fault=$(guest_fault "$status" "$bad" "$seen" "$planned")
	if grep -q '^# guest: ' "$log.log" && [ -z "$fault" ]; then
		fault='the kernel complained or did not come clean'
	fi

	if [ -n "$fault" ]; then
		bad=$((bad + 1))
		echo "  not ok $((seen + 1)) guest: $fault"
	elif [ "$status" = 4 ]; then
		skip=$((skip + 1))
		echo "  ok $((seen + 1)) guest # SKIP ${planned#*SKIP }"
		note=' # SKIP'
	else
		ok=$((ok + 1))
		echo "  ok $((seen + 1)) guest: unloaded, no complaint, no leak"
	fi
	echo "  1..$((seen + 1))"
	[ "$bad" = 0 ] || verdict='not ok'
	[ ${#kernels[@]} = 1 ] || set+=" $kernel"
	echo "$verdict $number $name $set$note # $((SECONDS - start)) s"
	echo "$ok $bad $skip" >"$work/$number.result"
}

# A guest's block appears when it is complete, unless only one runs at a time. The timed
# ones are the last.
run_all()
{
	local number=0 run set name together=$((${#runs[@]} - ${#timed[@]}))
	local -a pids=()

	echo 'KTAP version 1'
	echo "1..${#runs[@]}"
	for run in "${runs[@]}"; do
		read -r set name kernel <<<"$run"
		number=$((number + 1))
		if [ "$set" = host ]; then
			run_check "$number" "$name"
			continue
		fi
		if [ "$number" -gt "$together" ]; then
			[ ${#pids[@]} = 0 ] || wait "${pids[@]}" || true
			pids=() jobs=1
		fi
		if [ "$jobs" = 1 ]; then
			# in the background, so that a signal is not kept waiting
			run_one "$number" "$set" "$name" &
			wait $! || true
			continue
		fi
		next_slot
		echo "# $number of ${#runs[@]} starts: $name $set $kernel"
		{
			run_one "$number" "$set" "$name" >"$work/$number.block" 2>&1 || true
			flock "$work" cat "$work/$number.block"
		} &
		pids+=($!)
	done
	[ ${#pids[@]} = 0 ] || wait "${pids[@]}" || true
}

count_results()
{
	local number ok bad skip

	for ((number = 1; number <= ${#runs[@]}; number++)); do
		ok=0 bad=1 skip=0
		if [ -e "$work/$number.result" ]; then
			read -r ok bad skip <"$work/$number.result"
		else
			echo "# $number ${runs[number - 1]}: cut off, no result"
		fi
		passed=$((passed + ok))
		failed=$((failed + bad))
		skipped=$((skipped + skip))
	done
}

main()
{
	parse_options "$@"
	[ -n "$host$smoke" ] || [ ${#wanted[@]} -gt 0 ] || is_debug "$kernel" || host=yes
	select_checks
	for kernel in "${kernels[@]}"; do
		select_runs
	done
	runs+=(${timed[@]+"${timed[@]}"})
	begin run
	if need ours || need stock; then
		build_programs
		for kernel in "${kernels[@]}"; do
			prepare_kernel
		done
	fi
	run_all
	count_results
	summary
}

main "$@"
