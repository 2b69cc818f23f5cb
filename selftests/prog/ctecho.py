#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# Deletes the first COUNT connections that "flows udp 198.18.1.0 SPORT 0" has
# made, one by one, and asks for an echo of each. Prints "deleted=N echoes=N".
#
#   ctecho.py SPORT COUNT
#
# oddlisten.py uses how it asks and how it reads.
import socket
import struct
import sys

NETLINK_NETFILTER = 12
SUBSYS = 1 << 8                 # ctnetlink
DELETE = SUBSYS | 2
ERROR = 2
REQUEST, ACK, ECHO = 1, 4, 8


def attr(kind, data, nested=False):
    head = struct.pack('HH', 4 + len(data), kind | (0x8000 if nested else 0))
    return head + data + b'\0' * (-len(data) % 4)


def original_tuple(sport, dport):
    ip = (attr(1, socket.inet_aton('198.18.0.1')) +
          attr(2, socket.inet_aton('198.18.1.0')))
    ports = (attr(1, b'\x11') + attr(2, struct.pack('!H', sport)) +
             attr(3, struct.pack('!H', dport)))
    return attr(1, attr(1, ip, True) + attr(2, ports, True), True)


def request(seq, sport, dport, flags=REQUEST | ACK | ECHO):
    body = struct.pack('BBH', socket.AF_INET, 0, 0) + original_tuple(sport, dport)
    return struct.pack('IHHII', 16 + len(body), DELETE, flags, seq, 0) + body


def messages(data):
    while len(data) >= 16:
        size, kind = struct.unpack_from('IH', data)
        yield kind, data[16:size]
        data = data[(size + 3) & ~3:]


def main():
    sport, count = int(sys.argv[1]), int(sys.argv[2])
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    sock.bind((0, 0))
    sock.settimeout(0.5)
    deleted = echoes = 0
    for n in range(count):
        sock.send(request(n + 1, sport, 20000 + n))
    try:
        while True:
            for kind, body in messages(sock.recv(65536)):
                if kind == ERROR and struct.unpack_from('i', body)[0] == 0:
                    deleted += 1
                elif kind == DELETE:
                    echoes += 1
    except socket.timeout:
        pass
    print('deleted=%d echoes=%d' % (deleted, echoes))


if __name__ == '__main__':
    main()
