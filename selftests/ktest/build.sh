#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles the test modules of this folder for a guest's kernel and puts them into a
# folder, executable, so that boot.sh --bin takes them along.
#
# Usage: build.sh 6.1|6.12|7|arm64|debug|debug-7 FOLDER

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/../kernels/debian.sh"
kernel=$1 out=$2 work=''
for_kernel=()

cleanup()
{
	[ -z "$work" ] || rm -rf "$work"
}

trap cleanup EXIT
mkdir -p "$out"
work=$(mktemp -d "$out/tmp.XXXXXX")
cp "$HERE"/Kbuild "$HERE"/*.c "$work/"
KDIR=$("$HERE/../vm/modules.sh" --kdir "$kernel")
export KDIR
[[ $kernel = debug* ]] || for_kernel=("$HERE/../kernels/for.sh" "$kernel")
BUILD=$work "${for_kernel[@]}" make --no-print-directory -C "$KDIR" M="$work" modules >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
for file in "$work"/*.ko; do
	"$(cross "$kernel")strip" --strip-debug "$file"
	install -m 755 "$file" "$out/"
done
