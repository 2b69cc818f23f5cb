#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Torture: everything that a gateway meets, at once, in guests of two and four CPUs, then
# floods, and random packets, requests and rules, ours beside the kernel's own modules.
# Writes the report TORTURE.md.
#
# Usage: run.sh [OPTION]...
#
#   --kernel KERNEL   6.1, 6.12, 7, arm64, debug or debug-7 ($KERNEL)
#   --time MINUTES    in all, about (default 20) ($TIME)
#   --seed N          of an earlier run (default: any) ($SEED)
#   --only PART       two, four, flood, flood-stock, packets, requests or rules; may come
#                     more than once
#   --report FILE     default TORTURE.md in this folder's parent
#
# What the workers send and ask follows from the seed; in which order the CPUs come to it
# does not. Logs: $NFCT_CACHE/logs/torture.PART.log and .dmesg beside it. The exit status
# is 0 only if nothing has failed.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/runner.sh
. "$HERE/../runner.sh"

minutes=${TIME:-20} seed=${SEED:-} report=$HERE/../TORTURE.md parts=()

parse()
{
	while [ $# -gt 0 ]; do
		case "$1" in
		--kernel) kernel=$2 ;;
		--time) minutes=$2 ;;
		--seed) seed=$2 ;;
		--only) parts+=("$2") ;;
		--report) report=$2 ;;
		--help) usage; exit 0 ;;
		*) die "unknown option $1, see --help" ;;
		esac
		shift $(($# > 1 ? 2 : 1))
	done
	[[ $minutes =~ ^[1-9][0-9]*$ ]] || die "no such number of minutes: $minutes"
	[ -n "$seed" ] || seed=$((RANDOM * 32768 + RANDOM))
	[[ $seed =~ ^[0-9]+$ ]] || die "no such seed: $seed"
	[ ${#parts[@]} -gt 0 ] || parts=(two four flood flood-stock packets requests rules)
	modset=ours
	select_kernels
}

# The file of the test that gives random input, of such a part
test_of()
{
	case "$1" in
	packets) echo "$SELFTESTS"/tests/*-packet-fuzz.sh ;;
	requests) echo "$SELFTESTS"/tests/*-netlink-fuzz.sh ;;
	rules) echo "$SELFTESTS"/tests/*-xt-hostile.sh ;;
	esac
}

# guest PART: boots it; its output is in the log
guest()
{
	local seconds=$((minutes * 60)) set=ours smp=2 script=$HERE/guest.sh
	local -a args

	# a pause and the ageing need as long again as the work between pauses
	case "$1" in
	two|four) args=($((seconds / 4)) "$seed") ;;
	flood*) script=$HERE/flood.sh args=($((seconds / 60 < 10 ? 10 : seconds / 60))) ;;
	*) script=$(test_of "$1") ;;
	esac
	[ "$1" != four ] || smp=4
	[ "$1" != flood-stock ] || set=stock
	[ "$set" = stock ] || args=(--modules "$modules" -- "$script" "${args[@]}")
	[ "$set" = ours ] || args=(-- "$script" "${args[@]}")
	NFCT_SEED=$seed NFCT_FUZZ_TIME=$((seconds / 10)) "$VM/boot.sh" --kernel "$kernel" \
		--modset $set --smp $smp --timeout $((seconds + 900)) \
		--log "$CACHE/logs/torture.$1.dmesg" --bin "$PROG" --add "$SELFTESTS/data" \
		--add "$HERE" "${args[@]}" 2>&1
}

run_part()
{
	local status=0 start=$SECONDS log=$CACHE/logs/torture.$1.log ok bad skip planned

	{ guest "$1" || echo $? >"$work/$1.status"; } | tee "$log" | nest "$work/$1.counts"
	[ ! -e "$work/$1.status" ] || status=$(<"$work/$1.status")
	read -r ok bad skip planned <"$work/$1.counts"
	if [ "$status" != 0 ] && [ "$bad" = 0 ]; then
		echo "  # the guest ended with status $status"
		bad=1
	elif [ "$planned" = none ]; then
		bad=$((bad + 1))
	fi
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	echo "$ok $bad $((SECONDS - start))" >"$work/$1.result"
}

# ---- report ----

say_title()
{
	case "$1" in
	two) echo 'All workers, two CPUs' ;;
	four) echo 'All workers, four CPUs' ;;
	flood) echo 'Floods, ours' ;;
	flood-stock) echo "Floods, the kernel's own modules, for comparison" ;;
	packets) echo "Random packets, the kernel's own modules beside ours" ;;
	requests) echo "Random netlink requests, the kernel's own modules beside ours" ;;
	rules) echo "Random rules, the kernel's own modules beside ours" ;;
	esac
}

# The lines "# report NAME KEY VALUE [KEY VALUE]..." of a log, a row for each name
say_figures()
{
	grep -q '^# report ' "$1" || return 0
	printf '\n| what | figures |\n|---|---|\n'
	awk '
	$1 == "#" && $2 == "report" {
		if (!($3 in row))
			name[++n] = $3
		for (i = 4; i < NF; i += 2)
			row[$3] = row[$3] (row[$3] == "" ? "" : ", ") $i " " $(i + 1)
	}
	END {
		for (i = 1; i <= n; i++)
			printf "| %s | %s |\n", name[i], row[name[i]]
	}' "$1"
}

say_faults()
{
	grep -v "^# report " "$1" | grep -A 12 -E "^not ok|^# guest: " | sed "s/^/    /" | head -n 60
}

say_part()
{
	local ok bad seconds log=$CACHE/logs/torture.$1.log

	read -r ok bad seconds <"$work/$1.result"
	printf '\n## %s\n\n' "$(say_title "$1")"
	echo "$ok subtests passed, $bad failed; $seconds s."
	if [ "$bad" != 0 ]; then
		printf '\nWhat failed:\n\n'
		say_faults "$log" || true
	fi
	say_figures "$log"
}

write_report()
{
	local part

	cat <<-EOT
		# Torture

		Written by \`make torture TIME=$minutes SEED=$seed\` on $(date +%F), kernel $kernel,
		commit $(git -C "$HERE" rev-parse --short HEAD).
		Result: $passed subtests passed, $failed failed.

		At once: random packets of all protocols over a small space of addresses and ports,
		eight listeners with a book each (they stall, change groups, are killed), requests by
		netlink, resizes, settings, namespaces, modules and rules. About each half minute the
		workers rest: the table, the counters and each book must agree. Then 35 lifetimes of
		steady traffic; then all is deleted, and each book must be complete. The guest unloads
		the modules; a complaint of the kernel, a leak or an object that is left fails it.

		"judged" are lives of entries of which a listener has heard NEW, changes and DESTROY
		exactly once and in order; "early" are those that began before it joined.
	EOT
	for part in "${parts[@]}"; do
		say_part "$part"
	done
}

main()
{
	local part

	parse "$@"
	runs=("${parts[@]}")
	begin torture
	echo "# seed $seed, $minutes minutes, kernel $kernel"
	build_programs
	make_images root
	compile_modules
	for part in "${parts[@]}"; do
		echo "# $(say_title "$part")"
		run_part "$part"
	done
	write_report >"$report"
	echo "# report: $report"
	summary
}

main "$@"
