#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Puts the modules in front of the kernel's own, takes them away again, or says
# what is in use.
#
# Usage: install.sh install|uninstall|status
#        install.sh advice           what is left to do after DKMS has installed them
#        install.sh writable [KVER]  whether modules can be installed for this kernel
#
# $BUILD (default build/) holds the modules. DESTDIR and INSTALL_MOD_PATH are
# put before /lib/modules; KVER= or KDIR= choose the kernel.

set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)

root=${DESTDIR:-}${INSTALL_MOD_PATH:-}
build=${BUILD:-build}
case "$build" in /*) ;; *) build=$TOP/$build ;; esac

# All modules; for one kernel in do_install
mapfile -t MODULES < <("$TOP/tools/modules.sh")

die()
{
	echo "install: $*" >&2
	exit 1
}

need_root()
{
	[ -n "$root" ] || [ "$(id -u)" = 0 ] || die "/lib/modules belongs to root; run this as root"
}

# An installed kernel has modules of its own below kernel/; a package's folder
# has not, and depmod runs when the package is installed.
has_kernel()
{
	[ -d "$root/lib/modules/$1/kernel" ]
}

run_depmod()
{
	if has_kernel "$1"; then
		depmod -b "${root:-/}" "$1"
	else
		echo "install: no kernel $1 in ${root:-/}, depmod is left to its installation"
	fi
}

# The file that modprobe takes, seen from the kernel $1.
next_load()
{
	# "-d /" would be in front of what is printed
	modprobe ${root:+-d "$root"} -S "$1" --show-depends "$2" 2>/dev/null |
		awk '{ file = $2 } END { print file }'
}

show_next_loads()
{
	local name

	has_kernel "$1" || return 0
	for name in "${MODULES[@]}"; do
		printf 'modprobe %-21s will load %s\n' "$name" "$(next_load "$1" "$name")"
	done
}

enforces_signatures()
{
	grep -qE '\[(integrity|confidentiality)\]' /sys/kernel/security/lockdown 2>/dev/null ||
		[ "$(cat /sys/module/module/parameters/sig_enforce 2>/dev/null)" = Y ]
}

# Whether the running kernel has a key of the signer of module $1.
knows_signer()
{
	local signer

	signer=$(modinfo -F signer "$1" 2>/dev/null)
	[ -n "$signer" ] && grep ' asymmetri ' /proc/keys 2>/dev/null | grep -F " $signer: " >/dev/null
}

# What to do, in a line, when this kernel would refuse module $1.
signature_advice()
{
	local signer

	signer=$(modinfo -F signer "$1" 2>/dev/null)
	if [ -z "$signer" ]; then
		echo "this kernel takes signed modules only, and $1 is not; sign it (kernel's scripts/sign-file), or use DKMS, which can"
	else
		echo "this kernel does not know the key of \"$signer\" that $1 is signed with;" \
			"run mokutil --import${2:+ $2}, reboot, and confirm it"
	fi
}

# The certificate that DKMS signs with.
dkms_certificate()
{
	[ ! -e /var/lib/dkms/mok.pub ] || echo /var/lib/dkms/mok.pub
}

# A kernel that takes signed modules only would be left without any.
need_signature()
{
	[ -z "$root" ] && enforces_signatures || return 0
	knows_signer "$1" || die "$(signature_advice "$1" CERTIFICATE)"
}

# Without this the first command that writes would complain, and only about its file.
need_writable()
{
	local dir=$1

	until [ -e "$dir" ]; do
		dir=$(dirname "$dir")
	done
	[ -w "$dir" ] || die "$dir cannot be written, its file system is read-only; mount it writable, then again"
}

do_install()
{
	local kdir=$1 release=$2 dst=$root/lib/modules/$2/updates name file

	need_root
	mapfile -t MODULES < <("$TOP/tools/modules.sh" --kdir "$kdir")
	for name in "${MODULES[@]}"; do
		for file in "$dst/dkms/$name".ko*; do
			[ ! -e "$file" ] || die "$file is installed by DKMS already; remove reliable-conntrack-dkms first"
		done
	done
	for name in "${MODULES[@]}"; do
		file=$build/$name.ko
		[ -e "$file" ] || die "there is no $file; run make first"
		[ "$(modinfo -F vermagic "$file" | cut -d' ' -f1)" = "$release" ] ||
			die "$file was built for another kernel than $release; run make clean and make"
		need_signature "$file"
	done
	need_writable "$dst"
	mkdir -p "$dst"
	for name in "${MODULES[@]}"; do
		file=$build/$name.ko
		install -m 644 "$file" "$dst/"
		# that would take the signature away
		[ -n "$(modinfo -F signer "$file")" ] || strip --strip-debug "$dst/$name.ko"
		echo "install: $dst/$name.ko $(modinfo -F version "$file")"
	done
	run_depmod "$release"
	show_next_loads "$release"
	has_kernel "$release" || return 0
	[ -n "$root" ] || "$TOP/tools/initramfs.sh" "$release"
	for name in "${MODULES[@]}"; do
		case "$(next_load "$release" "$name")" in
		"$dst/$name.ko") ;;
		*) die "$name of the kernel still comes first: a file in /etc/depmod.d changes the search order" ;;
		esac
	done
	advise_reboot
}

advise_reboot()
{
	[ -n "$root" ] || [ ! -d /sys/module/nf_conntrack ] ||
		echo 'install: nf_conntrack is loaded already; the change takes effect after a reboot'
}

# For DKMS, which says nothing of the kind.
do_advice()
{
	local file version

	file=$(modinfo -n nf_conntrack 2>/dev/null || true)
	version=$([ -z "$file" ] || modinfo -F version "$file")
	[ -n "$version" ] || return 0
	[ "$version $(modinfo -F srcversion "$file")" = "$(cat /sys/module/nf_conntrack/{,src}version 2>/dev/null | xargs)" ] ||
		advise_reboot
	! enforces_signatures || knows_signer "$file" ||
		echo "install: $(signature_advice "$file" "$(dkms_certificate)")"
}

do_uninstall()
{
	local release=$1 name file

	need_root
	need_writable "$root/lib/modules/$release"
	for name in "${MODULES[@]}"; do
		file=$root/lib/modules/$release/updates/$name.ko
		[ ! -e "$file" ] || { rm "$file" && echo "uninstall: removed $file"; }
	done
	rmdir --ignore-fail-on-non-empty "$root/lib/modules/$release/updates" 2>/dev/null || true
	run_depmod "$release"
	show_next_loads "$release"
	[ -n "$root" ] || "$TOP/tools/initramfs.sh" "$release"
	[ -n "$root" ] || [ ! -e /sys/module/nf_conntrack/version ] ||
		echo 'uninstall: the loaded modules stay until a reboot'
}

# srcversion of a loaded module; the kernel's own have none.
loaded_as()
{
	local dir=/sys/module/$1 version

	[ -d "$dir" ] || { echo 'not loaded'; return; }
	[ -e "$dir/version" ] || { echo "loaded: the kernel's own"; return; }
	version=$(cat "$dir/version")
	if [ "$(cat "$dir/srcversion")" = "$(modinfo -F srcversion "$2" 2>/dev/null)" ]; then
		echo "loaded: $version, the same as the file below"
	else
		echo "loaded: $version, another build (srcversion $(cat "$dir/srcversion"))"
	fi
}

# Why modprobe takes none of ours for the running kernel, when DKMS has them.
why_not()
{
	local kver=$1 tree=/var/lib/dkms/reliable-conntrack version

	version=$(cat "$TOP/VERSION")
	[ -d "$tree/$version" ] || return 0
	if [ ! -e "/lib/modules/$kver/build/include" ]; then
		echo "  not built for this kernel, its headers are missing; install the package linux-headers-$kver"
	elif [ ! -d "$tree/$version/$kver" ]; then
		echo "  not built for this kernel; to try: dkms install reliable-conntrack/$version -k $kver"
		[ ! -e "$tree/$version/build/make.log" ] || echo "  log of the last attempt: $tree/$version/build/make.log"
	else
		echo "  built, not installed; run: dkms install reliable-conntrack/$version -k $kver"
	fi
}

# Names in full what is loaded or installed of ours, and nf_conntrack; counts the rest.
do_status()
{
	local running name file version others=0

	running=$(uname -r)
	echo "running kernel $running"
	[ -d "/lib/modules/$running" ] || echo "  no modules of this kernel are installed in /lib/modules"
	for name in "${MODULES[@]}"; do
		file=$(modinfo -n "$name" 2>/dev/null || true)
		version=$([ -z "$file" ] || modinfo -F version "$file")
		if [ -z "$version" ] && [ ! -d "/sys/module/$name" ] && [ "$name" != nf_conntrack ]; then
			others=$((others + 1))
			continue
		fi
		echo "$name"
		echo "  $(loaded_as "$name" "$file")"
		echo "  modprobe takes: ${file:-nothing, there is no such module}${version:+ ($version)}"
		[ -n "$version" ] || [ "$name" != nf_conntrack ] || why_not "$running"
		[ -z "$version" ] || ! enforces_signatures || knows_signer "$file" ||
			echo "  refused: $(signature_advice "$file" "$(dkms_certificate)")"
	done
	[ "$others" = 0 ] || echo "$others more: not loaded, and modprobe takes none of ours"
}

main()
{
	local action=${1:-} release=${KVER:-} kdir

	case "$action" in
	status) do_status ;;
	advice) do_advice ;;
	writable) need_writable "$root/lib/modules/${2:-$(uname -r)}/updates" ;;
	install)
		kdir=$("$TOP/tools/kdir.sh")
		do_install "$kdir" "$(KDIR=$kdir "$TOP/tools/kdir.sh" --release)"
		;;
	uninstall)
		# without headers, too
		[ -n "$release" ] || [ -z "${KDIR:-}" ] || release=$("$TOP/tools/kdir.sh" --release)
		do_uninstall "${release:-$(uname -r)}"
		;;
	*) sed -n '4,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
}

main "$@"
