#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# No shell script of the project makes shellcheck complain.

# shellcheck source=selftests/ktap.sh
. "$(dirname "$0")/../ktap.sh"

# Shell scripts below this folder, but for what git does not keep
scripts()
{
	local file

	find . \( -name .git -o -name build \) -prune -o -type f -print | sort |
		while IFS= read -r file; do
			case "$file" in
			*.sh) echo "${file#./}" ;;
			*.c|*.h|*.py|*.txt) ;;
			*) ! head -c 64 "$file" | head -n 1 | grep -qaE '^#!.*\b(ba|da)?sh\b' || echo "${file#./}" ;;
			esac
		done
}

command -v shellcheck >/dev/null || skip_all 'shellcheck is not installed; selftests/vm/deps.sh --install installs it'
must cd "$(dirname "$0")/../.."
mapfile -t files < <(scripts)
must test ${#files[@]} -gt 0
for file in "${files[@]}"; do
	check "$file" shellcheck -x "$file"
done
finish
