#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# Listeners that do what others do not.
#
#   oddlisten.py unbound SECONDS     joins the groups without ever having a port;
#                                    prints "heard=N"
#   oddlisten.py deletes SPORT COUNT a reliable listener with a small buffer that
#                                    does not read while it deletes the first COUNT
#                                    connections that "flows udp 198.18.1.0 SPORT 0"
#                                    has made, each with an echo; then it reads, and
#                                    prints "destroyed=N", of different connections
import errno
import select
import socket
import struct
import sys
import time

NETLINK_NETFILTER, SOL_NETLINK = 12, 270
ADD_MEMBERSHIP, BROADCAST_ERROR = 1, 4
SUBSYS = 1 << 8                 # ctnetlink
DELETE = SUBSYS | 2
REQUEST, ECHO = 1, 8
NEW_GROUP, UPDATE_GROUP, DESTROY_GROUP = 1, 2, 3


def attr(kind, data, nested=False):
    head = struct.pack('HH', 4 + len(data), kind | (0x8000 if nested else 0))
    return head + data + b'\0' * (-len(data) % 4)


def original_tuple(sport, dport):
    ip = (attr(1, socket.inet_aton('198.18.0.1')) +
          attr(2, socket.inet_aton('198.18.1.0')))
    ports = (attr(1, b'\x11') + attr(2, struct.pack('!H', sport)) +
             attr(3, struct.pack('!H', dport)))
    return attr(1, attr(1, ip, True) + attr(2, ports, True), True)


def delete(seq, sport, dport):
    body = struct.pack('BBH', socket.AF_INET, 0, 0) + original_tuple(sport, dport)
    return struct.pack('IHHII', 16 + len(body), DELETE, REQUEST | ECHO,
                       seq, 0) + body


def messages(data):
    while len(data) >= 16:
        size, kind = struct.unpack_from('IH', data)
        yield kind, data[16:size]
        data = data[(size + 3) & ~3:]


def listener(groups):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    sock.setsockopt(SOL_NETLINK, BROADCAST_ERROR, 1)
    for group in groups:
        sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, group)
    return sock


# Datagrams until nothing has come for so many seconds
def received(sock, seconds):
    while select.select([sock], [], [], seconds)[0]:
        try:
            yield sock.recv(65536)
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise


def unbound(seconds):
    sock = listener((NEW_GROUP, UPDATE_GROUP, DESTROY_GROUP))
    print('ready', flush=True)
    end = time.monotonic() + seconds
    heard = 0
    while time.monotonic() < end:
        heard += sum(1 for _ in received(sock, 0.2))
    print('heard=%d' % heard)


def deletes(sport, count):
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.setsockopt(SOL_NETLINK, BROADCAST_ERROR, 1)
    sock.bind((0, 0))
    sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, DESTROY_GROUP)
    for n in range(count):
        sock.send(delete(n + 1, sport, 20000 + n))
    ports = set()
    for data in received(sock, 2):
        for kind, body in messages(data):
            if kind == DELETE:
                # the destination port of the first tuple in the message
                ports.add(body[4:4 + struct.unpack_from('H', body, 4)[0]])
    print('destroyed=%d' % len(ports))


def main():
    if sys.argv[1] == 'unbound':
        unbound(float(sys.argv[2]))
    else:
        deletes(int(sys.argv[2]), int(sys.argv[3]))


main()
