#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""ICMP errors about a connection whose sequence numbers are corrected: nothing of
theirs is a sequence number, in either direction.

seqadj_errors.py NAT PORT: the client's port PORT of lib.sh's topology is connected to
port 21 of the server, which knows it as NAT; its payload has grown on the way.
"""

import sys

import rawnet as rn
from nat_errors import UNREACH4, Wire

FRAGMENTATION_NEEDED = 4
# Where a TCP header has its sequence number
MTU = b'\0\0\2\x40'


def segment(src, dst, sport, dport):
    """The beginning of a TCP segment, as an error quotes it."""
    ports = sport.to_bytes(2, 'big') + dport.to_bytes(2, 'big')
    return rn.ip(src, dst, 6, ports + bytes(8))


def check(name, got):
    problems = []
    if not got:
        problems.append('nothing came')
    elif got[24:28] != MTU:
        problems.append('second word is ' + got[24:28].hex())
    elif rn.csum(got[20:]):
        problems.append('wrong ICMP checksum')
    rn.verdict(name, not problems, ', '.join(problems))


def errors():
    nat, port = sys.argv[1], int(sys.argv[2])
    client, server = rn.Sender('c'), rn.Sender('s')
    at_server, at_client = Wire('s'), Wire('c')

    at_client.clear()
    server(rn.icmp(rn.S4, nat, UNREACH4, FRAGMENTATION_NEEDED, MTU,
                   segment(nat, rn.S4, port, 21)))
    check('error about a corrected segment', at_client.find(1, UNREACH4))
    at_server.clear()
    client(rn.icmp(rn.C4, rn.S4, UNREACH4, FRAGMENTATION_NEEDED, MTU,
                   segment(rn.S4, rn.C4, 21, port)))
    check('error about an answer to it', at_server.find(1, UNREACH4))


if __name__ == '__main__':
    rn.main([errors])
