#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds what a guest boots from, out of Debian packages, into the cache:
#
#   $CACHE/root-<release>/root.img        user space of a Debian release, a read-only ext4 image
#   $CACHE/peers-root-<release>/root.img  the same with what other people's tests call
#   $CACHE/cloud/<kver>/vmlinuz           one of Debian's cloud kernels
#   $CACHE/cloud/<kver>/lib/modules/      its modules, uncompressed
#
# Usage: image.sh root|peers-root [RELEASE[-arm64]]
#        image.sh cloud [KVER]
#        image.sh kver [SERIES]  print the release of the cloud kernel of 6.1, 6.12, 7 or arm64
#        image.sh archives       print this machine's Debian archives
#
# RELEASE, SERIES and KVER are by default those of this machine's Debian. KVER is the
# newest one with headers on this machine, or else what Debian's
# linux-image-cloud-amd64 depends on now; of another series the newest of Debian's
# archives, looked for again after a week. DEB=file takes the kernel from a package
# file instead of apt. A part is rebuilt only when its stamp no longer fits.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/../kernels/debian.sh"
# shellcheck source=selftests/vm/progress.sh
. "$HERE/progress.sh"

META=linux-image-cloud-amd64

# What the test scripts call, one topic per line.
ROOT_PACKAGES='
bash coreutils findutils gawk grep sed util-linux procps psmisc kmod mount
iproute2 iputils-ping ethtool iptables nftables ipset conntrack conntrackd nfct
ipvsadm openvswitch-switch tcpdump netcat-openbsd socat hping3 iperf3 lksctp-tools
python3 python3-scapy strace
libmnl0 libnetfilter-conntrack3 libnetfilter-queue1 libnetfilter-log1
vsftpd libsodium23 curl lftp tftpd-hpa dnsmasq-base tftp-hpa atftp
sip-tester kamailio ngircd irssi snmpd snmp samba samba-common-bin sane-utils
ppp pptpd pptp-linux
'

# Unpacked beside the others, since of FTP servers only one can be installed.
ROOT_BESIDE='pure-ftpd'

# Of these alternatives some package has to be chosen, where it is not configured.
ROOT_LINKS='
/usr/bin/awk /usr/bin/gawk
/bin/nc /bin/nc.openbsd
/usr/sbin/ovs-vswitchd /usr/lib/openvswitch-switch/ovs-vswitchd
/usr/bin/which /usr/bin/which.debianutils
'

# What the suites of selftests/peers call in addition.
PEERS_PACKAGES='
ncat netcat-traditional ebtables arptables nfct nfacct libnetfilter-cttimeout1
diffutils file bc jq perl python3-yaml wireguard-tools
'

