# SPDX-License-Identifier: GPL-2.0
"""Random packets through the router of data/xt.sh, and what conntrack makes of each.

    pktfuzz.py run SEED COUNT SECONDS >ANSWERS
        Conversations between c and s: COUNT of them, or as many as the time allows.
    pktfuzz.py compare STOCK OURS
        Verdicts: in both files of answers the same became of each packet, and the tables
        were the same after each conversation.  Known differences have a name.
    pktfuzz.py show SEED NUMBER
        The packets of one conversation, in hex.

The router tells what conntrack thinks of a packet by its TTL: rules set it to 101 invalid,
102 new, 103 established, 104 related, 105 untracked, and 10 more in the direction of answers.
Behind each packet goes a mark (protocol 253), so that one that is lost costs no time.
A mark that does not come is a line "unmarked" of its conversation.
"""

import os
import random
import socket
import struct
import sys
import time

from pktmake import Conversation
from rawnet import (attributes, enter, is6, main, messages, nft, verdict)

STATES = ('invalid', 'new', 'established', 'related', 'untracked')
ROUTER_MAC, MACS = b'\2\0\0\0\0\1', {'c': b'\2\0\0\0\0\2', 's': b'\2\0\0\0\0\3'}
MARK = 253
OWN = [socket.inet_aton(a) for a in ('10.0.1.1', '10.0.2.1')] + \
      [socket.inet_pton(socket.AF_INET6, a) for a in ('fd00:1::1', 'fd00:2::1')]
# Of an entry: its use count, its ID, its times
VOLATILE = {11, 12, 20}
TIMEOUT = 7
# Marks of a conversation, at most
MOST = 4096
PATIENCE = 2.0 * int(os.environ.get('NFCT_SLOW', '1'))
# Chosen anew for each conversation; the first is the default
SYSCTLS = {'log_invalid': (0, 255), 'checksum': (1, 0), 'tcp_be_liberal': (0, 1),
           'tcp_loose': (1, 0), 'tcp_max_retrans': (3, 1), 'tcp_ignore_invalid_rst': (0, 1),
           'acct': (1, 0)}


# --- the router ------------------------------------------------------------------

def rules():
    """What the router does: see the head of this file."""
    text = ['table inet pktfuzz {', 'chain before { type filter hook prerouting priority -500;',
            'meta l4proto %d notrack' % MARK, '}',
            'chain local { type filter hook input priority 0; iifname != lo drop; }',
            'chain tell { type filter hook forward priority 0;',
            # would take the place of what is translated
            'iifname eth2 oifname eth2 drop']
    for family in ('ip ttl', 'ip6 hoplimit'):
        proto = 'ipv4' if family == 'ip ttl' else 'ipv6'
        for number, state in enumerate(STATES):
            for more, which in ((0, ''), (10, 'ct direction reply ')):
                text.append('meta nfproto %s ct state %s %s%s set %d' % (
                    proto, state, which, family, 101 + number + more))
    text += ['}', 'chain hide { type nat hook postrouting priority 100;',
             'ip saddr 10.0.1.3 snat ip to 10.0.2.3',
             'ip6 saddr fd00:1::3 snat ip6 to fd00:2::3', '}', '}']
    nft('r', '\n'.join(text))


class Side:
    """Packet sockets of namespace c or s."""

    def __init__(self, name):
        enter(name)
        self.mac = MACS[name]
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)
        self.sock.bind(('eth0', 3))
        self.sock.settimeout(PATIENCE)

    def send(self, packet, six):
        head = ROUTER_MAC + self.mac + (b'\x86\xdd' if six else b'\x08\0')
        try:
            self.sock.send(head + packet)
        except OSError:
            # longer than the link takes
            pass

    def frames(self):
        """Packets that have come from the router; a mark as its number.  Ends when none comes."""
        while True:
            try:
                frame, where = self.sock.recvfrom(65536)
            except TimeoutError:
                return
            if where[2] == socket.PACKET_OUTGOING:
                continue
            data = frame[14:]
            if frame[12:14] == b'\x08\0' and data[9] == MARK:
                yield struct.unpack_from('>I', data, 20)[0]
            elif frame[12:14] == b'\x08\0' and data[12:16] not in OWN:
                yield data
            elif frame[12:14] == b'\x86\xdd' and data[8:24] not in OWN and data[8] == 0xfd:
                yield data


