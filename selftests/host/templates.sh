#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a new test is copied from is up to date: the program compiles without a warning,
# as all test programs do, and the scripts call functions that exist.

# shellcheck source=selftests/ktap.sh
. "$(dirname "$0")/../ktap.sh"

compiles()
{
	cc -std=gnu11 -O2 -Wall -Wextra -Werror -o /dev/null "$1" -lmnl -lnetfilter_conntrack -lpthread
}

# Functions of lib.sh and ktap.sh that the head of script $1 explains
explained()
{
	sed -n 's/^#   \([a-z_]*\)\>.*/\1/p' "$1" | sort -u
}

# Words at the head of a script's explanations are programs, functions of lib.sh or ktap.sh, or its own.
exists()
{
	grep -qE "^$1\(\)\$" lib.sh ktap.sh "$2" || command -v "$1" >/dev/null
}

command -v cc >/dev/null || skip_all 'no C compiler'
must cd "$(dirname "$0")/.."
for source in prog/*.c; do
	check "$source compiles without a warning" compiles "$source"
done
for script in tests/TEMPLATE-*.sh; do
	for word in $(explained "$script"); do
		check "$script: there is $word" exists "$word" "$script"
	done
done
finish
