#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the debug kernel once: Debian's source (of 6.1 or of series 7), Debian's
# netfilter options, and every checker of debug.config. Result, in the cache folder:
#   debug/bzImage  debug/build (KDIR)  debug/modules/lib/modules/RELEASE
# For series 7 the folder is debug-7; with "races" it is debug-races: 6.1 with KCSAN, which
# looks for data races, and with counters of lines in place of the other checkers.
set -euo pipefail
# shellcheck source=selftests/kernels/lib.sh
. "$(dirname "$0")/lib.sh"

arch=x86_64

install_result() {
	cp "$1/arch/x86/boot/bzImage" "$cache/$flavour/bzImage"
}

parse_options "$@"
flavour=$(debug_flavour "${kind:-$series}")
need_build_packages
build_kernel "$flavour" 2265 bzImage
