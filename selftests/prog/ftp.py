#!/usr/bin/env python3
# server: ftp.py serve ; client: ftp.py pasv|hold|port ADDR, the last with an open end:
# port ADDR FILE writes its port there and stays until the file is gone
import os, socket, sys, time
def lines(s):
    f = s.makefile('rb')
    while True:
        l = f.readline()
        if not l: return
        yield l.decode().strip()
mode = sys.argv[1]
if mode == 'serve':
    ls = socket.socket(); ls.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ls.bind(('0.0.0.0', 21)); ls.listen(5)
    while True:
        c, a = ls.accept()
        if os.fork(): c.close(); continue
        c.send(b'220 hi\r\n')
        data = None
        for l in lines(c):
            if l == 'PASV':
                data = socket.socket(); data.bind(('10.0.2.2', 0)); data.listen(1)
                p = data.getsockname()[1]
                c.send(('227 Entering Passive Mode (10,0,2,2,%d,%d)\r\n' % (p >> 8, p & 255)).encode())
            elif l.startswith('PORT'):
                f = l.split()[1].split(',')
                target = ('.'.join(f[:4]), int(f[4]) * 256 + int(f[5]))
                c.send(b'200 ok\r\n')
            elif l == 'LIST':
                d, who = data.accept(); d.send(b'passive data\n'); d.close(); c.send(b'226 done\r\n')
            elif l == 'GO':
                d = socket.socket(); d.settimeout(5); d.connect(target); d.send(b'active data\n'); d.close(); c.send(b'226 done\r\n')
            elif l.startswith('ECHO'):
                c.send(('211 %s\r\n' % l[5:]).encode())
            elif l == 'QUIT':
                os._exit(0)
        os._exit(0)
c = socket.create_connection((sys.argv[2], 21), 5); c.settimeout(8)
g = lines(c); next(g)
def cmd(x):
    c.send((x + '\r\n').encode()); return next(g)
if mode in ('pasv', 'hold'):
    r = cmd('PASV'); print(r)
    f = r[r.index('(')+1:r.index(')')].split(',')
    open('/tmp/announced', 'w').write(r)
    if mode == 'hold':
        time.sleep(float(sys.argv[3])); sys.exit(0)
    time.sleep(float(sys.argv[3]) if len(sys.argv) > 3 else 0)
    d = socket.create_connection(('.'.join(f[:4]), int(f[4]) * 256 + int(f[5])), 5); 
    c.send(b'LIST\r\n'); print(d.recv(100).decode().strip()); print(next(g))
    print(cmd('ECHO after'))
elif mode == 'port':
    ls = socket.socket(); ls.bind((c.getsockname()[0], 0)); ls.listen(1); ls.settimeout(8)
    a = c.getsockname()[0].replace('.', ','); p = ls.getsockname()[1]
    for i in range(2):
        print(cmd('PORT %s,%d,%d' % (a, p >> 8, p & 255)))
        c.send(b'GO\r\n'); d, who = ls.accept(); print(who[0], d.recv(100).decode().strip()); print(next(g))
        print(cmd('ECHO ' + 'x' * 40))
    if len(sys.argv) > 3:
        sys.stdout.flush()
        with open(sys.argv[3], 'w') as f: f.write('%d\n' % c.getsockname()[1])
        while os.path.exists(sys.argv[3]): time.sleep(0.1)
