#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles the modules once among the files of the guest's disk, in a chroot on this
# machine, so that ccache in the guest has the results: compiling there takes fifteen
# times as long. The compiler, the headers, the sources and the folders are the same.
# Everything else of a build runs in the guest.
#
# Usage: warm.sh SERIES DEB    as root; prints the folder of ccache
#
# It lies in $CACHE/install/SERIES/ccache.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/../kernels/debian.sh"
# shellcheck source=selftests/vm/progress.sh
. "$HERE/../vm/progress.sh"
# shellcheck source=selftests/install/kernels.sh
. "$HERE/kernels.sh"

# In a mount namespace of its own: what is written goes to a file system in memory.
inside()
{
	local dir=$1 deb=$2 root=/run kver file
	shift 2

	mount -t tmpfs tmpfs "$root"
	mkdir "$root/upper" "$root/work" "$root/root"
	mount -t overlay -o "lowerdir=$dir/tree,upperdir=$root/upper,workdir=$root/work" overlay "$root/root"
	root+=/root
	# dpkg-deb -x would put folders in the place of links such as /lib
	find "$dir/debs" "$deb" -name '*.deb' ! -name 'linux-[!hk]*' | while read -r file; do
		dpkg-deb --fsys-tarfile "$file" | tar -x --keep-directory-symlink -C "$root"
	done
	for file in "$root"/usr/lib/ccache/*gcc*; do
		cp --remove-destination "$HERE/cached-gcc" "$root/usr/local/bin/${file##*/}"
	done
	mkdir -p "$root/var/cache/ccache"
	mount --bind "$dir/ccache" "$root/var/cache/ccache"
	mount --bind /dev "$root/dev"
	mount -t proc proc "$root/proc"
	for kver; do
		# shellcheck disable=SC2016  # the shell inside expands it
		chroot "$root" /usr/bin/env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
			sh -c 'cd /usr/src/reliable-conntrack-* && dkms build "reliable-conntrack/${PWD##*-}" -k "$0"' "$kver"
	done
}

main()
{
	local dir=$CACHE/install/$1 series=$1 deb stamp
	local -a kvers

	if [ "$1" = --inside ]; then
		shift
		inside "$@"
		return
	fi
	deb=$(realpath "$2")
	mkdir -p "$dir/ccache"
	[ "$dir/ccache/ccache.conf" -nt "$dir/stamp" ] || rm -rf "$dir/ccache/stdin"
	printf '%s\n' 'inode_cache = true' 'temporary_dir = /run' >"$dir/ccache/ccache.conf"
	stamp=$(dpkg-deb --fsys-tarfile "$deb" | tar -x --to-stdout --exclude='*/tools' ./usr/src | sha256sum)
	stamp=${stamp%% *}-$(cat "$dir/stamp")
	[ "$(cat "$dir/warm.stamp" 2>/dev/null)" != "$stamp" ] || { echo "$dir/ccache"; return; }
	mapfile -t kvers < <(base_kver "$series"; newer_kver "$series")
	with_progress "compiling for ${kvers[*]}" "$dir/warm.log" \
		unshare -m "$0" --inside "$dir" "$deb" "${kvers[@]}"
	echo "$stamp" >"$dir/warm.stamp"
	echo "$dir/ccache"
}

main "$@"
