#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How a test script reports, in KTAP, one line per subtest. Sourced by lib.sh in the
# guest and by the scripts of host/.
#
#   plan N                 exactly N subtests follow (optional)
#   ok NAME                a subtest passed
#   not_ok NAME [WHY]      a subtest failed
#   skip NAME [WHY]        a subtest cannot run here
#   skip_all WHY           nothing can run here; ends the script
#   check NAME CMD...      passes if CMD succeeds; shows its output if not
#   refute NAME CMD...     passes if CMD fails
#   is NAME GOT EXPECTED   passes if the two strings are equal
#   cmp_num NAME GOT OP N  passes if GOT OP N, OP as in [: -lt -le -eq -ge -gt
#   verdicts [-p PREFIX] CMD...
#                          a program that prints "ok NAME" or "not ok NAME # WHY"
#                          for each of its cases: a subtest each, and a last one
#                          that it has come to its end (exit status 0)
#   must CMD...            set-up: no subtest if CMD succeeds; if not, one that
#                          failed, and the script ends
#   note TEXT              a diagnostic line
#   finish                 last line of every script; a script that ends
#                          without it has failed

set -uo pipefail

LIB_TMP=${TMPDIR:-/tmp}
LIB_COUNT=0
LIB_FAILED=0
LIB_PLAN=''
LIB_FINISHED=''
exec {LIB_STDOUT}>&1

note()
{
	local line

	while IFS= read -r line; do
		printf '# %s\n' "$line"
	done <<<"$*"
}

plan()
{
	LIB_PLAN=$1
	echo "1..$1"
}

ok()
{
	LIB_COUNT=$((LIB_COUNT + 1))
	echo "ok $LIB_COUNT $1"
}

not_ok()
{
	LIB_COUNT=$((LIB_COUNT + 1))
	LIB_FAILED=$((LIB_FAILED + 1))
	echo "not ok $LIB_COUNT $1"
	[ -z "${2:-}" ] || note "$2"
}

skip()
{
	LIB_COUNT=$((LIB_COUNT + 1))
	echo "ok $LIB_COUNT $1 # SKIP ${2:-}"
}

skip_all()
{
	echo "1..0 # SKIP $*"
	LIB_FINISHED=yes
	exit 4
}

# Runs a command with its output in a file: a pipe would be kept open by what the
# command leaves in the background.
lib_run()
{
	rm -f "$LIB_TMP/lib.out"
	"$@" >"$LIB_TMP/lib.out" 2>&1
}

lib_explain()
{
	note "$1"
	[ ! -s "$LIB_TMP/lib.out" ] || note "$(tail -n 20 "$LIB_TMP/lib.out")"
}

check()
{
	local name=$1 status=0
	shift

	lib_run "$@" || status=$?
	if [ "$status" = 0 ]; then
		ok "$name"
		return 0
	fi
	not_ok "$name"
	lib_explain "'$*' returned $status"
	return 1
}

refute()
{
	local name=$1
	shift

	if lib_run "$@"; then
		not_ok "$name"
		lib_explain "'$*' succeeded"
		return 1
	fi
	ok "$name"
}

is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
		return 0
	fi
	not_ok "$1" "got '$2', expected '$3'"
	return 1
}

cmp_num()
{
	if test "$2" "$3" "$4" 2>/dev/null; then
		ok "$1"
		return 0
	fi
	not_ok "$1" "got '$2', expected $3 $4"
	return 1
}

# Has a file of its own and reports past a redirection, since it may be called by
# a function that "check" runs.
must()
{
	local status=0

	"$@" >"$LIB_TMP/lib.must" 2>&1 || status=$?
	[ "$status" != 0 ] || return 0
	{
		not_ok "set-up: $*" "it returned $status"
		note "$(tail -n 20 "$LIB_TMP/lib.must")"
		finish
	} >&"$LIB_STDOUT"
}

verdicts()
{
	local prefix='' line status=0

	if [ "$1" = -p ]; then
		prefix="$2: "
		shift 2
	fi
	while IFS= read -r line; do
		case "$line" in
		'ok '*) ok "$prefix${line#ok }" ;;
		'not ok '*' # '*)
			line=${line#not ok }
			not_ok "$prefix${line%% # *}" "${line#* # }" ;;
		'not ok '*) not_ok "$prefix${line#not ok }" ;;
		*) note "$line" ;;
		esac
	done < <("$@" 2>&1)
	wait $! || status=$?
	is "${prefix}the program has run to its end" "$status" 0
}

finish()
{
	LIB_FINISHED=yes
	if [ -z "$LIB_PLAN" ]; then
		plan "$LIB_COUNT"
	elif [ "$LIB_PLAN" != "$LIB_COUNT" ]; then
		note "planned $LIB_PLAN subtests, ran $LIB_COUNT"
		exit 1
	fi
	[ "$LIB_FAILED" = 0 ] || exit 1
	exit 0
}

lib_at_exit()
{
	local status=$?

	[ -n "$LIB_FINISHED" ] && return
	note "the script ended early with status $status"
	[ "$status" != 0 ] || exit 1
}
trap lib_at_exit EXIT
