#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Connections that live longer than something that is done to a router between them.

  longlived.py serve ADDR PORT...       TCP echo
  longlived.py talk FILE ADDR:PORT...   sends BYTES over each connection and reads them
                                        back; says "ready"; does so again when FILE
                                        exists, and says which connections go on
"""

import os
import socket
import sys
import threading
import time

SLOW = int(os.environ.get('NFCT_SLOW', '1'))
BYTES = b'x' * 200000


def echo(sock):
    while True:
        data = sock.recv(65536)
        if not data:
            return
        sock.sendall(data)


def accept(server):
    while True:
        sock, _ = server.accept()
        threading.Thread(target=echo, args=(sock,), daemon=True).start()


def serve(addr, ports):
    for port in ports:
        server = socket.create_server((addr, int(port)))
        threading.Thread(target=accept, args=(server,), daemon=True).start()
    while True:
        time.sleep(1000)


def exchange(sock):
    """Whether all that is sent comes back"""
    sender = threading.Thread(target=sock.sendall, args=(BYTES,), daemon=True)
    sender.start()
    left = len(BYTES)
    try:
        while left:
            data = sock.recv(65536)
            if not data:
                return False
            left -= len(data)
    except OSError:
        return False
    return True


def report(name, sock):
    print('%s %s\n' % (name, 'goes on' if exchange(sock) else 'is broken'), end='', flush=True)


def talk(flag, where):
    socks = {}
    for name in where:
        addr, _, port = name.rpartition(':')
        socks[name] = socket.create_connection((addr, int(port)), 20 * SLOW)
        if not exchange(socks[name]):
            sys.exit('%s does not answer' % name)
    print('ready', flush=True)
    while not os.path.exists(flag):
        time.sleep(0.1)
    # all at once: each that is broken takes as long as its timeout
    threads = [threading.Thread(target=report, args=item) for item in socks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    if sys.argv[1] == 'serve':
        serve(sys.argv[2], sys.argv[3:])
    else:
        talk(sys.argv[2], sys.argv[3:])


main()
