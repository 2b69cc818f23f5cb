# SPDX-License-Identifier: GPL-2.0
"""Hostile rules of iptables, put in byte by byte in namespace r of data/xt.sh's router.

    xtfuzz.py fuzz EXTENSIONS SEED ROUNDS >ANSWERS
        For each match and target that the file EXTENSIONS names: rules whose bytes are
        zeros, ones, random, or of a wrong length.  Prints what the kernel returns for each,
        and what an accepted rule has counted of some packets.
    xtfuzz.py compare STOCK OURS
        Verdicts: the answers of both sets are the same.
    xtfuzz.py fail CASES...
        Rules of the tables of cases, inserted again and again while the first, the second,
        ... allocation fails.
    xtfuzz.py churn SECONDS CASES...
        The same rules replaced by each other, while packets pass.
"""

import itertools
import os
import random
import socket
import struct
import sys
import threading
import time

from rawnet import FailNth, errname, main, verdict
from xtcase import CHAINS, TABLES, Packet, Router, place

PACKETS = ['tcp dport=80 opts=020405b4', 'udp dport=53', 'icmp', 'sctp chunks=0000000400000000',
           'tcp frag=1480', 'udp tos=0xb8 ttl=3 len=40', 'tcp trunc=10', 'proto=50 len=8']

# What random bytes make differ, and why
STRICTER = {
    'multiport': 'ranges without end are refused',
    'tcpmss': 'ranges upside down are refused',
    'tos': 'inversion by more than 1 is refused',
    'recent': 'the limit of hits is that of 6.12',
    'physdev': 'names have an end and are not empty',
}
# Their count depends on time, chance, other state or what was there before
UNCOUNTED = {'statistic', 'limit', 'hashlimit', 'time', 'quota', 'recent', 'rateest',
             'connlimit', 'connbytes', 'connmark', 'osf', 'RATEEST', 'LED', 'NFQUEUE', 'NFLOG', 'TRACE'}


class Extension:
    """A row of the file of extensions."""

    def __init__(self, line):
        (self.module, self.name, self.kind, self.revision, self.families, size, table,
         hooks, proto) = line.split('\t')
        self.size = int(size)
        self.table = 'mangle' if table == 'any' else table
        mask = int(hooks, 0) or 0x1f
        self.chain = CHAINS[min(h for h in TABLES[self.table] if mask >> h & 1)]
        self.proto = 0 if proto == 'any' else int(proto)
        if self.name == 'multiport':
            self.proto = 6
        self.title = '%s %s revision %s' % (self.kind, self.name, self.revision)


def extensions(path):
    with open(path, encoding='ascii') as file:
        found = [Extension(line.rstrip('\n')) for line in file if not line.startswith('#')]
    # Stock keeps fragments together for ever after it has refused one of these
    return sorted(found, key=lambda ext: ext.name in ('socket', 'TPROXY'))


def contents(ext, rng, rounds):
    """Bytes of a rule: the simple ones first."""
    size = -(-ext.size // 8) * 8
    yield bytes(size)
    yield b'\xff' * size
    for length in {0, size - 8, size + 8, size * 2 + 64} - {size}:
        if length >= 0:
            yield bytes(length)
    for _ in range(rounds):
        how = rng.randrange(4)
        if how == 0:
            yield rng.randbytes(size)
            continue
        data = bytearray(size)
        for _ in range(rng.choice((1, 1, 2, 4, 8))):
            if size:
                data[rng.randrange(size)] = rng.choice((1, 2, 3, 4, 16, 0x7f, 0x80, 0xff, 65))
        yield bytes(data)


# Behind the packets, for no protocol: when it is there, the router has done with them
MARK_TYPE = 0x88b5
MARK = b'\xff' * 6 + b'\2' + bytes(5) + struct.pack('>H', MARK_TYPE) + bytes(46)


class Passage:
    """Packets into the router, to the end of what it does with them. All come from one CPU,
    whose queue keeps their order."""

    def __init__(self, router):
        os.sched_setaffinity(0, {0})
        self.sender = router.sender
        self.marks = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(MARK_TYPE))
        self.marks.bind(('eth1', MARK_TYPE))
        self.marks.settimeout(20)

    def send(self, frames):
        for frame in frames:
            self.sender.send(frame)
        self.sender.send(MARK)
        self.marks.recv(128)


def answer(router, passage, ext, six, data):
    """What the kernel makes of a rule, and the rule of packets."""
    family = router.family[six]
    try:
        family.insert(ext.table, ext.chain, ext.proto, ext.kind, ext.name, int(ext.revision),
                      data)
    except OSError as err:
        return errname(err)
    passage.send(Packet(text, six).frame() for text in PACKETS)
    counted = family.counters(ext.table, ext.chain)
    family.clear(ext.table)
    return 'ok' if ext.name in UNCOUNTED or ext.kind == 'target' else 'ok %d' % counted[0]


