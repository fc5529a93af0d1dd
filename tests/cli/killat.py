#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command again and again and kills it (-9), each time a step later, until it ends by itself.

usage: killat.py [--all] [--stride N] [--first N] [--then COMMAND] COMMAND [ARG...]

A step is the entry of a system call of the command's own process; with --all also of every process
below it: so the kill meets those at each of their steps too, while they go on afterwards. {} in an
argument is the number of the step. --then: an sh command after each kill, with {} likewise. Prints
how many times it killed; exit code 77: this host lets nobody be traced.
"""
import argparse
import ctypes
import os
import signal
import subprocess
import sys

PTRACE_SYSCALL, PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_LISTEN = 24, 0x4206, 0x4207, 0x4208
SYSGOOD, FORK, VFORK, CLONE, EXEC = 1, 2, 4, 8, 16
EVENT_EXEC, EVENT_STOP = 4, 128
WALL = 0x40000000
STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
KILLED, ENDED, REFUSED = 0, 3, 77

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, data) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def begin(argv):
    """The command's process, before its exec and held."""
    come, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go)
        os.read(come, 1)
        os.execvp(argv[0], argv)
    os.close(come)
    return pid, go


class Steps:
    """The tracer of one run."""

    def __init__(self, pid, limit, every):
        self.pid, self.limit, self.count = pid, limit, 0
        self.inside = {}  # pid: within a system call?
        options = SYSGOOD | EXEC | (FORK | VFORK | CLONE if every else 0)
        ptrace(PTRACE_SEIZE, pid, options)
        ptrace(PTRACE_INTERRUPT, pid)

    def entered(self, pid):
        """Counts; is it the last step?"""
        self.inside[pid] = not self.inside.get(pid, False)
        if not self.inside[pid]:
            return False
        self.count += 1
        return self.count == self.limit

    def stopped(self, pid, status):
        """One stop; true at the last step."""
        sig, event = os.WSTOPSIG(status), status >> 16
        if event == EVENT_STOP and sig in STOPS:
            ptrace(PTRACE_LISTEN, pid)
            return False
        if sig == signal.SIGTRAP | 0x80 and self.started and self.entered(pid):
            return True
        if event == EVENT_EXEC:
            self.started = True
            self.inside[pid] = True  # its exit comes next
        deliver = 0 if event or sig == signal.SIGTRAP | 0x80 else sig
        ptrace(PTRACE_SYSCALL, pid, deliver)
        return False

    def run(self, go):
        self.started = False
        while True:
            pid, status = os.waitpid(-1, WALL)
            if os.WIFSTOPPED(status):
                try:
                    if self.stopped(pid, status):
                        os.kill(self.pid, signal.SIGKILL)
                        os.waitpid(self.pid, WALL)
                        return KILLED
                except ProcessLookupError:
                    pass
                if go is not None:
                    os.close(go)
                    go = None
            elif pid == self.pid:
                return ENDED


def one(argv, step, every):
    """In a process of its own: at its end whoever it traces goes on untraced."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            child, go = begin([a.replace("{}", str(step)) for a in argv])
            try:
                steps = Steps(child, step, every)
            except OSError:
                os.kill(child, signal.SIGKILL)
                os._exit(REFUSED)
            code = steps.run(go)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--all", action="store_true")
    p.add_argument("--stride", type=int, default=1)
    p.add_argument("--first", type=int, default=1)
    p.add_argument("--then")
    p.add_argument("command", nargs=argparse.REMAINDER)
    o = p.parse_args()
    step, kills = o.first, 0
    while True:
        code = one(o.command, step, o.all)
        if code == REFUSED:
            sys.exit(REFUSED)
        if code not in (KILLED, ENDED):
            sys.exit(f"killat: the run to step {step} ended with {code}")
        if code == ENDED:
            break
        kills += 1
        if o.then:
            subprocess.run(["sh", "-c", o.then.replace("{}", str(step))], check=False)
        step += o.stride
    print(kills)


main()
