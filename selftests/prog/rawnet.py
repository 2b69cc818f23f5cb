# SPDX-License-Identifier: GPL-2.0
"""What the packet tests share: hand-made packets in the namespaces c, r and s
of lib.sh's topology, and what the router's conntrack makes of them.

Verdicts are printed one a line, "ok NAME" or "not ok NAME # WHY"; verdicts() of
lib.sh turns them into subtests.
"""

import ctypes
import errno
import os
import socket
import struct
import subprocess
import time

C4, S4, G4 = '10.0.1.2', '10.0.2.2', '10.0.2.1'
C6, S6, G6 = 'fd00:1::2', 'fd00:2::2', 'fd00:2::1'
PROTO = {'icmp': 1, 'udp': 17, 'dccp': 33, 'gre': 47, 'icmpv6': 58,
         'sctp': 132, 'udplite': 136}

_libc = ctypes.CDLL(None, use_errno=True)


def kernel_is_at_least(*version):
    """Whether the kernel is 6, 12 or newer, for example."""
    return tuple(int(n) for n in os.uname().release.split('.')[:len(version)]) >= version


# 7.x has no tracker for these.
HAS_DCCP = os.path.exists('/proc/sys/net/netfilter/nf_conntrack_dccp_timeout_request')
HAS_UDPLITE = not kernel_is_at_least(7)


# --- namespaces --------------------------------------------------------------

def enter(name):
    """Move this process to a namespace; sockets made before stay where they are."""
    with open('/run/netns/' + name, 'rb') as ns:
        if _libc.setns(ns.fileno(), 0):
            raise OSError(ctypes.get_errno(), 'setns')


def run(name, *args):
    """Run a command in a namespace and return its output; it must succeed."""
    done = subprocess.run(['nsenter', '--net=/run/netns/' + name, '--', *args],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise OSError('%s: status %d: %s' % (' '.join(args), done.returncode,
                                             done.stdout))
    return done.stdout


def nft(name, rules):
    subprocess.run(['nsenter', '--net=/run/netns/' + name, '--', 'nft', '-f', '-'],
                   input=rules + '\n', text=True, check=True)


# Neighbour discovery, which would spoil counts, as a rule without a set: those
# make nf_tables of the debug kernel complain about itself.
NEIGHBOURS = 'ip6 hoplimit 255 icmpv6 type 133-136 accept'


def silence(name):
    """Let a namespace answer nothing but neighbour solicitations."""
    rules = ['table inet silence {', 'chain in {',
             'type filter hook prerouting priority -400', NEIGHBOURS]
    rules += ['meta l4proto %d drop' % n for n in sorted(PROTO.values())]
    nft(name, '\n'.join(rules + ['}', '}']))


def sysctl(name, **values):
    enter(name)
    for key, value in values.items():
        with open('/proc/sys/net/netfilter/nf_conntrack_' + key, 'w',
                  encoding='ascii') as file:
            file.write(str(value))


# --- building ----------------------------------------------------------------

def is6(addr):
    return ':' in addr


def packed(addr):
    return socket.inet_pton(socket.AF_INET6 if is6(addr) else socket.AF_INET, addr)


def full(addr):
    """An address as /proc/net/nf_conntrack shows it."""
    if not is6(addr):
        return addr
    return ':'.join('%04x' % w for w in struct.unpack('>8H', packed(addr)))


def csum(data):
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(src, dst, proto, length):
    if is6(src):
        return packed(src) + packed(dst) + struct.pack('>IxxxB', length, proto)
    return packed(src) + packed(dst) + struct.pack('>xBH', proto, length)


def ip(src, dst, proto, payload, ttl=64):
    """A whole packet; the family is that of the addresses."""
    if is6(src):
        return (struct.pack('>IHBB', 6 << 28, len(payload), proto, ttl) +
                packed(src) + packed(dst) + payload)
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(payload), 1, 0, ttl,
                       proto, 0, packed(src), packed(dst))
    return head[:10] + struct.pack('>H', csum(head)) + head[12:] + payload


def udp(src, dst, sport, dport, data=b'data', length=None, check=None):
    """A UDP packet; length and check replace the right values."""
    length = 8 + len(data) if length is None else length
    head = struct.pack('>HHHH', sport, dport, length, 0)
    if check is None:
        check = csum(pseudo(src, dst, PROTO['udp'], 8 + len(data)) + head + data)
        check = check or 0xffff
    return ip(src, dst, PROTO['udp'], head[:6] + struct.pack('>H', check) + data)


def udplite(src, dst, sport, dport, data=b'data', cover=0, check=None):
    head = struct.pack('>HHHH', sport, dport, cover, 0)
    if check is None:
        covered = (head + data)[:cover or None]
        check = csum(pseudo(src, dst, PROTO['udplite'], 8 + len(data)) + covered)
        check = check or 0xffff
    return ip(src, dst, PROTO['udplite'], head[:6] + struct.pack('>H', check) + data)


def icmp(src, dst, kind, code=0, rest=b'\0\0\0\0', data=b'', check=None, ttl=64):
    """An ICMP or ICMPv6 message; rest is the second word of its header."""
    proto = PROTO['icmpv6' if is6(src) else 'icmp']
    body = struct.pack('>BBH', kind, code, 0) + rest + data
    if check is None:
        check = csum((pseudo(src, dst, proto, len(body)) if is6(src) else b'') + body)
    return ip(src, dst, proto, body[:2] + struct.pack('>H', check) + body[4:], ttl)


# --- sending and looking -----------------------------------------------------

