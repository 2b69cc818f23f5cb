#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Puts the modules in front of the kernel's own, takes them away again, or says
# what is in use.
#
# Usage: install.sh install|uninstall|status
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
	modprobe -d "${root:-/}" -S "$1" --show-depends "$2" 2>/dev/null |
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

# A kernel that takes signed modules only would be left without any.
need_signature()
{
	local lockdown=/sys/kernel/security/lockdown enforce=/sys/module/module/parameters/sig_enforce

	[ -z "$root" ] || return 0
	if grep -qE '\[(integrity|confidentiality)\]' "$lockdown" 2>/dev/null ||
	   [ "$(cat "$enforce" 2>/dev/null)" = Y ]; then
		[ -n "$(modinfo -F signer "$1")" ] ||
			die "this kernel takes signed modules only, and $1 is not; sign it, or use DKMS, which can"
	fi
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
	mkdir -p "$dst"
	for name in "${MODULES[@]}"; do
		file=$build/$name.ko
		[ -e "$file" ] || die "there is no $file; run make first"
		[ "$(modinfo -F vermagic "$file" | cut -d' ' -f1)" = "$release" ] ||
			die "$file was built for another kernel than $release; run make clean and make"
		need_signature "$file"
		install -m 644 "$file" "$dst/"
		# that would take the signature away
		[ -n "$(modinfo -F signer "$file")" ] || strip --strip-debug "$dst/$name.ko"
		echo "install: $dst/$name.ko $(modinfo -F version "$file")"
	done
	run_depmod "$release"
	show_next_loads "$release"
	has_kernel "$release" || return 0
	for name in "${MODULES[@]}"; do
		case "$(next_load "$release" "$name")" in
		"$dst/$name.ko") ;;
		*) die "$name of the kernel still comes first: a file in /etc/depmod.d changes the search order" ;;
		esac
	done
	[ -n "$root" ] || [ ! -d /sys/module/nf_conntrack ] ||
		echo 'install: nf_conntrack is loaded already; the change takes effect after a reboot'
}

do_uninstall()
{
	local release=$1 name file

	need_root
	for name in "${MODULES[@]}"; do
		file=$root/lib/modules/$release/updates/$name.ko
		[ ! -e "$file" ] || { rm "$file" && echo "uninstall: removed $file"; }
	done
	rmdir --ignore-fail-on-non-empty "$root/lib/modules/$release/updates" 2>/dev/null || true
	run_depmod "$release"
	show_next_loads "$release"
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
	done
	[ "$others" = 0 ] || echo "$others more: not loaded, and modprobe takes none of ours"
}

main()
{
	local action=${1:-} release=${KVER:-} kdir

	case "$action" in
	status) do_status ;;
	install)
		kdir=$("$TOP/tools/kdir.sh")
		do_install "$kdir" "$(KDIR=$kdir "$TOP/tools/kdir.sh" --release)"
		;;
	uninstall)
		# without headers, too
		[ -n "$release" ] || [ -z "${KDIR:-}" ] || release=$("$TOP/tools/kdir.sh" --release)
		do_uninstall "${release:-$(uname -r)}"
		;;
	*) sed -n '4,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
}

main "$@"
