#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs one of other people's test suites inside the guest and translates its
# result into KTAP, so that stock and ours can be compared point by point.
#
# Usage: guest.sh [VARIABLE=VALUE]... SUITE ARG...    see the functions suite_* below
#
# LIMIT is for the seconds that one test may take; KSELFTEST for the folder of the
# kernel's own; NC for the netcat that is "nc":
# openbsd, traditional or ncat; DD see make_tools().
#
# What a suite prints comes out as diagnostic lines.

# shellcheck source=selftests/lib.sh
. /payload/lib.sh

OUT=/tmp/peer.out

# Runs a command with its output in "$OUT" and, at once, as diagnostic lines. A
# pipe would wait for what the command leaves in the background.
run()
{
	local pid tail status=0

	: >"$OUT"
	"$@" >"$OUT" 2>&1 </dev/null &
	pid=$!
	tail -q -n +1 -f --pid="$pid" "$OUT" | sed -u 's/^/# /' &
	tail=$!
	wait "$pid" || status=$?
	wait "$tail"
	return "$status"
}

# Names and numbers that differ from run to run, and our own separators, made equal.
normalise()
{
	sed -E 's/-[A-Za-z0-9]{8}\b/-X/g; s/[0-9]+/N/g; s/[[:space:]]+/ /g; s/#/ /g' | cut -c1-100
}

# The tools that come first in PATH: "nc" of the package $NC, the older ebtables and,
# if there is $DD, a dd(1) that copies at most so many blocks: nft_flowtable.sh allows
# three seconds for files of up to 136 MB.
make_tools()
{
	mkdir -p /run/tools
	ln -sf "/bin/nc.${NC:-openbsd}" /run/tools/nc
	[ "${NC:-}" != ncat ] || ln -sf /usr/bin/ncat /run/tools/nc
	# The nftables variant has no broute table.
	ln -sf /usr/sbin/ebtables-legacy /run/tools/ebtables
	if [ -n "${DD:-}" ]; then
		cat >/run/tools/dd <<-'EOT'
			#!/bin/bash
			for arg; do
				n=${arg#count=}
				[ "$arg" != "$n" ] && [ "$n" -gt "$DD" ] && arg=count=$DD
				args+=("$arg")
			done
			exec /bin/dd "${args[@]}"
		EOT
		chmod +x /run/tools/dd
		export DD
	fi
	export PATH=/run/tools:$PATH
}

# suite_kselftest FOLDER/NAME: the script's exit status is the
# result; each complaint is a point of its own, so that a script which fails with
# stock still shows when ours fails more.
suite_kselftest()
{
	local name=$1 slow=${NFCT_SLOW:-1} status=0 line

	cd "/payload/$KSELFTEST/${name%/*}" || return
	# Some wait forever for a peer that was too slow to come.
	run timeout "$((${LIMIT:-120} * (slow < 3 ? slow : 3)))" "./${name##*/}.sh" || status=$?
	case "$status" in
	0) ok "$name" ;;
	124) not_ok "$name" 'time limit' ;;
	4) skip "$name" "$(grep -h -m 1 -i skip "$OUT")" ;;
	*) not_ok "$name" "exit status $status" ;;
	esac
	[ "$status" != 0 ] || return 0
	while IFS= read -r line; do
		not_ok "$name: $line"
	done < <(grep -E '^ *\[?(FAIL|ERROR)|\[FAIL\]$' "$OUT" | normalise | sort -u)
}

# suite_tdc FILE...: test cases of tc; tdc.py speaks TAP itself.
suite_tdc()
{
	local status=0 verdict name
	local -a files=("${@/#/tc-tests/}")

	cd "/payload/$KSELFTEST/tc-testing" || return
	run ./tdc.py -B -f "${files[@]}" || status=$?
	while read -r verdict name; do
		case "$verdict $name" in
		*'# skipped'*) skip "tdc ${name%%#*}" ;;
		not*) not_ok "tdc $name" ;;
		*) ok "tdc $name" ;;
		esac
	done < <(sed -nE 's/^(not )?(ok) [0-9]+ (- )?(.*)/\1\2 \4/; s/^not ok /not /; /^(not|ok) /p' "$OUT")
	[ "$LIB_COUNT" -gt 0 ] || not_ok tdc "exit status $status"
}

