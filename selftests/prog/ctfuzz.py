# SPDX-License-Identifier: GPL-2.0
"""Random requests to ctnetlink: made by its grammar, then made wrong.

    ctfuzz.py run SEED COUNT SECONDS >ANSWERS
        Rounds of requests in namespace r: COUNT of them, or as many as the time allows.
        Prints what the kernel answers to each request, and the tables behind it.
    ctfuzz.py compare STOCK OURS
        Verdicts: both answers are the same.  Known differences have a name.
    ctfuzz.py flood SEED SECONDS
        As many requests as can be sent, without a look at the answers.
    ctfuzz.py unprivileged SEED COUNT
        Verdicts: a user namespace without rights gets EPERM for all requests, and one with a
        network namespace of its own neither sees nor changes entries of r.
"""

import ctypes
import os
import random
import socket
import struct
import sys
import time

from rawnet import attributes, enter, main, messages, packed, verdict

CT, EXP, TIMEOUT, HELPER = 1, 2, 8, 9
NEW, GET, DELETE, ZERO = 0, 1, 2, 3
REQUEST, ACK, ECHO, DUMP, EXCL, CREATE = 1, 4, 8, 0x300, 0x200, 0x400
NESTED = 0x8000
ADDRESSES = {2: ('192.0.2.1', '192.0.2.2', '198.51.100.7'),
             10: ('2001:db8::1', '2001:db8::2', '2001:db8::7')}
PROTOCOLS = (6, 6, 6, 17, 17, 1, 58, 132, 33, 136, 47, 50, 0, 255)
NAMES = (b'ftp\0', b'tftp\0', b'nosuch\0', b'\0', b'', b'ftp', b'x' * 16, b'y' * 15 + b'\0', b'z' * 40)
U32S = (0, 1, 2, 3, 7, 8, 14, 0x2a, 0xff, 0x188, 0x18e, 0x1be, 0x400, 0x3fff, 0xffff, 1000, 0x7fffffff,
        0x80000000, 0xffffffff)
# Use count, ID, times; an expectation's ID and, on both sides of a second, its timeout
VOLATILE = {CT: {7, 11, 12, 20}, EXP: {4, 5}}


# --- requests --------------------------------------------------------------------

class Attr:
    """Type, content (bytes or a list of Attr), and how it is put down."""

    def __init__(self, kind, content):
        self.kind, self.content, self.flags, self.lie = kind, content, None, 0

    def bytes(self):
        nest = isinstance(self.content, list)
        data = b''.join(a.bytes() for a in self.content) if nest else self.content
        flags = (NESTED if nest else 0) if self.flags is None else self.flags
        length = max(0, min(4 + len(data) + self.lie, 65535))
        return struct.pack('=HH', length, (self.kind & 0x3fff) | flags) + data + bytes(-len(data) % 4)


def u8(kind, value):
    return Attr(kind, bytes((value & 255,)))


def be16(kind, value):
    return Attr(kind, struct.pack('>H', value & 0xffff))


def be32(kind, value):
    return Attr(kind, struct.pack('>I', value & 0xffffffff))


class Flow:
    """Family, protocol, and the ends of a connection."""

    def __init__(self, rng):
        self.family = rng.choice((2, 2, 10))
        self.proto = rng.choice(PROTOCOLS)
        self.ends = rng.sample(ADDRESSES[self.family], 2)
        self.ports = rng.choice((1024, 40000)), rng.choice((21, 80))

    def numbers(self, back):
        one, other = self.ports[::-1] if back else self.ports
        if self.proto == 1:
            return [be16(4, 77), u8(5, 0 if back else 8), u8(6, 0)]
        if self.proto == 58:
            return [be16(7, 77), u8(8, 129 if back else 128), u8(9, 0)]
        if self.proto in (6, 17, 33, 47, 132, 136):
            return [be16(2, one), be16(3, other)]
        return []

    def tuple(self, kind, back=False):
        src, dst = self.ends[::-1] if back else self.ends
        first = 3 if self.family == 10 else 1
        return Attr(kind, [Attr(1, [Attr(first, packed(src)), Attr(first + 1, packed(dst))]),
                           Attr(2, [u8(1, self.proto)] + self.numbers(back))])


