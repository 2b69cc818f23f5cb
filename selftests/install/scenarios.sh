# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154
#
# What the installation test does, one function per scenario: which step runs at which
# boot. A step is a script in steps/. Sourced by run.sh, whose boot() runs one on the
# disk of the scenario; a scenario ends at the first boot
# that does not come to its end.

SCENARIOS='installed remove initramfs upgrade noheaders failing foreign signed readonly makeinstall badinput'
# Those that begin with a system that has never had our modules; the others begin
# with what "installed" has left.
FROM_BASE='makeinstall badinput'

# The package, by apt; a reboot; ours.
scenario_installed()
{
	machine_new "$disk" "$dir/root.img"
	boot --timeout 1800 deb-install && boot deb-loaded
}

scenario_remove()
{
	boot deb-purge && boot stock
}

# The same with nf_conntrack in the initramfs, which loads it before the disk is there.
scenario_initramfs()
{
	boot initramfs-install && boot initramfs-loaded && boot stock
}

# Another ABI of the same series, with its headers.
scenario_upgrade()
{
	[ -n "$(newer_kver "$kernel")" ] || { echo "# only one kernel $kernel"; return; }
	boot --timeout 1800 kernel-upgrade && boot kernel-upgraded
}

# The same; headers come later, and nf_conntrack is in the initramfs.
scenario_noheaders()
{
	[ -n "$(newer_kver "$kernel")" ] || { echo "# only one kernel $kernel"; return; }
	boot kernel-noheaders && boot --timeout 1800 kernel-headers && boot kernel-early
}

# The same; our sources do not compile for it.
scenario_failing()
{
	[ -n "$(newer_kver "$kernel")" ] || { echo "# only one kernel $kernel"; return; }
	boot --timeout 1200 kernel-failing && boot kernel-failed
}

# A kernel that our modules are not for.
scenario_foreign()
{
	[ -n "$(foreign_kver "$kernel")" ] || { echo '# Debian 12 has none'; return; }
	boot kernel-foreign && boot stock
}

# A kernel that takes signed modules only, before and after it knows DKMS' key. Secure
# Boot is off, but there is EFI, whose variable db has keys for the kernel.
scenario_signed()
{
	find_efi
	cp "$EFI_VARS" "$work/vars"
	boot --efi "$work/vars" --append module.sig_enforce=1 signed-refused &&
		boot --efi "$work/vars" --append module.sig_enforce=1 signed-accepted
}

# /lib/modules cannot be written.
scenario_readonly()
{
	boot readonly && boot stock
}

scenario_makeinstall()
{
	boot --timeout 1800 make-install && boot make-loaded && boot stock
}

scenario_badinput()
{
	boot badinput && boot stock
}

# Firmware: that of this machine's package ovmf, or the package unpacked in the cache.
find_efi()
{
	local top=$CACHE/install/ovmf

	[ -e "$top/usr/share/OVMF" ] || fetch "$(native_series)" "$top" ovmf >/dev/null
	EFI_CODE=$top/usr/share/OVMF/OVMF_CODE_4M.fd
	EFI_VARS=$top/usr/share/OVMF/OVMF_VARS_4M.fd
}
