#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the checks of the sources; each takes a few seconds at most and says one line
# when all is well.
#
# Usage: gates.sh          all of them
#        gates.sh --list   their names; each is a program in tools/

set -euo pipefail

cd "$(dirname "$0")/.."

# layers reads compiled objects, the others sources
GATES=(layers comments differences kerneldoc printing commits)

[ "${1:-}" != --list ] || { printf '%s\n' "${GATES[@]}"; exit; }
status=0
for gate in "${GATES[@]}"; do
	"tools/$gate" || status=1
done
exit "$status"