class Maker:
    """Makes requests: a chance for each attribute, a right value more often than not."""

    def __init__(self, rng):
        self.rng = rng
        self.flows = [Flow(rng) for _ in range(3)]

    def number(self):
        return self.rng.choice(U32S) if self.rng.random() < 0.8 else self.rng.getrandbits(32)

    def protoinfo(self, proto):
        rng = self.rng
        if rng.random() < 0.1:
            proto = rng.choice((6, 33, 132))
        small = rng.choice((0, 1, 2, 3, 4, 5, 7, 8, 9, 14, 15, 255))
        if proto == 33:
            parts = [u8(1, small), u8(2, rng.choice((0, 1, 2))), Attr(3, rng.randbytes(8))]
            return Attr(4, [Attr(2, parts)])
        if proto == 132:
            return Attr(4, [Attr(3, [u8(1, small), Attr(2, rng.randbytes(4)), Attr(3, rng.randbytes(4))])])
        parts = [u8(1, small), u8(2, rng.choice((0, 7, 14, 15))), u8(3, rng.choice((0, 7, 14))),
                 Attr(4, bytes((rng.choice((0, 1, 8, 0x2f, 255)), rng.choice((0, 1, 8, 255))))),
                 Attr(5, bytes((rng.choice((0, 1, 8, 0x2f, 255)), rng.choice((0, 1, 8, 255)))))]
        return Attr(4, [Attr(1, rng.sample(parts, rng.randrange(1, 6)))])

    def nat(self, kind, flow):
        rng, first = self.rng, 4 if flow.family == 10 else 1
        parts = [Attr(first, packed(rng.choice(ADDRESSES[flow.family])))]
        if rng.random() < 0.4:
            parts.append(Attr(first + 1, packed(rng.choice(ADDRESSES[flow.family]))))
        if rng.random() < 0.5:
            low = rng.choice((1, 1024, 5000))
            parts.append(Attr(3, [be16(1, low), be16(2, low)]))
        return Attr(kind, parts)

    def words(self, kind):
        return Attr(kind, [be32(n, self.number()) for n in (1, 2, 3)])

    def labels(self, kind):
        return Attr(kind, self.rng.randbytes(self.rng.choice((16, 16, 4, 0, 3, 20))))

    def optional(self, flow, chance):
        """What a request for a connection may have beside its tuples."""
        rng = self.rng
        rows = ((chance, lambda: be32(3, self.number())),
                (chance, lambda: self.protoinfo(flow.proto)),
                (chance / 2, lambda: Attr(5, [Attr(1, rng.choice(NAMES))])),
                (chance / 3, lambda: self.nat(6, flow)),
                (chance / 3, lambda: self.nat(13, flow)),
                (chance, lambda: be32(8, self.number())),
                (chance / 2, lambda: be32(21, self.number())),
                (chance / 6, lambda: Attr(14, rng.choice(self.flows).tuple(1).content)),
                (chance / 2, lambda: self.words(15)), (chance / 2, lambda: self.words(16)),
                (chance / 4, lambda: be16(18, rng.choice((0, 1, 2, 65535)))),
                (chance / 2, lambda: self.labels(22)), (chance / 3, lambda: self.labels(23)),
                (chance / 2, lambda: self.words(24)))
        return [make() for odds, make in rows if rng.random() < odds]

    def connection(self):
        rng, flow = self.rng, self.rng.choice(self.flows)
        attrs = [flow.tuple(1), flow.tuple(2, True)]
        if rng.random() < 0.9:
            attrs.append(be32(7, rng.choice((1000, 1000, 5000, 0x7fffffff, 0xffffffff))))
        flags = CREATE | (EXCL if rng.random() < 0.3 else 0)
        return CT, NEW, flags, flow.family, attrs + self.optional(flow, 0.25)

    def update(self):
        flow, back = self.rng.choice(self.flows), self.rng.random() < 0.2
        attrs = [flow.tuple(2, True) if back else flow.tuple(1)]
        if self.rng.random() < 0.3:
            attrs.append(be32(7, self.rng.choice((1000, 5000, 0xffffffff))))
        return CT, NEW, 0, flow.family, attrs + self.optional(flow, 0.25)

    def one(self):
        rng, flow = self.rng, self.rng.choice(self.flows)
        attrs = [flow.tuple(*rng.choice(((1,), (2, True))))]
        if rng.random() < 0.1:
            attrs.append(be16(18, 1))
        if rng.random() < 0.1:
            attrs.append(Attr(12, rng.randbytes(4)))
        return CT, rng.choice((GET, GET, ZERO, DELETE, DELETE)), 0, flow.family, attrs

    def many(self):
        """A dump or a flush, perhaps with a filter."""
        rng, flow = self.rng, self.rng.choice(self.flows)
        kind, attrs = rng.choice((GET, GET, GET, ZERO, DELETE)), []
        if rng.random() < 0.3:
            attrs += [be32(8, self.number())] + ([be32(21, self.number())] if rng.random() < 0.7 else [])
        if rng.random() < 0.3:
            attrs += [be32(3, self.number())] + ([be32(26, self.number())] if rng.random() < 0.7 else [])
        if rng.random() < 0.3:
            attrs.append(Attr(25, [Attr(n, struct.pack('=I', rng.choice((1, 2, 3, 8, 0x18, 0x38, 0x1c0, 0xfff, 0x1000))))
                                   for n in rng.sample((1, 2), rng.randrange(1, 3))]))
            attrs += [flow.tuple(1), flow.tuple(2, True)]
        if rng.random() < 0.06:
            attrs.append(be16(18, rng.choice((0, 1))))
        return CT, kind, DUMP if kind != DELETE else 0, rng.choice((0, 0, 2, 10, flow.family)), attrs

    def expectation(self):
        rng, master = self.rng, self.rng.choice(self.flows)
        flow = Flow(rng)
        flow.family, flow.ends = master.family, master.ends
        mask = flow.tuple(3)
        for attr in mask.content[0].content:
            attr.content = b'\xff' * len(attr.content)
        attrs = [Attr(1, master.tuple(1).content), Attr(2, flow.tuple(1).content), mask]
        if rng.random() < 0.6:
            attrs.append(be32(4, rng.choice((0, 300, 300, 0xffffffff))))
        if rng.random() < 0.3:
            attrs.append(be32(8, rng.choice((0, 1, 2, 3, 4, 7, 8))))
        if rng.random() < 0.3:
            attrs.append(be32(9, rng.choice((0, 0, 1, 255))))
        if rng.random() < 0.2:
            attrs.append(Attr(11, rng.choice((b'nat-follow-master\0', b'Q.931\0', b'sip\0', b'\0'))))
        if rng.random() < 0.2:
            attrs.append(Attr(10, [be32(1, rng.choice((0, 1, 2))), Attr(2, flow.tuple(1).content)]))
        kind = rng.choice((NEW, NEW, NEW, NEW, GET, DELETE))
        flags = {NEW: rng.choice((CREATE, CREATE, CREATE | EXCL, 0)), GET: 0}.get(kind, 0)
        return EXP, kind, flags, flow.family, attrs

    def expectations(self):
        rng = self.rng
        kind, attrs = rng.choice((GET, GET, DELETE, 3)), []
        if kind == DELETE and rng.random() < 0.5:
            attrs.append(Attr(6, rng.choice(NAMES)))
        return EXP, kind, DUMP if kind != DELETE else 0, rng.choice((0, 2, 10)), attrs

    def other(self):
        rng = self.rng
        subsystem = rng.choice((CT, CT, EXP, TIMEOUT, HELPER))
        attrs = [Attr(rng.randrange(1, 8), rng.choice((b'', b'a\0', bytes(4), rng.randbytes(8)))) for _ in range(rng.randrange(4))]
        return subsystem, rng.randrange(12), rng.choice((0, DUMP, CREATE)), rng.choice((0, 2, 10, 7)), attrs

    def policy(self):
        """A timeout policy: name, families, its data."""
        rng = self.rng
        data = [be32(n, self.number()) for n in rng.sample(range(1, 14), rng.randrange(1, 4))]
        attrs = [Attr(1, rng.choice((b'one\0', b'two\0', b'x' * 40))), be16(2, rng.choice((2, 10, 0x800))),
                 u8(3, rng.choice(PROTOCOLS)), Attr(4, data)]
        return TIMEOUT, rng.choice((0, 0, 0, 1, 2, 3, 4)), rng.choice((CREATE, 0, DUMP)), 0, attrs

    def request(self):
        make = self.rng.choice((self.connection,) * 8 + (self.update,) * 6 + (self.one,) * 4 +
                               (self.many,) * 3 + (self.expectation,) * 4 + (self.expectations,) +
                               (self.other,) + (self.policy,))
        subsystem, kind, flags, family, attrs = make()
        if self.rng.random() < 0.35:
            for _ in range(self.rng.choice((1, 1, 1, 2, 4))):
                self.mutate(attrs)
        if self.rng.random() < 0.03:
            family = self.rng.choice((0, 1, 7, 255))
        if self.rng.random() < 0.02:
            flags ^= 1 << self.rng.randrange(3, 12)
        return subsystem, kind, flags, family, b''.join(a.bytes() for a in attrs)

    def mutate(self, attrs):
        rng, level = self.rng, attrs
        while level and rng.random() < 0.7:
            deeper = [a.content for a in level if isinstance(a.content, list) and a.content]
            if not deeper:
                break
            level = rng.choice(deeper)
        if not level:
            return
        at = rng.randrange(len(level))
        attr, how = level[at], rng.randrange(9)
        if how == 0:
            del level[at]
        elif how == 1:
            level.insert(rng.randrange(len(level) + 1), attr)
        elif how == 2:
            attr.kind = rng.choice((0, attr.kind ^ 1, attr.kind + 1, rng.randrange(1, 30), 0x3fff))
        elif how == 3:
            attr.lie = rng.choice((-4, -1, 1, 4, 100, 60000))
        elif how == 4:
            attr.flags = rng.choice((0, NESTED, 0x4000, 0xc000))
        elif how == 5:
            rng.shuffle(level)
        elif isinstance(attr.content, list):
            attr.content = rng.choice((b'', bytes(2), bytes(4), rng.randbytes(12)))
        elif how == 6:
            attr.content = attr.content[:rng.randrange(len(attr.content) + 1)]
        elif how == 7:
            attr.content += bytes(rng.choice((1, 2, 4, 12, 300)))
        else:
            attr.content = rng.choice((rng.randbytes(len(attr.content)), b'\xff' * len(attr.content),
                                       bytes(len(attr.content))))


