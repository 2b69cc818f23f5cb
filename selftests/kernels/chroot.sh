#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs a command among the compilers and tools of another Debian release, which are
# unpacked into the cache at first use. The command sees this source tree, the cache
# and the folder $BUILD where they are, and nothing stays mounted behind it.
#
# Usage: chroot.sh [--package] RELEASE COMMAND [ARG]...    as root
#
# With --package it is another folder, with what makes and checks Debian packages.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/debian.sh"

PACKAGES='gcc libc6-dev make binutils kmod pahole sparse python3 perl bc libelf1t64 util-linux xz-utils zstd'

PACKAGE_PACKAGES='build-essential debhelper dh-dkms fakeroot lintian util-linux'

make_chroot()
{
	local release=$1 root=$2 log=$2.log
	local -a packages

	read -ra packages <<<"$PACKAGES"
	command -v mmdebstrap >/dev/null || { complain 'mmdebstrap is missing; run selftests/vm/deps.sh --install'; exit 1; }
	echo "chroot: tools of Debian $release to work with: about 3 minutes and 500 MB, once" >&2
	rm -rf "$root.tmp"
	archives "$release" >"$root.list"
	mmdebstrap --mode=root --variant=minbase --format=directory --aptopt='Acquire::Languages "none"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--include="$(IFS=,; echo "${packages[*]}")" \
		"$release" "$root.tmp" "$root.list" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		complain "it failed, log: $log"
		exit 1
	}
	echo "$PACKAGES" >"$root.tmp/.packages"
	rm -rf "$root" "$root.list"
	mv "$root.tmp" "$root"
}

# In a mount namespace of its own: mounts folders and enters.
enter()
{
	local root=$1 dir
	shift

	for dir in /proc /dev "$TOP" "$CACHE" ${BUILD:+"$(realpath -m "$BUILD")"}; do
		mkdir -p "$root$dir" "$dir"
		mount --rbind "$dir" "$root$dir"
	done
	exec chroot "$root" /usr/bin/env -C "$PWD" PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
}

main()
{
	local release root

	if [ "$1" = --package ]; then
		PACKAGES=$PACKAGE_PACKAGES
		root=$CACHE/chroot-package-$2
		shift
	fi
	release=$1
	: "${root:=$CACHE/chroot-$1}"
	shift

	if [ "$release" = --enter ]; then
		enter "$@"
	fi
	[ "$(id -u)" = 0 ] || { complain 'building for this kernel needs root here, for a chroot'; exit 1; }
	mkdir -p "$CACHE"
	(
		flock 9
		[ "$(cat "$root/.packages" 2>/dev/null)" = "$PACKAGES" ] || make_chroot "$release" "$root"
	) 9>"$root.lock"
	exec unshare -m "$0" --enter "$root" "$@"
}

main "$@"
