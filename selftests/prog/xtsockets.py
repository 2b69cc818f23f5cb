#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sockets for rules that look for one.

  xtsockets.py SPEC...     opens them, and stays in the background
  xtsockets.py -k          ends those of this network namespace

A SPEC is udp|tcp,ADDRESS,PORT[,transparent][,mark=N].  Who connects is told the address
and port of the server's end, as it sees it; of a datagram they are written to
/tmp/xtsockets.log.
"""

import os
import select
import signal
import socket
import struct
import sys

IP_TRANSPARENT, IPV6_TRANSPARENT = 19, 75
IP_ORIGDSTADDR, IPV6_ORIGDSTADDR = 20, 74
LOG = '/tmp/xtsockets.log'


def pidfile():
    return '/run/xtsockets.%d' % os.stat('/proc/self/ns/net').st_ino


def make(spec):
    kind, addr, port, *more = spec.split(',')
    six = ':' in addr
    sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET,
                         socket.SOCK_STREAM if kind == 'tcp' else socket.SOCK_DGRAM)
    level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if six:
        sock.setsockopt(level, socket.IPV6_V6ONLY, 1)
    for word in more:
        if word == 'transparent':
            sock.setsockopt(level, IPV6_TRANSPARENT if six else IP_TRANSPARENT, 1)
        elif word.startswith('mark='):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, int(word[5:], 0))
    sock.bind((addr, int(port)))
    if kind == 'tcp':
        sock.listen(16)
    else:
        sock.setsockopt(level, IPV6_ORIGDSTADDR if six else IP_ORIGDSTADDR, 1)
    return sock


def name(where):
    return '%s %d\n' % where[:2]


def original(ancillary):
    """The address and port that a datagram was for."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, IP_ORIGDSTADDR):
            return socket.inet_ntop(socket.AF_INET, data[4:8]), struct.unpack('>H', data[2:4])[0]
        if (level, kind) == (socket.IPPROTO_IPV6, IPV6_ORIGDSTADDR):
            return (socket.inet_ntop(socket.AF_INET6, data[8:24]),
                    struct.unpack('>H', data[2:4])[0])
    return 'unknown', 0


def serve(sock):
    if sock.type == socket.SOCK_STREAM:
        peer = sock.accept()[0]
        peer.sendall(name(peer.getsockname()).encode())
        peer.close()
        return
    ancillary = sock.recvmsg(2048, 256)[1]
    with open(LOG, 'a', encoding='ascii') as file:
        file.write(name(original(ancillary)))


def main(args):
    if args == ['-k']:
        with open(pidfile(), encoding='ascii') as file:
            os.kill(int(file.read()), signal.SIGTERM)
        os.unlink(pidfile())
        return
    sockets = [make(spec) for spec in args]
    child = os.fork()
    if child:
        with open(pidfile(), 'w', encoding='ascii') as file:
            file.write(str(child))
        return
    os.setsid()
    null = os.open('/dev/null', os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    while True:
        for sock in select.select(sockets, [], [])[0]:
            serve(sock)


main(sys.argv[1:])
