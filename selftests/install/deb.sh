#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Makes the package reliable-conntrack-dkms of this source tree with the tools of a
# Debian release, in $CACHE/install/deb-RELEASE, and looks at it with that release's
# lintian.
#
# Usage: deb.sh RELEASE          makes it; prints the file's name
#        deb.sh --lintian RELEASE    what lintian says; fails for an error or a warning

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/../kernels/debian.sh"
# shellcheck source=selftests/vm/progress.sh
. "$HERE/../vm/progress.sh"

build()
{
	local release=$1 dir=$2

	rm -rf "$dir"
	mkdir -p "$dir/source"
	(cd "$TOP" && if [ -e .git ]; then git ls-files -z; else find . -name build -prune -o -type f -print0; fi |
		xargs -0 cp --parents -a -t "$dir/source")
	(cd "$dir/source" && "$HERE/../kernels/chroot.sh" --package "$release" dpkg-buildpackage -b -us -uc)
}

main()
{
	local release=${!#} dir

	dir=$CACHE/install/deb-$release
	mkdir -p "$CACHE/install"
	if [ "$1" = --lintian ]; then
		cd "$dir"
		"$HERE/../kernels/chroot.sh" --package "$release" \
			lintian --allow-root -i --pedantic --fail-on error,warning,info,pedantic "$dir"/*.changes
		return
	fi
	with_progress "package for $release" "$CACHE/install/deb-$release.log" build "$release" "$dir"
	echo "$dir"/*.deb
}

main "$@"
