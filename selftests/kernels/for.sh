#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs a command that compiles for one of Debian's kernels, with KDIR naming its
# headers, where Debian's tools for that kernel run: here, or in a chroot with the
# user space of a newer Debian.
#
# Usage: for.sh 6.1|6.12|7|arm64 COMMAND [ARG]...
#        for.sh --list       prints the kernels that this machine can have
#
# With KDIR= set that folder is taken.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/debian.sh"

main()
{
	local series=$1 release
	shift

	if [ "$series" = --list ]; then
		offered_series
		return
	fi
	release=$(archive_of "$series")
	if [ -z "${KDIR:-}" ]; then
		KDIR=$("$HERE/headers.sh" "$("$HERE/../vm/image.sh" kver "$series")")
	fi
	export KDIR
	if [ -n "$(cross "$series")" ]; then
		ARCH=$series CROSS_COMPILE=$(cross "$series")
		export ARCH CROSS_COMPILE
	fi
	[ "$release" != "$(host_release)" ] || exec "$@"
	exec "$HERE/chroot.sh" "$release" "$@"
}

main "$@"
