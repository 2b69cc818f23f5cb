#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The Debian packages the host needs for the virtual machine and the tests.
#
#   deps.sh             print the missing ones; exit status 1 if there are any
#   deps.sh --install   say what is missing and install it with apt-get
#   deps.sh --list      print all of them, present or not
#
# With KERNEL=arm64 what guests of that machine need as well.

set -euo pipefail

# package | what it is for
PACKAGES='
bc|kernel build
bison|kernel build
build-essential|compiler for modules and test programs
busybox-static|the guest'\''s first user space
cpio|initial RAM disk of the guest
e2fsprogs|root image of the guest
flex|kernel build
kmod|depmod for the guest'\''s module tree
libelf-dev|kernel build
libmnl-dev|test programs
libnetfilter-conntrack-dev|test programs
libssl-dev|kernel build
lz4|kernel image, for the types of 6.1
HEADERS|headers the modules are built against
mmdebstrap|user space of the guest
pahole|types (BTF) in modules
pkg-config|test programs
python3|checks of modules and sources
qemu-system-x86|the virtual machine
shellcheck|checks of the shell scripts
xz-utils|unpacking
zstd|unpacking
'

# For KERNEL=arm64 only.
ARM64_PACKAGES='
gcc-aarch64-linux-gnu|compiler for guests of arm64
qemu-system-arm|their virtual machine
'

# Those of the kernel the guests will run; without apt lists the newest.
headers()
{
	local kver

	if kver=$("$(dirname "$0")/image.sh" kver 2>/dev/null); then
		echo "linux-headers-$kver"
	else
		echo linux-headers-cloud-amd64
	fi
}

installed()
{
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Prints the names that are not installed, one per line.
missing()
{
	local name

	while IFS='|' read -r name _; do
		[ -n "$name" ] || continue
		installed "$name" || printf '%s\n' "$name"
	done <<<"$PACKAGES"
}

report()
{
	local name why

	while IFS='|' read -r name why; do
		grep -qxF -- "$name" <<<"$1" && printf '  %-28s %s\n' "$name" "$why"
	done <<<"$PACKAGES"
	return 0
}

install_missing()
{
	local -a names

	mapfile -t names <<<"$1"
	if [ "$(id -u)" != 0 ]; then
		echo "deps: installing needs root; run: apt-get install ${names[*]}" >&2
		return 1
	fi
	echo "deps: installing with apt-get: ${names[*]}"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update || echo 'deps: apt-get update failed, trying with the lists at hand' >&2
	apt-get -qq install -y --no-install-recommends "${names[@]}" </dev/null
}

main()
{
	local names

	PACKAGES=${PACKAGES/HEADERS/$(headers)}
	[ "${KERNEL:-}" != arm64 ] || PACKAGES+=$ARM64_PACKAGES
	case "${1:-}" in
	--list)
		sed -n 's/|.*//p' <<<"$PACKAGES"
		return 0 ;;
	--install|'') ;;
	*)
		sed -n '4,9s/^# \{0,1\}//p' "$0" >&2
		return 2 ;;
	esac

	names=$(missing)
	[ -n "$names" ] || return 0
	echo 'deps: missing Debian packages:'
	report "$names"
	if [ "${1:-}" != --install ]; then
		echo "deps: 'selftests/vm/deps.sh --install' installs them with apt-get"
		return 1
	fi
	install_missing "$names"
}

main "$@"
