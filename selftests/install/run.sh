#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Installs the modules as people do, in a machine with systemd, a disk and a package
# manager, and reboots it: from the package with DKMS and by "make install", over
# upgrades of the kernel, with signatures, and where it cannot work. KTAP: a test for
# each boot, what was looked at in it nested below. The last line is "N passed, N
# failed[, N skipped]".
#
# Usage: run.sh [OPTION]... [SCENARIO]...
#
#   SCENARIO                 its name, or the beginning of it; default: all
#   --kernel 6.1|6.12|7|all  series of the kernel, with the Debian release that belongs
#                            to it; default: that of this machine ($KERNEL)
#   --resume                 begin with the installed system of the run before, if it is
#                            of the same package
#   --compile                compile in the guest, without results of ccache from here
#   --list                   print what would run
#
# "installed" is made first when another one begins with it. Logs: the cache,
# logs/install.SERIES.STEP.log and .console. About an hour for each kernel.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
TOP=$(cd "$HERE/../.." && pwd)
# shellcheck source=selftests/runner.sh
. "$HERE/../runner.sh"
# shellcheck source=selftests/vm/qemu.sh
. "$HERE/../vm/qemu.sh"
# shellcheck source=selftests/install/kernels.sh
. "$HERE/kernels.sh"
# shellcheck source=selftests/install/machine.sh
. "$HERE/machine.sh"
# shellcheck source=selftests/install/scenarios.sh
. "$HERE/scenarios.sh"

modset=ours resumes='' resume='' compile='' number=0 dir='' disk='' deb='' console=''

own_option()
{
	case "$1" in
	--resume) resumes=yes ;;
	--compile) compile=yes ;;
	*) return 1 ;;
	esac
}

is_wanted()
{
	local pattern

	[ ${#wanted[@]} -gt 0 ] || return 0
	for pattern in "${wanted[@]}"; do
		[[ $1 != "$pattern"* ]] || return 0
	done
	return 1
}

select_scenarios()
{
	local name

	for name in $SCENARIOS; do
		! is_wanted "$name" || runs+=("$kernel $name")
	done
}

# One result without a boot: NAME STATUS FILE with what explains it.
report()
{
	number=$((number + 1))
	if [ "$2" = 0 ]; then
		echo "ok $number $kernel $1"
		passed=$((passed + 1))
	else
		sed 's/^/  # /' "$3"
		echo "not ok $number $kernel $1"
		failed=$((failed + 1))
	fi
}

# boot [OPTION]... STEP: one boot of the machine on $disk and what its step reports. It
# fails only if the machine has not come to the step's end.
boot()
{
	local step=${!#} start=$SECONDS log status=0 ok bad skip planned verdict=ok

	log=$CACHE/logs/install.$kernel.$step
	console=$log.console
	# in the background, so that a signal is not kept waiting
	{
		{ machine_boot "${@:1:$#-1}" "$disk" "$step" || echo $? >"$work/code"; } 2>&1 |
			tee "$log.log" | nest "$work/counts"
	} &
	wait $! || true
	[ ! -e "$work/code" ] || { status=$(<"$work/code"); rm "$work/code"; }
	read -r ok bad skip planned <"$work/counts"
	if [ "$planned" != $((ok + bad + skip)) ] || { [ "$status" != 0 ] && [ "$bad" = 0 ]; }; then
		echo "  # status $status, $((ok + bad + skip)) subtests seen, $planned planned"
		bad=$((bad + 1))
	fi
	passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + skip))
	number=$((number + 1))
	[ "$bad" = 0 ] || verdict='not ok'
	echo "$verdict $number $kernel $step # $((SECONDS - start)) s"
	[ "$status" != 98 ] && [ "$status" != 124 ]
}

# The installed system, which most scenarios begin with.
need_installed()
{
	local stamp

	stamp=$(cat "$deb" "$dir/stamp" | sha256sum)
	if [ -z "$resume" ] || [ "$(cat "$dir/installed.stamp" 2>/dev/null)" != "$stamp" ]; then
		rm -f "$dir/installed.stamp"
		scenario_installed || return
		mv -f "$disk" "$dir/installed.img"
		echo "$stamp" >"$dir/installed.stamp"
		resume=yes
	fi
}

run_scenario()
{
	local name=$1

	echo "# $kernel, scenario $name"
	if [ "$name" = installed ]; then
		resume=''
		need_installed || true
		return
	fi
	if [[ " $FROM_BASE " == *" $name "* ]]; then
		machine_new "$disk" "$dir/root.img"
	else
		need_installed || { report "$name: no installed system" 1 /dev/null; return; }
		machine_new "$disk" "$dir/installed.img"
	fi
	"scenario_$name" || true
	rm -f "$disk"
}

# The disk with everything that the guest reads: steps, packages, sources.
make_payload()
{
	local top=$work/payload kver=$1

	rm -rf "$top"
	mkdir -p "$top/debs" "$top/source"
	cp -a "$HERE/steps" "$HERE/../ktap.sh" "$TOP/debian/tests" "$top/"
	cp "$deb" "$top/"
	cp -a "$dir/debs/." "$top/debs/"
	cp -a "$CACHE/install/deb-$(user_space "$kernel")/source/." "$top/source/"
	[ -n "$compile" ] || cp -a "$dir/ccache" "$HERE/cached-gcc" "$top/"
	cat >"$top/env" <<-EOT
		SERIES=$kernel
		BASE=$kver
		NEWER=$(newer_kver "$kernel")
		FOREIGN=$(foreign_kver "$kernel")
		VERSION=$(cat "$TOP/VERSION")
	EOT
	truncate -s 1G "$work/payload.img"
	mke2fs -q -t ext4 -F -O '^has_journal' -L nfct-payload -d "$top" "$work/payload.img"
	rm -rf "$top"
}

prepare()
{
	local release status=0

	resume=$resumes
	release=$(user_space "$kernel")
	dir=$CACHE/install/$kernel
	disk=$work/disk.img
	"$HERE/image.sh" "$kernel"
	deb=$("$HERE/deb.sh" "$release") || die 'the package cannot be made'
	[ -n "$compile" ] || "$HERE/warm.sh" "$kernel" "$deb" >/dev/null || die 'the modules do not compile'
	make_payload "$(base_kver "$kernel")"
	[ ${#wanted[@]} -gt 0 ] || {
		"$HERE/deb.sh" --lintian "$release" >"$work/lintian" 2>&1 || status=$?
		report "lintian of $release has nothing to say" "$status" "$work/lintian"
	}
}

main()
{
	local run name last=''

	parse_options "$@"
	for kernel in "${kernels[@]}"; do
		select_scenarios
	done
	begin install
	[ "$(id -u)" = 0 ] || die 'this needs root, for a chroot in which packages are made'
	echo 'KTAP version 1'
	for run in "${runs[@]}"; do
		read -r kernel name <<<"$run"
		[ "$kernel" = "$last" ] || prepare
		last=$kernel
		run_scenario "$name"
	done
	echo "1..$number"
	summary
}

main "$@"
