#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Feeds a parser with bytes that libFuzzer (of Debian's clang) makes up from those of
# corpus/PARSER, under the address and undefined-behaviour checkers. What it finds
# interesting is kept in $NFCT_CACHE/fuzz/PARSER and used again; what fails, is in
# $NFCT_CACHE/fuzz/PARSER.failed.
#
# Usage: run.sh PARSER [SECONDS]   default: 60
#        run.sh --replay PARSER    only what is in corpus/PARSER, with cc
#        run.sh --list             the parsers: a program PARSER.c beside this script each
#
# Exit status 0 if nothing failed, 4 without clang.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
FUZZ=${NFCT_CACHE:-$HOME/.cache/nfct}/fuzz
FLAGS=(-std=gnu11 -O1 -g -Wall -Wextra -I"$HERE/../../include" -I"$HERE")

die()
{
	echo "fuzz: $*" >&2
	exit 1
}

list()
{
	local file

	for file in "$HERE"/*.c; do
		basename "$file" .c
	done
}

replay()
{
	local parser=$1

	"${CC:-cc}" "${FLAGS[@]}" -DREPLAY -fsanitize=address,undefined -fno-sanitize-recover=all \
		-o "$work/$parser" "$HERE/$parser.c" || die "$parser.c does not compile"
	"$work/$parser" "$HERE/corpus/$parser"/*
}

fuzz()
{
	local parser=$1 seconds=$2 kept=$FUZZ/$1 status=0

	clang "${FLAGS[@]}" -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-o "$work/$parser" "$HERE/$parser.c" || die "$parser.c does not compile"
	mkdir -p "$kept" "$kept.failed"
	"$work/$parser" -max_total_time="$seconds" -max_len=600 -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$kept.failed/" "$kept" "$HERE/corpus/$parser" >"$work/log" 2>&1 || status=$?
	[ "$status" = 0 ] || tail -n 40 "$work/log"
	sed -n 's/^stat::number_of_executed_units: */fuzz: inputs: /p' "$work/log"
	return "$status"
}

main()
{
	case "${1:-}" in
	--list) list; return ;;
	--replay) shift; set -- "${1:-}" replay ;;
	esac
	[ -e "$HERE/${1:-none}.c" ] || die "which parser? $(list | tr '\n' ' ')"
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	if [ "${2:-}" = replay ]; then
		replay "$1"
	elif ! command -v clang >/dev/null; then
		echo 'fuzz: there is no clang; apt-get install clang' >&2
		return 4
	else
		fuzz "$1" "${2:-60}"
	fi
}

main "$@"
