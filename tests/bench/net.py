#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The network beside host loopback, a plain veth pair over a bridge and, where installed,
slirp4netns and pasta: medians of rounds in one run, as ratios, and how they stand to the aims.
usage: net.py [FOLDER]   ROUNDS=n SECONDS=s MTUS="65520 1500"; bench-net.json is left in FOLDER.
PASTA=PATH: a newer pasta, measured beside the installed one.
PATHS="rootless pasta …", WHAT="up1 down1 up4 down4 connects pingpong udp start memory": only these
(and always loopback, which the ratios are to), so that one figure takes seconds.
Stands on tests/net/lab.py."""
import functools
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time

STAGE = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "net"))
from lab import LAB, Lab, Namespace, host_address, wait_for  # noqa: E402

ROOTLESS = os.path.join(STAGE, "build", "rootless")
LOAD = os.path.join(os.path.dirname(LAB), "load")
ROUNDS = int(os.environ.get("ROUNDS") or 5)
SECONDS = int(os.environ.get("SECONDS") or 2)  # iperf3 takes whole ones
MTUS = [int(m) for m in (os.environ.get("MTUS") or "65520 1500").split()]
PATHS = (os.environ.get("PATHS") or "rootless published between veth slirp4netns pasta pasta-new "
         "net").split() + ["loopback"]
STREAMS = {"up1": (), "down1": ("-R",), "up4": ("-P4",), "down4": ("-P4", "-R")}
WHAT = (os.environ.get("WHAT") or " ".join(STREAMS) +
        " connects pingpong udp start memory").split()
TURNS = 4  # of the short measurements in a round
OPEN = 1000  # connections, for the memory of one
STOLEN, AGAIN = 0.05, 3  # see calm()
TURNS_DONE = {"all": 0, "void": 0}

# (what, of whom, to whom, least or most, MTU): medians of the rounds' ratios.
AIMS = (
    ("up1", "rootless", "loopback", ">=", 0.45, 0), ("down1", "rootless", "loopback", ">=", 0.45, 0),
    ("up4", "rootless", "loopback", ">=", 0.35, 0), ("down4", "rootless", "loopback", ">=", 0.35, 0),
    ("up1", "rootless", "pasta", ">=", 1.5, 65520), ("down1", "rootless", "pasta", ">=", 1.3, 65520),
    ("up1", "rootless", "slirp4netns", ">=", 4, 65520),
    ("down1", "rootless", "slirp4netns", ">=", 4, 65520),
    ("up1", "rootless", "pasta", ">=", 8, 1500), ("down1", "rootless", "pasta", ">=", 8, 1500),
    ("cpu_up1", "rootless", "pasta", "<=", 0.7, 65520),
    ("cpu_down1", "rootless", "pasta", "<=", 0.7, 65520),
    ("cpu_up1", "rootless", "pasta", "<=", 0.2, 1500),
    ("cpu_down1", "rootless", "pasta", "<=", 0.2, 1500),
    ("up1", "published", "loopback", ">=", 0.45, 0),
    ("down1", "published", "loopback", ">=", 0.45, 0),
    ("connects", "rootless", "pasta", ">=", 1.3, 0),
    ("p50", "rootless", "loopback", "<=", 2.5, 0), ("p99", "rootless", "pasta", "<=", 1, 0),
    ("up1", "between", "veth", ">=", 0.9, 0), ("up4", "between", "veth", ">=", 0.9, 0),
    ("udp", "rootless", "pasta", ">=", 1.2, 0),
)


# (what, at most): of the stack itself.
OWN_AIMS = (("start_ms", 5), ("pss_rest_kib", 2048), ("pss_connection_kib", 32))


class Path:
    """A way from a client to the server on the host: enter = the client's prefix."""

    def __init__(self, name, enter, address, start=None):
        self.name, self.enter, self.address, self.start = name, enter, address, start
        self.got, self.tool = {}, None

    def add(self, values):
        for what, value in values.items():
            self.got.setdefault(what, []).append(value)

    def __enter__(self):
        """Others run in their own turn only: idle they still hold what the user has one share
        of, as pasta nearly all the pages of his pipes."""
        self.tool = self.start() if self.start else None
        return self

    def __exit__(self, *_):
        if self.tool:
            self.tool.terminate()
            self.tool.wait()


