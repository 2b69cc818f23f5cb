# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# What the steps share; each begins with it. They run as root in the installed machine,
# one per boot. ktap.sh has the functions that report.
#
#   KVER, BASE, NEWER, FOREIGN   this kernel; the first one, the upgrade, one of others
#   apt_does ARG...      apt-get without questions; what it printed is in $LOG
#   use_ccache           the compiler's results from the host, if they are there
#   takes KVER           path of the nf_conntrack that modprobe takes for a kernel
#   in_initramfs KVER    path of the one in the kernel's initramfs, or nothing
#   says NAME TEXT...    subtest: each text (grep -E) is in $LOG
#   is_ours, is_stock    subtests: which modules are loaded, and that they work
#   will_be_ours KVER, will_be_stock KVER    subtests: which ones modprobe takes
#   dkms_state KVER      what DKMS says of ours, such as "installed"
#   clean NAME           subtest: nothing of ours is left on the disk

# shellcheck source=/dev/null
. /payload/env
# shellcheck source=selftests/ktap.sh
. /payload/ktap.sh

KVER=$(uname -r)
LOG=/tmp/step.log
SOURCE=/usr/src/reliable-conntrack-$VERSION

# An initramfs is made often here, and one for any machine takes minutes: only what
# this one needs, with little compression.
quick_initramfs()
{
	[ ! -e /etc/initramfs-tools/conf.d/quick ] || return 0
	printf '%s\n' MODULES=list COMPRESSLEVEL=1 >/etc/initramfs-tools/conf.d/quick
	printf '%s\n' virtio_mmio virtio_pci virtio_blk ext4 >>/etc/initramfs-tools/modules
}
quick_initramfs

# Runs a command with its output in $LOG, and a line each minute so that one sees it live.
logged()
{
	local pid status=0 seconds=0

	"$@" >"$LOG" 2>&1 </dev/null &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		seconds=$((seconds + 1))
		((seconds % 60)) || note "$seconds s: $(tail -qn 1 "$LOG" /var/lib/dkms/*/*/build/make.log 2>/dev/null |
			tail -n 1 | tr -d '\r' | cut -c1-80)"
	done
	wait "$pid" || status=$?
	return "$status"
}

# What warm.sh has compiled; without it the compiler runs here.
use_ccache()
{
	local name

	[ -d /payload/ccache ] || return 0
	cp -a /payload/ccache /var/cache/
	for name in /usr/lib/ccache/*gcc*; do
		cp --remove-destination /payload/cached-gcc "/usr/local/bin/${name##*/}"
	done
}

apt_does()
{
	# DPkg::Path: else /usr/local/bin, where the compiler's results are, is not in PATH
	logged apt-get -y --no-install-recommends -o Dpkg::Use-Pty=0 -o "DPkg::Path=$PATH" "$@"
}

# The result of a command whose output is in $LOG, which is shown if it is wrong.
expect_status()
{
	local name=$1 want=$2 status=0
	shift 2

	"$@" || status=$?
	is "$name" "$([ "$status" = 0 ] && echo 0 || echo failed)" "$want" || note "$(tail -n 25 "$LOG")"
}

says()
{
	local name=$1 text
	shift

	for text; do
		if ! grep -qE -- "$text" "$LOG"; then
			not_ok "$name" "no '$text' in:"
			note "$(tail -n 25 "$LOG")"
			return 1
		fi
	done
	ok "$name"
}

takes()
{
	modprobe -S "$1" --show-depends "${2:-nf_conntrack}" 2>/dev/null | awk '/^insmod/ { file = $2 } END { print file }'
}

in_initramfs()
{
	lsinitramfs "/boot/initrd.img-$1" | sed -n 's|^/*\(.*/nf_conntrack\.ko.*\)$|\1|p'
}

will_be_ours()
{
	local module

	for module in nf_conntrack nf_conntrack_netlink; do
		case "$(takes "$1" "$module")" in
		*/updates/*) ok "modprobe takes our $module for $1" ;;
		*) not_ok "modprobe takes our $module for $1" "$(takes "$1" "$module")" ;;
		esac
	done
}

will_be_stock()
{
	local module

	for module in nf_conntrack nf_conntrack_netlink; do
		case "$(takes "$1" "$module")" in
		*/kernel/*) ok "modprobe takes the kernel's own $module for $1" ;;
		*) not_ok "modprobe takes the kernel's own $module for $1" "$(takes "$1" "$module")" ;;
		esac
	done
}

# A connection over the loopback device, in a namespace of its own; NAT as well.
track()
{
	unshare -n sh -eu -c '
		ip link set lo up
		iptables -t nat -A OUTPUT -d 127.0.0.9 -j DNAT --to-destination 127.0.0.1
		ping -c 1 -W 20 127.0.0.9
		conntrack -L -p icmp'
}

# These modules are loaded by what needs them, as in any machine.
works()
{
	check 'a connection is tracked and translated' track
	cp "$LIB_TMP/lib.out" "$LIB_TMP/dump"
	check 'conntrack -L shows it with both addresses' \
		grep -E '^icmp .*dst=127.0.0.9 .*src=127.0.0.1' "$LIB_TMP/dump"
}

is_ours()
{
	local module

	works
	for module in nf_conntrack nf_conntrack_netlink; do
		is "our $module is loaded" "$(cat "/sys/module/$module/version" 2>&1)" "$VERSION"
		is "$module is that of the file" "$(cat "/sys/module/$module/srcversion" 2>&1)" \
			"$(modinfo -F srcversion "$module" 2>&1)"
	done
}

is_stock()
{
	works
	is "the kernel's own nf_conntrack is loaded" "$(cat /sys/module/nf_conntrack/version 2>/dev/null || echo stock)" stock
	is "the kernel's own nf_conntrack_netlink is loaded" \
		"$(cat /sys/module/nf_conntrack_netlink/version 2>/dev/null || echo stock)" stock
}

clean()
{
	is "$1" "$(find /lib/modules/*/updates /lib/modules/*/extra /var/lib/dkms/reliable-conntrack* \
		/usr/src/reliable-conntrack* /etc/kernel -iname '*conntrack*' 2>/dev/null)" ''
}

# What DKMS says of our modules for kernel $1.
dkms_state()
{
	dkms status -m reliable-conntrack -v "$VERSION" -k "$1" | sed -n 's/^.*: \([a-z]*\).*/\1/p'
}

# The packages of a kernel, or those of them that fit the pattern $2.
debs()
{
	find "/payload/debs/$1" -name "${2:-*}.deb"
}