def encoded(request, number, ack=ACK):
    subsystem, kind, flags, family, attrs = request
    body = struct.pack('>BBH', family, 0, 0) + attrs
    return struct.pack('=IHHII', 16 + len(body), subsystem << 8 | kind, flags | REQUEST | ack, number, 0) + body


def crashes_stock(request):
    """The difference gre-master: GRE with a master."""
    return request[0] == CT and request[1] == NEW and b'\x0e' in request[4] and \
        any(k & 0x3fff == 14 for k in kinds(request[4])) and bytes((47,)) in request[4]


def kinds(data):
    """Types of the attributes as the kernel reads them."""
    found = []
    while len(data) >= 4:
        length, kind = struct.unpack_from('=HH', data)
        if length < 4 or length > len(data):
            break
        found.append(kind & 0x3fff)
        data = data[(length + 3) & ~3:]
    return found


# --- answers ---------------------------------------------------------------------

class Link:
    """A socket, and what the kernel says on it."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.sock.settimeout(0.5 * int(os.environ.get('NFCT_SLOW', '1')))
        self.number = 0

    def ask(self, request, whole=False):
        """The error, and each answer without what differs by time."""
        self.number += 1
        self.sock.send(encoded(request, self.number))
        found = []
        while True:
            try:
                data = self.sock.recv(1 << 20)
            except TimeoutError:
                return 'silent', found
            for length, kind, number, body in split(data):
                if number != self.number:
                    continue
                if kind == 2:
                    return str(struct.unpack_from('=i', body)[0]), found
                if kind == 3:
                    return 'done %d' % struct.unpack_from('=i', body.ljust(4, b'\0'))[0], found
                found.append(body if whole else '%x:%s' % (kind, plain(kind >> 8, body)))

    def table(self):
        """Both tables."""
        rows = []
        for subsystem in (CT, EXP):
            _, found = self.ask((subsystem, GET, DUMP, 0, b''))
            rows += sorted(found)
        return rows


def split(data):
    while len(data) >= 16:
        length, kind, _, number = struct.unpack_from('=IHHI', data)
        yield length, kind, number, data[16:length]
        data = data[(length + 3) & ~3:]


def rounded(data):
    """A timeout in steps that a second does not pass, nearly always."""
    left = struct.unpack('>I', data)[0]
    return '%d' % (left if left > 1 << 20 else (left + 8) // 50 * 50)


def plain(subsystem, body):
    if subsystem not in VOLATILE:
        return 'family %d %s' % (body[0], body[4:].hex())
    if len(body) > 4 and struct.unpack_from('>H', body, 2)[0] != 0:
        return 'statistics'
    attrs, words = attributes(body[4:]), ['family %d' % body[0]]
    timeout = {CT: 7, EXP: 4}[subsystem]
    for key in sorted(attrs):
        if key == timeout and len(attrs[key]) == 4:
            words.append('timeout=%s' % rounded(attrs[key]))
        elif key not in VOLATILE[subsystem]:
            words.append('%d=%s' % (key, attrs[key].hex()))
    return ' '.join(words)


def run(seed, count, seconds):
    enter('r')
    link, end = Link(), time.monotonic() + int(seconds)
    for number in range(int(count)):
        if time.monotonic() > end:
            break
        maker = Maker(random.Random('%s %d' % (seed, number)))
        for subsystem in (EXP, CT):
            link.ask((subsystem, DELETE, 0, 0, b''))
        for name in (b'one\0', b'two\0'):
            link.ask((TIMEOUT, 2, 0, 0, Attr(1, name).bytes()))
        print('round %s %d' % (seed, number))
        for _ in range(12):
            request = maker.request()
            if crashes_stock(request):
                continue
            said, found = link.ask(request)
            print('request %d %d %x %d %s => %s | %s || %s' % (
                *request[:4], request[4].hex() or '-', said, '; '.join(sorted(found)), '; '.join(link.table())))
    print('end')


# --- comparison ------------------------------------------------------------------

class Step:
    def __init__(self, line):
        self.request, _, rest = line.partition(' => ')
        self.said, _, rest = rest.partition(' | ')
        self.found, _, self.table = rest.partition(' || ')
        words = self.request.split()
        self.subsystem, self.kind, self.family = int(words[0]), int(words[1]), int(words[3])
        self.flags = int(words[2], 16)
        self.data = bytes.fromhex(words[4]) if words[4] != '-' else b''
        self.kinds = kinds(self.data)

    def dumps(self):
        return self.flags & DUMP and self.kind in (GET, ZERO)


def read(path):
    found, whole = [], False
    with open(path, encoding='ascii') as file:
        for line in file:
            what, _, rest = line.rstrip('\n').partition(' ')
            if what == 'round':
                found.append((rest, []))
            elif what == 'request':
                found[-1][1].append(Step(rest))
            whole = what == 'end'
    return found, whole


def replays(step):
    """Has a request what a dump has of a translated or expected connection, or of TCP?"""
    status = attributes(step.data).get(3, b'').ljust(4, b'\0')
    return bool(struct.unpack_from('>I', status)[0] & 0x1b1) or bool({4, 14} & set(step.kinds))


def known_ct(stock, ours):
    flush = stock.kind == DELETE and not {1, 2} & set(stock.kinds)
    many = stock.dumps() or flush
    if stock.kind == DELETE and 25 in stock.kinds:
        return 'flush-filter'
    if stock.said == '-95' and stock.family not in (2, 10):
        return 'family-of-addresses'
    if many and (18 in stock.kinds or 25 in stock.kinds and b'\3\0' in stock.data and stock.family != 10):
        return 'filter-zone'
    if stock.dumps() and 25 in stock.kinds and stock.family == 10:
        return 'filter-ipv6'
    if stock.kind == NEW and stock.said == ours.said and stock.said.startswith('-'):
        return 'update-all-or-nothing'
    if stock.kind == NEW and stock.flags & CREATE and replays(stock) and \
            stock.said in (ours.said, '-16'):
        return 'replay'
    if stock.kind == NEW and 22 in stock.kinds and (stock.said == '-28' or stock.said == ours.said):
        return 'labels-late'
    return ''


def known(stock, ours):
    """The name of the difference, or nothing."""
    if stock.subsystem == CT:
        return known_ct(stock, ours)
    # ours says the longest time of a clock of 250 ticks a second
    if stock.subsystem == TIMEOUT and stock.said == ours.said and stock.table == ours.table and \
            '0083126e' in ours.found:
        return 'timeout-policy-range'
    if stock.subsystem == EXP and stock.said == 'silent':
        return 'expect-dump-end'
    if stock.subsystem == EXP and stock.said == '-95' and stock.family not in (2, 10):
        return 'family-of-addresses'
    if stock.subsystem == EXP and stock.kind == NEW and stock.said == ours.said == '0':
        return 'expect-timeout-range' if b'\xff\xff\xff\xff' in stock.data else ''
    return ''


def compare(stock_path, ours_path):
    (stock, whole), (ours, whole2) = read(stock_path), read(ours_path)
    verdict('both sets came to the end', whole and whole2)
    verdict('both sets had %d rounds' % len(stock), len(stock) == len(ours), len(ours))
    names, worse, total, errors = {}, 0, 0, {}
    for (title, steps), (_, steps2) in zip(stock, ours):
        for index, (one, other) in enumerate(zip(steps, steps2)):
            total += 1
            errors[one.said] = errors.get(one.said, 0) + 1
            if (one.request, one.said, one.found, one.table) == \
                    (other.request, other.said, other.found, other.table):
                continue
            name = known(one, other)
            names[name] = names.get(name, 0) + 1
            if not name:
                worse += 1
                if worse <= 25:
                    verdict('round %s request %d' % (title, index), False, '%s: stock %s | %s || %s, ours %s | %s || %s' % (
                        one.request, one.said, one.found, one.table, other.said,
                        other.found if other.found != one.found else 'the same',
                        other.table if other.table != one.table else 'the same'))
            break
    print('# by answer: %s' % sorted(errors.items(), key=lambda item: -item[1]))
    print('# differences: %s' % names)
    verdict('%d requests: both sets answer the same' % total, worse == 0, '%d rounds differ' % worse)


# --- at once, and without rights ---------------------------------------------------

def flood(seed, seconds):
    enter('r')
    rng = random.Random(seed)
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    sock.setblocking(False)
    sock.setsockopt(270, 5, 1)
    ready = []
    for _ in range(60):
        maker = Maker(rng)
        ready += [encoded(maker.request(), 0, 0) for _ in range(20)]
    end, count = time.monotonic() + int(seconds), 0
    while time.monotonic() < end:
        for data in rng.sample(ready, 100):
            try:
                sock.send(data)
            except OSError:
                pass
            count += 1
        try:
            while True:
                sock.recv(1 << 18)
        except OSError:
            pass
    print('%d requests' % count)


def unshare(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), 'unshare')


def forked(function, *args):
    """Verdicts of a child that gives up its rights."""
    sys.stdout.flush()
    pid = os.fork()
    if not pid:
        try:
            function(*args)
        except Exception as err:  # pylint: disable=broad-except
            verdict(function.__name__, False, repr(err))
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(pid, 0)


def asked(requests):
    """How often each answer came, and what was shown."""
    link, said, shown = Link(), {}, []
    for request in requests:
        answer, found = link.ask(request)
        said[answer] = said.get(answer, 0) + 1
        shown += found
    return said, shown


def without_rights(requests):
    unshare(0x10000000)
    said, shown = asked(requests)
    verdict('a user namespace without rights gets EPERM', set(said) == {'-1'} and not shown,
            '%s %s' % (said, shown[:3]))


def with_own_network(requests):
    unshare(0x50000000)
    said, shown = asked([r for r in requests if not crashes_stock(r)])
    print('# answers in a namespace of its own: %s' % said)
    verdict('requests work in a namespace of its own', '0' in said and '-22' in said, said)
    seen = [text for text in shown if 'cb007163' in text]
    verdict('it does not see the entry of another', not seen, seen[:3])


def unprivileged(seed, count):
    enter('r')
    link = Link()
    flow = Flow(random.Random(1))
    flow.family, flow.proto, flow.ends = 2, 17, ('203.0.113.99', '203.0.113.98')
    own = flow.tuple(1).bytes()
    link.ask((CT, DELETE, 0, 0, b''))
    link.ask((CT, NEW, CREATE, 2, own + flow.tuple(2, True).bytes() + be32(7, 500000).bytes()))
    before = link.table()
    verdict('an entry to look for', len(before) == 1, before)
    requests = [Maker(random.Random('%s %d' % (seed, number))).request()
                for number in range(int(count))]
    requests += [(CT, DELETE, 0, 0, b''), (CT, DELETE, 0, 2, own), (CT, GET, 0, 2, own)]
    forked(without_rights, requests)
    verdict('the table is as it was', link.table() == before, link.table())
    forked(with_own_network, requests)
    verdict('the table is still as it was', link.table() == before, link.table())


if __name__ == '__main__':
    WHAT = {'run': run, 'compare': compare, 'flood': flood, 'unprivileged': unprivileged}[sys.argv[1]]
    if WHAT in (compare, unprivileged):
        def checked():
            WHAT(*sys.argv[2:])
        main([checked])
    else:
        WHAT(*sys.argv[2:])
