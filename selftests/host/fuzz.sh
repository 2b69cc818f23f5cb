#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The parsers of packets (selftests/fuzz): the inputs kept in the project do no harm, and
# neither does what libFuzzer makes of them in a few seconds.

# shellcheck source=selftests/ktap.sh
. "$(dirname "$0")/../ktap.sh"

must cd "$(dirname "$0")/../fuzz"
for parser in $(./run.sh --list); do
	check "$parser: corpus" ./run.sh --replay "$parser"
	if command -v clang >/dev/null; then
		check "$parser: 5 s of libFuzzer" ./run.sh "$parser" 5
	else
		skip "$parser: 5 s of libFuzzer" 'there is no clang'
	fi
done
finish
