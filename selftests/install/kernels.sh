# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Which kernels the installation test uses; sourced. The guest has the user space that
# people run with a series, and kernels of that Debian release's own archives.
#
#   base_kver SERIES     the one that is there first: the newest but one that we support
#   newer_kver SERIES    the newest, an upgrade; nothing when there is only one
#   foreign_kver SERIES  the newest that we do not support, if there is one
#   packages_of KVER     the packages of a kernel and its headers

# Our dkms.conf has the same list.
supported()
{
	case "$1" in
	6.1) echo '6\.1\.0-' ;;
	6.12) echo '6\.12\.' ;;
	7) echo '7\.3\.' ;;
	esac
}

# Cloud kernels that have headers, in the archives of the release $1, oldest first.
kvers_of()
{
	foreign_apt "$1" apt-cache pkgnames linux-headers- |
		sed -n 's/^linux-headers-\([0-9.]*[-+].*-cloud-amd64\)$/\1/p' | sort -V
}

base_kver()
{
	kvers_of "$(user_space "$1")" | grep "^$(supported "$1")" | tail -n 2 | head -n 1
}

newer_kver()
{
	kvers_of "$(user_space "$1")" | grep "^$(supported "$1")" | tail -n 1 | grep -vxF "$(base_kver "$1")" || true
}

foreign_kver()
{
	[ "$1" = 6.1 ] || kvers_of trixie | grep '^7\.' | grep -v "^$(supported 7)" | tail -n 1
}

packages_of()
{
	local kver=$1 short=${1%-cloud-amd64}

	case "$kver" in
	6.1.*) echo "linux-image-$kver linux-headers-$kver linux-headers-$short-common linux-kbuild-6.1" ;;
	6.*) echo "linux-image-$kver linux-headers-$kver linux-headers-$short-common linux-kbuild-$short" ;;
	*)
		# its newer linux-base is in backports only, where apt looks when it is told to
		echo "linux-base/trixie-backports gcc-14-for-host cpp-14-for-host linux-image-$kver linux-binary-$kver linux-modules-$kver linux-base-$kver" \
			"linux-headers-$kver linux-headers-$short-common linux-kbuild-$short" ;;
	esac
}
