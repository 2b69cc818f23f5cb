#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Messages of PPTP (RFC 2637 2), and what the helper expects of them, segment by segment,
when they are cut, split, or one byte is another one.

  pptpwire.py record FILE   writes what is expected in each case, a line each
  pptpwire.py compare OURS STOCK
                            of two such files: ours must be what the RFC says, and each
                            difference to stock must have a reason
"""

import struct
import sys

import helperwire
from helperwire import Wire
from rawnet import C4, S4, run

PORT = 1723
START, START_REPLY, OUT, OUT_REPLY, IN, IN_REPLY, CONNECTED, CLEAR, DISCONNECT, WAN, LINK = \
    1, 2, 7, 8, 9, 10, 11, 12, 13, 14, 15
SIZES = {1: 156, 2: 156, 3: 16, 4: 16, 5: 16, 6: 20, 7: 168, 8: 32, 9: 220, 10: 24, 11: 28,
         12: 16, 13: 148, 14: 40, 15: 24}


def message(kind, body):
    return struct.pack('>HHIHH', 12 + len(body), 1, 0x1a2b3c4d, kind, 0) + body


def start():
    return message(START, struct.pack('>HHIIHH', 0x100, 0, 3, 3, 0, 0) + bytes(128))


def started(result=1):
    return message(START_REPLY, struct.pack('>HBBIIHH', 0x100, result, 0, 3, 3, 1, 0) + bytes(128))


def out(pns):
    return message(OUT, struct.pack('>HHIIIIHHHH', pns, 0, 300, 100000000, 3, 3, 3, 0, 0, 0) +
                   bytes(128))


def out_reply(pns, pac, result=1):
    return message(OUT_REPLY, struct.pack('>HHBBHIHHI', pac, pns, result, 0, 0, 100000000, 3, 0, 0))


def ring(pac):
    return message(IN, struct.pack('>HHIIHH', pac, 0, 3, 0, 0, 0) + bytes(192))


def ring_reply(pns, pac, result=1):
    return message(IN_REPLY, struct.pack('>HHBBHHH', pns, pac, result, 0, 3, 0, 0))


def connected(pns):
    return message(CONNECTED, struct.pack('>HHIHHI', pns, 0, 64000, 3, 0, 3))


def clear(pns):
    return message(CLEAR, struct.pack('>HH', pns, 0))


def disconnect(pac):
    return message(DISCONNECT, struct.pack('>HBBHH', pac, 1, 0, 0, 0) + bytes(128))


def wan(pns):
    return message(WAN, struct.pack('>HH', pns, 0) + bytes(24))


def link(peer):
    return message(LINK, struct.pack('>HHII', peer, 0, 0xffffffff, 0xffffffff))


# --- exchanges, changed in one place -------------------------------------------------

GREETING = [('c', start()), ('s', started())]
EXCHANGES = {
    'out': GREETING + [('c', out(100)), ('s', out_reply(100, 200))],
    'in': GREETING + [('s', ring(200)), ('c', ring_reply(100, 200)), ('s', connected(100))],
    'end': GREETING + [('c', out(100)), ('s', out_reply(100, 200)), ('s', disconnect(200))],
}


def places(size):
    """All of the header and the first fields, of what follows every 16th byte, the last."""
    return sorted({*range(min(size, 20)), *range(20, size, 16), size - 1})


def variants(data):
    for n in places(len(data)):
        yield 'cut-%d' % n, [data[:n]] if n else []
        yield 'byte-%d' % n, [data[:n] + bytes([data[n] ^ 3]) + data[n + 1:]]
        if n:
            yield 'split-%d' % n, [data[:n], data[n:]]


def cases():
    for name, messages in EXCHANGES.items():
        yield name + ' whole', messages
        for n, (who, data) in enumerate(messages):
            if name != 'out' and messages[:n + 1] == EXCHANGES['out'][:n + 1]:
                continue
            for variant, pieces in variants(data):
                yield '%s %d %s' % (name, n, variant), (
                    messages[:n] + [(who, piece) for piece in pieces] + messages[n + 1:])


def outcomes():
    wire = Wire()
    for n, (name, segments) in enumerate(cases()):
        if n % 50 == 0:
            run('r', 'sh', '-c', 'conntrack -F; true')
        talk = wire.connect('4', PORT)
        for who, data in segments:
            talk.say(who, data)
        wire.settle()
        yield name, ' '.join(who + data.hex() for who, data in segments), wire.expected.take()


def record(path):
    helperwire.write(path, outcomes())


# --- what the RFC says -----------------------------------------------------------------

def whole(segment):
    """The messages of a segment."""
    while len(segment) >= 12:
        size, control, magic, kind = struct.unpack_from('>HHIH', segment)
        if control != 1 or magic != 0x1a2b3c4d or not SIZES.get(kind, 999) <= size <= \
                min(len(segment), 220):
            return
        yield kind, struct.unpack_from('>H', segment, 12)[0], segment[:size]
        segment = segment[size:]


def right(_, text):
    """What is to be expected of an exchange."""
    segments = [(word[0], bytes.fromhex(word[1:])) for word in text.split()]
    asked, confirmed, calls, rung = False, False, {}, {}
    for who, segment in segments:
        for kind, first, data in whole(segment):
            second, result = struct.unpack_from('>HB', data, 14) if len(data) > 16 else (0, 0)
            if (who, kind) == ('c', START):
                asked = True
            elif (who, kind) == ('s', START_REPLY):
                confirmed = asked and second >> 8 == 1
            elif (who, kind) == ('c', OUT) and confirmed:
                calls.setdefault(first, None)
            elif (who, kind) == ('s', OUT_REPLY) and second in calls and result == 1:
                calls[second] = first
            elif (who, kind) == ('s', IN) and confirmed:
                rung[first] = None
            elif (who, kind) == ('c', IN_REPLY) and second in rung and result == 1:
                rung[second] = first
            elif (who, kind) == ('s', CONNECTED) and first in rung.values():
                calls[first] = next(pac for pac, pns in rung.items() if pns == first)
            elif (who, kind) == ('s', DISCONNECT):
                calls = {pns: pac for pns, pac in calls.items() if pac != first}
    found = []
    for pns, pac in calls.items():
        if pac is not None:
            found += ['%s>%s:%d' % (C4, S4, pac), '%s>%s:%d' % (S4, C4, pns)]
    return ' '.join(sorted(found))


def reason(case, *_):
    """Why ours is another one than stock's, None if it should not be."""
    exchange, number, variant = case.split()
    kind, place = variant.split('-')
    if kind == 'byte' and int(place) < 2:
        return 'length of a message that is not that of its type'
    if exchange == 'end' and kind == 'byte' and int(place) in (12, 13):
        return 'end of a call that is not there'
    return None


def compare(ours, stock):
    helperwire.compare(ours, stock, reason, right, 'exchanges as the RFC says')


if __name__ == '__main__':
    sys.dont_write_bytecode = True
    globals()[sys.argv[1]](*sys.argv[2:])