class Sender:
    """Sends whole packets out of a namespace, through its routes."""

    def __init__(self, name):
        enter(name)
        raw = socket.SOCK_RAW
        self.sock4 = socket.socket(socket.AF_INET, raw, socket.IPPROTO_RAW)
        self.sock6 = socket.socket(socket.AF_INET6, raw, socket.IPPROTO_RAW)

    def __call__(self, packet):
        if packet[0] >> 4 == 6:
            to = socket.inet_ntop(socket.AF_INET6, packet[24:40])
            self.sock6.sendto(packet, (to, 0))
        else:
            to = socket.inet_ntop(socket.AF_INET, packet[16:20])
            self.sock4.sendto(packet, (to, 0))
        settle()


def settle():
    """Packets pass the router's hooks in softirqs: give these a moment."""
    time.sleep(0.02)


def messages(data):
    """Type and body of each netlink message."""
    while len(data) >= 16:
        length, kind = struct.unpack_from('=IH', data)
        yield kind, data[16:length]
        data = data[(length + 3) & ~3:]


def attributes(data):
    """Netlink attributes as a dictionary."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from('=HH', data)
        found[kind & 0x3fff] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


class Router:
    """The conntrack of namespace r: entries, statistics, counters by state."""

    STATES = ('invalid', 'new', 'established', 'related', 'untracked')

    def __init__(self, uncounted=''):
        """Packets that fit the match "uncounted" do not count."""
        rules = ['table inet rawnet {']
        for name in self.STATES + ('reply',):
            rules.append('counter c_%s { }' % name)
        rules.append('chain pre { type filter hook prerouting priority 0;')
        # Reports of listeners have a hop limit of 1, and those of the tests not
        rules += [NEIGHBOURS, 'ip6 hoplimit 1 icmpv6 type 143 accept']
        if uncounted:
            rules.append(uncounted + ' accept')
        for name in self.STATES:
            rules.append('ct state %s counter name c_%s' % (name, name))
        rules += ['ct direction reply counter name c_reply', '}', '}']
        nft('r', '\n'.join(rules))
        enter('r')
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.last = self.counts()

    def counts(self):
        """Packets of each counter: NFT_MSG_GETOBJ, many times faster than nft."""
        table = b'rawnet\0\0'
        body = struct.pack('=BBH', 1, 0, 0) + struct.pack('=HH', 11, 1) + table
        self.netlink.send(struct.pack('=IHHII', 16 + len(body), 10 << 8 | 19,
                                      0x301, 0, 0) + body)
        found = {}
        while True:
            for kind, data in messages(self.netlink.recv(65536)):
                if kind == 3:
                    return found
                if kind == 2:
                    raise OSError('no counters: error %d' % struct.unpack_from('=i', data))
                obj = attributes(data[4:])
                name = obj[2].rstrip(b'\0').decode()
                packets, = struct.unpack('>Q', attributes(obj[4])[2])
                found[name.removeprefix('c_')] = packets

    def seen(self):
        """Names of the counters that went up since the last call, as a string."""
        settle()
        now = self.counts()
        names = [n for n in self.STATES + ('reply',) if now[n] != self.last[n]]
        self.last = now
        return ' '.join(names)

    def entries(self, proto=None):
        """Lines of /proc/net/nf_conntrack, of one protocol if it is given."""
        enter('r')
        with open('/proc/thread-self/net/nf_conntrack', encoding='ascii') as file:
            lines = file.read().splitlines()
        return [l for l in lines if proto is None or l.split()[2] == proto]

    def entry(self, proto, *words):
        """The one entry that has all the words, else an empty string. A word
        that is an address stands for the source of the original direction."""
        words = ['src=' + full(w) if '.' in w or ':' in w else w for w in words]
        found = [l for l in self.entries(proto)
                 if all(' ' + w + ' ' in l + ' ' for w in words)]
        return found[0] if len(found) == 1 else ''

    def stat(self, column):
        enter('r')
        with open('/proc/thread-self/net/stat/nf_conntrack', encoding='ascii') as file:
            head, *rows = [line.split() for line in file]
        return sum(int(row[head.index(column)], 16) for row in rows)

    @staticmethod
    def flush():
        run('r', 'conntrack', '-F')


def left(entry):
    """Seconds that an entry has, -1 without entry."""
    return int(entry.split()[4]) if entry else -1


# --- allocations that fail ---------------------------------------------------

def errname(err):
    return errno.errorcode.get(err.errno, str(err.errno))


class FailNth:
    """Which allocation of this thread fails, on the debug kernel.  The file is opened before
    any does.  Copies from and to user space can fail, too: those of this file as well."""

    def __init__(self):
        self.file = os.open('/proc/thread-self/fail-nth', os.O_RDWR)

    def set(self, turn):
        try:
            os.pwrite(self.file, b'%d' % turn, 0)
        except OSError:
            os.pwrite(self.file, b'%d' % turn, 0)

    def left(self):
        """0 when the turn has come, more if not."""
        try:
            return int(os.pread(self.file, 32, 0))
        except OSError:
            return 1


# --- verdicts ----------------------------------------------------------------

def verdict(name, good, why=''):
    text = ('ok ' if good else 'not ok ') + name
    if not good and why != '':
        text += ' # ' + str(why).replace('\n', ' ')
    print(text, flush=True)
    return good


def equal(name, got, expected):
    return verdict(name, got == expected, 'got %r, expected %r' % (got, expected))


def lives(name, entry, low, high):
    """An entry exists and has between low and high seconds."""
    return verdict(name, low <= left(entry) <= high,
                   'not %d to %d s: %s' % (low, high, entry or 'no entry'))


def main(tests):
    """Run functions; one that breaks is one failure."""
    os.environ['LC_ALL'] = 'C'
    for test in tests:
        try:
            test()
        except Exception as err:  # pylint: disable=broad-except
            verdict(test.__name__, False, repr(err))
