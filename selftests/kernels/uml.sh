#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Build user-mode Linux once, from Debian's source with Debian's netfilter
# options and no checkers: the kernel that benchmarks run on. Result, in the
# cache folder: uml/linux  uml/build (KDIR, ARCH=um)
#   uml/modules/lib/modules/RELEASE
set -euo pipefail
# shellcheck source=selftests/kernels/lib.sh
. "$(dirname "$0")/lib.sh"

arch=um

install_result() {
	cp "$1/linux" "$cache/uml/linux"
}

parse_options "$@"
need_build_packages
build_kernel uml 1860 linux
