#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Which lines of the modules have run? Compiles them with counters (gcov), runs tests with
# them on the kernel "debug-races", which has the room for counters, and prints the share
# of each file's lines; the lines that never ran are in the cache, cover/missing.txt.
#
# Usage: run.sh [--resume] [TEST]...     default: all tests; --resume: add to the last run

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/../kernels/debian.sh"

export NFCT_COVER=$CACHE/cover
if [ "${1:-}" = --resume ]; then
	shift
else
	rm -rf "$NFCT_COVER"
fi
mkdir -p "$NFCT_COVER"
"$HERE/../kernels/debug.sh" races
# what fails there is for make check-debug KERNEL=races to say
"$HERE/../run.sh" --kernel debug-races --modset ours --no-host "$@" || true
objects=$("$HERE/../vm/modules.sh" debug-races)
"$HERE/lines.py" "$objects" "$NFCT_COVER"/*.tgz --missing "$NFCT_COVER/missing.txt" |
	tee "$NFCT_COVER/report.txt"
echo "lines that never ran: $NFCT_COVER/missing.txt"
