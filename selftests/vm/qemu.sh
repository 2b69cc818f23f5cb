# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What every guest in QEMU without KVM needs, so that it lives on a slow and busy
# machine; sourced. $CACHE is the cache, $console the file of the guest's console, $HERE
# a folder beside vm/ or vm/ itself.
#
#   slowness               how many times slower than planned the guest may run
#   kernel_cmdline [KHZ]   parameters for the guest's kernel: its console and its clock
#   kernel_cmdline_arm64   the same for such a machine, whose clock needs none
#   timer_lost             whether the guest has stopped for want of a timer
#   early_panic            whether it has died before it loaded a module
#   watch_timer PID        ends QEMU if that happens in the guest's first minute

# Load average per CPU of this machine, rounded, 1 to 8: so much slower than
# planned the guest may run.
slowness()
{
	awk -v cpus="$(nproc)" '{
		n = int($1 / cpus + 0.5)
		print (n < 1 ? 1 : n > 8 ? 8 : n)
	}' /proc/loadavg
}

# The rate of this machine's time stamp counter, measured once.
tsc_khz()
{
	local tool=$CACHE/tsckhz

	if [ ! -s "$tool.value" ]; then
		mkdir -p "$CACHE"
		gcc -O2 -o "$tool.$$" "$HERE/../vm/tsckhz.c"
		"$tool.$$" >"$tool.value.$$"
		mv "$tool.value.$$" "$tool.value"
		rm -f "$tool.$$"
	fi
	cat "$tool.value"
}

# The guest's own calibration of its clock fails when the host is busy, and this
# machine has no other clock.
kernel_cmdline()
{
	echo "console=ttyS0 panic=-1 mitigations=off nokaslr tsc=reliable no_timer_check" \
		"tsc_early_khz=${1:-$(tsc_khz)} reboot=t"
}

kernel_cmdline_arm64()
{
	echo "console=ttyAMA0 panic=-1 mitigations=off nokaslr"
}

# On a busy host the guest's kernel may fail to calibrate its timer and stops there.
timer_lost()
{
	grep -q 'disabling apic timer' "$console" 2>/dev/null
}

# In QEMU a kernel may trip over its own patching of its code while it starts (7.x: int3
# in a timer interrupt), before it has loaded any module.
early_panic()
{
	grep -q 'Kernel panic' "$console" 2>/dev/null &&
		! grep -q 'Modules linked in: *[a-z]' "$console"
}

# Ends the guest if that happens in its first minute.
watch_timer()
{
	local tries

	for ((tries = 0; tries < 20; tries++)); do
		sleep 3
		! timer_lost || { kill -KILL "$1"; return; }
	done
}
