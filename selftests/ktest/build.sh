#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles the test modules of this folder against a kernel's headers and puts them
# into a folder, executable, so that boot.sh --bin takes them along.
#
# Usage: build.sh KDIR FOLDER

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
kdir=$1 out=$2 work=''

cleanup()
{
	[ -z "$work" ] || rm -rf "$work"
}

trap cleanup EXIT
work=$(mktemp -d)
cp "$HERE"/Kbuild "$HERE"/*.c "$work/"
make --no-print-directory -C "$kdir" M="$work" modules >"$work/log" 2>&1 || {
	cat "$work/log" >&2
	exit 1
}
mkdir -p "$out"
for file in "$work"/*.ko; do
	strip --strip-debug "$file"
	install -m 755 "$file" "$out/"
done
