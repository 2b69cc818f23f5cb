#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Medians, ratios, a text table, a TSV and an SVG picture from raw.tsv.

Usage: report.py RAW OUTDIR.  RAW has tab-separated rows: module set, round,
metric, parameter, value, unit.
"""
import collections
import html
import os
import statistics
import sys

# metric, title, what is better (-1 less, +1 more, 0 neither)
METRICS = [
    ("lookup", "lookup of a random established flow, ns added per packet", -1),
    ("setup", "new connection, ns added", -1),
    ("aged_lookup", "lookup, steady load, fresh and aged table, ns", -1),
    ("aged_setup", "new connection, steady load, ns", -1),
    ("aged_overflow", "overflow lines, steady load", -1),
    ("setup_acct", "new connection, accounting on", -1),
    ("setup_listener", "new connection, with a listener", -1),
    ("dump", "dump of all entries", -1),
    ("dump_each", "dump, per entry", -1),
    ("flush", "flush of all entries", -1),
    ("memory_all", "memory per connection, all pages", -1),
    ("memory_slabs", "memory per connection, all slabs", -1),
    ("memory_entry_slab", "memory per connection, entry slab", -1),
    ("memory_set", "memory of a table of a user's size, empty, MB", -1),
    ("netns_end", "end of an empty namespace, beside so many flows", -1),
    ("proc_read", "read of /proc/net/nf_conntrack", -1),
    ("late_removal_p50", "DESTROY late, removal, median", -1),
    ("late_removal_p99", "DESTROY late, removal, p99", -1),
    ("late_removal_max", "DESTROY late, removal, worst", -1),
    ("late_burst", "largest share of the entries to go within 0.1 s", -1),
    ("late_events", "DESTROY events that arrived", 1),
    ("events_new", "NEW received", 1),
    ("events_destroy", "DESTROY received", 1),
    ("events_unannounced", "DESTROY without the NEW before it", -1),
    ("events_rate", "events per second, first to last DESTROY", 1),
    ("events_pace", "the listener's own pace, per second", 0),
    ("events_share", "share of its own pace", 1),
    ("events_disorder", "events out of order or repeated", -1),
    ("expect_new", "expectations: NEW received", 1),
    ("expect_destroy", "expectations: DESTROY received", 1),
    ("expect_unannounced", "expectations: DESTROY without the NEW before it", -1),
    ("expect_share", "expectations: share of its own pace", 1),
    ("expect_disorder", "expectations: events out of order or repeated", -1),
    ("listeners_destroy", "listeners at once (how many/which): DESTROY", 1),
    ("listeners_rate", "listeners at once: events per second", 1),
    ("listeners_share", "listeners at once: share of its own pace, %", 1),
    ("listeners_copies", "listeners at once: events that came again", -1),
    ("listeners_oldest", "listeners at once: longest time without an event, ms", -1),
    ("cpus_rate", "new connections per second, QEMU", 1),
    ("icount_lookup", "instructions added per packet, known flow", -1),
    ("icount_setup", "instructions added per new connection", -1),
    ("icount_full", "instructions added per packet, table full", -1),
    ("icount_new", "instructions added per flow that fills an empty table", -1),
    ("icount_dump", "instructions per entry, dump of so many", -1),
    ("icount_flush", "instructions per entry, flush of so many", -1),
    ("xt_icount", "instructions that a rule of iptables adds per packet", -1),
    ("helper_icount", "instructions that a helper adds to a packet", -1),
    ("xt_cpus_ns", "nanoseconds of a rule, two CPUs at once, QEMU", -1),
    ("buckets", "hash buckets", 0),
]

# Panels of the picture: title, metrics.
PANELS = [
    ("Lookup of a random flow: ns added per packet", ["lookup"]),
    ("New connection: ns added", ["setup"]),
    ("New connection with a listener: ns added", ["setup_listener"]),
    ("Dump and flush: seconds", ["dump", "flush"]),
    ("Memory per connection: bytes", ["memory_all"]),
    ("/proc/net/nf_conntrack: seconds", ["proc_read"]),
    ("DESTROY late: seconds", ["late_removal_p50", "late_removal_p99"]),
    ("NEW and DESTROY received", ["events_new", "events_destroy"]),
    ("Expectations: NEW and DESTROY", ["expect_new", "expect_destroy"]),
    ("Events per second", ["events_rate"]),
]

COLOURS = {"stock": "#9aa5b1", "ours": "#1f7a5c"}


def size_of(param):
    """5k before 64k before 1000k; others by name."""
    digits = "".join(c for c in param.split("+")[0] if c.isdigit())
    return (int(digits) if digits and param[0].isdigit() else 0, param)


def load(path):
    """{(metric, parameter): {modset: [values]}}, units, parameter order."""
    data = collections.defaultdict(lambda: collections.defaultdict(list))
    units = {}
    with open(path, encoding="ascii") as rows:
        for row in rows:
            modset, _, metric, param, value, unit = row.rstrip("\n").split("\t")
            data[metric, param][modset].append(float(value))
            units[metric] = unit
    return data, units


def figure(value):
    if value is None:
        return "-"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def summarise(data, units):
    order = {name: i for i, (name, _, _) in enumerate(METRICS)}
    titles = {name: title for name, title, _ in METRICS}
    result = []
    for key in sorted((k for k in data if k[0] in order),
                      key=lambda k: (order[k[0]], size_of(k[1]))):
        metric, param = key
        line = {"metric": metric, "param": param, "unit": units[metric],
                "title": titles[metric]}
        for modset in ("stock", "ours"):
            values = data[key].get(modset)
            line[modset] = statistics.median(values) if values else None
            line[modset + "_n"] = len(values or [])
            line[modset + "_spread"] = (min(values), max(values)) \
                if values else None
        line["ratio"] = line["ours"] / line["stock"] \
            if line["ours"] is not None and line["stock"] else None
        result.append(line)
    return result


def write_tsv(lines, path):
    with open(path, "w", encoding="ascii") as out:
        out.write("metric\tparameter\tunit\tstock\tstock_min\tstock_max\t"
                  "ours\tours_min\tours_max\tratio\tn\n")
        for line in lines:
            cells = [line["metric"], line["param"], line["unit"]]
            for modset in ("stock", "ours"):
                low, high = line[modset + "_spread"] or (None, None)
                cells += [line[modset], low, high]
            cells += [line["ratio"],
                      max(line["stock_n"], line["ours_n"])]
            out.write("\t".join("" if c is None else
                                f"{c:.6g}" if isinstance(c, float) else str(c)
                                for c in cells) + "\n")


def write_table(lines, path):
    with open(path, "w", encoding="ascii") as out:
        out.write(f"{'':58} {'':>8} {'stock':>10} {'ours':>10} "
                  f"{'ratio':>6} {'n':>3}\n")
        last = None
        for line in lines:
            title = line["title"] if line["title"] != last else ""
            last = line["title"]
            ratio = "-" if line["ratio"] is None else f"{line['ratio']:.2f}"
            out.write(f"{title:58} {line['param']:>8} "
                      f"{figure(line['stock']):>10} "
                      f"{figure(line['ours']):>10} {ratio:>6} "
                      f"{max(line['stock_n'], line['ours_n']):>3} "
                      f"{line['unit']}\n")
        out.write("\nMedians of n measurements each; ratio is ours / stock.\n")


def panel_svg(title, bars, x, y, width):
    """One panel: a pair of horizontal bars for each (label, stock, ours)."""
    text, top = [], y + 22
    longest = max((v for _, *pair in bars for v in pair if v), default=1)
    room = width - 190
    text.append(f'<text x="{x}" y="{y + 10}" class="t">'
                f'{html.escape(title)}</text>')
    for label, stock, ours in bars:
        text.append(f'<text x="{x + 92}" y="{top + 15}" class="l">'
                    f'{html.escape(label)}</text>')
        for i, (name, value) in enumerate((("stock", stock), ("ours", ours))):
            if value is None:
                continue
            length = max(1, room * max(value, 0) / longest)
            text.append(f'<rect x="{x + 100}" y="{top + 12 * i}" '
                        f'width="{length:.1f}" height="10" '
                        f'fill="{COLOURS[name]}"/>'
                        f'<text x="{x + 104 + length:.1f}" '
                        f'y="{top + 12 * i + 9}" class="v">'
                        f'{figure(value)}</text>')
        top += 32
    return text, top - y


def write_svg(lines, path):
    columns, width = 2, 470
    heights, body = [46] * columns, []
    for title, metrics in PANELS:
        picked = [line for line in lines if line["metric"] in metrics]
        if not picked:
            continue
        bars = []
        for line in picked:
            label = line["param"]
            if len(metrics) > 1:
                label = f"{line['metric'].split('_', 1)[-1]} {label}"
            bars.append((label.replace("_", " ")[:18],
                         line["stock"], line["ours"]))
        column = heights.index(min(heights))
        text, height = panel_svg(title, bars, 16 + column * width,
                                 heights[column], width)
        body += text
        heights[column] += height + 14
    total = max(heights) + 4
    with open(path, "w", encoding="utf-8") as out:
        out.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" '
            f'width="{columns * width + 10}" height="{total}" '
            f'viewBox="0 0 {columns * width + 10} {total}">\n'
            '<style>text{font-family:sans-serif;fill:#222}'
            '.t{font-size:13px;font-weight:bold}'
            '.l{font-size:11px;text-anchor:end}.v{font-size:10px}</style>\n'
            '<rect width="100%" height="100%" fill="#fff"/>\n'
            f'<rect x="16" y="14" width="12" height="12" '
            f'fill="{COLOURS["stock"]}"/>'
            '<text x="33" y="24" class="t">stock</text>'
            f'<rect x="90" y="14" width="12" height="12" '
            f'fill="{COLOURS["ours"]}"/>'
            '<text x="107" y="24" class="t">reliable-conntrack</text>\n')
        out.write("\n".join(body) + "\n</svg>\n")


def main():
    raw, outdir = sys.argv[1:3]
    data, units = load(raw)
    lines = summarise(data, units)
    write_tsv(lines, os.path.join(outdir, "results.tsv"))
    write_table(lines, os.path.join(outdir, "table.txt"))
    write_svg(lines, os.path.join(outdir, "bench.svg"))


main()
