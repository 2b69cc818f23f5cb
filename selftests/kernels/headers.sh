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

# The makefiles of the packages name each other by where they would be installed.
# linux-kbuild is linked from there by a relative path.
unpack()
{
	local kver=$1 top=$2 dir=$2.tmp

	echo "headers: of kernel $kver, 15 MB, once" >&2
	rm -rf "$dir"
	mkdir -p "$dir"
	fetch "$(series_of "$kver")" "$dir" "linux-headers-$kver" "linux-headers-${kver%-*-*}-common" \
		"linux-kbuild-${kver%-*-*}" >"$dir.log" 2>&1 || { cat "$dir.log" >&2; return 1; }
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
