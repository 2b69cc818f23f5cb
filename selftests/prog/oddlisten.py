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

from ctecho import DELETE, ECHO, NETLINK_NETFILTER, REQUEST, messages, request

SOL_NETLINK, ADD_MEMBERSHIP, BROADCAST_ERROR = 270, 1, 4
NEW_GROUP, UPDATE_GROUP, DESTROY_GROUP = 1, 2, 3


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
        sock.send(request(n + 1, sport, 20000 + n, REQUEST | ECHO))
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
