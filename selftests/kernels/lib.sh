# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the two kernel builders share: where the source and Debian's cloud
# config come from, how the configuration is put together, the stamp that says
# a cached build still fits, and the progress line.

kernels_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$kernels_dir/debian.sh"
cache=$CACHE
series=6.1
jobs=${JOBS:-$(nproc)}

# Kconfig files whose symbols are taken over from Debian's cloud config.
net_kconfigs=(
	net/Kconfig net/netfilter/Kconfig net/netfilter/ipset/Kconfig
	net/netfilter/ipvs/Kconfig net/ipv4/Kconfig net/ipv4/netfilter/Kconfig
	net/ipv6/Kconfig net/ipv6/netfilter/Kconfig net/bridge/Kconfig
	net/bridge/netfilter/Kconfig net/openvswitch/Kconfig net/xfrm/Kconfig
)

say() { echo "${0##*/}: $*" >&2; }
die() { say "$*"; exit 1; }

# need PACKAGE...: all installed, or installed now when --install was given.
need() {
	local p missing=()

	for p; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
			grep -q 'ok installed' || missing+=("$p")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "${install:-no}" = yes ] || die "missing packages, install them with:" \
		"apt-get install ${missing[*]}  (or run with --install)"
	[ "$(id -u)" = 0 ] || die "--install needs root for: ${missing[*]}"
	say "installing ${missing[*]}"
	apt-get update -qq >&2 || say "apt-get update failed, trying with the lists at hand"
	apt-get install -qq -y --no-install-recommends "${missing[@]}" >&2 ||
		die "apt-get install failed"
}

# Is the series that of this machine's Debian? Then apt installs its packages; those of
# another are unpacked in the cache.
is_native() {
	[ "$series" = "$(native_series)" ]
}

need_build_packages() {
	local packages=(gcc make bc bison flex libelf-dev libssl-dev xz-utils lz4 kmod)

	! is_native || packages+=("linux-source-$series" "$(cloud_headers_package)")
	need "${packages[@]}"
}

# The newest cloud headers that are installed, else the meta package's name.
cloud_headers_package() {
	local p

	p=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' \
		"linux-headers-$series.*-cloud-amd64" 2>/dev/null |
		awk '$1 == "ii" { print $2 }' | sort -V | tail -n 1) || true
	echo "${p:-linux-headers-cloud-amd64}"
}

cloud_config() {
	local f

	if ! is_native; then
		echo "$("$kernels_dir/headers.sh" "$(newest_kver "$series")")/.config"
		return
	fi
	f=$(find /usr/src -mindepth 2 -maxdepth 2 -name .config \
		-path "*/linux-headers-$series.*-cloud-amd64/*" | sort -V | tail -n 1)
	[ -n "$f" ] || die "no /usr/src/linux-headers-$series.*-cloud-amd64/.config"
	echo "$f"
}

# Of a series that counts releases (7 for 7.3) the newest one.
source_package() {
	local release

	is_native && { echo "linux-source-$series"; return; }
	release=$(archive_of "$series")
	foreign_apt "$release" apt-cache pkgnames "linux-source-$series" | sort -V | tail -n 1
}

source_version() {
	local release

	is_native && { dpkg-query -W -f '${Version}' "linux-source-$series"; return; }
	release=$(archive_of "$series")
	foreign_apt "$release" apt-cache show --no-all-versions "$(source_package)" |
		sed -n 's/^Version: //p'
}

# Prints the archive with the source; downloads it below folder $1 if need be.
source_archive() {
	local package

	package=$(source_package)
	is_native && { echo "/usr/src/$package.tar.xz"; return; }
	say "downloading $package, 170 MB, once"
	fetch "$series" "$1" "$package" >&2
	echo "$1/usr/src/$package.tar.xz"
}

# Unpack once per package version; prints the folder.
unpack_source() {
	local dir archive

	dir=$cache/src/linux-$(source_version)
	if [ ! -f "$dir/.unpacked" ]; then
		rm -rf "$dir" "$dir.tmp" "$dir.deb"
		mkdir -p "$dir.tmp"
		archive=$(source_archive "$dir.deb")
		say "unpacking ${archive##*/} of $(source_version)"
		nice tar -xJf "$archive" -C "$dir.tmp" --strip-components=1
		rm -rf "$dir.deb"
		touch "$dir.tmp/.unpacked"
		mv "$dir.tmp" "$dir"
	fi
	echo "$dir"
}

