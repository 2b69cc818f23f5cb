#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The unit tests in selftests/unit pass: code that needs no kernel, on this machine.

# shellcheck source=selftests/ktap.sh
. "$(dirname "$0")/../ktap.sh"

must cd "$(dirname "$0")/../unit"
for program in *.c; do
	check "${program%.c}" ./run.sh "${program%.c}"
done
finish