def mark(number):
    """The packet that follows another one."""
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 24, 1, 0, 64, MARK, 0,
                       b'\x0a\0\1\2', b'\x0a\0\2\2')
    total = sum(struct.unpack('>10H', head))
    total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack('>H', ~total & 0xffff) + head[12:] + struct.pack('>I', number)


def mark_to(name, number):
    packet = mark(number)
    if name == 's':
        packet = packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
    return packet


class Router:
    """Conntrack in namespace r, by netlink."""

    def __init__(self):
        rules()
        enter('r')
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.sysctls = {}

    def request(self, kind, flags):
        """Bodies of the answers."""
        self.sock.send(struct.pack('=IHHIIBBH', 20, kind, flags, 0, 0, 0, 0, 0))
        found = []
        while True:
            for what, data in messages(self.sock.recv(1 << 20)):
                if what in (2, 3):
                    return found
                found.append(data[4:])

    def flush(self):
        self.request(0x102, 5)

    def table(self):
        """Each entry as text, its timeout in front, sorted."""
        found = []
        for data in self.request(0x101, 0x301):
            attrs = attributes(data)
            left = struct.unpack('>I', attrs.pop(TIMEOUT, bytes(4)))[0]
            rest = ' '.join('%d:%s' % (key, attrs[key].hex()) for key in sorted(attrs)
                            if key not in VOLATILE)
            found.append((rest, left))
        return ['%d|%s' % (left, rest) for rest, left in sorted(found)]

    def set(self, values):
        enter('r')
        for key, value in values.items():
            if self.sysctls.get(key) == value:
                continue
            self.sysctls[key] = value
            path = '/proc/sys/net/netfilter/nf_conntrack_' + key
            if os.path.exists(path):
                with open(path, 'w', encoding='ascii') as file:
                    file.write(str(value))


def settings(rng):
    return {key: values[0] if rng.random() < 0.8 else values[1]
            for key, values in SYSCTLS.items()}


def outcome(talk, sides):
    """What has come out for each packet, as hex; the marks that have not come."""
    last, came = len(talk.packets), [[] for _ in range(len(talk.packets) + 1)]
    missing = {(name, index) for index, (name, _) in enumerate(talk.packets)}
    missing |= {(name, last) for name in sides}
    for name, side in sides.items():
        now, sender = [], {'c': 's', 's': 'c'}[name]
        for frame in side.frames():
            if isinstance(frame, bytes):
                now.append(frame.hex())
                continue
            which, index = divmod(frame, MOST)
            if which != talk.number:
                # late, of one before
                now = []
                continue
            missing.discard((sender, index))
            came[index] += now
            now = []
            if index == last:
                break
    return came, sorted(missing)


def converse(router, sides, seed, number):
    rng = random.Random('%s %d' % (seed, number))
    router.set(settings(rng))
    talk = Conversation(rng, number)
    router.flush()
    for index, (name, packet) in enumerate(talk.packets):
        sides[name].send(packet, talk.six)
        sides[name].send(mark_to(name, talk.number * MOST + index), False)
    for name, side in sides.items():
        side.send(mark_to(name, talk.number * MOST + len(talk.packets)), False)
    print('conversation %s %d %s' % (seed, number, talk.kind))
    came, missing = outcome(talk, sides)
    for name, index in missing:
        print('unmarked %s %d' % (name, index))
    for (name, packet), frames in zip(talk.packets + [('c', b'')], came):
        print('packet %s %s => %s' % (name, packet.hex(), ' '.join(frames)))
    for line in router.table():
        print('entry ' + line)


