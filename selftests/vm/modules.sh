#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles our modules for a guest kernel and prints the folder they are in.
#
# Usage: modules.sh [--kdir] cloud|debug [KVER]    --kdir: only print the headers' folder

set -euo pipefail

CACHE=${NFCT_CACHE:-$HOME/.cache/nfct}
HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)

die()
{
	echo "modules: $*" >&2
	exit 1
}

find_kdir()
{
	local kind=$1 kver=$2 dir

	if [ "$kind" = debug ]; then
		dir=$CACHE/debug/build
		[ -d "$dir" ] || die 'no debug kernel yet; run selftests/kernels/debug.sh'
		echo "$dir"
		return
	fi
	for dir in "/lib/modules/$kver/build" "/usr/src/linux-headers-$kver"; do
		[ -e "$dir/Module.symvers" ] && { echo "$dir"; return; }
	done
	die "no headers for $kver; install the package linux-headers-$kver"
}

main()
{
	local kind kver kdir out log only=''

	[ "$1" != --kdir ] || { only=yes; shift; }
	kind=$1 kver=${2:-}
	[ -e "$TOP/Makefile" ] || die 'there is no Makefile yet'
	[ "$kind" = debug ] && kver=debug
	[ -n "$kver" ] || kver=$("$HERE/image.sh" kver)
	kdir=$(find_kdir "$kind" "$kver")
	[ -z "$only" ] || { echo "$kdir"; return; }
	# each source tree has a folder of its own: two of them must not mix
	out=$CACHE/build/$kver-$(cksum <<<"$TOP" | cut -d' ' -f1)
	log=$out.log
	mkdir -p "$out"
	exec 9>"$out.lock"
	flock 9
	make -C "$TOP" --no-print-directory modules KDIR="$kdir" BUILD="$out" >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		die "compiling failed, log: $log"
	}
	[ -n "$(find "$out" -maxdepth 1 -name '*.ko' -print -quit)" ] || die "no module came out of make, log: $log"
	echo "$out"
}

main "$@"
