# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034
#
# What run.sh, torture/run.sh, peers/run.sh and install/run.sh share; sourced by them. The caller sets the defaults of
# its options, defines own_option(), fills "runs" with lines that begin with "MODSET
# TEST" and adds to the three counters.
#
#   die TEXT             ends the run
#   usage                prints the caller's head comment
#   parse_options ARG..  --kernel, --modset, --jobs, --list, --help; others are for
#                        own_option OPTION, which fails if there is no such option;
#                        what is no option is the name of a test, in "wanted". The
#                        kernels are in "kernels", the first one in "kernel"
#   list_runs            what would run
#   begin NAME           --list ends here; else makes "work", a folder that goes at
#                        the end of the run
#   make_images ROOT     kernel and root image of a guest with "kernel"
#   build_programs       prog/ of this source tree, into the folder PROG
#   compile_modules      ours, for "kernel", into the folder "modules"
#   next_slot            returns when fewer than "jobs" are in the background
#   nest FILE            reads a guest's output, writes it nested, and its counts to a file
#   summary              last line; fails if something has failed

VM=$(cd "$(dirname "${BASH_SOURCE[0]}")/vm" && pwd)
SELFTESTS=${VM%/vm}
# shellcheck source=selftests/kernels/debian.sh
. "$VM/../kernels/debian.sh"

# programs of this source tree: those of another one are others
PROG=$CACHE/prog-$(cksum <<<"$SELFTESTS" | cut -d' ' -f1)

kernel=${KERNEL:-} modset='' jobs=1 list='' modules='' work=''
kernels=() wanted=() runs=()
passed=0 failed=0 skipped=0

die()
{
	echo "Bail out! $*"
	exit 1
}

usage()
{
	sed -n '4,/^$/s/^# \{0,1\}//p' "$0"
}

parse_options()
{
	while [ $# -gt 0 ]; do
		case "$1" in
		--kernel) kernel=$2; shift ;;
		--modset) modset=$2; shift ;;
		--jobs) jobs=$2; shift ;;
		--list) list=yes ;;
		--help) usage; exit 0 ;;
		-*) own_option "$1" || die "unknown option $1, see --help" ;;
		*) wanted+=("$1") ;;
		esac
		shift
	done
	select_kernels
	case "$modset" in stock|ours|both) ;; *) die "no such modset: $modset" ;; esac
	[[ $jobs =~ ^[1-9][0-9]*$ ]] || die "no such number of jobs: $jobs"
}

select_kernels()
{
	[ -n "$kernel" ] || kernel=$(native_series)
	if [ "$kernel" = all ]; then
		mapfile -t kernels < <(offered_series)
	else
		kernels=("$kernel")
	fi
	for kernel in "${kernels[@]}"; do
		archive_of "$(guest_series "$kernel")" >/dev/null || die "not for kernel $kernel"
	done
	kernel=${kernels[0]}
	[ -z "$(cross "$kernel")" ] || PROG+=-$kernel
}

list_runs()
{
	[ ${#runs[@]} = 0 ] || printf '%s\n' "${runs[@]}"
}

# Ends process $1 and all that descend from it. Each is stopped before its children
# are looked for, so that it cannot start another one meanwhile.
end_tree()
{
	local pid

	kill -STOP "$1" || return 0
	for pid in $(pgrep -P "$1"); do
		end_tree "$pid"
	done
	kill -TERM "$1"
	kill -CONT "$1"
} 2>/dev/null

cleanup()
{
	local job

	for job in $(jobs -p); do
		end_tree "$job" || true
	done
	[ -z "$work" ] || rm -rf "$work"
}

begin()
{
	[ ${#runs[@]} -gt 0 ] || die 'no test fits'
	if [ -n "$list" ]; then
		list_runs
		exit 0
	fi
	trap cleanup EXIT
	trap 'exit 130' INT TERM
	mkdir -p "$CACHE/tmp" "$CACHE/logs"
	work=$(mktemp -d "$CACHE/tmp/$1.XXXXXX")
}

make_images()
{
	"$VM/image.sh" "$1" "$(user_space "$(guest_series "$kernel")")"
	is_debug "$kernel" || "$VM/image.sh" cloud "$("$VM/image.sh" kver "$kernel")"
}

# Compiles prog/*.c into the cache; puts prog/*.py beside.
build_programs()
{
	local source out header newest='' sysroot
	local -a cc=(cc)

	if [ -n "$(cross "$kernel")" ]; then
		sysroot=$("$SELFTESTS/kernels/sysroot.sh") || die 'no libraries to compile with'
		cc=("$(cross "$kernel")gcc" "--sysroot=$sysroot")
	fi
	mkdir -p "$PROG"
	for header in "$SELFTESTS"/prog/*.h; do
		[ -e "$header" ] && { [ -z "$newest" ] || [ "$header" -nt "$newest" ]; } && newest=$header
	done
	for source in "$SELFTESTS"/prog/*.c; do
		[ -e "$source" ] || continue
		[[ $source != */TEMPLATE* ]] || continue
		out=$PROG/$(basename "$source" .c)
		[ "$out" -nt "$source" ] && { [ -z "$newest" ] || [ "$out" -nt "$newest" ]; } && continue
		echo "# compiling prog/$(basename "$source")"
		"${cc[@]}" -std=gnu11 -O2 -g -Wall -Wextra -o "$out" "$source" -lmnl -lnetfilter_conntrack -lpthread ||
			die "$(basename "$source") does not compile"
	done
	for source in "$SELFTESTS"/prog/*.py; do
		[ -e "$source" ] && install -m 755 "$source" "$PROG/"
	done
}

compile_modules()
{
	echo "# compiling the modules for kernel $kernel"
	modules=$("$VM/modules.sh" "$kernel") || die 'the modules do not compile'
}

next_slot()
{
	while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
		# a run says by its result whether it has passed
		wait -n || true
	done
}

# Reads a guest's output, writes it nested, and its counts to $1. The script's
# own plan is kept back, because the subtest "guest" comes after it.
nest()
{
	local counts=$1 line planned='' ok=0 bad=0 skip=0

	echo '  KTAP version 1'
	while IFS= read -r line; do
		line=${line%$'\r'}
		case "$line" in
		1..[0-9]*) planned=${line#1..}; continue ;;
		'ok '*'# SKIP'*) skip=$((skip + 1)) ;;
		'ok '[0-9]*) ok=$((ok + 1)) ;;
		'not ok '[0-9]*) bad=$((bad + 1)) ;;
		esac
		printf '  %s\n' "$line"
	done
	echo "$ok $bad $skip ${planned:-none}" >"$counts"
}

summary()
{
	if [ "$skipped" = 0 ]; then
		echo "$passed passed, $failed failed"
	else
		echo "$passed passed, $failed failed, $skipped skipped"
	fi
	[ "$failed" = 0 ]
}
