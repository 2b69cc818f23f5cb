#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles and runs the unit tests on this machine: every *.c file beside this
# script is a program of its own (see unit.h), with the address and
# undefined-behaviour checkers on. It may include headers of include/ that use no
# kernel API. Everything is built in a temporary folder. The last line is "N
# passed, N failed"; the exit status is 0 only if nothing failed.
#
# Usage: run.sh [NAME]...     default: all

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
FLAGS=(-std=gnu11 -O1 -g -Wall -Wextra -Werror -I"$TOP/include" -I"$HERE"
	-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all)
# for those that take a program of prog/ apart
LIBS=('-Wl,--as-needed' -lmnl)

passed=0 failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

not_ok()
{
	echo "not ok $*"
	failed=$((failed + 1))
}

# One program; each of its tests counts, and so does an end before its plan.
run()
{
	local name=$1 status=0 failures

	echo "# unit/$name"
	if ! "${CC:-cc}" "${FLAGS[@]}" -o "$work/$name" "$HERE/$name.c" "${LIBS[@]}"; then
		not_ok "$name compiles"
		return
	fi
	timeout 120 "$work/$name" >"$work/out" 2>"$work/err" || status=$?
	cat "$work/out"
	sed 's/^/# /' "$work/err"

	passed=$((passed + $(grep -c '^ok ' "$work/out" || true)))
	failures=$(grep -c '^not ok ' "$work/out" || true)
	failed=$((failed + failures))
	if ! grep -q '^1\.\.[1-9]' "$work/out"; then
		not_ok "$name ends with a plan (exit status $status)"
	elif [ "$status" != 0 ] && [ "$failures" = 0 ]; then
		not_ok "$name exits with status $status"
	fi
}

main()
{
	local file

	[ $# -gt 0 ] || for file in "$HERE"/*.c; do
		set -- "$@" "$(basename "$file" .c)"
	done
	for file in "$@"; do
		run "$file"
	done
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

main "$@"
