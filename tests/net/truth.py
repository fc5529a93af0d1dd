#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two ends of TCP connections that each play a part, and what each of them sees: for the
tests that TCP through the stack is TCP. Both ends are this file, one on the host and one
in the container.

  truth.py serve ADDRESS PORT…        a listener for each part of PARTS, in their order
                                      (PORT 0: any); prints the ports, then what was seen
  truth.py visit ADDRESS PORT…        the opposite parts, all at once; prints what was seen
  truth.py try ADDRESS PORT           how a connection attempt ends"""
import errno
import json
import socket
import struct
import sys
import threading
import time

SILENCE = 11
PATIENCE = 60


def name(e):
    return errno.errorcode.get(e.errno, type(e).__name__)


def to_end(s):
    data = b""
    while piece := s.recv(65536):
        data += piece
    return data


def say_and_end(s):
    s.sendall(b"x" * 300000)
    s.shutdown(socket.SHUT_WR)
    return to_end(s).decode()


def answer_the_end(s):
    n = len(to_end(s))
    s.sendall(b"got %d" % n)
    return str(n)


def end_first(s):
    s.sendall(b"bye")
    s.shutdown(socket.SHUT_WR)
    return str(len(to_end(s)))


def go_on_after(s):
    data = to_end(s)
    time.sleep(0.2)
    s.sendall(b"y" * 200000)
    return data.decode()


def reset(s):
    said = s.recv(1).decode()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return said


def end_then_reset(s):
    said = s.recv(1).decode()
    s.shutdown(socket.SHUT_WR)
    time.sleep(0.3)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return said


def be_reset(s):
    s.sendall(b"x")
    return str(s.recv(1))


def be_reset_after_end(s):
    s.sendall(b"x")
    end = len(s.recv(1))
    try:
        for _ in range(200):
            s.sendall(b"y" * 1000)
            time.sleep(0.05)
    except (BrokenPipeError, ConnectionResetError):
        return f"{end}, then broken"
    return f"{end}, then nothing"


def be_silent(s):
    seen = ""
    for word in (b"a", b"b"):
        s.sendall(word)
        seen += s.recv(1).decode()
        if word == b"a":
            time.sleep(SILENCE)
    return seen


def echo(s):
    seen = ""
    while piece := s.recv(100):
        seen += piece.decode()
        s.sendall(piece)
    return seen


def speak_late(s):
    time.sleep(SILENCE)
    s.sendall(b"z")
    return ""


def hear(s):
    return to_end(s).decode()


# Who plays with whom, and what each of them sees.
PAIRS = [
    (say_and_end, "got 300000", answer_the_end, "300000"),
    (end_first, "200000", go_on_after, "bye"),
    (reset, "x", be_reset, "ECONNRESET"),
    (end_then_reset, "x", be_reset_after_end, "0, then broken"),
    (be_silent, "ab", echo, "ab"),
    (speak_late, "", hear, "z"),
]
# Each of the two once as the server and once as the client.
PARTS = PAIRS + [(c, d, a, b) for a, b, c, d in PAIRS]
SERVED = {f"{i} {p[0].__name__}": p[1] for i, p in enumerate(PARTS)}
VISITED = {f"{i} {p[2].__name__}": p[3] for i, p in enumerate(PARTS)}


def play(s, part):
    s.settimeout(PATIENCE)
    try:
        return part(s)
    except OSError as e:
        return name(e)
    finally:
        s.close()


def all_at_once(parts, act):
    seen, threads = {}, []
    for i, part in enumerate(parts):
        def one(i=i, part=part):
            seen[f"{i} {part.__name__}"] = act(i, part)
        threads.append(threading.Thread(target=one))
        threads[-1].start()
    for t in threads:
        t.join()
    print(json.dumps(seen), flush=True)


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def serve(address, *ports):
    listeners = []
    for port in ports:
        s = socket.socket(family(address))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, int(port)))
        s.listen()
        s.settimeout(PATIENCE)
        listeners.append(s)
    print(*[s.getsockname()[1] for s in listeners], flush=True)

    def act(i, part):
        try:
            return play(listeners[i].accept()[0], part)
        except OSError as e:
            return name(e)
    all_at_once([p[0] for p in PARTS], act)


def visit(address, *ports):
    def act(i, part):
        s = socket.socket(family(address))
        s.settimeout(PATIENCE)
        try:
            s.connect((address, int(ports[i])))
        except OSError as e:
            return name(e)
        return play(s, part)
    all_at_once([p[2] for p in PARTS], act)


def attempt(address, port):
    s = socket.socket(family(address))
    s.settimeout(PATIENCE)
    try:
        s.connect((address, int(port)))
    except OSError as e:
        print(name(e))
        return
    try:
        print("connected", len(s.recv(1)))
    except OSError as e:
        print("connected", name(e))


if __name__ == "__main__":
    {"serve": serve, "visit": visit, "try": attempt}[sys.argv[1]](*sys.argv[2:])
