#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The network beside host loopback and, where installed, slirp4netns and pasta: medians of
rounds in one run, as ratios. usage: net.py [ROUNDS] [SECONDS] [mtu=N]   JSON on the last
line. Stands on tests/net/lab.py."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "net"))
from lab import LAB, Lab, host_address  # noqa: E402

LOAD = os.path.join(os.path.dirname(LAB), "load")


class Path:
    """A way from a client to the server on the host: enter = the client's prefix."""

    def __init__(self, name, enter, address, down=None):
        self.name, self.enter, self.address, self.down = name, enter, address, down
        self.got = {}

    def add(self, what, value):
        self.got.setdefault(what, []).append(value)


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
        raise RuntimeError(data["error"])
    return data["end"]["sum_received"]["bits_per_second"] / 1e9


def cpu_ticks():
    with open("/proc/stat", encoding="ascii") as f:
        v = [int(x) for x in f.readline().split()[1:]]
    return sum(v[:3]) + sum(v[5:8])


def measure(path, ports, seconds, ms):
    for what, words in (("up1", ()), ("down1", ("-R",)), ("up4", ("-P4",)),
                        ("down4", ("-P4", "-R"))):
        before = cpu_ticks()
        rate = iperf(path, ports["iperf"], seconds, *words)
        spent = (cpu_ticks() - before) / os.sysconf("SC_CLK_TCK")
        path.add(what, rate)
        path.add("cpu_" + what, spent / (rate * seconds / 8))
    path.add("connects", float(out(path.enter + [LOAD, "connects", path.address,
                                                 str(ports["serve"]), str(ms)])))
    p50, p99 = out(path.enter + [LOAD, "pingpong", path.address, str(ports["serve"]),
                                 str(ms)]).split()
    path.add("p50", float(p50))
    path.add("p99", float(p99))


def udp(path, seconds_ms):
    sink = subprocess.Popen([LOAD, "sink", path.address, "5301", str(seconds_ms)],
                            stdout=subprocess.PIPE, text=True)
    sink.stdout.readline()
    subprocess.run(path.enter + [LOAD, "flood", path.address, "5301", str(seconds_ms)],
                   timeout=60, check=False)
    path.add("udp", float(sink.stdout.readline()))
    sink.wait()


def other_namespaces(lab, mtu):
    """slirp4netns and pasta, each with a namespace of its own."""
    paths = []
    for tool in ("slirp4netns", "pasta"):
        if not shutil.which(tool):
            continue
        p = lab.spawn(["unshare", "-U", "-r", "-n", "sh", "-c", "echo up; exec sleep 10000"],
                      stdout=subprocess.PIPE)
        p.stdout.readline()
        if tool == "slirp4netns":
            r, w = os.pipe()
            lab.spawn([tool, "-c", f"--mtu={mtu}", f"--ready-fd={w}", str(p.pid), "tap0"],
                      pass_fds=(w,), stderr=subprocess.DEVNULL)
            os.close(w)
            os.read(r, 1)
        else:
            subprocess.run([tool, "--config-net", "-m", str(mtu), "--map-gw", str(p.pid)],
                           check=True, capture_output=True)
        paths.append(Path(tool, ["nsenter", "-t", str(p.pid), "-U", "-n",
                                 "--preserve-credentials"], host_address()))
    return paths


def main():
    words = [w for w in sys.argv[1:] if not w.startswith("mtu=")]
    mtu = int(([w[4:] for w in sys.argv[1:] if w.startswith("mtu=")] or ["65520"])[0])
    rounds = int(words[0]) if words else 3
    seconds = float(words[1]) if len(words) > 1 else 2
    host = host_address()
    lab = Lab()
    try:
        lab.bridge(mtu=mtu)
        c = lab.container("bench", mtu=mtu)
        d = lab.container("peer", host=3, mtu=mtu)
        lab.start_stack()
        lab.register(d)
        published, *loads = lab.register(c, "-p", "5201:5201", "-p", "5310-5317:5300-5307")
        ports = {"iperf": 5299, "serve": 5300}
        for enter, port in (([], 5299), (c.enter, 5201), (c.enter, 5299), (d.enter, 5299)):
            lab.spawn(enter + ["iperf3", "-s", "-p", str(port)])
        for enter, address in (([], host), (c.enter, "0.0.0.0"), (d.enter, "0.0.0.0")):
            p = lab.spawn(enter + [LOAD, "serve", address, "5300"], stdout=subprocess.PIPE)
            p.stdout.readline()
        loop = Path("loopback", [], host)
        ours = Path("rootless", c.enter, host)
        peers = other_namespaces(lab, mtu)
        inward = Path("published", [], host)
        between = Path("between", c.enter, d.addr)
        for _ in range(rounds):
            for p in [loop, ours] + peers + [between]:
                measure(p, ports, seconds, int(seconds * 500))
            measure(inward, {"iperf": published, "serve": loads[0]}, seconds,
                    int(seconds * 500))
            for p in [loop, ours] + peers:
                udp(p, int(seconds * 500))
        report(loop, [loop, ours, inward, between] + peers, lab, mtu)
    finally:
        lab.close()


def report(loop, paths, lab, mtu):
    columns = ("up1", "down1", "up4", "down4", "cpu_up1", "cpu_down1", "connects", "p50",
               "p99", "udp")
    result = {"mtu": mtu}
    print(f"MTU {mtu}; Gbit/s, CPU s/GB, 1/s, us, packets/s (ratio to loopback)")
    print("path".ljust(12) + "".join(c.rjust(18) for c in columns))
    for p in paths:
        row, result[p.name] = p.name.ljust(12), {}
        for c in columns:
            if c not in p.got:
                row += "-".rjust(18)
                continue
            value = statistics.median(p.got[c])
            ratio = statistics.median(a / b for a, b in zip(p.got[c], loop.got[c]))
            result[p.name][c] = [round(value, 4), round(ratio, 3)]
            row += (f"{value:.3g}" if value < 1000 else f"{value:.0f}").rjust(9) + \
                f" ({ratio:.2f})".rjust(9)
        print(row)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
