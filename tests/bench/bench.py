#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One table of ratios: start, pull, memory and size, ours beside whatever peer is installed.

usage: bench.py STAGE      (scripts/bench makes STAGE and calls this as the test user)
Every candidate runs once in each round, in turn, so that a noisy machine is noisy for all; what
is printed is the median of the rounds and its ratio to the first row.
"""
import glob
import gzip
import hashlib
import io
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tarfile
import time

STAGE = sys.argv[1]
WORK = os.path.join(STAGE, "bench")
ROOTLESS = os.path.join(STAGE, "build/rootless")
WANTED = (os.environ.get("BENCH") or "start,pull,memory,rest,size").split(",")
ROUNDS = int(os.environ.get("ROUNDS", "15") or 15)
ENV = dict(os.environ, ROOTLESS_DATA=os.path.join(WORK, "data"))
RESULT = {}


def run(cmd, **kw):
    return subprocess.run(cmd, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)


def must(cmd, **kw):
    r = run(cmd, **kw)
    if r.returncode:
        sys.exit(f"bench: {' '.join(cmd)}: exit {r.returncode}\n{r.stderr.decode()}")
    return r.stdout.decode()


def clock(cmd):
    t = time.monotonic()
    r = subprocess.run(cmd, env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    return (time.monotonic() - t) * 1000 if r.returncode == 0 else None


def table(title, unit, rows):
    """rows: name -> list of values; the first one is the measure of all."""
    print(f"\n{title}")
    base = None
    out = {}
    for name, values in rows.items():
        values = [v for v in values if v is not None]
        if not values:
            print(f"  {name:44s} failed")
            continue
        m = statistics.median(values)
        base = base or m
        out[name] = {"median": m, "unit": unit, "ratio": m / base, "n": len(values)}
        print(f"  {name:44s} {m:10.2f} {unit:4s} x{m / base:.2f}")
    RESULT[title] = out


def rounds(candidates, n, before=None):
    rows = {name: [] for name in candidates}
    for _ in range(n):
        for name, cmd in candidates.items():
            if before:
                before(name)
            rows[name].append(clock(cmd))
    return rows


def layer(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for path, data, mode in files:
            ti = tarfile.TarInfo(path)
            ti.mode, ti.size = mode, len(data) if data is not None else 0
            if data is None:
                ti.type = tarfile.DIRTYPE
            t.addfile(ti, io.BytesIO(data) if data is not None else None)
    return out.getvalue()


def layout(path, name, layers, config):
    """An OCI image layout with one image."""
    blobs = os.path.join(path, "blobs/sha256")
    os.makedirs(blobs, exist_ok=True)

    def put(data):
        d = hashlib.sha256(data).hexdigest()
        with open(os.path.join(blobs, d), "wb") as f:
            f.write(data)
        return "sha256:" + d

    descs = []
    for tar in layers:
        gz = gzip.compress(tar, 6, mtime=0)
        descs.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                      "digest": put(gz), "size": len(gz)})
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    cfg = json.dumps({"architecture": arch, "os": "linux", "config": config, "rootfs": {
        "type": "layers",
        "diff_ids": ["sha256:" + hashlib.sha256(t).hexdigest() for t in layers]}}).encode()
    man = json.dumps({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                   "digest": put(cfg), "size": len(cfg)}, "layers": descs}).encode()
    index = {"schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": put(man),
        "size": len(man), "annotations": {"org.opencontainers.image.ref.name": name}}]}
    with open(os.path.join(path, "index.json"), "w") as f:
        json.dump(index, f)
    with open(os.path.join(path, "oci-layout"), "w") as f:
        f.write('{"imageLayoutVersion": "1.0.0"}')


def busybox():
    with open("/bin/busybox", "rb") as f:
        data = f.read()
    files = [(d, None, 0o755) for d in ("bin", "dev", "proc", "sys", "tmp", "etc", "root", "run")]
    files += [("bin/" + a, data, 0o755) for a in ("true", "sh", "sleep")]
    return layer(files)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Registry:
    def __enter__(self):
        self.port = free_port()
        data = os.path.join(WORK, "registry")
        os.makedirs(data, exist_ok=True)
        conf = os.path.join(WORK, "registry.yml")
        with open(conf, "w") as f:
            f.write('version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n'
                    f'storage: {{filesystem: {{rootdirectory: {data}}}}}\n'
                    f'http: {{addr: "127.0.0.1:{self.port}"}}\n')
        self.p = subprocess.Popen(["docker-registry", "serve", conf], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.1)
        sys.exit("bench: docker-registry does not come up")

    def __exit__(self, *_):
        self.p.terminate()
        self.p.wait()

    def push(self, path, name):
        must(["skopeo", "--insecure-policy", "copy", "-q", "--dest-tls-verify=false",
              f"oci:{path}:{name}", f"docker://127.0.0.1:{self.port}/{name}:latest"])
        return f"127.0.0.1:{self.port}/{name}:latest"


def podman():
    """podman's command line when it can run here at all."""
    if not shutil.which("podman"):
        return None
    runtime = ["--runtime", "runc"] if shutil.which("runc") else []  # crun wants pure cgroup v2
    return ["podman", *runtime, "--cgroup-manager=cgroupfs", "--events-backend=file",
            "--root", os.path.join(WORK, "podman"), "--runroot", os.path.join(WORK, "podman-run")]


