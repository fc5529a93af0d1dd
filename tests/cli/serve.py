# SPDX-License-Identifier: Apache-2.0
# Says who asks, over TCP and UDP. usage: serve.py ADDRESS PORT (0: any; written to stdout)
import socket, sys, threading
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
while True:
    t = socket.socket(family); t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    t.bind((sys.argv[1], int(sys.argv[2]))); t.listen(64)
    u = socket.socket(family, socket.SOCK_DGRAM)
    try:
        u.bind(t.getsockname()[:2])
        break
    except OSError: # of the kernel's choice, and not free for UDP
        if int(sys.argv[2]): raise
print(t.getsockname()[1], flush=True)
def datagrams():
    while True:
        d, a = u.recvfrom(65536); u.sendto(a[0].encode(), a)
threading.Thread(target=datagrams, daemon=True).start()
while True:
    c, a = t.accept(); c.sendall(a[0].encode() + b"\n"); c.close()
