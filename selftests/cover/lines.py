#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Prints which share of the modules' lines has run in any of several guests.

lines.py OBJECTS ARCHIVE... [--missing FILE]: OBJECTS is the folder where the modules were
compiled with counters, ARCHIVE what a guest sent: its counters (*.gcda) at the paths of the
objects. A line has run if one guest counted it, of whichever object.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
import tarfile
import tempfile

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
PARTS = ("helpers", "xt")      # the rest is the core and ctnetlink


def unpack(archive, folder):
    """The counters of one guest, each beside the notes that its compilation left."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    for base, _, names in os.walk(folder):
        for name in names:
            stem = os.path.join(base, name.removesuffix(".gcda"))
            notes = "/" + os.path.relpath(stem, folder) + ".gcno"
            if name.endswith(".gcda") and os.path.exists(notes):
                os.symlink(notes, stem + ".gcno")
                yield stem + ".gcda"


def counted(objects, counters):
    """(source file, line, how often) of what one object's counters say."""
    answer = subprocess.run(["gcov", "--json-format", "--stdout", counters], cwd=objects,
                            check=True, capture_output=True)
    for text in answer.stdout.splitlines():
        for file in json.loads(text)["files"]:
            path = os.path.realpath(os.path.join(objects, "src", file["file"]))
            if path.startswith(TOP + "/"):
                for line in file["lines"]:
                    yield path[len(TOP) + 1:], line["line_number"], line["count"]


def add_up(objects, archives):
    """{source file: {line: how often}}"""
    lines = collections.defaultdict(collections.Counter)
    for archive in archives:
        with tempfile.TemporaryDirectory() as folder:
            for counters in unpack(archive, folder):
                for path, line, count in counted(objects, counters):
                    lines[path][line] += count
    return lines


def part_of(path):
    first = path.split("/", 1)[0]
    return first if first in PARTS else "core"


def share(name, run, lines):
    return f"{name:44} {lines:6} {run:6} {100 * run / max(lines, 1):6.1f} %"


def ranges(numbers):
    """1, 2, 3, 7 as "1-3 7"."""
    groups = []
    for number in sorted(numbers):
        if groups and groups[-1][1] == number - 1:
            groups[-1][1] = number
        else:
            groups.append([number, number])
    return " ".join(f"{a}" if a == b else f"{a}-{b}" for a, b in groups)


def source_lines(path, numbers):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        text = file.read().split("\n")
    return [f"{n:6} {text[n - 1]}" for n in sorted(numbers)]


def report(lines, missing):
    sums = collections.defaultdict(lambda: [0, 0])
    print(f"{'':44} {'lines':>6} {'run':>6}")
    for path in sorted(lines, key=lambda path: (part_of(path), path)):
        never = [n for n, count in lines[path].items() if not count]
        run = len(lines[path]) - len(never)
        print(share(path, run, len(lines[path])))
        sums[part_of(path)][0] += run
        sums[part_of(path)][1] += len(lines[path])
        if never:
            missing.write("\n".join([f"{path}: {ranges(never)}", *source_lines(path, never)]) + "\n")
    print()
    for part, (run, count) in sorted(sums.items()):
        print(share(f"all of {part}", run, count))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("objects")
    parser.add_argument("archives", nargs="+")
    parser.add_argument("--missing", default=os.devnull)
    options = parser.parse_args()
    lines = add_up(options.objects, options.archives)
    if not lines:
        sys.exit("lines: no counters of our sources; were the modules compiled with them?")
    with open(options.missing, "w", encoding="utf-8") as missing:
        report(lines, missing)


if __name__ == "__main__":
    main()
