# SPDX-License-Identifier: GPL-2.0
"""Packets for rules of iptables: runs tables of cases, data/xt/NAME.cases.

    xtcase.py FILE...

A line of a table is one of these; "#" begins a comment.

  rule [4|6|46] [TABLE CHAIN] ARGUMENTS   a case begins: a rule of the router (46, raw,
                      PREROUTING).  It is read back: "iptables -C" has to find it
  raw 4|6 TABLE CHAIN [PROTO=N] match|target NAME REVISION HEX => ok|ERRNO
                      a case begins: a rule put in byte by byte; 00*16 is 16 times 00.
                      PROTO?=N names the protocol, without the flag of IPv6 that asks for it
  raw32 4|6 TABLE ...  the same by a 32-bit program
  back HEX            what that program, or a 64-bit one after "raw", is told of the rule
                      begins with these bytes
  refuse [4|6|46] [TABLE CHAIN] ARGUMENTS ## TEXT   iptables refuses it, and says TEXT
  hit PACKET          the rule counts the packet
  miss PACKET         it does not, and the packet goes on to the next rule
  drop PACKET         it does not, and the packet does not go on
  out PACKET => FIELD=VALUE...   it leaves the router, with right checksums
  lost PACKET         it does not leave the router
  ours LINE, stock LINE   with these modules only
  setup COMMAND, undo COMMAND   in the router, before and after the case
  wait MS             before the next packet

The packet goes from c through r to s, and nothing else passes r.  Words of a PACKET are a
protocol (tcp udp udplite sctp dccp icmp icmpv6 esp ah proto=N) and

  src= dst= ttl= tos= frag=OFFSET mf id=     of its IP header
  sport= dport= seq= ack= flags=SAFRPUEC win= opts=HEX doff= type= code= spi= chunks=HEX
  data=HEX len=N      payload: those bytes, or N zeros
  hex=HEX             all that follows the IP header
  trunc=N             only N bytes follow the IP header
  check=0             a wrong checksum of the transport header
  mac=ADDRESS         of the sender
  mark=N              when it enters the router's first hook
  count=N             N times the same
"""

import ctypes
import errno
import mmap
import os
import re
import socket
import struct
import subprocess
import sys
import time

from rawnet import (C4, C6, S4, S6, csum, enter, equal, ip, is6, main, nft, pseudo,
                    verdict)

IS_OURS = os.environ.get('NFCT_MODSET') == 'ours'
PATIENCE = 2.0 * int(os.environ.get('NFCT_SLOW', '1'))
QUIET = 0.03 * int(os.environ.get('NFCT_SLOW', '1'))

NUMBERS = {'icmp': 1, 'tcp': 6, 'udp': 17, 'dccp': 33, 'esp': 50, 'ah': 51, 'icmpv6': 58,
           'sctp': 132, 'udplite': 136}
FLAGS = 'FSRPAUEC'
TABLES = {'raw': (0, 3), 'mangle': (0, 1, 2, 3, 4), 'filter': (1, 2, 3),
          'security': (1, 2, 3), 'nat': (0, 1, 3, 4)}
CHAINS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING']
ROUTER_MAC, CLIENT_MAC = b'\2\0\0\0\0\1', b'\2\0\0\0\0\2'
ACCEPT = -2
LIBC = ctypes.CDLL(None, use_errno=True)


# --- packets ---------------------------------------------------------------------

def number(text):
    return int(text, 0)