# suite_iptables legacy|nftables FILE...: a point per file, and one per complaint.
suite_iptables()
{
	local variant=$1 file line
	shift

	cd /payload/iptables || return
	export PYTHONUNBUFFERED=1
	run python3 ./iptables-test.py --host "--$variant" "${@/#/extensions/}" || true
	for file; do
		if grep -q "^extensions/$file: OK" "$OUT"; then
			ok "$variant $file"
			continue
		fi
		not_ok "$variant $file"
		while IFS= read -r line; do
			not_ok "$variant $file: ${line//#/ }"
		done < <(sed -n "s|^extensions/$file: ERROR: ||p" "$OUT" | sort -u)
	done
}

# Points of conntrack-tools' small test programs: each command line, numbered when
# it comes again.
conntrack_points()
{
	local name verdict
	local -A seen=()

	while IFS=$'\t' read -r verdict name; do
		name=${name//#/ }
		seen[$name]=$((${seen[$name]:-0} + 1))
		name="$1 $name, time ${seen[$name]}"
		if [ "$verdict" = ok ]; then ok "$name"; else not_ok "$name"; fi
	done < <(awk '
		function flush() { if (name != "") print verdict "\t" name; name = "" }
		/^\([0-9]+\) Executing: / { flush(); name = substr($0, 1, 160); verdict = "ok" }
		/^\^----- BAD/ { verdict = "bad" }
		/^=====/ { flush() }' "$OUT")
	if grep -q '^OK: [0-9]* BAD: ' "$OUT"; then
		ok "$1 ended"
	else
		not_ok "$1 ended"
	fi
}

# The command line tests of conntrack(8).
suite_conntrack()
{
	cd /payload/conntrack-tools/tests/conntrack || return
	run bash ./run-test.sh || true
	conntrack_points conntrack
}

# The same of nfct(8).
suite_nfct()
{
	must modprobe nfnetlink_cttimeout
	cd /payload/conntrack-tools/tests/nfct || return
	run bash ./run-test.sh || true
	conntrack_points nfct
}

# bulk-load-stress.sh says nothing by its exit status, and how many entries it deletes
# at the end depends on how many of their 50 seconds have passed. Its 131,070 entries are more than a small machine's limit.
suite_bulk()
{
	must sysctl -qw net.netfilter.nf_conntrack_max=262144
	cd /payload/conntrack-tools/tests/conntrack || return
	run bash ./bulk-load-stress.sh
	is 'bulk-load-stress: failures' "$(grep -ci 'failed' "$OUT")" 0
	cmp_num 'bulk-load-stress: entries' "$(deleted)" -gt 65536
	# This deletes entries one by one, and conntrack(8) dumps the table for each.
	run bash ./bulk-load-stress.sh -ci -spc 100
	is 'bulk-load-stress -ci: none left' "$(deleted)" 0
}

deleted()
{
	sed -n 's/.*: \([0-9]*\) flow entries have been deleted.*/\1/p' "$OUT" | tail -n 1
}

suite_load()
{
	cd /payload/conntrack-tools/tests/conntrack || return
	if run bash ./load-stress.sh; then ok load-stress; else not_ok load-stress; fi
}

# cli-test.sh is meant to be called by hand, one command at a time.
suite_cli()
{
	local command

	must modprobe nf_conntrack_ftp
	cd /payload/conntrack-tools/tests/conntrack || return
	for command in flush new get change dump delete new-simple get delete new-nat dump flush \
		new create-expect dump-expect get-expect delete-expect flush-expect flush; do
		if run sh ./cli-test.sh "$command"; then
			ok "cli-test $LIB_COUNT $command"
		else
			not_ok "cli-test $LIB_COUNT $command"
		fi
	done
}

# conntrackd's own tests.
suite_conntrackd()
{
	local verdict name

	cd /payload/conntrack-tools/tests/conntrackd || return
	run python3 ./conntrackd-tests.py
	while read -r verdict _ name; do
		case "$verdict" in
		passed) ok "conntrackd $name" ;;
		*) not_ok "conntrackd $name" ;;
		esac
	done < <(sed -n 's/.*--- \(\(passed\|failed\) \(test\|scenario\):\)/\1/p' "$OUT")
	[ "$LIB_COUNT" -gt 0 ] || not_ok conntrackd 'its tests have printed no result'
}

main()
{
	local suite=$1
	shift

	make_tools
	"suite_$suite" "$@"
	finish
}

while [[ ${1:-} == *=* ]]; do
	export "${1?}"
	shift
done
main "$@"