# Run by mmdebstrap's plain shell, with its apt: unpacks ROOT_BESIDE into folder $1.
unpack_beside()
{
	local root=$1

	cd "$root/tmp"
	# shellcheck disable=SC2086  # several words
	APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -q download $ROOT_BESIDE
	for deb in ./*.deb; do
		# not dpkg-deb -x: /lib would become a folder
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink
		rm "$deb"
	done
}

customize_root()
{
	local root=$1

	rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/usr/share/{doc,man,locale,info}
	mkdir -p "$root"/payload "$root"/lib/modules "$root"/root
	echo nfct >"$root/etc/hostname"
	printf '127.0.0.1\tlocalhost nfct\n::1\tlocalhost\n' >"$root/etc/hosts"
	: >"$root/etc/resolv.conf"
}

# This machine cannot run the programs of another one, so nothing configures these
# packages: what the guest needs of that, in folder $1.
settle_root()
{
	local root=$1 link target name

	cp "$root/usr/share/base-passwd/passwd.master" "$root/etc/passwd"
	cp "$root/usr/share/base-passwd/group.master" "$root/etc/group"
	cp "$root/usr/share/libc-bin/nsswitch.conf" "$root/etc/nsswitch.conf"
	while read -r link target; do
		[ -n "$link" ] || continue
		[ -e "$root$target" ] || die "the packages have no $target"
		ln -sfn "$target" "$root$link"
	done <<<"$ROOT_LINKS"
	for name in iptables ip6tables; do
		for link in '' -save -restore; do
			ln -sfn "/usr/sbin/$name-nft$link" "$root/usr/sbin/$name$link"
		done
	done
	# Python would compile its modules at each start: the host's can, if it is the same
	if [ -d "$root/usr/lib/$(basename "$(realpath "$(command -v python3)")")" ]; then
		python3 -m compileall -q -s "$root" "$root"/usr/lib/python3* || true
	fi
}

unpack_root()
{
	local tmp=$1 release=$2
	local -a include

	read -ra include <<<"$(tr '\n' ' ' <<<"$ROOT_PACKAGES")"

	archives "$release" >"$tmp/sources.list"
	[ -s "$tmp/sources.list" ] || die 'apt knows no Debian archive'
	mmdebstrap --mode=root --variant=essential --format=directory \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--aptopt='Acquire::Languages "none"' \
		--include="$(IFS=,; echo "${include[*]}")" \
		--customize-hook="set -e; ROOT_BESIDE='$ROOT_BESIDE'; $(declare -f unpack_beside); unpack_beside \"\$1\"" \
		"$release" "$tmp/root" "$tmp/sources.list"
}

# The same for a machine whose programs do not run here
unpack_root_arm64()
{
	local tmp=$1 release=${2%-arm64}
	local -a include

	read -ra include <<<"$(tr '\n' ' ' <<<"$ROOT_PACKAGES")"
	archives "$release" >"$tmp/sources.list"
	[ -s "$tmp/sources.list" ] || die 'apt knows no Debian archive'
	# with /bin, /lib and /sbin in /usr, as an installed Debian has them
	# shellcheck disable=SC2016  # expanded by the shell of mmdebstrap
	mmdebstrap --mode=root --variant=extract --architectures=arm64 --format=directory \
		--setup-hook='cd "$1" && mkdir -p usr/bin usr/lib usr/sbin && ln -s usr/bin usr/lib usr/sbin .' \
		--aptopt='Acquire::Languages "none"' \
		--include='?essential' --include="$(IFS=,; echo "${include[*]}")" \
		--customize-hook="set -e; ROOT_BESIDE='$ROOT_BESIDE'; $(declare -f unpack_beside); unpack_beside \"\$1\"" \
		"$release" "$tmp/root" "$tmp/sources.list"
	settle_root "$tmp/root"
}

pack_root()
{
	local tree=$1 image=$2 kib

	kib=$(du -s --apparent-size -k "$tree" | cut -f1)
	truncate -s "$((kib * 13 / 10 + 32768))K" "$image"
	mke2fs -q -t ext4 -F -L nfct-root -m 0 -N $(($(find "$tree" | wc -l) + 4096)) \
		-O '^has_journal,^metadata_csum,^64bit' -d "$tree" "$image"
}

root_image()
{
	local dir=$CACHE/$1-$2 release=$2 unpack=unpack_root stamp tmp

	[[ $release != *-arm64 ]] || unpack+=_arm64
	# Everything that shapes the image: this script's text, without the kernel.
	stamp=$( (echo "$ROOT_PACKAGES $ROOT_BESIDE"; declare -f customize_root "$unpack" unpack_beside pack_root
		[ "$unpack" = unpack_root ] || { echo "$ROOT_LINKS"; declare -f settle_root; }) | sha256sum | cut -c1-32)
	[ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ] && return 0
	[ "$(id -u)" = 0 ] || die 'building the root image needs root (it unpacks Debian packages with their owners)'
	command -v mmdebstrap >/dev/null || die 'mmdebstrap is missing; run selftests/vm/deps.sh --install'

	mkdir -p "$dir"
	tmp=$(mktemp -d "$dir/tmp.XXXXXX")
	say "user space of the guest, Debian $release: about 2 minutes and 500 MB, once"
	with_progress 'root packages' "$dir/mmdebstrap.log" "$unpack" "$tmp" "$release"
	customize_root "$tmp/root"
	with_progress 'root image' "$dir/mke2fs.log" pack_root "$tmp/root" "$tmp/root.img"
	mv -f "$tmp/root.img" "$dir/root.img"
	echo "$stamp" >"$dir/stamp"
	rm -rf "$tmp"
}

# Cloud kernels of series $1 that have headers on this machine, newest first.
kvers_with_headers()
{
	local dir

	for dir in "/usr/src/linux-headers-$1".*-cloud-amd64; do
		[ -e "$dir/Module.symvers" ] && echo "${dir#/usr/src/linux-headers-}"
	done | sort -rV
}

# Modules are compiled for the guest's kernel, so one with headers here comes
# first, if it can be had; else the release that the metapackage points at.
find_native_kver()
{
	local kver

	for kver in $(kvers_with_headers "$1"); do
		if [ -s "$CACHE/cloud/$kver/stamp" ] || apt-cache show "linux-image-$kver" >/dev/null 2>&1; then
			echo "$kver"
			return
		fi
	done
	kver=$(apt-cache depends "$META" 2>/dev/null |
		sed -n 's/^ *Depends: linux-image-\([0-9].*\)$/\1/p' | head -n 1)
	[ -n "$kver" ] || die "apt offers no $META; run apt-get update"
	echo "$kver"
}

# find_native_kver, remembered while neither apt's lists nor the headers change.
native_kver()
{
	local series=$1 file=$CACHE/kver-$1

	if ! [ "$file" -nt /var/lib/apt/lists ] || ! [ "$file" -nt /usr/src ]; then
		remember "$file" find_native_kver "$series"
	fi
	cat "$file"
}

# The newest, remembered for a week; without a network the one there was.
foreign_kver()
{
	local series=$1 file=$CACHE/kver-$1

	if [ -z "$(find "$file" -mtime -7 2>/dev/null)" ]; then
		remember "$file" newest_kver "$series" || [ -s "$file" ] || die "found no kernel $series"
	fi
	cat "$file"
}

# Writes what a command prints into file $1, unless the command fails.
remember()
{
	local file=$1 text
	shift

	text=$("$@") || return
	mkdir -p "$CACHE"
	echo "$text" >"$file.$$"
	mv -f "$file.$$" "$file"
}

default_kver()
{
	local series=${1:-} native

	native=$(native_series)
	archive_of "${series:=$native}" >/dev/null
	if [ "$series" = "$native" ]; then
		native_kver "$series"
	else
		foreign_kver "$series"
	fi
}

# Kernel 7.x comes in parts, its linux-image is empty.
unpack_kernel()
{
	local kver=$1 dir=$2 series

	if [ -n "${DEB:-}" ]; then
		dpkg-deb -x "$DEB" "$dir"
		return
	fi
	series=$(series_of "$kver")
	if [ "$series" = 7 ]; then
		fetch 7 "$dir" "linux-binary-$kver" "linux-modules-$kver" "linux-base-$kver"
	else
		fetch "$series" "$dir" "linux-image-$kver"
	fi
}

# Modules where and how the guests want them: below lib/, uncompressed.
arrange_kernel()
{
	local kver=$1 from=$2 to=$3 lib=$2/lib

	mkdir -p "$to/lib"
	[ ! -d "$from/usr/lib/modules/$kver" ] || lib=$from/usr/lib
	mv "$lib/modules" "$to/lib/modules"
	mv "$from/boot/vmlinuz-$kver" "$to/vmlinuz" 2>/dev/null ||
		mv "$to/lib/modules/$kver/vmlinuz" "$to/vmlinuz" || die "the packages hold no kernel $kver"
	mv "$from/boot/config-$kver" "$to/config" 2>/dev/null ||
		mv "$to/lib/modules/$kver/config" "$to/config" || die "the packages hold no configuration of $kver"
	find "$to/lib/modules" -name '*.ko.xz' -print0 | xargs -0r -n 64 -P "$(nproc)" xz -d
	depmod -b "$to" "$kver"
}

cloud_kernel()
{
	local kver=$1 dir tmp

	dir=$CACHE/cloud/$kver
	[ -s "$dir/stamp" ] && return 0
	mkdir -p "$CACHE/cloud"
	tmp=$(mktemp -d "$CACHE/cloud/tmp.XXXXXX")
	say "Debian kernel $kver: about 10 seconds and 100 MB, once"
	with_progress 'kernel package' "$CACHE/cloud/apt.log" unpack_kernel "$kver" "$tmp/x"
	arrange_kernel "$kver" "$tmp/x" "$tmp/out"
	echo "linux-image-$kver" >"$tmp/out/stamp"
	rm -rf "$dir"
	mv "$tmp/out" "$dir"
	rm -rf "$tmp"
}

main()
{
	local part=${1:-} what=${2:-}

	case "$part" in
	kver) default_kver "$what"; return ;;
	archives) archives "$(host_release)"; return ;;
	esac
	mkdir -p "$CACHE"
	# Two runs at once would build the same thing twice.
	exec 9>"$CACHE/image.lock"
	flock 9
	case "$part" in
	root) root_image root "${what:-$(host_release)}" ;;
	peers-root)
		ROOT_PACKAGES+=$PEERS_PACKAGES
		root_image peers-root "${what:-$(host_release)}" ;;
	cloud) cloud_kernel "${what:-$(default_kver)}" ;;
	*) die 'usage: image.sh root|peers-root|cloud|kver|archives [RELEASE|KVER|SERIES]' ;;
	esac
}

main "$@"
