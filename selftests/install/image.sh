#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The machine that the installation test begins with: a Debian with systemd, dkms,
# initramfs-tools, one kernel and its headers, on an ext4 file system with a journal,
# as a raw image in the cache: $CACHE/install/SERIES/root.img. Beside it tree/, the same
# as a folder, and debs/, the packages of the other kernels that the test installs, so
# that the guest needs no network.
#
# Usage: image.sh 6.1|6.12|7
#
# It is made anew only when its stamp no longer fits.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/../kernels/debian.sh"
# shellcheck source=selftests/vm/progress.sh
. "$HERE/../vm/progress.sh"
# shellcheck source=selftests/install/kernels.sh
. "$HERE/kernels.sh"

PACKAGES='
systemd-sysv udev dbus kmod e2fsprogs mount login passwd procps less
dkms gcc make ccache openssl mokutil keyutils initramfs-tools
iproute2 iputils-ping iptables nftables conntrack
'
# What would start by itself and take time in a slow machine.
MASKED='apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service
fstrim.timer dpkg-db-backup.timer man-db.timer systemd-timesyncd.service
systemd-tmpfiles-clean.timer getty@tty1.service serial-getty@ttyS0.service serial-getty@hvc0.service'

unpack()
{
	local release=$1 kver=$2 tmp=$3 include

	include=$(tr -s ' \n' ',' <<<"$PACKAGES $(packages_of "$kver")")
	archives "$release" >"$tmp/sources.list"
	[ -s "$tmp/sources.list" ] || die 'apt knows no Debian archive'
	mmdebstrap --mode=root --variant=apt --format=directory \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--aptopt='Acquire::Languages "none"' \
		--aptopt='Apt::Install-Recommends "false"' \
		--include="$(sed 's/^,//; s/,$//' <<<"$include")" \
		"$release" "$tmp/root" "$tmp/sources.list"
}

# The guest runs one script per boot, which "nfct.step=" of its command line names.
customize()
{
	local root=$1 unit

	rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
	: >"$root/etc/apt/sources.list"
	rm -f "$root"/etc/apt/sources.list.d/*
	mkdir -p "$root/payload" "$root/var/lib/apt/lists/partial"
	echo nfct >"$root/etc/hostname"
	printf '127.0.0.1\tlocalhost nfct\n' >"$root/etc/hosts"
	echo 'LABEL=nfct-install / ext4 defaults 0 1' >"$root/etc/fstab"
	: >"$root/etc/resolv.conf"
	# how the compiler is called, see warm.sh
	printf '%s\n' 'cache_dir = /var/cache/ccache' 'compiler_check = none' >"$root/etc/ccache.conf"
	for unit in $MASKED; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
	install -m 755 "$HERE/guest-step" "$root/usr/local/sbin/nfct-step"
	cat >"$root/etc/systemd/system/nfct-step.service" <<-'EOT'
		[Unit]
		Description=one step of the installation test
		After=multi-user.target systemd-modules-load.service
		[Service]
		Type=simple
		ExecStart=/usr/local/sbin/nfct-step
		TimeoutStopSec=5
		[Install]
		WantedBy=multi-user.target
	EOT
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -sf ../nfct-step.service "$root/etc/systemd/system/multi-user.target.wants/"
}

pack()
{
	rm -f "$2"
	truncate -s 6G "$2"
	mke2fs -q -t ext4 -F -L nfct-install -m 0 -d "$1" "$2"
}

fetch_debs()
{
	local release=$1 dir=$2 series=$3 kver name
	local -a names

	rm -rf "$dir"
	mkdir -p "$dir"
	for kver in $(newer_kver "$series") $(foreign_kver "$series"); do
		read -ra names <<<"$(packages_of "$kver")"
		mkdir "$dir/$kver"
		(cd "$dir/$kver" && foreign_apt "$release" apt-get download "${names[@]}")
	done
}

make_image()
{
	local series=$1 dir=$2 release kver tmp

	release=$(user_space "$series")
	kver=$(base_kver "$series")
	[ "$(id -u)" = 0 ] || die 'building the image needs root (it unpacks Debian packages with their owners)'
	command -v mmdebstrap >/dev/null || die 'mmdebstrap is missing; run selftests/vm/deps.sh --install'
	mkdir -p "$dir"
	tmp=$(mktemp -d "$dir/tmp.XXXXXX")
	say "Debian $release with kernel $kver and dkms: about 4 minutes and 2 GB, once"
	with_progress 'packages of kernels' "$dir/debs.log" fetch_debs "$release" "$dir/debs" "$series"
	with_progress 'root packages' "$dir/mmdebstrap.log" unpack "$release" "$kver" "$tmp"
	customize "$tmp/root"
	with_progress 'root image' "$dir/mke2fs.log" pack "$tmp/root" "$tmp/root.img"
	rm -rf "$dir/tree"
	mv -f "$tmp/root.img" "$dir/root.img"
	mv "$tmp/root" "$dir/tree"
	rm -rf "$tmp"
}

main()
{
	local series=$1 dir=$CACHE/install/$1 stamp

	mkdir -p "$dir"
	exec 9>"$dir/lock"
	flock 9
	stamp=$( (echo "$PACKAGES $MASKED $(base_kver "$series") $(newer_kver "$series") $(foreign_kver "$series")"
		declare -f unpack customize pack fetch_debs packages_of
		cat "$HERE/guest-step") | sha256sum | cut -c1-32)
	[ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ] || return 0
	make_image "$series" "$dir"
	echo "$stamp" >"$dir/stamp"
}

main "$@"
