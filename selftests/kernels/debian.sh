# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Debian's kernels and archives; sourced by the scripts that fetch from them. A
# series is a kernel that Debian offers: 6.1, 6.12 or 7, which is the newest 7.x of
# trixie-backports; or arm64, which is Debian 12's 6.1 for such machines.
#
#   offered_series         those that this machine can have, 6.1 only on Debian 12
#   host_release           Debian release of this machine: bookworm or trixie
#   native_series          the series of that release, the default
#   series_of KVER         of a kernel release such as 6.12.117+deb12-cloud-amd64
#   debug_flavour SERIES   the name of its debug kernel: debug, debug-7
#   is_debug KERNEL, guest_series KERNEL     of a guest's kernel: a series, or such a name
#   user_space SERIES      the Debian release whose programs run on it, with "-arm64"
#                          behind it for such machines
#   cross KERNEL           the prefix of the tools that compile for it, "" for the host's
#   archive_of SERIES      the Debian release whose archives have it for this machine;
#                          it is compiled there, so it is this machine's if possible
#   archives RELEASE       those archives, for a sources.list: this machine's mirrors
#   newest_kver SERIES     the newest cloud kernel in these archives
#   fetch SERIES FOLDER PACKAGE...   downloads packages, unpacks them into FOLDER
#
# This machine's own apt is asked only for its own series; for others lists are kept
# in the cache, and nothing is installed.

CACHE=${NFCT_CACHE:-$HOME/.cache/nfct}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

complain()
{
	echo "${0##*/}: $*" >&2
	return 1
}

host_release()
{
	# shellcheck source=/dev/null
	(. /etc/os-release && echo "$VERSION_CODENAME")
}

native_series()
{
	case "$(host_release)" in
	bookworm) echo 6.1 ;;
	trixie) echo 6.12 ;;
	*) complain 'this machine is neither Debian 12 nor Debian 13' ;;
	esac
}

series_of()
{
	case "$1" in
	6.1.*-arm64) echo arm64 ;;
	6.1.*) echo 6.1 ;;
	6.12.*) echo 6.12 ;;
	7.*) echo 7 ;;
	*) complain "no kernel of Debian 12, Debian 13 or its backports: $1" ;;
	esac
}

user_space()
{
	case "$1" in
	6.1) echo bookworm ;;
	arm64) echo bookworm-arm64 ;;
	*) echo trixie ;;
	esac
}

cross()
{
	[ "$1" != arm64 ] || echo aarch64-linux-gnu-
}

archive_of()
{
	local host

	host=$(host_release)
	case "$1 $host" in
	'6.1 bookworm'|'6.12 bookworm'|'arm64 bookworm') echo bookworm ;;
	'6.1 '*|'arm64 '*) complain 'kernel 6.1 is for Debian 12; Debian 13 has no packages of it' ;;
	'6.12 '*|'7 '*) echo trixie ;;
	*) complain "no such kernel: $1; there are 6.1, 6.12, 7 and arm64" ;;
	esac
}

is_debug()
{
	[[ $1 = debug* ]]
}

# guest_series KERNEL: its series when KERNEL is a debug kernel, too
guest_series()
{
	case "$1" in
	debug|debug-races) echo 6.1 ;;
	debug-7) echo 7 ;;
	debug*) complain "no such kernel: $1; there are debug, debug-races and debug-7" ;;
	*) echo "$1" ;;
	esac
}

debug_flavour()
{
	case "$1" in
	6.1) echo debug ;;
	7|races) echo "debug-$1" ;;
	*) complain "no debug kernel of $1; there are 6.1, races (6.1 with KCSAN) and 7" ;;
	esac
}

offered_series()
{
	local series

	for series in 6.1 6.12 7; do
		archive_of "$series" >/dev/null 2>&1 && echo "$series"
	done
	return 0
}

archives()
{
	local release=$1 host uri suite component signed name

	host=$(host_release)
	# shellcheck disable=SC2016  # apt expands these
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(SIGNED_BY)' \
		'Created-By: Packages' | sort -u |
	while read -r uri suite component signed; do
		case "$suite" in
		"$host"|"$host-updates"|"$host-security"|"$host/updates") ;;
		*) continue ;;
		esac
		name=${suite/#$host/$release}
		if [ "$release" != "$host" ] && [ -e "$KEYRING" ]; then
			signed=$KEYRING
		fi
		case "$signed" in
		/*) signed="[signed-by=$signed] " ;;
		*) signed='' ;;
		esac
		echo "deb $signed$uri $name $component"
		[ "$suite" != "$host" ] || [ "$release" != trixie ] ||
			echo "deb $signed$uri $release-backports $component"
	done
}

# What foreign_apt is to be called with for a series
lists_of()
{
	if [ "$1" = arm64 ]; then
		user_space "$1"
	else
		archive_of "$1"
	fi
}

# foreign_apt RELEASE[-arm64] apt-get|apt-cache ARG...: with the archives of a release,
# whose lists are at most a day old.
foreign_apt()
{
	local release=${1%-arm64} tool=$2 dir=$CACHE/apt/$1 arch=${1##*-}
	shift 2
	local -a options=(-o "Dir::Etc::SourceList=$dir/sources.list" -o Dir::Etc::SourceParts=-
		-o "Dir::State::Lists=$dir/lists" -o "Dir::State::Status=$dir/status" -o "Dir::Cache=$dir/cache"
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o APT::Get::List-Cleanup=no)

	# and this machine's, for what runs while something is compiled
	[ "$arch" != arm64 ] || options+=(-o APT::Architecture=arm64
		-o APT::Architectures::=arm64 -o "APT::Architectures::=$(dpkg --print-architecture)")
	mkdir -p "$dir"/lists/partial "$dir"/cache/archives/partial
	: >>"$dir/status"
	if [ -z "$(find "$dir/updated" -mtime -1 2>/dev/null)" ]; then
		archives "$release" >"$dir/sources.list"
		[ -s "$dir/sources.list" ] || complain 'apt knows no Debian archive; run apt-get update' || return
		if apt-get "${options[@]}" -q update >"$dir/log" 2>&1; then
			touch "$dir/updated"
		else
			complain "apt-get update of $release failed, log: $dir/log" || true
		fi
	fi
	"$tool" "${options[@]}" "$@"
}

newest_kver()
{
	local lists kver pattern="${1/./\\.}\.[0-9.]*+.*-cloud-amd64"

	[ "$1" != arm64 ] || pattern='6\.1\.0-[0-9]*-cloud-arm64'
	lists=$(lists_of "$1") || return
	kver=$(foreign_apt "$lists" apt-cache pkgnames linux-headers- |
		sed -n "s/^linux-headers-\($pattern\)\$/\1/p" | sort -V | tail -n 1)
	[ -n "$kver" ] || complain "the archives of $lists have no cloud kernel $1" || return
	echo "$kver"
}

fetch()
{
	local series=$1 folder=$2 lists debs deb
	shift 2

	lists=$(lists_of "$series") || return
	debs=$(mktemp -d "$folder.debs.XXXXXX")
	# apt's sandbox user may not be allowed to write below a home folder.
	if [ "$series" = "$(native_series)" ]; then
		(cd "$debs" && apt-get -o APT::Sandbox::User=root download "$@")
	else
		(cd "$debs" && foreign_apt "$lists" apt-get download "$@")
	fi || { rm -rf "$debs"; return 1; }
	for deb in "$debs"/*.deb; do
		dpkg-deb -x "$deb" "$folder" || return
	done
	rm -rf "$debs"
}
