#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the kernel's checkpatch.pl over our C files, or over those named.

set -euo pipefail

cd "$(dirname "$0")/.."

# What the files cannot follow: exports stand apart from their functions (abi/),
# and a version define joins no header. Macros of xt/ are rows of tables, and the init and
# exit of a module.
IGNORE=EXPORT_SYMBOL,FILE_PATH_CHANGES,MODULE_LICENSE
XT_IGNORE=COMPLEX_MACRO,MACRO_WITH_FLOW_CONTROL,MACRO_ARG_REUSE

script=$(tools/kscript.sh checkpatch.pl)
if [ $# = 0 ]; then
	# Programs have other types and no kernel macros.
	mapfile -t names < <(find . \( -name build -o -name selftests -o -name examples \) -prune -o -name '*.[ch]' -print | sort)
	set -- "${names[@]}"
fi
status=0
for name; do
	ignore=$IGNORE
	case $name in
	*xt/xt_*|*nf_ct_xt.h) ignore+=,$XT_IGNORE ;;
	esac
	perl "$script" --no-tree --strict --quiet --terse --ignore "$ignore" -f "$name" || status=1
done
exit $status
