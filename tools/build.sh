#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Compiles the modules: mirrors the sources as links below $BUILD/src, runs the
# kernel's build system there and leaves the .ko files in $BUILD. The source
# tree stays as it is, so several kernels can be built for at once.
#
# Usage: build.sh [FOLDER]     default: $BUILD, else build/
# Takes KDIR=, KVER= and ARCH= from the environment, the rest (W=1, C=2, V=1, -j)
# from make.  FITS=no: do not compare with the kernel's own modules.

set -euo pipefail

TOP=$(cd "$(dirname "$0")/.." && pwd)
SOURCES=(Kbuild VERSION abi base event expect include netlink packet proto show table helpers xt)

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

# Links to every source file; links whose file is gone are removed.
mirror()
{
	local dst=$1 item

	mkdir -p "$dst"
	for item in "${SOURCES[@]}" "$TOP"/*.c; do
		item=$TOP/${item#"$TOP"/}
		[ ! -e "$item" ] || cp -rsf "$item" "$dst/"
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

# Every symbol of the kernel's own two modules must be there and have its CRC, or
# nf_nat and others would refuse to load: better no modules than such.
fits()
{
	local kdir=$1 build=$2

	[ "${FITS:-}" != no ] || return 0
	awk -F '\t' '
		NR == FNR { if ($3 ~ /(^|\/)nf_conntrack(_netlink)?$/) want[$2] = $1; next }
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

publish()
{
	local build=$1 file name

	for file in "$build"/src/*.ko "$build/src/Module.symvers"; do
		name=$build/${file##*/}
		cmp -s "$file" "$name" || cp "$file" "$name"
	done
}

main()
{
	local build=${1:-${BUILD:-build}} kdir
	local -a args=()

	case "$build" in /*) ;; *) build=$TOP/$build ;; esac
	need_tools
	kdir=$("$TOP/tools/kdir.sh")
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
	fits "$kdir" "$build"
	publish "$build"
	echo "build: $(cd "$build" && echo *.ko) for $(KDIR=$kdir "$TOP/tools/kdir.sh" --release) in $build"
}

main "$@"
