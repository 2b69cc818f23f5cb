#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Time the stock modules and ours in turn: nanoseconds, memory and bulk work in
# user-mode Linux, events and two CPUs in QEMU. Writes into the cache folder
#   bench/raw.tsv      every single measurement
#   bench/results.tsv  medians and ratios     bench/table.txt  the same to read
#   bench/bench.svg    the picture
# Options, as arguments or in the environment:
#   ROUNDS=3     rounds of the repeated measurements
#   QUICK=1      one round of smaller numbers, some minutes in all
#   ONLY=a,b     only these: flows aged memory netns proc late events expect listeners cpus
#                table icount xt xtframes xtcpus helpers
#   MODSETS=...  "stock ours" (default), or one of the two
#   --install    install missing packages with apt
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=selftests/kernels/lib.sh
. "$here/../kernels/lib.sh"
top=$(cd "$here/../.." && pwd)
out=$cache/bench
raw=$out/raw.tsv
install=no

for option; do
	case $option in
	--install) install=yes ;;
	ROUNDS=*|QUICK=*|ONLY=*|MODSETS=*) export "${option?}" ;;
	*) sed -n '3,16s/^# \{0,1\}//p' "$0"; exit 2 ;;
	esac
done
quick=${QUICK:-}
only=${ONLY:-} no_uml=''
modsets=${MODSETS:-stock ours}
if [ -n "$quick" ]; then
	rounds=${ROUNDS:-1} packets=100000 repeats=5 sizes=5,64,1000
	proc_size=20 events=10000 lifetimes=10
else
	rounds=${ROUNDS:-3} packets=300000 repeats=5 sizes=5,64,320,1000
	proc_size=200 events=50000 lifetimes=35
fi
sizes=${SIZES:-$sizes}

chosen() { [ -z "$only" ] || [[ ,$only, == *,$1,* ]]; }

make_tools() {
	local src bin

	mkdir -p "$out/bin"
	for src in "$here"/*.c "$here"/../prog/{evlisten,flows,listeners}.c; do
		bin=$out/bin/$(basename "$src" .c)
		[ "$bin" -nt "$src" ] ||
			gcc -O2 -Wall -o "$bin" "$src" -lmnl -lnetfilter_conntrack -lpthread
	done
	cp -u "$here"/../prog/{ftpmany,helperpath,h323msg,rawnet,*wire}.py "$out/bin/"
	# what cannot be executed stays here
	chmod +x "$out"/bin/*.py
}

# The clock that stands still while the host is busy elsewhere.
make_cputime() {
	local dir=$out/cputime

	mkdir -p "$dir"
	cp -u "$here"/cputime/* "$dir/"
	make -C "$cache/uml/build" M="$dir" ARCH=um modules >"$dir/log" 2>&1 ||
		die "cputime.ko does not build, see $dir/log"
	cp "$dir/cputime.ko" "$out/bin/"
}

# Our modules for user-mode Linux, beside a copy (by hard links) of its own.
make_uml_tree() {
	local tree=$out/tree release
	local -a built

	[ -f "$top/Makefile" ] || return 1
	make -C "$top" KDIR="$cache/uml/build" BUILD="$out/uml-modules" ARCH=um \
		>"$out/uml-modules.log" 2>&1 || {
		say "our modules do not build, see $out/uml-modules.log"
		return 1
	}
	mapfile -t built < <(find "$out/uml-modules" -maxdepth 1 -name '*.ko')
	[ ${#built[@]} -gt 0 ] || return 1
	release=$(ls "$cache/uml/modules/lib/modules")
	rm -rf "$tree"
	mkdir -p "$tree"
	cp -al "$cache/uml/modules/lib" "$tree/lib"
	mkdir "$tree/lib/modules/$release/updates"
	cp "${built[@]}" "$tree/lib/modules/$release/updates/"
	# depmod writes in place: give it files of its own.
	rm -f "$tree/lib/modules/$release"/modules.{dep,alias,symbols,softdep}*
	depmod -b "$tree" "$release"
}

uml_tree() { [ "$1" = ours ] && echo "$out/tree" || echo "$cache/uml/modules"; }

# collect: RESULT lines of every console log become rows. A run of some
# scenarios so leaves the figures of the others standing.
collect() {
	local log name

	for log in "$out"/log/*-*.*.*; do
		name=${log##*/}
		tr -d '\r' <"$log" | awk -v name="$name" -v OFS='\t' '
			BEGIN { split(name, part, ".") }
			$1 == "RESULT" && $5 != "-" {
				print part[2], part[3], $2, $3, $4, $5 }'
	done >"$raw"
}

# verdict SCENARIO MODSET ROUND LOG START
verdict() {
	if grep -q 'RESULT finished' "$4"; then
		say "$1, $2, round $3: $((SECONDS - $5)) s"
	else
		say "$1, $2, round $3: guest did not finish, see $4"
		failed=1
	fi
}

