#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A data folder on a file system that is full, really: a small tmpfs in a user and mount namespace
of this test's own (run starts it so, with the references of two images in a registry and one in an
archive). What needs space says so in one sentence and leaves no trace; what frees space needs none.
"""
import os
import subprocess
import sys

import robust

ok, rootless = robust.ok, robust.rootless
DATA = os.environ["ROOTLESS_DATA"]
FILLER = os.path.join(DATA, "filler")


def free():
    s = os.statvfs(DATA)
    return s.f_bavail * s.f_frsize


def fill(leave):
    """Leaves so many bytes free."""
    if os.path.exists(FILLER):
        os.unlink(FILLER)
    n = free() - leave
    with open(FILLER, "wb") as f:
        while n > 0:
            try:
                n -= f.write(b"\0" * min(n, 1 << 16))
                f.flush()
            except OSError:
                break


def drain():
    if os.path.exists(FILLER):
        os.unlink(FILLER)


def content():
    """Everything in the data folder that a failed command must leave as it was."""
    out = set()
    for place in ("oci/blobs/sha256", "layers", "containers", "containers/names", "tmp"):
        path = os.path.join(DATA, place)
        if os.path.isdir(path):
            out |= {place + "/" + n for n in os.listdir(path)}
    out.discard("containers/names")
    return out


def refused(name, *args, leave=0):
    """Fails with one sentence about the space, and nothing is there that was not before."""
    before = content()
    fill(leave)
    r = rootless(*args)
    lines = r.stderr.strip().splitlines()
    good = r.returncode != 0 and lines and "no space left on device" in lines[-1].lower()
    drain()
    left = content() - before
    ok(good and len(lines) <= 2 and not left, f"{name}, {leave >> 10} KiB free",
       f"exit {r.returncode}\n{r.stderr}left: {sorted(left)}")


def works(name, *args, want=None):
    r = rootless(*args)
    ok(r.returncode == 0 and (want is None or r.stdout == want), name,
       f"exit {r.returncode}: {r.stdout}{r.stderr}")
    return r.stdout


def main():
    small, big, archive = sys.argv[1:]
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m,mode=0700", "tmpfs", DATA], check=True)
    works("pull with room", "pull", "-q", small)
    for kib in (0, 16, 128, 1024, 4096, 10240):
        refused("pull", "pull", "-q", big, leave=kib << 10)
    for kib in (0, 16, 1024, 10240):
        refused("load", "load", "-q", "-i", archive, leave=kib << 10)
    fill(0)
    r = rootless("run", "--rm", small, "echo", "in")
    ok(r.returncode == 0 or "no space left" in r.stderr.lower(), "run says what is missing",
       f"exit {r.returncode}: {r.stdout}{r.stderr}")
    ok(not [n for n in content() if n.startswith("containers/tmp-")], "and leaves nothing half",
       content())
    drain()
    works("pull in the end", "pull", "-q", big)
    works("a container", "run", "--name", "hog", big, "sh", "-c", "echo x >/f; exit 0")
    works("another", "run", "-d", "--name", "alive", small, "sleep", "1000")
    r = rootless("run", "--name", "eater", small, "sh", "-c", "cat /dev/zero >/zero")
    ok(r.returncode not in (0, 125), "a container that fills the disk fails by itself", r.stderr)
    fill(0)
    ok(free() == 0, "not a byte is free", free())
    works("ps", "ps", "-a")
    works("images", "images")
    works("exec in a running container", "exec", "alive", "true")
    works("rm of a stopped one", "rm", "hog", want="hog\n")
    fill(0)
    works("rm -f of a running one", "rm", "-f", "alive", want="alive\n")
    fill(0)
    works("rm of the one that ate all", "rm", "eater", want="eater\n")
    fill(0)
    works("rmi", "rmi", big)
    drain()
    fill(0)
    works("and of the last image", "rmi", "-f", small)
    works("and then there is none", "images", "-q", want="")
    drain()
    ok(not [n for n in content() if not n.startswith("containers/")], "nothing is left", content())
    works("and all goes on", "run", "--rm", small, "echo", "alive", want="alive\n")


main()
sys.exit(robust.failed != 0)
