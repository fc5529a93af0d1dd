#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Images for the tests, as one OCI layout folder.

usage: mkimage.py OUTDIR NAME...      mkimage.py --list

Each NAME becomes OUTDIR/index.json's reference NAME:latest. Nothing is downloaded; the only
program inside is the machine's own static busybox. What comes out is the same on each run.
"""
import gzip
import hashlib
import io
import json
import os
import platform
import random
import struct
import subprocess
import sys
import tarfile

TIME = 1700000000
CREATED = "2023-11-14T22:13:20Z"
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
OTHER = "arm64" if ARCH == "amd64" else "amd64"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


class Tar:
    """A layer's tar, entry by entry, in the order of the calls."""

    def __init__(self):
        self.out = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.out, mode="w", format=tarfile.PAX_FORMAT)

    def add(self, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, uid=0, gid=0, link="",
            xattrs=None, mtime=TIME, dev=(0, 0)):
        t = tarfile.TarInfo(name)
        t.type, t.mode, t.uid, t.gid, t.linkname = kind, mode, uid, gid, link
        t.mtime, t.size = mtime, len(data)
        t.devmajor, t.devminor = dev
        for k, v in (xattrs or {}).items():
            t.pax_headers["SCHILY.xattr." + k] = v.decode("utf-8", "surrogateescape")
        self.tar.addfile(t, io.BytesIO(data) if data else None)
        return self

    def file(self, name, data=b"", mode=0o644, **kw):
        if isinstance(data, str):
            data = data.encode()
        return self.add(name, data=data, mode=mode, **kw)

    def dir(self, name, mode=0o755, **kw):
        return self.add(name, tarfile.DIRTYPE, mode=mode, **kw)

    def link(self, name, to, **kw):
        return self.add(name, tarfile.SYMTYPE, link=to, mode=0o777, **kw)

    def hard(self, name, to, **kw):
        return self.add(name, tarfile.LNKTYPE, link=to, **kw)

    def raw(self, data):
        """Bytes that tarfile would not write."""
        self.out.write(data)
        self.tar.offset += len(data)
        return self

    def bytes(self):
        self.tar.close()
        return self.out.getvalue()


def pax_sparse(name, size, blocks):
    """One GNU sparse file, format 1.0: blocks are (offset, data)."""
    head = b"%d\n" % len(blocks) + b"".join(b"%d\n%d\n" % (o, len(d)) for o, d in blocks)
    head += b"\0" * (-len(head) % 512)
    body = head + b"".join(d for _, d in blocks)
    records = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name,
               "GNU.sparse.realsize": str(size)}
    text = b""
    for k, v in records.items():
        line = f" {k}={v}\n".encode()
        n = len(line) + 1
        while len(str(n)) + len(line) != n:
            n = len(str(n)) + len(line)
        text += str(n).encode() + line
    x = tarfile.TarInfo("PaxHeaders/" + os.path.basename(name))
    x.type, x.size = tarfile.XHDTYPE, len(text)
    f = tarfile.TarInfo("GNUSparseFile/" + os.path.basename(name))
    f.size, f.mode, f.mtime = len(body), 0o644, TIME
    return (x.tobuf(tarfile.USTAR_FORMAT) + text + b"\0" * (-len(text) % 512) +
            f.tobuf(tarfile.USTAR_FORMAT) + body + b"\0" * (-len(body) % 512))


def capability(bits, root=None):
    """security.capability, version 2: permitted and effective."""
    return struct.pack("<IIIII", 0x02000001, bits & 0xffffffff, 0, bits >> 32, 0)


def busybox():
    with open("/bin/busybox", "rb") as f:
        program = f.read()
    t = Tar().dir("bin").file("bin/busybox", program, 0o755)
    applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True,
                             check=True).stdout.split()
    for a in sorted(applets):
        if a != "busybox":
            t.link("bin/" + a, "busybox")
    for d in ("dev", "proc", "sys", "run", "etc", "var", "usr", "usr/bin", "home"):
        t.dir(d)
    t.dir("tmp", 0o1777).dir("root", 0o700)
    t.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/sh\n")
    t.file("etc/group", "root:x:0:\nwww-data:x:33:\n")
    return t


def img_busybox():
    return [busybox()]


