#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boots one guest (QEMU in software, no KVM), runs a script in it and returns
# the script's exit status. The script's output comes out here, its first line
# says which nf_conntrack was loaded.
#
# Usage: boot.sh [OPTION]... -- SCRIPT [ARG]...
#        boot.sh [OPTION]... --shell
#
#   --kernel KERNEL       6.1, 6.12 or 7: Debian's cloud kernel of that series, default that
#                         of this machine's Debian; or debug, debug-7: the debug kernel of
#                         6.1 or 7; or arm64: Debian 12's for such a machine ($KERNEL)
#   --kver RELEASE        another cloud kernel of the series
#   --modset stock|ours   the kernel's own modules (default) or this project's
#   --modules DIR         where our .ko files are (default: compile them)
#   --root NAME           user space: root (default) or peers-root, see image.sh
#   --mem MIB             memory, default 3072, debug kernel 1280 ($MEM)
#   --smp N               CPUs, default 2, arm64 4 ($SMP)
#   --timeout SECONDS     limit for the whole guest, default 300, debug kernel 1200
#                         ($TIMEOUT); times the load per CPU if this machine is busy with others
#   --icount              one CPU whose clock counts instructions
#   --append ARGS         more kernel parameters
#   --add PATH            copy a file or folder into the guest's /payload
#   --bin DIR             copy its files into /payload/bin, which is in PATH
#   --log FILE            kernel log goes to FILE (and FILE.console)
#   --no-teardown         do not unload and check after the script
#   --verbose             kernel messages to stderr as well
#
# In the guest: /payload/lib.sh, /payload/SCRIPT (current folder is /payload),
# NFCT_MODSET, NFCT_KERNEL, NFCT_SMP and NFCT_SLOW (how many times slower than on
# an idle machine things may go) in the environment; NFCT_SEED and NFCT_FUZZ_TIME are
# handed on.
#
# Exit status: the script's; 96 when the script ended well, but the kernel
# complained, was tainted, or the modules did not unload cleanly; 97 when the
# guest refused to start the script; 98 when the guest died; 124 on timeout.

set -euo pipefail

HERE=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/debian.sh
. "$HERE/../kernels/debian.sh"
# shellcheck source=selftests/vm/qemu.sh
. "$HERE/qemu.sh"

kernel=${KERNEL:-} kver='' modset=stock modules='' root=root mem=${MEM:-} smp=${SMP:-}
timeout=${TIMEOUT:-} icount='' append='' shell='' log='' teardown=yes verbose=''
adds=() bins=() script=() work='' qemu_pid='' killer='' watcher=''

die()
{
	echo "boot: $*" >&2
	exit 97
}

# Prints this file's head comment.
usage()
{
	sed -n '4,/^$/s/^# \{0,1\}//p' "$0"
}

