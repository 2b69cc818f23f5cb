#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The one list of modules: prints what the Kbuild files say, one a line.
#
# Usage: modules.sh               names of all modules
#        modules.sh --kdir DIR    of those that the kernel of these headers has as modules
#        modules.sh --sources     files and folders that they are compiled from

set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Variables and options of a make above do not belong here.
read_kbuild()
{
	env -u MAKEFLAGS -u MFLAGS -u GNUMAKEFLAGS make -s --no-print-directory \
		-f "$TOP/tools/modules.mk" TOP="$TOP" "$@"
}

sources()
{
	local folder

	echo Kbuild
	echo VERSION
	echo include
	read_kbuild folders | while read -r folder; do
		if [ "$folder" = ./ ]; then
			(cd "$TOP" && printf '%s\n' *.c)
		else
			echo "${folder%%/*}"
		fi
	done
}

main()
{
	local config

	case "${1:-}" in
	'') read_kbuild modules | sed 's|.*/||' ;;
	--kdir)
		config=$2/include/config/auto.conf
		[ -r "$config" ] || { echo "modules: no configuration $config" >&2; exit 1; }
		read_kbuild modules CONFIG="$config" | sed 's|.*/||'
		;;
	--sources) sources | sort -u ;;
	*) sed -n '4,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
}

main "$@"
