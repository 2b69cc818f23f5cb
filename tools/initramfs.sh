#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Makes the initramfs of a kernel anew if it has nf_conntrack in it: it would load the
# modules that were installed when it was made, and ours and stock do not mix. Called
# after the modules on the disk have changed; DKMS does so, too.
#
# Usage: initramfs.sh KVER      of this kernel
#        initramfs.sh --removed  of all whose copy is of a file that is gone
#
# It never fails, as the modules on the disk are in order. For initramfs-tools; whoever
# has another program is told what to do.

set -uo pipefail

say()
{
	echo "initramfs: $*"
}

# Where the copy in an initramfs came from.
copy_of()
{
	lsinitramfs "$1" 2>/dev/null | sed -n 's|^/*\(.*/nf_conntrack\.ko.*\)$|/\1|p' | tail -n 1
}

renew()
{
	local kver=$1 log

	# DKMS calls this before it does so itself
	depmod "$kver"
	say "/boot/initrd.img-$kver has nf_conntrack in it: making it anew"
	if ! log=$(update-initramfs -u -k "$kver" 2>&1); then
		echo "$log" >&2
		say "that failed, the old modules are still in it; run: update-initramfs -u -k $kver" >&2
	fi
}

main()
{
	local removed='' image copy
	local -a images=("/boot/initrd.img-$1")

	if [ "$1" = --removed ]; then
		removed=yes
		images=(/boot/initrd.img-*)
	fi
	for image in "${images[@]}"; do
		[ -e "$image" ] || continue
		[ -d "/lib/modules/${image#/boot/initrd.img-}" ] || continue
		if ! command -v lsinitramfs >/dev/null; then
			say "if $image has nf_conntrack in it, make it anew now"
			continue
		fi
		copy=$(copy_of "$image")
		[ -n "$copy" ] || continue
		[ -z "$removed" ] || [ ! -e "$copy" ] || continue
		renew "${image#/boot/initrd.img-}"
	done
	return 0
}

[ $# = 1 ] || { sed -n '4,13s/^# \{0,1\}//p' "$0" >&2; exit 2; }
main "$@"
