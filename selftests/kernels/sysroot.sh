#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Prints a folder with what the C programs of the tests are linked with for arm64, and
# busybox for its guests: Debian's packages, unpacked in the cache once.
#
# Usage: sysroot.sh

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/debian.sh"

PACKAGES='libc6 libc6-dev linux-libc-dev libcrypt1 libcrypt-dev libmnl0 libmnl-dev libnfnetlink0
libnfnetlink-dev libnetfilter-conntrack3 libnetfilter-conntrack-dev busybox-static'

unpack()
{
	local top=$1 dir=$1.tmp link
	local -a packages

	read -ra packages <<<"$(tr '\n' ' ' <<<"$PACKAGES")"
	echo 'sysroot: libraries of arm64, 10 MB, once' >&2
	rm -rf "$dir"
	mkdir -p "$dir"
	fetch arm64 "$dir" "${packages[@]}" >"$dir.log" 2>&1 || { cat "$dir.log" >&2; return 1; }
	# links that begin at the root would leave the folder
	find "$dir" -type l -lname '/*' | while read -r link; do
		ln -sfn "$dir$(readlink "$link")" "$link"
		ln -sfn "$(realpath --relative-to="$(dirname "$link")" "$link")" "$link"
	done
	echo "$PACKAGES" >"$dir/.packages"
	rm -rf "$top" "$dir.log"
	mv "$dir" "$top"
}

main()
{
	local top=$CACHE/sysroot-arm64

	mkdir -p "$CACHE"
	exec 9>"$top.lock"
	flock 9
	[ "$(cat "$top/.packages" 2>/dev/null)" = "$PACKAGES" ] || unpack "$top"
	echo "$top"
}

main "$@"