def run(seed, count, seconds):
    os.sched_setaffinity(0, {0})
    sides = {name: Side(name) for name in 'cs'}
    router = Router()
    end = time.monotonic() + int(seconds)
    for number in range(int(count)):
        if time.monotonic() > end:
            break
        converse(router, sides, seed, number)
    print('end')


# --- comparison ------------------------------------------------------------------

class Answer:
    """A conversation as run() has printed it."""

    def __init__(self, title):
        self.title, self.packets, self.entries, self.unmarked = title, [], [], []


def read(path):
    found, whole = [], False
    with open(path, encoding='ascii') as file:
        for line in file:
            what, _, rest = line.rstrip('\n').partition(' ')
            if what == 'conversation':
                found.append(Answer(rest))
            elif what == 'packet':
                sent, _, came = rest.partition(' =>')
                found[-1].packets.append((sent, came.strip()))
            elif what == 'unmarked':
                found[-1].unmarked.append(rest)
            elif what == 'entry':
                found[-1].entries.append(rest)
            whole = what == 'end'
    return found, whole


def state(came):
    """The states that TTLs tell."""
    found = []
    for text in came.split():
        data = bytes.fromhex(text).ljust(40, b'\0')
        ttl = data[7] if data[0] >> 4 == 6 else data[8]
        reply, number = divmod(ttl - 101, 10)
        found.append(STATES[number] + ('/reply' if reply else '')
                     if 101 <= ttl <= 115 and number < 5 else 'ttl %d' % ttl)
    return ' '.join(found) or 'lost'


def fields(entry):
    """The attributes of an entry, by number, and its timeout."""
    left, _, rest = entry.partition('|')
    found = dict(word.split(':', 1) for word in rest.split())
    found['timeout'] = int(left)
    return found


def changed(stock, ours):
    """Names of what differs in two entries; timeouts may by what the run took."""
    return {key for key in set(stock) | set(ours) if stock.get(key) != ours.get(key) and
            not (key == 'timeout' and abs(stock[key] - ours[key]) <= 3)}


def transport(packet):
    """Protocol and what follows the headers of IP; offset of its fragment."""
    whole, packet = packet, packet.ljust(40, b'\0')
    if packet[0] >> 4 != 6:
        head = (packet[0] & 15) * 4
        return packet[9], whole[head:], struct.unpack_from('>H', packet, 6)[0] & 0x1fff
    proto, at = packet[6], 40
    while proto in (0, 43, 44, 51, 60) and at + 8 <= len(packet):
        size = {44: 8, 51: (packet[at + 1] + 2) * 4}.get(proto, (packet[at + 1] + 1) * 8)
        proto, at = packet[at], at + size
    return proto, whole[at:], 0


def without_ids(came):
    """Packets without the random numbers: of a fragment of IPv6, of an ICMP error that a
    router of IPv4 makes (and the header's checksum, which has it)."""
    found = []
    for text in came.split():
        if text[0] == '6' and text[12:14] == '2c':
            text = text[:88] + '0' * 8 + text[96:]
        elif text[0] == '4' and text[2:4] == 'c0' and text[18:20] == '01':
            text = text[:8] + '0' * 4 + text[12:20] + '0' * 4 + text[24:]
        found.append(text)
    return found


def cuts_gre(packet):
    """Does a packet end within its header of GRE?"""
    proto, body, where = transport(packet)
    if proto != 47 or where:
        return False
    return len(body) < 4 or len(body) < 4 + 4 * sum(bool(body[0] & bit) for bit in (0x80, 0x20, 0x10))


def packet_of(sent):
    return bytes.fromhex(sent[2:])