def oci_bundle(runtime, root):
    b = os.path.join(WORK, runtime)
    os.makedirs(b, exist_ok=True)
    subprocess.run([runtime, "spec", "--rootless"], cwd=b, check=True)
    path = os.path.join(b, "config.json")
    with open(path) as f:
        c = json.load(f)
    c["process"].update(terminal=False, args=["/bin/true"])
    c["root"] = {"path": root, "readonly": True}
    c["linux"].pop("resources", None)
    c["linux"]["namespaces"].append({"type": "network"})
    c["mounts"] = [m for m in c["mounts"] if m["destination"] != "/sys/fs/cgroup"]
    with open(path, "w") as f:
        json.dump(c, f)
    return [runtime, "--root", os.path.join(WORK, runtime + "-run"), "run", "-b", b, "bench"]


def same_mounts(a, b):
    """The floor is one only while it makes the mounts that we make."""
    script = ["-c", "while read a b c d target f; do echo $target; done </proc/self/mountinfo"]
    x, y = (sorted(must(cmd + script).split()) for cmd in (a, b))
    if x != y:
        sys.exit(f"bench: the floor's mounts differ from a container's: {set(x) ^ set(y)}")


def bench_start(registry):
    root = os.path.join(WORK, "root")
    with tarfile.open(fileobj=io.BytesIO(busybox())) as t:
        t.extractall(root)
    layout(os.path.join(WORK, "bb"), "bb", [busybox()], {"Cmd": ["true"]})
    ref = registry.push(os.path.join(WORK, "bb"), "bb")
    must([ROOTLESS, "pull", "-q", ref])
    work = os.path.join(WORK, "floor")
    os.mkdir(work)
    floor = [os.path.join(STAGE, "build/floor"), root, work]
    same_mounts([*floor, "/bin/sh"], [ROOTLESS, "run", "--rm", "--network", "none", ref, "sh"])
    c = {
        "floor: namespaces, mounts, exec": [*floor, "/bin/true"],
        "rootless run --rm --network none": [ROOTLESS, "run", "--rm", "--network", "none", ref,
                                             "true"],
        "rootless run --rm": [ROOTLESS, "run", "--rm", ref, "true"],
    }
    if shutil.which("bwrap"):
        c["bwrap --unshare-all"] = ["bwrap", "--unshare-all", "--bind", root, "/", "--proc",
                                    "/proc", "--dev", "/dev", "/bin/true"]
    for r in ("crun", "runc"):  # each fails where it does not like the cgroups
        if shutil.which(r):
            c[f"{r} run (bundle made before)"] = oci_bundle(r, root)
    p = podman()
    if p and run(p + ["pull", "-q", "--tls-verify=false", ref]).returncode == 0:
        c["podman run --rm --network none"] = p + ["run", "--rm", "--network", "none", ref,
                                                   "true"]
    for cmd in c.values():
        clock(cmd)
    table("start: run a program that ends at once", "ms", rounds(c, ROUNDS))


def content(n, seed):
    """n bytes that compress as software does: text of this machine beside noise."""
    out = bytearray()
    files = sorted(glob.glob("/usr/lib/x86_64-linux-gnu/*.so*") + glob.glob("/usr/bin/*"))
    for f in files[seed::8]:
        if len(out) >= n:
            break
        try:
            with open(f, "rb") as fd:
                out += fd.read()
        except OSError:
            continue
    while len(out) < n:
        out += hashlib.sha256(bytes([seed]) + len(out).to_bytes(8, "big")).digest() * 8
    return bytes(out[:n])