def out(cmd):
    return subprocess.run(cmd, capture_output=True, text=True, timeout=120).stdout


def iperf(path, port, seconds, *words):
    for _ in range(20):
        data = json.loads(out(path.enter + ["iperf3", "-c", path.address, "-p", str(port),
                                            "-t", str(seconds), "-O", "0.3", "-J", *words]))
        if "busy" not in data.get("error", ""):
            break
        time.sleep(0.2)
    if "error" in data:
        raise RuntimeError(f"{path.name} {words}: {data['error']}")
    return data["end"]["sum_received"]["bits_per_second"] / 1e9


def cpu_seconds():
    """What all CPUs have spent, and what the hypervisor has taken away from them."""
    with open("/proc/stat", encoding="ascii") as f:
        v = [int(x) / os.sysconf("SC_CLK_TCK") for x in f.readline().split()[1:]]
    return sum(v[:3]) + sum(v[5:7]), v[7]


def calm(measure):
    """A turn in which the hypervisor took away more than STOLEN of the CPUs' time tells of its
    other guests, not of us: it is done again, AGAIN times at most, and the calmest counts."""
    best = None
    for _ in range(AGAIN):
        stolen, begin = cpu_seconds()[1], time.monotonic()
        values = measure()
        part = (cpu_seconds()[1] - stolen) / (time.monotonic() - begin) / os.cpu_count()
        best = min(best or (part, values), (part, values), key=lambda b: b[0])
        TURNS_DONE["all"] += 1
        if part <= STOLEN:
            break
        TURNS_DONE["void"] += 1
    return best[1]


def stream(path, port, what):
    before = cpu_seconds()[0]
    rate = iperf(path, port, SECONDS, *STREAMS[what])
    return {what: rate, "cpu_" + what: (cpu_seconds()[0] - before) / (rate * SECONDS / 8)}


def short(path, port, what, ms):
    load = path.enter + [LOAD, what, path.address, str(port), str(ms)]
    if what == "connects":
        return {"connects": float(out(load))}
    p50, p99 = out(load).split()
    return {"p50": float(p50), "p99": float(p99)}


def udp(path, ms):
    sink = subprocess.Popen([LOAD, "sink", path.address, "5301", str(ms)],
                            stdout=subprocess.PIPE, text=True)
    sink.stdout.readline()
    subprocess.run(path.enter + [LOAD, "flood", path.address, "5301", str(ms)],
                   timeout=60, check=False)
    received = float(sink.stdout.readline())
    sink.wait()
    return {"udp": received}


def measure_streams(path, port):
    for what in STREAMS:
        if what in WHAT:
            path.add(calm(functools.partial(stream, path, port, what)))


def measure_short(path, port, ms):
    for what in ("connects", "pingpong"):
        if what in WHAT:
            path.add(calm(functools.partial(short, path, port, what, ms)))


def foreign(lab, mtu):
    """Namespaces served by others, and by our `rootless net`, all with the same addresses: the
    host's own would be the namespace's, and pasta would go round its device."""
    paths = []
    slirp = ["-c", f"--mtu={mtu}"]
    pasta = ["--config-net", "-4", "-m", str(mtu), "-a", "10.0.2.100", "-n", "24", "-g", "10.0.2.2",
             "-t", "none", "-u", "none", "-T", "none", "-U", "none"]
    for name, tool, words in (("slirp4netns", ["slirp4netns"], slirp), ("pasta", ["pasta"], pasta),
                              ("pasta-new", [os.environ.get("PASTA") or "pasta-new"], pasta),
                              ("net", [ROOTLESS, "net", "slirp4netns"], slirp)):
        if name not in PATHS or not shutil.which(tool[0]):
            continue
        p = lab.spawn(["unshare", "-U", "-r", "-n", "sh", "-c", "echo up; exec sleep 10000"],
                      stdout=subprocess.PIPE)
        p.stdout.readline()
        enter = ["nsenter", "-t", str(p.pid), "-U", "-n", "--preserve-credentials"]
        start = functools.partial(start_slirp if words is slirp else start_pasta, lab,
                                  tool + words, p.pid, enter)
        paths.append(Path(name, enter, host_address(), start))
    return paths


