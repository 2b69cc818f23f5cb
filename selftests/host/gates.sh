#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The checks of the sources that "make gates" runs find nothing.

# shellcheck source=selftests/ktap.sh
. "$(dirname "$0")/../ktap.sh"

must cd "$(dirname "$0")/../.."
for gate in $(tools/gates.sh --list); do
	if [ "$gate" = layers ] && [ ! -d "${BUILD:-build}/src" ]; then
		skip "$gate" 'reads compiled objects; run make'
	else
		check "$gate" "tools/$gate"
	fi
done
finish