parse_options()
{
	while [ $# -gt 0 ]; do
		case "$1" in
		--kernel) kernel=$2; shift ;;
		--kver) kver=$2; shift ;;
		--modset) modset=$2; shift ;;
		--modules) modules=$2; shift ;;
		--root) root=$2; shift ;;
		--mem) mem=$2; shift ;;
		--smp) smp=$2; shift ;;
		--timeout) timeout=$2; shift ;;
		--icount) icount=yes; smp=1 ;;
		--append) append=$2; shift ;;
		--add) adds+=("$2"); shift ;;
		--bin) bins+=("$2"); shift ;;
		--log) log=$2; shift ;;
		--no-teardown) teardown=no ;;
		--verbose) verbose=yes ;;
		--shell) shell=yes ;;
		--help) usage; exit 0 ;;
		--) shift; script=("$@"); break ;;
		*) die "unknown option $1, see --help" ;;
		esac
		shift
	done
	[ -n "$kernel" ] || kernel=$(native_series)
	archive_of "$(guest_series "$kernel")" >/dev/null || exit 97
	case "$modset" in stock|ours) ;; *) die "no such modset: $modset" ;; esac
	# The debug kernel is slow, in setting memory up as well.
	if is_debug "$kernel"; then
		# less memory, as the leak scan takes 9 s for each GiB
		: "${mem:=1280}" "${timeout:=1200}"
	fi
	# It is booted to see what CPUs do to each other.
	[ "$kernel" != arm64 ] || : "${smp:=4}"
	: "${mem:=3072}" "${timeout:=300}" "${smp:=2}"
	if [ -n "$shell" ]; then
		timeout=${TIMEOUT:-0}
		script=(shell)
		adds+=("$HERE/../tests")
		programs=$CACHE/prog-$(cksum <<<"$(cd "$HERE/.." && pwd)" | cut -d' ' -f1)
		[ "$kernel" != arm64 ] || programs+=-arm64
		[ ! -d "$programs" ] || bins+=("$programs")
	fi
	[ ${#script[@]} -gt 0 ] || die 'no script, see --help'
	[ -n "$shell" ] || [ -r "${script[0]}" ] || die "cannot read ${script[0]}"
}

cleanup()
{
	[ -z "$watcher" ] || kill "$watcher" 2>/dev/null || true
	[ -z "$killer" ] || kill "$killer" 2>/dev/null || true
	[ -z "$qemu_pid" ] || kill -KILL "$qemu_pid" 2>/dev/null || true
	[ -z "$work" ] || rm -rf "$work"
}

# Sets rootimage, kimage, ktree (holds lib/modules/$kver), kstamp (written last when
# the kernel was made) and kcache (what we derive from it).
find_kernel()
{
	local release dir=$CACHE/$kernel

	release=$(user_space "$(guest_series "$kernel")")
	if is_debug "$kernel"; then
		kimage=$dir/bzImage
		ktree=$dir/modules
		kcache=$dir/guest
		kstamp=$dir/stamp
		[ -e "$kstamp" ] || die 'no debug kernel yet; run selftests/kernels/debug.sh'
		kver=$(basename "$(echo "$ktree"/lib/modules/*)")
	else
		[ -n "$kver" ] || kver=$("$HERE/image.sh" kver "$kernel")
		"$HERE/image.sh" cloud "$kver"
		ktree=$CACHE/cloud/$kver
		kimage=$ktree/vmlinuz
		kcache=$ktree/guest
		kstamp=$ktree/stamp
	fi
	"$HERE/image.sh" "$root" "$release"
	rootimage=$CACHE/$root-$release/root.img
	mkdir -p "$kcache"
}

# Makes "$1" anew with the command that follows, unless it is newer than $2.
# The command gets the name of the file to write as its last argument.
derive()
{
	local out=$1 source=$2
	shift 2

	(
		flock 9
		[ "$out" -nt "$source" ] && exit 0
		"$@" "$out.tmp"
		mv -f "$out.tmp" "$out"
	) 9>"$out.lock"
}

# The module tree as an ext4 image, without debug information.
make_modules_image()
{
	local out=$1 tree=$work/modtree kib

	mkdir -p "$tree"
	cp -a "$ktree/lib/modules/$kver" "$tree/"
	rm -f "$tree/$kver/build" "$tree/$kver/source"
	! is_debug "$kernel" || find "$tree" -name '*.ko' -exec strip --strip-debug {} +
	kib=$(du -s --apparent-size -k "$tree" | cut -f1)
	rm -f "$out"
	truncate -s "$((kib * 13 / 10 + 16384))K" "$out"
	mke2fs -q -t ext4 -F -m 0 -N $(($(find "$tree" | wc -l) + 512)) \
		-O '^has_journal,^metadata_csum,^64bit' -d "$tree" "$out"
	rm -rf "$tree"
}

# Modules that early-init needs, in load order; none when built in.
make_initrd()
{
	local out=$1 root=$work/initrd file busybox

	mkdir -p "$root/bin" "$root/modules"
	if [ "$kernel" = arm64 ]; then
		busybox=$("$HERE/../kernels/sysroot.sh")/bin/busybox
	else
		busybox=$(command -v busybox)
	fi
	cp "$busybox" "$root/bin/busybox"
	cp "$HERE/early-init" "$root/init"
	for file in virtio_mmio virtio_blk virtio_console overlay ext4; do
		modprobe -d "$ktree" -S "$kver" --show-depends "$file"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' |
	while read -r file; do
		cp "$file" "$root/modules/"
		echo "/modules/${file##*/}"
	done >"$root/modules.list"
	(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$out"
	rm -rf "$root"
}

module_build_id()
{
	readelf -n "$1" 2>/dev/null | sed -n 's/^ *Build ID: //p'
}

# Puts our modules and a fresh depmod result into the payload, and the build-id
# that the guest must find loaded into $build_id.
add_modules()
{
	local tree=$work/modtree dst=$1/modules file

	if [ "$modset" = stock ]; then
		file=$(find "$ktree/lib/modules/$kver/kernel" -name nf_conntrack.ko)
		build_id=$(module_build_id "$file")
		return
	fi
	[ -n "$modules" ] || modules=$("$HERE/modules.sh" "$kernel" "$kver")
	mkdir -p "$tree/lib/modules" "$dst/updates"
	cp -as "$ktree/lib/modules/$kver" "$tree/lib/modules/"
	mkdir -p "$tree/lib/modules/$kver/updates"
	find "$modules" -maxdepth 1 -name '*.ko' -exec cp -t "$dst/updates" {} +
	[ -e "$dst/updates/nf_conntrack.ko" ] || die "no nf_conntrack.ko in $modules"
	"$(cross "$kernel")strip" --strip-debug "$dst"/updates/*.ko
	cp "$dst"/updates/*.ko "$tree/lib/modules/$kver/updates/"
	rm -f "$tree/lib/modules/$kver"/modules.{dep,alias,symbols,softdep,devname}*
	depmod -b "$tree" "$kver"
	find "$tree/lib/modules/$kver" -maxdepth 1 -type f -exec cp -t "$dst" {} +
	build_id=$(module_build_id "$dst/updates/nf_conntrack.ko")
	rm -rf "$tree"
}

# Collects what the guest needs beside its system into one tar file.
make_payload()
{
	local dir=$work/payload item build_id=''

	mkdir -p "$dir/bin"
	cp "$HERE/guest-init" "$HERE/teardown.sh" "$HERE/slab.sh" "$HERE"/../{ktap,lib}.sh "$dir/"
	for item in "${bins[@]}"; do
		find "$item" -maxdepth 1 -type f -perm /111 -exec cp -t "$dir/bin" {} +
	done
	for item in "${adds[@]}"; do
		cp -a "$item" "$dir/"
	done
	add_modules "$dir"
	[ -n "$build_id" ] || die 'nf_conntrack.ko has no build-id'
	if [ -z "$shell" ]; then
		cp "${script[0]}" "$dir/"
		chmod +x "$dir/$(basename "${script[0]}")"
		script[0]=/payload/$(basename "${script[0]}")
	fi
	cat >"$dir/run.env" <<-EOT
		export NFCT_MODSET=$modset NFCT_KERNEL=${kernel%-*} NFCT_SMP=$smp NFCT_ICOUNT=$icount NFCT_SLOW=$slow
		export NFCT_SEED=${NFCT_SEED:-} NFCT_FUZZ_TIME=${NFCT_FUZZ_TIME:-}
		NFCT_TEARDOWN=$teardown
		NFCT_BUILD_ID=$build_id
		NFCT_KVER=$kver
		NFCT_SCRIPT=$(printf '%q' "${script[0]}")
		NFCT_ARGS=($(printf '%q ' "${script[@]:1}"))
	EOT
	tar -C "$dir" -cf "$work/payload.tar" .
	rm -rf "$dir"
}

disk()
{
	printf '%s\n' -drive "if=none,id=$1,format=raw,readonly=on,file=$2" \
		-device "virtio-blk-device,drive=$1,serial=$1"
}

# The machine, into the array "qemu", and "cmdline" for its kernel.
pc_machine()
{
	local khz='' cpu=max

	# With icount an instruction is a nanosecond.
	[ -z "$icount" ] || khz=1000000
	cmdline=$(kernel_cmdline ${khz:+"$khz"})
	# With ERMS the kernel clears memory by an instruction that QEMU counts once per
	# byte: a page would cost as much as a packet.
	[ -z "$icount" ] || cpu+=,-erms,-fsrm
	qemu=(qemu-system-x86_64 -machine 'microvm,acpi=on,rtc=on' -cpu "$cpu")
}

# QEMU executes what follows from the order of this machine's CPU, not more: see
# selftests/README.
arm64_machine()
{
	cmdline=$(kernel_cmdline_arm64)
	# signing of pointers as it is specified takes most of the time
	qemu=(qemu-system-aarch64 -machine 'virt,gic-version=3' -cpu 'max,pauth-impdef=on,sve=off')
}

# Fills the array "qemu" with the command line.
qemu_command()
{
	local cmdline

	if [ "$kernel" = arm64 ]; then
		arm64_machine
	else
		pc_machine
	fi
	cmdline+=' loglevel=5'
	# Caches keep their own names so that a leak can be told; a busy host must
	# not look like a lockup. KASAN finds what clearing memory would hide.
	! is_debug "$kernel" || cmdline+=' init_on_alloc=0'
	cmdline+=' slab_nomerge watchdog_thresh=30 rcupdate.rcu_cpu_stall_timeout=120 net.ifnames=0'
	qemu+=(-nodefaults -no-user-config -display none -no-reboot -m "$mem" -smp "$smp"
		-kernel "$kimage" -initrd "$kcache/initrd.cpio"
		-append "$cmdline $append")
	if [ -n "$icount" ]; then
		qemu+=(-accel 'tcg,thread=single' -icount 'shift=0,sleep=off')
	else
		qemu+=(-accel 'tcg,thread=multi')
	fi
	mapfile -t -O ${#qemu[@]} qemu < <(
		disk root "$rootimage"
		disk modules "$kcache/modules.img"
		disk payload "$work/payload.tar"
	)
	qemu+=(-serial "file:$console" -device virtio-serial-device)
	if [ -n "$shell" ]; then
		qemu+=(-chardev 'stdio,id=out,signal=off' -device 'virtconsole,chardev=out,name=shell')
	else
		qemu+=(-chardev "file,id=out,path=$work/out" -device 'virtserialport,chardev=out,name=out'
			-chardev "file,id=status,path=$work/status" -device 'virtserialport,chardev=status,name=status'
			-chardev "file,id=dmesg,path=$log" -device 'virtserialport,chardev=dmesg,name=dmesg')
		# which lines of our modules have run: a file of each guest, for cover/run.sh
		[ -z "${NFCT_COVER:-}" ] ||
			qemu+=(-chardev "file,id=lines,path=$NFCT_COVER/${work##*.}.tgz"
				-device 'virtserialport,chardev=lines,name=lines')
	fi
}

# Waits for qemu with a hard limit; returns 124 when it had to be ended.
run_qemu()
{
	local reader tail_pid='' status=0

	if [ -n "$verbose" ]; then
		: >"$console"
		tail -f "$console" >&2 &
		tail_pid=$!
	fi
	if [ -n "$shell" ]; then
		"${qemu[@]}" || status=$?
		return "$status"
	fi
	# A fifo, because a character device of qemu's can be neither a socket nor
	# an input at its end.
	[ -p "$work/out" ] || mkfifo "$work/out"
	cat "$work/out" &
	reader=$!
	# These end with this script, however it ends, and do not keep its output open:
	# a pipe behind it would wait for them.
	setpriv --pdeathsig KILL "${qemu[@]}" </dev/null &
	qemu_pid=$!
	watch_timer "$qemu_pid" >/dev/null 2>&1 &
	watcher=$!
	setpriv --pdeathsig KILL sleep "$timeout" >/dev/null 2>&1 &
	killer=$!
	wait -n "$qemu_pid" "$killer" || status=$?
	if kill -0 "$qemu_pid" 2>/dev/null && ! kill -0 "$killer" 2>/dev/null; then
		kill -KILL "$qemu_pid" 2>/dev/null || true
		status=124
	fi
	kill "$killer" "$watcher" 2>/dev/null || true
	killer='' watcher=''
	[ -z "$tail_pid" ] || kill "$tail_pid" 2>/dev/null || true
	wait "$qemu_pid" 2>/dev/null || true
	qemu_pid=''
	# qemu may have failed before it opened the fifo.
	: 1<>"$work/out"
	wait "$reader" || true
	return "$status"
}

# Turns what came over the status line into messages and the exit status.
verdict()
{
	local qemu_status=$1 line code='' problems=0

	while IFS= read -r line; do
		line=${line%$'\r'}
		case "$line" in
		problem\ *)
			echo "# guest: ${line#problem }"
			problems=$((problems + 1)) ;;
		exit\ *) code=${line#exit } ;;
		esac
	done <"$work/status"

	if [ "$qemu_status" = 124 ]; then
		echo "# guest: ended after the limit of $timeout s"
		code=124
	elif [ -z "$code" ]; then
		echo '# guest: died without a verdict; the end of its console:'
		tr -d '\r' <"$console" | tail -n 60 | sed 's/^/#   /'
		code=98
	elif [ "$code" = 0 ] && [ "$problems" -gt 0 ]; then
		code=96
	fi
	return "$code"
}

main()
{
	local rootimage kimage ktree kcache kstamp console slow tries status
	local -a qemu

	parse_options "$@"
	slow=$(slowness)
	timeout=$((timeout * slow))
	trap cleanup EXIT
	trap "exit 143" TERM INT HUP
	mkdir -p "$CACHE/tmp" "$CACHE/logs"
	work=$(mktemp -d "$CACHE/tmp/guest.XXXXXX")
	[ -n "$log" ] || log=$work/dmesg
	console=$log.console
	: >"$work/status"
	find_kernel
	derive "$kcache/modules.img" "$kstamp" make_modules_image
	derive "$kcache/initrd.cpio" "$HERE/early-init" make_initrd
	make_payload
	qemu_command
	for tries in 1 2 3; do
		status=0
		rm -f "$console"
		run_qemu || status=$?
		timer_lost || early_panic || break
		echo "boot: the guest's kernel did not start, attempt $tries" >&2
	done
	[ -z "$shell" ] || exit 0
	verdict "$status"
}

main "$@"
