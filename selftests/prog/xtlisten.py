# SPDX-License-Identifier: GPL-2.0
"""A program behind the targets NFLOG and NFQUEUE.

    xtlisten.py log GROUP COUNT             prints prefix and length of COUNT packets
    xtlisten.py queue FIRST TOTAL COUNT     accepts COUNT packets, prints which queue had each
    xtlisten.py hold QUEUE                  takes a packet, and accepts it when the file
                                            /tmp/accept is there

It prints "ready" when it listens, and gives up after 20 seconds without a packet.
"""

import itertools
import os
import socket
import struct
import sys
import time

ULOG, QUEUE = 4, 3
LOG_PACKET, LOG_CONFIG = 0, 1
QUEUE_PACKET, QUEUE_VERDICT, QUEUE_CONFIG = 0, 1, 2
PATIENCE = 20 * int(os.environ.get('NFCT_SLOW', '1'))


def attribute(number, data):
    return struct.pack('=HH', 4 + len(data), number) + data + bytes(-len(data) % 4)


def attributes(data):
    found, at = {}, 0
    while at + 4 <= len(data):
        length, number = struct.unpack_from('=HH', data, at)
        if length < 4:
            break
        found[number & 0x7fff] = data[at + 4:at + length]
        at += (length + 3) & ~3
    return found


class Listener:
    """A netlink socket of one subsystem of netfilter."""

    def __init__(self, subsystem):
        self.subsystem = subsystem
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self.sock.bind((0, 0))
        self.sock.settimeout(PATIENCE)

    def send(self, message, number, data, ask=True):
        """Send a request; with ask, it has to succeed."""
        body = struct.pack('>BBH', socket.AF_UNSPEC, 0, number) + data
        self.sock.send(struct.pack('=IHHII', 16 + len(body), self.subsystem << 8 | message,
                                   5 if ask else 1, 0, 0) + body)
        if ask:
            error = struct.unpack_from('=i', self.sock.recv(65536), 16)[0]
            if error:
                raise OSError(-error, os.strerror(-error))

    def packets(self, message):
        """Number of the group or queue, and attributes, of each packet."""
        while True:
            data = self.sock.recv(65536)
            while len(data) >= 16:
                length, kind = struct.unpack_from('=IH', data)
                if kind == self.subsystem << 8 | message:
                    yield struct.unpack_from('>H', data, 18)[0], attributes(data[20:length])
                data = data[(length + 3) & ~3:]


def log(group, count):
    listener = Listener(ULOG)
    listener.send(LOG_CONFIG, int(group), attribute(1, b'\1'))
    listener.send(LOG_CONFIG, int(group), attribute(2, struct.pack('>IBB', 65535, 2, 0)))
    print('ready', flush=True)
    for _, found in itertools.islice(listener.packets(LOG_PACKET), int(count)):
        print(found.get(10, b'').rstrip(b'\0').decode(), len(found.get(9, b'')), flush=True)


def queue_listener(first, total):
    listener = Listener(QUEUE)
    for number in range(first, first + total):
        listener.send(QUEUE_CONFIG, number, attribute(1, struct.pack('>BBH', 1, 0, 0)))
        listener.send(QUEUE_CONFIG, number, attribute(2, struct.pack('>IB', 0, 1)))
    print('ready', flush=True)
    return listener


def accept(listener, number, found):
    listener.send(QUEUE_VERDICT, number, attribute(2, struct.pack('>I', 1) + found[1][:4]),
                  False)


def queue(first, total, count):
    listener = queue_listener(int(first), int(total))
    for number, found in itertools.islice(listener.packets(QUEUE_PACKET), int(count)):
        print(number, flush=True)
        accept(listener, number, found)


def hold(number):
    listener = queue_listener(int(number), 1)
    _, found = next(listener.packets(QUEUE_PACKET))
    print('held', flush=True)
    end = time.monotonic() + PATIENCE
    while not os.path.exists('/tmp/accept') and time.monotonic() < end:
        time.sleep(0.01)
    accept(listener, int(number), found)
    print('accepted', flush=True)


if __name__ == '__main__':
    {'log': log, 'queue': queue, 'hold': hold}[sys.argv[1]](*sys.argv[2:])
