#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Prints the folder of kernel headers to build against: $KDIR, else the headers
# of the kernel $KVER, else those of the running kernel, else the newest Debian
# headers that are installed. Names the package to install when there is none.
#
# Usage: kdir.sh            the folder
#        kdir.sh --release  the release of the kernel that it belongs to
#        kdir.sh --again    the folder, for a caller whose user knows which kernel it is

set -euo pipefail

die()
{
	echo "kdir: $*" >&2
	exit 1
}

usable()
{
	[ -e "$1/Makefile" ] && [ -e "$1/Module.symvers" ] &&
		[ -e "$1/include/generated/utsrelease.h" ]
}

headers_of()
{
	local dir

	for dir in "/lib/modules/$1/build" "/usr/src/linux-headers-$1"; do
		usable "$dir" && { echo "$dir"; return; }
	done
	return 1
}

newest_headers()
{
	local dir

	for dir in /usr/src/linux-headers-*; do
		usable "$dir" && echo "$dir"
	done | sort -V | tail -n 1
}

say_which()
{
	echo "kdir: the running kernel is $1, its headers are not installed: this is for $2,"
	echo "kdir: the newest with headers here. For the running one install linux-headers-$1; for another KVER=RELEASE"
}

find_kdir()
{
	local running dir meta

	if [ -n "${KDIR:-}" ]; then
		usable "$KDIR" || die "$KDIR holds no built kernel headers (Makefile, Module.symvers, utsrelease.h)"
		realpath "$KDIR"
		return
	fi
	if [ -n "${KVER:-}" ]; then
		headers_of "$KVER" || die "no headers of kernel $KVER; install the package linux-headers-$KVER"
		return
	fi
	running=$(uname -r)
	headers_of "$running" && return
	dir=$(newest_headers)
	if [ -z "$dir" ]; then
		meta=linux-headers-$running
		case "$running" in
		*-cloud-amd64) meta=linux-headers-cloud-amd64 ;;
		*-amd64) meta=linux-headers-amd64 ;;
		*) apt-cache show "$meta" >/dev/null 2>&1 || meta=linux-headers-cloud-amd64 ;;
		esac
		die "no kernel headers are installed; install the package $meta"
	fi
	[ -n "$quiet" ] || say_which "$running" "${dir##*/linux-headers-}" >&2
	echo "$dir"
}

main()
{
	local kdir quiet=''

	[ "${1:-}" != --again ] || quiet=yes
	kdir=$(find_kdir)
	case "${1:-}" in
	--release) sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$kdir/include/generated/utsrelease.h" ;;
	*) echo "$kdir" ;;
	esac
}

main "$@"