# cloud_net_options SRC: Debian's choice for each symbol of the net Kconfigs.
cloud_net_options() {
	local src=$1 k

	for k in "${net_kconfigs[@]}"; do
		[ ! -f "$src/$k" ] || awk '$1 ~ /^(menu)?config$/ { print $2 }' "$src/$k"
	done | sort -u | awk '
		NR == FNR { want["CONFIG_" $1]; next }
		{ split($0, kv, "=") }
		kv[1] in want { print }' - "$(cloud_config)" |
		grep -vE '^CONFIG_(DEFAULT_CUBIC|TCP_CONG_|DEFAULT_TCP_CONG|NET_DROP_MONITOR)'
}

# Ours come last: for a symbol named twice the last line counts.
wanted_options() {
	local src=$1 flavour=$2

	cloud_net_options "$src"
	cat "$kernels_dir/common.config" "$kernels_dir/${flavour%-*}.config"
	# of a variant, which replaces some
	[ "$flavour" = "${flavour%-*}" ] || [ ! -e "$kernels_dir/$flavour.config" ] ||
		cat "$kernels_dir/$flavour.config"
	# 7.x has none; with them its CRCs would have to be those of our prototypes
	grep -qx 'CONFIG_MODVERSIONS=y' "$(cloud_config)" || echo 'CONFIG_MODVERSIONS=n'
}

# stamp SRC FLAVOUR: changes with the source, the options and the compiler.
stamp() {
	{ source_version; echo; gcc --version | head -n 1
	  wanted_options "$1" "$2"; } | sha256sum | cut -c 1-24
}

# Options asked for as y or m that Kconfig did not grant, for the log.
refused_options() {
	local config=$1

	awk -F= '/^CONFIG_/ { last[$1] = $2 }
		END { for (o in last) if (last[o] != "n") print o "=" last[o] }' |
		sort | while IFS= read -r line; do
			grep -qxF "$line" "$config" || echo "$line"
		done
}

# watch_objects BUILD EXPECTED: one progress line while a build runs.
watch_objects() {
	local build=$1 expected=$2 n start=$SECONDS

	while sleep 20; do
		n=$(find "$build" -name '*.o' -newer "$build/.config" 2>/dev/null |
			wc -l)
		say "$n objects of about $expected ($((100 * n / expected)) %)," \
			"$(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
	done
}

# build_kernel FLAVOUR EXPECTED TARGET... : configure and make in
# $cache/FLAVOUR/build; $arch chooses the architecture.
build_kernel() {
	local flavour=$1 expected=$2 src build mark watcher rc=0
	local -a mk

	shift 2
	src=$(unpack_source)
	build=$cache/$flavour/build
	mk=(make -C "$src" "O=$build" "ARCH=$arch" KBUILD_BUILD_USER=nfct
	    KBUILD_BUILD_HOST=nfct)
	mark=$(stamp "$src" "$flavour")
	[ "${force:-no}" = no ] || rm -f "$cache/$flavour/stamp"
	if [ "$(cat "$cache/$flavour/stamp" 2>/dev/null)" = "$mark" ]; then
		say "$flavour kernel is up to date in $cache/$flavour"
		return 0
	fi
	rm -f "$cache/$flavour/stamp"
	mkdir -p "$build"
	wanted_options "$src" "$flavour" >"$build/wanted.config"
	"${mk[@]}" KCONFIG_ALLCONFIG="$build/wanted.config" allnoconfig \
		>"$build/config.log" 2>&1 ||
		{ tail -n 20 "$build/config.log" >&2; die "configuration failed"; }
	refused_options "$build/.config" <"$build/wanted.config" \
		>"$build/refused.config"
	[ ! -s "$build/refused.config" ] ||
		say "options that Kconfig does not grant: see $build/refused.config"
	say "building $flavour kernel, log in $build/build.log"
	watch_objects "$build" "$expected" &
	watcher=$!
	nice "${mk[@]}" -j"$jobs" "$@" modules >"$build/build.log" 2>&1 || rc=$?
	kill "$watcher" 2>/dev/null || true
	wait "$watcher" 2>/dev/null || true
	[ $rc = 0 ] || { grep -nE 'error|Error|\*\*\*' "$build/build.log" |
		head -n 20 >&2; die "build failed, see $build/build.log"; }
	rm -rf "$cache/$flavour/modules"
	"${mk[@]}" INSTALL_MOD_PATH="$cache/$flavour/modules" modules_install \
		>>"$build/build.log" 2>&1 || die "modules_install failed"
	install_result "$build"
	echo "$mark" >"$cache/$flavour/stamp"
	say "$flavour kernel $(cat "$build/include/config/kernel.release") ready"
}

parse_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--install) install=yes ;;
		--force) force=yes ;;
		-h|--help)
			echo "usage: ${0##*/} [--install] [--force] [6.1|races|7]"
			exit 0 ;;
		[0-9]*) series=$1 ;;
		races)
			# shellcheck disable=SC2034  # debug.sh asks for it
			kind=races ;;
		*) die "unknown option $1" ;;
		esac
		shift
	done
}
