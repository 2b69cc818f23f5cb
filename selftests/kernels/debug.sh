#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build the debug kernel once: Debian's source, Debian's netfilter options, and
# every checker of debug.config. Result, in the cache folder:
#   debug/bzImage  debug/build (KDIR)  debug/modules/lib/modules/RELEASE
set -euo pipefail
# shellcheck source=selftests/kernels/lib.sh
. "$(dirname "$0")/lib.sh"

arch=x86_64

install_result() {
	cp "$1/arch/x86/boot/bzImage" "$cache/debug/bzImage"
}

parse_options "$@"
need_build_packages
build_kernel debug 2265 bzImage
