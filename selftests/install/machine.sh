# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# The machine of the installation test; sourced. It has a disk of its own and boots the
# kernel and the initramfs that lie on it, as a boot loader would. The caller sets $work,
# a folder, and $console, where the guest's console goes.
#
#   machine_new DISK FROM          a disk with the contents of another
#   machine_kernel DISK [KVER]     takes kernel and initramfs from the disk, those of
#                                  the newest kernel, into $work; prints its release
#   machine_boot [OPTION]... DISK STEP
#                                  boots and runs the script steps/STEP of the disk
#                                  $work/payload.img; its output comes out, its exit
#                                  status is returned; 98: died, 124: time limit
#     --kver RELEASE               another kernel than the newest
#     --append ARGS                more kernel parameters
#     --efi VARS                   with EFI, whose variables are in this file
#     --timeout SECONDS            default 600; times the load per CPU

machine_new()
{
	cp --reflink=auto --sparse=always "$2" "$1.tmp"
	mv -f "$1.tmp" "$1"
}

# Names in /boot of the disk.
boot_files()
{
	debugfs -R 'ls -p /boot' "$1" 2>/dev/null | cut -d/ -f6
}

machine_kernel()
{
	local disk=$1 kver=${2:-} status=0

	# replays the journal
	e2fsck -p "$disk" >"$work/fsck" 2>&1 || status=$?
	[ "$status" -lt 4 ] || { sed 's/^/# /' "$work/fsck"; return 1; } >&2
	[ -n "$kver" ] || kver=$(boot_files "$disk" | sed -n 's/^vmlinuz-//p' | sort -V | tail -n 1)
	rm -f "$work/vmlinuz" "$work/initrd"
	debugfs -R "dump /boot/vmlinuz-$kver $work/vmlinuz" "$disk" 2>/dev/null
	debugfs -R "dump /boot/initrd.img-$kver $work/initrd" "$disk" 2>/dev/null
	[ -s "$work/vmlinuz" ] || { echo "# no kernel $kver on the disk" >&2; return 1; }
	# as a boot loader does
	[ -s "$work/initrd" ] || { echo "# kernel $kver has no initramfs" >&2; : >"$work/initrd"; }
	echo "$kver"
}

# Fills the array "qemu".
machine_command()
{
	local disk=$1 step=$2 append=$3 efi=$4 bus=device

	qemu=(qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot
		-cpu max -m "${MEM:-2048}" -smp "${SMP:-2}" -accel 'tcg,thread=multi'
		-kernel "$work/vmlinuz" -initrd "$work/initrd"
		-append "$(kernel_cmdline) loglevel=4 root=LABEL=nfct-install ro nfct.step=$step $append")
	if [ -n "$efi" ]; then
		bus=pci
		qemu+=(-machine q35 -drive "if=pflash,format=raw,unit=0,readonly=on,file=$EFI_CODE"
			-drive "if=pflash,format=raw,unit=1,file=$efi")
	else
		qemu+=(-machine 'microvm,acpi=on,rtc=on')
	fi
	qemu+=(-drive "if=none,id=disk,format=raw,cache=unsafe,file=$disk" -device "virtio-blk-$bus,drive=disk"
		-drive "if=none,id=payload,format=raw,readonly=on,file=$work/payload.img"
		-device "virtio-blk-$bus,drive=payload"
		-device "virtio-rng-$bus" -device "virtio-serial-$bus" -serial "file:$console"
		-chardev "file,id=out,path=$work/out" -device 'virtserialport,chardev=out,name=out'
		-chardev "file,id=status,path=$work/status" -device 'virtserialport,chardev=status,name=status')
}

# Runs QEMU with a limit, and prints what the guest writes.
machine_run()
{
	local timeout=$1 pid killer watcher reader status=0

	: >"$work/out"
	: >"$work/status"
	rm -f "$console"
	setpriv --pdeathsig KILL "${qemu[@]}" </dev/null >"$work/qemu.log" 2>&1 &
	pid=$!
	watch_timer "$pid" >/dev/null 2>&1 &
	watcher=$!
	setpriv --pdeathsig KILL sleep "$timeout" >/dev/null 2>&1 &
	killer=$!
	tail -q -n +1 -s 1 -f --pid="$pid" "$work/out" | sed -u 's/\r$//' &
	reader=$!
	wait -n "$pid" "$killer" || status=$?
	if ! kill -0 "$killer" 2>/dev/null; then
		kill -KILL "$pid" 2>/dev/null || true
		status=124
	fi
	kill "$killer" "$watcher" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	wait "$reader" || true
	return "$status"
}

machine_verdict()
{
	local code

	code=$(sed -n 's/^exit \([0-9]*\).*/\1/p' "$work/status" | tail -n 1)
	[ "$1" != 124 ] || { echo '# ended after its time limit; the end of its console:'; code=124; }
	[ -n "$code" ] || { echo '# the machine died; the end of its console:'; code=98; }
	case "$code" in 98|124) tr -d '\r' <"$console" | tail -n 40 | sed 's/^/#   /'; cat "$work/qemu.log" ;; esac
	return "$code"
}

machine_boot()
{
	local kver='' append='' efi='' timeout=600 disk step tries status
	local -a qemu

	while [[ $1 == --* ]]; do
		case "$1" in
		--kver) kver=$2 ;;
		--append) append=$2 ;;
		--efi) efi=$2 ;;
		--timeout) timeout=$2 ;;
		esac
		shift 2
	done
	disk=$1 step=$2
	kver=$(machine_kernel "$disk" "$kver") || return 98
	echo "# boots kernel $kver, runs $step${append:+, with $append}"
	machine_command "$disk" "$step" "$append" "$efi"
	for tries in 1 2 3; do
		status=0
		machine_run "$((timeout * $(slowness)))" || status=$?
		timer_lost || early_panic || break
		echo "# no timer in the guest, attempt $tries"
	done
	machine_verdict "$status"
}
