# SPDX-License-Identifier: Apache-2.0
# usage: ask.py tcp|udp ADDRESS PORT: prints the answer, or the error's name
import errno, socket, sys
kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[sys.argv[1]]
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET, kind)
s.settimeout(5)
try:
    s.connect((sys.argv[2], int(sys.argv[3])))
    if sys.argv[1] == "udp":
        s.send(b"?")
    print(s.recv(100).decode().strip() or "nothing")
except OSError as e:
    print(errno.errorcode.get(e.errno, "silence"))
