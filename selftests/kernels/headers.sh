#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Prints the folder of headers of one of Debian's kernels, to build against: those
# that are installed, or else its packages unpacked in the cache, which is done once.
#
# Usage: headers.sh KVER

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/debian.sh"

installed()
{
	local dir

	for dir in "/lib/modules/$1/build" "/usr/src/linux-headers-$1"; do
		[ -e "$dir/Module.symvers" ] && { echo "$dir"; return; }
	done
	return 1
}

# 6.1.0-56-cloud-arm64 belongs to linux-kbuild-6.1, 6.12.63+deb13-cloud-amd64 to its own
kbuild()
{
	case "$1" in
	6.1.*) echo linux-kbuild-6.1 ;;
	*) echo "linux-kbuild-${1%-*-*}" ;;
	esac
}

# The makefiles of the packages name each other by where they would be installed.
# linux-kbuild is linked from there by a relative path.
unpack()
{
	local kver=$1 top=$2 dir=$2.tmp arch

	echo "headers: of kernel $kver, 15 MB, once" >&2
	rm -rf "$dir"
	mkdir -p "$dir"
	# programs that run on this machine are in linux-kbuild
	arch=$(dpkg --print-architecture)
	fetch "$(series_of "$kver")" "$dir" "linux-headers-$kver" "linux-headers-${kver%-*-*}-common" \
		"$(kbuild "$kver"):$arch" >"$dir.log" 2>&1 || { cat "$dir.log" >&2; return 1; }
	sed -i "s|\([= ]\)/usr/src/|\1$top/usr/src/|" "$dir/usr/src/linux-headers-$kver/Makefile"
	rm -rf "$top" "$dir.log"
	mv "$dir" "$top"
}

main()
{
	local kver=$1 top=$CACHE/headers/$1

	installed "$kver" && return
	if [ "$(series_of "$kver")" = "$(native_series)" ]; then
		complain "no headers of $kver; install the package linux-headers-$kver"
	fi
	mkdir -p "$CACHE/headers"
	exec 9>"$top.lock"
	flock 9
	[ -e "$top/usr/src/linux-headers-$kver/Module.symvers" ] || unpack "$kver" "$top"
	echo "$top/usr/src/linux-headers-$kver"
}

main "$@"
