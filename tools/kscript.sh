#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Prints where a script of the kernel's folder scripts/ is: beside the headers that
# we build against, or in the kernel's source in the cache, or taken out of Debian's
# linux-source package into the cache, once.
#
# Usage: kscript.sh NAME

set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)
CACHE=${NFCT_CACHE:-$HOME/.cache/nfct}

# All that is wanted, since unpacking takes a minute
WANTED=(checkpatch.pl spelling.txt const_structs.checkpatch kernel-doc)

unpack()
{
	local tarball

	tarball=$(find /usr/src -maxdepth 1 -name 'linux-source-*.tar.xz' | sort -V | tail -n 1)
	[ -n "$tarball" ] || { echo "kscript: no scripts/$1; install the package linux-source-6.1" >&2; exit 1; }
	mkdir -p "$CACHE/scripts"
	echo "kscript: unpacking the kernel's scripts from $tarball" >&2
	tar -xJf "$tarball" -C "$CACHE/scripts" --strip-components=2 --wildcards "${WANTED[@]/#/*/scripts/}"
}

main()
{
	local name=$1 kdir dir

	kdir=$("$TOP/tools/kdir.sh" --again 2>/dev/null || true)
	for dir in "$kdir/scripts" "$CACHE"/src/linux-*/scripts "$CACHE/scripts"; do
		[ -e "$dir/$name" ] && { echo "$dir/$name"; return; }
	done
	unpack "$name"
	echo "$CACHE/scripts/$name"
}

main "$@"