# With 5 GB the stock table starts with its largest default, 262,144 buckets;
# with less than 4 GB it would look far worse at a million flows.
# uml_guest MODSET SCENARIO SECONDS LOG; no scenario: start and end
uml_guest() {
	local modset=$1 scenario=$2 seconds=$3 log=$4

	TMPDIR=/dev/shm nice timeout "$seconds" "$cache/uml/linux" mem=5G quiet \
		rootfstype=hostfs rootflags=/ ro con=null con0=null,fd:1 \
		panic=-1 init="$here/uml-guest.sh" \
		NFCT_TREE="$(uml_tree "$modset")" NFCT_TOOLS="$out/bin" \
		NFCT_SCENARIO="$scenario" NFCT_SIZES="$sizes" \
		NFCT_PACKETS="$packets" NFCT_REPEATS="$repeats" \
		NFCT_PROC_SIZE="$proc_size" NFCT_LIFETIMES="$lifetimes" </dev/null >"$log" 2>&1 || true
}

# uml MODSET ROUND SCENARIO SECONDS
uml() {
	local modset=$1 round=$2 scenario=$3 seconds=$4 log start=$SECONDS

	[ -z "$no_uml" ] || return 0
	log=$out/log/uml-$scenario.$modset.$round
	uml_guest "$modset" "$scenario" "$seconds" "$log"
	verdict "$scenario" "$modset" "$round" "$log" "$start"
}

# That of 6.1 keeps 2,696 bytes of registers for each task; a CPU with AMX has 11,008, and
# init ends at once.
uml_starts() {
	uml_guest stock '' 60 "$out/uml-start.log"
	grep -q 'RESULT finished' "$out/uml-start.log"
}

uml_missing() {
	local why="see $out/uml-start.log"

	if grep -qw amx_tile /proc/cpuinfo; then
		why='this CPU has AMX, whose registers it has no room for'
	fi
	echo "no nanoseconds: user-mode Linux does not start here ($why); instructions instead"
}

# qemu MODSET ROUND SCENARIO SECONDS [boot.sh options]
qemu() {
	local modset=$1 round=$2 scenario=$3 seconds=$4 log start=$SECONDS

	shift 4
	log=$out/log/qemu-$scenario.$modset.$round
	"$here/../vm/boot.sh" --modset "$modset" \
		--timeout "$seconds" --bin "$out/bin" --add "$here/packets.sh" --add "$here/xt.sh" \
		--add "$here/helpers.sh" --add "$here/../data/helper.sh" \
		--add "$here/../data/expect.sh" --add "$here/../prog/xtcase.py" \
		--add "$here/../prog/rawnet.py" "$@" -- "$here/qemu-guest.sh" "$scenario" \
		"$events" </dev/null >"$log" 2>&1 || true
	verdict "$scenario" "$modset" "$round" "$log" "$start"
}

need nftables iproute2 busybox-static kmod gcc make libc6-dev libmnl-dev \
	libnetfilter-conntrack-dev python3
mkdir -p "$out"
make_tools
if chosen flows || chosen aged || chosen memory || chosen netns || chosen proc ||
	chosen late; then
	if [ $install = yes ]; then
		"$here/../kernels/uml.sh" --install
	else
		"$here/../kernels/uml.sh"
	fi
	make_cputime
	if [[ $modsets == *ours* ]] && ! make_uml_tree; then
		say "our modules are not there yet: stock only"
		modsets=stock
	fi
	if ! uml_starts; then
		no_uml=$(uml_missing)
		say "$no_uml"
		[ -z "$only" ] || only+=,icount
	fi
fi

exec 9>"$out/.lock"
flock -n 9 || die "another run of this is going on"
mkdir -p "$out/log"
for scenario in flows aged memory netns proc late events expect listeners cpus table icount xt \
	xtframes xtcpus helpers; do
	! chosen $scenario || rm -f "$out"/log/*-$scenario.*
done
failed=0
for ((round = 1; round <= rounds; round++)); do
	for modset in $modsets; do
		! chosen flows || uml "$modset" $round flows 1200
	done
done
for modset in $modsets; do
	! chosen aged || uml "$modset" 1 aged 900
	! chosen memory || uml "$modset" 1 memory 300
	! chosen netns || uml "$modset" 1 netns 300
	! chosen late || uml "$modset" 1 late 400
	! chosen proc || uml "$modset" 1 proc 600
done
if [ -x "$here/../vm/boot.sh" ]; then
	for modset in $modsets; do
		! chosen events || qemu "$modset" 1 events 1200
		! chosen expect || qemu "$modset" 1 expect 900
		! chosen listeners || qemu "$modset" 1 listeners 900
		! chosen cpus || qemu "$modset" 1 cpus 300
		! chosen table || qemu "$modset" 1 table 300
		! chosen icount || qemu "$modset" 1 icount 600 --icount
		! chosen xt || qemu "$modset" 1 xt 900 --icount
		! chosen xtframes || qemu "$modset" 1 xtframes 900 --icount
		! chosen helpers || qemu "$modset" 1 helpers 600 --icount
	done
	# where modules lie in memory moves the clock's figures: several guests
	for ((round = 1; round <= 5; round++)); do
		for modset in $modsets; do
			! chosen xtcpus || qemu "$modset" $round xtcpus 180
		done
	done
fi
collect
python3 "$here/report.py" "$raw" "$out"
[ -z "$no_uml" ] || sed -i "1i $no_uml" "$out/table.txt"
cat "$out/table.txt"
[ $failed = 0 ] || die "some guests did not finish"
