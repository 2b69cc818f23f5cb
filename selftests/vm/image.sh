#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds what a guest boots from, out of Debian packages, into the cache:
#
#   $CACHE/root/root.img              Debian user space, a read-only ext4 image
#   $CACHE/peers-root/root.img        the same with what other people's tests call
#   $CACHE/cloud/<kver>/vmlinuz       Debian's cloud kernel
#   $CACHE/cloud/<kver>/lib/modules/  its modules, untouched
#
# Usage: image.sh [root|peers-root|cloud|all] [KVER]
#        image.sh kver       print the cloud kernel release used by default
#        image.sh archives   print the host's Debian archives
#
# KVER defaults to the newest one with headers on this machine, or else to what
# Debian's linux-image-cloud-amd64 depends on now. DEB=file
# takes the kernel from a package file instead of apt. A part is rebuilt only
# when its stamp no longer fits.

set -euo pipefail

CACHE=${NFCT_CACHE:-$HOME/.cache/nfct}
META=linux-image-cloud-amd64

# What the test scripts call, one topic per line.
ROOT_PACKAGES='
bash coreutils findutils gawk grep sed util-linux procps psmisc kmod mount
iproute2 iputils-ping ethtool iptables nftables ipset conntrack conntrackd nfct
ipvsadm openvswitch-switch tcpdump netcat-openbsd socat hping3 iperf3 lksctp-tools
python3 python3-scapy strace
libmnl0 libnetfilter-conntrack3 libnetfilter-queue1 libnetfilter-log1
'

# What the suites of selftests/peers call in addition.
PEERS_PACKAGES='
ncat netcat-traditional ebtables arptables nfct nfacct libnetfilter-cttimeout1
diffutils file bc jq perl python3-yaml wireguard-tools
'