def img_edge():
    a = busybox()
    a.dir("e", mtime=1234567890.5)
    a.file("e/gone", "must not be seen\n").file("e/stays", "stays\n")
    a.dir("e/opaque").file("e/opaque/old", "must not be seen\n")
    a.dir("e/dir2file").file("e/dir2file/x", "old\n").file("e/file2dir", "old\n")
    a.file("e/suid", "x", 0o4755, uid=1000, gid=1001).file("e/sgid", "x", 0o2755)
    a.dir("e/sticky", 0o1777).dir("e/setgid", 0o2775, gid=50).file("e/setgid/child", "c")
    a.file("e/uid65534", "x", 0o600, uid=65534, gid=65534)
    a.file("e/hard-a", "hard\n").hard("e/hard-b", "e/hard-a").hard("e/hard-c", "./e/hard-a")
    a.link("e/abs", "/e/stays").link("e/up", "../../../../etc/passwd").link("e/dangling", "nowhere")
    a.file("e/" + "/".join(["d" * 60] * 6) + "/" + "n" * 200, "long\n")
    a.file("e/" + "l" * 255, "longest name\n")
    a.file("e/utf8-\u00fc\u4e2d\U0001f433", "utf8\n").file("e/ sp ace\n", "odd name\n")
    a.file("implicit/parents/here", "x")
    a.file("e/xattr", "x", xattrs={"user.note": b"kept", "trusted.overlay.opaque": b"y",
                                   "user.overlay.redirect": b"/etc"})
    a.dir("e/xdir", xattrs={"user.note": b"kept", "user.overlay.opaque": b"y"})
    a.file("e/cap", "x", 0o755, xattrs={"security.capability": capability(1 << 13)})
    a.add("e/fifo", tarfile.FIFOTYPE, mode=0o620)
    a.add("dev/null", tarfile.CHRTYPE, dev=(1, 3), mode=0o666)
    a.add("e/disk", tarfile.BLKTYPE, dev=(8, 0), mode=0o660)
    a.file("e/nanoseconds", "x", mtime=1600000000.25).file("e/before1970", "x", mtime=-86400)
    a.file("e/empty", "").file("e/mode0", "x", 0)
    a.file("/e/absolute-name", "x").file("./e/./dotted//name", "x")
    a.file("e/twice", "first\n").file("e/twice", "second, longer\n")
    b = Tar().dir("e").file("e/.wh.gone").file("e/opaque/.wh..wh..opq").file("e/opaque/new", "new\n")
    b.file("e/.wh.dir2file").file("e/dir2file", "now a file\n")
    b.dir("e/file2dir").file("e/file2dir/in", "x")
    b.file(".wh..wh.plnk/ignored").file("e/.wh.hidden-dir").dir("e/hidden-dir").file("e/hidden-dir/new", "x")
    c = Tar().raw(pax_sparse("e/sparse", 64 << 20, [(0, b"begin"), (32 << 20, b"m" * 5000),
                                                   ((64 << 20) - 3, b"end")]))
    return [a, b, c, c]


def img_parents():
    """Upper layers with files in folders that they do not describe."""
    a = Tar().dir("tmp", 0o1777).dir("srv", 0o2750, uid=33, gid=34, mtime=1111111111,
                                     xattrs={"user.note": b"kept"})
    a.dir("srv/www", 0o700, uid=33).dir("gone", 0o700).dir("opaque", 0o700).dir("opaque/in", 0o700)
    b = Tar().file("tmp/x", "x").file("srv/www/index.html", "x").file(".wh.gone")
    b.file("opaque/.wh..wh..opq")
    c = Tar().file("gone/new", "x").file("opaque/in/new", "x").file("srv/www/more", "x")
    return [a, b, c]


def img_many():
    layers = [busybox()]
    for i in range(1, 60):
        layers.append(Tar().file(f"layer/{i}", f"{i}\n").file("layer/last", f"{i}\n"))
    return layers


def img_big():
    """100 MB in 8 layers: half of it compresses, as programs and texts do."""
    layers = []
    for i in range(8):
        r = random.Random(i)
        t = Tar()
        for k in range(160):
            noise = r.randbytes(56 << 10)
            text = (b"%d the quick brown fox %d\n" % (i, k)) * 4000
            t.file(f"data/{i}/{k % 16}/{k}", noise + text[:100 << 10] + noise[:24 << 10])
        layers.append(t)
    return layers


# --- what must be refused -------------------------------------------------------------------

def img_bad_dotdot():
    return [Tar().file("ok", "x").file("a/../../escape", "x")]


def img_bad_symlink():
    return [Tar().link("out", "/tmp").file("out/rootless-escape", "x")]


def img_bad_symlink_up():
    return [Tar().dir("a").link("a/up", "../../../../../../../../tmp").file("a/up/rootless-escape", "x")]


def img_bad_hardlink():
    return [Tar().hard("passwd", "/etc/passwd")]


def img_bad_hardlink_link():
    return [Tar().link("d", "/etc").hard("passwd", "d/passwd")]


def img_owner():
    return [Tar().file("usr/x", "x", uid=70000, gid=3), Tar().file("y", "y", uid=70000, gid=2000000000)]


def img_bad_owners():
    t = Tar()
    for i in range(3000):
        t.file("f%d" % i, "x", uid=7000000 + i)
    return [t]


def img_bad_whiteout():
    return [Tar().file("a/.wh.", "")]


def img_bad_root():
    return [Tar().link("./", "/tmp")]


def img_bad_containers_xattr():
    return [Tar().file("x", "x", xattrs={"user.containers.override_stat": b"0:0:04755"})]


def img_bad_cap():
    return [Tar().file("x", "x", xattrs={"security.capability": b"nonsense"})]


def bomb(mebibytes):
    """A file of zeros: many gzip members, each of one MiB."""
    t = tarfile.TarInfo("bomb")
    t.size = mebibytes << 20
    zero, h = b"\0" * (1 << 20), hashlib.sha256(t.tobuf())
    for _ in range(mebibytes):
        h.update(zero)
    h.update(b"\0" * 1024)
    return (gzip.compress(t.tobuf(), mtime=0) + gzip.compress(zero, mtime=0) * mebibytes +
            gzip.compress(b"\0" * 1024, mtime=0)), h.hexdigest()


