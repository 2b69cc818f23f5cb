#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles our modules for a guest kernel and prints the folder they are in.
#
# Usage: modules.sh [--kdir] 6.1|6.12|7|arm64|debug|debug-7 [KVER]
#        --kdir: only print the headers' folder

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/../kernels/debian.sh"
TOP=$(cd "$HERE/../.." && pwd)

die()
{
	echo "modules: $*" >&2
	exit 1
}

find_kdir()
{
	local kind=$1 kver=$2 dir

	if is_debug "$kind"; then
		dir=$CACHE/$kind/build
		[ -d "$dir" ] || die 'no debug kernel yet; run selftests/kernels/debug.sh'
		echo "$dir"
		return
	fi
	"$HERE/../kernels/headers.sh" "$kver"
}

main()
{
	local kind kver kdir out log only=''
	local -a for_kernel=() count=()

	[ "$1" != --kdir ] || { only=yes; shift; }
	kind=$1 kver=${2:-}
	[ -e "$TOP/Makefile" ] || die 'there is no Makefile yet'
	! is_debug "$kind" || kver=$kind
	is_debug "$kind" || for_kernel=("$HERE/../kernels/for.sh" "$kind")
	[ -n "$kver" ] || kver=$("$HERE/image.sh" kver "$kind")
	kdir=$(find_kdir "$kind" "$kver")
	[ -z "$only" ] || { echo "$kdir"; return; }
	# each source tree has a folder of its own: two of them must not mix
	out=$CACHE/build/$kver-$(cksum <<<"$TOP" | cut -d' ' -f1)
	# with counters of lines, and without the checker that would see races in them
	[ -z "${NFCT_COVER:-}" ] || out+=-cover count=(GCOV_PROFILE=y KCSAN_SANITIZE=n)
	log=$out.log
	mkdir -p "$out"
	exec 9>"$out.lock"
	flock 9
	# what a make above was told is not meant for the kernel's
	env -u MAKEFLAGS -u MFLAGS KDIR="$kdir" VMLINUZ="$CACHE/cloud/$kver/vmlinuz" "${count[@]}" "${for_kernel[@]}" "$TOP/tools/build.sh" "$out" >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		die "compiling failed, log: $log"
	}
	[ -n "$(find "$out" -maxdepth 1 -name '*.ko' -print -quit)" ] || die "no module came out of make, log: $log"
	echo "$out"
}

main "$@"