def bench_pull(registry):
    size = 100 * 1000 * 1000 // 8
    layers = [busybox()]
    for i in range(7):
        data = content(size, i)
        piece = 64 * 1024
        layers.append(layer([(f"opt/{i}/{k // piece}", data[k:k + piece], 0o644)
                             for k in range(0, len(data), piece)]))
    layout(os.path.join(WORK, "big"), "big", layers, {"Cmd": ["true"]})
    ref = registry.push(os.path.join(WORK, "big"), "big")
    c = {"rootless pull": [ROOTLESS, "pull", "-q", ref]}
    p = podman()
    if p:
        c["podman pull"] = p + ["pull", "-q", "--tls-verify=false", ref]
    if shutil.which("skopeo") and shutil.which("umoci"):
        c["skopeo copy + umoci unpack"] = [
            "sh", "-c", f"skopeo --insecure-policy copy -q --src-tls-verify=false docker://{ref} "
            f"oci:{WORK}/sk:big && umoci unpack --rootless --image {WORK}/sk:big {WORK}/un"]

    def clean(name):
        if name.startswith("rootless"):
            run([ROOTLESS, "rmi", "-f", ref])
        elif name.startswith("podman"):
            run(p + ["rmi", "-f", ref])
        else:
            for d in ("sk", "un"):
                subprocess.run(["chmod", "-R", "u+rwx", os.path.join(WORK, d)],
                               stderr=subprocess.DEVNULL)
                shutil.rmtree(os.path.join(WORK, d), ignore_errors=True)

    table("pull and unpack: 100 MB, 8 layers, loopback registry", "ms",
          rounds(c, max(3, ROUNDS // 3), clean))


def pss(pids):
    """KiB of each process, asked of root (scripts/bench) where the kernel tells only root."""
    ask, answer = os.path.join(STAGE, "pss.ask"), os.path.join(STAGE, "pss.answer")
    if os.path.exists(answer):
        os.unlink(answer)
    with open(ask + ".tmp", "w") as f:
        f.writelines(f"{p}\n" for p in pids)
    os.rename(ask + ".tmp", ask)
    for _ in range(300):
        if os.path.exists(answer):
            with open(answer) as f:
                return [int(line.split()[1]) for line in f]
        time.sleep(0.1)
    return []


def named(what):
    """PIDs of this user whose command line matches."""
    out = []
    for d in glob.glob("/proc/[0-9]*"):
        try:
            with open(d + "/cmdline", "rb") as f:
                words = f.read().split(b"\0")
            if os.stat(d).st_uid == os.getuid() and any(what in w for w in words[:2]) \
                    and not words[0].startswith(STAGE.encode()):
                out.append(int(d[6:]))
        except OSError:
            continue
    return out


def bench_memory(registry):
    """Ten running: all that is kept for a container (monitor and its pump), for each of them."""
    ref = f"127.0.0.1:{registry.port}/bb:latest"
    rows = {}
    ids = [must([ROOTLESS, "run", "-d", ref, "sleep", "1000"]).strip() for _ in range(10)]
    time.sleep(1)
    rows["rootless: monitor and pump of one container"] = [sum(pss(named(b"monitor"))) / 10]
    rows["rootless: stack (one for all)"] = [sum(pss(named(b"stack")))]
    rows["rootless: keeper (one for all)"] = [sum(pss(named(b"keeper")))]
    must([ROOTLESS, "rm", "-f"] + ids)
    p = podman()
    if p:
        pids = []
        for _ in range(10):
            r = run(p + ["run", "-d", "--network", "none", ref, "sleep", "1000"])
            if r.returncode == 0:
                pids.append(r.stdout.decode().strip())
        time.sleep(1)
        rows["podman: conmon of one container"] = [sum(pss(named(b"conmon"))) / len(pids)] \
            if pids else []
        run(p + ["rm", "-f", "-t", "0"] + pids)
    table("memory: PSS with ten running containers", "KiB", rows)


def cpu(cmd):
    """Milliseconds of processor time, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    must(cmd)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def bench_rest(registry):
    """Many at rest, each on the bridge: what they cost together, and the listing of them."""
    ref = f"127.0.0.1:{registry.port}/bb:latest"
    n = int(os.environ.get("REST", "300") or 300)
    ids = [must([ROOTLESS, "run", "-d", ref, "sleep", "1000"]).strip() for _ in range(n)]
    time.sleep(1)
    ours = [named(w) for w in (b"monitor", b"stack", b"keeper")]
    rows = {"monitors and pumps": [sum(pss(ours[0]))],
            "stack and keeper": [sum(pss(ours[1] + ours[2]))]}
    listing = {"rootless ps": [cpu([ROOTLESS, "ps"]) for _ in range(ROUNDS)],
               "rootless ps -aq": [cpu([ROOTLESS, "ps", "-aq"]) for _ in range(ROUNDS)]}
    must([ROOTLESS, "rm", "-f"] + ids)
    table(f"{n} containers at rest: PSS of all of ours", "KiB", rows)
    table(f"{n} containers at rest: processor time", "ms", listing)


def main():
    os.makedirs(WORK)
    os.chdir(WORK)
    print(f"{os.uname().machine}, {os.cpu_count()} cores, Linux {os.uname().release}, "
          f"load {os.getloadavg()[0]:.1f}")
    with Registry() as registry:
        if {"start", "memory", "rest"} & set(WANTED):
            bench_start(registry)
        if "memory" in WANTED:
            bench_memory(registry)
        if "rest" in WANTED:
            bench_rest(registry)
        if "pull" in WANTED:
            bench_pull(registry)
    if "size" in WANTED:
        table("size of the executable", "MB", {"build/rootless": [
            os.path.getsize(ROOTLESS) / 1e6]})
    with open(os.path.join(STAGE, "bench.json"), "w") as f:
        json.dump(RESULT, f, indent=1)
    p = podman()
    if p:
        run(p + ["system", "reset", "-f"])
    run([ROOTLESS, "unshare", "rm", "-rf", os.path.join(WORK, "data")])
    subprocess.run(["chmod", "-R", "u+rwx", WORK], stderr=subprocess.DEVNULL)


main()