def start_slirp(lab, cmd, pid, enter):
    subprocess.run(enter + ["ip", "link", "del", "tap0"], stderr=subprocess.DEVNULL, check=False)
    r, w = os.pipe()
    tool = lab.spawn(cmd + [f"--ready-fd={w}", str(pid), "tap0"], pass_fds=(w,),
                     stderr=subprocess.DEVNULL)
    os.close(w)
    os.read(r, 1)
    os.close(r)
    return tool


def start_pasta(lab, cmd, pid, enter):
    tool = lab.spawn(cmd + ["-f", "-q", str(pid)], stderr=subprocess.DEVNULL)
    wait_for(cmd[0], lambda: "default" in out(enter + ["ip", "route"]))
    return tool


def plain_veth(lab, mtu):
    """Two namespaces on a bridge, and nothing of ours: what the kernel gives."""
    realm = Namespace(lab, [], ["--map-root-user"])
    for words in ("link set lo up", f"link add br0 mtu {mtu} type bridge", "link set br0 up"):
        realm.run("ip", *words.split())
    ends = []
    for i in (2, 3):
        c = Namespace(lab, realm.enter, ["-r"])
        realm.run("ip", "link", "add", f"v{i}", "mtu", str(mtu), "type", "veth", "peer", "name",
                  "eth0", "mtu", str(mtu), "netns", str(c.pid))
        realm.run("ip", "link", "set", f"v{i}", "master", "br0", "up")
        c.run("ip", "addr", "add", f"10.99.0.{i}/24", "dev", "eth0")
        c.run("ip", "link", "set", "eth0", "up")
        ends.append(c)
    serve(lab, ends[1].enter, "0.0.0.0", 5299)
    return Path("veth", ends[0].enter, "10.99.0.3")


def serve(lab, enter, address, port):
    lab.spawn(enter + ["iperf3", "-s", "-p", str(port)])
    p = lab.spawn(enter + [LOAD, "serve", address, "5300"], stdout=subprocess.PIPE)
    p.stdout.readline()


def pss(pid):
    """KiB, asked of root (scripts/bench): the stack is not dumpable. None: nobody answers."""
    ask, answer = os.path.join(STAGE, "pss.ask"), os.path.join(STAGE, "pss.answer")
    if os.path.exists(answer):
        os.unlink(answer)
    with open(ask + ".tmp", "w", encoding="ascii") as f:
        f.write(f"{pid}\n")
    os.rename(ask + ".tmp", ask)
    for _ in range(50):
        if os.path.exists(answer):
            with open(answer, encoding="ascii") as f:
                return int(f.read().split()[1])
        time.sleep(0.1)
    return None


def started(lab):
    """ms from the stack's exec to its ready byte."""
    times = []
    for _ in range(10):
        begin = time.monotonic()
        lab.start_stack()
        times.append((time.monotonic() - begin) * 1000)
        lab.stack.kill()
        lab.stack.wait()
    return statistics.median(times)


def memory(lab, c):
    """KiB of the stack at rest, and of each connection through it."""
    rest = pss(lab.stack.pid)
    server = socket.create_server((host_address(), 0), backlog=OPEN)
    code = ("import socket, sys, time\n"
            "v = [socket.create_connection((sys.argv[1], int(sys.argv[2]))) for i in range(%d)]\n"
            "print('up', flush=True); time.sleep(1000)" % OPEN)
    p = c.spawn("prlimit", f"--nofile={OPEN + 64}", sys.executable, "-c", code,
                *map(str, server.getsockname()[:2]), stdout=subprocess.PIPE)
    far = [server.accept()[0] for _ in range(OPEN)]
    p.stdout.readline()
    loaded = pss(lab.stack.pid)
    p.kill()
    for s in far:
        s.close()
    if rest is None or loaded is None:
        return {}
    return {"pss_rest_kib": rest, "pss_connection_kib": round((loaded - rest) / OPEN, 2)}


def main():
    result = {"machine": f"{os.uname().machine}, {os.cpu_count()} cores, Linux "
                         f"{os.uname().release}", "rounds": ROUNDS, "seconds": SECONDS}
    print(result["machine"])
    verdicts = []
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for mtu in MTUS:
        paths, extra = bench(mtu)
        result[str(mtu)] = table(paths, mtu) | extra
        verdicts += judge({p.name: p for p in paths}, extra, mtu)
        for name, value in extra.items():
            print(f"{name}: {value}")
    result |= {"aims": verdicts, "turns": TURNS_DONE}
    print(f"turns done again, for what the hypervisor took: {TURNS_DONE['void']} of "
          f"{TURNS_DONE['all']}")
    print("aims (ratio of medians' rounds):")
    for v in verdicts:
        print(f"  {'met' if v['met'] else 'NOT MET'}: MTU {v['mtu']} {v['what']}: {v['of']} to "
              f"{v['to']} {v['ratio']} (aim {v['aim']}" +
              (f"; loopback itself {v['loopback']})" if v["to"] not in ("", "loopback") else ")"))
    with open(os.path.join(STAGE, "bench-net.json"), "w", encoding="ascii") as f:
        json.dump(result, f, indent=1)


