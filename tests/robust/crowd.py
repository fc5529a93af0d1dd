#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many commands on the same things at once (run starts it with an image's reference).

Who wins is chance; what is tested is that every command ends, that each either does its work or says
in one sentence of a known kind why not, and that nothing is left of what was removed.
"""
import re
import subprocess
import sys

import robust

ok, rootless = robust.ok, robust.rootless
ROUNDS = 12

# What a command may say when another was faster.
LATE = re.compile("|".join((
    "no such (container|volume|network|image|object)", "is not running", "is already running",
    "is being (removed|started)", "already in progress", "has (ended|exited)", "is in use",
    "is (already )?in use", "is being used", "is (running|restarting)", "cannot be removed",
    "ended (while|before)", "is already stopped", "was removed", "unable to remove",
    "is paused", "is not paused", "has active endpoints",
    r"network \S+ not found", "is not connected to", "same name as its current",
    "unable to find image")), re.I)


def begin(*args):
    return subprocess.Popen([robust.ROOTLESS, *args], env=robust.ENV, text=True, errors="replace",
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(started):
    """What went wrong with commands that were started together: [] when nothing."""
    bad = []
    for words, p in started:
        try:
            _, err = p.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            p.kill()
            p.communicate()
            bad.append(f"{words}: hangs")
            continue
        if p.returncode < 0 or p.returncode in (134, 139):
            bad.append(f"{words}: died of signal {p.returncode}: {err}")
        elif p.returncode and not LATE.search(err) and not (
                words[0] in ("run", "exec") and p.returncode == 137):  # killed inside
            bad.append(f"{words}: exit {p.returncode}: {err}")
    return bad


def together(*commands):
    return finish([(c, begin(*c)) for c in commands])


def race(name, ref, prepare, commands, objects=()):
    """prepare, then all commands at once, for a number of rounds; after each the field is clear."""
    bad = []
    for i in range(ROUNDS):
        for c in prepare:
            r = rootless(*c)
            if r.returncode:
                bad.append(f"round {i}: {c}: {r.stderr}")
        turn = i % len(commands)
        bad += [f"round {i}: {b}" for b in together(*commands[turn:], *commands[:turn])]
        for c in (("rm", "-f", "pp"), *objects):
            r = rootless(*c)
            if r.returncode and not LATE.search(r.stderr):
                bad.append(f"round {i}: {c}: {r.stderr}")
        r = rootless("ps", "-aq")
        if r.stdout or r.returncode:
            bad.append(f"round {i}: left: {r.stdout}{r.stderr}")
            for c in r.stdout.split():
                rootless("rm", "-f", c)
        if bad:
            break
    ok(not bad, name, "\n".join(bad))
    robust.settle("after: " + name, ref)


def main():
    robust.STRANGERS.update(robust.processes())
    ref = sys.argv[1]
    # Names that no ID begins with.
    create = ("create", "--name", "pp", "--stop-signal", "KILL", ref, "sleep", "1000")
    forever = ("run", "-d", "--name", "pp", "--restart", "always", ref, "sleep", "0.02")
    up = ("run", "-d", "--name", "pp", ref, "sleep", "1000")
    race("rm -f against start", ref, [create],
         [("start", "pp"), ("rm", "-f", "pp"), ("start", "pp"), ("rm", "-f", "pp")])
    race("every verb on one container", ref, [create],
         [("start", "pp"), ("stop", "-t", "0", "pp"), ("exec", "pp", "true"), ("kill", "pp"),
          ("logs", "pp"), ("inspect", "pp"), ("restart", "-t", "0", "pp"), ("pause", "pp"),
          ("unpause", "pp"), ("top", "pp"), ("rename", "pp", "qq"), ("rename", "qq", "pp")],
         [("rm", "-f", "qq")])
    race("rm -f against a restart policy", ref, [forever],
         [("stop", "-t", "0", "pp"), ("rm", "-f", "pp"), ("start", "pp"), ("wait", "pp")])
    race("exec against the end", ref, [up],
         [("exec", "pp", "true"), ("exec", "pp", "true"), ("kill", "pp"), ("exec", "pp", "true"),
          ("cp", "pp:/bin/sh", "-"), ("rm", "-f", "pp")])
    race("run --rm against rm -f", ref, [],
         [("run", "--rm", "--name", "pp", ref, "true"), ("rm", "-f", "pp"), ("rm", "-f", "pp")])
    race("a volume's rm against its users", ref, [("volume", "create", "vv")],
         [("run", "--rm", "-v", "vv:/v", ref, "true"), ("volume", "rm", "vv"),
          ("run", "--rm", "-v", "vv:/v", ref, "true"), ("volume", "prune", "-af")],
         [("volume", "rm", "-f", "vv")])
    race("a network's rm against its users", ref, [("network", "create", "nn"), up],
         [("run", "--rm", "--network", "nn", ref, "true"), ("network", "rm", "nn"),
          ("network", "connect", "nn", "pp"), ("network", "disconnect", "nn", "pp"),
          ("network", "prune", "-f"), ("rm", "-f", "pp")],
         [("network", "rm", "nn")])
    race("rmi and prune against run", ref, [("tag", ref, "other")],
         [("run", "--rm", "other", "true"), ("rmi", "other"), ("system", "prune", "-f"),
          ("run", "--rm", "--pull", "never", "other", "true"), ("tag", ref, "other")],
         [("rmi", "other")])
    print("ok - and the crowd is gone")


if __name__ == "__main__":
    main()
