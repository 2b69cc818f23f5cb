#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles the modules: mirrors the sources as links below $BUILD/src, runs the
# kernel's build system there and leaves the .ko files in $BUILD. The source
# tree stays as it is, so several kernels can be built for at once.
#
# Usage: build.sh [FOLDER]     default: $BUILD, else build/
# Takes KDIR=, KVER= and ARCH= from the environment, the rest (W=1, C=2, V=1, -j)
# from make.  FITS=no: do not compare with the kernel's own modules.  VMLINUZ=: the
# kernel's image, default /boot/vmlinuz-RELEASE; the types of 6.1 come from it.

set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)

die()
{
	echo "build: $*" >&2
	exit 1
}

need_tools()
{
	local tool

	for tool in make:make gcc:gcc ld:binutils flock:util-linux; do
		command -v "${tool%%:*}" >/dev/null || die "${tool%%:*} is missing; install the package ${tool##*:}"
	done
}

# What is part of the kernel itself cannot be replaced.
need_modular()
{
	local config=$1/include/config/auto.conf

	[ -r "$config" ] || die "no configuration $config; install the kernel's headers anew"
	grep -q '^CONFIG_NF_CONNTRACK=m$' "$config" ||
		die "the kernel of $1 has conntrack built in, or not at all (CONFIG_NF_CONNTRACK is not m); use one that has it as a module, as Debian's have"
}

# Links to every source file; links whose file is gone are removed.
mirror()
{
	local dst=$1 sources item

	sources=$("$TOP/tools/modules.sh" --sources)
	mkdir -p "$dst"
	for item in $sources; do
		cp -rsf "$TOP/$item" "$dst/"
	done
	find "$dst" -xtype l -delete
}

# A folder that was used for another kernel starts afresh.
claim()
{
	local build=$1 who=$2

	if [ "$(cat "$build/.kdir" 2>/dev/null)" != "$who" ]; then
		rm -rf "$build/src"
		echo "$who" >"$build/.kdir"
	fi
}

# Paths below src/ of the modules that were made, without suffix.
made()
{
	sed -e "s|^$1/src/||" -e 's|^\./||' -e 's|\.k\{0,1\}o$||' "$1/src/modules.order"
}

# What was made is what tools/modules.sh says to all others.
agree()
{
	local build=$1 names=$2

	diff <(sort <<<"$names") <(made "$build" | sed 's|.*/||' | sort) >&2 ||
		die 'tools/modules.sh (<) lists other modules than the kernel has made of Kbuild (>)'
}

# Every symbol of the kernel's modules that ours replace must be there and have its
# CRC, or nf_nat and others would refuse to load: better no modules than such.
fits()
{
	local kdir=$1 build=$2 names=$3

	[ "${FITS:-}" != no ] || return 0
	awk -F '\t' -v names="$names" '
		BEGIN {
			split(names, list, "\n")
			for (i in list)
				ours[list[i]]
		}
		NR == FNR {
			sub(/.*\//, "", $3)
			if ($3 in ours)
				want[$2] = $1
			next
		}
		$2 in want && want[$2] == $1 { delete want[$2] }
		END {
			for (symbol in want) {
				print "build: does not fit this kernel: " symbol
				bad = 1
			}
			exit bad
		}' "$kdir/Module.symvers" "$build/src/Module.symvers" >&2 ||
		die "the modules are not for the kernel of $kdir"
}

# BPF programs call functions by the module's types. Where the headers have those of the
# kernel (since 6.12) the kernel's build has made ours; else it is done here, if possible.
types()
{
	local kdir=$1 build=$2 release reason status=0
	local -a modules

	grep -qx 'CONFIG_DEBUG_INFO_BTF_MODULES=y' "$kdir/include/config/auto.conf" || return 0
	[ ! -e "$kdir/vmlinux" ] || return 0
	release=$(KDIR=$kdir "$TOP/tools/kdir.sh" --release)
	mapfile -t modules < <(made "$build" | sed "s|.*|$build/src/&.ko|")
	if command -v python3 >/dev/null; then
		reason=$("$TOP/tools/btf" "$release" "${VMLINUZ:-/boot/vmlinuz-$release}" "${modules[@]}") || status=$?
	else
		reason='python3 is missing' status=3
	fi
	case $status in
	0) ;;
	3) echo "build: BPF programs cannot call functions of these modules: $reason" ;;
	*) die 'adding the types has failed' ;;
	esac
}

# Module names are unique in a kernel, so all of them lie side by side.
publish()
{
	local build=$1 names=$2 path name file

	for path in $(made "$build"); do
		name=$build/${path##*/}.ko
		cmp -s "$build/src/$path.ko" "$name" || cp "$build/src/$path.ko" "$name"
	done
	for file in "$build"/*.ko; do
		grep -qxF "$(basename "$file" .ko)" <<<"$names" || rm "$file"
	done
	cp "$build/src/Module.symvers" "$build/"
}

main()
{
	local build=${1:-${BUILD:-build}} kdir names
	local -a args=()

	case "$build" in /*) ;; *) build=$TOP/$build ;; esac
	need_tools
	kdir=$("$TOP/tools/kdir.sh")
	need_modular "$kdir"
	mkdir -p "$build"
	exec 9>"$build/.lock"
	flock 9
	claim "$build" "$kdir ${ARCH:-}"
	mirror "$build/src"
	# Without a job server from above: one job per CPU
	case " ${MAKEFLAGS:-} " in
	*' -j'*|*jobserver*) ;;
	*) args+=("-j$(nproc)") ;;
	esac
	${MAKE:-make} --no-print-directory -C "$kdir" M="$build/src" "${args[@]}" modules
	names=$("$TOP/tools/modules.sh" --kdir "$kdir")
	agree "$build" "$names"
	fits "$kdir" "$build" "$names"
	types "$kdir" "$build"
	publish "$build" "$names"
	echo "build: $(wc -l <<<"$names") modules for $(KDIR=$kdir "$TOP/tools/kdir.sh" --release) in $build"
}

main "$@"