def judge(paths, extra, mtu):
    found = [{"mtu": mtu, "what": what, "of": "stack", "to": "", "ratio": extra[what],
              "aim": f"<= {most}", "met": extra[what] <= most}
             for what, most in OWN_AIMS if what in extra]
    for what, of, to, op, aim, at in AIMS:
        if at not in (0, mtu):
            continue
        ours = [of, "net"] if of == "rootless" else [of]
        theirs = [to, "pasta-new"] if to == "pasta" else [to]
        for a, b in ((a, b) for a in ours for b in theirs if a in paths and b in paths):
            if what not in paths[a].got or what not in paths[b].got:
                continue
            ratio = ratio_of(paths[a], paths[b], what)
            found.append({"mtu": mtu, "what": what, "of": a, "to": b, "ratio": round(ratio, 3),
                          "loopback": round(ratio_of(paths["loopback"], paths[b], what), 3),
                          "aim": f"{op} {aim}",
                          "met": ratio >= aim if op == ">=" else ratio <= aim})
    return found


def ratio_of(a, b, what):
    return statistics.median(x / y for x, y in zip(a.got[what], b.got[what]))


def bench(mtu):
    host = host_address()
    lab = Lab()
    try:
        lab.bridge(mtu=mtu)
        c = lab.container("bench", mtu=mtu)
        d = lab.container("peer", host=3, mtu=mtu)
        extra = {"start_ms": round(started(lab), 2)} if "start" in WHAT else {}
        lab.start_stack()
        lab.register(d)
        published, *loads = lab.register(c, "-p", "5201:5201", "-p", "5400-5463:5300-5363")
        extra |= memory(lab, c) if "memory" in WHAT else {}
        lab.spawn(c.enter + ["iperf3", "-s", "-p", "5201"])
        for enter, address in (([], host), (c.enter, "0.0.0.0"), (d.enter, "0.0.0.0")):
            serve(lab, enter, address, 5299)
        outward = [Path("loopback", [], host), Path("rootless", c.enter, host)]
        outward += foreign(lab, mtu)
        inward = Path("published", [], host)
        paths = [p for p in outward + [Path("between", c.enter, d.addr), plain_veth(lab, mtu),
                                       inward] if p.name in PATHS]
        for _ in range(ROUNDS):
            for p in paths:
                with p:
                    measure_streams(p, published if p is inward else 5299)
            # Beside each other, often and short: what a machine is fit for changes by the second.
            for p in paths * TURNS:
                with p:
                    measure_short(p, loads[0] if p is inward else 5300, SECONDS * 500 // TURNS)
                    if p in outward and "udp" in WHAT:
                        p.add(calm(functools.partial(udp, p, SECONDS * 500 // TURNS)))
        return paths, extra
    finally:
        lab.close()


def table(paths, mtu):
    columns = ("up1", "down1", "up4", "down4", "cpu_up1", "cpu_down1", "connects", "p50",
               "p99", "udp")
    loop, result = paths[0], {}
    print(f"MTU {mtu}; Gbit/s, CPU s/GB, 1/s, us, packets/s (ratio to loopback)")
    print("path".ljust(12) + "".join(c.rjust(18) for c in columns))
    for p in paths:
        row, result[p.name] = p.name.ljust(12), {}
        for c in columns:
            if c not in p.got:
                row += "-".rjust(18)
                continue
            value = statistics.median(p.got[c])
            ratio = ratio_of(p, loop, c)
            result[p.name][c] = [round(value, 4), round(ratio, 3)]
            row += (f"{value:.3g}" if value < 1000 else f"{value:.0f}").rjust(9) + \
                f" ({ratio:.2f})".rjust(9)
        print(row)
    return result


if __name__ == "__main__":
    main()
