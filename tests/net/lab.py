# SPDX-License-Identifier: Apache-2.0
"""A realm with containers, made of bare namespaces around tests/net/lab.c: what the
network room's tests and benches stand on. Runs as an ordinary user with subordinate IDs."""
import os
import signal
import subprocess
import tempfile
import time

LAB = os.path.abspath(os.environ.get("LAB", "build/tests/net/lab"))


def wait_for(what, condition, seconds=10.0):
    end = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= end
        value = condition()
        if value:
            return value
        if late:
            raise TimeoutError(what)
        time.sleep(0.01)


def host_address(family=4):
    """An address of this host that is not loopback."""
    out = subprocess.run(["ip", f"-{family}", "-o", "addr", "show", "scope", "global"],
                         capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        return line.split()[3].split("/")[0]
    return None


class Namespace:
    """A process that holds namespaces open, and commands inside them."""

    def __init__(self, lab, enter, extra):
        self.lab = lab
        self.proc = lab.spawn(enter + ["unshare", "-U", "-n"] + extra +
                              ["sh", "-c", "echo up; exec sleep 100000"],
                              stdout=subprocess.PIPE, text=True)
        if self.proc.stdout.readline() != "up\n":
            raise RuntimeError("no namespace")
        self.pid = self.proc.pid
        self.enter = ["nsenter", "-t", str(self.pid), "-U", "-n", "--preserve-credentials"]

    def run(self, *cmd, check=True, timeout=30, text=True, **kw):
        r = subprocess.run(self.enter + list(cmd), capture_output=True, text=text,
                           timeout=timeout, **kw)
        if check and r.returncode:
            raise RuntimeError(f"{cmd}: {r.returncode}: {r.stdout}{r.stderr}")
        return r

    def spawn(self, *cmd, **kw):
        return self.lab.spawn(self.enter + list(cmd), **kw)

    def python(self, code, *args, **kw):
        return self.run("/usr/bin/python3", "-c", code, *args, **kw)


class Lab:
    def __init__(self, linger=60000, without=os.environ.get("LAB_WITHOUT")):
        self.procs = []
        self.dir = tempfile.mkdtemp(prefix="lab.", dir=os.environ.get("XDG_RUNTIME_DIR"))
        self.sock = os.path.join(self.dir, "stack")
        self.resolv = os.path.join(self.dir, "resolv.conf")
        self.linger = linger
        self.stack = None
        self.patchbay = None
        self.nofile = None  # RLIMIT_NOFILE of the stack
        self.log = os.path.join(self.dir, "log")  # what the stack says
        self.write_resolv("nameserver 127.0.0.1\n")
        # Inside a namespace of ours there are no subordinate IDs left to map.
        one_id = os.environ.get("NET_INNER")
        self.realm = Namespace(self, [], ["--map-root-user"] + ([] if one_id else
                                                                ["--map-auto"]))
        # The path of core/net/bridge.h that connections take; none: the best one.
        path = os.environ.get("LAB_PATH")
        # Kinds of links that the kernel is to be without.
        self.make = [LAB, "without", without, LAB] if without else [LAB]
        self.path = self.realm.run(*self.make, "realm", *([path] if path else [])).stdout.strip()
        self.containers = {}
        self.registered = {}

    def write_resolv(self, text):
        with open(self.resolv + ".new", "w") as f:
            f.write(text)
        os.rename(self.resolv + ".new", self.resolv)

    def spawn(self, cmd, **kw):
        kw.setdefault("stdin", subprocess.DEVNULL)
        kw.setdefault("stdout", subprocess.DEVNULL)
        p = subprocess.Popen(cmd, **kw)
        self.procs.append(p)
        return p

    def start_stack(self):
        if os.path.exists(self.sock):
            os.unlink(self.sock)
        limit = ["prlimit", f"--nofile={self.nofile}"] if self.nofile else []
        self.stack = self.spawn(limit + [LAB, "stack", self.sock, str(self.realm.pid), self.resolv,
                                 str(self.linger)], stdout=subprocess.PIPE,
                                stderr=open(self.log, "ab"))
        if self.stack.stdout.read(1) != b"1":
            raise RuntimeError("the stack did not start: " + self.logged())

    def logged(self):
        with open(self.log) as f:
            return f.read()

    def bridge(self, name="docker0", net="172.17.0", six=None, mtu=1500):
        words = [name, f"{net}.0/16", f"{net}.1"]
        if six:
            words += [f"{six}::/64", f"{six}::1"]
        out = self.realm.run(*self.make, "bridge", *words, f"mtu={mtu}").stdout
        self.fabric = out.strip()
        if self.fabric == "taps" and not self.patchbay:
            self.patchbay = self.spawn([LAB, "patchbay", str(self.realm.pid)],
                                       stdout=subprocess.PIPE)
            if self.patchbay.stdout.read(1) != b"1":
                raise RuntimeError("the patchbay did not start")

    def container(self, name, host=2, bridge="docker0", net="172.17.0", six=None, mtu=1500,
                  lock=False):
        c = Namespace(self, self.realm.enter, ["-r"])
        c.port = f"v{len(self.procs)}"
        words = [str(c.pid), bridge, c.port, f"{net}.{host}/16", f"{net}.1"]
        if six:
            words += [f"{six}::{host}/64", f"{six}::1"]
        self.realm.run(*self.make, "attach", *words, f"mtu={mtu}",
                       *(["lock"] if lock else []))
        c.name, c.addr, c.gateway = name, f"{net}.{host}", f"{net}.1"
        c.addr6 = f"{six}::{host}" if six else None
        c.place = [f"net=id-{bridge}", f"bridge={bridge}", f"subnet={net}.0/16",
                   f"gateway={c.gateway}", f"addr={c.addr}", f"name={name}",
                   f"port={c.port}"]
        if six:
            c.place += [f"addr6={c.addr6}", f"gateway6={six}::1"]
        self.containers[name] = c
        return c

    def register(self, c, *words):
        """Registers; the published ports in order."""
        p = self.spawn([LAB, "register", self.sock, c.name * 3] + c.place + list(words),
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        ports = []
        for line in p.stdout:
            if line == "ready\n":
                self.registered[c.name] = p
                return ports
            ports.append(int(line))
        raise RuntimeError(p.stderr.read())

    def unregister(self, c):
        p = self.registered.pop(c.name)
        p.kill()
        p.wait()

    def close(self):
        for p in reversed(self.procs):
            if p.poll() is None:
                p.send_signal(signal.SIGKILL)
            p.wait()
        for name in os.listdir(self.dir):
            os.unlink(os.path.join(self.dir, name))
        os.rmdir(self.dir)