say()
{
	echo "image: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# Runs a command with its output in a log, and a line about every 10 seconds.
with_progress()
{
	local what=$1 log=$2 pid start=$SECONDS next=10
	shift 2

	"$@" >"$log" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		if ((SECONDS - start >= next)); then
			say "$what: $((SECONDS - start)) s, $(tail -qn 1 "$log" | tr -d '\r' | cut -c1-70)"
			next=$((next + 10))
		fi
	done
	wait "$pid" || {
		tail -n 20 "$log" >&2
		die "$what failed, log: $log"
	}
	say "$what: done in $((SECONDS - start)) s"
}

# The host's own Debian archives in one-line format, third parties left out.
archives()
{
	local codename uri release component signed

	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016  # apt expands these
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(SIGNED_BY)' \
		'Created-By: Packages' | sort -u |
	while read -r uri release component signed; do
		case "$release" in
		"$codename"|"$codename-updates"|"$codename-security"|"$codename/updates") ;;
		*) continue ;;
		esac
		case "$signed" in
		/*) echo "deb [signed-by=$signed] $uri $release $component" ;;
		*) echo "deb $uri $release $component" ;;
		esac
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

unpack_root()
{
	local tmp=$1 codename
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	local -a include
	read -ra include <<<"$(tr '\n' ' ' <<<"$ROOT_PACKAGES")"

	archives >"$tmp/sources.list"
	[ -s "$tmp/sources.list" ] || die 'apt knows no Debian archive'
	mmdebstrap --mode=root --variant=essential --format=directory \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--aptopt='Acquire::Languages "none"' \
		--include="$(IFS=,; echo "${include[*]}")" \
		"$codename" "$tmp/root" "$tmp/sources.list"
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
	local dir=$CACHE/$1 stamp tmp

	# Everything that shapes the image: this script's text, without the kernel.
	stamp=$( (echo "$ROOT_PACKAGES"; declare -f customize_root unpack_root pack_root) | sha256sum | cut -c1-32)
	[ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ] && return 0
	[ "$(id -u)" = 0 ] || die 'building the root image needs root (it unpacks Debian packages with their owners)'
	command -v mmdebstrap >/dev/null || die 'mmdebstrap is missing; run selftests/vm/deps.sh --install'

	mkdir -p "$dir"
	tmp=$(mktemp -d "$dir/tmp.XXXXXX")
	say 'Debian user space of the guest: about 2 minutes and 500 MB, once'
	with_progress 'root packages' "$dir/mmdebstrap.log" unpack_root "$tmp"
	customize_root "$tmp/root"
	with_progress 'root image' "$dir/mke2fs.log" pack_root "$tmp/root" "$tmp/root.img"
	mv -f "$tmp/root.img" "$dir/root.img"
	echo "$stamp" >"$dir/stamp"
	rm -rf "$tmp"
}

# Cloud kernel releases that have headers on this machine, newest first.
releases_with_headers()
{
	local dir

	for dir in /usr/src/linux-headers-*-cloud-amd64; do
		[ -e "$dir/Module.symvers" ] && echo "${dir#/usr/src/linux-headers-}"
	done | sort -rV
}

# Modules are compiled for the guest's kernel, so one with headers here comes
# first, if it can be had; else the release that the metapackage points at.
find_kver()
{
	local kver

	for kver in $(releases_with_headers); do
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

# find_kver, remembered while neither apt's lists nor the headers change.
default_kver()
{
	local file=$CACHE/kver kver

	if [ "$file" -nt /var/lib/apt/lists ] && [ "$file" -nt /usr/src ]; then
		cat "$file"
		return
	fi
	kver=$(find_kver)
	mkdir -p "$CACHE"
	echo "$kver" >"$file.$$"
	mv -f "$file.$$" "$file"
	echo "$kver"
}

download_kernel()
{
	local kver=$1 dir=$2

	if [ -n "${DEB:-}" ]; then
		cp "$DEB" "$dir/"
		return
	fi
	# apt's sandbox user may not be allowed to write below a home folder.
	(cd "$dir" && apt-get -o APT::Sandbox::User=root download "linux-image-$kver")
}

cloud_kernel()
{
	local kver=$1 dir tmp

	dir=$CACHE/cloud/$kver
	[ -s "$dir/stamp" ] && return 0
	mkdir -p "$CACHE/cloud"
	tmp=$(mktemp -d "$CACHE/cloud/tmp.XXXXXX")
	say "Debian kernel $kver: about 10 seconds and 100 MB, once"
	with_progress 'kernel package' "$CACHE/cloud/apt.log" download_kernel "$kver" "$tmp"
	dpkg-deb -x "$tmp"/*.deb "$tmp/x"
	[ -e "$tmp/x/boot/vmlinuz-$kver" ] || die "the package holds no kernel $kver"
	mkdir -p "$tmp/out/lib"
	mv "$tmp/x/boot/vmlinuz-$kver" "$tmp/out/vmlinuz"
	mv "$tmp/x/boot/config-$kver" "$tmp/out/config"
	mv "$tmp/x/lib/modules" "$tmp/out/lib/modules"
	depmod -b "$tmp/out" "$kver"
	dpkg-deb -f "$tmp"/*.deb Package Version >"$tmp/out/stamp"
	rm -rf "$dir"
	mv "$tmp/out" "$dir"
	rm -rf "$tmp"
}

main()
{
	local part=${1:-all} kver=${2:-}

	if [ "$part" = kver ]; then
		default_kver
		return
	fi
	if [ "$part" = archives ]; then
		archives
		return
	fi
	mkdir -p "$CACHE"
	# Two runs at once would build the same thing twice.
	exec 9>"$CACHE/image.lock"
	flock 9
	case "$part" in
	root) root_image root ;;
	peers-root)
		ROOT_PACKAGES+=$PEERS_PACKAGES
		root_image peers-root ;;
	cloud) cloud_kernel "${kver:-$(default_kver)}" ;;
	all)
		cloud_kernel "${kver:-$(default_kver)}"
		root_image root ;;
	*) die 'usage: image.sh [root|peers-root|cloud|all|kver|archives] [KVER]' ;;
	esac
}

main "$@"
