#!/usr/bin/env python3
# cttimeout.py new NAME L4 ATTR=SECS... | del NAME
import socket, struct, sys
def attr(t, d): return struct.pack('HH', 4 + len(d), t) + d + b'\0' * (-len(d) % 4)
op, name = sys.argv[1:3]
a = attr(1, name.encode() + b'\0')
if op == 'new':
    a += attr(2, struct.pack('>H', 2)) + attr(3, bytes([int(sys.argv[3])]))
    d = b''.join(attr(int(x.split('=')[0]), struct.pack('>I', int(x.split('=')[1]))) for x in sys.argv[4:])
    a += attr(4 | 0x8000, d)
msg = struct.pack('BBH', 2, 0, 0) + a
typ = (8 << 8) | (0 if op == 'new' else 2)
fl = 1 | 4 | (0x400 | 0x200 if op == 'new' else 0)
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
s.bind((0, 0))
s.send(struct.pack('IHHII', 16 + len(msg), typ, fl, 1, 0) + msg)
r = s.recv(4096)
err = struct.unpack('i', r[16:20])[0]
print('cttimeout', op, name, err)
sys.exit(1 if err else 0)