def fuzz(path, seed, rounds):
    router = Router()
    passage = Passage(router)
    for ext in extensions(path):
        rng = random.Random('%s %s' % (seed, ext.title))
        for six in (f == '6' for f in ext.families):
            for data in contents(ext, rng, int(rounds)):
                print('%s, IPv%d\t%s\t%s' % (ext.title, 6 if six else 4, data.hex(),
                                             answer(router, passage, ext, six, data)), flush=True)


def read(path):
    """{title: [(hex, answer), ...]}"""
    found = {}
    with open(path, encoding='ascii') as file:
        for line in file:
            title, data, said = line.rstrip('\n').split('\t')
            found.setdefault(title, []).append((data, said))
    return found


def tolerated(title, stock, ours):
    name = title.split()[1]
    return name in STRICTER and stock.startswith('ok') and ours in ('EINVAL', 'ENAMETOOLONG')


def compare(stock_path, ours_path):
    stock, ours = read(stock_path), read(ours_path)
    verdict('both sets have answered for the same', list(stock) == list(ours))
    for title, rows in stock.items():
        different = [(data, said, other) for (data, said), (data2, other) in
                     zip(rows, ours.get(title, [])) if said != other or data != data2]
        worse = [row for row in different if not tolerated(title, row[1], row[2])]
        accepted = sum(said.startswith('ok') for _, said in rows)
        verdict('%s: %d rules, stock accepts %d' % (title, len(rows), accepted),
                not worse and len(rows) == len(ours.get(title, [])),
                '; '.join('%s: stock %s, ours %s' % row for row in worse[:3]))


# --- rules of the tables of cases ----------------------------------------------------

def rules_of(paths):
    """Family, table, chain and arguments of each rule; some of each file."""
    for path in paths:
        with open(path, encoding='ascii') as file:
            lines = [line.strip()[5:] for line in file if line.startswith('rule ')]
        for text in lines[:4] + lines[4::6]:
            families, table, chain, arguments = place(text)
            for six in families:
                yield os.path.basename(path), six, table, chain, arguments


def taken(router, six, table, chain, arguments):
    """A rule as the kernel has it: for Family.replace()."""
    family = router.family[six]
    status, text = family.restore('*%s\n-F\n-A %s %s\nCOMMIT' % (table, chain, arguments))
    if status:
        return None, text
    blob, info = family.blob(table)
    starts = [(hook, info['hooks'][hook], info['underflow'][hook]) for hook in TABLES[table]]
    family.clear(table)
    return (blob, starts), ''


def fail_one(nth, family, table, rule, turn):
    """Insert a rule while an allocation fails; what the kernel says, and if it came to it."""
    head, room = family.prepared(table, *rule)
    nth.set(turn)
    try:
        family.put(head)
        said = 'ok'
    except OSError as err:
        said = errname(err)
    left = nth.left()
    nth.set(0)
    del room
    return said, left == 0


def fail(*paths):
    router, nth = Router(), FailNth()
    for name, six, table, chain, arguments in rules_of(paths):
        title = '%s IPv%d: %s' % (name, 6 if six else 4, arguments)
        rule, why = taken(router, six, table, chain, arguments)
        if not rule:
            print('%s: not possible here: %s' % (title, why))
            continue
        family, said = router.family[six], {}
        for turn in itertools.count(1):
            answer_, failed = fail_one(nth, family, table, rule, turn)
            if not failed or turn > 3000:
                break
            said[answer_] = said.get(answer_, 0) + 1
        family.clear(table)
        # EFAULT: copies from and to users are among what fails
        verdict('%s: %s' % (title, said), answer_ == 'ok' and turn <= 3000 and set(said) <=
                {'ok', 'ENOMEM', 'ENOENT', 'EPROTOTYPE', 'EINVAL', 'EFAULT'}, answer_)


def send_until(router, stop):
    frames = [Packet(text, six).frame() for text in PACKETS for six in (False, True)]
    while not stop.is_set():
        for frame in frames:
            router.sender.send(frame)


def churn(seconds, *paths):
    router, stop = Router(), threading.Event()
    rules = []
    for name, six, table, chain, arguments in rules_of(paths):
        rule, why = taken(router, six, table, chain, arguments)
        if rule:
            rules.append((six, table, rule))
        else:
            print('%s: %s: not possible here: %s' % (name, arguments, why))
    sender = threading.Thread(target=send_until, args=(router, stop))
    sender.start()
    end, count, rng = time.monotonic() + int(seconds), 0, random.Random(7)
    while time.monotonic() < end and rules:
        six, table, rule = rng.choice(rules)
        router.family[six].replace(table, *rule)
        if rng.randrange(8) == 0:
            router.family[six].clear(table)
        count += 1
    stop.set()
    sender.join()
    for six, table, _ in rules:
        router.family[six].clear(table)
    verdict('%d replacements of %d rules under traffic' % (count, len(rules)), count > 0)


if __name__ == '__main__':
    WHAT = {'fuzz': fuzz, 'compare': compare, 'fail': fail, 'churn': churn}[sys.argv[1]]

    def run():
        WHAT(*sys.argv[2:])
    main([run])