class Packet:
    """What the words of a line say."""

    def __init__(self, text, six):
        self.fields, self.words = {}, set()
        for word in text.split():
            key, sign, value = word.partition('=')
            if sign:
                self.fields[key] = value
            else:
                self.words.add(key)
        known = self.words & set(NUMBERS)
        self.name = known.pop() if known else ''
        self.proto = NUMBERS.get(self.name, 0) if self.name else self.int('proto', 59)
        self.src = self.fields.get('src', C6 if six else C4)
        self.dst = self.fields.get('dst', S6 if six else S4)
        self.six = is6(self.src)
        self.count = self.int('count', 1)

    def int(self, key, default=0):
        return number(self.fields.get(key, str(default)))

    def bytes(self, key):
        return bytes.fromhex(self.fields.get(key, ''))

    def payload(self):
        return self.bytes('data') if 'data' in self.fields else bytes(self.int('len'))

    def ports(self):
        return struct.pack('>HH', self.int('sport', 1024), self.int('dport', 80))

    def tcp(self):
        opts = self.bytes('opts')
        opts += bytes(-len(opts) % 4)
        flags = sum(1 << FLAGS.index(f) for f in self.fields.get('flags', 'S'))
        doff = self.int('doff', (20 + len(opts)) // 4)
        return self.ports() + struct.pack('>IIBBHHH', self.int('seq', 1), self.int('ack'),
                                          doff << 4, flags, self.int('win', 1024), 0,
                                          0) + opts + self.payload(), 16

    def udp(self):
        return self.ports() + struct.pack('>HH', 8 + len(self.payload()),
                                          0) + self.payload(), 6

    def sctp(self):
        return self.ports() + struct.pack('>II', 1, 0) + self.bytes('chunks') + \
            self.payload(), None

    def dccp(self):
        """A short header: data offset 4 words, type, sequence number, then options."""
        opts = self.bytes('opts')
        opts += bytes(-len(opts) % 4)
        words = self.int('doff', (16 + len(opts)) // 4)
        return self.ports() + struct.pack('>BBHBBHI', words, 0, 0,
                                          self.int('type') << 1 | 1, 0, 0, 1) + opts, None

    def icmp(self):
        return struct.pack('>BBHI', self.int('type', 128 if self.six else 8),
                           self.int('code'), 0, 0) + self.payload(), 2

    def esp(self):
        return struct.pack('>II', self.int('spi'), 1) + self.payload(), None

    def ah(self):
        return struct.pack('>BBHII', 59, 1, 0, self.int('spi'), 1) + self.payload(), None

    def body(self):
        """What follows the IP header, with its checksum."""
        if 'hex' in self.fields:
            return self.bytes('hex')
        if not self.name:
            return self.payload()
        make = {'icmpv6': self.icmp, 'udplite': self.udp}.get(self.name)
        data, at = (make or getattr(self, self.name))()
        if at is None:
            return data
        over = pseudo(self.src, self.dst, self.proto, len(data))
        right = csum((b'' if self.name == 'icmp' else over) + data)
        check = struct.pack('>H', right ^ 0x5555 if self.int('check', 1) == 0 else right)
        return data[:at] + check + data[at + 2:]

    def fragment6(self, body):
        """IPv6's fragment header (RFC 8200, 4.5)."""
        return struct.pack('>BBHI', self.proto, 0, self.int('frag') |
                           ('mf' in self.words), self.int('id', 7)) + body

    def whole(self):
        body = self.body()[:self.int('trunc', 65535)]
        fragmented = 'frag' in self.fields or 'mf' in self.words
        if self.six:
            proto = 44 if fragmented else self.proto
            body = self.fragment6(body) if fragmented else body
            data = ip(self.src, self.dst, proto, body, self.int('ttl', 64))
            tos = self.int('tos')
            return struct.pack('>I', 6 << 28 | tos << 20) + data[4:]
        data = bytearray(ip(self.src, self.dst, self.proto, body, self.int('ttl', 64)))
        data[1] = self.int('tos')
        where = self.int('frag') // 8 | ('mf' in self.words) << 13
        struct.pack_into('>HH', data, 4, self.int('id', 7), where)
        struct.pack_into('>H', data, 10, 0)
        struct.pack_into('>H', data, 10, csum(bytes(data[:20])))
        return bytes(data)

    def frame(self):
        mac = bytes.fromhex(self.fields['mac'].replace(':', '')) if 'mac' in self.fields \
            else CLIENT_MAC
        return ROUTER_MAC + mac + struct.pack('>H', 0x86dd if self.six else 0x800) + \
            self.whole()


def options(data):
    """The MSS of TCP options, and all of them in hex."""
    found, at = {'opts': data.hex()}, 0
    while at < len(data) and data[at]:
        if data[at] == 1:
            at += 1
            continue
        if at + 1 == len(data) or data[at + 1] < 2:
            break
        if data[at] == 2:
            found['mss'] = str(struct.unpack_from('>H', data, at + 2)[0])
        at += data[at + 1]
    return found


def fields_of(frame):
    """The fields of a packet on the wire, as text."""
    data = frame[14:]
    six = frame[12:14] == b'\x86\xdd'
    family = socket.AF_INET6 if six else socket.AF_INET
    if six:
        src, dst, head = data[8:24], data[24:40], data[:40]
        found = {'ttl': data[7], 'tos': struct.unpack('>I', data[:4])[0] >> 20 & 255,
                 'proto': data[6], 'iplen': 40 + struct.unpack('>H', data[4:6])[0]}
    else:
        src, dst, head = data[12:16], data[16:20], data[:(data[0] & 15) * 4]
        found = {'ttl': data[8], 'tos': data[1], 'proto': data[9],
                 'iplen': struct.unpack('>H', data[2:4])[0], 'ipcheck': csum(head)}
    found['src'], found['dst'] = (socket.inet_ntop(family, a) for a in (src, dst))
    found['dscp'] = found['tos'] >> 2
    body = data[len(head):found['iplen']]
    found['hex'] = body.hex()
    fragment = bool(struct.unpack('>H', data[6:8])[0] & 0x3fff) if not six else False
    if six and found['proto'] == 44:
        found['proto'], fragment, body = body[0], True, body[8:]
    # a fragment has the checksum of all of them
    if found['proto'] in (6, 17, 58) and len(body) >= 8 and not fragment:
        found['check'] = csum(pseudo(found['src'], found['dst'], found['proto'],
                                     len(body)) + body)
    if found['proto'] in (6, 17, 132) and len(body) >= 4:
        found['sport'], found['dport'] = struct.unpack('>HH', body[:4])
    if found['proto'] == 6 and len(body) >= 20:
        doff = (body[12] >> 4) * 4
        found.update(options(body[20:doff]), doff=doff // 4, data=body[doff:].hex(),
                     win=struct.unpack('>H', body[14:16])[0],
                     flags=''.join(f for i, f in enumerate(FLAGS) if body[13] >> i & 1))
    return {key: str(value) for key, value in found.items()}


# --- tables of the kernel --------------------------------------------------------

class Family:
    """The tables of IPv4 or of IPv6 in the router."""

    align, pointer = 8, 'Q'

    def __init__(self, six):
        self.six = six
        self.name = 'ip6tables' if six else 'iptables'
        self.head, self.next = (168, 142) if six else (112, 90)
        self.restore = Restorer(self.name)
        self.level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
        enter('r')
        self.sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET,
                                  socket.SOCK_RAW, socket.IPPROTO_RAW)

    def info(self, table):
        data = self.get(64, table.encode().ljust(84, b'\0'))
        words = struct.unpack('=13I', data[32:84])
        return {'hooks': words[1:6], 'underflow': words[6:11], 'entries': words[11],
                'size': words[12]}

    def get(self, option, data):
        """getsockopt() whose buffer is read by the kernel first; Python's is not."""
        buffer = ctypes.create_string_buffer(data, len(data))
        size = ctypes.c_int(len(data))
        if LIBC.getsockopt(self.sock.fileno(), self.level, option, buffer,
                           ctypes.byref(size)):
            raise OSError(ctypes.get_errno(), 'getsockopt %d' % option)
        return buffer.raw

    def blob(self, table):
        """All rules of a table, as the kernel has them, and what info() says of them."""
        info = self.info(table)
        head = struct.pack('=32sI', table.encode(), info['size'])
        head += bytes(-len(head) % self.align)
        return self.get(65, head + bytes(info['size']))[len(head):], info

    def first(self, table, chain):
        """The bytes of the first rule of a chain behind its header: a match or target."""
        data, info = self.blob(table)
        at = info['hooks'][CHAINS.index(chain)] + self.head
        return data[at + 32:at + struct.unpack_from('=H', data, at)[0]]

    def counters(self, table, chain):
        """Packets that the first and the second rule of a chain have counted."""
        data, info = self.blob(table)
        at, found = info['hooks'][CHAINS.index(chain)], []
        for _ in range(2):
            found.append(struct.unpack_from('=Q', data, at + self.head - 16)[0])
            at += struct.unpack_from('=H', data, at + self.next)[0]
        return found

    def entry(self, proto, match, target, asks=True):
        flags = struct.pack('=HBB', proto, 0, 0)
        if self.six:
            address = bytes(128) + struct.pack('=HBBB', proto, 0, 1 if proto and asks else 0, 0)
        else:
            address = bytes(80) + flags
        data = address.ljust(136 if self.six else 84, b'\0')
        data += struct.pack('=I', 0)
        data += struct.pack('=HHI', self.head + len(match),
                            self.head + len(match) + len(target), 0)
        return data.ljust(self.head, b'\0') + match + target

    def insert(self, table, chain, proto, kind, name, revision, data, asks=True):
        """Replace a table by one with a single rule and a rule that counts."""
        part, go_on = self.extension(name, revision, data), len(self.standard(0))
        blob, starts = b'', []
        for hook in TABLES[table]:
            start = len(blob)
            if hook == CHAINS.index(chain):
                match, target = part, self.standard(start + self.head + len(part) + go_on)
                if kind == 'target':
                    match, target = b'', part
                blob += self.entry(proto, match, target, asks)
                blob += self.entry(0, b'', self.standard(len(blob) + self.head + go_on))
            starts.append((hook, start, len(blob)))
            blob += self.entry(0, b'', self.standard(ACCEPT))
        self.replace(table, blob + self.last(), starts)

    def clear(self, table):
        """Replace a table by one without rules."""
        policy = self.entry(0, b'', self.standard(ACCEPT))
        starts = [(hook, i * len(policy), i * len(policy))
                  for i, hook in enumerate(TABLES[table])]
        self.replace(table, policy * len(starts) + self.last(), starts)

    def last(self):
        """The entry that ends each table"""
        return self.entry(0, b'', self.extension('ERROR', 0, b'ERROR'.ljust(32, b'\0')))

    def extension(self, name, revision, data):
        """struct xt_entry_match or xt_entry_target"""
        data += bytes(-len(data) % self.align)
        return struct.pack('=H29sB', 32 + len(data), name.encode(), revision) + data

    def standard(self, what):
        """A target without name: a verdict, or the offset of the next rule."""
        return self.extension('', 0, struct.pack('=i', what))

    def prepared(self, table, blob, starts):
        """What put() takes for a whole table, and the room for its old counters."""
        count, at = 0, 0
        while at < len(blob):
            at += struct.unpack_from('=H', blob, at + self.next)[0]
            count += 1
        entry, under = [0] * 5, [0] * 5
        for hook, start, policy in starts:
            entry[hook], under[hook] = start, policy
        old = self.info(table)['entries']
        room = self.room(16 * old)
        head = struct.pack('=32sIII5I5II' + self.pointer, table.encode(),
                           sum(1 << h for h in TABLES[table]), count, len(blob), *entry, *under,
                           old, ctypes.addressof(room))
        return head + blob, room

    def room(self, size):
        """Memory that the kernel is told of by its address"""
        return ctypes.create_string_buffer(size)

    def put(self, data):
        self.sock.setsockopt(self.level, 64, data)

    def replace(self, table, blob, starts):
        data, room = self.prepared(table, blob, starts)
        self.put(data)
        del room


def unhex(words):
    """Bytes of words of hex digits; 00*16 is one of them 16 times."""
    found = b''
    for word in words:
        digits, _, times = word.partition('*')
        found += bytes.fromhex(digits) * int(times or 1)
    return found


class Calls32:
    """System calls as 32-bit programs make them: int 0x80, and memory below 4 GiB."""

    # f(number, 5 arguments): they go to eax, ebx, ecx, edx, esi, edi; rbx is the caller's
    CODE = bytes.fromhex('53 89f8 89f3 4189d2 89ca 4489d1 4489c6 4489cf cd80 5b c3')
    SETSOCKOPT, GETSOCKOPT, GETPID = 366, 365, 20
    MAP_32BIT = 0x40

    def __init__(self):
        self.memory = mmap.mmap(-1, 1 << 18, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS |
                                self.MAP_32BIT, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self.memory[:len(self.CODE)] = self.CODE
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self.call = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_uint] * 6)(self.start)
        self.used = 0

    def room(self, size):
        """Memory, until the program ends or reset() is called"""
        at = max(self.used, 4096)
        self.used = at + -(-size // 64) * 64
        return (ctypes.c_char * size).from_buffer(self.memory, at)

    def reset(self):
        self.used = 0

    def sockopt(self, number, sock, level, option, data, size):
        """Number of setsockopt or getsockopt; data and size as the call has them"""
        err = self.call(number, sock.fileno(), level, option, ctypes.addressof(data), size)
        if err:
            raise OSError(-err, 'socket option %d' % option)

    def possible(self):
        """A kernel without such programs ends the process."""
        child = os.fork()
        if not child:
            os._exit(self.call(self.GETPID, 0, 0, 0, 0, 0) != os.getpid())
        return os.waitpid(child, 0)[1] == 0


class Family32(Family):
    """The same tables for 32-bit programs."""

    align, pointer = 4, 'I'

    def __init__(self, six):
        super().__init__(six)
        self.head = 164 if six else 112
        self.calls = Calls32()

    def possible(self):
        with open('/proc/kallsyms', encoding='ascii') as file:
            tables = any(' xt_compat_lock' in line for line in file)
        return tables and self.calls.possible()

    def room(self, size):
        return self.calls.room(size)

    def get(self, option, data):
        self.calls.reset()
        buffer, size = self.room(len(data)), self.room(4)
        buffer.raw, size.raw = data, struct.pack('=I', len(data))
        self.calls.sockopt(Calls32.GETSOCKOPT, self.sock, self.level, option, buffer,
                           ctypes.addressof(size))
        return buffer.raw

    def put(self, data):
        buffer = self.room(len(data))
        buffer.raw = data
        self.calls.sockopt(Calls32.SETSOCKOPT, self.sock, self.level, 64, buffer, len(data))


# --- the router ------------------------------------------------------------------

class Router:
    """Sends packets into the router, sees what leaves it, changes its rules."""

    def __init__(self):
        self.family = {False: Family(False), True: Family(True)}
        self.family32 = {}
        self.mark = 0
        enter('c')
        self.sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sender.bind(('eth0', 0))
        enter('s')
        self.receiver = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.receiver.bind(('eth0', 3))
        self.receiver.setblocking(False)
        enter('r')

    def user32(self, six):
        """The tables for 32-bit programs, or None if the kernel has none."""
        if six not in self.family32:
            family = Family32(six)
            self.family32[six] = family if family.possible() else None
        return self.family32[six]

    def set_mark(self, mark):
        if mark != self.mark:
            nft('r', 'table inet xtcase {\nchain first {\n'
                'type filter hook prerouting priority -450\n}\n}\n'
                'flush chain inet xtcase first\n'
                'add rule inet xtcase first meta mark set %d' % mark)
            self.mark = mark

    def send(self, packet):
        self.set_mark(packet.int('mark'))
        while self.received():
            pass
        for _ in range(packet.count):
            self.sender.send(packet.frame())

    def received(self):
        """The next packet that has come to s from c, or None."""
        while True:
            try:
                frame, where = self.receiver.recvfrom(65536)
            except BlockingIOError:
                return None
            if where[2] != socket.PACKET_OUTGOING and frame[12:14] in (b'\x86\xdd', b'\x08\0'):
                return frame

    def wait(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            frame = self.received()
            if frame:
                return frame
            time.sleep(0.002)
        return None


def command(text):
    """Run a shell command in the router; its status and output."""
    enter('r')
    done = subprocess.run(['bash', '-c', text], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout.strip()


class Restorer:
    """An iptables-restore that stays: to start it costs more than many rules."""

    def __init__(self, name):
        self.name, self.process, self.turn = name, None, 0

    def start(self):
        enter('r')
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            ['stdbuf', '-oL', self.name + '-legacy-restore', '--noflush', '--verbose'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def __call__(self, rules):
        """0 and what it says, or its status and what it has said when it gave up."""
        if not self.process:
            self.start()
        self.turn += 1
        end, said = '# turn %d' % self.turn, []
        try:
            self.process.stdin.write('%s\n%s\n' % (rules, end))
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        for line in self.process.stdout:
            if line.startswith(end):
                return 0, ' '.join(said)
            said.append(line.strip())
        status, self.process = self.process.wait(), None
        return status or 1, ' '.join(said)


class Case:
    """A rule of one family, and what becomes of packets."""

    def __init__(self, runner, six, table, chain):
        self.router, self.six, self.table, self.chain = runner.router, six, table, chain
        self.family = self.user = self.router.family[six]
        self.title = '%s %d IPv%d' % (runner.name, runner.line, 6 if six else 4)
        self.ends, self.undo, self.ready = False, [], False

    def insert(self, arguments):
        self.ends = ' -j ' in ' ' + arguments or ' -g ' in ' ' + arguments
        status, text = self.family.restore('*%s\n-F %s\n-A %s %s\n-A %s\nCOMMIT' % (
            self.table, self.chain, self.chain, arguments, self.chain))
        self.ready = verdict('%s: rule %s' % (self.title, arguments), status == 0, text)
        if not self.ready:
            return
        status, text = self.family.restore('*%s\n-C %s %s\nCOMMIT' % (
            self.table, self.chain, arguments))
        verdict('%s: it is read back' % self.title, status == 0, text)

    def insert_raw(self, proto, words, expected, asks):
        kind, name, revision, *data = words
        got = 'ok'
        try:
            self.user.insert(self.table, self.chain, proto, kind, name, int(revision),
                               unhex(data), asks)
        except OSError as err:
            got = errno.errorcode.get(err.errno, str(err.errno))
        self.ends = kind == 'target'
        self.ready = got == 'ok'
        equal('%s: %s %s revision %s of %d bytes' % (self.title, kind, name, revision,
                                                     len(unhex(data))), got, expected)

    def end(self):
        for text in self.undo:
            command(text)
        self.undo = []
        self.family.restore('*%s\n-F\nCOMMIT' % self.table)

    def counted(self, packet):
        """How often the rule, and that behind it, have counted a packet."""
        before = self.family.counters(self.table, self.chain)
        self.router.send(packet)
        end = time.monotonic() + QUIET
        while True:
            now = self.family.counters(self.table, self.chain)
            first, second = now[0] - before[0], now[1] - before[1]
            if max(first if self.ends else 0, second) >= packet.count:
                break
            if time.monotonic() > end:
                break
            time.sleep(0.002)
        return first, second

    def back(self, text):
        """Is this what the user is told of the rule?"""
        want = unhex(text.split())
        equal('%s: back' % self.title, self.user.first(self.table, self.chain)[:len(want)].hex(),
              want.hex())

    def check(self, what, text):
        if what == 'back':
            self.back(text)
            return
        packet_text, _, wanted = text.partition('=>')
        packet = Packet(packet_text, self.six)
        title = '%s: %s %s' % (self.title, what, text.strip())
        if what in ('hit', 'miss', 'drop'):
            first, second = self.counted(packet)
            if what == 'hit':
                verdict(title, first == packet.count, 'counted %d, behind it %d' % (
                    first, second))
            else:
                verdict(title, first == 0 and (second == packet.count if what == 'miss'
                                               else second == 0),
                        'counted %d, behind it %d' % (first, second))
            return
        self.router.send(packet)
        if what == 'lost':
            time.sleep(QUIET)
            verdict(title, self.router.received() is None, 'it has left the router')
            return
        frame = self.router.wait()
        if not verdict(title, frame is not None, 'it has not left the router') or not frame:
            return
        found = fields_of(frame)
        good = dict(word.split('=', 1) for word in wanted.split())
        for key in ('check', 'ipcheck'):
            if key in found:
                good.setdefault(key, '0')
        equal(title + ': fields', {key: found.get(key, '') for key in good}, good)


class Runner:
    """Reads a table and runs it."""

    def __init__(self, path, router):
        self.name = os.path.basename(path).rsplit('.', 1)[0]
        self.router, self.line, self.cases, self.setups = router, 0, [], []
        with open(path, encoding='ascii') as file:
            self.lines = file.read().split('\n')

    def run(self):
        for text in self.lines:
            self.line += 1
            text = text.strip()
            if text and not text.startswith('#'):
                self.do(text)
        self.end()

    def end(self):
        for case in self.cases:
            case.end()
        self.cases = []

    def do(self, text):
        what, _, rest = text.partition(' ')
        rest = rest.strip()
        if what in ('ours', 'stock'):
            if IS_OURS == (what == 'ours'):
                self.do(rest)
        elif what == 'setup':
            self.end()
            self.setups.append(rest)
        elif what == 'undo':
            for case in self.cases[:1]:
                case.undo.append(rest)
        elif what == 'wait':
            time.sleep(int(rest) / 1000)
        elif what in ('rule', 'refuse', 'raw', 'raw32'):
            self.begin(what, rest)
        elif what in ('hit', 'miss', 'drop', 'out', 'lost', 'back'):
            for case in self.cases:
                if case.ready and ('src=' not in rest or case.six == is6(
                        Packet(rest, False).src)):
                    case.check(what, rest)
        else:
            verdict('%s %d: %s' % (self.name, self.line, what), False, 'no such line')

    def begin(self, what, text):
        self.end()
        for setup in self.setups:
            status, output = command(setup)
            verdict('%s %d: setup' % (self.name, self.line), status == 0, output)
        self.setups = []
        families, table, chain, text = place(text)
        for six in families:
            case = Case(self, six, table, chain)
            if what == 'raw32':
                case.user = self.router.user32(six)
                if not case.user:
                    print('%s: this kernel has no 32-bit programs' % case.title)
                    continue
            if what == 'rule':
                case.insert(text)
            elif what.startswith('raw'):
                found = re.match(r'(?:PROTO(\??)=(\d+) )?(.*)=>\s*(\w+)', text)
                case.insert_raw(int(found[2] or 0), found[3].split(), found[4], not found[1])
            else:
                arguments, _, reason = text.partition('##')
                # a whole command: only that says what the kernel has returned
                status, output = command('%s-legacy -t %s -A %s %s' % (
                    case.family.name, table, chain, arguments))
                verdict('%s: refused: %s' % (case.title, arguments.strip()),
                        status != 0 and reason.strip() in output,
                        'status %d: %s' % (status, output))
                if status == 0:
                    case.end()
                continue
            self.cases.append(case)


def place(text):
    """Families, table and chain at the beginning of a rule, and the rest of it."""
    words = text.split(' ', 1)
    families = [False, True]
    if words[0] in ('4', '6', '46'):
        families = [f == '6' for f in words[0]]
        text = words[1] if len(words) > 1 else ''
    words = text.split(' ', 2)
    if words[0] in TABLES and len(words) > 1 and words[1] in CHAINS:
        return families, words[0], words[1], words[2] if len(words) > 2 else ''
    return families, 'raw', 'PREROUTING', text


def run_all():
    router = Router()
    for path in sys.argv[1:]:
        Runner(path, router).run()


if __name__ == '__main__':
    main([run_all])