def img_bad_bomb():
    return [bomb(1100)]


IMAGES = {k[4:].replace("_", "-"): v for k, v in globals().items() if k.startswith("img_")}
# made by make() below out of a good one
DAMAGED = ["multi", "nested", "bad-diffid", "bad-truncated", "bad-garbage", "bad-tar",
           "bad-size", "bad-count", "bad-foreign", "bad-platform", "bad-windows", "bad-config"]


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def js(o):
    return json.dumps(o, sort_keys=True, separators=(",", ":")).encode()


class Layout:
    def __init__(self, out):
        self.out = out
        os.makedirs(os.path.join(out, "blobs/sha256"), exist_ok=True)
        self.index = []
        path = os.path.join(out, "index.json")
        if os.path.exists(path):
            with open(path) as f:
                self.index = json.load(f)["manifests"]

    def blob(self, data, media, **more):
        d = sha(data)
        with open(os.path.join(self.out, "blobs/sha256", d[7:]), "wb") as f:
            f.write(data)
        return dict({"mediaType": media, "digest": d, "size": len(data)}, **more)

    def tag(self, name, desc):
        key = "org.opencontainers.image.ref.name"
        ref = name + ":latest"
        self.index = [m for m in self.index if m.get("annotations", {}).get(key) != ref]
        self.index.append(dict(desc, annotations={key: ref}))

    def close(self):
        with open(os.path.join(self.out, "oci-layout"), "wb") as f:
            f.write(js({"imageLayoutVersion": "1.0.0"}))
        with open(os.path.join(self.out, "index.json"), "wb") as f:
            f.write(js({"schemaVersion": 2, "manifests": self.index}))


def image(lay, name, layers, arch=ARCH, os_="linux", change=None):
    """change(parts) may damage the config and the manifest before they are written."""
    diff_ids, descs = [], []
    for t in layers:
        if isinstance(t, tuple):
            packed, diff = t
            diff = "sha256:" + diff
        else:
            plain = t.bytes()
            packed, diff = gzip.compress(plain, 6, mtime=0), sha(plain)
        diff_ids.append(diff)
        descs.append(lay.blob(packed, LAYER + "+gzip"))
    parts = {
        "config": {"architecture": arch, "os": os_, "created": CREATED,
                   "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/bin:/usr/bin"]},
                   "rootfs": {"type": "layers", "diff_ids": diff_ids},
                   "history": [{"created": CREATED, "created_by": f"mkimage {name}"}
                               for _ in layers]},
        "layers": descs}
    if change:
        change(parts)
    config = lay.blob(parts["config"] if isinstance(parts["config"], bytes) else
                      js(parts["config"]), CONFIG)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                "layers": parts["layers"]}
    return lay.blob(js(manifest), MANIFEST, platform={"architecture": arch, "os": os_})


def index(lay, descs):
    return lay.blob(js({"schemaVersion": 2, "mediaType": INDEX, "manifests": descs}), INDEX)


def make(lay, name):
    small = [Tar().file("etc/hello", "hello\n")]
    if name in IMAGES:
        return image(lay, name, IMAGES[name]())
    if name in ("multi", "nested"):
        both = [image(lay, name, [Tar().file("arch", a)], a) for a in (OTHER, ARCH)]
        d = index(lay, both)
        return index(lay, [d]) if name == "nested" else d

    def change(parts):
        config, layers = parts["config"], parts["layers"]
        if name == "bad-diffid":
            config["rootfs"]["diff_ids"][0] = sha(b"something else")
        elif name in ("bad-truncated", "bad-garbage", "bad-tar"):
            plain = Tar().file("a", b"x" * 100000).bytes()
            packed = gzip.compress(plain, 6, mtime=0)
            data = {"bad-truncated": packed[:len(packed) // 2], "bad-garbage": b"\x1f\x8b\x08" + b"z" * 5000,
                    "bad-tar": gzip.compress(b"no tar at all " * 1000, mtime=0)}[name]
            layers[0] = lay.blob(data, LAYER + "+gzip")
            config["rootfs"]["diff_ids"][0] = sha(plain)
        elif name == "bad-size":
            layers[0]["size"] += 1
        elif name == "bad-count":
            config["rootfs"]["diff_ids"].append(sha(b"one more"))
        elif name == "bad-foreign":
            layers[0]["urls"] = ["http://127.0.0.1:1/elsewhere"]
        elif name == "bad-config":
            parts["config"] = b'{"architecture":'

    arch = OTHER if name == "bad-platform" else ARCH
    d = image(lay, name, small, arch, "windows" if name == "bad-windows" else "linux", change)
    return index(lay, [d]) if name == "bad-platform" else d


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(list(IMAGES) + DAMAGED))
        return
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    lay = Layout(sys.argv[1])
    for name in sys.argv[2:]:
        lay.tag(name, make(lay, name))
    lay.close()


if __name__ == "__main__":
    main()