def known(sent, stock, ours, before):
    """The name of the difference in what became of a packet behind others, or nothing."""
    proto, body, _ = transport(packet_of(sent))
    was, now = state(stock), state(ours)
    # one that is cut makes a connection, or answers, on stock alone
    if proto == 47 and ('invalid' in now or any(cuts_gre(packet_of(one)) for one, _ in before)):
        return 'gre-header'
    if proto == 33 and was == 'lost':
        return 'dccp-header'
    if proto == 33 and 'invalid' in was and 'invalid' not in now:
        return 'dccp-coverage'
    if proto == 136 and ('invalid' in was or 'invalid' in now):
        return 'udplite-checksum'
    if proto == 58 and body[:1] and 151 <= body[0] <= 153 and 'untracked' in now:
        return 'icmpv6-mrdisc'
    if proto == 58 and body[:1] == b'\x89' and 'related' in now:
        return 'icmpv6-redirect'
    return ''


def known_entry(stock, ours, packets):
    """The name of the difference between two entries, or nothing."""
    what = changed(stock, ours)
    proto = bytes.fromhex(stock['1'])
    if what <= {'4', '3', 'timeout'} and b'\5\0\1\0\x84' in proto:
        return 'sctp-packet-whole'
    if what == {'timeout'} and stock['timeout'] <= 10 and 290 < ours['timeout'] <= 300 and \
            b'\5\0\1\0\6' in proto:
        return 'tcp-reset-timeout'
    # such a packet is counted, but did not leave the router
    if what <= {'9', '10', 'timeout'} and b'\5\0\1\0\x2f' in proto and \
            any(cuts_gre(packet_of(sent)) for sent, _ in packets):
        return 'gre-header'
    return ''


def compared_entries(stock, ours, packets):
    """None: no difference; else its name and what it is."""
    why = 'entries: stock %s, ours %s' % ([e for e in stock if e not in ours],
                                          [e for e in ours if e not in stock])
    if len(stock) != len(ours):
        return '', why
    names = [known_entry(one, other, packets)
             for one, other in zip(map(fields, stock), map(fields, ours))
             if changed(one, other)]
    if not names:
        return None, ''
    return ('' if '' in names else names[0]), why


def difference(stock, ours):
    """The name of the first difference of a conversation and what it is."""
    if stock.unmarked or ours.unmarked:
        return '', 'marks lost: stock %s, ours %s' % (stock.unmarked, ours.unmarked)
    for index, ((sent, was), (sent2, now)) in enumerate(zip(stock.packets, ours.packets)):
        if sent != sent2:
            return 'generator', 'packet %d differs itself' % index
        if without_ids(was) != without_ids(now):
            return known(sent, was, now, stock.packets[:index]), 'packet %d %s: stock %s, ours %s%s' % (
                index, sent, state(was), state(now),
                '' if state(was) != state(now) else ': %s, %s' % (was, now))
    return compared_entries(stock.entries, ours.entries, stock.packets)


def compare(stock_path, ours_path):
    (stock, whole), (ours, whole2) = read(stock_path), read(ours_path)
    verdict('both sets came to the end', whole and whole2)
    verdict('both sets had %d conversations' % len(stock), len(stock) == len(ours), len(ours))
    names, worse, states = {}, 0, {}
    for one, other in zip(stock, ours):
        for _, came in one.packets:
            states[state(came)] = states.get(state(came), 0) + 1
        name, why = difference(one, other)
        if name:
            names[name] = names.get(name, 0) + 1
        elif name == '':
            worse += 1
            if worse <= 20:
                verdict('conversation ' + one.title, False, why)
    print('# packets by state: %s' % sorted(states.items(), key=lambda item: -item[1])[:12])
    print('# known differences: %s' % names)
    verdict('%d packets: both sets say the same of each' % sum(states.values()), worse == 0,
            '%d conversations differ' % worse)


def show(seed, number):
    rng = random.Random('%s %s' % (seed, number))
    print(settings(rng))
    talk = Conversation(rng, int(number))
    print(talk.kind, 'IPv6' if talk.six else 'IPv4')
    for name, packet in talk.packets:
        print(name, packet.hex())


if __name__ == '__main__':
    WHAT = {'run': run, 'compare': compare, 'show': show}[sys.argv[1]]
    if WHAT is compare:
        def checked():
            WHAT(*sys.argv[2:])
        main([checked])
    else:
        WHAT(*sys.argv[2:])
