#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the kernel's checkpatch.pl over our C files, or over those named. Takes
# the script out of Debian's linux-source package, into the cache, once.

set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)
dir=${NFCT_CACHE:-$HOME/.cache/nfct}/checkpatch
files=(checkpatch.pl spelling.txt const_structs.checkpatch)

# What the files cannot follow: exports stand apart from their functions (abi/),
# and a version define joins no header.
IGNORE=EXPORT_SYMBOL,FILE_PATH_CHANGES,MODULE_LICENSE

fetch()
{
	local tarball

	tarball=$(find /usr/src -maxdepth 1 -name 'linux-source-*.tar.xz' | sort -V | tail -n 1)
	[ -n "$tarball" ] || { echo 'checkpatch: install the package linux-source-6.1' >&2; exit 1; }
	mkdir -p "$dir"
	echo "checkpatch: unpacking it from $tarball" >&2
	tar -xJf "$tarball" -C "$dir" --strip-components=2 --wildcards "${files[@]/#/*/scripts/}"
}

[ -e "$dir/checkpatch.pl" ] || fetch
cd "$TOP"
if [ $# = 0 ]; then
	# Programs have other types and no kernel macros.
	mapfile -t names < <(find . \( -name build -o -name selftests \) -prune -o -name '*.[ch]' -print | sort)
	set -- "${names[@]}"
fi
perl "$dir/checkpatch.pl" --no-tree --strict --quiet --terse --ignore "$IGNORE" -f "$@"
