#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Fetches other people's test suites from Debian and compiles their C programs,
# unmodified, into the cache:
#
#   $CACHE/peers/kselftest-SERIES of linux-source: netfilter, net, tc-testing
#   $CACHE/peers/iptables         of iptables: iptables-test.py, extensions/*.t
#   $CACHE/peers/conntrack-tools  of conntrack-tools: tests/, and src/conntrack and
#                                 src/conntrackd, which those tests call by path
#
# Usage: sources.sh [--install] [6.1|6.12|7]
#        with --install, as root, missing packages as well
#
# A folder is made once; remove it to have it made again.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/lib.sh
. "$HERE/../kernels/lib.sh"
peers=$cache/peers

# finish_tree TREE: what is in TREE.tmp is complete.
finish_tree()
{
	rm -rf "$1"
	mv "$1.tmp" "$1"
}

build_kselftest()
{
	local tree=$peers/kselftest-$series src archive tests version log=$peers/kselftest-$series.log

	version=$(source_version)
	[ "$(cat "$tree/version" 2>/dev/null)" != "$version" ] || return 0
	say "the kernel's selftests of series $series, $version"
	archive=$(source_archive "$peers/tmp/deb")
	src=$peers/tmp/$(basename "$archive" .tar.xz)
	nice tar -xJf "$archive" -C "$peers/tmp" --wildcards "${src##*/}/scripts/subarch.include" \
		"${src##*/}/tools/build" "${src##*/}/tools/scripts" "${src##*/}/tools/testing/selftests/*.mk" \
		"${src##*/}/tools/testing/selftests/*.h" "${src##*/}/tools/testing/selftests/*netfilter" \
		"${src##*/}/tools/testing/selftests/net/ip_defrag*" \
		"${src##*/}/tools/testing/selftests/net/*lib*" \
		"${src##*/}/tools/testing/selftests/kselftest" \
		"${src##*/}/tools/testing/selftests/tc-testing"
	src+=/tools/testing/selftests
	rm -rf "$tree.tmp"
	mkdir -p "$tree.tmp"
	for tests in "$src/netfilter" "$src/net/netfilter"; do
		[ ! -d "$tests" ] || make -C "$tests" >"$log" 2>&1 || die "they do not compile, log: $log"
	done
	cc -O2 -o "$src/net/ip_defrag" "$src/net/ip_defrag.c" >>"$log" 2>&1 ||
		die "ip_defrag does not compile, log: $log"
	mv "$src"/* "$tree.tmp/"
	echo "$version" >"$tree.tmp/version"
	finish_tree "$tree"
}

# apt SUITE ARG...: apt-get with the host's archives as sources, in SUITE, and
# with lists of its own.
apt()
{
	local suite=$1 state=$peers/apt/$1 codename
	shift

	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	mkdir -p "$state/lists/partial"
	"$HERE/../vm/image.sh" archives |
		if [ "$suite" = "$codename" ]; then cat; else sed -n "s/ $codename / $suite /p"; fi |
		sed 's/^deb /deb-src /' >"$state/sources.list"
	apt-get -q -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o "Dir::State::Lists=$state/lists" -o Acquire::Languages=none \
		-o APT::Sandbox::User=root "$@"
}

# get_source PACKAGE: its source into $peers/tmp/PACKAGE, from this release or,
# where a mirror lacks a file of it, from the stable one. Only upstream's archive
# is needed; apt has compared its checksum.
get_source()
{
	local package=$1 dir=$peers/tmp/$1 log=$peers/apt/$1.log suite file codename

	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	for suite in "$codename" stable; do
		say "source of $package from Debian's $suite"
		rm -rf "$dir" "$dir.apt"
		mkdir -p "$dir" "$dir.apt"
		apt "$suite" update >"$log" 2>&1 || continue
		(cd "$dir.apt" && apt "$suite" source --download-only "$package") >>"$log" 2>&1 || true
		for file in "$dir.apt/$package"_*.orig.tar.*; do
			case "$file" in
			*.asc|*'*'*) ;;
			*) tar -xf "$file" -C "$dir" --strip-components=1; return ;;
			esac
		done
	done
	die "no source of $package, log: $log"
}

build_iptables()
{
	local tree=$peers/iptables

	[ ! -d "$tree" ] || return 0
	get_source iptables
	rm -rf "$tree.tmp"
	mkdir -p "$tree.tmp/extensions"
	cp "$peers/tmp/iptables/iptables-test.py" "$tree.tmp/"
	cp "$peers/tmp/iptables/extensions/"*.t "$tree.tmp/extensions/"
	finish_tree "$tree"
}

build_conntrack_tools()
{
	local tree=$peers/conntrack-tools src=$peers/tmp/conntrack-tools log=$peers/conntrack-tools.log

	[ ! -d "$tree" ] || return 0
	get_source conntrack-tools
	say 'compiling conntrack-tools'
	(cd "$src" && ./configure --disable-cthelper --disable-cttimeout --disable-systemd &&
		make -j"$jobs") >"$log" 2>&1 || die "it does not compile, log: $log"
	rm -rf "$tree.tmp"
	mkdir -p "$tree.tmp/src"
	cp "$src/src/conntrack" "$src/src/conntrackd" "$tree.tmp/src/"
	strip "$tree.tmp/src/"*
	cp -a "$src/tests" "$tree.tmp/"
	# Their run-test.sh compile these in place; there is no compiler in the guest.
	cc -O2 -w -o "$tree.tmp/tests/conntrack/test" "$src/tests/conntrack/test-conntrack.c"
	cc -O2 -w -o "$tree.tmp/tests/nfct/test" "$src/tests/nfct/test.c"
	finish_tree "$tree"
}

main()
{
	parse_options "$@"
	! is_native || need "linux-source-$series"
	need gcc make flex bison pkg-config xz-utils bzip2 libmnl-dev libnfnetlink-dev libnetfilter-conntrack-dev
	mkdir -p "$peers/apt" "$peers/tmp"
	exec 9>"$peers/lock"
	flock 9
	build_kselftest
	build_iptables
	build_conntrack_tools
	rm -rf "$peers/tmp" "$peers"/apt/*/lists
}

main "$@"
